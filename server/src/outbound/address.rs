//! Which addresses belong to the public internet. A pure question about the address, whoever asks and why.
//!
//! What is refused comes from IANA's registries of special-purpose addresses, and from the clouds' metadata services.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Blocks of IPv4 that are not the public internet: the first address and how many leading bits say so.
const SPECIAL_V4: &[(Ipv4Addr, u32)] = &[
    (Ipv4Addr::UNSPECIFIED, 8),            // this host on this network
    (Ipv4Addr::new(10, 0, 0, 0), 8),       // private
    (Ipv4Addr::new(100, 64, 0, 0), 10),    // shared behind a carrier's NAT; Alibaba's metadata
    (Ipv4Addr::new(127, 0, 0, 0), 8),      // loopback
    (Ipv4Addr::new(168, 63, 129, 16), 32), // Azure's metadata, though the address itself is a public one
    (Ipv4Addr::new(169, 254, 0, 0), 16),   // link-local; everybody else's metadata
    (Ipv4Addr::new(172, 16, 0, 0), 12),    // private
    (Ipv4Addr::new(192, 0, 0, 0), 24),     // protocol assignments; Oracle's metadata
    (Ipv4Addr::new(192, 0, 2, 0), 24),     // documentation
    (Ipv4Addr::new(192, 88, 99, 0), 24),   // relays of 6to4
    (Ipv4Addr::new(192, 168, 0, 0), 16),   // private
    (Ipv4Addr::new(198, 18, 0, 0), 15),    // benchmarks
    (Ipv4Addr::new(198, 51, 100, 0), 24),  // documentation
    (Ipv4Addr::new(203, 0, 113, 0), 24),   // documentation
    (Ipv4Addr::new(224, 0, 0, 0), 4),      // multicast
    (Ipv4Addr::new(240, 0, 0, 0), 4),      // reserved; broadcast
];

/// The one block of IPv6 that global unicast addresses are given out of. Everything outside is refused by this: loopback,
/// mapped and compatible IPv4, NAT64, discard, unique local, link-local, site-local, multicast.
const GLOBAL_UNICAST_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// Blocks inside of it that lead elsewhere.
const SPECIAL_V6: &[(Ipv6Addr, u32)] = &[
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // protocol assignments: Teredo, benchmarks, ORCHID
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), // 6to4, which holds an IPv4 address
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation
];

/// Whether a packet to this address leaves for the public internet and for one host there.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !SPECIAL_V4.iter().any(|&block| is_in_v4(address, block)),
        IpAddr::V6(address) => {
            is_in_v6(address, GLOBAL_UNICAST_V6)
                && !SPECIAL_V6.iter().any(|&block| is_in_v6(address, block))
                && !is_isatap(address)
        }
    }
}

/// Whether this is the machine itself, in an address's own spelling: an IPv6 address that holds 127.0.0.1 is not meant.
pub fn is_loopback(address: IpAddr) -> bool {
    address.is_loopback()
}

fn is_in_v4(address: Ipv4Addr, (block, n_bits): (Ipv4Addr, u32)) -> bool {
    (address.to_bits() ^ block.to_bits()).leading_zeros() >= n_bits
}

fn is_in_v6(address: Ipv6Addr, (block, n_bits): (Ipv6Addr, u32)) -> bool {
    (address.to_bits() ^ block.to_bits()).leading_zeros() >= n_bits
}

/// ISATAP writes an IPv4 address into the lower half of any prefix.
fn is_isatap(address: Ipv6Addr) -> bool {
    let [_, _, _, _, universal, mark, ..] = address.segments();
    matches!(universal, 0 | 0x200) && mark == 0x5efe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_blocks_are_refused_from_their_first_address_to_their_last_and_no_further() {
        // The address before, the first, the last, the address after; "-" where that one is special for another reason.
        let blocks = [
            ["-", "0.0.0.0", "0.255.255.255", "1.0.0.0"],
            ["9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"],
            ["100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"],
            ["126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"],
            ["168.63.129.15", "168.63.129.16", "168.63.129.16", "168.63.129.17"],
            ["169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"],
            ["172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"],
            ["191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0"],
            ["192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0"],
            ["192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0"],
            ["192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"],
            ["198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0"],
            ["198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0"],
            ["203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0"],
            ["223.255.255.255", "224.0.0.0", "239.255.255.255", "-"],
            ["-", "240.0.0.0", "255.255.255.255", "-"],
            ["-", "::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2000::"],
            [
                "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                "2001::",
                "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
                "2001:200::",
            ],
            [
                "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
                "2001:db8::",
                "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
                "2001:db9::",
            ],
            [
                "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                "2002::",
                "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                "2003::",
            ],
            [
                "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                "3fff::",
                "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
                "3fff:1000::",
            ],
            [
                "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                "4000::",
                "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                "-",
            ],
        ];
        for [before, first, last, after] in blocks {
            for address in [first, last] {
                assert!(!is_public(address.parse().unwrap()), "{address}");
            }
            for address in [before, after].into_iter().filter(|address| *address != "-") {
                assert!(is_public(address.parse().unwrap()), "{address}");
            }
        }
    }

    #[test]
    fn addresses_that_lead_inside_by_another_spelling_are_refused() {
        for address in [
            "::1",
            "::ffff:127.0.0.1",         // mapped
            "::ffff:8.8.8.8",           // mapped, though the address inside is public
            "::ffff:0:10.0.0.1",        // translated
            "::127.0.0.1",              // compatible
            "64:ff9b::10.0.0.1",        // NAT64
            "64:ff9b:1::10.0.0.1",      // NAT64 for local use
            "100::1",                   // discard
            "2001:0:4136:e378::1",      // Teredo
            "2001:2::1",                // benchmarks
            "2001:10::1",               // ORCHID
            "2001:20::1",               // ORCHID, second version
            "2002:7f00:1::1",           // 6to4 of 127.0.0.1
            "2a00:1450::5efe:10.0.0.1", // ISATAP
            "2a00:1450::200:5efe:10.0.0.1",
            "5f00::1",         // segment routing
            "fc00::1",         // unique local
            "fd00:ec2::254",   // Amazon's metadata
            "fd20:ce::254",    // Google's metadata
            "fe80::1",         // link-local
            "fec0::1",         // site-local
            "ff02::1",         // multicast
            "ff0e::1",         // multicast to everybody
            "100.100.100.200", // Alibaba's metadata
            "169.254.169.254", // everybody's metadata
            "192.0.0.192",     // Oracle's metadata
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn hosts_of_the_public_internet_are_allowed() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "93.184.215.14",
            "172.217.16.142",
            "192.30.255.112",
            "198.41.0.4",
            "2001:4860:4860::8888",
            "2606:4700:4700::1111",
            "2a00:1450:4001:80b::200e",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn loopback_is_told_by_its_own_spelling_only() {
        for address in ["127.0.0.1", "127.255.0.3", "::1"] {
            assert!(is_loopback(address.parse().unwrap()), "{address}");
        }
        for address in ["::ffff:127.0.0.1", "::127.0.0.1", "0.0.0.0", "::", "128.0.0.1"] {
            assert!(!is_loopback(address.parse().unwrap()), "{address}");
        }
    }
}
