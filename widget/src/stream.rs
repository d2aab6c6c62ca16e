//! Live updates: server-sent events, read through `fetch` so that the token travels in a header. After a break the
//! server is told the last event's id and sends what was missed.

use crate::{
    api,
    browser::{call, document, get, is_visible, listen, now_ms, object, random, set, settled, spawn, window},
    chat::{self, chat},
    session,
    state::{
        connection::TICK_MS,
        tabs::{Tabs, Told, Verdict},
    },
    tabs, wire,
};
use js_sys::{Array, Uint8Array};
use shared::{Event, sse::Parser};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{AbortController, AbortSignal};

/// The largest event that is still believed: a snapshot full of the longest messages, every character escaped.
const MAX_FRAME_BYTES: usize = 16 * 1024 * 1024;

/// Listens for everything that is a reason to connect at once, or to let the page go.
pub fn watch() {
    let window = window();
    let document = document();
    // The network that the stream ran over may be gone.
    listen(&window, "online", |_| wake(true));
    listen(&window, "offline", |_| chat::show_trouble_later());
    listen(&window, "pageshow", |_| wake(false));
    listen(&document, "resume", |_| wake(false));
    // A page that has a stream, a lock or a channel open is not kept for "back".
    listen(&window, "pagehide", |_| put_aside());
    listen(&document, "freeze", |_| put_aside());
    listen(&document, "visibilitychange", |_| {
        chat::visibility_changed();
        if is_visible() {
            wake(false);
        }
    });
}

fn wake(is_network_new: bool) {
    // While a page is kept for "back" it is told nothing.
    session::follow();
    let is_live = chat().connection.is_live();
    if is_network_new && is_live {
        connect();
    }
    renew();
    tabs::ask(true);
    chat::show_trouble_later();
    chat::network_is_back();
}

/// Connects anew if there is reason to.
pub fn renew() {
    let is_worth_renewing = chat().connection.is_worth_renewing(now_ms());
    if is_worth_renewing {
        connect();
    }
}

fn put_aside() {
    tabs::leave();
    begin(None);
    chat().connection.put_aside(now_ms());
}

/// Opens the stream, instead of the one that is open.
pub fn connect() {
    tabs::join();
    let Ok(controller) = AbortController::new() else {
        return;
    };
    let signal = controller.signal();
    let number = begin(Some(controller));
    chat().connection.connecting(now_ms());
    tick();
    spawn(async move {
        let retry_after_ms = run(number, &signal).await;
        if chat().stream_number == number {
            let wait_ms = chat().connection.closed(now_ms(), retry_after_ms, random());
            chat().stream_timer.set(wait_ms, connect);
            tabs::tell();
            chat::show_trouble_later();
        }
    });
}

/// Ends the stream; there is no session any more.
pub fn disconnect() {
    tabs::leave();
    begin(None);
    let mut chat = chat();
    chat.tick_timer.clear();
    chat.connection.turned_off();
    chat.tabs = Tabs::default();
}

/// Does without a stream of this tab's own if the leader's, which is live or not, is enough; and gets one if it is not.
pub fn rest(is_live: bool, is_missing_something: bool) {
    if is_missing_something {
        return stand_up();
    }
    let (can_rest, is_resting) = {
        let chat = chat();
        (chat.tabs.can_rest(), chat.connection.is_resting())
    };
    if can_rest || is_resting {
        if !is_resting {
            begin(None);
        }
        chat().connection.rests(is_live, now_ms());
        if is_live { chat::show_trouble() } else { chat::show_trouble_later() }
    }
}

/// Opens a stream if this tab did without one.
pub fn stand_up() {
    let is_resting = chat().connection.is_resting();
    if is_resting {
        connect();
    }
}

/// Ends the stream that was there and numbers the next.
fn begin(controller: Option<AbortController>) -> u32 {
    let mut chat = chat();
    if let Some(previous) = std::mem::replace(&mut chat.stream_abort, controller) {
        previous.abort();
    }
    chat.stream_timer.clear();
    chat.stream_number += 1;
    chat.stream_number
}

/// Looks again and again whether everything is as it should be, which it is not after a laptop's sleep.
fn tick() {
    chat().tick_timer.set(TICK_MS, || {
        tick();
        tabs::check();
        let is_stuck = chat().connection.is_stuck(now_ms());
        if is_stuck {
            connect();
        }
    });
}

/// One stream from its request to its end. Answers the wait that the server asked for, if it did.
async fn run(number: u32, signal: &AbortSignal) -> Option<f64> {
    let token = chat().access_token()?;
    let headers =
        object(&[("accept", "text/event-stream".into()), ("authorization", api::bearer(&token).into())]);
    let seen = JsValue::from(chat().tabs.seen());
    if seen.is_truthy() {
        set(&headers, "last-event-id", &seen);
    }
    let options = object(&[
        ("headers", headers),
        ("signal", signal.into()),
        ("cache", "no-store".into()),
        ("credentials", "omit".into()),
    ]);
    let address = [api::BASE, "/stream"].concat();
    let response = settled(&call(&window(), "fetch", &Array::of2(&address.into(), &options))).await?;
    match get(&response, "status").as_f64() {
        Some(200.0) => {}
        Some(401.0) => {
            api::renew(&token).await;
            // With new tokens there is no reason to wait.
            return chat().access_token().filter(|renewed| *renewed != token).map(|_| 0.0);
        }
        _ => {
            let header = Array::of1(&"retry-after".into());
            return api::retry_after_ms(&call(&get(&response, "headers"), "get", &header));
        }
    }
    let reader = call(&get(&response, "body"), "getReader", &Array::new());
    let mut parser = Parser::new(MAX_FRAME_BYTES);
    let mut frames = Vec::new();
    chat().connection.heard(now_ms());
    tabs::tell();
    while chat().stream_number == number {
        chat().connection.heard(now_ms());
        chat::show_trouble();
        let chunk = settled(&call(&reader, "read", &Array::new())).await?;
        // At the end there is no value.
        let bytes: Uint8Array = get(&chunk, "value").dyn_into().ok()?;
        parser.push(&bytes.to_vec(), |frame| frames.push(frame)).ok()?;
        for frame in frames.drain(..) {
            if chat().stream_number != number {
                return None;
            }
            let before = chat().tabs.seen().to_owned();
            let at = frame.id.as_deref().unwrap_or_default();
            take(
                &Told { before: &before, at, name: &frame.event, data: &frame.data, ..Told::default() },
                true,
            );
        }
    }
    None
}

/// Takes what the server says, on this tab's own stream or on the leader's.
pub fn take(told: &Told, is_own: bool) {
    // An event that can't be read is one of a newer server; what it stands for comes with the next snapshot.
    let event = wire::event(told.name, told.data);
    let is_snapshot = matches!(event, Some(Event::Snapshot(_)));
    let verdict = if is_own {
        chat().tabs.heard_from_server(told.at, is_snapshot)
    } else {
        chat().tabs.heard_from_leader(told, now_ms())
    };
    if verdict == Verdict::Take {
        if is_snapshot {
            // The others have more than is in it, or fetch what they miss.
            tabs::tell();
        } else if is_own {
            tabs::hand_on(told);
        }
        if let Some(event) = event {
            chat::event(event);
        }
    }
    rest(is_own || told.is_live, verdict == Verdict::Gap);
}
