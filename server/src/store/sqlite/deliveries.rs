//! Delivery jobs, the queue of webhooks, and answers kept for idempotency keys.

use super::{
    SqliteStore,
    change_log::{Entry, log},
    conversations,
    messages::log_message,
    rows::{self, Word, select_job},
    writer::{Command, Tx},
};
use crate::{
    domain::{
        ChangeKind, ConversationRef, Error, Job, JobState, Progress, Result, Rev, delivery::RETRY_SECONDS,
    },
    store::{DeliveryStore, KeptAnswer, NewDelivery, WebhookDelivery},
};
use async_trait::async_trait;
use shared::{Ack, CompanyId, ConversationId, MessageId, Timestamp};
use sqlx::Row;
use uuid::Uuid;

#[async_trait]
impl DeliveryStore for SqliteStore {
    async fn job(&self, company: CompanyId, num: i64) -> Result<Option<Job>> {
        let row = sqlx::query(select_job!("WHERE j.company_id = $1 AND j.num = $2"))
            .bind(company.0)
            .bind(num)
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(rows::job).transpose()
    }

    async fn job_of_message(&self, company: CompanyId, message: MessageId) -> Result<Option<Job>> {
        let row = sqlx::query(select_job!("WHERE j.company_id = $1 AND j.message_id = $2"))
            .bind(company.0)
            .bind(message.0)
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(rows::job).transpose()
    }

    async fn open_jobs(&self, after: i64, limit: u32) -> Result<Vec<Job>> {
        let rows = sqlx::query(select_job!(
            "WHERE j.state = 'trying_deliver' AND j.num > $1 ORDER BY j.num LIMIT $2"
        ))
        .bind(after)
        .bind(limit)
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(rows::job).collect()
    }

    async fn open_jobs_of(
        &self,
        company: CompanyId,
        conversation: ConversationId,
        limit: u32,
    ) -> Result<Vec<Job>> {
        let rows = sqlx::query(select_job!(
            "WHERE j.state = 'trying_deliver' AND j.conversation_id = $2 AND j.company_id = $1 ORDER BY j.num LIMIT $3"
        ))
        .bind(company.0)
        .bind(conversation.0)
        .bind(limit)
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(rows::job).collect()
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
        let rows = sqlx::query(
            "SELECT num, id, webhook_num, conversation_id, body, n_attempts, due_at FROM webhook_delivery d
             WHERE webhook_num = $1 AND (due_at <= $2 OR due_at > $3) AND NOT EXISTS
                 (SELECT 1 FROM webhook_delivery e
                  WHERE e.conversation_id = d.conversation_id AND e.webhook_num = d.webhook_num AND e.num < d.num)
             ORDER BY num LIMIT $4",
        )
        .bind(webhook_num)
        .bind(now.0)
        .bind(now.plus_seconds(RETRY_SECONDS).0)
        .bind(limit)
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(WebhookDelivery {
                    num: row.try_get("num")?,
                    id: row.try_get("id")?,
                    webhook_num: row.try_get("webhook_num")?,
                    conversation: row.try_get::<Option<Uuid>, _>("conversation_id")?.map(ConversationId),
                    body: row.try_get("body")?,
                    n_attempts: row.try_get("n_attempts")?,
                    due_at: Timestamp(row.try_get("due_at")?),
                })
            })
            .collect()
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
        let row = sqlx::query(
            "SELECT fingerprint, status, body FROM idempotency_key
             WHERE company_id = $1 AND key = $2 AND created_at > $3",
        )
        .bind(company.0)
        .bind(key)
        .bind(after.0)
        .fetch_optional(&self.readers)
        .await?;
        row.map(|row| {
            Ok(KeptAnswer {
                fingerprint: rows::hash(&row, "fingerprint")?,
                status: row.try_get("status")?,
                body: row.try_get("body")?,
            })
        })
        .transpose()
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

#[async_trait]
impl Command for AdvanceJob {
    type Output = Job;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<Job> {
        let job = find_job(tx, self.num).await?;
        let conversation =
            conversations::find(tx.connection, job.company, ConversationRef::Id(job.conversation))
                .await?
                .ok_or(Error::NotFound)?;
        let is_open = job.state == JobState::TryingDeliver;
        let (state, reason) = match &self.progress {
            Progress::Ack(ack) => {
                let raised = sqlx::query(
                    "UPDATE message SET ack = $2,
                            delivered_at = CASE WHEN $2 >= 2 THEN coalesce(delivered_at, $3) ELSE delivered_at END,
                            read_at = CASE WHEN $2 >= 3 THEN coalesce(read_at, $3) ELSE read_at END
                     WHERE id = $1 AND ack < $2",
                )
                .bind(job.message.0)
                .bind(i8::from(*ack))
                .bind(self.at.0)
                .execute(&mut *tx.connection)
                .await?;
                if raised.rows_affected() > 0 {
                    log_message(tx, &conversation, job.seq, self.at).await?;
                }
                (if *ack >= Ack::Delivered { JobState::Delivered } else { JobState::TryingDeliver }, None)
            }
            Progress::Failed(reason) => (JobState::Failed, Some(reason.as_str())),
        };
        if !is_open || state == JobState::TryingDeliver {
            return Ok(job);
        }
        sqlx::query("UPDATE delivery_job SET state = $2, reason = $3, finished_at = $4 WHERE num = $1")
            .bind(self.num)
            .bind(state.word())
            .bind(reason)
            .bind(self.at.0)
            .execute(&mut *tx.connection)
            .await?;
        let job = find_job(tx, self.num).await?;
        log(tx, Entry::about(&conversation, false, ChangeKind::Job(job.clone()), self.at)).await?;
        Ok(job)
    }
}

async fn find_job(tx: &mut Tx<'_>, num: i64) -> Result<Job> {
    let row = sqlx::query(select_job!("WHERE j.num = $1"))
        .bind(num)
        .fetch_optional(&mut *tx.connection)
        .await?
        .ok_or(Error::NotFound)?;
    rows::job(&row)
}

struct Enqueue {
    webhook_num: i64,
    read_up_to: Rev,
    deliveries: Vec<NewDelivery>,
    at: Timestamp,
}

#[async_trait]
impl Command for Enqueue {
    type Output = ();

    async fn apply(self, tx: &mut Tx<'_>) -> Result<()> {
        let updated = sqlx::query("UPDATE webhook SET read_rev = $2 WHERE num = $1 AND read_rev < $2")
            .bind(self.webhook_num)
            .bind(self.read_up_to)
            .execute(&mut *tx.connection)
            .await?;
        // Another reading of the same stretch came first, or the webhook is gone.
        if updated.rows_affected() == 0 {
            return Ok(());
        }
        for delivery in self.deliveries {
            sqlx::query(
                "INSERT INTO webhook_delivery (id, webhook_num, conversation_id, body, due_at)
                 VALUES ($1, $2, $3, $4, $5)",
            )
            .bind(delivery.id)
            .bind(self.webhook_num)
            .bind(delivery.conversation.map(|id| id.0))
            .bind(delivery.body)
            .bind(self.at.0)
            .execute(&mut *tx.connection)
            .await?;
        }
        Ok(())
    }
}

struct FinishDelivery {
    num: i64,
}

#[async_trait]
impl Command for FinishDelivery {
    type Output = ();

    async fn apply(self, tx: &mut Tx<'_>) -> Result<()> {
        sqlx::query("DELETE FROM webhook_delivery WHERE num = $1")
            .bind(self.num)
            .execute(&mut *tx.connection)
            .await?;
        Ok(())
    }
}

struct PostponeDelivery {
    num: i64,
    due_at: Timestamp,
}

#[async_trait]
impl Command for PostponeDelivery {
    type Output = ();

    async fn apply(self, tx: &mut Tx<'_>) -> Result<()> {
        sqlx::query("UPDATE webhook_delivery SET n_attempts = n_attempts + 1, due_at = $2 WHERE num = $1")
            .bind(self.num)
            .bind(self.due_at.0)
            .execute(&mut *tx.connection)
            .await?;
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

#[async_trait]
impl Command for KeepAnswer {
    type Output = ();

    async fn apply(self, tx: &mut Tx<'_>) -> Result<()> {
        sqlx::query(
            "DELETE FROM idempotency_key WHERE created_at < $1;
             INSERT INTO idempotency_key (company_id, key, fingerprint, status, body, created_at)
             VALUES ($2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        )
        .bind(self.forget_before.0)
        .bind(self.company.0)
        .bind(self.key)
        .bind(self.answer.fingerprint.to_vec())
        .bind(self.answer.status)
        .bind(self.answer.body)
        .bind(self.at.0)
        .execute(&mut *tx.connection)
        .await?;
        Ok(())
    }
}
