//! The one way to make HTTP requests to addresses that a client named: files fetched by URL, webhooks.
//!
//! Such a request must not reach anything that only this machine can reach. A URL is checked when it is read; a name is
//! resolved once, by us, and the connection goes to an address that was found to be public, so a name that means
//! something else a moment later changes nothing. Redirects are followed by hand, each target checked like the first URL.
//! No proxy is used, whatever the environment says: it would resolve names on its own.
//!
//! What can't be known here is a network's own prefix for NAT64. Where there is one, the firewall has to know it.

pub mod address;
pub(crate) mod file_name;
mod resolve;
#[cfg(test)]
mod tests;

use self::resolve::{NoPublicAddress, Resolver};
use bytes::Bytes;
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use reqwest::{Client, Response, redirect};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use std::{
    error::Error,
    net::IpAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::time::{Instant, timeout_at};
use tracing::warn;
use url::{Host, Url};

/// Longer URLs are refused. Signed ones of the large object stores have some 2,000 characters.
pub const URL_MAX_BYTES: usize = 4096;

const REDIRECTS_MAX: usize = 5;

/// How much of the answer to a POST is read, so that its sender sees it taken. The answer itself means nothing to us.
const ANSWER_MAX_BYTES: usize = 64 * 1024;

const USER_AGENT: &str = concat!("Porchlight/", env!("CARGO_PKG_VERSION"));

/// Makes the requests. Cheap to clone.
#[derive(Clone)]
pub struct Outbound(Arc<Inner>);

struct Inner {
    allow_loopback: bool,
    patience: Patience,
    resolver: Resolver,
    /// Made when it is first needed: the machine's trusted certificates are read then, and an idle server goes without.
    client: OnceLock<Client>,
}

/// How long others may take.
#[derive(Clone, Copy)]
struct Patience {
    connect: Duration,
    /// Between two pieces of a body.
    idle: Duration,
    /// A whole GET: redirects and body included.
    get: Duration,
    post: Duration,
}

const PATIENCE: Patience = Patience {
    connect: Duration::from_secs(5),
    idle: Duration::from_secs(10),
    get: Duration::from_secs(30),
    post: Duration::from_secs(10),
};

/// A file that is being fetched.
pub struct Fetched {
    /// What its server calls it, as [`crate::files::clean_name`] leaves it.
    pub name: String,
    /// Ends in an error when the file is larger than was asked for, or its server too slow.
    pub bytes: BoxStream<'static, Result<Bytes, OutboundError>>,
}

/// Why a request failed. The texts may be shown to the client who named the URL: they tell nothing about the inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    #[error("the URL must be a complete http or https URL without a user name or password")]
    InvalidUrl,
    /// Also for a name that doesn't resolve. A difference would tell which names exist inside.
    #[error("the URL's host has no public internet address")]
    ForbiddenAddress,
    #[error("the URL redirects too often")]
    TooManyRedirects,
    #[error("the file at the URL is too large")]
    TooLarge,
    #[error("the URL's server took too long")]
    Timeout,
    #[error("the URL's server answered with status {0}")]
    Status(u16),
    #[error("the URL's server could not be reached: {0}")]
    Unreachable(&'static str),
}

impl Outbound {
    /// With `allow_loopback`, `localhost` and loopback addresses may be named too: for mock mode, where everything is on
    /// one machine. A foreign name that resolves to a loopback address is refused even then.
    pub fn new(allow_loopback: bool) -> Self {
        Self::with(allow_loopback, PATIENCE, Resolver::system(allow_loopback))
    }

    fn with(allow_loopback: bool, patience: Patience, resolver: Resolver) -> Self {
        Self(Arc::new(Inner { allow_loopback, patience, resolver, client: OnceLock::new() }))
    }

    /// What can be said about a URL without asking anybody: for when it is set, long before it is used.
    pub fn check_url(&self, url: &str) -> Result<Url, OutboundError> {
        if url.len() > URL_MAX_BYTES {
            return Err(OutboundError::InvalidUrl);
        }
        let url = Url::parse(url).map_err(|_| OutboundError::InvalidUrl)?;
        self.check(&url)?;
        Ok(url)
    }

    /// Fetches a file of at most this size. Only the status 200 is a file.
    pub async fn get(&self, url: &str, max_bytes: u64) -> Result<Fetched, OutboundError> {
        let deadline = Instant::now() + self.0.patience.get;
        let mut url = self.check_url(url)?;
        for _ in 0..=REDIRECTS_MAX {
            let response = in_time(deadline, self.client().get(url.clone()).send()).await?;
            if let Some(location) = redirect_location(&response) {
                url = self.check_redirect(&url, location)?;
                continue;
            }
            if response.status() != StatusCode::OK {
                return Err(OutboundError::Status(response.status().as_u16()));
            }
            if response.content_length().is_some_and(|length| length > max_bytes) {
                return Err(OutboundError::TooLarge);
            }
            let name = file_name::of(response.headers(), &url);
            return Ok(Fetched { name, bytes: self.bounded(response, max_bytes, deadline) });
        }
        Err(OutboundError::TooManyRedirects)
    }

    /// Sends a body and returns the status of the answer, a redirect's too: it is not followed, since a body is meant for
    /// the address it was sent to.
    pub async fn post(
        &self,
        url: &str,
        headers: Vec<(HeaderName, HeaderValue)>,
        body: Bytes,
    ) -> Result<StatusCode, OutboundError> {
        let deadline = Instant::now() + self.0.patience.post;
        let url = self.check_url(url)?;
        let headers: HeaderMap = headers.into_iter().collect();
        let mut response =
            in_time(deadline, self.client().post(url).headers(headers).body(body).send()).await?;
        let mut n_read = 0;
        while let Ok(Some(chunk)) = in_time(deadline, response.chunk()).await {
            n_read += chunk.len();
            if n_read >= ANSWER_MAX_BYTES {
                break;
            }
        }
        Ok(response.status())
    }

    /// Literal addresses have to be judged here: no resolver is asked about them. The `url` crate has normalised their
    /// odd spellings (decimal, octal, hexadecimal, short, full-width).
    fn check(&self, url: &Url) -> Result<(), OutboundError> {
        let is_plain = matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none()
            && url.as_str().len() <= URL_MAX_BYTES;
        let host = url.host().filter(|_| is_plain).ok_or(OutboundError::InvalidUrl)?;
        let is_allowed = match host {
            Host::Domain(name) => {
                if resolve::is_localhost(name) {
                    self.0.allow_loopback
                } else {
                    !resolve::is_below_localhost(name)
                }
            }
            Host::Ipv4(address) => self.is_allowed(address.into()),
            Host::Ipv6(address) => self.is_allowed(address.into()),
        };
        if is_allowed { Ok(()) } else { Err(OutboundError::ForbiddenAddress) }
    }

    fn is_allowed(&self, address: IpAddr) -> bool {
        address::is_public(address) || (self.0.allow_loopback && address::is_loopback(address))
    }

    fn check_redirect(&self, from: &Url, location: &HeaderValue) -> Result<Url, OutboundError> {
        let location = location.to_str().map_err(|_| OutboundError::InvalidUrl)?;
        let mut target = from.join(location).map_err(|_| OutboundError::InvalidUrl)?;
        target.set_fragment(None);
        self.check(&target)?;
        Ok(target)
    }

    /// The body, piece by piece, until it is too large, too slow or whole.
    fn bounded(
        &self,
        response: Response,
        max_bytes: u64,
        deadline: Instant,
    ) -> BoxStream<'static, Result<Bytes, OutboundError>> {
        let idle = self.0.patience.idle;
        stream::try_unfold((response, max_bytes), move |(mut response, n_left)| async move {
            let Some(chunk) = in_time(deadline.min(Instant::now() + idle), response.chunk()).await? else {
                return Ok(None);
            };
            let n_left = n_left.checked_sub(chunk.len() as u64).ok_or(OutboundError::TooLarge)?;
            Ok(Some((chunk, (response, n_left))))
        })
        .boxed()
    }

    fn client(&self) -> &Client {
        self.0.client.get_or_init(|| client(self.0.resolver.clone(), self.0.patience))
    }
}

fn client(resolver: Resolver, patience: Patience) -> Client {
    let mut trusted = RootCertStore::empty();
    trusted.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if trusted.is_empty() {
        warn!("this machine has no trusted certificates, so no https address can be reached");
    }
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has what the default versions need")
        .with_root_certificates(trusted)
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(resolver)
        .no_proxy()
        .redirect(redirect::Policy::none())
        .referer(false)
        .connect_timeout(patience.connect)
        // Each request has its own connection to an address that was judged for it, and leaves nothing open.
        .pool_max_idle_per_host(0)
        .user_agent(USER_AGENT)
        .build()
        .expect("these settings go together")
}

async fn in_time<T>(
    deadline: Instant,
    request: impl Future<Output = Result<T, reqwest::Error>>,
) -> Result<T, OutboundError> {
    match timeout_at(deadline, request).await {
        Ok(answer) => answer.map_err(|error| (&error).into()),
        Err(_) => Err(OutboundError::Timeout),
    }
}

fn redirect_location(response: &Response) -> Option<&HeaderValue> {
    let is_redirect = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    response.headers().get(header::LOCATION).filter(|_| is_redirect)
}

impl From<&reqwest::Error> for OutboundError {
    fn from(error: &reqwest::Error) -> Self {
        let mut cause: Option<&dyn Error> = Some(error);
        while let Some(current) = cause {
            if current.is::<NoPublicAddress>() {
                return Self::ForbiddenAddress;
            }
            cause = current.source();
        }
        if error.is_timeout() {
            Self::Timeout
        } else if error.is_connect() {
            Self::Unreachable("no connection, or none that can be trusted")
        } else {
            Self::Unreachable("the connection broke off, or what came is not HTTP")
        }
    }
}
