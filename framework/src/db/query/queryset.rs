//! A query over one model that has not been sent yet.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::db::compile::{Compiler, default_order};
use crate::db::{
    Annotated, Annotation, Condition, DeclaredAs, Dialect, IntoExpression, Leaf, Model, Node,
    Order, OrderTerm, Ordering, Path, PathOf, Predicate, Select, Selection, SingleValued, Sql,
    in_scope, meta_of, single,
};

mod bulk_update;
mod combined;
mod create;
mod groups;
mod iterate;
mod prefetch;
mod raw;
mod read;
mod related;
mod values;
mod write;

pub use combined::Combined;
pub use create::OnConflict;
pub use groups::Groups;
pub use iterate::Rows;
pub use prefetch::Prefetched;
pub use related::{RelatedRows, ToOne, WithRelated};
pub use values::Values;

/// How rows are locked as they are read, until the transaction ends. `SQLite` has no such locks and
/// needs none: its transactions write one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lock {
    /// As an UPDATE locks them (`FOR NO KEY UPDATE`): others may point at the rows meanwhile, as
    /// the lines of an invoice do, but neither change them nor lock them.
    NoKeyUpdate,
    /// The same of those rows that nobody else has locked.
    SkipLocked,
    /// As a DELETE does (`FOR UPDATE`): nobody may point at them either.
    Update,
}

impl Lock {
    /// The end of a SELECT.
    pub(crate) fn clause(self) -> &'static str {
        match self {
            Self::NoKeyUpdate | Self::SkipLocked => " FOR NO KEY UPDATE",
            Self::Update => " FOR UPDATE",
        }
    }

    /// What stands behind the names of the locked tables.
    pub(crate) fn patience(self) -> &'static str {
        if self == Self::SkipLocked { " SKIP LOCKED" } else { "" }
    }
}

/// The rows of a model that a request is about; nothing is sent until one of the methods that take
/// a connection is awaited.
///
/// `filter` and `exclude` take any boolean diesel expression over the model's own table,
/// sub-selects included; `filter_by` and `exclude_by` take a [`Condition`] over paths. Sorting and
/// slicing are as in Django: a second `order_by` replaces the first.
///
/// The methods that send something take the connection last: a [`Conn`](crate::db::Conn), or the
/// [`Context`](crate::request::Context) of a request.
///
/// ```
/// use std::collections::HashMap;
///
/// use quintet::db::{Count, Error, Sum};
/// use quintet::prelude::*;
///
/// # #[model(table = "artist")]
/// # pub struct Artist {
/// #     pub id: i64,
/// #     pub name: String,
/// # }
/// # #[model(table = "album")]
/// # pub struct Album {
/// #     pub id: i64,
/// #     pub title: String,
/// #     #[field(foreign_key = Artist, related_name = albums)]
/// #     pub artist_id: i64,
/// #     #[field(decimal(10, 2), default = Decimal::ZERO)]
/// #     pub price: Decimal,
/// # }
/// async fn reading(cx: &Context) -> Result<(), Error> {
///     let of_artist = || Album::objects().filter(album::artist_id.eq(1));
///     let albums: Vec<Album> = of_artist().exclude(album::title.eq("Powerage")).all(cx).await?;
///     let newest: Option<Album> = of_artist().then_by(album::id).last(cx).await?;
///     let first: Option<Album> = of_artist().first(cx).await?;
///     let one: Album = Album::objects().filter(album::id.eq(1)).get(cx).await?;
///     let count: i64 = of_artist().count(cx).await?;
///     let any: bool = of_artist().exists(cx).await?;
///     let (number, price): (i64, Option<Decimal>) =
///         of_artist().aggregate((Count::rows(), Sum::of(album::price)), cx).await?;
///
///     // some values of each row
///     let titles: Vec<String> = of_artist().values(album::title).distinct().all(cx).await?;
///     let artist = Album::fields().artist().name();
///     let pairs: Vec<(i64, Option<String>)> = of_artist().values((album::id, artist)).all(cx).await?;
///
///     // rows by their keys, and rows without end
///     let by_key: HashMap<i64, Album> = Album::objects().in_bulk(album::id, [1, 2], cx).await?;
///     let mut rows = Album::objects().iterate(cx);
///     while let Some(album) = rows.next().await? {
///         println!("{}", album.title);
///     }
///     # let _ = (albums, newest, first, one, count, any, number, price, titles, pairs, by_key);
///     Ok(())
/// }
///
/// async fn writing(cx: &Context) -> Result<(), Error> {
///     let price = || Changes::new().set(album::price, Decimal::new(999, 2));
///     let changed: usize = Album::objects().slice(0, 10).update(price(), cx).await?;
///     let gone: usize = Album::objects().filter(album::artist_id.eq(2)).delete(cx).await?;
///
///     let named = |title| Changes::new().set(album::title, title).set(album::artist_id, 1);
///     let (album, is_new) = Album::objects().get_or_create(named("Powerage"), (), cx).await?;
///     let (album, is_new) = Album::objects().update_or_create(named("Powerage"), price(), cx).await?;
///     let albums: Vec<Album> =
///         Album::objects().bulk_create([named("High Voltage"), named("T.N.T.")], cx).await?;
///     # let _ = (changed, gone, album, is_new, albums);
///     Ok(())
/// }
///
/// /// 404 and `No Artist matches the given query.` when there is none.
/// async fn named(name: &str, cx: &Context) -> Result<Artist> {
///     Ok(Artist::objects().filter_by(Artist::fields().name().iexact(name)).get_or_404(cx).await?)
/// }
/// # fn main() {}
/// ```
pub struct QuerySet<M> {
    pub(crate) conditions: Vec<Predicate>,
    pub(crate) order: Option<Vec<OrderTerm>>,
    pub(crate) limit: Option<i64>,
    pub(crate) offset: i64,
    pub(crate) distinct: bool,
    /// Values of which each row has others than the rows before it.
    pub(crate) distinct_on: Vec<Path>,
    pub(crate) lock: Option<Lock>,
    /// What is given for annotations of the model.
    pub(crate) annotated: Annotated,
    model: PhantomData<fn() -> M>,
}

impl<M> Clone for QuerySet<M> {
    fn clone(&self) -> Self {
        Self {
            conditions: self.conditions.clone(),
            order: self.order.clone(),
            limit: self.limit,
            offset: self.offset,
            distinct: self.distinct,
            distinct_on: self.distinct_on.clone(),
            lock: self.lock,
            annotated: self.annotated.clone(),
            model: PhantomData,
        }
    }
}

impl<M> fmt::Debug for QuerySet<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QuerySet")
            .field("conditions", &self.conditions)
            .field("order", &self.order)
            .field("limit", &self.limit)
            .field("offset", &self.offset)
            .finish_non_exhaustive()
    }
}

impl<M: Model> Default for QuerySet<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M: Model> QuerySet<M> {
    /// Every row, whatever the model's scope says (`_base_manager`).
    pub fn new() -> Self {
        Self {
            conditions: Vec::new(),
            order: None,
            limit: None,
            offset: 0,
            distinct: false,
            distinct_on: Vec::new(),
            lock: None,
            annotated: Annotated::default(),
            model: PhantomData,
        }
    }

    /// The rows that the model's scope leaves (`_default_manager`): what `objects()` is, for code that
    /// knows the model by a type parameter.
    pub fn scoped() -> Self {
        Self { conditions: in_scope(M::META).collect(), ..Self::new() }
    }

    /// The rows for which a boolean diesel expression holds.
    #[must_use]
    pub fn filter<E>(mut self, expression: E) -> Self
    where
        E: diesel::expression::AppearsOnTable<M::Table> + Node + 'static,
        E::SqlType: diesel::sql_types::BoolOrNullableBool,
    {
        self.conditions.push(Predicate::Typed(Arc::new(expression)));
        self
    }

    /// The rows for which a condition over paths holds.
    #[must_use]
    pub fn filter_by(self, condition: Condition<M>) -> Self {
        self.filter_by_predicate(condition.into())
    }

    /// The rows for which a boolean diesel expression does not hold, those included for which it is
    /// null: a track without an album is not on the album named `Facelift`.
    #[must_use]
    pub fn exclude<E>(self, expression: E) -> Self
    where
        E: diesel::expression::AppearsOnTable<M::Table> + Node + 'static,
        E::SqlType: diesel::sql_types::BoolOrNullableBool,
    {
        self.filter_by_predicate(!Predicate::Typed(Arc::new(expression)))
    }

    /// The rows for which a condition over paths does not hold, those included for which it is
    /// null. Along a relation to many: the rows with no related row for which it holds.
    #[must_use]
    pub fn exclude_by(self, condition: Condition<M>) -> Self {
        self.filter_by_predicate(!Predicate::from(condition))
    }

    /// Gives an annotation of the model another expression for these rows, which may depend on the
    /// request: whatever shows the annotation, filters by it or orders by it uses this one. An
    /// earlier one is replaced. Rows of the model that are reached from other models keep what the
    /// model declares; for those, see [`annotate_related`](Self::annotate_related).
    #[must_use]
    pub fn annotate<T, O>(mut self, annotation: Annotation<M, T>, expression: O) -> Self
    where
        O: IntoExpression<M>,
        O::Value: DeclaredAs<T>,
        O::Cardinality: SingleValued,
    {
        self.annotated.set(annotation.meta(), single(expression), false);
        self
    }

    /// Gives an annotation of another model another expression, wherever these rows lead to rows of it
    /// in the same statement: the author that an article shows nested, a condition along a path. It may
    /// also be of the same model, for rows that are reached from these.
    ///
    /// ```
    /// use quintet::db::Exists;
    /// use quintet::prelude::*;
    ///
    /// # #[model(
    /// #     table = "author",
    /// #     annotations(is_followed: bool = |_| false),
    /// #     many_to_many(followers: Author, through = "f", source = "to_id", target = "from_id")
    /// # )]
    /// # pub struct Author {
    /// #     pub id: i64,
    /// #     pub name: String,
    /// # }
    /// # #[model(table = "article")]
    /// # pub struct Article {
    /// #     pub id: i64,
    /// #     #[field(foreign_key = Author, related_name = articles)]
    /// #     pub author_id: i64,
    /// # }
    /// /// Articles whose authors are shown with whether this reader follows them.
    /// fn articles_for(reader: i64) -> QuerySet<Article> {
    ///     let followers = || Author::fields().followers();
    ///     let followed = Exists::of(followers()).filter(followers().id().exact(reader));
    ///     Article::objects().annotate_related(Author::IS_FOLLOWED, followed)
    /// }
    /// # fn main() {}
    /// ```
    #[must_use]
    pub fn annotate_related<R, T, O>(mut self, annotation: Annotation<R, T>, expression: O) -> Self
    where
        R: Model,
        O: IntoExpression<R, Value = T>,
        O::Cardinality: SingleValued,
    {
        self.annotated.set(annotation.meta(), single(expression), true);
        self
    }

    /// Reads values that are the same once: see [`QuerySet::values`]. The rows of a model are
    /// different by their keys, and relations to many never repeat them.
    #[must_use]
    pub fn distinct(mut self) -> Self {
        self.distinct = true;
        self
    }

    /// Only the first row of those that have these values in common, in the query's order, which has to
    /// start with them (`distinct("album")`, `DISTINCT ON`): the longest track of each album.
    ///
    /// `SQLite` has nothing like it: there it is [`Error::NotSupported`](crate::db::Error::NotSupported)
    /// when the query is sent. A [`RowNumber`](crate::db::RowNumber) over a window says the same on both.
    ///
    /// ```
    /// use quintet::prelude::*;
    ///
    /// # #[model(table = "track")]
    /// # pub struct Track {
    /// #     pub id: i64,
    /// #     pub album_id: i64,
    /// #     pub milliseconds: i32,
    /// # }
    /// let longest = Track::objects()
    ///     .distinct_on(track::album_id)
    ///     .then_by(track::album_id)
    ///     .then_by_desc(track::milliseconds);
    /// # let _ = longest;
    /// # fn main() {}
    /// ```
    #[must_use]
    pub fn distinct_on<S: Selection<M>>(mut self, values: S) -> Self {
        values.paths(&mut self.distinct_on);
        self
    }

    /// The rows of either, each once, in this query's order. What follows applies to the rows of
    /// both: unlike Django's, a union can be filtered, updated and deleted.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        let (order, distinct, lock) = (self.order.clone(), self.distinct, self.lock);
        let annotated = self.annotated.clone().or(other.annotated.clone());
        let all = |query: Self| Predicate::All(query.unsliced().conditions);
        let either = Predicate::Any(vec![all(self), all(other)]);
        Self { conditions: vec![either], order, distinct, lock, annotated, ..Self::new() }
    }

    /// The same of a condition whose model is known to be this one.
    #[must_use]
    pub(crate) fn filter_by_predicate(mut self, predicate: Predicate) -> Self {
        self.conditions.push(predicate);
        self
    }

    /// No row, whatever is asked of the query afterwards; no statement is sent for its rows.
    #[must_use]
    pub fn none(mut self) -> Self {
        self.conditions.push(Predicate::never());
        self.limit = Some(0);
        self
    }

    /// Replaces the order.
    #[must_use]
    pub fn order_by(self, order: Ordering<M>) -> Self {
        self.order_by_terms(
            order.get().unwrap_or_default().into_iter().map(OrderTerm::from).collect(),
        )
    }

    /// The same, of terms whose model is known to be this one.
    #[must_use]
    pub(crate) fn order_by_terms(mut self, order: Vec<OrderTerm>) -> Self {
        self.order = Some(order);
        self
    }

    /// In whatever order the database finds them: for one row.
    #[must_use]
    pub fn unordered(mut self) -> Self {
        self.order = Some(Vec::new());
        self
    }

    /// Adds a term to the order, least first.
    #[must_use]
    pub fn then_by<P>(mut self, path: P) -> Self
    where
        P: PathOf<M>,
        P::Cardinality: SingleValued,
    {
        self.order.get_or_insert_default().push(Order::ascending(path).into());
        self
    }

    /// Adds a term to the order, greatest first.
    #[must_use]
    pub fn then_by_desc<P>(mut self, path: P) -> Self
    where
        P: PathOf<M>,
        P::Cardinality: SingleValued,
    {
        self.order.get_or_insert_default().push(Order::descending(path).into());
        self
    }

    /// Adds a term to the order, with its direction and where nulls stand:
    /// `Order::descending(Artist::WORTH).nulls_last()`.
    #[must_use]
    pub fn then(mut self, order: Order<M>) -> Self {
        self.order.get_or_insert_default().push(order.into());
        self
    }

    /// At most `limit` rows, after `offset` rows; of a slice, a slice of that.
    #[must_use]
    pub fn slice(mut self, offset: i64, limit: i64) -> Self {
        let (offset, limit) = (offset.max(0), limit.max(0));
        self.limit = Some(self.limit.map_or(limit, |own| limit.min((own - offset).max(0))));
        self.offset = self.offset.saturating_add(offset);
        self
    }

    /// Locks the rows as they are read, until the transaction ends
    /// (`select_for_update(no_key=True)`): whoever else wants to change them, or what hangs on
    /// them, waits. Rows that point at these may still be inserted, as with an UPDATE; Django's
    /// default keeps those out too. Reading them outside a transaction is an error, on `SQLite` as
    /// well, where a transaction is lock enough.
    ///
    /// For one row that is at hand there is
    /// [`Context::lock`](crate::request::Context::lock).
    #[must_use]
    pub fn select_for_update(self) -> Self {
        self.locked(Lock::NoKeyUpdate)
    }

    /// The same, but leaves out the rows that somebody else has locked, in place of waiting for them
    /// (`select_for_update(skip_locked=True)`): several workers take jobs from one table so. On
    /// `SQLite`, where transactions that write come one after the other, no row is left out.
    ///
    /// ```
    /// use quintet::prelude::*;
    ///
    /// # #[model(table = "job")]
    /// # pub struct Job {
    /// #     pub id: i64,
    /// #     pub is_done: bool,
    /// # }
    /// async fn next_job(cx: &Context) -> Result<Option<Job>> {
    ///     let waiting = Job::objects().filter(job::is_done.eq(false)).then_by(job::id);
    ///     Ok(waiting.select_for_update_skip_locked().first(cx).await?)
    /// }
    /// # fn main() {}
    /// ```
    #[must_use]
    pub fn select_for_update_skip_locked(self) -> Self {
        self.locked(Lock::SkipLocked)
    }

    pub(crate) fn locked(mut self, lock: Lock) -> Self {
        self.lock = Some(lock);
        self
    }

    /// The same rows without a slice: what is cut off fails a condition instead.
    pub(crate) fn unsliced(self) -> Self {
        if self.limit.is_none() && self.offset == 0 && self.distinct_on.is_empty() {
            return self;
        }
        self.by_keys()
    }

    /// The same rows, which a condition that is added does not choose anew, as it would the first row
    /// of each and those in a window.
    pub(crate) fn settled(self) -> Self {
        let is_open =
            self.distinct_on.is_empty() && !self.conditions.iter().any(Predicate::is_windowed);
        if is_open { self } else { self.by_keys() }
    }

    /// The rows whose keys the query reads.
    fn by_keys(self) -> Self {
        let (order, distinct, lock) = (self.order.clone(), self.distinct, self.lock);
        let annotated = self.annotated.clone();
        let mut keys = Select::from(self).only_keys();
        keys.lock = None;
        let conditions = vec![Predicate::Within(Arc::new(keys))];
        Self { conditions, order, distinct, lock, annotated, ..Self::new() }
    }

    /// The terms of the order, the model's own where no other was asked for; by key where there
    /// is none.
    pub(crate) fn terms(&self) -> Vec<OrderTerm> {
        let own = || default_order(M::META, meta_of::<M>);
        let mut terms = self.order.clone().unwrap_or_else(own);
        if terms.is_empty() {
            terms.push(Self::by_key());
        }
        terms
    }

    /// Whether conditions on paths are all that makes it other than every row.
    pub(crate) fn is_plain(&self) -> bool {
        let whole = self.limit.is_none() && self.offset == 0 && !self.distinct;
        let whole = whole && self.distinct_on.is_empty();
        // a window is looked at where its own table stands, under its own name
        let is_other = |condition: &Predicate| condition.is_typed() || condition.is_windowed();
        whole && self.annotated.is_empty() && !self.conditions.iter().any(is_other)
    }

    fn by_key() -> OrderTerm {
        let path =
            Path { model: meta_of::<M>, hops: Vec::new(), leaf: Leaf::Column(M::META.pk_column()) };
        OrderTerm::new(path, false)
    }

    /// The COUNT statement, and a function that clamps its result to the slice.
    pub(crate) fn counting(&self, dialect: Dialect) -> (Sql, impl Fn(i64) -> i64 + use<M>)
    where
        M: Model,
    {
        let mut sql = Sql::new(dialect);
        sql.push("SELECT COUNT(*) FROM ");
        if self.distinct_on.is_empty() {
            sql.name(M::META.table);
            if !self.conditions.is_empty() {
                sql.push(" WHERE ");
                Compiler::new(M::META.table, &self.annotated).all(
                    &mut sql,
                    &self.conditions,
                    M::META.table,
                );
            }
        } else {
            let mut keys = Select::from(self.clone()).only_keys();
            (keys.lock, keys.order) = (None, Some(Vec::new()));
            keys.restart_whole();
            sql.push("(").append(keys.rows(dialect)).push(") \"rows\"");
        }
        let (offset, limit) = (self.offset, self.limit);
        let sliced = move |count: i64| {
            let rest = count.saturating_sub(offset).max(0);
            limit.map_or(rest, |limit| rest.min(limit))
        };
        (sql, sliced)
    }
}

#[cfg(test)]
mod tests;
