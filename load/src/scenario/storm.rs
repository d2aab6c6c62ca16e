//! Everybody comes back at once: the server dies with thousands of streams open, and is started again.

use crate::{
    machine::{Footprint, most_streams},
    report::{Size, as_f64},
    scenario::{churn::settled, steady::write_until},
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
    /// Streams, each of another visitor; as many as `ulimit -n` has room for. [default: 10000, short 400]
    #[arg(long)]
    streams: Option<usize>,
}

/// All are to be live again within this time.
const LIVE_WITHIN: Duration = Duration::from_secs(30);
/// What an open stream may cost.
const STREAM_MAX_KIB: f64 = 16.0;

pub async fn play(options: &Options, run: &mut Run) -> Result<()> {
    let n_wanted = options.streams.unwrap_or(run.size.pick(400, 10_000));
    let n_streams = most_streams(n_wanted)?;

    let server = Server::start(run.setup()).await?;
    let mut stage = Stage::around(run, server, |world| world.keeps_connections = false);
    stage.begin(n_streams, 1).await?;
    let before = Footprint::of(stage.server.pid()?)?;
    stage.connect().await;
    let after = Footprint::of(stage.server.pid()?)?;
    let each_kib = as_kib(after.rss_bytes.saturating_sub(before.rss_bytes)) / as_f64(n_streams);

    let mut writers = JoinSet::new();
    // Some write all the while: what they sent when the server died is what could be lost.
    for visitor in stage.visitors.iter().step_by(20) {
        writers.spawn(write_until(Arc::clone(visitor), Instant::now() + Duration::from_hours(1), 400));
    }
    sleep(Duration::from_secs(1)).await;
    let n_opened_before = get(&stage.world.counters.n_opened);
    let errors_before = stage.world.counters.errors();
    let killed = Instant::now();
    stage.server.kill().await?;
    let down = stage.server.restart().await?;
    let n_refused = stage.world.counters.errors().get(&0).copied().unwrap_or(0);
    let ready = Instant::now();
    let are_live = stage
        .wait_until(2 * LIVE_WITHIN, |stage| {
            let counters = &stage.world.counters;
            get(&counters.n_opened) >= n_opened_before + n_streams && get(&counters.n_live) >= n_streams
        })
        .await;
    let took = ready.elapsed();
    let crowded = Footprint::of(stage.server.pid()?)?;
    writers.abort_all();
    while writers.join_next().await.is_some() {}
    stage.settle(&mut run.report, Duration::from_mins(1)).await;
    let n_live = get(&stage.world.counters.n_live);
    stage.leave().await;
    let empty = settled(stage.server.pid()?, Some(before)).await?;

    let report = &mut run.report;
    report.count("streams", n_streams);
    if n_streams < n_wanted {
        report.count("streams wanted, had `ulimit -n` had room", n_wanted);
    }
    report.promise(
        "all streams live again within 30 s",
        are_live && took <= LIVE_WITHIN,
        format!("{n_live} after {:.1} s", took.as_secs_f64()),
    );
    let mut errors = stage.world.counters.errors();
    let n_unanswered = errors.remove(&0).unwrap_or(0);
    errors.remove(&503);
    let others: Vec<String> = errors.iter().map(|(status, n)| format!("{n} times {status}")).collect();
    report.none_of("kinds of errors other than 503", others.len(), &others);
    report.figure("the server was down for", down.as_secs_f64() * 1000.0, "ms");
    report.figure("from the kill until all were live", killed.elapsed().min(took + down).as_secs_f64(), "s");
    report.count("tries refused while it was down", n_refused - errors_before.get(&0).copied().unwrap_or(0));
    report.count("tries without an answer after that", n_unanswered - n_refused);
    if run.size == Size::Long {
        let seen = format!("{each_kib:.1} KiB");
        report.promise("memory for each open stream at most 16 KiB", each_kib <= STREAM_MAX_KIB, seen);
    }
    report.figure("memory of the server for each open stream", each_kib, "KiB");
    for (when, footprint) in [
        ("before the streams came", before),
        ("after they came a few at a time", after),
        ("after all came at once", crowded),
        ("after all left", empty),
    ] {
        report.figure(format!("memory of the server {when}"), as_kib(footprint.rss_bytes) / 1024.0, "MiB");
    }
    stage.close(report).await
}

#[expect(clippy::cast_precision_loss, reason = "memory is far below 2^52 bytes")]
pub fn as_kib(bytes: u64) -> f64 {
    bytes as f64 / 1024.0
}
