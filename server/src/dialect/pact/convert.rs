//! Entities of the domain to Pact's wire types.

use super::wire;
use crate::{
    dialect::times::{iso_milliseconds, unix_seconds},
    domain::{self, ChannelRef, Side},
};

/// What is shown of contacts without a picture of their own.
const NO_AVATAR: &str = "/avatars/original/missing.png";

pub fn conversation(details: domain::Details) -> wire::Conversation {
    let sender_external_id = contact(&details);
    let conversation = details.conversation;
    let customer = details.customer;
    let name = customer.as_ref().and_then(domain::Customer::display_name);
    let seconds = |at: Option<shared::Timestamp>| at.map_or(0, unix_seconds);
    wire::Conversation {
        external_id: conversation.num,
        name: name.unwrap_or_else(|| sender_external_id.clone()),
        channel_id: conversation.channel.num,
        channel_type: conversation.channel.kind.into(),
        created_at: iso_milliseconds(conversation.created_at),
        created_at_timestamp: unix_seconds(conversation.created_at),
        avatar: customer
            .and_then(|customer| customer.profile.avatar_url)
            .unwrap_or_else(|| NO_AVATAR.to_owned()),
        sender_external_id,
        meta: wire::Meta {},
        last_message_at: seconds(conversation.last_message_at),
        last_income_message_at: seconds(conversation.last_income_at),
        bitrix_block_openlines: details.is_bitrix_blocked,
    }
}

/// Who the contact is: by their handle on the channel, or else by their number.
fn contact(details: &domain::Details) -> String {
    let num = || details.customer.as_ref().map(|customer| customer.num.to_string());
    details.handle.clone().or_else(num).unwrap_or_default()
}

pub fn message(message: domain::Message, channel: ChannelRef, base_url: &str) -> wire::Message {
    wire::Message {
        external_id: message.num,
        channel_id: channel.num,
        channel_type: channel.kind.into(),
        text: message.content,
        income: message.sender.kind.side() == Side::Customer,
        created_at: iso_milliseconds(message.created_at),
        created_at_timestamp: unix_seconds(message.created_at),
        attachments: message.attachments.into_iter().map(|file| attachment(file, base_url)).collect(),
    }
}

pub fn attachment(file: domain::Attachment, base_url: &str) -> wire::Attachment {
    wire::Attachment {
        url: format!("{base_url}{}", file.path()),
        external_id: file.num,
        file_name: file.name,
        mime_type: file.content_type,
        size: file.size,
    }
}

/// A job as it stands.
pub fn job(
    job: domain::Job,
    company: domain::CompanyRef,
    conversation_num: i64,
    channel: wire::JobChannel,
) -> wire::Job {
    wire::Job {
        id: job.num,
        company_id: company.num,
        channel,
        conversation_id: conversation_num,
        state: match job.state {
            domain::JobState::TryingDeliver => wire::JobState::TryingDeliver,
            domain::JobState::Delivered => wire::JobState::Delivered,
            domain::JobState::Failed => wire::JobState::Failed,
        },
        message_id: (job.state != domain::JobState::TryingDeliver).then_some(job.message_num),
        details: details(job.state, job.reason),
        created_at: unix_seconds(job.created_at),
    }
}

/// A job as it stood when its message was stored, whatever became of it in the meantime: a request that is repeated gets
/// the answer of the first.
pub fn new_job(
    new: domain::Job,
    company: domain::CompanyRef,
    conversation_num: i64,
    channel: wire::JobChannel,
) -> wire::Job {
    job(domain::Job { state: domain::JobState::TryingDeliver, ..new }, company, conversation_num, channel)
}

/// What stands for the job of a message that needed none.
pub fn done_job(
    message: &domain::Message,
    company: domain::CompanyRef,
    conversation_num: i64,
    channel: wire::JobChannel,
) -> wire::Job {
    wire::Job {
        id: message.num,
        company_id: company.num,
        channel,
        conversation_id: conversation_num,
        state: wire::JobState::Delivered,
        message_id: Some(message.num),
        details: details(domain::JobState::Delivered, None),
        created_at: unix_seconds(message.created_at),
    }
}

fn details(state: domain::JobState, reason: Option<String>) -> Option<wire::JobDetails> {
    match state {
        domain::JobState::TryingDeliver => None,
        domain::JobState::Delivered => {
            Some(wire::JobDetails { result: wire::JobResult::Delivered, reason: None })
        }
        domain::JobState::Failed => Some(wire::JobDetails { result: wire::JobResult::NotDelivered, reason }),
    }
}

pub const fn job_channel(num: i64, kind: wire::Provider) -> wire::JobChannel {
    wire::JobChannel { id: num, kind }
}

pub fn company(company: domain::Company) -> wire::Company {
    wire::Company {
        external_id: company.num,
        name: company.name,
        phone: company.phone,
        description: company.description,
        webhook_url: company.webhook_url,
        hidden: company.is_hidden,
    }
}

pub fn channel(channel: &domain::Channel) -> wire::Channel {
    wire::Channel { external_id: channel.num, provider: channel.kind.into() }
}
