//! Pact's webhooks: the greeting of an address, and what happened as `{"type","event","data"}`.
//!
//! Their times are written as `2017-11-11 12:45:53 UTC`, with the seconds since 1970 beside it.

use super::{convert, wire};
use crate::{
    app::App,
    dialect::times::{spaced, unix_seconds},
    domain::{
        Change, ChangeKind, ChannelChoice, ChannelRef, Conversation, ConversationRef, Job, JobState, Message,
        MessageQuery, Receipt, ReceiptState, Result, SenderType, Side,
    },
    outbound::Outbound,
    webhooks::{Event, EventWriter},
};
use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Value, json};
use shared::{Ack, CompanyId, ConversationId, Timestamp, limits::PAGE_MAX};
use uuid::Uuid;

/// Asks an address whether it takes webhooks, or says why it doesn't.
pub async fn greet(outbound: &Outbound, url: &str) -> Result<(), String> {
    outbound.check_url(url).map_err(|error| error.to_string())?;
    let headers = vec![(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    let body = Bytes::from_static(br#"{"source":"pact.im","operation":"test"}"#);
    match outbound.post(url, headers, body).await {
        Ok(StatusCode::OK) => Ok(()),
        Ok(status) => Err(format!("must answer a test with status 200, and answered {}", status.as_u16())),
        Err(error) => Err(error.to_string()),
    }
}

/// Writes events as Pact does.
pub struct PactEvents;

#[async_trait]
impl EventWriter for PactEvents {
    async fn events(&self, app: &App, change: &Change) -> Result<Vec<Event>> {
        match &change.kind {
            ChangeKind::Conversation(conversation) => {
                let name = if change.is_new { "conversation.new" } else { "conversation.update" };
                Ok(conversation_data(app, conversation)
                    .await?
                    .map(|data| event(name, &data))
                    .into_iter()
                    .collect())
            }
            ChangeKind::Message(message) if change.is_new => {
                let Some(conversation) = conversation(app, change.company, message.conversation).await?
                else {
                    return Ok(Vec::new());
                };
                let job = app.store.job_of_message(change.company, message.id).await?;
                let data = message_data(message.clone(), &conversation, job, &app.settings.public_url);
                Ok(vec![event("message.new", &data)])
            }
            ChangeKind::Message(message) => acks(app, change.company, &[message], message.ack).await,
            ChangeKind::Receipt(receipt) => receipt_acks(app, change, receipt).await,
            ChangeKind::Job(job) => Ok(job_data(app, change.company, job)
                .await?
                .map(|data| event("job.executed", &data))
                .into_iter()
                .collect()),
            ChangeKind::Customer(_) => Ok(Vec::new()),
        }
    }

    fn body(&self, event: &Event, _delivery: Uuid, _at: Timestamp) -> Value {
        let (kind, name) = event.name.split_once('.').unwrap_or((event.name, ""));
        json!({ "type": kind, "event": name, "data": event.data })
    }
}

fn event(name: &'static str, data: &impl Serialize) -> Event {
    Event { name, data: json!(data) }
}

async fn conversation(app: &App, company: CompanyId, id: ConversationId) -> Result<Option<Conversation>> {
    app.store.conversation(company, ConversationRef::Id(id)).await
}

/// The conversation as lists have it, with its times as webhooks write them.
#[derive(Serialize)]
struct ConversationData {
    #[serde(flatten)]
    conversation: wire::Conversation,
    avatar_url: String,
}

/// Nothing if it was erased since.
async fn conversation_data(app: &App, conversation: &Conversation) -> Result<Option<ConversationData>> {
    let id = ConversationRef::Id(conversation.id);
    let Some(details) = app.store.conversation_details(conversation.company, id).await? else {
        return Ok(None);
    };
    let created_at = spaced(details.conversation.created_at);
    let conversation = wire::Conversation { created_at, ..convert::conversation(details) };
    Ok(Some(ConversationData { avatar_url: conversation.avatar.clone(), conversation }))
}

#[derive(Serialize)]
struct MessageData {
    #[serde(flatten)]
    message: wire::Message,
    channel: wire::JobChannel,
    conversation_id: i64,
    ack: Ack,
    /// Of a message to an outside app.
    job_id: Option<i64>,
}

fn message_data(
    message: Message,
    conversation: &Conversation,
    job: Option<Job>,
    base_url: &str,
) -> MessageData {
    let channel = conversation.channel;
    let created_at = spaced(message.created_at);
    MessageData {
        channel: convert::job_channel(channel.num, channel.kind.into()),
        conversation_id: conversation.num,
        ack: message.ack,
        job_id: job.map(|job| job.num),
        message: wire::Message { created_at, ..convert::message(message, channel, base_url) },
    }
}

#[derive(Serialize)]
struct AckData {
    external_id: i64,
    channel: wire::JobChannel,
    conversation_id: i64,
    ack: Ack,
}

/// How far messages of the business have come. The contact's own are here, so there is nothing to tell of them.
async fn acks(app: &App, company: CompanyId, messages: &[&Message], ack: Ack) -> Result<Vec<Event>> {
    let ours: Vec<_> =
        messages.iter().filter(|message| message.sender.kind != SenderType::Customer).collect();
    let Some(first) = ours.first() else { return Ok(Vec::new()) };
    let Some(conversation) = conversation(app, company, first.conversation).await? else {
        return Ok(Vec::new());
    };
    let ChannelRef { num, kind, .. } = conversation.channel;
    let to_event = |message: &&&Message| {
        let channel = convert::job_channel(num, kind.into());
        let data = AckData { external_id: message.num, channel, conversation_id: conversation.num, ack };
        event("message.ack", &data)
    };
    Ok(ours.iter().map(to_event).collect())
}

/// What a receipt of the contact says of each message it is about.
async fn receipt_acks(app: &App, change: &Change, receipt: &Receipt) -> Result<Vec<Event>> {
    let (Side::Customer, Some(conversation)) = (receipt.by, change.conversation) else {
        return Ok(Vec::new());
    };
    let ack = match receipt.state {
        ReceiptState::Delivered => Ack::Delivered,
        ReceiptState::Read => Ack::Read,
    };
    let mut events = Vec::new();
    let mut after = receipt.from_seq - 1;
    while after < receipt.up_to_seq {
        let query = MessageQuery::After(after);
        let page = app.store.messages(change.company, conversation, query, PAGE_MAX).await?;
        let Some(last) = page.messages.last() else { break };
        after = last.seq;
        let meant: Vec<_> = page.messages.iter().filter(|message| message.seq <= receipt.up_to_seq).collect();
        events.extend(acks(app, change.company, &meant, ack).await?);
    }
    Ok(events)
}

/// The job as it is asked after, with its times as webhooks write them.
#[derive(Serialize)]
struct JobData {
    id: i64,
    company_id: i64,
    channel: wire::JobChannel,
    conversation_id: i64,
    state: wire::JobState,
    result: wire::JobResult,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    message_id: Option<i64>,
    details: Option<wire::JobDetails>,
    created_at: String,
    created_at_timestamp: i64,
    executed_at: String,
    /// The same in seconds since 1970.
    date: i64,
}

/// Nothing if its conversation was erased since.
async fn job_data(app: &App, company: CompanyId, job: &Job) -> Result<Option<JobData>> {
    let Some(conversation) = conversation(app, company, job.conversation).await? else { return Ok(None) };
    let Some(owner) = app.store.company(company).await? else { return Ok(None) };
    // A conversation may have moved on to another channel since; and the job's own may be gone.
    let channel = match app.store.channel(company, ChannelChoice::Id(job.channel)).await? {
        Some(channel) => convert::job_channel(channel.num, channel.kind.into()),
        None => convert::job_channel(conversation.channel.num, conversation.channel.kind.into()),
    };
    let finished_at = job.finished_at.unwrap_or(job.created_at);
    let is_failed = job.state == JobState::Failed;
    let told = convert::job(job.clone(), (&owner).into(), conversation.num, channel);
    Ok(Some(JobData {
        id: told.id,
        company_id: told.company_id,
        channel: told.channel,
        conversation_id: told.conversation_id,
        state: told.state,
        result: if is_failed { wire::JobResult::NotDelivered } else { wire::JobResult::Delivered },
        reason: job.reason.clone(),
        message_id: told.message_id,
        details: told.details,
        created_at: spaced(job.created_at),
        created_at_timestamp: told.created_at,
        executed_at: spaced(finished_at),
        date: unix_seconds(finished_at),
    }))
}
