//! The visitor's session: opaque tokens that travel in the `Authorization` header and nowhere else.

use crate::{
    id::{CustomerId, WidgetId},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// Body of `POST /widget/v1/sessions`. The widget calls it when the visitor first does something, never for a page view.
///
/// Answers 201 with a [`Session`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateSession {
    pub widget_id: WidgetId,
}

/// A session's tokens. Also the answer of `POST /widget/v1/sessions/refresh`, which takes the refresh token in the
/// `Authorization` header and has no body.
///
/// Each refresh token works once. A client that lost the answer may try again with the same token as long as what was
/// answered has not been used; after that, a spent token ends the whole session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub customer_id: CustomerId,
    /// `Authorization: Bearer …` of every other call.
    pub access_token: String,
    pub access_expires_at: Timestamp,
    pub refresh_token: String,
    pub refresh_expires_at: Timestamp,
}
