//! Messages: storing one, reading pages of them.

use super::{
    attachments::{claim, restore_claimed},
    change_log::{Entry, log},
    conversations::log_conversation,
    rows::{self, Word, select_conversation, select_message},
    writer::{Command, Tx},
};
use crate::domain::{
    Attachment, Change, ChangeKind, ChannelKind, Conversation, Error, Message, MessagePage, MessageQuery,
    Result, Sender, SenderType, Side,
    message::{Acceptance, Existing, NewMessage, Sent, accept},
};
use async_trait::async_trait;
use shared::{Ack, ClientId, CompanyId, ConversationId, CustomerId, Seq, Timestamp};
use sqlx::{Executor, Row, Sqlite, SqlitePool, sqlite::SqliteRow};
use uuid::Uuid;

// This is the path that everything else waits for, so it makes two trips to the database: one to know, one to write.
#[async_trait]
impl Command for NewMessage {
    type Output = Sent;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<Sent> {
        let row = sqlx::query(select_conversation!(
            "(SELECT coalesce(max(rev), 0) FROM change WHERE company_id = $1) AS head_rev",
            "(SELECT coalesce(max(rev), 0) FROM change WHERE company_id = $1 AND customer_id = c.customer_id)
                 AS customer_rev",
            "(SELECT name FROM agent WHERE company_id = $1 AND id = $4) AS sender_name",
            "e.seq AS existing_seq",
            "e.content AS existing_content",
            "e.attachments AS existing_attachments",
            "e.sender_type AS existing_sender_type",
            "e.sender_id AS existing_sender_id",
            ;
            "LEFT JOIN message e ON e.conversation_id = c.id AND e.client_id = $3
             WHERE c.company_id = $1 AND c.id = $2 AND c.erased_at IS NULL"
        ))
        .bind(self.company.0)
        .bind(self.conversation.0)
        .bind(self.client_id.map(|id| id.0))
        .bind(self.sender.id)
        .fetch_optional(&mut *tx.connection)
        .await?
        .ok_or(Error::NotFound)?;
        let conversation = rows::conversation(&row)?;
        let existing = existing(&row)?;
        let (seq, status) = match accept(&conversation, existing.as_ref(), &self)? {
            Acceptance::Store { seq, status } => (seq, status),
            Acceptance::Repeat => {
                let seq = row.try_get::<Option<Seq>, _>("existing_seq")?;
                let seq = seq.ok_or_else(|| Error::internal("a repeat of a message that is not there"))?;
                return Ok(Sent::Repeated(get(tx, self.conversation, seq).await?));
            }
        };
        let attachments = claim(tx, &self).await?;
        let is_for_outside =
            conversation.channel.kind != ChannelKind::Widget && self.sender.kind.side() == Side::Agent;
        let head_rev: i64 = row.try_get("head_rev")?;
        let mut message = Message {
            id: self.id,
            num: 0,
            conversation: self.conversation,
            seq,
            client_id: self.client_id,
            sender: self.sender,
            sender_name: row.try_get("sender_name")?,
            content: self.content.text().to_owned(),
            attachments,
            language: self.language,
            ack: if is_for_outside { Ack::Preparing } else { Ack::Sent },
            created_at: self.at,
        };
        let result = sqlx::query(
            "INSERT INTO message (id, company_id, conversation_id, seq, client_id, sender_type, sender_id, content, ack,
                                  created_at, attachments, language)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $14, $15);
             UPDATE conversation SET last_seq = $4, status = $11, updated_at = $10, last_message_at = $10,
                    last_income_at = CASE WHEN $6 = 'customer' THEN $10 ELSE last_income_at END,
                    first_response_at = coalesce(first_response_at, CASE WHEN $6 = 'agent' THEN $10 END),
                    resolved_at = CASE WHEN $11 = 'resolved' THEN resolved_at END,
                    n_unread = n_unread + ($6 <> 'customer')
                 WHERE id = $3;
             INSERT INTO change (company_id, rev, conversation_id, customer_id, kind, is_new, seq, ack, at)
                 VALUES ($2, $12, $3, $13, 'message', 1, $4, $9, $10)",
        )
        .bind(message.id.0)
        .bind(self.company.0)
        .bind(message.conversation.0)
        .bind(message.seq)
        .bind(message.client_id.map(|id| id.0))
        .bind(message.sender.kind.word())
        .bind(message.sender.id)
        .bind(&message.content)
        .bind(i8::from(message.ack))
        .bind(message.created_at.0)
        .bind(status.word())
        .bind(head_rev + 1)
        .bind(conversation.customer.map(|id| id.0))
        .bind(stored_attachments(&message.attachments)?)
        .bind(&message.language)
        .execute(&mut *tx.connection)
        .await?;
        // The log has no rowid, so the last one is the message's.
        message.num = result.last_insert_rowid();
        tx.changes.push(Change {
            company: self.company,
            rev: head_rev + 1,
            previous_rev: row.try_get("customer_rev")?,
            conversation: Some(conversation.id),
            customer: conversation.customer,
            is_new: true,
            kind: ChangeKind::Message(message.clone()),
        });
        if is_for_outside {
            create_job(tx, &conversation, &message).await?;
        }
        if status != conversation.status {
            log_conversation(tx, self.company, self.conversation, false).await?;
        }
        Ok(Sent::Stored(message))
    }
}

/// The message that was stored under the same client id, if a row of the query above found one.
fn existing(row: &SqliteRow) -> Result<Option<Existing>> {
    if row.try_get::<Option<Seq>, _>("existing_seq")?.is_none() {
        return Ok(None);
    }
    let attachments = restore_claimed(row.try_get("existing_attachments")?)?;
    Ok(Some(Existing {
        text: row.try_get("existing_content")?,
        attachments: attachments.into_iter().map(|attachment| attachment.id).collect(),
        sender: Sender {
            kind: SenderType::from_word(row.try_get("existing_sender_type")?)?,
            id: row.try_get::<Option<Uuid>, _>("existing_sender_id")?,
        },
    }))
}

async fn create_job(tx: &mut Tx<'_>, conversation: &Conversation, message: &Message) -> Result<()> {
    sqlx::query(
        "INSERT INTO delivery_job (company_id, conversation_id, channel_id, message_id, seq, state, created_at)
         VALUES ($1, $2, $3, $4, $5, 'trying_deliver', $6)",
    )
    .bind(conversation.company.0)
    .bind(conversation.id.0)
    .bind(conversation.channel.id)
    .bind(message.id.0)
    .bind(message.seq)
    .bind(message.created_at.0)
    .execute(&mut *tx.connection)
    .await?;
    Ok(())
}

fn stored_attachments(attachments: &[Attachment]) -> Result<Option<String>> {
    if attachments.is_empty() {
        return Ok(None);
    }
    serde_json::to_string(attachments).map(Some).map_err(Error::internal)
}

/// Puts into the log that a message is as it is now.
pub(super) async fn log_message(
    tx: &mut Tx<'_>,
    conversation: &Conversation,
    seq: Seq,
    at: Timestamp,
) -> Result<()> {
    let message = get(tx, conversation.id, seq).await?;
    log(tx, Entry::about(conversation, false, ChangeKind::Message(message), at)).await
}

async fn get(tx: &mut Tx<'_>, conversation: ConversationId, seq: Seq) -> Result<Message> {
    let row = sqlx::query(select_message!("WHERE m.conversation_id = $1 AND m.seq = $2"))
        .bind(conversation.0)
        .bind(seq)
        .fetch_one(&mut *tx.connection)
        .await?;
    rows::message(&row)
}

/// A conversation's message that was sent under this client id.
pub(super) async fn find_by_client_id(
    tx: &mut Tx<'_>,
    conversation: ConversationId,
    client_id: ClientId,
) -> Result<Option<Message>> {
    let row = sqlx::query(select_message!("WHERE m.conversation_id = $1 AND m.client_id = $2"))
        .bind(conversation.0)
        .bind(client_id.0)
        .fetch_optional(&mut *tx.connection)
        .await?;
    row.as_ref().map(rows::message).transpose()
}

pub(super) async fn by_num(pool: &SqlitePool, company: CompanyId, num: i64) -> Result<Option<Message>> {
    let row = sqlx::query(select_message!("WHERE m.company_id = $1 AND m.num = $2"))
        .bind(company.0)
        .bind(num)
        .fetch_optional(pool)
        .await?;
    row.as_ref().map(rows::message).transpose()
}

pub(super) async fn page<'e>(
    executor: impl Executor<'e, Database = Sqlite>,
    company: CompanyId,
    conversation: ConversationId,
    query: MessageQuery,
    limit: u32,
) -> Result<MessagePage> {
    // A row that says nothing is what erasing a customer has left; see `EraseCustomer`.
    let (sql, seq) = match query {
        MessageQuery::Before(seq) => (
            select_message!(
                "WHERE m.company_id = $1 AND m.conversation_id = $2 AND m.seq < $3
                   AND (m.content <> '' OR m.attachments IS NOT NULL) ORDER BY m.seq DESC LIMIT $4"
            ),
            seq.unwrap_or(Seq::MAX),
        ),
        MessageQuery::After(seq) => (
            select_message!(
                "WHERE m.company_id = $1 AND m.conversation_id = $2 AND m.seq > $3
                   AND (m.content <> '' OR m.attachments IS NOT NULL) ORDER BY m.seq LIMIT $4"
            ),
            seq,
        ),
    };
    let mut rows = sqlx::query(sql)
        .bind(company.0)
        .bind(conversation.0)
        .bind(seq)
        .bind(i64::from(limit) + 1)
        .fetch_all(executor)
        .await?;
    let has_more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    if matches!(query, MessageQuery::Before(_)) {
        rows.reverse();
    }
    Ok(MessagePage { messages: rows.iter().map(rows::message).collect::<Result<_>>()?, has_more })
}

/// The messages of a company or of a customer, found through the log, which has them in the order they were stored.
pub(super) async fn of_company(
    pool: &SqlitePool,
    company: CompanyId,
    customer: Option<CustomerId>,
    is_descending: bool,
    offset: u32,
    limit: u32,
) -> Result<Vec<Message>> {
    macro_rules! select {
        ($condition:literal, $order:literal) => {
            concat!(
                "SELECT m.id, m.num, m.conversation_id, m.seq, m.client_id, m.sender_type, m.sender_id, m.content, ",
                "m.attachments, m.language, m.ack, m.created_at, s.name AS sender_name ",
                "FROM change h JOIN message m ON m.conversation_id = h.conversation_id AND m.seq = h.seq ",
                "JOIN conversation c ON c.id = m.conversation_id AND c.erased_at IS NULL ",
                "LEFT JOIN agent s ON s.company_id = m.company_id AND s.id = m.sender_id ",
                "WHERE h.company_id = $1 AND h.kind = 'message' AND h.is_new = 1 ",
                $condition,
                " ORDER BY h.rev ",
                $order,
                " LIMIT $2 OFFSET $3"
            )
        };
    }
    let sql = match (customer.is_some(), is_descending) {
        (false, false) => select!("", ""),
        (false, true) => select!("", "DESC"),
        (true, false) => select!("AND h.customer_id = $4", ""),
        (true, true) => select!("AND h.customer_id = $4", "DESC"),
    };
    let rows = sqlx::query(sql)
        .bind(company.0)
        .bind(limit)
        .bind(offset)
        .bind(customer.map(|id| id.0))
        .fetch_all(pool)
        .await?;
    rows.iter().map(rows::message).collect()
}
