//! Entities of the domain to Pingback's wire types.

use super::wire;
use crate::{
    dialect::times::iso,
    domain::{self, SenderType},
};

pub fn conversation(
    details: domain::Details,
    messages: Vec<domain::Message>,
    base_url: &str,
) -> wire::Conversation {
    let conversation = details.conversation;
    let mut meta = details.meta;
    wire::Conversation {
        id: conversation.id.0,
        business_id: conversation.company.0,
        customer_id: conversation.customer.map(|id| id.0),
        assignee_id: conversation.assignee.map(|agent| agent.id.0),
        status: conversation.status.into(),
        channel_type: conversation.channel.kind.into(),
        channel_id: Some(conversation.channel.id),
        created_at: iso(conversation.created_at),
        updated_at: iso(conversation.updated_at),
        first_response_at: conversation.first_response_at.map(iso),
        customer: details.customer.map(customer),
        attributes: meta.remove("attributes"),
        tags: meta.remove("tags"),
        messages: messages.into_iter().map(|stored| message(stored, base_url)).collect(),
    }
}

pub fn customer(customer: domain::Customer) -> wire::Customer {
    wire::Customer {
        id: customer.id.0,
        business_id: customer.company.0,
        name: customer.name(),
        email: customer.profile.email,
        phone: customer.profile.phone,
        external_id: customer.profile.external_id,
        avatar: customer.profile.avatar_url,
        language: customer.profile.language,
        attributes: customer.profile.attributes,
        created_at: iso(customer.created_at),
    }
}

pub fn message(message: domain::Message, base_url: &str) -> wire::Message {
    wire::Message {
        id: message.id.0,
        conversation_id: message.conversation.0,
        sender_type: message.sender.kind.into(),
        sender_id: message.sender.id.filter(|_| message.sender.kind != SenderType::Customer),
        content: message.content,
        attachments: message.attachments.into_iter().map(|file| attachment(file, base_url)).collect(),
        created_at: iso(message.created_at),
    }
}

pub fn message_event(stored: domain::Message, base_url: &str) -> wire::MessageEvent {
    wire::MessageEvent { status: stored.ack.into(), message: message(stored, base_url) }
}

pub fn attachment(file: domain::Attachment, base_url: &str) -> wire::Attachment {
    wire::Attachment {
        url: format!("{base_url}{}", file.path()),
        id: file.id.0,
        name: file.name,
        content_type: file.content_type,
        size: file.size,
    }
}
