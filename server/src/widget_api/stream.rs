//! The visitor's event stream, as server-sent events.

use crate::{
    app::App,
    clock::random_bytes,
    domain::{Error, Rev, Side},
    live::{EventStream, Listener, Start, StreamItem},
    widget_api::{convert, error::Result, extract::Visitor},
};
use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::stream;
use shared::{Event, Goodbye, Heartbeat, Position, Snapshot, limits::RECONNECT_SPREAD_MS, sse::Frame};
use std::sync::Arc;
use tracing::error;

/// Where a client has got to; the header that browsers' own event sources send.
const LAST_EVENT_ID: &str = "last-event-id";

pub async fn stream_events(
    State(app): State<App>,
    Visitor(visitor): Visitor,
    headers: HeaderMap,
) -> Result<Response> {
    let epoch = app.store.epoch();
    // A position that can't be read is one this server never gave out: the client gets everything anew.
    let position = headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    let start = Start::from_position(position, epoch);
    let events = EventStream::open(Arc::clone(&app.store), &app.live, Listener::visitor(&visitor), start);
    let frames = stream::unfold(events, move |mut events| async move {
        loop {
            match events.next().await? {
                Ok(item) => {
                    if let Some(frame) = frame(item, epoch) {
                        return Some((Ok::<_, Error>(frame), events));
                    }
                }
                Err(failure) => {
                    error!(error = %failure, "a visitor's stream could not be carried on");
                    return Some((Err(failure), events));
                }
            }
        }
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // For proxies that would rather collect an answer before they pass it on.
        (header::HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    Ok((headers, Body::from_stream(frames)).into_response())
}

/// The bytes of an item; nothing for what the visitor need not hear.
fn frame(item: StreamItem, epoch: u32) -> Option<Bytes> {
    match item {
        StreamItem::Snapshot(thread, rev) => {
            let thread = thread.map(|thread| convert::thread(*thread));
            Some(encode(&Event::Snapshot(Snapshot { thread }), epoch, Some(rev)))
        }
        StreamItem::Live(live) => live
            .visitor_frame
            .get_or_init(|| {
                let event = convert::change(live.change.clone())?;
                Some(encode(&event, epoch, Some(live.change.rev)))
            })
            .clone(),
        StreamItem::Logged(change) => {
            let rev = change.rev;
            Some(encode(&convert::change(*change)?, epoch, Some(rev)))
        }
        StreamItem::Typing(notice) => {
            (notice.by == Side::Agent).then(|| encode(&convert::typing(&notice), epoch, None))
        }
        StreamItem::Heartbeat(rev) => Some(encode(&Event::Heartbeat(Heartbeat {}), epoch, Some(rev))),
        StreamItem::Goodbye => {
            let reconnect_after_ms = u32::from_le_bytes(random_bytes()) % RECONNECT_SPREAD_MS;
            Some(encode(&Event::Goodbye(Goodbye { reconnect_after_ms }), epoch, None))
        }
    }
}

fn encode(event: &Event, epoch: u32, rev: Option<Rev>) -> Bytes {
    let id = rev.map(|rev| Position { epoch, rev }.to_string());
    Frame { event: event.name().to_owned(), data: event.to_json(), id }.encode().into()
}
