//! The declarations of a view set, evaluated once: filters, search, order, pages, lookup.

use std::sync::Arc;

use super::parents::Parents;
use super::{ModelOf, ViewSet};
use crate::aside::aside;
use crate::db::{self, Model, OrderTerm, Path, Predicate, QuerySet};
use crate::exceptions::{ApiException, Result};
use crate::filters::django_filters::Filtered;
use crate::filters::{
    FilterBackend, FilterBackends as _, FilterSpec, OrderingField, OrderingFilter, SearchFilter,
    python,
};
use crate::pagination::Pagination;
use crate::request::Context;
use crate::serializers::builder::pk;
use crate::serializers::{Description, ModelSerializer};
use crate::values::Value;
use crate::values::distinct::{ByValue, set_of};

/// How a view set finds one object.
#[derive(Debug, Clone)]
pub(super) struct ObjectLookup {
    /// The column (`lookup_field`).
    pub(super) path: Path,
    /// The capture that holds its value (`lookup_url_kwarg`).
    pub(super) kwarg: &'static str,
}

/// The declarations of a view set.
pub(crate) struct GenericView<V: ViewSet> {
    pub(super) filters: FilterSpec<ModelOf<V>>,
    pub(super) search: SearchFilter<ModelOf<V>>,
    pub(super) ordering: OrderingFilter<ModelOf<V>>,
    /// Whether the view set declares no ordering fields.
    pub(super) ordering_by_default: bool,
    pub(super) backends: Vec<Arc<dyn FilterBackend<ModelOf<V>>>>,
    pub(super) pagination: Arc<dyn Pagination>,
    pub(super) lookup: ObjectLookup,
    pub(super) parents: Parents,
}

impl<V: ViewSet> GenericView<V> {
    pub(super) fn new(view_set: &V) -> Self {
        let chosen = V::ORDERING_FIELDS.get();
        let ordering_by_default = chosen.is_none();
        let fields =
            chosen.unwrap_or_else(|| default_ordering_fields(V::Serializer::description()));
        let filters = V::FILTERSET_CLASS.get().or_else(|| V::FILTERSET_FIELDS.get());
        Self {
            filters: filters.unwrap_or_default(),
            search: SearchFilter::new(V::SEARCH_FIELDS.get().unwrap_or_default()),
            ordering: OrderingFilter::new(fields).ordering(V::ORDERING.get().unwrap_or_default()),
            ordering_by_default,
            backends: view_set.filter_backends().into_list(),
            pagination: Arc::new(view_set.pagination_class()),
            lookup: object_lookup::<V>(),
            parents: Parents::new(V::PARENT_LOOKUP_KWARGS.get().unwrap_or_default()),
        }
    }

    /// The declarations of the view set that serves the request, made when the site was built.
    /// Those of another view set, which an action calls, are evaluated now.
    pub(super) fn of(view_set: &V, cx: &Context) -> Arc<Self> {
        let made = cx.generic.as_ref().and_then(|made| Arc::clone(made).downcast().ok());
        made.unwrap_or_else(|| Arc::new(Self::new(view_set)))
    }

    /// Applies the request's filters. Keys that a filter names may be looked up later, only if no
    /// row is found: then it returns `true`.
    pub(super) async fn filter(
        &self,
        mut queryset: QuerySet<ModelOf<V>>,
        may_wait: bool,
        cx: &Context,
    ) -> Result<(QuerySet<ModelOf<V>>, bool)> {
        let mut waits = false;
        if !self.filters.is_empty() {
            let mut filtered = self.filters.for_request(cx).parse(&cx.request)?;
            if !filtered.lookups().is_empty() {
                waits = may_wait && filtered.may_look_up_later();
                if !waits {
                    filtered = aside(|| look_up(filtered, cx)).await?;
                }
            }
            queryset = filtered.apply(queryset, cx);
        }
        if let Some(condition) = self.search.condition_in(cx)? {
            queryset = queryset.filter_by_predicate(condition);
        }
        if let Some(order) = self.ordering(cx) {
            queryset = queryset.order_by_terms(order);
        }
        for backend in &self.backends {
            queryset = backend.filter_queryset(cx, queryset)?;
        }
        Ok((queryset, waits))
    }

    /// Looks up the keys that the request's filters name.
    pub(super) async fn prove_keys(&self, cx: &Context) -> Result<()> {
        let filtered = self.filters.for_request(cx).parse(&cx.request)?;
        aside(|| look_up(filtered, cx)).await.map(drop)
    }

    /// The order that the request or the view set chooses.
    pub(super) fn ordering(&self, cx: &Context) -> Option<Vec<OrderTerm>> {
        let by_default = cx.site().is_some_and(|site| site.ordering_filter);
        if self.ordering_by_default && !by_default {
            return None;
        }
        let all = V::Serializer::description();
        let own = all.for_request(cx);
        if self.ordering_by_default && !std::ptr::eq(all, own) {
            // by no field that this request does not see
            let order = V::ORDERING.get().unwrap_or_default();
            let filter = OrderingFilter::new(default_ordering_fields(own)).ordering(order);
            return filter.ordering_in(cx);
        }
        self.ordering.ordering_in(cx)
    }

    /// Narrows a query to the object that the URL names, and returns its primary key if the URL
    /// holds it.
    pub(super) fn look_for(
        &self,
        queryset: QuerySet<ModelOf<V>>,
        cx: &Context,
    ) -> Result<(QuerySet<ModelOf<V>>, Option<Value>)> {
        let path = &self.lookup.path;
        let text = cx.request.kwarg(self.lookup.kwarg).unwrap_or_default();
        let value = lookup_value(text, path.kind(), ModelOf::<V>::META)?;
        let is_key = path.hops.is_empty()
            && path
                .column()
                .is_some_and(|column| column.column == ModelOf::<V>::META.pk_column().column);
        let named = queryset.filter_by_predicate(Predicate::exact(path.clone(), value.clone()));
        let named = named.unordered();
        // of several rows that another column names, one is read
        Ok(if is_key { (named, Some(value)) } else { (named.slice(0, 1), None) })
    }
}

/// How a view set finds one object.
fn object_lookup<V: ViewSet>() -> ObjectLookup {
    let path = V::LOOKUP_FIELD.get().map_or_else(|| pk::<ModelOf<V>>().path, |field| field.path);
    let kwarg = match (V::LOOKUP_URL_KWARG, path.column()) {
        (Some(kwarg), _) => kwarg,
        (None, Some(column)) if column.column != ModelOf::<V>::META.pk_column().column => {
            column.name
        }
        _ => "pk",
    };
    ObjectLookup { path, kwarg }
}

/// The names that an unset `ordering_fields` allows: the serializer's readable fields.
fn default_ordering_fields<M>(description: &Description) -> Vec<OrderingField<M>> {
    description
        .fields()
        .iter()
        .enumerate()
        .filter(|(_, field)| !field.write_only)
        .filter_map(|(index, field)| {
            Some(OrderingField::of(field.name.into(), description.source(index)?))
        })
        .collect()
}

/// Looks up which of the keys that filters name exist.
async fn look_up<M: Model>(filtered: Filtered<M>, cx: &Context) -> Result<Filtered<M>> {
    let mut found: Vec<Vec<Value>> = Vec::new();
    for check in filtered.lookups() {
        if let Some(within) = &check.within {
            let mut select = within.rows(cx);
            select.among(Path::own(check.column), check.keys.clone());
            let named = |own: &db::ColumnMeta| own.column == check.column.column;
            select.only(check.model.columns.iter().position(named).into_iter().collect());
            let rows = if select.is_empty() {
                Vec::new()
            } else {
                let statement = select.statement(cx)?;
                cx.rows(statement, |row| row.value(0, check.column.kind)).await?
            };
            found.push(rows);
            continue;
        }
        let mut sql = db::Sql::new(cx.dialect());
        sql.push("SELECT ").name(check.column.column).push(" FROM ").name(check.model.table);
        sql.push(" WHERE ").name(check.column.column).any_of(check.keys.clone(), check.column.kind);
        sql.and_in_scope(check.model);
        found.push(cx.rows(sql, |row| row.value(0, check.column.kind)).await?);
    }
    let found: Vec<_> = found.iter().map(|keys| set_of(keys)).collect();
    let exists = |place: usize, key: &Value| {
        found.get(place).is_some_and(|keys| keys.contains(&ByValue(key)))
    };
    Ok(filtered.finish(&exists)?)
}

/// A lookup value from a URL, converted for its column. A value that no such column can hold is
/// `Not found.`; a number that is merely too large matches no row.
pub(super) fn lookup_value(
    text: &str,
    kind: db::ColumnKind,
    model: &db::ModelMeta,
) -> Result<Value> {
    use crate::db::ColumnKind;
    let not_found = || ApiException::NotFound(None);
    Ok(match kind {
        ColumnKind::SmallInt | ColumnKind::Integer | ColumnKind::BigInt => {
            let number = python::int(text).ok_or_else(not_found)?;
            Value::Int(i64::try_from(number).map_err(|_| ApiException::no_match(model.name))?)
        }
        ColumnKind::Uuid => Value::Uuid(python::uuid(text).ok_or_else(not_found)?.into()),
        _ if text.contains('\0') => return Err(not_found()),
        _ => Value::Text(text.to_owned()),
    })
}
