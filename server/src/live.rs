//! Who is listening, and what each has seen.
//!
//! The hub only wakes listeners up; the change log is the truth. What the hub hands on spares a listener a look into the
//! log, but a listener believes it only if it fits what it has seen ([`Change::previous_rev`]); otherwise it reads the log.

mod stream;

pub use stream::{EventStream, Start, StreamItem};

use crate::{
    domain::{Change, Side},
    store::ChangeSink,
};
use bytes::Bytes;
use shared::{CompanyId, ConversationId, CustomerId};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock},
};
use tokio::sync::{broadcast, watch};
use uuid::Uuid;

/// Signals that wait for a listener. One that falls further behind goes back to the log.
const TOPIC_CAPACITY: usize = 16;
/// The same for whoever follows everything.
const FEED_CAPACITY: usize = 1024;

/// Somebody is typing, or has stopped. Never stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypingNotice {
    pub company: CompanyId,
    pub customer: CustomerId,
    pub conversation: ConversationId,
    pub by: Side,
    /// The agent's name, where it is one.
    pub name: Option<String>,
    pub typing: bool,
}

/// A change on its way to listeners.
#[derive(Debug)]
pub struct LiveChange {
    pub change: Change,
    /// The change as the visitor's stream says it, made once however many listen.
    pub visitor_frame: OnceLock<Bytes>,
}

#[derive(Clone, Debug)]
pub enum Signal {
    Change(Arc<LiveChange>),
    Typing(Arc<TypingNotice>),
    /// This session may listen no longer.
    SessionEnded(Uuid),
}

/// The hub: a topic for each customer who is listened to, and a feed of everything.
pub struct Live {
    topics: Mutex<HashMap<CustomerId, broadcast::Sender<Signal>>>,
    feed: broadcast::Sender<Signal>,
    draining: watch::Sender<bool>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            topics: Mutex::default(),
            feed: broadcast::Sender::new(FEED_CAPACITY),
            draining: watch::Sender::new(false),
        }
    }
}

impl Live {
    /// Everything that concerns a customer, from now on. The topic goes when its last listener does.
    pub fn subscribe(self: &Arc<Self>, customer: CustomerId) -> Subscription {
        let mut topics = self.topics.lock().expect("no panic while it is held");
        let topic = topics.entry(customer).or_insert_with(|| broadcast::Sender::new(TOPIC_CAPACITY));
        Subscription { signals: topic.subscribe(), customer, hub: Arc::clone(self) }
    }

    /// Everything that concerns anybody, from now on.
    pub fn subscribe_to_all(&self) -> broadcast::Receiver<Signal> {
        self.feed.subscribe()
    }

    pub fn announce_typing(&self, notice: TypingNotice) {
        self.signal(notice.customer, Signal::Typing(Arc::new(notice)));
    }

    /// Closes the streams of a session.
    pub fn end_session(&self, customer: CustomerId, session: Uuid) {
        self.signal(customer, Signal::SessionEnded(session));
    }

    /// Tells every stream to say goodbye and end.
    pub fn drain(&self) {
        self.draining.send_replace(true);
    }

    /// Turns true when the server stops.
    pub fn draining(&self) -> watch::Receiver<bool> {
        self.draining.subscribe()
    }

    fn signal(&self, customer: CustomerId, signal: Signal) {
        if let Some(topic) = self.topics.lock().expect("no panic while it is held").get(&customer) {
            drop(topic.send(signal.clone()));
        }
        drop(self.feed.send(signal));
    }
}

impl ChangeSink for Live {
    fn publish(&self, changes: Vec<Change>) {
        for change in changes {
            if let Some(customer) = change.customer {
                let live = LiveChange { change, visitor_frame: OnceLock::new() };
                self.signal(customer, Signal::Change(Arc::new(live)));
            }
        }
    }
}

/// A listener's place at the hub.
pub struct Subscription {
    signals: broadcast::Receiver<Signal>,
    customer: CustomerId,
    hub: Arc<Live>,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut topics = self.hub.topics.lock().expect("no panic while it is held");
        // This subscription's own receiver is still counted.
        if topics.get(&self.customer).is_some_and(|topic| topic.receiver_count() <= 1) {
            topics.remove(&self.customer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_lives_as_long_as_somebody_listens() {
        let hub = Arc::new(Live::default());
        let customer = CustomerId(Uuid::from_u128(1));
        let first = hub.subscribe(customer);
        let second = hub.subscribe(customer);
        drop(first);
        assert_eq!(hub.topics.lock().unwrap().len(), 1);
        drop(second);
        assert_eq!(hub.topics.lock().unwrap().len(), 0);
    }
}
