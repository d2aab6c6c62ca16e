//! Messages of a conversation: listing and sending them.

use super::{
    address::{InConversation, NamedConversation, writer},
    convert,
    paging::{List, PageQuery},
    wire::{ATTACHMENTS, Answer, ErrorBody, Job, MessageList, SendMessage},
};
use crate::{
    app::App,
    dialect::{Input, OnceKey, Reader, Reply, Result, Writer},
    domain::{
        Author, ChannelKind, ChannelRef, CompanyRef, Content, ConversationRef, Error, InvalidField, Message,
        MessageQuery, conversations::Draft, message::Submitted,
    },
};
use axum::extract::State;
use shared::{Ack, Seq};

/// Lists the messages of a conversation, in the order they were written
#[utoipa::path(
    get,
    path = "/companies/{company}/conversations/{conversation}/messages",
    tag = "pact",
    operation_id = "pact_list_messages",
    params(("company" = i64, Path, example = 1), ("conversation" = i64, Path, example = 1), PageQuery),
    responses((status = 200, body = Answer<MessageList>)),
    security(("pact" = ["read"]))
)]
pub async fn list_messages(
    State(app): State<App>,
    Reader(_): Reader,
    InConversation { company, details }: InConversation,
    Input(page): Input<PageQuery>,
) -> Result<Reply<Answer<MessageList>>> {
    let conversation = details.conversation;
    let after: Option<Seq> = page.after(List::Messages);
    let query = if page.is_descending() {
        MessageQuery::Before(after)
    } else {
        MessageQuery::After(after.unwrap_or(0))
    };
    // One more than fits, to know whether there is more.
    let mut found =
        app.conversations.messages(company.id, conversation.id, query, page.per() + 1).await?.messages;
    if page.is_descending() {
        found.reverse();
    }
    let next_page = page.cut(List::Messages, &mut found, |message| message.seq);
    let to_wire = |message| convert::message(message, conversation.channel, &app.settings.public_url);
    let messages = found.into_iter().map(to_wire).collect();
    Ok(Reply(Answer::ok(MessageList { messages, next_page })))
}

/// Sends a message
///
/// To an outside app it is delivered by a job, which is the answer. On a widget channel it is there at once.
#[utoipa::path(
    post,
    path = "/companies/{company}/conversations/{conversation}/messages",
    tag = "pact",
    operation_id = "pact_send_message",
    params(("company" = i64, Path, example = 1), ("conversation" = i64, Path, example = 1)),
    request_body(content(
        (SendMessage = "application/x-www-form-urlencoded", example = json!({ "message": "hello" })),
        (SendMessage = "application/json", example = json!({ "message": "hello" })),
    )),
    responses(
        (status = 200, body = Answer<Job>),
        (status = 400, description = "Nothing to send, fields that can't be accepted, or the conversation is closed",
            body = ErrorBody),
    ),
    security(("pact" = ["write"]))
)]
pub async fn send_message(
    State(app): State<App>,
    Writer(caller): Writer,
    NamedConversation { company, num }: NamedConversation,
    OnceKey(client_id): OnceKey,
    body: Result<Input<SendMessage>>,
) -> Result<Reply<Answer<Job>>> {
    // Sending finds the conversation; what can't be sent does not come so far, and what is not there goes before.
    let Input(body) = match body {
        Ok(body) => body,
        Err(refusal) => {
            app.conversations.details(company.id, ConversationRef::Num(num)).await?;
            return Err(refusal);
        }
    };
    let attachments = app
        .store
        .attachment_ids(company.id, &body.attachments)
        .await?
        .ok_or_else(|| InvalidField::value(ATTACHMENTS, "one of them is not there"))?;
    let content = Content::new(body.field, body.text, attachments)?;
    let author = Author::Sender(writer(&app, &caller, company).await?);
    let draft = Draft { author, client_id, content, language: None };
    let Submitted { sent, conversation, .. } = app
        .conversations
        .submit(company.id, ConversationRef::Num(num), None, draft)
        .await
        .map_err(name_attachments)?;
    let job = job_of(&app, company, num, conversation.channel, &sent.into_message()).await?;
    Ok(Reply(Answer::ok(job)))
}

/// The job of a message that was just stored.
pub async fn job_of(
    app: &App,
    company: CompanyRef,
    conversation_num: i64,
    channel: ChannelRef,
    message: &Message,
) -> Result<Job, Error> {
    // In the widget a message is there at once, and there is nothing to look for.
    let is_there = channel.kind == ChannelKind::Widget && message.ack >= Ack::Sent;
    let job = if is_there { None } else { app.store.job_of_message(company.id, message.id).await? };
    let channel = convert::job_channel(channel.num, channel.kind.into());
    Ok(match job {
        Some(job) => convert::new_job(job, company, conversation_num, channel),
        None => convert::done_job(message, company, conversation_num, channel),
    })
}

/// Calls attachments what this API calls them.
fn name_attachments(error: Error) -> Error {
    match error {
        Error::InvalidFields(mut fields) => {
            for field in fields.iter_mut().filter(|field| field.field == "attachments") {
                field.field = ATTACHMENTS;
            }
            Error::InvalidFields(fields)
        }
        error => error,
    }
}
