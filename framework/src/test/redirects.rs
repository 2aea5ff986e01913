//! The targets of redirects.

/// The target of a redirect.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// Whether it is HTTPS, and the host; `None` for the same site.
    pub(super) site: Option<(bool, String)>,
    /// Path and query.
    pub(super) path: String,
}

impl Target {
    /// What `Location` names, seen from a path.
    pub(super) fn of(from: &str, location: &str) -> Self {
        let (is_secure, rest) = match location.split_once("//") {
            Some(("https:", rest)) => (true, rest),
            Some(("http:" | "", rest)) => (false, rest),
            _ => return Self { site: None, path: joined(from, location) },
        };
        let at = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (host, path) = rest.split_at(at);
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Self { site: Some((is_secure, host.to_owned())), path }
    }
}

/// A path that may be seen from another one.
fn joined(from: &str, location: &str) -> String {
    if location.starts_with('/') {
        return location.to_owned();
    }
    let path = from.split('?').next().unwrap_or_default();
    if location.starts_with('?') {
        return format!("{path}{location}");
    }
    let (location, query) = match location.find(['?', '#']) {
        Some(at) => location.split_at(at),
        None => (location, ""),
    };
    let mut steps: Vec<&str> = path.split('/').collect();
    // behind the last slash
    steps.pop();
    for step in location.split('/') {
        match step {
            "." => {}
            ".." => drop(steps.pop()),
            step => steps.push(step),
        }
    }
    format!("/{}{query}", steps.join("/").trim_start_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_may_be_an_address_a_path_or_a_part_of_one() {
        for (location, site, path) in [
            ("/b/?x=1", None, "/b/?x=1"),
            ("c", None, "/a/c"),
            ("../c/?x=../1", None, "/c/?x=../1"),
            ("../../c", None, "/c"),
            ("?y=2", None, "/a/b?y=2"),
            ("https://h/b/", Some((true, "h")), "/b/"),
            ("http://h:80?x", Some((false, "h:80")), "/?x"),
            ("//h", Some((false, "h")), "/"),
        ] {
            let site = site.map(|(is_secure, host)| (is_secure, host.to_owned()));
            let expected = Target { site, path: path.to_owned() };
            assert_eq!(Target::of("/a/b?x=1", location), expected, "{location}");
        }
    }
}
