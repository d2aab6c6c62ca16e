//! Visitors' sessions, and the sessions of the iRiS API.

use crate::{
    auth::identity::Identity,
    domain::{ApiToken, GuestSession, Hash, NewTokens, Result, VisitorSession, session::Renewal},
};
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

/// A visitor of a widget is identified.
#[derive(Clone, Debug)]
pub struct Identification {
    pub company: CompanyId,
    pub widget: WidgetId,
    pub identity: Identity,
    /// The refresh token that came with it.
    pub presented: Option<Hash>,
    pub tokens: NewTokens,
    /// Of the session, and of the customer, if one is made.
    pub session_id: Uuid,
    pub customer_id: CustomerId,
    pub at: Timestamp,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identified {
    /// The session is this customer's now.
    As {
        customer: CustomerId,
        /// The anonymous customer that turned out to be the same.
        continues: Option<CustomerId>,
        /// Sessions that are not any more what they were, whose streams are to be closed.
        changed: Vec<(CustomerId, Uuid)>,
    },
    /// The refresh token was not accepted.
    Refused,
    /// Nor will any other of its session be: somebody has a copy of its tokens.
    Ended(CustomerId, Uuid),
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

    /// Makes the session of a refresh token that of the customer with an external id, under the rule of
    /// [`crate::domain::session::renew`]; without a token makes one. An anonymous customer becomes that customer, and what is
    /// theirs moves there; the session of somebody else ends.
    async fn identify(&self, identification: Identification) -> Result<Identified>;
    /// Ends the session of an access token or of any of its refresh tokens. `None` where there is none, or it is over.
    async fn end_session(&self, token_hash: Hash, at: Timestamp) -> Result<Option<(CustomerId, Uuid)>>;

    /// Also forgets those whose time is over.
    async fn create_guest_session(&self, session: GuestSession, at: Timestamp) -> Result<()>;
    /// The session, and the API token it stands for.
    async fn guest_session(&self, hash: Hash) -> Result<Option<(GuestSession, ApiToken)>>;
    async fn extend_guest_session(&self, hash: Hash, expires_at: Timestamp) -> Result<()>;
}
