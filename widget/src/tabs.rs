//! The tabs of one browser, of which one holds the live stream and hands on to the others what it hears. They talk over a
//! `BroadcastChannel`, and a Web Lock says which it is. Both are this origin's alone, and no token goes this way.

use crate::{
    browser::{call, function, get, is_visible, make, now_ms, object, set, text},
    chat::{Chat, chat},
    locks, session,
    state::tabs::{Duty, Told, Word},
    stream, wire,
};
use js_sys::{Array, Function};
use wasm_bindgen::JsValue;
use web_sys::AbortController;

/// What ties this tab to the others.
#[derive(Debug, Default)]
pub struct Ties {
    /// Of the lock and of the channel: the widget's and the visitor's, so that different ones do not mix.
    name: String,
    channel: JsValue,
    /// Gives up the lock, or waiting for it.
    request: Option<AbortController>,
    release: JsValue,
}

/// Looks for the other tabs of this visitor. Where there can't be any, this one is on its own.
pub fn join() {
    let customer = chat().visitor().map(|visitor| wire::id_text(visitor.0));
    let name = chat().key(&["stream:", &customer.unwrap_or_default()].concat());
    if chat().ties.name == name {
        return;
    }
    leave();
    let channel = make("BroadcastChannel", &Array::of1(&name.as_str().into()));
    chat().ties.name = name;
    if channel.is_object() {
        set(&channel, "onmessage", &function(|event| hear(&text(&event, "data").unwrap_or_default())));
        chat().ties.channel = channel;
        follow();
    }
}

/// Gives up the lead, or waiting for it, and hears no more of the others.
pub fn leave() {
    chat().tabs.part();
    let ties = std::mem::take(&mut chat().ties);
    give_up(ties.request, &ties.release);
    call(&ties.channel, "close", &Array::new());
}

/// Asks the leader whether it is there, and with `is_back` to see to it that its stream is.
pub fn ask(is_back: bool) {
    let mut chat = chat();
    if chat.tabs.is_following() {
        chat.tabs.asked(now_ms());
        say(&chat, Word::Ask { is_back });
    }
}

/// The page around this tab has said that the visitor left.
pub fn tell_of_log_out() {
    say(&chat(), Word::LogOut);
}

/// Hands on what this tab's stream has said, if this tab leads.
pub fn hand_on(told: &Told) {
    lead_on(&chat(), told);
}

/// Says how far this tab has come and how its stream is, if this tab leads.
pub fn tell() {
    let chat = chat();
    lead_on(&chat, &Told { at: chat.tabs.seen(), ..Told::default() });
}

fn lead_on(chat: &Chat, told: &Told) {
    if chat.tabs.is_leading() {
        let is_live = chat.connection.is_live();
        say(chat, Word::Told(Told { is_live, is_seen: is_visible(), ..*told }));
    }
}

/// Sees whether the leader is still there.
pub fn check() {
    let duty = chat().tabs.duty(now_ms(), is_visible());
    match duty {
        Duty::Nothing => {}
        Duty::Ask => ask(false),
        Duty::TakeOver => request(true),
    }
}

fn say(chat: &Chat, word: Word) {
    call(&chat.ties.channel, "postMessage", &Array::of1(&word.spell().into()));
}

fn hear(said: &str) {
    let is_leading = chat().tabs.is_leading();
    match Word::read(said) {
        Word::Ask { is_back } if is_leading => {
            if is_back {
                stream::renew();
            }
            tell();
        }
        Word::LogOut => session::leave(),
        // Of two that lead one does not know better yet.
        Word::Told(told) if !is_leading => stream::take(&told, false),
        _ => {}
    }
}

/// There may be another tab that leads; this one leads as soon as there is none.
fn follow() {
    chat().tabs.follow(now_ms());
    request(false);
    ask(false);
}

/// Asks for the lead. By force it is taken from whoever has it.
fn request(by_force: bool) {
    let Ok(controller) = AbortController::new() else {
        return;
    };
    let signal: JsValue = controller.signal().into();
    let options = if by_force { ("steal", true.into()) } else { ("signal", signal.clone()) };
    let (name, earlier) = {
        let ties = &mut chat().ties;
        (ties.name.clone(), ties.request.replace(controller))
    };
    give_up(earlier, &JsValue::UNDEFINED);
    let is_given_up = move || get(&signal, "aborted").is_truthy();
    let on_lock = {
        let is_given_up = is_given_up.clone();
        move |release: Function| {
            if is_given_up() { locks::give_back(&release) } else { lead(release) }
        }
    };
    let on_end = move || {
        if !is_given_up() {
            lost();
        }
    };
    locks::request(&name, &object(&[options]), Box::new(on_lock), Box::new(on_end));
}

fn give_up(request: Option<AbortController>, release: &JsValue) {
    if let Some(request) = request {
        request.abort();
    }
    locks::give_back(release);
}

/// This tab leads now.
fn lead(release: Function) {
    chat().ties.release = release.into();
    chat().tabs.lead();
    stream::stand_up();
    tell();
}

/// The lead was taken from this tab, which may have been frozen; or locks are denied to it.
fn lost() {
    if chat().tabs.is_leading() {
        follow();
    } else {
        chat().tabs.part();
        stream::stand_up();
    }
}
