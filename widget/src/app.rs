//! Starts the panel: reads its settings, dresses the document, mounts the components.

use crate::{
    api, bridge,
    browser::{element, listen, spawn, text, window},
    chat::{self, chat},
    locale, looks, session,
    storage::Store,
    stream, ui, wire,
};
use shared::{ClientId, WidgetSettings};
use uuid::Uuid;
use wasm_bindgen::JsValue;

pub fn start() {
    spawn(async {
        if let Some(settings) = settings().await {
            let store = Store::open(settings.options.consent);
            open(settings, store);
        }
    });
}

/// From the document, where the server has put them; else, in local development, from the server.
async fn settings() -> Option<WidgetSettings> {
    if let Some(block) = element("settings") {
        return wire::settings(&wire::parse(&text(&block, "textContent")?)?);
    }
    let path = ["/widgets/", &looks::parameter("id")?].concat();
    api::fetch("GET", &path, None, &JsValue::UNDEFINED).await.read(wire::settings)
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
            let (had_session, has_session) = {
                let chat = chat();
                (chat.session.is_some(), session::stored(&chat).is_some())
            };
            if new_value.as_deref() == Some(session::LEFT) {
                session::leave();
            } else if has_session {
                session::follow();
            } else if had_session {
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
