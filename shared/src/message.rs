//! Messages and pages of them.

use crate::{
    attachment::Attachment,
    id::{AttachmentId, ClientId, ConversationId, MessageId},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A message's place in its conversation: 1, 2, 3, without holes. Clients order by it, never by clocks.
pub type Seq = i64;

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SenderType {
    /// The visitor.
    Customer,
    /// A person of the business.
    Agent,
    /// A program of the business.
    Bot,
    /// Porchlight itself.
    System,
}

/// How far a message has come. On the wire: the integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "i8", try_from = "i8")]
pub enum Ack {
    /// -1: being prepared for an outside app.
    Preparing,
    /// 0: handed to an outside app.
    Delivering,
    /// 1: stored by the server, or taken by the outside app.
    Sent,
    /// 2: it has arrived at the other side.
    Delivered,
    /// 3: somebody there has read it.
    Read,
}

impl From<Ack> for i8 {
    fn from(ack: Ack) -> Self {
        match ack {
            Ack::Preparing => -1,
            Ack::Delivering => 0,
            Ack::Sent => 1,
            Ack::Delivered => 2,
            Ack::Read => 3,
        }
    }
}

/// A number that is no [`Ack`].
#[derive(Clone, Copy, Debug)]
pub struct UnknownAck(pub i8);

impl std::fmt::Display for UnknownAck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} is not an ack (-1 to 3)", self.0)
    }
}

impl TryFrom<i8> for Ack {
    type Error = UnknownAck;

    fn try_from(number: i8) -> Result<Self, UnknownAck> {
        Ok(match number {
            -1 => Self::Preparing,
            0 => Self::Delivering,
            1 => Self::Sent,
            2 => Self::Delivered,
            3 => Self::Read,
            other => return Err(UnknownAck(other)),
        })
    }
}

/// The writer of a message, as the other side may see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    #[serde(rename = "type")]
    pub kind: SenderType,
    /// The agent's or bot's id; absent for the visitor and for system messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// A name to show, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Their picture, where there is one: an https address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
}

/// One stored message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub id: MessageId,
    pub conversation_id: ConversationId,
    pub seq: Seq,
    /// The name its sender gave it; only on the visitor's own messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    pub sender: Sender,
    /// At most [`crate::limits::TEXT_MAX_BYTES`] bytes. Text, never markup. Empty only beside attachments.
    pub content: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    pub ack: Ack,
    pub created_at: Timestamp,
}

/// Body of `PUT /widget/v1/conversations/{id}/messages/{client_id}`.
///
/// Answers 201 with the [`Message`], or 200 with the same message when this id was sent with this content before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendMessage {
    /// May be empty beside attachments.
    pub content: String,
    /// At most [`crate::limits::ATTACHMENTS_MAX`], each uploaded by this visitor and not sent yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<AttachmentId>,
}

/// Body of `PUT /widget/v1/conversations/{id}/read`: the visitor has seen everything up to `seq`. Answers 204.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkRead {
    pub seq: Seq,
}

/// Which side of a conversation read, or is typing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reader {
    Customer,
    Agent,
}

/// Answer of `GET /widget/v1/conversations/{id}/messages?before={seq}&limit={n}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessagePage {
    /// Oldest first.
    pub messages: Vec<Message>,
    /// Whether there are older messages than the first of these.
    pub has_more: bool,
}
