//! Delivery jobs: asking after a message that was sent.

use super::{
    address::{OnChannel, num_in},
    convert,
    wire::{Answer, Job},
};
use crate::{
    app::App,
    dialect::{Reader, Refusal, Reply, Result},
    domain::{Channel, ChannelKind, CompanyRef, ConversationRef, Error, Side},
};
use axum::{
    extract::{FromRequestParts, State},
    http::request::Parts,
};
use shared::ConversationId;

/// The job of an address.
pub struct JobNum(i64);

impl FromRequestParts<App> for JobNum {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        Ok(Self(num_in(parts, app, "job").await?))
    }
}

/// Reads a delivery job
#[utoipa::path(
    get,
    path = "/companies/{company}/channels/{channel}/jobs/{job}",
    tag = "pact",
    operation_id = "pact_get_job",
    params(
        ("company" = i64, Path, example = 1),
        ("channel" = i64, Path, example = 1),
        ("job" = i64, Path, example = 1),
    ),
    responses((status = 200, body = Answer<Job>)),
    security(("pact" = ["read"]))
)]
pub async fn get_job(
    State(app): State<App>,
    Reader(_): Reader,
    OnChannel { company, channel }: OnChannel,
    JobNum(job): JobNum,
) -> Result<Reply<Answer<Job>>> {
    let job = if channel.kind == ChannelKind::Widget {
        message_as_job(&app, company, &channel, job).await?
    } else {
        let job = app.store.job(company.id, job).await?.filter(|job| job.channel == channel.id);
        let job = job.ok_or(Error::NotFound)?;
        let conversation = conversation_num(&app, company, job.conversation).await?;
        convert::job(job, company, conversation, convert::job_channel(channel.num, channel.kind.into()))
    };
    Ok(Reply(Answer::ok(job)))
}

/// On a widget channel a message is its own job.
async fn message_as_job(app: &App, company: CompanyRef, channel: &Channel, num: i64) -> Result<Job, Error> {
    let message = app.store.message(company.id, num).await?.ok_or(Error::NotFound)?;
    let is_ours = message.sender.kind.side() == Side::Agent;
    if !is_ours || app.store.job_of_message(company.id, message.id).await?.is_some() {
        return Err(Error::NotFound);
    }
    let conversation = conversation_num(app, company, message.conversation).await?;
    let channel = convert::job_channel(channel.num, channel.kind.into());
    Ok(convert::done_job(&message, company, conversation, channel))
}

async fn conversation_num(app: &App, company: CompanyRef, id: ConversationId) -> Result<i64, Error> {
    let found = app.store.conversation(company.id, ConversationRef::Id(id)).await?;
    Ok(found.ok_or(Error::NotFound)?.num)
}
