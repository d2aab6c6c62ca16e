//! The customer's side of a conversation on an outside app: writing and reading.

use super::{
    channel_named, company_of,
    wire::{OfCompany, Read, Received, ReceivedConversation, ReceivedMessage, WriteAsCustomer},
};
use crate::{
    app::App,
    dialect::{InPath, Input, OnceKey, Reply, Result, Writer},
    domain::{Content, ConversationRef, Error, ReceiptState, Side, code, conversations::Incoming},
};
use axum::extract::State;
use shared::{AttachmentId, ConversationId, Seq};
use uuid::Uuid;

/// A customer writes in
///
/// Whoever has this handle on the channel writes; a new customer if nobody has. Their conversation there goes on unless it was
/// closed; then there is a new one. A channel named by its kind is made if the company has none. Attachments are files that
/// were uploaded through any of the APIs and not sent.
#[utoipa::path(
    post,
    path = "/channels/{channel}/messages",
    tag = "mock",
    operation_id = "mock_write_as_customer",
    params(
        ("channel" = String, Path, description = "Its UUID, its number or its kind", example = "slack"),
        ("Idempotency-Key" = Option<String>, Header, description = "Names the request, so that it is done once"),
    ),
    request_body = WriteAsCustomer,
    responses((status = 200, body = Received)),
    security(("bearer" = ["write"]), ("pact" = ["write"]))
)]
pub async fn write_as_customer(
    State(app): State<App>,
    Writer(caller): Writer,
    OnceKey(client_id): OnceKey,
    InPath(channel): InPath<String>,
    Input(body): Input<WriteAsCustomer>,
) -> Result<Reply<Received>> {
    let company = company_of(&app, &caller, body.company).await?;
    let attachments = body.attachments.into_iter().map(AttachmentId).collect();
    let content = Content::new("text", body.text.unwrap_or_default(), attachments)?;
    let incoming = Incoming {
        channel: channel_named(&channel)?,
        handle: body.from,
        name: body.name,
        content,
        client_id,
    };
    let opened = app.conversations.receive(company, incoming).await?;
    let message =
        opened.message.ok_or_else(|| Error::internal("a message was received, and none is there"))?;
    let conversation = opened.details.conversation;
    Ok(Reply(Received {
        conversation: ReceivedConversation {
            id: conversation.id.0,
            num: conversation.num,
            code: code::encode(conversation.id.0),
            is_new: !opened.is_continued,
        },
        message: ReceivedMessage {
            id: message.id.0,
            num: message.num,
            code: code::encode(message.id.0),
            seq: message.seq,
        },
        customer_id: conversation.customer.map(|id| id.0),
    }))
}

/// A customer reads
///
/// Everything that has reached them in the conversation is read now.
#[utoipa::path(
    post,
    path = "/conversations/{conversation}/read",
    tag = "mock",
    operation_id = "mock_read_as_customer",
    params(
        ("conversation" = String, Path, description = "Its UUID, its number or its code"),
        OfCompany,
    ),
    responses((status = 200, body = Read)),
    security(("bearer" = ["write"]), ("pact" = ["write"]))
)]
pub async fn read_as_customer(
    State(app): State<App>,
    Writer(caller): Writer,
    InPath(conversation): InPath<String>,
    Input(body): Input<OfCompany>,
) -> Result<Reply<Read>> {
    let company = company_of(&app, &caller, body.company).await?;
    let named = conversation_named(&conversation)?;
    let id = app.conversations.details(company, named).await?.conversation.id;
    app.conversations.mark(company, id, Side::Customer, ReceiptState::Read, Seq::MAX).await?;
    let conversation = app.conversations.get(company, id).await?;
    Ok(Reply(Read { read_up_to_seq: conversation.customer_read_seq }))
}

/// Reads any name of a conversation.
fn conversation_named(text: &str) -> Result<ConversationRef, Error> {
    let by_id = |id| ConversationRef::Id(ConversationId(id));
    Uuid::try_parse(text)
        .ok()
        .map(by_id)
        .or_else(|| text.parse().ok().map(ConversationRef::Num))
        .or_else(|| code::decode(text).map(by_id))
        .ok_or(Error::NotFound)
}
