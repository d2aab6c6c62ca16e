//! What Pantheon's JSON looks like.

use crate::dialect::fields::{self, Fields, FromFields};
use serde::Serialize;
use shared::{MessageText, Seq, limits::NAME_MAX_CHARS};
use std::collections::BTreeMap;
use utoipa::{
    IntoParams, ToSchema,
    openapi::{
        Ref,
        schema::{ObjectBuilder, OneOfBuilder, Type},
    },
};

/// Something with more than white space in it, and without NUL.
const TEXT_PATTERN: &str = r"^[^\u0000]*[^\s\u0000][^\u0000]*$";

/// A refusal.
#[derive(Serialize, ToSchema)]
pub struct ErrorBody {
    /// A sentence for the developer who reads it.
    #[schema(example = "on must be one of SLACK, MESSENGER, TWITTER, WHATSAPP, TELEGRAM, SMS, WIDGET")]
    pub message: String,
    /// Only with a 400: an object for each wrong field, from its name to what is wrong with it.
    #[schema(required = false, nullable = false, value_type = Vec<BTreeMap<String, String>>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<BTreeMap<&'static str, String>>>,
    /// Only with a 5xx: finds the request in the server's log.
    #[schema(required = false, nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// A messaging app.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum AppId {
    Slack,
    Messenger,
    Twitter,
    Whatsapp,
    Telegram,
    Sms,
    /// The chat on the business's own website.
    Widget,
}

impl AppId {
    pub const ALL: [Self; 7] = [
        Self::Slack,
        Self::Messenger,
        Self::Twitter,
        Self::Whatsapp,
        Self::Telegram,
        Self::Sms,
        Self::Widget,
    ];
}

/// What the `on` of a request may say.
const APPS: &[(&str, AppId)] = &[
    ("SLACK", AppId::Slack),
    ("MESSENGER", AppId::Messenger),
    ("TWITTER", AppId::Twitter),
    ("WHATSAPP", AppId::Whatsapp),
    ("TELEGRAM", AppId::Telegram),
    ("SMS", AppId::Sms),
    ("WIDGET", AppId::Widget),
];

#[derive(Serialize, ToSchema)]
pub struct App {
    pub id: AppId,
    #[schema(example = "Slack")]
    pub name: &'static str,
}

#[derive(Serialize, ToSchema)]
pub struct Apps {
    pub items: Vec<App>,
    /// Always null: there is one page.
    #[schema(required, value_type = Option<String>)]
    pub next_cursor: (),
}

/// Who a person is on an app: a user name, a phone number, an id. A number may come as a JSON number.
fn handle_schema() -> OneOfBuilder {
    let text = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(NAME_MAX_CHARS))
        .pattern(Some(TEXT_PATTERN));
    let number = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).maximum(Some(u64::MAX));
    OneOfBuilder::new().item(text).item(number).examples(["@shalvah"]).description(Some(
        "The user on that app: a user name, a phone number (however it is spelled) or an id. On WIDGET the id of the \
         visitor's customer. The same handle on the same app is the same customer.",
    ))
}

/// An app, or none.
fn destination_schema() -> OneOfBuilder {
    let none = ObjectBuilder::new().schema_type(Type::Null);
    OneOfBuilder::new()
        .item(none)
        .item(Ref::from_schema_name("AppId"))
        .description(Some("The app to move the conversation to. Its letter case does not matter."))
}

#[derive(ToSchema)]
pub struct StartConversation {
    /// The app to begin on, from getApps. Its letter case does not matter.
    #[schema(example = "SLACK")]
    pub on: AppId,
    #[schema(schema_with = handle_schema)]
    pub with: String,
    /// A first message. At most 16 KiB of UTF-8.
    #[schema(value_type = Option<String>, max_length = 16384, pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$", example = "Hello! How can we help?")]
    pub message: Option<MessageText>,
}

impl FromFields for StartConversation {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let on = fields.required("on", fields::one_of(APPS));
        let with = fields.required("with", fields::name_or_number);
        let message = fields.optional("message", fields::message_text);
        Some(Self { on: on?, with: with?, message })
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Started {
    /// Names the conversation across all endpoints.
    #[schema(example = "AZMAAAAAcACAAAAAAAAAAQ")]
    pub conversation_id: String,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct ReplyToConversation {
    #[schema(example = "AZMAAAAAcACAAAAAAAAAAQ", pattern = "^[A-Za-z0-9_-]{22}$")]
    pub conversation_id: String,
    /// At most 16 KiB of UTF-8.
    #[schema(value_type = String, max_length = 16384, pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$", example = "It is on its way.")]
    pub message: MessageText,
    #[schema(schema_with = destination_schema, required = false)]
    pub on: Option<AppId>,
    #[schema(schema_with = handle_schema, required = false)]
    pub with: Option<String>,
}

impl FromFields for ReplyToConversation {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let conversation_id = fields.required("conversationId", fields::text);
        let message = fields.required("message", fields::message_text);
        let on = fields.optional("on", fields::one_of(APPS));
        let with = fields.optional("with", fields::name_or_number);
        Some(Self { conversation_id: conversation_id?, message: message?, on, with })
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Replied {
    #[schema(example = "AZMAAAAAcACAAAAAAAAAAQ")]
    pub conversation_id: String,
    #[schema(example = "AZMAAAAAcACAAAAAAAAAAg")]
    pub message_id: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct GetConversation {
    #[param(example = "AZMAAAAAcACAAAAAAAAAAQ", pattern = "^[A-Za-z0-9_-]{22}$")]
    pub conversation_id: String,
}

impl FromFields for GetConversation {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { conversation_id: fields.required("conversationId", fields::text)? })
    }
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct GetMessages {
    #[param(example = "AZMAAAAAcACAAAAAAAAAAQ", pattern = "^[A-Za-z0-9_-]{22}$")]
    pub conversation_id: String,
    /// Where the page begins: part of the address that `next_cursor` is. Without one: at the first message.
    #[param(value_type = Option<i64>, minimum = 0, required = false, nullable = false)]
    pub cursor: Option<Seq>,
}

impl FromFields for GetMessages {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let conversation_id = fields.required("conversationId", fields::text);
        let cursor = fields.optional("cursor", fields::integer_in(0, Seq::MAX));
        Some(Self { conversation_id: conversation_id?, cursor })
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Open,
    Pending,
    /// Answered; the person's next message opens it again.
    Resolved,
    /// Ended; starting again begins another.
    Closed,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Conversation {
    #[schema(example = "AZMAAAAAcACAAAAAAAAAAQ")]
    #[serde(rename = "conversationId")]
    pub id: String,
    /// The app it is on now.
    pub on: AppId,
    /// Who the person is on that app. Phone numbers are given in digits.
    #[schema(required, example = "@shalvah")]
    pub with: Option<String>,
    pub status: Status,
    #[schema(example = "2024-03-01T09:00:00Z", format = DateTime)]
    pub created_at: String,
    #[schema(example = "2024-03-01T09:00:00Z", format = DateTime)]
    pub updated_at: String,
    /// Null until there is a message.
    #[schema(required, example = "2024-03-01T09:00:00Z", format = DateTime)]
    pub last_message_at: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Writer {
    Customer,
    Agent,
    Bot,
    System,
}

/// How far a message has come.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MessageStatus {
    /// It waits for the app.
    Preparing,
    /// It was handed to the app.
    Delivering,
    /// The app has taken it.
    Sent,
    Delivered,
    Read,
    /// It will not arrive; `reason` says why.
    Failed,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    #[schema(example = "AZMAAAAAcACAAAAAAAAAAg")]
    #[serde(rename = "messageId")]
    pub id: String,
    #[schema(example = "AZMAAAAAcACAAAAAAAAAAQ")]
    pub conversation_id: String,
    pub from: Writer,
    /// The agent's name, where it is one.
    #[schema(required, example = "Robin")]
    pub name: Option<String>,
    /// Empty only beside attachments.
    #[schema(example = "Hello! How can we help?")]
    #[serde(rename = "message")]
    pub text: String,
    pub attachments: Vec<Attachment>,
    pub status: MessageStatus,
    /// Why it failed.
    #[schema(required)]
    pub reason: Option<String>,
    #[schema(example = "2024-03-01T09:00:00Z", format = DateTime)]
    pub created_at: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Attachment {
    pub name: String,
    #[schema(example = "image/png")]
    pub content_type: String,
    /// In bytes.
    pub size: u64,
    #[schema(format = "uri")]
    pub url: String,
}

#[derive(Serialize, ToSchema)]
pub struct Messages {
    /// Oldest first.
    pub items: Vec<Message>,
    /// The address of the next page; null on the last.
    #[schema(required, format = "uri")]
    pub next_cursor: Option<String>,
}

/// What an access token is asked for with.
pub enum GetAccessToken {
    ClientCredentials,
    RefreshToken(String),
}

#[derive(Clone, Copy)]
enum Grant {
    ClientCredentials,
    RefreshToken,
}

const GRANTS: &[(&str, Grant)] =
    &[("client_credentials", Grant::ClientCredentials), ("refresh_token", Grant::RefreshToken)];

impl FromFields for GetAccessToken {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        match fields.required("grant_type", fields::one_of(GRANTS))? {
            Grant::ClientCredentials => Some(Self::ClientCredentials),
            Grant::RefreshToken => fields.required("refresh_token", fields::text).map(Self::RefreshToken),
        }
    }
}

impl utoipa::PartialSchema for GetAccessToken {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let word = |word: &str| ObjectBuilder::new().schema_type(Type::String).enum_values(Some([word]));
        let client_credentials =
            ObjectBuilder::new().property("grant_type", word("client_credentials")).required("grant_type");
        let refresh_token = ObjectBuilder::new()
            .property("grant_type", word("refresh_token"))
            .property("refresh_token", ObjectBuilder::new().schema_type(Type::String))
            .required("grant_type")
            .required("refresh_token");
        OneOfBuilder::new()
            .item(client_credentials)
            .item(refresh_token)
            .examples([serde_json::json!({ "grant_type": "client_credentials" })])
            .into()
    }
}

impl ToSchema for GetAccessToken {}

#[derive(Serialize, ToSchema)]
pub struct Tokens {
    pub access_token: String,
    pub refresh_token: String,
    #[schema(example = "bearer")]
    pub token_type: &'static str,
    /// In seconds.
    #[schema(example = 14400)]
    pub expires_in: i64,
}
