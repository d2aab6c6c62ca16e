//! What `GET /widget/v1/stream` says.
//!
//! Each event has a name, JSON data and, when it is durable, the [`Position`] to resume from as its id.

use crate::{
    conversation::{Conversation, Thread},
    id::ConversationId,
    message::{Ack, Message, Reader, Seq},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A place in the change log: `<epoch>.<rev>`, the `id` of an event and the value of `Last-Event-ID`.
///
/// The epoch names one life of the database; it changes when a backup is restored, and every old position with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    pub epoch: u32,
    pub rev: i64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.epoch, self.rev)
    }
}

/// Text that is no [`Position`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAPosition;

impl FromStr for Position {
    type Err = NotAPosition;

    fn from_str(text: &str) -> Result<Self, NotAPosition> {
        let (epoch, rev) = text.split_once('.').ok_or(NotAPosition)?;
        let position = Self {
            epoch: epoch.parse().map_err(|_| NotAPosition)?,
            rev: rev.parse().map_err(|_| NotAPosition)?,
        };
        if position.rev < 0 { Err(NotAPosition) } else { Ok(position) }
    }
}

/// Everything the visitor's side should show, as it is now. Sent first on a stream that names no position, or one the
/// server can't resume from. It replaces what the client had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The visitor's most recent conversation with its newest messages; absent before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<Thread>,
}

/// Which acknowledgement a [`Receipt`] brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptState {
    Delivered,
    Read,
}

impl From<ReceiptState> for Ack {
    fn from(state: ReceiptState) -> Self {
        match state {
            ReceiptState::Delivered => Self::Delivered,
            ReceiptState::Read => Self::Read,
        }
    }
}

/// One side has got, or read, everything the other wrote up to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub conversation_id: ConversationId,
    pub by: Reader,
    pub state: ReceiptState,
    pub up_to_seq: Seq,
    pub at: Timestamp,
}

/// Somebody of the business is typing, or has stopped. Not durable; good for [`crate::limits::TYPING_EXPIRES_MS`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typing {
    pub conversation_id: ConversationId,
    /// The agent's name, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub typing: bool,
}

/// The stream is alive, and everything up to this event's id has been said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {}

/// The server is about to close this stream. Come back after so many milliseconds, with the last position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Goodbye {
    pub reconnect_after_ms: u32,
}

/// One event of the stream. The name on the wire is the variant's in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    Snapshot(Snapshot),
    /// A conversation was started, or something about it changed. It replaces the one known under its id.
    Conversation(Conversation),
    /// A message was stored, or changed. It replaces the one known under its `seq`.
    Message(Message),
    Receipt(Receipt),
    Typing(Typing),
    Heartbeat(Heartbeat),
    Goodbye(Goodbye),
}

impl Event {
    /// The event's name on the wire.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Snapshot(_) => "snapshot",
            Self::Conversation(_) => "conversation",
            Self::Message(_) => "message",
            Self::Receipt(_) => "receipt",
            Self::Typing(_) => "typing",
            Self::Heartbeat(_) => "heartbeat",
            Self::Goodbye(_) => "goodbye",
        }
    }

    /// The event's data on the wire.
    pub fn to_json(&self) -> String {
        match self {
            Self::Snapshot(data) => serde_json::to_string(data),
            Self::Conversation(data) => serde_json::to_string(data),
            Self::Message(data) => serde_json::to_string(data),
            Self::Receipt(data) => serde_json::to_string(data),
            Self::Typing(data) => serde_json::to_string(data),
            Self::Heartbeat(data) => serde_json::to_string(data),
            Self::Goodbye(data) => serde_json::to_string(data),
        }
        .expect("wire types have string keys and no failing serializers")
    }

    /// Reads the event called `name`. `Ok(None)` for a name this version does not know, which clients must pass over.
    pub fn read(name: &str, data: &str) -> Result<Option<Self>, serde_json::Error> {
        Ok(Some(match name {
            "snapshot" => Self::Snapshot(serde_json::from_str(data)?),
            "conversation" => Self::Conversation(serde_json::from_str(data)?),
            "message" => Self::Message(serde_json::from_str(data)?),
            "receipt" => Self::Receipt(serde_json::from_str(data)?),
            "typing" => Self::Typing(serde_json::from_str(data)?),
            "heartbeat" => Self::Heartbeat(serde_json::from_str(data)?),
            "goodbye" => Self::Goodbye(serde_json::from_str(data)?),
            _ => return Ok(None),
        }))
    }
}
