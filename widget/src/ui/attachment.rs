//! The files of a message: pictures, and rows that are downloaded.

use crate::{
    browser::{get, set},
    format,
    locale::t,
    state::attachments::{kind, picture},
    ui::{bubble, child, stamp},
};
use leptos::prelude::*;
use shared::Attachment;
use web_sys::Element;

/// Puts the files of a message into its place for them, unless they are there: they never change. Where a browser knows no downloads it opens a tab of its own, so that the panel stays where it is.
pub fn draw(message: &Element, files: &[Attachment]) {
    let place = &child(message, bubble::FILES);
    if get(place, "firstChild").is_object() {
        return;
    }
    for file in files {
        let link = if let Some((width, height)) = picture(file) {
            let link = stamp(
                view! {
                    <div>
                        <a class="box picture" download="" target="_blank" rel="noopener noreferrer">
                            <span class="said"></span>
                            <img loading="lazy"/>
                        </a>
                    </div>
                },
                place,
            );
            let picture = child(&link, 1);
            set(&picture, "alt", &file.name.as_str().into());
            set(&picture, "width", &width.into());
            set(&picture, "height", &height.into());
            set(&picture, "src", &file.url.as_str().into());
            link
        } else {
            let link = stamp(
                view! {
                    <div>
                        <a class="box file" download="" target="_blank" rel="noopener noreferrer">
                            <span class="said"></span>
                            <span class="file-name" dir="auto"></span>
                            <span class="file-info" dir="auto"></span>
                        </a>
                    </div>
                },
                place,
            );
            #[expect(clippy::cast_precision_loss, reason = "shown with two digits")]
            let n_bytes = file.size as f64;
            name(&child(&link, 1), &file.name);
            set(&child(&link, 2), "textContent", &about(&file.name, n_bytes).into());
            link
        };
        set(&link, "href", &file.url.as_str().into());
        set(&child(&link, 0), "textContent", &t("sent_file").into());
    }
}

/// Takes the files of a message away, to be drawn in another language.
pub fn forget(message: &Element) {
    set(&child(message, bubble::FILES), "textContent", &"".into());
}

/// Writes a file's name, which may be cut short.
pub fn name(element: &Element, name: &str) {
    for field in ["textContent", "title"] {
        set(element, field, &name.into());
    }
}

/// What kind of file it is, where its name says so, and how large.
pub fn about(name: &str, n_bytes: f64) -> String {
    let size = format::size(n_bytes);
    match kind(name) {
        Some(kind) => [&kind, " · ", &size].concat(),
        None => size,
    }
}
