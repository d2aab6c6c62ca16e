//! Who is listening, and what each has seen.
//!
//! The hub only wakes listeners up; the change log is the truth. What the hub hands on spares a listener a look into the
//! log, but a listener believes it only if it fits what it has seen ([`Change::previous_rev`]); otherwise it reads the log.

mod stream;

pub use stream::{EventStream, Listener, Start, StreamItem};

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
    /// The change as the visitor's stream says it, made once however many listen; nothing if it doesn't concern them.
    pub visitor_frame: OnceLock<Option<Bytes>>,
}

#[derive(Clone, Debug)]
pub enum Signal {
    Change(Arc<LiveChange>),
    Typing(Arc<TypingNotice>),
    /// Whoever listens with this session or token may listen no longer.
    AccessEnded(Uuid),
}

/// What can be listened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    Customer(CustomerId),
    Company(CompanyId),
}

/// The hub: a topic for each customer and company that is listened to, and a feed of everything.
pub struct Live {
    topics: Mutex<HashMap<Topic, broadcast::Sender<Signal>>>,
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
    /// Everything that concerns a customer or a company, from now on. The topic goes when its last listener does.
    pub fn subscribe(self: &Arc<Self>, topic: Topic) -> Subscription {
        let mut topics = self.topics.lock().expect("no panic while it is held");
        let sender = topics.entry(topic).or_insert_with(|| broadcast::Sender::new(TOPIC_CAPACITY));
        Subscription { signals: sender.subscribe(), topic, hub: Arc::clone(self) }
    }

    /// Everything that concerns anybody, from now on.
    pub fn subscribe_to_all(&self) -> broadcast::Receiver<Signal> {
        self.feed.subscribe()
    }

    pub fn announce_typing(&self, notice: TypingNotice) {
        let topics = [Some(Topic::Customer(notice.customer)), Some(Topic::Company(notice.company))];
        self.signal(topics, &Signal::Typing(Arc::new(notice)));
    }

    /// Closes the streams of a visitor's session.
    pub fn end_session(&self, customer: CustomerId, session: Uuid) {
        self.signal([Some(Topic::Customer(customer)), None], &Signal::AccessEnded(session));
    }

    /// Closes the streams of an API token.
    pub fn end_token(&self, company: CompanyId, token: Uuid) {
        self.signal([Some(Topic::Company(company)), None], &Signal::AccessEnded(token));
    }

    /// Tells every stream to say goodbye and end.
    pub fn drain(&self) {
        self.draining.send_replace(true);
    }

    /// Turns true when the server stops.
    pub fn draining(&self) -> watch::Receiver<bool> {
        self.draining.subscribe()
    }

    fn signal(&self, to: [Option<Topic>; 2], signal: &Signal) {
        let topics = self.topics.lock().expect("no panic while it is held");
        for sender in to.iter().flatten().filter_map(|topic| topics.get(topic)) {
            drop(sender.send(signal.clone()));
        }
        drop(topics);
        drop(self.feed.send(signal.clone()));
    }
}

impl ChangeSink for Live {
    fn publish(&self, changes: Vec<Change>) {
        for change in changes {
            let topics = [change.customer.map(Topic::Customer), Some(Topic::Company(change.company))];
            let live = LiveChange { change, visitor_frame: OnceLock::new() };
            self.signal(topics, &Signal::Change(Arc::new(live)));
        }
    }
}

/// A listener's place at the hub.
pub struct Subscription {
    signals: broadcast::Receiver<Signal>,
    topic: Topic,
    hub: Arc<Live>,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut topics = self.hub.topics.lock().expect("no panic while it is held");
        // This subscription's own receiver is still counted.
        if topics.get(&self.topic).is_some_and(|sender| sender.receiver_count() <= 1) {
            topics.remove(&self.topic);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_lives_as_long_as_somebody_listens() {
        let hub = Arc::new(Live::default());
        let customer = Topic::Customer(CustomerId(Uuid::from_u128(1)));
        let first = hub.subscribe(customer);
        let second = hub.subscribe(customer);
        drop(first);
        assert_eq!(hub.topics.lock().unwrap().len(), 1);
        drop(second);
        assert_eq!(hub.topics.lock().unwrap().len(), 0);
    }
}
