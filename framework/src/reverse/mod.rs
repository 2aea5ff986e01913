//! URLs of names (`rest_framework.reverse`, `django.urls.reverse`).

pub(crate) mod escape;
mod pattern;
mod safe;
mod split;

use std::borrow::Cow;
use std::collections::HashMap;

use percent_encoding::utf8_percent_encode;

use self::escape::QUERY;

pub use pattern::{Kwargs, Pattern, PatternError};
pub use safe::{iri_to_uri, url_has_allowed_host_and_scheme};
pub(crate) use split::{SplitUrl, is_same_domain};

/// No URL has this name, or none takes these values (`NoReverseMatch`).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no address is named `{name}` and takes {params:?}")]
#[non_exhaustive]
pub struct NoReverseMatch {
    /// The name.
    pub name: String,
    /// The names of the values given.
    pub params: Vec<String>,
}

/// The beginning and end of every link in a response, taken from the request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// Scheme and host: `http://example.com`; empty for links without them.
    pub base: String,
    /// The format suffix of the request's path, which hyperlinks keep: `json`.
    pub format: Option<String>,
    /// The value of `?format=`, which every link keeps.
    pub format_query: Option<String>,
}

impl Origin {
    /// Completes a link: `?format=` if the request had one.
    fn finish(&self, link: &mut String) {
        if let Some(format) = self.format_query.as_deref().filter(|format| !format.is_empty()) {
            link.push_str("?format=");
            link.extend(utf8_percent_encode(format, QUERY));
        }
    }
}

/// The named URLs of a site.
///
/// ```
/// use quintet::reverse::{Pattern, Urls};
///
/// let mut urls = Urls::new("");
/// urls.add("book-detail", Pattern::new("api/books/<int:pk>/").unwrap());
/// assert_eq!(urls.path("book-detail", &[("pk", "7")]).unwrap(), "/api/books/7/");
/// assert!(urls.path("book-detail", &[("pk", "seven")]).is_err());
/// ```
#[derive(Debug, Default)]
pub struct Urls {
    by_name: HashMap<String, Vec<Pattern>>,
    script_name: String,
}

impl Urls {
    /// Creates an empty collection; every path will start with `script_name`.
    pub fn new(script_name: impl Into<String>) -> Self {
        Self { by_name: HashMap::new(), script_name: script_name.into() }
    }

    /// Adds a pattern that starts after the site's first slash. Several patterns may share a name;
    /// the captures select one, and the last one wins.
    pub fn add(&mut self, name: impl Into<String>, pattern: Pattern) {
        self.by_name.entry(name.into()).or_default().push(pattern);
    }

    /// Prepares hyperlinks for many rows, to one name whose only capture is `kwarg`.
    pub fn link(&self, origin: &Origin, name: &str, kwarg: &str) -> Option<Link<'_>> {
        let patterns = self.by_name.get(name)?;
        let find = |names: &[&str]| {
            patterns.iter().rev().find(|pattern| {
                pattern.names().count() == names.len()
                    && pattern.names().all(|n| names.contains(&n))
            })
        };
        let suffixed = origin.format.as_ref().and_then(|_| find(&[kwarg, "format"]));
        let pattern = suffixed.or_else(|| find(&[kwarg]))?;
        Some(Link { pattern, script_name: &self.script_name })
    }

    /// The path of a name: `/api/artists/1/`.
    ///
    /// # Errors
    /// When no pattern of that name takes exactly these values.
    pub fn path(&self, name: &str, params: &[(&str, &str)]) -> Result<String, NoReverseMatch> {
        self.reverse(&Origin::default(), name, params)
    }

    /// The absolute URL of a name (`reverse(name, kwargs=params, request=request)`). It keeps the
    /// request's `?format=`, but no format suffix.
    ///
    /// # Errors
    /// If no pattern of that name takes exactly these values.
    pub fn reverse(
        &self,
        origin: &Origin,
        name: &str,
        params: &[(&str, &str)],
    ) -> Result<String, NoReverseMatch> {
        let fits = |pattern: &&Pattern| {
            let mut count = 0;
            pattern.names().all(|n| {
                count += 1;
                params.iter().any(|(key, _)| *key == n)
            }) && count == params.len()
        };
        self.by_name
            .get(name)
            .into_iter()
            .flat_map(|patterns| patterns.iter().rev().filter(fits))
            .find_map(|pattern| {
                Link { pattern, script_name: &self.script_name }.address_of(origin, |name| {
                    params
                        .iter()
                        .find(|(key, _)| *key == name)
                        .map(|(_, value)| Cow::Borrowed(*value))
                })
            })
            .ok_or_else(|| NoReverseMatch {
                name: name.to_owned(),
                params: params.iter().map(|(key, _)| (*key).to_owned()).collect(),
            })
    }

    /// The URL that a hyperlink field writes: like [`Urls::reverse`], with the request's format
    /// suffix if it has one and the name has such a form.
    ///
    /// # Errors
    /// If no pattern of that name takes exactly these values.
    pub fn hyperlink(
        &self,
        origin: &Origin,
        name: &str,
        params: &[(&str, &str)],
    ) -> Result<String, NoReverseMatch> {
        match origin.format.as_deref() {
            None => self.reverse(origin, name, params),
            Some(format) => {
                let mut suffixed = params.to_vec();
                suffixed.push(("format", format));
                self.reverse(origin, name, &suffixed)
                    .or_else(|_| self.reverse(origin, name, params))
            }
        }
    }
}

/// Why a path names no row of a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unresolved {
    /// No view has it.
    NoMatch,
    /// Another view has it.
    IncorrectMatch,
}

impl Urls {
    /// The path of an address below the site: a path as it is, or that of a URL.
    pub(crate) fn path_in<'a>(&self, address: &'a str) -> &'a str {
        let url = address.strip_prefix("http:").or_else(|| address.strip_prefix("https:"));
        let Some(rest) = url else { return address };
        let rest = match rest.strip_prefix("//") {
            Some(rest) => rest.find(['/', '?', '#']).and_then(|end| rest.get(end..)),
            None => Some(rest),
        };
        let path = rest.unwrap_or_default().split(['?', '#']).next().unwrap_or_default();
        path.strip_prefix(self.script_name.as_str()).unwrap_or(path)
    }

    /// The captures of a path of the view `name`; the path is decoded.
    pub(crate) fn resolve(&self, name: &str, path: &str) -> Result<Kwargs, Unresolved> {
        let path = path.strip_prefix('/').ok_or(Unresolved::NoMatch)?;
        let own = self.by_name.get(name).into_iter().flatten();
        if let Some(kwargs) = own.rev().find_map(|pattern| pattern.matches(path)) {
            return Ok(kwargs);
        }
        let known = self.by_name.values().flatten().any(|pattern| pattern.matches(path).is_some());
        Err(if known { Unresolved::IncorrectMatch } else { Unresolved::NoMatch })
    }
}

/// One pattern, found once and filled in for many rows.
#[derive(Debug, Clone, Copy)]
pub struct Link<'a> {
    pattern: &'a Pattern,
    script_name: &'a str,
}

impl Link<'_> {
    /// The URL with its only capture filled in, besides the format suffix of the origin; `None` if
    /// the value does not match.
    pub fn address(&self, origin: &Origin, value: &str) -> Option<String> {
        self.address_of(origin, |name| match (name, &origin.format) {
            ("format", Some(format)) => Some(Cow::Owned(format.clone())),
            _ => Some(Cow::Borrowed(value)),
        })
    }

    fn address_of<'v>(
        &self,
        origin: &Origin,
        value_of: impl Fn(&str) -> Option<Cow<'v, str>>,
    ) -> Option<String> {
        let mut link = String::with_capacity(origin.base.len() + self.script_name.len() + 48);
        link.push_str(&origin.base);
        link.push_str(self.script_name);
        link.push('/');
        if !self.pattern.fill_into(&mut link, value_of) {
            return None;
        }
        origin.finish(&mut link);
        Some(link)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls() -> Urls {
        let mut urls = Urls::new("");
        let detail = Pattern::new("api/albums/(?P<pk>[^/.]+)/").unwrap();
        urls.add("album-detail", detail.clone());
        urls.add("album-detail", detail.with_format_suffix().unwrap());
        urls
    }

    #[test]
    fn a_name_becomes_a_path() {
        assert_eq!(urls().path("album-detail", &[("pk", "7")]).unwrap(), "/api/albums/7/");
    }

    #[test]
    fn a_hyperlink_keeps_the_suffix_and_the_format_of_the_query() {
        let origin = Origin {
            base: "http://testserver".into(),
            format: Some("json".into()),
            format_query: Some("json".into()),
        };
        let link = urls().hyperlink(&origin, "album-detail", &[("pk", "7")]).unwrap();
        assert_eq!(link, "http://testserver/api/albums/7.json?format=json");
        let plain = urls().reverse(&origin, "album-detail", &[("pk", "7")]).unwrap();
        assert_eq!(plain, "http://testserver/api/albums/7/?format=json");
    }

    #[test]
    fn a_prepared_link_is_filled_in_for_each_row() {
        let urls = urls();
        let origin = Origin { base: "http://h".into(), ..Origin::default() };
        let link = urls.link(&origin, "album-detail", "pk").unwrap();
        assert_eq!(link.address(&origin, "3").as_deref(), Some("http://h/api/albums/3/"));
        assert_eq!(link.address(&origin, "a/b"), None);
        let origin = Origin { format: Some("json".into()), ..origin };
        let link = urls.link(&origin, "album-detail", "pk").unwrap();
        assert_eq!(link.address(&origin, "3").as_deref(), Some("http://h/api/albums/3.json"));
    }

    #[test]
    fn missing_and_superfluous_values_match_nothing() {
        assert!(urls().path("album-detail", &[]).is_err());
        assert!(urls().path("album-detail", &[("pk", "1"), ("x", "2")]).is_err());
        assert!(urls().path("nothing", &[]).is_err());
    }

    #[test]
    fn the_script_name_stands_before_every_path() {
        let mut urls = Urls::new("/store");
        urls.add("root", Pattern::new("api/").unwrap());
        assert_eq!(urls.path("root", &[]).unwrap(), "/store/api/");
    }
}
