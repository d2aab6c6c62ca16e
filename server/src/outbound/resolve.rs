//! From a name to the addresses that a connection may go to. What is refused is not among them.

use crate::outbound::address;
use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

/// Asks for the addresses of a name.
pub type Lookup = Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync>;

/// The only resolver that requests to foreign addresses use.
#[derive(Clone)]
pub struct Resolver {
    allow_loopback: bool,
    lookup: Lookup,
}

/// A name that has no address, or none that may be connected to. Which of them is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name has no public address")]
pub struct NoPublicAddress;

impl Resolver {
    /// The machine's own resolver.
    pub fn system(allow_loopback: bool) -> Self {
        Self::with(allow_loopback, Arc::new(|name| Box::pin(system_lookup(name))))
    }

    pub fn with(allow_loopback: bool, lookup: Lookup) -> Self {
        Self { allow_loopback, lookup }
    }

    async fn addresses(self, name: String) -> Result<Vec<IpAddr>, NoPublicAddress> {
        // Nobody is asked what localhost means: the answer may not be anything else.
        if is_localhost(&name) && self.allow_loopback {
            return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
        }
        let mut addresses = (self.lookup)(name).await.map_err(|_| NoPublicAddress)?;
        addresses.retain(|address| address::is_public(*address));
        if addresses.is_empty() { Err(NoPublicAddress) } else { Ok(addresses) }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let addresses = self.clone().addresses(name.as_str().to_owned());
        Box::pin(async move {
            // The port is the URL's, which goes before port 0.
            let addresses = addresses.await?.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

/// Whether a name, as the `url` crate has normalised it, is that of this machine.
pub fn is_localhost(name: &str) -> bool {
    matches!(name, "localhost" | "localhost.")
}

/// Such names mean this machine as well, where they mean anything.
pub fn is_below_localhost(name: &str) -> bool {
    name.trim_end_matches('.').ends_with(".localhost")
}

async fn system_lookup(name: String) -> io::Result<Vec<IpAddr>> {
    Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn resolver(allow_loopback: bool, addresses: &'static [&'static str]) -> Resolver {
        let addresses: Vec<IpAddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
        let lookup =
            move |_name| -> BoxFuture<'static, _> { Box::pin(std::future::ready(Ok(addresses.clone()))) };
        Resolver::with(allow_loopback, Arc::new(lookup))
    }

    #[tokio::test]
    async fn only_a_names_public_addresses_are_connected_to() {
        let resolver =
            resolver(false, &["10.0.0.1", "1.1.1.1", "::1", "2606:4700:4700::1111", "::ffff:1.1.1.1"]);
        let addresses = resolver.addresses("mixed.example".into()).await.unwrap();
        assert_eq!(
            addresses,
            ["1.1.1.1", "2606:4700:4700::1111"].map(|address| address.parse::<IpAddr>().unwrap())
        );
    }

    #[tokio::test]
    async fn a_name_without_a_public_address_and_one_that_is_not_there_are_refused_alike() {
        for addresses in [&["127.0.0.1"] as &[_], &["10.1.2.3", "fd00::1"], &["169.254.169.254"], &[]] {
            for allow_loopback in [false, true] {
                let refused = resolver(allow_loopback, addresses).addresses("inside.example".into()).await;
                assert_eq!(refused, Err(NoPublicAddress));
            }
        }
        let missing = Resolver::with(
            false,
            Arc::new(|_name| Box::pin(async { Err(io::Error::other("no such name")) })),
        );
        assert_eq!(missing.addresses("missing.example".into()).await, Err(NoPublicAddress));
    }

    #[tokio::test]
    async fn a_name_that_changes_its_meaning_is_judged_each_time_it_is_asked_for() {
        let n_asked = Arc::new(AtomicUsize::new(0));
        let lookup: Lookup = Arc::new(move |_name| {
            let address = if n_asked.fetch_add(1, Ordering::Relaxed) == 0 { "1.1.1.1" } else { "127.0.0.1" };
            Box::pin(async move { Ok(vec![address.parse().unwrap()]) })
        });
        let resolver = Resolver::with(true, lookup);
        assert!(resolver.clone().addresses("rebind.example".into()).await.is_ok());
        assert_eq!(resolver.addresses("rebind.example".into()).await, Err(NoPublicAddress));
    }

    #[tokio::test]
    async fn localhost_is_this_machine_whatever_a_resolver_says() {
        let allowed = resolver(true, &["1.1.1.1"]).addresses("localhost".into()).await.unwrap();
        assert!(allowed.iter().all(IpAddr::is_loopback));
        assert_eq!(resolver(false, &["127.0.0.1"]).addresses("localhost".into()).await, Err(NoPublicAddress));
    }
}
