//! Who may act for a company, and what it owns: the use cases of every API's setup calls and of the command line.

use crate::{
    auth::{ApiTokenText, Token},
    clock::{Clock, new_id, random_bytes},
    domain::{
        Agent, AgentRef, ApiToken, Channel, ChannelKind, Company, Error, NewAccessToken, NewAgent,
        NewApiToken, NewChannel, NewCompany, NewWebhook, NewWidget, Outlet, Plan, Result, Scope, Webhook,
        WebhookFormat, Widget, code,
    },
    live::Live,
    store::Store,
};
use serde_json::{Map, Value};
use shared::{AgentId, CompanyId, WidgetId};
use std::{net::IpAddr, sync::Arc};
use url::Url;
use uuid::Uuid;

/// How exactly the last use of a token is known, in seconds. Noting each use would write for each request.
const LAST_USE_SECONDS: i64 = 600;

/// The longest name that the domain name system knows.
const HOST_MAX_BYTES: usize = 253;
/// How long an access token is good for, in seconds.
pub const ACCESS_SECONDS: i64 = 14_400;
/// How long its refresh token is.
const REFRESH_SECONDS: i64 = 30 * 24 * 60 * 60;

/// The colour of a widget that names none.
pub const DEFAULT_COLOR: &str = "#7650ff";

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

/// A widget to be made.
#[derive(Clone, Debug)]
pub struct WidgetDraft {
    /// Where it will be shown: a host name, perhaps with a port.
    pub domain: Option<String>,
    pub name: Option<String>,
    pub heading: String,
    pub tagline: String,
    pub color: String,
    pub logo_url: Option<String>,
    pub show_online_badge: bool,
    pub config: Map<String, Value>,
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

    /// Makes a widget, and the company's widget channel if it has none.
    pub async fn create_widget(&self, company: CompanyId, mut draft: WidgetDraft) -> Result<Widget> {
        let at = self.clock.now();
        if let Some(domain) = draft.domain {
            draft.domain = Some(site(&domain).ok_or_else(|| Error::invalid("domain", NOT_A_SITE))?);
        }
        let allowed_domains = draft.domain.as_deref().map(sources_of).unwrap_or_default();
        let widget = Widget {
            id: WidgetId(new_id(at)),
            company,
            channel: new_id(at),
            name: draft.name,
            domain: draft.domain,
            allowed_domains,
            heading: draft.heading,
            tagline: draft.tagline,
            color: draft.color,
            logo_url: draft.logo_url,
            show_online_badge: draft.show_online_badge,
            config: draft.config,
        };
        self.store.create_widget(NewWidget { widget, at }).await
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

/// What is said of a widget's domain that is none.
pub const NOT_A_SITE: &str = "must be a host name such as www.example.com, perhaps with a port";

/// A host name, perhaps with a port, as browsers spell it; nothing for text that is no such thing. It becomes part of a
/// policy that browsers read, so there is nothing in it but letters, digits, hyphens and dots.
pub fn site(text: &str) -> Option<String> {
    let text = text.trim();
    if text.contains(|c: char| c.is_control() || r"/\?#@".contains(c)) {
        return None;
    }
    let url = Url::parse(&format!("https://{text}")).ok()?;
    let host = url.host_str()?;
    // One dot at the end says that a name is whole. Without two, what is left could be no host at all, such as `1.x.2`.
    let host = host.strip_suffix('.').unwrap_or(host);
    let is_clean = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
    if host.split('.').any(str::is_empty) || host.len() > HOST_MAX_BYTES || !is_clean {
        return None;
    }
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

/// The pages of a domain, as CSP host sources: itself and what is under it, by TLS or without.
pub(crate) fn sources_of(domain: &str) -> Vec<String> {
    let mut sources = vec![format!("https://{domain}"), format!("http://{domain}")];
    if domain.contains('.') && !domain.contains(':') && domain.parse::<IpAddr>().is_err() {
        sources.push(format!("https://*.{domain}"));
        sources.push(format!("http://*.{domain}"));
    }
    sources
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_a_host_and_nothing_that_could_say_more_in_a_policy() {
        for (text, expected) in [
            ("example.com", "example.com"),
            ("WWW.Example.com.", "www.example.com"),
            ("localhost:3000", "localhost:3000"),
            ("example.com:443", "example.com"),
            ("127.0.0.1", "127.0.0.1"),
            ("bücher.example", "xn--bcher-kva.example"),
        ] {
            assert_eq!(site(text).as_deref(), Some(expected), "{text}");
        }
        let long = format!("{}.example", "a.".repeat(130));
        for text in [
            "",
            " ",
            ".",
            "https://example.com",
            "example.com/path",
            "example.com; script-src *",
            "example.com script-src",
            "example.com,other.example",
            "example.com;x",
            "*.example.com",
            "'self'",
            "user@example.com",
            "example.com:99999",
            "[::1]",
            "a\nb",
            "example.com..",
            "example..com",
            "1.x.2..",
            &long,
        ] {
            assert_eq!(site(text), None, "{text}");
        }
    }

    #[test]
    fn a_name_has_those_under_it_and_an_address_has_none() {
        assert!(sources_of("example.com").contains(&"https://*.example.com".to_owned()));
        assert_eq!(sources_of("127.0.0.1").len(), 2);
        assert_eq!(sources_of("localhost").len(), 2);
    }
}
