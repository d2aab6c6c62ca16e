//! Descriptions of bodies whose fields depend on each other, for `/openapi.json`: such alternatives are not derived from a
//! type.

use super::wire::{CreateConversation, FirstMessage, SendMessage};
use serde_json::{Value, json};
use shared::limits::{ATTACHMENTS_MAX, TEXT_MAX_BYTES};
use std::borrow::Cow;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

const PHONE: &str = "^[1-9][0-9]{7,14}$";
const USERNAME: &str = "^@?[A-Za-z][A-Za-z0-9_]{0,63}$";
const ANY_TEXT: &str = "^[^\\u0000]*$";
const TEXT_NOT_BLANK: &str = "^[^\\u0000]*[^\\s\\u0000][^\\u0000]*$";

fn schema(description: Value) -> RefOr<Schema> {
    serde_json::from_value(description).expect("each of these is read in a test")
}

fn phone() -> Value {
    json!({
        "type": "string",
        "pattern": PHONE,
        "description": "Digits of the international number: no plus, no zero in front.",
        "example": "79250000001",
    })
}

/// A text, or nothing.
fn text(description: &str, pattern: &str) -> Value {
    json!({
        "type": ["string", "null"], "maxLength": TEXT_MAX_BYTES, "pattern": pattern, "description": description,
    })
}

fn send_to_crm() -> Value {
    json!({
        "type": ["boolean", "null"],
        "default": true,
        "description": "Taken, and without effect: there is no CRM.",
    })
}

/// The text has to be there, under this name.
fn says(name: &str) -> Value {
    let mut object = json!({ "type": "object", "required": [name] });
    object["properties"][name] = json!({ "type": "string", "pattern": TEXT_NOT_BLANK, "example": "hello" });
    object
}

impl PartialSchema for CreateConversation {
    fn schema() -> RefOr<Schema> {
        let said = || json!({ "type": "string", "maxLength": TEXT_MAX_BYTES, "pattern": TEXT_NOT_BLANK, "example": "Hello" });
        schema(json!({
            "description": "Whom the conversation is with, and over what.",
            "oneOf": [
                {
                    "type": "object",
                    "title": "Over WhatsApp",
                    "required": ["provider", "phone"],
                    "properties": {
                        "provider": { "type": "string", "enum": ["whatsapp"] },
                        "phone": phone(),
                        "text": text("What is said first.", TEXT_NOT_BLANK),
                        "send_to_crm": send_to_crm(),
                    },
                },
                {
                    "type": "object",
                    "title": "Over Telegram, to a phone number",
                    "required": ["provider", "phone", "text"],
                    "properties": {
                        "provider": { "type": "string", "enum": ["telegram_personal"] },
                        "phone": phone(),
                        "username": { "type": "null" },
                        "text": said(),
                        "send_to_crm": send_to_crm(),
                    },
                },
                {
                    "type": "object",
                    "title": "Over Telegram, to a user name",
                    "required": ["provider", "username", "text"],
                    "properties": {
                        "provider": { "type": "string", "enum": ["telegram_personal"] },
                        "phone": { "type": "null" },
                        "username": { "type": "string", "pattern": USERNAME, "example": "testuser" },
                        "text": said(),
                        "send_to_crm": send_to_crm(),
                    },
                },
            ],
        }))
    }
}

impl PartialSchema for SendMessage {
    fn schema() -> RefOr<Schema> {
        schema(json!({
            "description": "What is said, or files, or both.",
            "allOf": [
                {
                    "type": "object",
                    "properties": {
                        "message": text("May be blank only beside attachments.", ANY_TEXT),
                        "text": text("Another name for `message`, which goes before it.", ANY_TEXT),
                        "attachments_ids": {
                            "type": ["array", "null"],
                            "items": { "type": "integer", "format": "int64" },
                            "maxItems": ATTACHMENTS_MAX,
                            "description": "What uploads answered. Each can be sent once.",
                        },
                        "send_to_crm": send_to_crm(),
                    },
                },
                {
                    "anyOf": [
                        says("message"),
                        says("text"),
                        {
                            "type": "object",
                            "required": ["attachments_ids"],
                            "properties": { "attachments_ids": { "type": "array", "items": {}, "minItems": 1 } },
                        },
                    ],
                },
            ],
        }))
    }
}

impl PartialSchema for FirstMessage {
    fn schema() -> RefOr<Schema> {
        schema(json!({
            "description": "What is said, and to whom.",
            "allOf": [
                {
                    "type": "object",
                    "required": ["phone"],
                    "properties": {
                        "phone": phone(),
                        "message": text("What is said.", TEXT_NOT_BLANK),
                        "text": text("Another name for `message`, which goes before it.", ANY_TEXT),
                    },
                },
                { "anyOf": [says("message"), says("text")] },
            ],
        }))
    }
}

impl ToSchema for CreateConversation {
    fn name() -> Cow<'static, str> {
        "CreateConversation".into()
    }
}

impl ToSchema for SendMessage {
    fn name() -> Cow<'static, str> {
        "SendMessage".into()
    }
}

impl ToSchema for FirstMessage {
    fn name() -> Cow<'static, str> {
        "FirstMessage".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_description_is_one() {
        for described in [CreateConversation::schema(), SendMessage::schema(), FirstMessage::schema()] {
            let description = json!(described);
            assert!(["oneOf", "allOf"].iter().any(|word| description[word].is_array()), "{description}");
        }
    }
}
