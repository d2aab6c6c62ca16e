//! Visitor sessions.

use super::{
    SqliteStore, customers,
    directory::select_token,
    rows,
    writer::{Command, Tx},
};
use crate::{
    domain::{
        ApiToken, GuestSession, Hash, NewTokens, Result, VisitorSession,
        session::{PresentedRefresh, Renewal, renew},
    },
    store::{NewSession, SessionStore},
};
use async_trait::async_trait;
use shared::Timestamp;
use sqlx::Row;
use uuid::Uuid;

#[async_trait]
impl SessionStore for SqliteStore {
    async fn create_session(&self, session: NewSession) -> Result<()> {
        self.writer.execute(session).await
    }

    async fn session_by_access(&self, access_hash: Hash) -> Result<Option<VisitorSession>> {
        let row = sqlx::query("SELECT * FROM visitor_session WHERE access_hash = $1")
            .bind(access_hash.to_vec())
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(rows::session).transpose()
    }

    async fn note_session_used(&self, session: Uuid) -> Result<()> {
        self.writer.execute(NoteUsed { session }).await
    }

    async fn renew_session(
        &self,
        refresh_hash: Hash,
        tokens: NewTokens,
        now: Timestamp,
    ) -> Result<Option<(VisitorSession, Renewal)>> {
        self.writer.execute(Renew { refresh_hash, tokens, now }).await
    }

    async fn create_guest_session(&self, session: GuestSession, at: Timestamp) -> Result<()> {
        self.writer.execute(NewGuestSession { session, at }).await
    }

    async fn guest_session(&self, hash: Hash) -> Result<Option<(GuestSession, ApiToken)>> {
        let row = sqlx::query(select_token!(
            "JOIN guest_session s ON s.token_id = t.id WHERE s.hash = $1",
            ", s.hash AS session_hash, s.customer_id AS session_customer_id, s.language AS session_language,
               s.expires_at AS session_expires_at"
        ))
        .bind(hash.to_vec())
        .fetch_optional(&self.readers)
        .await?;
        row.map(|row| Ok((rows::guest_session(&row)?, rows::api_token(&row)?))).transpose()
    }

    async fn extend_guest_session(&self, hash: Hash, expires_at: Timestamp) -> Result<()> {
        self.writer.execute(ExtendGuestSession { hash, expires_at }).await
    }
}

#[async_trait]
impl Command for NewSession {
    type Output = ();

    async fn apply(self, tx: &mut Tx<'_>) -> Result<()> {
        sqlx::query(
            "INSERT INTO customer (id, company_id, created_at) VALUES ($1, $2, $3);
             INSERT INTO visitor_session (id, company_id, widget_id, customer_id, access_hash, access_expires_at,
                                          refresh_hash, refresh_expires_at, is_used, created_at)
                 VALUES ($4, $2, $5, $1, $6, $7, $8, $9, 1, $3)",
        )
        .bind(self.customer.0)
        .bind(self.company.0)
        .bind(self.at.0)
        .bind(self.id)
        .bind(self.widget.0)
        .bind(self.tokens.access_hash.to_vec())
        .bind(self.tokens.access_expires_at.0)
        .bind(self.tokens.refresh_hash.to_vec())
        .bind(self.tokens.refresh_expires_at.0)
        .execute(&mut *tx.connection)
        .await?;
        customers::log_customer(tx, self.company, self.customer, true, self.at).await
    }
}

struct NewGuestSession {
    session: GuestSession,
    at: Timestamp,
}

#[async_trait]
impl Command for NewGuestSession {
    type Output = ();

    async fn apply(self, tx: &mut Tx<'_>) -> Result<()> {
        let Self { session, at } = self;
        sqlx::query(
            "DELETE FROM guest_session WHERE expires_at <= $7;
             INSERT INTO guest_session (hash, company_id, token_id, customer_id, language, expires_at, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(session.hash.to_vec())
        .bind(session.company.0)
        .bind(session.token)
        .bind(session.customer.map(|id| id.0))
        .bind(session.language)
        .bind(session.expires_at.0)
        .bind(at.0)
        .execute(&mut *tx.connection)
        .await?;
        Ok(())
    }
}

struct ExtendGuestSession {
    hash: Hash,
    expires_at: Timestamp,
}

#[async_trait]
impl Command for ExtendGuestSession {
    type Output = ();

    async fn apply(self, tx: &mut Tx<'_>) -> Result<()> {
        sqlx::query("UPDATE guest_session SET expires_at = $2 WHERE hash = $1")
            .bind(self.hash.to_vec())
            .bind(self.expires_at.0)
            .execute(&mut *tx.connection)
            .await?;
        Ok(())
    }
}

/// The access token now valid has been used: its client has it.
struct NoteUsed {
    session: Uuid,
}

#[async_trait]
impl Command for NoteUsed {
    type Output = ();

    async fn apply(self, tx: &mut Tx<'_>) -> Result<()> {
        sqlx::query("UPDATE visitor_session SET is_used = 1 WHERE id = $1")
            .bind(self.session)
            .execute(&mut *tx.connection)
            .await?;
        Ok(())
    }
}

struct Renew {
    refresh_hash: Hash,
    tokens: NewTokens,
    now: Timestamp,
}

#[async_trait]
impl Command for Renew {
    type Output = Option<(VisitorSession, Renewal)>;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<Self::Output> {
        let row = sqlx::query(
            "SELECT s.*, NULL AS is_newest FROM visitor_session s WHERE s.refresh_hash = $1
             UNION ALL
             SELECT s.*, r.is_newest FROM spent_refresh r JOIN visitor_session s ON s.id = r.session_id
             WHERE r.hash = $1",
        )
        .bind(self.refresh_hash.to_vec())
        .fetch_optional(&mut *tx.connection)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let session = rows::session(&row)?;
        let presented = match row.try_get::<Option<bool>, _>("is_newest")? {
            None => PresentedRefresh::Current,
            Some(true) => PresentedRefresh::Previous,
            Some(false) => PresentedRefresh::Older,
        };
        let renewal = renew(&session, presented, self.now);
        match renewal {
            Renewal::Renew => self.replace_tokens(&session, presented, tx).await?,
            Renewal::Refuse => {}
            Renewal::EndSession => {
                sqlx::query("UPDATE visitor_session SET ended_at = $2 WHERE id = $1")
                    .bind(session.id)
                    .bind(self.now.0)
                    .execute(&mut *tx.connection)
                    .await?;
            }
        }
        Ok(Some((session, renewal)))
    }
}

impl Renew {
    async fn replace_tokens(
        &self,
        session: &VisitorSession,
        presented: PresentedRefresh,
        tx: &mut Tx<'_>,
    ) -> Result<()> {
        if presented == PresentedRefresh::Current {
            sqlx::query(
                "UPDATE spent_refresh SET is_newest = 0 WHERE session_id = $1 AND is_newest = 1;
                 INSERT INTO spent_refresh (hash, session_id, is_newest) VALUES ($2, $1, 1)",
            )
            .bind(session.id)
            .bind(self.refresh_hash.to_vec())
            .execute(&mut *tx.connection)
            .await?;
        }
        sqlx::query(
            "UPDATE visitor_session SET access_hash = $2, access_expires_at = $3, refresh_hash = $4,
                    refresh_expires_at = $5, is_used = 0
             WHERE id = $1",
        )
        .bind(session.id)
        .bind(self.tokens.access_hash.to_vec())
        .bind(self.tokens.access_expires_at.0)
        .bind(self.tokens.refresh_hash.to_vec())
        .bind(self.tokens.refresh_expires_at.0)
        .execute(&mut *tx.connection)
        .await?;
        Ok(())
    }
}
