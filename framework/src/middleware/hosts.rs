//! `ALLOWED_HOSTS` (`HttpRequest.get_host`).

use crate::settings::Settings;

/// What an empty `ALLOWED_HOSTS` stands for under `DEBUG`.
const DEBUG_HOSTS: [&str; 3] = [".localhost", "127.0.0.1", "[::1]"];

/// Whether a `Host` header, port included, is one of `ALLOWED_HOSTS`.
///
/// ```
/// use quintet::middleware::allowed_host;
/// use quintet::settings::Settings;
///
/// let mut settings = Settings::default();
/// settings.allowed_hosts = vec![".example.com".into()];
/// assert!(allowed_host(&settings, "api.example.com:8000"));
/// assert!(!allowed_host(&settings, "example.org"));
/// ```
pub fn allowed_host(settings: &Settings, host: &str) -> bool {
    let Some(domain) = domain_of(host) else { return false };
    let is = |name: &[u8], other: &str| name.eq_ignore_ascii_case(other.as_bytes());
    let allowed = |pattern: &str| {
        let Some(base) = pattern.strip_prefix('.') else {
            return pattern == "*" || is(domain.as_bytes(), pattern);
        };
        // the domain itself, and whatever ends like the pattern
        let start = domain.len().checked_sub(pattern.len());
        let end = start.and_then(|start| domain.as_bytes().get(start..));
        is(domain.as_bytes(), base) || end.is_some_and(|end| is(end, pattern))
    };
    if settings.allowed_hosts.is_empty() && settings.debug {
        return DEBUG_HOSTS.iter().any(|pattern| allowed(pattern));
    }
    settings.allowed_hosts.iter().any(|pattern| allowed(pattern))
}

/// The name without port and trailing dot; `None` if it is not a host name.
fn domain_of(host: &str) -> Option<&str> {
    let (domain, port) = match host.strip_prefix('[') {
        Some(rest) => {
            let end = rest.find(']')? + 2;
            let address = rest.get(..end - 2)?;
            let plain = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
            if !address.contains(':') || !address.bytes().all(plain) {
                return None;
            }
            (host.get(..end)?, host.get(end..)?)
        }
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let port_fits = match port.strip_prefix(':') {
        Some(number) => !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()),
        None => port.is_empty(),
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    let name_fits = domain.starts_with('[') || domain.bytes().all(plain);
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    (port_fits && name_fits && !domain.is_empty()).then_some(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(hosts: &[&str], debug: bool) -> Settings {
        let allowed_hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
        Settings { debug, allowed_hosts, ..Settings::default() }
    }

    #[test]
    fn a_name_is_matched_without_port_case_and_last_dot() {
        let settings = settings(&["Example.com"], false);
        for host in ["example.com", "EXAMPLE.com:8443", "example.com."] {
            assert!(allowed_host(&settings, host), "{host}");
        }
        for host in ["www.example.com", "example.org", "example.com:x", "example.com/", "", ":80"] {
            assert!(!allowed_host(&settings, host), "{host}");
        }
    }

    #[test]
    fn a_leading_dot_stands_for_everything_below() {
        let settings = settings(&[".example.com"], false);
        assert!(allowed_host(&settings, "example.com"));
        assert!(allowed_host(&settings, "a.b.example.com"));
        assert!(!allowed_host(&settings, "badexample.com"));
    }

    #[test]
    fn a_star_stands_for_every_well_formed_name() {
        let settings = settings(&["*"], false);
        assert!(allowed_host(&settings, "[::1]:8000"));
        for host in ["a b", "a_b", "user@host", "[::1", "[]", "é"] {
            assert!(!allowed_host(&settings, host), "{host}");
        }
    }

    #[test]
    fn an_empty_list_is_nobody_or_this_machine_under_debug() {
        assert!(!allowed_host(&settings(&[], false), "localhost"));
        let debug = settings(&[], true);
        for host in ["localhost:8000", "api.localhost", "127.0.0.1", "[::1]:80"] {
            assert!(allowed_host(&debug, host), "{host}");
        }
        assert!(!allowed_host(&debug, "example.com"));
    }
}
