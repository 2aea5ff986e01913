//! Ordering by the client: `?ordering=-created,name` (`rest_framework.filters.OrderingFilter`).

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use super::parameter::NamedBy;
use super::{FilterBackend, ParameterType, QueryParameter, python};
use crate::db::{Declared, Leaf, Model, Order, OrderTerm, Path, PathOf, QuerySet, SingleValued};
use crate::exceptions::Result;
use crate::request::{Context, Request};

/// The fields that `?ordering=` may name, written by `ordering_fields!`: `ordering_fields![id,
/// album__title]`.
pub type OrderingFields<M> = Declared<M, Vec<OrderingField<M>>>;

/// A name that a client may order the rows of `M` by.
pub struct OrderingField<M> {
    name: Cow<'static, str>,
    path: Path,
    model: PhantomData<fn() -> M>,
}

impl<M> OrderingField<M> {
    /// A name for a path along which a row leads to one value at most.
    pub fn new<P>(name: impl Into<Cow<'static, str>>, path: P) -> Self
    where
        P: PathOf<M>,
        P::Cardinality: SingleValued,
    {
        Self::of(name.into(), path.into_path())
    }

    /// Creates a field for a path that is known to lead to one value.
    pub(crate) fn of(name: Cow<'static, str>, path: Path) -> Self {
        Self { name, path, model: PhantomData }
    }

    /// The name that a client uses.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl<M: Model> OrderingField<M> {
    /// Every column of the model under its own name (`ordering_fields = "__all__"`); computed
    /// columns are named beside it: `ordering_fields![__all__, track_count]`.
    pub fn all() -> Vec<Self> {
        let path =
            |column| Path { model: || M::META, hops: Vec::new(), leaf: Leaf::Column(column) };
        M::META.columns.iter().map(|column| Self::of(column.name.into(), path(column))).collect()
    }
}

impl<M> Clone for OrderingField<M> {
    fn clone(&self) -> Self {
        Self::of(self.name.clone(), self.path.clone())
    }
}

impl<M> fmt::Debug for OrderingField<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OrderingField").field(&self.name).field(&self.path.name()).finish()
    }
}

/// Sorts rows by the names that a client gives: `?ordering=-year,title` (`OrderingFilter`).
///
/// Unknown names are ignored; if none is left, the view's own order applies. The names come from
/// `ordering_fields!`, or from the serializer's fields if a view declares none. View sets use it
/// for [`ORDERING_FIELDS`](crate::viewsets::ViewSet::ORDERING_FIELDS); name it yourself only in
/// [`filter_backends`](crate::viewsets::ViewSet::filter_backends), for another parameter.
pub struct OrderingFilter<M> {
    /// Its own parameter; the setting names it otherwise.
    param: Option<Cow<'static, str>>,
    fields: Vec<OrderingField<M>>,
    ordering: Vec<OrderTerm>,
}

impl<M> fmt::Debug for OrderingFilter<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OrderingFilter")
            .field("param", &self.param)
            .field("fields", &self.fields)
            .field("ordering", &self.ordering)
            .finish()
    }
}

impl<M> OrderingFilter<M> {
    /// Creates a filter with these names.
    pub fn new(fields: impl IntoIterator<Item = OrderingField<M>>) -> Self {
        Self { param: None, fields: fields.into_iter().collect(), ordering: Vec::new() }
    }

    /// The view's own order (`ordering`); empty leaves the query's.
    #[must_use]
    pub fn ordering(mut self, order: impl IntoIterator<Item = Order<M>>) -> Self {
        self.ordering = order.into_iter().map(OrderTerm::from).collect();
        self
    }

    /// The parameter; the setting `ORDERING_PARAM` by default, which is `ordering`.
    #[must_use]
    pub fn ordering_param(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.param = Some(name.into());
        self
    }

    /// The names a client may use.
    pub fn fields(&self) -> &[OrderingField<M>] {
        &self.fields
    }

    /// The order of a request (`get_ordering`): the client's choice, or else the view's own, or
    /// else `None`.
    pub fn get_ordering(&self, request: &Request) -> Option<Vec<OrderTerm>> {
        self.ordering_by("ordering", request)
    }

    /// [`OrderingFilter::get_ordering`], where the setting names the parameter.
    pub(crate) fn ordering_in(&self, cx: &Context) -> Option<Vec<OrderTerm>> {
        self.ordering_by(&cx.settings().rest_framework.ordering_param, &cx.request)
    }

    fn ordering_by(&self, param: &str, request: &Request) -> Option<Vec<OrderTerm>> {
        let text =
            request.query_params().get(self.param.as_deref().unwrap_or(param)).unwrap_or_default();
        let mut chosen: Vec<OrderTerm> = Vec::new();
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
        let name = self.param.clone().unwrap_or(Cow::Borrowed("ordering"));
        let mut parameter = QueryParameter::new(
            name,
            ParameterType::String,
            "Which field to use when ordering the results.",
        );
        if self.param.is_none() {
            parameter.named_by = Some(NamedBy(|settings| &settings.rest_framework.ordering_param));
        }
        parameter
    }
}

/// A term of a client's order: the name, and whether it is descending.
pub(super) fn split_term(term: &str) -> (&str, bool) {
    term.strip_prefix('-').map_or((term, false), |name| (name, true))
}

/// Adds a term that a client chose. A repeated path is ignored, as it has no effect, and a client
/// could repeat it thousands of times.
pub(super) fn choose(chosen: &mut Vec<OrderTerm>, path: &Path, descending: bool) {
    if !chosen.iter().any(|order| order.path.is_same(path)) {
        chosen.push(OrderTerm::new(path.clone(), descending));
    }
}

impl<M: Model> FilterBackend<M> for OrderingFilter<M> {
    fn filter_queryset(&self, cx: &Context, queryset: QuerySet<M>) -> Result<QuerySet<M>> {
        Ok(match self.ordering_in(cx) {
            Some(order) => queryset.order_by_terms(order),
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
    use crate::request::{ViewContext, testing};

    fn chosen(filter: &OrderingFilter<Note>, query: &str) -> Option<String> {
        let request = Request::new(Method::GET, format!("/a/?ordering={query}"));
        filter.get_ordering(&request).map(|order| {
            let terms: Vec<String> = order
                .iter()
                .map(|t| format!("{}{}", if t.descending { "-" } else { "" }, t.path.name()))
                .collect();
            terms.join(",")
        })
    }

    fn filter() -> OrderingFilter<Note> {
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
        let mut cx = testing::context(Method::GET, None, ViewContext::default());
        *cx.request = Request::new(Method::GET, "/a/?ordering=bogus");
        let queryset = QuerySet::<Note>::new().then_by(column("id"));
        let queryset = FilterBackend::filter_queryset(&filter(), &cx, queryset).unwrap();
        assert_eq!(queryset.order.unwrap().len(), 1);
    }

    #[test]
    fn all_means_every_column() {
        let names: Vec<_> = OrderingField::<Note>::all().into_iter().map(|f| f.name).collect();
        assert!(names.contains(&"owner".into()) && names.contains(&"created".into()));
    }
}
