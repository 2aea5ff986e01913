//! diesel statements that every enabled database can run.
//!
//! Each bound is two half-traits, one for each database, and each half is empty when its feature
//! is off: users need no `cfg`. `as_select()`, `as_returning()` and `into_boxed()` name one
//! database and do not fit; select columns, or use a `QuerySet`.

#[cfg(feature = "postgres")]
use diesel_async::AsyncPgConnection;
#[cfg(feature = "postgres")]
use futures_util::{StreamExt, TryStreamExt};

/// A statement that returns rows of `U` on every enabled database.
pub trait Query<'q, U>: QuerySqlite<'q, U> + QueryPostgres<'q, U> {}
impl<'q, U, Q: QuerySqlite<'q, U> + QueryPostgres<'q, U>> Query<'q, U> for Q {}

/// A statement that returns no rows, on every enabled database.
pub trait Command: CommandSqlite + CommandPostgres {}
impl<C: CommandSqlite + CommandPostgres> Command for C {}

/// The half of [`Query`] that belongs to `SQLite`.
#[cfg(feature = "sqlite")]
pub trait QuerySqlite<'q, U> {
    #[doc(hidden)]
    fn load_sqlite(
        self,
        conn: &mut diesel::sqlite::SqliteConnection,
    ) -> diesel::QueryResult<Vec<U>>;
}

#[cfg(feature = "sqlite")]
impl<'q, U, Q> QuerySqlite<'q, U> for Q
where
    Q: diesel::query_dsl::LoadQuery<'q, diesel::sqlite::SqliteConnection, U>,
{
    fn load_sqlite(
        self,
        conn: &mut diesel::sqlite::SqliteConnection,
    ) -> diesel::QueryResult<Vec<U>> {
        self.internal_load(conn)?.collect()
    }
}

/// The half of [`Query`] that belongs to `SQLite`; empty without the feature.
#[cfg(not(feature = "sqlite"))]
pub trait QuerySqlite<'q, U> {}
#[cfg(not(feature = "sqlite"))]
impl<'q, U, Q> QuerySqlite<'q, U> for Q {}

/// The half of [`Query`] that belongs to `PostgreSQL`.
#[cfg(feature = "postgres")]
#[diagnostic::on_unimplemented(
    message = "this statement cannot be loaded as `{U}` on PostgreSQL",
    note = "`as_select()`, `as_returning()` and `into_boxed()` belong to one database: select columns, or use a `QuerySet`"
)]
pub trait QueryPostgres<'q, U> {
    #[doc(hidden)]
    fn load_postgres(
        self,
        conn: &AsyncPgConnection,
    ) -> impl Future<Output = diesel::QueryResult<Vec<U>>>;
}

#[cfg(feature = "postgres")]
#[diagnostic::do_not_recommend]
impl<'q, U: Send, Q> QueryPostgres<'q, U> for Q
where
    Q: for<'c> diesel_async::methods::LoadQuery<'q, &'c AsyncPgConnection, U> + 'q,
{
    async fn load_postgres(self, mut conn: &AsyncPgConnection) -> diesel::QueryResult<Vec<U>> {
        let stream = self.internal_load(&mut conn).await?;
        stream.boxed().try_collect().await
    }
}

/// The half of [`Query`] that belongs to `PostgreSQL`; empty without the feature.
#[cfg(not(feature = "postgres"))]
pub trait QueryPostgres<'q, U> {}
#[cfg(not(feature = "postgres"))]
impl<U, Q> QueryPostgres<'_, U> for Q {}

/// The half of [`Command`] that belongs to `SQLite`.
#[cfg(feature = "sqlite")]
pub trait CommandSqlite {
    #[doc(hidden)]
    fn execute_sqlite(
        self,
        conn: &mut diesel::sqlite::SqliteConnection,
    ) -> diesel::QueryResult<usize>;
}

#[cfg(feature = "sqlite")]
impl<C> CommandSqlite for C
where
    C: diesel::query_dsl::methods::ExecuteDsl<diesel::sqlite::SqliteConnection>,
{
    fn execute_sqlite(
        self,
        conn: &mut diesel::sqlite::SqliteConnection,
    ) -> diesel::QueryResult<usize> {
        C::execute(self, conn)
    }
}

/// The half of [`Command`] that belongs to `SQLite`; empty without the feature.
#[cfg(not(feature = "sqlite"))]
pub trait CommandSqlite {}
#[cfg(not(feature = "sqlite"))]
impl<C> CommandSqlite for C {}

/// The half of [`Command`] that belongs to `PostgreSQL`.
#[cfg(feature = "postgres")]
pub trait CommandPostgres {
    #[doc(hidden)]
    fn execute_postgres(
        self,
        conn: &AsyncPgConnection,
    ) -> impl Future<Output = diesel::QueryResult<usize>>;
}

#[cfg(feature = "postgres")]
#[diagnostic::do_not_recommend]
impl<C> CommandPostgres for C
where
    C: for<'c> diesel_async::methods::ExecuteDsl<&'c AsyncPgConnection>,
{
    async fn execute_postgres(self, mut conn: &AsyncPgConnection) -> diesel::QueryResult<usize> {
        C::execute(self, &mut conn).await
    }
}

/// The half of [`Command`] that belongs to `PostgreSQL`; empty without the feature.
#[cfg(not(feature = "postgres"))]
pub trait CommandPostgres {}
#[cfg(not(feature = "postgres"))]
impl<C> CommandPostgres for C {}
