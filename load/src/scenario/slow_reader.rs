//! Readers that don't read: they open a stream, and take nothing from it while much is said.

use crate::{
    http::Way,
    machine::Footprint,
    report::{Size, ms, percentile},
    scenario::{steady::write_until, storm::as_kib},
    stage::{Run, Stage},
};
use anyhow::{Context, Result};
use clap::Args;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpSocket, TcpStream},
    task::JoinSet,
    time::{Instant, sleep},
};

#[derive(Args)]
pub struct Options {
    /// Readers that don't read. [default: 20, short 4]
    #[arg(long)]
    readers: Option<usize>,
    /// How long each message is that they don't read: a long one for a chat. What waits for a reader grows with it. [default: 2048]
    #[arg(long)]
    message_bytes: Option<usize>,
    /// How long is measured without them, and then with them. [default: 20, short 3]
    #[arg(long)]
    seconds: Option<u64>,
    /// How long the server may take to close them, once they have stopped reading. [default: 30]
    #[arg(long)]
    closed_within_seconds: Option<u64>,
}

/// Others, who read, and whose latency is measured.
const N_LISTENERS: usize = 20;
/// What the server may keep for each of them.
const EACH_MAX_KIB: f64 = 64.0;
/// How much later others may hear, in hundredths.
const OTHERS_MAX_PERCENT: f64 = 10.0;
/// How much each of the visitors says whose stream isn't read: more than the buffers of a connection hold.
const N_LOUD_MESSAGES: usize = 600;

pub async fn play(options: &Options, run: &mut Run) -> Result<()> {
    let n_readers = options.readers.unwrap_or(run.size.pick(4, 20));
    let duration = Duration::from_secs(options.seconds.unwrap_or(run.size.pick(3, 20)));
    let n_bytes = options.message_bytes.unwrap_or(2048);
    let closed_within = Duration::from_secs(options.closed_within_seconds.unwrap_or(30));

    let mut stage = Stage::open(run, run.setup()).await?;
    // The first are loud: what they say is what the readers don't read.
    stage.gather(n_readers + N_LISTENERS, 1).await?;
    let pid = stage.server.pid()?;
    // The same once before it counts: the database's cache fills, and then again to see how much that still is.
    measured(&stage, n_readers, n_bytes, duration).await?;
    let begun = Footprint::of(pid)?;
    let without = measured(&stage, n_readers, n_bytes, duration).await?;
    let before = Footprint::of(pid)?;
    let grown_without = without.most_rss_bytes.saturating_sub(begun.rss_bytes);

    let mut deaf = Vec::new();
    for visitor in &stage.visitors[..n_readers] {
        let token = visitor.access_token().context("the visitor has a session")?;
        deaf.push(open_and_never_read(Way::of_visitor(visitor.number, stage.world.to), &token).await?);
    }
    let with = measured(&stage, n_readers, n_bytes, duration).await?;
    let said = Instant::now();
    let mut most = with.most_rss_bytes;
    let mut n_left = n_readers as u64;
    while n_left > 0 && said.elapsed() < closed_within + Duration::from_secs(5) {
        sleep(Duration::from_millis(200)).await;
        let now = Footprint::of(pid)?;
        most = most.max(now.rss_bytes);
        // Not all descriptors: the store opens another reader when much is asked at once.
        n_left = now.n_sockets.saturating_sub(before.n_sockets);
    }
    let closed_after = said.elapsed();
    drop(deaf);

    let report = &mut run.report;
    report.count("readers that don't read", n_readers);
    let seen = if n_left == 0 {
        format!("all, {:.0} s after the last message", closed_after.as_secs_f64())
    } else {
        format!("{n_left} are open after {:.0} s", closed_after.as_secs_f64())
    };
    let name = format!("they are closed within {} s", closed_within.as_secs());
    report.promise(name, n_left == 0 && closed_after <= closed_within, seen);
    #[expect(clippy::cast_precision_loss, reason = "a handful")]
    let each_kib = as_kib(most.saturating_sub(before.rss_bytes + grown_without)) / n_readers as f64;
    let up_percent = (ms(with.p99) / ms(without.p99) - 1.0) * 100.0;
    if run.size == Size::Long {
        report.promise("each costs at most 64 KiB", each_kib <= EACH_MAX_KIB, format!("{each_kib:.0} KiB"));
        let is_kept = up_percent < OTHERS_MAX_PERCENT;
        report.promise("p99 of others is up by less than 10 %", is_kept, format!("{up_percent:+.0} %"));
    }
    report.figure("memory of the server for each of them, at most", each_kib, "KiB");
    report.figure("memory that the same messages took without them", as_kib(grown_without), "KiB");
    report.figure("p99 of others without them", ms(without.p99), "ms");
    report.figure("p99 of others with them", ms(with.p99), "ms");
    stage.settle(report, Duration::from_mins(1)).await;
    stage.close(report).await
}

struct Measured {
    p99: Duration,
    most_rss_bytes: u64,
}

/// Has the first `n_loud` visitors say much and the others a little, and measures how soon those hear it.
async fn measured(stage: &Stage, n_loud: usize, n_bytes: usize, duration: Duration) -> Result<Measured> {
    let mut busy = JoinSet::new();
    let end = Instant::now() + duration;
    let pause = duration / u32::try_from(N_LOUD_MESSAGES)?;
    for visitor in stage.visitors[..n_loud].iter().map(Arc::clone) {
        visitor.is_not_measured();
        busy.spawn(async move {
            for _ in 0..N_LOUD_MESSAGES {
                visitor.write_and_pad(n_bytes);
                sleep(pause).await;
            }
        });
    }
    for visitor in &stage.visitors[n_loud..] {
        busy.spawn(write_until(Arc::clone(visitor), end, 50));
    }
    stage.world.measure(true);
    let mut most_rss_bytes = 0;
    while Instant::now() < end {
        sleep(Duration::from_millis(100)).await;
        most_rss_bytes = most_rss_bytes.max(Footprint::of(stage.server.pid()?)?.rss_bytes);
    }
    stage.world.measure(false);
    busy.abort_all();
    while busy.join_next().await.is_some() {}
    let mut taken = stage.world.heard_after.take();
    taken.sort_unstable();
    Ok(Measured { p99: percentile(&taken, 99), most_rss_bytes })
}

/// A stream with as little room at this end as the system allows, from which nothing is taken.
async fn open_and_never_read(way: Way, token: &str) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(4096)?;
    socket.bind(SocketAddr::new(way.from, 0))?;
    let mut connection = socket.connect(way.to).await?;
    let request =
        format!("GET /widget/v1/stream HTTP/1.1\r\nhost: load\r\nauthorization: Bearer {token}\r\n\r\n");
    connection.write_all(request.as_bytes()).await?;
    Ok(connection)
}
