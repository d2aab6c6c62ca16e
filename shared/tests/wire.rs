//! The JSON of every wire type, pinned. A change here is a change of the API.

use serde::{Serialize, de::DeserializeOwned};
use shared::*;
use std::fmt::Debug;
use uuid::Uuid;

const AVATAR: &str = "https://example.com/robin.png";

const fn uuid(n: u128) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + n)
}

/// Snapshots the JSON and checks that reading it back gives the same value.
fn pin<T: Serialize + DeserializeOwned + PartialEq + Debug>(name: &str, value: &T) {
    insta::assert_json_snapshot!(name, value);
    let json = serde_json::to_string(value).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&json).unwrap(), value);
}

fn conversation() -> Conversation {
    Conversation {
        id: ConversationId(uuid(1)),
        status: ConversationStatus::Open,
        created_at: Timestamp(1_700_000_000_123_456),
        updated_at: Timestamp(1_700_000_000_123_457),
        last_seq: 2,
        customer_read_seq: 1,
        n_unread: 1,
        agent: Some(Agent {
            id: AgentId(uuid(2)),
            name: "Robin".into(),
            avatar_url: Some(AVATAR.into()),
            presence: Presence::Live,
        }),
    }
}

fn customer_message() -> Message {
    Message {
        id: MessageId(uuid(3)),
        conversation_id: ConversationId(uuid(1)),
        seq: 1,
        client_id: Some(ClientId(uuid(4))),
        sender: Sender { kind: SenderType::Customer, id: None, name: None, avatar_url: None },
        content: "Hello \u{1f44b}".into(),
        attachments: Vec::new(),
        ack: Ack::Read,
        created_at: Timestamp(1_700_000_000_123_456),
    }
}

fn picture() -> Attachment {
    Attachment {
        id: AttachmentId(uuid(8)),
        name: "Sunset \u{1f305}.png".into(),
        content_type: "image/png".into(),
        size: 123_456,
        url: "/files/k3y/Sunset%20%F0%9F%8C%85.png".into(),
        width: Some(1600),
        height: Some(1200),
    }
}

fn document() -> Attachment {
    Attachment {
        id: AttachmentId(uuid(9)),
        name: "Invoice.pdf".into(),
        content_type: "application/pdf".into(),
        size: 1,
        url: "/files/an0ther/Invoice.pdf".into(),
        width: None,
        height: None,
    }
}

fn agent_message() -> Message {
    Message {
        id: MessageId(uuid(5)),
        seq: 2,
        client_id: None,
        sender: Sender {
            kind: SenderType::Agent,
            id: Some(uuid(2)),
            name: Some("Robin".into()),
            avatar_url: Some(AVATAR.into()),
        },
        content: "Hi!".into(),
        ack: Ack::Sent,
        ..customer_message()
    }
}

#[test]
fn conversations() {
    pin("conversation", &conversation());
    pin("conversation_without_agent", &Conversation { agent: None, ..conversation() });
    pin("conversation_list", &ConversationList { conversations: vec![conversation()] });
    pin(
        "start_conversation",
        &StartConversation { client_id: ClientId(uuid(4)), content: "Hello".into(), attachments: Vec::new() },
    );
    pin(
        "thread",
        &Thread { conversation: conversation(), messages: vec![customer_message()], has_more: false },
    );
    pin("set_typing", &SetTyping { typing: true });
    pin(
        "conversation_status",
        &[
            ConversationStatus::Open,
            ConversationStatus::Pending,
            ConversationStatus::Resolved,
            ConversationStatus::Closed,
        ],
    );
    pin("presence", &[Presence::Live, Presence::Away, Presence::Offline]);
}

#[test]
fn messages() {
    pin("message_of_customer", &customer_message());
    pin("message_of_agent", &agent_message());
    pin("message_page", &MessagePage { messages: vec![agent_message()], has_more: true });
    pin("send_message", &SendMessage { content: "Hello".into(), attachments: Vec::new() });
    pin("mark_read", &MarkRead { seq: 7 });
    pin("ack", &[Ack::Preparing, Ack::Delivering, Ack::Sent, Ack::Delivered, Ack::Read]);
    pin("sender_type", &[SenderType::Customer, SenderType::Agent, SenderType::Bot, SenderType::System]);
    pin("reader", &[Reader::Customer, Reader::Agent]);
    assert!(serde_json::from_str::<Ack>("4").is_err());
}

#[test]
fn attachments() {
    pin("attachment", &picture());
    pin("attachment_without_width", &document());
    let attachments = vec![picture(), document()];
    let ids: Vec<AttachmentId> = attachments.iter().map(|attachment| attachment.id).collect();
    let content = String::new();
    pin("message_with_attachments", &Message { content: content.clone(), attachments, ..customer_message() });
    pin("send_message_with_attachments", &SendMessage { content: content.clone(), attachments: ids.clone() });
    pin(
        "start_conversation_with_attachments",
        &StartConversation { client_id: ClientId(uuid(4)), content, attachments: ids },
    );
}

#[test]
fn sessions_and_settings() {
    pin("create_session", &CreateSession { widget_id: WidgetId(uuid(6)) });
    let session = Session {
        customer_id: CustomerId(uuid(7)),
        access_token: "access".into(),
        access_expires_at: Timestamp(1_700_000_900_000_000),
        refresh_token: "refresh".into(),
        refresh_expires_at: Timestamp(1_731_536_000_000_000),
        continues: None,
    };
    pin("session", &session);
    pin("session_that_continues_another", &Session { continues: Some(CustomerId(uuid(12))), ..session });
    pin("identify", &Identify { widget_id: WidgetId(uuid(6)), token: "header.claims.signature".into() });
    let settings = WidgetSettings {
        id: WidgetId(uuid(6)),
        heading: "Chat with us".into(),
        tagline: "We answer within minutes".into(),
        palette: Palette {
            brand: "#7650ff".into(),
            brand_far: "#6242d3".into(),
            on_brand: "#ffffff".into(),
            accent_light: "#7650ff".into(),
            accent_dark: "#a58cff".into(),
        },
        logo_url: Some("https://example.com/logo.png".into()),
        show_online_badge: true,
        options: WidgetOptions::default(),
    };
    pin("widget_settings", &settings);
    let options = WidgetOptions {
        color_scheme: ColorScheme::Dark,
        radius: Radius::try_from(0).unwrap(),
        position: Corner::Start,
        offset_x: Offset::try_from(0).unwrap(),
        offset_y: Offset::try_from(400).unwrap(),
        z_index: ZIndex::try_from(1).unwrap(),
        launcher: Launcher::Elements("#help, .chat".into()),
        launcher_label: Some("Help".into()),
        locale: Some("pt-BR".into()),
        consent: Consent::None,
        open_on_load: true,
        sound: Sound(false),
    };
    pin("widget_settings_without_logo", &WidgetSettings { logo_url: None, ..settings.clone() });
    pin("widget_settings_with_options", &WidgetSettings { options, ..settings });
    let words = |launcher: Launcher| serde_json::to_string(&launcher).unwrap();
    assert_eq!(words(Launcher::Default), "\"default\"");
    assert_eq!(words(Launcher::Hidden), "\"hidden\"");
    assert_eq!(serde_json::from_str::<Launcher>("\"hidden\"").unwrap(), Launcher::Hidden);
}

#[test]
fn errors() {
    pin(
        "error",
        &ErrorBody {
            error: ErrorDetail {
                code: ErrorCode::InvalidFields,
                message: "1 field can't be accepted".into(),
                fields: vec![FieldProblem { field: "content".into(), problem: "must not be blank".into() }],
                request_id: Some("r-1".into()),
            },
        },
    );
    pin(
        "error_codes",
        &[
            ErrorCode::MalformedBody,
            ErrorCode::MalformedAddress,
            ErrorCode::TokenMissing,
            ErrorCode::TokenInvalid,
            ErrorCode::TokenExpired,
            ErrorCode::OriginRefused,
            ErrorCode::NotFound,
            ErrorCode::MethodNotAllowed,
            ErrorCode::RequestTimeout,
            ErrorCode::ConversationClosed,
            ErrorCode::BodyTooLarge,
            ErrorCode::UnsupportedMediaType,
            ErrorCode::InvalidFields,
            ErrorCode::ClientIdReused,
            ErrorCode::TooManyRequests,
            ErrorCode::Internal,
            ErrorCode::Unavailable,
        ],
    );
    assert_eq!(serde_json::from_str::<ErrorCode>("\"from_the_future\"").unwrap(), ErrorCode::Unknown);
}

#[test]
fn events() {
    let receipt = Receipt {
        conversation_id: ConversationId(uuid(1)),
        by: Reader::Agent,
        state: ReceiptState::Read,
        up_to_seq: 1,
        at: Timestamp(1_700_000_000_123_456),
    };
    let typing =
        Typing { conversation_id: ConversationId(uuid(1)), name: Some("Robin".into()), typing: true };
    let thread = Thread { conversation: conversation(), messages: vec![agent_message()], has_more: true };
    let events = [
        Event::Snapshot(Snapshot { thread: Some(thread) }),
        Event::Snapshot(Snapshot { thread: None }),
        Event::Conversation(conversation()),
        Event::Message(agent_message()),
        Event::Receipt(receipt),
        Event::Receipt(Receipt { state: ReceiptState::Delivered, ..receipt }),
        Event::Typing(typing.clone()),
        Event::Typing(Typing { name: None, typing: false, ..typing }),
        Event::Heartbeat(Heartbeat {}),
        Event::Goodbye(Goodbye { reconnect_after_ms: 1234 }),
    ];
    let wire: Vec<_> = events.iter().map(|event| format!("{}: {}", event.name(), event.to_json())).collect();
    insta::assert_snapshot!("events", wire.join("\n"));
    for event in events {
        assert_eq!(Event::read(event.name(), &event.to_json()).unwrap(), Some(event));
    }
    assert_eq!(Event::read("from_the_future", "{}").unwrap(), None);
    assert!(Event::read("message", "{}").is_err());
}

#[test]
fn a_position_reads_what_it_writes_and_nothing_else() {
    let position = Position { epoch: 7, rev: 42 };
    assert_eq!(position.to_string(), "7.42");
    assert_eq!("7.42".parse(), Ok(position));
    for text in ["", "7", "7.", ".42", "7.-1", "-7.1", "7.42.1", "7.x", "99999999999.1"] {
        assert!(text.parse::<Position>().is_err(), "{text}");
    }
}

#[test]
fn an_id_is_version_7_and_carries_its_time() {
    let id = id::uuid_v7(1_700_000_000_123, &[0xff; 10]);
    assert_eq!(id.to_string(), "018bcfe5-687b-7fff-bfff-ffffffffffff");
}
