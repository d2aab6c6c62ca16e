//! How the played apps and the receivers of webhooks behave.

use super::{
    channel_named, company_of,
    wire::{Behaviour, DropWebhooks, Dropped, OfCompany, Reset, SetBehaviour},
};
use crate::{
    app::App,
    connectors::BehaviourChange,
    dialect::{InPath, Input, Reply, Result, Writer},
    domain::{Channel, ChannelChoice, ChannelKind, Error},
};
use axum::extract::State;
use shared::CompanyId;

/// Sets how a channel's app behaves
///
/// It goes for messages that are not delivered yet, and lasts until it is changed, reset, or the server stops. What is left
/// out stays as it is; the answer says how it is now.
#[utoipa::path(
    post,
    path = "/channels/{channel}/deliveries",
    tag = "mock",
    operation_id = "mock_set_behaviour",
    params(("channel" = String, Path, description = "Its UUID, its number or its kind", example = "slack")),
    request_body = SetBehaviour,
    responses((status = 200, body = Behaviour)),
    security(("bearer" = ["write"]), ("pact" = ["write"]))
)]
pub async fn set_behaviour(
    State(app): State<App>,
    Writer(caller): Writer,
    InPath(channel): InPath<String>,
    Input(body): Input<SetBehaviour>,
) -> Result<Reply<Behaviour>> {
    let company = company_of(&app, &caller, body.company).await?;
    let channel = outside_app(&app, company, &channel).await?;
    Ok(Reply(Behaviour::of(&channel, app.mock.change(company, channel.id, body.into_change()))))
}

/// Releases what a channel's app holds
#[utoipa::path(
    post,
    path = "/channels/{channel}/release",
    tag = "mock",
    operation_id = "mock_release",
    params(
        ("channel" = String, Path, description = "Its UUID, its number or its kind", example = "slack"),
        OfCompany,
    ),
    responses((status = 200, body = Behaviour)),
    security(("bearer" = ["write"]), ("pact" = ["write"]))
)]
pub async fn release(
    State(app): State<App>,
    Writer(caller): Writer,
    InPath(channel): InPath<String>,
    Input(body): Input<OfCompany>,
) -> Result<Reply<Behaviour>> {
    let company = company_of(&app, &caller, body.company).await?;
    let channel = outside_app(&app, company, &channel).await?;
    let change = BehaviourChange { holds: Some(false), ..BehaviourChange::default() };
    Ok(Reply(Behaviour::of(&channel, app.mock.change(company, channel.id, change))))
}

/// Loses webhook deliveries
///
/// The next `n` of the company's webhook deliveries are not made, as if nobody had answered; they are tried again in their
/// time.
#[utoipa::path(
    post,
    path = "/webhooks/drop",
    tag = "mock",
    operation_id = "mock_drop_webhooks",
    request_body = DropWebhooks,
    responses((status = 200, body = Dropped)),
    security(("bearer" = ["write"]), ("pact" = ["write"]))
)]
pub async fn drop_webhooks(
    State(app): State<App>,
    Writer(caller): Writer,
    Input(body): Input<DropWebhooks>,
) -> Result<Reply<Dropped>> {
    let company = company_of(&app, &caller, body.company).await?;
    app.mock.drop_webhooks(company, body.n);
    Ok(Reply(Dropped { n: body.n }))
}

/// Resets everything
///
/// Every app of the company takes everything at once again, what was held is released, no webhook is lost. What is stored
/// stays.
#[utoipa::path(
    post,
    path = "/reset",
    tag = "mock",
    operation_id = "mock_reset",
    params(OfCompany),
    responses((status = 200, body = Reset)),
    security(("bearer" = ["write"]), ("pact" = ["write"]))
)]
pub async fn reset(
    State(app): State<App>,
    Writer(caller): Writer,
    Input(body): Input<OfCompany>,
) -> Result<Reply<Reset>> {
    let company = company_of(&app, &caller, body.company).await?;
    app.mock.reset(company);
    Ok(Reply(Reset { is_reset: true }))
}

/// The channel that is meant, made if it is named by its kind. The widget is no outside app: nobody plays it.
async fn outside_app(app: &App, company: CompanyId, text: &str) -> Result<Channel, Error> {
    let choice = channel_named(text)?;
    let channel = match choice {
        ChannelChoice::Kind(kind) if kind != ChannelKind::Widget => {
            app.administration.ensure_channel(company, kind).await?
        }
        choice => app.store.channel(company, choice).await?.ok_or(Error::NotFound)?,
    };
    match channel.kind {
        ChannelKind::Widget => Err(Error::ChannelUnusable("it is no outside app")),
        _ => Ok(channel),
    }
}
