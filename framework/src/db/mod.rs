//! Models, queries and connections: diesel on `SQLite` and `PostgreSQL`.

mod backends;
#[cfg(feature = "test")]
mod captured;
mod conn;
mod database;
mod error;
mod models;
mod query;
mod startup;
#[cfg(test)]
pub(crate) mod testing;

pub use crate::values::{DateTime, Decimal, Uuid};
#[cfg(feature = "test")]
pub(crate) use captured::Captured;
pub use conn::Conn;
pub(crate) use conn::Runs;
pub use database::{ConfigError, Database, DatabaseConfig, DatabaseWorker};
pub use error::Error;
pub(crate) use error::{BUSY, null};
pub use models::condition::{Condition, PartPath, RelatedLookups, TemporalField, TextField};
pub use models::declared::{Declared, LookupField, Ordering, Root};
pub(crate) use models::key::Key;
pub use models::lookups::{Compare, DatePart, Lookup, Operand, Predicate};
pub use models::model::{
    AnnotationMeta, Column, ColumnDefault, ColumnKind, ColumnMeta, DecodeRow, LinkTable, Model,
    ModelMeta, ModelRow, OnDelete, decode, meta_of,
};
pub use models::node::{Node, OnPostgres, OnSqlite};
pub use models::order::{Order, OrderTerm};
pub use models::path::{
    FieldPath, Fields, Hop, Leaf, Many, One, Path, PathOf, SingleValued, TypedPath, Way,
};
pub use models::row::{ColumnValue, RawRow, Row};
pub use query::assignments::{Assignments, Assigns};
pub(crate) use query::expression::Aggregate;
pub use query::expression::{Avg, Comparable, Count, Expression, Max, Min, Number, Sum};
pub(crate) use query::queryset::Lock;
pub use query::queryset::{QuerySet, Rows, Values};
pub(crate) use query::select::nowhere;
pub use query::select::{Select, Selected, columns as write_columns};
pub use query::selection::{Aggregates, Cells, Selection};
pub use query::sql::{Dialect, Sql};
pub use query::statements::{Command, Query};
pub(crate) use query::tree::{MOST_LEVELS, SelfRelation, TreeLimits, places_in_tree};
pub use query::tree::{Tree, TreeError};
pub use query::write::Protected;
pub(crate) use query::write::{is_referenced, reachable};
pub use startup::StartupError;

#[cfg(feature = "sqlite")]
use backends::sqlite;
#[cfg(feature = "postgres")]
use backends::{away, flight, postgresql as postgres, room};
use backends::{prepared, url};
pub(crate) use models::pattern;
use models::{key, lookups, model, path, row};
use query::{compile, insert, joins, select, statements, write};
