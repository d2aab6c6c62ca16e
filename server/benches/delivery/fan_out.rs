//! One message to many open streams.

use crate::{Result, Visitor, client::Stream, percentile};
use std::net::SocketAddr;
use tokio::{task::JoinSet, time::Instant};

/// One message to as many open streams as the machine lets one process have, up to 10,000.
pub async fn measure(address: SocketAddr) -> Result<()> {
    const N_STREAMS: usize = 10_000;
    const N_MESSAGES: usize = 10;
    let n_streams = N_STREAMS.min(max_streams()?);
    let mut visitor = Visitor::new(address).await?;
    let (heard, mut hearing) = tokio::sync::mpsc::unbounded_channel();
    let mut listeners = JoinSet::new();
    for _ in 0..n_streams {
        let mut stream = Stream::open(address, &visitor.session.access_token, None).await?;
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

/// How many streams this process may hold both ends of.
fn max_streams() -> Result<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits")?;
    let line =
        limits.lines().find(|line| line.starts_with("Max open files")).ok_or("no limit of open files")?;
    let n_files: usize =
        line.split_whitespace().nth(3).ok_or("no limit of open files")?.parse().unwrap_or(usize::MAX);
    Ok(n_files.saturating_sub(200) / 2)
}
