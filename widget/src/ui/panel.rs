//! The whole panel, from its head to the field the visitor writes in.

use crate::{
    chat::Chat,
    ui::{composer, header, mark, messages, notices},
};
use leptos::prelude::*;

pub fn view() -> impl IntoView {
    view! {
        // No `main` and no `header`: the page around the frame has its own, and landmarks are told apart across frames.
        <div id="panel" role="dialog" aria-labelledby="heading">
            {header::view()}
            {notices::view()}
            {messages::view()}
            {composer::view()}
        </div>
    }
}

pub fn draw(chat: &Chat) {
    // What is so at the moment, for the style sheets: they show and hide.
    let states = [
        (chat.can_close, " framed"),
        (chat.is_loading || chat.is_loading_older, " loading"),
        (!chat.is_loading && chat.is_at_beginning(), " beginning"),
        (chat.typing.is_some(), " typing"),
        (!chat.is_at_end, " scrolled"),
        (chat.n_draft_bytes > 0 || !chat.tray.is_empty(), " ready"),
        (chat.is_dragging, " dragging"),
    ];
    let mut class = ["panel ", header::presence(chat)].concat();
    for (is_so, name) in states {
        if is_so {
            class += name;
        }
    }
    mark("panel", "class", &class);
    header::draw(chat);
    notices::draw(chat);
    messages::draw(chat);
    composer::draw(chat);
}
