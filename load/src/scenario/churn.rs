//! Connections that come and go: streams left at once, requests broken off, half a request and nothing more. Nothing of them may
//! stay behind in the server.

use crate::{
    http::{Ask, Client, Way, open_stream},
    machine::Footprint,
    random::Random,
    scenario::storm::as_kib,
    stage::{Run, Stage},
};
use anyhow::Result;
use clap::Args;
use http_body_util::BodyExt;
use shared::limits::HEARTBEAT_SECONDS;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::AsyncWriteExt,
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

#[derive(Args)]
pub struct Options {
    /// Connections. [default: 100000, short 4000]
    #[arg(long)]
    connections: Option<usize>,
    /// Connections at the same time. [default: 256, short 64]
    #[arg(long)]
    at_once: Option<usize>,
}

/// Two heartbeats: at the latest when it writes the second, the server finds that nobody is there.
const NOTICED_WITHIN: Duration = Duration::from_secs(2 * HEARTBEAT_SECONDS as u64 + 5);
const PATIENCE: Duration = Duration::from_secs(20);
/// What may stay behind, in hundredths. After few connections an allocator's own unsteadiness is more than that.
const REMAINDER_MAX_PERCENT: u64 = 2;
const REMAINDER_MAX_PERCENT_SHORT: u64 = 10;

pub async fn play(options: &Options, run: &mut Run) -> Result<()> {
    let n_connections = options.connections.unwrap_or(run.size.pick(4_000, 100_000));
    let n_at_once = options.at_once.unwrap_or(run.size.pick(64, 256));

    let mut stage = Stage::open(run, run.setup()).await?;
    stage.gather(20, 1).await?;
    let pid = stage.server.pid()?;
    // What a server takes once and keeps (pages of the database, stacks of threads) is taken before it counts.
    churn(&stage, n_connections, n_at_once, run.random.fork(0)).await?;
    let before = settled(pid, None).await?;
    churn(&stage, n_connections, n_at_once, run.random.fork(1)).await?;
    let after = settled(pid, Some(before)).await?;

    let report = &mut run.report;
    report.count("connections that came and went, before and after the first look, each", n_connections);
    let is_back = |before: u64, after: u64, percent: u64| after * 100 <= before * (100 + percent);
    for (name, before, after) in [
        ("descriptors are back within 2 %", before.n_descriptors, after.n_descriptors),
        ("threads are back within 2 %", before.n_threads, after.n_threads),
    ] {
        report.promise(
            name,
            is_back(before, after, REMAINDER_MAX_PERCENT),
            format!("{before}, then {after}"),
        );
    }
    let seen = format!("{:.0} KiB, then {:.0} KiB", as_kib(before.rss_bytes), as_kib(after.rss_bytes));
    let percent = run.size.pick(REMAINDER_MAX_PERCENT_SHORT, REMAINDER_MAX_PERCENT);
    let is_kept = is_back(before.rss_bytes, after.rss_bytes, percent);
    report.promise(format!("memory is back within {percent} %"), is_kept, seen);
    stage.settle(report, Duration::from_secs(20)).await;
    stage.close(report).await
}

/// What the server holds when what is closed has been noticed; with `wanted`, when it holds no more descriptors and threads than that.
pub async fn settled(pid: u32, wanted: Option<Footprint>) -> Result<Footprint> {
    let mut footprint = Footprint::of(pid)?;
    let started = Instant::now();
    while started.elapsed() < NOTICED_WITHIN {
        sleep(Duration::from_millis(500)).await;
        let now = Footprint::of(pid)?;
        let is_steady = now.is_within(footprint);
        footprint = now;
        if is_steady && wanted.is_none_or(|wanted| now.is_within(wanted)) {
            break;
        }
    }
    Ok(footprint)
}

async fn churn(stage: &Stage, n_connections: usize, n_at_once: usize, random: Random) -> Result<()> {
    let n_left = Arc::new(AtomicUsize::new(n_connections));
    let mut coming_and_going = JoinSet::new();
    for number in 0..n_at_once {
        let visitor = &stage.visitors[number % stage.visitors.len()];
        let token = visitor.access_token().unwrap_or_default();
        let way = Way::of_visitor(number, stage.world.to);
        let (n_left, mut random) = (Arc::clone(&n_left), random.fork(number as u64));
        coming_and_going.spawn(async move {
            while n_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_ok() {
                // That it fails is what is being tried.
                drop(timeout(PATIENCE, come_and_go(way, &token, &mut random)).await);
            }
        });
    }
    while let Some(gone) = coming_and_going.join_next().await {
        gone?;
    }
    Ok(())
}

async fn come_and_go(way: Way, token: &str, random: &mut Random) -> Result<()> {
    let stream = Ask::get("/widget/v1/stream").with_token(token);
    match random.below(5) {
        // A stream that is left as soon as it is live.
        0 | 1 => {
            let mut body = open_stream(way, stream).await?.into_body();
            body.frame().await;
        }
        // A stream that is left before it has said anything.
        2 => drop(open_stream(way, stream).await?),
        // Half a request.
        3 => way.connect().await?.write_all(b"GET /widget/v1/stream HTTP/1.1\r\nhost: lo").await?,
        // An ordinary request.
        _ => {
            let mut client = Client::new(way);
            client.call(Ask::get("/widget/v1/conversations").with_token(token), PATIENCE).await;
        }
    }
    Ok(())
}
