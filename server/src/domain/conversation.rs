//! Conversations.

use crate::domain::{Message, Side};
use shared::{AgentId, CompanyId, ConversationId, CustomerId, Seq, Timestamp};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Open,
    Pending,
    /// Answered; the customer's next message opens it again.
    Resolved,
    /// Ended; nothing more is taken.
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    Live,
    Away,
    Offline,
}

/// The agent a conversation is assigned to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssignedAgent {
    pub id: AgentId,
    pub name: String,
    pub presence: Presence,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    pub id: ConversationId,
    pub company: CompanyId,
    pub customer: Option<CustomerId>,
    pub assignee: Option<AssignedAgent>,
    pub status: Status,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// The number of its newest message; 0 when there is none.
    pub last_seq: Seq,
    /// How far each side has read.
    pub customer_read_seq: Seq,
    pub agent_read_seq: Seq,
    /// Messages of the agent's side that the customer has not read.
    pub n_unread: u32,
}

impl Conversation {
    pub const fn read_seq(&self, side: Side) -> Seq {
        match side {
            Side::Customer => self.customer_read_seq,
            Side::Agent => self.agent_read_seq,
        }
    }
}

/// A conversation with its newest messages, oldest first.
#[derive(Clone, Debug)]
pub struct Thread {
    pub conversation: Conversation,
    pub messages: Vec<Message>,
    /// Whether there are older messages than the first of these.
    pub has_more: bool,
}
