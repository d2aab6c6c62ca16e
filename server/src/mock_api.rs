//! `/mock`: makes happen what a client can meet in production. In mock mode only.
//!
//! It uses the same use cases and the same kit as the conversation APIs; its refusals have the shape of `/widget/v1`.

mod deliveries;
mod incoming;
mod wire;

use self::wire::{ErrorBody, ErrorDetail, FieldProblem};
use crate::{
    app::App,
    dialect::{self, Asked, Dialect, bearer_token, params::Params, reason, status},
    domain::{ChannelChoice, ChannelKind, Error, Principal},
    openapi::Part,
};
use axum::{
    Router,
    http::{StatusCode, request::Parts},
};
use serde_json::{Value, json};
use shared::CompanyId;
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

struct MockApi;

/// Types of the document that no operation names.
#[derive(OpenApi)]
#[openapi(components(schemas(ErrorBody)))]
struct Schemas;

/// The API, with its part of the OpenAPI document.
pub fn part(app: &App) -> (Part, Router<App>) {
    let with_token = OpenApiRouter::with_openapi(Schemas::openapi())
        .routes(routes!(incoming::write_as_customer))
        .routes(routes!(incoming::read_as_customer))
        .routes(routes!(deliveries::set_behaviour))
        .routes(routes!(deliveries::release))
        .routes(routes!(deliveries::drop_webhooks))
        .routes(routes!(deliveries::reset));
    let (routes, document) = dialect::assemble::<MockApi>(app, with_token, None).split_for_parts();
    let part = Part {
        name: "mock",
        base: "/mock",
        document,
        refusals: documented_errors(),
        refusal_schema: "ErrorBody",
    };
    (part, routes)
}

/// Statuses with which any operation may refuse.
pub fn documented_errors() -> Vec<(u16, &'static str)> {
    vec![
        (400, "The request can't be read, or the channel can't be used"),
        (401, "No token, or one that is no good"),
        (403, "The token may not do that"),
        (404, "There is no such thing, or it is another company's"),
        (408, "The body came too slowly"),
        (409, "A request with this Idempotency-Key is under way"),
        (413, "The body is too large"),
        (415, "The body is neither JSON nor a form"),
        (422, "Fields that can't be accepted, all of them; or an Idempotency-Key used for another request"),
        (429, "The company has asked too much; see Retry-After"),
        (503, "Not now; see Retry-After"),
    ]
}

impl Dialect for MockApi {
    async fn authenticate(app: &App, parts: &mut Parts, _params: &Params) -> Result<Principal, Error> {
        if app.origin.is_foreign(&parts.headers) {
            return Err(Error::Forbidden("a page of another origin asked"));
        }
        let token = match parts.headers.get("x-private-api-token") {
            Some(value) => value.to_str().map_err(|_| Error::TokenInvalid)?,
            None => bearer_token(&parts.headers)?,
        };
        app.administration.authenticate(token).await
    }

    fn refuse(error: &Error, asked: &Asked) -> (StatusCode, Value) {
        let fields = match error {
            Error::InvalidFields(fields) => Some(fields.iter().map(FieldProblem::of).collect()),
            _ => None,
        };
        let (code, message) = (code(error), reason(error));
        let status = status(error);
        let request_id = status.is_server_error().then(|| asked.request_id.clone());
        (status, json!(ErrorBody { error: ErrorDetail { code, message, fields, request_id } }))
    }
}

/// What went wrong, for programs.
const fn code(error: &Error) -> &'static str {
    match error {
        Error::NotFound => "not_found",
        Error::ClientIdReused | Error::KeyReused => "key_reused",
        Error::KeyInUse => "key_in_use",
        Error::ConversationClosed => "conversation_closed",
        Error::InvalidFields(_) => "invalid_fields",
        Error::AlreadyExists(_) => "already_exists",
        Error::ChannelUnusable(_) => "channel_unusable",
        Error::CredentialsMissing => "token_missing",
        Error::TokenInvalid => "token_invalid",
        Error::TokenExpired => "token_expired",
        Error::Forbidden(_) => "forbidden",
        Error::Malformed(_) => "malformed_body",
        Error::TooSlow => "request_timeout",
        Error::TooLarge(_) => "body_too_large",
        Error::UnsupportedMediaType(_) => "unsupported_media_type",
        Error::MethodNotAllowed => "method_not_allowed",
        Error::TooManyRequests(_) => "too_many_requests",
        Error::Unavailable(_) => "unavailable",
        Error::Internal(_) => "internal",
    }
}

/// The company that is meant: the caller's, or one that the caller's tokens made.
async fn company_of(app: &App, caller: &Principal, num: Option<i64>) -> Result<CompanyId, Error> {
    match num {
        None => Ok(caller.company),
        Some(num) => app
            .store
            .company_by_num(caller.company, num)
            .await?
            .map(|company| company.id)
            .ok_or(Error::NotFound),
    }
}

/// Reads any name of a channel: its UUID, its number, or its kind.
fn channel_named(text: &str) -> Result<ChannelChoice, Error> {
    Uuid::try_parse(text)
        .ok()
        .map(ChannelChoice::Id)
        .or_else(|| text.parse().ok().map(ChannelChoice::Num))
        .or_else(|| ChannelKind::from_word(&text.to_ascii_lowercase()).map(ChannelChoice::Kind))
        .ok_or(Error::NotFound)
}
