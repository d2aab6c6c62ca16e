//! Uploading a file, to be sent with a message.

use crate::{
    app::App,
    widget_api::{
        convert,
        error::Result,
        extract::{InQuery, Sender},
    },
};
use axum::{Json, body::Body, extract::State, http::HeaderMap, http::StatusCode, http::header};
use serde::Deserialize;
use shared::Attachment;

#[derive(Deserialize)]
pub struct UploadQuery {
    name: String,
}

/// The body is the file's bytes, whatever the Content-Type says.
pub async fn upload_attachment(
    State(app): State<App>,
    Sender(visitor): Sender,
    InQuery(query): InQuery<UploadQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Attachment>)> {
    let declared =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let max_bytes = app.attachments.max_bytes();
    if declared.is_some_and(|length| length > max_bytes) {
        return Err(crate::domain::Error::TooLarge(max_bytes).into());
    }
    let bytes = body.into_data_stream();
    let attachment =
        app.attachments.upload(visitor.company, Some(visitor.customer), &query.name, bytes).await?;
    Ok((StatusCode::CREATED, Json(convert::attachment(attachment))))
}
