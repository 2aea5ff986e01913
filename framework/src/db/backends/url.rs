//! The URL of a database as it may be shown: without its password.

/// The URL with `***` in place of a password.
pub(in crate::db) fn masked(url: &str) -> String {
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, url),
    };
    let (account, rest) = match rest.rsplit_once('@') {
        Some((account, rest)) => (Some(account), rest),
        None => (None, rest),
    };
    let mut shown = scheme.map_or_else(String::new, |scheme| format!("{scheme}://"));
    if let Some(account) = account {
        shown.push_str(account.split(':').next().unwrap_or_default());
        shown.push_str(if account.contains(':') { ":***@" } else { "@" });
    }
    let (place, query) = rest.split_once('?').map_or((rest, None), |(at, query)| (at, Some(query)));
    shown.push_str(place);
    for (index, pair) in query.into_iter().flat_map(|query| query.split('&')).enumerate() {
        shown.push(if index == 0 { '?' } else { '&' });
        match pair.split_once('=') {
            Some((name, _)) if name.eq_ignore_ascii_case("password") => {
                shown.push_str(name);
                shown.push_str("=***");
            }
            _ => shown.push_str(pair),
        }
    }
    shown.escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn a_password_is_never_shown() {
        for (url, shown) in [
            ("postgres://u:secret@h:5432/d", "postgres://u:***@h:5432/d"),
            ("postgres://u:se@cr:et@h/d", "postgres://u:***@h/d"),
            ("u:secret@h/d", "u:***@h/d"),
            ("postgres://u@h/d", "postgres://u@h/d"),
            ("postgres://h/d?user=u&password=secret&x=1", "postgres://h/d?user=u&password=***&x=1"),
            ("sqlite://a b.db", "sqlite://a b.db"),
            ("sqlite://a\nb", "sqlite://a\\nb"),
        ] {
            assert_eq!(masked(url), shown);
        }
    }
}
