//! A bucket for each of many: how often in a minute. Forgotten again when it is full.

use governor::{
    NotUntil, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::{StateInformationMiddleware, StateSnapshot},
    state::keyed::HashMapStateStore,
};
use std::{
    hash::Hash,
    num::NonZeroU32,
    sync::atomic::{AtomicUsize, Ordering},
};

/// So many buckets are kept without a look at whether any is full again.
const SWEEP_OVER: usize = 10_000;

type Limiter<K, C> = RateLimiter<K, HashMapStateStore<K>, C, StateInformationMiddleware>;

/// Goes by a clock that only runs forward, so that setting the machine's changes nothing.
pub struct Keyed<K: Hash + Eq + Clone, C: Clock = DefaultClock> {
    limiter: Limiter<K, C>,
    clock: C,
    /// When there are so many buckets, full ones are forgotten. Twice what was left the last time, so that a flood of
    /// strangers costs each request a constant share of looking, and not a look through all of them.
    sweep_over: AtomicUsize,
}

impl<K: Hash + Eq + Clone> Keyed<K> {
    /// Nothing for 0, which is no limit.
    pub fn per_minute(n_per_minute: u32) -> Option<Self> {
        Self::with_clock(n_per_minute, DefaultClock::default())
    }
}

impl<K: Hash + Eq + Clone, C: Clock + Clone> Keyed<K, C> {
    fn with_clock(n_per_minute: u32, clock: C) -> Option<Self> {
        let quota = Quota::per_minute(NonZeroU32::new(n_per_minute)?);
        Some(Self {
            limiter: RateLimiter::new(quota, HashMapStateStore::default(), clock.clone()),
            clock,
            sweep_over: AtomicUsize::new(SWEEP_OVER),
        })
    }

    /// Takes one from the key's bucket and says how many are left, or in how many seconds there will be one.
    pub fn take(&self, key: &K) -> Result<u32, u64> {
        if self.limiter.len() > self.sweep_over.load(Ordering::Relaxed) {
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
            self.sweep_over.store(SWEEP_OVER.max(2 * self.limiter.len()), Ordering::Relaxed);
        }
        let left = |state: StateSnapshot| state.remaining_burst_capacity();
        let seconds = |until: NotUntil<C::Instant>| until.wait_time_from(self.clock.now()).as_secs() + 1;
        self.limiter.check_key(key).map(left).map_err(seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use governor::clock::FakeRelativeClock;
    use std::time::Duration;

    #[test]
    fn a_bucket_is_emptied_by_its_own_key_and_fills_up_with_time() {
        let clock = FakeRelativeClock::default();
        let limit = Keyed::with_clock(3, clock.clone()).unwrap();
        assert_eq!([limit.take(&'a'), limit.take(&'a'), limit.take(&'a')], [Ok(2), Ok(1), Ok(0)]);
        let Err(seconds) = limit.take(&'a') else { panic!("it is empty") };
        assert!((20..=21).contains(&seconds), "{seconds}");
        assert_eq!(limit.take(&'b'), Ok(2), "another one's is its own");
        clock.advance(Duration::from_secs(seconds));
        assert_eq!(limit.take(&'a'), Ok(0));
        assert!(limit.take(&'a').is_err());
    }

    #[test]
    fn buckets_of_strangers_who_are_gone_are_forgotten() {
        let clock = FakeRelativeClock::default();
        let limit = Keyed::with_clock(60, clock.clone()).unwrap();
        for stranger in 0..5 * SWEEP_OVER {
            limit.take(&stranger).unwrap();
            // A thousand a second, each of whom has a full bucket again a second later.
            clock.advance(Duration::from_millis(1));
        }
        assert!(limit.limiter.len() <= SWEEP_OVER + 1, "{}", limit.limiter.len());
    }

    #[test]
    fn no_limit_keeps_nothing() {
        assert!(Keyed::<char>::per_minute(0).is_none());
    }
}
