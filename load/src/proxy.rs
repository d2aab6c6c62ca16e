//! A bad network: a TCP proxy that is slow, stalls, and cuts connections at any byte, in both directions.

use crate::{http::Way, random::Random};
use anyhow::Result;
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::Notify,
    task::JoinSet,
    time::sleep,
};

/// What happens to bytes, each way.
#[derive(Clone, Copy, Debug)]
pub struct Trouble {
    /// How long bytes are on their way: at least, and how much longer at most.
    pub latency_ms: u64,
    pub jitter_ms: u64,
    /// One in so many chunks is lost, and comes a retransmission later.
    pub lost_one_in: u64,
    pub retransmission_ms: u64,
    /// One in so many chunks waits this long at most.
    pub stall_one_in: u64,
    pub stall_max_ms: u64,
    /// Every connection is cut, at any byte: one in so many somewhere in its first bytes, the others later.
    pub cut_soon_one_in: u64,
    pub soon_bytes: u64,
    pub late_bytes: u64,
    /// One in so many connections goes dumb there instead, and nobody is told; 0 for none.
    pub dumb_one_in: u64,
}

/// How often something was done.
#[derive(Debug, Default)]
pub struct Tally {
    pub connections: AtomicUsize,
    pub cut: AtomicUsize,
    pub dumb: AtomicUsize,
    pub stalls: AtomicUsize,
    pub lost: AtomicUsize,
}

pub struct Proxy {
    pub address: SocketAddr,
    pub tally: Arc<Tally>,
    weather: Arc<Weather>,
    _accepting: JoinSet<()>,
}

/// Whether the trouble is over.
#[derive(Default)]
struct Weather {
    is_calm: AtomicBool,
    calmed: Notify,
}

/// What will become of a direction of one connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Open,
    Cut { after_bytes: u64 },
    Dumb { after_bytes: u64 },
}

impl Proxy {
    pub async fn start(to: SocketAddr, trouble: Trouble, random: Random) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (tally, weather) = (Arc::new(Tally::default()), Arc::new(Weather::default()));
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, to, trouble, random, Arc::clone(&tally), Arc::clone(&weather)));
        Ok(Self { address, tally, weather, _accepting: accepting })
    }

    /// From now on everything passes, and what was dumb is cut.
    pub fn calm(&self) {
        self.weather.is_calm.store(true, Ordering::Relaxed);
        self.weather.calmed.notify_waiters();
    }
}

async fn accept(
    listener: TcpListener,
    to: SocketAddr,
    trouble: Trouble,
    random: Random,
    tally: Arc<Tally>,
    weather: Arc<Weather>,
) {
    let mut connections = JoinSet::new();
    let mut number = 0;
    while let Ok((visitor, _)) = listener.accept().await {
        number += 1;
        tally.connections.fetch_add(1, Ordering::Relaxed);
        let connection = Connection {
            trouble,
            random: random.fork(number),
            tally: Arc::clone(&tally),
            weather: Arc::clone(&weather),
        };
        let way = Way::of_visitor(usize::try_from(number).unwrap_or(0), to);
        connections.spawn(connection.carry(visitor, way));
        while connections.try_join_next().is_some() {}
    }
}

struct Connection {
    trouble: Trouble,
    random: Random,
    tally: Arc<Tally>,
    weather: Arc<Weather>,
}

impl Connection {
    async fn carry(mut self, visitor: TcpStream, way: Way) {
        let Ok(server) = way.connect().await else { return };
        if visitor.set_nodelay(true).is_err() {
            return;
        }
        let ends = [self.end(), self.end()];
        let (from_visitor, to_visitor) = visitor.into_split();
        let (from_server, to_server) = server.into_split();
        let up = self.pass(from_visitor, to_server, ends[0], self.random.fork(1));
        let down = self.pass(from_server, to_visitor, ends[1], self.random.fork(2));
        // A connection that ended one way is of no use the other way.
        tokio::select! {
            () = up => {}
            () = down => {}
        }
    }

    fn end(&mut self) -> End {
        let is_soon = self.random.is_one_in(self.trouble.cut_soon_one_in);
        let within_bytes = if is_soon { self.trouble.soon_bytes } else { self.trouble.late_bytes };
        let after_bytes = self.random.below(within_bytes);
        if self.weather.is_calm.load(Ordering::Relaxed) {
            End::Open
        } else if self.trouble.dumb_one_in > 0 && self.random.is_one_in(self.trouble.dumb_one_in) {
            End::Dumb { after_bytes }
        } else {
            End::Cut { after_bytes }
        }
    }

    async fn pass(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf, end: End, mut random: Random) {
        let mut buffer = [0; 2048];
        let mut n_passed = 0;
        loop {
            let Ok(n_read @ 1..) = from.read(&mut buffer).await else { return };
            let mut chunk = &buffer[..n_read];
            if !self.weather.is_calm.load(Ordering::Relaxed) {
                self.delay(&mut random).await;
                if let End::Cut { after_bytes } | End::Dumb { after_bytes } = end {
                    let rest = usize::try_from(after_bytes.saturating_sub(n_passed)).unwrap_or(usize::MAX);
                    chunk = &chunk[..rest.min(n_read)];
                }
            }
            if to.write_all(chunk).await.is_err() {
                return;
            }
            n_passed += chunk.len() as u64;
            if chunk.len() == n_read {
                continue;
            }
            if matches!(end, End::Dumb { .. }) {
                self.tally.dumb.fetch_add(1, Ordering::Relaxed);
                let calmed = self.weather.calmed.notified();
                if !self.weather.is_calm.load(Ordering::Relaxed) {
                    calmed.await;
                }
            } else {
                self.tally.cut.fetch_add(1, Ordering::Relaxed);
            }
            return;
        }
    }

    async fn delay(&self, random: &mut Random) {
        let trouble = self.trouble;
        let mut delay_ms = trouble.latency_ms + random.below(trouble.jitter_ms + 1);
        if random.is_one_in(trouble.lost_one_in) {
            self.tally.lost.fetch_add(1, Ordering::Relaxed);
            delay_ms += trouble.retransmission_ms;
        }
        if random.is_one_in(trouble.stall_one_in) {
            self.tally.stalls.fetch_add(1, Ordering::Relaxed);
            delay_ms += random.below(trouble.stall_max_ms + 1);
        }
        let calmed = self.weather.calmed.notified();
        tokio::select! {
            () = sleep(Duration::from_millis(delay_ms)) => {}
            () = calmed => {}
        }
    }
}
