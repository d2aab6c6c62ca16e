//! Companies, agents, API tokens, channels, widgets, outlets, webhooks.

use super::{
    SqliteStore,
    error::unless_unique,
    head_rev,
    rows::{self, Word},
    sql::{Sql, first},
    writer::{Command, Tx},
};
use crate::{
    auth::Token,
    domain::{
        Agent, AgentChange, AgentRef, ApiToken, Channel, ChannelChange, ChannelChoice, ChannelKind, Company,
        CompanyChange, Error, Hash, NewAccessToken, NewAgent, NewApiToken, NewChannel, NewCompany,
        NewWebhook, NewWidget, Outlet, Presence, Result, Webhook, WebhookFormat, Widget, WidgetChange,
    },
    store::DirectoryStore,
};
use async_trait::async_trait;
use rusqlite::{Connection, params};
use serde::Serialize;
use shared::{CompanyId, Timestamp, WidgetId};
use uuid::Uuid;

#[async_trait]
impl DirectoryStore for SqliteStore {
    async fn create_company(&self, company: NewCompany) -> Result<()> {
        self.writer.execute(company).await
    }

    async fn company(&self, id: CompanyId) -> Result<Option<Company>> {
        self.read(move |connection| {
            connection.find(select_company!("WHERE y.id = ?1"), params![id.0], rows::company)
        })
        .await
    }

    async fn company_by_num(&self, actor: CompanyId, num: i64) -> Result<Option<Company>> {
        self.read(move |connection| {
            connection.find(
                select_company!("WHERE y.num = ?1 AND (y.id = ?2 OR y.parent_id = ?2)"),
                params![num, actor.0],
                rows::company,
            )
        })
        .await
    }

    async fn company_by_property(&self, property_code: &str) -> Result<Option<Company>> {
        let property_code = property_code.to_owned();
        self.read(move |connection| {
            connection.find(
                select_company!("WHERE y.property_code = ?1"),
                params![property_code],
                rows::company,
            )
        })
        .await
    }

    async fn companies(
        &self,
        actor: Option<CompanyId>,
        after: Option<i64>,
        is_descending: bool,
        limit: u32,
    ) -> Result<Vec<Company>> {
        let sql = if is_descending {
            select_company!(
                "WHERE (?1 IS NULL OR y.id = ?1 OR y.parent_id = ?1) AND y.num < ?2 ORDER BY y.num DESC LIMIT ?3"
            )
        } else {
            select_company!(
                "WHERE (?1 IS NULL OR y.id = ?1 OR y.parent_id = ?1) AND y.num > ?2 ORDER BY y.num LIMIT ?3"
            )
        };
        let after = after.unwrap_or(if is_descending { i64::MAX } else { 0 });
        self.read(move |connection| {
            connection.list(sql, params![actor.map(|id| id.0), after, limit], rows::company)
        })
        .await
    }

    async fn change_company(&self, id: CompanyId, change: CompanyChange) -> Result<Company> {
        self.writer.execute(ChangeCompany { id, change }).await
    }

    async fn create_agent(&self, agent: NewAgent) -> Result<Agent> {
        self.writer.execute(agent).await
    }

    async fn agents(&self, company: CompanyId) -> Result<Vec<Agent>> {
        self.read(move |connection| {
            connection.list(
                "SELECT * FROM agent WHERE company_id = ?1 AND revoked_at IS NULL ORDER BY num",
                params![company.0],
                rows::agent,
            )
        })
        .await
    }

    async fn agent(&self, company: CompanyId, agent: AgentRef) -> Result<Option<Agent>> {
        self.read(move |connection| find_agent(connection, company, agent)).await
    }

    async fn change_agent(&self, company: CompanyId, agent: AgentRef, change: AgentChange) -> Result<Agent> {
        self.writer.execute(ChangeAgent { company, agent, change }).await
    }

    async fn set_presence(&self, company: CompanyId, agent: AgentRef, presence: Presence) -> Result<Agent> {
        self.writer.execute(SetPresence { company, agent, presence }).await
    }

    async fn revoke_agent(&self, company: CompanyId, agent: AgentRef, at: Timestamp) -> Result<Vec<Uuid>> {
        self.writer.execute(RevokeAgent { company, agent, at }).await
    }

    async fn create_api_token(&self, token: NewApiToken) -> Result<()> {
        self.writer.execute(token).await
    }

    async fn api_token(&self, id: Uuid) -> Result<Option<ApiToken>> {
        self.read(move |connection| {
            connection.find(select_token!("WHERE t.id = ?1"), params![id], rows::api_token)
        })
        .await
    }

    async fn api_tokens(&self, company: CompanyId) -> Result<Vec<ApiToken>> {
        self.read(move |connection| {
            connection.list(
                select_token!("WHERE t.company_id = ?1 ORDER BY t.created_at, t.id"),
                params![company.0],
                rows::api_token,
            )
        })
        .await
    }

    async fn note_token_used(&self, id: Uuid, at: Timestamp) -> Result<()> {
        self.writer.execute(NoteTokenUsed { id, at }).await
    }

    async fn revoke_api_token(&self, id: Uuid, at: Timestamp) -> Result<bool> {
        self.writer.execute(RevokeToken { id, at }).await
    }

    async fn create_access_token(&self, token: NewAccessToken) -> Result<()> {
        self.writer.execute(token).await
    }

    async fn api_token_by_access(&self, hash: Hash) -> Result<Option<(ApiToken, Timestamp)>> {
        self.read(move |connection| {
            connection.find(
                select_token!("JOIN access_token x ON x.token_id = t.id WHERE x.hash = ?1", ", x.expires_at"),
                params![hash],
                |row| Ok((rows::api_token(row)?, Timestamp(row.get("expires_at")?))),
            )
        })
        .await
    }

    async fn create_channel(&self, channel: NewChannel) -> Result<Channel> {
        self.writer.execute(channel).await
    }

    async fn channels(&self, company: CompanyId) -> Result<Vec<Channel>> {
        self.read(move |connection| {
            connection.list(
                "SELECT * FROM channel WHERE company_id = ?1 AND deleted_at IS NULL ORDER BY num",
                params![company.0],
                rows::channel,
            )
        })
        .await
    }

    async fn channel(&self, company: CompanyId, channel: ChannelChoice) -> Result<Option<Channel>> {
        self.read(move |connection| find_channel(connection, company, channel)).await
    }

    async fn change_channel(&self, company: CompanyId, id: Uuid, change: ChannelChange) -> Result<Channel> {
        self.writer.execute(ChangeChannel { company, id, change }).await
    }

    async fn delete_channel(&self, company: CompanyId, id: Uuid, at: Timestamp) -> Result<()> {
        self.writer.execute(DeleteChannel { company, id, at }).await
    }

    async fn ensure_channel(
        &self,
        company: CompanyId,
        kind: ChannelKind,
        id: Uuid,
        at: Timestamp,
    ) -> Result<Channel> {
        if let Some(channel) = self.channel(company, ChannelChoice::Kind(kind)).await? {
            return Ok(channel);
        }
        self.writer.execute(EnsureChannel { company, kind, id, at }).await
    }

    async fn create_widget(&self, widget: NewWidget) -> Result<Widget> {
        self.writer.execute(widget).await
    }

    async fn widget(&self, id: WidgetId) -> Result<Option<Widget>> {
        self.read(move |connection| find_widget(connection, id)).await
    }

    async fn widgets(&self, company: CompanyId) -> Result<Vec<Widget>> {
        self.read(move |connection| {
            connection.list(
                "SELECT * FROM widget WHERE company_id = ?1 ORDER BY id",
                params![company.0],
                rows::widget,
            )
        })
        .await
    }

    async fn change_widget(&self, company: CompanyId, id: WidgetId, change: WidgetChange) -> Result<Widget> {
        self.writer.execute(ChangeWidget { company, id, change }).await
    }

    async fn set_identity_secret(&self, company: CompanyId, id: WidgetId, secret: &Token) -> Result<()> {
        self.writer.execute(SetIdentitySecret { company, id, secret: secret.clone() }).await
    }

    async fn identity_secret(&self, id: WidgetId) -> Result<Option<Token>> {
        self.read(move |connection| {
            let secret: Option<Option<String>> =
                connection.find("SELECT identity_secret FROM widget WHERE id = ?1", params![id.0], first)?;
            Ok(secret.flatten().as_deref().map(Token::from_client))
        })
        .await
    }

    async fn outlet(&self, company: CompanyId, code: Option<&str>) -> Result<Option<Outlet>> {
        let code = code.map(str::to_owned);
        self.read(move |connection| connection.find("SELECT num, code, name FROM outlet WHERE company_id = ?1 AND (?2 IS NULL OR code = ?2) ORDER BY num LIMIT 1", params![company.0, code], |row| Ok(Outlet { num: row.get("num")?, code: row.get("code")?, name: row.get("name")? }))).await
    }

    async fn create_webhook(&self, webhook: NewWebhook) -> Result<Webhook> {
        self.writer.execute(webhook).await
    }

    async fn webhooks(&self, company: CompanyId) -> Result<Vec<Webhook>> {
        self.read(move |connection| {
            connection.list(
                "SELECT * FROM webhook WHERE company_id = ?1 ORDER BY num",
                params![company.0],
                rows::webhook,
            )
        })
        .await
    }

    async fn all_webhooks(&self) -> Result<Vec<Webhook>> {
        self.read(move |connection| connection.list("SELECT * FROM webhook ORDER BY num", [], rows::webhook))
            .await
    }

    async fn delete_webhook(&self, company: CompanyId, id: Uuid) -> Result<bool> {
        self.writer.execute(DeleteWebhook { company, id }).await
    }
}

macro_rules! select_company {
    ($rest:literal) => {
        concat!(
            "SELECT y.*, (SELECT url FROM webhook w WHERE w.company_id = y.id AND w.format = 'pact') AS webhook_url ",
            "FROM company y ",
            $rest
        )
    };
}
use select_company;

// A token without an agent of its own acts as the company's first.
macro_rules! select_token {
    ($rest:literal $(, $columns:literal)?) => {
        concat!(
            "SELECT t.id, t.company_id, t.name, t.scope, t.secret_hash, t.created_at, t.last_used_at, t.revoked_at, ",
            "y.num AS company_num, y.property_code, y.plan, g.id AS agent_id, g.name AS agent_name",
            $($columns,)?
            " FROM api_token t JOIN company y ON y.id = t.company_id ",
            "JOIN agent g ON g.id = coalesce(t.agent_id, ",
            "(SELECT f.id FROM agent f WHERE f.company_id = t.company_id ORDER BY f.num LIMIT 1)) ",
            $rest
        )
    };
}
pub(super) use select_token;

impl Command for NewCompany {
    type Output = ();

    fn apply(self, tx: &mut Tx<'_>) -> Result<()> {
        let n_inserted = tx.connection.run("INSERT INTO company (id, parent_id, name, phone, description, property_code, plan, created_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (id) DO NOTHING", params![self.id.0, self.parent.map(|id| id.0), &self.name, self.phone, self.description, self.property_code, self.plan.word(), self.at.0]).map_err(|error| unless_unique(error, "a company with this property code"))?;
        if n_inserted == 0 {
            return Ok(());
        }
        tx.connection.run("INSERT INTO agent (id, company_id, name, role, status, created_at) VALUES (?2, ?1, ?3, 'owner', 'live', ?4)", params![self.id.0, self.agent.0, self.agent_name, self.at.0])?;
        tx.connection.run("INSERT INTO channel (id, company_id, kind, is_default, created_at) VALUES (?3, ?1, 'widget', 1, ?2)", params![self.id.0, self.at.0, self.channel])?;
        tx.connection.run(
            "INSERT INTO outlet (company_id, code, name) VALUES (?1, 'MAIN', ?2)",
            params![self.id.0, self.name],
        )?;
        match self.widget {
            Some(widget) => NewWidget { widget, at: self.at }.apply(tx).map(drop),
            None => Ok(()),
        }
    }
}

struct ChangeCompany {
    id: CompanyId,
    change: CompanyChange,
}

impl Command for ChangeCompany {
    type Output = Company;

    fn apply(self, tx: &mut Tx<'_>) -> Result<Company> {
        let Self { id, change } = self;
        tx.connection.run("UPDATE company SET name = coalesce(?2, name), phone = CASE WHEN ?3 THEN ?4 ELSE phone END,
                    description = CASE WHEN ?5 THEN ?6 ELSE description END, is_hidden = coalesce(?7, is_hidden),
                    plan = coalesce(?8, plan)
             WHERE id = ?1", params![id.0, change.name, change.phone.is_some(), change.phone.flatten(), change.description.is_some(), change.description.flatten(), change.is_hidden, change.plan.map(Word::word)])?;
        match change.webhook {
            None => {}
            Some(None) => {
                tx.connection
                    .run("DELETE FROM webhook WHERE company_id = ?1 AND format = 'pact'", params![id.0])?;
            }
            Some(Some(webhook)) => set_pact_webhook(tx, id, webhook)?,
        }
        tx.connection
            .find(select_company!("WHERE y.id = ?1"), params![id.0], rows::company)?
            .ok_or(Error::NotFound)
    }
}

/// Sends Pact's webhooks somewhere else, or makes the first one. What was still to be delivered is kept.
fn set_pact_webhook(tx: &mut Tx<'_>, company: CompanyId, webhook: NewWebhook) -> Result<()> {
    let n_moved = tx.connection.run(
        "UPDATE webhook SET url = ?2 WHERE company_id = ?1 AND format = 'pact'",
        params![company.0, &webhook.url],
    )?;
    if n_moved == 0 {
        NewWebhook { company, format: WebhookFormat::Pact, ..webhook }.apply(tx)?;
    }
    Ok(())
}

impl Command for NewAgent {
    type Output = Agent;

    fn apply(self, tx: &mut Tx<'_>) -> Result<Agent> {
        tx.connection
            .find(
                "INSERT INTO agent (id, company_id, name, email, role, avatar_url, status, created_at)
             SELECT ?1, id, ?3, ?4, ?5, ?6, 'offline', ?7 FROM company WHERE id = ?2 RETURNING *",
                params![
                    self.id.0,
                    self.company.0,
                    self.name,
                    self.email,
                    self.role,
                    self.avatar_url,
                    self.at.0
                ],
                rows::agent,
            )?
            .ok_or(Error::NotFound)
    }
}

pub(super) fn find_agent(
    connection: &Connection,
    company: CompanyId,
    agent: AgentRef,
) -> Result<Option<Agent>> {
    match agent {
        AgentRef::Id(id) => connection.find(
            "SELECT * FROM agent WHERE company_id = ?1 AND id = ?2 AND revoked_at IS NULL",
            params![company.0, id.0],
            rows::agent,
        ),
        AgentRef::Num(num) => connection.find(
            "SELECT * FROM agent WHERE company_id = ?1 AND num = ?2 AND revoked_at IS NULL",
            params![company.0, num],
            rows::agent,
        ),
    }
}

struct ChangeAgent {
    company: CompanyId,
    agent: AgentRef,
    change: AgentChange,
}

impl Command for ChangeAgent {
    type Output = Agent;

    fn apply(self, tx: &mut Tx<'_>) -> Result<Agent> {
        let Self { company, agent, change } = self;
        let agent = find_agent(tx.connection, company, agent)?.ok_or(Error::NotFound)?;
        let agent = Agent {
            name: change.name.unwrap_or(agent.name),
            email: change.email.unwrap_or(agent.email),
            role: change.role.unwrap_or(agent.role),
            avatar_url: change.avatar_url.unwrap_or(agent.avatar_url),
            ..agent
        };
        tx.connection.run(
            "UPDATE agent SET name = ?2, email = ?3, role = ?4, avatar_url = ?5 WHERE id = ?1",
            params![agent.id.0, &agent.name, &agent.email, &agent.role, &agent.avatar_url],
        )?;
        Ok(agent)
    }
}

struct SetPresence {
    company: CompanyId,
    agent: AgentRef,
    presence: Presence,
}

impl Command for SetPresence {
    type Output = Agent;

    fn apply(self, tx: &mut Tx<'_>) -> Result<Agent> {
        let agent = find_agent(tx.connection, self.company, self.agent)?.ok_or(Error::NotFound)?;
        tx.connection
            .run("UPDATE agent SET status = ?2 WHERE id = ?1", params![agent.id.0, self.presence.word()])?;
        Ok(Agent { presence: self.presence, ..agent })
    }
}

struct RevokeAgent {
    company: CompanyId,
    agent: AgentRef,
    at: Timestamp,
}

impl Command for RevokeAgent {
    type Output = Vec<Uuid>;

    fn apply(self, tx: &mut Tx<'_>) -> Result<Vec<Uuid>> {
        let agent = find_agent(tx.connection, self.company, self.agent)?.ok_or(Error::NotFound)?;
        tx.connection.run(
            "UPDATE agent SET revoked_at = ?2, status = 'offline' WHERE id = ?1",
            params![agent.id.0, self.at.0],
        )?;
        tx.connection.list("UPDATE api_token SET revoked_at = ?3 WHERE company_id = ?1 AND agent_id = ?2 AND revoked_at IS NULL
             RETURNING id", params![self.company.0, agent.id.0, self.at.0], first)
    }
}

impl Command for NewApiToken {
    type Output = ();

    fn apply(self, tx: &mut Tx<'_>) -> Result<()> {
        let n_inserted = tx.connection.run(
            "INSERT INTO api_token (id, company_id, agent_id, name, scope, secret_hash, created_at)
             SELECT ?1, id, ?3, ?4, ?5, ?6, ?7 FROM company WHERE id = ?2",
            params![
                self.id,
                self.company.0,
                self.agent.map(|id| id.0),
                self.name,
                self.scope.word(),
                self.secret_hash,
                self.at.0
            ],
        )?;
        if n_inserted == 0 { Err(Error::NotFound) } else { Ok(()) }
    }
}

impl Command for NewAccessToken {
    type Output = ();

    fn apply(self, tx: &mut Tx<'_>) -> Result<()> {
        if let Some(spent) = self.spent {
            let n_spent = tx.connection.run(
                "UPDATE access_token SET refresh_hash = NULL, kept_until = expires_at
                 WHERE refresh_hash = ?1 AND token_id = ?2 AND kept_until > ?3",
                params![spent, self.token, self.at.0],
            )?;
            if n_spent == 0 {
                return Err(Error::TokenInvalid);
            }
        }
        tx.connection.run("DELETE FROM access_token WHERE kept_until <= ?1", params![self.at.0])?;
        tx.connection.run(
            "INSERT INTO access_token (hash, refresh_hash, token_id, expires_at, kept_until)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![self.hash, self.refresh_hash, self.token, self.expires_at.0, self.refresh_expires_at.0],
        )?;
        Ok(())
    }
}

struct NoteTokenUsed {
    id: Uuid,
    at: Timestamp,
}

impl Command for NoteTokenUsed {
    type Output = ();

    fn apply(self, tx: &mut Tx<'_>) -> Result<()> {
        tx.connection
            .run("UPDATE api_token SET last_used_at = ?2 WHERE id = ?1", params![self.id, self.at.0])?;
        Ok(())
    }
}

struct RevokeToken {
    id: Uuid,
    at: Timestamp,
}

impl Command for RevokeToken {
    type Output = bool;

    fn apply(self, tx: &mut Tx<'_>) -> Result<bool> {
        let n_revoked = tx.connection.run(
            "UPDATE api_token SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL",
            params![self.id, self.at.0],
        )?;
        Ok(n_revoked > 0)
    }
}

impl Command for NewChannel {
    type Output = Channel;

    fn apply(self, tx: &mut Tx<'_>) -> Result<Channel> {
        let config = serde_json::to_string(&self.config).map_err(Error::internal)?;
        let n_inserted = tx.connection.run("INSERT INTO channel (id, company_id, kind, config, is_default, created_at)
             SELECT ?1, y.id, ?3, ?4,
                    NOT EXISTS (SELECT 1 FROM channel WHERE company_id = ?2 AND is_default AND deleted_at IS NULL), ?5
             FROM company y WHERE y.id = ?2", params![self.id, self.company.0, self.kind.word(), config, self.at.0]).map_err(|error| unless_unique(error, "a channel of this kind"))?;
        if n_inserted == 0 {
            return Err(Error::NotFound);
        }
        find_channel(tx.connection, self.company, ChannelChoice::Id(self.id))?.ok_or(Error::NotFound)
    }
}

pub(super) fn find_channel(
    connection: &Connection,
    company: CompanyId,
    channel: ChannelChoice,
) -> Result<Option<Channel>> {
    macro_rules! select {
        ($condition:literal) => {
            concat!("SELECT * FROM channel WHERE company_id = ?1 AND deleted_at IS NULL AND ", $condition)
        };
    }
    match channel {
        ChannelChoice::Default => {
            connection.find(select!("is_default LIMIT 1"), params![company.0], rows::channel)
        }
        ChannelChoice::Id(id) => connection.find(select!("id = ?2"), params![company.0, id], rows::channel),
        ChannelChoice::Num(num) => {
            connection.find(select!("num = ?2"), params![company.0, num], rows::channel)
        }
        ChannelChoice::Kind(kind) => {
            connection.find(select!("kind = ?2"), params![company.0, kind.word()], rows::channel)
        }
    }
}

struct ChangeChannel {
    company: CompanyId,
    id: Uuid,
    change: ChannelChange,
}

impl Command for ChangeChannel {
    type Output = Channel;

    fn apply(self, tx: &mut Tx<'_>) -> Result<Channel> {
        let config = self
            .change
            .config
            .map(|config| serde_json::to_string(&config))
            .transpose()
            .map_err(Error::internal)?;
        tx.connection
            .find(
                "UPDATE channel SET config = coalesce(?3, config), is_active = coalesce(?4, is_active)
             WHERE company_id = ?1 AND id = ?2 AND deleted_at IS NULL RETURNING *",
                params![self.company.0, self.id, config, self.change.is_active],
                rows::channel,
            )?
            .ok_or(Error::NotFound)
    }
}

struct DeleteChannel {
    company: CompanyId,
    id: Uuid,
    at: Timestamp,
}

impl Command for DeleteChannel {
    type Output = ();

    fn apply(self, tx: &mut Tx<'_>) -> Result<()> {
        let channel = find_channel(tx.connection, self.company, ChannelChoice::Id(self.id))?;
        if channel.ok_or(Error::NotFound)?.is_default {
            return Err(Error::ChannelUnusable("the company's default channel can't be deleted"));
        }
        tx.connection.run(
            "UPDATE channel SET deleted_at = ?2, is_active = 0 WHERE id = ?1",
            params![self.id, self.at.0],
        )?;
        Ok(())
    }
}

/// The company's channel of a kind; made if there is none.
pub(super) struct EnsureChannel {
    pub company: CompanyId,
    pub kind: ChannelKind,
    pub id: Uuid,
    pub at: Timestamp,
}

impl Command for EnsureChannel {
    type Output = Channel;

    fn apply(self, tx: &mut Tx<'_>) -> Result<Channel> {
        let Self { company, kind, id, at } = self;
        match find_channel(tx.connection, company, ChannelChoice::Kind(kind))? {
            Some(channel) => Ok(channel),
            None => NewChannel { id, company, kind, config: serde_json::Map::new(), at }.apply(tx),
        }
    }
}

impl Command for NewWidget {
    type Output = Widget;

    fn apply(self, tx: &mut Tx<'_>) -> Result<Widget> {
        let Self { widget, at } = self;
        let channel =
            EnsureChannel { company: widget.company, kind: ChannelKind::Widget, id: widget.channel, at }
                .apply(tx)?;
        tx.connection.run("INSERT INTO widget (id, company_id, channel_id, name, domain, allowed_domains, heading, tagline, color,
                                 logo_url, show_online_badge, options, config, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)", params![widget.id.0, widget.company.0, channel.id, widget.name, widget.domain, to_json(&widget.allowed_domains)?, widget.heading, widget.tagline, widget.color, widget.logo_url, widget.show_online_badge, to_json(&widget.options)?, to_json(&widget.config)?, at.0]).map_err(|error| unless_unique(error, "a widget for this domain"))?;
        find_widget(tx.connection, widget.id)?.ok_or(Error::NotFound)
    }
}

struct ChangeWidget {
    company: CompanyId,
    id: WidgetId,
    change: WidgetChange,
}

impl Command for ChangeWidget {
    type Output = Widget;

    fn apply(self, tx: &mut Tx<'_>) -> Result<Widget> {
        let before = find_widget(tx.connection, self.id)?.filter(|widget| widget.company == self.company);
        let widget = before.ok_or(Error::NotFound)?.changed(self.change);
        tx.connection.run(
            "UPDATE widget SET name = ?2, allowed_domains = ?3, heading = ?4, tagline = ?5, color = ?6, logo_url = ?7,
                    show_online_badge = ?8, options = ?9, config = ?10
             WHERE id = ?1",
            params![
                widget.id.0,
                widget.name,
                to_json(&widget.allowed_domains)?,
                widget.heading,
                widget.tagline,
                widget.color,
                widget.logo_url,
                widget.show_online_badge,
                to_json(&widget.options)?,
                to_json(&widget.config)?
            ],
        )?;
        Ok(widget)
    }
}

struct SetIdentitySecret {
    company: CompanyId,
    id: WidgetId,
    secret: Token,
}

impl Command for SetIdentitySecret {
    type Output = ();

    fn apply(self, tx: &mut Tx<'_>) -> Result<()> {
        let n_changed = tx.connection.run(
            "UPDATE widget SET identity_secret = ?3 WHERE id = ?1 AND company_id = ?2",
            params![self.id.0, self.company.0, self.secret.reveal()],
        )?;
        if n_changed == 0 { Err(Error::NotFound) } else { Ok(()) }
    }
}

fn to_json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(Error::internal)
}

fn find_widget(connection: &Connection, id: WidgetId) -> Result<Option<Widget>> {
    connection.find("SELECT * FROM widget WHERE id = ?1", params![id.0], rows::widget)
}

impl Command for NewWebhook {
    type Output = Webhook;

    fn apply(self, tx: &mut Tx<'_>) -> Result<Webhook> {
        let read_rev = head_rev(tx.connection, self.company)?;
        tx.connection
            .find(
                "INSERT INTO webhook (id, company_id, format, url, secret, events, read_rev, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) RETURNING *",
                params![
                    self.id,
                    self.company.0,
                    self.format.word(),
                    self.url,
                    self.secret,
                    to_json(&self.events)?,
                    read_rev,
                    self.at.0
                ],
                rows::webhook,
            )?
            .ok_or(Error::NotFound)
    }
}

struct DeleteWebhook {
    company: CompanyId,
    id: Uuid,
}

impl Command for DeleteWebhook {
    type Output = bool;

    fn apply(self, tx: &mut Tx<'_>) -> Result<bool> {
        let n_deleted = tx
            .connection
            .run("DELETE FROM webhook WHERE company_id = ?1 AND id = ?2", params![self.company.0, self.id])?;
        Ok(n_deleted > 0)
    }
}
