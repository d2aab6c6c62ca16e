//! What Pingback's JSON looks like: what more than one of its operations speaks of. The rest stands beside the operation.

use crate::{
    dialect::fields::{self, Fields},
    domain,
};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

/// A request that could not be done, and why.
#[derive(Serialize, ToSchema)]
pub struct Detail {
    #[schema(inline)]
    pub detail: Reason,
    /// Names the request in the server's log; there when the server is at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub request_id: Option<String>,
}

/// A sentence, or what is wrong with each field.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum Reason {
    Sentence(String),
    Fields(#[schema(inline)] Vec<FieldDetail>),
}

/// What is wrong with a field.
#[derive(Serialize, ToSchema)]
pub struct FieldDetail {
    /// Where it is: `body` or `query`, and its name.
    #[schema(value_type = Vec<String>, example = json!(["body", "business_id"]))]
    pub loc: Vec<&'static str>,
    #[schema(example = "Field required")]
    pub msg: String,
    /// `missing`, `type_error` or `value_error`.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "missing")]
    pub kind: &'static str,
}

/// There was nothing to do, and why.
#[derive(Serialize, ToSchema)]
pub struct Already {
    #[schema(value_type = String)]
    pub detail: &'static str,
}

/// `resolved` opens again with the customer's next message; `closed` takes no more.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConversationStatus {
    Open,
    Pending,
    Resolved,
    Closed,
}

pub const STATUSES: &[(&str, ConversationStatus)] = &[
    ("open", ConversationStatus::Open),
    ("pending", ConversationStatus::Pending),
    ("resolved", ConversationStatus::Resolved),
    ("closed", ConversationStatus::Closed),
];

impl From<domain::Status> for ConversationStatus {
    fn from(status: domain::Status) -> Self {
        match status {
            domain::Status::Open => Self::Open,
            domain::Status::Pending => Self::Pending,
            domain::Status::Resolved => Self::Resolved,
            domain::Status::Closed => Self::Closed,
        }
    }
}

impl From<ConversationStatus> for domain::Status {
    fn from(status: ConversationStatus) -> Self {
        match status {
            ConversationStatus::Open => Self::Open,
            ConversationStatus::Pending => Self::Pending,
            ConversationStatus::Resolved => Self::Resolved,
            ConversationStatus::Closed => Self::Closed,
        }
    }
}

/// How a conversation reaches its customer.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChannelType {
    Widget,
    Whatsapp,
    TelegramPersonal,
    Slack,
    Messenger,
    Twitter,
    Sms,
}

impl From<domain::ChannelKind> for ChannelType {
    fn from(kind: domain::ChannelKind) -> Self {
        match kind {
            domain::ChannelKind::Widget => Self::Widget,
            domain::ChannelKind::Whatsapp => Self::Whatsapp,
            domain::ChannelKind::TelegramPersonal => Self::TelegramPersonal,
            domain::ChannelKind::Slack => Self::Slack,
            domain::ChannelKind::Messenger => Self::Messenger,
            domain::ChannelKind::Twitter => Self::Twitter,
            domain::ChannelKind::Sms => Self::Sms,
        }
    }
}

/// A conversation with its messages.
#[derive(Serialize, ToSchema)]
pub struct Conversation {
    pub id: Uuid,
    pub business_id: Uuid,
    #[schema(required)]
    pub customer_id: Option<Uuid>,
    #[schema(required)]
    pub assignee_id: Option<Uuid>,
    #[schema(inline)]
    pub status: ConversationStatus,
    #[schema(inline)]
    pub channel_type: ChannelType,
    #[schema(required)]
    pub channel_id: Option<Uuid>,
    /// ISO 8601, UTC.
    #[schema(format = DateTime, example = "2024-03-01T09:00:00Z")]
    pub created_at: String,
    #[schema(format = DateTime, example = "2024-03-01T09:00:00Z")]
    pub updated_at: String,
    /// When the agent's side first wrote.
    #[schema(required, format = DateTime, example = "2024-03-01T09:00:00Z")]
    pub first_response_at: Option<String>,
    #[schema(required)]
    pub customer: Option<Customer>,
    /// What the page says that it is about; not there where it says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false, example = json!({"page": "/pricing"}))]
    pub attributes: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>, nullable = false, example = json!(["sales"]))]
    pub tags: Option<Value>,
    /// Oldest first. Empty in lists and in events.
    pub messages: Vec<Message>,
}

/// Somebody who writes to the business.
#[derive(Serialize, ToSchema)]
pub struct Customer {
    pub id: Uuid,
    pub business_id: Uuid,
    #[schema(required, example = "Alex Johnson")]
    pub name: Option<String>,
    #[schema(required, example = "alex@example.com")]
    pub email: Option<String>,
    #[schema(required)]
    pub phone: Option<String>,
    /// What the business calls them.
    #[schema(required)]
    pub external_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "https://example.com/alex.png")]
    pub avatar: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "en")]
    pub language: Option<String>,
    /// What the page says of them, which anybody can, and in `events` what they did there last; not there where it says
    /// nothing.
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object, required = false, example = json!({"plan": "free"}))]
    pub attributes: Map<String, Value>,
    #[schema(format = DateTime, example = "2024-02-20T08:00:00Z")]
    pub created_at: String,
}

#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SenderType {
    Customer,
    Agent,
    Bot,
    System,
}

impl From<domain::SenderType> for SenderType {
    fn from(kind: domain::SenderType) -> Self {
        match kind {
            domain::SenderType::Customer => Self::Customer,
            domain::SenderType::Agent => Self::Agent,
            domain::SenderType::Bot => Self::Bot,
            domain::SenderType::System => Self::System,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct Message {
    pub id: Uuid,
    pub conversation_id: Uuid,
    #[schema(inline)]
    pub sender_type: SenderType,
    /// The agent's id; null for a customer.
    #[schema(required)]
    pub sender_id: Option<Uuid>,
    /// Empty only beside attachments.
    #[schema(example = "Hi! How can I help you today?")]
    pub content: String,
    pub attachments: Vec<Attachment>,
    #[schema(format = DateTime, example = "2024-03-01T09:00:00Z")]
    pub created_at: String,
}

/// A file.
#[derive(Serialize, ToSchema)]
pub struct Attachment {
    pub id: Uuid,
    #[schema(example = "photo.png")]
    pub name: String,
    /// What its bytes are, whatever its sender called them.
    #[schema(example = "image/png")]
    pub content_type: String,
    /// In bytes.
    #[schema(minimum = 1)]
    pub size: u64,
    #[schema(format = "uri")]
    pub url: String,
}

/// How far a message has come. Events tell it; the messages themselves do not.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageStatus {
    /// Being prepared for an outside app.
    Preparing,
    /// Handed to an outside app.
    Delivering,
    Sent,
    Delivered,
    Read,
}

impl From<shared::Ack> for MessageStatus {
    fn from(ack: shared::Ack) -> Self {
        match ack {
            shared::Ack::Preparing => Self::Preparing,
            shared::Ack::Delivering => Self::Delivering,
            shared::Ack::Sent => Self::Sent,
            shared::Ack::Delivered => Self::Delivered,
            shared::Ack::Read => Self::Read,
        }
    }
}

/// A message as events tell of it.
#[derive(Serialize, ToSchema)]
pub struct MessageEvent {
    #[serde(flatten)]
    pub message: Message,
    #[schema(inline)]
    pub status: MessageStatus,
}

/// The highest number of a page.
pub const PAGE_NUMBER_MAX: i64 = 1_000_000;
const LIMIT_MAX: i64 = 100;
const LIMIT_DEFAULT: i64 = 50;

/// Which stretch of a list.
#[derive(Clone, Copy)]
pub struct Page {
    pub offset: u32,
    pub limit: u32,
}

impl Page {
    /// `page` from 1, of `limit` rows each.
    pub fn read(fields: &mut Fields<'_>) -> Self {
        let page = fields.optional("page", fields::integer_in(1, PAGE_NUMBER_MAX)).unwrap_or(1);
        let limit = fields.optional("limit", fields::integer_in(1, LIMIT_MAX)).unwrap_or(LIMIT_DEFAULT);
        let row = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
        Self { offset: row((page - 1) * limit), limit: row(limit) }
    }
}
