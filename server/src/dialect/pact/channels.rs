//! Channels of a company, and first messages over one.

use super::{
    address::{InCompany, OnChannel, writer},
    convert,
    messages::job_of,
    paging::{List, PageQuery},
    wire::{
        Answer, ChannelList, CreateChannel, Done, ErrorBody, Exists, FirstMessage, Job, Named, Outcome,
        UpdateChannel, UserQuery,
    },
};
use crate::{
    app::App,
    clock::new_id,
    dialect::{Admin, Input, OnceKey, Reader, Reply, Result, Writer},
    domain::{
        ChannelChange, ChannelChoice, ChannelKind, ChannelRef, Contact, Content, Error, NewChannel,
        Principal, conversations::Opening,
    },
};
use axum::extract::State;
use serde_json::{Map, Value};
use shared::ClientId;

/// Lists a company's channels
#[utoipa::path(
    get,
    path = "/companies/{company}/channels",
    tag = "pact",
    operation_id = "pact_list_channels",
    params(("company" = i64, Path, example = 1), PageQuery),
    responses((status = 200, body = Answer<ChannelList>)),
    security(("pact" = ["read"]))
)]
pub async fn list_channels(
    State(app): State<App>,
    Reader(_): Reader,
    InCompany(company): InCompany,
    Input(page): Input<PageQuery>,
) -> Result<Reply<Answer<ChannelList>>> {
    // A company has one of a kind, so all of them are few.
    let mut found = app.store.channels(company.id).await?;
    let after = page.after(List::Channels);
    if page.is_descending() {
        found.reverse();
        found.retain(|channel| after.is_none_or(|after| channel.num < after));
    } else {
        found.retain(|channel| after.is_none_or(|after| channel.num > after));
    }
    let next_page = page.cut(List::Channels, &mut found, |channel| channel.num);
    let channels = found.iter().map(convert::channel).collect();
    Ok(Reply(Answer::ok(ChannelList { channels, next_page })))
}

/// Adds a channel
///
/// A company has one channel of a provider.
#[utoipa::path(
    post,
    path = "/companies/{company}/channels",
    tag = "pact",
    operation_id = "pact_create_channel",
    params(("company" = i64, Path, example = 1)),
    request_body(content(
        (CreateChannel = "application/x-www-form-urlencoded", example = json!({ "provider": "whatsapp" })),
        (CreateChannel = "application/json", example = json!({ "provider": "whatsapp" })),
    )),
    responses(
        (status = 200, body = Answer<Named>),
        (status = 400, description = "Fields that can't be accepted, or there is one of this provider", body = ErrorBody),
    ),
    security(("pact" = ["admin"]))
)]
pub async fn create_channel(
    State(app): State<App>,
    Admin(_): Admin,
    InCompany(company): InCompany,
    Input(body): Input<CreateChannel>,
) -> Result<Reply<Answer<Named>>> {
    let at = app.clock.now();
    let config = config(Map::new(), body.sync_messages_from, body.do_not_mark_as_read);
    let new = NewChannel { id: new_id(at), company: company.id, kind: body.provider, config, at };
    let channel = app.store.create_channel(new).await.map_err(|error| match error {
        Error::AlreadyExists(_) => Error::invalid("provider", "has a channel in this company already"),
        error => error,
    })?;
    Ok(Reply(Answer { status: Outcome::Created, data: Named { external_id: channel.num } }))
}

/// Changes a channel's settings
#[utoipa::path(
    put,
    path = "/companies/{company}/channels/{channel}",
    tag = "pact",
    operation_id = "pact_update_channel",
    params(("company" = i64, Path, example = 1), ("channel" = i64, Path, example = 1)),
    request_body(content(
        (UpdateChannel = "application/x-www-form-urlencoded", example = json!({ "do_not_mark_as_read": true })),
        (UpdateChannel = "application/json", example = json!({ "do_not_mark_as_read": true })),
    )),
    responses((status = 200, body = Answer<Named>)),
    security(("pact" = ["admin"]))
)]
pub async fn update_channel(
    State(app): State<App>,
    Admin(_): Admin,
    OnChannel { company, channel }: OnChannel,
    Input(body): Input<UpdateChannel>,
) -> Result<Reply<Answer<Named>>> {
    let config = config(channel.config, body.sync_messages_from, body.do_not_mark_as_read);
    let change = ChannelChange { config: Some(config), is_active: None };
    let channel = app.store.change_channel(company.id, channel.id, change).await?;
    Ok(Reply(Answer { status: Outcome::Updated, data: Named { external_id: channel.num } }))
}

/// Settings with these in the place of earlier ones.
fn config(
    mut config: Map<String, Value>,
    sync_messages_from: Option<i64>,
    do_not_mark_as_read: Option<bool>,
) -> Map<String, Value> {
    if let Some(from) = sync_messages_from {
        config.insert("sync_messages_from".into(), from.into());
    }
    if let Some(is_left) = do_not_mark_as_read {
        config.insert("do_not_mark_as_read".into(), is_left.into());
    }
    config
}

/// Removes a channel
///
/// Its conversations stay. The company's default channel can't be removed.
#[utoipa::path(
    delete,
    path = "/companies/{company}/channels/{channel}",
    tag = "pact",
    operation_id = "pact_delete_channel",
    params(("company" = i64, Path, example = 1), ("channel" = i64, Path, example = 7)),
    responses(
        (status = 200, body = Done),
        (status = 400, description = "It is the company's default channel", body = ErrorBody),
    ),
    security(("pact" = ["admin"]))
)]
pub async fn delete_channel(
    State(app): State<App>,
    Admin(_): Admin,
    OnChannel { company, channel }: OnChannel,
) -> Result<Reply<Done>> {
    app.store.delete_channel(company.id, channel.id, app.clock.now()).await?;
    Ok(Reply(Done { status: Outcome::Deleted }))
}

/// Whether somebody with this phone number is known on the channel
#[utoipa::path(
    get,
    path = "/companies/{company}/channels/{channel}/user_exists",
    tag = "pact",
    operation_id = "pact_user_exists",
    params(("company" = i64, Path, example = 1), ("channel" = i64, Path, example = 1), UserQuery),
    responses((status = 200, body = Exists)),
    security(("pact" = ["read"]))
)]
pub async fn user_exists(
    State(app): State<App>,
    Reader(_): Reader,
    OnChannel { company, channel }: OnChannel,
    Input(query): Input<UserQuery>,
) -> Result<Reply<Exists>> {
    let customer = app.store.customer_by_handle(company.id, channel.id, &query.phone).await?;
    Ok(Reply(Exists { status: Outcome::Ok, exists: customer.is_some() }))
}

/// Writes to somebody by phone number, the first time or again
#[utoipa::path(
    post,
    path = "/companies/{company}/channels/{channel}/conversations",
    tag = "pact",
    operation_id = "pact_start_on_channel",
    params(("company" = i64, Path, example = 1), ("channel" = i64, Path, example = 2)),
    request_body(content(
        (FirstMessage = "application/x-www-form-urlencoded",
            example = json!({ "phone": "79250000001", "text": "message" })),
        (FirstMessage = "application/json", example = json!({ "phone": "79250000001", "message": "message" })),
    )),
    responses(
        (status = 200, body = Answer<Job>),
        (status = 400, description = "Fields that can't be accepted, or nobody is reached by phone on the channel",
            body = ErrorBody),
    ),
    security(("pact" = ["write"]))
)]
pub async fn start_on_channel(
    State(app): State<App>,
    Writer(caller): Writer,
    place: OnChannel,
    OnceKey(client_id): OnceKey,
    Input(body): Input<FirstMessage>,
) -> Result<Reply<Answer<Job>>> {
    write_first(&app, &caller, place, client_id, body).await
}

/// Writes to somebody by phone number: a shorter address for the same
#[utoipa::path(
    post,
    path = "/companies/{company}/channels/{channel}",
    tag = "pact",
    operation_id = "pact_write_on_channel",
    params(("company" = i64, Path, example = 1), ("channel" = i64, Path, example = 2)),
    request_body(content(
        (FirstMessage = "application/x-www-form-urlencoded",
            example = json!({ "phone": "79250000001", "text": "message" })),
        (FirstMessage = "application/json", example = json!({ "phone": "79250000001", "message": "message" })),
    )),
    responses(
        (status = 200, body = Answer<Job>),
        (status = 400, description = "Fields that can't be accepted, or nobody is reached by phone on the channel",
            body = ErrorBody),
    ),
    security(("pact" = ["write"]))
)]
pub async fn write_on_channel(
    State(app): State<App>,
    Writer(caller): Writer,
    place: OnChannel,
    OnceKey(client_id): OnceKey,
    Input(body): Input<FirstMessage>,
) -> Result<Reply<Answer<Job>>> {
    write_first(&app, &caller, place, client_id, body).await
}

async fn write_first(
    app: &App,
    caller: &Principal,
    OnChannel { company, channel }: OnChannel,
    client_id: Option<ClientId>,
    body: FirstMessage,
) -> Result<Reply<Answer<Job>>> {
    if !matches!(channel.kind, ChannelKind::Whatsapp | ChannelKind::TelegramPersonal | ChannelKind::Sms) {
        return Err(Error::ChannelUnusable("nobody is reached by phone number on it").into());
    }
    let content = Content::new(body.field, body.text, Vec::new())?;
    let mut opening =
        Opening::new(ChannelChoice::Id(channel.id), Contact::on(channel.kind, &body.phone, None));
    opening.is_continued = true;
    opening.client_id = client_id;
    opening.message = Some((content, Some(writer(app, caller, company).await?)));
    let opened = app.conversations.open(company.id, opening).await?;
    let message = opened.message.ok_or_else(|| Error::internal("a first message was not stored"))?;
    let channel = ChannelRef { id: channel.id, num: channel.num, kind: channel.kind };
    let job = job_of(app, company, opened.details.conversation.num, channel, &message).await?;
    Ok(Reply(Answer::ok(job)))
}
