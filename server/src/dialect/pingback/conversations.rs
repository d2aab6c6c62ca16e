//! Conversations and their messages: creating, listing, reading, answering.

use super::{
    check_business, convert,
    wire::{Conversation, ConversationStatus, Detail, Message, Page, STATUSES},
};
use crate::{
    app::App,
    dialect::{
        InPath, Input, OnceKey, Reader, Reply, Result, Writer,
        fields::{self, Fields, FromFields},
    },
    domain::{
        ChannelChoice, Contact, Content, ConversationQuery, ConversationRef, Sender, conversations::Opening,
    },
};
use axum::extract::State;
use shared::{AgentId, AttachmentId, CompanyId, ConversationId, CustomerId, MessageText};
use utoipa::ToSchema;
use uuid::Uuid;

/// Which conversations.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents what `ConversationList` reads")]
pub struct ListConversations {
    #[param(inline, nullable = false)]
    status: Option<ConversationStatus>,
    /// The agent they are assigned to.
    #[param(nullable = false, example = "01930000-0000-7000-8000-000000000002")]
    assignee_id: Option<Uuid>,
    #[param(nullable = false, minimum = 1, maximum = 1_000_000, default = 1)]
    page: Option<u32>,
    /// Rows of a page.
    #[param(nullable = false, minimum = 1, maximum = 100, default = 50)]
    limit: Option<u32>,
}

pub struct ConversationList {
    query: ConversationQuery,
    limit: u32,
}

impl FromFields for ConversationList {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let status = fields.clearable("status", fields::one_of(STATUSES)).flatten();
        let assignee = fields.clearable("assignee_id", fields::uuid).flatten();
        let Page { offset, limit } = Page::read(fields);
        let query = ConversationQuery::ByUpdate {
            status: status.map(Into::into),
            assignee: assignee.map(AgentId),
            offset,
        };
        Some(Self { query, limit })
    }
}

/// Lists conversations
///
/// Those that changed last come first. Their messages are not in the list.
#[utoipa::path(
    get,
    path = "/conversations",
    tag = "pingback",
    operation_id = "pingback_list_conversations",
    params(ListConversations),
    responses((status = 200, body = Vec<Conversation>, description = "A page of them")),
    security(("bearer" = ["read"]))
)]
pub async fn list_conversations(
    State(app): State<App>,
    Reader(caller): Reader,
    Input(list): Input<ConversationList>,
) -> Result<Reply<Vec<Conversation>>> {
    let conversations = app.conversations.list(caller.company, list.query, list.limit).await?;
    let written = conversations
        .into_iter()
        .map(|details| convert::conversation(details, Vec::new(), &app.settings.public_url));
    Ok(Reply(written.collect()))
}

#[derive(ToSchema)]
pub struct CreateConversation {
    /// Must be the token's company.
    #[schema(value_type = Uuid, example = "01930000-0000-7000-8000-000000000001")]
    business_id: CompanyId,
    /// An existing customer of the company.
    #[schema(value_type = Option<Uuid>)]
    customer_id: Option<CustomerId>,
    /// An opening message from the agent, at most 16384 bytes of UTF-8.
    #[schema(
        value_type = Option<String>,
        max_length = 16384,
        pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$",
        example = "Hi! How can I help you today?"
    )]
    initial_message: Option<MessageText>,
    /// Without one, the company's default channel.
    channel_id: Option<Uuid>,
}

impl FromFields for CreateConversation {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let business_id = fields.required("business_id", fields::uuid);
        let customer_id = fields.optional("customer_id", fields::uuid).map(CustomerId);
        let initial_message = fields.optional("initial_message", fields::message_text);
        let channel_id = fields.optional("channel_id", fields::uuid);
        Some(Self { business_id: CompanyId(business_id?), customer_id, initial_message, channel_id })
    }
}

/// Creates a conversation
///
/// Optionally with an existing customer and an opening message from the agent. It is on the company's default channel
/// unless another is named.
#[utoipa::path(
    post,
    path = "/conversations",
    tag = "pingback",
    operation_id = "pingback_create_conversation",
    request_body = CreateConversation,
    responses(
        (status = 200, body = Conversation, description = "The new conversation"),
        (status = 400, body = Detail, description = "The channel does not exist or is another company's"),
        (status = 403, body = Detail, description = "business_id is not the token's company"),
        (status = 404, body = Detail, description = "The company has no such customer"),
    ),
    security(("bearer" = ["write"]))
)]
pub async fn create_conversation(
    State(app): State<App>,
    Writer(caller): Writer,
    OnceKey(client_id): OnceKey,
    Input(body): Input<CreateConversation>,
) -> Result<Reply<Conversation>> {
    check_business(&caller, Some(body.business_id))?;
    let channel = body.channel_id.map_or(ChannelChoice::Default, ChannelChoice::Id);
    let mut opening = Opening::new(channel, body.customer_id.map_or(Contact::Nobody, Contact::Customer));
    opening.client_id = client_id;
    opening.message = body.initial_message.map(|text| (text.into(), Some(Sender::agent(caller.agent))));
    let opened = app.conversations.open(caller.company, opening).await?;
    let messages = if opened.is_continued {
        app.conversations.all_messages(caller.company, opened.details.conversation.id).await?
    } else {
        // Of one that was just made all messages are known.
        opened.message.into_iter().collect()
    };
    Ok(Reply(convert::conversation(opened.details, messages, &app.settings.public_url)))
}

/// Reads a conversation
///
/// With all its messages, oldest first.
#[utoipa::path(
    get,
    path = "/conversations/{conversation_id}",
    tag = "pingback",
    operation_id = "pingback_get_conversation",
    params(("conversation_id" = Uuid, Path, description = "The conversation")),
    responses((status = 200, body = Conversation, description = "The conversation")),
    security(("bearer" = ["read"]))
)]
pub async fn get_conversation(
    State(app): State<App>,
    Reader(caller): Reader,
    InPath(id): InPath<ConversationId>,
) -> Result<Reply<Conversation>> {
    Ok(Reply(whole(&app, caller.company, id).await?))
}

#[derive(ToSchema)]
pub struct SendMessage {
    /// At most 16384 bytes of UTF-8. May be left out beside attachments.
    #[schema(
        value_type = Option<String>,
        max_length = 16384,
        pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$",
        example = "I am looking into it."
    )]
    content: Content,
    /// What was uploaded for it; each can be sent once.
    #[expect(dead_code, reason = "they are read into the content; here they are documented")]
    #[schema(value_type = Option<Vec<Uuid>>, max_items = 10, example = json!([]))]
    attachments: (),
}

impl FromFields for SendMessage {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let attachments = fields.optional("attachments", fields::list(fields::uuid)).unwrap_or_default();
        let is_needed = !fields.has("attachments");
        let text = if is_needed {
            fields.required("content", fields::text)?
        } else {
            fields.optional("content", fields::text).unwrap_or_default()
        };
        match Content::new("content", text, attachments.into_iter().map(AttachmentId).collect()) {
            Ok(content) => Some(Self { content, attachments: () }),
            Err(problem) => {
                // What could not be read has been named already.
                if !fields.has_problems() {
                    fields.wrong(problem);
                }
                None
            }
        }
    }
}

/// Sends a message
///
/// The token's agent writes. The first message of an agent sets the conversation's `first_response_at`.
#[utoipa::path(
    post,
    path = "/conversations/{conversation_id}/messages",
    tag = "pingback",
    operation_id = "pingback_send_message",
    params(("conversation_id" = Uuid, Path, description = "The conversation")),
    request_body = SendMessage,
    responses(
        (status = 200, body = Message, description = "The message as it was stored"),
        (status = 409, body = Detail, description = "The conversation is closed"),
    ),
    security(("bearer" = ["write"]))
)]
pub async fn send_message(
    State(app): State<App>,
    Writer(caller): Writer,
    OnceKey(client_id): OnceKey,
    InPath(id): InPath<ConversationId>,
    Input(body): Input<SendMessage>,
) -> Result<Reply<Message>> {
    let sender = Sender::agent(caller.agent);
    let sent = app.conversations.send(caller.company, id, client_id, sender, body.content).await?;
    Ok(Reply(convert::message(sent.into_message(), &app.settings.public_url)))
}

/// A conversation with everything in it.
pub async fn whole(app: &App, company: CompanyId, id: ConversationId) -> Result<Conversation> {
    let details = app.conversations.details(company, ConversationRef::Id(id)).await?;
    let messages = app.conversations.all_messages(company, id).await?;
    Ok(convert::conversation(details, messages, &app.settings.public_url))
}
