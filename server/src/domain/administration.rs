//! Who may act for a company, and what it owns: the use cases of every API's setup calls and of the command line.

use crate::{
    auth::{ApiTokenText, Token},
    clock::{Clock, new_id, random_bytes},
    domain::{
        Agent, AgentRef, ApiToken, Channel, ChannelKind, Company, Error, NewAccessToken, NewAgent,
        NewApiToken, NewChannel, NewCompany, NewWebhook, NewWidget, Outlet, Plan, Result, Scope, Webhook,
        WebhookFormat, Widget, WidgetChange, code,
    },
    live::Live,
    store::Store,
};
use serde_json::{Map, Value};
use shared::{AgentId, CompanyId, WidgetId};
use std::sync::Arc;
use uuid::Uuid;

/// How exactly the last use of a token is known, in seconds. Noting each use would write for each request.
const LAST_USE_SECONDS: i64 = 600;

/// How long an access token is good for, in seconds.
pub const ACCESS_SECONDS: i64 = 14_400;
/// How long its refresh token is.
const REFRESH_SECONDS: i64 = 30 * 24 * 60 * 60;

#[derive(Clone)]
pub struct Administration {
    store: Arc<dyn Store>,
    live: Arc<Live>,
    clock: Arc<dyn Clock>,
}

/// Who makes a request: the holder of an API token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    pub token: Uuid,
    pub company: CompanyId,
    /// The company's other names, so that an answer that repeats them needs no look for it.
    pub company_num: i64,
    pub property_code: String,
    /// The agent the token writes as.
    pub agent: AgentId,
    pub agent_name: String,
    pub scope: Scope,
    pub plan: Plan,
}

impl Principal {
    /// The holder of a token that was recognised, by its secret or by what stands for it; not of one that was revoked.
    pub fn of(token: ApiToken) -> Result<Self> {
        if token.is_revoked { Err(Error::TokenInvalid) } else { Ok(principal(token)) }
    }

    /// Refuses what the token's scope does not reach.
    pub fn require(&self, scope: Scope) -> Result<()> {
        if self.scope >= scope {
            return Ok(());
        }
        Err(Error::Forbidden(match scope {
            Scope::Read => "it needs the scope read",
            Scope::Write => "it needs the scope write",
            Scope::Admin => "it needs the scope admin",
        }))
    }
}

/// Tokens that stand for an API token. This is the only time they are seen.
#[derive(Debug)]
pub struct Access {
    /// Works wherever the API token does, for [`ACCESS_SECONDS`].
    pub access: Token,
    /// Gets the next pair, once.
    pub refresh: Token,
}

/// A company to be made. What is left out is decided here.
#[derive(Clone, Debug)]
pub struct CompanyDraft {
    pub parent: Option<CompanyId>,
    pub name: String,
    pub phone: Option<String>,
    pub description: Option<String>,
    pub plan: Plan,
    pub agent_name: String,
}

impl Administration {
    pub fn new(store: Arc<dyn Store>, live: Arc<Live>, clock: Arc<dyn Clock>) -> Self {
        Self { store, live, clock }
    }

    /// Whose token this is. Asked of the store each time, so that a revoked one is dead at once.
    ///
    /// An API token is two halves with a dot between them; an access token has no dot. So either is one look.
    pub async fn authenticate(&self, text: &str) -> Result<Principal> {
        if !text.contains('.') {
            return self.authenticate_access(&Token::from_client(text)).await;
        }
        let token = ApiTokenText::parse(text).ok_or(Error::TokenInvalid)?;
        let stored = self.store.api_token(token.id).await?.ok_or(Error::TokenInvalid)?;
        if stored.is_revoked || !token.matches(&stored.secret_hash) {
            return Err(Error::TokenInvalid);
        }
        self.note_use(&stored).await?;
        Ok(principal(stored))
    }

    /// The holder of a token that was recognised before. Whoever it is may have lost it since.
    pub async fn principal(&self, token: Uuid) -> Result<Principal> {
        Principal::of(self.store.api_token(token).await?.ok_or(Error::TokenInvalid)?)
    }

    async fn authenticate_access(&self, token: &Token) -> Result<Principal> {
        let (stored, expires_at) =
            self.store.api_token_by_access(token.hash()).await?.ok_or(Error::TokenInvalid)?;
        if stored.is_revoked {
            return Err(Error::TokenInvalid);
        }
        if self.clock.now() >= expires_at {
            return Err(Error::TokenExpired);
        }
        self.note_use(&stored).await?;
        Ok(principal(stored))
    }

    /// Gives tokens that stand for an API token until they expire or it is revoked; in exchange for a refresh token if one
    /// is named, which is then spent. Access tokens that were given before go on to their own end.
    pub async fn grant_access(&self, api_token: Uuid, spent: Option<&Token>) -> Result<Access> {
        let at = self.clock.now();
        let granted = Access { access: Token::generate(), refresh: Token::generate() };
        self.store
            .create_access_token(NewAccessToken {
                token: api_token,
                hash: granted.access.hash(),
                expires_at: at.plus_seconds(ACCESS_SECONDS),
                refresh_hash: granted.refresh.hash(),
                refresh_expires_at: at.plus_seconds(REFRESH_SECONDS),
                spent: spent.map(Token::hash),
                at,
            })
            .await?;
        Ok(granted)
    }

    async fn note_use(&self, token: &ApiToken) -> Result<()> {
        let now = self.clock.now();
        match token.last_used_at {
            Some(at) if now < at.plus_seconds(LAST_USE_SECONDS) => Ok(()),
            _ => self.store.note_token_used(token.id, now).await,
        }
    }

    pub async fn company(&self, id: CompanyId) -> Result<Company> {
        self.store.company(id).await?.ok_or(Error::NotFound)
    }

    /// The outlet with this code; without one the company's first.
    pub async fn outlet(&self, company: CompanyId, code: Option<&str>) -> Result<Option<Outlet>> {
        self.store.outlet(company, code).await
    }

    /// Makes a company with its first agent and its widget channel.
    pub async fn create_company(&self, draft: CompanyDraft) -> Result<Company> {
        let at = self.clock.now();
        let id = CompanyId(new_id(at));
        self.store
            .create_company(NewCompany {
                id,
                parent: draft.parent,
                name: draft.name,
                phone: draft.phone,
                description: draft.description,
                property_code: property_code(),
                plan: draft.plan,
                agent: AgentId(new_id(at)),
                agent_name: draft.agent_name,
                channel: new_id(at),
                widget: None,
                at,
            })
            .await?;
        self.store.company(id).await?.ok_or(Error::NotFound)
    }

    pub async fn create_agent(
        &self,
        company: CompanyId,
        name: String,
        email: Option<String>,
        role: String,
        avatar_url: Option<String>,
    ) -> Result<Agent> {
        let at = self.clock.now();
        let id = AgentId(new_id(at));
        self.store.create_agent(NewAgent { id, company, name, email, role, avatar_url, at }).await
    }

    /// An agent's tokens die with them.
    pub async fn revoke_agent(&self, company: CompanyId, agent: AgentRef) -> Result<()> {
        let tokens = self.store.revoke_agent(company, agent, self.clock.now()).await?;
        for token in tokens {
            self.live.end_token(company, token);
        }
        Ok(())
    }

    /// Makes a token. What is answered is the only time it is seen.
    pub async fn create_token(
        &self,
        company: CompanyId,
        agent: Option<AgentId>,
        name: String,
        scope: Scope,
    ) -> Result<ApiTokenText> {
        let at = self.clock.now();
        if let Some(agent) = agent {
            self.store.agent(company, AgentRef::Id(agent)).await?.ok_or(Error::NotFound)?;
        }
        let token = ApiTokenText { id: new_id(at), secret: Token::generate() };
        let secret_hash = token.secret.hash();
        self.store
            .create_api_token(NewApiToken { id: token.id, company, agent, name, scope, secret_hash, at })
            .await?;
        Ok(token)
    }

    /// From now on the token is no good, and the streams it opened end.
    pub async fn revoke_token(&self, id: Uuid) -> Result<()> {
        let token = self.store.api_token(id).await?.ok_or(Error::NotFound)?;
        self.store.revoke_api_token(id, self.clock.now()).await?;
        self.live.end_token(token.company, id);
        Ok(())
    }

    /// The company's channel of a kind, made if there is none.
    pub async fn ensure_channel(&self, company: CompanyId, kind: ChannelKind) -> Result<Channel> {
        let at = self.clock.now();
        self.store.ensure_channel(company, kind, new_id(at), at).await
    }

    /// Makes a channel; a company has one of a kind.
    pub async fn create_channel(
        &self,
        company: CompanyId,
        kind: ChannelKind,
        config: Map<String, Value>,
    ) -> Result<Channel> {
        let at = self.clock.now();
        self.store.create_channel(NewChannel { id: new_id(at), company, kind, config, at }).await
    }

    /// Its conversations stay; nothing new starts on it.
    pub async fn delete_channel(&self, company: CompanyId, id: Uuid) -> Result<()> {
        self.store.delete_channel(company, id, self.clock.now()).await
    }

    /// Makes a webhook of our own format. It is told what happens from now on, and signed with a secret made here.
    pub async fn create_webhook(
        &self,
        company: CompanyId,
        url: String,
        events: Vec<String>,
    ) -> Result<Webhook> {
        let at = self.clock.now();
        self.store
            .create_webhook(NewWebhook {
                id: new_id(at),
                company,
                format: WebhookFormat::Native,
                url,
                secret: Token::generate().reveal().to_owned(),
                events,
                at,
            })
            .await
    }

    /// The webhooks of our own format.
    pub async fn native_webhooks(&self, company: CompanyId) -> Result<Vec<Webhook>> {
        let mut webhooks = self.store.webhooks(company).await?;
        webhooks.retain(|webhook| webhook.format == WebhookFormat::Native);
        Ok(webhooks)
    }

    /// Ends a webhook of our own format; what was still to be delivered to it goes with it.
    pub async fn delete_native_webhook(&self, company: CompanyId, id: Uuid) -> Result<()> {
        let is_native = self.native_webhooks(company).await?.iter().any(|webhook| webhook.id == id);
        if is_native && self.store.delete_webhook(company, id).await? { Ok(()) } else { Err(Error::NotFound) }
    }

    /// Makes a widget for a domain, and the company's widget channel if it has none.
    pub async fn create_widget(
        &self,
        company: CompanyId,
        domain: String,
        about: WidgetChange,
    ) -> Result<Widget> {
        let at = self.clock.now();
        let widget = Widget::new(WidgetId(new_id(at)), company, new_id(at), Some(domain)).changed(about);
        self.store.create_widget(NewWidget { widget, at }).await
    }

    pub async fn change_widget(
        &self,
        company: CompanyId,
        id: WidgetId,
        change: WidgetChange,
    ) -> Result<Widget> {
        self.store.change_widget(company, id, change).await
    }

    /// Makes the secret with which the business signs who its visitors are. What is answered is the only time it is seen,
    /// and the one before it is good no more.
    pub async fn make_identity_secret(&self, company: CompanyId, id: WidgetId) -> Result<Token> {
        let secret = Token::generate();
        self.store.set_identity_secret(company, id, &secret).await?;
        Ok(secret)
    }

    /// The secret made last, to verify with; nothing where none was made. The bytes of its text are the key.
    pub async fn identity_secret(&self, id: WidgetId) -> Result<Option<Token>> {
        self.store.identity_secret(id).await
    }
}

fn principal(token: ApiToken) -> Principal {
    Principal {
        token: token.id,
        company: token.company,
        company_num: token.company_num,
        property_code: token.property_code,
        agent: token.agent,
        agent_name: token.agent_name,
        scope: token.scope,
        plan: token.plan,
    }
}

/// A new property code: what the iRiS API knows a company by.
fn property_code() -> String {
    code::encode(Uuid::from_bytes(random_bytes()))
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(10)
        .collect()
}
