//! What the panel and the host page's loader say to each other: one handshake by `postMessage`, both sides checking
//! source and origin, then a `MessagePort` with a fixed set of commands. No token and no text ever goes to the page.

use crate::{
    api::Reply,
    browser::{function, get, listen, object, set, text, window},
    chat::{self, chat},
    facts,
    locale::{self, t, t_count},
    looks, session,
    ui::draw,
    wire,
};
use js_sys::{Array, decode_uri_component};
use shared::{CustomerId, Message, MessageText, Sound};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{MessagePort, Window};

/// Offers the handshake to the page around this one. Without one the panel is open from the start.
pub fn connect() {
    let Some((parent, origin)) = host() else {
        chat::opened(true);
        return;
    };
    chat().can_close = true;
    draw();
    let (expected_source, expected_origin) = (JsValue::from(parent.clone()), JsValue::from(&*origin));
    listen(&window(), "message", move |event| {
        let is_from_host =
            get(&event, "source") == expected_source && get(&event, "origin") == expected_origin;
        let is_port = get(&get(&event, "data"), "porchlight") == "port";
        let port = get(&get(&event, "ports"), "0");
        if is_from_host && is_port && port.is_object() && chat().port.is_none() {
            attach(port.unchecked_into());
        }
    });
    // It fails for no origin that a browser wrote.
    let _ = parent.post_message(&object(&[("porchlight", "hello".into())]), &origin);
}

/// The window around this one and the origin that the address names for it.
fn host() -> Option<(Window, String)> {
    let window = window();
    let parent = window.parent().ok().flatten().filter(|parent| *parent != window)?;
    let hash = text(&get(&window, "location"), "hash")?;
    let origin = decode_uri_component(hash.strip_prefix('#')?).ok()?;
    Some((parent, origin.into()))
}

fn attach(port: MessagePort) {
    let on_message = function(|event| obey(&get(&event, "data")));
    // Unlike a listener this also starts the port.
    set(&port, "onmessage", &on_message);
    chat().port = Some(port);
    // What there was to say before there was a way.
    chat().told = Told::default();
    tell_texts();
    chat::changed(chat::Scroll::Follow);
}

/// Does what the page asks for: one arm for each command. One that a newer loader knows is passed over.
fn obey(command: &JsValue) {
    let value = &get(command, "1");
    match text(command, "0").as_deref() {
        Some("open") => {
            // Where it is a part of the page there is nothing to close.
            chat().can_close = get(value, "inline") != JsValue::TRUE;
            chat::opened(get(value, "focus") != JsValue::FALSE);
        }
        Some("close") => chat::closed(),
        Some("set") => set_all(value),
        Some("send") => send(value),
        Some("prefill") => chat::prefill(&value.as_string().unwrap_or_default()),
        Some("track") => facts::track(object(&[("name", value.clone()), ("data", get(command, "2"))])),
        Some("logout") => session::log_out(),
        _ => {}
    }
}

/// The page wants some things otherwise; what it doesn't name stays as it is.
fn set_all(wishes: &JsValue) {
    let language = get(wishes, "locale");
    if language.is_string() {
        locale::switch(&language);
    }
    if let Some(scheme) = text(wishes, "colorScheme") {
        looks::follow_scheme(&scheme);
    }
    if let Some(consent) = text(wishes, "consent") {
        session::consent(&consent);
    }
    if let Some(sound) = get(wishes, "sound").as_bool() {
        chat().settings.options.sound = Sound(sound);
    }
    let user = get(wishes, "user");
    match text(&user, "token") {
        Some(token) => session::identify(token),
        None => facts::set("user", &user),
    }
    for name in ["attributes", "conversationAttributes", "tags"] {
        facts::set(name, &get(wishes, name));
    }
    facts::tell();
}

/// The page sends for the visitor, as the composer would.
fn send(value: &JsValue) {
    match MessageText::try_from(value.as_string().unwrap_or_default()) {
        Ok(text) => chat::send(Some(text), Vec::new()),
        Err(_) => tell_of("error", &object(&[("code", "invalid_fields".into())])),
    }
}

/// Tells the page's listeners that something happened.
pub fn tell_of(event: &str, data: &JsValue) {
    post(&Array::of3(&"event".into(), &event.into(), data));
}

/// Tells the page's listeners of a message: which and whose, and nothing of what stands in it.
pub fn tell_of_message(event: &str, message: &Message) {
    #[expect(clippy::cast_precision_loss, reason = "a conversation has fewer messages than that")]
    let seq = message.seq as f64;
    #[expect(clippy::cast_precision_loss, reason = "exact until the year 2255")]
    let time = message.created_at.unix_ms() as f64;
    let data = object(&[
        ("id", wire::id_text(message.id.0).into()),
        ("conversationId", wire::id_text(message.conversation_id.0).into()),
        ("seq", seq.into()),
        ("sender", wire::sender_word(message.sender.kind).into()),
        ("time", time.into()),
    ]);
    tell_of(event, &data);
}

/// Tells the page's developer why the server refused something. A refusal repeats nothing of what was sent.
pub fn tell_of_refusal(reply: &Reply) {
    tell_of("error", &get(&reply.body, "error"));
}

/// What the loader has been told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    pub n_unread: u32,
    /// Whose the session is.
    pub visitor: Option<CustomerId>,
    /// Whether there is a conversation, so that the panel is worth loading on the next page; `None` is not known yet.
    pub is_known: Option<bool>,
}

/// Tells the loader what it doesn't know yet.
pub fn tell(news: Told) {
    let told = std::mem::replace(&mut chat().told, news);
    if told.n_unread != news.n_unread {
        tell_texts();
        post(&Array::of2(&"unread".into(), &news.n_unread.into()));
    }
    if let Some(is_known) = news.is_known.filter(|_| told.is_known != news.is_known) {
        post(&Array::of1(&(if is_known { "known" } else { "forget" }).into()));
    }
    if told.visitor != news.visitor {
        let id = news.visitor.map_or(JsValue::NULL, |id| wire::id_text(id.0).into());
        post(&Array::of2(&"visitor".into(), &id));
    }
}

/// The page's token has run out; it may have another.
pub fn renew() {
    post(&Array::of1(&"renew".into()));
}

/// Tells the loader what it says itself, in the panel's language.
pub fn tell_texts() {
    let n_unread = chat().told.n_unread as usize;
    let unread = if n_unread == 0 { String::new() } else { t_count("unread", n_unread) };
    let texts = [("open", t("open").into()), ("close", t("close").into()), ("unread", unread.into())];
    post(&Array::of2(&"texts".into(), &object(&texts)));
}

/// The visitor is done for now.
pub fn close() {
    post(&Array::of1(&"close".into()));
}

fn post(command: &Array) {
    if let Some(port) = &chat().port {
        // It fails only for what can't be copied.
        let _ = port.post_message(command);
    }
}
