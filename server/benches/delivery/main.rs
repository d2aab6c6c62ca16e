//! How fast a message is durably stored and acknowledged, and how fast it reaches those who listen.
//!
//! Every figure stands beside its limit, measured in the same run: a bare axum handler that parses the same body and
//! answers the same bytes, and SQLite committing the same statements by itself. Run it with `cargo xtask bench`.

mod client;
mod fan_out;
mod resume;
mod sends;

use axum::Router;
use client::Client;
use serde_json::json;
use server::{
    app::{App, Settings},
    clock::{Clock, SystemClock, new_id},
    demo,
    live::Live,
    rate_limit::RateLimits,
    router::router,
    store::{Store, sqlite::SqliteStore},
};
use shared::{Session, Thread};
use std::{error::Error, net::SocketAddr, path::Path, sync::Arc, time::Duration};
use tokio::net::TcpListener;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const TEXT: &str = "Do you have the harbour lamp in brass, and how long would it take to Lisbon?";

#[tokio::main]
async fn main() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let (address, app) = serve(directory.path()).await?;

    sends::measure(address).await?;
    fan_out::measure(address).await?;
    resume::measure(address, &app).await?;
    app.store.close().await;
    Ok(())
}

/// A whole server on a free port, with a demo company and nobody who answers.
async fn serve(directory: &Path) -> Result<(SocketAddr, App)> {
    let live = Arc::new(Live::default());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(directory, Arc::clone(&live) as _)?);
    demo::prepare(&*store, &*clock, directory, "http://bench").await?;
    let settings = Settings {
        is_mock: true,
        public_url: "http://bench".into(),
        upload_max_bytes: 1 << 20,
        files: directory.join("files"),
    };
    let mut app = App::new(store, live, clock, settings)?;
    app.rate_limits = Arc::new(RateLimits::unlimited());
    Ok((listen(router(app.clone())).await?, app))
}

async fn listen(router: Router) -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        axum::serve(axum::serve::ListenerExt::tap_io(listener, |io| drop(io.set_nodelay(true))), router).await
    });
    Ok(address)
}

/// Somebody with a conversation and a connection of their own.
struct Visitor {
    client: Client,
    session: Session,
    conversation: String,
}

impl Visitor {
    async fn new(address: SocketAddr) -> Result<Self> {
        let mut client = Client::connect(address).await?;
        let body = json!({ "widget_id": demo::WIDGET_ID }).to_string();
        let session: Session =
            serde_json::from_slice(&client.call("POST", "/widget/v1/sessions", "", &body).await?)?;
        let body = json!({ "client_id": new_id(SystemClock.now()), "content": "Hello" }).to_string();
        let answer = client.call("POST", "/widget/v1/conversations", &session.access_token, &body).await?;
        let thread: Thread = serde_json::from_slice(&answer)?;
        Ok(Self { client, session, conversation: thread.conversation.id.to_string() })
    }

    async fn send(&mut self) -> Result<Vec<u8>> {
        let client_id = new_id(SystemClock.now());
        let path = format!("/widget/v1/conversations/{}/messages/{client_id}", self.conversation);
        let body = json!({ "content": TEXT }).to_string();
        self.client.call("PUT", &path, &self.session.access_token, &body).await
    }
}

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() - 1) * percent / 100]
}
