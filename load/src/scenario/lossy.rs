//! A bad network between visitors and server: slow, stalling, cut at any byte.

use crate::{
    proxy::{Proxy, Trouble},
    scenario::steady::write_until,
    server::Server,
    stage::{Run, Stage},
    world::get,
};
use anyhow::Result;
use clap::Args;
use std::{sync::Arc, time::Duration};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

#[derive(Args)]
pub struct Options {
    /// Visitors. [default: 200, short 40]
    #[arg(long)]
    visitors: Option<usize>,
    /// How long they send. [default: 120, short 6]
    #[arg(long)]
    seconds: Option<u64>,
    /// One in so many connections is cut in its first bytes, each way; the others later. [default: 3]
    #[arg(long)]
    cut_soon_one_in: Option<u64>,
}

pub async fn play(options: &Options, run: &mut Run) -> Result<()> {
    let n_visitors = options.visitors.unwrap_or(run.size.pick(40, 200));
    let duration = Duration::from_secs(options.seconds.unwrap_or(run.size.pick(6, 120)));
    let trouble = Trouble {
        latency_ms: run.size.pick(5, 40),
        jitter_ms: run.size.pick(20, 120),
        lost_one_in: 20,
        retransmission_ms: 200,
        stall_one_in: 50,
        stall_max_ms: run.size.pick(500, 5_000),
        cut_soon_one_in: options.cut_soon_one_in.unwrap_or(3),
        // Some requests and their answers, or a few events of a stream; and many of them.
        soon_bytes: 6_000,
        late_bytes: 60_000,
        // Whoever meets one waits for 20 seconds, or on a stream for 60.
        dumb_one_in: run.size.pick(0, 60),
    };
    let server = Server::start(run.setup()).await?;
    let proxy = Proxy::start(server.address, trouble, run.random.fork(0)).await?;
    let mut stage = Stage::around(run, server, |world| world.to = proxy.address);
    stage.gather(n_visitors, 1).await?;
    let mut busy = JoinSet::new();
    for visitor in &stage.visitors {
        busy.spawn(write_until(Arc::clone(visitor), Instant::now() + duration, 200));
        busy.spawn(Arc::clone(visitor).renew_now_and_then(4_000));
    }
    sleep(duration).await;
    busy.abort_all();
    while busy.join_next().await.is_some() {}
    proxy.calm();
    stage.settle(&mut run.report, Duration::from_secs(90)).await;

    run.report.count("visitors", n_visitors);
    let tally = &proxy.tally;
    for (name, n) in [
        ("connections", &tally.connections),
        ("connections cut", &tally.cut),
        ("connections gone dumb", &tally.dumb),
        ("chunks stalled", &tally.stalls),
        ("chunks lost and sent again", &tally.lost),
    ] {
        run.report.count(name, get(n));
    }
    run.report.count("renewals of sessions", get(&stage.world.counters.n_renewals));
    stage.close(&mut run.report).await
}
