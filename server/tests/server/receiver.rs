//! A server on the loopback that takes what is sent to it: somebody's endpoint for webhooks, and a file to fetch.

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::{get, post},
};
use serde_json::Value;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
    time::Duration,
};
use tokio::{net::TcpListener, sync::mpsc, time::timeout};

/// A hang is a failure too. Nothing is measured by it.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the receiver does instead of answering.
const SILENCE: u16 = 0;

pub struct Receiver {
    base: String,
    requests: mpsc::UnboundedReceiver<Received>,
    answer: Arc<AtomicU16>,
}

#[derive(Debug)]
pub struct Received {
    headers: HeaderMap,
    pub body: String,
}

#[derive(Clone)]
struct Door {
    requests: mpsc::UnboundedSender<Received>,
    answer: Arc<AtomicU16>,
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (sender, requests) = mpsc::unbounded_channel();
        let answer = Arc::new(AtomicU16::new(200));
        let door = Door { requests: sender, answer: Arc::clone(&answer) };
        let router = Router::new()
            .route("/note.txt", get(async || "a file"))
            .route("/{*hook}", post(take))
            .with_state(door);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { base, requests, answer }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub fn answer_with(&self, status: StatusCode) {
        self.answer.store(status.as_u16(), Ordering::Relaxed);
    }

    /// From now on requests are taken, and never answered.
    pub fn fall_silent(&self) {
        self.answer.store(SILENCE, Ordering::Relaxed);
    }

    /// The next request, however long it takes.
    pub async fn next(&mut self) -> Received {
        timeout(PATIENCE, self.requests.recv()).await.expect("a request comes").unwrap()
    }

    /// What has come so far.
    pub fn so_far(&mut self) -> Vec<Received> {
        std::iter::from_fn(|| self.requests.try_recv().ok()).collect()
    }
}

impl Received {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

async fn take(State(door): State<Door>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let body = String::from_utf8(body.to_vec()).unwrap();
    drop(door.requests.send(Received { headers, body }));
    match door.answer.load(Ordering::Relaxed) {
        SILENCE => std::future::pending().await,
        status => StatusCode::from_u16(status).unwrap(),
    }
}
