//! Widgets: how the chat looks on a website, how it behaves there, and on which.

use super::{check_business, wire::Detail};
use crate::{
    app::App,
    dialect::{
        Admin, InPath, Input, Reply, Result,
        fields::{self, Fields, FromFields, Wrong},
        params::Param,
    },
    domain::{
        self, Error, WidgetChange,
        widget::{NOT_A_SITE, site},
    },
};
use axum::extract::State;
use serde::Serialize;
use serde_json::{Map, Value};
use shared::{ColorScheme, CompanyId, Consent, Corner, WidgetId, WidgetOptions};
use utoipa::ToSchema;
use uuid::Uuid;

/// What anybody may know of a widget.
#[derive(Serialize, ToSchema)]
pub struct Widget {
    #[schema(example = "01930000-0000-7000-8000-000000000004")]
    id: Uuid,
    #[schema(required, example = "www.example.com")]
    domain: Option<String>,
    /// Which pages may show the panel, as the sources of a Content-Security-Policy.
    #[schema(example = json!(["https://www.example.com", "http://www.example.com"]))]
    allowed_domains: Vec<String>,
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
    #[schema(value_type = SchemeWord)]
    color_scheme: ColorScheme,
    #[schema(minimum = 0, maximum = 32, example = 16)]
    radius: u8,
    #[schema(value_type = CornerWord)]
    position: Corner,
    #[schema(minimum = 0, maximum = 400, example = 20)]
    offset_x: u16,
    #[schema(minimum = 0, maximum = 400, example = 20)]
    offset_y: u16,
    #[schema(minimum = 1, maximum = 2_147_483_647, example = 2_147_483_000)]
    z_index: u32,
    #[schema(example = "default")]
    launcher: String,
    #[schema(required)]
    launcher_label: Option<String>,
    #[schema(required, example = "pt-BR")]
    locale: Option<String>,
    #[schema(value_type = ConsentWord)]
    consent: Consent,
    open_on_load: bool,
    sound: bool,
    /// The business's own; kept and given back.
    #[schema(value_type = Object)]
    config: Map<String, Value>,
}

impl From<domain::Widget> for Widget {
    fn from(widget: domain::Widget) -> Self {
        let WidgetOptions {
            color_scheme,
            radius,
            position,
            offset_x,
            offset_y,
            z_index,
            launcher,
            launcher_label,
            locale,
            consent,
            open_on_load,
            sound,
        } = widget.options;
        Self {
            id: widget.id.0,
            domain: widget.domain,
            allowed_domains: widget.allowed_domains,
            name: widget.name,
            welcome_heading: widget.heading,
            welcome_tagline: widget.tagline,
            primary_color: widget.color,
            show_online_badge: widget.show_online_badge,
            logo_url: widget.logo_url,
            color_scheme,
            radius: radius.get(),
            position,
            offset_x: offset_x.get(),
            offset_y: offset_y.get(),
            z_index: z_index.get(),
            launcher: launcher.into(),
            launcher_label,
            locale,
            consent,
            open_on_load,
            sound: sound.0,
            config: widget.config,
        }
    }
}

/// Whether the chat is light or dark.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "it documents the words of `ColorScheme`")]
enum SchemeWord {
    /// As the visitor's device has it.
    System,
    Light,
    Dark,
}

/// In which corner of the page the launcher is: where a line of the page's text ends, or where it starts.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "it documents the words of `Corner`")]
enum CornerWord {
    End,
    Start,
}

/// What may be kept in the visitor's browser.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "it documents the words of `Consent`")]
enum ConsentWord {
    /// What makes the conversation go on tomorrow.
    Full,
    /// Until the tab is closed.
    Session,
    /// Nothing.
    None,
}

/// Documents a body that may hold, besides its own fields, what `WidgetChange` reads.
macro_rules! with_settings {
    ($(#[$meta:meta])* pub struct $name:ident { $($own:tt)* }) => {
        $(#[$meta])*
        #[derive(ToSchema)]
        #[expect(dead_code, reason = "it documents what is read into another type")]
        pub struct $name {
            $($own)*
            #[schema(max_length = 255, pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$", example = "Shop")]
            name: Option<String>,
            /// Which pages may show the panel: names such as `example.com`, which stand for all of their pages, or origins
            /// such as `https://*.example.com` and `http://localhost:*`. `null`: the pages of `domain`.
            #[schema(max_items = 30, example = json!(["example.com", "https://partner.example"]))]
            allowed_domains: Option<Vec<SourceText>>,
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
            color_scheme: Option<SchemeWord>,
            /// How round the panel's corners are, in CSS pixels.
            #[schema(minimum = 0, maximum = 32, default = 16)]
            radius: Option<u8>,
            position: Option<CornerWord>,
            /// From the page's edge on the side that `position` says, in CSS pixels.
            #[schema(minimum = 0, maximum = 400, default = 20)]
            offset_x: Option<u16>,
            /// From the page's bottom edge, in CSS pixels.
            #[schema(minimum = 0, maximum = 400, default = 20)]
            offset_y: Option<u16>,
            #[schema(minimum = 1, maximum = 2_147_483_647, default = 2_147_483_000)]
            z_index: Option<u32>,
            /// `default`, `hidden`, or a CSS selector of the page's own elements that open the chat.
            #[schema(max_length = 255, pattern = "^[!-~][ -~]*$", default = "default")]
            launcher: Option<String>,
            /// What the launcher is called for those who don't see it; `null`: what the visitor's language calls it.
            #[schema(max_length = 255, pattern = "^[!-~][ -~]*$", example = "Help")]
            launcher_label: Option<String>,
            /// BCP 47; `null`: the language of the page.
            #[schema(max_length = 35, pattern = "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,2}$", example = "pt-BR")]
            locale: Option<String>,
            consent: Option<ConsentWord>,
            /// Whether the panel opens by itself.
            #[schema(default = false)]
            open_on_load: Option<bool>,
            /// Whether a message may be heard.
            #[schema(default = true)]
            sound: Option<bool>,
            /// The business's own; kept and given back.
            #[schema(value_type = Option<Object>)]
            config: Option<Map<String, Value>>,
        }
    };
}

/// A name such as `example.com`, or an origin such as `https://*.example.com`.
#[derive(ToSchema)]
#[schema(
    value_type = String,
    pattern = "^(https?://([*][.])?)?[a-z]([a-z0-9-]{0,20}[a-z0-9])?([.][a-z]([a-z0-9-]{0,20}[a-z0-9])?){0,3}$",
    example = "example.com"
)]
#[expect(dead_code, reason = "it documents what `allowed_domains` holds")]
pub struct SourceText(String);

with_settings! {
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
    }
}

with_settings! {
    /// What is left out stays; what is `null` becomes what it is by default.
    pub struct ChangeWidget {}
}

pub struct WidgetDraft {
    business_id: Option<CompanyId>,
    domain: String,
    about: WidgetChange,
}

impl FromFields for WidgetDraft {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let business_id = fields.optional("business_id", fields::uuid).map(CompanyId);
        let domain = fields.required("domain", domain_name);
        let about = WidgetChange::read(fields);
        Some(Self { business_id, domain: domain?, about: about? })
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
    Input(draft): Input<WidgetDraft>,
) -> Result<Reply<Widget>> {
    check_business(&caller, draft.business_id)?;
    Ok(Reply(app.administration.create_widget(caller.company, draft.domain, draft.about).await?.into()))
}

/// Changes how a widget looks and behaves
///
/// And which pages may show it. What pages have loaded already follows within five minutes.
#[utoipa::path(
    patch,
    path = "/widget/{widget_id}",
    tag = "pingback",
    operation_id = "pingback_change_widget",
    params(("widget_id" = Uuid, Path, description = "The widget", example = "01930000-0000-7000-8000-000000000004")),
    request_body = ChangeWidget,
    responses((status = 200, body = Widget, description = "The widget as it is now")),
    security(("bearer" = ["admin"]))
)]
pub async fn change_widget(
    State(app): State<App>,
    Admin(caller): Admin,
    InPath(id): InPath<WidgetId>,
    Input(change): Input<WidgetChange>,
) -> Result<Reply<Widget>> {
    Ok(Reply(app.administration.change_widget(caller.company, id, change).await?.into()))
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
