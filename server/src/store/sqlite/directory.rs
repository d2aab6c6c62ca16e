//! Companies, agents, channels, widgets, API tokens.

use super::writer::{Command, Tx};
use crate::domain::{ApiToken, Company, Error, Hash, NewApiToken, NewCompany, Result, Widget};
use async_trait::async_trait;
use shared::{AgentId, CompanyId, WidgetId};
use sqlx::{Row, SqlitePool};
use uuid::Uuid;

#[async_trait]
impl Command for NewCompany {
    type Output = ();

    async fn apply(self, tx: &mut Tx<'_>) -> Result<()> {
        let domains = serde_json::to_string(&self.widget.allowed_domains).map_err(Error::internal)?;
        sqlx::query(
            "INSERT INTO company (id, name, property_code, plan, created_at) VALUES ($1, $2, $3, 'test', $4)
                 ON CONFLICT (id) DO NOTHING;
             INSERT INTO agent (id, company_id, name, status, created_at) VALUES ($5, $1, $6, 'live', $4)
                 ON CONFLICT (id) DO NOTHING;
             INSERT INTO channel (id, company_id, kind, is_default, created_at) VALUES ($7, $1, 'widget', 1, $4)
                 ON CONFLICT (id) DO NOTHING;
             INSERT INTO widget (id, company_id, channel_id, allowed_domains, heading, tagline, color, logo_url,
                                 show_online_badge, created_at)
                 VALUES ($8, $1, $7, $9, $10, $11, $12, $13, $14, $4)
                 ON CONFLICT (id) DO NOTHING",
        )
        .bind(self.id.0)
        .bind(self.name)
        .bind(self.property_code)
        .bind(self.at.0)
        .bind(self.agent.0)
        .bind(self.agent_name)
        .bind(self.widget.channel)
        .bind(self.widget.id.0)
        .bind(domains)
        .bind(self.widget.heading)
        .bind(self.widget.tagline)
        .bind(self.widget.color)
        .bind(self.widget.logo_url)
        .bind(self.widget.show_online_badge)
        .execute(&mut *tx.connection)
        .await?;
        Ok(())
    }
}

#[async_trait]
impl Command for NewApiToken {
    type Output = ();

    async fn apply(self, tx: &mut Tx<'_>) -> Result<()> {
        sqlx::query(
            "INSERT INTO api_token (id, company_id, agent_id, name, secret_hash, created_at)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(self.id)
        .bind(self.company.0)
        .bind(self.agent.map(|id| id.0))
        .bind(self.name)
        .bind(self.secret_hash.to_vec())
        .bind(self.at.0)
        .execute(&mut *tx.connection)
        .await?;
        Ok(())
    }
}

pub(super) async fn company(pool: &SqlitePool, id: CompanyId) -> Result<Option<Company>> {
    let row = sqlx::query("SELECT num, name, property_code FROM company WHERE id = $1")
        .bind(id.0)
        .fetch_optional(pool)
        .await?;
    row.map(|row| {
        Ok(Company {
            id,
            num: row.try_get("num")?,
            name: row.try_get("name")?,
            property_code: row.try_get("property_code")?,
        })
    })
    .transpose()
}

pub(super) async fn widget(pool: &SqlitePool, id: WidgetId) -> Result<Option<Widget>> {
    let row = sqlx::query("SELECT * FROM widget WHERE id = $1").bind(id.0).fetch_optional(pool).await?;
    row.map(|row| {
        Ok(Widget {
            id,
            company: CompanyId(row.try_get("company_id")?),
            channel: row.try_get("channel_id")?,
            allowed_domains: serde_json::from_str(row.try_get("allowed_domains")?)
                .map_err(Error::internal)?,
            heading: row.try_get("heading")?,
            tagline: row.try_get("tagline")?,
            color: row.try_get("color")?,
            logo_url: row.try_get("logo_url")?,
            show_online_badge: row.try_get("show_online_badge")?,
        })
    })
    .transpose()
}

pub(super) async fn api_token(pool: &SqlitePool, id: Uuid) -> Result<Option<ApiToken>> {
    let row =
        sqlx::query("SELECT company_id, agent_id, secret_hash, revoked_at FROM api_token WHERE id = $1")
            .bind(id)
            .fetch_optional(pool)
            .await?;
    row.map(|row| {
        Ok(ApiToken {
            company: CompanyId(row.try_get("company_id")?),
            agent: row.try_get::<Option<Uuid>, _>("agent_id")?.map(AgentId),
            secret_hash: Hash::try_from(row.try_get::<&[u8], _>("secret_hash")?).map_err(Error::internal)?,
            is_revoked: row.try_get::<Option<i64>, _>("revoked_at")?.is_some(),
        })
    })
    .transpose()
}
