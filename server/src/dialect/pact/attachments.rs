//! Uploading a file, to be sent with a message.

use super::{
    address::InConversation,
    wire::{Answer, ErrorBody, Named, UploadFile, UploadUrl},
};
use crate::{
    app::App,
    dialect::{Input, Reply, Result, Writer, idempotency::IdempotencyKey, params::Params, upload::Upload},
    domain::Attachment,
};
use axum::{
    extract::{FromRequest, FromRequestParts, Request, State},
    response::{IntoResponse, Response},
};
use std::sync::Arc;

/// Uploads a file for a message of this conversation
///
/// Either the file itself, as a part of a multipart body, or an address it is fetched from.
#[utoipa::path(
    post,
    path = "/companies/{company}/conversations/{conversation}/messages/attachments",
    tag = "pact",
    operation_id = "pact_upload_attachment",
    params(("company" = i64, Path, example = 1), ("conversation" = i64, Path, example = 1)),
    request_body(content(
        (UploadFile = "multipart/form-data"),
        (UploadUrl = "application/x-www-form-urlencoded",
            example = json!({ "file_url": "https://example.com/image.png" })),
        (UploadUrl = "application/json", example = json!({ "file_url": "https://example.com/image.png" })),
    )),
    responses(
        (status = 200, body = Answer<Named>),
        (status = 400, description = "Not exactly one of `file` and `file_url`, or nothing can be fetched there",
            body = ErrorBody),
        (status = 413, description = "The file is too large", body = ErrorBody),
    ),
    security(("pact" = ["write"]))
)]
pub async fn upload_attachment(
    State(app): State<App>,
    Writer(_): Writer,
    InConversation { company, .. }: InConversation,
    key: Option<IdempotencyKey>,
    request: Request,
) -> Result<Response> {
    let write = |file: Attachment| Answer::ok(Named { external_id: file.num });
    let is_multipart = request.extensions().get::<Arc<Params>>().is_some_and(|params| params.is_multipart());
    if is_multipart {
        let upload = Upload::from_request(request, &app).await?.or_url();
        return upload.keep(&app, company.id, key, write).await;
    }
    let (mut parts, _) = request.into_parts();
    let Input(body) = Input::<UploadUrl>::from_request_parts(&mut parts, &app).await?;
    let fetched = app.attachments.fetch(company.id, &body.file_url).await?;
    Ok(Reply(write(fetched)).into_response())
}
