//! Conversations: starting one, replying, reading it.

use super::{
    BASE, convert,
    wire::{
        Conversation, GetConversation, GetMessages, Messages, Replied, ReplyToConversation,
        StartConversation, Started,
    },
};
use crate::{
    app::App,
    dialect::{Input, OnceKey, Reader, Reply, Result, Writer},
    domain::{
        ChannelChoice, ChannelKind, Contact, ConversationRef, Error, MessageQuery, Sender, Side, code,
        conversations::Opening,
    },
};
use axum::extract::State;
use shared::{Ack, ConversationId, CustomerId, limits::PAGE_DEFAULT};
use uuid::Uuid;

/// Starts a conversation
///
/// Begins a conversation with a person via a messaging app. Starting again with the same person on the same app while a
/// conversation is open gives that conversation, also one that was moved to another app meanwhile: it comes back.
#[utoipa::path(
    post,
    path = "/conversations/startConversation",
    tag = "pantheon",
    operation_id = "pantheon_start_conversation",
    params(("Idempotency-Key" = Option<String>, Header, description = "Names the request, so that it is done once")),
    request_body = StartConversation,
    responses((status = 200, body = Started)),
    security(("pantheon" = ["write"]))
)]
pub async fn start_conversation(
    State(app): State<App>,
    Writer(caller): Writer,
    OnceKey(client_id): OnceKey,
    Input(body): Input<StartConversation>,
) -> Result<Reply<Started>> {
    // A visitor of the widget is known there by the id of their customer.
    let kind = convert::channel_kind(body.on);
    let visitor = Uuid::try_parse(&body.with).ok().filter(|_| kind == ChannelKind::Widget);
    let contact = match visitor {
        Some(id) => Contact::Customer(CustomerId(id)),
        None => Contact::on(kind, &body.with, None),
    };
    let mut opening = Opening::new(ChannelChoice::Kind(kind), contact);
    opening.is_continued = true;
    opening.client_id = client_id;
    opening.message = body.message.map(|text| (text.into(), Some(Sender::agent(caller.agent))));
    let opened = app.conversations.open(caller.company, opening).await.map_err(|error| match error {
        Error::NotFound => Error::invalid("with", "is the id of nobody"),
        error => error,
    })?;
    Ok(Reply(Started { conversation_id: code::encode(opened.details.conversation.id.0) }))
}

/// Replies to a conversation
///
/// With `on` the conversation moves to another app first, where the same person is known already, or gets the handle in
/// `with`: one conversation over several apps, with its whole history. Without `on`, `with` is the person's new handle on
/// the present app. With an Idempotency-Key a repeat stores nothing and moves nothing.
#[utoipa::path(
    put,
    path = "/conversations/replyToConversation",
    tag = "pantheon",
    operation_id = "pantheon_reply_to_conversation",
    params(("Idempotency-Key" = Option<String>, Header, description = "Names the request, so that it is done once")),
    request_body = ReplyToConversation,
    responses((status = 200, body = Replied)),
    security(("pantheon" = ["write"]))
)]
pub async fn reply_to_conversation(
    State(app): State<App>,
    Writer(caller): Writer,
    OnceKey(client_id): OnceKey,
    Input(body): Input<ReplyToConversation>,
) -> Result<Reply<Replied>> {
    let id = conversation_id(&body.conversation_id)?;
    let to = match (body.on, body.with) {
        (None, None) => None,
        (Some(app), handle) => Some((convert::channel_kind(app), handle)),
        (None, handle) => {
            let present = app.conversations.get(caller.company, id).await?;
            Some((present.channel.kind, handle))
        }
    };
    let sender = Sender::agent(caller.agent);
    let sent =
        app.conversations.reply(caller.company, id, client_id, sender, body.message.into(), to).await?;
    let message = sent.into_message();
    Ok(Reply(Replied {
        conversation_id: code::encode(message.conversation.0),
        message_id: code::encode(message.id.0),
    }))
}

/// Gets a conversation
#[utoipa::path(
    get,
    path = "/conversations/getConversation",
    tag = "pantheon",
    operation_id = "pantheon_get_conversation",
    params(GetConversation),
    responses((status = 200, body = Conversation)),
    security(("pantheon" = ["read"]))
)]
pub async fn get_conversation(
    State(app): State<App>,
    Reader(caller): Reader,
    Input(query): Input<GetConversation>,
) -> Result<Reply<Conversation>> {
    let id = conversation_id(&query.conversation_id)?;
    let details = app.conversations.details(caller.company, ConversationRef::Id(id)).await?;
    Ok(Reply(convert::conversation(details)))
}

/// Lists a conversation's messages
///
/// Oldest first, whichever apps they went over, 30 on a page. `next_cursor` is the address of the next page.
#[utoipa::path(
    get,
    path = "/conversations/getMessages",
    tag = "pantheon",
    operation_id = "pantheon_list_messages",
    params(GetMessages),
    responses((status = 200, body = Messages)),
    security(("pantheon" = ["read"]))
)]
pub async fn list_messages(
    State(app): State<App>,
    Reader(caller): Reader,
    Input(query): Input<GetMessages>,
) -> Result<Reply<Messages>> {
    let id = conversation_id(&query.conversation_id)?;
    let company = caller.company;
    app.conversations.get(company, id).await?;
    let after = MessageQuery::After(query.cursor.unwrap_or(0));
    let page = app.conversations.messages(company, id, after, PAGE_DEFAULT).await?;
    let base_url = &app.settings.public_url;
    let next_cursor = page.messages.last().filter(|_| page.has_more).map(|last| {
        let code = code::encode(id.0);
        format!("{base_url}{BASE}/conversations/getMessages?conversationId={code}&cursor={}", last.seq)
    });
    let mut items = Vec::with_capacity(page.messages.len());
    for message in page.messages {
        // What has arrived has not failed.
        let may_have_failed = message.sender.kind.side() == Side::Agent && message.ack < Ack::Delivered;
        let job =
            if may_have_failed { app.conversations.job_of_message(company, message.id).await? } else { None };
        items.push(convert::message(message, job, base_url));
    }
    Ok(Reply(Messages { items, next_cursor }))
}

/// Reads a conversation's code. What can't be one is the code of nothing.
fn conversation_id(code: &str) -> Result<ConversationId, Error> {
    code::decode(code).map(ConversationId).ok_or(Error::NotFound)
}
