//! Attachments: bytes from a visitor, from the business or from an address, checked, kept and served.
//!
//! A file is stored first and known to the database after, so that whatever the database knows is there.

use crate::{
    clock::{Clock, new_id},
    domain::{Attachment, Error, InvalidField, NewAttachment, Result},
    files::{FileKey, Files, StoreFileError, StoredFile, clean_name},
    outbound::{Outbound, OutboundError},
    store::Store,
};
use bytes::Bytes;
use futures_util::Stream;
use shared::{AttachmentId, CompanyId, CustomerId};
use std::sync::Arc;
use tracing::{error, warn};

/// How long a file that was uploaded waits to be sent, in seconds.
const UNSENT_SECONDS: i64 = 24 * 60 * 60;

#[derive(Clone)]
pub struct Attachments {
    files: Files,
    store: Arc<dyn Store>,
    outbound: Outbound,
    clock: Arc<dyn Clock>,
    max_bytes: u64,
}

impl Attachments {
    pub fn new(
        files: Files,
        store: Arc<dyn Store>,
        outbound: Outbound,
        clock: Arc<dyn Clock>,
        max_bytes: u64,
    ) -> Self {
        Self { files, store, outbound, clock, max_bytes }
    }

    /// The largest file that is taken, in bytes.
    pub const fn max_bytes(&self) -> u64 {
        self.max_bytes
    }

    pub const fn files(&self) -> &Files {
        &self.files
    }

    /// Keeps a file as its bytes come in. `customer` is the visitor who uploads it; nobody when the business does.
    pub async fn upload<E: std::fmt::Display>(
        &self,
        company: CompanyId,
        customer: Option<CustomerId>,
        name: &str,
        bytes: impl Stream<Item = Result<Bytes, E>>,
    ) -> Result<Attachment> {
        let stored = self.receive(bytes).await?;
        self.keep(company, customer, name, stored).await
    }

    /// Stores a file as its bytes come in. Nobody knows it until it is kept; what isn't kept is to be discarded.
    pub async fn receive<E: std::fmt::Display>(
        &self,
        bytes: impl Stream<Item = Result<Bytes, E>>,
    ) -> Result<StoredFile> {
        self.files.store(bytes).await.map_err(|error| self.refusal("file", error))
    }

    /// Removes a file that was received and is not kept.
    pub async fn discard(&self, stored: &StoredFile) {
        self.remove(&[stored.key.as_str().to_owned()]).await;
    }

    /// Keeps the file behind an address.
    pub async fn fetch(&self, company: CompanyId, url: &str) -> Result<Attachment> {
        let unusable = |error: OutboundError| Error::invalid("file_url", error.to_string());
        let fetched = self.outbound.get(url, self.max_bytes).await.map_err(unusable)?;
        let stored =
            self.files.store(fetched.bytes).await.map_err(|error| self.refusal("file_url", error))?;
        self.keep(company, None, &fetched.name, stored).await
    }

    /// Forgets what was uploaded a day ago and never sent.
    pub async fn sweep(&self) -> Result<()> {
        let before = self.clock.now().plus_seconds(-UNSENT_SECONDS);
        let keys = self.store.drop_unsent_attachments(before).await?;
        self.remove(&keys).await;
        Ok(())
    }

    /// Removes files that the database knows no more.
    pub async fn remove(&self, keys: &[String]) {
        for key in keys.iter().filter_map(|key| FileKey::parse(key)) {
            if let Err(failure) = self.files.remove(&key).await {
                warn!(error = %failure, "a file that is needed no more could not be removed");
            }
        }
    }

    /// Makes a file that was received an attachment, under the name its sender gives it.
    pub async fn keep(
        &self,
        company: CompanyId,
        customer: Option<CustomerId>,
        name: &str,
        stored: StoredFile,
    ) -> Result<Attachment> {
        let at = self.clock.now();
        let size = stored.image_size;
        self.store
            .create_attachment(NewAttachment {
                id: AttachmentId(new_id(at)),
                company,
                customer,
                name: clean_name(name),
                content_type: stored.content_type.to_owned(),
                size: stored.size,
                sha256: stored.sha256,
                key: stored.key.as_str().to_owned(),
                width: size.map(|(width, _)| width),
                height: size.map(|(_, height)| height),
                at,
            })
            .await
    }

    fn refusal<E: std::fmt::Display>(&self, field: &'static str, error: StoreFileError<E>) -> Error {
        match error {
            StoreFileError::TooLarge => Error::TooLarge(self.max_bytes),
            StoreFileError::Empty => InvalidField::value(field, "must not be empty").into(),
            StoreFileError::Upload(failure) => {
                Error::Malformed(format!("the file did not arrive whole: {failure}"))
            }
            StoreFileError::Full => Error::Unavailable("the disk is full"),
            StoreFileError::Io(failure) => {
                error!(error = %failure, "a file could not be kept");
                Error::Unavailable("the disk can't be written")
            }
        }
    }
}
