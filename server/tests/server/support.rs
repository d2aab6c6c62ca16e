//! A server for one test, and visitors of it.

use axum::{
    Router,
    body::{Body, BodyDataStream},
    http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header},
};
use futures_util::StreamExt;
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use server::{
    app::{App, Settings},
    client_address::{Peer, TrustedProxies},
    clock::{Clock, TestClock, new_id},
    connections::{self, Bounds},
    demo::{self, Demo},
    domain::{NewCompany, Plan, Scope, Sender, Widget},
    live::Live,
    rate_limit::{Limits, RateLimits},
    router::router,
    store::{Store, sqlite::SqliteStore},
};
use shared::{
    AgentId, ClientId, CompanyId, ConversationId, Event, Message, MessageText, Session, Thread, Timestamp,
    WidgetId,
    sse::{Frame, Parser},
};
use std::{collections::VecDeque, future::pending, net::SocketAddr, sync::Arc, time::Duration};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};
use tower::ServiceExt;

/// 2026-01-01T00:00:00Z.
pub const START: Timestamp = Timestamp(1_767_225_600_000_000);

/// Small, so that tests need not send much to send too much.
pub const UPLOAD_MAX_BYTES: u64 = 64 * 1024;

/// A hang is a failure too. Nothing is measured by it.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub struct TestServer {
    pub app: App,
    pub clock: Arc<TestClock>,
    pub demo: Demo,
    router: Router,
    pub directory: TempDir,
}

impl TestServer {
    pub async fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), Arc::new(TestClock::at(START))).await
    }

    /// A server whose store tells another hub than the one its streams listen to: every wake-up is lost.
    pub async fn start_deaf() -> Self {
        let elsewhere = Arc::new(Live::default());
        let clock = Arc::new(TestClock::at(START));
        Self::start_with(tempfile::tempdir().unwrap(), clock, elsewhere, Arc::default()).await
    }

    pub async fn start_in(directory: TempDir, clock: Arc<TestClock>) -> Self {
        let live = Arc::new(Live::default());
        Self::start_with(directory, clock, Arc::clone(&live), live).await
    }

    async fn start_with(directory: TempDir, clock: Arc<TestClock>, told: Arc<Live>, live: Arc<Live>) -> Self {
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(directory.path(), told).unwrap());
        let demo = demo::prepare(&*store, &*clock, directory.path(), "http://test").await.unwrap();
        let settings = Settings {
            is_mock: true,
            public_url: "http://test".into(),
            upload_max_bytes: UPLOAD_MAX_BYTES,
            files: directory.path().join("files"),
        };
        let mut app = App::new(store, live, Arc::clone(&clock) as _, settings).unwrap();
        // Companies have their plans' limits; tests about the others set them.
        app.rate_limits = Arc::new(RateLimits::new(Limits::NONE));
        Self { router: router(app.clone()), app, clock, demo, directory }
    }

    /// A server with these limits, which believes these proxies.
    pub async fn start_limited(limits: Limits, proxies: &[&str]) -> Self {
        let networks = proxies.iter().map(|network| network.parse().unwrap()).collect();
        Self::start_changed(|app| {
            app.rate_limits = Arc::new(RateLimits::new(limits));
            app.trusted_proxies = Arc::new(TrustedProxies::new(networks));
        })
        .await
    }

    /// A server that differs from the others in this.
    pub async fn start_changed(change: impl FnOnce(&mut App)) -> Self {
        let mut server = Self::start().await;
        change(&mut server.app);
        server.router = router(server.app.clone());
        server
    }

    /// A request that came over a connection from this address.
    pub async fn call_from(&self, address: &str, mut request: Request<Body>) -> Answer {
        let peer = SocketAddr::new(address.parse().unwrap(), 40_000);
        request.extensions_mut().insert(Peer(peer));
        self.call(request).await
    }

    /// The body of the answer to such a request, which goes on.
    pub async fn open_from(&self, address: &str, mut request: Request<Body>) -> Body {
        let peer = SocketAddr::new(address.parse().unwrap(), 40_000);
        request.extensions_mut().insert(Peer(peer));
        let response = self.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        response.into_body()
    }

    /// Stops the server as SIGTERM does, and starts another on the same data.
    pub async fn restart(self) -> Self {
        self.app.live.drain();
        self.app.store.close().await;
        let Self { app, clock, router, directory, .. } = self;
        drop((app, router));
        Self::start_in(directory, clock).await
    }

    pub async fn call(&self, request: Request<Body>) -> Answer {
        let response =
            tokio::time::timeout(PATIENCE, self.router.clone().oneshot(request)).await.unwrap().unwrap();
        let (parts, body) = response.into_parts();
        // A stream has no end to wait for.
        let is_stream =
            parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
        let body = if is_stream { Body::empty() } else { body };
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Serves it on a free port of the loopback too, for programs that are not of this process.
    pub async fn listen(&self) -> SocketAddr {
        self.listen_within(Bounds::default(), pending()).await.0
    }

    /// The same within these bounds, which count for everybody, until `stop`; and what waits for its end.
    pub async fn listen_within(
        &self,
        bounds: Bounds,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> (SocketAddr, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = self.router.clone();
        let serving = connections::serve(listener, router, bounds, |_| false, stop);
        (address, tokio::spawn(serving))
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(request(Method::POST, path, None, Some(body))).await
    }

    /// A visitor who has just acted for the first time.
    pub async fn visitor(&self) -> Visitor<'_> {
        self.visitor_of(demo::WIDGET_ID).await
    }

    pub async fn visitor_of(&self, widget: WidgetId) -> Visitor<'_> {
        let answer = self.post("/widget/v1/sessions", json!({ "widget_id": widget })).await;
        assert_eq!(answer.status, StatusCode::CREATED);
        Visitor { server: self, session: answer.json() }
    }

    /// The same visitor, at this server.
    pub fn visitor_with(&self, session: Session) -> Visitor<'_> {
        Visitor { server: self, session }
    }

    /// Another company with a widget of its own.
    pub async fn other_company(&self) -> WidgetId {
        let new_id = || new_id(self.clock.now());
        let company = CompanyId(new_id());
        let widget = WidgetId(new_id());
        let channel = new_id();
        self.app
            .store
            .create_company(NewCompany {
                id: company,
                parent: None,
                name: "Other".into(),
                phone: None,
                description: None,
                property_code: "OTHER".into(),
                plan: Plan::Premium,
                agent: AgentId(new_id()),
                agent_name: "Sam".into(),
                channel,
                widget: Some(Widget {
                    allowed_domains: vec!["https://other.example".into()],
                    ..Widget::new(widget, company, channel, None)
                }),
                at: self.clock.now(),
            })
            .await
            .unwrap();
        widget
    }

    /// A token of a company, with the company's first agent.
    pub async fn token_of(&self, company: CompanyId, scope: Scope) -> String {
        self.app.administration.create_token(company, None, "test".into(), scope).await.unwrap().reveal()
    }

    /// Opens an event stream.
    pub async fn stream(&self, path: &str, token: &str, last_event_id: Option<&str>) -> Listener {
        let mut request = request(Method::GET, path, Some(token), None);
        if let Some(id) = last_event_id {
            request.headers_mut().insert("last-event-id", HeaderValue::from_str(id).unwrap());
        }
        let response = self.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
        Listener {
            body: response.into_body().into_data_stream(),
            parser: Parser::new(1 << 20),
            frames: VecDeque::new(),
        }
    }

    /// A token of another company, for everything, and its widget.
    pub async fn other_company_with_token(&self) -> (String, WidgetId) {
        let widget = self.other_company().await;
        let company = self.app.store.widget(widget).await.unwrap().unwrap().company;
        let token =
            self.app.administration.create_token(company, None, "other".into(), Scope::Admin).await.unwrap();
        (token.reveal(), widget)
    }

    /// The demo's agent writes.
    pub async fn agent_says(&self, conversation: ConversationId, text: &str) -> server::domain::Message {
        let text = MessageText::try_from(text.to_owned()).unwrap();
        self.app
            .conversations
            .send(self.demo.business_id, conversation, None, Sender::agent(self.demo.agent_id), text.into())
            .await
            .unwrap()
            .into_message()
    }

    pub fn client_id(&self) -> ClientId {
        ClientId(new_id(self.clock.now()))
    }
}

pub fn request(method: Method, path: &str, token: Option<&str>, body: Option<Value>) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    match body {
        Some(body) => request
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(serde_json::to_vec(&body).unwrap()))
            .unwrap(),
        None => request.body(Body::empty()).unwrap(),
    }
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    #[track_caller]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The code of a refusal, which must have this status and the one shape of all refusals.
    #[track_caller]
    pub fn refused(&self, status: StatusCode) -> String {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header(header::CONTENT_TYPE), "application/json");
        let body: Value = self.json();
        let error = &body["error"];
        assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{body}");
        assert_eq!(error["request_id"].as_str().unwrap(), self.header("x-request-id"));
        error["code"].as_str().unwrap().to_owned()
    }
}

pub struct Visitor<'s> {
    server: &'s TestServer,
    pub session: Session,
}

impl Visitor<'_> {
    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let path = format!("/widget/v1{path}");
        self.server.call(request(method, &path, Some(&self.session.access_token), body)).await
    }

    pub async fn start(&self, text: &str) -> Thread {
        let body = json!({ "client_id": self.server.client_id(), "content": text });
        let answer = self.call(Method::POST, "/conversations", Some(body)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
        answer.json()
    }

    pub async fn send(&self, conversation: ConversationId, client_id: ClientId, text: &str) -> Answer {
        let path = format!("/conversations/{conversation}/messages/{client_id}");
        self.call(Method::PUT, &path, Some(json!({ "content": text }))).await
    }

    pub async fn say(&self, conversation: ConversationId, text: &str) -> Message {
        let answer = self.send(conversation, self.server.client_id(), text).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
        answer.json()
    }

    pub async fn listen(&self, last_event_id: Option<&str>) -> Listener {
        self.server.stream("/widget/v1/stream", &self.session.access_token, last_event_id).await
    }
}

/// The client's end of a stream.
pub struct Listener {
    body: BodyDataStream,
    parser: Parser,
    frames: VecDeque<Frame>,
}

impl Listener {
    /// The next event as it stands on the wire; `None` when the stream is over.
    pub async fn frame(&mut self) -> Option<Frame> {
        while self.frames.is_empty() {
            let chunk =
                tokio::time::timeout(PATIENCE, self.body.next()).await.expect("an event comes")?.unwrap();
            self.parser.push(&chunk, |frame| self.frames.push_back(frame)).unwrap();
        }
        self.frames.pop_front()
    }

    /// The next event of a visitor's stream and its id; `None` when the stream is over.
    pub async fn next(&mut self) -> Option<(Event, Option<String>)> {
        let frame = self.frame().await?;
        Some((Event::read(&frame.event, &frame.data).unwrap().expect("a known event"), frame.id))
    }

    pub async fn event(&mut self) -> Event {
        self.next().await.expect("the stream goes on").0
    }

    /// The next message that is stored, whatever comes before it.
    pub async fn message(&mut self) -> Message {
        loop {
            if let Event::Message(message) = self.event().await {
                return message;
            }
        }
    }
}
