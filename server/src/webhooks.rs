//! Webhooks: what happens in a company, told to the addresses it named.
//!
//! The change log is read for each webhook, and what it says becomes deliveries in a queue of the store; how far it was
//! read is stored together with them, so nothing is told twice or left out, whenever the server stops. Deliveries are made
//! until they have arrived or are given up. Within a conversation they keep their order: one that has to be tried again
//! holds up those behind it, and nothing else.
//!
//! How an event is written is its format's business: [`EventWriter`].

mod signature;
mod worker;

pub use signature::sign;
pub use worker::Worker;

use crate::{
    app::App,
    dialect::{pact::webhook::PactEvents, pingback::webhook::NativeEvents},
    domain::{Change, Result, WebhookFormat},
};
use async_trait::async_trait;
use http::HeaderName;
use serde_json::Value;
use shared::Timestamp;
use tokio::task::JoinHandle;
use uuid::Uuid;

/// Names a delivery: the same each time it is tried.
pub const DELIVERY: HeaderName = HeaderName::from_static("porchlight-delivery");

/// Proves that a delivery of the native format is ours: `t=<unix>,v1=<hex>`.
pub const SIGNATURE: HeaderName = HeaderName::from_static("porchlight-signature");

/// Something that happened, in a format's words.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// What a webhook that wants certain events only calls it.
    pub name: &'static str,
    pub data: Value,
}

/// Writes what happened in one format.
#[async_trait]
pub trait EventWriter: Send + Sync {
    /// What there is to tell of a change: one event, several, or none.
    async fn events(&self, app: &App, change: &Change) -> Result<Vec<Event>>;

    /// The body that tells an event. `delivery` is what the delivery is called, `at` when it was put into the queue.
    fn body(&self, event: &Event, delivery: Uuid, at: Timestamp) -> Value;
}

/// Who writes a format.
fn writer_of(format: WebhookFormat) -> &'static dyn EventWriter {
    match format {
        WebhookFormat::Pact => &PactEvents,
        WebhookFormat::Native => &NativeEvents,
    }
}

/// Tells webhooks what happens until the server drains. What was still to be told when the last server stopped comes
/// first. Whoever waits for what is answered knows that it has ended.
pub fn start(app: App) -> JoinHandle<()> {
    tokio::spawn(Worker::new(app).run())
}
