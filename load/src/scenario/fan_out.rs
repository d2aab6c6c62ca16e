//! One message, said on thousands of streams.

use crate::{
    machine::most_streams,
    report::{Size, ms, percentile},
    stage::{Run, Stage},
};
use anyhow::Result;
use clap::Args;
use std::time::Duration;

#[derive(Args)]
pub struct Options {
    /// Streams, all of one visitor; as many as `ulimit -n` has room for. [default: 10000, short 400]
    #[arg(long)]
    streams: Option<usize>,
    /// Messages, one after the other. [default: 50, short 10]
    #[arg(long)]
    messages: Option<usize>,
}

/// What the slowest of a hundred may take.
const P99_MAX: Duration = Duration::from_millis(250);

pub async fn play(options: &Options, run: &mut Run) -> Result<()> {
    let n_streams = most_streams(options.streams.unwrap_or(run.size.pick(400, 10_000)))?;
    let n_messages = options.messages.unwrap_or(run.size.pick(10, 50));

    let mut stage = Stage::open(run, run.setup()).await?;
    stage.gather(1, n_streams).await?;
    stage.world.measure(true);
    for _ in 0..n_messages {
        stage.visitors[0].write();
        stage.wait_until(Duration::from_secs(30), Stage::has_settled).await;
    }
    stage.world.measure(false);
    stage.settle(&mut run.report, Duration::from_secs(30)).await;

    let report = &mut run.report;
    report.count("messages sent to all of them", n_messages);
    let mut taken = stage.world.heard_after.take();
    taken.sort_unstable();
    if run.size == Size::Long {
        let p99 = percentile(&taken, 99);
        report.promise("p99 of a fan-out at most 250 ms", p99 <= P99_MAX, format!("{:.0} ms", ms(p99)));
    }
    report.latencies("from the send to each stream", taken);
    stage.close(report).await
}
