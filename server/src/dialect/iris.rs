//! iRiS V40, `/API/V40`: hotel guest messaging. One envelope for every answer, and a session whose token it repeats.

pub mod conversations;
mod convert;
pub mod messages;
pub mod sessions;
pub mod wire;

use self::wire::{ErrorBody, ErrorCode};
use crate::{
    app::App,
    auth::Token,
    dialect::{
        self, Asked, Dialect, Refusal, Session,
        fields::text,
        params::{Param, Params},
        reason, status,
    },
    domain::{Error, GuestSession, Principal},
    openapi::Part,
};
use axum::{
    Router,
    body::Body,
    extract::FromRequestParts,
    http::{StatusCode, header, request::Parts},
    middleware,
    response::Response,
};
use http_body_util::{BodyExt, Collected};
use serde_json::{Value, json};
use utoipa_axum::{router::OpenApiRouter, routes};

pub struct Iris;

/// Every route of the API.
pub fn router(app: &App) -> OpenApiRouter<App> {
    let with_token = OpenApiRouter::new()
        .routes(routes!(sessions::initialise))
        .routes(routes!(sessions::initialise_by_room))
        .routes(routes!(conversations::create_conversation, conversations::list_conversations))
        .routes(routes!(conversations::create_non_verified_guest_conversation))
        .routes(routes!(conversations::get_conversation))
        .routes(routes!(conversations::mark_conversation_read))
        .routes(routes!(messages::create_message))
        .routes(routes!(messages::list_messages));
    dialect::assemble::<Iris>(app, with_token, None).layer(middleware::map_response(repeat_session))
}

/// The API, with its part of the OpenAPI document.
pub fn part(app: &App) -> (Part, Router<App>) {
    let (routes, document) = router(app).split_for_parts();
    let part = Part {
        name: "iris",
        base: "/API/V40",
        document,
        refusals: documented_errors(),
        refusal_schema: "ErrorBody",
    };
    (part, routes)
}

/// Statuses with which any operation may refuse. Every other refusal is an envelope with the status 200.
pub fn documented_errors() -> Vec<(u16, &'static str)> {
    vec![
        (400, "The request can't be read"),
        (408, "The body came too slowly"),
        (413, "The body is too large"),
        (415, "The body is neither JSON nor a form"),
        (429, "The company has asked too much; see Retry-After"),
        (503, "Not now; see Retry-After"),
    ]
}

impl Dialect for Iris {
    const FOLDS_CASE: bool = true;

    /// By the session token. What opens a session has none yet, and brings the API token instead.
    async fn authenticate(app: &App, parts: &mut Parts, params: &Params) -> Result<Principal, Error> {
        if parts.uri.path().starts_with(sessions::PATH) {
            return sessions::authenticate(app, parts, params).await;
        }
        let token = session_token(params).ok_or(Error::CredentialsMissing)?;
        let (session, principal) = app.guest_sessions.resume(&Token::from_client(&token)).await?;
        parts.extensions.insert(session);
        parts.extensions.insert(Session(token));
        Ok(principal)
    }

    /// The envelope of a failure. Its status is 200 like every answer's, except where no answer was got to: the request
    /// can't be read, there was no time for it, or it is our own fault.
    fn refuse(error: &Error, asked: &Asked) -> (StatusCode, Value) {
        let code = ErrorCode::of(error);
        let status = match status(error) {
            status if status.is_server_error() => status,
            status @ (StatusCode::METHOD_NOT_ALLOWED
            | StatusCode::REQUEST_TIMEOUT
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::UNSUPPORTED_MEDIA_TYPE
            | StatusCode::TOO_MANY_REQUESTS) => status,
            status if matches!(error, Error::Malformed(_)) => status,
            _ => StatusCode::OK,
        };
        let message = match error {
            Error::CredentialsMissing => "sessionToken is required".to_owned(),
            Error::TokenInvalid | Error::TokenExpired => "the session is over, or never was".to_owned(),
            error => reason(error),
        };
        let request_id = status.is_server_error().then(|| asked.request_id.clone());
        (status, json!(ErrorBody::new(asked.session.clone(), code, message, request_id)))
    }
}

/// The session token of a request, if there is anything that could be one.
fn session_token(params: &Params) -> Option<String> {
    match params.get("SessionToken")? {
        Param::Json(Value::Null) => None,
        // What is no text is no token either.
        param => Some(text(param).unwrap_or_default()),
    }
    .filter(|token| !token.is_empty())
}

/// The session that a request is made in.
pub struct InSession(pub GuestSession);

impl FromRequestParts<App> for InSession {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> dialect::Result<Self> {
        let session = parts.extensions.get::<GuestSession>().ok_or(Error::CredentialsMissing)?;
        Ok(Self(session.clone()))
    }
}

/// Puts the session's token into the envelope of a success. That is done last of all, so that no answer that is kept for
/// an Idempotency-Key holds a token.
async fn repeat_session(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let Some(Session(token)) = parts.extensions.remove::<Session>() else {
        return Response::from_parts(parts, body);
    };
    let bytes = body.collect().await.map(Collected::to_bytes).unwrap_or_default();
    parts.headers.remove(header::CONTENT_LENGTH);
    let body = match bytes.strip_prefix(wire::WITHOUT_SESSION) {
        Some(rest) => {
            [br#"{"sessionToken":"#, Value::String(token).to_string().as_bytes(), rest].concat().into()
        }
        None => Body::from(bytes),
    };
    Response::from_parts(parts, body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::IntoResponse;

    #[tokio::test]
    async fn the_token_takes_its_place_in_an_envelope_and_touches_nothing_else() {
        let repeat = async |body: &'static str| {
            let mut response = body.into_response();
            response.extensions_mut().insert(Session("t".into()));
            repeat_session(response).await.into_body().collect().await.unwrap().to_bytes()
        };
        assert_eq!(
            repeat(r#"{"sessionToken":null,"status":"x"}"#).await,
            r#"{"sessionToken":"t","status":"x"}"#
        );
        assert_eq!(repeat("something else").await, "something else");
    }
}
