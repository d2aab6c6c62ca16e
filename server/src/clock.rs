//! Where time and randomness come from. Everything else takes them from here, so that tests can hold the clock.

use shared::{Timestamp, id::uuid_v7};
use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};
use uuid::Uuid;

/// Tells the time of day.
pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the machine's clock")]
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX))
    }
}

/// A clock that stands still until it is told to go on.
pub struct TestClock(AtomicI64);

impl TestClock {
    pub const fn at(time: Timestamp) -> Self {
        Self(AtomicI64::new(time.0))
    }

    /// By a negative number, back: clocks of machines are set.
    pub fn advance_seconds(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

/// Random bytes from the operating system.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system has randomness");
    bytes
}

/// A new id of the given time.
pub fn new_id(now: Timestamp) -> Uuid {
    uuid_v7(unix_ms(now), &random_bytes())
}

/// A new id that is greater than `earlier`, also when the clock has been set back since that was made.
pub fn new_id_after(now: Timestamp, earlier: Uuid) -> Uuid {
    // A UUIDv7 begins with 48 bits of milliseconds.
    let earlier_ms = u64::try_from(earlier.as_u128() >> 80).unwrap_or(0);
    uuid_v7(unix_ms(now).max(earlier_ms + 1), &random_bytes())
}

fn unix_ms(now: Timestamp) -> u64 {
    u64::try_from(now.unix_ms()).unwrap_or(0)
}
