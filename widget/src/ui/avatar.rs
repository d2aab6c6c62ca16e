//! A face: somebody's picture, or the first letter of their name.

use crate::{
    browser::{call, document, get, set, settled, spawn},
    state::links::starts_with,
};
use js_sys::Array;
use wasm_bindgen::JsValue;
use web_sys::Element;

/// Shows the picture as soon as it is there. The letter stands for it until then, and stays if it can't be had.
///
/// Only by https: nothing else may be fetched for a picture, and the browser would report the attempt.
pub fn draw(place: &Element, name: &str, url: Option<&str>) {
    let url = url.filter(|url| starts_with(url, "https://"));
    let initial: String = name.trim_start().chars().take(1).collect();
    let face: JsValue = url.unwrap_or(&initial).into();
    // Notes on the element what it shows, or will show.
    if get(place, "face") == face {
        return;
    }
    set(place, "face", &face);
    set(place, "textContent", &initial.into());
    if url.is_some() {
        let place = place.clone();
        let image = call(&document(), "createElement", &Array::of1(&"img".into()));
        set(&image, "alt", &"".into());
        set(&image, "src", &face);
        let decoded = call(&image, "decode", &Array::new());
        spawn(async move {
            if settled(&decoded).await.is_some() && get(&place, "face") == face {
                call(&place, "replaceChildren", &Array::of1(&image));
            }
        });
    }
}
