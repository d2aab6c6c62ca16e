//! Conversations: creating them, reading them, having read them.

use super::{
    InSession, convert,
    wire::{
        ConversationContent, ConversationType, ConversationsContent, CreateConversation,
        CreateConversationResponse, CreateNonVerifiedGuestConversation, DoneResponse, Envelope,
        GetConversationResponse, GetConversationsResponse, OnlySession, Outcome, Page,
    },
};
use crate::{
    app::App,
    dialect::{InPath, Input, OnceKey, Reader, Reply, Result, Writer},
    domain::{
        ChannelChoice, Contact, Content, ConversationQuery, Details, Error, GuestSession, Message,
        MessageQuery, Principal, ReceiptState, Sender, Side, code, conversations::Opening,
    },
};
use axum::extract::State;
use serde_json::{Map, Value};
use shared::{ClientId, ConversationId};

/// What a conversation that a guest created is called.
const GUEST: &str = "guest";
/// Under what the form of a guest is kept.
const FORM: &str = "orderFormDetailsDictionary";

/// Creates a conversation
///
/// In a guest's session it is with that guest. Its type says who writes the first message: `guest` the guest, empty the
/// staff. Names of fields are read in any letter case.
#[utoipa::path(
    post,
    path = "/Interactive/Messages/Conversations",
    tag = "iris",
    operation_id = "iris_create_conversation",
    request_body(
        content((CreateConversation = "application/json"), (CreateConversation = "application/x-www-form-urlencoded"))
    ),
    responses((
        status = 200,
        description = "The conversation, or why there is none",
        body = Outcome<CreateConversationResponse>,
    )),
    security(("iris" = ["write"]))
)]
pub async fn create_conversation(
    State(app): State<App>,
    Writer(caller): Writer,
    InSession(session): InSession,
    OnceKey(client_id): OnceKey,
    Input(body): Input<CreateConversation>,
) -> Result<Reply<Envelope<CreateConversationResponse>>> {
    let by_guest = body.conversation_type == Some(ConversationType::Guest);
    if by_guest && session.customer.is_none() {
        return Err(Error::invalid("conversationType", "can be guest in the session of a guest only").into());
    }
    let contact = session.customer.map_or(Contact::Nobody, Contact::Customer);
    create(&app, &caller, &session, contact, client_id, body, Map::new()).await
}

/// Creates a conversation with a guest whom nobody has verified
///
/// As `Conversations`, with the form that the guest filled in. In a session without a guest, `guest` makes a new one, of
/// whom nothing is known: what a form says of its writer is kept and not believed.
#[utoipa::path(
    post,
    path = "/Interactive/Messages/NonVerifiedGuestConversations",
    tag = "iris",
    operation_id = "iris_create_non_verified_guest_conversation",
    request_body = CreateNonVerifiedGuestConversation,
    responses((
        status = 200,
        description = "The conversation, or why there is none",
        body = Outcome<CreateConversationResponse>,
    )),
    security(("iris" = ["write"]))
)]
pub async fn create_non_verified_guest_conversation(
    State(app): State<App>,
    Writer(caller): Writer,
    InSession(session): InSession,
    OnceKey(client_id): OnceKey,
    Input(body): Input<CreateNonVerifiedGuestConversation>,
) -> Result<Reply<Envelope<CreateConversationResponse>>> {
    let CreateNonVerifiedGuestConversation {
        message,
        conversation_type,
        outlet_code,
        order_code,
        order_form_details_dictionary,
        session_token,
    } = body;
    let body = CreateConversation { message, conversation_type, outlet_code, order_code, session_token };
    let contact = match (session.customer, conversation_type) {
        (Some(guest), _) => Contact::Customer(guest),
        (None, Some(ConversationType::Guest)) => Contact::Stranger,
        (None, _) => Contact::Nobody,
    };
    let meta = order_form_details_dictionary.map(|form| (FORM.to_owned(), Value::Object(form)));
    create(&app, &caller, &session, contact, client_id, body, meta.into_iter().collect()).await
}

async fn create(
    app: &App,
    caller: &Principal,
    session: &GuestSession,
    contact: Contact,
    client_id: Option<ClientId>,
    body: CreateConversation,
    meta: Map<String, Value>,
) -> Result<Reply<Envelope<CreateConversationResponse>>> {
    let by_guest = body.conversation_type == Some(ConversationType::Guest);
    let outlet = app.administration.outlet(caller.company, body.outlet_code.as_deref()).await?;
    if outlet.is_none() && body.outlet_code.is_some() {
        return Err(Error::invalid("outletCode", "is no outlet of the property").into());
    }
    let mut opening = Opening::new(ChannelChoice::Default, contact);
    opening.kind = by_guest.then(|| GUEST.to_owned());
    opening.order_code = body.order_code;
    opening.outlet_num = outlet.map(|outlet| outlet.num);
    opening.meta = meta;
    opening.client_id = client_id;
    opening.language = session.language.clone();
    if let Some(text) = body.message {
        let content = Content::new("message", text, Vec::new())?;
        opening.message = Some((content, (!by_guest).then(|| Sender::agent(caller.agent))));
    }
    let opened = app.conversations.open(caller.company, opening).await?;
    let details = opened.details;
    let content = if opened.is_continued {
        let all = Page { page_number: 1, page_length: shared::limits::PAGE_MAX };
        with_messages(app, caller, &details, all).await?
    } else {
        // Of one that was just made all messages are known.
        content(caller, &details, opened.message.into_iter().collect())
    };
    Ok(Reply(content.into()))
}

/// Lists conversations
///
/// Without their messages. A guest's session sees the guest's, newest first; the staff's all of them, the one that was
/// written to last first.
#[utoipa::path(
    get,
    path = "/Interactive/Messages/Conversations",
    tag = "iris",
    operation_id = "iris_list_conversations",
    params(Page),
    responses((
        status = 200,
        description = "The conversations, or why there are none",
        body = Outcome<GetConversationsResponse>,
    )),
    security(("iris" = ["read"]))
)]
pub async fn list_conversations(
    State(app): State<App>,
    Reader(caller): Reader,
    InSession(session): InSession,
    Input(page): Input<Page>,
) -> Result<Reply<Envelope<GetConversationsResponse>>> {
    let offset = page.offset();
    let query = match session.customer {
        Some(customer) => ConversationQuery::OfCustomer { customer, offset },
        None => ConversationQuery::ByUpdate { status: None, assignee: None, offset },
    };
    let all = app.conversations.list(caller.company, query, page.page_length).await?;
    let conversations =
        all.iter().map(|details| convert::conversation(details, &caller.property_code, Vec::new())).collect();
    Ok(Reply(ConversationsContent { conversations }.into()))
}

/// Reads a conversation
///
/// With a page of its messages: page 1 has the newest. On each page the oldest come first.
#[utoipa::path(
    get,
    path = "/Interactive/Messages/Conversations/{code}",
    tag = "iris",
    operation_id = "iris_get_conversation",
    params(("code" = String, Path, example = "AZNPaip7fT6PkKGyw9Tl9g"), Page),
    responses((
        status = 200,
        description = "The conversation, or why there is none",
        body = Outcome<GetConversationResponse>,
    )),
    security(("iris" = ["read"]))
)]
pub async fn get_conversation(
    State(app): State<App>,
    Reader(caller): Reader,
    InSession(session): InSession,
    InPath(code): InPath<String>,
    Input(page): Input<Page>,
) -> Result<Reply<Envelope<GetConversationResponse>>> {
    let details = find(&app, &caller, &session, &code).await?;
    Ok(Reply(with_messages(&app, &caller, &details, page).await?.into()))
}

/// Marks a conversation as read
///
/// In a guest's session the guest has read what the staff wrote, else the staff what the guest wrote, all of it.
#[utoipa::path(
    post,
    path = "/Interactive/Messages/Conversations/{code}/MarkRead",
    tag = "iris",
    operation_id = "iris_mark_conversation_read",
    params(("code" = String, Path, example = "AZNPaip7fT6PkKGyw9Tl9g")),
    request_body(
        content((OnlySession = "application/json"), (OnlySession = "application/x-www-form-urlencoded"))
    ),
    responses((status = 200, description = "Done, or why not", body = Outcome<DoneResponse>)),
    security(("iris" = ["write"]))
)]
pub async fn mark_conversation_read(
    State(app): State<App>,
    Writer(caller): Writer,
    InSession(session): InSession,
    InPath(code): InPath<String>,
) -> Result<Reply<Envelope<DoneResponse>>> {
    let conversation = find(&app, &caller, &session, &code).await?.conversation;
    let by = if session.customer.is_some() { Side::Customer } else { Side::Agent };
    app.conversations
        .mark(caller.company, conversation.id, by, ReceiptState::Read, conversation.last_seq)
        .await?;
    Ok(Reply(Envelope::done()))
}

/// A conversation that the session may see.
pub(super) async fn find(
    app: &App,
    caller: &Principal,
    session: &GuestSession,
    code: &str,
) -> Result<Details, Error> {
    let id = code::decode(code).map(ConversationId).ok_or(Error::NotFound)?;
    app.conversations.details_as_seen_by(caller.company, session.customer, id).await
}

/// A conversation with a page of its messages, counted from the newest.
async fn with_messages(
    app: &App,
    caller: &Principal,
    details: &Details,
    page: Page,
) -> Result<ConversationContent, Error> {
    let conversation = &details.conversation;
    // They are numbered without holes, so where a page begins can be reckoned.
    let before = conversation.last_seq + 1 - i64::from(page.offset());
    let messages = if before > 1 {
        let query = MessageQuery::Before(Some(before));
        app.conversations
            .messages(conversation.company, conversation.id, query, page.page_length)
            .await?
            .messages
    } else {
        Vec::new()
    };
    Ok(content(caller, details, messages))
}

fn content(caller: &Principal, details: &Details, messages: Vec<Message>) -> ConversationContent {
    ConversationContent { conversation: convert::conversation(details, &caller.property_code, messages) }
}
