//! Event streams as HTTP answers: what the visitors' stream and that of a company's programs have in common.

use crate::{
    clock::random_bytes,
    domain::{Result, Rev},
    live::{EventStream, Start, StreamItem},
    rate_limit::StreamPlace,
};
use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::stream;
use shared::{Position, limits::RECONNECT_SPREAD_MS, sse::Frame};
use tracing::error;

/// Where a client has got to; the header that browsers' own event sources send.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Where the client wants to go on. A position that can't be read is one this server never gave out: the client gets
/// everything anew.
pub fn start(headers: &HeaderMap, epoch: u32) -> Start {
    let position = headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    Start::from_position(position, epoch)
}

/// An answer that goes on as `events` does, and keeps its place for as long. `frame` makes the bytes of an item; nothing of what its listener need not hear.
pub fn respond<F, Framed>(events: EventStream, place: StreamPlace, frame: F) -> Response
where
    F: Fn(StreamItem) -> Framed + Send + 'static,
    Framed: Future<Output = Result<Option<Bytes>>> + Send + 'static,
{
    let frames = stream::unfold((events, place, frame), |(mut events, place, frame)| async move {
        loop {
            let framed = match events.next().await? {
                Ok(item) => frame(item).await,
                Err(failure) => Err(failure),
            };
            match framed {
                Ok(Some(bytes)) => return Some((Ok(bytes), (events, place, frame))),
                Ok(None) => {}
                Err(failure) => {
                    error!(error = %failure, "an event stream could not be carried on");
                    return Some((Err(failure), (events, place, frame)));
                }
            }
        }
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // For proxies that would rather collect an answer before they pass it on.
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    (headers, Body::from_stream(frames)).into_response()
}

/// An event as it stands on the wire, with the position to resume from if it moves that.
pub fn encode(name: &str, data: String, epoch: u32, rev: Option<Rev>) -> Bytes {
    let id = rev.map(|rev| Position { epoch, rev }.to_string());
    Frame { event: name.to_owned(), data, id }.encode().into()
}

/// When a client of a server that stops may come back: each at another moment.
pub fn reconnect_after_ms() -> u32 {
    u32::from_le_bytes(random_bytes()) % RECONNECT_SPREAD_MS
}
