//! What the four APIs cost, and what they cost when much is stored.
//!
//! Each call is measured three ways in the same run: through its API; natively, through a plain axum handler that reads JSON,
//! knows who asks, does the same and answers in our own types; and through a bare one that only answers the same bytes as
//! the API. All of it twice: with little stored, and with a thousand times as much. Run it with
//! `cargo xtask bench --bench apis`; `PORCHLIGHT_BENCH_CONVERSATIONS` sets how many conversations are much (1,000,000).

#[path = "../delivery/client.rs"]
#[expect(dead_code, reason = "the other bench listens to streams too")]
mod client;
mod fill;

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::any,
};
use client::Client;
use serde_json::{Value, json};
use server::{
    app::{App, Settings},
    clock::{Clock, SystemClock},
    demo::{self, Demo},
    domain::{
        ChannelChoice, ChannelKind, Contact, Content, ConversationQuery, Profile, Sender, Thread,
        conversations::Opening,
    },
    live::Live,
    rate_limit::RateLimits,
    router::router,
    store::{Store, sqlite::SqliteStore},
    widget_api::convert,
};
use std::{
    error::Error,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{net::TcpListener, time::Instant};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// How long a call is measured, all three ways together.
const MEASURED: Duration = Duration::from_secs(10);
const TEXT: &str = "Do you have the harbour lamp in brass, and how long would it take to Lisbon?";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Api {
    Pingback,
    Pantheon,
    Pact,
    Iris,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Create,
    Send,
    List,
}

const APIS: [Api; 4] = [Api::Pingback, Api::Pantheon, Api::Pact, Api::Iris];
const ACTIONS: [Action; 3] = [Action::Create, Action::Send, Action::List];

#[tokio::main]
async fn main() -> Result<()> {
    let much: u32 = match std::env::var("PORCHLIGHT_BENCH_CONVERSATIONS") {
        Ok(number) => number.parse()?,
        Err(_) => 1_000_000,
    };
    let mut costs = Vec::new();
    for n_conversations in [much / 1000, much] {
        let directory = tempfile::tempdir()?;
        let bench = Bench::start(directory.path(), n_conversations).await?;
        println!(
            "\n{n_conversations} conversations and {} messages stored; one request at a time; medians of {} s\n",
            u64::from(n_conversations) * u64::from(fill::MESSAGES_EACH),
            MEASURED.as_secs()
        );
        println!(
            "{:<22}{:>12}{:>14}{:>14}{:>12}{:>12}",
            "", "through it", "natively", "same bytes", "of native", "of bare"
        );
        for action in ACTIONS {
            for api in APIS {
                // Pantheon has no list of conversations.
                if let Some(cost) = bench.measure(api, action).await? {
                    costs.push((n_conversations, api, action, cost));
                }
            }
        }
        bench.app.store.close().await;
    }
    println!("\nthe same calls, with a thousand times as much stored\n");
    for (n, api, action, large) in costs.iter().filter(|(n, ..)| *n == much) {
        let small = costs.iter().find(|(other, a, b, _)| other != n && a == api && b == action);
        if let Some((.., small)) = small {
            println!(
                "{:<22}{:>12.2}",
                format!("{api:?} {action:?}"),
                large.as_secs_f64() / small.as_secs_f64()
            );
        }
    }
    Ok(())
}

/// What a handler that stands for a dialect does and answers.
#[derive(Clone)]
struct Stand {
    app: App,
    token: String,
    api: Api,
    action: Action,
    answer: Bytes,
    /// Whether it does anything.
    is_bare: bool,
    conversation: shared::ConversationId,
}

struct Bench {
    app: App,
    demo: Demo,
    address: SocketAddr,
    /// The conversation that is written into: its names in the four APIs.
    conversation: Value,
    num: i64,
    session: String,
}

/// Makes each contact another one.
static N_CONTACTS: AtomicU64 = AtomicU64::new(70_000_000_000);

fn new_contact() -> u64 {
    N_CONTACTS.fetch_add(1, Ordering::Relaxed)
}

impl Bench {
    async fn start(directory: &Path, n_conversations: u32) -> Result<Self> {
        let live = Arc::new(Live::default());
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(directory, Arc::clone(&live) as _)?);
        let demo = demo::prepare(&*store, &*clock, directory, "http://bench").await?;
        let settings = Settings {
            is_mock: true,
            public_url: "http://bench".into(),
            upload_max_bytes: 1 << 20,
            files: directory.join("files"),
        };
        let mut app = App::new(store, live, clock, settings)?;
        app.rate_limits = Arc::new(RateLimits::unlimited());
        fill::fill(directory, &demo, n_conversations)?;
        let address = listen(router(app.clone())).await?;
        let mut client = Client::connect(address).await?;
        let body = json!({ "business_id": demo.business_id, "initial_message": "Hi!" }).to_string();
        let created = client.call("POST", "/api/v1/conversations", &demo.api_token, &body).await?;
        let conversation: Value = serde_json::from_slice(&created)?;
        let id: shared::ConversationId = serde_json::from_value(conversation["id"].clone())?;
        let num = app.conversations.get(demo.business_id, id).await?.num;
        let credentials = json!({
            "PropertyCode": demo.iris.property_code,
            "InterfaceToken": demo.iris.interface_token,
        });
        let session =
            client.call("POST", "/API/V40/System/Session/Initialise", "", &credentials.to_string()).await?;
        let session =
            serde_json::from_slice::<Value>(&session)?["sessionToken"].as_str().unwrap_or("").to_owned();
        Ok(Self { app, demo, address, conversation, num, session })
    }

    fn conversation_id(&self) -> Result<shared::ConversationId> {
        Ok(serde_json::from_value(self.conversation["id"].clone())?)
    }

    /// Method, path and body of a call.
    fn request(&self, api: Api, action: Action) -> Result<Option<(&'static str, String, String)>> {
        let id = self.conversation_id()?;
        let code = server::domain::code::encode(id.0);
        let pact = format!("/p1/companies/{}/conversations", self.demo.company_num);
        let session = &self.session;
        let contact = new_contact();
        Ok(Some(match (api, action) {
            (Api::Pingback, Action::Create) => (
                "POST",
                "/api/v1/conversations".into(),
                json!({ "business_id": self.demo.business_id, "initial_message": TEXT }).to_string(),
            ),
            (Api::Pingback, Action::Send) => (
                "POST",
                format!("/api/v1/conversations/{id}/messages"),
                json!({ "content": TEXT }).to_string(),
            ),
            (Api::Pingback, Action::List) => ("GET", "/api/v1/conversations?limit=50".into(), String::new()),
            (Api::Pantheon, Action::Create) => (
                "POST",
                "/v1.0/conversations/startConversation".into(),
                json!({ "on": "SLACK", "with": contact.to_string(), "message": TEXT }).to_string(),
            ),
            (Api::Pantheon, Action::Send) => (
                "PUT",
                "/v1.0/conversations/replyToConversation".into(),
                json!({ "conversationId": code, "message": TEXT }).to_string(),
            ),
            (Api::Pantheon, Action::List) => return Ok(None),
            (Api::Pact, Action::Create) => (
                "POST",
                pact,
                json!({ "provider": "whatsapp", "phone": contact.to_string(), "text": TEXT }).to_string(),
            ),
            (Api::Pact, Action::Send) => {
                ("POST", format!("{pact}/{}/messages", self.num), json!({ "message": TEXT }).to_string())
            }
            (Api::Pact, Action::List) => ("GET", format!("{pact}?per=50"), String::new()),
            (Api::Iris, Action::Create) => (
                "POST",
                "/API/V40/Interactive/Messages/Conversations".into(),
                json!({ "message": TEXT, "sessionToken": session }).to_string(),
            ),
            (Api::Iris, Action::Send) => (
                "POST",
                format!("/API/V40/Interactive/Messages/Conversations/{code}/Messages"),
                json!({ "message": TEXT, "sessionToken": session }).to_string(),
            ),
            (Api::Iris, Action::List) => (
                "GET",
                format!("/API/V40/Interactive/Messages/Conversations?PageLength=50&SessionToken={session}"),
                String::new(),
            ),
        }))
    }

    /// Prints a line of figures; answers with what the call costs through its API.
    async fn measure(&self, api: Api, action: Action) -> Result<Option<Duration>> {
        let Some((method, path, body)) = self.request(api, action)? else { return Ok(None) };
        let mut client = Client::connect(self.address).await?;
        let answer: Bytes = self.call(&mut client, method, &path, &body).await?.into();
        let stand = |is_bare| -> Result<Stand> {
            let (app, answer) = (self.app.clone(), answer.clone());
            let token = self.demo.api_token.clone();
            Ok(Stand { app, token, api, action, answer, is_bare, conversation: self.conversation_id()? })
        };
        let serve = async |stand| listen(Router::new().fallback(any(stand_in)).with_state(stand)).await;
        let mut ways = Vec::new();
        for address in [self.address, serve(stand(false)?).await?, serve(stand(true)?).await?] {
            ways.push((Client::connect(address).await?, Vec::new()));
        }
        // Call by call in turn, so that a machine that slows down slows all three.
        let started = Instant::now();
        while started.elapsed() < MEASURED {
            for (client, times) in &mut ways {
                if let Some((method, path, body)) = self.request(api, action)? {
                    let called = Instant::now();
                    self.call(client, method, &path, &body).await?;
                    times.push(called.elapsed());
                }
            }
        }
        let medians: Vec<Duration> = ways
            .into_iter()
            .map(|(_, mut times)| {
                times.sort_unstable();
                times[times.len() / 2]
            })
            .collect();
        let [through, native, bare] = medians[..] else { return Ok(None) };
        let us = |duration: Duration| format!("{:.0} µs", duration.as_secs_f64() * 1e6);
        println!(
            "{:<22}{:>12}{:>14}{:>14}{:>12.2}{:>12.2}",
            format!("{api:?} {action:?}"),
            us(through),
            us(native),
            us(bare),
            through.as_secs_f64() / native.as_secs_f64(),
            through.as_secs_f64() / bare.as_secs_f64(),
        );
        Ok(Some(through))
    }

    async fn call(&self, client: &mut Client, method: &str, path: &str, body: &str) -> Result<Vec<u8>> {
        // Pact takes its token from the query too; the client has one header for it.
        let token = &self.demo.api_token;
        let path = match path.split_once('?') {
            Some((start, query)) if path.starts_with("/p1") => {
                format!("{start}?private_api_token={token}&{query}")
            }
            None if path.starts_with("/p1") => format!("{path}?private_api_token={token}"),
            _ => path.to_owned(),
        };
        client.call(method, &path, token, body).await
    }
}

async fn listen(router: Router) -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        axum::serve(axum::serve::ListenerExt::tap_io(listener, |io| drop(io.set_nodelay(true))), router).await
    });
    Ok(address)
}

/// Does what the dialect's handler does and answers in our own types, or does nothing and answers what that has answered.
async fn stand_in(State(stand): State<Stand>, body: Bytes) -> Response {
    let _: Value = serde_json::from_slice(&body).unwrap_or_default();
    if stand.is_bare {
        return ([(header::CONTENT_TYPE, "application/json; charset=utf-8")], stand.answer).into_response();
    }
    match call_natively(&stand).await {
        Ok(answer) => answer,
        Err(failure) => (StatusCode::INTERNAL_SERVER_ERROR, failure.to_string()).into_response(),
    }
}

async fn call_natively(stand: &Stand) -> Result<Response> {
    let principal = stand.app.administration.authenticate(&stand.token).await?;
    let (company, sender) = (principal.company, Sender::agent(principal.agent));
    let content = Content::new("content", TEXT.into(), Vec::new()).map_err(|field| field.problem)?;
    Ok(match stand.action {
        Action::Create => {
            if stand.api == Api::Iris {
                stand.app.administration.outlet(company, None).await?;
            }
            let handle = |kind| {
                let contact =
                    Contact::Handle { handle: new_contact().to_string(), profile: Box::<Profile>::default() };
                Opening { is_continued: true, ..Opening::new(ChannelChoice::Kind(kind), contact) }
            };
            let opening = match stand.api {
                Api::Pantheon => handle(ChannelKind::Slack),
                Api::Pact => handle(ChannelKind::Whatsapp),
                Api::Pingback | Api::Iris => Opening::new(ChannelChoice::Default, Contact::Nobody),
            };
            let opening = Opening { message: Some((content, Some(sender))), ..opening };
            let opened = stand.app.conversations.open(company, opening).await?;
            let messages = opened.message.into_iter().collect();
            let thread = Thread { conversation: opened.details.conversation, messages, has_more: false };
            Json(convert::thread(thread)).into_response()
        }
        Action::Send => {
            let conversations = &stand.app.conversations;
            let sent = conversations.send(company, stand.conversation, None, sender, content).await?;
            Json(convert::message(sent.into_message())).into_response()
        }
        Action::List => {
            let query = match stand.api {
                Api::Pact => ConversationQuery::ByNum { after: None, is_descending: false },
                _ => ConversationQuery::ByUpdate { status: None, assignee: None, offset: 0 },
            };
            let listed = stand.app.conversations.list(company, query, 50).await?;
            let conversations = listed.into_iter().map(|details| convert::conversation(details.conversation));
            Json(conversations.collect::<Vec<_>>()).into_response()
        }
    })
}
