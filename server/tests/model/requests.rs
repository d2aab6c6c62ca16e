//! A page's requests and its session: what `widget/src/api.rs` does with a browser, done with the model's.

use crate::{
    browser::{LockRequest, LockState},
    machine::{Slot, wait_for},
    network::{Asker, Call, Reply},
    tab::Tab,
};
use axum::http::Method;
use serde::de::DeserializeOwned;
use serde_json::json;
use shared::{ErrorBody, ErrorCode};
use std::rc::Rc;
use widget::state::{outbox::Outcome, tabs::Word};

const TIMEOUT_MS: f64 = 20_000.0;
pub const LOCK_PATIENCE_MS: f64 = TIMEOUT_MS + 5_000.0;
const TURN_MS: f64 = 50.0;

impl Reply {
    pub fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub fn read<T: DeserializeOwned>(&self) -> Option<T> {
        if self.is_ok() { serde_json::from_slice(&self.body).ok() } else { None }
    }

    /// As `api::Reply::outcome` with `wire::error_code`, which knows three codes.
    pub fn outcome(&self) -> Outcome {
        let code = serde_json::from_slice::<ErrorBody>(&self.body).map(|body| body.error.code);
        let code = match code {
            Ok(
                code @ (ErrorCode::BodyTooLarge | ErrorCode::ConversationClosed | ErrorCode::InvalidFields),
            ) if !self.is_ok() => code,
            _ => ErrorCode::Unknown,
        };
        Outcome::of(self.status, code, self.retry_after_ms)
    }
}

impl Tab {
    /// Puts a request on the network, which may answer it, or not.
    fn fetch(
        self: &Rc<Self>,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<String>,
    ) -> Slot<Reply> {
        let answer = Slot::new(&self.machine);
        if self.browser.is_online.get() {
            let timed_out = answer.clone();
            self.after(TIMEOUT_MS, move |_| timed_out.fill(Reply::NONE));
            self.browser.network.calls.borrow_mut().push(Call {
                method,
                path: path.to_owned(),
                token: token.map(str::to_owned),
                body,
                last_event_id: None,
                asker: Asker::Request(answer.clone()),
            });
        } else {
            answer.fill(Reply::NONE);
        }
        answer
    }

    pub async fn call(self: &Rc<Self>, method: Method, path: &str, body: Option<String>) -> Option<Reply> {
        let visitor = self.visitor();
        let mut is_first = true;
        loop {
            let token = self.access_token()?;
            let reply = self.fetch(method.clone(), path, Some(&token), body.clone()).get().await;
            let is_last = reply.status != 401 || !is_first;
            if !is_last {
                self.renew_session(&token).await;
            }
            if self.visitor() != visitor {
                return None;
            }
            if is_last {
                return Some(reply);
            }
            is_first = false;
        }
    }

    pub async fn ensure_session(self: &Rc<Self>) -> Result<(), Outcome> {
        if self.access_token().is_some() {
            return Ok(());
        }
        let made = self.exclusive(async {
            if self.adopt_stored_session() {
                return Reply::NONE;
            }
            let body = json!({ "widget_id": self.browser.widget });
            let reply = self.fetch(Method::POST, "/sessions", None, Some(body.to_string())).get().await;
            if !self.adopt_stored_session() {
                self.take_session(&reply);
            }
            reply
        });
        let reply = made.await;
        if self.access_token().is_some() {
            return Ok(());
        }
        Err(match reply.outcome() {
            Outcome::Accepted => Outcome::Retry { after_ms: None },
            Outcome::Broken { after_ms } => Outcome::Retry { after_ms },
            outcome => outcome,
        })
    }

    /// `api::renew`
    pub async fn renew_session(self: &Rc<Self>, spent: &str) {
        self.exclusive(async {
            self.adopt_stored_session();
            let refresh_token = match &self.chat().session {
                Some(session) if session.access_token == spent => session.refresh_token.clone(),
                _ => return Reply::NONE,
            };
            let reply = self.fetch(Method::POST, "/sessions/refresh", Some(&refresh_token), None).get().await;
            if reply.status == 401 {
                self.adopt_stored_session();
                let is_over = self
                    .chat()
                    .session
                    .as_ref()
                    .is_some_and(|session| session.refresh_token == refresh_token);
                if is_over {
                    self.forget_session();
                }
            } else if reply.is_ok() {
                self.take_session(&reply);
                let session = String::from_utf8_lossy(&reply.body);
                self.say(Word::Renewed { spent: &refresh_token, session: &session });
            }
            reply
        })
        .await;
    }

    async fn exclusive(self: &Rc<Self>, work: impl Future<Output = Reply>) -> Reply {
        let lock = self.take_lock("lock", LOCK_PATIENCE_MS).await;
        if lock.is_none() {
            while self.chat().is_renewing {
                self.sleep(TURN_MS).await;
            }
            self.chat().is_renewing = true;
        }
        let done = work.await;
        match lock {
            Some(lock) => self.browser.locks.end(&lock),
            None => self.chat().is_renewing = false,
        }
        done
    }

    /// `locks::take`
    pub async fn take_lock(self: &Rc<Self>, name: &str, patience_ms: f64) -> Option<Rc<LockRequest>> {
        if !self.browser.kind.has_locks {
            return None;
        }
        let request = self.browser.locks.request(self.number, name, false);
        let waiting = Rc::clone(&request);
        self.after(patience_ms, move |tab| {
            if waiting.state.get() == LockState::Waiting {
                tab.browser.locks.end(&waiting);
            }
        });
        wait_for(|| match request.state.get() {
            LockState::Waiting => None,
            LockState::Held => Some(Some(Rc::clone(&request))),
            LockState::Over => Some(None),
        })
        .await
    }
}
