//! Idempotency-Key: a request that comes again is answered as it was the first time, and done once.
//!
//! The answer is kept for a day. What makes it safe across a crash between doing and keeping is that conversations and
//! messages are stored under a client id made of the key, and a client id stores once.

use super::{HoldsSecret, Refusal, Reply, params::Params};
use crate::{
    clock::Clock,
    domain::{Error, Hash, Result},
    store::{KeptAnswer, Store},
};
use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use http_body_util::BodyExt;
use sha2::{Digest, Sha256};
use shared::{ClientId, CompanyId};
use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
};

pub(super) const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
/// On an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// How long an answer is kept, in seconds.
const KEEP_SECONDS: i64 = 24 * 60 * 60;

/// A client's name for a request, with what it asks.
#[derive(Clone, Debug)]
pub struct IdempotencyKey {
    key: String,
    fingerprint: Hash,
    company: CompanyId,
}

impl IdempotencyKey {
    /// The same key for a request whose content is this.
    #[must_use]
    pub fn of_content(self, content: &Hash) -> Self {
        let fingerprint = Sha256::new_with_prefix(self.fingerprint).chain_update(content).finalize().into();
        Self { fingerprint, ..self }
    }

    /// Whose key it is: the company of the token.
    pub const fn company(&self) -> CompanyId {
        self.company
    }

    /// The id under which what the request asks for is stored once.
    pub fn client_id(&self) -> ClientId {
        let digest = Sha256::new_with_prefix(self.company.0)
            .chain_update(&self.key)
            .chain_update(self.fingerprint)
            .finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        ClientId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }
}

/// The key of a request that may create something, if it has one.
pub fn key_of(parts: &Parts, params: &Params, company: CompanyId) -> Result<Option<IdempotencyKey>> {
    if parts.method != Method::POST && parts.method != Method::PUT {
        return Ok(None);
    }
    let Some(value) = parts.headers.get(HEADER) else { return Ok(None) };
    match value.to_str() {
        Ok(key) if (1..=255).contains(&key.len()) => {
            Ok(Some(IdempotencyKey { key: key.to_owned(), fingerprint: params.fingerprint, company }))
        }
        _ => Err(Error::Malformed("an Idempotency-Key is 1 to 255 visible ASCII characters".into())),
    }
}

/// The keys of requests under way, and the answers of earlier ones.
#[derive(Clone)]
pub struct Idempotency {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    running: Arc<Mutex<HashSet<(CompanyId, String)>>>,
}

impl Idempotency {
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, running: Arc::default() }
    }

    /// Answers as before, or has `handled` done and keeps its answer.
    pub async fn run(
        &self,
        company: CompanyId,
        key: IdempotencyKey,
        handled: impl Future<Output = Response>,
    ) -> Response {
        match self.try_run(company, key, handled).await {
            Ok(response) => response,
            Err(error) => Refusal::from(error).into_response(),
        }
    }

    async fn try_run(
        &self,
        company: CompanyId,
        key: IdempotencyKey,
        handled: impl Future<Output = Response>,
    ) -> Result<Response> {
        let place = (company, key.key.clone());
        if !self.running.lock().expect("no panic while it is held").insert(place.clone()) {
            return Err(Error::KeyInUse);
        }
        let _running = Running { keys: &self.running, place };
        let now = self.clock.now();
        let forget_before = now.plus_seconds(-KEEP_SECONDS);
        if let Some(kept) = self.store.kept_answer(company, &key.key, forget_before).await? {
            return if kept.fingerprint == key.fingerprint { replay(kept) } else { Err(Error::KeyReused) };
        }
        let response = handled.await;
        let is_refused = response.extensions().get::<Refusal>().is_some();
        let is_secret = response.extensions().get::<HoldsSecret>().is_some();
        if is_refused || is_secret || !response.status().is_success() {
            return Ok(response);
        }
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map_err(Error::internal)?.to_bytes();
        let kept =
            KeptAnswer { fingerprint: key.fingerprint, status: parts.status.as_u16(), body: body.to_vec() };
        self.store.keep_answer(company, key.key, kept, now, forget_before).await?;
        Ok(Response::from_parts(parts, Body::from(body)))
    }
}

fn replay(kept: KeptAnswer) -> Result<Response> {
    let status = StatusCode::from_u16(kept.status).map_err(Error::internal)?;
    let mut response = (status, Reply(())).into_response();
    *response.body_mut() = Body::from(kept.body);
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

/// A key is under way as long as this lives.
struct Running<'k> {
    keys: &'k Mutex<HashSet<(CompanyId, String)>>,
    place: (CompanyId, String),
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.keys.lock().expect("no panic while it is held").remove(&self.place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_key_names_one_request_of_one_company() {
        let key = |company, key: &str, fingerprint| IdempotencyKey {
            key: key.into(),
            fingerprint: [fingerprint; 32],
            company: CompanyId(Uuid::from_u128(company)),
        };
        assert_eq!(key(1, "a", 1).client_id(), key(1, "a", 1).client_id());
        for other in [key(2, "a", 1), key(1, "b", 1), key(1, "a", 2)] {
            assert_ne!(key(1, "a", 1).client_id(), other.client_id());
        }
    }
}
