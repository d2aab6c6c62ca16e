//! The life of a server: open, listen, and on the way out lose nothing.

use crate::{
    admin::socket::AdminSocket,
    app::{App, Settings},
    client_address::TrustedProxies,
    clock::{Clock, SystemClock},
    config::Config,
    connectors, demo,
    live::Live,
    rate_limit::RateLimits,
    responder::{self, script::Script},
    router::router,
    store::{Store, sqlite::SqliteStore},
    webhooks,
};
use anyhow::Context;
use axum::serve::ListenerExt;
use std::{future::Future, sync::Arc, time::Duration};
use tokio::{net::TcpListener, time::timeout};
use tracing::{info, warn};

/// How long requests under way may take after the server was told to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// Runs a server until `stop` is ready, then drains it: takes no more connections, tells streams to come back, finishes
/// what it took, folds the write-ahead log into the database.
pub async fn run(config: Config, stop: impl Future<Output = ()> + Send + 'static) -> anyhow::Result<()> {
    let script = match &config.mock_script {
        Some(file) => Script::load(file)?,
        None => Script::default(),
    };
    let live = Arc::new(Live::default());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&config.data, Arc::clone(&live) as _).await?);
    let listener = TcpListener::bind(config.listen).await.with_context(|| {
        format!("can't listen on {}; choose another address with --listen", config.listen)
    })?;
    let base_url = format!("http://{}", listener.local_addr()?);

    let settings = Settings {
        is_mock: config.mock,
        public_url: config.public_url.clone().unwrap_or_else(|| base_url.clone()),
        upload_max_bytes: config.upload_max_bytes,
        files: config.data.join("files"),
    };
    let mut app = App::new(Arc::clone(&store), Arc::clone(&live), Arc::clone(&clock), settings)
        .with_context(|| format!("uploaded files can't be kept in {}", config.data.display()))?;
    app.rate_limits = Arc::new(RateLimits::new(config.limits));
    app.trusted_proxies = Arc::new(TrustedProxies::new(config.trusted_proxies));
    if config.mock {
        let demo = demo::prepare(&*store, &*clock, &config.data, &base_url).await?;
        responder::start(app.clone(), script);
        info!(demo.page = demo.demo_page, "mock mode: the demo page is ready");
    }
    info!("listening on {base_url}");
    let webhooks = webhooks::start(app.clone());
    tokio::spawn(sweep(app.clone()));
    let deliveries = connectors::start(app.clone());
    let commands = match AdminSocket::open(&config.data) {
        Ok(socket) => Some(tokio::spawn(socket.serve(app.operator.clone()))),
        Err(failure) => {
            // Conversations go on without it.
            warn!(
                error = format!("{failure:#}"),
                "commands such as `porchlight token` work only when the server is stopped"
            );
            None
        }
    };

    let mut draining = live.draining();
    let stopping = Arc::clone(&live);
    let graceful = async move {
        stop.await;
        info!("stopping: taking no more connections, finishing what was taken");
        stopping.drain();
    };
    let listener = listener.tap_io(|connection| {
        // A message is small, and should leave at once.
        drop(connection.set_nodelay(true));
    });
    let server = axum::serve(listener, router(app)).with_graceful_shutdown(graceful).into_future();
    let deadline = async {
        drop(draining.wait_for(|is_draining| *is_draining).await);
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        result = server => result?,
        () = deadline => warn!("some requests were still under way after {DRAIN:?} and were cut off"),
    }
    drop(deliveries.await);
    drop(webhooks.await);
    if let Some(commands) = commands {
        commands.abort();
        // It is gone from the directory before somebody else may use that.
        drop(commands.await);
    }
    if timeout(DRAIN, store.close()).await.is_err() {
        warn!("the database took too long to close; it recovers at the next start");
    }
    info!("stopped");
    Ok(())
}

/// Forgets uploads that were never sent, now and every hour.
async fn sweep(app: App) {
    let mut hours = tokio::time::interval(Duration::from_hours(1));
    loop {
        hours.tick().await;
        if let Err(failure) = app.attachments.sweep().await {
            warn!(error = %failure, "uploads that were never sent could not be removed");
        }
    }
}
