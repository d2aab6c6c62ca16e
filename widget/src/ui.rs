//! What the visitor sees: one component in each file, its style sheet beside it.
//!
//! A component has a view, which is drawn once and never changes, and where something in it does change a function
//! `draw` that writes the texts and attributes that are different. The rows of the list are views that Leptos's renderer
//! draws again over what it drew before. There are no signals, effects or listeners within the views: each costs more
//! bytes for every visitor than the component around it. What the visitor does is heard in one place,
//! [`listen_to_visitor`]; a button's `name` says what it does.

pub mod attachment;
pub mod avatar;
pub mod bubble;
pub mod composer;
pub mod header;
pub mod messages;
pub mod notices;
pub mod panel;
pub mod tray;

use crate::{
    bridge,
    browser::{call, document, element, function, get, lazy, listen, set, text, window},
    chat::{self, FIELD, LIST, chat},
    locale,
    uploads::{self, CHOOSER},
    wire,
};
use js_sys::Array;
use leptos::tachys::{
    dom::body,
    view::{Mountable, Render},
};
use shared::ClientId;
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

/// A child of an element.
fn child(element: &Element, index: u32) -> Element {
    get(&get(element, "children"), &index.to_string()).unchecked_into()
}

/// Draws what never changes by itself once more: the one element in a view's root. Writing into its few parts is smaller than a
/// view that is drawn over, and a root has code of its own for each attribute, where all that is within it is one text.
fn built(view: impl Render<State: Mountable>) -> Element {
    let root = view.build().elements().pop().expect("it is one element");
    child(&root, 0)
}

/// The same, as the last thing in its place.
fn stamp(view: impl Render<State: Mountable>, place: &Element) -> Element {
    let element = built(view);
    call(place, "append", &Array::of1(&element));
    element
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
        } else if let Ok(Some(picture)) = target.closest(".picture")
            // With one of these it is for the browser: a new tab, or a download.
            && !["altKey", "ctrlKey", "metaKey", "shiftKey"].iter().any(|key| get(&event, key).is_truthy())
        {
            event.unchecked_ref::<Event>().prevent_default();
            lazy("lightbox", &[picture.into(), locale::texts()]);
        }
    });
    listen(&document, "input", |_| chat::typed());
    listen(&document, "change", |event| {
        if get(&get(&event, "target"), "id") == CHOOSER {
            uploads::chosen();
        }
    });
    for event in ["dragover", "dragleave", "drop"] {
        listen(&document, event, |event| drag(&event));
    }
    listen(&document, "paste", |event| paste(&event));
    listen(&document, "submit", |event| {
        event.unchecked_into::<Event>().prevent_default();
        chat::submit();
        chat::focus();
    });
    listen(&document, "keydown", |event| key_down(&event));
    listen(&window(), "focus", |_| frame_focused());
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
        "attach" => uploads::choose(),
        "emoji" => pick_emoji(),
        "remove" | "retry" => {
            if let Ok(number) = value.parse() {
                if name == "remove" { uploads::remove(number) } else { uploads::try_again(number) }
            }
        }
        "try-again" | "delete" => {
            if let Some(id) = wire::id(value) {
                let id = ClientId(id);
                if name == "delete" { chat::delete(id) } else { chat::try_again(id) }
            }
        }
        _ => {}
    }
}

fn pick_emoji() {
    if let Some(field) = element(FIELD) {
        let chat = chat();
        lazy("emoji", &[field.into(), locale::texts(), chat.store.local(), chat.key("emoji").into()]);
    }
}

/// Files are held over the panel, leave it again, or are dropped. Whatever else is dragged is not ours.
fn drag(event: &JsValue) {
    let data = get(event, "dataTransfer");
    if !get(&data, "types").unchecked_into::<Array>().iter().any(|kind| kind == "Files") {
        return;
    }
    // Otherwise the browser would go to the file.
    event.unchecked_ref::<Event>().prevent_default();
    let kind = get(event, "type");
    // One that leaves for something else within the panel is still over it.
    chat().is_dragging = kind == "dragover" || get(event, "relatedTarget").is_object();
    if kind == "drop" {
        uploads::pick(&get(&data, "files"));
        chat::focus();
    } else {
        draw();
    }
}

/// Takes files from the clipboard. A text goes where texts go, even when the program that it comes from adds a picture of it;
/// but the text that some systems add to a file is no more than its name.
fn paste(event: &JsValue) {
    let data = get(event, "clipboardData");
    let files = get(&data, "files");
    let name = text(&get(&files, "0"), "name").unwrap_or_default();
    let pasted = call(&data, "getData", &Array::of1(&"text/plain".into())).as_string().unwrap_or_default();
    if (pasted.is_empty() || pasted.starts_with(&name)) && uploads::pick(&files) {
        event.unchecked_ref::<Event>().prevent_default();
    }
}

fn key_down(event: &JsValue) {
    // While an input method composes, its keys are its own.
    if get(event, "isComposing").is_truthy() || get(event, "keyCode") == COMPOSING_KEY_CODE {
        return;
    }
    let key = get(event, "key");
    // WebKit may have refused to focus the composer because the visitor has done nothing in here yet. Now they have.
    let is_character = text(event, "key").is_some_and(|key| key.chars().count() == 1);
    let is_shortcut = get(event, "ctrlKey").is_truthy() || get(event, "metaKey").is_truthy();
    if is_character && !is_shortcut && nothing_has_focus() {
        chat::focus();
    }
    if key == "Escape" {
        bridge::close();
    } else if key == "Enter" && get(event, "shiftKey").is_falsy() && get(&get(event, "target"), "id") == FIELD
    {
        event.unchecked_ref::<Event>().prevent_default();
        chat::submit();
    }
}

/// The page gave this frame the focus. Engines differ in when a panel that was just opened may hand it on to the composer:
/// Firefox refuses before this, and WebKit as soon as the visitor's click is over.
fn frame_focused() {
    let awaits_focus = std::mem::take(&mut chat().awaits_focus);
    if awaits_focus && nothing_has_focus() {
        chat::focus();
    }
}

fn nothing_has_focus() -> bool {
    get(&get(&document(), "activeElement"), "tagName") == "BODY"
}
