//! What the visitor should know about the connection and the storage.

use crate::{
    chat::{Chat, Trouble},
    locale::t,
    ui::put,
};
use leptos::prelude::*;

pub fn view() -> impl IntoView {
    // The element is there from the start: a status that comes with its text is not read out everywhere.
    view! {
        <div role="status">
            <p id="trouble" class="notice"></p>
            <p id="forgetful" class="notice"></p>
        </div>
    }
}

pub fn draw(chat: &Chat) {
    let trouble = match chat.trouble {
        Some(Trouble::NoNetwork) => t("no_network"),
        Some(Trouble::Reconnecting) => t("reconnecting"),
        None => String::new(),
    };
    put("trouble", &trouble);
    put("forgetful", &if chat.store.is_forgetful() { t("forgetful") } else { String::new() });
}
