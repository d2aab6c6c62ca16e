//! Everything that can go wrong, as the inside sees it. Each API turns it into its own shape.

/// A field whose value can't be accepted, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidField {
    pub field: &'static str,
    pub problem: String,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing, or it belongs to somebody else. The two are never told apart.
    #[error("there is no such thing here")]
    NotFound,
    /// A client id came again with another content.
    #[error("this client id was used before with another content")]
    ClientIdReused,
    /// A message into a conversation that was closed.
    #[error("the conversation is closed")]
    ConversationClosed,
    #[error("{} field(s) can't be accepted", .0.len())]
    InvalidFields(Vec<InvalidField>),
    /// A token nobody was given, or of a session that has ended.
    #[error("the token is not valid")]
    TokenInvalid,
    /// An access token whose time is over, in a session that goes on.
    #[error("the access token has expired")]
    TokenExpired,
    /// Nothing was done; later it may work.
    #[error("not available now: {0}")]
    Unavailable(&'static str),
    /// Our fault, or the machine's. What it was is for the log and never for an answer.
    #[error("internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub fn invalid(field: &'static str, problem: impl Into<String>) -> Self {
        Self::InvalidFields(vec![InvalidField { field, problem: problem.into() }])
    }

    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(source.into())
    }
}
