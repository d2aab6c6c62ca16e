//! Rows to entities and back. A value that the schema does not allow is an error of ours, never a default.

use crate::domain::{
    AssignedAgent, Conversation, Error, Message, Presence, ReceiptState, Result, Sender, SenderType, Side,
    Status, VisitorSession,
};
use shared::{Ack, AgentId, ClientId, CompanyId, ConversationId, CustomerId, MessageId, Timestamp, WidgetId};
use sqlx::{Row, sqlite::SqliteRow};
use uuid::Uuid;

/// Two ways between an enum and the words it is stored as.
macro_rules! words {
    ($($enum:ident { $($variant:ident = $word:literal),+ $(,)? })*) => {$(
        impl Word for $enum {
            fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            fn from_word(word: &str) -> Result<Self> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(Error::internal(format!("{word:?} is stored as a {}", stringify!($enum)))),
                }
            }
        }
    )*};
}

/// An enum that is stored as a word.
pub(super) trait Word: Sized {
    fn word(self) -> &'static str;
    fn from_word(word: &str) -> Result<Self>;
}

words! {
    Status { Open = "open", Pending = "pending", Resolved = "resolved", Closed = "closed" }
    Presence { Live = "live", Away = "away", Offline = "offline" }
    SenderType { Customer = "customer", Agent = "agent", Bot = "bot", System = "system" }
    Side { Customer = "customer", Agent = "agent" }
    ReceiptState { Delivered = "delivered", Read = "read" }
}

/// The columns that [`conversation`] reads, with the assigned agent; what follows is the rest of the query.
macro_rules! select_conversation {
    ($($columns:literal,)* ; $rest:literal) => {
        concat!(
            "SELECT c.id, c.company_id, c.customer_id, c.status, c.created_at, c.updated_at, c.last_seq, ",
            "c.customer_read_seq, c.agent_read_seq, c.n_unread, ",
            "a.id AS agent_id, a.name AS agent_name, a.status AS agent_status",
            $(", ", $columns,)*
            " FROM conversation c LEFT JOIN agent a ON a.company_id = c.company_id AND a.id = c.assignee_id ",
            $rest
        )
    };
}
pub(super) use select_conversation;

pub(super) fn conversation(row: &SqliteRow) -> Result<Conversation> {
    let assignee = match row.try_get::<Option<Uuid>, _>("agent_id")? {
        Some(id) => Some(AssignedAgent {
            id: AgentId(id),
            name: row.try_get("agent_name")?,
            presence: Presence::from_word(row.try_get("agent_status")?)?,
        }),
        None => None,
    };
    Ok(Conversation {
        id: ConversationId(row.try_get("id")?),
        company: CompanyId(row.try_get("company_id")?),
        customer: row.try_get::<Option<Uuid>, _>("customer_id")?.map(CustomerId),
        assignee,
        status: Status::from_word(row.try_get("status")?)?,
        created_at: Timestamp(row.try_get("created_at")?),
        updated_at: Timestamp(row.try_get("updated_at")?),
        last_seq: row.try_get("last_seq")?,
        customer_read_seq: row.try_get("customer_read_seq")?,
        agent_read_seq: row.try_get("agent_read_seq")?,
        n_unread: row.try_get("n_unread")?,
    })
}

/// The columns that [`message`] reads, with the agent who sent it; what follows is the rest of the query.
macro_rules! select_message {
    ($rest:literal) => {
        concat!(
            "SELECT m.id, m.conversation_id, m.seq, m.client_id, m.sender_type, m.sender_id, m.content, m.ack, ",
            "m.created_at, s.name AS sender_name ",
            "FROM message m LEFT JOIN agent s ON s.company_id = m.company_id AND s.id = m.sender_id ",
            $rest
        )
    };
}
pub(super) use select_message;

pub(super) fn message(row: &SqliteRow) -> Result<Message> {
    let ack: i8 = row.try_get("ack")?;
    Ok(Message {
        id: MessageId(row.try_get("id")?),
        conversation: ConversationId(row.try_get("conversation_id")?),
        seq: row.try_get("seq")?,
        client_id: row.try_get::<Option<Uuid>, _>("client_id")?.map(ClientId),
        sender: Sender {
            kind: SenderType::from_word(row.try_get("sender_type")?)?,
            id: row.try_get("sender_id")?,
        },
        sender_name: row.try_get("sender_name")?,
        content: row.try_get("content")?,
        ack: Ack::try_from(ack).map_err(|unknown| Error::internal(unknown.to_string()))?,
        created_at: Timestamp(row.try_get("created_at")?),
    })
}

pub(super) fn session(row: &SqliteRow) -> Result<VisitorSession> {
    Ok(VisitorSession {
        id: row.try_get("id")?,
        company: CompanyId(row.try_get("company_id")?),
        widget: WidgetId(row.try_get("widget_id")?),
        customer: CustomerId(row.try_get("customer_id")?),
        access_expires_at: Timestamp(row.try_get("access_expires_at")?),
        refresh_expires_at: Timestamp(row.try_get("refresh_expires_at")?),
        is_used: row.try_get("is_used")?,
        has_ended: row.try_get::<Option<i64>, _>("ended_at")?.is_some(),
    })
}
