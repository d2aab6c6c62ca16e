//! Connections: taken, held to bounds of time, number and memory, and let go of when the server stops.

mod stalled;

use self::stalled::Stalled;
use crate::{
    client_address::{ClientAddress, Peer},
    rate_limit::open::OpenCounts,
};
use axum::{Router, body::Body};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::SockRef;
use std::{io, net::SocketAddr, os::fd::AsFd, pin::pin, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    sync::{Semaphore, watch},
    task::JoinSet,
    time::sleep,
};
use tower::Service;
use tracing::{debug, error};

/// What a connection may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Open at a time. Who comes when it is reached waits until somebody goes.
    pub n_max: usize,
    /// Open at a time from one address, the machine's own and trusted proxies' excepted; 0 is no limit.
    pub per_address: u32,
    /// From when a connection is free until the whole head of a request has come. Longer than proxies keep theirs, so that it is they
    /// who close, and no request is sent into a connection that has just gone.
    pub head: Duration,
    /// How long a write may make no progress.
    pub stall: Duration,
    /// Memory for what was read and not understood yet, and for what is to be written; the longest head of a request.
    pub buffer_bytes: usize,
    /// What the kernel may hold for a peer that doesn't read.
    pub unsent_bytes: u32,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            n_max: 20_000,
            per_address: 4_000,
            head: Duration::from_secs(75),
            stall: Duration::from_secs(30),
            buffer_bytes: 16 * 1024,
            unsent_bytes: 32 * 1024,
        }
    }
}

/// Serves `router` until `stop` is ready; then takes no more connections, and returns when those it has are done with what they were asked.
/// When it is dropped before, they are cut off.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    bounds: Bounds,
    is_exempt: impl Fn(SocketAddr) -> bool,
    stop: impl Future<Output = ()>,
) {
    let places = Arc::new(Semaphore::new(bounds.n_max));
    let of_address = OpenCounts::new(bounds.per_address);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(bounds.head).max_buf_size(bounds.buffer_bytes);
    let stopping = watch::Sender::new(false);
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await.expect("it is never closed");
            (place, accept(&listener).await)
        };
        let (place, (io, peer)) = tokio::select! {
            biased;
            () = &mut stop => break,
            Some(_) = connections.join_next() => continue,
            next = next => next,
        };
        let counted = if is_exempt(peer) { Ok(None) } else { of_address.open(ClientAddress::of(peer.ip())) };
        let Ok(counted) = counted else {
            debug!("a connection was refused: its address has too many");
            continue;
        };
        let socket = SockRef::from(&io);
        // A message is small, and should leave at once. What can't be set is no reason to turn anybody away.
        drop(socket.set_tcp_nodelay(true));
        drop(socket.set_tcp_notsent_lowat(bounds.unsent_bytes));
        drop(socket.set_tcp_user_timeout(Some(bounds.stall)));
        let router = router.clone();
        let service = service_fn(move |request: http::Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(Peer(peer));
            // Boxed, so that an answer that goes on for hours doesn't keep the room it took to find it.
            Box::pin(router.clone().call(request))
        });
        let connection = http.serve_connection(TokioIo::new(Stalled::new(io, bounds.stall)), service);
        // Boxed, because what a task is given and what it pins would each have room for it.
        let mut connection = Box::pin(connection);
        let mut stops = stopping.subscribe();
        connections.spawn(async move {
            let _held = (place, counted);
            tokio::select! {
                // How it ended is the peer's business: it went away, it was too slow, it spoke no HTTP.
                _ = connection.as_mut() => return,
                _ = stops.wait_for(|is_stopping| *is_stopping) => {}
            }
            connection.as_mut().graceful_shutdown();
            drop(connection.await);
        });
    }
    drop(listener);
    stopping.send_replace(true);
    while connections.join_next().await.is_some() {}
}

async fn accept(
    listener: &TcpListener,
) -> (impl AsyncRead + AsyncWrite + AsFd + Unpin + Send + use<>, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(failure) if is_of_one_connection(&failure) => {}
            Err(failure) => {
                // Most likely there are too many files open. Somebody will close one.
                error!(error = %failure, "a connection can't be taken");
                sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

fn is_of_one_connection(failure: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(failure.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
