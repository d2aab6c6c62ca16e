//! Which address a request comes from: the peer's, or the one that a proxy of ours vouches for. Limits go by it, and nothing
//! else does; it is in no log and no table.

use crate::app::App;
use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, header},
};
use serde::{Deserialize, Deserializer, de};
use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    str::FromStr,
    sync::atomic::{AtomicBool, Ordering},
};
use tracing::warn;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Who is at the other end of the connection. Put into a request's extensions by whoever accepted it; a request that came
/// over none has none.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// Whom a request counts for: an IPv4 address, or 64 bits of an IPv6 one, which is what one customer of a network is given.
/// Put into a request's extensions by [`recognise`]; not there for whom nothing is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddress(IpAddr);

impl ClientAddress {
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
            address @ IpAddr::V4(_) => address,
        })
    }
}

/// A block of addresses, such as `10.0.0.0/8`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    n_bits: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an address or a block of them, such as 10.0.0.0/8 or 2001:db8::/32")]
pub struct NoNetwork;

impl Network {
    fn contains(self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(block), IpAddr::V4(address)) => {
                (block.to_bits() ^ address.to_bits()).leading_zeros() >= self.n_bits
            }
            (IpAddr::V6(block), IpAddr::V6(address)) => {
                (block.to_bits() ^ address.to_bits()).leading_zeros() >= self.n_bits
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = NoNetwork;

    fn from_str(text: &str) -> Result<Self, NoNetwork> {
        let (address, n_bits) = match text.split_once('/') {
            Some((address, n_bits)) => (address, Some(n_bits.parse().map_err(|_| NoNetwork)?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NoNetwork)?;
        let all_bits = if address.is_ipv4() { 32 } else { 128 };
        let n_bits = n_bits.unwrap_or(all_bits);
        if n_bits > all_bits { Err(NoNetwork) } else { Ok(Self { address, n_bits }) }
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// The proxies whose word is taken for whom they speak for. By default nobody's: anybody can write a header.
#[derive(Debug, Default)]
pub struct TrustedProxies {
    networks: Vec<Network>,
    /// Whether it has been said that a proxy seems to be missing here.
    has_warned: AtomicBool,
}

impl TrustedProxies {
    pub fn new(networks: Vec<Network>) -> Self {
        Self { networks, has_warned: AtomicBool::new(false) }
    }

    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(address))
    }

    /// Where a request comes from that `peer` handed on with these headers.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        let forwarded_for = hops(headers, &X_FORWARDED_FOR, hop);
        let forwarded = hops(headers, &header::FORWARDED, forwarded_hop);
        match (forwarded_for.is_empty(), forwarded.is_empty()) {
            (false, true) => self.follow(peer, &forwarded_for),
            (true, false) => self.follow(peer, &forwarded),
            (true, true) => peer,
            // A proxy writes one of them and hands the other on, whoever wrote that. Which is which can't be seen.
            (false, false) => {
                let client = self.follow(peer, &forwarded_for);
                if client == self.follow(peer, &forwarded) { client } else { peer }
            }
        }
    }

    /// Each hop says who asked it; what one says that isn't ours may be invented. So from the right, the last one that a
    /// proxy of ours has seen itself.
    fn follow(&self, peer: IpAddr, hops: &[Option<IpAddr>]) -> IpAddr {
        let mut client = peer;
        for hop in hops.iter().rev() {
            match hop {
                Some(before) if self.trusts(client) => client = *before,
                _ => break,
            }
        }
        client
    }
}

/// Finds out whom a request counts for.
pub fn recognise(app: &App, request: &mut Request) {
    let proxies = &app.trusted_proxies;
    if let Some(Peer(peer)) = request.extensions().get::<Peer>().copied() {
        let headers = request.headers();
        let client = proxies.client(peer.ip(), headers);
        let is_handed_on = headers.contains_key(&X_FORWARDED_FOR) || headers.contains_key(header::FORWARDED);
        if is_handed_on && !proxies.trusts(peer.ip()) && !proxies.has_warned.swap(true, Ordering::Relaxed) {
            warn!(
                "requests come through a proxy that isn't named by --trusted-proxy; limits per address count it"
            );
        }
        // Whoever sits at this machine is its operator, a test, or a proxy that nobody named: one limit for everybody
        // behind it would lock out a whole site.
        if !(peer.ip().to_canonical().is_loopback() && client.is_loopback()) {
            request.extensions_mut().insert(ClientAddress::of(client));
        }
    }
}

/// What the lines of a header say, in order: an address, or nothing for a hop that tells none.
fn hops(
    headers: &HeaderMap,
    name: &HeaderName,
    read: impl Fn(&str) -> Option<IpAddr>,
) -> Vec<Option<IpAddr>> {
    let lines = headers.get_all(name).iter();
    lines.flat_map(|line| split(line.to_str().unwrap_or_default(), ',')).map(read).collect()
}

/// Splits at a separator that doesn't stand in quotes.
fn split(text: &str, separator: char) -> Vec<&str> {
    let mut is_quoted = false;
    let pieces = text.split(|character| {
        is_quoted ^= character == '"';
        character == separator && !is_quoted
    });
    pieces.collect()
}

/// The `for` of an element of `Forwarded` (RFC 7239).
fn forwarded_hop(element: &str) -> Option<IpAddr> {
    let pairs = split(element, ';').into_iter().filter_map(|pair| pair.split_once('='));
    let (_, node) = pairs.into_iter().find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    hop(node.trim().trim_matches('"'))
}

/// An address, with or without a port.
fn hop(node: &str) -> Option<IpAddr> {
    let node = node.trim();
    let address = match node.strip_prefix('[') {
        Some(bracketed) => bracketed.split_once(']')?.0.parse().ok(),
        None => node
            .parse()
            .ok()
            .or_else(|| node.split_once(':').filter(|(_, port)| !port.contains(':'))?.0.parse().ok()),
    };
    address.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn client(trusted: &[&str], peer: &str, headers: &[(&'static str, &str)]) -> String {
        let networks = trusted.iter().map(|network| network.parse().unwrap()).collect();
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        TrustedProxies::new(networks).client(peer.parse().unwrap(), &map).to_string()
    }

    #[test]
    fn nobody_is_believed_who_was_not_named() {
        let forged = [("x-forwarded-for", "198.51.100.7"), ("forwarded", "for=198.51.100.7")];
        for headers in [&forged[..1], &forged[1..], &forged] {
            assert_eq!(client(&[], "203.0.113.5", headers), "203.0.113.5");
            assert_eq!(client(&["10.0.0.0/8"], "203.0.113.5", headers), "203.0.113.5");
            assert_eq!(client(&["10.0.0.0/8"], "10.1.2.3", headers), "198.51.100.7");
        }
    }

    #[test]
    fn the_last_hop_that_a_proxy_of_ours_saw_itself_counts_whatever_stands_before_it() {
        let trusted = ["10.0.0.0/8", "2001:db8:1::/48"];
        for (said, meant) in [
            ("198.51.100.7", "198.51.100.7"),
            ("1.1.1.1, 198.51.100.7", "198.51.100.7"),
            ("1.1.1.1, 198.51.100.7, 10.0.0.9", "198.51.100.7"),
            ("10.9.9.9, 198.51.100.7, 10.0.0.9", "198.51.100.7"),
            ("127.0.0.1, 198.51.100.7", "198.51.100.7"),
            ("198.51.100.7:4711", "198.51.100.7"),
            ("2001:db8:2::7", "2001:db8:2::7"),
            ("[2001:db8:2::7]:4711", "2001:db8:2::7"),
            ("198.51.100.7, 2001:db8:1::1", "198.51.100.7"),
            ("::ffff:198.51.100.7", "198.51.100.7"),
            // A hop that tells none: from there on nobody knows, and the proxy that said so counts.
            ("198.51.100.7, unknown", "10.1.2.3"),
            ("198.51.100.7, , 10.0.0.9", "10.0.0.9"),
            ("", "10.1.2.3"),
            // Nobody but our own.
            ("10.0.0.8, 10.0.0.9", "10.0.0.8"),
        ] {
            assert_eq!(client(&trusted, "10.1.2.3", &[("x-forwarded-for", said)]), meant, "{said}");
        }
        let lines = [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "198.51.100.7")];
        assert_eq!(client(&trusted, "::ffff:10.1.2.3", &lines), "198.51.100.7");
    }

    #[test]
    fn forwarded_is_read_as_its_standard_writes_it() {
        for (said, meant) in [
            ("for=198.51.100.7", "198.51.100.7"),
            ("For=\"198.51.100.7:80\";proto=https;by=10.1.2.3", "198.51.100.7"),
            ("proto=https; for=\"[2001:db8::7]:4711\"", "2001:db8::7"),
            ("for=1.1.1.1, for=198.51.100.7;host=\"a,b;for=2.2.2.2\"", "198.51.100.7"),
            ("for=_hidden", "10.1.2.3"),
            ("for=unknown", "10.1.2.3"),
            ("proto=https", "10.1.2.3"),
        ] {
            assert_eq!(client(&["10.1.2.3"], "10.1.2.3", &[("forwarded", said)]), meant, "{said}");
        }
    }

    #[test]
    fn two_headers_that_disagree_are_both_not_believed() {
        let forged = [("x-forwarded-for", "198.51.100.7"), ("forwarded", "for=1.1.1.1")];
        assert_eq!(client(&["10.0.0.0/8"], "10.1.2.3", &forged), "10.1.2.3");
    }

    #[test]
    fn a_customer_of_an_ipv6_network_is_one_address() {
        let of = |text: &str| ClientAddress::of(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_ne!(of("198.51.100.7"), of("198.51.100.8"));
        assert_eq!(of("::ffff:198.51.100.7"), of("198.51.100.7"));
    }

    #[test]
    fn a_network_is_an_address_or_a_block() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.255.255", "11.0.0.0"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
            ("0.0.0.0/0", "198.51.100.7", "2001:db8::1"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("::1", "::1", "::2"),
        ] {
            let network: Network = network.parse().unwrap();
            assert!(network.contains(inside.parse().unwrap()), "{network:?}");
            assert!(!network.contains(outside.parse().unwrap()), "{network:?}");
        }
        for nonsense in ["", "proxy", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8"] {
            assert_eq!(nonsense.parse::<Network>(), Err(NoNetwork), "{nonsense}");
        }
    }
}
