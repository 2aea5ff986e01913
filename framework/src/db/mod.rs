//! Models, queries and connections: diesel on `SQLite` and `PostgreSQL`.

mod conn;
mod error;
mod lookups;
mod model;
mod node;
mod queryset;
mod row;
pub mod types;

pub use conn::{Conn, Database, DatabaseWorker};
pub use error::Error;
pub use lookups::{Compare, Condition, DatePart, Lookup, Operand};
pub use model::{
    AnnotationMeta, ColumnDefault, ColumnKind, ColumnMeta, FieldPath, Hop, Leaf, Model, ModelMeta,
    Path,
};
pub use node::{Node, OnPostgres, OnSqlite};
pub use queryset::{Order, QuerySet};
pub use row::{ColumnValue, RawRow, Row};
pub use types::{DateTime, Decimal, Uuid};
