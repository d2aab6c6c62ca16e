//! Widgets: how the chat looks on a website, and on which.

use super::{check_business, wire::Detail};
use crate::{
    app::App,
    dialect::{
        Admin, InPath, Input, Reply, Result,
        fields::{self, Fields, FromFields, Wrong},
        params::Param,
    },
    domain::{
        self, Error,
        administration::{DEFAULT_COLOR, NOT_A_SITE, WidgetDraft, site},
    },
};
use axum::extract::State;
use serde::Serialize;
use serde_json::{Map, Value};
use shared::{CompanyId, WidgetId};
use utoipa::ToSchema;
use uuid::Uuid;

const DEFAULT_HEADING: &str = "Chat with us";
const DEFAULT_TAGLINE: &str = "We usually answer within a few minutes";

/// What anybody may know of a widget.
#[derive(Serialize, ToSchema)]
pub struct Widget {
    #[schema(example = "01930000-0000-7000-8000-000000000004")]
    id: Uuid,
    #[schema(required, example = "www.example.com")]
    domain: Option<String>,
    #[schema(required)]
    name: Option<String>,
    #[schema(example = "Chat with us")]
    welcome_heading: String,
    #[schema(example = "We usually answer within a few minutes")]
    welcome_tagline: String,
    #[schema(pattern = "^#[0-9A-Fa-f]{6}$", example = "#7650FF")]
    primary_color: String,
    show_online_badge: bool,
    #[schema(required)]
    logo_url: Option<String>,
    /// The business's own; kept and given back.
    #[schema(value_type = Object)]
    config: Map<String, Value>,
}

impl From<domain::Widget> for Widget {
    fn from(widget: domain::Widget) -> Self {
        Self {
            id: widget.id.0,
            domain: widget.domain,
            name: widget.name,
            welcome_heading: widget.heading,
            welcome_tagline: widget.tagline,
            primary_color: widget.color,
            show_online_badge: widget.show_online_badge,
            logo_url: widget.logo_url,
            config: widget.config,
        }
    }
}

#[derive(ToSchema)]
pub struct CreateWidget {
    /// May be left out; else it must be the token's company.
    #[schema(value_type = Option<Uuid>, example = "01930000-0000-7000-8000-000000000001")]
    business_id: Option<CompanyId>,
    /// Where it will be shown: a host name, perhaps with a port. A company has one widget for it.
    #[schema(
        max_length = 255,
        pattern = "^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?[.]){0,8}[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(:[1-9][0-9]{0,3})?$",
        example = "www.example.com"
    )]
    domain: String,
    #[schema(max_length = 255, pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$", example = "Shop")]
    name: Option<String>,
    #[schema(max_length = 255, pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$", example = "Chat with us")]
    welcome_heading: Option<String>,
    #[schema(
        max_length = 255,
        pattern = r"^[^\u0000]*$",
        example = "We usually answer within a few minutes"
    )]
    welcome_tagline: Option<String>,
    #[schema(pattern = "^#[0-9A-Fa-f]{6}$", example = "#7650FF")]
    primary_color: Option<String>,
    #[schema(default = true)]
    show_online_badge: Option<bool>,
    #[schema(
        max_length = 2048,
        pattern = "^[Hh][Tt][Tt][Pp][Ss]?://[!-~]+$",
        example = "https://www.example.com/logo.png"
    )]
    logo_url: Option<String>,
    #[schema(value_type = Option<Object>)]
    config: Option<Map<String, Value>>,
}

impl FromFields for CreateWidget {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let business_id = fields.optional("business_id", fields::uuid).map(CompanyId);
        let domain = fields.required("domain", domain_name);
        let name = fields.optional("name", fields::name);
        let welcome_heading = fields.optional("welcome_heading", fields::name);
        let welcome_tagline = fields.optional("welcome_tagline", fields::short_text);
        let primary_color = fields.optional("primary_color", fields::color);
        let show_online_badge = fields.optional("show_online_badge", fields::boolean);
        let logo_url = fields.optional("logo_url", fields::web_address);
        let config = fields.optional("config", fields::object);
        Some(Self {
            business_id,
            domain: domain?,
            name,
            welcome_heading,
            welcome_tagline,
            primary_color,
            show_online_badge,
            logo_url,
            config,
        })
    }
}

fn domain_name(param: &Param) -> Result<String, Wrong> {
    site(&fields::short_text(param)?).ok_or_else(|| Wrong::Value(NOT_A_SITE.into()))
}

/// Creates a widget
///
/// For one domain of the company. Makes the company's widget channel if there is none.
#[utoipa::path(
    post,
    path = "/widget/create",
    tag = "pingback",
    operation_id = "pingback_create_widget",
    request_body = CreateWidget,
    responses(
        (status = 200, body = Widget, description = "The new widget"),
        (status = 400, body = Detail, description = "The company has a widget for this domain"),
        (status = 403, body = Detail, description = "business_id is not the token's company"),
    ),
    security(("bearer" = ["admin"]))
)]
pub async fn create_widget(
    State(app): State<App>,
    Admin(caller): Admin,
    Input(body): Input<CreateWidget>,
) -> Result<Reply<Widget>> {
    check_business(&caller, body.business_id)?;
    let draft = WidgetDraft {
        domain: Some(body.domain),
        name: body.name,
        heading: body.welcome_heading.unwrap_or_else(|| DEFAULT_HEADING.into()),
        tagline: body.welcome_tagline.unwrap_or_else(|| DEFAULT_TAGLINE.into()),
        color: body.primary_color.unwrap_or_else(|| DEFAULT_COLOR.into()),
        logo_url: body.logo_url,
        show_online_badge: body.show_online_badge.unwrap_or(true),
        config: body.config.unwrap_or_default(),
    };
    Ok(Reply(app.administration.create_widget(caller.company, draft).await?.into()))
}

/// Reads a widget
///
/// What a page that shows it needs to know. Public.
#[utoipa::path(
    get,
    path = "/widget/{widget_id}",
    tag = "pingback",
    operation_id = "pingback_get_widget",
    params(("widget_id" = Uuid, Path, description = "The widget", example = "01930000-0000-7000-8000-000000000004")),
    responses((status = 200, body = Widget, description = "The widget"))
)]
pub async fn get_widget(State(app): State<App>, InPath(id): InPath<WidgetId>) -> Result<Reply<Widget>> {
    Ok(Reply(app.store.widget(id).await?.ok_or(Error::NotFound)?.into()))
}
