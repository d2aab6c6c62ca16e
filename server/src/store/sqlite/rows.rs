//! Rows to entities and back. A value that the schema does not allow is an error of ours, never a default.

use super::sql::Row;
use crate::domain::{
    Agent, ApiToken, AssignedAgent, Attachment, Channel, ChannelKind, ChannelRef, Company, Conversation,
    Customer, Details, Error, GuestSession, Job, JobState, Message, Outlet, Plan, Presence, Profile,
    ReceiptState, Result, Scope, Sender, SenderType, Side, Status, VisitorSession, Webhook, WebhookFormat,
    Widget,
};
use serde::de::DeserializeOwned;
use shared::{
    Ack, AgentId, AttachmentId, ClientId, CompanyId, ConversationId, CustomerId, MessageId, Timestamp,
    WidgetId,
};
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

pub(super) fn word<T: Word>(row: &Row<'_>, column: &str) -> Result<T> {
    T::from_word(row.get_ref(column)?.as_str()?)
}

fn channel_kind(row: &Row<'_>, column: &str) -> Result<ChannelKind> {
    let word = row.get_ref(column)?.as_str()?;
    ChannelKind::from_word(word)
        .ok_or_else(|| Error::internal(format!("{word:?} is stored as a kind of channel")))
}

fn json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> Result<T> {
    serde_json::from_str(row.get_ref(column)?.as_str()?).map_err(Error::internal)
}

fn time(row: &Row<'_>, column: &str) -> Result<Timestamp> {
    Ok(Timestamp(row.get(column)?))
}

fn maybe_time(row: &Row<'_>, column: &str) -> Result<Option<Timestamp>> {
    Ok(row.get::<Option<i64>>(column)?.map(Timestamp))
}

/// The columns that [`conversation`] reads, with its channel and the assigned agent; what follows is the rest of the query.
macro_rules! select_conversation {
    ($($columns:literal,)* ; $rest:expr) => {
        concat!(
            "SELECT c.id, c.num, c.company_id, c.customer_id, c.status, c.created_at, c.updated_at, ",
            "c.first_response_at, c.resolved_at, c.closed_at, c.last_message_at, c.last_income_at, c.last_seq, ",
            "c.customer_read_seq, c.agent_read_seq, c.n_unread, ",
            "ch.id AS channel_id, ch.num AS channel_num, ch.kind AS channel_kind, ",
            "a.id AS agent_id, a.name AS agent_name, a.avatar_url AS agent_avatar_url, a.status AS agent_status",
            $(", ", $columns,)*
            " FROM conversation c JOIN channel ch ON ch.id = c.channel_id ",
            "LEFT JOIN agent a ON a.company_id = c.company_id AND a.id = c.assignee_id ",
            $rest
        )
    };
}
pub(super) use select_conversation;

pub(super) fn conversation(row: &Row<'_>) -> Result<Conversation> {
    let assignee = match row.get::<Option<Uuid>>("agent_id")? {
        Some(id) => Some(AssignedAgent {
            id: AgentId(id),
            name: row.get("agent_name")?,
            avatar_url: row.get("agent_avatar_url")?,
            presence: word(row, "agent_status")?,
        }),
        None => None,
    };
    Ok(Conversation {
        id: ConversationId(row.get("id")?),
        num: row.get("num")?,
        company: CompanyId(row.get("company_id")?),
        channel: ChannelRef {
            id: row.get("channel_id")?,
            num: row.get("channel_num")?,
            kind: channel_kind(row, "channel_kind")?,
        },
        customer: row.get::<Option<Uuid>>("customer_id")?.map(CustomerId),
        assignee,
        status: word(row, "status")?,
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
        first_response_at: maybe_time(row, "first_response_at")?,
        resolved_at: maybe_time(row, "resolved_at")?,
        closed_at: maybe_time(row, "closed_at")?,
        last_message_at: maybe_time(row, "last_message_at")?,
        last_income_at: maybe_time(row, "last_income_at")?,
        last_seq: row.get("last_seq")?,
        customer_read_seq: row.get("customer_read_seq")?,
        agent_read_seq: row.get("agent_read_seq")?,
        n_unread: row.get("n_unread")?,
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

pub(super) fn customer(row: &Row<'_>) -> Result<Customer> {
    Ok(Customer {
        id: CustomerId(row.get("k_id")?),
        num: row.get("k_num")?,
        company: CompanyId(row.get("k_company_id")?),
        profile: Profile {
            name: row.get("k_name")?,
            first_name: row.get("k_first_name")?,
            last_name: row.get("k_last_name")?,
            email: row.get("k_email")?,
            phone: row.get("k_phone")?,
            username: row.get("k_username")?,
            external_id: row.get("k_external_id")?,
            avatar_url: row.get("k_avatar_url")?,
            language: row.get("k_language")?,
            room: row.get("k_room")?,
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
            "a.id AS agent_id, a.name AS agent_name, a.avatar_url AS agent_avatar_url, a.status AS agent_status, ",
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

pub(super) fn details(row: &Row<'_>) -> Result<Details> {
    let outlet = match row.get::<Option<i64>>("outlet_num")? {
        Some(num) => Some(Outlet { num, code: row.get("outlet_code")?, name: row.get("outlet_name")? }),
        None => None,
    };
    Ok(Details {
        conversation: conversation(row)?,
        customer: match row.get::<Option<Uuid>>("k_id")? {
            Some(_) => Some(customer(row)?),
            None => None,
        },
        handle: row.get("handle")?,
        outlet,
        subject: row.get("subject")?,
        kind: row.get("kind")?,
        order_code: row.get("order_code")?,
        note: row.get("note")?,
        is_bitrix_blocked: row.get("is_bitrix_blocked")?,
        meta: json(row, "meta")?,
    })
}

/// The columns that [`message`] reads, with the agent who sent it; what follows is the rest of the query.
macro_rules! select_message {
    ($rest:literal) => {
        concat!(
            "SELECT m.id, m.num, m.conversation_id, m.seq, m.client_id, m.sender_type, m.sender_id, m.content, ",
            "m.attachments, m.language, m.ack, m.created_at, s.name AS sender_name, s.avatar_url AS sender_avatar_url ",
            "FROM message m LEFT JOIN agent s ON s.company_id = m.company_id AND s.id = m.sender_id ",
            $rest
        )
    };
}
pub(super) use select_message;

pub(super) fn message(row: &Row<'_>) -> Result<Message> {
    let ack: i8 = row.get("ack")?;
    Ok(Message {
        id: MessageId(row.get("id")?),
        num: row.get("num")?,
        conversation: ConversationId(row.get("conversation_id")?),
        seq: row.get("seq")?,
        client_id: row.get::<Option<Uuid>>("client_id")?.map(ClientId),
        sender: Sender { kind: word(row, "sender_type")?, id: row.get("sender_id")? },
        sender_name: row.get("sender_name")?,
        sender_avatar_url: row.get("sender_avatar_url")?,
        content: row.get("content")?,
        attachments: match row.get_ref("attachments")?.as_str_or_null()? {
            Some(attachments) => serde_json::from_str(attachments).map_err(Error::internal)?,
            None => Vec::new(),
        },
        language: row.get("language")?,
        ack: Ack::try_from(ack).map_err(|unknown| Error::internal(unknown.to_string()))?,
        created_at: time(row, "created_at")?,
    })
}

pub(super) fn attachment(row: &Row<'_>) -> Result<Attachment> {
    Ok(Attachment {
        id: AttachmentId(row.get("id")?),
        num: row.get("num")?,
        name: row.get("name")?,
        content_type: row.get("content_type")?,
        size: u64::try_from(row.get::<i64>("size")?).map_err(Error::internal)?,
        key: row.get("key")?,
        width: row.get("width")?,
        height: row.get("height")?,
    })
}

pub(super) fn session(row: &Row<'_>) -> Result<VisitorSession> {
    Ok(VisitorSession {
        id: row.get("id")?,
        company: CompanyId(row.get("company_id")?),
        widget: WidgetId(row.get("widget_id")?),
        customer: CustomerId(row.get("customer_id")?),
        access_expires_at: time(row, "access_expires_at")?,
        refresh_expires_at: time(row, "refresh_expires_at")?,
        is_used: row.get("is_used")?,
        has_ended: row.get::<Option<i64>>("ended_at")?.is_some(),
    })
}

/// A session beside the API token it stands for, whose columns have their own names.
pub(super) fn guest_session(row: &Row<'_>) -> Result<GuestSession> {
    Ok(GuestSession {
        hash: row.get("session_hash")?,
        company: CompanyId(row.get("company_id")?),
        token: row.get("id")?,
        customer: row.get::<Option<Uuid>>("session_customer_id")?.map(CustomerId),
        language: row.get("session_language")?,
        expires_at: time(row, "session_expires_at")?,
    })
}

pub(super) fn company(row: &Row<'_>) -> Result<Company> {
    Ok(Company {
        id: CompanyId(row.get("id")?),
        num: row.get("num")?,
        parent: row.get::<Option<Uuid>>("parent_id")?.map(CompanyId),
        name: row.get("name")?,
        phone: row.get("phone")?,
        description: row.get("description")?,
        webhook_url: row.get("webhook_url")?,
        is_hidden: row.get("is_hidden")?,
        property_code: row.get("property_code")?,
        plan: word(row, "plan")?,
        created_at: time(row, "created_at")?,
    })
}

pub(super) fn agent(row: &Row<'_>) -> Result<Agent> {
    Ok(Agent {
        id: AgentId(row.get("id")?),
        num: row.get("num")?,
        name: row.get("name")?,
        email: row.get("email")?,
        role: row.get("role")?,
        avatar_url: row.get("avatar_url")?,
        presence: word(row, "status")?,
        created_at: time(row, "created_at")?,
    })
}

pub(super) fn api_token(row: &Row<'_>) -> Result<ApiToken> {
    Ok(ApiToken {
        id: row.get("id")?,
        company: CompanyId(row.get("company_id")?),
        company_num: row.get("company_num")?,
        property_code: row.get("property_code")?,
        agent: AgentId(row.get("agent_id")?),
        agent_name: row.get("agent_name")?,
        name: row.get("name")?,
        scope: word(row, "scope")?,
        plan: word(row, "plan")?,
        secret_hash: row.get("secret_hash")?,
        created_at: time(row, "created_at")?,
        last_used_at: maybe_time(row, "last_used_at")?,
        is_revoked: row.get::<Option<i64>>("revoked_at")?.is_some(),
    })
}

pub(super) fn channel(row: &Row<'_>) -> Result<Channel> {
    Ok(Channel {
        id: row.get("id")?,
        num: row.get("num")?,
        company: CompanyId(row.get("company_id")?),
        kind: channel_kind(row, "kind")?,
        config: json(row, "config")?,
        is_default: row.get("is_default")?,
        is_active: row.get("is_active")?,
        created_at: time(row, "created_at")?,
    })
}

pub(super) fn widget(row: &Row<'_>) -> Result<Widget> {
    Ok(Widget {
        id: WidgetId(row.get("id")?),
        company: CompanyId(row.get("company_id")?),
        channel: row.get("channel_id")?,
        name: row.get("name")?,
        domain: row.get("domain")?,
        allowed_domains: json(row, "allowed_domains")?,
        heading: row.get("heading")?,
        tagline: row.get("tagline")?,
        color: row.get("color")?,
        logo_url: row.get("logo_url")?,
        show_online_badge: row.get("show_online_badge")?,
        options: json(row, "options")?,
        config: json(row, "config")?,
    })
}

pub(super) fn webhook(row: &Row<'_>) -> Result<Webhook> {
    Ok(Webhook {
        id: row.get("id")?,
        num: row.get("num")?,
        company: CompanyId(row.get("company_id")?),
        format: word(row, "format")?,
        url: row.get("url")?,
        secret: row.get("secret")?,
        events: json(row, "events")?,
        read_rev: row.get("read_rev")?,
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

pub(super) fn job(row: &Row<'_>) -> Result<Job> {
    Ok(Job {
        num: row.get("num")?,
        company: CompanyId(row.get("company_id")?),
        conversation: ConversationId(row.get("conversation_id")?),
        channel: row.get("channel_id")?,
        message: MessageId(row.get("message_id")?),
        seq: row.get("seq")?,
        message_num: row.get("message_num")?,
        state: word(row, "state")?,
        reason: row.get("reason")?,
        created_at: time(row, "created_at")?,
        finished_at: maybe_time(row, "finished_at")?,
    })
}
