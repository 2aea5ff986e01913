//! Models, queries and connections: diesel on `SQLite` and `PostgreSQL`.

mod assignments;
#[cfg(feature = "postgres")]
mod away;
mod compile;
mod condition;
mod conn;
mod database;
mod declared;
mod error;
mod expression;
#[cfg(feature = "postgres")]
mod flight;
mod insert;
mod joins;
mod key;
mod lookups;
mod model;
mod node;
mod order;
mod path;
pub(crate) mod pattern;
#[cfg(feature = "postgres")]
mod postgres;
mod prepared;
mod queryset;
#[cfg(feature = "postgres")]
mod room;
mod row;
mod select;
mod selection;
mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;
mod startup;
mod statements;
#[cfg(test)]
pub(crate) mod testing;
mod tree;
mod url;
mod write;

pub use crate::values::{DateTime, Decimal, Uuid};
pub use assignments::{Assignments, Assigns};
pub use condition::{Condition, PartPath, RelatedLookups, TemporalField, TextField};
pub use conn::Conn;
pub(crate) use conn::Runs;
pub use database::{ConfigError, Database, DatabaseConfig, DatabaseWorker};
pub use declared::{Declared, LookupField, Ordering, Root};
pub use error::Error;
pub(crate) use error::{BUSY, null};
pub(crate) use expression::Aggregate;
pub use expression::{Avg, Comparable, Count, Expression, Max, Min, Number, Sum};
pub(crate) use key::Key;
pub use lookups::{Compare, DatePart, Lookup, Operand, Predicate};
pub use model::{
    AnnotationMeta, Column, ColumnDefault, ColumnKind, ColumnMeta, DecodeRow, LinkTable, Model,
    ModelMeta, ModelRow, OnDelete, decode, meta_of,
};
pub use node::{Node, OnPostgres, OnSqlite};
pub use order::{Order, OrderTerm};
pub use path::{
    FieldPath, Fields, Hop, Leaf, Many, One, Path, PathOf, SingleValued, TypedPath, Way,
};
pub(crate) use queryset::Lock;
pub use queryset::{QuerySet, Rows, Values};
pub use row::{ColumnValue, RawRow, Row};
pub(crate) use select::nowhere;
pub use select::{Select, Selected, columns as write_columns};
pub use selection::{Aggregates, Cells, Selection};
pub use sql::{Dialect, Sql};
pub use startup::StartupError;
pub use statements::{Command, Query};
pub(crate) use tree::{MOST_LEVELS, SelfRelation, TreeLimits, places_in_tree};
pub use tree::{Tree, TreeError};
pub use write::Protected;
pub(crate) use write::{is_referenced, reachable};
