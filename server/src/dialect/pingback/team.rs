//! The team: who answers, and who is there.

use super::{
    actions::{Assigned, assign},
    wire::Detail,
};
use crate::{
    app::App,
    dialect::{
        Admin, InPath, Input, Reader, Reply, Result, Writer,
        fields::{self, Fields, FromFields},
        times::iso,
    },
    domain::{self, AgentRef, Presence},
};
use axum::extract::State;
use serde::Serialize;
use shared::{AgentId, ConversationId};
use utoipa::ToSchema;
use uuid::Uuid;

/// Whether an agent is there.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MemberStatus {
    Live,
    Away,
    Offline,
}

const STATUSES: &[(&str, Presence)] =
    &[("live", Presence::Live), ("away", Presence::Away), ("offline", Presence::Offline)];

/// An agent of the company.
#[derive(Serialize, ToSchema)]
pub struct Member {
    id: Uuid,
    #[schema(example = "Robin")]
    name: String,
    #[schema(required)]
    email: Option<String>,
    /// `owner` and `agent` are the roles that are given here; a business may have others.
    #[schema(example = "owner")]
    role: String,
    #[schema(inline)]
    status: MemberStatus,
    #[schema(format = DateTime, example = "2024-03-01T09:00:00Z")]
    created_at: String,
}

impl From<domain::Agent> for Member {
    fn from(agent: domain::Agent) -> Self {
        Self {
            id: agent.id.0,
            name: agent.name,
            email: agent.email,
            role: agent.role,
            status: match agent.presence {
                Presence::Live => MemberStatus::Live,
                Presence::Away => MemberStatus::Away,
                Presence::Offline => MemberStatus::Offline,
            },
            created_at: iso(agent.created_at),
        }
    }
}

/// Lists the team
#[utoipa::path(
    get,
    path = "/team/members",
    tag = "pingback",
    operation_id = "pingback_list_members",
    responses((status = 200, body = Vec<Member>, description = "Every agent of the company")),
    security(("bearer" = ["read"]))
)]
pub async fn list_members(State(app): State<App>, Reader(caller): Reader) -> Result<Reply<Vec<Member>>> {
    let agents = app.store.agents(caller.company).await?;
    Ok(Reply(agents.into_iter().map(Into::into).collect()))
}

#[derive(ToSchema)]
pub struct SetStatus {
    #[schema(value_type = MemberStatus, inline, example = "away")]
    status: Presence,
}

impl FromFields for SetStatus {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { status: fields.required("status", fields::one_of(STATUSES))? })
    }
}

/// Says whether one is there
///
/// Sets the status of the token's agent.
#[utoipa::path(
    patch,
    path = "/team/status",
    tag = "pingback",
    operation_id = "pingback_set_status",
    request_body = SetStatus,
    responses((status = 200, body = Member, description = "The agent as they are now")),
    security(("bearer" = ["admin"]))
)]
pub async fn set_status(
    State(app): State<App>,
    Admin(caller): Admin,
    Input(body): Input<SetStatus>,
) -> Result<Reply<Member>> {
    let agent = AgentRef::Id(caller.agent);
    Ok(Reply(app.store.set_presence(caller.company, agent, body.status).await?.into()))
}

#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AssignTo {
    #[param(value_type = Uuid, example = "01930000-0000-7000-8000-000000000002")]
    agent_id: AgentId,
}

impl FromFields for AssignTo {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { agent_id: AgentId(fields.required("agent_id", fields::uuid)?) })
    }
}

/// Assigns a conversation to a member
///
/// The same as `PUT /conversations/{conversation_id}/assign/{agent_id}`.
#[utoipa::path(
    post,
    path = "/team/assign/{conversation_id}",
    tag = "pingback",
    operation_id = "pingback_assign_to_member",
    params(("conversation_id" = Uuid, Path, description = "The conversation"), AssignTo),
    responses(
        (status = 200, body = Assigned, description = "Whom it is assigned to now"),
        (status = 404, body = Detail, description = "The company has no such conversation, or no such agent"),
    ),
    security(("bearer" = ["write"]))
)]
pub async fn assign_conversation(
    State(app): State<App>,
    Writer(caller): Writer,
    InPath(id): InPath<ConversationId>,
    Input(to): Input<AssignTo>,
) -> Result<Reply<Assigned>> {
    assign(&app, caller.company, id, to.agent_id).await
}
