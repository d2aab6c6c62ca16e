//! Starts the panel: reads its settings, colours the document, mounts the components.

use crate::{
    api, bridge,
    browser::{document, element, get, listen, root, set, spawn, text, window},
    chat::{self, chat},
    locale, session,
    state::color::{Color, Palette},
    storage::Store,
    stream, ui, wire,
};
use shared::{ClientId, WidgetSettings};
use uuid::Uuid;
use wasm_bindgen::JsValue;
use web_sys::UrlSearchParams;

pub fn start() {
    spawn(async {
        if let Some(settings) = settings().await {
            open(settings, Store::open());
        }
    });
}

/// From the document, where the server has put them; else, in local development, from the server.
async fn settings() -> Option<WidgetSettings> {
    if let Some(block) = element("settings") {
        return wire::settings(&wire::parse(&text(&block, "textContent")?)?);
    }
    let query = text(&get(&window(), "location"), "search")?;
    let id = UrlSearchParams::new_with_str(&query).ok()?.get("id")?;
    let path = ["/widgets/", &id].concat();
    api::fetch("GET", &path, None, &JsValue::UNDEFINED).await.read(wire::settings)
}

/// Opens the panel in this document.
pub fn open(settings: WidgetSettings, store: Store) {
    set(&document(), "title", &(&*settings.heading).into());
    if let Some(brand) = Color::parse(&settings.color) {
        paint(Palette::of(brand));
    }
    chat::begin(settings, store);
    ui::mount();
    locale::apply();
    stream::watch();
    follow_other_tabs();
    chat::resume();
    bridge::connect();
}

/// Hands the brand's colours to the style sheet, through the one way that our content security policy allows.
fn paint(palette: Palette) {
    if let Some(style) = root().map(|root| root.style()) {
        for (name, color) in [
            ("--brand", palette.brand),
            ("--brand-far", palette.brand_far),
            ("--on-brand", palette.on_brand),
            ("--accent-light", palette.accent_light),
            ("--accent-dark", palette.accent_dark),
        ] {
            // It fails for no custom property.
            let _ = style.set_property(name, &color.to_string());
        }
    }
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
        let is_removed = text(&event, "newValue").is_none();
        if key == session_key {
            // By now there may be another one.
            let (had_session, has_session) = {
                let chat = chat();
                (chat.session.is_some(), session::stored(&chat).is_some())
            };
            if has_session {
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
