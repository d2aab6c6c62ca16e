//! What the panel looks like as far as others decide: the business its colours and corners, the page its scheme, the device
//! the room that there is.

use crate::browser::{call, document, get, listen, number, root, set, text, window};
use js_sys::Array;
use shared::WidgetSettings;
use wasm_bindgen::JsCast;
use web_sys::{EventTarget, UrlSearchParams};

/// Dresses the document as the settings and its address say.
pub fn apply(settings: &WidgetSettings) {
    set(&document(), "title", &(&*settings.heading).into());
    let palette = &settings.palette;
    for (name, color) in [
        ("--brand", &palette.brand),
        ("--brand-far", &palette.brand_far),
        ("--on-brand", &palette.on_brand),
        ("--accent-light", &palette.accent_light),
        ("--accent-dark", &palette.accent_dark),
    ] {
        style(name, color);
    }
    style("--radius", &[&u32::from(settings.options.radius.get()).to_string(), "px"].concat());
    if let Some(scheme) = scheme() {
        follow_scheme(&scheme);
    }
    follow_keyboard();
}

/// Takes the scheme that the page wants. By any other name than `light` and `dark` it is the system's.
pub fn follow_scheme(scheme: &str) {
    if let Some(root) = root() {
        // It fails for no valid name of an attribute.
        let _ = root.set_attribute("data-scheme", scheme);
    }
}

/// Gives up the room that an on-screen keyboard takes. Some browsers lay it over the page, which keeps its size and is
/// pushed up behind it, composer, head and all.
fn follow_keyboard() {
    let viewport = get(&window(), "visualViewport");
    if let Some(target) = viewport.clone().dyn_ref::<EventTarget>() {
        listen(target, "resize", move |_| {
            // Who has zoomed in sees a part of the same room.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a height in pixels")]
            let height = (number(&viewport, "height") * number(&viewport, "scale")) as u32;
            style("--room", &[&height.to_string(), "px"].concat());
            call(&window(), "scrollTo", &Array::of2(&0.into(), &0.into()));
        });
    }
}

/// Hands a value to the style sheets, through the one way that our content security policy allows.
fn style(name: &str, value: &str) {
    if let Some(style) = root().map(|root| root.style()) {
        // It fails for no custom property.
        let _ = style.set_property(name, value);
    }
}

/// The scheme that the panel's address names.
fn scheme() -> Option<String> {
    let query = text(&get(&window(), "location"), "search")?;
    UrlSearchParams::new_with_str(&query).ok()?.get("scheme")
}
