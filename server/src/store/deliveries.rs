//! What is still to be done outside: jobs of outside apps, webhooks; and the answers kept for idempotency keys.

use crate::domain::{Hash, Job, Progress, Result, Rev};
use async_trait::async_trait;
use shared::{CompanyId, ConversationId, MessageId, Timestamp};
use uuid::Uuid;

/// One delivery to a webhook.
#[derive(Clone, Debug)]
pub struct NewDelivery {
    pub id: Uuid,
    pub conversation: Option<ConversationId>,
    pub body: String,
}

#[derive(Clone, Debug)]
pub struct WebhookDelivery {
    pub num: i64,
    pub id: Uuid,
    pub webhook_num: i64,
    pub conversation: Option<ConversationId>,
    pub body: String,
    /// How often it was tried already.
    pub n_attempts: u32,
    pub due_at: Timestamp,
}

/// An answer that was given under an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAnswer {
    pub fingerprint: Hash,
    pub status: u16,
    pub body: Vec<u8>,
}

#[async_trait]
pub trait DeliveryStore: Send + Sync + 'static {
    async fn job(&self, company: CompanyId, num: i64) -> Result<Option<Job>>;
    async fn job_of_message(&self, company: CompanyId, message: MessageId) -> Result<Option<Job>>;
    /// Jobs that are not finished, oldest first, after this number.
    async fn open_jobs(&self, after: i64, limit: u32) -> Result<Vec<Job>>;
    /// Those of one conversation, in the order of its messages.
    async fn open_jobs_of(
        &self,
        company: CompanyId,
        conversation: ConversationId,
        limit: u32,
    ) -> Result<Vec<Job>>;
    /// Moves the job's message on. A job that is finished fails no more, but its message may still be read.
    async fn advance_job(&self, num: i64, progress: Progress, at: Timestamp) -> Result<Job>;

    /// Notes that the log was read up to `read_up_to` for a webhook, with what that gave it to deliver.
    async fn enqueue_deliveries(
        &self,
        webhook_num: i64,
        read_up_to: Rev,
        deliveries: Vec<NewDelivery>,
        at: Timestamp,
    ) -> Result<()>;
    /// The first delivery of each conversation that is still to be made, and all that concern none, as far as they are
    /// due; oldest first. None is put off by more than [`crate::domain::delivery::RETRY_SECONDS`]: one that seems to be
    /// has a clock behind it that was set back, and is due.
    async fn next_deliveries(
        &self,
        webhook_num: i64,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<WebhookDelivery>>;
    /// It arrived, or is given up.
    async fn finish_delivery(&self, num: i64) -> Result<()>;
    /// It failed, and is tried again at `due_at`.
    async fn postpone_delivery(&self, num: i64, due_at: Timestamp) -> Result<()>;

    /// The answer kept under a key, if it was kept after `after`.
    async fn kept_answer(
        &self,
        company: CompanyId,
        key: &str,
        after: Timestamp,
    ) -> Result<Option<KeptAnswer>>;
    /// Also forgets those kept before `forget_before`.
    async fn keep_answer(
        &self,
        company: CompanyId,
        key: String,
        answer: KeptAnswer,
        at: Timestamp,
        forget_before: Timestamp,
    ) -> Result<()>;
}
