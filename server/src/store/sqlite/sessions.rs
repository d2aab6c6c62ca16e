//! Visitor sessions.

use super::{
    SqliteStore, customers,
    directory::select_token,
    rows,
    sql::Sql,
    writer::{Command, Tx},
};
use crate::{
    domain::{
        ApiToken, GuestSession, Hash, NewTokens, Result, VisitorSession,
        session::{PresentedRefresh, Renewal, renew},
    },
    store::{Identification, Identified, NewSession, SessionStore},
};
use async_trait::async_trait;
use rusqlite::{Connection, params};
use shared::{CustomerId, Timestamp};
use uuid::Uuid;

#[async_trait]
impl SessionStore for SqliteStore {
    async fn create_session(&self, session: NewSession) -> Result<()> {
        self.writer.execute(session).await
    }

    async fn session_by_access(&self, access_hash: Hash) -> Result<Option<VisitorSession>> {
        let asked_in = match self.sessions.get(&access_hash) {
            Ok(session) => return Ok(Some(session)),
            Err(generation) => generation,
        };
        let session = self
            .read(move |connection| {
                connection.find(
                    "SELECT * FROM visitor_session WHERE access_hash = ?1",
                    params![access_hash],
                    rows::session,
                )
            })
            .await?;
        if let Some(session) = &session {
            self.sessions.put(asked_in, access_hash, session);
        }
        Ok(session)
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

    async fn identify(&self, identification: Identification) -> Result<Identified> {
        self.writer.execute(identification).await
    }

    async fn end_session(&self, token_hash: Hash, at: Timestamp) -> Result<Option<(CustomerId, Uuid)>> {
        self.writer.execute(EndSession { token_hash, at }).await
    }

    async fn create_guest_session(&self, session: GuestSession, at: Timestamp) -> Result<()> {
        self.writer.execute(NewGuestSession { session, at }).await
    }

    async fn guest_session(&self, hash: Hash) -> Result<Option<(GuestSession, ApiToken)>> {
        self.read(move |connection| {
            connection.find(
                select_token!(
            "JOIN guest_session s ON s.token_id = t.id WHERE s.hash = ?1",
            ", s.hash AS session_hash, s.customer_id AS session_customer_id, s.language AS session_language,
               s.expires_at AS session_expires_at"
        ),
                params![hash],
                |row| Ok((rows::guest_session(row)?, rows::api_token(row)?)),
            )
        })
        .await
    }

    async fn extend_guest_session(&self, hash: Hash, expires_at: Timestamp) -> Result<()> {
        self.writer.execute(ExtendGuestSession { hash, expires_at }).await
    }
}

impl Command for NewSession {
    type Output = ();

    fn apply(self, tx: &mut Tx<'_>) -> Result<()> {
        tx.connection.run(
            "INSERT INTO customer (id, company_id, created_at) VALUES (?1, ?2, ?3)",
            params![self.customer.0, self.company.0, self.at.0],
        )?;
        insert_session(tx, &self)?;
        customers::log_customer(tx, self.company, self.customer, true, self.at)
    }
}

/// A session of a customer who is there.
pub(super) fn insert_session(tx: &mut Tx<'_>, session: &NewSession) -> Result<()> {
    tx.connection.run(
        "INSERT INTO visitor_session (id, company_id, widget_id, customer_id, access_hash, access_expires_at,
                                      refresh_hash, refresh_expires_at, is_used, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 1, ?9)",
        params![
            session.id,
            session.company.0,
            session.widget.0,
            session.customer.0,
            session.tokens.access_hash,
            session.tokens.access_expires_at.0,
            session.tokens.refresh_hash,
            session.tokens.refresh_expires_at.0,
            session.at.0
        ],
    )?;
    Ok(())
}

/// Ends a session, unless it is over.
pub(super) fn end(tx: &mut Tx<'_>, session: Uuid, at: Timestamp) -> Result<()> {
    tx.has_changed_sessions = true;
    tx.connection.run(
        "UPDATE visitor_session SET ended_at = ?2 WHERE id = ?1 AND ended_at IS NULL",
        params![session, at.0],
    )?;
    Ok(())
}

/// The session of a refresh token that somebody was given, and which of its tokens it is.
pub(super) fn find_by_refresh(
    connection: &Connection,
    refresh_hash: Hash,
) -> Result<Option<(VisitorSession, PresentedRefresh)>> {
    connection.find(
        "SELECT s.*, NULL AS is_newest FROM visitor_session s WHERE s.refresh_hash = ?1
         UNION ALL
         SELECT s.*, r.is_newest FROM spent_refresh r JOIN visitor_session s ON s.id = r.session_id
         WHERE r.hash = ?1",
        params![refresh_hash],
        |row| {
            let presented = match row.get("is_newest")? {
                None => PresentedRefresh::Current,
                Some(true) => PresentedRefresh::Previous,
                Some(false) => PresentedRefresh::Older,
            };
            Ok((rows::session(row)?, presented))
        },
    )
}

struct EndSession {
    token_hash: Hash,
    at: Timestamp,
}

impl Command for EndSession {
    type Output = Option<(CustomerId, Uuid)>;

    fn apply(self, tx: &mut Tx<'_>) -> Result<Self::Output> {
        let of_access = tx.connection.find(
            "SELECT * FROM visitor_session WHERE access_hash = ?1",
            params![self.token_hash],
            rows::session,
        )?;
        let session = match of_access {
            Some(session) => Some(session),
            None => find_by_refresh(tx.connection, self.token_hash)?.map(|(session, _)| session),
        };
        let Some(session) = session.filter(|session| !session.has_ended) else { return Ok(None) };
        end(tx, session.id, self.at)?;
        Ok(Some((session.customer, session.id)))
    }
}

struct NewGuestSession {
    session: GuestSession,
    at: Timestamp,
}

impl Command for NewGuestSession {
    type Output = ();

    fn apply(self, tx: &mut Tx<'_>) -> Result<()> {
        let Self { session, at } = self;
        tx.connection.run("DELETE FROM guest_session WHERE expires_at <= ?1", params![at.0])?;
        tx.connection.run("INSERT INTO guest_session (hash, company_id, token_id, customer_id, language, expires_at, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)", params![session.hash, session.company.0, session.token, session.customer.map(|id| id.0), session.language, session.expires_at.0, at.0])?;
        Ok(())
    }
}

struct ExtendGuestSession {
    hash: Hash,
    expires_at: Timestamp,
}

impl Command for ExtendGuestSession {
    type Output = ();

    fn apply(self, tx: &mut Tx<'_>) -> Result<()> {
        tx.connection.run(
            "UPDATE guest_session SET expires_at = ?2 WHERE hash = ?1",
            params![self.hash, self.expires_at.0],
        )?;
        Ok(())
    }
}

/// The access token now valid has been used: its client has it.
struct NoteUsed {
    session: Uuid,
}

impl Command for NoteUsed {
    type Output = ();

    fn apply(self, tx: &mut Tx<'_>) -> Result<()> {
        tx.has_changed_sessions = true;
        tx.connection.run("UPDATE visitor_session SET is_used = 1 WHERE id = ?1", params![self.session])?;
        Ok(())
    }
}

struct Renew {
    refresh_hash: Hash,
    tokens: NewTokens,
    now: Timestamp,
}

impl Command for Renew {
    type Output = Option<(VisitorSession, Renewal)>;

    fn apply(self, tx: &mut Tx<'_>) -> Result<Self::Output> {
        let found = find_by_refresh(tx.connection, self.refresh_hash)?;
        let Some((session, presented)) = found else { return Ok(None) };
        let renewal = renew(&session, presented, self.now);
        tx.has_changed_sessions = true;
        match renewal {
            Renewal::Renew => {
                replace_tokens(tx, session.id, self.refresh_hash, presented, &self.tokens)?;
            }
            Renewal::Refuse => {}
            Renewal::EndSession => end(tx, session.id, self.now)?,
        }
        Ok(Some((session, renewal)))
    }
}

/// Gives a session new tokens for a refresh token that may be exchanged.
pub(super) fn replace_tokens(
    tx: &mut Tx<'_>,
    session: Uuid,
    refresh_hash: Hash,
    presented: PresentedRefresh,
    tokens: &NewTokens,
) -> Result<()> {
    if presented == PresentedRefresh::Current {
        tx.connection.run(
            "UPDATE spent_refresh SET is_newest = 0 WHERE session_id = ?1 AND is_newest = 1",
            params![session],
        )?;
        tx.connection.run(
            "INSERT INTO spent_refresh (hash, session_id, is_newest) VALUES (?2, ?1, 1)",
            params![session, refresh_hash],
        )?;
    }
    tx.connection.run(
        "UPDATE visitor_session SET access_hash = ?2, access_expires_at = ?3, refresh_hash = ?4,
                refresh_expires_at = ?5, is_used = 0
         WHERE id = ?1",
        params![
            session,
            tokens.access_hash,
            tokens.access_expires_at.0,
            tokens.refresh_hash,
            tokens.refresh_expires_at.0
        ],
    )?;
    Ok(())
}
