//! Every text the visitor sees, by its name in `locales/<language>.json`.
//!
//! The server puts the language's file into the document. Another one is fetched when the host page asks for it.
//! The browser parses the file, so that a language costs its own bytes and nothing else.

use crate::{
    api,
    browser::{call, document, get, set as set_field, spawn, text, window},
    chat, format,
};
use js_sys::Array;
use std::cell::{Cell, RefCell};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Element;

thread_local! {
    static TEXTS: RefCell<JsValue> = const { RefCell::new(JsValue::UNDEFINED) };
    /// Counts the languages that were asked for, of which the last is shown.
    static N_ASKED: Cell<u32> = const { Cell::new(0) };
}

/// The text of this name. A name that is not in the file is its own text, so that a gap is seen and not fatal.
pub fn t(name: &str) -> String {
    TEXTS.with_borrow(|texts| text(texts, name)).unwrap_or_else(|| name.to_owned())
}

/// The text of this name with `{}` replaced.
pub fn t_with(name: &str, value: &str) -> String {
    filled(t(name), value)
}

/// The text of this name for so many, in the form that the language has for this number; `{}` is the number.
pub fn t_count(name: &str, n: usize) -> String {
    let forms = TEXTS.with_borrow(|texts| get(texts, name));
    // A browser may know of more forms than the language's own speakers agree on; "other" is always there.
    let form = text(&forms, &format::plural(n)).or_else(|| text(&forms, "other"));
    filled(form.unwrap_or_else(|| name.to_owned()), &format::number(n))
}

fn filled(text: String, value: &str) -> String {
    match (text.split_once('{'), text.split_once('}')) {
        (Some((before, _)), Some((_, after))) => [before, value, after].concat(),
        _ => text,
    }
}

/// All of them, for a part that is not of Rust.
pub fn texts() -> JsValue {
    TEXTS.with_borrow(Clone::clone)
}

/// What `Intl` is to be given: the language, in the browser's own variety of it where it has one, for a British visitor reads
/// times otherwise than an American.
pub fn tag() -> String {
    let language = t("lang");
    text(&window().navigator(), "language").filter(|own| own.starts_with(&language)).unwrap_or(language)
}

/// Puts a language's texts in place, for what is drawn from now on.
pub fn set(texts: JsValue) {
    TEXTS.set(texts);
    format::language_changed();
}

/// Changes the language of the open panel, to the one that fits this tag best. If its texts can't be had all stays as it is.
pub fn switch(tag: &JsValue) {
    // A tag is from the host page, and may be anything.
    let tag = call(&window(), "encodeURIComponent", &Array::of1(tag));
    let path = ["/texts/", &tag.as_string().unwrap_or_default()].concat();
    let number = N_ASKED.get() + 1;
    N_ASKED.set(number);
    spawn(async move {
        let reply = api::fetch("GET", &path, None, &JsValue::UNDEFINED).await;
        if reply.is_ok() && reply.body.is_object() && N_ASKED.get() == number {
            show(reply.body);
        }
    });
}

/// Puts a language's texts in place, where the ones before are shown too.
pub fn show(texts: JsValue) {
    set(texts);
    apply();
    chat::language_changed();
}

/// Writes the texts into the document where they never change. An element says in `data-t` what belongs there: the name
/// of its text, or `attribute=name` for each attribute.
pub fn apply() {
    let Ok(elements) = document().query_selector_all("[data-t]") else {
        return;
    };
    for index in 0..elements.length() {
        let element: Element = get(&elements, &index.to_string()).unchecked_into();
        for part in element.get_attribute("data-t").unwrap_or_default().split(' ') {
            match part.split_once('=') {
                // It fails for no valid name of an attribute.
                Some((attribute, name)) => drop(element.set_attribute(attribute, &t(name))),
                None => set_field(&element, "textContent", &t(part).into()),
            }
        }
    }
}
