//! Filters: which rows of a list a query string selects, and in which order
//! (`rest_framework.filters`, `django_filters`).
//!
//! A query string can only choose among declared filters: paths come from code, never from a
//! request, and the compiler checks them against the model.
//!
//! # Setting the filters
//!
//! A view set declares what its lists may be filtered, searched and ordered by. Undeclared filters
//! are off, except that `Site::builder(..).ordering_filter()` lets every list be ordered by the
//! fields of its serializer (`DEFAULT_FILTER_BACKENDS` with the ordering filter).
//!
//! ```
//! use quintet::db::Ordering;
//! use quintet::filters::order_by;
//! use quintet::prelude::*;
//!
//! # #[model(table = "library_author")]
//! # pub struct Author {
//! #     pub id: i64,
//! #     pub name: String,
//! # }
//! #
//! # #[model(table = "library_book")]
//! # pub struct Book {
//! #     pub id: i64,
//! #     pub title: String,
//! #     pub year: i32,
//! #     #[field(foreign_key = Author, related_name = books)]
//! #     pub author_id: i64,
//! # }
//! #
//! # #[derive(Serializer)]
//! # #[serializer(model = Book, fields = all)]
//! # pub struct BookSerializer {}
//! #
//! pub struct BookViewSet;
//!
//! impl ViewSet for BookViewSet {
//!     type Base = ReadOnlyModelViewSet;
//!     type Serializer = BookSerializer;
//!     /// `?author=3&year__gte=1900`
//!     const FILTERSET_FIELDS: Filters<Book> = filter_fields![author, year(exact, gte, lt)];
//!     /// `?search=dune herbert`
//!     const SEARCH_FIELDS: SearchFields<Book> = search_fields![title, author__name];
//!     /// `?ordering=-year,title`
//!     const ORDERING_FIELDS: OrderingFields<Book> = ordering_fields![title, year];
//!     /// If the request names no order.
//!     const ORDERING: Ordering<Book> = order_by![-year, id];
//! }
//! # fn main() {}
//! ```
//!
//! # API reference
//!
//! - [`filter_fields!`]: filters for fields and their lookups (`filterset_fields`)
//! - [`#[derive(FilterSet)]`](derive@FilterSet): a filter set with declared filters
//!   (`filterset_class`); the kinds of filters are in [`django_filters`]
//! - [`search_fields!`]: the fields that `?search=` searches; `^`, `=` and `$` as in DRF
//!   ([`SearchFilter`])
//! - [`ordering_fields!`]: what `?ordering=` may name ([`OrderingFilter`])
//! - [`order_by!`]: an order; [`lookup_field!`]: the field that an object is looked up by
//!
//! - [`Names`]: conditions and orders from names at run time
//!
//! # Custom filters
//!
//! [`FilterBackend`] narrows the rows by any rule; a view set names it in
//! [`filter_backends`](crate::viewsets::ViewSet::filter_backends), and it runs after the three
//! above. A filter of one parameter is a method of a filter set; a
//! [`CustomFilter`](django_filters::CustomFilter) is a kind of filter for several sets.

pub mod django_filters;
mod names;
mod ordering;
mod parameter;
mod search;
mod temporal;
#[cfg(test)]
pub(crate) mod testing;

use std::sync::Arc;

pub use django_filters::{FilterSet, FilterSpec, Filters};
pub use names::Names;
pub use ordering::{OrderingField, OrderingFields, OrderingFilter};
pub use parameter::{ParameterType, QueryParameter, Several};
/// Writes [`FilterSet`](trait@FilterSet) for a struct: each field is a declared filter, its type
/// the kind, and `fields(..)` asks for generated ones (`Meta.fields`).
///
/// ```
/// use quintet::filters::django_filters::*;
/// use quintet::auth::User;
/// use quintet::filters::FilterSet;
/// use quintet::prelude::*;
///
/// #[model(table = "store_album")]
/// pub struct Album {
///     pub id: i64,
///     pub title: String,
/// }
///
/// #[model(table = "store_track")]
/// pub struct Track {
///     pub id: i64,
///     pub name: String,
///     pub milliseconds: i32,
///     pub created_at: DateTime,
///     #[field(foreign_key = Album)]
///     pub album_id: Option<i64>,
///     #[field(foreign_key = User)]
///     pub owner_id: Option<i32>,
/// }
///
/// const LENGTHS: [(&str, &str); 2] = [("short", "Below a minute"), ("long", "The rest")];
///
/// #[derive(FilterSet)]
/// #[filter_set(model = Track, fields(name, album(exact, isnull), milliseconds(gte, lte)))]
/// pub struct TrackFilter {
///     /// `?album__title=facelift`
///     #[filter(name = "album__title", field = album__title, lookup = iexact)]
///     album_title: CharFilter,
///     /// `?length=short`, applied by `TrackFilter::filter_length`
///     #[filter(choices = LENGTHS, method = filter_length)]
///     length: ChoiceFilter,
///     /// `?mine=true`
///     #[filter(method = filter_mine)]
///     mine: BooleanFilter,
///     /// `?sort=-created,name`
///     #[filter(ordering(name, created_at = created))]
///     sort: OrderingFilter,
/// }
///
/// impl TrackFilter {
///     fn filter_length(rows: QuerySet<Track>, _name: &str, length: String) -> QuerySet<Track> {
///         let short = Track::fields().milliseconds().lt(60_000);
///         rows.filter_by(if length == "short" { short } else { !short })
///     }
///
///     fn filter_mine(
///         rows: QuerySet<Track>,
///         _name: &str,
///         mine: bool,
///         cx: &Context,
///     ) -> QuerySet<Track> {
///         let owned = Track::fields().owner().id().exact(cx.user().map_or(0, |user| user.id));
///         rows.filter_by(if mine { owned } else { !owned })
///     }
/// }
/// ```
///
/// A `method` gets the rows, the filter's name and the value, whose type depends on the kind of the
/// filter. It may take `&Context` as a last argument, like django-filter's `self.request`, and is
/// not called without a value.
///
/// # The whole set
///
/// | word of `#[filter_set(..)]` | meaning |
/// | --- | --- |
/// | `fields(name, album(exact, isnull))` | filters for fields, of the kinds that suit their columns (`Meta.fields`) |
/// | `fields = all` | one for each field of the model but a key that the database makes (`"__all__"`) |
/// | `exclude(composer)` | none for these; without `fields`, one for each other field (`Meta.exclude`) |
/// | `filter_overrides` | calls `fn filter_overrides(filter: Filter<Track>, column: &ColumnMeta) -> Filter<Track>`, which may replace a filter that `fields` made (`Meta.filter_overrides`) |
/// | `get_filters` | calls `fn get_filters(filters: &mut FilterSpec<Track>, cx: &Context)` for each request: it drops filters or changes them (`__init__`) |
/// | `filter_queryset` | calls `fn filter_queryset(rows: QuerySet<Track>, filtered: Filtered<Track>, cx: &Context) -> QuerySet<Track>`, even without a parameter; `filtered.apply(rows, cx)` is what the filters do (`filter_queryset`, `qs`) |
///
/// ```
/// use quintet::db::{ColumnKind, ColumnMeta, Lookup};
/// use quintet::filters::FilterSet;
/// use quintet::filters::django_filters::{Filter, FilterSpec, Filtered, ModelChoiceFilter};
/// use quintet::auth::User;
/// use quintet::prelude::*;
///
/// #[model(table = "issue")]
/// pub struct Issue {
///     pub id: i64,
///     pub title: String,
///     pub state: String,
///     #[field(foreign_key = User)]
///     pub author_id: i32,
///     #[field(foreign_key = User)]
///     pub assignee_id: Option<i32>,
/// }
///
/// #[derive(FilterSet)]
/// #[filter_set(model = Issue, exclude(author), filter_overrides, get_filters, filter_queryset)]
/// pub struct IssueFilter {
///     /// `?assignee=alice`, and `?assignee=nobody`
///     #[filter(
///         to_field_name = username, queryset = staff, null_label = "Nobody", null_value = "nobody"
///     )]
///     assignee: ModelChoiceFilter<User>,
/// }
///
/// fn staff() -> QuerySet<User> {
///     User::objects().filter_by(User::fields().is_staff().exact(true))
/// }
///
/// impl IssueFilter {
///     /// Texts are searched.
///     fn filter_overrides(filter: Filter<Issue>, column: &ColumnMeta) -> Filter<Issue> {
///         if column.kind == ColumnKind::Text { filter.lookup(Lookup::IContains) } else { filter }
///     }
///
///     /// Open ones, unless the request says otherwise.
///     fn get_filters(filters: &mut FilterSpec<Issue>, cx: &Context) {
///         filters.change("state", |filter| filter.initial("open"));
///         if cx.user().is_none() {
///             filters.remove("assignee");
///         }
///     }
///
///     /// One's own, unless an assignee is given.
///     fn filter_queryset(
///         rows: QuerySet<Issue>,
///         filtered: Filtered<Issue>,
///         cx: &Context,
///     ) -> QuerySet<Issue> {
///         let asked = filtered.value::<String>("assignee").is_some();
///         let rows = filtered.apply(rows, cx);
///         let own = cx.user().map_or(0, |user| user.id);
///         if asked { rows } else { rows.filter(issue::author_id.eq(own)) }
///     }
/// }
/// # fn main() {}
/// ```
///
/// # A field
///
/// On a field: `field = path` (its own name where there is none), `lookup = gte` or
/// `year__gte`, `name = "parameter"`, `method = function`, `choices = list`, `conjoined`,
/// `exclude`, `null_label = "None"`, `null_value = "none"` (`null` if it is not said), `initial = "text"`
/// (which counts where a request has none), `help_text = ".."`, `label = ".."`, `required`, `ordering(field = parameter, ..)`. A filter that chooses rows
/// (`ModelChoiceFilter`, `ModelMultipleChoiceFilter`) may name them by a column of theirs
/// (`to_field_name = username`), and accept some rows alone: `queryset = staff`, a `fn() -> QuerySet<User>` or
/// `fn(&Context) -> QuerySet<User>`.
pub use quintet_codegen::FilterSet;
/// The filters of a view set in place (`filterset_fields`):
/// `filter_fields![name, album(exact, isnull)]`.
pub use quintet_codegen::filter_fields;
/// The field that an object is looked up by: `lookup_field!(username)`.
pub use quintet_codegen::lookup_field;
/// An order: `order_by![-invoice_date, -id]`.
pub use quintet_codegen::order_by;
/// The fields that `?ordering=` may name: `ordering_fields![id, album__title]`; `__all__` stands
/// for every column.
pub use quintet_codegen::ordering_fields;
/// The fields that `?search=` searches: `search_fields![^name, =composer, album__title]`; the
/// prefixes are DRF's, a lookup at the end (`name__endswith`) is used as it is.
pub use quintet_codegen::search_fields;
pub use search::{SearchField, SearchFields, SearchFilter};

pub(crate) use crate::values::python;

use crate::db::{Model, QuerySet};
use crate::exceptions::Result;
use crate::request::Context;

/// Narrows or sorts the rows of a view according to the request (`BaseFilterBackend`).
///
/// Implement it for a rule of your own. Search and ordering are built in ([`SearchFilter`],
/// [`OrderingFilter`]); a [`FilterSet`] is handled separately, because its keys are looked up in
/// the database. By default, it declares no query parameters in the OpenAPI document.
///
/// ```
/// use quintet::filters::{FilterBackend, FilterBackends};
/// use quintet::auth::User;
/// use quintet::prelude::*;
///
/// # #[model(table = "note")]
/// # pub struct Note {
/// #     pub id: i64,
/// #     #[field(foreign_key = User)]
/// #     pub owner_id: Option<i32>,
/// # }
/// # #[derive(Serializer)]
/// # #[serializer(model = Note, fields = all)]
/// # pub struct NoteSerializer {}
/// /// Users only see their own notes.
/// struct IsOwnerFilterBackend;
///
/// impl FilterBackend<Note> for IsOwnerFilterBackend {
///     fn filter_queryset(&self, cx: &Context, notes: QuerySet<Note>) -> Result<QuerySet<Note>> {
///         Ok(notes.filter(note::owner_id.eq(cx.user().map(|user| user.id))))
///     }
/// }
///
/// pub struct NoteViewSet;
///
/// impl ViewSet for NoteViewSet {
///     type Base = ModelViewSet;
///     type Serializer = NoteSerializer;
///
///     fn filter_backends(&self) -> impl FilterBackends<Note> {
///         (IsOwnerFilterBackend,)
///     }
/// }
/// # fn main() {}
/// ```
#[doc(alias = "BaseFilterBackend")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a filter backend of `{M}`",
    label = "this type has no `FilterBackend` implementation",
    note = "write `impl FilterBackend<{M}> for {Self}`"
)]
pub trait FilterBackend<M: Model>: Send + Sync {
    /// Returns the rows that match the request.
    ///
    /// # Errors
    /// 400 when a parameter is wrong.
    fn filter_queryset(&self, cx: &Context, queryset: QuerySet<M>) -> Result<QuerySet<M>>;

    /// The parameters it reads.
    fn query_parameters(&self) -> Vec<QueryParameter> {
        Vec::new()
    }
}

/// The `filter_backends` of a view set: a tuple of up to four, `()` for none.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tuple of filter backends for rows of `{M}`",
    label = "expected a tuple, such as `(OnlyMine,)`",
    note = "each part needs `impl FilterBackend<{M}>`"
)]
pub trait FilterBackends<M: Model> {
    /// The list.
    fn into_list(self) -> Vec<Arc<dyn FilterBackend<M>>>;
}

macro_rules! tuples {
    ($(($($name:ident)*))*) => {$(
        impl<M: Model, $($name: FilterBackend<M> + 'static),*> FilterBackends<M> for ($($name,)*) {
            #[allow(non_snake_case, reason = "the names are those of the types")]
            fn into_list(self) -> Vec<Arc<dyn FilterBackend<M>>> {
                let ($($name,)*) = self;
                vec![$(Arc::new($name)),*]
            }
        }
    )*};
}

tuples! { () (A) (A B) (A B C) (A B C D) }
