//! How fast a message is durably stored and acknowledged, and how fast it reaches those who listen.
//!
//! Every figure stands beside its limit, measured in the same run: a bare axum handler that parses the same body and
//! answers the same bytes, and SQLite committing the same statements by itself. Run it with `cargo xtask bench`.

mod client;

use axum::{Json, Router, http::StatusCode, routing::put};
use client::{Client, Stream};
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
use shared::{Message, SendMessage, Session, Thread};
use sqlx::{ConnectOptions, sqlite::SqliteConnectOptions};
use std::{error::Error, net::SocketAddr, path::Path, sync::Arc, time::Duration};
use tokio::{net::TcpListener, task::JoinSet, time::Instant};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const TEXT: &str = "Do you have the harbour lamp in brass, and how long would it take to Lisbon?";
const ROUND: Duration = Duration::from_secs(2);
const N_ROUNDS: usize = 3;

#[tokio::main]
async fn main() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let (address, app) = serve(directory.path()).await?;
    let bare = serve_bare(address).await?;

    println!("durable sends, acknowledged after the commit; median of {N_ROUNDS} rounds of {ROUND:?}\n");
    println!("{:<44}{:>12}{:>12}{:>12}", "", "per second", "p50", "p99");
    for n_at_once in [1, 32] {
        let mut durable = Vec::new();
        let mut handler = Vec::new();
        // In turn, so that a machine that slows down slows both.
        for _ in 0..N_ROUNDS {
            durable.push(send_for_a_while(address, n_at_once, true).await?);
            handler.push(send_for_a_while(bare, n_at_once, false).await?);
        }
        let (durable, handler) = (median(durable), median(handler));
        let mut commits = Vec::new();
        for _ in 0..N_ROUNDS {
            commits.push(commit_for_a_while(n_at_once).await?);
        }
        commits.sort_by(f64::total_cmp);
        let commits = commits[N_ROUNDS / 2];
        println!("{:<44}{}", format!("sends, {n_at_once} at once"), durable.row());
        println!("{:<44}{}", "  a bare axum handler with the same bodies", handler.row());
        println!("{:<44}{commits:>12.0}", format!("  SQLite alone, {n_at_once} in a transaction"));
        println!("{:<44}{:>12.2}", "  of the bare handler", durable.per_second / handler.per_second);
        println!("{:<44}{:>12.2}\n", "  of SQLite alone", durable.per_second / commits);
    }
    fan_out(address).await?;
    app.store.close().await;
    Ok(())
}

/// A whole server on a free port, with a demo company and nobody who answers.
async fn serve(directory: &Path) -> Result<(SocketAddr, App)> {
    let live = Arc::new(Live::default());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(directory, Arc::clone(&live) as _).await?);
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

/// A handler that does nothing but read the body a send has and answer the bytes a send gets.
async fn serve_bare(address: SocketAddr) -> Result<SocketAddr> {
    let mut visitor = Visitor::new(address).await?;
    let answer: Message = serde_json::from_slice(&visitor.send().await?)?;
    let handler = move |Json(body): Json<SendMessage>| {
        let message = Message { content: body.content, ..answer.clone() };
        async move { (StatusCode::CREATED, Json(message)) }
    };
    let path = "/widget/v1/conversations/{conversation}/messages/{client_id}";
    listen(Router::new().route(path, put(handler))).await
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

struct Rate {
    per_second: f64,
    p50: Duration,
    p99: Duration,
}

impl Rate {
    fn row(&self) -> String {
        let us = |duration: Duration| format!("{} µs", duration.as_micros());
        format!("{:>12.0}{:>12}{:>12}", self.per_second, us(self.p50), us(self.p99))
    }
}

fn median(mut rates: Vec<Rate>) -> Rate {
    rates.sort_by(|a, b| a.per_second.total_cmp(&b.per_second));
    let middle = rates.len() / 2;
    rates.swap_remove(middle)
}

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() - 1) * percent / 100]
}

/// `n_at_once` visitors send, each one message after the other. The bare handler has no sessions to give out.
async fn send_for_a_while(address: SocketAddr, n_at_once: usize, is_real: bool) -> Result<Rate> {
    let mut visitors = Vec::new();
    for _ in 0..n_at_once {
        visitors.push(if is_real { Visitor::new(address).await? } else { Visitor::of_bare(address).await? });
    }
    let started = Instant::now();
    let mut senders = JoinSet::new();
    for mut visitor in visitors {
        senders.spawn(async move {
            let mut taken = Vec::new();
            while started.elapsed() < ROUND {
                let sent = Instant::now();
                visitor.send().await?;
                taken.push(sent.elapsed());
            }
            Result::Ok(taken)
        });
    }
    let mut taken = Vec::new();
    while let Some(sender) = senders.join_next().await {
        taken.extend(sender??);
    }
    let elapsed = started.elapsed();
    taken.sort_unstable();
    #[expect(clippy::cast_precision_loss, reason = "a count of sends is far below 2^52")]
    let per_second = taken.len() as f64 / elapsed.as_secs_f64();
    Ok(Rate { per_second, p50: percentile(&taken, 50), p99: percentile(&taken, 99) })
}

impl Visitor {
    async fn of_bare(address: SocketAddr) -> Result<Self> {
        let now = SystemClock.now();
        let id = new_id(now);
        Ok(Self {
            client: Client::connect(address).await?,
            session: Session {
                customer_id: shared::CustomerId(id),
                access_token: "k6LjBN3HpIzzoq0YJ5-y3AUiTnYWhhJq1Z84z9C0XXo".into(),
                access_expires_at: now,
                refresh_token: String::new(),
                refresh_expires_at: now,
            },
            conversation: id.to_string(),
        })
    }
}

/// SQLite alone: the statements of a send, `n_in_transaction` to a commit, with the same durability. Answers sends a second.
async fn commit_for_a_while(n_in_transaction: usize) -> Result<f64> {
    let directory = tempfile::tempdir()?;
    let mut connection = SqliteConnectOptions::new()
        .filename(directory.path().join("alone.db"))
        .create_if_missing(true)
        .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
        .synchronous(sqlx::sqlite::SqliteSynchronous::Full)
        .disable_statement_logging()
        .connect()
        .await?;
    sqlx::query(
        "CREATE TABLE conversation (id BLOB PRIMARY KEY, last_seq INTEGER NOT NULL);
         CREATE TABLE message (num INTEGER PRIMARY KEY, id BLOB UNIQUE, conversation_id BLOB, seq INTEGER, client_id BLOB,
                               content TEXT, UNIQUE (conversation_id, seq), UNIQUE (conversation_id, client_id));
         CREATE TABLE change (company_id BLOB, rev INTEGER, conversation_id BLOB, seq INTEGER,
                              PRIMARY KEY (company_id, rev)) WITHOUT ROWID;
         INSERT INTO conversation VALUES (x'01', 0)",
    )
    .execute(&mut connection)
    .await?;
    let started = Instant::now();
    let mut n_sends = 0_u32;
    while started.elapsed() < ROUND {
        sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await?;
        for _ in 0..n_in_transaction {
            n_sends += 1;
            sqlx::query(
                "INSERT INTO message (id, conversation_id, seq, client_id, content) VALUES ($1, x'01', $2, $3, $4);
                 UPDATE conversation SET last_seq = $2 WHERE id = x'01';
                 INSERT INTO change VALUES (x'02', $2, x'01', $2)",
            )
            .bind(new_id(SystemClock.now()))
            .bind(n_sends)
            .bind(new_id(SystemClock.now()))
            .bind(TEXT)
            .execute(&mut connection)
            .await?;
        }
        sqlx::query("COMMIT").execute(&mut connection).await?;
    }
    Ok(f64::from(n_sends) / started.elapsed().as_secs_f64())
}

/// How many streams this process may hold both ends of.
fn max_streams() -> Result<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits")?;
    let line =
        limits.lines().find(|line| line.starts_with("Max open files")).ok_or("no limit of open files")?;
    let n_files: usize =
        line.split_whitespace().nth(3).ok_or("no limit of open files")?.parse().unwrap_or(usize::MAX);
    Ok(n_files.saturating_sub(200) / 2)
}

/// One message to as many open streams as the machine lets one process have, up to 10,000.
async fn fan_out(address: SocketAddr) -> Result<()> {
    const N_STREAMS: usize = 10_000;
    const N_MESSAGES: usize = 10;
    let n_streams = N_STREAMS.min(max_streams()?);
    let mut visitor = Visitor::new(address).await?;
    let (heard, mut hearing) = tokio::sync::mpsc::unbounded_channel();
    let mut listeners = JoinSet::new();
    for _ in 0..n_streams {
        let mut stream = Stream::open(address, &visitor.session.access_token).await?;
        let heard = heard.clone();
        listeners.spawn(async move {
            while stream.next_message().await.is_ok() && heard.send(Instant::now()).is_ok() {}
        });
    }
    let mut taken = Vec::new();
    for _ in 0..N_MESSAGES {
        let sent = Instant::now();
        visitor.send().await?;
        for _ in 0..n_streams {
            taken.push(hearing.recv().await.ok_or("a listener ended")?.duration_since(sent));
        }
    }
    taken.sort_unstable();
    println!("one message to {n_streams} open streams, from the send to each one's end of the socket");
    if n_streams < N_STREAMS {
        println!("(10,000 need `ulimit -n 20200`: server and listeners are one process here)");
    }
    let ms = |percent| percentile(&taken, percent).as_secs_f64() * 1000.0;
    println!("{:<44}p50 {:.1} ms, p99 {:.1} ms", format!("  {N_MESSAGES} messages"), ms(50), ms(99));
    listeners.abort_all();
    Ok(())
}
