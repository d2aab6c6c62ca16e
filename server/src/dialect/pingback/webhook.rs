//! How our own webhooks tell what happened.
//!
//! `{"id": <the delivery>, "event": "message.created", "created_at": …, "data": {…}}`, where `data` is a conversation (without its
//! messages), a message with its `status`, or a customer, as they are when the event is written.

use super::{
    convert,
    wire::{Conversation, Customer, MessageEvent},
};
use crate::{
    app::App,
    dialect::times::iso,
    domain::{Change, ChangeKind, ConversationRef, Error, Message, MessageQuery, Receipt, Result},
    webhooks::{Event, EventWriter},
};
use async_trait::async_trait;
use serde::Serialize;
use serde_json::{Value, json};
use shared::{CompanyId, ConversationId, CustomerId, Timestamp, limits::PAGE_MAX};
use uuid::Uuid;

const CONVERSATION_CREATED: &str = "conversation.created";
const CONVERSATION_UPDATED: &str = "conversation.updated";
const MESSAGE_CREATED: &str = "message.created";
const MESSAGE_UPDATED: &str = "message.updated";
const CUSTOMER_CREATED: &str = "customer.created";

/// Everything a webhook can ask to be told.
pub const EVENTS: [&str; 5] =
    [CONVERSATION_CREATED, CONVERSATION_UPDATED, MESSAGE_CREATED, MESSAGE_UPDATED, CUSTOMER_CREATED];

/// Writes events as we do.
pub struct NativeEvents;

#[async_trait]
impl EventWriter for NativeEvents {
    /// Nothing, if what the change speaks of is gone or is nobody's business outside; and for a receipt an event for each
    /// message that has come further with it.
    async fn events(&self, app: &App, change: &Change) -> Result<Vec<Event>> {
        let company = change.company;
        let event = match &change.kind {
            ChangeKind::Conversation(changed) => {
                let name = if change.is_new { CONVERSATION_CREATED } else { CONVERSATION_UPDATED };
                conversation(app, company, changed.id).await?.map(|told| event(name, &told))
            }
            ChangeKind::Message(stored) => {
                let name = if change.is_new { MESSAGE_CREATED } else { MESSAGE_UPDATED };
                Some(event(name, &message(app, stored.clone())))
            }
            ChangeKind::Customer(id) if change.is_new => {
                customer(app, company, *id).await?.map(|told| event(CUSTOMER_CREATED, &told))
            }
            ChangeKind::Receipt(receipt) => return receipt_events(app, change, receipt).await,
            // What became of a job is told with its message; a customer who changed is no event of ours.
            ChangeKind::Customer(_) | ChangeKind::Job(_) => None,
        };
        event.into_iter().collect()
    }

    fn body(&self, event: &Event, delivery: Uuid, at: Timestamp) -> Value {
        json!({ "id": delivery, "event": event.name, "created_at": iso(at), "data": event.data })
    }
}

fn event(name: &'static str, told: &impl Serialize) -> Result<Event> {
    Ok(Event { name, data: serde_json::to_value(told).map_err(Error::internal)? })
}

async fn receipt_events(app: &App, change: &Change, receipt: &Receipt) -> Result<Vec<Event>> {
    let Some(conversation) = change.conversation else { return Ok(Vec::new()) };
    let mut events = Vec::new();
    let mut after = receipt.from_seq - 1;
    loop {
        let query = MessageQuery::After(after);
        let page = app.conversations.messages(change.company, conversation, query, PAGE_MAX).await?;
        for stored in page.messages {
            after = stored.seq;
            if stored.seq > receipt.up_to_seq {
                return Ok(events);
            }
            if stored.sender.kind.side() != receipt.by {
                events.push(event(MESSAGE_UPDATED, &message(app, stored))?);
            }
        }
        if !page.has_more {
            return Ok(events);
        }
    }
}

/// A conversation as events tell of it; nothing if it is gone.
pub(super) async fn conversation(
    app: &App,
    company: CompanyId,
    id: ConversationId,
) -> Result<Option<Conversation>> {
    let details = app.store.conversation_details(company, ConversationRef::Id(id)).await?;
    Ok(details.map(|details| convert::conversation(details, Vec::new(), &app.settings.public_url)))
}

/// A message as events tell of it.
pub(super) fn message(app: &App, stored: Message) -> MessageEvent {
    convert::message_event(stored, &app.settings.public_url)
}

/// A customer; nothing if they are gone.
pub(super) async fn customer(app: &App, company: CompanyId, id: CustomerId) -> Result<Option<Customer>> {
    Ok(app.store.customer(company, id).await?.map(convert::customer))
}
