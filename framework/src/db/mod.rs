//! Models, queries and connections: diesel on `SQLite` and `PostgreSQL` (`django.db`).
//!
//! [`#[model]`](macro@crate::model) makes a struct a row of a table, with Django's names for tables
//! and columns. [`QuerySet`] is Django's: methods narrow and order it, and nothing is sent until
//! one that evaluates it (`all`, `get`, `count`, `update`, ..) is awaited. It runs on a [`Conn`]; a
//! [`Context`](crate::request::Context) dereferences to one, so handlers write `.all(cx)`.
//!
//! ```
//! use quintet::prelude::*;
//!
//! #[model(app = "library", ordering(name))]
//! pub struct Author {
//!     pub id: i64,
//!     #[field(max_length = 80)]
//!     pub name: String,
//! }
//!
//! #[model(app = "library", ordering(-year, id))]
//! pub struct Book {
//!     pub id: i64,
//!     #[field(max_length = 200)]
//!     pub title: String,
//!     pub year: i32,
//!     #[field(foreign_key = Author, related_name = books)]
//!     pub author_id: i64,
//! }
//!
//! async fn rename(cx: &mut Context) -> Result<NoContent> {
//!     let old = Book::objects().filter(book::year.lt(1900)).count(cx).await?;
//!     let theirs = Book::objects().filter_by(Book::fields().author().name().istartswith("h"));
//!     for book in theirs.slice(0, 10).all(cx).await? {
//!         let title = format!("{} ({old})", book.title);
//!         cx.save(Changes::of(&book).set(book::title, title)).await?;
//!     }
//!     Ok(NoContent)
//! }
//! # fn main() {
//! #     let _ = ApiView::new("Rename").post(rename);
//! # }
//! ```
//!
//! # Setting the database
//!
//! `DATABASE_URL` selects it: `sqlite://relative.db` or `postgres://user@host/name`. With both
//! features, one program supports both, and [`Database::open`] parses the URL at start-up.
//! `ATOMIC_REQUESTS` makes every request a transaction; `cx.transaction(..)` opens one, or a
//! savepoint inside another.
//!
//! # API reference
//!
//! - [`Database`]: the connections of a site; [`DatabaseConfig`] sets their number and time-outs;
//!   [`Database::create_tables`] makes the tables of models
//! - [`Conn`]: the connection of a request or a command
//! - [`Model`]: a struct with `#[model]`; [`ModelMeta`] is its description
//! - [`QuerySet`]: rows by condition, order and slice
//! - [`Condition`], [`RelatedLookups`]: Django's lookups over paths,
//!   `Book::fields().author().name()`
//! - [`Count`], [`Sum`], [`Avg`], [`Min`], [`Max`]: aggregates
//! - [`OnConflict`]: what [`QuerySet::bulk_create_on_conflict`] does with taken values
//! - [`RawSql`]: SQL of your own as a value, a condition, or the rows of a model
//! - [`Window`] and [`RowNumber`]: values over windows of rows
//! - [`SearchVector`], [`TrigramSimilarity`], [`ArrayAgg`]: what `PostgreSQL` has
//! - [`Connections`], [`DatabaseRouter`]: several databases by name, and a replica
//! - [`CustomColumn`], [`Cached`]: types of your own as columns, and what is kept with a row
//! - [`Prefetched`]: rows of a relation to many, read by [`Conn::prefetch`]
//! - [`Error`]: why a statement failed; `?` converts it into an
//!   [`ApiException`](crate::exceptions::ApiException)
//!
//! # Reading less, and reading without end
//!
//! A row has what its struct has, so nothing of it is deferred: [`QuerySet::values`] reads some
//! columns, where Django has `only` and `defer`. [`QuerySet::select_related`] and [`Conn::prefetch`]
//! read related rows with a fixed number of statements; nothing is read when a field is looked at.
//! [`QuerySet::iterate`] keeps a batch of rows in memory, however many there are (`iterator`).
//! [`Conn::refresh`] reads a row again.
//!
//! # More databases
//!
//! `DATABASES` names further ones, and [`Connections`] opens them: `cx.using("archive")?` is a connection
//! to one. A [`DatabaseRouter`] says which one the rows of a model are in, and `DATABASE_REPLICA` names
//! one that requests with a safe method read from. Any other request works on one database from its
//! start to its end, so that it sees what it writes.
//!
//! # Methods of a query set, and other views of a table
//!
//! Where Django has a subclass of `QuerySet`, a trait of your own has methods for `QuerySet<Book>`. A
//! proxy model is a struct over the same table that says `proxy = Book`: it has a scope, an order and
//! methods of its own, and rows of the two become each other by `From`.
//!
//! ```
//! use quintet::prelude::*;
//!
//! # #[model(app = "library")]
//! # pub struct Book {
//! #     pub id: i64,
//! #     pub title: String,
//! #     pub year: i32,
//! # }
//! trait BookQuerySet {
//!     fn of_century(self, century: i32) -> Self;
//! }
//!
//! impl BookQuerySet for QuerySet<Book> {
//!     fn of_century(self, century: i32) -> Self {
//!         self.filter(book::year.gt(century * 100 - 100)).filter(book::year.le(century * 100))
//!     }
//! }
//!
//! #[model(table = "library_book", proxy = Book, objects = only_old, ordering(year))]
//! pub struct OldBook {
//!     pub id: i64,
//!     pub title: String,
//!     pub year: i32,
//! }
//!
//! fn only_old(books: QuerySet<OldBook>) -> QuerySet<OldBook> {
//!     books.filter(old_book::year.lt(1900))
//! }
//!
//! async fn oldest(cx: &Context) -> Result<Option<Book>> {
//!     let _: i64 = Book::objects().of_century(19).count(cx).await?;
//!     Ok(OldBook::objects().first(cx).await?.map(Book::from))
//! }
//! # fn main() {}
//! ```
//!
//! # Other statements
//!
//! [`QuerySet::filter`] takes any boolean diesel expression, and [`Conn::load`], [`Conn::first`]
//! and [`Conn::execute`] any diesel statement, on the same connection and in the same transaction.
//! SQL of your own is one of diesel's statements (`connection.cursor()`). It takes values by
//! `bind`, never in its text, and rows are structs with diesel's `QueryableByName`; a program that
//! writes it names `diesel` in its manifest.
//!
//! ```
//! use diesel::sql_types::{BigInt, Text};
//! use quintet::prelude::*;
//!
//! #[derive(diesel::QueryableByName)]
//! struct Decade {
//!     #[diesel(sql_type = BigInt)]
//!     decade: i64,
//!     #[diesel(sql_type = BigInt)]
//!     books: i64,
//! }
//!
//! async fn decades(author: &str, cx: &Context) -> Result<Vec<(i64, i64)>> {
//!     // `$1` on both databases
//!     let query = diesel::sql_query(
//!         "SELECT CAST(year / 10 * 10 AS bigint) AS decade, COUNT(*) AS books FROM library_book \
//!          WHERE author_name = $1 GROUP BY 1 ORDER BY 1",
//!     );
//!     let rows: Vec<Decade> = cx.load(query.bind::<Text, _>(author.to_owned())).await?;
//!     Ok(rows.into_iter().map(|row| (row.decade, row.books)).collect())
//! }
//! # fn main() {}
//! ```

mod backends;
#[cfg(feature = "test")]
mod captured;
mod conn;
mod connections;
mod database;
mod error;
pub mod hooks;
mod introspection;
pub(crate) mod models;
mod query;
#[cfg(debug_assertions)]
mod repeats;
mod schema_editor;
mod startup;
#[cfg(test)]
pub(crate) mod testing;

pub use crate::values::{DateTime, Decimal, Uuid};
#[cfg(feature = "test")]
pub(crate) use captured::Captured;
pub use conn::Conn;
pub(crate) use conn::Runs;
pub use connections::{Connections, ConnectionsBuilder, DEFAULT_DB_ALIAS, DatabaseRouter, Using};
pub use database::{ConfigError, Database, DatabaseConfig, DatabaseWorker};
#[cfg(feature = "postgres")]
pub(crate) use error::CLOSED;
pub use error::Error;
pub(crate) use error::{BUSY, already_exists, label, not_a_unique_set, not_unique, null};
pub(crate) use models::annotation::Annotated;
pub use models::annotation::{Annotation, AnnotationMeta, DeclaredAs};
pub use models::array::ArrayItem;
pub use models::cached::Cached;
pub(crate) use models::choices::label_of;
pub use models::choices::{Choices, StoredChoice};
pub use models::column::{ColumnDefault, ColumnForm, ColumnKind, ColumnMeta, OnDelete};
#[doc(hidden)]
pub use models::condition::comparand;
pub use models::condition::{
    Comparand, ComparedWith, Condition, PartPath, RelatedLookups, TemporalField, TextField,
};
pub use models::constraint::{Constraint, ConstraintKind};
pub use models::custom::CustomColumn;
pub use models::declared::{Declared, LookupField, Ordering, Root};
pub use models::file::{FileColumn, NewFile, UploadTo};
pub use models::inherited::{BaseOf, InheritedColumn};
pub use models::json::{ArrayField, JsonField};
pub(crate) use models::key::Key;
pub use models::lookups::{Compare, DatePart, Lookup, Operand, Predicate};
pub use models::model::{Column, GenericRows, LinkTable, Model, ModelMeta};
pub(crate) use models::model::{ModelRow, meta_of};
pub(crate) use models::names::resolve;
pub use models::names::{LOOKUP_SEP, NameError};
pub use models::node::{Node, OnPostgres, OnSqlite};
pub use models::order::{Nulls, Order, OrderTerm};
pub use models::path::{
    FieldPath, Fields, Leaf, Many, One, Optional, Path, PathOf, SingleValued, TypedPath,
};
pub(crate) use models::path::{Hop, Way};
pub use models::period::UniqueFor;
pub use models::row::{ColumnValue, Row};
pub(crate) use models::scope::in_scope;
pub use models::scope::{Scope, ScopeFunction};
pub use query::assignments::{Assignments, Assigns};
pub(crate) use query::assignments::{ComputedColumn, only_values};
pub(crate) use query::expression::{
    About, AggregateCall, Call, Expr, Function, Infix, Matched, OfMatched, Over, Related,
    Truncated, Windowed, single,
};
pub use query::expression::{
    Abs, Aggregate, AggregateFunc, Arithmetic, ArrayAgg, Avg, Cardinality, Case, Cases, Cast,
    CastTo, Coalesce, Comparable, Computed, Concat, Count, CumeDist, Dated, DenseRank, Exists,
    Expression, Extract, FirstValue, FitsIn, Func, Greatest, IntoExpression, JsonArray, JsonObject,
    Lag, LastValue, Lead, Least, Left, Length, Lower, Matching, Max, Min, Mod, Now, NthValue,
    Ntile, NullIf, Number, PercentRank, Rank, RawSql, Replace, Right, Round, RowNumber,
    SearchQuery, SearchRank, SearchVector, StrIndex, StringAgg, Subquery, Substr, Sum,
    TrigramSimilarity, Trim, Trunc, Upper, Window,
};
pub(crate) use query::queryset::Lock;
pub use query::queryset::{
    Combined, Groups, OnConflict, Prefetched, QuerySet, RelatedRows, Rows, ToOne, Values,
    WithRelated,
};
pub(crate) use query::select::columns as write_columns;
pub(crate) use query::select::nowhere;
pub use query::select::{Select, Selected};
pub use query::selection::{Aggregates, Cells, Columns, Selection};
pub use query::sql::{Dialect, Sql};
pub use query::statements::{Command, Query};
pub(crate) use query::tree::{
    MOST_LEVELS, SelfRelation, TreeLimits, only_known_places, places_in_tree,
};
pub use query::tree::{Tree, TreeError};
pub use query::write::Protected;
pub(crate) use query::write::{is_referenced, reachable, references};
pub use quintet_codegen::Choices;
pub use startup::StartupError;

#[cfg(feature = "sqlite")]
use backends::sqlite;
#[cfg(feature = "postgres")]
use backends::{away, flight, postgresql as postgres, room};
use backends::{prepared, url};
pub(crate) use models::pattern;
use models::{key, lookups, model, path, row, scope};
use query::{
    assignments, comparisons, compile, computed, insert, joins, json, select, statements, write,
};
