//! Holds the panel's own readers of the wire types against the ones that `shared` derives: what one writes the other
//! reads as the same value.

#![cfg(target_arch = "wasm32")]

use serde::Serialize;
use shared::{
    Ack, Agent, AgentId, Attachment, AttachmentId, ClientId, Consent, Conversation, ConversationId,
    ConversationList, ConversationStatus, CustomerId, ErrorBody, ErrorCode, ErrorDetail, Event, Goodbye,
    Heartbeat, Message, MessageId, MessagePage, Palette, Presence, Radius, Reader, Receipt, ReceiptState,
    SendMessage, Sender, SenderType, Session, Snapshot, Sound, StartConversation, Thread, Timestamp, Typing,
    WidgetId, WidgetOptions, WidgetSettings, id::uuid_v7,
};
use std::fmt::Debug;
use uuid::Uuid;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use widget::{state::outbox::Entry, wire};

wasm_bindgen_test_configure!(run_in_browser);

fn uuid(n: u64) -> Uuid {
    uuid_v7(1_700_000_000_000 + n, &[7; 10])
}

/// What serde writes, read by the panel.
fn read<T>(value: &impl Serialize, read: fn(&JsValue) -> Option<T>) -> Option<T> {
    read(&wire::parse(&serde_json::to_string(value).unwrap()).unwrap())
}

fn same<T: Serialize + PartialEq + Debug>(value: &T, reader: fn(&JsValue) -> Option<T>) {
    assert_eq!(read(value, reader).as_ref(), Some(value));
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
            avatar_url: Some("https://example.com/robin.png".into()),
            presence: Presence::Live,
        }),
    }
}

fn own_message() -> Message {
    Message {
        id: MessageId(uuid(3)),
        conversation_id: ConversationId(uuid(1)),
        seq: 1,
        client_id: Some(ClientId(uuid(4))),
        sender: Sender { kind: SenderType::Customer, id: None, name: None, avatar_url: None },
        content: "\u{202e}Hello \u{1f44b}\n\"<b>\\".into(),
        attachments: Vec::new(),
        ack: Ack::Sent,
        created_at: Timestamp(1_700_000_000_123_456),
    }
}

fn attachments() -> Vec<Attachment> {
    let picture = Attachment {
        id: AttachmentId(uuid(10)),
        name: "Sunset \u{1f305} \"<b>\\.png".into(),
        content_type: "image/png".into(),
        size: 9_007_199_254_740_991,
        url: "/files/k3y/Sunset.png".into(),
        width: Some(1600),
        height: Some(u32::MAX),
    };
    let document = Attachment {
        id: AttachmentId(uuid(11)),
        content_type: "application/pdf".into(),
        width: None,
        height: None,
        ..picture.clone()
    };
    vec![picture, document]
}

fn entry() -> Entry {
    Entry {
        client_id: ClientId(uuid(8)),
        content: "two\nlines \u{1f44b}".into(),
        attachments: Vec::new(),
        created_at: Timestamp(1_700_000_000_123_456),
        conversation_id: Some(ConversationId(uuid(1))),
        starts: false,
    }
}

fn agents_message() -> Message {
    Message {
        client_id: None,
        sender: Sender {
            kind: SenderType::Agent,
            id: Some(uuid(5)),
            name: Some("Robin".into()),
            avatar_url: Some("https://example.com/robin.png".into()),
        },
        ..own_message()
    }
}

fn thread() -> Thread {
    Thread { conversation: conversation(), messages: vec![own_message(), agents_message()], has_more: true }
}

#[wasm_bindgen_test]
fn conversations_are_read() {
    same(&conversation(), wire::conversation);
    for status in [ConversationStatus::Pending, ConversationStatus::Resolved, ConversationStatus::Closed] {
        same(&Conversation { status, agent: None, ..conversation() }, wire::conversation);
    }
    for presence in [Presence::Away, Presence::Offline] {
        let agent = Agent { presence, ..conversation().agent.unwrap() };
        same(&Conversation { agent: Some(agent), ..conversation() }, wire::conversation);
    }
    let list = ConversationList { conversations: vec![conversation()] };
    assert_eq!(read(&list, wire::conversations), Some(list.conversations));
}

#[wasm_bindgen_test]
fn messages_are_read() {
    same(&own_message(), wire::message);
    same(&agents_message(), wire::message);
    for kind in [SenderType::Bot, SenderType::System] {
        same(
            &Message { sender: Sender { kind, id: None, name: None, avatar_url: None }, ..own_message() },
            wire::message,
        );
    }
    for ack in [Ack::Preparing, Ack::Delivering, Ack::Sent, Ack::Delivered, Ack::Read] {
        same(&Message { ack, ..own_message() }, wire::message);
    }
    same(&Message { content: String::new(), attachments: attachments(), ..own_message() }, wire::message);
    same(&thread(), wire::thread);
    same(&MessagePage { messages: vec![], has_more: false }, wire::page);
}

#[wasm_bindgen_test]
fn settings_and_sessions_are_read() {
    let settings = WidgetSettings {
        id: WidgetId(uuid(6)),
        heading: "Harbour Books".into(),
        tagline: String::new(),
        palette: Palette {
            brand: "#7650ff".into(),
            brand_far: "#6242d3".into(),
            on_brand: "#ffffff".into(),
            accent_light: "#7650ff".into(),
            accent_dark: "#a58cff".into(),
        },
        logo_url: Some("https://example.org/logo.png".into()),
        show_online_badge: true,
        options: WidgetOptions::default(),
    };
    same(&settings, wire::settings);
    for (consent, radius) in [(Consent::Full, 0), (Consent::Session, 16), (Consent::None, 32)] {
        let radius = Radius::try_from(radius).unwrap();
        let options = WidgetOptions { radius, consent, sound: Sound(false), ..WidgetOptions::default() };
        same(&WidgetSettings { options, ..settings.clone() }, wire::settings);
    }
    same(&WidgetSettings { logo_url: None, show_online_badge: false, ..settings }, wire::settings);
    let session = Session {
        customer_id: CustomerId(uuid(7)),
        access_token: "a.b".into(),
        access_expires_at: Timestamp(1_700_000_000_000_001),
        refresh_token: "c.d".into(),
        refresh_expires_at: Timestamp(1_800_000_000_000_001),
        continues: None,
    };
    same(&session, wire::session);
    same(&Session { continues: Some(CustomerId(uuid(8))), ..session }, wire::session);
}

#[wasm_bindgen_test]
fn every_event_is_read_and_unknown_ones_are_passed_over() {
    let conversation_id = ConversationId(uuid(1));
    let receipt = Receipt {
        conversation_id,
        by: Reader::Agent,
        state: ReceiptState::Delivered,
        up_to_seq: 3,
        at: Timestamp(1_700_000_000_000_001),
    };
    let typing = Typing { conversation_id, name: Some("Robin".into()), typing: true };
    for event in [
        Event::Snapshot(Snapshot { thread: None }),
        Event::Snapshot(Snapshot { thread: Some(thread()) }),
        Event::Conversation(conversation()),
        Event::Message(agents_message()),
        Event::Receipt(receipt),
        Event::Receipt(Receipt { by: Reader::Customer, state: ReceiptState::Read, ..receipt }),
        Event::Typing(typing.clone()),
        Event::Typing(Typing { name: None, typing: false, ..typing }),
        Event::Heartbeat(Heartbeat {}),
        Event::Goodbye(Goodbye { reconnect_after_ms: 9_999 }),
    ] {
        assert_eq!(wire::event(event.name(), &event.to_json()), Some(event));
    }
    assert_eq!(wire::event("of_a_later_version", "{}"), None);
    assert_eq!(wire::event("message", "{"), None);
    assert_eq!(wire::event("message", "{}"), None);
    assert_eq!(wire::event("message", "null"), None);
}

#[wasm_bindgen_test]
fn codes_that_matter_here_are_told_apart() {
    let read_code = |code| {
        let error = ErrorDetail { code, message: "For developers.".into(), fields: vec![], request_id: None };
        read(&ErrorBody { error }, |body| Some(wire::error_code(body)))
    };
    for code in [
        ErrorCode::BodyTooLarge,
        ErrorCode::ConversationClosed,
        ErrorCode::InvalidFields,
        ErrorCode::TokenExpired,
        ErrorCode::NotFound,
    ] {
        assert_eq!(read_code(code), Some(code));
    }
    assert_eq!(read_code(ErrorCode::OriginRefused), Some(ErrorCode::Unknown));
    assert_eq!(wire::error_code(&JsValue::UNDEFINED), ErrorCode::Unknown);
}

#[wasm_bindgen_test]
fn unsent_messages_are_stored_as_serde_would_and_read_back() {
    let entry = entry();
    for entry in [
        Entry { conversation_id: None, starts: true, ..entry.clone() },
        Entry { content: String::new(), attachments: attachments(), ..entry.clone() },
        entry,
    ] {
        let json = wire::entry_json(&entry);
        assert_eq!(serde_json::from_str::<Entry>(&json).unwrap(), entry);
        same(&entry, wire::entry);
    }
}

#[wasm_bindgen_test]
fn attachments_are_read() {
    for attachment in attachments() {
        same(&attachment, wire::attachment);
    }
    let without_address = wire::parse(r#"{"id": "0190b0a5-0000-7000-8000-000000000000"}"#).unwrap();
    assert_eq!(wire::attachment(&without_address), None);
}

#[wasm_bindgen_test]
fn what_is_sent_is_what_the_server_reads() {
    for attachments in [Vec::new(), attachments()] {
        let entry = Entry { attachments, ..entry() };
        let ids: Vec<AttachmentId> = entry.attachments.iter().map(|attachment| attachment.id).collect();
        let json = wire::body_json(&entry);
        let start = StartConversation {
            client_id: entry.client_id,
            content: entry.content.clone(),
            attachments: ids.clone(),
        };
        assert_eq!(serde_json::from_str::<StartConversation>(&json).unwrap(), start);
        let send = SendMessage { content: entry.content, attachments: ids };
        assert_eq!(serde_json::from_str::<SendMessage>(&json).unwrap(), send);
    }
}

#[wasm_bindgen_test]
fn the_sentence_of_an_error_is_there_for_what_it_says_of_limits() {
    let body =
        wire::parse(r#"{"error": {"code": "body_too_large", "message": "At most 7 bytes."}}"#).unwrap();
    assert_eq!(wire::error_message(&body).as_deref(), Some("At most 7 bytes."));
    assert_eq!(wire::error_message(&JsValue::UNDEFINED), None);
}
