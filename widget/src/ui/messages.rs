//! The list of messages, and the button that leads back to its end.

use crate::{
    browser::element,
    chat::{Chat, LIST, NEW_LINE},
    format,
    locale::{t, t_count, t_with},
    state::rows::{Key, Row},
    ui::{attachment, bubble, mark, put, yes_or_no},
};
use leptos::{
    prelude::*,
    tachys::view::{Mountable, Render},
};
use std::cell::RefCell;
use web_sys::Node;

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
    view: Box<dyn RowView>,
}

impl Drawn {
    fn new(key: Key, row: Row) -> Self {
        let view = match row {
            Row::Message(_) => drawn(key, &row, bubble::view),
            Row::Day { .. } | Row::New => drawn(key, &row, line_view),
        };
        Self { key, row, view }
    }
}

/// What the renderer keeps of a row, whatever it shows.
trait RowView {
    /// Shows the row as it is now.
    fn redraw(&mut self, key: Key, row: &Row);
    fn mountable(&mut self) -> &mut dyn Mountable;
}

struct View<S, D> {
    state: S,
    draw: D,
}

impl<V: Render, D: Fn(Key, &Row) -> V> RowView for View<V::State, D> {
    fn redraw(&mut self, key: Key, row: &Row) {
        (self.draw)(key, row).rebuild(&mut self.state);
    }

    fn mountable(&mut self) -> &mut dyn Mountable {
        &mut self.state
    }
}

fn drawn<V: Render + 'static>(key: Key, row: &Row, draw: fn(Key, &Row) -> V) -> Box<dyn RowView>
where
    V::State: 'static,
{
    Box::new(View { state: draw(key, row).build(), draw })
}

thread_local! {
    /// From top to bottom.
    static DRAWN: RefCell<Vec<Drawn>> = const { RefCell::new(Vec::new()) };
}

/// Draws every row again, in another language.
pub fn redraw() {
    DRAWN.with_borrow_mut(|shown| {
        for drawn in shown {
            drawn.view.redraw(drawn.key, &drawn.row);
            if let (Row::Message(bubble), Some(row)) = (&drawn.row, drawn.view.mountable().elements().pop()) {
                attachment::redraw(&row, &bubble.files);
            }
        }
    });
}

/// Draws the rows, where they are different. A row that stays keeps its element: nothing is read out, animated or loses
/// the focus but what is new.
pub fn draw_rows(rows: Vec<(Key, Row)>) {
    let (Some(list), Some(end)) = (element(LIST), element(LIST_END)) else {
        return;
    };
    DRAWN.with_borrow_mut(|shown| {
        let mut old = std::mem::take(shown);
        // From the end, where new ones come, so that each old one is found at once.
        for (key, row) in rows.into_iter().rev() {
            let known = old.iter().rposition(|old| old.key == key).map(|index| old.remove(index));
            let mut drawn = known.unwrap_or_else(|| Drawn::new(key, row.clone()));
            if drawn.row != row {
                drawn.view.redraw(key, &row);
                drawn.row = row;
            }
            shown.push(drawn);
        }
        for mut gone in old {
            gone.view.mountable().unmount();
        }
        let mut next: Node = end.into();
        for drawn in shown.iter_mut() {
            let row = drawn.view.mountable();
            let Some(element) = row.elements().pop() else {
                continue;
            };
            if let Row::Message(bubble) = &drawn.row {
                attachment::draw(&element, &bubble.files);
            }
            if element.next_sibling().as_ref() != Some(&next) {
                row.mount(&list, Some(&next));
            }
            next = element.into();
        }
        shown.reverse();
    });
}

/// A line across the list.
fn line_view(_: Key, row: &Row) -> impl IntoView + use<> {
    let (class, text) = match row {
        Row::Day { at_ms, n_days_ago } => ("day", format::day(*at_ms, *n_days_ago)),
        Row::New | Row::Message(_) => (NEW_LINE, t("new_messages")),
    };
    view! {
        <p id=class class=class>{text}</p>
    }
}
