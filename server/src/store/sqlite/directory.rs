//! Companies, agents, API tokens, channels, widgets, outlets, webhooks.

use super::{
    SqliteStore, head_rev,
    rows::{self, Word},
    writer::{Command, Tx},
};
use crate::{
    domain::{
        Agent, AgentRef, ApiToken, Channel, ChannelChange, ChannelChoice, ChannelKind, Company,
        CompanyChange, Error, Hash, NewAccessToken, NewAgent, NewApiToken, NewChannel, NewCompany,
        NewWebhook, NewWidget, Outlet, Presence, Result, Webhook, WebhookFormat, Widget,
    },
    store::DirectoryStore,
};
use async_trait::async_trait;
use shared::{CompanyId, Timestamp, WidgetId};
use sqlx::{Row, SqliteConnection};
use uuid::Uuid;

#[async_trait]
impl DirectoryStore for SqliteStore {
    async fn create_company(&self, company: NewCompany) -> Result<()> {
        self.writer.execute(company).await
    }

    async fn company(&self, id: CompanyId) -> Result<Option<Company>> {
        let row =
            sqlx::query(select_company!("WHERE y.id = $1")).bind(id.0).fetch_optional(&self.readers).await?;
        row.as_ref().map(rows::company).transpose()
    }

    async fn company_by_num(&self, actor: CompanyId, num: i64) -> Result<Option<Company>> {
        let row = sqlx::query(select_company!("WHERE y.num = $1 AND (y.id = $2 OR y.parent_id = $2)"))
            .bind(num)
            .bind(actor.0)
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(rows::company).transpose()
    }

    async fn company_by_property(&self, property_code: &str) -> Result<Option<Company>> {
        let row = sqlx::query(select_company!("WHERE y.property_code = $1"))
            .bind(property_code)
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(rows::company).transpose()
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
                "WHERE ($1 IS NULL OR y.id = $1 OR y.parent_id = $1) AND y.num < $2 ORDER BY y.num DESC LIMIT $3"
            )
        } else {
            select_company!(
                "WHERE ($1 IS NULL OR y.id = $1 OR y.parent_id = $1) AND y.num > $2 ORDER BY y.num LIMIT $3"
            )
        };
        let rows = sqlx::query(sql)
            .bind(actor.map(|id| id.0))
            .bind(after.unwrap_or(if is_descending { i64::MAX } else { 0 }))
            .bind(limit)
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(rows::company).collect()
    }

    async fn change_company(&self, id: CompanyId, change: CompanyChange) -> Result<Company> {
        self.writer.execute(ChangeCompany { id, change }).await
    }

    async fn create_agent(&self, agent: NewAgent) -> Result<Agent> {
        self.writer.execute(agent).await
    }

    async fn agents(&self, company: CompanyId) -> Result<Vec<Agent>> {
        let rows =
            sqlx::query("SELECT * FROM agent WHERE company_id = $1 AND revoked_at IS NULL ORDER BY num")
                .bind(company.0)
                .fetch_all(&self.readers)
                .await?;
        rows.iter().map(rows::agent).collect()
    }

    async fn agent(&self, company: CompanyId, agent: AgentRef) -> Result<Option<Agent>> {
        let mut connection = self.readers.acquire().await?;
        find_agent(&mut connection, company, agent).await
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
        let row =
            sqlx::query(select_token!("WHERE t.id = $1")).bind(id).fetch_optional(&self.readers).await?;
        row.as_ref().map(rows::api_token).transpose()
    }

    async fn api_tokens(&self, company: CompanyId) -> Result<Vec<ApiToken>> {
        let rows = sqlx::query(select_token!("WHERE t.company_id = $1 ORDER BY t.created_at, t.id"))
            .bind(company.0)
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(rows::api_token).collect()
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
        let row = sqlx::query(select_token!(
            "JOIN access_token x ON x.token_id = t.id WHERE x.hash = $1",
            ", x.expires_at"
        ))
        .bind(hash.to_vec())
        .fetch_optional(&self.readers)
        .await?;
        row.map(|row| Ok((rows::api_token(&row)?, Timestamp(row.try_get("expires_at")?)))).transpose()
    }

    async fn create_channel(&self, channel: NewChannel) -> Result<Channel> {
        self.writer.execute(channel).await
    }

    async fn channels(&self, company: CompanyId) -> Result<Vec<Channel>> {
        let rows =
            sqlx::query("SELECT * FROM channel WHERE company_id = $1 AND deleted_at IS NULL ORDER BY num")
                .bind(company.0)
                .fetch_all(&self.readers)
                .await?;
        rows.iter().map(rows::channel).collect()
    }

    async fn channel(&self, company: CompanyId, channel: ChannelChoice) -> Result<Option<Channel>> {
        let mut connection = self.readers.acquire().await?;
        find_channel(&mut connection, company, channel).await
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
        let row = sqlx::query("SELECT * FROM widget WHERE id = $1")
            .bind(id.0)
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(rows::widget).transpose()
    }

    async fn widgets(&self, company: CompanyId) -> Result<Vec<Widget>> {
        let rows = sqlx::query("SELECT * FROM widget WHERE company_id = $1 ORDER BY id")
            .bind(company.0)
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(rows::widget).collect()
    }

    async fn outlet(&self, company: CompanyId, code: Option<&str>) -> Result<Option<Outlet>> {
        let row = sqlx::query(
            "SELECT num, code, name FROM outlet WHERE company_id = $1 AND ($2 IS NULL OR code = $2) ORDER BY num LIMIT 1",
        )
        .bind(company.0)
        .bind(code)
        .fetch_optional(&self.readers)
        .await?;
        row.map(|row| Ok(Outlet { num: row.try_get(0)?, code: row.try_get(1)?, name: row.try_get(2)? }))
            .transpose()
    }

    async fn create_webhook(&self, webhook: NewWebhook) -> Result<Webhook> {
        self.writer.execute(webhook).await
    }

    async fn webhooks(&self, company: CompanyId) -> Result<Vec<Webhook>> {
        let rows = sqlx::query("SELECT * FROM webhook WHERE company_id = $1 ORDER BY num")
            .bind(company.0)
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(rows::webhook).collect()
    }

    async fn all_webhooks(&self) -> Result<Vec<Webhook>> {
        let rows = sqlx::query("SELECT * FROM webhook ORDER BY num").fetch_all(&self.readers).await?;
        rows.iter().map(rows::webhook).collect()
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

#[async_trait]
impl Command for NewCompany {
    type Output = ();

    async fn apply(self, tx: &mut Tx<'_>) -> Result<()> {
        let inserted = sqlx::query(
            "INSERT INTO company (id, parent_id, name, phone, description, property_code, plan, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING",
        )
        .bind(self.id.0)
        .bind(self.parent.map(|id| id.0))
        .bind(&self.name)
        .bind(self.phone)
        .bind(self.description)
        .bind(self.property_code)
        .bind(self.plan.word())
        .bind(self.at.0)
        .execute(&mut *tx.connection)
        .await
        .map_err(|error| unique(error, "a company with this property code"))?;
        if inserted.rows_affected() == 0 {
            return Ok(());
        }
        sqlx::query(
            "INSERT INTO agent (id, company_id, name, role, status, created_at) VALUES ($2, $1, $3, 'owner', 'live', $4);
             INSERT INTO channel (id, company_id, kind, is_default, created_at) VALUES ($5, $1, 'widget', 1, $4);
             INSERT INTO outlet (company_id, code, name) VALUES ($1, 'MAIN', $6)",
        )
        .bind(self.id.0)
        .bind(self.agent.0)
        .bind(self.agent_name)
        .bind(self.at.0)
        .bind(self.channel)
        .bind(self.name)
        .execute(&mut *tx.connection)
        .await?;
        match self.widget {
            Some(widget) => NewWidget { widget, at: self.at }.apply(tx).await.map(drop),
            None => Ok(()),
        }
    }
}

/// A row that is there already is something to tell; everything else is an error like any other.
fn unique(error: sqlx::Error, what: &'static str) -> Error {
    match &error {
        sqlx::Error::Database(database) if database.is_unique_violation() => Error::AlreadyExists(what),
        _ => error.into(),
    }
}

struct ChangeCompany {
    id: CompanyId,
    change: CompanyChange,
}

#[async_trait]
impl Command for ChangeCompany {
    type Output = Company;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<Company> {
        let Self { id, change } = self;
        sqlx::query(
            "UPDATE company SET name = coalesce($2, name), phone = CASE WHEN $3 THEN $4 ELSE phone END,
                    description = CASE WHEN $5 THEN $6 ELSE description END, is_hidden = coalesce($7, is_hidden),
                    plan = coalesce($8, plan)
             WHERE id = $1",
        )
        .bind(id.0)
        .bind(change.name)
        .bind(change.phone.is_some())
        .bind(change.phone.flatten())
        .bind(change.description.is_some())
        .bind(change.description.flatten())
        .bind(change.is_hidden)
        .bind(change.plan.map(Word::word))
        .execute(&mut *tx.connection)
        .await?;
        match change.webhook {
            None => {}
            Some(None) => {
                sqlx::query("DELETE FROM webhook WHERE company_id = $1 AND format = 'pact'")
                    .bind(id.0)
                    .execute(&mut *tx.connection)
                    .await?;
            }
            Some(Some(webhook)) => set_pact_webhook(tx, id, webhook).await?,
        }
        let row = sqlx::query(select_company!("WHERE y.id = $1"))
            .bind(id.0)
            .fetch_optional(&mut *tx.connection)
            .await?
            .ok_or(Error::NotFound)?;
        rows::company(&row)
    }
}

/// Sends Pact's webhooks somewhere else, or makes the first one. What was still to be delivered is kept.
async fn set_pact_webhook(tx: &mut Tx<'_>, company: CompanyId, webhook: NewWebhook) -> Result<()> {
    let moved = sqlx::query("UPDATE webhook SET url = $2 WHERE company_id = $1 AND format = 'pact'")
        .bind(company.0)
        .bind(&webhook.url)
        .execute(&mut *tx.connection)
        .await?;
    if moved.rows_affected() == 0 {
        NewWebhook { company, format: WebhookFormat::Pact, ..webhook }.apply(tx).await?;
    }
    Ok(())
}

#[async_trait]
impl Command for NewAgent {
    type Output = Agent;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<Agent> {
        let row = sqlx::query(
            "INSERT INTO agent (id, company_id, name, email, role, status, created_at)
             SELECT $1, id, $3, $4, $5, 'offline', $6 FROM company WHERE id = $2 RETURNING *",
        )
        .bind(self.id.0)
        .bind(self.company.0)
        .bind(self.name)
        .bind(self.email)
        .bind(self.role)
        .bind(self.at.0)
        .fetch_optional(&mut *tx.connection)
        .await?
        .ok_or(Error::NotFound)?;
        rows::agent(&row)
    }
}

pub(super) async fn find_agent(
    connection: &mut SqliteConnection,
    company: CompanyId,
    agent: AgentRef,
) -> Result<Option<Agent>> {
    let row = match agent {
        AgentRef::Id(id) => {
            sqlx::query("SELECT * FROM agent WHERE company_id = $1 AND id = $2 AND revoked_at IS NULL")
                .bind(company.0)
                .bind(id.0)
        }
        AgentRef::Num(num) => {
            sqlx::query("SELECT * FROM agent WHERE company_id = $1 AND num = $2 AND revoked_at IS NULL")
                .bind(company.0)
                .bind(num)
        }
    }
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(rows::agent).transpose()
}

struct SetPresence {
    company: CompanyId,
    agent: AgentRef,
    presence: Presence,
}

#[async_trait]
impl Command for SetPresence {
    type Output = Agent;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<Agent> {
        let agent = find_agent(tx.connection, self.company, self.agent).await?.ok_or(Error::NotFound)?;
        sqlx::query("UPDATE agent SET status = $2 WHERE id = $1")
            .bind(agent.id.0)
            .bind(self.presence.word())
            .execute(&mut *tx.connection)
            .await?;
        Ok(Agent { presence: self.presence, ..agent })
    }
}

struct RevokeAgent {
    company: CompanyId,
    agent: AgentRef,
    at: Timestamp,
}

#[async_trait]
impl Command for RevokeAgent {
    type Output = Vec<Uuid>;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<Vec<Uuid>> {
        let agent = find_agent(tx.connection, self.company, self.agent).await?.ok_or(Error::NotFound)?;
        sqlx::query("UPDATE agent SET revoked_at = $2, status = 'offline' WHERE id = $1")
            .bind(agent.id.0)
            .bind(self.at.0)
            .execute(&mut *tx.connection)
            .await?;
        let rows = sqlx::query(
            "UPDATE api_token SET revoked_at = $3 WHERE company_id = $1 AND agent_id = $2 AND revoked_at IS NULL
             RETURNING id",
        )
        .bind(self.company.0)
        .bind(agent.id.0)
        .bind(self.at.0)
        .fetch_all(&mut *tx.connection)
        .await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }
}

#[async_trait]
impl Command for NewApiToken {
    type Output = ();

    async fn apply(self, tx: &mut Tx<'_>) -> Result<()> {
        let inserted = sqlx::query(
            "INSERT INTO api_token (id, company_id, agent_id, name, scope, secret_hash, created_at)
             SELECT $1, id, $3, $4, $5, $6, $7 FROM company WHERE id = $2",
        )
        .bind(self.id)
        .bind(self.company.0)
        .bind(self.agent.map(|id| id.0))
        .bind(self.name)
        .bind(self.scope.word())
        .bind(self.secret_hash.to_vec())
        .bind(self.at.0)
        .execute(&mut *tx.connection)
        .await?;
        if inserted.rows_affected() == 0 { Err(Error::NotFound) } else { Ok(()) }
    }
}

#[async_trait]
impl Command for NewAccessToken {
    type Output = ();

    async fn apply(self, tx: &mut Tx<'_>) -> Result<()> {
        if let Some(spent) = self.spent {
            let spent = sqlx::query(
                "UPDATE access_token SET refresh_hash = NULL, kept_until = expires_at
                 WHERE refresh_hash = $1 AND token_id = $2 AND kept_until > $3",
            )
            .bind(spent.to_vec())
            .bind(self.token)
            .bind(self.at.0)
            .execute(&mut *tx.connection)
            .await?;
            if spent.rows_affected() == 0 {
                return Err(Error::TokenInvalid);
            }
        }
        sqlx::query(
            "DELETE FROM access_token WHERE kept_until <= $6;
             INSERT INTO access_token (hash, refresh_hash, token_id, expires_at, kept_until)
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(self.hash.to_vec())
        .bind(self.refresh_hash.to_vec())
        .bind(self.token)
        .bind(self.expires_at.0)
        .bind(self.refresh_expires_at.0)
        .bind(self.at.0)
        .execute(&mut *tx.connection)
        .await?;
        Ok(())
    }
}

struct NoteTokenUsed {
    id: Uuid,
    at: Timestamp,
}

#[async_trait]
impl Command for NoteTokenUsed {
    type Output = ();

    async fn apply(self, tx: &mut Tx<'_>) -> Result<()> {
        sqlx::query("UPDATE api_token SET last_used_at = $2 WHERE id = $1")
            .bind(self.id)
            .bind(self.at.0)
            .execute(&mut *tx.connection)
            .await?;
        Ok(())
    }
}

struct RevokeToken {
    id: Uuid,
    at: Timestamp,
}

#[async_trait]
impl Command for RevokeToken {
    type Output = bool;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<bool> {
        let result = sqlx::query("UPDATE api_token SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL")
            .bind(self.id)
            .bind(self.at.0)
            .execute(&mut *tx.connection)
            .await?;
        Ok(result.rows_affected() > 0)
    }
}

#[async_trait]
impl Command for NewChannel {
    type Output = Channel;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<Channel> {
        let config = serde_json::to_string(&self.config).map_err(Error::internal)?;
        let row = sqlx::query(
            "INSERT INTO channel (id, company_id, kind, config, is_default, created_at)
             SELECT $1, y.id, $3, $4,
                    NOT EXISTS (SELECT 1 FROM channel WHERE company_id = $2 AND is_default AND deleted_at IS NULL), $5
             FROM company y WHERE y.id = $2 RETURNING *",
        )
        .bind(self.id)
        .bind(self.company.0)
        .bind(self.kind.word())
        .bind(config)
        .bind(self.at.0)
        .fetch_optional(&mut *tx.connection)
        .await
        .map_err(|error| unique(error, "a channel of this kind"))?
        .ok_or(Error::NotFound)?;
        rows::channel(&row)
    }
}

pub(super) async fn find_channel(
    connection: &mut SqliteConnection,
    company: CompanyId,
    channel: ChannelChoice,
) -> Result<Option<Channel>> {
    let row = match channel {
        ChannelChoice::Default => sqlx::query(
            "SELECT * FROM channel WHERE company_id = $1 AND deleted_at IS NULL AND is_default LIMIT 1",
        )
        .bind(company.0),
        ChannelChoice::Id(id) => {
            sqlx::query("SELECT * FROM channel WHERE company_id = $1 AND deleted_at IS NULL AND id = $2")
                .bind(company.0)
                .bind(id)
        }
        ChannelChoice::Num(num) => {
            sqlx::query("SELECT * FROM channel WHERE company_id = $1 AND deleted_at IS NULL AND num = $2")
                .bind(company.0)
                .bind(num)
        }
        ChannelChoice::Kind(kind) => {
            sqlx::query("SELECT * FROM channel WHERE company_id = $1 AND deleted_at IS NULL AND kind = $2")
                .bind(company.0)
                .bind(kind.word())
        }
    }
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(rows::channel).transpose()
}

struct ChangeChannel {
    company: CompanyId,
    id: Uuid,
    change: ChannelChange,
}

#[async_trait]
impl Command for ChangeChannel {
    type Output = Channel;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<Channel> {
        let config = self
            .change
            .config
            .map(|config| serde_json::to_string(&config))
            .transpose()
            .map_err(Error::internal)?;
        let row = sqlx::query(
            "UPDATE channel SET config = coalesce($3, config), is_active = coalesce($4, is_active)
             WHERE company_id = $1 AND id = $2 AND deleted_at IS NULL RETURNING *",
        )
        .bind(self.company.0)
        .bind(self.id)
        .bind(config)
        .bind(self.change.is_active)
        .fetch_optional(&mut *tx.connection)
        .await?
        .ok_or(Error::NotFound)?;
        rows::channel(&row)
    }
}

struct DeleteChannel {
    company: CompanyId,
    id: Uuid,
    at: Timestamp,
}

#[async_trait]
impl Command for DeleteChannel {
    type Output = ();

    async fn apply(self, tx: &mut Tx<'_>) -> Result<()> {
        let channel = find_channel(tx.connection, self.company, ChannelChoice::Id(self.id)).await?;
        if channel.ok_or(Error::NotFound)?.is_default {
            return Err(Error::ChannelUnusable("the company's default channel can't be deleted"));
        }
        sqlx::query("UPDATE channel SET deleted_at = $2, is_active = 0 WHERE id = $1")
            .bind(self.id)
            .bind(self.at.0)
            .execute(&mut *tx.connection)
            .await?;
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

#[async_trait]
impl Command for EnsureChannel {
    type Output = Channel;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<Channel> {
        let Self { company, kind, id, at } = self;
        match find_channel(tx.connection, company, ChannelChoice::Kind(kind)).await? {
            Some(channel) => Ok(channel),
            None => NewChannel { id, company, kind, config: serde_json::Map::new(), at }.apply(tx).await,
        }
    }
}

#[async_trait]
impl Command for NewWidget {
    type Output = Widget;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<Widget> {
        let Self { widget, at } = self;
        let channel =
            EnsureChannel { company: widget.company, kind: ChannelKind::Widget, id: widget.channel, at }
                .apply(tx)
                .await?;
        let row = sqlx::query(
            "INSERT INTO widget (id, company_id, channel_id, name, domain, allowed_domains, heading, tagline, color,
                                 logo_url, show_online_badge, config, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING *",
        )
        .bind(widget.id.0)
        .bind(widget.company.0)
        .bind(channel.id)
        .bind(widget.name)
        .bind(widget.domain)
        .bind(serde_json::to_string(&widget.allowed_domains).map_err(Error::internal)?)
        .bind(widget.heading)
        .bind(widget.tagline)
        .bind(widget.color)
        .bind(widget.logo_url)
        .bind(widget.show_online_badge)
        .bind(serde_json::to_string(&widget.config).map_err(Error::internal)?)
        .bind(at.0)
        .fetch_one(&mut *tx.connection)
        .await
        .map_err(|error| unique(error, "a widget for this domain"))?;
        rows::widget(&row)
    }
}

#[async_trait]
impl Command for NewWebhook {
    type Output = Webhook;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<Webhook> {
        let read_rev = head_rev(tx.connection, self.company).await?;
        let row = sqlx::query(
            "INSERT INTO webhook (id, company_id, format, url, secret, events, read_rev, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING *",
        )
        .bind(self.id)
        .bind(self.company.0)
        .bind(self.format.word())
        .bind(self.url)
        .bind(self.secret)
        .bind(serde_json::to_string(&self.events).map_err(Error::internal)?)
        .bind(read_rev)
        .bind(self.at.0)
        .fetch_one(&mut *tx.connection)
        .await?;
        rows::webhook(&row)
    }
}

struct DeleteWebhook {
    company: CompanyId,
    id: Uuid,
}

#[async_trait]
impl Command for DeleteWebhook {
    type Output = bool;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<bool> {
        let result = sqlx::query("DELETE FROM webhook WHERE company_id = $1 AND id = $2")
            .bind(self.company.0)
            .bind(self.id)
            .execute(&mut *tx.connection)
            .await?;
        Ok(result.rows_affected() > 0)
    }
}
