//! The one state struct that every handler gets.

use crate::{
    clock::Clock,
    dialect::idempotency::Idempotency,
    domain::{Administration, Conversations, Customers, Sessions},
    live::Live,
    rate_limit::RateLimits,
    store::Store,
    web::Web,
};
use std::sync::Arc;

/// Cloned for each request; everything in it is shared.
#[derive(Clone)]
pub struct App {
    pub store: Arc<dyn Store>,
    pub live: Arc<Live>,
    pub clock: Arc<dyn Clock>,
    pub conversations: Conversations,
    pub sessions: Sessions,
    pub customers: Customers,
    pub administration: Administration,
    pub idempotency: Idempotency,
    pub rate_limits: Arc<RateLimits>,
    pub settings: Arc<Settings>,
    /// The panel, the loader and the demo pages.
    pub web: Arc<Web>,
}

/// What the operator decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Whether the world around is played.
    pub is_mock: bool,
    /// Where clients reach this server, without a slash at the end: what absolute addresses in answers begin with.
    pub public_url: String,
}

impl App {
    pub fn new(store: Arc<dyn Store>, live: Arc<Live>, clock: Arc<dyn Clock>, settings: Settings) -> Self {
        Self {
            conversations: Conversations::new(Arc::clone(&store), Arc::clone(&live), Arc::clone(&clock)),
            sessions: Sessions::new(Arc::clone(&store), Arc::clone(&live), Arc::clone(&clock)),
            customers: Customers::new(Arc::clone(&store), Arc::clone(&live), Arc::clone(&clock)),
            administration: Administration::new(Arc::clone(&store), Arc::clone(&live), Arc::clone(&clock)),
            idempotency: Idempotency::new(Arc::clone(&store), Arc::clone(&clock)),
            rate_limits: Arc::default(),
            web: Arc::new(Web::new(settings.is_mock)),
            settings: Arc::new(settings),
            store,
            live,
            clock,
        }
    }
}
