//! How messages reach outside apps: one job for each message of the business. And when a webhook that failed is tried
//! again.

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
    /// When it was known what came of it.
    pub finished_at: Option<Timestamp>,
}

/// What an outside app says of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The message has come so far. From [`Ack::Delivered`] on its job is done.
    Ack(Ack),
    /// It will not arrive, and why.
    Failed(String),
}

/// How long a delivery to a webhook waits before it is tried again, in seconds.
pub const RETRY_SECONDS: i64 = 60;

/// How often it is tried again at most.
const RETRIES_MAX: u32 = 10;

/// Whether a delivery to a webhook that has failed so often is tried once more. If not, it is given up.
pub const fn is_tried_again(n_failures: u32) -> bool {
    n_failures <= RETRIES_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_made_once_and_tried_again_ten_times() {
        let n_tries = 1 + (1..100).take_while(|n_failures| is_tried_again(*n_failures)).count();
        assert_eq!(n_tries, 11);
    }
}
