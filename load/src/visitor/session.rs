//! The visitor's session, as the panel's `api` keeps it.

use super::Visitor;
use crate::{
    http::{Ask, Reply},
    world::count,
};
use http::Method;
use shared::{CreateSession, Session};
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;
use widget::state::outbox::Outcome;

impl Visitor {
    /// A request of this visitor. Without a session, or when it has ended for good, `None`.
    pub(super) async fn call(&self, ask: Ask<'_>) -> Option<Reply> {
        let token = self.access_token()?;
        let reply = self.ask(ask.clone().with_token(&token)).await;
        if reply.status != 401 {
            return Some(reply);
        }
        self.renew(&token).await;
        let token = self.access_token()?;
        Some(self.ask(ask.with_token(&token)).await)
    }

    /// Makes sure that there is a session. What went wrong otherwise.
    pub async fn ensure_session(&self) -> Result<(), Outcome> {
        if self.access_token().is_some() {
            return Ok(());
        }
        let _one_at_a_time = self.renewing.lock().await;
        if self.access_token().is_some() {
            return Ok(());
        }
        let ask = Ask::new(Method::POST, "/widget/v1/sessions");
        let reply = self.ask(ask.with_json(&CreateSession { widget_id: self.world.widget })).await;
        match reply.read::<Session>() {
            Some(session) => {
                self.state().session = Some(session);
                Ok(())
            }
            None => Err(match reply.outcome() {
                Outcome::Accepted => Outcome::Retry { after_ms: None },
                outcome => outcome,
            }),
        }
    }

    /// Renews the tokens, unless that has happened since `spent` was in use. When there is no answer everything stays as it
    /// is, and whoever asked will try again later.
    pub async fn renew(&self, spent: &str) {
        let _one_at_a_time = self.renewing.lock().await;
        let refresh_token = match &self.state().session {
            Some(session) if session.access_token == spent => session.refresh_token.clone(),
            _ => return,
        };
        let ask = Ask::new(Method::POST, "/widget/v1/sessions/refresh").with_token(&refresh_token);
        let reply = self.ask(ask).await;
        if let Some(session) = reply.read::<Session>() {
            count(&self.world.counters.n_renewals);
            self.state().session = Some(session);
        } else if reply.status == 401 {
            count(&self.world.counters.n_sessions_lost);
            let mut state = self.state();
            state.session = None;
            state.timeline.snapshot(None);
            state.outbox.session_over();
        }
    }

    /// Renews before it is needed, to have it happen in the midst of whatever else does.
    pub async fn renew_now(&self) {
        if let Some(token) = self.access_token() {
            self.renew(&token).await;
        }
    }

    /// The same again and again, after random pauses.
    pub async fn renew_now_and_then(self: Arc<Self>, pause_max_ms: u64) {
        loop {
            sleep(Duration::from_millis(self.random_below(pause_max_ms))).await;
            self.renew_now().await;
        }
    }
}
