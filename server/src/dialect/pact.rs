//! Pact, `/p1`: companies, integer ids, form bodies, delivery jobs, webhooks. `X-Private-Api-Token`, or
//! `private_api_token` among the parameters.
//!
//! Every address under a company names it by its number: the token's company, or one that was made with its tokens.

mod address;
mod attachments;
mod channels;
mod companies;
mod conversations;
mod convert;
mod jobs;
mod messages;
pub(crate) mod paging;
mod schema;
pub mod webhook;
mod wire;

use self::wire::{ErrorBody, Errored};
use crate::{
    app::App,
    dialect::{
        self, Asked, Dialect,
        params::{Param, Params},
        reason, upload,
    },
    domain::{Error, Principal},
    openapi::Part,
};
use axum::{
    Router,
    http::{HeaderName, StatusCode, request::Parts},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouterExt},
    routes,
};

pub struct Pact;

const TOKEN: HeaderName = HeaderName::from_static("x-private-api-token");

/// Every route of the API.
pub fn router(app: &App) -> OpenApiRouter<App> {
    let with_token = OpenApiRouter::new()
        .routes(routes!(companies::list_companies, companies::create_company))
        .routes(routes!(companies::update_company))
        .routes(routes!(channels::list_channels, channels::create_channel))
        .routes(routes!(channels::update_channel, channels::delete_channel, channels::write_on_channel))
        .routes(routes!(channels::start_on_channel))
        .routes(routes!(channels::user_exists))
        .routes(routes!(jobs::get_job))
        .routes(routes!(conversations::list_conversations, conversations::create_conversation))
        .routes(routes!(conversations::get_conversation))
        .routes(routes!(conversations::update_note))
        .routes(routes!(conversations::assign_conversation))
        .routes(routes!(conversations::toggle_bitrix_block))
        .routes(routes!(messages::list_messages, messages::send_message))
        .routes(routes!(attachments::upload_attachment).layer(upload::body_limit(app)));
    dialect::assemble::<Pact>(app, with_token, None)
}

/// The API, with its part of the document of all of them.
pub fn part(app: &App) -> (Part, Router<App>) {
    let (routes, document) = router(app).split_for_parts();
    let part = Part {
        name: "pact",
        base: "/p1",
        document,
        refusals: documented_errors(),
        refusal_schema: "ErrorBody",
    };
    (part, routes)
}

/// Statuses with which any operation may refuse.
pub fn documented_errors() -> Vec<(u16, &'static str)> {
    vec![
        (400, "The request can't be read, or has fields that can't be accepted: all of them are named"),
        (401, "No token, or one that is no good"),
        (403, "The token may not do that"),
        (404, "There is no such thing, or it is another company's"),
        (408, "The body came too slowly"),
        (409, "A request with this Idempotency-Key is under way"),
        (413, "The body is too large"),
        (415, "The body is neither JSON nor a form"),
        (422, "The Idempotency-Key was used for another request"),
        (429, "The company has asked too much; see Retry-After"),
        (503, "Not now; see Retry-After"),
    ]
}

impl Dialect for Pact {
    async fn authenticate(app: &App, parts: &mut Parts, params: &Params) -> Result<Principal, Error> {
        app.administration.authenticate(token_of(parts, params).ok_or(Error::CredentialsMissing)?).await
    }

    /// `{"status":"errored","error":"…","errors":{"field":["…"]}}`
    fn refuse(error: &Error, asked: &Asked) -> (StatusCode, Value) {
        let status = match error {
            // This API knows neither 409 nor 422 for what a client has written.
            Error::InvalidFields(_) | Error::ConversationClosed => StatusCode::BAD_REQUEST,
            error => dialect::status(error),
        };
        let mut errors: BTreeMap<String, Vec<String>> = BTreeMap::new();
        if let Error::InvalidFields(fields) = error {
            for field in fields {
                errors.entry(field.field.to_owned()).or_default().push(field.problem.clone());
            }
        }
        let body = ErrorBody {
            status: Errored::Errored,
            error: reason(error),
            errors,
            request_id: status.is_server_error().then(|| asked.request_id.clone()),
        };
        (status, json!(body))
    }
}

fn token_of<'r>(parts: &'r Parts, params: &'r Params) -> Option<&'r str> {
    let header = parts.headers.get(TOKEN).and_then(|value| value.to_str().ok());
    let param = || match params.get("private_api_token")? {
        Param::Text(values) => values.last().map(String::as_str),
        Param::Json(value) => value.as_str(),
    };
    header.or_else(param).map(str::trim).filter(|token| !token.is_empty())
}
