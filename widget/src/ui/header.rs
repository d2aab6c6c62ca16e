//! The head of the panel: whose chat this is, who is there, and the way out.

use crate::{
    browser::element,
    chat::Chat,
    locale::t,
    ui::{avatar, put},
};
use leptos::prelude::*;
use shared::{Agent, Presence};

pub fn view() -> impl IntoView {
    view! {
        <div class="header">
            <div id="avatar" class="avatar" aria-hidden="true"></div>
            <div class="titles">
                <h1 id="heading" dir="auto"></h1>
                <p id="line" dir="auto"></p>
            </div>
            <button type="button" name="close" class="close" data-t="aria-label=close">
                <svg class="icon" aria-hidden="true"><use href="#i-close"></use></svg>
            </button>
        </div>
    }
}

pub fn draw(chat: &Chat) {
    let (name, picture) = match agent(chat) {
        Some(agent) => (&agent.name, &agent.avatar_url),
        None => (&chat.settings.heading, &chat.settings.logo_url),
    };
    if let Some(place) = element("avatar") {
        avatar::draw(&place, name, picture.as_deref());
    }
    put("heading", &chat.settings.heading);
    match (agent(chat), presence(chat)) {
        (None, _) => put("line", &chat.settings.tagline),
        (Some(agent), "") => put("line", &agent.name),
        (Some(agent), presence) => put("line", &[&agent.name, " · ", &t(presence)].concat()),
    }
}

/// Whoever has the conversation.
fn agent(chat: &Chat) -> Option<&Agent> {
    chat.timeline.conversation()?.agent.as_ref()
}

/// Whether the agent is there, if that is to be told.
pub fn presence(chat: &Chat) -> &'static str {
    match agent(chat).filter(|_| chat.settings.show_online_badge).map(|agent| agent.presence) {
        Some(Presence::Live) => "live",
        Some(Presence::Away) => "away",
        Some(Presence::Offline) => "offline",
        None => "",
    }
}
