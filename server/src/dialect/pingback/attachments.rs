//! Uploading a file, to be sent with a message.

use super::{
    convert,
    wire::{Attachment, Detail},
};
use crate::{
    app::App,
    dialect::{InPath, Result, Writer, idempotency::IdempotencyKey, upload::Upload},
};
use axum::{
    extract::{FromRequest, Request, State},
    response::Response,
};
use shared::ConversationId;
use utoipa::ToSchema;

/// A file in a multipart body.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it documents what `Upload` reads")]
pub struct UploadFile {
    /// With the file's name.
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    file: Vec<u8>,
}

/// Uploads a file
///
/// It is named in `attachments` of the message it is sent with. One that is not sent within a day is removed.
#[utoipa::path(
    post,
    path = "/conversations/{conversation_id}/upload",
    tag = "pingback",
    operation_id = "pingback_upload_attachment",
    params(("conversation_id" = Uuid, Path, description = "The conversation")),
    request_body(content = UploadFile, content_type = "multipart/form-data"),
    responses(
        (status = 200, body = Attachment, description = "The file as it was stored"),
        (status = 413, body = Detail, description = "The file is too large"),
        (status = 415, body = Detail, description = "The body is not multipart/form-data"),
    ),
    security(("bearer" = ["write"]))
)]
pub async fn upload_attachment(
    State(app): State<App>,
    Writer(caller): Writer,
    InPath(id): InPath<ConversationId>,
    key: Option<IdempotencyKey>,
    request: Request,
) -> Result<Response> {
    app.conversations.get(caller.company, id).await?;
    let upload = Upload::from_request(request, &app).await?;
    let write = |attachment| convert::attachment(attachment, &app.settings.public_url);
    upload.keep(&app, caller.company, key, write).await
}
