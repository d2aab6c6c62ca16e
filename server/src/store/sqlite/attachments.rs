//! Attachments: keeping what is known of a file, and giving it to the message it is sent with.

use super::{
    SqliteStore, rows,
    writer::{Command, Tx},
};
use crate::{
    domain::{Attachment, Error, InvalidField, NewAttachment, Result, SenderType, message::NewMessage},
    store::AttachmentStore,
};
use async_trait::async_trait;
use shared::{AttachmentId, CompanyId, CustomerId, Timestamp};
use sqlx::Row;
use uuid::Uuid;

#[async_trait]
impl AttachmentStore for SqliteStore {
    async fn create_attachment(&self, attachment: NewAttachment) -> Result<Attachment> {
        self.writer.execute(attachment).await
    }

    async fn attachment_by_key(&self, key: &str) -> Result<Option<Attachment>> {
        let row = sqlx::query("SELECT * FROM attachment WHERE key = $1")
            .bind(key)
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(rows::attachment).transpose()
    }

    async fn attachment_ids(&self, company: CompanyId, nums: &[i64]) -> Result<Option<Vec<AttachmentId>>> {
        let mut ids = Vec::with_capacity(nums.len());
        for num in nums {
            let row = sqlx::query("SELECT id FROM attachment WHERE company_id = $1 AND num = $2")
                .bind(company.0)
                .bind(num)
                .fetch_optional(&self.readers)
                .await?;
            match row {
                Some(row) => ids.push(AttachmentId(row.try_get(0)?)),
                None => return Ok(None),
            }
        }
        Ok(Some(ids))
    }

    async fn drop_unsent_attachments(&self, before: Timestamp) -> Result<Vec<String>> {
        self.writer.execute(DropUnsent { before }).await
    }
}

#[async_trait]
impl Command for NewAttachment {
    type Output = Attachment;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<Attachment> {
        let row = sqlx::query(
            "INSERT INTO attachment (id, company_id, customer_id, name, content_type, size, sha256, key, width, height,
                                     created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING *",
        )
        .bind(self.id.0)
        .bind(self.company.0)
        .bind(self.customer.map(|id| id.0))
        .bind(self.name)
        .bind(self.content_type)
        .bind(i64::try_from(self.size).map_err(Error::internal)?)
        .bind(self.sha256.to_vec())
        .bind(self.key)
        .bind(self.width)
        .bind(self.height)
        .bind(self.at.0)
        .fetch_one(&mut *tx.connection)
        .await?;
        rows::attachment(&row)
    }
}

struct DropUnsent {
    before: Timestamp,
}

#[async_trait]
impl Command for DropUnsent {
    type Output = Vec<String>;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<Vec<String>> {
        let rows =
            sqlx::query("DELETE FROM attachment WHERE message_id IS NULL AND created_at < $1 RETURNING key")
                .bind(self.before.0)
                .fetch_all(&mut *tx.connection)
                .await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }
}

/// Makes the business's own unsent files a customer's: an outside app brings what its customers send.
pub(super) async fn bring(
    tx: &mut Tx<'_>,
    company: CompanyId,
    customer: CustomerId,
    attachments: &[AttachmentId],
) -> Result<()> {
    for id in attachments {
        sqlx::query(
            "UPDATE attachment SET customer_id = $3
             WHERE id = $1 AND company_id = $2 AND customer_id IS NULL AND message_id IS NULL",
        )
        .bind(id.0)
        .bind(company.0)
        .bind(customer.0)
        .execute(&mut *tx.connection)
        .await?;
    }
    Ok(())
}

/// Gives a new message its attachments: its sender's own, and sent with no message before.
pub(super) async fn claim(tx: &mut Tx<'_>, message: &NewMessage) -> Result<Vec<Attachment>> {
    let customer: Option<Uuid> =
        if message.sender.kind == SenderType::Customer { message.sender.id } else { None };
    let mut claimed = Vec::with_capacity(message.content.attachments().len());
    for id in message.content.attachments() {
        let row = sqlx::query(
            "UPDATE attachment SET message_id = $4
             WHERE id = $1 AND company_id = $2 AND customer_id IS $3 AND message_id IS NULL RETURNING *",
        )
        .bind(id.0)
        .bind(message.company.0)
        .bind(customer)
        .bind(message.id.0)
        .fetch_optional(&mut *tx.connection)
        .await?;
        let Some(row) = row else {
            let problem = "one of them is not there, or was sent before";
            return Err(Error::InvalidFields(vec![InvalidField::value("attachments", problem)]));
        };
        claimed.push(rows::attachment(&row)?);
    }
    Ok(claimed)
}

/// The attachments as they are kept with their message.
pub(super) fn restore_claimed(json: Option<&str>) -> Result<Vec<Attachment>> {
    json.map_or(Ok(Vec::new()), |json| serde_json::from_str(json).map_err(Error::internal))
}
