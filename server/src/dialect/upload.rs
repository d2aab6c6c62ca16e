//! Files that come in a multipart body, in its part `file`. They go to the disk as they arrive, never whole into memory.
//! Where an API takes it, the part `file_url` may be there instead, and say where the file is fetched.

use super::{Refusal, Reply, Result, idempotency::IdempotencyKey};
use crate::{
    app::App,
    domain::{Attachment, Error, InvalidField},
    files::StoredFile,
    outbound::URL_MAX_BYTES,
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
/// The part that holds the address of one.
const URL_PART: &str = "file_url";

/// How much a body may hold beside its file, in bytes: boundaries, headers, other parts.
const BESIDE_MAX_BYTES: u64 = 64 * 1024;

/// How large the body of a route may be that takes an upload.
pub fn body_limit(app: &App) -> DefaultBodyLimit {
    DefaultBodyLimit::max(usize::try_from(body_max_bytes(app)).unwrap_or(usize::MAX))
}

fn body_max_bytes(app: &App) -> u64 {
    app.attachments.max_bytes() + BESIDE_MAX_BYTES
}

/// A multipart body that is still to be read.
pub struct Upload {
    multipart: Multipart,
    takes_url: bool,
}

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
            .map(|multipart| Self { multipart, takes_url: false })
            .map_err(|_| Error::UnsupportedMediaType("multipart/form-data, with its boundary").into())
    }
}

/// What has arrived.
enum Received {
    /// A file, with the name its sender gave it.
    File {
        name: String,
        stored: StoredFile,
    },
    Url(String),
}

impl Upload {
    /// The part `file_url` may be there in the place of the file.
    #[must_use]
    pub fn or_url(self) -> Self {
        Self { takes_url: true, ..self }
    }

    /// Keeps the file as the business's, once for an Idempotency-Key, and answers with what `write` makes of it.
    pub async fn keep<T: Serialize>(
        self,
        app: &App,
        company: CompanyId,
        key: Option<IdempotencyKey>,
        write: impl FnOnce(Attachment) -> T + Send,
    ) -> Result<Response> {
        let received = self.receive(app).await?;
        let Some(key) = key else {
            return Ok(Reply(write(received.keep(app, company).await?)).into_response());
        };
        // Only now is it known what the request asks.
        let key = received.name_in(key);
        let mut waiting = Some(received);
        let keeping = async {
            let kept = match waiting.take() {
                Some(received) => received.keep(app, company).await,
                None => Err(Error::internal("a file is kept once")),
            };
            match kept {
                Ok(attachment) => Reply(write(attachment)).into_response(),
                Err(error) => Refusal::from(error).into_response(),
            }
        };
        // A key is the token's company's, whichever company the file is for.
        let response = app.idempotency.run(key.company(), key, keeping).await;
        if let Some(unneeded) = waiting {
            unneeded.discard(app).await;
        }
        Ok(response)
    }

    async fn receive(mut self, app: &App) -> Result<Received, Error> {
        let mut received = None;
        match self.read(app, &mut received).await {
            Ok(()) => received.ok_or_else(|| self.missing().into()),
            Err(error) => {
                if let Some(received) = received {
                    received.discard(app).await;
                }
                Err(error)
            }
        }
    }

    fn missing(&self) -> InvalidField {
        let missing = InvalidField::missing(PART);
        if self.takes_url {
            InvalidField { problem: format!("or {URL_PART} is required"), ..missing }
        } else {
            missing
        }
    }

    /// Reads the body to its end, and no part but these into anything.
    async fn read(&mut self, app: &App, received: &mut Option<Received>) -> Result<(), Error> {
        let refuse = |error: MultipartError| match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge(app.attachments.max_bytes()),
            _ => Error::Malformed(format!("the multipart body: {}", error.body_text())),
        };
        while let Some(part) = self.multipart.next_field().await.map_err(refuse)? {
            let name = match part.name() {
                Some(PART) => PART,
                Some(URL_PART) if self.takes_url => URL_PART,
                _ => continue,
            };
            match received {
                Some(Received::File { .. }) if name == URL_PART => {
                    return Err(Error::invalid(URL_PART, format!("must not come together with {PART}")));
                }
                Some(Received::Url(_)) if name == PART => {
                    return Err(Error::invalid(PART, format!("must not come together with {URL_PART}")));
                }
                Some(_) => return Err(Error::invalid(name, "must be there once")),
                None if name == URL_PART => *received = Some(Received::Url(url_in(part, refuse).await?)),
                None => *received = Some(store(app, part).await?),
            }
        }
        Ok(())
    }
}

impl Received {
    async fn keep(self, app: &App, company: CompanyId) -> Result<Attachment, Error> {
        match self {
            Self::File { name, stored } => app.attachments.keep(company, None, &name, stored).await,
            Self::Url(url) => app.attachments.fetch(company, &url).await,
        }
    }

    async fn discard(&self, app: &App) {
        if let Self::File { stored, .. } = self {
            app.attachments.discard(stored).await;
        }
    }

    /// The key for a request that holds this.
    fn name_in(&self, key: IdempotencyKey) -> IdempotencyKey {
        match self {
            Self::File { name, stored } => {
                key.of_content(&stored.sha256).of_content(&Sha256::digest(name).into())
            }
            Self::Url(url) => key.of_content(&Sha256::digest(url).into()),
        }
    }
}

/// An address, which is short.
async fn url_in(mut part: Field<'_>, refuse: impl Fn(MultipartError) -> Error) -> Result<String, Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = part.chunk().await.map_err(&refuse)? {
        bytes.extend(chunk);
        if bytes.len() > URL_MAX_BYTES {
            return Err(Error::invalid(URL_PART, format!("must be at most {URL_MAX_BYTES} characters")));
        }
    }
    String::from_utf8(bytes).map_err(|_| Error::invalid(URL_PART, "must be UTF-8"))
}

async fn store(app: &App, part: Field<'_>) -> Result<Received, Error> {
    let name = part.file_name().unwrap_or_default().to_owned();
    let bytes = part.map_err(|error| error.body_text());
    Ok(Received::File { name, stored: app.attachments.receive(bytes).await? })
}
