//! The change log: writing to it, reading it, and the state that belongs to a place in it.

use super::{
    SqliteStore, conversations, head_rev, messages,
    rows::{self, Word},
    sql::{Row, Sql, first},
    writer::Tx,
};
use crate::{
    domain::{
        Change, ChangeKind, Conversation, ConversationRef, Error, LogPage, MessagePage, MessageQuery,
        Receipt, Result, Rev, Thread,
    },
    store::LogStore,
};
use async_trait::async_trait;
use rusqlite::{Connection, params};
use shared::{CompanyId, ConversationId, CustomerId, Timestamp, limits::PAGE_DEFAULT};
use uuid::Uuid;

#[async_trait]
impl LogStore for SqliteStore {
    async fn head_rev(&self, company: CompanyId) -> Result<Rev> {
        self.read(move |connection| head_rev(connection, company)).await
    }

    async fn snapshot(&self, company: CompanyId, customer: CustomerId) -> Result<(Option<Thread>, Rev)> {
        self.read(move |connection| read_snapshot(connection, company, customer)).await
    }

    async fn changes(
        &self,
        company: CompanyId,
        customer: Option<CustomerId>,
        after: Rev,
        limit: u32,
    ) -> Result<LogPage> {
        self.read(move |connection| read_changes(connection, company, customer, after, limit)).await
    }
}

fn read_snapshot(
    connection: &Connection,
    company: CompanyId,
    customer: CustomerId,
) -> Result<(Option<Thread>, Rev)> {
    // One read transaction, so that the state and its rev belong together.
    let tx = connection.unchecked_transaction()?;
    let rev = head_rev(&tx, company)?;
    let Some(conversation) = conversations::of_customer(&tx, company, customer, 1)?.pop() else {
        return Ok((None, rev));
    };
    let MessagePage { messages, has_more } =
        messages::page(&tx, company, conversation.id, MessageQuery::Before(None), PAGE_DEFAULT)?;
    Ok((Some(Thread { conversation, messages, has_more }), rev))
}

fn read_changes(
    connection: &Connection,
    company: CompanyId,
    customer: Option<CustomerId>,
    after: Rev,
    limit: u32,
) -> Result<LogPage> {
    let tx = connection.unchecked_transaction()?;
    let head = head_rev(&tx, company)?;
    let read = |row: &Row<'_>| Ok((row.get("rev")?, read_change(&tx, company, row)?));
    let at_most = i64::from(limit) + 1;
    let mut entries: Vec<(Rev, Option<Change>)> = match customer {
        Some(customer) => tx.list(
            select_change!(
                "WHERE h.company_id = ?1 AND h.rev > ?2 AND h.customer_id = ?4 ORDER BY h.rev LIMIT ?3"
            ),
            params![company.0, after, at_most, customer.0],
            read,
        ),
        None => tx.list(
            select_change!("WHERE h.company_id = ?1 AND h.rev > ?2 ORDER BY h.rev LIMIT ?3"),
            params![company.0, after, at_most],
            read,
        ),
    }?;
    let has_more = entries.len() > limit as usize;
    entries.truncate(limit as usize);
    let read_up_to = entries.last().filter(|_| has_more).map_or(head, |(rev, _)| *rev);
    let mut changes: Vec<Change> = entries.into_iter().filter_map(|(_, change)| change).collect();
    let mut previous_rev = after;
    for change in &mut changes {
        change.previous_rev = std::mem::replace(&mut previous_rev, change.rev);
    }
    Ok(LogPage { changes, read_up_to, has_more })
}

macro_rules! select_change {
    ($rest:literal) => {
        concat!(
            "SELECT h.rev, h.conversation_id AS change_conversation, h.customer_id, h.kind, h.is_new, ",
            "h.seq AS change_seq, h.receipt_from_seq, h.receipt_by, h.receipt_state, h.at, ",
            "m.id, m.num, m.conversation_id, m.seq, m.client_id, m.sender_type, m.sender_id, m.content, ",
            "m.attachments, m.language, coalesce(h.ack, m.ack) AS ack, m.created_at, ",
            "s.name AS sender_name, s.avatar_url AS sender_avatar_url ",
            "FROM change h ",
            "LEFT JOIN message m ON h.kind = 'message' AND m.conversation_id = h.conversation_id AND m.seq = h.seq ",
            "AND (m.content <> '' OR m.attachments IS NOT NULL) ",
            "LEFT JOIN agent s ON s.company_id = h.company_id AND s.id = m.sender_id ",
            $rest
        )
    };
}
use select_change;

/// An entry as it is told. What it speaks of may have been erased since; then it says nothing.
fn read_change(connection: &Connection, company: CompanyId, row: &Row<'_>) -> Result<Option<Change>> {
    let Some(kind) = read_kind(connection, company, row)? else { return Ok(None) };
    Ok(Some(Change {
        company,
        rev: row.get("rev")?,
        // Which one that was is known when all are read.
        previous_rev: 0,
        conversation: row.get::<Option<Uuid>>("change_conversation")?.map(ConversationId),
        customer: row.get::<Option<Uuid>>("customer_id")?.map(CustomerId),
        is_new: row.get("is_new")?,
        kind,
    }))
}

fn read_kind(connection: &Connection, company: CompanyId, row: &Row<'_>) -> Result<Option<ChangeKind>> {
    Ok(match row.get_ref("kind")?.as_str()? {
        "message" => match row.get::<Option<Uuid>>("id")? {
            Some(_) => Some(ChangeKind::Message(rows::message(row)?)),
            None => None,
        },
        "receipt" => {
            let up_to_seq = row.get("change_seq")?;
            Some(ChangeKind::Receipt(Receipt {
                by: rows::word(row, "receipt_by")?,
                state: rows::word(row, "receipt_state")?,
                from_seq: row.get::<Option<i64>>("receipt_from_seq")?.unwrap_or(up_to_seq),
                up_to_seq,
                at: Timestamp(row.get("at")?),
            }))
        }
        "conversation" => {
            let id = ConversationRef::Id(ConversationId(row.get("change_conversation")?));
            conversations::find(connection, company, id)?.map(ChangeKind::Conversation)
        }
        "customer" => row.get::<Option<Uuid>>("customer_id")?.map(|id| ChangeKind::Customer(CustomerId(id))),
        "job" => {
            let num: i64 = row.get("change_seq")?;
            connection
                .find(rows::select_job!("WHERE j.num = ?1"), params![num], rows::job)?
                .map(ChangeKind::Job)
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
pub(super) fn log(tx: &mut Tx<'_>, entry: Entry) -> Result<()> {
    let rev = head_rev(tx.connection, entry.company)? + 1;
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
    let previous_rev = tx.connection.find(
        "SELECT coalesce(max(rev), 0) FROM change WHERE company_id = ?1 AND customer_id = ?2",
        params![entry.company.0, entry.customer.map(|id| id.0)],
        first,
    )?;
    tx.connection.run(
        "INSERT INTO change (company_id, rev, conversation_id, customer_id, kind, seq, receipt_by, receipt_state, at,
                             is_new, receipt_from_seq, ack)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        params![
            entry.company.0,
            rev,
            entry.conversation.map(|id| id.0),
            entry.customer.map(|id| id.0),
            word,
            seq,
            receipt.map(|receipt| receipt.by.word()),
            receipt.map(|receipt| receipt.state.word()),
            entry.at.0,
            entry.is_new,
            receipt.map(|receipt| receipt.from_seq),
            ack
        ],
    )?;
    tx.changes.push(Change {
        company: entry.company,
        rev,
        previous_rev: previous_rev.unwrap_or(0),
        conversation: entry.conversation,
        customer: entry.customer,
        is_new: entry.is_new,
        kind: entry.kind,
    });
    Ok(())
}
