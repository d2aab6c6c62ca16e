//! The change log: everything durable that happened, in the order it happened, for one company.

use crate::domain::{Conversation, Job, Message, Side};
use shared::{CompanyId, ConversationId, CustomerId, Seq, Timestamp};

/// A place in a company's change log: 1, 2, 3; 0 is before the first.
pub type Rev = i64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiptState {
    Delivered,
    Read,
}

/// One side has got, or read, everything the other wrote up to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub by: Side,
    pub state: ReceiptState,
    /// The first message that had not come so far before.
    pub from_seq: Seq,
    pub up_to_seq: Seq,
    pub at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It was started, or something about it changed.
    Conversation(Conversation),
    /// It was stored, or has come further.
    Message(Message),
    Receipt(Receipt),
    /// A customer became known, or what is known of them changed.
    Customer(CustomerId),
    /// A message reached an outside app, or will not.
    Job(Job),
}

/// One entry of the log, together with what it speaks of as that was when the entry was read. Only how far a message had
/// come is told as it was when the entry was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub company: CompanyId,
    pub rev: Rev,
    /// The rev of the entry before this one that concerns the same customer; 0 if there is none. Whoever has seen that
    /// one, and now sees this, has missed nothing.
    pub previous_rev: Rev,
    /// None for a change of a customer alone.
    pub conversation: Option<ConversationId>,
    pub customer: Option<CustomerId>,
    /// Whether what it speaks of came to be with it.
    pub is_new: bool,
    pub kind: ChangeKind,
}

impl Change {
    /// About how much memory it takes, in bytes, for those who bound what they hold.
    pub const fn weight(&self) -> usize {
        match &self.kind {
            ChangeKind::Message(message) => size_of::<Self>() + message.weight(),
            _ => size_of::<Self>(),
        }
    }
}

/// A stretch of the log, as one customer or one company may see it.
#[derive(Clone, Debug)]
pub struct LogPage {
    pub changes: Vec<Change>,
    /// Everything up to here has been read: the newest rev of the company when `changes` are all there are, else the rev
    /// of the last of them.
    pub read_up_to: Rev,
    /// Whether the log goes on after `read_up_to`.
    pub has_more: bool,
}
