//! URLs of names (`rest_framework.reverse`, `django.urls.reverse`).

pub(crate) mod escape;
mod pattern;
mod safe;
mod split;

use std::borrow::Cow;
use std::collections::HashMap;

use percent_encoding::utf8_percent_encode;

use self::escape::FORM;

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

/// How links carry the version of the request that they answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkVersion {
    /// In a capture of the path: its name and the version (`URLPathVersioning.reverse`).
    Kwarg(String, String),
    /// In the namespace of the name, `v1:book-detail` (`NamespaceVersioning.reverse`).
    Namespace(String),
    /// In a query parameter: its name and the version (`QueryParameterVersioning.reverse`).
    Query(String, String),
}

/// The beginning and end of every link in a response, taken from the request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Origin {
    /// Scheme and host: `http://example.com`; empty for links without them.
    pub base: String,
    /// The format suffix of the request's path, which hyperlinks keep: `json`.
    pub format: Option<String>,
    /// The parameter and the value of `?format=` (`URL_FORMAT_OVERRIDE`), which every link keeps.
    pub format_query: Option<(String, String)>,
    /// The version, where links carry one.
    pub version: Option<LinkVersion>,
}

impl Origin {
    /// Completes a link: `?format=` if the request had one, and the version where it is a parameter;
    /// sorted by their names, as DRF's `replace_query_param` does.
    fn finish(&self, link: &mut String) {
        let format = self.format_query.as_ref().filter(|(_, format)| !format.is_empty());
        let format = format.map(|(name, value)| (name.as_str(), value.as_str()));
        let version = match &self.version {
            Some(LinkVersion::Query(name, value)) => Some((name.as_str(), value.as_str())),
            _ => None,
        };
        let (first, second) = match (format, version) {
            (Some(format), Some(version)) if version < format => (Some(version), Some(format)),
            (Some((name, _)), Some(version)) if version.0 == name => (format, None),
            both => both,
        };
        for (at, (name, value)) in first.into_iter().chain(second).enumerate() {
            link.push(if at == 0 { '?' } else { '&' });
            quote_plus(link, name);
            link.push('=');
            quote_plus(link, value);
        }
    }

    /// The name in the namespace of the version, if links carry it there.
    fn namespaced(&self, name: &str) -> Option<String> {
        match &self.version {
            Some(LinkVersion::Namespace(version)) => Some(format!("{version}:{name}")),
            _ => None,
        }
    }

    /// The capture that holds the version, if links carry it there.
    fn kwarg(&self) -> Option<(&str, &str)> {
        match &self.version {
            Some(LinkVersion::Kwarg(name, version)) => Some((name, version)),
            _ => None,
        }
    }
}

/// As Python's `urlencode` writes a name or a value.
fn quote_plus(link: &mut String, text: &str) {
    for (at, part) in text.split(' ').enumerate() {
        if at > 0 {
            link.push('+');
        }
        link.extend(utf8_percent_encode(part, FORM));
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

    /// Prepares hyperlinks for many rows, to one name whose only capture is `kwarg`, besides the version
    /// where the path has it.
    pub fn link(&self, origin: &Origin, name: &str, kwarg: &str) -> Option<Link<'_>> {
        let of = |name: &str, version: Option<&str>| {
            let patterns = self.by_name.get(name)?;
            let find = |format: Option<&str>| {
                let wanted = || [Some(kwarg), version, format].into_iter().flatten();
                patterns.iter().rev().find(|pattern| {
                    pattern.names().count() == wanted().count()
                        && pattern.names().all(|name| wanted().any(|own| own == name))
                })
            };
            let suffixed = origin.format.as_ref().and_then(|_| find(Some("format")));
            suffixed.or_else(|| find(None))
        };
        let version = origin.kwarg().map(|(name, _)| name).filter(|name| *name != kwarg);
        let versioned = match origin.namespaced(name) {
            Some(name) => of(&name, None),
            None => version.and_then(|version| of(name, Some(version))),
        };
        let pattern = versioned.or_else(|| of(name, None))?;
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
    /// request's `?format=` and its version, but no format suffix. A name that takes no version is
    /// reversed without it.
    ///
    /// # Errors
    /// If no pattern of that name takes exactly these values.
    pub fn reverse(
        &self,
        origin: &Origin,
        name: &str,
        params: &[(&str, &str)],
    ) -> Result<String, NoReverseMatch> {
        let versioned = if let Some(name) = origin.namespaced(name) {
            self.exactly(origin, &name, params).ok()
        } else {
            let absent = |(name, _): &(&str, &str)| !params.iter().any(|(own, _)| own == name);
            origin.kwarg().filter(absent).and_then(|version| {
                let params: Vec<_> = params.iter().copied().chain([version]).collect();
                self.exactly(origin, name, &params).ok()
            })
        };
        versioned.map_or_else(|| self.exactly(origin, name, params), Ok)
    }

    /// The absolute URL of a name that takes exactly these values, with the request's `?format=`.
    fn exactly(
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

    /// The captures of a path of the view `name`, in the namespace of the version if links have it there
    /// (`get_versioned_viewname`) and the view is in it; the path is decoded.
    pub(crate) fn resolve(
        &self,
        origin: &Origin,
        name: &str,
        path: &str,
    ) -> Result<Kwargs, Unresolved> {
        let path = path.strip_prefix('/').ok_or(Unresolved::NoMatch)?;
        let versioned = origin.namespaced(name).and_then(|name| self.by_name.get(&name));
        let own = versioned.or_else(|| self.by_name.get(name)).into_iter().flatten();
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
        self.address_of(origin, |name| match (name, &origin.format, origin.kwarg()) {
            ("format", Some(format), _) => Some(Cow::Owned(format.clone())),
            (_, _, Some((own, version))) if own == name => Some(Cow::Owned(version.to_owned())),
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
            format_query: Some(("format".into(), "json".into())),
            version: None,
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
    fn links_keep_the_version_where_their_name_takes_one() {
        let mut urls = urls();
        urls.add("versioned", Pattern::new("api/<version>/books/<pk>/").unwrap());
        urls.add("v1:book", Pattern::new("api/v1/books/<pk>/").unwrap());
        urls.add("book", Pattern::new("api/books/<pk>/").unwrap());
        let of = |version| Origin { version: Some(version), ..Origin::default() };
        let path = of(LinkVersion::Kwarg("version".into(), "v2".into()));
        let reverse =
            |origin: &Origin, name: &str| urls.reverse(origin, name, &[("pk", "7")]).unwrap();
        let link = |origin: &Origin, name: &str| {
            urls.link(origin, name, "pk").unwrap().address(origin, "7").unwrap()
        };
        for make in [&reverse as &dyn Fn(&Origin, &str) -> String, &link] {
            assert_eq!(make(&path, "versioned"), "/api/v2/books/7/");
            assert_eq!(make(&path, "book"), "/api/books/7/");
            let namespace = of(LinkVersion::Namespace("v1".into()));
            assert_eq!(make(&namespace, "book"), "/api/v1/books/7/");
            assert_eq!(make(&namespace, "album-detail"), "/api/albums/7/");
            let query = of(LinkVersion::Query("v".into(), "2 x".into()));
            assert_eq!(make(&query, "book"), "/api/books/7/?v=2+x");
            let format_query = Some(("format".into(), "json".into()));
            let both = Origin { format_query: format_query.clone(), ..query };
            assert_eq!(make(&both, "book"), "/api/books/7/?format=json&v=2+x");
            let first = Some(LinkVersion::Query("a".into(), "1".into()));
            let both = Origin { version: first, ..both };
            assert_eq!(make(&both, "book"), "/api/books/7/?a=1&format=json");
        }
        let given = urls.reverse(&path, "versioned", &[("pk", "7"), ("version", "v1")]).unwrap();
        assert_eq!(given, "/api/v1/books/7/");
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
