//! Reading the change log, and the state that belongs to a place in it.

use super::{
    conversations, head_rev, messages,
    rows::{self, Word},
};
use crate::domain::{
    Change, ChangeKind, Error, LogPage, MessagePage, Receipt, ReceiptState, Result, Rev, Side, Thread,
};
use shared::{CompanyId, ConversationId, CustomerId, Timestamp, limits::PAGE_DEFAULT};
use sqlx::{Row, SqliteConnection, SqlitePool, sqlite::SqliteRow};

pub(super) async fn snapshot(
    pool: &SqlitePool,
    company: CompanyId,
    customer: CustomerId,
) -> Result<(Option<Thread>, Rev)> {
    // One read transaction, so that the state and its rev belong together.
    let mut tx = pool.begin().await?;
    let rev = head_rev(&mut tx, company).await?;
    let newest = conversations::of_customer(&mut *tx, company, customer, 1).await?.pop();
    let thread = match newest {
        None => None,
        Some(conversation) => {
            let page = messages::page(&mut *tx, company, conversation.id, None, PAGE_DEFAULT).await?;
            let MessagePage { messages, has_more } = page;
            Some(Thread { conversation, messages, has_more })
        }
    };
    tx.commit().await?;
    Ok((thread, rev))
}

pub(super) async fn changes_of(
    pool: &SqlitePool,
    company: CompanyId,
    customer: CustomerId,
    after: Rev,
    limit: u32,
) -> Result<LogPage> {
    let mut tx = pool.begin().await?;
    let head = head_rev(&mut tx, company).await?;
    let rows = sqlx::query(
        "SELECT h.rev, h.conversation_id, h.kind, h.seq AS change_seq, h.receipt_by, h.receipt_state, h.at,
                m.id, m.seq, m.client_id, m.sender_type, m.sender_id, m.content, m.ack, m.created_at,
                s.name AS sender_name
         FROM change h
         LEFT JOIN message m ON h.kind = 'message' AND m.conversation_id = h.conversation_id AND m.seq = h.seq
         LEFT JOIN agent s ON s.company_id = h.company_id AND s.id = m.sender_id
         WHERE h.company_id = $1 AND h.customer_id = $2 AND h.rev > $3
         ORDER BY h.rev LIMIT $4",
    )
    .bind(company.0)
    .bind(customer.0)
    .bind(after)
    .bind(i64::from(limit) + 1)
    .fetch_all(&mut *tx)
    .await?;
    let has_more = rows.len() > limit as usize;
    let mut changes = Vec::with_capacity(rows.len());
    let mut previous_rev = after;
    for row in rows.iter().take(limit as usize) {
        let change = Change {
            company,
            rev: row.try_get("rev")?,
            previous_rev,
            conversation: ConversationId(row.try_get("conversation_id")?),
            customer: Some(customer),
            kind: read_kind(&mut tx, company, row).await?,
        };
        previous_rev = change.rev;
        changes.push(change);
    }
    tx.commit().await?;
    Ok(LogPage { changes, read_up_to: if has_more { previous_rev } else { head }, has_more })
}

async fn read_kind(
    connection: &mut SqliteConnection,
    company: CompanyId,
    row: &SqliteRow,
) -> Result<ChangeKind> {
    match row.try_get("kind")? {
        "message" => Ok(ChangeKind::Message(rows::message(row)?)),
        "receipt" => Ok(ChangeKind::Receipt(Receipt {
            by: Side::from_word(row.try_get("receipt_by")?)?,
            state: ReceiptState::from_word(row.try_get("receipt_state")?)?,
            up_to_seq: row.try_get("change_seq")?,
            at: Timestamp(row.try_get("at")?),
        })),
        "conversation" => {
            let id = ConversationId(row.try_get("conversation_id")?);
            let conversation = conversations::get(connection, company, id).await?;
            Ok(ChangeKind::Conversation(
                conversation.ok_or_else(|| {
                    Error::internal("the change log names a conversation that is not there")
                })?,
            ))
        }
        word => Err(Error::internal(format!("{word:?} is stored as a kind of change"))),
    }
}
