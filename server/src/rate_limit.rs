//! How much may be asked: by a company, whichever API it uses and however many tokens it has; by a visitor; from an address.

pub mod keyed;
pub mod open;

use self::{
    keyed::Keyed,
    open::{Open, OpenCounts, TooMany},
};
use crate::{
    client_address::ClientAddress,
    domain::{Error, Plan, Principal, Result},
};
use shared::{CompanyId, CustomerId};
use std::sync::Arc;
use uuid::Uuid;

/// When somebody who has too many streams open may try again, in seconds. One that broke off is noticed within that time,
/// more or less.
const STREAM_RETRY_SECONDS: u64 = 15;

/// What a visitor and an address may, a minute where no other time is said. 0 is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Messages and files.
    pub sends_per_visitor: u32,
    /// "Typing" notices. Those beyond are dropped in silence.
    pub typing_per_visitor: u32,
    /// What the page tells of a visitor: who they are, what they do.
    pub tellings_per_visitor: u32,
    pub sessions_per_address: u32,
    /// Of the panel and its API. A company's own servers have the limit of their company instead.
    pub requests_per_address: u32,
    /// Open at a time, by a visitor's session or an API token.
    pub streams_per_visitor: u32,
    /// Open at a time.
    pub streams_per_address: u32,
    /// Open at a time, whatever for. For [`crate::connections`], which takes them.
    pub connections_per_address: u32,
}

impl Default for Limits {
    /// Many people may share an address: a school, an office, a carrier's customers. Nobody writes a message a second for a
    /// minute.
    fn default() -> Self {
        Self {
            sends_per_visitor: 60,
            typing_per_visitor: 60,
            tellings_per_visitor: 60,
            sessions_per_address: 60,
            requests_per_address: 3_000,
            streams_per_visitor: 32,
            streams_per_address: 1_000,
            connections_per_address: 4_000,
        }
    }
}

impl Limits {
    pub const NONE: Self = Self {
        sends_per_visitor: 0,
        typing_per_visitor: 0,
        tellings_per_visitor: 0,
        sessions_per_address: 0,
        requests_per_address: 0,
        streams_per_visitor: 0,
        streams_per_address: 0,
        connections_per_address: 0,
    };
}

pub struct RateLimits {
    /// One bucket for each company, in the limiter of its plan.
    test: Option<Keyed<CompanyId>>,
    basic: Option<Keyed<CompanyId>>,
    premium: Option<Keyed<CompanyId>>,
    sends: Option<Keyed<CustomerId>>,
    typing: Option<Keyed<CustomerId>>,
    tellings: Option<Keyed<CustomerId>>,
    sessions: Option<Keyed<ClientAddress>>,
    requests: Option<Keyed<ClientAddress>>,
    streams_of_one: Arc<OpenCounts<Uuid>>,
    streams_of_address: Arc<OpenCounts<ClientAddress>>,
}

/// What is left after a request that was let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    pub total: u32,
    pub remaining: u32,
}

/// An open stream's place among those of its visitor and its address, for as long as it is held.
#[derive(Debug)]
pub struct StreamPlace {
    _of_one: Option<Open<Uuid>>,
    _of_address: Option<Open<ClientAddress>>,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl RateLimits {
    pub fn new(limits: Limits) -> Self {
        Self::with_plans(Plan::requests_per_minute, limits)
    }

    /// Limits that nothing reaches, for measuring what stands behind them.
    pub fn unlimited() -> Self {
        Self::with_plans(|_| 0, Limits::NONE)
    }

    fn with_plans(requests_per_minute: impl Fn(Plan) -> u32, limits: Limits) -> Self {
        let plan = |plan: Plan| Keyed::per_minute(requests_per_minute(plan));
        Self {
            test: plan(Plan::Test),
            basic: plan(Plan::Basic),
            premium: plan(Plan::Premium),
            sends: Keyed::per_minute(limits.sends_per_visitor),
            typing: Keyed::per_minute(limits.typing_per_visitor),
            tellings: Keyed::per_minute(limits.tellings_per_visitor),
            sessions: Keyed::per_minute(limits.sessions_per_address),
            requests: Keyed::per_minute(limits.requests_per_address),
            streams_of_one: OpenCounts::new(limits.streams_per_visitor),
            streams_of_address: OpenCounts::new(limits.streams_per_address),
        }
    }

    /// Takes a request from the company's bucket, or says in how many seconds there will be one.
    pub fn check(&self, principal: &Principal) -> Result<Allowance> {
        let limiter = match principal.plan {
            Plan::Test => &self.test,
            Plan::Basic => &self.basic,
            Plan::Premium => &self.premium,
        };
        let total = principal.plan.requests_per_minute();
        let remaining = limiter.as_ref().map_or(Ok(total), |limiter| limiter.take(&principal.company));
        remaining.map(|remaining| Allowance { total, remaining }).map_err(Error::TooManyRequests)
    }

    /// A message or a file of a visitor.
    pub fn check_send(&self, visitor: CustomerId) -> Result<()> {
        take(self.sends.as_ref(), Some(&visitor))
    }

    /// Whether a visitor's "typing" is passed on.
    pub fn allows_typing(&self, visitor: CustomerId) -> bool {
        take(self.typing.as_ref(), Some(&visitor)).is_ok()
    }

    /// Something that the page tells of a visitor.
    pub fn check_telling(&self, visitor: CustomerId) -> Result<()> {
        take(self.tellings.as_ref(), Some(&visitor))
    }

    /// A session that is made for somebody at an address; nobody's address counts for nothing.
    pub fn check_session(&self, address: Option<ClientAddress>) -> Result<()> {
        take(self.sessions.as_ref(), address.as_ref())
    }

    /// A request from an address.
    pub fn check_request(&self, address: Option<ClientAddress>) -> Result<()> {
        take(self.requests.as_ref(), address.as_ref())
    }

    /// A place for a stream of whoever shows this session or token, from this address.
    pub fn open_stream(&self, access: Uuid, address: Option<ClientAddress>) -> Result<StreamPlace> {
        let full = |TooMany| Error::TooManyRequests(STREAM_RETRY_SECONDS);
        let of_one = self.streams_of_one.open(access).map_err(full)?;
        let of_address = match address {
            Some(address) => self.streams_of_address.open(address).map_err(full)?,
            None => None,
        };
        Ok(StreamPlace { _of_one: of_one, _of_address: of_address })
    }
}

fn take<K: std::hash::Hash + Eq + Clone>(limit: Option<&Keyed<K>>, key: Option<&K>) -> Result<()> {
    match (limit, key) {
        (Some(limit), Some(key)) => limit.take(key).map(drop).map_err(Error::TooManyRequests),
        _ => Ok(()),
    }
}
