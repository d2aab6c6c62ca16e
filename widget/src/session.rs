//! The visitor's session, as this browser keeps it for all of its tabs, and whose it is. What one tab stores is true in the
//! others.

use crate::{
    api::{self, Reply},
    bridge,
    browser::{now_ms, spawn},
    chat::{self, Chat, Scroll, chat},
    facts::Facts,
    state::outbox::{Current, Entry},
    storage::Store,
    stream, tabs, uploads, wire,
};
use shared::{Consent, ErrorCode, Session};
use wasm_bindgen::JsValue;

/// Stands in the storage for a moment instead of a session whose visitor has left.
pub const LEFT: &str = "";

/// Takes the session that another page or tab has stored. Answers whether there is one.
pub fn adopt() -> bool {
    let stored = stored(&chat());
    if chat().awaits_identity() {
        // It may be somebody else's.
        return false;
    }
    if let Some(stored) = stored {
        let known = chat().visitor();
        if known.is_some_and(|known| known != stored.customer_id) {
            // This tab slept over the end of a session and the beginning of the next, or another has told who the visitor is.
            let is_same = known == stored.continues;
            if !is_same {
                chat::start_anew(0.0);
            }
            let_go(is_same);
        }
        let mut chat = chat();
        if chat.session.replace(stored).is_none() {
            chat.outbox.set_current(Current::Unknown);
        }
    }
    chat().session.is_some()
}

/// Another tab may have stored a session.
pub fn follow() {
    let has_session = adopt();
    let is_off = chat().connection.is_off();
    if has_session && is_off {
        stream::connect();
    }
}

/// Keeps the session in an answer, new or renewed.
pub fn take(reply: &Reply) {
    if let Some(session) = reply.read(wire::session) {
        let mut chat = chat();
        // This tab may have been frozen before it took the answer, so that others have got a newer one since.
        let stored = stored(&chat).filter(|stored| {
            stored.customer_id == session.customer_id && stored.access_expires_at > session.access_expires_at
        });
        if stored.is_none() {
            let key = chat.key("session");
            // A renewed one is as long as the one it replaces, so that it fits into a storage that is full.
            chat.store.set(&key, &wire::stringify(&reply.body));
        }
        if !chat.awaits_identity() {
            chat.session = stored.or(Some(session));
        }
    }
}

/// Another tab has renewed the session. A tab that the browser copied, and its storage with it, has the same one: were it to
/// spend the same refresh token, the server would take it for a thief.
pub fn renewed(spent: &str, session: &str) {
    let is_ours = chat().session.as_ref().is_some_and(|session| session.refresh_token == spent);
    if is_ours && let Some(body) = wire::parse(session) {
        take(&Reply { status: 200, body, retry_after_ms: None });
    }
}

/// The session has ended for good. What is unsent goes to the next one.
pub fn forget() {
    {
        let mut chat = chat();
        let key = chat.key("session");
        chat.store.remove(&key);
        // Whoever the page has named is let in anew.
        chat.is_identified = false;
    }
    let_go(false);
    forget_destinations();
    chat::show_trouble();
    chat::changed(Scroll::End);
    settle();
    chat::pump();
    uploads::go_on();
}

/// Leaves the session, for the next one of the same visitor or of another.
fn let_go(is_same: bool) {
    {
        let mut chat = chat();
        chat.session = None;
        chat.timeline.snapshot(None);
        if !is_same {
            let unsent = chat.outbox.items().to_vec();
            chat.outbox.session_over();
            chat.keep_moved(&unsent);
            chat.tray.session_over();
        }
        chat.is_loading = false;
    }
    stream::disconnect();
}

/// Whatever unsent messages were on their way to is gone, those of tabs that are closed too.
pub fn forget_destinations() {
    let mut chat = chat();
    chat.outbox.session_over();
    for entry in chat.kept() {
        chat.keep(&Entry { conversation_id: None, starts: false, ..entry });
    }
}

pub fn stored(chat: &Chat) -> Option<Session> {
    wire::session(&wire::parse(&chat.store.get(&chat.key("session"))?)?)
}

// Who the visitor is.

/// The page says who the visitor is, in a token that it has signed. Until the server has agreed nothing is shown: what is
/// here may be somebody else's.
pub fn identify(token: String) {
    {
        let mut chat = chat();
        if chat.identity.as_ref() == Some(&token) {
            return;
        }
        if std::mem::take(&mut chat.is_identified) {
            // It was said of whoever was here until now.
            chat.facts = Facts::default();
        }
        chat.identity = Some(token);
        chat.named_at_ms = now_ms();
        chat.outbox.set_current(Current::Unknown);
    }
    let_go(true);
    settle();
    chat::changed(Scroll::End);
}

/// Asks the server to let in whom the page has named, if there is a reason: a session that becomes theirs, or a visitor who
/// looks. For a mere page view nothing is stored.
pub fn settle() {
    let is_due = {
        let mut chat = chat();
        let is_due = chat.awaits_identity() && (chat.is_open || stored(&chat).is_some());
        chat.is_loading |= is_due;
        is_due
    };
    if is_due {
        spawn(async {
            if api::ensure_session().await.is_ok() {
                follow();
                chat::pump();
            }
        });
    }
}

/// Has the server take the page's word for it.
pub async fn exchange_identity() -> Reply {
    let (identity, before, widget_id) = {
        let chat = chat();
        (chat.identity.clone().unwrap_or_default(), stored(&chat), wire::id_text(chat.settings.id.0))
    };
    let body = wire::json(&[("widget_id", widget_id.into()), ("token", identity.as_str().into())]).into();
    let refresh_token = before.as_ref().map(|session| session.refresh_token.as_str());
    let mut reply = api::fetch("POST", "/identity", refresh_token, &body).await;
    let is_expired = |reply: &Reply| wire::error_code(&reply.body) == ErrorCode::TokenExpired;
    if reply.status == 401 && !is_expired(&reply) {
        // That session is over.
        reply = api::fetch("POST", "/identity", None, &body).await;
    }
    if chat().identity.as_ref() != Some(&identity) {
        // The page has said something else meanwhile.
        return Reply::NONE;
    }
    if let Some(session) = reply.read(wire::session) {
        let is_same = before.is_none_or(|before| {
            before.customer_id == session.customer_id || session.continues == Some(before.customer_id)
        });
        if !is_same {
            let named_at_ms = chat().named_at_ms;
            chat::start_anew(named_at_ms);
        }
        chat().is_identified = true;
        take(&reply);
        chat().outbox.set_current(Current::Unknown);
    } else if reply.status >= 400 {
        chat().is_loading = false;
        chat::changed(Scroll::End);
        if is_expired(&reply) { bridge::renew() } else { bridge::tell_of_refusal(&reply) }
    }
    reply
}

/// The page says that its visitor has left: the session ends, here and on the server, and nothing of it stays.
pub fn log_out() {
    let session = stored(&chat());
    if let Some(session) = session {
        tabs::tell_of_log_out();
        {
            // Tabs that don't hear of it see it here, before everything goes.
            let mut chat = chat();
            let key = chat.key("session");
            chat.store.set(&key, LEFT);
        }
        // Any token of the session ends it, and this one is good for longest. Without an answer it is gone from here all
        // the same.
        spawn(async move {
            api::fetch("DELETE", "/sessions/current", Some(&session.refresh_token), &JsValue::UNDEFINED)
                .await;
            bridge::tell_of_end();
        });
        leave();
    } else {
        leave();
        bridge::tell_of_end();
    }
}

/// The visitor has left, in this tab or another: a fresh start.
pub fn leave() {
    {
        let mut chat = chat();
        chat.identity = None;
        chat.facts = Facts::default();
    }
    chat::start_anew(f64::INFINITY);
    forget();
    // And whatever else the panel remembers of them.
    let mut chat = chat();
    let prefix = chat.key("");
    chat.store.clear(&prefix);
}

/// The page says how much may be kept.
pub fn consent(word: &str) {
    let Some((_, consent)) = Consent::WORDS.iter().find(|(known, _)| *known == word) else {
        return;
    };
    let has_session = {
        let mut chat = chat();
        let prefix = chat.key("");
        chat.store.move_to(Store::open(*consent), &prefix);
        chat.session.is_some() || chat.awaits_identity()
    };
    if has_session {
        chat::changed(Scroll::Follow);
        settle();
    } else {
        // There may be something from earlier.
        chat::resume();
    }
}
