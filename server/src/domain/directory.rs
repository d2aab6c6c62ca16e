//! Companies and what they own: agents, tokens, channels, widgets, outlets.

use crate::domain::{Hash, Presence, Widget};
use serde_json::{Map, Value};
use shared::{AgentId, CompanyId, CustomerId, Timestamp};
use uuid::Uuid;

/// How much a company may ask in a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Plan {
    Test,
    Basic,
    Premium,
}

impl Plan {
    pub const fn requests_per_minute(self) -> u32 {
        match self {
            Self::Test => 200,
            Self::Basic => 1_000,
            Self::Premium => 10_000,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Company {
    pub id: CompanyId,
    /// The integer name of the same company.
    pub num: i64,
    /// The company whose token made this one; its tokens may act for it.
    pub parent: Option<CompanyId>,
    pub name: String,
    pub phone: Option<String>,
    pub description: Option<String>,
    /// Where Pact's webhooks go.
    pub webhook_url: Option<String>,
    pub is_hidden: bool,
    pub property_code: String,
    pub plan: Plan,
    pub created_at: Timestamp,
}

/// Both names of a company, where no more is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompanyRef {
    pub id: CompanyId,
    pub num: i64,
}

impl From<&Company> for CompanyRef {
    fn from(company: &Company) -> Self {
        Self { id: company.id, num: company.num }
    }
}

/// What may be changed about a company; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct CompanyChange {
    pub name: Option<String>,
    pub phone: Option<Option<String>>,
    pub description: Option<Option<String>>,
    pub is_hidden: Option<bool>,
    pub plan: Option<Plan>,
    /// Where Pact's webhooks go from now on, those still to be delivered among them; `Some(None)` ends them.
    pub webhook: Option<Option<NewWebhook>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    pub id: AgentId,
    pub num: i64,
    pub name: String,
    pub email: Option<String>,
    pub role: String,
    /// Where their picture is: an https address.
    pub avatar_url: Option<String>,
    pub presence: Presence,
    pub created_at: Timestamp,
}

#[derive(Clone, Debug)]
pub struct NewAgent {
    pub id: AgentId,
    pub company: CompanyId,
    pub name: String,
    pub email: Option<String>,
    pub role: String,
    pub avatar_url: Option<String>,
    pub at: Timestamp,
}

/// What becomes different about an agent. `Some(None)` takes something away.
#[derive(Clone, Debug, Default)]
pub struct AgentChange {
    pub name: Option<String>,
    pub email: Option<Option<String>>,
    pub role: Option<String>,
    pub avatar_url: Option<Option<String>>,
}

/// What a token may be used for. Each scope may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Looking.
    Read,
    /// Conversations, messages, attachments, customers.
    Write,
    /// Companies, channels, widgets, webhooks, the team.
    Admin,
}

#[derive(Clone, Debug)]
pub struct ApiToken {
    pub id: Uuid,
    pub company: CompanyId,
    pub company_num: i64,
    pub property_code: String,
    /// The agent it writes as: its own, or the company's first.
    pub agent: AgentId,
    pub agent_name: String,
    pub name: String,
    pub scope: Scope,
    pub plan: Plan,
    pub secret_hash: Hash,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
    pub is_revoked: bool,
}

/// A pair of tokens that stand for an API token: one to ask with, one to get the next pair.
#[derive(Clone, Debug)]
pub struct NewAccessToken {
    /// The API token.
    pub token: Uuid,
    pub hash: Hash,
    pub expires_at: Timestamp,
    pub refresh_hash: Hash,
    pub refresh_expires_at: Timestamp,
    /// The refresh token it is given for, which is good no more.
    pub spent: Option<Hash>,
    pub at: Timestamp,
}

#[derive(Clone, Debug)]
pub struct NewApiToken {
    pub id: Uuid,
    pub company: CompanyId,
    pub agent: Option<AgentId>,
    pub name: String,
    pub scope: Scope,
    pub secret_hash: Hash,
    pub at: Timestamp,
}

/// How a conversation reaches its customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChannelKind {
    Widget,
    Whatsapp,
    TelegramPersonal,
    Slack,
    Messenger,
    Twitter,
    Sms,
}

impl ChannelKind {
    pub const ALL: [Self; 7] = [
        Self::Slack,
        Self::Messenger,
        Self::Twitter,
        Self::Whatsapp,
        Self::TelegramPersonal,
        Self::Sms,
        Self::Widget,
    ];

    /// The word it is stored and written as.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Widget => "widget",
            Self::Whatsapp => "whatsapp",
            Self::TelegramPersonal => "telegram_personal",
            Self::Slack => "slack",
            Self::Messenger => "messenger",
            Self::Twitter => "twitter",
            Self::Sms => "sms",
        }
    }

    /// Reads [`Self::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// A handle as it is kept. Where people are known by phone numbers, the same number is the same person however it is
    /// spelled: its digits are kept. Of a Telegram user name the @ is no part.
    pub fn handle(self, text: &str) -> String {
        let has_phones = matches!(self, Self::Whatsapp | Self::Sms | Self::TelegramPersonal);
        let is_phone = text.chars().all(|c| c.is_ascii_digit() || "+-. ()".contains(c));
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        if has_phones && is_phone && !digits.is_empty() {
            return digits;
        }
        let name = text.strip_prefix('@').filter(|name| self == Self::TelegramPersonal && !name.is_empty());
        name.unwrap_or(text).to_owned()
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    pub id: Uuid,
    pub num: i64,
    pub company: CompanyId,
    pub kind: ChannelKind,
    pub config: Map<String, Value>,
    pub is_default: bool,
    pub is_active: bool,
    pub created_at: Timestamp,
}

#[derive(Clone, Debug)]
pub struct NewChannel {
    pub id: Uuid,
    pub company: CompanyId,
    pub kind: ChannelKind,
    pub config: Map<String, Value>,
    pub at: Timestamp,
}

/// What may be changed about a channel; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct ChannelChange {
    pub config: Option<Map<String, Value>>,
    pub is_active: Option<bool>,
}

/// A company with its first agent, its widget channel, a widget if it is to have one, and an outlet.
#[derive(Clone, Debug)]
pub struct NewCompany {
    pub id: CompanyId,
    pub parent: Option<CompanyId>,
    pub name: String,
    pub phone: Option<String>,
    pub description: Option<String>,
    pub property_code: String,
    pub plan: Plan,
    pub agent: AgentId,
    pub agent_name: String,
    pub channel: Uuid,
    pub widget: Option<Widget>,
    pub at: Timestamp,
}

/// A place of a company that conversations belong to: a reception, a restaurant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlet {
    pub num: i64,
    pub code: String,
    pub name: String,
}

/// A session of the iRiS API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestSession {
    pub hash: Hash,
    pub company: CompanyId,
    pub token: Uuid,
    /// The guest who was named when it was opened.
    pub customer: Option<CustomerId>,
    pub language: Option<String>,
    pub expires_at: Timestamp,
}

/// Whose events a webhook is told, and how they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WebhookFormat {
    Pact,
    Native,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    pub id: Uuid,
    pub num: i64,
    pub company: CompanyId,
    pub format: WebhookFormat,
    pub url: String,
    pub secret: String,
    /// The events that are wanted; none: all of them.
    pub events: Vec<String>,
    /// How far of the change log has been turned into deliveries.
    pub read_rev: i64,
    pub created_at: Timestamp,
}

#[derive(Clone, Debug)]
pub struct NewWebhook {
    pub id: Uuid,
    pub company: CompanyId,
    pub format: WebhookFormat,
    pub url: String,
    pub secret: String,
    pub events: Vec<String>,
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_phone_number_is_one_handle_however_it_is_spelled() {
        for spelling in ["79250000001", "+79250000001", "+7 (925) 000-00-01"] {
            assert_eq!(ChannelKind::Whatsapp.handle(spelling), "79250000001", "{spelling}");
        }
        assert_eq!(ChannelKind::TelegramPersonal.handle("@ann"), "ann");
        assert_eq!(ChannelKind::Twitter.handle("@ann"), "@ann");
        assert_eq!(ChannelKind::Slack.handle("+7 925"), "+7 925");
        assert_eq!(ChannelKind::Sms.handle("+"), "+");
    }
}
