//! Lists: a page of a query's rows, or all of them.

use std::future::Future;
use std::pin::pin;

use crate::aside::aside;
use crate::db::{self, Dialect, Error, Model, ModelMeta, QuerySet, Select};
use crate::exceptions::Result;
use crate::pagination::{DefaultPagination, Pagination, Plan, position_text};
use crate::request::Context;
use crate::response::Response;
use crate::serializers::{Description, ListRows, ModelFor, ModelSerializer};
use crate::views::{Items, Page};

impl Context {
    /// A page of rows in the site's default pagination, or all rows if there is none. View sets
    /// have their own pagination: [`ViewSet::paginate`](crate::viewsets::ViewSet::paginate).
    ///
    /// # Errors
    /// 404 for a page that does not exist.
    pub async fn paginate<S, M>(&self, queryset: QuerySet<M>) -> Result<Page<S>>
    where
        S: ModelSerializer,
        S::Model: ModelFor<S, M>,
        M: Model,
    {
        let page = self.page(queryset, S::description(), &DefaultPagination, None);
        page.await.map(|(response, _)| Page::new(response))
    }

    /// A page of rows, and how many rows were read for it.
    pub(crate) async fn page<M: Model>(
        &self,
        queryset: QuerySet<M>,
        description: &'static Description,
        pagination: &dyn Pagination,
        ordering: Option<&[db::OrderTerm]>,
    ) -> Result<(Response, usize)> {
        let sites = self.site().and_then(|site| site.pagination.as_ref());
        let replaced = sites.and_then(|sites| pagination.replaced_by(sites));
        let pagination = replaced.as_deref().unwrap_or(pagination);
        let Some(mut plan) = pagination.plan(&self.request, ordering)? else {
            let rows = ListRows::read(description, queryset.into(), None, self).await?;
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
                (ListRows::read(description, sliced.into(), position, self).await?, None)
            }
            Plan::Slice { offset, limit, .. } => {
                // pinned where they are created: both are large
                let mut counting = pin!(self.count_rows(&queryset));
                let sliced: Select = queryset.slice(*offset, *limit).into();
                let mut list = pin!(ListRows::read(description, sliced, None, self));
                if count.is_some() {
                    (list.await?, count)
                } else if self.dialect() == Dialect::Postgres && !self.in_transaction() {
                    // one flight for both; counting takes longer, and rows often come right after
                    // it
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
            Plan::NeedsCount { .. } => (ListRows::Kept(Vec::new()), count),
        };
        let text = |row: usize| {
            position.map_or_else(String::new, |column| position_text(rows.position(row, column)))
        };
        let envelope = pagination.finish(&self.request, &plan, count, rows.len(), &text)?;
        let mut head = Vec::with_capacity(256);
        envelope.write_head(&mut head);
        let (read, shown) = (rows.len(), envelope.shown.clone());
        let writing = self.writing(false);
        let mut bytes =
            rows.into_json(description, shown, envelope.reversed, writing, head).await?;
        envelope.write_tail(&mut bytes);
        Ok((Response::json(bytes), read))
    }

    /// Every row, without an envelope.
    async fn respond_rows(
        &self,
        rows: ListRows,
        description: &'static Description,
    ) -> Result<Response> {
        let (shown, writing) = (0..rows.len(), self.writing(false));
        Ok(self.all(rows.into_json(description, shown, false, writing, Vec::new()).await?))
    }

    /// Counts the rows of a query; the statement is written at once, so that the query may be used
    /// up before the response is written.
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

    /// Every row of a query, without pages.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn respond_all<S, M>(&self, queryset: QuerySet<M>) -> Result<Items<S>>
    where
        S: ModelSerializer,
        S::Model: ModelFor<S, M>,
        M: Model,
    {
        let rows = ListRows::read(S::description(), queryset.into(), None, self).await?;
        self.respond_rows(rows, S::description()).await.map(Items::new)
    }
}

/// The column that gives the cursor position of a row: the first one of the order.
fn position_column(plan: &Plan, model: &ModelMeta) -> Option<usize> {
    let Plan::Cursor(cursor) = plan else { return None };
    let column = cursor.order.first()?.path.column()?;
    model.columns.iter().position(|own| own.column == column.column)
}
