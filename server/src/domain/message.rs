//! Messages, and the rules for taking one.

use crate::domain::{Conversation, Error, Result, Status};
use shared::{Ack, ClientId, CompanyId, ConversationId, MessageId, MessageText, Seq, Timestamp};
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SenderType {
    Customer,
    Agent,
    Bot,
    System,
}

/// The two sides of a conversation. Agents, bots and the system itself are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Customer,
    Agent,
}

impl SenderType {
    pub const fn side(self) -> Side {
        match self {
            Self::Customer => Side::Customer,
            Self::Agent | Self::Bot | Self::System => Side::Agent,
        }
    }
}

/// Who writes. The id is the customer's, the agent's or the bot's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sender {
    pub kind: SenderType,
    pub id: Option<Uuid>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub id: MessageId,
    pub conversation: ConversationId,
    /// 1, 2, 3 in its conversation, without holes.
    pub seq: Seq,
    pub client_id: Option<ClientId>,
    pub sender: Sender,
    /// The agent's name, where the sender is one.
    pub sender_name: Option<String>,
    pub content: String,
    pub ack: Ack,
    pub created_at: Timestamp,
}

/// A page of history, oldest first.
#[derive(Clone, Debug)]
pub struct MessagePage {
    pub messages: Vec<Message>,
    /// Whether there are older ones than the first of these.
    pub has_more: bool,
}

/// A message on its way into a store.
#[derive(Clone, Debug)]
pub struct NewMessage {
    pub id: MessageId,
    pub company: CompanyId,
    pub conversation: ConversationId,
    pub client_id: Option<ClientId>,
    pub sender: Sender,
    pub text: MessageText,
    pub at: Timestamp,
}

/// What came of sending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    Stored(Message),
    /// The same message was stored before; this is it, as it is now.
    Repeated(Message),
}

impl Sent {
    pub fn into_message(self) -> Message {
        match self {
            Self::Stored(message) | Self::Repeated(message) => message,
        }
    }
}

/// What a store has to do with a new message.
#[derive(Debug, PartialEq, Eq)]
pub enum Acceptance {
    /// Store it under this `seq`; the conversation gets this status.
    Store { seq: Seq, status: Status },
    /// It is there already.
    Repeat,
}

/// Decides over a new message. `existing` is the content stored in this conversation under the same client id, and who
/// stored it.
///
/// The repeat is recognised before anything else is asked: whatever happened to the conversation since, a client that
/// lost the answer gets the answer.
pub fn accept(
    conversation: &Conversation,
    existing: Option<(&str, Sender)>,
    new: &NewMessage,
) -> Result<Acceptance> {
    if new.sender.kind == SenderType::Customer && conversation.customer.map(|id| id.0) != new.sender.id {
        return Err(Error::NotFound);
    }
    if let Some((content, sender)) = existing {
        let is_same = content == new.text.as_str() && sender == new.sender;
        return if is_same { Ok(Acceptance::Repeat) } else { Err(Error::ClientIdReused) };
    }
    let status = match (conversation.status, new.sender.kind) {
        (Status::Closed, _) => return Err(Error::ConversationClosed),
        (Status::Resolved, SenderType::Customer) => Status::Open,
        (status, _) => status,
    };
    Ok(Acceptance::Store { seq: conversation.last_seq + 1, status })
}
