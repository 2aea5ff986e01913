//! What makes rows: many at once, or one unless it is there.

use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;

use super::QuerySet;
use crate::aside::aside;
use crate::db::assignments::only_values;
use crate::db::insert::{Conflict, NewRow, columns_of, insert};
use crate::db::write::with_defaults;
use crate::db::{
    Assignments, Assigns, Columns, Conn, Dialect, Error, Lock, Model, ModelMeta, ModelRow, Path,
    Predicate, Select,
};
use crate::values::{Value, python};

/// How many values a statement takes.
pub(super) fn most_values(dialect: Dialect) -> usize {
    match dialect {
        Dialect::Sqlite => 32_766,
        Dialect::Postgres => 65_535,
    }
}

impl<M: Model> QuerySet<M> {
    /// Inserts rows, with the model's defaults, in as few statements as the database takes and in
    /// one transaction; returns them as stored, in their order. A key that is not given is the
    /// database's to choose. For rows that may be there already, see
    /// [`QuerySet::bulk_create_on_conflict`].
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
        insert_in_batches(&rows, &Conflict::Fail, conn).await
    }

    /// Inserts rows as [`QuerySet::bulk_create`] does; where a row with the same unique values is
    /// stored, [`OnConflict`] says what happens to it. Returns the rows that were inserted or
    /// changed, as they are stored.
    ///
    /// PostgreSQL locks rows in the order in which they are given: those who write the same rows
    /// at once give them in the same order, or run it again after a deadlock
    /// ([`Context::retrying_transaction`](crate::request::Context::retrying_transaction)).
    ///
    /// # Errors
    /// What the database reports: a violation of another constraint, or that `unique` names no
    /// columns that are unique together; [`Error::Misuse`] for a primary key among the columns
    /// that get new values. No row is inserted then.
    pub async fn bulk_create_on_conflict<A: Assigns<M>>(
        self,
        rows: impl IntoIterator<Item = A>,
        conflict: OnConflict<M>,
        conn: &Conn,
    ) -> Result<Vec<M>, Error> {
        let conflict = conflict.conflict;
        let new = |row: A| Ok(with_defaults(M::META, row.into_assignments().plain()?));
        let mut rows = rows.into_iter().map(new).collect::<Result<Vec<NewRow>, Error>>()?;
        if let Conflict::Update { unique, update } = &conflict {
            no_key_among(M::META, update)?;
            rows = merged(rows, unique, update);
        }
        insert_in_batches(&rows, &conflict, conn).await
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

/// What [`QuerySet::bulk_create_on_conflict`] does where a row with the same unique values is
/// stored.
///
/// ```
/// use quintet::db::OnConflict;
/// use quintet::prelude::*;
///
/// # #[model(table = "stock", unique_together(shop, article))]
/// # pub struct Stock {
/// #     pub id: i64,
/// #     pub shop: i64,
/// #     pub article: i64,
/// #     pub pieces: i32,
/// # }
/// async fn count(shop: i64, counted: &[(i64, i32)], cx: &Context) -> Result<Vec<Stock>> {
///     let rows = counted.iter().map(|(article, pieces)| {
///         let place = Changes::new().set(stock::shop, shop).set(stock::article, *article);
///         place.set(stock::pieces, *pieces)
///     });
///     let known = OnConflict::update((stock::shop, stock::article), stock::pieces);
///     Ok(Stock::objects().bulk_create_on_conflict(rows, known, cx).await?)
/// }
/// # fn main() {}
/// ```
pub struct OnConflict<M> {
    conflict: Conflict,
    model: PhantomData<fn() -> M>,
}

impl<M> OnConflict<M> {
    /// The new row is left out, whatever constraint it violates (`ignore_conflicts=True`).
    pub fn ignore() -> Self {
        Self { conflict: Conflict::DoNothing, model: PhantomData }
    }

    /// The stored row with the same values in `unique` gets the new row's values of the columns in
    /// `update` (`update_conflicts=True`, with `unique_fields` and `update_fields`); a column that
    /// a new row has no value for gets the model's default.
    ///
    /// New rows with the same values in `unique` are one row: the first one's, with the last one's
    /// columns in `update`.
    pub fn update<U: Columns<M>, C: Columns<M>>(_unique: U, _update: C) -> Self {
        let (mut unique, mut update) = (Vec::new(), Vec::new());
        U::indexes(&mut unique);
        C::indexes(&mut update);
        Self { conflict: Conflict::Update { unique, update }, model: PhantomData }
    }
}

impl<M> Clone for OnConflict<M> {
    fn clone(&self) -> Self {
        Self { conflict: self.conflict.clone(), model: PhantomData }
    }
}

impl<M> fmt::Debug for OnConflict<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.conflict.fmt(f)
    }
}

/// Refuses the primary key as a column that gets another value, as Django does.
pub(super) fn no_key_among(model: &ModelMeta, columns: &[usize]) -> Result<(), Error> {
    if columns.contains(&model.pk) {
        return Err(Error::Misuse(format!("the primary key of {} cannot be changed", model.name)));
    }
    Ok(())
}

fn value_of(row: &NewRow, column: usize) -> Option<&Value> {
    row.iter().find(|(index, _)| *index == column).map(|(_, value)| value)
}

/// Makes one row of those with the same unique values, which a statement cannot change twice.
fn merged(rows: Vec<NewRow>, unique: &[usize], update: &[usize]) -> Vec<NewRow> {
    let mut places: HashMap<Vec<String>, usize> = HashMap::with_capacity(rows.len());
    let mut merged: Vec<NewRow> = Vec::with_capacity(rows.len());
    for row in rows {
        // nulls are different from each other
        let key = unique.iter().map(|column| match value_of(&row, *column)? {
            Value::Null => None,
            Value::Decimal(value) => Some(value.normalize().to_string()),
            value => Some(python::value_text(value.as_ref()).into_owned()),
        });
        let Some(key) = key.collect::<Option<Vec<String>>>() else {
            merged.push(row);
            continue;
        };
        let Some(earlier) = places.get(&key).and_then(|place| merged.get_mut(*place)) else {
            places.insert(key, merged.len());
            merged.push(row);
            continue;
        };
        earlier.retain(|(index, _)| !update.contains(index));
        earlier.extend(row.into_iter().filter(|(index, _)| update.contains(index)));
    }
    merged
}

async fn insert_in_batches<M: Model>(
    rows: &[NewRow],
    conflict: &Conflict,
    conn: &Conn,
) -> Result<Vec<M>, Error> {
    let batch = most_values(conn.dialect()) / columns_of(rows).len().max(1);
    if rows.len() <= batch {
        return insert_all(rows, conflict, conn).await;
    }
    let scope = conn.begin().await?;
    let mut stored = Ok(Vec::with_capacity(rows.len()));
    for batch in rows.chunks(batch) {
        let inserted = insert_all(batch, conflict, conn).await;
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

async fn insert_all<M: Model>(
    rows: &[NewRow],
    conflict: &Conflict,
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
    let new = with_defaults(M::META, new.plain()?);
    let row = if conn.watches_saves(M::META) {
        aside(|| insert_watched(new.clone(), &Conflict::DoNothing, conn)).await?
    } else {
        insert_all(std::slice::from_ref(&new), &Conflict::DoNothing, conn).await?.pop()
    };
    if let Some(row) = row {
        return Ok((row, true));
    }
    if let Some(row) = found.only(conn).await? {
        return Ok((row, false));
    }
    // another row is in the way, and the database says in which columns
    let row = insert_all(&[new], &Conflict::Fail, conn).await?.pop();
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
    if conn.watches_saves(M::META) {
        let update = aside(|| conn.update_watched(&select, defaults.columns, &defaults.computed));
        let row = update.await?.ok_or(Error::DoesNotExist(M::META.name))?;
        return Ok((typed(row)?, false));
    }
    let sql = conn.updating(&select, defaults.columns, &defaults.computed);
    let rows = conn.whole(conn.rows(sql, |row| M::from_row(row, 0))).await?;
    let row = rows.into_iter().next().ok_or(Error::DoesNotExist(M::META.name))?;
    Ok((row, false))
}

async fn insert_watched<M: Model>(
    new: NewRow,
    conflict: &Conflict,
    conn: &Conn,
) -> Result<Option<M>, Error> {
    conn.insert_watched(M::META, new, conflict).await?.map(typed).transpose()
}

fn typed<M: Model>(row: Box<dyn ModelRow>) -> Result<M, Error> {
    let other = |_| Error::Misuse(format!("a row of another model than {}", M::META.name));
    row.into_any().downcast().map(|row| *row).map_err(other)
}
