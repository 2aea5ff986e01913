//! A piece of SQL that every enabled backend can write.

/// The half of [`Node`] that belongs to `SQLite`; empty when the feature is off.
#[cfg(feature = "sqlite")]
pub trait OnSqlite: diesel::query_builder::QueryFragment<diesel::sqlite::Sqlite> {}
#[cfg(feature = "sqlite")]
impl<T: ?Sized + diesel::query_builder::QueryFragment<diesel::sqlite::Sqlite>> OnSqlite for T {}

/// The half of [`Node`] that belongs to `SQLite`; empty when the feature is off.
#[cfg(not(feature = "sqlite"))]
pub trait OnSqlite {}
#[cfg(not(feature = "sqlite"))]
impl<T: ?Sized> OnSqlite for T {}

/// The half of [`Node`] that belongs to `PostgreSQL`; empty when the feature is off.
#[cfg(feature = "postgres")]
pub trait OnPostgres: diesel::query_builder::QueryFragment<diesel::pg::Pg> {}
#[cfg(feature = "postgres")]
impl<T: ?Sized + diesel::query_builder::QueryFragment<diesel::pg::Pg>> OnPostgres for T {}

/// The half of [`Node`] that belongs to `PostgreSQL`; empty when the feature is off.
#[cfg(not(feature = "postgres"))]
pub trait OnPostgres {}
#[cfg(not(feature = "postgres"))]
impl<T: ?Sized> OnPostgres for T {}

/// A diesel expression that every enabled backend can write.
pub trait Node: OnSqlite + OnPostgres + Send + Sync {}
impl<T: ?Sized + OnSqlite + OnPostgres + Send + Sync> Node for T {}
