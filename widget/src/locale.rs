//! Every text the visitor sees, by its name in `locales/<language>.json`.
//!
//! English is compiled in. Another language is a file with the same names, which can be put in its place at run time.
//! The browser parses the file, so that a language costs its own bytes and nothing else.

use crate::browser::{document, get, set as set_field};
use js_sys::JSON;
use std::cell::RefCell;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Element;

const ENGLISH: &str = include_str!("../locales/en.json");

thread_local! {
    static TEXTS: RefCell<JsValue> = RefCell::new(JSON::parse(ENGLISH).unwrap_or(JsValue::UNDEFINED));
}

/// The text of this name. A name that is not in the file is its own text, so that a gap is seen and not fatal.
pub fn t(name: &str) -> String {
    TEXTS.with_borrow(|texts| get(texts, name)).as_string().unwrap_or_else(|| name.to_owned())
}

/// The text of this name with `{}` replaced.
pub fn t_with(name: &str, value: &str) -> String {
    let text = t(name);
    match (text.split_once('{'), text.split_once('}')) {
        (Some((before, _)), Some((_, after))) => [before, value, after].concat(),
        _ => text,
    }
}

/// All of them, for a part that is not of Rust.
pub fn texts() -> JsValue {
    TEXTS.with_borrow(Clone::clone)
}

/// Puts another language's texts in place.
pub fn set(json: &str) -> Result<(), JsValue> {
    let texts = JSON::parse(json)?;
    TEXTS.set(texts);
    apply();
    Ok(())
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
