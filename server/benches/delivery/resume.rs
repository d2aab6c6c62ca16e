//! What it costs to come back to a stream, by how much was missed.

use crate::{Result, Visitor, client::Stream};
use server::{
    app::App,
    auth::Token,
    domain::{Content, Sender},
};
use shared::Position;
use std::net::SocketAddr;
use tokio::time::{Duration, Instant};

const N_ROUNDS: usize = 5;

pub async fn measure(address: SocketAddr, app: &App) -> Result<()> {
    println!("\na stream that comes back, from the request to the heartbeat that says it has everything");
    let visitor = Visitor::new(address).await?;
    let session = app.sessions.authenticate(&Token::from_client(&visitor.session.access_token)).await?;
    let conversation = visitor.conversation.parse()?;
    let mut n_missed = 0;
    let position = Position { epoch: app.store.epoch(), rev: app.store.head_rev(session.company).await? };
    for n_wanted in [1, 1_000, 100_000] {
        while n_missed < n_wanted {
            // Many at once, so that they share their commits.
            let n_more = 256.min(n_wanted - n_missed);
            let sends = (0..n_more).map(|_| async {
                let content = Content::new("content", crate::TEXT.into(), Vec::new())?;
                let sender = Sender::customer(session.customer);
                app.conversations.send(session.company, conversation, None, sender, content).await
            });
            futures_util::future::try_join_all(sends).await?;
            n_missed += n_more;
        }
        let mut taken = Vec::new();
        for _ in 0..N_ROUNDS {
            let asked_at = Instant::now();
            let mut stream = Stream::open(address, &visitor.session.access_token, Some(position)).await?;
            let n_heard = stream.catch_up().await?;
            assert_eq!(n_heard, n_missed, "each of them is heard once");
            taken.push(asked_at.elapsed());
        }
        taken.sort_unstable();
        let middle: Duration = taken[N_ROUNDS / 2];
        let each_us = middle.as_secs_f64() * 1e6 / f64::from(u32::try_from(n_missed)?);
        println!("  {n_missed:>7} missed{:>12.1} ms{each_us:>10.1} µs each", middle.as_secs_f64() * 1e3);
    }
    Ok(())
}
