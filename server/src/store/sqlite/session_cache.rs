//! Sessions by the hash of their access token, so that a visitor's request need not wait for a read.

use crate::domain::{Hash, VisitorSession};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard},
};

/// Sessions kept, some 200 bytes each. When there are more, all are forgotten, and those in use come back by themselves.
const N_KEPT: usize = 8192;

/// Whatever changes a session empties the whole of it, before that change is answered: so what is in here is as the
/// database has it.
#[derive(Default)]
pub(super) struct SessionCache(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    sessions: HashMap<Hash, VisitorSession>,
    generation: u64,
}

/// How often everything had been forgotten when something was not found.
#[derive(Clone, Copy)]
pub(super) struct Generation(u64);

impl SessionCache {
    pub fn get(&self, access_hash: &Hash) -> Result<VisitorSession, Generation> {
        let inner = self.inner();
        inner.sessions.get(access_hash).cloned().ok_or(Generation(inner.generation))
    }

    /// Keeps what was read after [`Self::get`] had not found it, unless a session has changed since: then what was read may
    /// be what it was before.
    pub fn put(&self, asked_in: Generation, access_hash: Hash, session: &VisitorSession) {
        let mut inner = self.inner();
        if inner.generation != asked_in.0 {
            return;
        }
        if inner.sessions.len() >= N_KEPT {
            inner.sessions.clear();
        }
        inner.sessions.insert(access_hash, session.clone());
    }

    pub fn forget(&self) {
        let mut inner = self.inner();
        inner.generation += 1;
        inner.sessions.clear();
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().expect("no panic while it is held")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::{CompanyId, CustomerId, Timestamp, WidgetId};
    use uuid::Uuid;

    const HASH: Hash = [7; 32];

    fn session() -> VisitorSession {
        VisitorSession {
            id: Uuid::from_u128(1),
            company: CompanyId(Uuid::from_u128(2)),
            widget: WidgetId(Uuid::from_u128(3)),
            customer: CustomerId(Uuid::from_u128(4)),
            access_expires_at: Timestamp(5),
            refresh_expires_at: Timestamp(6),
            is_used: true,
            has_ended: false,
        }
    }

    #[test]
    fn what_was_read_before_a_session_changed_is_not_kept_after_it() {
        let cache = SessionCache::default();
        let asked_in = cache.get(&HASH).unwrap_err();
        cache.forget();
        cache.put(asked_in, HASH, &session());
        let asked_in = cache.get(&HASH).unwrap_err();
        cache.put(asked_in, HASH, &session());
        assert_eq!(cache.get(&HASH).unwrap_or_else(|_| panic!("it is kept")), session());
        cache.forget();
        assert!(cache.get(&HASH).is_err());
    }
}
