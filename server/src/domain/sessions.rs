//! Giving visitors a session, recognising them by it, renewing it, making it an identified customer's, ending it.

use crate::{
    auth::{Token, identity},
    clock::{Clock, new_id},
    domain::{Error, NewTokens, Result, VisitorSession, session::Renewal},
    live::Live,
    store::{Identification, Identified, NewSession, Store},
};
use shared::{CustomerId, Timestamp, WidgetId};
use std::sync::Arc;

/// How long an access token is good for.
const ACCESS_SECONDS: i64 = 60 * 60;
/// How long a visitor may stay away and still be known.
const REFRESH_SECONDS: i64 = 365 * 24 * 60 * 60;

#[derive(Clone)]
pub struct Sessions {
    store: Arc<dyn Store>,
    live: Arc<Live>,
    clock: Arc<dyn Clock>,
}

/// Tokens just given out. This is the only time they are seen.
#[derive(Debug)]
pub struct IssuedSession {
    pub customer: CustomerId,
    pub access: Token,
    pub access_expires_at: Timestamp,
    pub refresh: Token,
    pub refresh_expires_at: Timestamp,
    /// Of an identified visitor: whose session it was until now, if they are one and the same.
    pub continues: Option<CustomerId>,
}

impl IssuedSession {
    fn new(customer: CustomerId, now: Timestamp) -> Self {
        Self {
            customer,
            access: Token::generate(),
            access_expires_at: now.plus_seconds(ACCESS_SECONDS),
            refresh: Token::generate(),
            refresh_expires_at: now.plus_seconds(REFRESH_SECONDS),
            continues: None,
        }
    }

    fn to_stored(&self) -> NewTokens {
        NewTokens {
            access_hash: self.access.hash(),
            access_expires_at: self.access_expires_at,
            refresh_hash: self.refresh.hash(),
            refresh_expires_at: self.refresh_expires_at,
        }
    }
}

impl Sessions {
    pub fn new(store: Arc<dyn Store>, live: Arc<Live>, clock: Arc<dyn Clock>) -> Self {
        Self { store, live, clock }
    }

    /// A new visitor of a widget: a customer about whom nothing is known, and a session.
    pub async fn create(&self, widget: WidgetId) -> Result<IssuedSession> {
        let widget = self.store.widget(widget).await?.ok_or(Error::NotFound)?;
        let at = self.clock.now();
        let issued = IssuedSession::new(CustomerId(new_id(at)), at);
        self.store
            .create_session(NewSession {
                id: new_id(at),
                company: widget.company,
                widget: widget.id,
                customer: issued.customer,
                tokens: issued.to_stored(),
                at,
            })
            .await?;
        Ok(issued)
    }

    /// The business says in a token of its own who a widget's visitor is. With the refresh token of a session that session
    /// becomes theirs, or ends if it is somebody else's; without they get one.
    pub async fn identify(
        &self,
        widget: WidgetId,
        token: &str,
        refresh: Option<&Token>,
    ) -> Result<IssuedSession> {
        let widget = self.store.widget(widget).await?.ok_or(Error::NotFound)?;
        let secret = self.store.identity_secret(widget.id).await?;
        let secret = secret
            .ok_or_else(|| Error::invalid("token", "can't be checked: the widget has no secret yet"))?;
        let at = self.clock.now();
        let identity = identity::read(token, secret.reveal().as_bytes(), widget.id, at)?;
        let mut issued = IssuedSession::new(CustomerId(new_id(at)), at);
        let identified = self
            .store
            .identify(Identification {
                company: widget.company,
                widget: widget.id,
                identity,
                presented: refresh.map(Token::hash),
                tokens: issued.to_stored(),
                session_id: new_id(at),
                customer_id: issued.customer,
                at,
            })
            .await?;
        match identified {
            Identified::As { customer, continues, changed } => {
                for (customer, session) in changed {
                    self.live.end_session(customer, session);
                }
                issued.customer = customer;
                issued.continues = continues;
                Ok(issued)
            }
            Identified::Refused => Err(Error::TokenInvalid),
            Identified::Ended(customer, session) => {
                self.live.end_session(customer, session);
                Err(Error::TokenInvalid)
            }
        }
    }

    /// The visitor leaves: ends the session of a token, access or refresh, and closes its streams.
    pub async fn end(&self, token: &Token) -> Result<()> {
        let ended = self.store.end_session(token.hash(), self.clock.now()).await?;
        let (customer, session) = ended.ok_or(Error::TokenInvalid)?;
        self.live.end_session(customer, session);
        Ok(())
    }

    /// Whose access token this is.
    pub async fn authenticate(&self, token: &Token) -> Result<VisitorSession> {
        let session = self.store.session_by_access(token.hash()).await?.ok_or(Error::TokenInvalid)?;
        if session.has_ended {
            return Err(Error::TokenInvalid);
        }
        if self.clock.now() >= session.access_expires_at {
            return Err(Error::TokenExpired);
        }
        if !session.is_used {
            self.store.note_session_used(session.id).await?;
        }
        Ok(session)
    }

    /// Exchanges a refresh token for a new pair. See [`crate::domain::session::renew`] for the rule.
    pub async fn renew(&self, token: &Token) -> Result<IssuedSession> {
        let at = self.clock.now();
        let mut issued = IssuedSession::new(CustomerId(new_id(at)), at);
        let (session, renewal) = self
            .store
            .renew_session(token.hash(), issued.to_stored(), at)
            .await?
            .ok_or(Error::TokenInvalid)?;
        match renewal {
            Renewal::Renew => {
                issued.customer = session.customer;
                Ok(issued)
            }
            Renewal::Refuse => Err(Error::TokenInvalid),
            Renewal::EndSession => {
                self.live.end_session(session.customer, session.id);
                Err(Error::TokenInvalid)
            }
        }
    }
}
