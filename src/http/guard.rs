//! Which addresses and hosts a fetch may be led to. Pure.
//!
//! A page on the internet can answer with a redirect, and a name server with any address: neither may make this
//! daemon read what stands behind the firewall. A host that the operator named may stand in an internal network; the
//! link-local addresses, behind which clouds keep credentials, are never asked.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where an address leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Public,
    /// This machine or a network of ours: only for hosts that are named.
    Internal,
    /// Link-local, unspecified, multicast, metadata: never.
    Never,
}

/// Whether an address may be asked; `named` says whether the operator named the host.
pub fn may_reach(address: IpAddr, named: bool) -> bool {
    match reach(address) {
        Reach::Public => true,
        Reach::Internal => named,
        Reach::Never => false,
    }
}

/// The address that a URL's host is, if it is one and not a name. Decimal, octal and hexadecimal spellings have become
/// dotted ones when the URL was read.
pub fn literal(host: &str) -> Option<IpAddr> {
    let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    bare.parse().ok()
}

fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(v4) => reach_v4(v4),
        IpAddr::V6(v6) => reach_v6(v6),
    }
}

fn reach_v4(address: Ipv4Addr) -> Reach {
    let [a, b, c, _] = address.octets();
    match (a, b, c) {
        // "This network" reaches this very machine on Linux; class E and broadcast lead nowhere.
        (0 | 224..=255, _, _) | (169, 254, _) => Reach::Never,
        (10 | 127, _, _)
        | (100, 64..=127, _)
        | (172, 16..=31, _)
        | (192, 168, _)
        | (192, 0, 0 | 2)
        | (198, 18..=19, _)
        | (198, 51, 100)
        | (203, 0, 113) => Reach::Internal,
        _ => Reach::Public,
    }
}

/// Where the metadata service of one large cloud stands; elsewhere the link-local range covers it.
const METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

fn reach_v6(address: Ipv6Addr) -> Reach {
    if let Some(inner) = embedded(address) {
        return reach_v4(inner);
    }
    let [first, second, ..] = address.segments();
    match (first, second) {
        _ if address == Ipv6Addr::LOCALHOST => Reach::Internal,
        _ if address == Ipv6Addr::UNSPECIFIED || address == METADATA => Reach::Never,
        (0xfe80..=0xfebf | 0xff00..=0xffff, _) => Reach::Never,
        // Unique local, the old site-local, documentation, Teredo, local-use NAT64, discard-only.
        (0xfc00..=0xfdff | 0xfec0..=0xfeff, _) | (0x2001, 0x0db8 | 0) | (0x0064, 0xff9b) | (0x0100, 0) => {
            Reach::Internal
        }
        _ => Reach::Public,
    }
}

/// The IPv4 address inside an IPv6 one: mapped, compatible, translated (RFC 2765), NAT64 and 6to4.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let quad = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match address.segments() {
        // `::` and `::1` are addresses of their own.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x0064, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => Some(quad(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may(text: &str) -> (bool, bool) {
        let address = literal(text).unwrap();
        (may_reach(address, false), may_reach(address, true))
    }

    #[test]
    fn the_internet_is_open_and_networks_of_ours_only_by_name() {
        for public in ["8.8.8.8", "200.198.213.1", "172.32.0.1", "[2804:0::1]", "2001:4860::8888"] {
            assert_eq!(may(public), (true, true), "{public}");
        }
        for internal in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.0.1",
            "100.64.0.1",
            "100.100.100.200",
            "[::1]",
            "fc00::1",
            "fd12::1",
            "::ffff:10.0.0.1",
            "[::ffff:0:127.0.0.1]",
            "64:ff9b::7f00:1",
            "2002:c0a8:1::1",
        ] {
            assert_eq!(may(internal), (false, true), "{internal}");
        }
    }

    #[test]
    fn where_clouds_keep_credentials_is_never_asked_whoever_names_it() {
        for never in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::",
            "fe80::1",
            "fd00:ec2::254",
            "0.0.0.0",
            "::",
            "::ffff:0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "ff02::1",
        ] {
            assert_eq!(may(never), (false, false), "{never}");
        }
    }
}
