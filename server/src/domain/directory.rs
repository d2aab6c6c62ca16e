//! Companies and what they own.

use crate::domain::Hash;
use shared::{AgentId, CompanyId, Timestamp, WidgetId};
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Company {
    pub id: CompanyId,
    /// The integer name of the same company.
    pub num: i64,
    pub name: String,
    pub property_code: String,
}

/// A widget with everything about it that a page, its panel and its visitors' sessions need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Widget {
    pub id: WidgetId,
    pub company: CompanyId,
    pub channel: Uuid,
    /// CSP host sources of the pages that may show the panel.
    pub allowed_domains: Vec<String>,
    pub heading: String,
    pub tagline: String,
    /// `#rrggbb`.
    pub color: String,
    pub logo_url: Option<String>,
    pub show_online_badge: bool,
}

/// A company with its first agent, its widget channel and a widget.
#[derive(Clone, Debug)]
pub struct NewCompany {
    pub id: CompanyId,
    pub name: String,
    pub property_code: String,
    pub agent: AgentId,
    pub agent_name: String,
    pub widget: Widget,
    pub at: Timestamp,
}

#[derive(Clone, Debug)]
pub struct ApiToken {
    pub company: CompanyId,
    pub agent: Option<AgentId>,
    pub secret_hash: Hash,
    pub is_revoked: bool,
}

#[derive(Clone, Debug)]
pub struct NewApiToken {
    pub id: Uuid,
    pub company: CompanyId,
    pub agent: Option<AgentId>,
    pub name: String,
    pub secret_hash: Hash,
    pub at: Timestamp,
}
