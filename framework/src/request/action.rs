//! The action of a view set that a request is for (`view.action`).

use std::fmt;

/// An action of a view set (`self.action`).
///
/// `#[view_set]` declares a constant for each extra action, so that a `match` needs no strings:
/// `Action::List | Self::MINE`.
#[doc(alias = "decorators")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// GET of the list.
    List,
    /// POST to the list.
    Create,
    /// GET of an object.
    Retrieve,
    /// PUT of an object.
    Update,
    /// PATCH of an object.
    PartialUpdate,
    /// DELETE of an object.
    Destroy,
    /// OPTIONS of any URL.
    Metadata,
    /// An extra action, by its name.
    Extra(&'static str),
}

impl Action {
    /// Its name in DRF: `partial_update`, `rename`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Create => "create",
            Self::Retrieve => "retrieve",
            Self::Update => "update",
            Self::PartialUpdate => "partial_update",
            Self::Destroy => "destroy",
            Self::Metadata => "metadata",
            Self::Extra(name) => name,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
