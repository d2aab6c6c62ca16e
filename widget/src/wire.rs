//! The wire types of `shared`, read and written by the browser's own `JSON`.
//!
//! `shared` derives serde for them, and natively that is what everybody uses. Here the derived readers would be a third
//! of the whole download; these few lines do the same, and `tests/wire.rs` holds the two against each other.

use crate::{
    browser::{get, object, text},
    state::outbox::Entry,
};
use js_sys::{Array, JSON};
use shared::{
    Ack, Agent, AgentId, Attachment, AttachmentId, ClientId, Consent, Conversation, ConversationId,
    ConversationStatus, CustomerId, ErrorCode, Event, Goodbye, Heartbeat, Message, MessageId, MessagePage,
    Palette, Presence, Radius, Reader, Receipt, ReceiptState, Sender, SenderType, Session, Snapshot, Sound,
    Thread, Timestamp, Typing, WidgetId, WidgetOptions, WidgetSettings,
};
use uuid::Uuid;
use wasm_bindgen::{JsCast, JsValue};

/// What JSON says.
pub fn parse(json: &str) -> Option<JsValue> {
    JSON::parse(json).ok()
}

/// As JSON.
pub fn stringify(value: &JsValue) -> String {
    JSON::stringify(value).map(String::from).unwrap_or_default()
}

/// A JSON object.
pub fn json(fields: &[(&str, JsValue)]) -> String {
    stringify(&object(fields))
}

fn integer(from: &JsValue, name: &str) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "every number on our wire is exact in JavaScript")]
    get(from, name).as_f64().map(|number| number as i64)
}

/// The id that a text is, with hyphens or without. The library's own reader and writer would be a kilobyte more to download.
pub fn id(text: &str) -> Option<Uuid> {
    let mut id = 0;
    let mut n_digits = 0;
    for character in text.chars().filter(|character| *character != '-') {
        id = id << 4 | u128::from(character.to_digit(16)?);
        n_digits += 1;
    }
    (n_digits == 32).then(|| Uuid::from_u128(id))
}

/// An id as it is written.
pub fn id_text(id: Uuid) -> String {
    let mut text = String::new();
    for (index, byte) in id.as_bytes().iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        for half in [byte >> 4, byte & 15] {
            text.push(char::from_digit(half.into(), 16).unwrap_or_default());
        }
    }
    text
}

fn uuid(from: &JsValue, name: &str) -> Option<Uuid> {
    id(&text(from, name)?)
}

fn list<T>(from: &JsValue, name: &str, read: fn(&JsValue) -> Option<T>) -> Option<Vec<T>> {
    get(from, name).dyn_into::<Array>().ok()?.iter().map(|item| read(&item)).collect()
}

/// Which of these words it is.
fn word<T: Copy>(from: &JsValue, name: &str, words: &[(&str, T)]) -> Option<T> {
    let text = text(from, name)?;
    words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value)
}

/// Of the options those that the panel goes by: where it stands, and in which language and scheme, is the loader's to say.
pub fn settings(from: &JsValue) -> Option<WidgetSettings> {
    Some(WidgetSettings {
        id: WidgetId(uuid(from, "id")?),
        heading: text(from, "heading")?,
        tagline: text(from, "tagline")?,
        palette: palette(&get(from, "palette"))?,
        logo_url: text(from, "logo_url"),
        show_online_badge: get(from, "show_online_badge").as_bool()?,
        options: WidgetOptions {
            radius: integer(from, "radius").and_then(|n| Radius::try_from(n).ok()).unwrap_or_default(),
            consent: word(from, "consent", Consent::WORDS).unwrap_or_default(),
            sound: Sound(get(from, "sound") != JsValue::FALSE),
            ..WidgetOptions::default()
        },
    })
}

fn palette(from: &JsValue) -> Option<Palette> {
    Some(Palette {
        brand: text(from, "brand")?,
        brand_far: text(from, "brand_far")?,
        on_brand: text(from, "on_brand")?,
        accent_light: text(from, "accent_light")?,
        accent_dark: text(from, "accent_dark")?,
    })
}

pub fn session(from: &JsValue) -> Option<Session> {
    Some(Session {
        customer_id: CustomerId(uuid(from, "customer_id")?),
        access_token: text(from, "access_token")?,
        access_expires_at: Timestamp(integer(from, "access_expires_at")?),
        refresh_token: text(from, "refresh_token")?,
        refresh_expires_at: Timestamp(integer(from, "refresh_expires_at")?),
        continues: uuid(from, "continues").map(CustomerId),
    })
}

fn presence(from: &JsValue) -> Option<Presence> {
    word(
        from,
        "presence",
        &[("live", Presence::Live), ("away", Presence::Away), ("offline", Presence::Offline)],
    )
}

pub fn conversation(from: &JsValue) -> Option<Conversation> {
    let statuses = [
        ("open", ConversationStatus::Open),
        ("pending", ConversationStatus::Pending),
        ("resolved", ConversationStatus::Resolved),
        ("closed", ConversationStatus::Closed),
    ];
    let agent = get(from, "agent");
    Some(Conversation {
        id: ConversationId(uuid(from, "id")?),
        status: word(from, "status", &statuses)?,
        created_at: Timestamp(integer(from, "created_at")?),
        updated_at: Timestamp(integer(from, "updated_at")?),
        last_seq: integer(from, "last_seq")?,
        customer_read_seq: integer(from, "customer_read_seq")?,
        n_unread: u32::try_from(integer(from, "n_unread")?).ok()?,
        agent: match uuid(&agent, "id") {
            Some(id) => Some(Agent {
                id: AgentId(id),
                name: text(&agent, "name")?,
                avatar_url: text(&agent, "avatar_url"),
                presence: presence(&agent)?,
            }),
            None => None,
        },
    })
}

/// The conversations of a `ConversationList`.
pub fn conversations(from: &JsValue) -> Option<Vec<Conversation>> {
    list(from, "conversations", conversation)
}

const SENDERS: [(&str, SenderType); 4] = [
    ("customer", SenderType::Customer),
    ("agent", SenderType::Agent),
    ("bot", SenderType::Bot),
    ("system", SenderType::System),
];

/// The word for who sent a message.
pub fn sender_word(kind: SenderType) -> &'static str {
    SENDERS.iter().find(|(_, known)| *known == kind).map_or("", |(word, _)| word)
}

pub fn message(from: &JsValue) -> Option<Message> {
    let sender = get(from, "sender");
    Some(Message {
        id: MessageId(uuid(from, "id")?),
        conversation_id: conversation_id(from)?,
        seq: integer(from, "seq")?,
        client_id: uuid(from, "client_id").map(ClientId),
        sender: Sender {
            kind: word(&sender, "type", &SENDERS)?,
            id: uuid(&sender, "id"),
            name: text(&sender, "name"),
            avatar_url: text(&sender, "avatar_url"),
        },
        content: text(from, "content")?,
        attachments: attachments(from)?,
        ack: match integer(from, "ack")? {
            -1 => Ack::Preparing,
            0 => Ack::Delivering,
            1 => Ack::Sent,
            2 => Ack::Delivered,
            3 => Ack::Read,
            _ => return None,
        },
        created_at: Timestamp(integer(from, "created_at")?),
    })
}

/// The attachments of a message; one without may say nothing of them.
fn attachments(from: &JsValue) -> Option<Vec<Attachment>> {
    if get(from, "attachments").is_undefined() {
        Some(Vec::new())
    } else {
        list(from, "attachments", attachment)
    }
}

pub fn attachment(from: &JsValue) -> Option<Attachment> {
    Some(Attachment {
        id: AttachmentId(uuid(from, "id")?),
        name: text(from, "name")?,
        content_type: text(from, "content_type")?,
        size: u64::try_from(integer(from, "size")?).ok()?,
        url: text(from, "url")?,
        width: pixels(from, "width"),
        height: pixels(from, "height"),
    })
}

fn pixels(from: &JsValue, name: &str) -> Option<u32> {
    u32::try_from(integer(from, name)?).ok()
}

fn attachment_object(attachment: &Attachment) -> JsValue {
    let pixels = |side: Option<u32>| side.map_or(JsValue::UNDEFINED, JsValue::from);
    #[expect(clippy::cast_precision_loss, reason = "no file is that large")]
    let size = attachment.size as f64;
    object(&[
        ("id", id_text(attachment.id.0).into()),
        ("name", attachment.name.as_str().into()),
        ("content_type", attachment.content_type.as_str().into()),
        ("size", size.into()),
        ("url", attachment.url.as_str().into()),
        ("width", pixels(attachment.width)),
        ("height", pixels(attachment.height)),
    ])
}

/// One thing for each attachment, to be written; nothing where there is none.
fn each(attachments: &[Attachment], write: fn(&Attachment) -> JsValue) -> JsValue {
    if attachments.is_empty() {
        return JsValue::UNDEFINED;
    }
    attachments.iter().map(write).collect::<Array>().into()
}

/// Body of `POST /conversations` and, with a name too many, of `PUT /conversations/{id}/messages/{client_id}`: there the
/// client id is in the path as well.
pub fn body_json(entry: &Entry) -> String {
    json(&[
        ("client_id", id_text(entry.client_id.0).into()),
        ("content", entry.content.as_str().into()),
        ("attachments", each(&entry.attachments, |attachment| id_text(attachment.id.0).into())),
    ])
}

fn conversation_id(from: &JsValue) -> Option<ConversationId> {
    uuid(from, "conversation_id").map(ConversationId)
}

pub fn thread(from: &JsValue) -> Option<Thread> {
    let page = page(from)?;
    Some(Thread {
        conversation: conversation(&get(from, "conversation"))?,
        messages: page.messages,
        has_more: page.has_more,
    })
}

pub fn page(from: &JsValue) -> Option<MessagePage> {
    Some(MessagePage {
        messages: list(from, "messages", message)?,
        has_more: get(from, "has_more").as_bool()?,
    })
}

/// The code of an `ErrorBody`, as far as this side tells codes apart.
pub fn error_code(from: &JsValue) -> ErrorCode {
    let codes = [
        ("body_too_large", ErrorCode::BodyTooLarge),
        ("not_found", ErrorCode::NotFound),
        ("conversation_closed", ErrorCode::ConversationClosed),
        ("invalid_fields", ErrorCode::InvalidFields),
        ("token_expired", ErrorCode::TokenExpired),
    ];
    word(&get(from, "error"), "code", &codes).unwrap_or(ErrorCode::Unknown)
}

/// The sentence of an `ErrorBody`, which is for developers.
pub fn error_message(from: &JsValue) -> Option<String> {
    text(&get(from, "error"), "message")
}

/// An event of the stream; nothing for one that this version does not know.
pub fn event(name: &str, data: &str) -> Option<Event> {
    let data = &parse(data)?;
    Some(match name {
        "snapshot" => {
            let inner = get(data, "thread");
            let thread = if inner.is_object() { Some(thread(&inner)?) } else { None };
            Event::Snapshot(Snapshot { thread })
        }
        "conversation" => Event::Conversation(conversation(data)?),
        "message" => Event::Message(message(data)?),
        "receipt" => Event::Receipt(Receipt {
            conversation_id: conversation_id(data)?,
            by: word(data, "by", &[("customer", Reader::Customer), ("agent", Reader::Agent)])?,
            state: word(
                data,
                "state",
                &[("delivered", ReceiptState::Delivered), ("read", ReceiptState::Read)],
            )?,
            up_to_seq: integer(data, "up_to_seq")?,
            at: Timestamp(integer(data, "at")?),
        }),
        "typing" => Event::Typing(Typing {
            conversation_id: conversation_id(data)?,
            name: text(data, "name"),
            typing: get(data, "typing").as_bool()?,
        }),
        "heartbeat" => Event::Heartbeat(Heartbeat {}),
        "goodbye" => Event::Goodbye(Goodbye {
            reconnect_after_ms: u32::try_from(integer(data, "reconnect_after_ms")?).ok()?,
        }),
        _ => return None,
    })
}

/// An unsent message, as it is stored.
pub fn entry(from: &JsValue) -> Option<Entry> {
    Some(Entry {
        client_id: ClientId(uuid(from, "client_id")?),
        content: text(from, "content")?,
        attachments: attachments(from)?,
        created_at: Timestamp(integer(from, "created_at")?),
        conversation_id: conversation_id(from),
        starts: get(from, "starts").is_truthy(),
    })
}

/// An unsent message, to be stored.
pub fn entry_json(entry: &Entry) -> String {
    #[expect(clippy::cast_precision_loss, reason = "exact until the year 2255")]
    let created_at = entry.created_at.0 as f64;
    json(&[
        ("client_id", id_text(entry.client_id.0).into()),
        ("content", entry.content.as_str().into()),
        ("attachments", each(&entry.attachments, attachment_object)),
        ("created_at", created_at.into()),
        ("conversation_id", entry.conversation_id.map_or(JsValue::UNDEFINED, |id| id_text(id.0).into())),
        ("starts", entry.starts.into()),
    ])
}
