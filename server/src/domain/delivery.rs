//! How messages reach outside apps: one job for each message of the business.

use shared::{Ack, CompanyId, ConversationId, MessageId, Seq, Timestamp};
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    TryingDeliver,
    Delivered,
    Failed,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    pub num: i64,
    pub company: CompanyId,
    pub conversation: ConversationId,
    pub channel: Uuid,
    pub message: MessageId,
    /// The message's place in its conversation, and its integer name.
    pub seq: Seq,
    pub message_num: i64,
    pub state: JobState,
    /// Why it failed.
    pub reason: Option<String>,
    pub created_at: Timestamp,
}

/// What an outside app says of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The message has come so far. From [`Ack::Delivered`] on its job is done.
    Ack(Ack),
    /// It will not arrive, and why.
    Failed(String),
}
