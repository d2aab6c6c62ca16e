//! The one state struct that every handler gets.

use crate::{
    attachments::Attachments,
    client_address::TrustedProxies,
    clock::Clock,
    connectors::Mock,
    dialect::idempotency::Idempotency,
    domain::{Administration, Conversations, Customers, GuestSessions, Operator, Sessions},
    files::Files,
    live::Live,
    origin::OwnOrigin,
    outbound::Outbound,
    rate_limit::RateLimits,
    request_body::BodyPace,
    store::Store,
    web::Web,
};
use std::{
    io,
    ops::{Deref, DerefMut},
    path::PathBuf,
    sync::Arc,
};

/// Cloned several times for each request, so it is one pointer.
#[derive(Clone)]
pub struct App(Arc<Parts>);

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// For those who set it up: what has been handed out before stays as it is.
impl DerefMut for App {
    fn deref_mut(&mut self) -> &mut Parts {
        Arc::make_mut(&mut self.0)
    }
}

/// What it is made of.
#[derive(Clone)]
pub struct Parts {
    pub store: Arc<dyn Store>,
    pub live: Arc<Live>,
    pub clock: Arc<dyn Clock>,
    pub conversations: Conversations,
    pub sessions: Sessions,
    pub customers: Customers,
    pub administration: Administration,
    pub guest_sessions: GuestSessions,
    pub operator: Operator,
    pub attachments: Attachments,
    /// The one way out to addresses that clients name.
    pub outbound: Outbound,
    pub idempotency: Idempotency,
    /// How the outside apps and webhooks are to behave, in mock mode.
    pub mock: Arc<Mock>,
    pub rate_limits: Arc<RateLimits>,
    /// How fast the bodies of requests have to come.
    pub body_pace: BodyPace,
    /// Whose word is taken for where a request comes from.
    pub trusted_proxies: Arc<TrustedProxies>,
    pub settings: Arc<Settings>,
    /// What pages of ours tell of themselves.
    pub origin: Arc<OwnOrigin>,
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
    /// The largest file that may be uploaded, in bytes.
    pub upload_max_bytes: u64,
    /// Where uploaded files are kept.
    pub files: PathBuf,
}

impl App {
    pub fn new(
        store: Arc<dyn Store>,
        live: Arc<Live>,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> io::Result<Self> {
        let files = Files::open(&settings.files, settings.upload_max_bytes)?;
        // In mock mode a test's own servers are there to be reached.
        let outbound = Outbound::new(settings.is_mock);
        let administration = Administration::new(Arc::clone(&store), Arc::clone(&live), Arc::clone(&clock));
        Ok(Self(Arc::new(Parts {
            attachments: Attachments::new(
                files,
                Arc::clone(&store),
                outbound.clone(),
                Arc::clone(&clock),
                settings.upload_max_bytes,
            ),
            outbound,
            conversations: Conversations::new(Arc::clone(&store), Arc::clone(&live), Arc::clone(&clock)),
            sessions: Sessions::new(Arc::clone(&store), Arc::clone(&live), Arc::clone(&clock)),
            customers: Customers::new(Arc::clone(&store), Arc::clone(&live), Arc::clone(&clock)),
            guest_sessions: GuestSessions::new(Arc::clone(&store), Arc::clone(&clock)),
            operator: Operator::new(Arc::clone(&store), administration.clone()),
            administration,
            idempotency: Idempotency::new(Arc::clone(&store), Arc::clone(&clock)),
            mock: Arc::default(),
            rate_limits: Arc::default(),
            trusted_proxies: Arc::default(),
            body_pace: BodyPace::default(),
            web: Arc::new(Web::new(settings.is_mock)),
            origin: Arc::new(OwnOrigin::of(&settings.public_url)),
            settings: Arc::new(settings),
            store,
            live,
            clock,
        })))
    }
}
