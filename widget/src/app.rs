//! Starts the panel: reads its settings, dresses the document, mounts the components.

use crate::{
    bridge,
    browser::{element, listen, text, window},
    chat::{self, chat},
    locale, looks, session,
    storage::Store,
    stream, ui, wire,
};
use shared::{ClientId, WidgetSettings};
use uuid::Uuid;
use wasm_bindgen::JsValue;

pub fn start() {
    locale::set(given("texts"));
    if let Some(settings) = wire::settings(&given("settings")) {
        let store = Store::open(settings.options.consent);
        open(settings, store);
    }
}

/// What the server has put into the document.
fn given(id: &str) -> JsValue {
    let json = element(id).and_then(|block| text(&block, "textContent"));
    json.and_then(|json| wire::parse(&json)).unwrap_or_default()
}

/// Opens the panel in this document.
pub fn open(settings: WidgetSettings, store: Store) {
    looks::apply(&settings);
    chat::begin(settings, store);
    ui::mount();
    locale::apply();
    stream::watch();
    follow_other_tabs();
    chat::resume();
    bridge::connect();
}

/// What another tab writes is true here too.
fn follow_other_tabs() {
    listen(&window(), "storage", |event| {
        let Some(key) = text(&event, "key") else {
            return;
        };
        // One after the other: each takes the state for the whole of its statement.
        let session_key = chat().key("session");
        let outbox_prefix = chat().key("outbox:");
        let new_value = text(&event, "newValue");
        let is_removed = new_value.is_none();
        if key == session_key {
            // By now there may be another one.
            let (knew_one, has_session) = {
                let chat = chat();
                (chat.session.is_some(), session::stored(&chat).is_some())
            };
            if new_value.as_deref() == Some(session::LEFT) {
                session::leave();
            } else if has_session {
                session::follow();
            } else if knew_one {
                session::forget();
            }
        } else if is_removed
            && let Some(id) = key.strip_prefix(&*outbox_prefix)
            && let Ok(id) = Uuid::try_parse(id)
        {
            chat::discarded_elsewhere(ClientId(id));
        }
    });
}
