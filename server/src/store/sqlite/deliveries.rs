//! Delivery jobs, the queue of webhooks, and answers kept for idempotency keys.

use super::{
    SqliteStore,
    change_log::{Entry, log},
    conversations,
    messages::log_message,
    rows::{self, Word, select_job},
    sql::Sql,
    writer::{Command, Tx},
};
use crate::{
    domain::{
        ChangeKind, ConversationRef, Error, Job, JobState, Progress, Result, Rev, delivery::RETRY_SECONDS,
    },
    store::{DeliveryStore, KeptAnswer, NewDelivery, WebhookDelivery},
};
use async_trait::async_trait;
use rusqlite::params;
use shared::{Ack, CompanyId, ConversationId, MessageId, Timestamp};
use uuid::Uuid;

#[async_trait]
impl DeliveryStore for SqliteStore {
    async fn job(&self, company: CompanyId, num: i64) -> Result<Option<Job>> {
        self.read(move |connection| {
            connection.find(
                select_job!("WHERE j.company_id = ?1 AND j.num = ?2"),
                params![company.0, num],
                rows::job,
            )
        })
        .await
    }

    async fn job_of_message(&self, company: CompanyId, message: MessageId) -> Result<Option<Job>> {
        self.read(move |connection| {
            connection.find(
                select_job!("WHERE j.company_id = ?1 AND j.message_id = ?2"),
                params![company.0, message.0],
                rows::job,
            )
        })
        .await
    }

    async fn open_jobs(&self, after: i64, limit: u32) -> Result<Vec<Job>> {
        self.read(move |connection| {
            connection.list(
                select_job!("WHERE j.state = 'trying_deliver' AND j.num > ?1 ORDER BY j.num LIMIT ?2"),
                params![after, limit],
                rows::job,
            )
        })
        .await
    }

    async fn open_jobs_of(
        &self,
        company: CompanyId,
        conversation: ConversationId,
        limit: u32,
    ) -> Result<Vec<Job>> {
        self.read(move |connection| connection.list(select_job!(
            "WHERE j.state = 'trying_deliver' AND j.conversation_id = ?2 AND j.company_id = ?1 ORDER BY j.num LIMIT ?3"
        ), params![company.0, conversation.0, limit], rows::job)).await
    }

    async fn advance_job(&self, num: i64, progress: Progress, at: Timestamp) -> Result<Job> {
        self.writer.execute(AdvanceJob { num, progress, at }).await
    }

    async fn enqueue_deliveries(
        &self,
        webhook_num: i64,
        read_up_to: Rev,
        deliveries: Vec<NewDelivery>,
        at: Timestamp,
    ) -> Result<()> {
        self.writer.execute(Enqueue { webhook_num, read_up_to, deliveries, at }).await
    }

    async fn next_deliveries(
        &self,
        webhook_num: i64,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<WebhookDelivery>> {
        self.read(move |connection| connection.list("SELECT num, id, webhook_num, conversation_id, body, n_attempts, due_at FROM webhook_delivery d
             WHERE webhook_num = ?1 AND (due_at <= ?2 OR due_at > ?3) AND NOT EXISTS
                 (SELECT 1 FROM webhook_delivery e
                  WHERE e.conversation_id = d.conversation_id AND e.webhook_num = d.webhook_num AND e.num < d.num)
             ORDER BY num LIMIT ?4", params![webhook_num, now.0, now.plus_seconds(RETRY_SECONDS).0, limit], |row| {
                Ok(WebhookDelivery {
                    num: row.get("num")?,
                    id: row.get("id")?,
                    webhook_num: row.get("webhook_num")?,
                    conversation: row.get::<Option<Uuid>>("conversation_id")?.map(ConversationId),
                    body: row.get("body")?,
                    n_attempts: row.get("n_attempts")?,
                    due_at: Timestamp(row.get("due_at")?),
                })
            })).await
    }

    async fn finish_delivery(&self, num: i64) -> Result<()> {
        self.writer.execute(FinishDelivery { num }).await
    }

    async fn postpone_delivery(&self, num: i64, due_at: Timestamp) -> Result<()> {
        self.writer.execute(PostponeDelivery { num, due_at }).await
    }

    async fn kept_answer(
        &self,
        company: CompanyId,
        key: &str,
        after: Timestamp,
    ) -> Result<Option<KeptAnswer>> {
        let key = key.to_owned();
        self.read(move |connection| {
            connection.find(
                "SELECT fingerprint, status, body FROM idempotency_key
             WHERE company_id = ?1 AND key = ?2 AND created_at > ?3",
                params![company.0, key, after.0],
                |row| {
                    Ok(KeptAnswer {
                        fingerprint: row.get("fingerprint")?,
                        status: row.get("status")?,
                        body: row.get("body")?,
                    })
                },
            )
        })
        .await
    }

    async fn keep_answer(
        &self,
        company: CompanyId,
        key: String,
        answer: KeptAnswer,
        at: Timestamp,
        forget_before: Timestamp,
    ) -> Result<()> {
        self.writer.execute(KeepAnswer { company, key, answer, at, forget_before }).await
    }
}

struct AdvanceJob {
    num: i64,
    progress: Progress,
    at: Timestamp,
}

impl Command for AdvanceJob {
    type Output = Job;

    fn apply(self, tx: &mut Tx<'_>) -> Result<Job> {
        let job = find_job(tx, self.num)?;
        let conversation =
            conversations::find(tx.connection, job.company, ConversationRef::Id(job.conversation))?
                .ok_or(Error::NotFound)?;
        let is_open = job.state == JobState::TryingDeliver;
        let (state, reason) = match &self.progress {
            Progress::Ack(ack) => {
                let n_raised = tx.connection.run("UPDATE message SET ack = ?2,
                            delivered_at = CASE WHEN ?2 >= 2 THEN coalesce(delivered_at, ?3) ELSE delivered_at END,
                            read_at = CASE WHEN ?2 >= 3 THEN coalesce(read_at, ?3) ELSE read_at END
                     WHERE id = ?1 AND ack < ?2", params![job.message.0, i8::from(*ack), self.at.0])?;
                if n_raised > 0 {
                    log_message(tx, &conversation, job.seq, self.at)?;
                }
                (if *ack >= Ack::Delivered { JobState::Delivered } else { JobState::TryingDeliver }, None)
            }
            Progress::Failed(reason) => (JobState::Failed, Some(reason.as_str())),
        };
        if !is_open || state == JobState::TryingDeliver {
            return Ok(job);
        }
        tx.connection.run(
            "UPDATE delivery_job SET state = ?2, reason = ?3, finished_at = ?4 WHERE num = ?1",
            params![self.num, state.word(), reason, self.at.0],
        )?;
        let job = find_job(tx, self.num)?;
        log(tx, Entry::about(&conversation, false, ChangeKind::Job(job.clone()), self.at))?;
        Ok(job)
    }
}

fn find_job(tx: &mut Tx<'_>, num: i64) -> Result<Job> {
    tx.connection.find(select_job!("WHERE j.num = ?1"), params![num], rows::job)?.ok_or(Error::NotFound)
}

struct Enqueue {
    webhook_num: i64,
    read_up_to: Rev,
    deliveries: Vec<NewDelivery>,
    at: Timestamp,
}

impl Command for Enqueue {
    type Output = ();

    fn apply(self, tx: &mut Tx<'_>) -> Result<()> {
        let n_updated = tx.connection.run(
            "UPDATE webhook SET read_rev = ?2 WHERE num = ?1 AND read_rev < ?2",
            params![self.webhook_num, self.read_up_to],
        )?;
        // Another reading of the same stretch came first, or the webhook is gone.
        if n_updated == 0 {
            return Ok(());
        }
        for delivery in self.deliveries {
            tx.connection.run(
                "INSERT INTO webhook_delivery (id, webhook_num, conversation_id, body, due_at)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    delivery.id,
                    self.webhook_num,
                    delivery.conversation.map(|id| id.0),
                    delivery.body,
                    self.at.0
                ],
            )?;
        }
        Ok(())
    }
}

struct FinishDelivery {
    num: i64,
}

impl Command for FinishDelivery {
    type Output = ();

    fn apply(self, tx: &mut Tx<'_>) -> Result<()> {
        tx.connection.run("DELETE FROM webhook_delivery WHERE num = ?1", params![self.num])?;
        Ok(())
    }
}

struct PostponeDelivery {
    num: i64,
    due_at: Timestamp,
}

impl Command for PostponeDelivery {
    type Output = ();

    fn apply(self, tx: &mut Tx<'_>) -> Result<()> {
        tx.connection.run(
            "UPDATE webhook_delivery SET n_attempts = n_attempts + 1, due_at = ?2 WHERE num = ?1",
            params![self.num, self.due_at.0],
        )?;
        Ok(())
    }
}

struct KeepAnswer {
    company: CompanyId,
    key: String,
    answer: KeptAnswer,
    at: Timestamp,
    forget_before: Timestamp,
}

impl Command for KeepAnswer {
    type Output = ();

    fn apply(self, tx: &mut Tx<'_>) -> Result<()> {
        tx.connection
            .run("DELETE FROM idempotency_key WHERE created_at < ?1", params![self.forget_before.0])?;
        tx.connection.run(
            "INSERT INTO idempotency_key (company_id, key, fingerprint, status, body, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
            params![
                self.company.0,
                self.key,
                self.answer.fingerprint,
                self.answer.status,
                self.answer.body,
                self.at.0
            ],
        )?;
        Ok(())
    }
}
