//! Pantheon, `/v1.0`: one conversation with a person over many messaging apps, in the style of remote procedures. JSON, short
//! codes for ids, `Authorization: T` with the bare token.

pub mod apps;
pub mod auth;
pub mod conversations;
mod convert;
mod wire;

use self::{
    auth::{Credentials, credentials},
    wire::ErrorBody,
};
use crate::{
    app::App,
    dialect::{self, Asked, Dialect, params::Params, reason, status},
    domain::{Error, Principal},
    openapi::Part,
};
use axum::{
    Router,
    http::{StatusCode, request::Parts},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

const BASE: &str = "/v1.0";

pub struct Pantheon;

/// Types of the document that no operation names.
#[derive(OpenApi)]
#[openapi(components(schemas(ErrorBody)))]
struct Schemas;

/// Every route of the API.
pub fn router(app: &App) -> OpenApiRouter<App> {
    let with_token = OpenApiRouter::with_openapi(Schemas::openapi())
        .routes(routes!(apps::list_apps))
        .routes(routes!(auth::create_access_token))
        .routes(routes!(conversations::start_conversation))
        .routes(routes!(conversations::reply_to_conversation))
        .routes(routes!(conversations::get_conversation))
        .routes(routes!(conversations::list_messages));
    dialect::assemble::<Pantheon>(app, with_token, None)
}

/// The API, with its part of the OpenAPI document.
pub fn part(app: &App) -> (Part, Router<App>) {
    let (routes, document) = router(app).split_for_parts();
    let part = Part {
        name: "pantheon",
        base: BASE,
        document,
        refusals: documented_errors(),
        refusal_schema: "ErrorBody",
    };
    (part, routes)
}

/// Statuses with which any operation may refuse.
pub fn documented_errors() -> Vec<(u16, &'static str)> {
    vec![
        (400, "Something can't be accepted; `errors` has an object for each wrong field"),
        (401, "No token, or one that is no good"),
        (403, "The token may not do that"),
        (404, "There is no such thing, or it is another company's"),
        (408, "The body came too slowly"),
        (409, "The conversation is closed, or a request with this Idempotency-Key is under way"),
        (413, "The body is too large"),
        (415, "The body is neither JSON nor a form"),
        (422, "The Idempotency-Key was used before with another request"),
        (429, "The company has asked too much; see Retry-After"),
        (503, "Not now; see Retry-After"),
    ]
}

impl Dialect for Pantheon {
    async fn authenticate(app: &App, parts: &mut Parts, _params: &Params) -> Result<Principal, Error> {
        match credentials(&parts.headers)? {
            Credentials::Token(token) => app.administration.authenticate(&token).await,
            Credentials::Halves(client) => {
                let principal = app.administration.authenticate(&client.token).await?;
                parts.extensions.insert(client);
                Ok(principal)
            }
        }
    }

    /// `{"message": …}`; with a 400 also `errors`, an object for each wrong field: `[{"on": "is required"}]`.
    fn refuse(error: &Error, asked: &Asked) -> (StatusCode, Value) {
        let wrong = |field: &'static str, problem: &str| BTreeMap::from([(field, problem.to_owned())]);
        let (status, errors) = match error {
            Error::InvalidFields(fields) => {
                let errors = fields.iter().map(|field| wrong(field.field, &field.problem)).collect();
                (StatusCode::BAD_REQUEST, errors)
            }
            // The fields that can be wrong in these ways.
            Error::ChannelUnusable(problem) => (status(error), vec![wrong("on", problem)]),
            Error::AlreadyExists(problem) => (status(error), vec![wrong("with", problem)]),
            _ => (status(error), Vec::new()),
        };
        let body = ErrorBody {
            message: reason(error),
            errors: (status == StatusCode::BAD_REQUEST).then_some(errors),
            request_id: status.is_server_error().then(|| asked.request_id.clone()),
        };
        (status, json!(body))
    }
}
