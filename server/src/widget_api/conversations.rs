//! The visitor's conversations: listing and starting them, saying what they are about, what was read, and that one is typing.

use crate::{
    app::App,
    domain::{Alteration, Content, ConversationRef, Error, ReceiptState, SaidOfConversation, Side},
    widget_api::{
        convert,
        error::Result,
        extract::{InPath, JsonBody, Sender, Telling, Visitor},
    },
};
use axum::{Json, extract::State, http::StatusCode};
use serde_json::{Map, Value};
use shared::{ConversationId, ConversationList, MarkRead, SetTyping, StartConversation, Thread};

pub async fn list_conversations(
    State(app): State<App>,
    Visitor(visitor): Visitor,
) -> Result<Json<ConversationList>> {
    let conversations = app.conversations.list_for_customer(visitor.company, visitor.customer).await?;
    Ok(Json(ConversationList {
        conversations: conversations.into_iter().map(convert::conversation).collect(),
    }))
}

pub async fn start_conversation(
    State(app): State<App>,
    Sender(visitor): Sender,
    JsonBody(body): JsonBody<StartConversation>,
) -> Result<(StatusCode, Json<Thread>)> {
    let content = Content::new("content", body.content, body.attachments)
        .map_err(|field| Error::InvalidFields(vec![field]))?;
    let started = app
        .conversations
        .start(visitor.company, visitor.widget, visitor.customer, body.client_id, content)
        .await?;
    let thread = app.conversations.thread(visitor.company, started.conversation).await?;
    let status = if started.is_repeated { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(convert::thread(thread))))
}

/// What the page says that it is about.
pub async fn change_conversation(
    State(app): State<App>,
    Telling(visitor): Telling,
    InPath(id): InPath<ConversationId>,
    JsonBody(body): JsonBody<Map<String, Value>>,
) -> Result<StatusCode> {
    let said = SaidOfConversation::read(body)?;
    app.conversations.get_for_customer(visitor.company, visitor.customer, id).await?;
    let alteration = Alteration::Describe(said);
    app.conversations.alter(visitor.company, ConversationRef::Id(id), alteration).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn mark_read(
    State(app): State<App>,
    Visitor(visitor): Visitor,
    InPath(id): InPath<ConversationId>,
    JsonBody(body): JsonBody<MarkRead>,
) -> Result<StatusCode> {
    app.conversations.get_for_customer(visitor.company, visitor.customer, id).await?;
    app.conversations.mark(visitor.company, id, Side::Customer, ReceiptState::Read, body.seq).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn set_typing(
    State(app): State<App>,
    Visitor(visitor): Visitor,
    InPath(id): InPath<ConversationId>,
    JsonBody(body): JsonBody<SetTyping>,
) -> Result<StatusCode> {
    let conversation = app.conversations.get_for_customer(visitor.company, visitor.customer, id).await?;
    if app.rate_limits.allows_typing(visitor.customer) {
        app.conversations.announce_typing(visitor.company, &conversation, Side::Customer, None, body.typing);
    }
    Ok(StatusCode::NO_CONTENT)
}
