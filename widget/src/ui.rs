//! What the visitor sees: one component in each file, its style sheet beside it.
//!
//! A component has a view, which is drawn once and never changes, and where something in it does change a function
//! `draw` that writes the texts and attributes that are different. The rows of the list are views that Leptos's renderer
//! draws again over what it drew before. There are no signals, effects or listeners within the views: each costs more
//! bytes for every visitor than the component around it. What the visitor does is heard in one place,
//! [`listen_to_visitor`]; a button's `name` says what it does.

pub mod bubble;
pub mod composer;
pub mod header;
pub mod messages;
pub mod notices;
pub mod panel;

use crate::{
    bridge,
    browser::{document, element, function, get, listen, set, text},
    chat::{self, FIELD, LIST, chat},
};
use leptos::tachys::{
    dom::body,
    view::{Mountable, Render},
};
use shared::ClientId;
use uuid::Uuid;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, Event, ResizeObserver};

/// What browsers say instead of the key while an input method composes.
const COMPOSING_KEY_CODE: f64 = 229.0;

/// Puts the panel into the document.
pub fn mount() {
    let mut view = panel::view().build();
    view.mount(&body(), None);
    // It stays as long as the page.
    std::mem::forget(view);
    listen_to_visitor();
}

/// Draws everything but the rows of the list, where it is different.
pub fn draw() {
    panel::draw(&chat());
}

/// Writes a text into an element, unless it is there: live regions speak whenever they are written to.
fn put(id: &str, new_text: &str) {
    if let Some(element) = element(id).filter(|element| get(element, "textContent") != new_text) {
        set(&element, "textContent", &new_text.into());
    }
}

/// Sets an attribute of an element.
fn mark(id: &str, attribute: &str, value: &str) {
    if let Some(element) = element(id) {
        // It fails for no valid name of an attribute.
        let _ = element.set_attribute(attribute, value);
    }
}

/// As ARIA wants it spelled.
fn yes_or_no(is_so: bool) -> &'static str {
    if is_so { "true" } else { "false" }
}

fn listen_to_visitor() {
    let document = document();
    listen(&document, "click", |event| {
        let target: Element = get(&event, "target").unchecked_into();
        if let Ok(Some(button)) = target.closest("button") {
            press(&text(&button, "name").unwrap_or_default(), &text(&button, "value").unwrap_or_default());
        }
    });
    listen(&document, "input", |_| chat::typed());
    listen(&document, "submit", |event| {
        event.unchecked_into::<Event>().prevent_default();
        chat::submit();
        chat::focus();
    });
    listen(&document, "keydown", |event| key_down(&event));
    if let Some(list) = element(LIST) {
        listen(&list, "scroll", |_| chat::scrolled());
        if let Ok(observer) = ResizeObserver::new(&function(|_| chat::resized())) {
            observer.observe(&list);
        }
    }
}

/// A button was pressed.
fn press(name: &str, value: &str) {
    match name {
        "close" => bridge::close(),
        "jump" => chat::jump_to_newest(),
        "try-again" | "delete" => {
            if let Ok(id) = Uuid::try_parse(value) {
                let id = ClientId(id);
                if name == "delete" { chat::delete(id) } else { chat::try_again(id) }
            }
        }
        _ => {}
    }
}

fn key_down(event: &JsValue) {
    // While an input method composes, its keys are its own.
    if get(event, "isComposing").is_truthy() || get(event, "keyCode") == COMPOSING_KEY_CODE {
        return;
    }
    let key = get(event, "key");
    if key == "Escape" {
        bridge::close();
    } else if key == "Enter" && get(event, "shiftKey").is_falsy() && get(&get(event, "target"), "id") == FIELD
    {
        event.unchecked_ref::<Event>().prevent_default();
        chat::submit();
    }
}
