//! The visitor's event stream, as server-sent events.

use crate::{
    app::App,
    domain::{Rev, Side},
    live::{EventStream, Listener, StreamItem},
    sse,
    widget_api::{
        convert,
        error::Result,
        extract::{FromAddress, Visitor, bearer_token},
    },
};
use axum::{extract::State, http::HeaderMap, response::Response};
use bytes::Bytes;
use shared::{Event, Goodbye, Heartbeat, Snapshot};
use std::{future::ready, sync::Arc};

pub async fn stream_events(
    State(app): State<App>,
    Visitor(visitor): Visitor,
    FromAddress(address): FromAddress,
    headers: HeaderMap,
) -> Result<Response> {
    let place = app.rate_limits.open_stream(visitor.id, address)?;
    let epoch = app.store.epoch();
    let start = sse::start(&headers, epoch);
    let events = EventStream::open(Arc::clone(&app.store), &app.live, Listener::visitor(&visitor), start)
        .until(visitor.access_expires_at, Arc::clone(&app.clock));
    // From here on the stream hears of the session's end; what came between recognising it and this is asked for.
    app.sessions.authenticate(&bearer_token(&headers)?).await?;
    Ok(sse::respond(events, place, move |item| ready(Ok(frame(item, epoch)))))
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
            let goodbye = Goodbye { reconnect_after_ms: sse::reconnect_after_ms() };
            Some(encode(&Event::Goodbye(goodbye), epoch, None))
        }
    }
}

fn encode(event: &Event, epoch: u32, rev: Option<Rev>) -> Bytes {
    sse::encode(event.name(), event.to_json(), epoch, rev)
}
