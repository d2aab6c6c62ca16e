//! The list of messages, and the button that leads back to its end.

use crate::{
    browser::{call, element, get, number, set},
    chat::{Chat, LIST, NEW_LINE},
    format,
    locale::{t, t_count, t_with},
    state::rows::{Key, Row},
    ui::{attachment, bubble, built, mark, put, yes_or_no},
};
use js_sys::Array;
use leptos::prelude::*;
use std::cell::RefCell;
use wasm_bindgen::JsValue;
use web_sys::Element;

/// The element that follows the last row.
const LIST_END: &str = "list-end";

pub fn view() -> impl IntoView {
    view! {
        <div class="body">
            <div id="list" class="list" role="log" aria-relevant="additions" tabindex="0" data-t="aria-label=conversation">
                <div class="greeting">
                    <svg class="art" aria-hidden="true"><use href="#art"></use></svg>
                    <h2 data-t="greeting"></h2>
                    <p data-t="greeting_more"></p>
                </div>
                <div id="list-end" class="dots" aria-hidden="true"><i></i><i></i><i></i></div>
            </div>
            <p class="wait" data-t="loading"></p>
            <p class="drop" data-t="drop"></p>
            <p id="typing" class="said" role="status"></p>
            <button type="button" name="jump" class="jump">
                <svg class="icon" aria-hidden="true"><use href="#i-down"></use></svg>
                <span class="said" data-t="jump"></span>
                <span id="n-below" class="n-below"></span>
            </button>
        </div>
    }
}

pub fn draw(chat: &Chat) {
    let typing = match &chat.typing {
        Some(name) if name.is_empty() => t_with("typing", &t("us")),
        Some(name) => t_with("typing", name),
        None => String::new(),
    };
    let n_below = if chat.n_below == 0 { String::new() } else { t_count("jump_new", chat.n_below as usize) };
    put("typing", &typing);
    put("n-below", &n_below);
    mark(LIST, "aria-live", if chat.announces { "polite" } else { "off" });
    mark(LIST, "aria-busy", yes_or_no(chat.is_loading || chat.is_loading_older));
}

/// A row that is in the document.
struct Drawn {
    key: Key,
    row: Row,
    element: Element,
}

impl Drawn {
    fn new(key: Key, row: Row) -> Self {
        let element = if let (Key::Message(id), Row::Message(bubble)) = (key, &row) {
            let message = bubble::new();
            bubble::draw(&message, id, None, bubble);
            message
        } else {
            let line = built(view! { <div><p></p></div> });
            draw_line(&line, &row);
            line
        };
        Self { key, row, element }
    }

    /// Shows the row as it is now.
    fn redraw(&mut self, row: Row) {
        match (self.key, &self.row, &row) {
            (_, before, row) if before == row => return,
            (Key::Message(id), Row::Message(before), Row::Message(bubble)) => {
                bubble::draw(&self.element, id, Some(before), bubble);
            }
            _ => draw_line(&self.element, &row),
        }
        self.row = row;
    }
}

thread_local! {
    /// From top to bottom.
    static DRAWN: RefCell<Vec<Drawn>> = const { RefCell::new(Vec::new()) };
}

/// Draws every row again, in another language.
pub fn redraw() {
    DRAWN.with_borrow(|shown| {
        for Drawn { key, row, element } in shown {
            match (key, row) {
                (Key::Message(id), Row::Message(bubble)) => {
                    attachment::forget(element);
                    bubble::draw(element, *id, None, bubble);
                }
                _ => draw_line(element, row),
            }
        }
    });
}

/// Draws the rows, where they are different. A row that stays keeps its element: nothing is read out, animated or loses
/// the focus but what is new.
pub fn draw_rows(rows: Vec<(Key, Row)>) {
    let Some(end) = element(LIST_END) else {
        return;
    };
    DRAWN.with_borrow_mut(|shown| {
        let mut old = std::mem::take(shown);
        // From the end, where new ones come, so that each old one is found at once.
        for (key, row) in rows.into_iter().rev() {
            let known = old.iter().rposition(|old| old.key == key).map(|index| old.remove(index));
            shown.push(match known {
                Some(mut drawn) => {
                    drawn.redraw(row);
                    drawn
                }
                None => Drawn::new(key, row),
            });
        }
        for gone in old {
            gone.element.remove();
        }
        let mut next: Element = end.into();
        for Drawn { element, .. } in shown.iter() {
            let row: &JsValue = element;
            if get(&next, "previousSibling") != *row {
                call(&next, "before", &Array::of1(row));
            }
            next.clone_from(element);
        }
        shown.reverse();
    });
}

/// A line across the list.
fn draw_line(line: &Element, row: &Row) {
    let (class, text) = match row {
        Row::Day { at_ms, n_days_ago } => ("day", format::day(*at_ms, *n_days_ago)),
        Row::New | Row::Message(_) => (NEW_LINE, t("new_messages")),
    };
    for field in ["id", "className"] {
        set(line, field, &class.into());
    }
    set(line, "textContent", &text.into());
}

/// The first message that begins below this place in the list, and how far below: what the visitor is reading stays where it is when
/// this does. Not the first of all, which loses its name to what comes before it when that is of the same sender.
pub fn anchor(top: f64) -> Option<(Element, f64)> {
    DRAWN.with_borrow(|shown| {
        let messages = shown.iter().filter(|drawn| matches!(drawn.row, Row::Message(_))).skip(1);
        let mut places = messages.map(|drawn| (drawn.element.clone(), number(&drawn.element, "offsetTop")));
        places.find(|(_, place)| *place >= top).map(|(row, place)| (row, place - top))
    })
}
