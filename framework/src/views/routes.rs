//! What a router needs to know of a view set.

use std::sync::Arc;

use super::View;

/// A view set as a router takes it: its routes, with a view for each.
#[derive(Debug)]
pub struct ViewSetRoutes {
    /// What the names start with: `artist` in `artist-list`.
    pub basename: String,
    /// The capture that holds an object's lookup value: `pk`.
    pub lookup_kwarg: String,
    /// What the value looks like, as a regex; `[^/.]+` when not set.
    pub lookup_value_regex: Option<String>,
    /// The routes.
    pub routes: Vec<ViewSetRoute>,
}

/// One address of a view set.
#[derive(Debug)]
pub struct ViewSetRoute {
    /// True for addresses of one object.
    pub detail: bool,
    /// What follows the prefix, or the lookup value; `None` for the list and for the object
    /// itself. It may hold captures: `by-letter/(?P<letter>[A-Za-z])`.
    pub url_path: Option<String>,
    /// The end of its name: `list`, `detail`, `by-letter`.
    pub name: String,
    /// What answers.
    pub view: Arc<dyn View>,
}
