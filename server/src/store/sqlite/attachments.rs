//! Attachments: keeping what is known of a file, and giving it to the message it is sent with.

use super::{
    SqliteStore, rows,
    sql::{Sql, first},
    writer::{Command, Tx},
};
use crate::{
    domain::{Attachment, Error, InvalidField, NewAttachment, Result, SenderType, message::NewMessage},
    store::AttachmentStore,
};
use async_trait::async_trait;
use rusqlite::params;
use shared::{AttachmentId, CompanyId, CustomerId, Timestamp};
use uuid::Uuid;

#[async_trait]
impl AttachmentStore for SqliteStore {
    async fn create_attachment(&self, attachment: NewAttachment) -> Result<Attachment> {
        self.writer.execute(attachment).await
    }

    async fn attachment_by_key(&self, key: &str) -> Result<Option<Attachment>> {
        let key = key.to_owned();
        self.read(move |connection| {
            connection.find("SELECT * FROM attachment WHERE key = ?1", params![key], rows::attachment)
        })
        .await
    }

    async fn attachment_ids(&self, company: CompanyId, nums: &[i64]) -> Result<Option<Vec<AttachmentId>>> {
        if nums.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let nums = nums.to_vec();
        self.read(move |connection| {
            let id_of = |num: &i64| {
                let sql = "SELECT id FROM attachment WHERE company_id = ?1 AND num = ?2";
                connection.find(sql, params![company.0, num], |row| first(row).map(AttachmentId))
            };
            nums.iter().map(id_of).collect()
        })
        .await
    }

    async fn drop_unsent_attachments(&self, before: Timestamp) -> Result<Vec<String>> {
        self.writer.execute(DropUnsent { before }).await
    }
}

impl Command for NewAttachment {
    type Output = Attachment;

    fn apply(self, tx: &mut Tx<'_>) -> Result<Attachment> {
        tx.connection.find("INSERT INTO attachment (id, company_id, customer_id, name, content_type, size, sha256, key, width, height,
                                     created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) RETURNING *", params![self.id.0, self.company.0, self.customer.map(|id| id.0), self.name, self.content_type, i64::try_from(self.size).map_err(Error::internal)?, self.sha256, self.key, self.width, self.height, self.at.0], rows::attachment)?.ok_or(Error::NotFound)
    }
}

struct DropUnsent {
    before: Timestamp,
}

impl Command for DropUnsent {
    type Output = Vec<String>;

    fn apply(self, tx: &mut Tx<'_>) -> Result<Vec<String>> {
        tx.connection.list(
            "DELETE FROM attachment WHERE message_id IS NULL AND created_at < ?1 RETURNING key",
            params![self.before.0],
            first,
        )
    }
}

/// Makes the business's own unsent files a customer's: an outside app brings what its customers send.
pub(super) fn bring(
    tx: &mut Tx<'_>,
    company: CompanyId,
    customer: CustomerId,
    attachments: &[AttachmentId],
) -> Result<()> {
    for id in attachments {
        tx.connection.run(
            "UPDATE attachment SET customer_id = ?3
             WHERE id = ?1 AND company_id = ?2 AND customer_id IS NULL AND message_id IS NULL",
            params![id.0, company.0, customer.0],
        )?;
    }
    Ok(())
}

/// Gives a new message its attachments: its sender's own, and sent with no message before.
pub(super) fn claim(tx: &mut Tx<'_>, message: &NewMessage) -> Result<Vec<Attachment>> {
    let customer: Option<Uuid> =
        if message.sender.kind == SenderType::Customer { message.sender.id } else { None };
    let mut claimed = Vec::with_capacity(message.content.attachments().len());
    for id in message.content.attachments() {
        let attachment = tx.connection.find(
            "UPDATE attachment SET message_id = ?4
             WHERE id = ?1 AND company_id = ?2 AND customer_id IS ?3 AND message_id IS NULL RETURNING *",
            params![id.0, message.company.0, customer, message.id.0],
            rows::attachment,
        )?;
        let Some(attachment) = attachment else {
            let problem = "one of them is not there, or was sent before";
            return Err(Error::InvalidFields(vec![InvalidField::value("attachments", problem)]));
        };
        claimed.push(attachment);
    }
    Ok(claimed)
}

/// The attachments as they are kept with their message.
pub(super) fn restore_claimed(json: Option<&str>) -> Result<Vec<Attachment>> {
    json.map_or(Ok(Vec::new()), |json| serde_json::from_str(json).map_err(Error::internal))
}
