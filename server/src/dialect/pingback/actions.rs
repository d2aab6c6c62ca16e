//! What can be done to a conversation: resolving, closing, reopening, assigning it.

use super::{
    conversations::whole,
    wire::{Already, Conversation, Detail},
};
use crate::{
    app::App,
    dialect::{InPath, Reply, Result, Writer, times::iso},
    domain::{AgentRef, Alteration, ConversationRef},
};
use axum::extract::State;
use serde::Serialize;
use shared::{AgentId, CompanyId, ConversationId};
use utoipa::ToSchema;
use uuid::Uuid;

/// When it was resolved, or that it was before.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum Resolved {
    Now {
        #[schema(format = DateTime, example = "2024-03-01T09:00:00Z")]
        resolved_at: String,
    },
    Before(#[schema(inline)] Already),
}

/// Resolves a conversation
///
/// The customer's next message opens it again.
#[utoipa::path(
    put,
    path = "/conversations/{conversation_id}/resolve",
    tag = "pingback",
    operation_id = "pingback_resolve_conversation",
    params(("conversation_id" = Uuid, Path, description = "The conversation")),
    responses(
        (status = 200, body = Resolved, description = "When it was resolved, or that it was before"),
        (status = 409, body = Detail, description = "The conversation is closed"),
    ),
    security(("bearer" = ["write"]))
)]
pub async fn resolve_conversation(
    State(app): State<App>,
    Writer(caller): Writer,
    InPath(id): InPath<ConversationId>,
) -> Result<Reply<Resolved>> {
    let id = ConversationRef::Id(id);
    let altered = app.conversations.alter(caller.company, id, Alteration::Resolve).await?;
    Ok(Reply(match altered.conversation.resolved_at {
        Some(at) if altered.is_changed => Resolved::Now { resolved_at: iso(at) },
        _ => Resolved::Before(Already { detail: "Already resolved" }),
    }))
}

/// When it was closed, or that it was before.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum Closed {
    Now {
        #[schema(format = DateTime, example = "2024-03-01T09:00:00Z")]
        closed_at: String,
    },
    Before(#[schema(inline)] Already),
}

/// Closes a conversation
///
/// Nothing more is written into it. The customer's next message starts a new one.
#[utoipa::path(
    put,
    path = "/conversations/{conversation_id}/close",
    tag = "pingback",
    operation_id = "pingback_close_conversation",
    params(("conversation_id" = Uuid, Path, description = "The conversation")),
    responses((status = 200, body = Closed, description = "When it was closed, or that it was before")),
    security(("bearer" = ["write"]))
)]
pub async fn close_conversation(
    State(app): State<App>,
    Writer(caller): Writer,
    InPath(id): InPath<ConversationId>,
) -> Result<Reply<Closed>> {
    let id = ConversationRef::Id(id);
    let altered = app.conversations.alter(caller.company, id, Alteration::Close).await?;
    Ok(Reply(match altered.conversation.closed_at {
        Some(at) if altered.is_changed => Closed::Now { closed_at: iso(at) },
        _ => Closed::Before(Already { detail: "Already closed" }),
    }))
}

/// Reopens a conversation
///
/// One that was resolved or closed. One that is open stays as it is.
#[utoipa::path(
    put,
    path = "/conversations/{conversation_id}/reopen",
    tag = "pingback",
    operation_id = "pingback_reopen_conversation",
    params(("conversation_id" = Uuid, Path, description = "The conversation")),
    responses((status = 200, body = Conversation, description = "The conversation, open")),
    security(("bearer" = ["write"]))
)]
pub async fn reopen_conversation(
    State(app): State<App>,
    Writer(caller): Writer,
    InPath(id): InPath<ConversationId>,
) -> Result<Reply<Conversation>> {
    app.conversations.alter(caller.company, ConversationRef::Id(id), Alteration::Reopen).await?;
    Ok(Reply(whole(&app, caller.company, id).await?))
}

/// Whom a conversation is assigned to.
#[derive(Serialize, ToSchema)]
pub struct Assigned {
    #[schema(required, example = "01930000-0000-7000-8000-000000000002")]
    assignee_id: Option<Uuid>,
}

/// Assigns a conversation
///
/// To an agent of the company.
#[utoipa::path(
    put,
    path = "/conversations/{conversation_id}/assign/{agent_id}",
    tag = "pingback",
    operation_id = "pingback_assign_conversation",
    params(
        ("conversation_id" = Uuid, Path, description = "The conversation"),
        ("agent_id" = Uuid, Path, description = "The agent", example = "01930000-0000-7000-8000-000000000002"),
    ),
    responses(
        (status = 200, body = Assigned, description = "Whom it is assigned to now"),
        (status = 404, body = Detail, description = "The company has no such conversation, or no such agent"),
    ),
    security(("bearer" = ["write"]))
)]
pub async fn assign_conversation(
    State(app): State<App>,
    Writer(caller): Writer,
    InPath((id, agent)): InPath<(ConversationId, AgentId)>,
) -> Result<Reply<Assigned>> {
    assign(&app, caller.company, id, agent).await
}

pub async fn assign(
    app: &App,
    company: CompanyId,
    id: ConversationId,
    agent: AgentId,
) -> Result<Reply<Assigned>> {
    let assign = Alteration::Assign(Some(AgentRef::Id(agent)));
    let altered = app.conversations.alter(company, ConversationRef::Id(id), assign).await?;
    Ok(Reply(Assigned { assignee_id: altered.conversation.assignee.map(|agent| agent.id.0) }))
}
