//! Setting up webhooks: where the company is told what happens.

use super::webhook::EVENTS;
use crate::{
    app::App,
    dialect::{
        Admin, InPath, Input, Reply, Result,
        fields::{self, Fields, FromFields, Wrong},
        params::Param,
        times::iso,
    },
    domain::{self, InvalidField},
};
use axum::{extract::State, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// What can be told.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it documents the words of `EVENTS`")]
pub enum EventName {
    #[schema(rename = "conversation.created")]
    ConversationCreated,
    #[schema(rename = "conversation.updated")]
    ConversationUpdated,
    #[schema(rename = "message.created")]
    MessageCreated,
    #[schema(rename = "message.updated")]
    MessageUpdated,
    #[schema(rename = "customer.created")]
    CustomerCreated,
}

#[derive(Serialize, ToSchema)]
pub struct Webhook {
    id: Uuid,
    #[schema(example = "https://www.example.com/hook")]
    url: String,
    /// What it is told; empty: everything.
    #[schema(value_type = Vec<EventName>)]
    events: Vec<String>,
    #[schema(format = DateTime, example = "2024-03-01T09:00:00Z")]
    created_at: String,
}

impl From<domain::Webhook> for Webhook {
    fn from(webhook: domain::Webhook) -> Self {
        Self { id: webhook.id, url: webhook.url, events: webhook.events, created_at: iso(webhook.created_at) }
    }
}

/// A webhook that was just made, with what its deliveries are signed with. This is the only time it is seen.
#[derive(Serialize, ToSchema)]
pub struct NewWebhook {
    #[serde(flatten)]
    webhook: Webhook,
    /// `Porchlight-Signature` is `t=<seconds>,v1=<HMAC-SHA256 of "t.body" with it>`.
    secret: String,
}

/// Lists webhooks
#[utoipa::path(
    get,
    path = "/webhooks",
    tag = "pingback",
    operation_id = "pingback_list_webhooks",
    responses((status = 200, body = Vec<Webhook>, description = "All of them, oldest first")),
    security(("bearer" = ["admin"]))
)]
pub async fn list_webhooks(State(app): State<App>, Admin(caller): Admin) -> Result<Reply<Vec<Webhook>>> {
    let webhooks = app.administration.native_webhooks(caller.company).await?;
    Ok(Reply(webhooks.into_iter().map(Into::into).collect()))
}

#[derive(ToSchema)]
pub struct CreateWebhook {
    /// An http or https address on the public internet.
    #[schema(max_length = 4096, format = "uri", example = "https://www.example.com/hook")]
    url: String,
    /// What it is to be told; left out or empty: everything.
    #[schema(value_type = Option<Vec<EventName>>, example = json!(["message.created"]))]
    events: Option<Vec<&'static str>>,
}

impl FromFields for CreateWebhook {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let url = fields.required("url", fields::text);
        let events = fields.optional("events", fields::list(event_name));
        Some(Self { url: url?, events })
    }
}

fn event_name(param: &Param) -> Result<&'static str, Wrong> {
    let name = fields::text(param)?;
    EVENTS
        .into_iter()
        .find(|event| *event == name)
        .ok_or_else(|| Wrong::Value(format!("must be some of {}", EVENTS.join(", "))))
}

/// Creates a webhook
///
/// It is told what happens from now on, as JSON: `{"id", "event", "created_at", "data"}`. Each delivery is signed with the
/// secret of the answer, in the header `Porchlight-Signature`.
#[utoipa::path(
    post,
    path = "/webhooks",
    tag = "pingback",
    operation_id = "pingback_create_webhook",
    request_body = CreateWebhook,
    responses((status = 200, body = NewWebhook, description = "The new webhook, with its secret")),
    security(("bearer" = ["admin"]))
)]
pub async fn create_webhook(
    State(app): State<App>,
    Admin(caller): Admin,
    Input(body): Input<CreateWebhook>,
) -> Result<Reply<NewWebhook>> {
    app.outbound.check_url(&body.url).map_err(|error| InvalidField::value("url", error.to_string()))?;
    let wanted = body.events.unwrap_or_default();
    let events = EVENTS.into_iter().filter(|event| wanted.contains(event)).map(str::to_owned).collect();
    let webhook = app.administration.create_webhook(caller.company, body.url, events).await?;
    let secret = webhook.secret.clone();
    Ok(Reply(NewWebhook { webhook: webhook.into(), secret }))
}

/// Deletes a webhook
///
/// What was still to be delivered to it is not.
#[utoipa::path(
    delete,
    path = "/webhooks/{webhook_id}",
    tag = "pingback",
    operation_id = "pingback_delete_webhook",
    params(("webhook_id" = Uuid, Path, description = "The webhook")),
    responses((status = 204, description = "It is gone")),
    security(("bearer" = ["admin"]))
)]
pub async fn delete_webhook(
    State(app): State<App>,
    Admin(caller): Admin,
    InPath(id): InPath<Uuid>,
) -> Result<StatusCode> {
    app.administration.delete_native_webhook(caller.company, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
