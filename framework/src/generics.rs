//! What generic views share: queryset, filters, lookup, pages, saving (`rest_framework.generics`).

use std::any::Any;
use std::sync::Arc;

use futures_util::future::join;

use crate::db::{
    self, Column, Condition, Conn, DeleteError, Dialect, Error, Hop, Lookup, Model, ModelMeta,
    ModelRow, Operand, Path, QuerySet, Select, is_referenced,
};
use crate::exceptions::{ApiException, Detail, Result};
use crate::fields::{Value, form};
use crate::filters::{FilterBackend, FilterSpec, OrderingField, OrderingFilter, SearchFilter};
use crate::pagination::{DefaultPagination, Pagination, Plan, position_text};
use crate::renderers::JsonWriter;
use crate::request::Context;
use crate::response::Response;
use crate::serializers::{
    Changes, Description, Existing, Links, Loaded, RelatedRows, Serializer, Validated, Writing,
};

/// How a view set finds one object.
#[derive(Debug, Clone)]
pub struct ObjectLookup {
    /// The column (`lookup_field`).
    pub path: Path,
    /// The capture that holds its value (`lookup_url_kwarg`).
    pub kwarg: String,
    /// What the value looks like (`lookup_value_regex`).
    pub value_regex: Option<String>,
}

/// What a generic view is, made once from its hooks.
pub struct GenericView<M> {
    pub(crate) filters: FilterSpec<M>,
    pub(crate) search: Option<SearchFilter>,
    pub(crate) ordering: Option<OrderingFilter>,
    /// True when the view does not say what may be ordered by.
    pub(crate) ordering_by_default: bool,
    pub(crate) backends: Vec<Box<dyn FilterBackend<M>>>,
    pub(crate) pagination: Arc<dyn Pagination>,
    pub(crate) lookup: ObjectLookup,
}

impl<M> std::fmt::Debug for GenericView<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GenericView").field("pagination", &self.pagination).finish_non_exhaustive()
    }
}

/// The part of a generic view that does not depend on its model, in reach of every request.
pub(crate) struct Generic {
    pub(crate) view: Arc<dyn Any + Send + Sync>,
    pub(crate) pagination: Arc<dyn Pagination>,
}

/// What a site says of all its generic views.
#[derive(Debug, Default)]
pub(crate) struct SiteGenerics {
    /// `DEFAULT_PAGINATION_CLASS`
    pub(crate) pagination: Option<Arc<dyn Pagination>>,
    /// True when `DEFAULT_FILTER_BACKENDS` has the ordering filter: a view that does not say
    /// what may be ordered by lets its serializer's fields be.
    pub(crate) ordering_filter: bool,
    /// Every model of the site: who may point at whom.
    pub(crate) models: Vec<&'static ModelMeta>,
}

/// The names that an unset `ordering_fields` allows: the serializer's readable fields.
pub(crate) fn default_ordering_fields(description: &Description) -> Vec<OrderingField> {
    description
        .fields()
        .iter()
        .enumerate()
        .filter(|(_, field)| !field.write_only)
        .filter_map(|(index, field)| {
            Some(OrderingField::new(field.name, description.source(index)?))
        })
        .collect()
}

impl Links for Context {
    fn address(&self, name: &str, kwarg: &str, value: &str) -> Option<String> {
        self.hyperlink(name, &[(kwarg, value)]).ok()
    }
}

impl Context {
    fn writing(&self, partial: bool) -> Writing<'_> {
        Writing { links: self, partial }
    }

    fn generic(&self) -> Option<&Generic> {
        self.generic.as_ref()?.downcast_ref()
    }

    fn view_of<M: Model>(&self) -> Option<Arc<GenericView<M>>> {
        Arc::clone(&self.generic()?.view).downcast().ok()
    }

    fn site(&self) -> Option<&SiteGenerics> {
        self.shared.generics.as_ref()?.downcast_ref()
    }

    fn paginator(&self) -> Arc<dyn Pagination> {
        match self.generic() {
            Some(generic) if !generic.pagination.is_project_default() => {
                Arc::clone(&generic.pagination)
            }
            _ => self
                .site()
                .and_then(|site| site.pagination.clone())
                .unwrap_or_else(|| Arc::new(DefaultPagination)),
        }
    }

    fn models(&self) -> Vec<&'static ModelMeta> {
        self.site().map(|site| site.models.clone()).unwrap_or_default()
    }

    /// The order that the request and the view ask for.
    fn ordering<M: Model>(&self, view: &GenericView<M>) -> Option<Vec<db::Order>> {
        let by_default = self.site().is_some_and(|site| site.ordering_filter);
        let filter = view.ordering.as_ref().filter(|_| !view.ordering_by_default || by_default)?;
        filter.get_ordering(&self.request)
    }

    /// The rows that the request's filters leave: the filter set, search, ordering
    /// (`filter_queryset`).
    ///
    /// # Errors
    /// 400 for a filter value that is none.
    pub async fn filter_queryset<M: Model>(&self, queryset: QuerySet<M>) -> Result<QuerySet<M>> {
        self.filtered(queryset, false).await.map(|(queryset, _)| queryset)
    }

    /// The same; keys that a filter names may be left to be looked up when no row is found.
    async fn filtered<M: Model>(
        &self,
        mut queryset: QuerySet<M>,
        may_wait: bool,
    ) -> Result<(QuerySet<M>, bool)> {
        let Some(view) = self.view_of::<M>() else { return Ok((queryset, false)) };
        let mut waits = false;
        if !view.filters.is_empty() {
            let mut filtered = view.filters.parse(&self.request)?;
            if !filtered.lookups().is_empty() {
                waits = may_wait && filtered.may_look_up_later();
                if !waits {
                    filtered = self.look_up(filtered).await?;
                }
            }
            queryset = filtered.apply(queryset);
        }
        if let Some(condition) =
            view.search.as_ref().map(|s| s.condition(&self.request)).transpose()?.flatten()
        {
            queryset = queryset.filter_by(condition);
        }
        if let Some(order) = self.ordering(&view) {
            queryset = queryset.order_by(order);
        }
        for backend in &view.backends {
            queryset = backend.filter_queryset(&self.request, queryset)?;
        }
        Ok((queryset, waits))
    }

    /// Asks which of the keys that filters name exist.
    async fn look_up<M: Model>(
        &self,
        filtered: crate::filters::django_filters::Filtered<M>,
    ) -> Result<crate::filters::django_filters::Filtered<M>> {
        let mut found: Vec<Vec<Value>> = Vec::new();
        for check in filtered.lookups() {
            let mut sql = db::Sql::new(self.dialect());
            sql.push("SELECT ").name(check.column.column).push(" FROM ").name(check.model.table);
            sql.push(" WHERE ")
                .name(check.column.column)
                .any_of(check.keys.clone(), check.column.kind);
            found.push(self.rows(sql, |row| row.value(0, check.column.kind)).await?);
        }
        Ok(filtered
            .finish(&|place, key| found.get(place).is_some_and(|keys| keys.contains(key)))?)
    }

    /// Lists the rows that the filters leave, a page of them where there is a paginator.
    pub(crate) async fn list<M: Model>(
        &mut self,
        queryset: QuerySet<M>,
        description: &'static Description,
    ) -> Result<Response> {
        let (filtered, waits) = self.filtered(queryset, true).await?;
        let ordering = self.view_of::<M>().and_then(|view| self.ordering(&view));
        let answer = self.page(filtered, description, ordering.as_deref()).await;
        let unproven = waits && !matches!(answer, Ok((_, rows)) if rows > 0);
        if unproven && let Some(view) = self.view_of::<M>() {
            // no row proves that the keys exist, so they are looked up after all
            self.look_up(view.filters.parse(&self.request)?).await?;
        }
        answer.map(|(response, _)| response)
    }

    /// Answers a page of rows, or all of them where the view has no paginator
    /// (`paginate_queryset`, `get_paginated_response`). Rows may be of another model than the
    /// view's.
    ///
    /// # Errors
    /// 404 for a page that does not exist.
    pub async fn paginate<M: Model>(
        &mut self,
        queryset: QuerySet<M>,
        description: &'static Description,
    ) -> Result<Response> {
        self.page(queryset, description, None).await.map(|(response, _)| response)
    }

    async fn page<M: Model>(
        &mut self,
        queryset: QuerySet<M>,
        description: &'static Description,
        ordering: Option<&[db::Order]>,
    ) -> Result<(Response, usize)> {
        let pagination = self.paginator();
        let Some(mut plan) = pagination.plan(&self.request, ordering)? else {
            let rows = description.load(queryset.into(), self).await?;
            let mut out = JsonWriter::with_capacity(64 + rows.len() * 128);
            let related = description.fetch(&rows.iter().collect::<Vec<_>>(), self).await?;
            out.begin_array();
            for row in &rows {
                description.write(row, &related, self.writing(false), &mut out);
            }
            out.end_array();
            return Ok((Response::json(out.into_bytes()), rows.len()));
        };
        let mut count = None;
        if let Plan::NeedsCount { .. } = plan {
            let total = self.count_rows(&queryset).await?;
            count = Some(total);
            plan = plan.counted(total);
        }
        let (rows, count) = match &plan {
            Plan::Cursor(cursor) => {
                let mut sliced = queryset.order_by(cursor.order.clone());
                if let Some(condition) = &cursor.condition {
                    sliced = sliced.filter_by(condition.clone());
                }
                let sliced = sliced.slice(cursor.offset, cursor.limit);
                (description.load(sliced.into(), self).await?, None)
            }
            Plan::Slice { offset, limit, .. } => {
                let sliced: Select = queryset.clone().slice(*offset, *limit).into();
                if count.is_some() {
                    (description.load(sliced, self).await?, count)
                } else if self.dialect() == Dialect::Postgres && !self.in_transaction() {
                    // one flight for both
                    let (rows, count) =
                        join(description.load(sliced, self), self.count_rows(&queryset)).await;
                    (rows?, Some(count?))
                } else {
                    let rows = description.load(sliced, self).await?;
                    let count = match plan.known_count(rows.len()) {
                        Some(count) => count,
                        None => self.count_rows(&queryset).await?,
                    };
                    (rows, Some(count))
                }
            }
            Plan::NeedsCount { .. } => (Vec::new(), count),
        };
        let position = |index: usize| position_of(rows.get(index), &plan, M::META);
        let envelope = pagination.finish(&self.request, &plan, count, rows.len(), &position)?;
        let mut shown: Vec<&Loaded> =
            rows.get(envelope.shown.clone()).unwrap_or_default().iter().collect();
        if envelope.reversed {
            shown.reverse();
        }
        let related = description.fetch(&shown, self).await?;
        let mut out = JsonWriter::with_capacity(shown.len() * 192);
        out.begin_array();
        for row in &shown {
            description.write(row, &related, self.writing(false), &mut out);
        }
        out.end_array();
        let results = out.into_bytes();
        let mut bytes = Vec::with_capacity(results.len() + 256);
        envelope.write_head(&mut bytes);
        bytes.extend_from_slice(&results);
        envelope.write_tail(&mut bytes);
        Ok((Response::json(bytes), rows.len()))
    }

    async fn count_rows<M: Model>(&self, queryset: &QuerySet<M>) -> Result<i64, Error> {
        let select = Select::from(queryset.clone());
        let counted = self
            .rows(select.count(self.dialect()), |row| row.get::<i64>(0, db::ColumnKind::BigInt))
            .await?;
        Ok(queryset.sliced(counted.into_iter().next().unwrap_or(0)))
    }

    /// Answers every row of a query, without pages.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn respond_all<M: Model>(
        &self,
        queryset: QuerySet<M>,
        description: &'static Description,
    ) -> Result<Response> {
        let rows = description.load(queryset.into(), self).await?;
        let related = description.fetch(&rows.iter().collect::<Vec<_>>(), self).await?;
        let mut out = JsonWriter::new();
        out.begin_array();
        for row in &rows {
            description.write(row, &related, self.writing(false), &mut out);
        }
        out.end_array();
        Ok(Response::json(out.into_bytes()))
    }

    /// Answers the first row of a query; 404 when there is none (`get_object_or_404`).
    ///
    /// # Errors
    /// 404 with the model's name.
    pub async fn respond_one<M: Model>(
        &self,
        queryset: QuerySet<M>,
        description: &'static Description,
    ) -> Result<Response> {
        let rows = description.load(queryset.into(), self).await?;
        let row = rows.into_iter().next().ok_or_else(|| ApiException::no_match(M::META.name))?;
        self.represent(&row, description).await
    }

    async fn represent(&self, row: &Loaded, description: &'static Description) -> Result<Response> {
        let related = description.fetch(&[row], self).await?;
        let mut out = JsonWriter::new();
        description.write(row, &related, self.writing(false), &mut out);
        Ok(Response::json(out.into_bytes()))
    }

    /// The rows of a query, as structs.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn all<M: Model>(&self, queryset: QuerySet<M>) -> Result<Vec<M>> {
        let select = Select::from(queryset);
        if select.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.rows(select.rows(self.dialect()), |row| M::from_row(row, 0)).await?)
    }

    /// The first row of a query; 404 when there is none (`get_object_or_404`).
    ///
    /// # Errors
    /// 404 with the model's name.
    pub async fn get_or_404<M: Model>(&self, queryset: QuerySet<M>) -> Result<M> {
        let mut rows = self.all(queryset).await?;
        if rows.is_empty() {
            return Err(ApiException::no_match(M::META.name));
        }
        Ok(rows.swap_remove(0))
    }

    /// Narrows a query to the object that the address names.
    pub(crate) fn object_query<M: Model>(&self, queryset: QuerySet<M>) -> Result<QuerySet<M>> {
        let view = self
            .view_of::<M>()
            .ok_or_else(|| ApiException::internal("this view has no objects"))?;
        let text = self.request.kwarg(&view.lookup.kwarg).unwrap_or_default();
        let value = lookup_value(text, view.lookup.path.kind(), M::META)?;
        Ok(queryset.filter_by(Condition::exact(view.lookup.path.clone(), value)))
    }

    /// True when the address names objects by their primary key.
    pub(crate) fn looks_up_by_key<M: Model>(&self) -> bool {
        self.view_of::<M>().is_some_and(|view| {
            let path = &view.lookup.path;
            path.hops.is_empty()
                && path.column().is_some_and(|column| column.column == M::META.pk_column().column)
        })
    }

    /// The primary key that the address names.
    pub(crate) fn lookup_key<M: Model>(&self) -> Result<Value> {
        let view = self
            .view_of::<M>()
            .ok_or_else(|| ApiException::internal("this view has no objects"))?;
        let text = self.request.kwarg(&view.lookup.kwarg).unwrap_or_default();
        lookup_value(text, M::META.pk_column().kind, M::META)
    }

    /// The object that the address names, if the view's query and the request's filters leave
    /// it, and the object permissions let it be reached (`get_object`).
    ///
    /// # Errors
    /// 404 when there is none; 403 or 401 when a permission refuses it.
    pub async fn object<M: Model>(&mut self, queryset: QuerySet<M>) -> Result<M> {
        let queryset = self.filter_queryset(queryset).await?;
        let row = self.get_or_404(self.object_query(queryset)?.unordered()).await?;
        self.check_object_permissions(&row).await?;
        Ok(row)
    }

    /// The same with what a serializer shows beside it.
    pub(crate) async fn loaded_object<M: Model>(
        &mut self,
        queryset: QuerySet<M>,
        description: &'static Description,
    ) -> Result<Loaded> {
        let queryset = self.filter_queryset(queryset).await?;
        let select = Select::from(self.object_query(queryset)?.unordered());
        let rows = description.load(select, self).await?;
        let row = rows.into_iter().next().ok_or_else(|| ApiException::no_match(M::META.name))?;
        if let Some(object) = row.row::<M>() {
            self.check_object_permissions(object).await?;
        }
        Ok(row)
    }

    /// Answers the object that the address names.
    pub(crate) async fn retrieve<M: Model>(
        &mut self,
        queryset: QuerySet<M>,
        description: &'static Description,
    ) -> Result<Response> {
        let row = self.loaded_object(queryset, description).await?;
        self.represent(&row, description).await
    }

    /// Validates the body for a serializer without a model (`serializer.is_valid`).
    ///
    /// # Errors
    /// 400 with every message; 415 for a body of an unknown type.
    pub async fn validated<S: Serializer>(&mut self) -> Result<S> {
        let set = self.changes(S::description(), false, Existing::default()).await?;
        S::from_validated(&mut Validated::new(set))
            .ok_or_else(|| ApiException::internal("the serializer's fields and its struct differ"))
    }

    pub(crate) async fn changes(
        &mut self,
        description: &'static Description,
        partial: bool,
        existing: Existing<'_>,
    ) -> Result<crate::serializers::ChangeSet> {
        let data = self.data()?;
        if let Some(pairs) = data.form() {
            let pairs: Vec<(String, String)> =
                pairs.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
            let raw = form::to_raw(description.fields(), &pairs, partial);
            return description.run_validation(&raw, partial, existing, self).await;
        }
        let raw = data.raw()?;
        description.run_validation(&raw, partial, existing, self).await
    }

    /// Stores validated changes: a new row, or the row that they are for. Links of many-to-many
    /// relations are set as well.
    ///
    /// # Errors
    /// 404 when the row is gone; 400 when another row came first with a unique value.
    pub async fn save<M: Model>(&self, changes: Changes<M>) -> Result<M> {
        let Changes { set, target, description, .. } = changes;
        let refused = |error| refused(error, M::META, description);
        let row: Box<dyn ModelRow> = match target {
            None => self.insert_row(M::META, set.columns).await.map_err(refused)?,
            Some(select) => self
                .update_row(&select, set.columns)
                .await
                .map_err(refused)?
                .ok_or_else(|| ApiException::no_match(M::META.name))?,
        };
        let pk = row.value(M::META.pk).to_value();
        for (hop, keys) in &set.links {
            self.set_links(hop, &pk, keys).await?;
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
        let models = self.models();
        let key = row.pk();
        if is_referenced(&models, M::META) {
            let scope = self.begin().await?;
            let deleted = self.delete_rows(&models, M::META, vec![key]).await;
            // a deferred constraint speaks up at the end
            let ended = self.end(scope, deleted.is_ok()).await.map_err(DeleteError::Database);
            return deleted.and(ended).map_err(protected);
        }
        self.delete_rows(&models, M::META, vec![key]).await.map_err(protected)
    }

    /// The links of a many-to-many relation of a row: `cx.links(&playlist, Playlist::fields().tracks())`.
    pub fn links<M: Model, F: db::Fields>(&self, row: &M, relation: F) -> LinkSet<'_> {
        LinkSet { conn: self, hop: relation.way().hops.last().copied(), pk: row.pk() }
    }

    /// Runs `work` in a transaction: committed when it answers `Ok`, rolled back otherwise.
    /// Inside another one it is a savepoint.
    ///
    /// # Errors
    /// What `work` answers, and what the database reports.
    pub async fn transaction<T, E: From<Error>>(
        &mut self,
        work: impl AsyncFnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let scope = self.begin().await?;
        let result = work(self).await;
        self.end(scope, result.is_ok()).await?;
        result
    }

    /// The sum of a decimal column over the rows of a query, and their number.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn sum<C: Column>(
        &self,
        queryset: QuerySet<C::Model>,
        _column: C,
    ) -> Result<(i64, Option<db::Decimal>)> {
        let Some(column) = C::Model::META.columns.get(C::INDEX) else { return Ok((0, None)) };
        let what = format!("COUNT(*), SUM(\"{}\".\"{}\")", C::Model::META.table, column.column);
        let sql = Select::from(queryset).aggregate(self.dialect(), &what);
        let rows = self
            .rows(sql, |row| {
                Ok((
                    row.get(0, db::ColumnKind::BigInt)?,
                    row.get::<Option<db::Decimal>>(1, column.kind)?,
                ))
            })
            .await?;
        Ok(rows.into_iter().next().unwrap_or((0, None)))
    }
}

/// The links of one row through a link table.
pub struct LinkSet<'a> {
    conn: &'a Conn,
    hop: Option<Hop>,
    pk: Value,
}

impl std::fmt::Debug for LinkSet<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LinkSet").field("pk", &self.pk).finish_non_exhaustive()
    }
}

impl LinkSet<'_> {
    fn hop(&self) -> Result<&Hop> {
        self.hop.as_ref().ok_or_else(|| ApiException::internal("the relation has no link table"))
    }

    /// Adds links to rows; those that are there stay.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add(&self, keys: impl IntoIterator<Item = i64>) -> Result<()> {
        let keys: Vec<Value> = keys.into_iter().map(Value::Int).collect();
        self.conn.add_links(self.hop()?, &self.pk, &keys).await?;
        Ok(())
    }

    /// Removes links to rows.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn remove(&self, keys: impl IntoIterator<Item = i64>) -> Result<()> {
        let keys: Vec<Value> = keys.into_iter().map(Value::Int).collect();
        self.conn.remove_links(self.hop()?, &self.pk, &keys).await?;
        Ok(())
    }

    /// How many there are.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn count(&self) -> Result<i64> {
        Ok(self.conn.count_links(self.hop()?, &self.pk).await?)
    }
}

/// A lookup value of an address, as its column holds it. What no column of the kind can hold is
/// `Not found.`; a number that is only too large matches no row.
fn lookup_value(text: &str, kind: db::ColumnKind, model: &ModelMeta) -> Result<Value> {
    use crate::db::ColumnKind;
    let not_found = || ApiException::NotFound(None);
    Ok(match kind {
        ColumnKind::SmallInt | ColumnKind::Integer | ColumnKind::BigInt => {
            let number = crate::filters::python::int(text).ok_or_else(not_found)?;
            Value::Int(i64::try_from(number).map_err(|_| ApiException::no_match(model.name))?)
        }
        ColumnKind::Uuid => {
            Value::Uuid(text.parse::<uuid::Uuid>().map_err(|_| not_found())?.into())
        }
        _ if text.contains('\0') => return Err(not_found()),
        _ => Value::Text(text.to_owned()),
    })
}

/// The text of a row's first order column, for cursors.
fn position_of(row: Option<&Loaded>, plan: &Plan, model: &ModelMeta) -> String {
    let (Some(row), Plan::Cursor(cursor)) = (row, plan) else { return String::new() };
    let column = cursor.order.first().and_then(|order| order.path.column());
    let index = column.and_then(|c| model.columns.iter().position(|own| own.column == c.column));
    index.map_or_else(String::new, |index| position_text(row.value(index)))
}

/// A write that the database refused, in the words of the validator that would have found it.
fn refused(
    error: Error,
    model: &'static ModelMeta,
    description: Option<&'static Description>,
) -> ApiException {
    match (error, description) {
        (Error::Unique(columns), Some(description)) => {
            ApiException::Validation(description.taken(&columns))
        }
        (Error::Unique(columns), None) => {
            ApiException::Validation(Description::model_taken(model, &columns))
        }
        (Error::ForeignKey(_), _) => ApiException::Validation(Detail::field(
            "non_field_errors",
            vec![Detail::new("A related object does not exist.", "does_not_exist")],
        )),
        (other, _) => other.into(),
    }
}

fn protected(error: DeleteError) -> ApiException {
    match error {
        DeleteError::Protected(by) => ApiException::Custom {
            status: 409,
            detail: Detail::new(
                format!(
                    "Cannot delete some instances of model '{}' because they are referenced through \
                     protected foreign keys: '{}.{}'.",
                    by.model, by.by, by.field
                ),
                "protected",
            ),
        },
        DeleteError::Database(Error::ForeignKey(_)) => ApiException::Custom {
            status: 409,
            detail: Detail::new("Other objects still refer to this one.", "protected"),
        },
        DeleteError::Database(other) => other.into(),
    }
}

/// A condition that names one row by its key.
pub(crate) fn by_key<M: Model>(key: Value) -> Condition {
    Condition::Lookup {
        path: Path::own(M::META.pk_column()),
        lookup: Lookup::Exact,
        operand: Operand::One(key),
    }
}

/// Loads one row with what its serializer shows beside it.
pub(crate) async fn reload<M: Model>(
    key: Value,
    description: &'static Description,
    conn: &Conn,
) -> Result<Option<Loaded>> {
    let query = QuerySet::<M>::all().filter_by(by_key::<M>(key)).unordered();
    Ok(description.load(query.into(), conn).await?.into_iter().next())
}

/// Writes a saved row: with everything beside it read anew, but counts as they were before
/// (DRF's annotations are those of the row that was fetched).
pub(crate) async fn represent_saved<M: Model>(
    row: M,
    before: Option<&Loaded>,
    description: &'static Description,
    partial: bool,
    cx: &Context,
) -> Result<(Vec<u8>, Option<String>)> {
    let loaded = if description.needs_reload() {
        let mut loaded = reload::<M>(row.pk(), description, cx)
            .await?
            .ok_or_else(|| ApiException::no_match(M::META.name))?;
        description.keep_counts(&mut loaded, before);
        loaded
    } else {
        let mut loaded = Loaded::bare(Box::new(row));
        description.keep_counts(&mut loaded, before);
        loaded
    };
    let related: RelatedRows = description.fetch(&[&loaded], cx).await?;
    let mut out = JsonWriter::new();
    description.write(&loaded, &related, cx.writing(partial), &mut out);
    Ok((out.into_bytes(), description.location(&loaded, cx)))
}
