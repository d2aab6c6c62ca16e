//! An honest visitor: the panel's own state, with hyper where the panel has a browser. What is decided (when to try again, where a
//! message goes, when to reconnect) is decided by `widget::state`; here it is carried out as `widget`'s `chat`, `api` and
//! `stream` do.

mod sending;
mod session;
mod streaming;

use crate::{
    clock::now_ms,
    http::{Ask, Client, Reply, Way},
    judge::hearing::Hearing,
    random::Random,
    world::World,
};
use shared::{ClientId, ConversationId, ConversationStatus, Session, id::uuid_v7};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{sync::Notify, time::Instant};
use widget::state::{
    connection::Connection,
    outbox::{Current, Outbox},
    timeline::Timeline,
};

pub struct Visitor {
    pub number: usize,
    pub world: Arc<World>,
    way: Way,
    state: Mutex<State>,
    /// There may be something for the outbox to do.
    stirred: Notify,
    /// The visitor looks at the page: streams that wait need not.
    woken: Notify,
    client: tokio::sync::Mutex<Client>,
    /// A refresh token works once, so one at a time.
    renewing: tokio::sync::Mutex<()>,
}

struct State {
    session: Option<Session>,
    outbox: Outbox,
    timeline: Timeline,
    /// One for each tab.
    tabs: Vec<Tab>,
    random: Random,
    n_written: u64,
    /// When each message was first sent, to tell how long it took.
    sent_at: HashMap<ClientId, Instant>,
    is_measured: bool,
}

#[derive(Default)]
struct Tab {
    connection: Connection,
    /// Where its stream is resumed.
    last_event_id: Option<String>,
    hearing: Hearing,
}

impl Visitor {
    /// A visitor with so many tabs. Nothing happens before they write.
    pub fn new(number: usize, n_tabs: usize, world: &Arc<World>) -> Arc<Self> {
        let way = Way::of_visitor(number, world.to);
        let state = State {
            session: None,
            outbox: Outbox::default(),
            timeline: Timeline::default(),
            tabs: (0..n_tabs).map(|_| Tab::default()).collect(),
            random: world.random.fork(number as u64 + 1),
            n_written: 0,
            sent_at: HashMap::new(),
            is_measured: true,
        };
        Arc::new(Self {
            number,
            world: Arc::clone(world),
            way,
            state: Mutex::new(state),
            stirred: Notify::new(),
            woken: Notify::new(),
            client: tokio::sync::Mutex::new(Client::new(way)),
            renewing: tokio::sync::Mutex::default(),
        })
    }

    /// Writes a message. It is on its way as soon as [`Visitor::deliver`] runs.
    pub fn write(&self) {
        self.write_and_pad(0);
    }

    /// How long this visitor's messages take is no matter.
    pub fn is_not_measured(&self) {
        self.state().is_measured = false;
    }

    /// Writes a message of at least so many bytes.
    pub fn write_and_pad(&self, n_bytes: usize) {
        {
            let mut state = self.state();
            state.n_written += 1;
            let bytes: [u8; 10] = state.random.bytes();
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "milliseconds since 1970"
            )]
            let client_id = ClientId(uuid_v7(now_ms() as u64, &bytes));
            let mut content =
                format!("Visitor {} writes message {}. {client_id}", self.number, state.n_written);
            content.extend(std::iter::repeat_n('.', n_bytes.saturating_sub(content.len())));
            self.world.ledger.wrote(client_id, self.number, state.n_written, content.clone());
            state.outbox.push(client_id, content, Vec::new(), now_ms());
        }
        self.stirred.notify_one();
    }

    /// Whether everything written has been taken.
    pub fn is_idle(&self) -> bool {
        self.state().outbox.items().is_empty()
    }

    pub fn conversation(&self) -> Option<ConversationId> {
        self.state().timeline.conversation_id()
    }

    /// Whether each tab has heard everything this visitor knows of.
    pub fn has_heard_all(&self) -> bool {
        let state = self.state();
        let last_seq = state.timeline.messages().last().map_or(0, |message| message.seq);
        let id = state.timeline.conversation_id();
        state.tabs.iter().all(|tab| tab.hearing.conversation == id && tab.hearing.last_seq >= last_seq)
    }

    pub fn n_tabs(&self) -> usize {
        self.state().tabs.len()
    }

    pub fn hearings(&self) -> Vec<Hearing> {
        self.state().tabs.iter().map(|tab| tab.hearing.clone()).collect()
    }

    pub fn access_token(&self) -> Option<String> {
        self.state().session.as_ref().map(|session| session.access_token.clone())
    }

    /// The visitor looks at the page, or the network is back: what only waits is tried now.
    pub fn wake(&self) {
        self.state().outbox.network_is_back();
        self.stirred.notify_one();
        self.woken.notify_waiters();
    }

    pub fn random_below(&self, n: u64) -> u64 {
        self.state().random.below(n)
    }

    /// A request of this visitor, without a session or with the token of one.
    async fn ask(&self, ask: Ask<'_>) -> Reply {
        let mut client = self.client.lock().await;
        let reply = client.call(ask, self.world.request_patience).await;
        if !self.world.keeps_connections {
            client.close();
        }
        self.world.counters.note_status(reply.status);
        reply
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// New messages go to the conversation on screen, unless there is none or it is closed.
    fn follow_timeline(&mut self) {
        let current = match self.timeline.conversation() {
            Some(conversation) if conversation.status != ConversationStatus::Closed => {
                Current::Open(conversation.id)
            }
            _ => Current::Nothing,
        };
        self.outbox.set_current(current);
    }

    fn random(&mut self) -> f64 {
        self.random.fraction()
    }
}
