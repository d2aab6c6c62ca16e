//! Visitor sessions, and the rules for renewing one.

use shared::{CompanyId, CustomerId, Timestamp, WidgetId};
use uuid::Uuid;

/// SHA-256 of a token. The token itself is never stored.
pub type Hash = [u8; 32];

/// A session as a request sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisitorSession {
    pub id: Uuid,
    pub company: CompanyId,
    pub widget: WidgetId,
    pub customer: CustomerId,
    pub access_expires_at: Timestamp,
    pub refresh_expires_at: Timestamp,
    /// Whether the access token now valid has been used.
    pub is_used: bool,
    pub has_ended: bool,
}

/// The hashes and ends of a new pair of tokens.
#[derive(Clone, Copy, Debug)]
pub struct NewTokens {
    pub access_hash: Hash,
    pub access_expires_at: Timestamp,
    pub refresh_hash: Hash,
    pub refresh_expires_at: Timestamp,
}

/// Which of a session's refresh tokens was presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PresentedRefresh {
    /// The one now valid.
    Current,
    /// The one exchanged last.
    Previous,
    /// One exchanged before that.
    Older,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// Give out new tokens.
    Renew,
    /// Refuse.
    Refuse,
    /// Refuse, and end the session: somebody has a copy of its tokens.
    EndSession,
}

/// Decides over a refresh token.
///
/// A token is good once. The one exception is a client that never got the answer: it comes back with the previous token
/// while nobody has used what was answered.
pub fn renew(session: &VisitorSession, presented: PresentedRefresh, now: Timestamp) -> Renewal {
    if session.has_ended || now >= session.refresh_expires_at {
        return Renewal::Refuse;
    }
    match presented {
        PresentedRefresh::Current => Renewal::Renew,
        PresentedRefresh::Previous if !session.is_used => Renewal::Renew,
        PresentedRefresh::Previous | PresentedRefresh::Older => Renewal::EndSession,
    }
}
