//! The files in the composer, each with how far it has come and what can be done about it.

use crate::{
    browser::{call, document, element, get, set, text},
    chat::Chat,
    format,
    locale::{t, t_with},
    state::tray::{Failure, Picked, Stage},
    ui::{attachment, child, stamp},
};
use js_sys::Array;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Element;

const TRAY: &str = "tray";

pub fn view() -> impl IntoView {
    view! {
        <div id="tray" class="tray" role="list" data-t="aria-label=files"></div>
        <input id="files" type="file" multiple hidden/>
    }
}

/// Draws the files, each over what was drawn of it before.
pub fn draw(chat: &Chat) {
    let Some(tray) = element(TRAY) else {
        return;
    };
    let held = Held::find();
    let files = chat.tray.files();
    let mut place = 0_u32;
    // They keep their order: a chip that is not the next file's belongs to one that is gone.
    loop {
        let chip = child(&tray, place);
        let file = files.get(place as usize);
        match (chip.is_undefined(), file) {
            (true, None) => break,
            (true, Some(file)) => {
                draw_chip(&new_chip(&tray, file), file);
                // The newest is the one to be seen.
                set(&tray, "scrollTop", &get(&tray, "scrollHeight"));
            }
            (false, Some(file)) if get(&chip, "id") == chip_id(file) => draw_chip(&chip, file),
            (false, _) => {
                chip.remove();
                continue;
            }
        }
        place += 1;
    }
    if let Some(held) = held {
        held.keep();
    }
}

/// The files are to be drawn anew.
pub fn forget() {
    if let Some(tray) = element(TRAY) {
        set(&tray, "textContent", &"".into());
    }
}

fn chip_id(file: &Picked) -> JsValue {
    ["chip", &file.number.to_string()].concat().into()
}

/// What never changes of a file.
fn new_chip(tray: &Element, file: &Picked) -> Element {
    let chip = stamp(
        view! {
            <div>
                <div role="listitem">
                    <span class="file-name" dir="auto"></span>
                    <span class="file-info" dir="auto"></span>
                    <progress max="100"></progress>
                    <button type="button" name="retry"></button>
                    <button type="button" name="remove"></button>
                </div>
            </div>
        },
        tray,
    );
    set(&chip, "id", &chip_id(file));
    attachment::name(&child(&chip, 0), &file.name);
    let labels = [file.name.clone(), t_with("retry", &file.name), t_with("remove", &file.name)];
    for (index, label) in (2..).zip(&labels) {
        let part = child(&chip, index);
        set(&part, "value", &file.number.to_string().into());
        // It fails for no valid name of an attribute.
        let _ = part.set_attribute("aria-label", label);
    }
    set(&child(&chip, 3), "textContent", &t("try_again").into());
    chip
}

/// What changes.
fn draw_chip(chip: &Element, file: &Picked) {
    let (state, info, percent) = match &file.stage {
        Stage::Waiting => (" uploading", about(file), 0),
        Stage::Uploading(percent) => (" uploading", about(file), *percent),
        Stage::Uploaded(_) => ("", about(file), 0),
        Stage::Failed(failure) if failure.may_pass() => (" failed passing", reason(*failure), 0),
        Stage::Failed(failure) => (" failed", reason(*failure), 0),
    };
    set(chip, "className", &["box file chip", state].concat().into());
    set(&child(chip, 1), "textContent", &info.into());
    set(&child(chip, 2), "value", &percent.into());
}

fn about(file: &Picked) -> String {
    attachment::about(&file.name, file.size)
}

/// Why a file was not uploaded.
pub fn reason(failure: Failure) -> String {
    t(match failure {
        Failure::Empty => "upload_empty",
        Failure::TooLarge(Some(max_size)) => return t_with("upload_over", &format::size(max_size)),
        Failure::TooLarge(None) => "upload_too_large",
        Failure::Offline => "upload_offline",
        Failure::Interrupted => "upload_interrupted",
        Failure::Refused => "refused",
    })
}

/// The button in the tray that has the focus. It may go with its file, or because what it does is done.
struct Held {
    button: JsValue,
    /// The number of its file.
    number: String,
}

impl Held {
    fn find() -> Option<Self> {
        let button = get(&document(), "activeElement");
        let chip = button.dyn_ref::<Element>()?.closest(".chip").ok()?;
        let number = text(&button, "value").filter(|_| chip.is_some())?;
        Some(Self { button, number })
    }

    /// Keeps the focus near where it was.
    fn keep(&self) {
        // What is not shown has no place.
        if get(&self.button, "offsetParent").is_object() {
            return;
        }
        let same = ["[name=remove][value='", &self.number, "']"].concat();
        for place in [&*same, "[name=remove]", "[name=attach]"] {
            if let Ok(Some(button)) = document().query_selector(place) {
                call(&button, "focus", &Array::new());
                return;
            }
        }
    }
}
