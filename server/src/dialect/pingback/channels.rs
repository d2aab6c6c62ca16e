//! Channels: the ways to reach customers that a company has.

use super::{
    check_business,
    wire::{ChannelType, Detail},
};
use crate::{
    app::App,
    dialect::{
        Admin, InPath, Input, Reader, Reply, Result,
        fields::{self, Fields, FromFields},
        times::iso,
    },
    domain::{self, ChannelChange, ChannelKind},
};
use axum::{extract::State, http::StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};
use shared::CompanyId;
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Serialize, ToSchema)]
pub struct Channel {
    id: Uuid,
    business_id: Uuid,
    #[serde(rename = "type")]
    #[schema(inline)]
    kind: ChannelType,
    /// The business's own; kept and given back.
    #[schema(value_type = Object)]
    config: Map<String, Value>,
    /// Conversations are only created on an active one.
    is_active: bool,
    #[schema(format = DateTime, example = "2024-03-01T09:00:00Z")]
    created_at: String,
}

impl From<domain::Channel> for Channel {
    fn from(channel: domain::Channel) -> Self {
        Self {
            id: channel.id,
            business_id: channel.company.0,
            kind: channel.kind.into(),
            config: channel.config,
            is_active: channel.is_active,
            created_at: iso(channel.created_at),
        }
    }
}

/// Lists channels
#[utoipa::path(
    get,
    path = "/channels",
    tag = "pingback",
    operation_id = "pingback_list_channels",
    responses((status = 200, body = Vec<Channel>, description = "All of them, oldest first")),
    security(("bearer" = ["read"]))
)]
pub async fn list_channels(State(app): State<App>, Reader(caller): Reader) -> Result<Reply<Vec<Channel>>> {
    let channels = app.store.channels(caller.company).await?;
    Ok(Reply(channels.into_iter().map(Into::into).collect()))
}

/// The words for kinds of channels. `webchat` is another word for `widget`.
const KINDS: &[(&str, ChannelKind)] = &[
    ("widget", ChannelKind::Widget),
    ("webchat", ChannelKind::Widget),
    ("whatsapp", ChannelKind::Whatsapp),
    ("telegram_personal", ChannelKind::TelegramPersonal),
    ("slack", ChannelKind::Slack),
    ("messenger", ChannelKind::Messenger),
    ("twitter", ChannelKind::Twitter),
    ("sms", ChannelKind::Sms),
];

/// What a channel may be called when it is made.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "it documents the words of `KINDS`")]
pub enum NewChannelType {
    Widget,
    /// Another word for `widget`.
    Webchat,
    Whatsapp,
    TelegramPersonal,
    Slack,
    Messenger,
    Twitter,
    Sms,
}

#[derive(ToSchema)]
pub struct CreateChannel {
    /// May be left out; else it must be the token's company.
    #[schema(value_type = Option<Uuid>, example = "01930000-0000-7000-8000-000000000001")]
    business_id: Option<CompanyId>,
    #[schema(rename = "type", value_type = NewChannelType, inline, example = "slack")]
    kind: ChannelKind,
    #[schema(value_type = Option<Object>)]
    config: Option<Map<String, Value>>,
}

impl FromFields for CreateChannel {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let business_id = fields.optional("business_id", fields::uuid).map(CompanyId);
        let kind = fields.required("type", fields::one_of(KINDS));
        let config = fields.optional("config", fields::object);
        Some(Self { business_id, kind: kind?, config })
    }
}

/// Creates a channel
///
/// A company has one of a type.
#[utoipa::path(
    post,
    path = "/channels",
    tag = "pingback",
    operation_id = "pingback_create_channel",
    request_body = CreateChannel,
    responses(
        (status = 200, body = Channel, description = "The new channel"),
        (status = 400, body = Detail, description = "The company has one of this type"),
        (status = 403, body = Detail, description = "business_id is not the token's company"),
    ),
    security(("bearer" = ["admin"]))
)]
pub async fn create_channel(
    State(app): State<App>,
    Admin(caller): Admin,
    Input(body): Input<CreateChannel>,
) -> Result<Reply<Channel>> {
    check_business(&caller, body.business_id)?;
    let config = body.config.unwrap_or_default();
    Ok(Reply(app.administration.create_channel(caller.company, body.kind, config).await?.into()))
}

/// What is left out stays.
#[derive(ToSchema)]
pub struct ChangeChannel {
    /// The whole new one.
    #[schema(value_type = Option<Object>)]
    config: Option<Map<String, Value>>,
    is_active: Option<bool>,
}

impl FromFields for ChangeChannel {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            config: fields.optional("config", fields::object),
            is_active: fields.optional("is_active", fields::boolean),
        })
    }
}

/// Changes a channel
#[utoipa::path(
    patch,
    path = "/channels/{channel_id}",
    tag = "pingback",
    operation_id = "pingback_change_channel",
    params(("channel_id" = Uuid, Path, description = "The channel", example = "01930000-0000-7000-8000-000000000003")),
    request_body = ChangeChannel,
    responses((status = 200, body = Channel, description = "The channel as it is now")),
    security(("bearer" = ["admin"]))
)]
pub async fn change_channel(
    State(app): State<App>,
    Admin(caller): Admin,
    InPath(id): InPath<Uuid>,
    Input(body): Input<ChangeChannel>,
) -> Result<Reply<Channel>> {
    let change = ChannelChange { config: body.config, is_active: body.is_active };
    Ok(Reply(app.store.change_channel(caller.company, id, change).await?.into()))
}

/// Deletes a channel
///
/// Its conversations stay; nothing new starts on it. The company's default channel can't be deleted.
#[utoipa::path(
    delete,
    path = "/channels/{channel_id}",
    tag = "pingback",
    operation_id = "pingback_delete_channel",
    params(("channel_id" = Uuid, Path, description = "The channel")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 400, body = Detail, description = "It is the company's default channel"),
    ),
    security(("bearer" = ["admin"]))
)]
pub async fn delete_channel(
    State(app): State<App>,
    Admin(caller): Admin,
    InPath(id): InPath<Uuid>,
) -> Result<StatusCode> {
    app.administration.delete_channel(caller.company, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
