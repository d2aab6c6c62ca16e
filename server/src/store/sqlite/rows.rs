//! Rows to entities and back. A value that the schema does not allow is an error of ours, never a default.

use crate::domain::{
    Agent, ApiToken, AssignedAgent, Attachment, Channel, ChannelKind, ChannelRef, Company, Conversation,
    Customer, Details, Error, GuestSession, Hash, Job, JobState, Message, Outlet, Plan, Presence, Profile,
    ReceiptState, Result, Scope, Sender, SenderType, Side, Status, VisitorSession, Webhook, WebhookFormat,
    Widget,
};
use serde::de::DeserializeOwned;
use shared::{
    Ack, AgentId, AttachmentId, ClientId, CompanyId, ConversationId, CustomerId, MessageId, Timestamp,
    WidgetId,
};
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
    Plan { Test = "test", Basic = "basic", Premium = "premium" }
    Scope { Read = "read", Write = "write", Admin = "admin" }
    JobState { TryingDeliver = "trying_deliver", Delivered = "delivered", Failed = "failed" }
    WebhookFormat { Pact = "pact", Native = "native" }
}

fn channel_kind(word: &str) -> Result<ChannelKind> {
    ChannelKind::from_word(word)
        .ok_or_else(|| Error::internal(format!("{word:?} is stored as a kind of channel")))
}

fn json<T: DeserializeOwned>(row: &SqliteRow, column: &str) -> Result<T> {
    serde_json::from_str(row.try_get(column)?).map_err(Error::internal)
}

fn time(row: &SqliteRow, column: &str) -> Result<Timestamp> {
    Ok(Timestamp(row.try_get(column)?))
}

fn maybe_time(row: &SqliteRow, column: &str) -> Result<Option<Timestamp>> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(Timestamp))
}

/// The columns that [`conversation`] reads, with its channel and the assigned agent; what follows is the rest of the query.
macro_rules! select_conversation {
    ($($columns:literal,)* ; $rest:literal) => {
        concat!(
            "SELECT c.id, c.num, c.company_id, c.customer_id, c.status, c.created_at, c.updated_at, ",
            "c.first_response_at, c.resolved_at, c.closed_at, c.last_message_at, c.last_income_at, c.last_seq, ",
            "c.customer_read_seq, c.agent_read_seq, c.n_unread, ",
            "ch.id AS channel_id, ch.num AS channel_num, ch.kind AS channel_kind, ",
            "a.id AS agent_id, a.name AS agent_name, a.status AS agent_status",
            $(", ", $columns,)*
            " FROM conversation c JOIN channel ch ON ch.id = c.channel_id ",
            "LEFT JOIN agent a ON a.company_id = c.company_id AND a.id = c.assignee_id ",
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
        num: row.try_get("num")?,
        company: CompanyId(row.try_get("company_id")?),
        channel: ChannelRef {
            id: row.try_get("channel_id")?,
            num: row.try_get("channel_num")?,
            kind: channel_kind(row.try_get("channel_kind")?)?,
        },
        customer: row.try_get::<Option<Uuid>, _>("customer_id")?.map(CustomerId),
        assignee,
        status: Status::from_word(row.try_get("status")?)?,
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
        first_response_at: maybe_time(row, "first_response_at")?,
        resolved_at: maybe_time(row, "resolved_at")?,
        closed_at: maybe_time(row, "closed_at")?,
        last_message_at: maybe_time(row, "last_message_at")?,
        last_income_at: maybe_time(row, "last_income_at")?,
        last_seq: row.try_get("last_seq")?,
        customer_read_seq: row.try_get("customer_read_seq")?,
        agent_read_seq: row.try_get("agent_read_seq")?,
        n_unread: row.try_get("n_unread")?,
    })
}

/// The columns that [`customer`] reads.
macro_rules! customer_columns {
    () => {
        "k.id AS k_id, k.num AS k_num, k.company_id AS k_company_id, k.name AS k_name, k.first_name AS k_first_name, \
         k.last_name AS k_last_name, k.email AS k_email, k.phone AS k_phone, k.username AS k_username, \
         k.external_id AS k_external_id, k.avatar_url AS k_avatar_url, k.language AS k_language, k.room AS k_room, \
         k.attributes AS k_attributes, k.created_at AS k_created_at"
    };
}
pub(super) use customer_columns;

pub(super) fn customer(row: &SqliteRow) -> Result<Customer> {
    Ok(Customer {
        id: CustomerId(row.try_get("k_id")?),
        num: row.try_get("k_num")?,
        company: CompanyId(row.try_get("k_company_id")?),
        profile: Profile {
            name: row.try_get("k_name")?,
            first_name: row.try_get("k_first_name")?,
            last_name: row.try_get("k_last_name")?,
            email: row.try_get("k_email")?,
            phone: row.try_get("k_phone")?,
            username: row.try_get("k_username")?,
            external_id: row.try_get("k_external_id")?,
            avatar_url: row.try_get("k_avatar_url")?,
            language: row.try_get("k_language")?,
            room: row.try_get("k_room")?,
            attributes: json(row, "k_attributes")?,
        },
        created_at: time(row, "k_created_at")?,
    })
}

/// The columns that [`details`] reads; what follows is the rest of the query.
macro_rules! select_details {
    ($rest:literal) => {
        concat!(
            "SELECT c.id, c.num, c.company_id, c.customer_id, c.status, c.created_at, c.updated_at, ",
            "c.first_response_at, c.resolved_at, c.closed_at, c.last_message_at, c.last_income_at, c.last_seq, ",
            "c.customer_read_seq, c.agent_read_seq, c.n_unread, c.subject, c.kind, c.order_code, c.note, ",
            "c.is_bitrix_blocked, c.meta, ",
            "ch.id AS channel_id, ch.num AS channel_num, ch.kind AS channel_kind, ",
            "a.id AS agent_id, a.name AS agent_name, a.status AS agent_status, ",
            "h.handle, o.num AS outlet_num, o.code AS outlet_code, o.name AS outlet_name, ",
            $crate::store::sqlite::rows::customer_columns!(),
            " FROM conversation c JOIN channel ch ON ch.id = c.channel_id ",
            "LEFT JOIN agent a ON a.company_id = c.company_id AND a.id = c.assignee_id ",
            "LEFT JOIN customer k ON k.company_id = c.company_id AND k.id = c.customer_id ",
            "LEFT JOIN customer_handle h ON h.customer_id = c.customer_id AND h.channel_id = c.channel_id ",
            "LEFT JOIN outlet o ON o.num = c.outlet_num ",
            $rest
        )
    };
}
pub(super) use select_details;

pub(super) fn details(row: &SqliteRow) -> Result<Details> {
    let outlet = match row.try_get::<Option<i64>, _>("outlet_num")? {
        Some(num) => {
            Some(Outlet { num, code: row.try_get("outlet_code")?, name: row.try_get("outlet_name")? })
        }
        None => None,
    };
    Ok(Details {
        conversation: conversation(row)?,
        customer: match row.try_get::<Option<Uuid>, _>("k_id")? {
            Some(_) => Some(customer(row)?),
            None => None,
        },
        handle: row.try_get("handle")?,
        outlet,
        subject: row.try_get("subject")?,
        kind: row.try_get("kind")?,
        order_code: row.try_get("order_code")?,
        note: row.try_get("note")?,
        is_bitrix_blocked: row.try_get("is_bitrix_blocked")?,
        meta: json(row, "meta")?,
    })
}

/// The columns that [`message`] reads, with the agent who sent it; what follows is the rest of the query.
macro_rules! select_message {
    ($rest:literal) => {
        concat!(
            "SELECT m.id, m.num, m.conversation_id, m.seq, m.client_id, m.sender_type, m.sender_id, m.content, ",
            "m.attachments, m.language, m.ack, m.created_at, s.name AS sender_name ",
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
        num: row.try_get("num")?,
        conversation: ConversationId(row.try_get("conversation_id")?),
        seq: row.try_get("seq")?,
        client_id: row.try_get::<Option<Uuid>, _>("client_id")?.map(ClientId),
        sender: Sender {
            kind: SenderType::from_word(row.try_get("sender_type")?)?,
            id: row.try_get("sender_id")?,
        },
        sender_name: row.try_get("sender_name")?,
        content: row.try_get("content")?,
        attachments: match row.try_get::<Option<&str>, _>("attachments")? {
            Some(attachments) => serde_json::from_str(attachments).map_err(Error::internal)?,
            None => Vec::new(),
        },
        language: row.try_get("language")?,
        ack: Ack::try_from(ack).map_err(|unknown| Error::internal(unknown.to_string()))?,
        created_at: time(row, "created_at")?,
    })
}

pub(super) fn attachment(row: &SqliteRow) -> Result<Attachment> {
    Ok(Attachment {
        id: AttachmentId(row.try_get("id")?),
        num: row.try_get("num")?,
        name: row.try_get("name")?,
        content_type: row.try_get("content_type")?,
        size: u64::try_from(row.try_get::<i64, _>("size")?).map_err(Error::internal)?,
        key: row.try_get("key")?,
        width: row.try_get("width")?,
        height: row.try_get("height")?,
    })
}

pub(super) fn session(row: &SqliteRow) -> Result<VisitorSession> {
    Ok(VisitorSession {
        id: row.try_get("id")?,
        company: CompanyId(row.try_get("company_id")?),
        widget: WidgetId(row.try_get("widget_id")?),
        customer: CustomerId(row.try_get("customer_id")?),
        access_expires_at: time(row, "access_expires_at")?,
        refresh_expires_at: time(row, "refresh_expires_at")?,
        is_used: row.try_get("is_used")?,
        has_ended: row.try_get::<Option<i64>, _>("ended_at")?.is_some(),
    })
}

/// A session beside the API token it stands for, whose columns have their own names.
pub(super) fn guest_session(row: &SqliteRow) -> Result<GuestSession> {
    Ok(GuestSession {
        hash: hash(row, "session_hash")?,
        company: CompanyId(row.try_get("company_id")?),
        token: row.try_get("id")?,
        customer: row.try_get::<Option<Uuid>, _>("session_customer_id")?.map(CustomerId),
        language: row.try_get("session_language")?,
        expires_at: time(row, "session_expires_at")?,
    })
}

pub(super) fn hash(row: &SqliteRow, column: &str) -> Result<Hash> {
    Hash::try_from(row.try_get::<&[u8], _>(column)?).map_err(Error::internal)
}

pub(super) fn company(row: &SqliteRow) -> Result<Company> {
    Ok(Company {
        id: CompanyId(row.try_get("id")?),
        num: row.try_get("num")?,
        parent: row.try_get::<Option<Uuid>, _>("parent_id")?.map(CompanyId),
        name: row.try_get("name")?,
        phone: row.try_get("phone")?,
        description: row.try_get("description")?,
        webhook_url: row.try_get("webhook_url")?,
        is_hidden: row.try_get("is_hidden")?,
        property_code: row.try_get("property_code")?,
        plan: Plan::from_word(row.try_get("plan")?)?,
        created_at: time(row, "created_at")?,
    })
}

pub(super) fn agent(row: &SqliteRow) -> Result<Agent> {
    Ok(Agent {
        id: AgentId(row.try_get("id")?),
        num: row.try_get("num")?,
        name: row.try_get("name")?,
        email: row.try_get("email")?,
        role: row.try_get("role")?,
        presence: Presence::from_word(row.try_get("status")?)?,
        created_at: time(row, "created_at")?,
    })
}

pub(super) fn api_token(row: &SqliteRow) -> Result<ApiToken> {
    Ok(ApiToken {
        id: row.try_get("id")?,
        company: CompanyId(row.try_get("company_id")?),
        company_num: row.try_get("company_num")?,
        property_code: row.try_get("property_code")?,
        agent: AgentId(row.try_get("agent_id")?),
        agent_name: row.try_get("agent_name")?,
        name: row.try_get("name")?,
        scope: Scope::from_word(row.try_get("scope")?)?,
        plan: Plan::from_word(row.try_get("plan")?)?,
        secret_hash: hash(row, "secret_hash")?,
        created_at: time(row, "created_at")?,
        last_used_at: maybe_time(row, "last_used_at")?,
        is_revoked: row.try_get::<Option<i64>, _>("revoked_at")?.is_some(),
    })
}

pub(super) fn channel(row: &SqliteRow) -> Result<Channel> {
    Ok(Channel {
        id: row.try_get("id")?,
        num: row.try_get("num")?,
        company: CompanyId(row.try_get("company_id")?),
        kind: channel_kind(row.try_get("kind")?)?,
        config: json(row, "config")?,
        is_default: row.try_get("is_default")?,
        is_active: row.try_get("is_active")?,
        created_at: time(row, "created_at")?,
    })
}

pub(super) fn widget(row: &SqliteRow) -> Result<Widget> {
    Ok(Widget {
        id: WidgetId(row.try_get("id")?),
        company: CompanyId(row.try_get("company_id")?),
        channel: row.try_get("channel_id")?,
        name: row.try_get("name")?,
        domain: row.try_get("domain")?,
        allowed_domains: json(row, "allowed_domains")?,
        heading: row.try_get("heading")?,
        tagline: row.try_get("tagline")?,
        color: row.try_get("color")?,
        logo_url: row.try_get("logo_url")?,
        show_online_badge: row.try_get("show_online_badge")?,
        config: json(row, "config")?,
    })
}

pub(super) fn webhook(row: &SqliteRow) -> Result<Webhook> {
    Ok(Webhook {
        id: row.try_get("id")?,
        num: row.try_get("num")?,
        company: CompanyId(row.try_get("company_id")?),
        format: WebhookFormat::from_word(row.try_get("format")?)?,
        url: row.try_get("url")?,
        secret: row.try_get("secret")?,
        events: json(row, "events")?,
        read_rev: row.try_get("read_rev")?,
        created_at: time(row, "created_at")?,
    })
}

/// The columns that [`job`] reads; what follows is the rest of the query.
macro_rules! select_job {
    ($rest:literal) => {
        concat!(
            "SELECT j.num, j.company_id, j.conversation_id, j.channel_id, j.message_id, j.seq, j.state, j.reason, ",
            "j.created_at, j.finished_at, m.num AS message_num ",
            "FROM delivery_job j JOIN message m ON m.id = j.message_id ",
            $rest
        )
    };
}
pub(super) use select_job;

pub(super) fn job(row: &SqliteRow) -> Result<Job> {
    Ok(Job {
        num: row.try_get("num")?,
        company: CompanyId(row.try_get("company_id")?),
        conversation: ConversationId(row.try_get("conversation_id")?),
        channel: row.try_get("channel_id")?,
        message: MessageId(row.try_get("message_id")?),
        seq: row.try_get("seq")?,
        message_num: row.try_get("message_num")?,
        state: JobState::from_word(row.try_get("state")?)?,
        reason: row.try_get("reason")?,
        created_at: time(row, "created_at")?,
        finished_at: maybe_time(row, "finished_at")?,
    })
}
