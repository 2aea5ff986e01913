//! URLs of view sets and views (`rest_framework.routers`, `django.urls`).
//!
//! A router maps URLs to the actions of view sets and to plain views. [`Router::at`] places it at a
//! path, and a [`Site`](crate::site::Site) mounts it there.
//!
//! ```
//! use quintet::prelude::*;
//!
//! # #[model(table = "library_book")]
//! # pub struct Book {
//! #     pub id: i64,
//! #     pub title: String,
//! # }
//! #
//! # #[derive(Serializer)]
//! # #[serializer(model = Book, fields = all)]
//! # pub struct BookSerializer {}
//! #
//! # pub struct BookViewSet;
//! #
//! # impl ViewSet for BookViewSet {
//! #     type Base = ModelViewSet;
//! #     type Serializer = BookSerializer;
//! # }
//! #
//! async fn status(_cx: &mut Context) -> Result<Response> {
//!     Response::new("up")
//! }
//!
//! # fn main() {
//! let router = Router::new()
//!     .register("books", BookViewSet)
//!     .path("status/", ApiView::new("Status").get(status), "status");
//! let mount = router.at("/api/");
//! # let _ = mount;
//! # }
//! ```
//!
//! | URL | methods | name |
//! | --- | --- | --- |
//! | `/api/` | GET | `api-root` |
//! | `/api/books/` | GET, POST | `book-list` |
//! | `/api/books/{pk}/` | GET, PUT, PATCH, DELETE | `book-detail` |
//! | `/api/books/{pk}/{url_path}/` | those of an extra action | `book-{url_name}` |
//! | `/api/status/` | GET | `status` |
//!
//! [`Context::reverse`](crate::request::Context::reverse) returns the URL of such a name.
//!
//! # API reference
//!
//! - [`Router::new`]: DRF's `DefaultRouter`, with a root that lists the view sets, and with format
//!   suffixes (`/api/books.json`)
//! - [`Router::simple`]: DRF's `SimpleRouter`, without them
//! - [`Router::register`]: a view set under a prefix
//! - [`Router::path`]: a plain view, with Django's captures: `errors/<slug:kind>/`
//! - [`Router::include`]: another router under a prefix
//! - [`Router::nested`]: another router below the objects of a view set
//! - [`Router::trailing_slash`], [`Router::root_view`], [`Router::format_suffixes`]: DRF's options
//!
//! # Custom routers
//!
//! The URLs of a view set are data, [`ViewSetRoutes`], and [`Router::register`] takes these as well
//! as a view set: modify those of one, or build your own.

mod root;
mod table;

use std::sync::Arc;

pub use table::{Match, Mount, Route, RouteError};

pub(crate) use table::Table;

use crate::reverse::{Pattern, PatternError};
use crate::views::View;
pub use crate::views::{ViewSetRoute, ViewSetRoutes};

#[derive(Debug)]
enum Entry {
    Path { pattern: String, name: String, view: Arc<dyn View>, suffixes: bool },
    Include { prefix: String, router: Router },
}

/// A router below a view set.
#[derive(Debug)]
struct Nested {
    parent_prefix: String,
    lookup: String,
    router: Router,
}

/// What a router registers: every [`ViewSet`](crate::viewsets::ViewSet). Nobody implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a view set",
    label = "this type has no `ViewSet` implementation",
    note = "write `impl ViewSet for {Self}`; a plain view is added by `Router::path`"
)]
pub trait IntoRoutes {
    /// The views of the view set, with their addresses.
    fn into_routes(self) -> ViewSetRoutes;
}

#[diagnostic::do_not_recommend]
impl<V: Into<ViewSetRoutes>> IntoRoutes for V {
    fn into_routes(self) -> ViewSetRoutes {
        self.into()
    }
}

/// Collects views and view sets under one prefix (`DefaultRouter`, `SimpleRouter`, `urlpatterns`).
///
/// [`Router::new`] is DRF's `DefaultRouter`: its root lists the view sets, and every URL of a view
/// set also takes a format suffix (`/api/books.json`). [`Router::simple`] is `SimpleRouter`,
/// without both.
///
/// URLs are tried in this order: plain views and included routers as they were added, nested routers, the
/// view sets as they were registered, then the root. A pattern that cannot be read keeps the site from
/// being built.
///
/// ```
/// use quintet::prelude::*;
///
/// # #[model(table = "library_book")]
/// # pub struct Book {
/// #     pub id: i64,
/// #     pub title: String,
/// # }
/// # #[derive(Serializer)]
/// # #[serializer(model = Book, fields = all)]
/// # pub struct BookSerializer {}
/// # pub struct BookViewSet;
/// # impl ViewSet for BookViewSet {
/// #     type Base = ModelViewSet;
/// #     type Serializer = BookSerializer;
/// # }
/// async fn status(_: &mut Context) -> Result<Response> {
///     Response::new("up")
/// }
///
/// # fn main() {
/// let v1 = Router::simple().register("books", BookViewSet);
/// let mount = Router::new()
///     .path("status/", ApiView::new("Status").get(status), "status")
///     .include("v1/", v1)
///     .at("/api/");
/// # let _ = mount;
/// # }
/// ```
#[doc(alias = "BaseRouter")]
#[doc(alias = "urlpatterns")]
#[derive(Debug)]
pub struct Router {
    entries: Vec<Entry>,
    view_sets: Vec<(String, ViewSetRoutes)>,
    nested: Vec<Nested>,
    root: bool,
    suffixes: bool,
    /// What the names of its URLs are in.
    namespace: Option<String>,
    /// Whether URLs end with a slash; as the parent's, or with one, if it is not said.
    slash: Option<bool>,
}

impl Default for Router {
    /// DRF's `DefaultRouter`.
    fn default() -> Self {
        Self { root: true, suffixes: true, ..Self::simple() }
    }
}

impl Router {
    /// Creates a router with a root and format suffixes: DRF's `DefaultRouter`.
    #[doc(alias = "DefaultRouter")]
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a router without a root or format suffixes: DRF's `SimpleRouter`.
    #[doc(alias = "SimpleRouter")]
    pub fn simple() -> Self {
        Self {
            entries: Vec::new(),
            view_sets: Vec::new(),
            nested: Vec::new(),
            root: false,
            suffixes: false,
            namespace: None,
            slash: None,
        }
    }

    /// Sets whether URLs of view sets end with a slash; they do by default.
    #[must_use]
    pub fn trailing_slash(mut self, slash: bool) -> Self {
        self.slash = Some(slash);
        self
    }

    /// Sets whether there is a root that lists the view sets (`include_root_view`).
    #[must_use]
    pub fn root_view(mut self, root: bool) -> Self {
        self.root = root;
        self
    }

    /// Sets whether URLs of view sets also take a format suffix (`include_format_suffixes`).
    #[must_use]
    pub fn format_suffixes(mut self, suffixes: bool) -> Self {
        self.suffixes = suffixes;
        self
    }

    /// Puts the names of its URLs into a namespace (`include((urls, "v1"), namespace="v1")`): `book-list`
    /// becomes `v1:book-list`, in a router that is included `outer:v1:book-list`. Requests know it by
    /// [`Request::resolver_match`](crate::request::Request::resolver_match), and
    /// [`NamespaceVersioning`](crate::versioning::NamespaceVersioning) takes it for the version.
    ///
    /// ```
    /// use quintet::prelude::*;
    ///
    /// async fn status(_: &mut Context) -> Result<Response> {
    ///     Response::new("up")
    /// }
    ///
    /// let books = || Router::simple().path("status/", ApiView::new("Status").get(status), "status");
    /// let router = Router::new()
    ///     .include("v1/", books().namespace("v1"))
    ///     .include("v2/", books().namespace("v2"));
    /// # let _ = router;
    /// ```
    #[must_use]
    pub fn namespace(mut self, name: impl Into<String>) -> Self {
        self.namespace = Some(name.into());
        self
    }

    /// Adds a view set under a prefix, without slashes at its ends: `register("books",
    /// BookViewSet)`.
    #[must_use]
    pub fn register(mut self, prefix: &str, view_set: impl IntoRoutes) -> Self {
        self.view_sets.push((prefix.to_owned(), view_set.into_routes()));
        self
    }

    /// Adds a plain view (`django.urls.path`): `path("errors/<slug:kind>/", view, "errors")`. The
    /// view reads captures with [`Request::kwarg`](crate::request::Request::kwarg).
    #[must_use]
    pub fn path(self, pattern: &str, view: impl View, name: &str) -> Self {
        self.entry(pattern, view, name, false)
    }

    /// Adds a plain view whose URL also takes a format suffix (`format_suffix_patterns`).
    #[must_use]
    pub fn path_with_suffix(self, pattern: &str, view: impl View, name: &str) -> Self {
        self.entry(pattern, view, name, true)
    }

    fn entry(mut self, pattern: &str, view: impl View, name: &str, suffixes: bool) -> Self {
        self.entries.push(Entry::Path {
            pattern: pattern.to_owned(),
            name: name.to_owned(),
            view: Arc::new(view),
            suffixes,
        });
        self
    }

    /// Adds the URLs of another router under a prefix (`django.urls.include`): `include("v1/",
    /// router)`.
    #[must_use]
    pub fn include(mut self, prefix: &str, router: Router) -> Self {
        self.entries.push(Entry::Include { prefix: prefix.to_owned(), router });
        self
    }

    /// Adds the URLs of another router below each object of a view set (drf-nested-routers'
    /// `NestedSimpleRouter`): `nested("artists", "artist", router)` puts them below
    /// `artists/{artist_pk}/`.
    ///
    /// `parent_prefix` is the prefix under which this router registers the parent; `lookup` begins the
    /// name of the capture, and the parent's own capture ends it (`artist_pk`). A nested router may have
    /// others below it. It ends its URLs with a slash as its parent does, unless it says otherwise. What
    /// is nested is not in the root. A view set narrows its rows by
    /// [`PARENT_LOOKUP_KWARGS`](crate::viewsets::ViewSet::PARENT_LOOKUP_KWARGS).
    ///
    /// ```
    /// use quintet::prelude::*;
    /// use quintet::viewsets::{ParentLookupKwargs, parent_lookup_kwargs};
    ///
    /// # #[model(table = "artist")]
    /// # pub struct Artist {
    /// #     pub id: i64,
    /// #     pub name: String,
    /// # }
    /// # #[model(table = "album")]
    /// # pub struct Album {
    /// #     pub id: i64,
    /// #     pub title: String,
    /// #     #[field(foreign_key = Artist)]
    /// #     pub artist_id: i64,
    /// # }
    /// # #[derive(Serializer)]
    /// # #[serializer(model = Artist, fields = all)]
    /// # pub struct ArtistSerializer {}
    /// #[derive(Serializer)]
    /// #[serializer(model = Album, fields(id, title))]
    /// pub struct AlbumSerializer {}
    ///
    /// # pub struct ArtistViewSet;
    /// # impl ViewSet for ArtistViewSet {
    /// #     type Base = ModelViewSet;
    /// #     type Serializer = ArtistSerializer;
    /// # }
    /// /// The albums of one artist; a new one is theirs.
    /// pub struct ArtistAlbumViewSet;
    ///
    /// impl ViewSet for ArtistAlbumViewSet {
    ///     type Base = ModelViewSet;
    ///     type Serializer = AlbumSerializer;
    ///     const PARENT_LOOKUP_KWARGS: ParentLookupKwargs<Album> =
    ///         parent_lookup_kwargs![artist_pk = artist];
    ///
    ///     fn basename(&self) -> String {
    ///         "artist-album".into()
    ///     }
    /// }
    ///
    /// # fn main() {
    /// // `artists/{artist_pk}/albums/` and `artists/{artist_pk}/albums/{pk}/`
    /// let albums = Router::simple().register("albums", ArtistAlbumViewSet);
    /// let router =
    ///     Router::new().register("artists", ArtistViewSet).nested("artists", "artist", albums);
    /// # let _ = router;
    /// # }
    /// ```
    #[doc(alias = "NestedSimpleRouter")]
    #[doc(alias = "NestedDefaultRouter")]
    #[must_use]
    pub fn nested(mut self, parent_prefix: &str, lookup: &str, router: Router) -> Self {
        self.nested.push(Nested {
            parent_prefix: parent_prefix.to_owned(),
            lookup: lookup.to_owned(),
            router,
        });
        self
    }

    /// Places the router at a path, for [`SiteBuilder::mount`](crate::site::SiteBuilder::mount):
    /// `at("/api/")`.
    pub fn at(self, prefix: &str) -> Mount {
        Mount::new(prefix, self)
    }

    /// All URLs, in the order in which they are tried.
    fn routes(self, slash_above: bool) -> Result<Vec<Route>, RouteError> {
        let mut routes = Vec::new();
        let slash = self.slash.unwrap_or(slash_above);
        let end = Pattern::new(if slash { "/" } else { "" })?;
        for entry in self.entries {
            match entry {
                Entry::Path { pattern, name, view, suffixes } => {
                    let pattern = Pattern::new(&pattern)?;
                    push(&mut routes, Route::new(pattern, name, view), suffixes)?;
                }
                Entry::Include { prefix, router } => {
                    let prefix = Pattern::new(&prefix)?;
                    for route in router.routes(true)? {
                        routes.push(Route { pattern: prefix.then(&route.pattern)?, ..route });
                    }
                }
            }
        }
        for Nested { parent_prefix, lookup, router } in self.nested {
            let (_, parent) = self
                .view_sets
                .iter()
                .find(|(prefix, _)| *prefix == parent_prefix)
                .ok_or_else(|| RouteError::no_parent(parent_prefix.clone()))?;
            let kwarg = format!("{lookup}_{}", parent.lookup_kwarg);
            let place = Pattern::new(&format!("{parent_prefix}/"))?
                .then(&Pattern::lookup(&kwarg, parent.lookup_value_regex.as_deref())?)?
                .then(&Pattern::new("/")?)?;
            for route in router.routes(slash)? {
                routes.push(Route { pattern: place.then(&route.pattern)?, ..route });
            }
        }
        let mut listed = Vec::new();
        for (prefix, view_set) in self.view_sets {
            let ViewSetRoutes { basename, lookup_kwarg, lookup_value_regex, routes: mut own } =
                view_set;
            listed.push((prefix.clone(), format!("{basename}-list")));
            let lookup = Pattern::lookup(&lookup_kwarg, lookup_value_regex.as_deref())?;
            // the list, its actions, the object, its actions
            own.sort_by_key(|route| (route.detail, route.url_path.is_some()));
            for route in own {
                let mut pattern = Pattern::new(&prefix)?;
                let mut add = |next: &Pattern, slash: bool| -> Result<(), PatternError> {
                    if slash && !pattern.is_empty() {
                        pattern = pattern.then(&Pattern::new("/")?)?;
                    }
                    pattern = pattern.then(next)?;
                    Ok(())
                };
                if route.detail {
                    add(&lookup, true)?;
                }
                if let Some(url_path) = &route.url_path {
                    add(&Pattern::new(url_path)?, true)?;
                }
                if !pattern.is_empty() {
                    pattern = pattern.then(&end)?;
                }
                let name = format!("{basename}-{}", route.name);
                push(&mut routes, Route::new(pattern, name, route.view), self.suffixes)?;
            }
        }
        if self.root {
            let root = Arc::new(root::api_root(listed));
            let route = Route::new(Pattern::new("")?, "api-root".to_owned(), root);
            push(&mut routes, route, self.suffixes)?;
        }
        if let Some(namespace) = self.namespace {
            for route in &mut routes {
                route.namespaces.insert(0, namespace.clone());
            }
        }
        Ok(routes)
    }
}

/// Adds a route and, when asked for, its form with a format suffix right after it.
fn push(routes: &mut Vec<Route>, route: Route, suffixes: bool) -> Result<(), PatternError> {
    let second = suffixes.then(|| route.pattern.with_format_suffix()).transpose()?;
    let again = Route::new(route.pattern.clone(), route.name.clone(), Arc::clone(&route.view));
    routes.push(route);
    routes.extend(second.map(|pattern| Route { pattern, ..again }));
    Ok(())
}
