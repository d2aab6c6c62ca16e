//! Conversations.

use crate::domain::{ChannelKind, Customer, Error, Message, Outlet, Result, SaidOfConversation, Side};
use serde_json::{Map, Value};
use shared::{AgentId, CompanyId, ConversationId, CustomerId, Seq, Timestamp};
use uuid::Uuid;

/// Either name of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConversationRef {
    Id(ConversationId),
    Num(i64),
}

/// Either name of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgentRef {
    Id(AgentId),
    Num(i64),
}

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
    pub avatar_url: Option<String>,
    pub presence: Presence,
}

/// The channel of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelRef {
    pub id: Uuid,
    pub num: i64,
    pub kind: ChannelKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    pub id: ConversationId,
    /// The integer name of the same conversation.
    pub num: i64,
    pub company: CompanyId,
    pub channel: ChannelRef,
    pub customer: Option<CustomerId>,
    pub assignee: Option<AssignedAgent>,
    pub status: Status,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub first_response_at: Option<Timestamp>,
    pub resolved_at: Option<Timestamp>,
    pub closed_at: Option<Timestamp>,
    pub last_message_at: Option<Timestamp>,
    /// When the customer last wrote.
    pub last_income_at: Option<Timestamp>,
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

/// A conversation with everything around it that an API tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Details {
    pub conversation: Conversation,
    pub customer: Option<Customer>,
    /// Who the customer is on the conversation's channel.
    pub handle: Option<String>,
    pub outlet: Option<Outlet>,
    pub subject: Option<String>,
    /// How it was created, where an API tells kinds apart.
    pub kind: Option<String>,
    pub order_code: Option<String>,
    pub note: Option<String>,
    pub is_bitrix_blocked: bool,
    pub meta: Map<String, Value>,
}

/// Which conversations of a company, and in which order.
#[derive(Clone, Copy, Debug)]
pub enum ConversationQuery {
    /// Newest change first.
    ByUpdate { status: Option<Status>, assignee: Option<AgentId>, offset: u32 },
    /// By number, after this one.
    ByNum { after: Option<i64>, is_descending: bool },
    /// A customer's, newest first.
    OfCustomer { customer: CustomerId, offset: u32 },
}

/// With whom a conversation is opened.
#[derive(Clone, Debug)]
pub enum Contact {
    Nobody,
    /// A new customer, of whom nothing is known.
    Stranger,
    Customer(CustomerId),
    /// Whoever has this handle on the channel; a new customer if nobody has.
    Handle {
        handle: String,
        profile: Box<crate::domain::Profile>,
    },
}

/// On which channel.
#[derive(Clone, Copy, Debug)]
pub enum ChannelChoice {
    /// The company's default one.
    Default,
    Id(Uuid),
    Num(i64),
    /// The company's channel of this kind; made if there is none.
    Kind(ChannelKind),
}

/// Something that is changed about a conversation.
#[derive(Clone, Debug)]
pub enum Alteration {
    Resolve,
    Close,
    Reopen,
    Assign(Option<AgentRef>),
    Note(String),
    /// `None`: the other way round.
    BlockBitrix(Option<bool>),
    /// What the page says that it is about.
    Describe(SaidOfConversation),
    /// To the company's channel of another kind, where the customer has a handle, or gets this one.
    MoveTo {
        kind: ChannelKind,
        handle: Option<String>,
    },
}

/// What came of a change: the conversation as it is now, and whether there was anything to change.
#[derive(Clone, Debug)]
pub struct Altered {
    pub conversation: Conversation,
    pub is_changed: bool,
}

/// The status that resolving, closing or reopening leads to; nothing when it is that already.
///
/// What is closed stays closed until it is reopened.
pub const fn next_status(status: Status, alteration: &Alteration) -> Result<Option<Status>> {
    match (alteration, status) {
        (Alteration::Resolve, Status::Closed) => Err(Error::ConversationClosed),
        (Alteration::Resolve, Status::Open | Status::Pending) => Ok(Some(Status::Resolved)),
        (Alteration::Close, Status::Open | Status::Pending | Status::Resolved) => Ok(Some(Status::Closed)),
        (Alteration::Reopen, Status::Resolved | Status::Closed) => Ok(Some(Status::Open)),
        _ => Ok(None),
    }
}
