//! How related rows are shown and named (`rest_framework.relations`).

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::description::Description;
use crate::db::{Model, ModelMeta, ModelRow};

/// A serializer inside another one.
#[derive(Clone)]
pub(crate) enum Inner {
    /// The user's.
    Static(fn() -> &'static Description),
    /// Made for `depth`.
    Owned(Arc<Description>),
}

impl Inner {
    pub(crate) fn get(&self) -> &Description {
        match self {
            Self::Static(description) => description(),
            Self::Owned(description) => description,
        }
    }
}

/// How a related row is written.
#[derive(Clone)]
pub(crate) enum Related {
    /// By a serializer.
    Serializer(Inner),
    /// As its text.
    Display { model: &'static ModelMeta, show: fn(&dyn ModelRow) -> String },
    /// As one of its columns: the key, or a slug.
    Column { model: &'static ModelMeta, column: usize },
    /// As its address.
    Link { model: &'static ModelMeta, view_name: Arc<str>, kwarg: Arc<str>, column: usize },
}

impl Related {
    pub(crate) fn display<M: Model + fmt::Display>() -> Self {
        let show = |row: &dyn ModelRow| {
            row.as_any().downcast_ref::<M>().map_or_else(String::new, ToString::to_string)
        };
        Self::Display { model: M::META, show }
    }

    pub(crate) fn column<M: Model>(column: usize) -> Self {
        Self::Column { model: M::META, column }
    }

    pub(crate) fn link<M: Model>(view_name: &str, kwarg: &str, column: usize) -> Self {
        Self::Link { model: M::META, view_name: view_name.into(), kwarg: kwarg.into(), column }
    }

    pub(crate) fn model(&self) -> &'static ModelMeta {
        match self {
            Self::Serializer(inner) => inner.get().model,
            Self::Display { model, .. } | Self::Column { model, .. } | Self::Link { model, .. } => {
                model
            }
        }
    }
}

macro_rules! relation {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        pub struct $name<M>(PhantomData<fn() -> M>);

        impl<M> fmt::Debug for $name<M> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    };
}

relation! {
    /// A field that shows and takes a related row's text representation; read-only.
    StringRelated
}
relation! {
    /// A field that shows and takes a related row's column, such as its name.
    SlugRelated
}
relation! {
    /// A field that shows a related row's address; read-only.
    HyperlinkedRelated
}

/// A field that shows and takes a related row's primary key. In a serializer without a model it
/// holds the key of a row that exists.
pub struct PrimaryKeyRelated<M> {
    key: i64,
    model: PhantomData<fn() -> M>,
}

impl<M> PrimaryKeyRelated<M> {
    pub(crate) fn new(key: i64) -> Self {
        Self { key, model: PhantomData }
    }

    /// The key of a row that was found.
    pub fn key(&self) -> i64 {
        self.key
    }
}

impl<M> fmt::Debug for PrimaryKeyRelated<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrimaryKeyRelated({})", self.key)
    }
}

/// A field that shows the address of the row itself (`HyperlinkedIdentityField`).
#[derive(Debug)]
pub struct HyperlinkedIdentity;
