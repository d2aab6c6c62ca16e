//! How much a company may ask: one bucket for each company, whichever API it uses and however many tokens it has.

use crate::domain::{Error, Plan, Principal, Result};
use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::HashMapStateStore,
};
use shared::CompanyId;
use std::num::NonZeroU32;

type Limiter = RateLimiter<CompanyId, HashMapStateStore<CompanyId>, DefaultClock, StateInformationMiddleware>;

/// Buckets looked through for idle ones when there are more than so many.
const SWEEP_OVER: usize = 10_000;

/// A limiter for each plan. They go by a clock that only runs forward, so that setting the machine's changes nothing.
pub struct RateLimits {
    test: Limiter,
    basic: Limiter,
    premium: Limiter,
    clock: DefaultClock,
}

/// What is left after a request that was let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    pub total: u32,
    pub remaining: u32,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self::new(Plan::requests_per_minute)
    }
}

impl RateLimits {
    /// Limits that nothing reaches, for measuring what stands behind them.
    pub fn unlimited() -> Self {
        Self::new(|_| 1_000_000_000)
    }

    fn new(requests_per_minute: impl Fn(Plan) -> u32) -> Self {
        let limiter = |plan: Plan| {
            let per_minute = NonZeroU32::new(requests_per_minute(plan)).unwrap_or(NonZeroU32::MIN);
            RateLimiter::hashmap(Quota::per_minute(per_minute)).with_middleware()
        };
        Self {
            test: limiter(Plan::Test),
            basic: limiter(Plan::Basic),
            premium: limiter(Plan::Premium),
            clock: DefaultClock::default(),
        }
    }

    /// Takes a request from the company's bucket, or says in how many seconds there will be one.
    pub fn check(&self, principal: &Principal) -> Result<Allowance> {
        let limiter = match principal.plan {
            Plan::Test => &self.test,
            Plan::Basic => &self.basic,
            Plan::Premium => &self.premium,
        };
        if limiter.len() > SWEEP_OVER {
            limiter.retain_recent();
        }
        match limiter.check_key(&principal.company) {
            Ok(state) => Ok(Allowance {
                total: principal.plan.requests_per_minute(),
                remaining: state.remaining_burst_capacity(),
            }),
            Err(until) => {
                let wait = until.wait_time_from(self.clock.now());
                Err(Error::TooManyRequests(wait.as_secs() + 1))
            }
        }
    }
}
