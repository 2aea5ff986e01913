//! The URL that a request matched.

/// Which URL a request matched (`request.resolver_match`); its captures are
/// [`Request::kwargs`](super::Request::kwargs).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResolverMatch {
    /// The name, without its namespaces: `book-detail`.
    pub url_name: String,
    /// The namespaces, the outermost first.
    pub namespaces: Vec<String>,
    /// The pattern: `api/books/(?P<pk>[^/.]+)/`.
    pub route: String,
}

impl ResolverMatch {
    /// The namespaces between colons (`resolver_match.namespace`); `None` for a name in none.
    pub fn namespace(&self) -> Option<String> {
        (!self.namespaces.is_empty()).then(|| self.namespaces.join(":"))
    }

    /// The name with its namespaces (`resolver_match.view_name`): `v1:book-detail`.
    pub fn view_name(&self) -> String {
        match self.namespace() {
            Some(namespace) => format!("{namespace}:{}", self.url_name),
            None => self.url_name.clone(),
        }
    }
}
