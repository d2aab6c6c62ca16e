//! The server of the model: the real one, on a database of its own.

use crate::network::{Call, Reply};
use axum::{
    Router,
    body::BodyDataStream,
    http::{HeaderMap, StatusCode, header},
};
use http_body_util::BodyExt;
use server::{
    app::{App, Settings},
    clock::{Clock, new_id},
    domain::{
        Alteration, Conversation, ConversationRef, Error, Message, NewCompany, Plan, ReceiptState, Sender,
        Side, Status, Widget,
    },
    live::Live,
    rate_limit::RateLimits,
    router::router,
    store::sqlite::SqliteStore,
};
use shared::{
    AgentId, ClientId, CompanyId, ConversationId, CustomerId, MessageText, Timestamp, WidgetId,
    WidgetOptions, id::uuid_v7,
};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use tempfile::TempDir;
use tower::ServiceExt;
use uuid::Uuid;

/// 2026-01-01T00:00:00Z.
const START: Timestamp = Timestamp(1_767_225_600_000_000);

/// A clock that stands still until it is told how many milliseconds to go on.
struct ModelClock(AtomicI64);

impl Clock for ModelClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

/// One server, which the cases of a run use one after the other, each with a company of its own: to open a database takes
/// longer than most cases.
pub struct Site {
    directory: TempDir,
    clock: Arc<ModelClock>,
    /// Absent only while it is started again.
    running: Option<Running>,
    n_companies: u32,
}

struct Running {
    app: App,
    router: Router,
}

/// A company with a widget, and somebody else who writes to it.
pub struct Company {
    pub id: CompanyId,
    pub widget: WidgetId,
    agent: AgentId,
    elsewhere: ConversationId,
    other_customer: CustomerId,
}

/// What somebody of the business does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgentAct {
    Say,
    Deliver,
    Read,
    Resolve,
    Close,
    Reopen,
    Type,
    /// In a conversation with somebody else.
    SayElsewhere,
}

impl Site {
    pub fn start() -> Self {
        // In memory where there is such a place: the model is not about the disk.
        let memory = Path::new("/dev/shm");
        let directory = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let directory = directory.expect("a directory can be made");
        let clock = Arc::new(ModelClock(AtomicI64::new(START.0)));
        let running = Some(Running::open(directory.path(), &clock));
        Self { directory, clock, running, n_companies: 0 }
    }

    fn running(&self) -> &Running {
        self.running.as_ref().expect("it runs")
    }

    pub fn app(&self) -> &App {
        &self.running().app
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub async fn advance(&self, ms: u64) {
        let us = i64::try_from(ms).unwrap_or(i64::MAX).saturating_mul(1000);
        self.clock.0.fetch_add(us, Ordering::Relaxed);
        tokio::time::advance(Duration::from_millis(ms)).await;
    }

    /// Ends the server, whose streams are gone, and starts another on the same data.
    pub async fn restart(&mut self) {
        self.app().store.close().await;
        // Who holds the old store lets go of the directory, before another wants it.
        self.running = None;
        self.running = Some(Running::open(self.directory.path(), &self.clock));
    }

    pub async fn new_company(&mut self) -> Company {
        self.n_companies += 1;
        let now = self.now();
        let company = CompanyId(new_id(now));
        let (agent, channel, widget) = (AgentId(new_id(now)), new_id(now), WidgetId(new_id(now)));
        let app = self.app();
        let settings = Widget {
            id: widget,
            company,
            channel,
            name: None,
            domain: None,
            allowed_domains: Vec::new(),
            heading: "Model".into(),
            tagline: String::new(),
            color: "#112233".into(),
            logo_url: None,
            show_online_badge: false,
            options: WidgetOptions::default(),
            config: serde_json::Map::new(),
        };
        let new = NewCompany {
            id: company,
            parent: None,
            name: "Model".into(),
            phone: None,
            description: None,
            property_code: format!("MODEL{}", self.n_companies),
            plan: Plan::Premium,
            agent,
            agent_name: "Robin".into(),
            channel,
            widget: Some(settings),
            at: now,
        };
        app.store.create_company(new).await.expect("a company can be made");
        let other_customer = app.sessions.create(widget).await.expect("a session can be made").customer;
        let (first, text) = (ClientId(new_id(now)), text("elsewhere"));
        let started = app.conversations.start(company, widget, other_customer, first, text.into()).await;
        let elsewhere = started.expect("a conversation can be started").conversation;
        Company { id: company, widget, agent, elsewhere, other_customer }
    }

    /// Has a request answered.
    pub async fn answer(&self, call: &Call) -> (Reply, Option<BodyDataStream>) {
        let router = self.running().router.clone();
        let response = router.oneshot(call.to_http()).await.expect("a router answers");
        let (parts, body) = response.into_parts();
        let (status, retry_after_ms) = (parts.status.as_u16(), retry_after_ms(&parts.headers));
        let is_stream =
            parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
        if is_stream && parts.status == StatusCode::OK {
            let reply = Reply { status, body: Vec::new(), retry_after_ms };
            return (reply, Some(body.into_data_stream()));
        }
        let body = body.collect().await.expect("an answer arrives whole").to_bytes().to_vec();
        (Reply { status, body, retry_after_ms }, None)
    }

    /// Answers in which conversation something was stored.
    pub async fn act(
        &self,
        company: &Company,
        act: AgentAct,
        conversation: Option<&Conversation>,
        content: &str,
    ) -> Option<ConversationId> {
        let conversations = &self.app().conversations;
        if act == AgentAct::SayElsewhere {
            let (id, sender) = (company.elsewhere, Sender::customer(company.other_customer));
            let sent = conversations.send(company.id, id, None, sender, text(content).into()).await;
            sent.expect("nobody closes that one");
            return None;
        }
        let conversation = conversation?;
        let id = conversation.id;
        let alter = |alteration| conversations.alter(company.id, ConversationRef::Id(id), alteration);
        let done = match act {
            AgentAct::Say => {
                let sender = Sender::agent(company.agent);
                let sent = conversations.send(company.id, id, None, sender, text(content).into()).await;
                sent.map(drop)
            }
            AgentAct::Deliver | AgentAct::Read => {
                let state = if act == AgentAct::Read { ReceiptState::Read } else { ReceiptState::Delivered };
                let seq = conversation.last_seq;
                conversations.mark(company.id, id, Side::Agent, state, seq).await
            }
            AgentAct::Resolve => alter(Alteration::Resolve).await.map(drop),
            AgentAct::Close => alter(Alteration::Close).await.map(drop),
            // Not a closed one. A message that was refused there starts another conversation, and if the first is opened again
            // while a copy of that message is still on its way to it, both have it: a client id is unique in its conversation.
            AgentAct::Reopen if conversation.status == Status::Closed => Ok(()),
            AgentAct::Reopen => alter(Alteration::Reopen).await.map(drop),
            AgentAct::Type | AgentAct::SayElsewhere => {
                conversations.announce_typing(company.id, conversation, Side::Agent, None, true);
                Ok(())
            }
        };
        match done {
            Ok(()) | Err(Error::ConversationClosed) => Some(id),
            Err(error) => panic!("an agent could not {act:?}: {error}"),
        }
    }

    /// Everything of a customer as it is stored, the newest conversation first.
    pub async fn stored(&self, company: &Company, customer: CustomerId) -> Vec<(Conversation, Vec<Message>)> {
        let app = self.app();
        let conversations = app.store.conversations_of(company.id, customer, 1000).await;
        let mut stored = Vec::new();
        for conversation in conversations.expect("the store can be read") {
            let messages = app.conversations.all_messages(company.id, conversation.id).await;
            stored.push((conversation, messages.expect("the store can be read")));
        }
        stored
    }

    /// A client id that nobody has used.
    pub fn fresh_client_id(&self, random: [u8; 10]) -> ClientId {
        ClientId(uuid_v7(u64::try_from(self.now().unix_ms()).unwrap_or(0), &random))
    }
}

impl Running {
    fn open(directory: &Path, clock: &Arc<ModelClock>) -> Self {
        let live = Arc::new(Live::default());
        let store = SqliteStore::open(directory, Arc::clone(&live) as _).expect("the store opens");
        let settings = Settings {
            is_mock: false,
            public_url: "http://model".into(),
            upload_max_bytes: 1024,
            files: directory.join("files"),
        };
        let mut app =
            App::new(Arc::new(store), live, Arc::clone(clock) as _, settings).expect("an app is made");
        // They go by a clock that can't be set. What a client does when it is asked to wait the network tries.
        app.rate_limits = Arc::new(RateLimits::unlimited());
        Self { router: router(app.clone()), app }
    }
}

fn text(content: &str) -> MessageText {
    MessageText::try_from(content.to_owned()).expect("it is short and not blank")
}

fn retry_after_ms(headers: &HeaderMap) -> Option<f64> {
    let seconds: u32 = headers.get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(f64::from(seconds) * 1000.0)
}

/// The id in an address such as `/conversations/{id}/messages/{client_id}`.
pub fn id_in(path: &str, place: usize) -> Option<Uuid> {
    path.split('/').nth(place).and_then(|id| Uuid::try_parse(id).ok())
}
