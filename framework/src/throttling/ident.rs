//! The identity of a client without a user: its address (`BaseThrottle.get_ident`).

use crate::request::{Context, network, network_text, proxied_address};

/// The client's address, as text (`BaseThrottle.get_ident`).
///
/// `NUM_PROXIES` is the number of proxies in front that append to `X-Forwarded-For`. With 0, the
/// default, the header is ignored and the address is that of the socket. With `n`, it is the n-th
/// entry from the right, which the outermost proxy wrote, or the first entry if there are fewer;
/// without its port, and the socket's address if the entry is not an address. With `None`, DRF's
/// default, it is the whole header without white space, which clients can choose freely.
///
/// For IPv6, it is the network, `2001:db8::/64`; DRF counts each address separately.
/// [`Context::client_network`] returns the same as a value that no client can choose.
pub fn get_ident(cx: &Context) -> String {
    if cx.settings().throttle.num_proxies.is_none()
        && let Some(list) = cx.forwarded_for()
    {
        return proxied_address(&list).map_or(list, |address| network_text(network(address)));
    }
    trusted_ident(cx)
}

/// The address that no client can choose: with DRF's default, that of the socket.
pub(super) fn trusted_ident(cx: &Context) -> String {
    cx.client_network().map(network_text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use actix_web::http::Method;
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;
    use crate::request::{Shared, ViewContext, testing};

    fn ident_of(proxies: Option<usize>, peer: &str, headers: &[&'static str]) -> String {
        let mut cx = testing::context(Method::GET, None, ViewContext::default());
        let mut shared = Shared::default();
        shared.settings.throttle.num_proxies = proxies;
        cx.shared = Arc::new(shared);
        cx.request.peer = peer.parse().ok();
        for value in headers {
            let name = HeaderName::from_static("x-forwarded-for");
            cx.request.headers.append(name, HeaderValue::from_static(value));
        }
        get_ident(&cx)
    }

    #[test]
    fn with_a_number_of_proxies_it_is_the_address_that_they_know() {
        for (proxies, headers, expected) in [
            (Some(0), &["1.1.1.1"][..], "127.0.0.1"),
            (Some(1), &["1.1.1.1, 2.2.2.2:80"], "2.2.2.2"),
            (Some(1), &["[2001:db8::1]:80"], "2001:db8::/64"),
            (Some(1), &["1.1.1.1, unknown"], "127.0.0.1"),
            (Some(1), &[], "127.0.0.1"),
        ] {
            assert_eq!(
                ident_of(proxies, "127.0.0.1", headers),
                expected,
                "{proxies:?} {headers:?}"
            );
        }
    }

    #[test]
    fn as_in_drf_it_is_all_of_the_header_without_a_number() {
        for (headers, expected) in [
            (&["1.1.1.1, 2.2.2.2 ,3.3.3.3"][..], "1.1.1.1,2.2.2.2,3.3.3.3"),
            (&[" a  b\t,c "], "ab,c"),
            (&["2001:db8::1"], "2001:db8::/64"),
            (&["1.1.1.1:80"], "1.1.1.1"),
            (&[""], "127.0.0.1"),
            (&[], "127.0.0.1"),
        ] {
            assert_eq!(ident_of(None, "127.0.0.1", headers), expected, "{headers:?}");
        }
    }

    #[test]
    fn an_address_is_text_and_one_client_has_one() {
        for (address, text) in [
            ("2001:db8::1", "2001:db8::/64"),
            ("::ffff:10.0.0.1", "10.0.0.1"),
            ("10.0.0.1", "10.0.0.1"),
            ("", ""),
        ] {
            assert_eq!(ident_of(Some(0), address, &[]), text);
        }
    }
}
