//! The one state struct that every handler gets.

use crate::{
    clock::Clock,
    domain::{Administration, Conversations, Customers, Sessions},
    live::Live,
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
    /// The panel, the loader and the demo pages.
    pub web: Arc<Web>,
}

impl App {
    pub fn new(store: Arc<dyn Store>, live: Arc<Live>, clock: Arc<dyn Clock>, is_mock: bool) -> Self {
        Self {
            conversations: Conversations::new(Arc::clone(&store), Arc::clone(&live), Arc::clone(&clock)),
            sessions: Sessions::new(Arc::clone(&store), Arc::clone(&live), Arc::clone(&clock)),
            customers: Customers::new(Arc::clone(&store), Arc::clone(&live), Arc::clone(&clock)),
            administration: Administration::new(Arc::clone(&store), Arc::clone(&live), Arc::clone(&clock)),
            web: Arc::new(Web::new(is_mock)),
            store,
            live,
            clock,
        }
    }
}
