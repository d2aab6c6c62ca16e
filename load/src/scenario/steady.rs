//! A good day: visitors send and listen, and nothing goes wrong.

use crate::{
    report::as_f64,
    stage::{Run, Stage},
    visitor::Visitor,
    world::get,
};
use anyhow::Result;
use clap::Args;
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep};

#[derive(Args)]
pub struct Options {
    /// Visitors. [default: 200, short 40]
    #[arg(long)]
    visitors: Option<usize>,
    /// Tabs of each visitor, each with a stream. [default: 2]
    #[arg(long)]
    tabs: Option<usize>,
    /// How long they send. [default: 60, short 4]
    #[arg(long)]
    seconds: Option<u64>,
    /// The longest pause before a visitor writes again once a message was taken; without a pause the server is what is waited
    /// for. [default: 0]
    #[arg(long)]
    pause_ms: Option<u64>,
}

pub async fn play(options: &Options, run: &mut Run) -> Result<()> {
    let n_visitors = options.visitors.unwrap_or(run.size.pick(40, 200));
    let n_tabs = options.tabs.unwrap_or(2);
    let duration = Duration::from_secs(options.seconds.unwrap_or(run.size.pick(4, 60)));
    let pause_ms = options.pause_ms.unwrap_or(0);

    let mut stage = Stage::open(run, run.setup()).await?;
    stage.gather(n_visitors, n_tabs).await?;
    let n_before = get(&stage.world.counters.n_acknowledged);
    stage.world.measure(true);
    let started = Instant::now();
    for visitor in stage.visitors.clone() {
        stage.spawn(write_until(visitor, started + duration, pause_ms));
    }
    sleep(duration).await;
    let n_sent = get(&stage.world.counters.n_acknowledged) - n_before;
    let per_second = as_f64(n_sent) / started.elapsed().as_secs_f64();
    stage.settle(&mut run.report, Duration::from_secs(30)).await;
    stage.world.measure(false);

    run.report.count("visitors", n_visitors);
    run.report.figure("sends, acknowledged", per_second, "a second");
    run.report.latencies("from the send to its acknowledgement", stage.world.acknowledged_after.take());
    run.report.latencies("from the send to each stream", stage.world.heard_after.take());
    stage.close(&mut run.report).await
}

/// Writes one message after the other, each when the one before was taken.
pub async fn write_until(visitor: Arc<Visitor>, end: Instant, pause_ms: u64) {
    while Instant::now() < end {
        if visitor.is_idle() {
            visitor.write();
        }
        sleep(Duration::from_millis(1 + visitor.random_below(pause_ms + 1))).await;
    }
}
