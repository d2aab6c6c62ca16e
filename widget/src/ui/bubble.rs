//! One message.

use crate::{
    format,
    locale::t,
    state::{
        links::{Piece, href, pieces},
        rows::{Bubble, From, Key, Row, Tick},
    },
};
use leptos::{either::Either, prelude::*};
use shared::{ClientId, ErrorCode};

/// A message. Its files are put into their place by [`crate::ui::attachment::draw`].
pub fn view(key: Key, row: &Row) -> impl IntoView + use<> {
    let (Key::Message(id), Row::Message(bubble)) = (key, row) else {
        unreachable!("only messages are drawn as messages");
    };
    view! {
        <div class=class_of(bubble)>
            <p class="name" dir="auto">{name_of(bubble)}</p>
            <p class="box text" dir="auto">{linked(&bubble.text)}</p>
            <div class="files"></div>
            <p class="meta">{format::time(bubble.at_ms)} <span class="said">{tick(bubble.tick)}</span></p>
            {refusal(id, bubble.tick)}
        </div>
    }
}

/// A message that was not accepted says why, and what can be done.
fn refusal(id: ClientId, tick: Tick) -> Option<impl IntoView> {
    let Tick::Refused(code) = tick else {
        return None;
    };
    let reason = if code == ErrorCode::BodyTooLarge { "refused_too_long" } else { "refused" };
    Some(view! {
        <div class="refused">
            <span>{t(reason)}</span>
            <button type="button" name="try-again" value=id.to_string()>{t("try_again")}</button>
            <button type="button" name="delete" value=id.to_string()>{t("delete")}</button>
        </div>
    })
}

/// The text with what can be clicked in it. Each piece is a text node.
pub fn linked(text: &str) -> Vec<impl IntoView + use<>> {
    let views = pieces(text).into_iter().map(|piece| match piece {
        Piece::Text(text) => Either::Left(text.to_owned()),
        Piece::Link(link) => Either::Right(view! {
            <a href=href(link) target="_blank" rel="noopener noreferrer nofollow">{link.to_owned()}</a>
        }),
    });
    views.collect()
}

fn class_of(bubble: &Bubble) -> String {
    let mut class = String::from("message");
    class += match bubble.from {
        From::Visitor => " mine",
        From::Business(_) => " theirs",
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
        From::Business(Some(name)) => name.clone(),
        From::Business(None) => t("us"),
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
