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
use tokio::sync::{
    broadcast::{self, error::TryRecvError},
    watch,
};
use uuid::Uuid;

/// Signals that wait for a listener, of a customer and of a company. One that falls further behind goes back to the log. What happens
/// to one customer comes a little at a time, and each reader of it who doesn't read costs as much as waits here.
const CUSTOMER_CAPACITY: usize = 4;
const COMPANY_CAPACITY: usize = 16;
/// Ended sessions and tokens that wait for a listener. One that falls further behind is sent away, to show its own again.
const ENDINGS_CAPACITY: usize = 4;
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
}

/// What can be listened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    Customer(CustomerId),
    Company(CompanyId),
}

/// The hub: a topic for each customer and company that is listened to, and a feed of everything.
pub struct Live {
    topics: Mutex<HashMap<Topic, Senders>>,
    feed: broadcast::Sender<Signal>,
    draining: watch::Sender<bool>,
}

struct Senders {
    signals: broadcast::Sender<Signal>,
    /// Sessions and tokens that are good no longer. Apart from the signals, because a listener may miss any of those.
    endings: broadcast::Sender<Uuid>,
}

impl Senders {
    fn new(topic: Topic) -> Self {
        let capacity = match topic {
            Topic::Customer(_) => CUSTOMER_CAPACITY,
            Topic::Company(_) => COMPANY_CAPACITY,
        };
        Self { signals: broadcast::Sender::new(capacity), endings: broadcast::Sender::new(ENDINGS_CAPACITY) }
    }
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
        let senders = topics.entry(topic).or_insert_with(|| Senders::new(topic));
        Subscription {
            signals: senders.signals.subscribe(),
            endings: senders.endings.subscribe(),
            topic,
            hub: Arc::clone(self),
        }
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
        self.end(Topic::Customer(customer), session);
    }

    /// Closes the streams of an API token.
    pub fn end_token(&self, company: CompanyId, token: Uuid) {
        self.end(Topic::Company(company), token);
    }

    fn end(&self, topic: Topic, access: Uuid) {
        let topics = self.topics.lock().expect("no panic while it is held");
        if let Some(senders) = topics.get(&topic) {
            drop(senders.endings.send(access));
        }
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
        for senders in to.iter().flatten().filter_map(|topic| topics.get(topic)) {
            drop(senders.signals.send(signal.clone()));
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
    endings: broadcast::Receiver<Uuid>,
    topic: Topic,
    hub: Arc<Live>,
}

impl Subscription {
    /// Whether this session or token has been ended since the subscription was made. Missing too many endings counts as
    /// one: whoever is sent away for nothing comes back.
    fn has_ended(&mut self, access: Uuid) -> bool {
        loop {
            match self.endings.try_recv() {
                Ok(ended) if ended == access => return true,
                Ok(_) => {}
                Err(TryRecvError::Empty) => return false,
                Err(TryRecvError::Lagged(_) | TryRecvError::Closed) => return true,
            }
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut topics = self.hub.topics.lock().expect("no panic while it is held");
        // This subscription's own receiver is still counted.
        if topics.get(&self.topic).is_some_and(|senders| senders.signals.receiver_count() <= 1) {
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

    #[test]
    fn an_ending_is_heard_however_much_is_said_and_only_by_those_it_concerns() {
        let hub = Arc::new(Live::default());
        let company = CompanyId(Uuid::from_u128(1));
        let (token, other) = (Uuid::from_u128(2), Uuid::from_u128(3));
        let mut subscription = hub.subscribe(Topic::Company(company));
        hub.end_token(company, other);
        hub.end_token(CompanyId(Uuid::from_u128(9)), token);
        assert!(!subscription.has_ended(token));
        hub.end_token(company, token);
        for _ in 0..2 * COMPANY_CAPACITY {
            hub.announce_typing(TypingNotice {
                company,
                customer: CustomerId(Uuid::from_u128(4)),
                conversation: ConversationId(Uuid::from_u128(5)),
                by: Side::Agent,
                name: None,
                typing: true,
            });
        }
        assert!(subscription.has_ended(token));
        assert!(!subscription.has_ended(token));
        for n in 0..=ENDINGS_CAPACITY {
            hub.end_token(company, Uuid::from_u128(100 + n as u128));
        }
        assert!(subscription.has_ended(token), "which ended can't be known any more");
    }
}
