//! Everything that can go wrong, as the inside sees it. Each API turns it into its own shape.

/// A field whose value can't be accepted, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidField {
    pub field: &'static str,
    pub kind: Problem,
    /// A sentence for the developer who reads it.
    pub problem: String,
}

/// What is wrong with a field, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It is not there.
    Missing,
    /// It is something else than what it has to be: text for a number, no UUID for an id.
    Type,
    /// It is the right kind of thing, with a value that can't be accepted.
    Value,
}

impl InvalidField {
    pub fn missing(field: &'static str) -> Self {
        Self { field, kind: Problem::Missing, problem: "is required".into() }
    }

    pub fn wrong_type(field: &'static str, expected: &str) -> Self {
        Self { field, kind: Problem::Type, problem: format!("must be {expected}") }
    }

    pub fn value(field: &'static str, problem: impl Into<String>) -> Self {
        Self { field, kind: Problem::Value, problem: problem.into() }
    }
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
    /// Something that may be there once is there already: a channel of a kind, an external id, a widget's domain.
    #[error("there is one already: {0}")]
    AlreadyExists(&'static str),
    /// A channel that can't be used: unknown, another company's, switched off, or none where one is needed.
    #[error("the channel can't be used: {0}")]
    ChannelUnusable(&'static str),
    /// No credentials at all.
    #[error("credentials are missing")]
    CredentialsMissing,
    /// Good credentials that don't allow this.
    #[error("this token may not do that: {0}")]
    Forbidden(&'static str),
    /// The body or the address can't be understood at all.
    #[error("the request can't be read: {0}")]
    Malformed(String),
    #[error("the body may be at most {0} bytes long")]
    TooLarge(u64),
    #[error("the body must be {0}")]
    UnsupportedMediaType(&'static str),
    /// The body stood still, or trickled.
    #[error("the body came too slowly")]
    TooSlow,
    #[error("this address has other methods; see the Allow header")]
    MethodNotAllowed,
    /// The company has asked too much; it may come back after so many seconds.
    #[error("too many requests; come back in {0} s")]
    TooManyRequests(u64),
    /// An Idempotency-Key came again with another request.
    #[error("this Idempotency-Key was used before with another request")]
    KeyReused,
    /// An Idempotency-Key whose request is still being answered.
    #[error("the request with this Idempotency-Key is still being answered")]
    KeyInUse,
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
        Self::InvalidFields(vec![InvalidField::value(field, problem)])
    }

    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(source.into())
    }
}

impl From<InvalidField> for Error {
    fn from(field: InvalidField) -> Self {
        Self::InvalidFields(vec![field])
    }
}
