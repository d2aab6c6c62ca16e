//! The least that a Leptos program in a page can be: a field to type in, which has the focus. What `cargo xtask measure` holds the
//! panel against, for the time from a click to the composer.

fn main() {
    #[cfg(target_arch = "wasm32")]
    {
        use leptos::{
            prelude::*,
            tachys::{
                dom::{body, document},
                view::Mountable,
            },
        };
        use wasm_bindgen::JsCast;

        let mut view = view! { <textarea id="field"></textarea> }.build();
        view.mount(&body(), None);
        std::mem::forget(view);
        if let Some(field) = document().get_element_by_id("field") {
            // It fails for no element that is in the document.
            let _ = field.unchecked_into::<web_sys::HtmlElement>().focus();
        }
    }
}
