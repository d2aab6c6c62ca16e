//! The change log: writing to it, reading it, and the state that belongs to a place in it.

use super::{
    SqliteStore, conversations, head_rev, messages,
    rows::{self, Word},
    writer::Tx,
};
use crate::{
    domain::{
        Change, ChangeKind, Conversation, ConversationRef, Error, LogPage, MessagePage, MessageQuery,
        Receipt, ReceiptState, Result, Rev, Side, Thread,
    },
    store::LogStore,
};
use async_trait::async_trait;
use shared::{CompanyId, ConversationId, CustomerId, Timestamp, limits::PAGE_DEFAULT};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use uuid::Uuid;

#[async_trait]
impl LogStore for SqliteStore {
    async fn head_rev(&self, company: CompanyId) -> Result<Rev> {
        let mut connection = self.readers.acquire().await?;
        head_rev(&mut connection, company).await
    }

    async fn snapshot(&self, company: CompanyId, customer: CustomerId) -> Result<(Option<Thread>, Rev)> {
        // One read transaction, so that the state and its rev belong together.
        let mut tx = self.readers.begin().await?;
        let rev = head_rev(&mut tx, company).await?;
        let newest = conversations::of_customer(&mut *tx, company, customer, 1).await?.pop();
        let thread = match newest {
            None => None,
            Some(conversation) => {
                let query = MessageQuery::Before(None);
                let page = messages::page(&mut *tx, company, conversation.id, query, PAGE_DEFAULT).await?;
                let MessagePage { messages, has_more } = page;
                Some(Thread { conversation, messages, has_more })
            }
        };
        tx.commit().await?;
        Ok((thread, rev))
    }

    async fn changes(
        &self,
        company: CompanyId,
        customer: Option<CustomerId>,
        after: Rev,
        limit: u32,
    ) -> Result<LogPage> {
        let mut tx = self.readers.begin().await?;
        let head = head_rev(&mut tx, company).await?;
        let query = match customer {
            Some(customer) => sqlx::query(select_change!(
                "WHERE h.company_id = $1 AND h.rev > $2 AND h.customer_id = $4 ORDER BY h.rev LIMIT $3"
            ))
            .bind(company.0)
            .bind(after)
            .bind(i64::from(limit) + 1)
            .bind(customer.0),
            None => {
                sqlx::query(select_change!("WHERE h.company_id = $1 AND h.rev > $2 ORDER BY h.rev LIMIT $3"))
                    .bind(company.0)
                    .bind(after)
                    .bind(i64::from(limit) + 1)
            }
        };
        let rows = query.fetch_all(&mut *tx).await?;
        let has_more = rows.len() > limit as usize;
        let mut changes = Vec::with_capacity(rows.len());
        let mut previous_rev = after;
        let mut read_up_to = head;
        for row in rows.iter().take(limit as usize) {
            let rev: Rev = row.try_get("rev")?;
            if has_more {
                read_up_to = rev;
            }
            // What the entry speaks of may have been erased since; then it says nothing.
            let Some(kind) = read_kind(&mut tx, company, row).await? else { continue };
            changes.push(Change {
                company,
                rev,
                previous_rev,
                conversation: row.try_get::<Option<Uuid>, _>("change_conversation")?.map(ConversationId),
                customer: row.try_get::<Option<Uuid>, _>("customer_id")?.map(CustomerId),
                is_new: row.try_get("is_new")?,
                kind,
            });
            previous_rev = rev;
        }
        tx.commit().await?;
        Ok(LogPage { changes, read_up_to, has_more })
    }
}

macro_rules! select_change {
    ($rest:literal) => {
        concat!(
            "SELECT h.rev, h.conversation_id AS change_conversation, h.customer_id, h.kind, h.is_new, ",
            "h.seq AS change_seq, h.receipt_from_seq, h.receipt_by, h.receipt_state, h.at, ",
            "m.id, m.num, m.conversation_id, m.seq, m.client_id, m.sender_type, m.sender_id, m.content, ",
            "m.attachments, m.language, coalesce(h.ack, m.ack) AS ack, m.created_at, s.name AS sender_name ",
            "FROM change h ",
            "LEFT JOIN message m ON h.kind = 'message' AND m.conversation_id = h.conversation_id AND m.seq = h.seq ",
            "AND (m.content <> '' OR m.attachments IS NOT NULL) ",
            "LEFT JOIN agent s ON s.company_id = h.company_id AND s.id = m.sender_id ",
            $rest
        )
    };
}
use select_change;

async fn read_kind(
    connection: &mut SqliteConnection,
    company: CompanyId,
    row: &SqliteRow,
) -> Result<Option<ChangeKind>> {
    Ok(match row.try_get("kind")? {
        "message" => match row.try_get::<Option<Uuid>, _>("id")? {
            Some(_) => Some(ChangeKind::Message(rows::message(row)?)),
            None => None,
        },
        "receipt" => {
            let up_to_seq = row.try_get("change_seq")?;
            Some(ChangeKind::Receipt(Receipt {
                by: Side::from_word(row.try_get("receipt_by")?)?,
                state: ReceiptState::from_word(row.try_get("receipt_state")?)?,
                from_seq: row.try_get::<Option<i64>, _>("receipt_from_seq")?.unwrap_or(up_to_seq),
                up_to_seq,
                at: Timestamp(row.try_get("at")?),
            }))
        }
        "conversation" => {
            let id = ConversationRef::Id(ConversationId(row.try_get("change_conversation")?));
            conversations::find(connection, company, id).await?.map(ChangeKind::Conversation)
        }
        "customer" => {
            row.try_get::<Option<Uuid>, _>("customer_id")?.map(|id| ChangeKind::Customer(CustomerId(id)))
        }
        "job" => {
            let num: i64 = row.try_get("change_seq")?;
            let row = sqlx::query(rows::select_job!("WHERE j.num = $1"))
                .bind(num)
                .fetch_optional(connection)
                .await?;
            row.as_ref().map(rows::job).transpose()?.map(ChangeKind::Job)
        }
        word => return Err(Error::internal(format!("{word:?} is stored as a kind of change"))),
    })
}

/// Something to put into the log.
pub(super) struct Entry {
    pub company: CompanyId,
    pub conversation: Option<ConversationId>,
    pub customer: Option<CustomerId>,
    pub is_new: bool,
    pub kind: ChangeKind,
    pub at: Timestamp,
}

impl Entry {
    /// A change that concerns `conversation`.
    pub fn about(conversation: &Conversation, is_new: bool, kind: ChangeKind, at: Timestamp) -> Self {
        Self {
            company: conversation.company,
            conversation: Some(conversation.id),
            customer: conversation.customer,
            is_new,
            kind,
            at,
        }
    }
}

/// Puts a change into the log, under the company's next rev.
pub(super) async fn log(tx: &mut Tx<'_>, entry: Entry) -> Result<()> {
    let rev = head_rev(tx.connection, entry.company).await? + 1;
    let (word, seq, receipt) = match &entry.kind {
        ChangeKind::Conversation(_) => ("conversation", None, None),
        ChangeKind::Message(message) => ("message", Some(message.seq), None),
        ChangeKind::Receipt(receipt) => ("receipt", Some(receipt.up_to_seq), Some(receipt)),
        ChangeKind::Customer(_) => ("customer", None, None),
        ChangeKind::Job(job) => ("job", Some(job.num), None),
    };
    let ack = match &entry.kind {
        ChangeKind::Message(message) => Some(i8::from(message.ack)),
        _ => None,
    };
    let row = sqlx::query(
        "SELECT coalesce(max(rev), 0) FROM change WHERE company_id = $1 AND customer_id = $4;
         INSERT INTO change (company_id, rev, conversation_id, customer_id, kind, seq, receipt_by, receipt_state, at,
                             is_new, receipt_from_seq, ack)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(entry.company.0)
    .bind(rev)
    .bind(entry.conversation.map(|id| id.0))
    .bind(entry.customer.map(|id| id.0))
    .bind(word)
    .bind(seq)
    .bind(receipt.map(|receipt| receipt.by.word()))
    .bind(receipt.map(|receipt| receipt.state.word()))
    .bind(entry.at.0)
    .bind(entry.is_new)
    .bind(receipt.map(|receipt| receipt.from_seq))
    .bind(ack)
    .fetch_all(&mut *tx.connection)
    .await?;
    tx.changes.push(Change {
        company: entry.company,
        rev,
        previous_rev: row.first().map_or(Ok(0), |row| row.try_get(0))?,
        conversation: entry.conversation,
        customer: entry.customer,
        is_new: entry.is_new,
        kind: entry.kind,
    });
    Ok(())
}
