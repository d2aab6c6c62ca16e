//! `kill -9`, over and over, in the midst of sends.

use crate::{
    report::ms,
    scenario::steady::write_until,
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
    /// Visitors. [default: 64, short 24]
    #[arg(long)]
    visitors: Option<usize>,
    /// How often the server is killed. [default: 200, short 8]
    #[arg(long)]
    kills: Option<usize>,
    /// How many messages must have been acknowledged by the end; the kills are spread over them. [default: 10000, short 600]
    #[arg(long)]
    sends: Option<usize>,
}

/// A kill waits no longer than this for the sends that it should come after.
const KILL_AT_LATEST: Duration = Duration::from_secs(3);
/// How long the sends may take that are left after the last kill.
const LAST_SENDS: Duration = Duration::from_mins(2);
/// Longer than any run: visitors write until the stage is cleared.
const FOR_EVER: Duration = Duration::from_hours(24);

pub async fn play(options: &Options, run: &mut Run) -> Result<()> {
    let n_visitors = options.visitors.unwrap_or(run.size.pick(24, 64));
    let n_kills = options.kills.unwrap_or(run.size.pick(8, 200));
    let n_sends = options.sends.unwrap_or(run.size.pick(600, 10_000));

    let mut stage = Stage::open(run, run.setup()).await?;
    stage.gather(n_visitors, 1).await?;
    let mut writers = JoinSet::new();
    for visitor in &stage.visitors {
        writers.spawn(write_until(Arc::clone(visitor), Instant::now() + FOR_EVER, 20));
        // A refresh token works once; what if its answer is lost?
        writers.spawn(Arc::clone(visitor).renew_now_and_then(2_000));
    }
    let mut random = run.random.fork(0);
    let mut restarts = Vec::new();
    let each = (n_sends / n_kills.max(1)).max(1);
    for kill in 0..n_kills {
        let n_wanted = each * kill + usize::try_from(random.below(each as u64))?;
        let started = Instant::now();
        while get(&stage.world.counters.n_acknowledged) < n_wanted && started.elapsed() < KILL_AT_LATEST {
            sleep(Duration::from_millis(1)).await;
        }
        // Anywhere between two commits, and within one.
        sleep(Duration::from_micros(random.below(20_000))).await;
        stage.server.kill().await?;
        restarts.push(stage.server.restart().await?);
    }
    stage.wait_until(LAST_SENDS, |stage| get(&stage.world.counters.n_acknowledged) >= n_sends).await;
    writers.abort_all();
    while writers.join_next().await.is_some() {}
    stage.settle(&mut run.report, Duration::from_mins(1)).await;

    run.report.count("visitors", n_visitors);
    run.report.count("kills", n_kills);
    restarts.sort_unstable();
    run.report.figure(
        "from a kill to ready again, longest",
        ms(restarts.last().copied().unwrap_or_default()),
        "ms",
    );
    run.report.count("renewals of sessions", get(&stage.world.counters.n_renewals));
    stage.close(&mut run.report).await
}
