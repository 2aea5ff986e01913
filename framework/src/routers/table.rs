//! The URLs of a router at its path, looked up by their first segment.

use std::collections::HashMap;
use std::sync::Arc;

use super::Router;
use crate::request::ResolverMatch;
use crate::reverse::{Kwargs, Pattern, PatternError, Urls};
use crate::views::{Endpoint, Policies, View};

/// A URL pattern that cannot be built, reported when the site is built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct RouteError(#[from] Problem);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum Problem {
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// As drf-nested-routers says it.
    #[error(
        "parent registered resource not found: no view set has the prefix `{0}` in this router"
    )]
    NoParent(String),
}

impl RouteError {
    /// A router is nested below a prefix that its parent does not register.
    pub(super) fn no_parent(prefix: String) -> Self {
        Self(Problem::NoParent(prefix))
    }
}

impl From<PatternError> for RouteError {
    fn from(error: PatternError) -> Self {
        Self(Problem::Pattern(error))
    }
}

/// A URL pattern with its name and its view.
#[derive(Debug)]
#[non_exhaustive]
pub struct Route {
    /// The pattern, relative to the path of the router.
    pub pattern: Pattern,
    /// Its name.
    pub name: String,
    /// The namespaces that the name is in, the outermost first.
    pub namespaces: Vec<String>,
    /// What responds.
    pub view: Arc<dyn View>,
}

impl Route {
    /// A pattern with its name, in no namespace.
    pub fn new(pattern: Pattern, name: String, view: Arc<dyn View>) -> Self {
        Self { pattern, name, namespaces: Vec::new(), view }
    }
}

/// A router at its path, ready for [`SiteBuilder::mount`](crate::site::SiteBuilder::mount);
/// [`Router::at`] creates it.
#[derive(Debug)]
pub struct Mount {
    prefix: String,
    router: Router,
}

impl Mount {
    pub(super) fn new(prefix: &str, router: Router) -> Self {
        Self { prefix: prefix.trim_start_matches('/').to_owned(), router }
    }

    /// Builds the URLs, resolves the policies of the views and registers the names.
    pub(crate) fn build(self, defaults: &Policies, urls: &mut Urls) -> Result<Table, RouteError> {
        let place = Pattern::literal(&self.prefix);
        let mut entries: Vec<TableEntry> = Vec::new();
        for Route { pattern, name, namespaces, view } in self.router.routes(true)? {
            let whole = place.then(&pattern)?;
            let matched = ResolverMatch { url_name: name, namespaces, route: whole.to_string() };
            let (name, matched) = (matched.view_name(), Arc::new(matched));
            urls.add(name.clone(), whole);
            // the two forms of a URL share their endpoint
            let endpoint = match entries.last() {
                Some(last) if Arc::ptr_eq(&last.view, &view) => Arc::clone(&last.endpoint),
                _ => Arc::new(Endpoint::new(Arc::clone(&view), defaults)),
            };
            entries.push(TableEntry { pattern, name, view, endpoint, matched });
        }
        Ok(Table::new(self.prefix, entries))
    }
}

/// A named URL, ready to serve.
#[derive(Debug)]
pub(crate) struct TableEntry {
    pub(crate) pattern: Pattern,
    pub(crate) name: String,
    view: Arc<dyn View>,
    pub(crate) endpoint: Arc<Endpoint>,
    matched: Arc<ResolverMatch>,
}

/// The result of matching a path.
#[derive(Debug)]
#[non_exhaustive]
pub struct Match {
    /// What responds.
    pub endpoint: Arc<Endpoint>,
    /// The captures of the path.
    pub kwargs: Kwargs,
    /// The URL.
    pub(crate) matched: Option<Arc<ResolverMatch>>,
}

/// All URLs below one path.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) prefix: String,
    pub(crate) entries: Vec<TableEntry>,
    /// URLs by the fixed text up to their first slash or dot, in the order of matching.
    by_key: HashMap<String, Vec<usize>>,
    /// URLs that start with a capture; they are part of every list above, too.
    keyless: Vec<usize>,
}

impl Table {
    fn new(prefix: String, entries: Vec<TableEntry>) -> Self {
        let keys: Vec<Option<&str>> = entries.iter().map(|entry| entry.pattern.key()).collect();
        let of = |key: Option<&str>| {
            let fits = |own: Option<&str>| own.is_none() || own == key;
            let places = keys.iter().enumerate();
            places.filter(|(_, own)| fits(**own)).map(|(at, _)| at).collect::<Vec<_>>()
        };
        let keyless = of(None);
        let by_key = keys.iter().flatten().map(|key| ((*key).to_owned(), of(Some(*key)))).collect();
        Self { prefix, entries, by_key, keyless }
    }

    /// Matches a decoded path without its first slash.
    pub(crate) fn find(&self, path: &str) -> Option<Match> {
        let rest = path.strip_prefix(self.prefix.as_str())?;
        let key = rest.split(['/', '.']).next().unwrap_or_default();
        let candidates = self.by_key.get(key).unwrap_or(&self.keyless);
        candidates.iter().find_map(|at| {
            let entry = self.entries.get(*at)?;
            let kwargs = entry.pattern.matches(rest)?;
            let matched = Some(Arc::clone(&entry.matched));
            Some(Match { endpoint: Arc::clone(&entry.endpoint), kwargs, matched })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ViewSetRoute, ViewSetRoutes};
    use super::*;
    use crate::views::ApiView;

    fn view(name: &str) -> Arc<dyn View> {
        Arc::new(ApiView::new(name))
    }

    fn artists() -> ViewSetRoutes {
        let route = |detail, url_path: Option<&str>, name: &str| ViewSetRoute {
            detail,
            url_path: url_path.map(ToOwned::to_owned),
            name: name.to_owned(),
            view: view(name),
        };
        ViewSetRoutes {
            basename: "artist".into(),
            lookup_kwarg: "pk".into(),
            lookup_value_regex: None,
            routes: vec![
                route(true, Some("albums"), "albums"),
                route(true, None, "detail"),
                route(false, None, "list"),
                route(false, Some("top"), "top"),
                route(false, Some("by-letter/(?P<letter>[A-Za-z])"), "by-letter"),
            ],
        }
    }

    fn found(router: Router, paths: &[&str]) -> Vec<String> {
        let mut urls = Urls::new("");
        let table = router.at("/api/").build(&Policies::site_defaults(), &mut urls).unwrap();
        paths
            .iter()
            .map(|path| match table.find(path) {
                None => "-".to_owned(),
                Some(found) => {
                    let name = found.endpoint.view().info().name.clone();
                    found
                        .kwargs
                        .iter()
                        .fold(name, |text, (key, value)| text + " " + key + "=" + value)
                }
            })
            .collect()
    }

    #[test]
    fn a_default_router_has_drfs_addresses() {
        let paths = [
            "api/",
            "api/.json",
            "api/artists/",
            "api/artists.json",
            "api/artists",
            "api/artists/top/",
            "api/artists/7/",
            "api/artists/7.json/",
            "api/artists/1.5/",
            "api/artists/7/albums/",
            "api/artists/7/albums.json",
            "api/artists/by-letter/q/",
            "api/artists/by-letter/qq/",
            "api//artists/",
            "api/ARTISTS/",
            "api.json",
            "other/",
        ];
        assert_eq!(
            found(Router::default().register("artists", artists()), &paths),
            [
                "Api Root",
                "Api Root format=json",
                "list",
                "list format=json",
                "-",
                "top",
                "detail pk=7",
                "detail pk=7 format=json",
                "detail pk=1 format=5",
                "albums pk=7",
                "albums pk=7 format=json",
                "by-letter letter=q",
                "-",
                "-",
                "-",
                "-",
                "-",
            ]
        );
    }

    #[test]
    fn a_simple_router_has_neither_root_nor_suffixes() {
        let paths = ["api/", "api/artists/", "api/artists.json", "api/artists/7/"];
        let simple = Router::simple().register("artists", artists());
        assert_eq!(found(simple, &paths), ["-", "list", "-", "detail pk=7"]);
        let bare = Router::simple().trailing_slash(false).register("artists", artists());
        assert_eq!(found(bare, &["api/artists", "api/artists/"]), ["list", "-"]);
    }

    #[test]
    fn a_lookup_may_take_a_pattern_of_its_own() {
        let users = ViewSetRoutes { lookup_value_regex: Some("[^/]+".into()), ..artists() };
        let router = Router::default().register("artists", users);
        assert_eq!(
            found(router, &["api/artists/a.b/", "api/artists/a.json"]),
            ["detail pk=a.b", "detail pk=a format=json"]
        );
    }

    #[test]
    fn plain_views_come_before_view_sets_and_included_ones_keep_their_prefix() {
        let router = Router::default()
            .register("artists", artists())
            .path("artists/top/", ApiView::new("Own"), "own")
            .path("<word>/deep/", ApiView::new("Captured"), "captured")
            .include("v1/", Router::simple().path("x/", ApiView::new("X"), "x"));
        assert_eq!(
            found(router, &["api/artists/top/", "api/artists/deep/", "api/q/deep/", "api/v1/x/"]),
            ["Own", "Captured word=artists", "Captured word=q", "X"]
        );
    }
}
