//! Conversations: creating and reading them.

use super::{
    convert,
    wire::{Conversation, CreateConversation, Detail},
};
use crate::{
    app::App,
    dialect::{Input, OnceKey, Reply, Result, Writer},
    domain::{
        ChannelChoice, Contact, Content, ConversationRef, Error, MessageQuery, Sender, conversations::Opening,
    },
};
use axum::extract::State;
use shared::limits::PAGE_MAX;

/// Creates a conversation
///
/// Optionally with an existing customer and an opening message from the agent.
#[utoipa::path(
    post,
    path = "/conversations",
    tag = "pingback",
    operation_id = "pingback_create_conversation",
    request_body = CreateConversation,
    responses(
        (status = 200, body = Conversation),
        (status = 400, description = "The channel does not exist or is another company's", body = Detail),
    ),
    security(("bearer" = ["write"]))
)]
pub async fn create_conversation(
    State(app): State<App>,
    Writer(caller): Writer,
    OnceKey(client_id): OnceKey,
    Input(body): Input<CreateConversation>,
) -> Result<Reply<Conversation>> {
    if body.business_id != caller.company {
        return Err(Error::Forbidden("business_id is not its company").into());
    }
    let channel = body.channel_id.map_or(ChannelChoice::Default, ChannelChoice::Id);
    let mut opening = Opening::new(channel, body.customer_id.map_or(Contact::Nobody, Contact::Customer));
    opening.client_id = client_id;
    if let Some(text) = body.initial_message {
        let content = Content::new("initial_message", text, Vec::new())?;
        opening.message = Some((content, Some(Sender::agent(caller.agent))));
    }
    let opened = app.conversations.open(caller.company, opening).await?;
    let id = ConversationRef::Id(opened.conversation);
    let details = app.conversations.details(caller.company, id).await?;
    let page =
        app.conversations.messages(caller.company, opened.conversation, MessageQuery::Before(None), PAGE_MAX);
    Ok(Reply(convert::conversation(details, page.await?.messages, &app.settings.public_url)))
}
