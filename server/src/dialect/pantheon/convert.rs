//! Entities of the domain to Pantheon's wire types, and apps to channels.

use super::wire::{self, AppId, Attachment, MessageStatus, Status, Writer};
use crate::{
    dialect::times::iso,
    domain::{self, ChannelKind, Details, Job, JobState, SenderType, code},
};
use shared::Ack;

pub const fn app_id(kind: ChannelKind) -> AppId {
    match kind {
        ChannelKind::Slack => AppId::Slack,
        ChannelKind::Messenger => AppId::Messenger,
        ChannelKind::Twitter => AppId::Twitter,
        ChannelKind::Whatsapp => AppId::Whatsapp,
        ChannelKind::TelegramPersonal => AppId::Telegram,
        ChannelKind::Sms => AppId::Sms,
        ChannelKind::Widget => AppId::Widget,
    }
}

pub const fn channel_kind(app: AppId) -> ChannelKind {
    match app {
        AppId::Slack => ChannelKind::Slack,
        AppId::Messenger => ChannelKind::Messenger,
        AppId::Twitter => ChannelKind::Twitter,
        AppId::Whatsapp => ChannelKind::Whatsapp,
        AppId::Telegram => ChannelKind::TelegramPersonal,
        AppId::Sms => ChannelKind::Sms,
        AppId::Widget => ChannelKind::Widget,
    }
}

pub const fn app_name(app: AppId) -> &'static str {
    match app {
        AppId::Slack => "Slack",
        AppId::Messenger => "Messenger",
        AppId::Twitter => "Twitter",
        AppId::Whatsapp => "WhatsApp",
        AppId::Telegram => "Telegram",
        AppId::Sms => "SMS",
        AppId::Widget => "Website chat",
    }
}

pub fn conversation(details: Details) -> wire::Conversation {
    let Details { conversation, handle, .. } = details;
    // A visitor of the widget is known there by the id of their customer.
    let visitor = conversation.customer.filter(|_| conversation.channel.kind == ChannelKind::Widget);
    wire::Conversation {
        id: code::encode(conversation.id.0),
        on: app_id(conversation.channel.kind),
        with: handle.or_else(|| visitor.map(|id| id.to_string())),
        status: match conversation.status {
            domain::Status::Open => Status::Open,
            domain::Status::Pending => Status::Pending,
            domain::Status::Resolved => Status::Resolved,
            domain::Status::Closed => Status::Closed,
        },
        created_at: iso(conversation.created_at),
        updated_at: iso(conversation.updated_at),
        last_message_at: conversation.last_message_at.map(iso),
    }
}

/// `job` is how the message reaches an outside app, where that is not over or went wrong.
pub fn message(message: domain::Message, job: Option<Job>, base_url: &str) -> wire::Message {
    let failure = job.filter(|job| job.state == JobState::Failed);
    wire::Message {
        id: code::encode(message.id.0),
        conversation_id: code::encode(message.conversation.0),
        from: match message.sender.kind {
            SenderType::Customer => Writer::Customer,
            SenderType::Agent => Writer::Agent,
            SenderType::Bot => Writer::Bot,
            SenderType::System => Writer::System,
        },
        name: message.sender_name,
        text: message.content,
        attachments: message.attachments.into_iter().map(|file| attachment(file, base_url)).collect(),
        status: match message.ack {
            _ if failure.is_some() => MessageStatus::Failed,
            Ack::Preparing => MessageStatus::Preparing,
            Ack::Delivering => MessageStatus::Delivering,
            Ack::Sent => MessageStatus::Sent,
            Ack::Delivered => MessageStatus::Delivered,
            Ack::Read => MessageStatus::Read,
        },
        reason: failure.and_then(|job| job.reason),
        created_at: iso(message.created_at),
    }
}

fn attachment(file: domain::Attachment, base_url: &str) -> Attachment {
    Attachment {
        url: format!("{base_url}{}", file.path()),
        name: file.name,
        content_type: file.content_type,
        size: file.size,
    }
}
