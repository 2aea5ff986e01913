//! The address of a client, as limits count it.
//!
//! Throttles, the limit of failed logins and the queue for hashing all use it, so that they agree
//! on what a client is. Only the first 64 bits of an IPv6 address count, because a client with one
//! address of a network usually has all the others too.

use std::net::{IpAddr, Ipv6Addr};

use super::Context;

const FORWARDED_FOR: &str = "x-forwarded-for";

impl Context {
    /// The client's network: an IPv4 address, or the first 64 bits of an IPv6 one. `None` where
    /// the socket has no address.
    ///
    /// It is that of the socket or, with `NUM_PROXIES`, the one that the outermost of those proxies
    /// wrote into `X-Forwarded-For`. If that is not an address (`unknown`, an obfuscated name,
    /// nothing), it is that of the socket: clients hidden by a proxy count as one, and none of them
    /// evades the limits.
    pub fn client_network(&self) -> Option<IpAddr> {
        let proxies = self.settings().throttle.num_proxies.unwrap_or(0);
        let told = if proxies == 0 { None } else { self.forwarded(proxies) };
        told.or(self.request.peer).map(network)
    }

    /// The client's address, as seen by the outermost of this many proxies.
    fn forwarded(&self, proxies: usize) -> Option<IpAddr> {
        let list = self.request.header(FORWARDED_FOR)?;
        list.rsplit(',').take(proxies).last().and_then(proxied_address)
    }

    /// The whole of `X-Forwarded-For`, without white space; the client controls its content.
    pub(crate) fn forwarded_for(&self) -> Option<String> {
        let list = self.request.header(FORWARDED_FOR)?;
        Some(list.split_whitespace().collect()).filter(|list: &String| !list.is_empty())
    }
}

/// The part of an address that counts.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address @ IpAddr::V4(_) => address,
    }
}

/// A network as text: `10.0.0.7`, `2001:db8::/64`.
pub(crate) fn network_text(network: IpAddr) -> String {
    match network {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("{address}/64"),
    }
}

/// The address in an entry of a proxy: alone, with a port as Azure and IIS append it, in brackets,
/// or as a node of RFC 7239 (`for="[2001:db8::1]:4711"`).
pub(crate) fn proxied_address(entry: &str) -> Option<IpAddr> {
    let node = entry.split(';').next().unwrap_or_default().trim();
    let node = match node.split_at_checked(4) {
        Some((key, value)) if key.eq_ignore_ascii_case("for=") => value,
        _ => node,
    };
    let node = node.trim_matches('"');
    if let Some((host, rest)) = node.strip_prefix('[').and_then(|node| node.split_once(']')) {
        let whole = rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port);
        return parse(host).filter(|address| whole && address.is_ipv6());
    }
    parse(node).or_else(|| {
        let (host, port) = node.rsplit_once(':')?;
        parse(host).filter(|_| is_port(port))
    })
}

/// An address, with or without an interface: `fe80::1%eth0`.
fn parse(host: &str) -> Option<IpAddr> {
    let host = match host.split_once('%') {
        Some((host, zone)) if !zone.is_empty() && host.contains(':') => host,
        _ => host,
    };
    host.parse().ok()
}

/// A number, or a name that stands for one (RFC 7239, section 6.3).
fn is_port(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_name = |name: &str| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    digits(text) || text.strip_prefix('_').is_some_and(is_name)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use actix_web::http::Method;
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;
    use crate::request::{Shared, ViewContext, testing};

    fn network_of(peer: &str, proxies: Option<usize>, headers: &[&str]) -> String {
        let mut cx = testing::context(Method::GET, None, ViewContext::default());
        let mut shared = Shared::default();
        shared.settings.throttle.num_proxies = proxies;
        cx.shared = Arc::new(shared);
        cx.request.peer = peer.parse().ok();
        for value in headers {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            cx.request.headers.append(HeaderName::from_static(FORWARDED_FOR), value);
        }
        cx.client_network().map(network_text).unwrap_or_default()
    }

    #[test]
    fn the_header_is_believed_as_far_as_proxies_are_known() {
        let list = &["1.1.1.1, 2.2.2.2 ,3.3.3.3"][..];
        for (proxies, headers, expected) in [
            (Some(0), list, "127.0.0.1"),
            (None, list, "127.0.0.1"),
            (Some(1), list, "3.3.3.3"),
            (Some(2), list, "2.2.2.2"),
            (Some(3), list, "1.1.1.1"),
            (Some(9), list, "1.1.1.1"),
            (Some(usize::MAX), list, "1.1.1.1"),
            (Some(1), &["1.1.1.1", "2.2.2.2"], "2.2.2.2"),
            (Some(1), &[], "127.0.0.1"),
        ] {
            assert_eq!(network_of("127.0.0.1", proxies, headers), expected, "{proxies:?}");
        }
    }

    #[test]
    fn a_port_is_no_part_of_an_address() {
        for (entry, expected) in [
            ("1.2.3.4:5678", "1.2.3.4"),
            ("1.2.3.4:_port", "1.2.3.4"),
            ("[::1]:80", "::/64"),
            ("[2001:db8:1:2::7]", "2001:db8:1:2::/64"),
            ("[2001:db8:1:2::7]:4711", "2001:db8:1:2::/64"),
            ("2001:db8:1:2:3:4:5:6:4711", "2001:db8:1:2::/64"),
            ("[fe80::1%eth0]:80", "fe80::/64"),
            ("fe80::1%2", "fe80::/64"),
            ("[::ffff:10.0.0.1]:80", "10.0.0.1"),
            ("::ffff:10.0.0.1", "10.0.0.1"),
            ("\"[2001:db8::1]:80\"", "2001:db8::/64"),
            ("for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"),
            ("For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::/64"),
        ] {
            assert_eq!(network_of("127.0.0.1", Some(1), &[entry]), expected, "{entry}");
            let list = format!("8.8.8.8, {entry}");
            assert_eq!(network_of("127.0.0.1", Some(1), &[&list]), expected, "{list}");
        }
    }

    #[test]
    fn what_is_no_address_leaves_the_sockets() {
        for entry in [
            "",
            " ",
            ",",
            "unknown",
            "unknown:80",
            "_hidden",
            "_SEVKISEK:80",
            "for=unknown",
            "1.2.3.4:",
            "1.2.3.4:x",
            "1.2.3.4:80:80",
            "1.2.3",
            "[1.2.3.4]",
            "[::1",
            "[::1]x",
            "[]",
            "::1]",
            "1.2.3.4 5.6.7.8",
            "café",
            "%",
            "for=",
        ] {
            let list = format!("8.8.8.8,{entry}");
            assert_eq!(network_of("10.0.0.7", Some(1), &[&list]), "10.0.0.7", "{entry}");
            assert_eq!(network_of("", Some(1), &[&list]), "", "{entry}");
        }
    }

    #[test]
    fn of_ipv6_the_network_counts() {
        for (peer, expected) in [
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::", "2001:db8:1:3::/64"),
            ("::ffff:10.0.0.1", "10.0.0.1"),
            ("10.0.0.1", "10.0.0.1"),
            ("", ""),
        ] {
            assert_eq!(network_of(peer, Some(0), &[]), expected, "{peer}");
        }
    }
}
