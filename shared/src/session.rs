//! The visitor's session: opaque tokens that travel in the `Authorization` header and nowhere else. And how
//! a visitor is identified, and what a page may say of them.

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

/// Body of `POST /widget/v1/identity`: the business says who its visitor is.
///
/// Answers with a [`Session`] of that customer. The refresh token of the session that the visitor has, if any, is sent in
/// the `Authorization` header, and used up as by a renewal: an anonymous visitor becomes the identified one and keeps their
/// conversations; a session of somebody else ends.
///
/// A `token` that can't be accepted gets 422 `invalid_fields`; one whose time is over 401 `token_expired`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identify {
    pub widget_id: WidgetId,
    /// A JWT, signed by the business with the widget's secret.
    pub token: String,
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
    /// Of an identified visitor: whose session it was until now, if they are one and the same. What that visitor had, this
    /// one has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continues: Option<CustomerId>,
}
