//! Rows by themselves.

use crate::db::{Model, QuerySet, Select};
use crate::exceptions::{ApiException, Result};
use crate::renderers::JsonWriter;
use crate::request::Context;
use crate::response::Response;
use crate::serializers::{Description, Loaded, ModelSerializer};
use crate::views::Item;

impl Context {
    /// The first row of a query; 404 when there is none (`get_object_or_404`).
    ///
    /// # Errors
    /// 404 with the model's name.
    pub async fn respond_one<S: ModelSerializer>(
        &self,
        queryset: QuerySet<S::Model>,
    ) -> Result<Item<S>> {
        let rows = S::description().load(queryset.into(), self).await?;
        let no_match = || ApiException::no_match(S::Model::META.name);
        let row = rows.into_iter().next().ok_or_else(no_match)?;
        self.represent(&row, S::description()).await.map(Item::new)
    }

    pub(crate) async fn represent(
        &self,
        row: &Loaded,
        description: &'static Description,
    ) -> Result<Response> {
        let related = description.fetch(&[row], self).await?;
        let mut out = JsonWriter::new();
        description.write(row, &related, self.writing(false), &mut out);
        Ok(Response::json(out.into_bytes()))
    }

    /// The rows of a query, as structs.
    ///
    /// # Errors
    /// When the database cannot be asked; 500 for rows that are to be locked outside a transaction.
    pub async fn all<M: Model>(&self, queryset: QuerySet<M>) -> Result<Vec<M>> {
        let select = Select::from(queryset);
        if select.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.rows(select.statement(self)?, |row| M::from_row(row, 0)).await?)
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
}
