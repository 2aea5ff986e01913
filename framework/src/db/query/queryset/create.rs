//! What makes rows: many at once, or one unless it is there.

use super::QuerySet;
use crate::db::assignments::only_values;
use crate::db::insert::{NewRow, OnConflict, columns_of, insert};
use crate::db::write::with_defaults;
use crate::db::{Assignments, Assigns, Conn, Dialect, Error, Lock, Model, Path, Predicate, Select};

/// How many values a statement takes.
fn most_values(dialect: Dialect) -> usize {
    match dialect {
        Dialect::Sqlite => 32_766,
        Dialect::Postgres => 65_535,
    }
}

impl<M: Model> QuerySet<M> {
    /// Inserts rows, with the model's defaults, in as few statements as the database takes and in
    /// one transaction; returns them as stored, in their order. A key that is not given is the
    /// database's to choose.
    ///
    /// # Errors
    /// What the database reports, such as [`Error::Unique`]; no row is inserted then.
    pub async fn bulk_create<A: Assigns<M>>(
        self,
        rows: impl IntoIterator<Item = A>,
        conn: &Conn,
    ) -> Result<Vec<M>, Error> {
        let new = |row: A| Ok(with_defaults(M::META, row.into_assignments().plain()?));
        let rows = rows.into_iter().map(new).collect::<Result<Vec<NewRow>, Error>>()?;
        let batch = most_values(conn.dialect()) / columns_of(&rows).len().max(1);
        if rows.len() <= batch {
            return insert_all(&rows, OnConflict::Fail, conn).await;
        }
        let scope = conn.begin().await?;
        let mut stored = Ok(Vec::with_capacity(rows.len()));
        for batch in rows.chunks(batch) {
            let inserted = insert_all(batch, OnConflict::Fail, conn).await;
            stored = stored.and_then(|mut rows: Vec<M>| {
                rows.append(&mut inserted?);
                Ok(rows)
            });
            if stored.is_err() {
                break;
            }
        }
        conn.settle(scope, stored).await
    }

    /// The row of the query with these values, or a new one that has them and `defaults`; true
    /// when it is new. `()` stands for no defaults.
    ///
    /// With a unique constraint, concurrent calls create one row.
    ///
    /// # Errors
    /// [`Error::MultipleObjectsReturned`] when more than one row has the values; what the database
    /// reports.
    pub async fn get_or_create(
        self,
        values: impl Assigns<M>,
        defaults: impl Assigns<M>,
        conn: &Conn,
    ) -> Result<(M, bool), Error> {
        let values = values.into_assignments();
        only_values(M::META, &values.computed)?;
        let found = self.clone().with_values(&values);
        if let Some(row) = found.clone().only(conn).await? {
            return Ok((row, false));
        }
        let new = defaults.into_assignments().with(&values);
        create_or_find(new, found, conn).await
    }

    /// Gives the row of the query with these values the values of `defaults`, or makes one that has
    /// both; true when it is new. It takes a transaction, in which the row is locked.
    ///
    /// When several ask at once, one row is made, if the database keeps the values unique, and each
    /// has its turn.
    ///
    /// # Errors
    /// [`Error::MultipleObjectsReturned`] when more than one row has the values; what the database
    /// reports.
    pub async fn update_or_create(
        self,
        values: impl Assigns<M>,
        defaults: impl Assigns<M>,
        conn: &Conn,
    ) -> Result<(M, bool), Error> {
        let (values, defaults) = (values.into_assignments(), defaults.into_assignments());
        only_values(M::META, &values.computed)?;
        let found = self.with_values(&values).locked(Lock::NoKeyUpdate);
        let scope = conn.begin().await?;
        let stored = update_or_create(values, defaults, found, conn).await;
        conn.settle(scope, stored).await
    }

    /// The rows that have just these values.
    fn with_values(self, values: &Assignments<M>) -> Self {
        values.conditions().fold(self, Self::filter_by_predicate)
    }
}

async fn insert_all<M: Model>(
    rows: &[NewRow],
    conflict: OnConflict,
    conn: &Conn,
) -> Result<Vec<M>, Error> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let sql = insert(conn.dialect(), M::META, rows, conflict);
    conn.whole(conn.rows(sql, |row| M::from_row(row, 0))).await
}

/// Inserts a row, unless another request has come first: then it is what the query finds.
async fn create_or_find<M: Model>(
    new: Assignments<M>,
    found: QuerySet<M>,
    conn: &Conn,
) -> Result<(M, bool), Error> {
    let new = [with_defaults(M::META, new.plain()?)];
    if let Some(row) = insert_all(&new, OnConflict::DoNothing, conn).await?.pop() {
        return Ok((row, true));
    }
    if let Some(row) = found.only(conn).await? {
        return Ok((row, false));
    }
    // another row is in the way, and the database says in which columns
    let row = insert_all(&new, OnConflict::Fail, conn).await?.pop();
    row.map(|row| (row, true)).ok_or(Error::NotFound)
}

async fn update_or_create<M: Model>(
    values: Assignments<M>,
    defaults: Assignments<M>,
    found: QuerySet<M>,
    conn: &Conn,
) -> Result<(M, bool), Error> {
    let (row, is_new) = match found.clone().only(conn).await? {
        Some(row) => (row, false),
        None => create_or_find(defaults.clone().with(&values), found, conn).await?,
    };
    if is_new {
        return Ok((row, true));
    }
    let key = Predicate::exact(Path::own(M::META.pk_column()), row.pk());
    let select = Select::from(QuerySet::<M>::new().filter_by_predicate(key).unordered());
    let sql = conn.updating(&select, defaults.columns, &defaults.computed);
    let rows = conn.whole(conn.rows(sql, |row| M::from_row(row, 0))).await?;
    let row = rows.into_iter().next().ok_or(Error::DoesNotExist(M::META.name))?;
    Ok((row, false))
}
