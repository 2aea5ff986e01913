//! Objects: the one that an address names, and rows by themselves.

use crate::db::{self, Model, ModelMeta, Predicate, QuerySet, Select};
use crate::exceptions::{ApiException, Result};
use crate::fields::Value;
use crate::renderers::JsonWriter;
use crate::request::Context;
use crate::response::Response;
use crate::serializers::{Description, Loaded};

impl Context {
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

    pub(super) async fn represent(
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

    /// Narrows a query to the object that the address names.
    pub(crate) fn object_query<M: Model>(&self, queryset: QuerySet<M>) -> Result<QuerySet<M>> {
        let view = self
            .view_of::<M>()
            .ok_or_else(|| ApiException::internal("this view has no objects"))?;
        let text = self.request.kwarg(&view.lookup.kwarg).unwrap_or_default();
        let value = lookup_value(text, view.lookup.path.kind(), M::META)?;
        Ok(queryset.filter_by_predicate(Predicate::exact(view.lookup.path.clone(), value)))
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
