//! What a router needs to know about a view set.

use std::sync::Arc;

use super::View;

/// The URLs of a view set, as a router takes them, with a view for each.
#[derive(Debug)]
pub struct ViewSetRoutes {
    /// The beginning of the URL names: `artist` in `artist-list`.
    pub basename: String,
    /// The capture that holds an object's lookup value: `pk`.
    pub lookup_kwarg: String,
    /// The regex of the value; `[^/.]+` if not set.
    pub lookup_value_regex: Option<String>,
    /// The routes.
    pub routes: Vec<ViewSetRoute>,
}

/// One URL of a view set.
#[derive(Debug)]
pub struct ViewSetRoute {
    /// Whether it is a URL of one object.
    pub detail: bool,
    /// What follows the prefix, or the lookup value; `None` for the list and for the object
    /// itself. It may hold captures: `by-letter/(?P<letter>[A-Za-z])`.
    pub url_path: Option<String>,
    /// The end of its URL name: `list`, `detail`, `by-letter`.
    pub name: String,
    /// The view.
    pub view: Arc<dyn View>,
}
