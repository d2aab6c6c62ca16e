//! Requests over connections of our own: one for a visitor's calls, kept as a browser keeps it, and one for each stream.

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{Method, Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::Incoming,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use shared::{ErrorBody, ErrorCode};
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};
use tokio::{net::TcpSocket, time::timeout};
use widget::state::outbox::Outcome;

/// Which way a visitor goes: from an address of their own to the server, or to whatever stands in front of it.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    pub from: IpAddr,
    pub to: SocketAddr,
}

impl Way {
    /// The way of visitor `number`. All of 127.0.0.0/8 is this machine; an address for each visitor keeps ports and limits for each
    /// address from being what is measured. It is never the server's own: while that is down, a connection from 127.0.0.1 to a
    /// port there may take that very port as its own end and be connected to itself.
    pub fn of_visitor(number: usize, to: SocketAddr) -> Self {
        let [high, low] = [number / 250, number % 250].map(|part| u8::try_from(part % 250 + 1).unwrap_or(1));
        Self { from: Ipv4Addr::new(127, 0, high, low + 1).into(), to }
    }

    pub async fn connect(self) -> std::io::Result<tokio::net::TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(self.from, 0))?;
        let connection = socket.connect(self.to).await?;
        connection.set_nodelay(true)?;
        Ok(connection)
    }
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    pub method: Method,
    pub path: &'a str,
    pub token: Option<&'a str>,
    pub body: Option<String>,
    pub last_event_id: Option<&'a str>,
}

impl<'a> Ask<'a> {
    pub const fn new(method: Method, path: &'a str) -> Self {
        Self { method, path, token: None, body: None, last_event_id: None }
    }

    pub const fn get(path: &'a str) -> Self {
        Self::new(Method::GET, path)
    }

    #[must_use]
    pub fn with_token(self, token: &'a str) -> Self {
        Self { token: Some(token), ..self }
    }

    /// # Panics
    ///
    /// Never: what is asked with are wire types.
    #[must_use]
    pub fn with_json(self, body: &impl serde::Serialize) -> Self {
        Self { body: Some(serde_json::to_string(body).expect("wire types are JSON")), ..self }
    }

    fn build(self) -> Result<Request<Full<Bytes>>> {
        let mut request = Request::builder().method(self.method).uri(self.path).header(header::HOST, "load");
        if let Some(token) = self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(id) = self.last_event_id {
            request = request.header("last-event-id", id);
        }
        if self.body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        Ok(request.body(Full::from(self.body.unwrap_or_default()))?)
    }
}

/// What was answered.
#[derive(Clone, Debug)]
pub struct Reply {
    /// 0 when there was no answer.
    pub status: u16,
    pub body: Bytes,
    pub retry_after_ms: Option<f64>,
}

impl Reply {
    pub const NONE: Self = Self { status: 0, body: Bytes::new(), retry_after_ms: None };

    pub const fn is_ok(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// The body of a success.
    pub fn read<T: DeserializeOwned>(&self) -> Option<T> {
        if self.is_ok() { serde_json::from_slice(&self.body).ok() } else { None }
    }

    pub fn code(&self) -> ErrorCode {
        serde_json::from_slice::<ErrorBody>(&self.body).map_or(ErrorCode::Unknown, |body| body.error.code)
    }

    /// What this answer means for a message.
    pub fn outcome(&self) -> Outcome {
        Outcome::of(self.status, self.code(), self.retry_after_ms)
    }
}

/// The wait that an answer asks for.
pub fn retry_after_ms<T>(response: &Response<T>) -> Option<f64> {
    let seconds: u32 = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(f64::from(seconds) * 1000.0)
}

/// A connection that is kept between requests.
pub struct Client {
    way: Way,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Client {
    pub const fn new(way: Way) -> Self {
        Self { way, sender: None }
    }

    /// One request and its answer, without a second try.
    pub async fn call(&mut self, ask: Ask<'_>, patience: Duration) -> Reply {
        // A connection on which an answer is still outstanding is no good for the next request.
        let kept = self.sender.take();
        let Ok(Ok((reply, sender))) = timeout(patience, exchange(self.way, kept, ask)).await else {
            return Reply::NONE;
        };
        self.sender = Some(sender);
        reply
    }

    /// Lets go of the connection.
    pub fn close(&mut self) {
        self.sender = None;
    }
}

async fn exchange(
    way: Way,
    kept: Option<SendRequest<Full<Bytes>>>,
    ask: Ask<'_>,
) -> Result<(Reply, SendRequest<Full<Bytes>>)> {
    let request = ask.build()?;
    let kept = match kept {
        Some(mut sender) => sender.ready().await.is_ok().then_some(sender),
        None => None,
    };
    let mut sender = match kept {
        Some(sender) => sender,
        None => open(way).await?,
    };
    let response = sender.send_request(request).await?;
    let (status, retry_after_ms) = (response.status().as_u16(), retry_after_ms(&response));
    let body = response.into_body().collect().await?.to_bytes();
    Ok((Reply { status, body, retry_after_ms }, sender))
}

/// Asks for something whose answer goes on, and answers its head.
pub async fn open_stream(way: Way, ask: Ask<'_>) -> Result<Response<Incoming>> {
    let request = ask.build()?;
    let mut sender = open(way).await?;
    Ok(sender.send_request(request).await?)
}

async fn open(way: Way) -> Result<SendRequest<Full<Bytes>>> {
    let connection = way.connect().await.context("connecting")?;
    // A stream says little at a time, and there are thousands.
    let (sender, connection) =
        http1::Builder::new().max_buf_size(16 * 1024).handshake(TokioIo::new(connection)).await?;
    // How it ended is known by whoever waits for an answer on it.
    tokio::spawn(async move { drop(connection.await) });
    Ok(sender)
}
