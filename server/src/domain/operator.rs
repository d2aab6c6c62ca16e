//! What whoever runs the server may do: everything, with every company. No API reaches this; the command line does.

use crate::{
    auth::{ApiTokenText, Token},
    domain::{
        Administration, Agent, AgentChange, AgentRef, ApiToken, Channel, ChannelChange, ChannelChoice,
        ChannelKind, Company, CompanyChange, Error, Plan, Result, Scope, Widget, WidgetChange,
        administration::CompanyDraft, widget,
    },
    store::Store,
};
use shared::{AgentId, CompanyId, WidgetId};
use std::sync::Arc;
use uuid::Uuid;

/// Whom tokens without an agent of their own write as.
const API_AGENT: &str = "API";

/// Companies read at once.
const PAGE: u32 = 500;

#[derive(Clone)]
pub struct Operator {
    store: Arc<dyn Store>,
    administration: Administration,
}

impl Operator {
    pub fn new(store: Arc<dyn Store>, administration: Administration) -> Self {
        Self { store, administration }
    }

    /// A company by its id, its number or its property code.
    pub async fn company(&self, name: &str) -> Result<Option<Company>> {
        if let Ok(id) = Uuid::try_parse(name)
            && let Some(company) = self.store.company(CompanyId(id)).await?
        {
            return Ok(Some(company));
        }
        if let Ok(num) = name.parse::<i64>() {
            let next = self.store.companies(None, Some(num.saturating_sub(1)), false, 1).await?;
            if let Some(company) = next.into_iter().find(|company| company.num == num) {
                return Ok(Some(company));
            }
        }
        self.store.company_by_property(name).await
    }

    pub async fn companies(&self) -> Result<Vec<Company>> {
        let mut companies: Vec<Company> = Vec::new();
        loop {
            let after = companies.last().map(|company| company.num);
            let page = self.store.companies(None, after, false, PAGE).await?;
            let is_last = page.len() < PAGE as usize;
            companies.extend(page);
            if is_last {
                return Ok(companies);
            }
        }
    }

    pub async fn create_company(
        &self,
        name: String,
        phone: Option<String>,
        description: Option<String>,
        plan: Plan,
    ) -> Result<Company> {
        let agent_name = API_AGENT.to_owned();
        self.administration
            .create_company(CompanyDraft { parent: None, name, phone, description, plan, agent_name })
            .await
    }

    pub async fn change_company(&self, company: CompanyId, change: CompanyChange) -> Result<Company> {
        self.store.change_company(company, change).await
    }

    /// An agent by id or by number.
    pub async fn agent(&self, company: CompanyId, name: &str) -> Result<Option<Agent>> {
        let agent = match (Uuid::try_parse(name), name.parse::<i64>()) {
            (Ok(id), _) => AgentRef::Id(AgentId(id)),
            (_, Ok(num)) => AgentRef::Num(num),
            _ => return Ok(None),
        };
        self.store.agent(company, agent).await
    }

    pub async fn agents(&self, company: CompanyId) -> Result<Vec<Agent>> {
        self.store.agents(company).await
    }

    pub async fn create_agent(
        &self,
        company: CompanyId,
        name: String,
        email: Option<String>,
        role: String,
        avatar_url: Option<String>,
    ) -> Result<Agent> {
        self.administration.create_agent(company, name, email, role, avatar_url).await
    }

    /// What the agent wrote before carries the new name and picture, too.
    pub async fn change_agent(
        &self,
        company: CompanyId,
        agent: AgentId,
        change: AgentChange,
    ) -> Result<Agent> {
        self.store.change_agent(company, AgentRef::Id(agent), change).await
    }

    /// An agent's tokens die with them. The company's first agent stays: tokens without an agent write as that one.
    pub async fn revoke_agent(&self, company: CompanyId, agent: AgentId) -> Result<()> {
        if self.store.agents(company).await?.first().is_some_and(|first| first.id == agent) {
            return Err(Error::invalid(
                "agent",
                "is the company's first, whom tokens without an agent write as",
            ));
        }
        self.administration.revoke_agent(company, AgentRef::Id(agent)).await
    }

    pub async fn token(&self, id: Uuid) -> Result<Option<ApiToken>> {
        self.store.api_token(id).await
    }

    pub async fn tokens(&self, company: CompanyId) -> Result<Vec<ApiToken>> {
        self.store.api_tokens(company).await
    }

    /// Makes a token. What is answered is the only time its secret is seen.
    pub async fn create_token(
        &self,
        company: CompanyId,
        agent: Option<AgentId>,
        name: String,
        scope: Scope,
    ) -> Result<ApiTokenText> {
        self.administration.create_token(company, agent, name, scope).await
    }

    pub async fn revoke_token(&self, id: Uuid) -> Result<()> {
        self.administration.revoke_token(id).await
    }

    pub async fn widgets(&self, company: CompanyId) -> Result<Vec<Widget>> {
        self.store.widgets(company).await
    }

    pub async fn widget(&self, id: WidgetId) -> Result<Option<Widget>> {
        self.store.widget(id).await
    }

    pub async fn create_widget(
        &self,
        company: CompanyId,
        domain: &str,
        about: WidgetChange,
    ) -> Result<Widget> {
        self.administration.create_widget(company, widget::domain(domain)?, about).await
    }

    pub async fn change_widget(&self, widget: &Widget, change: WidgetChange) -> Result<Widget> {
        self.administration.change_widget(widget.company, widget.id, change).await
    }

    /// What is answered is the only time the secret is seen.
    pub async fn make_identity_secret(&self, widget: &Widget) -> Result<Token> {
        self.administration.make_identity_secret(widget.company, widget.id).await
    }

    pub async fn channels(&self, company: CompanyId) -> Result<Vec<Channel>> {
        self.store.channels(company).await
    }

    /// Makes a channel. One of this kind that was switched off is switched on again.
    pub async fn create_channel(&self, company: CompanyId, kind: ChannelKind) -> Result<Channel> {
        match self.store.channel(company, ChannelChoice::Kind(kind)).await? {
            Some(channel) if channel.is_active => Err(Error::AlreadyExists("a channel of this kind")),
            Some(channel) => self.switch(&channel, true).await,
            None => self.administration.ensure_channel(company, kind).await,
        }
    }

    /// Switches a channel off: its conversations stay, and nothing new starts on it.
    pub async fn switch_off_channel(&self, channel: &Channel) -> Result<Channel> {
        self.switch(channel, false).await
    }

    async fn switch(&self, channel: &Channel, is_active: bool) -> Result<Channel> {
        let change = ChannelChange { is_active: Some(is_active), ..ChannelChange::default() };
        self.store.change_channel(channel.company, channel.id, change).await
    }
}
