//! Pingback, `/api/v1`: our own tongue. JSON, UUIDs, ISO 8601 times, `Authorization: Bearer`.

pub mod conversations;
mod convert;
mod wire;

use crate::{
    app::App,
    dialect::{self, Asked, Dialect, bearer_token, params::Params, reason, status},
    domain::{Error, Principal, Problem},
    openapi::Part,
};
use axum::{
    Router,
    http::{Method, StatusCode, request::Parts},
};
use serde_json::{Value, json};
use utoipa_axum::{router::OpenApiRouter, routes};

pub struct Pingback;

/// Every route of the API.
pub fn router(app: &App) -> OpenApiRouter<App> {
    let with_token = OpenApiRouter::new().routes(routes!(conversations::create_conversation));
    dialect::assemble::<Pingback>(app, with_token, None)
}

/// The API, with its part of the OpenAPI document.
pub fn part(app: &App) -> (Part, Router<App>) {
    let (routes, document) = router(app).split_for_parts();
    let part = Part {
        name: "pingback",
        base: "/api/v1",
        document,
        refusals: documented_errors(),
        refusal_schema: "Detail",
    };
    (part, routes)
}

/// Statuses with which any operation may refuse.
fn documented_errors() -> Vec<(u16, &'static str)> {
    vec![
        (400, "The request can't be read"),
        (401, "No token, or one that is no good"),
        (403, "The token may not do that"),
        (404, "There is no such thing, or it is another company's"),
        (409, "The conversation is closed, or a request with this Idempotency-Key is under way"),
        (413, "The body is too large"),
        (415, "The body is neither JSON nor a form"),
        (422, "Fields that can't be accepted, all of them; or an Idempotency-Key used for another request"),
        (429, "The company has asked too much; see Retry-After"),
        (503, "Not now; see Retry-After"),
    ]
}

impl Dialect for Pingback {
    async fn authenticate(app: &App, parts: &mut Parts, _params: &Params) -> Result<Principal, Error> {
        app.administration.authenticate(bearer_token(&parts.headers)?).await
    }

    /// `{"detail": …}`: a sentence, or for fields that can't be accepted a list that says where each is.
    fn refuse(error: &Error, asked: &Asked) -> (StatusCode, Value) {
        let Error::InvalidFields(fields) = error else {
            let mut body = json!({ "detail": reason(error) });
            if status(error).is_server_error() {
                body["request_id"] = asked.request_id.clone().into();
            }
            return (status(error), body);
        };
        let is_in_query = [Method::GET, Method::HEAD, Method::DELETE].contains(&asked.method);
        let place = if is_in_query { "query" } else { "body" };
        let details: Vec<Value> = fields
            .iter()
            .map(|field| {
                let (kind, message) = match field.kind {
                    Problem::Missing => ("missing", "Field required".to_owned()),
                    Problem::Type => ("type_error", format!("Input {}", field.problem)),
                    Problem::Value => ("value_error", format!("Input {}", field.problem)),
                };
                json!({ "loc": [place, field.field], "msg": message, "type": kind })
            })
            .collect();
        (status(error), json!({ "detail": details }))
    }
}
