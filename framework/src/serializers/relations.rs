//! How related rows are shown and referenced (`rest_framework.relations`).

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::description::Description;
use super::hooks::GetUrl;
use super::related::DynRelatedField;
use crate::db::{Model, ModelMeta, ModelRow};
use crate::request::Context;

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

/// A function that makes the address of a row.
pub(crate) type AddressFn = Arc<dyn Fn(&dyn ModelRow, &Context) -> Option<String> + Send + Sync>;

/// How a related row is written.
#[derive(Clone)]
pub(crate) enum Related {
    /// By a serializer.
    Serializer(Inner),
    /// As its text.
    Display { model: &'static ModelMeta, show: fn(&dyn ModelRow) -> String },
    /// As one of its columns: the key, or a slug.
    Column { model: &'static ModelMeta, column: usize },
    /// As the user's class shows it.
    Own { model: &'static ModelMeta, class: Arc<dyn DynRelatedField> },
    /// As the address that a function makes.
    Address { model: &'static ModelMeta, show: AddressFn },
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

    pub(crate) fn address<M: Model, Shape>(get_url: impl GetUrl<M, Shape>) -> Self {
        let show: AddressFn = Arc::new(move |row, cx| {
            row.as_any().downcast_ref::<M>().and_then(|row| get_url.call(row, cx))
        });
        Self::Address { model: M::META, show }
    }

    pub(crate) fn model(&self) -> &'static ModelMeta {
        match self {
            Self::Serializer(inner) => inner.get().model,
            Self::Display { model, .. }
            | Self::Column { model, .. }
            | Self::Own { model, .. }
            | Self::Address { model, .. }
            | Self::Link { model, .. } => model,
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
    /// A read-only field that shows a related row's text (`StringRelatedField`).
    #[doc(alias = "StringRelatedField")]
    StringRelated
}
relation! {
    /// A field that represents a related row by one of its columns, such as its name
    /// (`SlugRelatedField`).
    #[doc(alias = "SlugRelatedField")]
    SlugRelated
}
relation! {
    /// A field for a related row whose class is one's own (`RelatedField`): `#[field(class =
    /// TagField)]` names a [`RelatedField`](super::RelatedField).
    #[doc(alias = "ManyRelatedField")]
    CustomRelated
}
relation! {
    /// A field that shows a related row's URL, and reads it where `queryset` says which rows
    /// (`HyperlinkedRelatedField`).
    #[doc(alias = "HyperlinkedRelatedField")]
    HyperlinkedRelated
}

/// A field that represents a related row by its primary key (`PrimaryKeyRelatedField`). In a
/// serializer without a model, it holds the key of an existing row. `Vec` of one is `many=True`.
///
/// ```
/// use quintet::prelude::*;
/// use quintet::serializers::{HyperlinkedRelated, SlugRelated, StringRelated};
///
/// # #[model(app = "store", display = "{name}")]
/// # pub struct Genre {
/// #     pub id: i64,
/// #     pub name: String,
/// # }
/// # #[model(app = "store")]
/// # pub struct Track {
/// #     pub id: i64,
/// #     #[field(foreign_key = Genre, related_name = tracks)]
/// #     pub genre_id: i64,
/// # }
/// #[derive(Serializer)]
/// #[serializer(model = Track)]
/// pub struct TrackSerializer {
///     /// `3`
///     genre: PrimaryKeyRelated<Genre>,
///     /// `"Rock"`, from the column `name`
///     #[field(source = genre, slug = name)]
///     genre_name: SlugRelated<Genre>,
///     /// `"Rock"`, from the display of the model
///     #[field(source = genre)]
///     genre_text: StringRelated<Genre>,
///     /// `"http://example.com/api/genres/3/"`
///     #[field(source = genre, view_name = "genre-detail")]
///     genre_url: HyperlinkedRelated<Genre>,
/// }
/// ```
#[doc(alias = "PrimaryKeyRelatedField")]
#[doc(alias = "relations")]
pub struct PrimaryKeyRelated<M: Model> {
    key: M::Key,
}

impl<M: Model> PrimaryKeyRelated<M> {
    pub(crate) fn new(key: M::Key) -> Self {
        Self { key }
    }

    /// The key of the row.
    pub fn key(&self) -> M::Key {
        self.key.clone()
    }
}

impl<M: Model> fmt::Debug for PrimaryKeyRelated<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrimaryKeyRelated({:?})", self.key)
    }
}

/// A field that shows the URL of the row itself (`HyperlinkedIdentityField`).
#[doc(alias = "HyperlinkedIdentityField")]
#[derive(Debug)]
#[doc(alias = "HyperlinkedModelSerializer")]
pub struct HyperlinkedIdentity;
