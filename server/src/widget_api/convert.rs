//! Entities of the domain to the wire types of `shared`.

use crate::{domain, widget_api::palette};
use shared::{
    Agent, Attachment, Conversation, ConversationStatus, Event, Message, Presence, Reader, Receipt,
    ReceiptState, Sender, SenderType, Session, Thread, Typing, WidgetSettings,
};

pub fn conversation(conversation: domain::Conversation) -> Conversation {
    Conversation {
        id: conversation.id,
        status: match conversation.status {
            domain::Status::Open => ConversationStatus::Open,
            domain::Status::Pending => ConversationStatus::Pending,
            domain::Status::Resolved => ConversationStatus::Resolved,
            domain::Status::Closed => ConversationStatus::Closed,
        },
        created_at: conversation.created_at,
        updated_at: conversation.updated_at,
        last_seq: conversation.last_seq,
        customer_read_seq: conversation.customer_read_seq,
        n_unread: conversation.n_unread,
        agent: conversation.assignee.map(|agent| Agent {
            id: agent.id,
            name: agent.name,
            avatar_url: agent.avatar_url,
            presence: match agent.presence {
                domain::Presence::Live => Presence::Live,
                domain::Presence::Away => Presence::Away,
                domain::Presence::Offline => Presence::Offline,
            },
        }),
    }
}

pub fn message(message: domain::Message) -> Message {
    let kind = match message.sender.kind {
        domain::SenderType::Customer => SenderType::Customer,
        domain::SenderType::Agent => SenderType::Agent,
        domain::SenderType::Bot => SenderType::Bot,
        domain::SenderType::System => SenderType::System,
    };
    Message {
        id: message.id,
        conversation_id: message.conversation,
        seq: message.seq,
        client_id: message.client_id,
        sender: Sender {
            kind,
            // The visitor knows who they are, and needs no id for it.
            id: message.sender.id.filter(|_| kind != SenderType::Customer),
            name: message.sender_name,
            avatar_url: message.sender_avatar_url,
        },
        content: message.content,
        attachments: message.attachments.into_iter().map(attachment).collect(),
        ack: message.ack,
        created_at: message.created_at,
    }
}

pub fn attachment(attachment: domain::Attachment) -> Attachment {
    Attachment {
        url: attachment.path(),
        id: attachment.id,
        name: attachment.name,
        content_type: attachment.content_type,
        size: attachment.size,
        width: attachment.width,
        height: attachment.height,
    }
}

pub fn thread(thread: domain::Thread) -> Thread {
    Thread {
        conversation: conversation(thread.conversation),
        messages: thread.messages.into_iter().map(message).collect(),
        has_more: thread.has_more,
    }
}

pub fn session(issued: &domain::sessions::IssuedSession) -> Session {
    Session {
        customer_id: issued.customer,
        access_token: issued.access.reveal().to_owned(),
        access_expires_at: issued.access_expires_at,
        refresh_token: issued.refresh.reveal().to_owned(),
        refresh_expires_at: issued.refresh_expires_at,
        continues: issued.continues,
    }
}

pub fn widget_settings(widget: domain::Widget) -> WidgetSettings {
    WidgetSettings {
        id: widget.id,
        heading: widget.heading,
        tagline: widget.tagline,
        palette: palette::of(&widget.color),
        logo_url: widget.logo_url,
        show_online_badge: widget.show_online_badge,
        options: widget.options,
    }
}

/// A change as the visitor hears it; nothing for what does not concern them.
pub fn change(change: domain::Change) -> Option<Event> {
    Some(match change.kind {
        domain::ChangeKind::Conversation(changed) => Event::Conversation(conversation(changed)),
        domain::ChangeKind::Message(stored) => Event::Message(message(stored)),
        domain::ChangeKind::Receipt(receipt) => Event::Receipt(Receipt {
            conversation_id: change.conversation?,
            by: match receipt.by {
                domain::Side::Customer => Reader::Customer,
                domain::Side::Agent => Reader::Agent,
            },
            state: match receipt.state {
                domain::ReceiptState::Delivered => ReceiptState::Delivered,
                domain::ReceiptState::Read => ReceiptState::Read,
            },
            up_to_seq: receipt.up_to_seq,
            at: receipt.at,
        }),
        domain::ChangeKind::Customer(_) | domain::ChangeKind::Job(_) => return None,
    })
}

pub fn typing(notice: &crate::live::TypingNotice) -> Event {
    Event::Typing(Typing {
        conversation_id: notice.conversation,
        name: notice.name.clone(),
        typing: notice.typing,
    })
}
