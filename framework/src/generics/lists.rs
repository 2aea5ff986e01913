//! Lists: the filters of a request, and a page of what they leave.

use std::future::Future;
use std::pin::pin;

use crate::aside::aside;
use crate::db::{self, Dialect, Error, Model, ModelMeta, QuerySet, Select};
use crate::exceptions::Result;
use crate::fields::Value;
use crate::fields::distinct::{ByValue, set_of};
use crate::pagination::{Pagination, Plan, position_text};
use crate::request::Context;
use crate::response::Response;
use crate::serializers::{Description, Listed};

impl Context {
    /// The rows that the request's filters leave: the filter set, search, ordering
    /// (`filter_queryset`).
    ///
    /// # Errors
    /// 400 for a filter value that is none.
    pub async fn filter_queryset<M: Model>(&self, queryset: QuerySet<M>) -> Result<QuerySet<M>> {
        self.filtered(queryset, false).await.map(|(queryset, _)| queryset)
    }

    /// The same; keys that a filter names may be left to be looked up when no row is found.
    pub(super) async fn filtered<M: Model>(
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
                    filtered = aside(|| self.look_up(filtered)).await?;
                }
            }
            queryset = filtered.apply(queryset);
        }
        if let Some(condition) = view.search.condition(&self.request)? {
            queryset = queryset.filter_by_predicate(condition);
        }
        if let Some(order) = self.ordering(&view) {
            queryset = queryset.order_by_terms(order);
        }
        for backend in &view.backends {
            queryset = backend.filter_queryset(&self.request, queryset)?;
        }
        Ok((queryset, waits))
    }

    /// Asks which of the keys that filters name exist.
    pub(super) async fn look_up<M: Model>(
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
        let found: Vec<_> = found.iter().map(|keys| set_of(keys)).collect();
        let exists = |place: usize, key: &Value| {
            found.get(place).is_some_and(|keys| keys.contains(&ByValue(key)))
        };
        Ok(filtered.finish(&exists)?)
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
            let filtered = view.filters.parse(&self.request)?;
            aside(|| self.look_up(filtered)).await?;
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

    pub(super) async fn page<M: Model>(
        &mut self,
        queryset: QuerySet<M>,
        description: &'static Description,
        ordering: Option<&[db::OrderTerm]>,
    ) -> Result<(Response, usize)> {
        let pagination = self.paginator();
        let Some(mut plan) = pagination.plan(&self.request, ordering)? else {
            let rows = description.list(queryset.into(), None, self).await?;
            let read = rows.len();
            return Ok((self.respond_rows(rows, description).await?, read));
        };
        let mut count = None;
        if let Plan::NeedsCount { .. } = plan {
            let total = aside(|| self.count_rows(&queryset)).await?;
            count = Some(total);
            plan = plan.counted(total);
        }
        let position = position_column(&plan, M::META);
        let (rows, count) = match &plan {
            Plan::Cursor(cursor) => {
                let mut sliced = queryset.order_by_terms(cursor.order.clone());
                if let Some(condition) = &cursor.condition {
                    sliced = sliced.filter_by_predicate(condition.clone());
                }
                let sliced = sliced.slice(cursor.offset, cursor.limit);
                (description.list(sliced.into(), position, self).await?, None)
            }
            Plan::Slice { offset, limit, .. } => {
                // pinned where they are made: both are large
                let mut counting = pin!(self.count_rows(&queryset));
                let sliced: Select = queryset.slice(*offset, *limit).into();
                let mut list = pin!(description.list(sliced, None, self));
                if count.is_some() {
                    (list.await?, count)
                } else if self.dialect() == Dialect::Postgres && !self.in_transaction() {
                    // one flight for both; counting takes longer, and rows often come right after it
                    let (count, rows) = self.in_order(counting.as_mut(), list.as_mut()).await;
                    (rows?, Some(count?))
                } else {
                    let rows = list.await?;
                    let count = match plan.known_count(rows.len()) {
                        Some(count) => count,
                        None => counting.await?,
                    };
                    (rows, Some(count))
                }
            }
            Plan::NeedsCount { .. } => (Listed::Kept(Vec::new()), count),
        };
        let text = |row: usize| {
            position.map_or_else(String::new, |column| position_text(rows.position(row, column)))
        };
        let envelope = pagination.finish(&self.request, &plan, count, rows.len(), &text)?;
        let mut head = Vec::with_capacity(256);
        envelope.write_head(&mut head);
        let (read, shown) = (rows.len(), envelope.shown.clone());
        let at = (self.writing(false), &**self);
        let mut bytes = rows.into_json(description, shown, envelope.reversed, at, head).await?;
        envelope.write_tail(&mut bytes);
        Ok((Response::json(bytes), read))
    }

    /// Every row, without an envelope.
    async fn respond_rows(
        &self,
        rows: Listed,
        description: &'static Description,
    ) -> Result<Response> {
        let at = (self.writing(false), &**self);
        let shown = 0..rows.len();
        Ok(Response::json(rows.into_json(description, shown, false, at, Vec::new()).await?))
    }

    /// Counts the rows of a query; the statement is written at once, so that the query may be
    /// used up before the answer is there.
    pub(super) fn count_rows<M: Model>(
        &self,
        queryset: &QuerySet<M>,
    ) -> impl Future<Output = Result<i64, Error>> + use<'_, M> {
        let (sql, sliced) = queryset.counting(self.dialect());
        async move {
            let counted = self.rows(sql, |row| row.get::<i64>(0, db::ColumnKind::BigInt)).await?;
            Ok(sliced(counted.into_iter().next().unwrap_or(0)))
        }
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
        let rows = description.list(queryset.into(), None, self).await?;
        self.respond_rows(rows, description).await
    }
}

/// The column whose value places a row for a cursor: the first one of the order.
fn position_column(plan: &Plan, model: &ModelMeta) -> Option<usize> {
    let Plan::Cursor(cursor) = plan else { return None };
    let column = cursor.order.first()?.path.column()?;
    model.columns.iter().position(|own| own.column == column.column)
}
