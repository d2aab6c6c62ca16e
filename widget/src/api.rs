//! Requests to the server, and the visitor's session that they need.
//!
//! An access token that has run out is renewed once and the request repeated. A refresh token works once, so renewing is
//! done by one tab at a time (Web Locks, where there are any) and by one request at a time within a tab.

use crate::{
    browser::{call as call_method, get, make, now_ms, number, set, sleep, spawn, text, window},
    chat::chat,
    locks, session,
    state::outbox::Outcome,
    tabs, uploads, wire,
};
use js_sys::{Array, Promise};
use shared::ErrorCode;
use std::pin::Pin;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

pub const BASE: &str = "/widget/v1";
/// A request that has not been answered by then counts as lost; every request may be repeated.
const TIMEOUT_MS: f64 = 20_000.0;
/// How long another tab may keep the lock before this one goes on without. Longer than a request takes: that tab is frozen
/// then and uses nothing that it is given, so that the server still takes the refresh token that it has spent.
pub const LOCK_PATIENCE_MS: f64 = TIMEOUT_MS + 5_000.0;
/// How often a browser without locks looks whether it is its turn.
const TURN_MS: f64 = 50.0;

/// What the server answered.
#[derive(Debug)]
pub struct Reply {
    /// 0 when there was no answer.
    pub status: u16,
    /// The JSON of the body; `undefined` when there was none.
    pub body: JsValue,
    pub retry_after_ms: Option<f64>,
}

impl Reply {
    pub const NONE: Self = Self { status: 0, body: JsValue::UNDEFINED, retry_after_ms: None };

    pub fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body of a success.
    pub fn read<T>(&self, read: fn(&JsValue) -> Option<T>) -> Option<T> {
        if self.is_ok() { read(&self.body) } else { None }
    }

    /// What this answer means for a message.
    pub fn outcome(&self) -> Outcome {
        let code = if self.is_ok() { ErrorCode::Unknown } else { wire::error_code(&self.body) };
        Outcome::of(self.status, code, self.retry_after_ms)
    }
}

/// One request and its answer, without a second try. The body is JSON as a text, a file, or `undefined`.
///
/// By `XMLHttpRequest`: it tells how far a file has come, and gives up by itself.
pub async fn fetch(method: &str, path: &str, token: Option<&str>, body: &JsValue) -> Reply {
    let request = make("XMLHttpRequest", &Array::new());
    let address = [BASE, path].concat();
    call_method(&request, "open", &Array::of2(&method.into(), &address.into()));
    let header = |name: &str, value: &str| {
        call_method(&request, "setRequestHeader", &Array::of2(&name.into(), &value.into()));
    };
    if let Some(token) = token {
        header("authorization", &bearer(token));
    }
    if body.is_object() {
        // A file takes as long as it takes, while it moves.
        uploads::watch(&request);
    } else {
        set(&request, "timeout", &TIMEOUT_MS.into());
    }
    if body.is_string() {
        header("content-type", "application/json");
    }
    // It has been answered, has broken off, or was ended.
    let ended = Promise::new(&mut |done, _| set(&request, "onloadend", &done));
    call_method(&request, "send", &Array::of1(body));
    // Nothing rejects it.
    let _ = JsFuture::from(ended).await;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "three digits")]
    let status = number(&request, "status") as u16;
    let body = text(&request, "responseText").and_then(|json| wire::parse(&json));
    let retry_after = call_method(&request, "getResponseHeader", &Array::of1(&"retry-after".into()));
    Reply { status, body: body.unwrap_or(JsValue::UNDEFINED), retry_after_ms: retry_after_ms(&retry_after) }
}

pub fn bearer(token: &str) -> String {
    ["Bearer ", token].concat()
}

/// The wait that a header asks for: seconds, or a date, which we never send but a proxy may.
pub fn retry_after_ms(header: &JsValue) -> Option<f64> {
    let wish = header.as_string()?;
    let seconds = wish.parse::<u32>().map(|seconds| f64::from(seconds) * 1000.0);
    seconds.ok().or_else(|| {
        let date = call_method(&get(&window(), "Date"), "parse", &Array::of1(header)).as_f64()?;
        Some(date - now_ms()).filter(|wait_ms| !wait_ms.is_nan())
    })
}

/// A request of this visitor. Without a session, or when it has ended for good, `None`; and when somebody else has come
/// meanwhile, whom the answer does not concern.
pub async fn call(method: &str, path: &str, body: &JsValue) -> Option<Reply> {
    let visitor = chat().visitor();
    let mut is_first = true;
    loop {
        let token = chat().access_token()?;
        let reply = fetch(method, path, Some(&token), body).await;
        let is_last = reply.status != 401 || !is_first;
        if !is_last {
            renew(&token).await;
        }
        if chat().visitor() != visitor {
            return None;
        }
        if is_last {
            return Some(reply);
        }
        is_first = false;
    }
}

/// The same, for those who have no reason to wait for the answer.
pub fn call_then(
    method: &'static str,
    path: String,
    body: JsValue,
    then: impl FnOnce(Option<Reply>) + 'static,
) {
    let then: Box<dyn FnOnce(Option<Reply>)> = Box::new(then);
    spawn(async move { then(call(method, &path, &body).await) });
}

/// Makes sure that there is a session. What went wrong otherwise.
pub async fn ensure_session() -> Result<(), Outcome> {
    if chat().access_token().is_some() {
        return Ok(());
    }
    let made = exclusive(Box::pin(async {
        let awaits_identity = chat().awaits_identity();
        if awaits_identity {
            return session::exchange_identity().await;
        }
        // Another tab may have made one while this one waited its turn.
        if session::adopt() {
            return Reply::NONE;
        }
        let body = wire::json(&[("widget_id", wire::id_text(chat().settings.id.0).into())]);
        let reply = fetch("POST", "/sessions", None, &body.into()).await;
        // Nor is the one of a tab that has not waited put aside, in which something may have been sent.
        if !session::adopt() {
            session::take(&reply);
        }
        reply
    }));
    let reply = made.await;
    if chat().access_token().is_some() {
        return Ok(());
    }
    Err(match reply.outcome() {
        // A success that can't be read is as good as none.
        Outcome::Accepted => Outcome::Retry { after_ms: None },
        // It was not the message that the server broke over.
        Outcome::Broken { after_ms } => Outcome::Retry { after_ms },
        outcome => outcome,
    })
}

/// Renews the tokens, unless that has happened since `spent` was in use. When the session has ended it is forgotten;
/// when there is no answer everything stays as it is, and whoever asked will try again later.
pub async fn renew(spent: &str) {
    let spent = spent.to_owned();
    exclusive(Box::pin(async move {
        session::adopt();
        let refresh_token = match &chat().session {
            Some(session) if session.access_token == spent => session.refresh_token.clone(),
            _ => return Reply::NONE,
        };
        let reply = fetch("POST", "/sessions/refresh", Some(&refresh_token), &JsValue::UNDEFINED).await;
        if reply.status == 401 {
            // Unless others have got another since, as may be after this tab was frozen.
            session::adopt();
            let is_over =
                chat().session.as_ref().is_some_and(|session| session.refresh_token == refresh_token);
            if is_over {
                session::forget();
            }
        } else if reply.is_ok() {
            session::take(&reply);
            tabs::tell_of_renewal(&refresh_token, &reply.body);
        }
        reply
    }))
    .await;
}

/// Runs one such piece of work at a time: over all tabs of this browser where it has Web Locks, else in this tab.
async fn exclusive(work: Pin<Box<dyn Future<Output = Reply>>>) -> Reply {
    let name = chat().key("lock");
    let turn = locks::take(&name, LOCK_PATIENCE_MS).await;
    if turn.is_falsy() {
        while chat().is_renewing {
            sleep(TURN_MS).await;
        }
        chat().is_renewing = true;
    }
    let done = work.await;
    if turn.is_falsy() {
        chat().is_renewing = false;
    }
    locks::give_back(&turn);
    done
}
