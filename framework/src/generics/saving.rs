//! Saving validated input, rows and links; deleting rows and those that depend on them.

use std::cell::Cell;
use std::sync::Arc;

use super::files::has_files;
use crate::aside::aside;
use crate::auth::normalize;
use crate::db::{
    self, Annotated, Error, Lookup, Model, ModelMeta, ModelRow, Operand, Path, Predicate, QuerySet,
    Select,
};
use crate::exceptions::{ApiException, Result};
use crate::files::NewlyStored;
use crate::renderers::JsonWriter;
use crate::request::Context;
use crate::serializers::{
    ChangeSet, Changes, Description, Existing, InitialData, Loaded, RelatedRows, Serializer,
    Unvalidated, UnvalidatedList, ValidatedData, fetch, load, location, misplaced, model_taken,
    save_by, taken, violated,
};
use crate::values::Value;

impl Context {
    /// Validates the body for a serializer without a model (`serializer.is_valid`).
    ///
    /// # Errors
    /// 400 with every message; 415 for a body of an unknown type.
    pub async fn validated<S: Serializer>(&mut self) -> Result<S> {
        let set = self.changes(S::description(), false, Existing::default()).await?;
        S::from_validated(&mut ValidatedData::new(set))
            .ok_or_else(|| ApiException::internal("the serializer's fields and its struct differ"))
    }

    pub(crate) async fn changes(
        &mut self,
        description: &'static Description,
        partial: bool,
        existing: Existing<'_>,
    ) -> Result<crate::serializers::ChangeSet> {
        InitialData::from(self.data()?).validate(description, partial, existing, self).await
    }

    /// Stores validated changes as they are: a new row, or the row that they are for. A serializer's own
    /// `create` and `update` are called by [`Changes::save`], and end here. Links of many-to-many
    /// relations are set as well, in a transaction. In one, the row stays locked until its end,
    /// even where no column changes. What [`Changes::set_expression`] sets is computed of the row as it
    /// is stored. A new account of the site's user model gets its name and its
    /// address as [`create_user`](crate::auth::create_user) would write them.
    ///
    /// # Errors
    /// 404 when the row is gone; 400 when another row came first with a unique value, when a
    /// constraint of the database refuses a value, or when the row would become its own ancestor
    /// along a foreign key that is `acyclic`, or stand more than 100 levels deep. 500 for rows of a
    /// nested serializer that nobody took ([`Changes::take_nested`]).
    pub async fn save<M: Model>(&self, changes: Changes<M>) -> Result<M> {
        if let Some((field, _)) = changes.set.nested.first() {
            return Err(left_over(field, &changes));
        }
        db::only_known_places(M::META, &changes.set.computed)?;
        if db::places_in_tree(M::META, &changes.set.columns) {
            return aside(|| self.save_in_tree(changes)).await;
        }
        if changes.set.links.is_empty() || self.in_transaction() {
            return self.store(changes).await;
        }
        let scope = self.begin().await?;
        let stored = self.store(changes).await;
        self.settle(scope, stored).await
    }

    /// Like `save`, in a transaction that first checks the row's new place in its tree.
    async fn save_in_tree<M: Model>(&self, changes: Changes<M>) -> Result<M> {
        let scope = self.begin().await?;
        let place = self.refuse_cycles(M::META, changes.target.as_ref(), &changes.set.columns);
        let saved = match place.await {
            Ok(()) => self.store(changes).await,
            Err(error) => Err(refused(error, M::META, changes.description)),
        };
        self.settle(scope, saved).await
    }

    /// The row first, which is locked by it, then its links.
    async fn store<M: Model>(&self, changes: Changes<M>) -> Result<M> {
        let Changes { mut set, target, description, .. } = changes;
        let in_doubt = Cell::new(false);
        let refused = |error: Error| {
            in_doubt.set(error.is_in_doubt());
            refused(error, M::META, description)
        };
        if target.is_none() && *M::META == *self.user_meta().model {
            normalize(&self.user_meta(), &mut set.columns);
        }
        let mut files = if has_files(M::META, &set.columns) {
            aside(|| self.store_files(M::META, target.as_ref(), &mut set.columns)).await?
        } else {
            Vec::new()
        };
        if !self.in_transaction() {
            // where this is dropped before the database answers, the row may be there
            files.iter_mut().for_each(NewlyStored::mark_sent);
        }
        let row = self.store_row::<M>(target, set, refused).await;
        if !files.is_empty() {
            match &row {
                Ok(_) => self.keep_files(files),
                Err(_) if in_doubt.get() => self.leave_files(files),
                Err(_) => {
                    for file in files {
                        file.remove().await;
                    }
                }
            }
        }
        row
    }

    async fn store_row<M: Model>(
        &self,
        target: Option<Select>,
        set: ChangeSet,
        refused: impl Fn(Error) -> ApiException,
    ) -> Result<M> {
        let row: Box<dyn ModelRow> = match target {
            None => {
                db::only_values(M::META, &set.computed)?;
                self.insert_row(M::META, set.columns).await.map_err(refused)?
            }
            Some(select) => self
                .update_row(&select, set.columns, &set.computed)
                .await
                .map_err(refused)?
                .ok_or_else(|| ApiException::no_match(M::META.name))?,
        };
        if !set.links.is_empty() {
            let unfinished = self.unfinished();
            let pk = row.value(M::META.pk).to_value();
            for (hop, keys) in &set.links {
                self.set_links(hop, &pk, keys).await?;
            }
            unfinished.done();
        }
        row.into_any()
            .downcast()
            .map(|row| *row)
            .map_err(|_| ApiException::internal("a row of another model"))
    }

    /// Deletes a row and what belongs to it, as the foreign keys that point at it say.
    ///
    /// # Errors
    /// 409 when a protected foreign key points at it.
    pub async fn delete<M: Model>(&mut self, row: &M) -> Result<()> {
        self.delete_keys(M::META, vec![row.pk()]).await?;
        Ok(())
    }
}

impl<M: Model> Changes<M> {
    /// Stores the changes (`serializer.save()`): by the `create` or `update` of the serializer that
    /// validated them, or by [`Context::save`] where it has none. What
    /// [`set`](Changes::set) added is part of them (`save(owner=user)`).
    ///
    /// ```
    /// use quintet::prelude::*;
    ///
    /// # #[model(table = "artist")]
    /// # pub struct Artist {
    /// #     pub id: i64,
    /// #     pub name: String,
    /// # }
    /// # #[model(table = "song")]
    /// # pub struct Song {
    /// #     pub id: i64,
    /// #     pub title: String,
    /// #     #[field(foreign_key = Artist, related_name = songs)]
    /// #     pub artist_id: i64,
    /// # }
    /// #[derive(Serializer)]
    /// #[serializer(model = Song)]
    /// struct SongSerializer {
    ///     title: String,
    /// }
    ///
    /// #[derive(Serializer)]
    /// #[serializer(model = Artist, create)]
    /// struct ArtistSerializer {
    ///     name: String,
    ///     #[field(nested, writable)]
    ///     songs: Vec<SongSerializer>,
    /// }
    ///
    /// impl ArtistSerializer {
    ///     async fn create(mut new: Changes<Artist>, cx: &mut Context) -> Result<Artist> {
    ///         let songs = new.take_nested::<Song>("songs").unwrap_or_default();
    ///         let artist = cx.save(new).await?;
    ///         for song in songs {
    ///             song.set(song::artist_id, artist.id).save(cx).await?;
    ///         }
    ///         Ok(artist)
    ///     }
    /// }
    ///
    /// async fn import(data: serde_json::Value, cx: &mut Context) -> Result<Artist> {
    ///     ArtistSerializer::from_data(data).save(cx).await
    /// }
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// Those of the serializer's function; those of [`Context::save`].
    pub async fn save(self, cx: &mut Context) -> Result<M> {
        let own = self.description.and_then(|description| match self.target {
            None => description.create.as_ref(),
            Some(_) => description.update.as_ref(),
        });
        match own.map(Arc::clone) {
            Some(hook) => aside(|| save_by(hook, self, cx)).await,
            None => cx.save(self).await,
        }
    }
}

impl<M: Model> Unvalidated<M> {
    /// Validates the input and stores it (`is_valid(raise_exception=True)` and `save()`), in a
    /// transaction that begins before it is validated where more than one row is written.
    ///
    /// # Errors
    /// 400 with every message; those of [`Changes::save`].
    pub async fn save(self, cx: &mut Context) -> Result<M> {
        if !self.writes_several() {
            return self.validated(cx).await?.save(cx).await;
        }
        cx.transaction(async |cx| self.validated(cx).await?.save(cx).await).await
    }
}

impl<M: Model> Changes<M> {
    /// Stores a list of changes in one transaction (`ListSerializer.save()`); returns the rows in their
    /// order.
    ///
    /// It is the serializer's `create_many` where all rows are new, or its `update_many`. Without one, new
    /// rows are inserted in one statement, unless something else belongs to each: links, a `create` of its
    /// own, a place in a tree, hooks or signals of the model. What is left is stored one by one.
    ///
    /// # Errors
    /// Those of [`Changes::save`]; nothing is stored then.
    pub async fn save_many(list: Vec<Self>, cx: &mut Context) -> Result<Vec<M>> {
        cx.transaction(async |cx| {
            let description = list.first().and_then(|changes| changes.description);
            let all_new = list.iter().all(|changes| changes.target.is_none());
            let own = description.and_then(|description| {
                let own = if all_new { &description.create_many } else { &description.update_many };
                own.as_ref()
            });
            if let Some(hook) = own.map(Arc::clone) {
                return save_by(hook, list, cx).await;
            }
            let own = description.is_some_and(|description| description.create.is_some());
            if all_new && !own && list.iter().all(|changes| changes.is_one_row(cx)) {
                let rows = QuerySet::<M>::new().bulk_create(list, cx).await;
                return rows.map_err(|error| refused(error, M::META, description));
            }
            let mut rows = Vec::with_capacity(list.len());
            for changes in list {
                rows.push(changes.save(cx).await?);
            }
            Ok(rows)
        })
        .await
    }

    /// Whether a new row is an INSERT and nothing more.
    fn is_one_row(&self, cx: &Context) -> bool {
        self.set.links.is_empty()
            && self.set.nested.is_empty()
            && !has_files(M::META, &self.set.columns)
            && !db::places_in_tree(M::META, &self.set.columns)
            && *M::META != *cx.user_meta().model
            && !cx.watches_saves(M::META)
    }
}

impl<M: Model> UnvalidatedList<M> {
    /// Validates the list and stores it, in one transaction: [`Changes::save_many`].
    ///
    /// # Errors
    /// 400 with every message; those of [`Changes::save`].
    pub async fn save(self, cx: &mut Context) -> Result<Vec<M>> {
        cx.transaction(async |cx| Changes::save_many(self.validated(cx).await?, cx).await).await
    }
}

/// The error for rows of a nested serializer that would be lost (`raise_errors_on_nested_writes`).
fn left_over<M: Model>(field: &str, changes: &Changes<M>) -> ApiException {
    let name = changes.description.map_or(M::META.name, |description| description.name);
    let hook = if changes.target.is_none() { "create" } else { "update" };
    ApiException::internal(format!(
        "the serializer `{name}` read rows in `{field}`, and nobody took them: say \
         `#[serializer({hook})]` and take them by `take_nested` in its function, or leave `writable` out"
    ))
}

/// The error of a write that the database refused, with the message of the validator that would
/// have found it.
fn refused(
    error: Error,
    model: &'static ModelMeta,
    description: Option<&'static Description>,
) -> ApiException {
    match (error, description) {
        (Error::Unique(columns), Some(description)) => {
            ApiException::Validation(taken(description, &columns))
        }
        (Error::Unique(columns), None) => ApiException::Validation(model_taken(model, &columns)),
        (Error::Check(name), _) => match violated(model, &name) {
            Some(detail) => ApiException::Validation(detail),
            None => Error::Check(name).into(),
        },
        (Error::NotNull(column), description) => {
            let named = description.and_then(|description| description.field_of(&column));
            let own = || model.columns.iter().find(|own| own.column == column);
            match named.or_else(|| own().map(|column| column.name)) {
                Some(name) => ApiException::Validation(db::null(name)),
                None => ApiException::Validation(db::null(column)),
            }
        }
        (Error::Tree { field, problem }, Some(description)) => {
            ApiException::Validation(misplaced(description, field, problem))
        }
        (other, _) => other.into(),
    }
}

/// The error for a key whose row was deleted meanwhile.
pub(crate) fn related_is_gone() -> ApiException {
    Error::ForeignKey(String::new()).into()
}

/// A condition that names one row by its key.
pub(crate) fn by_key<M: Model>(key: Value) -> Predicate {
    Predicate::Lookup {
        path: Path::own(M::META.pk_column()),
        lookup: Lookup::Exact,
        operand: Operand::One(key),
    }
}

/// Loads one row with what its serializer shows beside it.
pub(crate) async fn reload<M: Model>(
    key: Value,
    description: &Description,
    annotated: Annotated,
    cx: &Context,
) -> Result<Option<Loaded>> {
    let mut query = QuerySet::<M>::new().filter_by_predicate(by_key::<M>(key)).unordered();
    query.annotated = annotated;
    Ok(load(description, query.into(), cx).await?.into_iter().next())
}

/// Writes a saved row: related rows are read again, but counts with a default stay as they were
/// before (DRF's annotations are those of the row that was fetched). Other annotations are computed
/// now, by the expressions in `annotated` if the view's query set gives any. `None` if the row is
/// gone.
pub(crate) async fn represent_saved<M: Model>(
    row: M,
    before: Option<&Loaded>,
    description: &'static Description,
    annotated: Annotated,
    partial: bool,
    cx: &Context,
) -> Result<Option<(Vec<u8>, Option<String>)>> {
    let description = description.for_request(cx);
    let loaded = if description.needs_reload() {
        let Some(mut loaded) = reload::<M>(row.pk(), description, annotated, cx).await? else {
            return Ok(None);
        };
        loaded.keep_counts(description, before);
        loaded
    } else {
        let mut loaded = Loaded::bare(Box::new(row));
        loaded.keep_counts(description, before);
        loaded
    };
    let related: RelatedRows = fetch(description, &[&loaded], cx).await?;
    let mut out = JsonWriter::new();
    cx.writing(partial).root(description, &loaded, &related, &mut out);
    Ok(Some((out.into_bytes(), location(description, &loaded, cx))))
}
