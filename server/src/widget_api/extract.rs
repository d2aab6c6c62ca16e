//! Reading requests: who asks, for what, with which body. A handler that runs has got all of it right.

use crate::{
    app::App,
    auth::Token,
    client_address::ClientAddress,
    domain::VisitorSession,
    widget_api::error::{ApiError, Result},
};
use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use serde::de::DeserializeOwned;
use shared::ErrorCode;
use std::convert::Infallible;

/// The visitor whose access token came in the `Authorization` header.
pub struct Visitor(pub VisitorSession);

impl FromRequestParts<App> for Visitor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let token = bearer_token(&parts.headers)?;
        Ok(Self(app.sessions.authenticate(&token).await?))
    }
}

/// The same visitor, about to send something: counted, before the body is read.
pub struct Sender(pub VisitorSession);

impl FromRequestParts<App> for Sender {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let Visitor(visitor) = Visitor::from_request_parts(parts, app).await?;
        app.rate_limits.check_send(visitor.customer)?;
        Ok(Self(visitor))
    }
}

/// The same visitor, of whom the page tells something: counted, before the body is read.
pub struct Telling(pub VisitorSession);

impl FromRequestParts<App> for Telling {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let Visitor(visitor) = Visitor::from_request_parts(parts, app).await?;
        app.rate_limits.check_telling(visitor.customer)?;
        Ok(Self(visitor))
    }
}

/// Whom the request counts for; nobody where nothing is counted.
pub struct FromAddress(pub Option<ClientAddress>);

impl FromRequestParts<App> for FromAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, Infallible> {
        Ok(Self(parts.extensions.get().copied()))
    }
}

/// The token of an `Authorization: Bearer …` header.
pub fn bearer_token(headers: &HeaderMap) -> Result<Token> {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, token)| scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty())
        .map(|(_, token)| Token::from_client(token.trim()))
        .ok_or_else(|| ApiError::new(ErrorCode::TokenMissing, "send `Authorization: Bearer <token>`"))
}

/// A JSON body.
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self> {
        if !is_json(request.headers()) {
            let message = "send the body as `Content-Type: application/json`";
            return Err(ApiError::new(ErrorCode::UnsupportedMediaType, message));
        }
        let bytes =
            Bytes::from_request(request, app).await.map_err(|rejection| match rejection.status() {
                StatusCode::PAYLOAD_TOO_LARGE => {
                    ApiError::new(ErrorCode::BodyTooLarge, "the body may be at most 131072 bytes long")
                }
                _ => ApiError::new(ErrorCode::MalformedBody, "the body did not arrive whole"),
            })?;
        let value = serde_json::from_slice(&bytes).map_err(|error| {
            ApiError::new(ErrorCode::MalformedBody, format!("the body can't be read: {}", told(&error)))
        })?;
        Ok(Self(value))
    }
}

/// What is wrong with a body, without what stands in it: refusals are logged by clients, and repeat nothing.
fn told(error: &serde_json::Error) -> String {
    let whole = error.to_string();
    if error.is_data() && !whole.starts_with("missing field") {
        let (line, column) = (error.line(), error.column());
        return format!("a field is not of the documented type at line {line} column {column}");
    }
    whole
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}

/// What stands in the path.
pub struct InPath<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for InPath<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        match Path::from_request_parts(parts, app).await {
            Ok(Path(value)) => Ok(Self(value)),
            // What stands there is not repeated.
            Err(_) => Err(ApiError::new(ErrorCode::MalformedAddress, "an id in the address is not a UUID")),
        }
    }
}

/// What stands in the query.
pub struct InQuery<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for InQuery<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        match Query::from_request_parts(parts, app).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => Err(ApiError::new(ErrorCode::MalformedAddress, rejection.body_text())),
        }
    }
}
