//! What Pingback's JSON looks like.

use crate::dialect::fields::{self, Fields, FromFields};
use serde::Serialize;
use shared::{CompanyId, CustomerId};
use utoipa::ToSchema;
use uuid::Uuid;

/// A message that could not be done, and why.
#[derive(Serialize, ToSchema)]
pub struct Detail {
    #[schema(example = "Invalid channel")]
    detail: String,
}

/// Body of `POST /conversations`.
#[derive(ToSchema)]
pub struct CreateConversation {
    /// Must be the token's company.
    #[schema(value_type = Uuid)]
    pub business_id: CompanyId,
    /// An existing customer of the company.
    #[schema(value_type = Option<Uuid>)]
    pub customer_id: Option<CustomerId>,
    /// An opening message from the agent.
    #[schema(example = "Hi! How can I help you today?")]
    pub initial_message: Option<String>,
    /// Without one, the company's default channel.
    pub channel_id: Option<Uuid>,
}

impl FromFields for CreateConversation {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let business_id = fields.required("business_id", fields::uuid);
        let customer_id = fields.optional("customer_id", fields::uuid).map(CustomerId);
        let initial_message = fields.optional("initial_message", fields::text);
        let channel_id = fields.optional("channel_id", fields::uuid);
        Some(Self { business_id: CompanyId(business_id?), customer_id, initial_message, channel_id })
    }
}

/// A conversation with its messages.
#[derive(Serialize, ToSchema)]
pub struct Conversation {
    pub id: Uuid,
    pub business_id: Uuid,
    pub customer_id: Option<Uuid>,
    pub assignee_id: Option<Uuid>,
    #[schema(example = "open")]
    pub status: &'static str,
    #[schema(example = "widget")]
    pub channel_type: &'static str,
    pub channel_id: Option<Uuid>,
    /// ISO 8601, UTC.
    #[schema(example = "2024-03-01T09:00:00Z")]
    pub created_at: String,
    #[schema(example = "2024-03-01T09:00:00Z")]
    pub updated_at: String,
    /// When the agent's side first wrote.
    pub first_response_at: Option<String>,
    pub customer: Option<Customer>,
    /// Oldest first. Empty in lists.
    pub messages: Vec<Message>,
}

#[derive(Serialize, ToSchema)]
pub struct Customer {
    pub id: Uuid,
    pub business_id: Uuid,
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub external_id: Option<String>,
    pub created_at: String,
}

#[derive(Serialize, ToSchema)]
pub struct Message {
    pub id: Uuid,
    pub conversation_id: Uuid,
    /// `customer`, `agent`, `bot` or `system`.
    #[schema(example = "agent")]
    pub sender_type: &'static str,
    /// The agent's id; null for a customer.
    pub sender_id: Option<Uuid>,
    pub content: String,
    pub attachments: Vec<Attachment>,
    pub created_at: String,
}

#[derive(Serialize, ToSchema)]
pub struct Attachment {
    pub id: Uuid,
    pub name: String,
    pub content_type: String,
    /// In bytes.
    pub size: u64,
    pub url: String,
}
