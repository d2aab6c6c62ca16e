//! Durable sends, acknowledged after the commit, beside what bounds them.

use crate::{Result, TEXT, Visitor, client::Client, listen, percentile};
use axum::{Json, Router, http::StatusCode, routing::put};
use rusqlite::{Connection, params};
use server::clock::{Clock, SystemClock, new_id};
use shared::{Message, SendMessage, Session};
use std::{net::SocketAddr, time::Duration};
use tokio::{task::JoinSet, time::Instant};

const ROUND: Duration = Duration::from_secs(2);
const N_ROUNDS: usize = 3;

pub async fn measure(address: SocketAddr) -> Result<()> {
    let bare = serve_bare(address).await?;
    println!("durable sends, acknowledged after the commit; median of {N_ROUNDS} rounds of {ROUND:?}\n");
    println!(
        "{:<10}{:>10}{:>10}{:>10}{:>14}{:>10}{:>16}{:>10}",
        "at once", "a second", "p50 µs", "p99 µs", "bare handler", "of it", "SQLite alone", "of it"
    );
    for n_at_once in [1, 8, 32, 256] {
        let mut durable = Vec::new();
        let mut handler = Vec::new();
        let mut commits = Vec::new();
        // In turn, so that a machine that slows down slows all.
        for _ in 0..N_ROUNDS {
            durable.push(send_for_a_while(address, n_at_once, true).await?);
            handler.push(send_for_a_while(bare, n_at_once, false).await?);
            commits.push(commit_for_a_while(n_at_once)?);
        }
        let (durable, handler) = (median(durable), median(handler));
        commits.sort_by(f64::total_cmp);
        let commits = commits[N_ROUNDS / 2];
        println!(
            "{n_at_once:<10}{:>10.0}{:>10}{:>10}{:>14.0}{:>10.2}{commits:>16.0}{:>10.2}",
            durable.per_second,
            durable.p50.as_micros(),
            durable.p99.as_micros(),
            handler.per_second,
            durable.per_second / handler.per_second,
            durable.per_second / commits
        );
    }
    println!("\nSQLite alone: the statements of a send, as many in a transaction as are sent at once\n");
    Ok(())
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

struct Rate {
    per_second: f64,
    p50: Duration,
    p99: Duration,
}

fn median(mut rates: Vec<Rate>) -> Rate {
    rates.sort_by(|a, b| a.per_second.total_cmp(&b.per_second));
    let middle = rates.len() / 2;
    rates.swap_remove(middle)
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
                continues: None,
            },
            conversation: id.to_string(),
        })
    }
}

/// SQLite alone: the statements of a send, `n_in_transaction` to a commit, with the same durability. Answers sends a second.
fn commit_for_a_while(n_in_transaction: usize) -> Result<f64> {
    let directory = tempfile::tempdir()?;
    let connection = Connection::open(directory.path().join("alone.db"))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.execute_batch(
        "CREATE TABLE conversation (id BLOB PRIMARY KEY, last_seq INTEGER NOT NULL);
         CREATE TABLE message (num INTEGER PRIMARY KEY, id BLOB UNIQUE, conversation_id BLOB, seq INTEGER, client_id BLOB,
                               content TEXT, UNIQUE (conversation_id, seq), UNIQUE (conversation_id, client_id));
         CREATE TABLE change (company_id BLOB, rev INTEGER, conversation_id BLOB, seq INTEGER,
                              PRIMARY KEY (company_id, rev)) WITHOUT ROWID;
         INSERT INTO conversation VALUES (x'01', 0)",
    )?;
    let started = Instant::now();
    let mut n_sends = 0_u32;
    while started.elapsed() < ROUND {
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        for _ in 0..n_in_transaction {
            n_sends += 1;
            connection
                .prepare_cached(
                    "INSERT INTO message (id, conversation_id, seq, client_id, content) VALUES (?1, x'01', ?2, ?3, ?4)",
                )?
                .execute(params![new_id(SystemClock.now()), n_sends, new_id(SystemClock.now()), TEXT])?;
            connection
                .prepare_cached("UPDATE conversation SET last_seq = ?1 WHERE id = x'01'")?
                .execute([n_sends])?;
            connection
                .prepare_cached("INSERT INTO change VALUES (x'02', ?1, x'01', ?1)")?
                .execute([n_sends])?;
        }
        connection.prepare_cached("COMMIT")?.execute([])?;
    }
    Ok(f64::from(n_sends) / started.elapsed().as_secs_f64())
}
