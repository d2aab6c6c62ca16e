//! Conversations: listing, opening and reading them, and what is noted about them.

use super::{
    address::{InCompany, InConversation, writer},
    convert,
    paging::{List, PageQuery},
    wire::{
        Answer, AssignConversation, Conversation, ConversationList, CreateConversation, Done, ErrorBody,
        Named, NamedConversation, OneConversation, Outcome, ToggleBitrixBlock, UpdateNote,
    },
};
use crate::{
    app::App,
    dialect::{Input, OnceKey, Reader, Reply, Result, Writer},
    domain::{
        AgentRef, Alteration, ChannelChoice, Contact, Content, ConversationQuery, ConversationRef,
        conversations::Opening,
    },
};
use axum::extract::State;

/// Lists a company's conversations
#[utoipa::path(
    get,
    path = "/companies/{company}/conversations",
    tag = "pact",
    operation_id = "pact_list_conversations",
    params(("company" = i64, Path, example = 1), PageQuery),
    responses((status = 200, body = Answer<ConversationList>)),
    security(("pact" = ["read"]))
)]
pub async fn list_conversations(
    State(app): State<App>,
    Reader(_): Reader,
    InCompany(company): InCompany,
    Input(page): Input<PageQuery>,
) -> Result<Reply<Answer<ConversationList>>> {
    let query = ConversationQuery::ByNum {
        after: page.after(List::Conversations),
        is_descending: page.is_descending(),
    };
    let mut found = app.conversations.list(company.id, query, page.per() + 1).await?;
    let next_page = page.cut(List::Conversations, &mut found, |details| details.conversation.num);
    let conversations = found.into_iter().map(convert::conversation).collect();
    Ok(Reply(Answer::ok(ConversationList { conversations, next_page })))
}

/// Opens a conversation with a contact
///
/// The same contact on the same channel gets its conversation back, unless that was closed.
#[utoipa::path(
    post,
    path = "/companies/{company}/conversations",
    tag = "pact",
    operation_id = "pact_create_conversation",
    params(("company" = i64, Path, example = 1)),
    request_body(content(
        (CreateConversation = "application/x-www-form-urlencoded",
            example = json!({ "provider": "whatsapp", "phone": "79250000001" })),
        (CreateConversation = "application/json",
            example = json!({ "provider": "telegram_personal", "username": "testuser", "text": "Hello" })),
    )),
    responses(
        (status = 200, body = Answer<OneConversation>),
        (status = 400, description = "Fields that can't be accepted, or the channel is switched off", body = ErrorBody),
    ),
    security(("pact" = ["write"]))
)]
pub async fn create_conversation(
    State(app): State<App>,
    Writer(caller): Writer,
    InCompany(company): InCompany,
    OnceKey(client_id): OnceKey,
    Input(body): Input<CreateConversation>,
) -> Result<Reply<Answer<OneConversation>>> {
    let mut opening =
        Opening::new(ChannelChoice::Kind(body.kind), Contact::on(body.kind, &body.handle, None));
    opening.is_continued = true;
    opening.client_id = client_id;
    if let Some(text) = body.text {
        let content = Content::new("text", text, Vec::new())?;
        opening.message = Some((content, Some(writer(&app, &caller, company).await?)));
    }
    let opened = app.conversations.open(company.id, opening).await?;
    Ok(Reply(one(opened.details)))
}

/// Reads a conversation
#[utoipa::path(
    get,
    path = "/companies/{company}/conversations/{conversation}",
    tag = "pact",
    operation_id = "pact_get_conversation",
    params(("company" = i64, Path, example = 1), ("conversation" = i64, Path, example = 1)),
    responses((status = 200, body = Answer<OneConversation>)),
    security(("pact" = ["read"]))
)]
pub async fn get_conversation(
    Reader(_): Reader,
    InConversation { details, .. }: InConversation,
) -> Result<Reply<Answer<OneConversation>>> {
    Ok(Reply(one(details)))
}

/// Notes something about a conversation
#[utoipa::path(
    put,
    path = "/companies/{company}/conversations/{conversation}/note",
    tag = "pact",
    operation_id = "pact_update_note",
    params(("company" = i64, Path, example = 1), ("conversation" = i64, Path, example = 1)),
    request_body(content(
        (UpdateNote = "application/x-www-form-urlencoded", example = json!({ "note": "your note" })),
        (UpdateNote = "application/json", example = json!({ "note": "your note" })),
    )),
    responses((status = 200, body = Done)),
    security(("pact" = ["write"]))
)]
pub async fn update_note(
    State(app): State<App>,
    Writer(_): Writer,
    InConversation { company, details }: InConversation,
    Input(body): Input<UpdateNote>,
) -> Result<Reply<Done>> {
    let conversation = ConversationRef::Id(details.conversation.id);
    app.conversations.alter(company.id, conversation, Alteration::Note(body.note)).await?;
    Ok(Reply(Done { status: Outcome::Updated }))
}

/// Assigns a conversation to a user, or to nobody
#[utoipa::path(
    put,
    path = "/companies/{company}/conversations/{conversation}/assign",
    tag = "pact",
    operation_id = "pact_assign_conversation",
    params(("company" = i64, Path, example = 1), ("conversation" = i64, Path, example = 1)),
    request_body(content(
        (AssignConversation = "application/x-www-form-urlencoded", example = json!({ "assignee_id": 1 })),
        (AssignConversation = "application/json", example = json!({ "assignee_id": null })),
    )),
    responses(
        (status = 200, body = Answer<NamedConversation>),
        (status = 404, description = "There is no such conversation or user, or it is another company's", body = ErrorBody),
    ),
    security(("pact" = ["write"]))
)]
pub async fn assign_conversation(
    State(app): State<App>,
    Writer(_): Writer,
    InConversation { company, details }: InConversation,
    Input(body): Input<AssignConversation>,
) -> Result<Reply<Answer<NamedConversation>>> {
    let conversation = ConversationRef::Id(details.conversation.id);
    let alteration = Alteration::Assign(body.assignee_id.map(AgentRef::Num));
    let altered = app.conversations.alter(company.id, conversation, alteration).await?;
    let conversation = Named { external_id: altered.conversation.num };
    Ok(Reply(Answer::ok(NamedConversation { conversation })))
}

/// Blocks Bitrix open lines for a conversation, or lets them through
#[utoipa::path(
    put,
    path = "/companies/{company}/conversations/{conversation}/toggle_bitrix_block_openlines",
    tag = "pact",
    operation_id = "pact_toggle_bitrix_block",
    params(("company" = i64, Path, example = 1), ("conversation" = i64, Path, example = 1)),
    request_body(content(
        (ToggleBitrixBlock = "application/x-www-form-urlencoded", example = json!({ "enabled": true })),
        (ToggleBitrixBlock = "application/json", example = json!({ "enabled": true })),
    )),
    responses((status = 200, body = Answer<OneConversation>)),
    security(("pact" = ["write"]))
)]
pub async fn toggle_bitrix_block(
    State(app): State<App>,
    Writer(_): Writer,
    InConversation { company, details }: InConversation,
    Input(body): Input<ToggleBitrixBlock>,
) -> Result<Reply<Answer<OneConversation>>> {
    let conversation = ConversationRef::Id(details.conversation.id);
    app.conversations.alter(company.id, conversation, Alteration::BlockBitrix(body.enabled)).await?;
    Ok(Reply(one(app.conversations.details(company.id, conversation).await?)))
}

fn one(details: crate::domain::Details) -> Answer<OneConversation> {
    let conversation: Conversation = convert::conversation(details);
    Answer::ok(OneConversation { conversation })
}
