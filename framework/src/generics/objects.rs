//! Single rows.

use crate::db::{Model, QuerySet};
use crate::exceptions::{ApiException, Result};
use crate::renderers::JsonWriter;
use crate::request::Context;
use crate::response::Response;
use crate::serializers::{Description, Loaded, ModelFor, ModelSerializer, fetch, load};
use crate::views::Item;

impl Context {
    /// The first row of a query; 404 when there is none (`get_object_or_404`).
    ///
    /// # Errors
    /// 404 with the model's name.
    pub async fn respond_one<S, M>(&self, queryset: QuerySet<M>) -> Result<Item<S>>
    where
        S: ModelSerializer,
        S::Model: ModelFor<S, M>,
        M: Model,
    {
        let rows = load(S::description(), queryset.into(), self).await?;
        let no_match = || ApiException::no_match(M::META.name);
        let row = rows.into_iter().next().ok_or_else(no_match)?;
        self.represent(&row, S::description()).await.map(Item::new)
    }

    pub(crate) async fn represent(
        &self,
        row: &Loaded,
        description: &'static Description,
    ) -> Result<Response> {
        let related = fetch(description, &[row], self).await?;
        let mut out = JsonWriter::new();
        self.writing(false).root(description, row, &related, &mut out);
        Ok(self.one(out.into_bytes()))
    }
}
