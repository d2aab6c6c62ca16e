//! Companies, agents, API tokens, channels, widgets, outlets, webhooks.

use crate::{
    auth::Token,
    domain::{
        Agent, AgentChange, AgentRef, ApiToken, Channel, ChannelChange, ChannelChoice, ChannelKind, Company,
        CompanyChange, Hash, NewAccessToken, NewAgent, NewApiToken, NewChannel, NewCompany, NewWebhook,
        NewWidget, Outlet, Presence, Result, Webhook, Widget, WidgetChange,
    },
};
use async_trait::async_trait;
use shared::{CompanyId, Timestamp, WidgetId};
use uuid::Uuid;

#[async_trait]
pub trait DirectoryStore: Send + Sync + 'static {
    /// Creates a company with its first agent, its widget channel, an outlet and, if it has one, its widget. One whose id
    /// is there already is left as it is.
    async fn create_company(&self, company: NewCompany) -> Result<()>;
    async fn company(&self, id: CompanyId) -> Result<Option<Company>>;
    /// By its integer name, if it is this company or one that this company's tokens made.
    async fn company_by_num(&self, actor: CompanyId, num: i64) -> Result<Option<Company>>;
    async fn company_by_property(&self, property_code: &str) -> Result<Option<Company>>;
    /// This company and those its tokens made, by number, after `after`; without an `actor` every company there is.
    async fn companies(
        &self,
        actor: Option<CompanyId>,
        after: Option<i64>,
        is_descending: bool,
        limit: u32,
    ) -> Result<Vec<Company>>;
    async fn change_company(&self, id: CompanyId, change: CompanyChange) -> Result<Company>;

    async fn create_agent(&self, agent: NewAgent) -> Result<Agent>;
    async fn agents(&self, company: CompanyId) -> Result<Vec<Agent>>;
    async fn agent(&self, company: CompanyId, agent: AgentRef) -> Result<Option<Agent>>;
    async fn change_agent(&self, company: CompanyId, agent: AgentRef, change: AgentChange) -> Result<Agent>;
    async fn set_presence(&self, company: CompanyId, agent: AgentRef, presence: Presence) -> Result<Agent>;
    /// The agent's tokens die with them. Answers which.
    async fn revoke_agent(&self, company: CompanyId, agent: AgentRef, at: Timestamp) -> Result<Vec<Uuid>>;

    async fn create_api_token(&self, token: NewApiToken) -> Result<()>;
    async fn api_token(&self, id: Uuid) -> Result<Option<ApiToken>>;
    async fn api_tokens(&self, company: CompanyId) -> Result<Vec<ApiToken>>;
    async fn note_token_used(&self, id: Uuid, at: Timestamp) -> Result<()>;
    /// Whether there was one to revoke.
    async fn revoke_api_token(&self, id: Uuid, at: Timestamp) -> Result<bool>;

    /// Also forgets those whose time is over. Fails with [`crate::domain::Error::TokenInvalid`] when the refresh token it is
    /// to be given for is not this API token's, was used before, or has expired.
    async fn create_access_token(&self, token: NewAccessToken) -> Result<()>;
    /// The API token that an access token stands for, and until when.
    async fn api_token_by_access(&self, hash: Hash) -> Result<Option<(ApiToken, Timestamp)>>;

    /// Fails with [`crate::domain::Error::AlreadyExists`] when the company has one of the kind.
    async fn create_channel(&self, channel: NewChannel) -> Result<Channel>;
    async fn channels(&self, company: CompanyId) -> Result<Vec<Channel>>;
    /// [`ChannelChoice::Kind`] finds nothing rather than making it.
    async fn channel(&self, company: CompanyId, channel: ChannelChoice) -> Result<Option<Channel>>;
    async fn change_channel(&self, company: CompanyId, id: Uuid, change: ChannelChange) -> Result<Channel>;
    /// Its conversations stay; nothing new starts on it. The default channel can't go.
    async fn delete_channel(&self, company: CompanyId, id: Uuid, at: Timestamp) -> Result<()>;
    /// The company's channel of this kind; made, with this id, if there is none.
    async fn ensure_channel(
        &self,
        company: CompanyId,
        kind: ChannelKind,
        id: Uuid,
        at: Timestamp,
    ) -> Result<Channel>;

    /// Fails with [`crate::domain::Error::AlreadyExists`] when the company has one for the domain.
    async fn create_widget(&self, widget: NewWidget) -> Result<Widget>;
    async fn widget(&self, id: WidgetId) -> Result<Option<Widget>>;
    async fn widgets(&self, company: CompanyId) -> Result<Vec<Widget>>;
    async fn change_widget(&self, company: CompanyId, id: WidgetId, change: WidgetChange) -> Result<Widget>;
    /// Takes the place of the one before.
    async fn set_identity_secret(&self, company: CompanyId, id: WidgetId, secret: &Token) -> Result<()>;
    /// Apart from the widget, so that it goes nowhere by accident.
    async fn identity_secret(&self, id: WidgetId) -> Result<Option<Token>>;

    /// With a code: that one; without: the company's first.
    async fn outlet(&self, company: CompanyId, code: Option<&str>) -> Result<Option<Outlet>>;

    /// It is told what happens from now on.
    async fn create_webhook(&self, webhook: NewWebhook) -> Result<Webhook>;
    async fn webhooks(&self, company: CompanyId) -> Result<Vec<Webhook>>;
    async fn all_webhooks(&self) -> Result<Vec<Webhook>>;
    /// With what was still to be delivered. Whether there was one.
    async fn delete_webhook(&self, company: CompanyId, id: Uuid) -> Result<bool>;
}
