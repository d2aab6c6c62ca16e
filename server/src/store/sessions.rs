//! Visitors' sessions, and the sessions of the iRiS API.

use crate::domain::{ApiToken, GuestSession, Hash, NewTokens, Result, VisitorSession, session::Renewal};
use async_trait::async_trait;
use shared::{CompanyId, CustomerId, Timestamp, WidgetId};
use uuid::Uuid;

#[derive(Clone, Debug)]
pub struct NewSession {
    pub id: Uuid,
    pub company: CompanyId,
    pub widget: WidgetId,
    /// Stored with the session, as a customer about whom nothing is known.
    pub customer: CustomerId,
    pub tokens: NewTokens,
    pub at: Timestamp,
}

#[async_trait]
pub trait SessionStore: Send + Sync + 'static {
    async fn create_session(&self, session: NewSession) -> Result<()>;
    async fn session_by_access(&self, access_hash: Hash) -> Result<Option<VisitorSession>>;
    async fn note_session_used(&self, session: Uuid) -> Result<()>;
    /// Finds the session of a refresh token and does with it what [`crate::domain::session::renew`] says. `None` for a
    /// token nobody was given.
    async fn renew_session(
        &self,
        refresh_hash: Hash,
        tokens: NewTokens,
        now: Timestamp,
    ) -> Result<Option<(VisitorSession, Renewal)>>;

    /// Also forgets those whose time is over.
    async fn create_guest_session(&self, session: GuestSession, at: Timestamp) -> Result<()>;
    /// The session, and the API token it stands for.
    async fn guest_session(&self, hash: Hash) -> Result<Option<(GuestSession, ApiToken)>>;
    async fn extend_guest_session(&self, hash: Hash, expires_at: Timestamp) -> Result<()>;
}
