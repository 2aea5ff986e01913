//! Serializers: from rows to JSON, and from input to rows (`rest_framework.serializers`).
//!
//! `#[derive(Serializer)]` on a struct describes a body: each field is a field of the serializer, in
//! its order. Over a model the fields take their types, lengths, defaults and validators from the
//! columns, and rows are written straight to JSON. Without a model, a body that passes becomes a value
//! of the struct.
//!
//! ```
//! use quintet::prelude::*;
//! use quintet::serializers::Attrs;
//!
//! # #[model(table = "library_author")]
//! # pub struct Author {
//! #     pub id: i64,
//! #     #[field(max_length = 80)]
//! #     pub name: String,
//! # }
//! #
//! # #[model(table = "library_book")]
//! # pub struct Book {
//! #     pub id: i64,
//! #     #[field(max_length = 200)]
//! #     pub title: String,
//! #     pub year: i32,
//! #     #[field(foreign_key = Author, related_name = books)]
//! #     pub author_id: i64,
//! # }
//! #
//! #[derive(Serializer)]
//! #[serializer(model = Book, validate)]
//! pub struct BookSerializer {
//!     id: i64,
//!     #[field(min_length = 2, validate)]
//!     title: String,
//!     year: i32,
//!     author: PrimaryKeyRelated<Author>,
//!     #[field(source = author.name)]
//!     author_name: String,
//!     #[field(method)]
//!     is_old: bool,
//! }
//!
//! impl BookSerializer {
//!     fn get_is_old(book: &Book) -> bool {
//!         book.year < 1900
//!     }
//!
//!     fn validate_title(title: String) -> Validated<String> {
//!         if title == "Untitled" { Err("Give it a title.".into()) } else { Ok(title) }
//!     }
//!
//!     fn validate(attrs: &mut Attrs<'_, Book>) -> Validated {
//!         match attrs.get(book::year) {
//!             Some(year) if year > 2100 => Err("Not yet.".into()),
//!             _ => Ok(()),
//!         }
//!     }
//! }
//! # fn main() {}
//! ```
//!
//! # Setting what a field does
//!
//! The words of [`#[field(..)]`](derive@Serializer) are DRF's: `read_only`, `write_only`, `required`,
//! `default`, `allow_null`, `source`, `min_length`, `error(blank = "..")`. Those of `#[serializer(..)]`
//! are for the whole: `model`, `fields = all` or
//! `fields(id, name)`, `exclude(..)`, `read_only(..)`, `unique_together(..)`, `depth`,
//! `validate`. A hook that needs the request takes `&Context` as its last argument.
//!
//! # Serializers in code
//!
//! Where code has a [`Context`](crate::request::Context), a serializer over a model is a value:
//! `BookSerializer::from_row(&book).data(cx)` shows a row, [`from_rows`](ModelSerializer::from_rows) and
//! [`from_query`](ModelSerializer::from_query) show several, and
//! `BookSerializer::from_data(data).validated(cx)` makes [`Changes`], which [`save`](Changes::save) stores,
//! by the serializer's own [`create` or `update`](derive@Serializer) if it has one. Without a
//! model, [`from_data`](Serializer::from_data) makes [`ValidatedData`]: values by field, as a partial
//! update needs them, that the serializer shows by `values.data::<S>(cx)`.
//!
//! # API reference
//!
//! - [`#[derive(Serializer)]`](derive@Serializer): the derive, with every word
//! - [`ModelSerializer`]: a serializer over a model; [`SerializerClass`] is one as a value
//! - [`trait@Serializer`]: a serializer without a model
//! - [`PrimaryKeyRelated`], [`SlugRelated`], [`StringRelated`], [`HyperlinkedRelated`],
//!   [`HyperlinkedIdentity`]: the types of related fields; `Vec` of one is `many=True`
//! - [`Changes`]: validated data on its way to a row (`validated_data`)
//! - [`Representation`], [`Unvalidated`]: rows on their way to JSON, and JSON on its way to changes
//! - [`UnvalidatedData`], [`ValidatedData`]: the same without a model
//! - [`Attrs`]: what `validate` sees
//! - [`Instance`]: a row with what its serializer selected beside it
//!
//! # Custom fields
//!
//! A field that needs other rows is a [`BatchField`], which is asked once for all rows of a list.
//! A [`FieldClass`] extends a built-in field and replaces some of what it does; [`CustomField`] gives a type a form of its own in JSON; a field declares it with `#[field(custom)]`.
//! [`ToRepresentation`] and [`ToInternalValue`] change the whole object, after and before its fields.

mod asking;
mod batch;
mod bound;
pub(crate) mod builder;
mod changes;
mod checks;
mod class;
mod conflicts;
mod convert;
mod custom;
mod data;
mod description;
mod fetch;
mod field;
mod field_output;
mod field_set;
mod hooks;
mod hyperlinks;
mod input;
mod list;
mod list_rows;
mod of_model;
mod plain;
pub(crate) mod recursion;
mod related;
mod relations;
mod rows;
mod run;
mod save;
mod select;
#[cfg(all(test, feature = "sqlite"))]
mod tests;
mod validate;
mod write;

pub use asking::{AsyncFieldValidator, AsyncObjectValidator};
pub use batch::{BatchAnswer, BatchField};
pub use bound::{BoundField, BoundSerializer};
pub use builder::{Builder, PlainBuilder, Shows};
pub use changes::{Attrs, Changes};
pub use class::{FieldClass, InstanceRef};
pub use convert::{FromValidated, IntoValidated};
pub use custom::{Custom, CustomField};
pub use data::{Representation, Unvalidated};
pub use description::Description;
pub use field_set::{FieldSet, GetFields};
pub use hooks::{
    CreateOnlyDefault, CurrentUserDefault, DataHook, DefaultValue, FieldValidator, GetUrl,
    JsonObject, MethodField, ObjectValidator, RelatedQuerySet, StructMethod, StructValidator,
    ToInternalValue, ToRepresentation, ValueValidator,
};
pub use input::InitialData;
pub use list::{ListSerializer, UnvalidatedList};
pub use of_model::{LeadsTo, ModelFor, ShownBy};
pub use plain::{Serializer, UnvalidatedData, ValidatedData};
pub use related::RelatedField;
pub use relations::{
    CustomRelated, HyperlinkedIdentity, HyperlinkedRelated, PrimaryKeyRelated, SlugRelated,
    StringRelated,
};
pub use rows::{Instance, Loaded, RelatedRows};
pub use run::{RunValidation, ValidInput, ValidationHook};
pub use save::{SaveHook, Unsaved};

pub(crate) use changes::ChangeSet;
pub(crate) use conflicts::{misplaced, model_taken, taken, violated};
pub(crate) use fetch::fetch;
pub(crate) use field_output::FieldOutput;
pub(crate) use list::Instances;
pub(crate) use list_rows::ListRows;
pub(crate) use save::save_by;
pub(crate) use select::load;
pub(crate) use validate::Existing;
pub(crate) use write::{Writing, location, write_values};

#[doc = include_str!("derive.md")]
pub use quintet_codegen::Serializer;

use std::fmt;
use std::marker::PhantomData;

use crate::db::{Model, QuerySet};

/// A serializer over a model (`ModelSerializer`): what of a row is shown, and what of the input
/// becomes one.
///
/// `#[derive(Serializer)]` with `#[serializer(model = Track)]` implements it; a view set names it
/// as its `Serializer`. Implement it by hand to build the description in code, of which the derive
/// is a shorter form. For input or output that is no row, derive [`Serializer`](trait@Serializer)
/// without a model. The methods with a default make the serializer a value, wherever code has rows
/// or input and a [`Context`](crate::request::Context).
///
/// ```
/// use std::sync::OnceLock;
///
/// use quintet::prelude::*;
/// use quintet::serializers::{Description, ModelSerializer};
///
/// #[model(app = "library")]
/// pub struct Book {
///     pub id: i64,
///     pub title: String,
/// }
///
/// #[derive(Serializer)]
/// #[serializer(model = Book)]
/// pub struct BookSerializer {
///     id: i64,
///     title: String,
/// }
///
/// /// The same by hand.
/// pub struct HandmadeSerializer;
///
/// impl ModelSerializer for HandmadeSerializer {
///     type Model = Book;
///
///     fn description() -> &'static Description {
///         static DESCRIPTION: OnceLock<Description> = OnceLock::new();
///         DESCRIPTION.get_or_init(|| {
///             Description::of::<Book>("Book")
///                 .source("id", Book::fields().id())
///                 .source("title", Book::fields().title())
///                 .build()
///         })
///     }
/// }
/// # fn main() { let _ = (BookSerializer::description(), HandmadeSerializer::description()); }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a serializer over a model",
    label = "this type has no `ModelSerializer` implementation",
    note = "add `#[derive(Serializer)]` and `#[serializer(model = ..)]` to `{Self}`"
)]
pub trait ModelSerializer: Sized + 'static {
    /// The model.
    type Model: Model;

    /// What the serializer is; made once.
    fn description() -> &'static Description;

    /// The serializer as a value: what a view set names as its `serializer_class`.
    fn class<M>() -> SerializerClass<M>
    where
        M: Model + ShownBy<Self, Self::Model>,
    {
        SerializerClass { description: Self::description(), model: PhantomData }
    }

    /// A row, to be shown (`AlbumSerializer(album)`): `AlbumSerializer::from_row(&album).data(cx)`.
    fn from_row<M>(row: &M) -> Representation
    where
        M: Model + Clone + ShownBy<Self, Self::Model>,
    {
        Representation::of_row(Self::description(), row)
    }

    /// Rows, to be shown as an array (`AlbumSerializer(albums, many=True)`).
    fn from_rows<'a, M>(rows: impl IntoIterator<Item = &'a M>) -> Representation
    where
        M: Model + Clone + ShownBy<Self, Self::Model>,
    {
        Representation::of_rows(Self::description(), rows)
    }

    /// The rows of a query, to be shown as an array; they are read with what is shown beside them.
    fn from_query<M>(queryset: QuerySet<M>) -> Representation
    where
        M: Model + ShownBy<Self, Self::Model>,
    {
        Representation::of_query(Self::description(), queryset.into())
    }

    /// What a form shows first, by field (`AlbumSerializer().data`, `get_initial`).
    fn get_initial() -> JsonObject {
        Self::description().get_initial()
    }

    /// Input, to be validated (`AlbumSerializer(data=data)`): `AlbumSerializer::from_data(data)` with
    /// JSON or the body of the request (`cx.data()?`), then
    /// [`instance`](Unvalidated::instance) and [`partial`](Unvalidated::partial) as needed, then
    /// [`validated`](Unvalidated::validated).
    fn from_data(data: impl Into<InitialData>) -> Unvalidated<Self::Model> {
        Unvalidated::new(Self::description(), data.into())
    }
}

/// A serializer over the model `M`, as a value ([`ModelSerializer::class`]).
pub struct SerializerClass<M> {
    description: &'static Description,
    model: PhantomData<fn() -> M>,
}

impl<M> SerializerClass<M> {
    /// What the serializer is.
    pub fn description(&self) -> &'static Description {
        self.description
    }
}

impl<M> Clone for SerializerClass<M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for SerializerClass<M> {}

impl<M> fmt::Debug for SerializerClass<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SerializerClass").field(&self.description.name).finish()
    }
}
