//! The one shape of every refusal of `/widget/v1`.

use serde::{Deserialize, Serialize};

/// Body of every answer that is not a success.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    pub error: ErrorDetail,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorDetail {
    pub code: ErrorCode,
    /// A sentence for the developer who reads it. Never shown to visitors.
    pub message: String,
    /// What is wrong with which field, all of them at once; empty unless `code` is `invalid_fields`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldProblem>,
    /// Finds this request in the server's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldProblem {
    pub field: String,
    pub problem: String,
}

/// What went wrong, for programs. The HTTP status of each is in its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// 400: the body is not JSON, or its fields have other types than the documented ones.
    MalformedBody,
    /// 400: the address holds something that can't be what it should be (an id that is no UUID).
    MalformedAddress,
    /// 401: no token, or no `Bearer` one.
    TokenMissing,
    /// 401: a token that this server never gave out, or whose session has ended.
    TokenInvalid,
    /// 401: the access token's time is over; renew it.
    TokenExpired,
    /// 403: a page of a foreign origin asked.
    OriginRefused,
    /// 404: there is no such thing, or it is somebody else's.
    NotFound,
    /// 405: the address exists, the method doesn't.
    MethodNotAllowed,
    /// 408: the body came too slowly.
    RequestTimeout,
    /// 409: the conversation was closed; start a new one.
    ConversationClosed,
    /// 413: the body is larger than [`crate::limits::BODY_MAX_BYTES`].
    BodyTooLarge,
    /// 415: the body is not `application/json`.
    UnsupportedMediaType,
    /// 422: fields whose values can't be accepted; see `fields`.
    InvalidFields,
    /// 422: this client id was used before with another content.
    ClientIdReused,
    /// 429: too many requests; see `Retry-After`.
    TooManyRequests,
    /// 500: our fault; the log has the request id.
    Internal,
    /// 503: not now; see `Retry-After`.
    Unavailable,
    /// A code this version does not know.
    #[serde(other)]
    Unknown,
}
