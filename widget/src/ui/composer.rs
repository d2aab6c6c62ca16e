//! Where the visitor writes.

use crate::{
    chat::{Chat, FIELD},
    format,
    locale::{t, t_count},
    state::tray::Hold,
    ui::{mark, put, tray, yes_or_no},
};
use leptos::prelude::*;
use shared::{
    TextProblem,
    limits::{ATTACHMENTS_MAX, TEXT_MAX_BYTES},
};

/// The count of what is left appears when so little is.
const NEAR_LIMIT_BYTES: usize = 1024;

pub fn view() -> impl IntoView {
    view! {
        <form class="composer">
            {tray::view()}
            <button type="button" name="attach" class="attach" data-t="aria-label=attach title=attach">
                <svg class="icon" aria-hidden="true"><use href="#i-clip"></use></svg>
            </button>
            // The field is as high as its copy of the text; see `composer.css`.
            <div class="field">
                <textarea
                    id="field"
                    rows="1"
                    dir="auto"
                    enterkeyhint="send"
                    aria-describedby="problem"
                    data-t="aria-label=message placeholder=placeholder"
                ></textarea>
                <button
                    type="button"
                    name="emoji"
                    class="emoji"
                    aria-haspopup="dialog"
                    data-t="aria-label=emoji title=emoji"
                >
                    <svg class="icon" aria-hidden="true"><use href="#i-smile"></use></svg>
                </button>
            </div>
            <button type="submit" class="send" data-t="aria-label=send">
                <svg class="icon" aria-hidden="true"><use href="#i-send"></use></svg>
            </button>
            <p class="problem">
                <span id="problem" role="alert"></span>
                <span id="held" role="status"></span>
                <span id="count"></span>
            </p>
            <p id="uploads" class="said" role="status"></p>
        </form>
    }
}

/// What a draft changes outside its field.
pub fn look(chat: &Chat) -> impl PartialEq + use<> {
    (chat.n_draft_bytes > 0, chat.problem, chat.tray.hold(), count(chat.n_draft_bytes))
}

pub fn draw(chat: &Chat) {
    let hold = chat.tray.hold();
    let problem = match (chat.problem, hold) {
        (Some(TextProblem::TooLong), _) => t("too_long"),
        (Some(TextProblem::Nul), _) => t("nul"),
        (_, Some(Hold::Failed)) => t("hold_failed"),
        (_, Some(Hold::Full)) => t_count("hold_full", ATTACHMENTS_MAX),
        _ => String::new(),
    };
    mark(FIELD, "aria-invalid", yes_or_no(chat.problem.is_some()));
    put("problem", &problem);
    put("count", &count(chat.n_draft_bytes));
    put("held", &if hold == Some(Hold::Uploading) { t("hold_uploading") } else { String::new() });
    put("uploads", &chat.said);
    tray::draw(chat);
}

/// How much room is left, when it is little, or how much is too much.
fn count(n_bytes: usize) -> String {
    if n_bytes > TEXT_MAX_BYTES {
        t_count("too_long_by", n_bytes - TEXT_MAX_BYTES)
    } else if n_bytes > TEXT_MAX_BYTES - NEAR_LIMIT_BYTES {
        format::number(TEXT_MAX_BYTES - n_bytes)
    } else {
        String::new()
    }
}
