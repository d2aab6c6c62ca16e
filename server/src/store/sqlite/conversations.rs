//! Conversations: starting one, reading them, marking how far each side has read.

use super::{
    head_rev,
    rows::{self, Word, select_conversation},
    writer::{Command, Tx},
};
use crate::{
    domain::{
        Change, ChangeKind, Conversation, Error, Receipt, ReceiptState, Result, Sender, Side,
        message::NewMessage,
    },
    store::{Mark, NewConversation, Started},
};
use async_trait::async_trait;
use shared::{CompanyId, ConversationId, CustomerId};
use sqlx::{Executor, Row, Sqlite};

#[async_trait]
impl Command for NewConversation {
    type Output = Started;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<Started> {
        if let Some(started) = self.find_started(tx).await? {
            return Ok(started);
        }
        let inserted = sqlx::query(
            "INSERT INTO conversation (id, company_id, channel_id, customer_id, start_key, status, created_at, updated_at)
             SELECT $1, company_id, channel_id, $3, $4, 'open', $5, $5 FROM widget WHERE id = $6 AND company_id = $2",
        )
        .bind(self.id.0)
        .bind(self.company.0)
        .bind(self.customer.0)
        .bind(self.client_id.0)
        .bind(self.at.0)
        .bind(self.widget.0)
        .execute(&mut *tx.connection)
        .await?;
        if inserted.rows_affected() == 0 {
            return Err(Error::NotFound);
        }
        log_conversation(tx, self.company, self.id).await?;
        NewMessage {
            id: self.message_id,
            company: self.company,
            conversation: self.id,
            client_id: Some(self.client_id),
            sender: Sender::customer(self.customer),
            text: self.text,
            at: self.at,
        }
        .apply(tx)
        .await?;
        Ok(Started { conversation: self.id, is_repeated: false })
    }
}

impl NewConversation {
    /// The conversation that this customer started with this client id before, if the text was the same.
    async fn find_started(&self, tx: &mut Tx<'_>) -> Result<Option<Started>> {
        let row = sqlx::query(
            "SELECT c.id, m.content FROM conversation c
             JOIN message m ON m.conversation_id = c.id AND m.client_id = c.start_key
             WHERE c.customer_id = $1 AND c.start_key = $2 AND c.company_id = $3",
        )
        .bind(self.customer.0)
        .bind(self.client_id.0)
        .bind(self.company.0)
        .fetch_optional(&mut *tx.connection)
        .await?;
        match row {
            None => Ok(None),
            Some(row) if row.try_get::<&str, _>("content")? == self.text.as_str() => {
                Ok(Some(Started { conversation: ConversationId(row.try_get("id")?), is_repeated: true }))
            }
            Some(_) => Err(Error::ClientIdReused),
        }
    }
}

/// Puts into the change log that a conversation is as it is now.
pub(super) async fn log_conversation(tx: &mut Tx<'_>, company: CompanyId, id: ConversationId) -> Result<()> {
    let conversation = get(&mut *tx.connection, company, id).await?.ok_or(Error::NotFound)?;
    log(tx, &conversation, ChangeKind::Conversation(conversation.clone())).await
}

/// Puts a change that concerns `conversation` into the log.
async fn log(tx: &mut Tx<'_>, conversation: &Conversation, kind: ChangeKind) -> Result<()> {
    let rev = head_rev(tx.connection, conversation.company).await? + 1;
    let (word, seq, receipt) = match &kind {
        ChangeKind::Conversation(_) => ("conversation", None, None),
        ChangeKind::Message(message) => ("message", Some(message.seq), None),
        ChangeKind::Receipt(receipt) => ("receipt", Some(receipt.up_to_seq), Some(receipt)),
    };
    let at = match &kind {
        ChangeKind::Conversation(conversation) => conversation.updated_at,
        ChangeKind::Message(message) => message.created_at,
        ChangeKind::Receipt(receipt) => receipt.at,
    };
    let row = sqlx::query(
        "SELECT coalesce(max(rev), 0) FROM change WHERE company_id = $1 AND customer_id = $4;
         INSERT INTO change (company_id, rev, conversation_id, customer_id, kind, seq, receipt_by, receipt_state, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(conversation.company.0)
    .bind(rev)
    .bind(conversation.id.0)
    .bind(conversation.customer.map(|id| id.0))
    .bind(word)
    .bind(seq)
    .bind(receipt.map(|receipt| receipt.by.word()))
    .bind(receipt.map(|receipt| receipt.state.word()))
    .bind(at.0)
    .fetch_all(&mut *tx.connection)
    .await?;
    tx.changes.push(Change {
        company: conversation.company,
        rev,
        previous_rev: row.first().map_or(Ok(0), |row| row.try_get(0))?,
        conversation: conversation.id,
        customer: conversation.customer,
        kind,
    });
    Ok(())
}

#[async_trait]
impl Command for Mark {
    type Output = ();

    async fn apply(self, tx: &mut Tx<'_>) -> Result<()> {
        let Self { company, conversation, receipt } = self;
        let conversation = get(&mut *tx.connection, company, conversation).await?.ok_or(Error::NotFound)?;
        let up_to_seq = receipt.up_to_seq.min(conversation.last_seq);
        let read_seq = conversation.read_seq(receipt.by);
        if up_to_seq <= read_seq {
            return Ok(());
        }
        let receipt = Receipt { up_to_seq, ..receipt };
        let is_news = match receipt.state {
            ReceiptState::Delivered => mark_messages(tx, &conversation, &receipt).await? > 0,
            ReceiptState::Read => {
                mark_messages(tx, &conversation, &receipt).await?;
                store_read_seq(tx, &conversation, &receipt).await?;
                true
            }
        };
        if is_news {
            log(tx, &conversation, ChangeKind::Receipt(receipt)).await?;
        }
        Ok(())
    }
}

/// Raises the ack of the other side's messages; answers of how many.
async fn mark_messages(tx: &mut Tx<'_>, conversation: &Conversation, receipt: &Receipt) -> Result<u64> {
    let result = sqlx::query(
        "UPDATE message
         SET ack = $4, delivered_at = coalesce(delivered_at, $5), read_at = CASE WHEN $4 = 3 THEN $5 ELSE read_at END
         WHERE conversation_id = $1 AND seq > $2 AND seq <= $3 AND ack < $4
           AND (sender_type = 'customer') = ($6 = 'agent')",
    )
    .bind(conversation.id.0)
    .bind(conversation.read_seq(receipt.by))
    .bind(receipt.up_to_seq)
    .bind(match receipt.state {
        ReceiptState::Delivered => i8::from(shared::Ack::Delivered),
        ReceiptState::Read => i8::from(shared::Ack::Read),
    })
    .bind(receipt.at.0)
    .bind(receipt.by.word())
    .execute(&mut *tx.connection)
    .await?;
    Ok(result.rows_affected())
}

async fn store_read_seq(tx: &mut Tx<'_>, conversation: &Conversation, receipt: &Receipt) -> Result<()> {
    let query = match receipt.by {
        Side::Agent => sqlx::query("UPDATE conversation SET agent_read_seq = $2 WHERE id = $1"),
        Side::Customer => sqlx::query(
            "UPDATE conversation SET customer_read_seq = $2, n_unread =
                 (SELECT count(*) FROM message
                  WHERE conversation_id = $1 AND seq > $2 AND sender_type <> 'customer')
             WHERE id = $1",
        ),
    };
    query.bind(conversation.id.0).bind(receipt.up_to_seq).execute(&mut *tx.connection).await?;
    Ok(())
}

pub(super) async fn get<'e>(
    executor: impl Executor<'e, Database = Sqlite>,
    company: CompanyId,
    id: ConversationId,
) -> Result<Option<Conversation>> {
    let row = sqlx::query(select_conversation!(; "WHERE c.company_id = $1 AND c.id = $2"))
        .bind(company.0)
        .bind(id.0)
        .fetch_optional(executor)
        .await?;
    row.as_ref().map(rows::conversation).transpose()
}

pub(super) async fn of_customer<'e>(
    executor: impl Executor<'e, Database = Sqlite>,
    company: CompanyId,
    customer: CustomerId,
    limit: u32,
) -> Result<Vec<Conversation>> {
    let rows = sqlx::query(select_conversation!(;
        "WHERE c.company_id = $1 AND c.customer_id = $2 ORDER BY c.num DESC LIMIT $3"
    ))
    .bind(company.0)
    .bind(customer.0)
    .bind(limit)
    .fetch_all(executor)
    .await?;
    rows.iter().map(rows::conversation).collect()
}
