//! Live updates for a company's own programs: everything that happens in it, as server-sent events.

use super::webhook;
use crate::{
    app::App,
    client_address::ClientAddress,
    dialect::{Reader, Result, times::iso},
    domain::{self, Change, ChangeKind, MessageQuery, Receipt, ReceiptState, Side},
    live::{EventStream, Listener, StreamItem, TypingNotice},
    sse,
};
use axum::{Extension, extract::State, http::HeaderMap, response::Response};
use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

/// One side has got, or read, everything the other wrote up to a message, this one included.
#[derive(Serialize)]
struct ReceiptEvent {
    conversation_id: Uuid,
    /// `customer` or `agent`.
    by: &'static str,
    /// `delivered` or `read`.
    state: &'static str,
    up_to_message_id: Uuid,
    created_at: String,
}

/// Somebody is typing, or has stopped.
#[derive(Serialize)]
struct TypingEvent<'t> {
    conversation_id: Uuid,
    /// `customer` or `agent`.
    by: &'static str,
    /// The agent's name, where it is one.
    name: Option<&'t str>,
    typing: bool,
}

/// Streams what happens
///
/// Server-sent events: `conversation`, `message` (with its `status`), `receipt`, `typing`, `customer`, and between them
/// `heartbeat` every 25 seconds and `goodbye` when the server stops. A client that comes back names the last `id` it saw in
/// `Last-Event-ID` and gets everything since. One that names none, or one that is not known, gets `snapshot` first: reread what
/// you show.
#[utoipa::path(
    get,
    path = "/stream",
    tag = "pingback",
    operation_id = "pingback_stream_events",
    params(("Last-Event-ID" = Option<String>, Header, description = "The last event that was seen", nullable = false)),
    responses((
        status = 200,
        body = String,
        content_type = "text/event-stream",
        description = "Goes on until either side ends it",
    )),
    security(("bearer" = ["read"]))
)]
pub async fn stream_events(
    State(app): State<App>,
    Reader(caller): Reader,
    address: Option<Extension<ClientAddress>>,
    headers: HeaderMap,
) -> Result<Response> {
    let place = app.rate_limits.open_stream(caller.token, address.map(|Extension(address)| address))?;
    let epoch = app.store.epoch();
    let start = sse::start(&headers, epoch);
    let events = EventStream::open(Arc::clone(&app.store), &app.live, Listener::program(&caller), start);
    // From here on the stream hears of the token's end; what came between recognising it and this is asked for.
    app.administration.principal(caller.token).await?;
    let app = Arc::new(app);
    Ok(sse::respond(events, place, move |item| {
        let app = Arc::clone(&app);
        async move { frame(&app, item, epoch).await }
    }))
}

/// The bytes of an item; nothing for what programs need not hear.
async fn frame(app: &App, item: StreamItem, epoch: u32) -> domain::Result<Option<Bytes>> {
    let (name, data, rev) = match item {
        StreamItem::Snapshot(_, rev) => ("snapshot", json!({}), Some(rev)),
        StreamItem::Live(live) => match tell(app, &live.change).await? {
            Some((name, data)) => (name, data, Some(live.change.rev)),
            None => return Ok(None),
        },
        StreamItem::Logged(change) => match tell(app, &change).await? {
            Some((name, data)) => (name, data, Some(change.rev)),
            None => return Ok(None),
        },
        StreamItem::Typing(notice) => ("typing", value(&typing(&notice))?, None),
        StreamItem::Heartbeat(rev) => ("heartbeat", json!({}), Some(rev)),
        StreamItem::Goodbye => ("goodbye", json!({ "reconnect_after_ms": sse::reconnect_after_ms() }), None),
    };
    Ok(Some(sse::encode(name, data.to_string(), epoch, rev)))
}

/// The event that tells of a change; nothing if what it speaks of is gone.
async fn tell(app: &App, change: &Change) -> domain::Result<Option<(&'static str, Value)>> {
    let company = change.company;
    let (name, told) = match &change.kind {
        ChangeKind::Conversation(changed) => {
            ("conversation", webhook::conversation(app, company, changed.id).await?.as_ref().map(value))
        }
        ChangeKind::Message(stored) => ("message", Some(value(&webhook::message(app, stored.clone())))),
        ChangeKind::Customer(id) => {
            ("customer", webhook::customer(app, company, *id).await?.as_ref().map(value))
        }
        ChangeKind::Receipt(receipt) => {
            ("receipt", receipt_event(app, change, receipt).await?.as_ref().map(value))
        }
        // What became of a job is told with its message.
        ChangeKind::Job(_) => return Ok(None),
    };
    Ok(told.transpose()?.map(|told| (name, told)))
}

async fn receipt_event(
    app: &App,
    change: &Change,
    receipt: &Receipt,
) -> domain::Result<Option<ReceiptEvent>> {
    let Some(conversation) = change.conversation else { return Ok(None) };
    let query = MessageQuery::After(receipt.up_to_seq - 1);
    let page = app.conversations.messages(change.company, conversation, query, 1).await?;
    Ok(page.messages.first().map(|message| ReceiptEvent {
        conversation_id: conversation.0,
        by: side(receipt.by),
        state: match receipt.state {
            ReceiptState::Delivered => "delivered",
            ReceiptState::Read => "read",
        },
        up_to_message_id: message.id.0,
        created_at: iso(receipt.at),
    }))
}

fn typing(notice: &TypingNotice) -> TypingEvent<'_> {
    TypingEvent {
        conversation_id: notice.conversation.0,
        by: side(notice.by),
        name: notice.name.as_deref(),
        typing: notice.typing,
    }
}

const fn side(side: Side) -> &'static str {
    match side {
        Side::Customer => "customer",
        Side::Agent => "agent",
    }
}

fn value(told: &impl Serialize) -> domain::Result<Value> {
    serde_json::to_value(told).map_err(domain::Error::internal)
}
