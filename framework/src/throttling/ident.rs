//! Who asks, when it is not a user: the address of a client (`BaseThrottle.get_ident`).

use std::net::{IpAddr, Ipv6Addr};

use crate::request::Context;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address of the client, as text.
///
/// `NUM_PROXIES` says how many proxies in front append to `X-Forwarded-For`. With 0, the default,
/// the header is not looked at: it is the address of the socket. With `n` it is the n-th entry from
/// the right, which the outermost of them wrote, or the first one when there are fewer. With `None`,
/// DRF's default, it is the whole header without white space, which whoever sends it chooses.
pub fn get_ident(cx: &Context) -> String {
    ident(cx, cx.settings().throttle.num_proxies)
}

/// The address that nobody can choose: under DRF's default it is the socket's. Of an IPv6 address
/// it is the network, the first 64 bits: whoever has one has all the addresses in it.
pub(super) fn trusted_ident(cx: &Context) -> String {
    let ident = ident(cx, Some(cx.settings().throttle.num_proxies.unwrap_or(0)));
    match ident.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V6(address)) => {
            let network = Ipv6Addr::from_bits(address.to_bits() >> 64 << 64);
            format!("{network}/64")
        }
        _ => ident,
    }
}

fn ident(cx: &Context, proxies: Option<usize>) -> String {
    let socket = || cx.request.peer.map(|peer| peer.to_canonical().to_string()).unwrap_or_default();
    if proxies == Some(0) {
        return socket();
    }
    let Some(forwarded) = cx.request.header(FORWARDED_FOR) else { return socket() };
    match proxies {
        Some(proxies) => {
            forwarded.rsplit(',').take(proxies).last().unwrap_or_default().trim().to_owned()
        }
        None if forwarded.is_empty() => socket(),
        None => forwarded.split_whitespace().collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use actix_web::http::Method;
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;
    use crate::request::{Shared, ViewContext, testing};

    fn ident_of(proxies: Option<usize>, headers: &[&'static str]) -> String {
        let mut cx = testing::context(Method::GET, None, ViewContext::default());
        let mut shared = Shared::default();
        shared.settings.throttle.num_proxies = proxies;
        cx.shared = Arc::new(shared);
        cx.request.peer = Some([127, 0, 0, 1].into());
        for value in headers {
            cx.request
                .headers
                .append(HeaderName::from_static(FORWARDED_FOR), HeaderValue::from_static(value));
        }
        get_ident(&cx)
    }

    #[test]
    fn the_header_is_believed_as_far_as_proxies_are_known() {
        let list = &["1.1.1.1, 2.2.2.2 ,3.3.3.3"][..];
        for (proxies, headers, expected) in [
            (Some(0), list, "127.0.0.1"),
            (Some(1), list, "3.3.3.3"),
            (Some(2), list, "2.2.2.2"),
            (Some(3), list, "1.1.1.1"),
            (Some(9), list, "1.1.1.1"),
            (Some(usize::MAX), list, "1.1.1.1"),
            (Some(1), &["1.1.1.1", "2.2.2.2"], "2.2.2.2"),
            (Some(1), &[], "127.0.0.1"),
            (Some(1), &[""], ""),
            (None, list, "1.1.1.1,2.2.2.2,3.3.3.3"),
            (None, &[" a  b\t,c "], "ab,c"),
            (None, &[""], "127.0.0.1"),
            (None, &[], "127.0.0.1"),
        ] {
            assert_eq!(ident_of(proxies, headers), expected, "{proxies:?} {headers:?}");
        }
    }

    #[test]
    fn an_address_is_text_and_one_client_has_one() {
        let mut cx = testing::context(Method::GET, None, ViewContext::default());
        for (address, text) in [
            ("2001:db8::1", "2001:db8::1"),
            ("::ffff:10.0.0.1", "10.0.0.1"),
            ("10.0.0.1", "10.0.0.1"),
        ] {
            cx.request.peer = Some(address.parse().unwrap());
            assert_eq!(get_ident(&cx), text);
        }
        cx.request.peer = None;
        assert_eq!(get_ident(&cx), "");
    }
}
