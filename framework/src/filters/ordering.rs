//! Ordering by the client: `?ordering=-created,name` (`rest_framework.filters.OrderingFilter`).

use std::borrow::Cow;

use super::{FilterBackend, ParameterType, QueryParameter, python};
use crate::db::{Leaf, Model, Order, Path, QuerySet};
use crate::exceptions::Result;
use crate::request::Request;

/// A name that a client may order by.
#[derive(Debug, Clone)]
pub struct OrderingField {
    /// The name.
    pub name: Cow<'static, str>,
    /// What it stands for.
    pub path: Path,
}

impl OrderingField {
    /// A name for a path.
    pub fn new(name: impl Into<Cow<'static, str>>, path: impl Into<Path>) -> Self {
        Self { name: name.into(), path: path.into() }
    }

    /// Every column of a model under its own name (`ordering_fields = "__all__"`); computed
    /// columns are named beside it: `ordering_fields![Album: __all__, track_count]`.
    pub fn all<M: Model>() -> Vec<Self> {
        M::META
            .columns
            .iter()
            .map(|column| {
                let path = Path { model: || M::META, hops: Vec::new(), leaf: Leaf::Column(column) };
                Self::new(column.name, path)
            })
            .collect()
    }
}

/// Orders rows by the names a client gives: a comma list, `-` for descending.
///
/// Names that are not in the list are dropped; when none is left the view's own order holds.
/// The list comes from `ordering_fields!`, or from the serializer's fields where a view has none.
#[derive(Debug, Clone)]
pub struct OrderingFilter {
    param: Cow<'static, str>,
    fields: Vec<OrderingField>,
    ordering: Vec<Order>,
}

impl OrderingFilter {
    /// A filter that knows these names.
    pub fn new(fields: impl IntoIterator<Item = OrderingField>) -> Self {
        Self {
            param: "ordering".into(),
            fields: fields.into_iter().collect(),
            ordering: Vec::new(),
        }
    }

    /// The view's own order (`ordering`); empty leaves the query's.
    #[must_use]
    pub fn ordering(mut self, order: impl IntoIterator<Item = Order>) -> Self {
        self.ordering = order.into_iter().collect();
        self
    }

    /// The parameter (`ORDERING_PARAM`); `ordering` by default.
    #[must_use]
    pub fn ordering_param(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.param = name.into();
        self
    }

    /// The names a client may use.
    pub fn fields(&self) -> &[OrderingField] {
        &self.fields
    }

    /// The order of a request (`get_ordering`): what the client chose, else the view's own, else
    /// `None`.
    pub fn get_ordering(&self, request: &Request) -> Option<Vec<Order>> {
        let text = request.query_params().get(&self.param).unwrap_or_default();
        let mut chosen: Vec<Order> = Vec::new();
        for term in text.split(',').map(python::strip) {
            let (name, descending) = split_term(term);
            if let Some(field) = self.fields.iter().find(|field| field.name == name) {
                choose(&mut chosen, &field.path, descending);
            }
        }
        if chosen.is_empty() {
            chosen.clone_from(&self.ordering);
        }
        (!chosen.is_empty()).then_some(chosen)
    }

    /// The parameter it reads.
    pub fn query_parameter(&self) -> QueryParameter {
        QueryParameter::new(
            self.param.clone(),
            ParameterType::String,
            "Which field to use when ordering the results.",
        )
    }
}

/// A term of a client's order: the name, and whether it is descending.
pub(super) fn split_term(term: &str) -> (&str, bool) {
    term.strip_prefix('-').map_or((term, false), |name| (name, true))
}

/// Adds a term that a client chose. A path counts once, as in Django: repeated, it orders nothing,
/// and a client can repeat it thousands of times.
pub(super) fn choose(chosen: &mut Vec<Order>, path: &Path, descending: bool) {
    if !chosen.iter().any(|order| order.path.is_same(path)) {
        chosen.push(Order { path: path.clone(), descending });
    }
}

impl<M: Model> FilterBackend<M> for OrderingFilter {
    fn filter_queryset(&self, request: &Request, queryset: QuerySet<M>) -> Result<QuerySet<M>> {
        Ok(match self.get_ordering(request) {
            Some(order) => queryset.order_by(order),
            None => queryset,
        })
    }

    fn query_parameters(&self) -> Vec<QueryParameter> {
        vec![self.query_parameter()]
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::Method;

    use super::super::testing::{Note, column, order};
    use super::*;

    fn chosen(filter: &OrderingFilter, query: &str) -> Option<String> {
        let request = Request::new(Method::GET, format!("/a/?ordering={query}"));
        filter.get_ordering(&request).map(|order| {
            let terms: Vec<String> = order
                .iter()
                .map(|t| format!("{}{}", if t.descending { "-" } else { "" }, t.path.name()))
                .collect();
            terms.join(",")
        })
    }

    fn filter() -> OrderingFilter {
        OrderingFilter::new([
            OrderingField::new("id", column("id")),
            OrderingField::new("name", column("name")),
            OrderingField::new("title", column("name")),
            OrderingField::new("owner__username", column("owner__username")),
        ])
    }

    #[test]
    fn allowed_names_order_and_others_are_dropped() {
        let filter = filter().ordering([order("-id")]);
        for (query, order) in [
            ("name", "name"),
            ("-name,%20id", "-name,id"),
            ("%20-name%20,%20id", "-name,id"),
            ("owner__username", "owner__username"),
            ("bogus,-name", "-name"),
            ("bogus", "-id"),
            ("", "-id"),
            (",", "-id"),
            ("--name", "-id"),
            ("-", "-id"),
            ("?", "-id"),
            ("Name", "-id"),
            ("name;drop", "-id"),
            ("-id&ordering=id", "id"),
            ("name,-name,id,name,-id", "name,id"),
            ("title,-name,id", "name,id"),
        ] {
            assert_eq!(chosen(&filter, query).as_deref(), Some(order), "{query}");
        }
    }

    #[test]
    fn without_an_order_of_its_own_the_query_keeps_its() {
        assert_eq!(chosen(&filter(), "bogus"), None);
        let request = Request::new(Method::GET, "/a/?ordering=bogus");
        let queryset = QuerySet::<Note>::all().then_by(column("id"));
        let queryset = FilterBackend::filter_queryset(&filter(), &request, queryset).unwrap();
        assert_eq!(queryset.order.unwrap().len(), 1);
    }

    #[test]
    fn all_means_every_column() {
        let names: Vec<_> = OrderingField::all::<Note>().into_iter().map(|f| f.name).collect();
        assert!(names.contains(&"owner".into()) && names.contains(&"created".into()));
    }
}
