//! The visitor's session, as this browser keeps it for all of its tabs. What one of them stores is true in the others.

use crate::{
    api::Reply,
    chat::{self, Chat, Scroll, chat},
    state::outbox::{Current, Entry},
    stream, uploads, wire,
};
use shared::Session;

/// Takes the session that another page or tab has stored. Answers whether there is one.
pub fn adopt() -> bool {
    let stored = stored(&chat());
    if let Some(stored) = stored {
        let known = chat().session.as_ref().map(|session| session.customer_id);
        if known.is_some_and(|known| known != stored.customer_id) {
            // This tab slept over the end of a session and the beginning of the next.
            let_go();
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
        chat.session = stored.or(Some(session));
    }
}

/// The session has ended for good. What is unsent goes to the next one.
pub fn forget() {
    {
        let mut chat = chat();
        let key = chat.key("session");
        chat.store.remove(&key);
    }
    let_go();
    forget_destinations();
    chat::show_trouble();
    chat::changed(Scroll::End);
    chat::pump();
    uploads::go_on();
}

fn let_go() {
    {
        let mut chat = chat();
        chat.session = None;
        chat.timeline.snapshot(None);
        let unsent = chat.outbox.items().to_vec();
        chat.outbox.session_over();
        chat.keep_moved(&unsent);
        chat.tray.session_over();
        chat.is_loading = false;
    }
    stream::disconnect();
}

/// Whatever unsent messages were on their way to is gone, those of tabs that are closed too.
pub fn forget_destinations() {
    let mut chat = chat();
    chat.outbox.session_over();
    let prefix = chat.key("outbox:");
    for json in chat.store.values_under(&prefix) {
        if let Some(entry) = wire::parse(&json).and_then(|entry| wire::entry(&entry)) {
            chat.keep(&Entry { conversation_id: None, starts: false, ..entry });
        }
    }
}

pub fn stored(chat: &Chat) -> Option<Session> {
    wire::session(&wire::parse(&chat.store.get(&chat.key("session"))?)?)
}
