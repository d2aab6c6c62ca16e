//! Sending messages and reading history.

use crate::{
    app::App,
    domain::{Content, Error, MessageQuery, Sender, message::Sent},
    widget_api::{
        convert,
        error::Result,
        extract::{self, InPath, InQuery, JsonBody, Visitor},
    },
};
use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use shared::{ClientId, ConversationId, Message, MessagePage, SendMessage, Seq, limits};

pub async fn send_message(
    State(app): State<App>,
    extract::Sender(visitor): extract::Sender,
    InPath((conversation, client_id)): InPath<(ConversationId, ClientId)>,
    JsonBody(body): JsonBody<SendMessage>,
) -> Result<(StatusCode, Json<Message>)> {
    let content = Content::new("content", body.content, body.attachments)
        .map_err(|field| Error::InvalidFields(vec![field]))?;
    let sender = Sender::customer(visitor.customer);
    let sent =
        app.conversations.send(visitor.company, conversation, Some(client_id), sender, content).await?;
    let status = match sent {
        Sent::Stored(_) => StatusCode::CREATED,
        Sent::Repeated(_) => StatusCode::OK,
    };
    Ok((status, Json(convert::message(sent.into_message()))))
}

#[derive(Deserialize)]
pub struct PageQuery {
    before: Option<Seq>,
    limit: Option<u32>,
}

pub async fn list_messages(
    State(app): State<App>,
    Visitor(visitor): Visitor,
    InPath(id): InPath<ConversationId>,
    InQuery(query): InQuery<PageQuery>,
) -> Result<Json<MessagePage>> {
    let limit = query.limit.unwrap_or(limits::PAGE_DEFAULT);
    if !(1..=limits::PAGE_MAX).contains(&limit) {
        return Err(Error::invalid("limit", "must be from 1 to 100").into());
    }
    app.conversations.get_for_customer(visitor.company, visitor.customer, id).await?;
    let page =
        app.conversations.messages(visitor.company, id, MessageQuery::Before(query.before), limit).await?;
    Ok(Json(MessagePage {
        messages: page.messages.into_iter().map(convert::message).collect(),
        has_more: page.has_more,
    }))
}
