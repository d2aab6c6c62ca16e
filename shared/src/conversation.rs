//! Conversations as a visitor sees them.

use crate::{
    id::{AgentId, AttachmentId, ClientId, ConversationId},
    message::{Message, Seq},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// Where a conversation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConversationStatus {
    Open,
    Pending,
    /// Answered; the visitor's next message opens it again.
    Resolved,
    /// Ended; the visitor's next message starts a new conversation.
    Closed,
}

/// Whether an agent is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    Live,
    Away,
    Offline,
}

/// The agent a conversation is assigned to, as the visitor may see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    pub id: AgentId,
    pub name: String,
    /// Their picture, where there is one: an https address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
    pub presence: Presence,
}

/// One conversation of the visitor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    pub id: ConversationId,
    pub status: ConversationStatus,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// The number of its newest message.
    pub last_seq: Seq,
    /// How far the visitor has read; 0 is nothing.
    pub customer_read_seq: Seq,
    /// Messages of the other side after `customer_read_seq`.
    pub n_unread: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<Agent>,
}

/// Answer of `GET /widget/v1/conversations`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationList {
    /// Most recently started first, at most 20.
    pub conversations: Vec<Conversation>,
}

/// Body of `POST /widget/v1/conversations`: starts a conversation with its first message.
///
/// Answers 201 with the [`Thread`], or 200 with the conversation as it is now when this visitor started one with this
/// `client_id` and content before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartConversation {
    pub client_id: ClientId,
    /// May be empty beside attachments.
    pub content: String,
    /// As in [`crate::SendMessage::attachments`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<AttachmentId>,
}

/// A conversation with its newest messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    pub conversation: Conversation,
    /// Oldest first.
    pub messages: Vec<Message>,
    /// Whether there are older messages than the first of these.
    pub has_more: bool,
}

/// Body of `POST /widget/v1/conversations/{id}/typing`. Answers 204; nothing is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetTyping {
    pub typing: bool,
}
