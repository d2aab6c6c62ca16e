//! Files that belong to messages.

use crate::id::AttachmentId;
use serde::{Deserialize, Serialize};

/// One stored file.
///
/// Answer of `POST /widget/v1/attachments?name={name}`, whose body is the file's bytes: 201. What kind of file it is, the
/// server tells from the bytes; a `Content-Type` is not believed. It can be sent once, in
/// [`crate::SendMessage::attachments`] or [`crate::StartConversation::attachments`], by the visitor who uploaded it; one
/// that is never sent is removed after a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    pub id: AttachmentId,
    /// As it was called where it came from; without any folder, at most [`crate::limits::NAME_MAX_CHARS`] characters.
    pub name: String,
    /// `image/png`, `image/jpeg`, `image/gif` and `image/webp` may be shown as images; everything else is a file to download.
    pub content_type: String,
    /// In bytes.
    pub size: u64,
    /// The path it is served under, with a key nobody can guess: whoever has the address has the file.
    pub url: String,
    /// Of an image, in pixels, where they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
}
