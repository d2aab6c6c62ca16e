//! One message.

use crate::{
    browser::{call, document, get, set},
    format,
    locale::t,
    state::{
        formatting::{Piece, pieces},
        links::href,
        rows::{Bubble, From, Tick},
    },
    ui::{attachment, avatar, built, child, stamp},
    wire::id_text,
};
use js_sys::Array;
use leptos::prelude::*;
use shared::{ClientId, ErrorCode};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Element;

// Where among the parts of a message each is.
const FACE: u32 = 0;
const NAME: u32 = 1;
const TEXT: u32 = 2;
pub const FILES: u32 = 3;
const META: u32 = 4;
const REFUSED: u32 = 5;

/// A message without anything in it.
pub fn new() -> Element {
    built(view! {
        <div>
            <div>
                <span class="face" aria-hidden="true"></span>
                <p class="name" dir="auto"></p>
                <div class="box text" dir="auto"></div>
                <div class="files"></div>
                <p class="meta"><span></span> <span class="said"></span></p>
                <div class="refused"></div>
            </div>
        </div>
    })
}

/// Writes into a message what is different from what it says.
pub fn draw(message: &Element, id: ClientId, before: Option<&Bubble>, bubble: &Bubble) {
    set(message, "className", &class_of(bubble).into());
    if before.is_none_or(|before| before.text != bubble.text || before.from != bubble.from) {
        let name = name_of(bubble);
        set(&child(message, NAME), "textContent", &name.as_str().into());
        if let From::Business { avatar_url, .. } = &bubble.from {
            avatar::draw(&child(message, FACE), &name, avatar_url.as_deref());
        }
        write(child(message, TEXT), &bubble.text);
    }
    attachment::draw(message, &bubble.files);
    let meta = child(message, META);
    set(&child(&meta, 0), "textContent", &format::time(bubble.at_ms).into());
    set(&child(&meta, 1), "textContent", &tick(bubble.tick).into());
    if before.map(|before| before.tick) != Some(bubble.tick) {
        draw_refusal(&child(message, REFUSED), id, bubble.tick);
    }
}

/// A message that was not accepted says why, and what can be done.
fn draw_refusal(place: &Element, id: ClientId, tick: Tick) {
    set(place, "textContent", &"".into());
    let Tick::Refused(code) = tick else {
        return;
    };
    let reason = t(match code {
        ErrorCode::BodyTooLarge => "refused_too_long",
        ErrorCode::NotFound => "refused_not_found",
        ErrorCode::Internal => "refused_broken",
        _ => "refused",
    });
    stamp(view! { <div><span></span></div> }, place);
    stamp(view! { <div><button type="button" name="try-again"></button></div> }, place);
    stamp(view! { <div><button type="button" name="delete"></button></div> }, place);
    for (index, text) in (0..).zip([reason, t("try_again"), t("delete")]) {
        let part = child(place, index);
        set(&part, "textContent", &text.into());
        set(&part, "value", &id_text(id.0).into());
    }
}

/// Writes a text, each piece of it as a text node.
fn write(mut place: Element, text: &str) {
    set(&place, "textContent", &"".into());
    let add = |place: &Element, child: &JsValue| call(place, "append", &Array::of1(child));
    let make = |name: &str| call(&document(), "createElement", &Array::of1(&name.into()));
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => {
                add(&place, &text.into());
            }
            Piece::Link(link) => {
                let anchor = make("a");
                for (field, value) in [
                    ("href", &*href(link)),
                    ("target", "_blank"),
                    ("rel", "noopener noreferrer nofollow"),
                    ("textContent", link),
                ] {
                    set(&anchor, field, &value.into());
                }
                add(&place, &anchor);
            }
            Piece::Open(name) => {
                let inner = make(name);
                add(&place, &inner);
                place = inner.unchecked_into();
            }
            Piece::Close => place = get(&place, "parentNode").unchecked_into(),
        }
    }
}

fn class_of(bubble: &Bubble) -> String {
    let mut class = String::from("message");
    class += match bubble.from {
        From::Visitor => " mine",
        From::Business { .. } => " theirs",
        From::System => " system",
    };
    if bubble.is_first {
        class += " first";
    }
    if bubble.is_last {
        class += " last";
    }
    class += match bubble.tick {
        Tick::None => "",
        Tick::Sending => " sending",
        Tick::Sent => " sent",
        Tick::Delivered => " delivered",
        Tick::Read => " read",
        Tick::Refused(_) => " not-sent",
    };
    class
}

fn name_of(bubble: &Bubble) -> String {
    match &bubble.from {
        From::Visitor => t("you"),
        From::Business { name: Some(name), .. } => name.clone(),
        From::Business { name: None, .. } => t("us"),
        From::System => String::new(),
    }
}

/// What the tick says, which is also drawn after the time.
fn tick(tick: Tick) -> String {
    t(match tick {
        Tick::None => return String::new(),
        Tick::Sending => "sending",
        Tick::Sent => "sent",
        Tick::Delivered => "delivered",
        Tick::Read => "read",
        Tick::Refused(_) => "not_sent",
    })
}
