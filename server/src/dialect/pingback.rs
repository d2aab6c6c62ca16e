//! Pingback, `/api/v1`: our own tongue. JSON, UUIDs, ISO 8601 times, `Authorization: Bearer`.

mod actions;
mod attachments;
mod channels;
mod conversations;
mod convert;
mod customers;
mod stream;
mod team;
pub mod webhook;
mod webhooks;
mod widgets;
mod wire;

pub use wire::Detail as ErrorBody;

use crate::{
    app::App,
    dialect::{self, Asked, Dialect, bearer_token, params::Params, reason, status, upload},
    domain::{Error, Principal, Problem},
    openapi::Part,
};
use axum::{
    Router,
    http::{Method, StatusCode, request::Parts},
};
use serde_json::{Value, json};
use shared::CompanyId;
use utoipa_axum::{router::OpenApiRouter, routes};
use wire::{Detail, FieldDetail, Reason};

pub struct Pingback;

/// Every route of the API.
pub fn router(app: &App) -> OpenApiRouter<App> {
    let with_token = OpenApiRouter::new()
        .routes(routes!(conversations::list_conversations, conversations::create_conversation))
        .routes(routes!(conversations::get_conversation))
        .routes(routes!(conversations::send_message))
        .routes(routes!(actions::resolve_conversation))
        .routes(routes!(actions::close_conversation))
        .routes(routes!(actions::reopen_conversation))
        .routes(routes!(actions::assign_conversation))
        .routes(routes!(team::list_members))
        .routes(routes!(team::set_status))
        .routes(routes!(team::assign_conversation))
        .routes(routes!(customers::list_customers, customers::create_customer))
        .routes(routes!(customers::get_customer, customers::change_customer, customers::delete_customer))
        .routes(routes!(channels::list_channels, channels::create_channel))
        .routes(routes!(channels::change_channel, channels::delete_channel))
        .routes(routes!(widgets::create_widget))
        .routes(routes!(widgets::change_widget))
        .routes(routes!(webhooks::list_webhooks, webhooks::create_webhook))
        .routes(routes!(webhooks::delete_webhook))
        .routes(routes!(stream::stream_events))
        .merge(
            OpenApiRouter::new()
                .routes(routes!(attachments::upload_attachment))
                .layer(upload::body_limit(app)),
        );
    let without_token = OpenApiRouter::new().routes(routes!(widgets::get_widget));
    dialect::assemble::<Pingback>(app, with_token, Some(without_token))
}

/// A token acts for its own company, whatever a body says.
fn check_business(caller: &Principal, business: Option<CompanyId>) -> Result<(), Error> {
    match business {
        Some(business) if business != caller.company => {
            Err(Error::Forbidden("business_id is not its company"))
        }
        _ => Ok(()),
    }
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
        (408, "The body came too slowly"),
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
        let status = status(error);
        let detail = match error {
            Error::InvalidFields(fields) => {
                let is_in_query = [Method::GET, Method::HEAD, Method::DELETE].contains(&asked.method);
                let place = if is_in_query { "query" } else { "body" };
                let field_detail = |field: &crate::domain::InvalidField| {
                    let (kind, msg) = match field.kind {
                        Problem::Missing => ("missing", "Field required".to_owned()),
                        Problem::Type => ("type_error", format!("Input {}", field.problem)),
                        Problem::Value => ("value_error", format!("Input {}", field.problem)),
                    };
                    FieldDetail { loc: vec![place, field.field], msg, kind }
                };
                Reason::Fields(fields.iter().map(field_detail).collect())
            }
            error => Reason::Sentence(reason(error)),
        };
        let request_id = status.is_server_error().then(|| asked.request_id.clone());
        // Strings and lists of strings: there is nothing in it that could not be written.
        let body = serde_json::to_value(Detail { detail, request_id }).unwrap_or_else(|_| json!({}));
        (status, body)
    }
}
