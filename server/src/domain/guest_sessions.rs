//! Sessions of programs that ask for one before anything else: opening one, recognising it, keeping it alive.

use crate::{
    auth::Token,
    clock::Clock,
    domain::{Error, GuestSession, Principal, Result},
    store::Store,
};
use shared::CustomerId;
use std::sync::Arc;

/// How long a session is good for without being used.
const GOOD_FOR_SECONDS: i64 = 24 * 60 * 60;
/// How exactly that is counted. Noting each use would write for each request.
const EXTENDED_EVERY_SECONDS: i64 = 60 * 60;

#[derive(Clone)]
pub struct GuestSessions {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
}

impl GuestSessions {
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Opens a session that stands for the caller's API token, and for a guest if one is named. What is answered is the
    /// only time its token is seen.
    pub async fn open(
        &self,
        caller: &Principal,
        guest: Option<CustomerId>,
        language: Option<String>,
    ) -> Result<Token> {
        let at = self.clock.now();
        let token = Token::generate();
        let session = GuestSession {
            hash: token.hash(),
            company: caller.company,
            token: caller.token,
            customer: guest,
            language,
            expires_at: at.plus_seconds(GOOD_FOR_SECONDS),
        };
        self.store.create_guest_session(session, at).await?;
        Ok(token)
    }

    /// The session of a token, and the holder of the API token it stands for. When that one is revoked, the session is
    /// over too.
    pub async fn resume(&self, token: &Token) -> Result<(GuestSession, Principal)> {
        let (session, stood_for) =
            self.store.guest_session(token.hash()).await?.ok_or(Error::TokenInvalid)?;
        let now = self.clock.now();
        if now >= session.expires_at {
            return Err(Error::TokenExpired);
        }
        let principal = Principal::of(stood_for)?;
        let expires_at = now.plus_seconds(GOOD_FOR_SECONDS);
        if expires_at >= session.expires_at.plus_seconds(EXTENDED_EVERY_SECONDS) {
            self.store.extend_guest_session(session.hash, expires_at).await?;
        }
        Ok((session, principal))
    }
}
