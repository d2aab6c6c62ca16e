//! The life of a server: open, listen, and on the way out lose nothing.

use crate::{
    admin::socket::AdminSocket,
    app::{App, Settings},
    client_address::TrustedProxies,
    clock::{Clock, SystemClock},
    config::Config,
    connections::{self, Bounds},
    connectors, demo,
    live::Live,
    rate_limit::RateLimits,
    responder::{self, script::Script},
    router::router,
    store::{Store, sqlite::SqliteStore},
    webhooks,
};
use anyhow::Context;
use std::{fs, future::Future, net::SocketAddr, sync::Arc, time::Duration};
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
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&config.data, Arc::clone(&live) as _)?);
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
    let bounds = Bounds {
        n_max: max_connections(config.max_connections),
        per_address: config.limits.connections_per_address,
        ..Bounds::default()
    };
    let proxies = Arc::clone(&app.trusted_proxies);
    let is_exempt =
        move |peer: SocketAddr| peer.ip().to_canonical().is_loopback() || proxies.trusts(peer.ip());
    let server = connections::serve(listener, router(app), bounds, is_exempt, graceful);
    let deadline = async {
        drop(draining.wait_for(|is_draining| *is_draining).await);
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        () = server => {}
        () = deadline => warn!("some requests were still under way after {DRAIN:?} and were cut off"),
    }
    // What they had under way is in the database, and they begin it again.
    for worker in [deliveries, webhooks] {
        let stop = worker.abort_handle();
        if timeout(DRAIN, worker).await.is_err() {
            warn!("deliveries to the outside were still under way after {DRAIN:?} and were cut off");
            stop.abort();
        }
    }
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

/// How many connections there may be: as many as are wanted, or as the system allows open files, beside those for everything else.
fn max_connections(wanted: u32) -> usize {
    const FOR_EVERYTHING_ELSE: usize = 200;
    let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
    let Some(n_files) = max_open_files() else { return wanted };
    let possible = n_files.saturating_sub(FOR_EVERYTHING_ELSE).max(1);
    if possible < wanted {
        warn!(
            connections = possible,
            "the system allows {n_files} open files (`ulimit -n`): so many connections at a time"
        );
    }
    wanted.min(possible)
}

/// Nothing where the system doesn't tell, or sets no limit.
fn max_open_files() -> Option<usize> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
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
