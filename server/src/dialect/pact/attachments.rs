//! Uploading a file, to be sent with a message.

use super::{
    address::InConversation,
    wire::{Answer, ErrorBody, Named, UploadFile, UploadUrl},
};
use crate::{
    app::App,
    dialect::{Input, Reply, Result, Writer, idempotency::IdempotencyKey, params::Params},
    domain::{Attachment, Error, InvalidField},
    files::StoredFile,
    outbound::URL_MAX_BYTES,
};
use axum::{
    extract::{
        FromRequest, FromRequestParts, Multipart, Request, State,
        multipart::{Field, MultipartError},
    },
    http::StatusCode,
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};
use shared::CompanyId;
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
    Writer(caller): Writer,
    InConversation { company, .. }: InConversation,
    key: Option<IdempotencyKey>,
    request: Request,
) -> Result<Response> {
    let is_multipart = request.extensions().get::<Arc<Params>>().is_some_and(|params| params.is_multipart());
    if !is_multipart {
        let (mut parts, _) = request.into_parts();
        let Input(body) = Input::<UploadUrl>::from_request_parts(&mut parts, &app).await?;
        let fetched = app.attachments.fetch(company.id, &body.file_url).await?;
        return Ok(answer(&fetched));
    }
    let source = receive(&app, request).await?;
    let Some(key) = key else { return keep(&app, company.id, source).await.map(|file| answer(&file)) };
    let key = key.of_content(&source.digest());
    let unkept = match &source {
        Source::File { stored, .. } => Some(stored.clone()),
        Source::Url(_) => None,
    };
    let mut is_kept = false;
    let handled = async {
        is_kept = true;
        match keep(&app, company.id, source).await {
            Ok(file) => answer(&file),
            Err(refusal) => refusal.into_response(),
        }
    };
    // Under the token's company, as every other key is.
    let response = app.idempotency.run(caller.company, key, handled).await;
    if let Some(stored) = unkept.filter(|_| !is_kept) {
        app.attachments.discard(&stored).await;
    }
    Ok(response)
}

fn answer(file: &Attachment) -> Response {
    Reply(Answer::ok(Named { external_id: file.num })).into_response()
}

/// What a multipart body brought.
enum Source {
    File { name: String, stored: StoredFile },
    Url(String),
}

impl Source {
    /// What tells one from another.
    fn digest(&self) -> [u8; 32] {
        match self {
            Self::File { name, stored } => {
                Sha256::new_with_prefix(stored.sha256).chain_update(name).finalize().into()
            }
            Self::Url(url) => Sha256::digest(url).into(),
        }
    }
}

async fn keep(app: &App, company: CompanyId, source: Source) -> Result<Attachment> {
    Ok(match source {
        Source::File { name, stored } => app.attachments.keep(company, None, &name, stored).await?,
        Source::Url(url) => app.attachments.fetch(company, &url).await?,
    })
}

/// Reads a multipart body as it comes in. A file that comes in vain is not kept.
async fn receive(app: &App, request: Request) -> Result<Source, Error> {
    let multipart = Multipart::from_request(request, &()).await;
    let mut multipart = multipart.map_err(|rejection| Error::Malformed(rejection.body_text()))?;
    let mut source = None;
    let received = receive_parts(app, &mut multipart, &mut source).await;
    match (received, source) {
        (Ok(()), Some(source)) => Ok(source),
        (Ok(()), None) => {
            Err(InvalidField { problem: "or file_url is required".into(), ..InvalidField::missing("file") }
                .into())
        }
        (Err(error), source) => {
            if let Some(Source::File { stored, .. }) = source {
                app.attachments.discard(&stored).await;
            }
            Err(error)
        }
    }
}

async fn receive_parts(
    app: &App,
    multipart: &mut Multipart,
    source: &mut Option<Source>,
) -> Result<(), Error> {
    let max_bytes = app.attachments.max_bytes();
    let broken = |error: MultipartError| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge(max_bytes),
        _ => Error::Malformed(format!("the multipart body is broken: {}", error.body_text())),
    };
    while let Some(field) = multipart.next_field().await.map_err(broken)? {
        let is_file = match field.name() {
            Some("file") => true,
            Some("file_url") => false,
            // Unknown ones are ignored; their bytes are read over.
            _ => continue,
        };
        if source.is_some() {
            let (name, other) = if is_file { ("file", "file_url") } else { ("file_url", "file") };
            return Err(Error::invalid(name, format!("must come once, and not together with {other}")));
        }
        *source = Some(if is_file {
            let name = field.file_name().unwrap_or("file").to_owned();
            let stored = app.attachments.receive(bytes_of(field, broken)).await?;
            Source::File { name, stored }
        } else {
            Source::Url(url_of(field, broken).await?)
        });
    }
    Ok(())
}

/// The bytes of a part, and why there are no more if it breaks off.
fn bytes_of(
    field: Field<'_>,
    broken: impl Fn(MultipartError) -> Error + Copy,
) -> impl futures_util::Stream<Item = Result<bytes::Bytes, Error>> {
    futures_util::TryStreamExt::map_err(field, broken)
}

/// An address, which is short.
async fn url_of(mut field: Field<'_>, broken: impl Fn(MultipartError) -> Error) -> Result<String, Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(&broken)? {
        bytes.extend(chunk);
        if bytes.len() > URL_MAX_BYTES {
            return Err(Error::invalid("file_url", format!("must be at most {URL_MAX_BYTES} characters")));
        }
    }
    String::from_utf8(bytes).map_err(|_| Error::invalid("file_url", "must be UTF-8"))
}
