//! Messages: writing them, and reading all of them.

use super::{
    InSession, convert,
    wire::{
        CreateMessage, CreateMessageResponse, Envelope, GetMessagesResponse, MessageContent, MessageType,
        MessagesContent, Order, Outcome, Page,
    },
};
use crate::{
    app::App,
    dialect::{
        InPath, Input, OnceKey, Reader, Reply, Result, Writer,
        fields::{Fields, FromFields},
    },
    domain::{Author, Content, ConversationRef, Error, Sender, code, conversations::Draft},
};
use axum::extract::State;
use shared::ConversationId;
use std::collections::{HashMap, hash_map::Entry};

/// Writes a message
///
/// Into a conversation that is closed: `ConversationClosed`.
#[utoipa::path(
    post,
    path = "/Interactive/Messages/Conversations/{code}/Messages",
    tag = "iris",
    operation_id = "iris_create_message",
    params(("code" = String, Path, example = "AZNPaip7fT6PkKGyw9Tl9g")),
    request_body(content((CreateMessage = "application/json"), (CreateMessage = "application/x-www-form-urlencoded"))),
    responses((status = 200, description = "The message, or why there is none", body = Outcome<CreateMessageResponse>)),
    security(("iris" = ["write"]))
)]
pub async fn create_message(
    State(app): State<App>,
    Writer(caller): Writer,
    InSession(session): InSession,
    OnceKey(client_id): OnceKey,
    InPath(code): InPath<String>,
    Input(body): Input<CreateMessage>,
) -> Result<Reply<Envelope<CreateMessageResponse>>> {
    let id = code::decode(&code).map(ConversationId).ok_or(Error::NotFound)?;
    let by_guest = match body.message_type {
        Some(MessageType::Guest) => true,
        Some(MessageType::Staff) => false,
        None => session.customer.is_some(),
    };
    let author = if by_guest { Author::Customer } else { Author::Sender(Sender::agent(caller.agent)) };
    let content = Content::new("message", body.message, Vec::new())?;
    let draft = Draft { author, client_id, content, language: session.language };
    let submitted = app
        .conversations
        .submit(caller.company, ConversationRef::Id(id), session.customer, draft)
        .await
        .map_err(name_guest)?;
    Ok(Reply(MessageContent { message: convert::submitted(submitted) }.into()))
}

/// Calls the customer that a conversation lacks what this API calls it.
fn name_guest(error: Error) -> Error {
    match error {
        Error::InvalidFields(fields) if fields.iter().any(|field| field.field == "customer") => {
            Error::invalid("messageType", "can't be guest: the conversation has none")
        }
        error => error,
    }
}

/// Lists messages
///
/// Of all conversations, in the order they were written: in a guest's session the guest's, else the property's. What is
/// left empty is as if it were not there.
#[utoipa::path(
    get,
    path = "/Interactive/Messages",
    tag = "iris",
    operation_id = "iris_list_messages",
    params(Page, Order),
    responses((status = 200, description = "The messages, or why there are none", body = Outcome<GetMessagesResponse>)),
    security(("iris" = ["read"]))
)]
pub async fn list_messages(
    State(app): State<App>,
    Reader(caller): Reader,
    InSession(session): InSession,
    Input((page, order)): Input<(Page, Order)>,
) -> Result<Reply<Envelope<GetMessagesResponse>>> {
    let stored = app
        .conversations
        .messages_of_company(
            caller.company,
            session.customer,
            order.descending_order,
            page.offset(),
            page.page_length,
        )
        .await?;
    let mut known = HashMap::new();
    let mut messages = Vec::with_capacity(stored.len());
    for message in stored {
        let id = message.conversation;
        let details = match known.entry(id) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                match app.conversations.details_as_seen_by(caller.company, session.customer, id).await {
                    Ok(details) => entry.insert(details),
                    // Erased since the messages were read.
                    Err(Error::NotFound) => continue,
                    Err(error) => return Err(error.into()),
                }
            }
        };
        messages.push(convert::message((&*details).into(), message));
    }
    Ok(Reply(MessagesContent { messages }.into()))
}

impl FromFields for (Page, Order) {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let page = Page::read(fields);
        let order = Order::read(fields);
        Some((page?, order?))
    }
}
