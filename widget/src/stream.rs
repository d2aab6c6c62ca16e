//! Live updates: server-sent events, read through `fetch` so that the token travels in a header. After a break the
//! server is told the last event's id and sends what was missed.

use crate::{
    api,
    browser::{call, document, get, listen, now_ms, object, random, set, spawn, window},
    chat::{self, chat},
    state::connection::SILENCE_MS,
    wire,
};
use js_sys::{Array, Promise, Uint8Array};
use shared::sse::Parser;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, AbortSignal};

/// The largest event that is still believed: a snapshot full of the longest messages, every character escaped.
const MAX_FRAME_BYTES: usize = 16 * 1024 * 1024;

/// Listens for everything that is a reason to connect at once.
pub fn watch() {
    let window = window();
    for event in ["online", "offline", "pageshow"] {
        listen(&window, event, |_| wake());
    }
    listen(&document(), "visibilitychange", |_| {
        chat::visibility_changed();
        wake();
    });
}

fn wake() {
    let is_worth_renewing = chat().connection.is_worth_renewing(now_ms());
    if is_worth_renewing {
        connect();
    }
    chat::show_trouble_later();
    chat::network_is_back();
}

/// Opens the stream, instead of the one that is open.
pub fn connect() {
    let Ok(controller) = AbortController::new() else {
        return;
    };
    let signal = controller.signal();
    let number = begin(Some(controller));
    chat().connection.connecting(now_ms());
    watch_silence();
    spawn(async move {
        let retry_after_ms = run(number, &signal).await;
        if chat().stream_number == number {
            let wait_ms = chat().connection.closed(now_ms(), retry_after_ms, random());
            chat().stream_timer.set(wait_ms, connect);
            chat::show_trouble_later();
        }
    });
}

/// Ends the stream; there is no session any more.
pub fn disconnect() {
    begin(None);
    chat().silence_timer.clear();
    chat().connection.turned_off();
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

/// Connects anew when nothing is heard for too long, as after a laptop's sleep.
fn watch_silence() {
    chat().silence_timer.set(SILENCE_MS, connect);
}

/// One stream from its request to its end. Answers the wait that the server asked for, if it did.
async fn run(number: u32, signal: &AbortSignal) -> Option<f64> {
    let token = chat().access_token()?;
    let headers =
        object(&[("accept", "text/event-stream".into()), ("authorization", api::bearer(&token).into())]);
    if let Some(id) = &chat().connection.last_event_id {
        set(&headers, "last-event-id", &id.as_str().into());
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
    while chat().stream_number == number {
        chat().connection.heard(now_ms());
        watch_silence();
        chat::show_trouble();
        let chunk = settled(&call(&reader, "read", &Array::new())).await?;
        // At the end there is no value.
        let bytes: Uint8Array = get(&chunk, "value").dyn_into().ok()?;
        parser.push(&bytes.to_vec(), |frame| frames.push(frame)).ok()?;
        for frame in frames.drain(..) {
            if chat().stream_number != number {
                return None;
            }
            // An event that can't be read is one of a newer server; what it stands for comes with the next snapshot.
            if let Some(event) = wire::event(&frame.event, &frame.data) {
                chat::event(event);
            }
            if frame.id.is_some() {
                chat().connection.last_event_id = frame.id;
            }
        }
    }
    None
}

/// What a promise came to, if it kept.
async fn settled(promise: &JsValue) -> Option<JsValue> {
    JsFuture::from(Promise::resolve(promise)).await.ok()
}
