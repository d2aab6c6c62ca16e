//! Messages: storing one, reading pages of them.

use super::{
    conversations::log_conversation,
    rows::{self, Word, select_conversation, select_message},
    writer::{Command, Tx},
};
use crate::domain::{
    Change, ChangeKind, Error, Message, MessagePage, Result, Sender, SenderType,
    message::{Acceptance, NewMessage, Sent, accept},
};
use async_trait::async_trait;
use shared::{Ack, CompanyId, ConversationId, Seq};
use sqlx::{Executor, Row, Sqlite};
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
            "e.sender_type AS existing_sender_type",
            "e.sender_id AS existing_sender_id",
            ;
            "LEFT JOIN message e ON e.conversation_id = c.id AND e.client_id = $3
             WHERE c.company_id = $1 AND c.id = $2"
        ))
        .bind(self.company.0)
        .bind(self.conversation.0)
        .bind(self.client_id.map(|id| id.0))
        .bind(self.sender.id)
        .fetch_optional(&mut *tx.connection)
        .await?
        .ok_or(Error::NotFound)?;
        let conversation = rows::conversation(&row)?;
        let existing_seq: Option<Seq> = row.try_get("existing_seq")?;
        let existing = match existing_seq {
            Some(_) => Some((
                row.try_get("existing_content")?,
                Sender {
                    kind: SenderType::from_word(row.try_get("existing_sender_type")?)?,
                    id: row.try_get::<Option<Uuid>, _>("existing_sender_id")?,
                },
            )),
            None => None,
        };
        let (seq, status) = match (accept(&conversation, existing, &self)?, existing_seq) {
            (Acceptance::Store { seq, status }, _) => (seq, status),
            (Acceptance::Repeat, seq) => {
                let seq = seq.ok_or_else(|| Error::internal("a repeat of a message that is not there"))?;
                return Ok(Sent::Repeated(get(tx, self.conversation, seq).await?));
            }
        };
        let head_rev: i64 = row.try_get("head_rev")?;
        let message = Message {
            id: self.id,
            conversation: self.conversation,
            seq,
            client_id: self.client_id,
            sender: self.sender,
            sender_name: row.try_get("sender_name")?,
            content: self.text.into_string(),
            ack: Ack::Sent,
            created_at: self.at,
        };
        sqlx::query(
            "INSERT INTO message (id, company_id, conversation_id, seq, client_id, sender_type, sender_id, content, ack,
                                  created_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);
             UPDATE conversation SET last_seq = $4, status = $11, updated_at = $10, last_message_at = $10,
                    last_income_at = CASE WHEN $6 = 'customer' THEN $10 ELSE last_income_at END,
                    first_response_at = coalesce(first_response_at, CASE WHEN $6 = 'agent' THEN $10 END),
                    resolved_at = CASE WHEN $11 = 'resolved' THEN resolved_at END,
                    n_unread = n_unread + ($6 <> 'customer')
                 WHERE id = $3;
             INSERT INTO change (company_id, rev, conversation_id, customer_id, kind, seq, at)
                 VALUES ($2, $12, $3, $13, 'message', $4, $10)",
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
        .execute(&mut *tx.connection)
        .await?;
        tx.changes.push(Change {
            company: self.company,
            rev: head_rev + 1,
            previous_rev: row.try_get("customer_rev")?,
            conversation: conversation.id,
            customer: conversation.customer,
            kind: ChangeKind::Message(message.clone()),
        });
        if status != conversation.status {
            log_conversation(tx, self.company, self.conversation).await?;
        }
        Ok(Sent::Stored(message))
    }
}

async fn get(tx: &mut Tx<'_>, conversation: ConversationId, seq: Seq) -> Result<Message> {
    let row = sqlx::query(select_message!("WHERE m.conversation_id = $1 AND m.seq = $2"))
        .bind(conversation.0)
        .bind(seq)
        .fetch_one(&mut *tx.connection)
        .await?;
    rows::message(&row)
}

pub(super) async fn page<'e>(
    executor: impl Executor<'e, Database = Sqlite>,
    company: CompanyId,
    conversation: ConversationId,
    before: Option<Seq>,
    limit: u32,
) -> Result<MessagePage> {
    let rows = sqlx::query(select_message!(
        "WHERE m.company_id = $1 AND m.conversation_id = $2 AND m.seq < $3 ORDER BY m.seq DESC LIMIT $4"
    ))
    .bind(company.0)
    .bind(conversation.0)
    .bind(before.unwrap_or(Seq::MAX))
    .bind(i64::from(limit) + 1)
    .fetch_all(executor)
    .await?;
    let has_more = rows.len() > limit as usize;
    let messages = rows.iter().take(limit as usize).rev().map(rows::message).collect::<Result<_>>()?;
    Ok(MessagePage { messages, has_more })
}
