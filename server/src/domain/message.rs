//! Messages, and the rules for taking one.

use crate::domain::{
    Attachment, Conversation, ConversationRef, Customer, Error, InvalidField, Result, Status,
};
use shared::{
    Ack, AttachmentId, ClientId, CompanyId, ConversationId, CustomerId, MessageId, MessageText, Seq,
    TextProblem, Timestamp, limits::ATTACHMENTS_MAX,
};
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
    /// The integer name of the same message.
    pub num: i64,
    pub conversation: ConversationId,
    /// 1, 2, 3 in its conversation, without holes.
    pub seq: Seq,
    pub client_id: Option<ClientId>,
    pub sender: Sender,
    /// The agent's name, where the sender is one.
    pub sender_name: Option<String>,
    /// The agent's picture.
    pub sender_avatar_url: Option<String>,
    /// Empty only beside attachments.
    pub content: String,
    pub attachments: Vec<Attachment>,
    /// BCP 47, where it is known.
    pub language: Option<String>,
    pub ack: Ack,
    pub created_at: Timestamp,
}

impl Message {
    /// About how much memory what hangs on it takes, in bytes.
    pub const fn weight(&self) -> usize {
        /// A name, an address, a type.
        const ATTACHMENT: usize = 512;
        self.content.len() + self.attachments.len() * ATTACHMENT
    }
}

/// What a message says: a text, files, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    text: String,
    attachments: Vec<AttachmentId>,
}

impl Content {
    /// `field` is what the text is called where it came from; what is wrong with it is said under that name.
    pub fn new(
        field: &'static str,
        text: String,
        attachments: Vec<AttachmentId>,
    ) -> Result<Self, InvalidField> {
        if attachments.len() > ATTACHMENTS_MAX {
            return Err(InvalidField::value("attachments", format!("must be at most {ATTACHMENTS_MAX}")));
        }
        match MessageText::try_from(text) {
            Ok(text) => Ok(Self { text: text.into_string(), attachments }),
            Err(TextProblem::Blank) if !attachments.is_empty() => {
                Ok(Self { text: String::new(), attachments })
            }
            Err(TextProblem::Blank) => Err(InvalidField::value(field, TextProblem::Blank.to_string())),
            Err(problem) => Err(InvalidField::value(field, problem.to_string())),
        }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn into_text(self) -> String {
        self.text
    }

    pub fn attachments(&self) -> &[AttachmentId] {
        &self.attachments
    }
}

impl From<MessageText> for Content {
    fn from(text: MessageText) -> Self {
        Self { text: text.into_string(), attachments: Vec::new() }
    }
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
    pub content: Content,
    pub language: Option<String>,
    pub at: Timestamp,
}

/// A message for a conversation that is known by any of its names, on its way into a store.
#[derive(Clone, Debug)]
pub struct Submission {
    pub id: MessageId,
    pub company: CompanyId,
    pub conversation: ConversationRef,
    /// The customer who asks, if one does: they see their own conversations only.
    pub seen_by: Option<CustomerId>,
    pub author: Author,
    pub client_id: Option<ClientId>,
    pub content: Content,
    pub language: Option<String>,
    pub at: Timestamp,
}

/// What came of a submission, with as much of what is around it as answers tell: sending is what everything else waits for.
#[derive(Clone, Debug)]
pub struct Submitted {
    pub sent: Sent,
    /// As it was before.
    pub conversation: Conversation,
    /// Who wrote, where the customer did.
    pub customer: Option<Customer>,
    pub outlet_name: Option<String>,
}

/// Who writes.
#[derive(Clone, Copy, Debug)]
pub enum Author {
    Sender(Sender),
    /// The customer of the conversation, whoever that is.
    Customer,
}

impl Author {
    /// Who that is, as far as it is known without the conversation.
    pub const fn id(self) -> Option<Uuid> {
        match self {
            Self::Sender(sender) => sender.id,
            Self::Customer => None,
        }
    }

    pub fn sender(self, conversation: &Conversation) -> Result<Sender> {
        match self {
            Self::Sender(sender) => Ok(sender),
            Self::Customer => conversation
                .customer
                .map(Sender::customer)
                .ok_or_else(|| Error::invalid("customer", "is needed to write as them")),
        }
    }
}

/// Which messages of a conversation.
#[derive(Clone, Copy, Debug)]
pub enum MessageQuery {
    /// The newest ones before this seq, or the newest there are.
    Before(Option<Seq>),
    /// The oldest ones after this seq.
    After(Seq),
}

/// A message that has been sent before under the same client id.
#[derive(Clone, Debug)]
pub struct Existing {
    pub text: String,
    pub attachments: Vec<AttachmentId>,
    pub sender: Sender,
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

/// Decides over a new message. `existing` is what is stored in this conversation under the same client id.
///
/// The repeat is recognised before anything else is asked: whatever happened to the conversation since, a client that
/// lost the answer gets the answer.
pub fn accept(
    conversation: &Conversation,
    existing: Option<&Existing>,
    new: &NewMessage,
) -> Result<Acceptance> {
    if new.sender.kind == SenderType::Customer && conversation.customer.map(|id| id.0) != new.sender.id {
        return Err(Error::NotFound);
    }
    if let Some(existing) = existing {
        let is_same = existing.text == new.content.text()
            && existing.attachments == new.content.attachments()
            && existing.sender == new.sender;
        return if is_same { Ok(Acceptance::Repeat) } else { Err(Error::ClientIdReused) };
    }
    let status = match (conversation.status, new.sender.kind) {
        (Status::Closed, _) => return Err(Error::ConversationClosed),
        (Status::Resolved, SenderType::Customer) => Status::Open,
        (status, _) => status,
    };
    Ok(Acceptance::Store { seq: conversation.last_seq + 1, status })
}
