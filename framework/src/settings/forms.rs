//! The forms that values of settings may have.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::SettingsError;

/// A hundred years: nothing that a site waits for or issues lasts longer.
const CENTURY: Duration = Duration::from_secs(3_153_600_000);

/// A value as a message shows it: on one line, and shortened if it is long.
pub(super) fn shown(value: &str) -> String {
    let mut letters = value.chars().flat_map(char::escape_debug);
    let start: String = letters.by_ref().take(60).collect();
    let more = if letters.next().is_some() { "…" } else { "" };
    format!("`{start}{more}`")
}

/// Refuses a value, saying what it should be.
pub(super) fn refuse(
    name: &'static str,
    value: &str,
    expected: impl Display,
) -> Result<(), SettingsError> {
    Err(SettingsError { name, reason: format!("{} is not {expected}", shown(value)) })
}

/// A number within bounds; `otherwise` says what to do instead.
pub(super) fn within<T: PartialOrd + Display + Copy>(
    name: &'static str,
    value: T,
    bounds: RangeInclusive<T>,
    otherwise: &str,
) -> Result<(), SettingsError> {
    if bounds.contains(&value) {
        return Ok(());
    }
    let (least, most) = bounds.into_inner();
    let expected = format!("a whole number from {least} to {most}{otherwise}");
    refuse(name, &value.to_string(), expected)
}

/// A length of time, from `least` to a hundred years.
pub(super) fn period(
    name: &'static str,
    value: Duration,
    least: Duration,
) -> Result<(), SettingsError> {
    if (least..=CENTURY).contains(&value) {
        return Ok(());
    }
    let (least, most) = (least.as_secs_f64(), CENTURY.as_secs());
    let expected = format!("a number of seconds from {least} to {most}, a hundred years");
    refuse(name, &value.as_secs_f64().to_string(), expected)
}

/// The name of a cookie (RFC 6265: a token).
pub(super) fn cookie_name(name: &'static str, value: &str) -> Result<(), SettingsError> {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if !value.is_empty() && value.bytes().all(token) {
        return Ok(());
    }
    let expected = "the name of a cookie: letters, digits, `-` and `_`, such as `sessionid`";
    refuse(name, value, expected)
}

/// The path that a cookie is for.
pub(super) fn cookie_path(name: &'static str, value: &str) -> Result<(), SettingsError> {
    let fits = |byte: u8| byte.is_ascii_graphic() && byte != b';';
    if value.starts_with('/') && value.bytes().all(fits) {
        return Ok(());
    }
    refuse(name, value, "the path of a cookie, which starts with a slash, such as `/` or `/store`")
}

/// The domain that a cookie is for.
pub(super) fn cookie_domain(name: &'static str, value: Option<&str>) -> Result<(), SettingsError> {
    match value {
        None => Ok(()),
        Some(domain) if is_name(domain.strip_prefix('.').unwrap_or(domain)) => Ok(()),
        Some(domain) => refuse(
            name,
            domain,
            "the domain of a cookie, such as `example.com`; `none` means this host only",
        ),
    }
}

/// A host that a site serves, as Django writes it.
pub(super) fn host(name: &'static str, value: &str) -> Result<(), SettingsError> {
    let address = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let fits = match address {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => value == "*" || is_name(value.strip_prefix('.').unwrap_or(value)),
    };
    if fits {
        return Ok(());
    }
    let expected = "a host without scheme, port and path, such as `example.com`, `.example.com` for \
                    all its subdomains too, `[::1]`, or `*` for any host";
    refuse(name, value, expected)
}

/// A name of the DNS, or an IPv4 address.
fn is_name(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !text.is_empty() && text.bytes().all(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(result: Result<(), SettingsError>) -> String {
        result.err().map_or_else(String::new, |error| error.to_string())
    }

    #[test]
    fn a_value_is_shown_on_one_line_and_not_all_of_it() {
        assert_eq!(shown("a\nb\u{0}"), "`a\\nb\\0`");
        assert_eq!(shown(&"x".repeat(61)), format!("`{}…`", "x".repeat(60)));
        assert_eq!(shown(&"x".repeat(60)), format!("`{}`", "x".repeat(60)));
    }

    #[test]
    fn numbers_and_times_have_bounds_that_are_told() {
        assert_eq!(text(within("N", 3, 1..=3, "")), "");
        assert_eq!(
            text(within("N", 4, 1..=3, "; leave it out for 2")),
            "setting N: `4` is not a whole number from 1 to 3; leave it out for 2"
        );
        let second = Duration::from_secs(1);
        assert_eq!(text(period("T", second, second)), "");
        assert_eq!(text(period("T", CENTURY, second)), "");
        for (value, told) in
            [(Duration::ZERO, "0"), (second / 2, "0.5"), (CENTURY + second, "3153600001")]
        {
            let expected = "a number of seconds from 1 to 3153600000, a hundred years";
            let expected = format!("setting T: `{told}` is not {expected}");
            assert_eq!(text(period("T", value, second)), expected);
        }
    }

    #[test]
    fn names_paths_and_domains_of_cookies_can_be_sent() {
        for name in ["sessionid", "__Host-id", "a.b"] {
            assert_eq!(text(cookie_name("N", name)), "");
        }
        for name in ["", " ", "a b", "a;b", "a=b", "a,b", "a\nb", "a\r", "é", "a\u{0}", "\"a\""] {
            assert_ne!(text(cookie_name("N", name)), "", "{name}");
        }
        for path in ["/", "/store/"] {
            assert_eq!(text(cookie_path("N", path)), "");
        }
        for path in ["", "store", "/a;b", "/a b", "/a\n"] {
            assert_ne!(text(cookie_path("N", path)), "", "{path}");
        }
        for domain in ["example.com", ".example.com", "localhost"] {
            assert_eq!(text(cookie_domain("N", Some(domain))), "");
        }
        for domain in ["", ".", "a b", "https://a", "a:80", "a;b", "a\n"] {
            assert_ne!(text(cookie_domain("N", Some(domain))), "", "{domain}");
        }
    }

    #[test]
    fn a_host_is_one_that_a_request_may_have() {
        for name in ["*", "localhost", ".example.com", "127.0.0.1", "[::1]", "EXAMPLE.com"] {
            assert_eq!(text(host("N", name)), "", "{name}");
        }
        for name in
            ["https://a.example", "a.example:80", "::1", "[x]", "*.a.example", "a/b", "a b", ""]
        {
            assert_ne!(text(host("N", name)), "", "{name}");
        }
    }
}
