//! How the played apps and the receivers of webhooks behave. It is what tests ask for through `/mock`, lives in memory, and is
//! each company's own.

use shared::CompanyId;
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard},
    time::Duration,
};
use tokio::sync::watch;
use uuid::Uuid;

const DEFAULT_REASON: &str = "the app refused the message";

/// How a channel's app behaves. At first it takes everything at once, and its people read nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behaviour {
    /// How long a message is under way.
    pub delay: Duration,
    /// So many of the next messages do not arrive.
    pub n_failures: u32,
    /// Why they don't.
    pub reason: String,
    /// Whether messages wait until they are released.
    pub holds: bool,
    /// Whether the customer reads what arrives.
    pub reads: bool,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            delay: Duration::ZERO,
            n_failures: 0,
            reason: DEFAULT_REASON.to_owned(),
            holds: false,
            reads: false,
        }
    }
}

/// What is to be different about a channel's app; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct BehaviourChange {
    pub delay: Option<Duration>,
    pub n_failures: Option<u32>,
    pub reason: Option<String>,
    pub holds: Option<bool>,
    pub reads: Option<bool>,
}

#[derive(Default)]
pub struct Mock {
    state: Mutex<State>,
    /// Tells those who wait for a release that something changed.
    changed: watch::Sender<()>,
}

#[derive(Default)]
struct State {
    channels: HashMap<(CompanyId, Uuid), Behaviour>,
    /// So many of a company's next webhook deliveries are lost.
    webhook_drops: HashMap<CompanyId, u32>,
}

impl Mock {
    pub fn behaviour(&self, company: CompanyId, channel: Uuid) -> Behaviour {
        self.state().channels.get(&(company, channel)).cloned().unwrap_or_default()
    }

    /// Changes how a channel's app behaves, and answers how it does now.
    pub fn change(&self, company: CompanyId, channel: Uuid, change: BehaviourChange) -> Behaviour {
        let mut state = self.state();
        let behaviour = state.channels.entry((company, channel)).or_default();
        let BehaviourChange { delay, n_failures, reason, holds, reads } = change;
        *behaviour = Behaviour {
            delay: delay.unwrap_or(behaviour.delay),
            n_failures: n_failures.unwrap_or(behaviour.n_failures),
            reason: reason.unwrap_or_else(|| behaviour.reason.clone()),
            holds: holds.unwrap_or(behaviour.holds),
            reads: reads.unwrap_or(behaviour.reads),
        };
        let behaviour = behaviour.clone();
        drop(state);
        self.changed.send_replace(());
        behaviour
    }

    /// Returns when a channel's messages are not held back, now or any more.
    pub async fn released(&self, company: CompanyId, channel: Uuid) {
        let mut changes = self.changed.subscribe();
        // It can't fail: the sender lives as long as `self`.
        drop(changes.wait_for(|()| !self.behaviour(company, channel).holds).await);
    }

    /// Why the channel's next message does not arrive; nothing if it does.
    pub fn take_failure(&self, company: CompanyId, channel: Uuid) -> Option<String> {
        let mut state = self.state();
        let behaviour = state.channels.get_mut(&(company, channel))?;
        behaviour.n_failures = behaviour.n_failures.checked_sub(1)?;
        Some(behaviour.reason.clone())
    }

    /// Has a company's next `n` webhook deliveries lost.
    pub fn drop_webhooks(&self, company: CompanyId, n: u32) {
        self.state().webhook_drops.insert(company, n);
    }

    /// Whether a company's next webhook delivery is lost.
    pub fn take_webhook_drop(&self, company: CompanyId) -> bool {
        match self.state().webhook_drops.get_mut(&company) {
            Some(n) if *n > 0 => {
                *n -= 1;
                true
            }
            _ => false,
        }
    }

    /// Everything of a company is as it was at first; what was held is released.
    pub fn reset(&self, company: CompanyId) {
        let mut state = self.state();
        state.channels.retain(|(owner, _), _| *owner != company);
        state.webhook_drops.remove(&company);
        drop(state);
        self.changed.send_replace(());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic while it is held")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPANY: CompanyId = CompanyId(Uuid::from_u128(1));
    const OTHER: CompanyId = CompanyId(Uuid::from_u128(2));
    const CHANNEL: Uuid = Uuid::from_u128(3);

    #[test]
    fn as_many_deliveries_fail_as_were_asked_for() {
        let mock = Mock::default();
        assert_eq!(mock.take_failure(COMPANY, CHANNEL), None);
        let change = BehaviourChange { n_failures: Some(2), ..BehaviourChange::default() };
        mock.change(COMPANY, CHANNEL, change);
        assert_eq!(mock.take_failure(OTHER, CHANNEL), None);
        assert_eq!(mock.take_failure(COMPANY, CHANNEL).as_deref(), Some(DEFAULT_REASON));
        assert_eq!(mock.behaviour(COMPANY, CHANNEL).n_failures, 1);
        assert!(mock.take_failure(COMPANY, CHANNEL).is_some());
        assert_eq!(mock.take_failure(COMPANY, CHANNEL), None);
    }

    #[test]
    fn as_many_webhooks_are_dropped_as_were_asked_for() {
        let mock = Mock::default();
        mock.drop_webhooks(COMPANY, 1);
        assert!(!mock.take_webhook_drop(OTHER));
        assert!(mock.take_webhook_drop(COMPANY));
        assert!(!mock.take_webhook_drop(COMPANY));
    }

    #[test]
    fn a_reset_concerns_one_company() {
        let mock = Mock::default();
        for company in [COMPANY, OTHER] {
            let change = BehaviourChange { reads: Some(true), ..BehaviourChange::default() };
            mock.change(company, CHANNEL, change);
            mock.drop_webhooks(company, 1);
        }
        mock.reset(COMPANY);
        assert_eq!(mock.behaviour(COMPANY, CHANNEL), Behaviour::default());
        assert!(!mock.take_webhook_drop(COMPANY));
        assert!(mock.behaviour(OTHER, CHANNEL).reads && mock.take_webhook_drop(OTHER));
    }

    #[tokio::test]
    async fn what_is_held_waits_for_its_release() {
        let mock = Mock::default();
        mock.released(COMPANY, CHANNEL).await;
        let hold = |holds| BehaviourChange { holds: Some(holds), ..BehaviourChange::default() };
        mock.change(COMPANY, CHANNEL, hold(true));
        tokio::join!(mock.released(COMPANY, CHANNEL), async {
            tokio::task::yield_now().await;
            mock.change(COMPANY, CHANNEL, hold(false));
        });
    }
}
