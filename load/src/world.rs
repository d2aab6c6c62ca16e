//! What all visitors of a run share: where the server is, what they write down, and what is counted.

use crate::{judge::ledger::Ledger, random::Random};
use shared::WidgetId;
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

/// As long as the panel waits for an answer.
pub const REQUEST_PATIENCE: Duration = Duration::from_secs(20);

pub struct World {
    /// The server, or what stands in front of it.
    pub to: SocketAddr,
    pub widget: WidgetId,
    pub random: Random,
    pub ledger: Ledger,
    pub counters: Counters,
    pub request_patience: Duration,
    /// Whether a visitor's connection is kept after a request, as a browser does. With thousands of visitors it would cost as
    /// many descriptors as the streams.
    pub keeps_connections: bool,
    /// How long a message took to be acknowledged, and to be said on each stream of its writer; while `is_measuring`, and of
    /// visitors of whom it is asked.
    pub acknowledged_after: Latencies,
    pub heard_after: Latencies,
    pub is_measuring: AtomicBool,
}

#[derive(Debug, Default)]
pub struct Counters {
    pub n_acknowledged: AtomicUsize,
    pub n_retries: AtomicUsize,
    pub n_heard: AtomicUsize,
    /// Streams that are live now.
    pub n_live: AtomicUsize,
    /// Streams that ever became live.
    pub n_opened: AtomicUsize,
    /// Sessions that the server knows no more.
    pub n_sessions_lost: AtomicUsize,
    pub n_renewals: AtomicUsize,
    /// Messages that were refused for good.
    pub n_refused: AtomicUsize,
    /// Answers other than successes, by status; 0 is none at all.
    errors: Mutex<BTreeMap<u16, usize>>,
}

impl Counters {
    pub fn note_status(&self, status: u16) {
        if !(200..300).contains(&status) {
            *self.errors.lock().unwrap_or_else(PoisonError::into_inner).entry(status).or_default() += 1;
        }
    }

    pub fn errors(&self) -> BTreeMap<u16, usize> {
        self.errors.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// One more.
pub fn count(counter: &AtomicUsize) {
    counter.fetch_add(1, Ordering::Relaxed);
}

pub fn get(counter: &AtomicUsize) -> usize {
    counter.load(Ordering::Relaxed)
}

#[derive(Debug, Default)]
pub struct Latencies(Mutex<Vec<Duration>>);

impl Latencies {
    pub fn take(&self) -> Vec<Duration> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note(&self, taken: Duration) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(taken);
    }
}

impl World {
    pub fn new(to: SocketAddr, widget: WidgetId, random: Random) -> Self {
        Self {
            to,
            widget,
            random,
            ledger: Ledger::default(),
            counters: Counters::default(),
            request_patience: REQUEST_PATIENCE,
            keeps_connections: true,
            acknowledged_after: Latencies::default(),
            heard_after: Latencies::default(),
            is_measuring: AtomicBool::new(false),
        }
    }

    pub fn measure(&self, is_measuring: bool) {
        self.is_measuring.store(is_measuring, Ordering::Relaxed);
    }

    pub fn note_latency(&self, latencies: &Latencies, since: Instant) {
        if self.is_measuring.load(Ordering::Relaxed) {
            latencies.note(since.elapsed());
        }
    }
}
