//! Files that come in a multipart body, in its part `file`. They go to the disk as they arrive, never whole into memory.

use super::{Refusal, Reply, Result, idempotency::IdempotencyKey};
use crate::{
    app::App,
    domain::{Attachment, Error, InvalidField},
    files::StoredFile,
};
use axum::{
    extract::{
        DefaultBodyLimit, FromRequest, Multipart, Request,
        multipart::{Field, MultipartError},
    },
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::TryStreamExt;
use serde::Serialize;
use sha2::{Digest, Sha256};
use shared::CompanyId;

/// The part that holds the file.
const PART: &str = "file";

/// How much a body may hold beside its file, in bytes: boundaries, headers, other parts.
const BESIDE_MAX_BYTES: u64 = 64 * 1024;

/// How large the body of a route may be that takes an upload.
pub fn body_limit(app: &App) -> DefaultBodyLimit {
    DefaultBodyLimit::max(usize::try_from(body_max_bytes(app)).unwrap_or(usize::MAX))
}

const fn body_max_bytes(app: &App) -> u64 {
    app.attachments.max_bytes() + BESIDE_MAX_BYTES
}

/// A multipart body that is still to be read.
pub struct Upload(Multipart);

impl FromRequest<App> for Upload {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &App) -> Result<Self> {
        let declared = request
            .headers()
            .get(header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if declared.is_some_and(|length| length > body_max_bytes(app)) {
            return Err(Error::TooLarge(app.attachments.max_bytes()).into());
        }
        Multipart::from_request(request, app)
            .await
            .map(Self)
            .map_err(|_| Error::UnsupportedMediaType("multipart/form-data, with its boundary").into())
    }
}

/// A file that has arrived, with the name its sender gave it.
struct Received {
    name: String,
    stored: StoredFile,
}

impl Upload {
    /// Keeps the file as the business's, once for an Idempotency-Key, and answers with what `write` makes of it.
    pub async fn keep<T: Serialize>(
        self,
        app: &App,
        company: CompanyId,
        key: Option<IdempotencyKey>,
        write: impl FnOnce(Attachment) -> T + Send,
    ) -> Result<Response> {
        let Received { name, stored } = self.receive(app).await?;
        let Some(key) = key else {
            let attachment = app.attachments.keep(company, None, &name, stored).await?;
            return Ok(Reply(write(attachment)).into_response());
        };
        // Only now is it known what the request asks.
        let key = key.of_content(&stored.sha256).of_content(&Sha256::digest(&name).into());
        let mut waiting = Some(stored);
        let keeping = async {
            let kept = match waiting.take() {
                Some(stored) => app.attachments.keep(company, None, &name, stored).await,
                None => Err(Error::internal("a file is kept once")),
            };
            match kept {
                Ok(attachment) => Reply(write(attachment)).into_response(),
                Err(error) => Refusal::from(error).into_response(),
            }
        };
        let response = app.idempotency.run(company, key, keeping).await;
        if let Some(unneeded) = waiting {
            app.attachments.discard(&unneeded).await;
        }
        Ok(response)
    }

    async fn receive(mut self, app: &App) -> Result<Received, Error> {
        let mut received = None;
        match self.read(app, &mut received).await {
            Ok(()) => received.ok_or_else(|| InvalidField::missing(PART).into()),
            Err(error) => {
                if let Some(Received { stored, .. }) = received {
                    app.attachments.discard(&stored).await;
                }
                Err(error)
            }
        }
    }

    /// Reads the body to its end, and no part but the file into anything.
    async fn read(&mut self, app: &App, received: &mut Option<Received>) -> Result<(), Error> {
        let refuse = |error: MultipartError| match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge(app.attachments.max_bytes()),
            _ => Error::Malformed(format!("the multipart body: {}", error.body_text())),
        };
        while let Some(part) = self.0.next_field().await.map_err(refuse)? {
            if part.name() != Some(PART) {
                continue;
            }
            if received.is_some() {
                return Err(InvalidField::value(PART, "must be there once").into());
            }
            *received = Some(store(app, part).await?);
        }
        Ok(())
    }
}

async fn store(app: &App, part: Field<'_>) -> Result<Received, Error> {
    let name = part.file_name().unwrap_or_default().to_owned();
    let bytes = part.map_err(|error| error.body_text());
    Ok(Received { name, stored: app.attachments.receive(bytes).await? })
}
