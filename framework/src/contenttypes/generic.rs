//! Keys that lead to rows of any model, and the way back.

use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::ContentType;
use crate::db::{
    Call, ColumnKind, ColumnMeta, Compare, Computed, Condition, Conn, Error, Expr, GenericRows,
    Hop, Key, Leaf, Lookup, Matched, Model, OfMatched, Operand, Path, Predicate, QuerySet, meta_of,
};
use crate::values::Value;

/// A row of any model that a row of `M` points at: two columns, one of the content type and one of the
/// key. `#[model(generic_foreign_key(content_object))]` writes one as a constant.
pub struct GenericForeignKey<M> {
    content_type: usize,
    object_id: usize,
    model: PhantomData<fn() -> M>,
}

impl<M> Clone for GenericForeignKey<M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for GenericForeignKey<M> {}

impl<M> fmt::Debug for GenericForeignKey<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GenericForeignKey")
            .field("content_type", &self.content_type)
            .field("object_id", &self.object_id)
            .finish_non_exhaustive()
    }
}

/// A key that a column holds, as the model has it.
fn restored(key: Value, kind: ColumnKind) -> Option<Value> {
    Some(match (key, kind) {
        (Value::Text(text), ColumnKind::SmallInt | ColumnKind::Integer | ColumnKind::BigInt) => {
            Value::Int(text.trim().parse().ok()?)
        }
        (Value::Text(text), ColumnKind::Uuid) => {
            Value::Uuid(uuid::Uuid::parse_str(text.trim()).ok()?.into())
        }
        (key, _) => key,
    })
}

impl<M: Model> GenericForeignKey<M> {
    /// The columns with these indexes in [`ModelMeta::columns`](crate::db::ModelMeta::columns).
    pub const fn new(content_type: usize, object_id: usize) -> Self {
        Self { content_type, object_id, model: PhantomData }
    }

    /// The same without the type of the model, for a description.
    pub const fn rows(self) -> GenericRows {
        GenericRows::new::<M>(self.content_type, self.object_id)
    }

    /// The indexes of the columns.
    pub(crate) fn columns(self) -> [usize; 2] {
        [self.content_type, self.object_id]
    }

    fn column(index: usize) -> Option<&'static ColumnMeta> {
        M::META.columns.get(index)
    }

    /// What the column of the key holds for a key.
    pub(crate) fn stored(self, key: Value) -> Value {
        self.rows().stored(key)
    }

    /// The rows that point at rows of a model.
    pub fn to_model<T: Model>(self) -> Condition<M> {
        Condition::of(self.of_model::<T>())
    }

    fn of_model<T: Model>(self) -> Predicate {
        let Some(column) = Self::column(self.content_type) else { return Predicate::never() };
        let hop = Hop::Forward { column, to: meta_of::<ContentType> };
        let says = |name: &str, text: String| {
            let leaf = ContentType::META.column(name).map(Leaf::Column)?;
            let path = Path { model: meta_of::<M>, hops: vec![hop], leaf };
            Some(Predicate::exact(path, Value::Text(text)))
        };
        let concrete = T::META.concrete_model();
        let app = says("app_label", concrete.app_label.to_owned());
        let model = says("model", concrete.model_name());
        let inner = Predicate::All(app.into_iter().chain(model).collect());
        Predicate::Exists { hops: vec![hop], inner: Box::new(inner) }
    }

    /// The rows that point at a row.
    pub fn to<T: Model>(self, row: &T) -> Condition<M> {
        Condition::of(self.of_model::<T>().and(self.among(vec![self.stored(row.pk())])))
    }

    fn among(self, keys: Vec<Value>) -> Predicate {
        let Some(column) = Self::column(self.object_id) else { return Predicate::never() };
        let path = Path { model: meta_of::<M>, hops: Vec::new(), leaf: Leaf::Column(column) };
        match <[Value; 1]>::try_from(keys) {
            Ok([key]) => Predicate::exact(path, key),
            Err(keys) => {
                Predicate::Lookup { path, lookup: Lookup::In, operand: Operand::Many(keys) }
            }
        }
    }

    /// The key of a row of `T` that a row points at; `None` where it points at another model, or
    /// nowhere.
    fn key<T: Model>(self, of: &ContentType, row: &M) -> Option<Value> {
        if row.value(self.content_type).to_value() != Value::Int(of.id.into()) {
            return None;
        }
        let key = row.value(self.object_id).to_value();
        restored(key, T::META.pk_column().kind).filter(|key| !key.is_null())
    }

    /// The row of `T` that a row points at; `None` where it points at another model, or at a row that
    /// is gone.
    ///
    /// # Errors
    /// What the database reports.
    pub async fn get<T: Model>(self, row: &M, conn: &Conn) -> Result<Option<T>, Error> {
        let of = ContentType::get_for_model::<T>(conn).await?;
        let Some(key) = self.key::<T>(&of, row) else { return Ok(None) };
        let key = Predicate::exact(Path::own(T::META.pk_column()), key);
        let query = QuerySet::<T>::new().filter_by_predicate(key).unordered();
        Ok(query.slice(0, 1).all(conn).await?.pop())
    }

    /// The rows of `T` that several rows point at, in one statement (`GenericPrefetch`).
    ///
    /// # Errors
    /// What the database reports.
    pub async fn prefetch<'r, T: Model>(
        self,
        rows: impl IntoIterator<Item = &'r M>,
        conn: &Conn,
    ) -> Result<GenericObjects<M, T>, Error> {
        let of = ContentType::get_for_model::<T>(conn).await?;
        let mut found = GenericObjects { key: self, of, rows: HashMap::new() };
        let keys: Vec<Value> =
            rows.into_iter().filter_map(|row| self.key::<T>(&found.of, row)).collect();
        if keys.is_empty() {
            return Ok(found);
        }
        let path = Path::own(T::META.pk_column());
        let among = Predicate::Lookup { path, lookup: Lookup::In, operand: Operand::Many(keys) };
        let query = QuerySet::<T>::new().filter_by_predicate(among).unordered();
        for row in query.all(conn).await? {
            if let Some(key) = Key::new(row.value(T::META.pk)) {
                found.rows.insert(key, row);
            }
        }
        Ok(found)
    }
}

/// The rows of `T` that rows of `M` point at; read by [`GenericForeignKey::prefetch`].
pub struct GenericObjects<M, T> {
    key: GenericForeignKey<M>,
    of: ContentType,
    rows: HashMap<Key, T>,
}

impl<M, T> fmt::Debug for GenericObjects<M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GenericObjects").field("rows", &self.rows.len()).finish_non_exhaustive()
    }
}

impl<M: Model, T: Model> GenericObjects<M, T> {
    /// The row that one points at; `None` where it points at another model, or at a row that is gone.
    pub fn of(&self, row: &M) -> Option<&T> {
        let key = self.key.key::<T>(&self.of, row)?;
        self.rows.get(&Key::new(key.as_ref())?)
    }
}

/// The rows of `T` that belong to a row of `M` by content type and key.
/// `#[model(generic_relation(tags: TaggedItem::CONTENT_OBJECT))]` writes one as a constant.
pub struct GenericRelation<M, T> {
    key: GenericForeignKey<T>,
    model: PhantomData<fn() -> M>,
}

impl<M, T> Clone for GenericRelation<M, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, T> Copy for GenericRelation<M, T> {}

impl<M, T> fmt::Debug for GenericRelation<M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GenericRelation").field("key", &self.key).finish_non_exhaustive()
    }
}

impl<M: Model, T: Model> GenericRelation<M, T> {
    /// The way back from a key.
    pub const fn new(key: GenericForeignKey<T>) -> Self {
        Self { key, model: PhantomData }
    }

    /// The rows that belong to one, as a query.
    pub fn of(self, row: &M) -> QuerySet<T> {
        QuerySet::scoped().filter_by(self.key.to(row))
    }

    /// The rows of `M` that have one for which a condition holds (`tags__tag="live"`).
    pub fn any(self, condition: Condition<T>) -> Condition<M> {
        let Some(column) = GenericForeignKey::<T>::column(self.key.object_id) else {
            return Condition::never();
        };
        let own = Path { model: meta_of::<T>, hops: Vec::new(), leaf: Leaf::Column(column) };
        let pk = M::META.pk_column();
        let key = Path { model: meta_of::<M>, hops: Vec::new(), leaf: Leaf::Column(pk) };
        let key = match column.kind {
            ColumnKind::Text if pk.kind != ColumnKind::Text => {
                Expr::Call(Call::KeyText, vec![Expr::Path(key)])
            }
            _ => Expr::Path(key),
        };
        // a window is looked at where its own table stands, under its own name
        let rows = QuerySet::<T>::new().filter_by(condition).settled();
        let conditions = std::iter::once(self.key.of_model::<M>()).chain(rows.conditions);
        let matched = Matched {
            model: T::META,
            conditions: conditions.collect(),
            matches: vec![(own, Compare::Exact, key)],
            what: OfMatched::Exists,
        };
        let expr = Expr::Matched(Box::new(matched));
        let computed = Computed { expr, kind: ColumnKind::Bool, nullable: false };
        Condition::of(Predicate::Holds(Arc::new(computed)))
    }

    /// The rows that belong to several, in one statement whatever their number. A query narrows and
    /// orders them.
    ///
    /// # Errors
    /// [`Error::Misuse`] for a query that is sliced or locks its rows, and as
    /// [`QuerySet::all`](crate::db::QuerySet::all).
    pub async fn prefetch<'r>(
        self,
        rows: impl IntoIterator<Item = &'r M>,
        query: QuerySet<T>,
        conn: &Conn,
    ) -> Result<GenericPrefetched<M, T>, Error> {
        let mut found =
            GenericPrefetched { key: self.key, rows: HashMap::new(), model: PhantomData };
        if query.limit.is_some() || query.offset > 0 || query.lock.is_some() {
            let message = "rows of a generic relation are prefetched without slices and locks";
            return Err(Error::Misuse(message.to_owned()));
        }
        let mut keys: Vec<Value> = Vec::new();
        for row in rows {
            let key = self.key.stored(row.pk());
            let Some(known) = Key::new(key.as_ref()) else { continue };
            found.rows.entry(known).or_insert_with(|| {
                keys.push(key);
                Vec::new()
            });
        }
        if keys.is_empty() {
            return Ok(found);
        }
        let query = query.filter_by_predicate(self.key.of_model::<M>());
        for row in query.filter_by_predicate(self.key.among(keys)).all(conn).await? {
            let of = Key::new(row.value(self.key.object_id));
            if let Some(rows) = of.and_then(|key| found.rows.get_mut(&key)) {
                rows.push(row);
            }
        }
        Ok(found)
    }
}

/// The rows of `T` by the rows of `M` that they belong to; read by [`GenericRelation::prefetch`].
pub struct GenericPrefetched<M, T> {
    key: GenericForeignKey<T>,
    rows: HashMap<Key, Vec<T>>,
    model: PhantomData<fn() -> M>,
}

impl<M, T> fmt::Debug for GenericPrefetched<M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GenericPrefetched").field("rows", &self.rows.len()).finish_non_exhaustive()
    }
}

impl<M: Model, T: Model> GenericPrefetched<M, T> {
    /// The rows that belong to one, in the query's order; none for a row that was not asked about.
    pub fn of(&self, row: &M) -> &[T] {
        let key = self.key.stored(row.pk());
        let rows = Key::new(key.as_ref()).and_then(|key| self.rows.get(&key));
        rows.map_or(&[], Vec::as_slice)
    }
}
