//! A set of filters, and its result for a request.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::clean::{self, Cleaned, Keys};
use super::conditions::{compare, named_days};
use super::custom::FilteredField;
use super::filter::{Described, Filter, LookupExpr, Method};
use super::hooks::{ByRequest, ByRows, FilterOverrides, FilterQuerySet, GetFilters, Within};
use super::kinds::{FilterInput, FromFilterValue};
use crate::db::{
    ColumnKind, ColumnMeta, DateTime, Declared, FieldPath, Hop, Leaf, Lookup, Model, ModelMeta,
    OrderTerm, Path, PathOf, Predicate, QuerySet, meta_of,
};
use crate::exceptions::Detail;
use crate::filters::QueryParameter;
use crate::filters::ordering::{choose, split_term};
use crate::request::{Context, QueryParams, Request};
use crate::values::Value;
use crate::values::distinct::distinct;

/// A struct that stands for a set of filters (`django_filters.FilterSet`).
///
/// `#[derive(FilterSet)]` implements it, and a view set names it in
/// [`FILTERSET_CLASS`](crate::viewsets::ViewSet::FILTERSET_CLASS). Implement it by hand to build
/// the filters in code:
///
/// ```
/// use quintet::filters::django_filters::{CharFilter, Filter, FilterSet, FilterSpec};
/// use quintet::filters::Filters;
/// use quintet::db::Lookup;
/// use quintet::prelude::*;
///
/// # #[model(table = "track")]
/// # pub struct Track {
/// #     pub id: i64,
/// #     pub name: String,
/// # }
/// pub struct TrackFilter;
///
/// impl FilterSet for TrackFilter {
///     type Model = Track;
///
///     fn spec() -> FilterSpec<Track> {
///         let name = Filter::new::<CharFilter>("name", Track::fields().name());
///         FilterSpec::new().declare(name.lookup(Lookup::IContains))
///     }
/// }
///
/// const FILTERS: Filters<Track> = Filters::of::<TrackFilter>();
/// # fn main() { let _ = FILTERS; }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a filter set",
    label = "this type has no `FilterSet` implementation",
    note = "add `#[derive(FilterSet)]` to `{Self}`, or write `impl FilterSet for {Self}` by hand"
)]
pub trait FilterSet: 'static {
    /// The model whose rows are filtered.
    type Model: Model;

    /// The filters.
    fn spec() -> FilterSpec<Self::Model>;
}

/// The filters of a view set: those of a [`FilterSet`] ([`Filters::of`]), or the value of
/// `filter_fields!`.
#[doc(alias = "DjangoFilterBackend")]
#[doc(alias = "filterset_class")]
pub type Filters<M> = Declared<M, FilterSpec<M>>;

impl<M: Model> Filters<M> {
    /// The filters of a filter set (`filterset_class`).
    pub const fn of<F: FilterSet<Model = M>>() -> Self {
        Self::new(|_| F::spec())
    }
}

/// The filters of a view, in the order in which errors are reported.
pub struct FilterSpec<M> {
    filters: Vec<Filter<M>>,
    by_request: Option<ByRequest<M>>,
    by_rows: Option<ByRows<M>>,
}

impl<M> fmt::Debug for FilterSpec<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.filters).finish()
    }
}

impl<M> Clone for FilterSpec<M> {
    fn clone(&self) -> Self {
        Self {
            filters: self.filters.clone(),
            by_request: self.by_request.clone(),
            by_rows: self.by_rows.clone(),
        }
    }
}

impl<M> Default for FilterSpec<M> {
    fn default() -> Self {
        Self { filters: Vec::new(), by_request: None, by_rows: None }
    }
}

impl<M: Model> FilterSpec<M> {
    /// No filters.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds filters for a field, one per lookup, of the kinds that suit its column (`Meta.fields`).
    #[must_use]
    pub fn field<L: Into<LookupExpr>>(
        mut self,
        name: &str,
        path: impl PathOf<M>,
        lookups: impl IntoIterator<Item = L>,
    ) -> Self {
        let path = FieldPath::<M, ()>::new(path.into_path());
        for lookup in lookups {
            self = self.declare(Filter::for_field(name, path.clone(), lookup));
        }
        self
    }

    /// Adds a filter for each field of the model (`fields = "__all__"`): its columns, but for a key that
    /// the database makes, and its links.
    #[must_use]
    pub fn all(mut self) -> Self {
        let meta = M::META;
        let makes_key = matches!(
            meta.pk_column().kind,
            ColumnKind::SmallInt | ColumnKind::Integer | ColumnKind::BigInt
        ) && meta.pk_column().references.is_none();
        for (index, column) in meta.columns.iter().enumerate() {
            if !(makes_key && index == meta.pk) {
                self = self.field(
                    column.name,
                    FieldPath::<M, ()>::new(Path::own(column)),
                    [Lookup::Exact],
                );
            }
        }
        for link in meta.links.iter().filter(|link| !link.name.is_empty()) {
            let hop = Hop::ManyToMany {
                name: link.name,
                through: link.table,
                source: link.source,
                target: link.target,
                from: meta_of::<M>,
                to: link.to,
            };
            let leaf = Leaf::Column((link.to)().pk_column());
            let path = Path { model: meta_of::<M>, hops: vec![hop], leaf };
            self = self.field(link.name, FieldPath::<M, ()>::new(path), [Lookup::Exact]);
        }
        self
    }

    /// Leaves out the filters over these fields (`Meta.exclude`).
    #[must_use]
    pub fn exclude(mut self, fields: &[&str]) -> Self {
        self.filters.retain(|filter| !fields.contains(&&*filter.described.field_name));
        self
    }

    /// Replaces the filters that stand so far by those that the hook makes of them
    /// (`Meta.filter_overrides`): by the kind of the column, as a rule.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "a function is passed as it is")]
    pub fn filter_overrides(mut self, hook: impl FilterOverrides<M>) -> Self {
        let replaced = self.filters.into_iter().map(|filter| {
            match filter.described.path.as_ref().and_then(Path::column) {
                Some(column) => hook.call(filter, column),
                None => filter,
            }
        });
        self.filters = replaced.collect();
        self
    }

    /// Changes the filters by request (`FilterSet.__init__`, `get_filters`): which there are, what may be
    /// chosen, what counts by default. The document shows those that all requests start with.
    #[must_use]
    pub fn get_filters<Shape>(mut self, hook: impl GetFilters<M, Shape>) -> Self {
        self.by_request = Some(Arc::new(move |filters, cx| hook.call(filters, cx)));
        self
    }

    /// Filters the rows by a function (`FilterSet.filter_queryset`, `qs`), which is called whether a filter
    /// is used or not.
    #[must_use]
    pub fn filter_queryset<Shape>(mut self, hook: impl FilterQuerySet<M, Shape>) -> Self {
        self.by_rows = Some(Arc::new(move |rows, filtered, cx| hook.call(rows, filtered, cx)));
        self
    }

    /// Changes a filter by its name, if it is there: `filters.change("genre", |filter| ..)`.
    pub fn change(&mut self, name: &str, change: impl FnOnce(Filter<M>) -> Filter<M>) {
        if let Some(filter) = self.filters.iter_mut().find(|filter| filter.name() == name) {
            *filter = change(filter.clone());
        }
    }

    /// Drops a filter by its name.
    pub fn remove(&mut self, name: &str) {
        self.filters.retain(|filter| filter.name() != name);
    }

    /// The filters of a request.
    pub(crate) fn for_request(&self, cx: &Context) -> Cow<'_, Self> {
        let Some(hook) = &self.by_request else { return Cow::Borrowed(self) };
        let mut own = self.clone();
        hook(&mut own, cx);
        Cow::Owned(own)
    }

    /// Adds a filter; it replaces one with the same name.
    #[must_use]
    pub fn declare(mut self, filter: Filter<M>) -> Self {
        match self.filters.iter_mut().find(|known| known.name() == filter.name()) {
            Some(known) => *known = filter,
            None => self.filters.push(filter),
        }
        self
    }

    /// Whether there are no filters.
    pub fn is_empty(&self) -> bool {
        self.filters.is_empty() && self.by_request.is_none() && self.by_rows.is_none()
    }

    /// The query parameters that it reads.
    pub fn query_parameters(&self) -> Vec<QueryParameter> {
        self.filters.iter().flat_map(|filter| filter.described.query_parameters()).collect()
    }

    /// Reads a request.
    ///
    /// # Errors
    /// The messages by filter, if no key must be looked up first; otherwise they are kept in the
    /// [`Filtered`].
    pub fn parse(&self, request: &Request) -> Result<Filtered<M>, Detail> {
        let mut filtered = Filtered { hook: self.by_rows.clone(), ..Filtered::default() };
        let query = self.with_initial(request.query_params());
        let query = &*query;
        if query.is_empty() && !self.filters.iter().any(|filter| filter.described.required) {
            return Ok(filtered);
        }
        for (at, filter) in self.filters.iter().enumerate() {
            match clean::clean(&filter.described, query) {
                Ok(cleaned) => filtered.add(at, filter, cleaned),
                Err(errors) => {
                    let name = filter.described.name.clone();
                    filtered.errors.push((at, name, Detail::List(errors)));
                }
            }
        }
        if filtered.checks.is_empty() && !filtered.errors.is_empty() {
            return Err(filtered.into_detail());
        }
        Ok(filtered)
    }

    /// The parameters, with what counts where there are none.
    fn with_initial<'a>(&self, query: &'a QueryParams) -> Cow<'a, QueryParams> {
        let mut query = Cow::Borrowed(query);
        for filter in &self.filters {
            let Described { name, initial: Some(text), .. } = &filter.described else { continue };
            if query.get(name).is_none_or(str::is_empty) {
                query.to_mut().push(name, text);
            }
        }
        query
    }
}

/// Keys that a filter names and that must be found in the database.
#[derive(Debug)]
pub struct KeyCheck {
    /// The filter.
    pub name: Cow<'static, str>,
    /// The model.
    pub model: &'static ModelMeta,
    /// Its key.
    pub column: &'static ColumnMeta,
    /// The keys, without repetition.
    pub keys: Vec<Value>,
    /// Whether a row that matches all conditions proves that the key exists, so that the lookup is
    /// only needed if there is no row.
    pub implied: bool,
    pub(crate) within: Option<Within>,
    missing: fn(&Value) -> Detail,
    at: usize,
}

enum Step<M> {
    Filter(Predicate),
    Order(Vec<OrderTerm>),
    Call(Method<M>, Cow<'static, str>, Value),
}

/// A [`FilterSpec`] with the values of a request.
pub struct Filtered<M> {
    steps: Vec<Step<M>>,
    checks: Vec<KeyCheck>,
    errors: Vec<(usize, Cow<'static, str>, Detail)>,
    hook: Option<ByRows<M>>,
    /// The values by filter, for the hook.
    values: Vec<(Cow<'static, str>, Value)>,
}

impl<M> Default for Filtered<M> {
    fn default() -> Self {
        let (steps, checks, errors) = (Vec::new(), Vec::new(), Vec::new());
        Self { steps, checks, errors, hook: None, values: Vec::new() }
    }
}

impl<M> fmt::Debug for Filtered<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        for step in &self.steps {
            match step {
                Step::Filter(condition) => list.entry(condition),
                Step::Order(order) => list.entry(order),
                Step::Call(_, name, _) => list.entry(name),
            };
        }
        list.finish()
    }
}

impl<M: Model> Filtered<M> {
    /// The keys to look up, in one statement for all of them.
    pub fn lookups(&self) -> &[KeyCheck] {
        &self.checks
    }

    /// Whether the rows may be read first, and the keys looked up only if there are none: nothing
    /// else is wrong, and any row proves them all.
    pub fn may_look_up_later(&self) -> bool {
        self.errors.is_empty() && self.checks.iter().all(|check| check.implied)
    }

    /// Takes which of the keys exist, by the index of their [`KeyCheck`].
    ///
    /// # Errors
    /// The messages of all filters, in their order.
    pub fn finish(mut self, exists: &dyn Fn(usize, &Value) -> bool) -> Result<Self, Detail> {
        for (place, check) in self.checks.iter().enumerate() {
            if let Some(missing) = check.keys.iter().find(|key| !exists(place, key)) {
                let message = (check.missing)(missing);
                self.errors.push((check.at, check.name.clone(), Detail::List(vec![message])));
            }
        }
        if self.errors.is_empty() {
            self.checks.clear();
            return Ok(self);
        }
        Err(self.into_detail())
    }

    /// The value of a filter (`form.cleaned_data`), for [`FilterSpec::filter_queryset`]; `None` without one.
    pub fn value<T: FromFilterValue>(&self, name: &str) -> Option<T> {
        let (_, value) = self.values.iter().find(|(own, _)| own == name)?;
        T::from_filter_value(value.clone())
    }

    /// Filters the rows. Methods of the filter set may use the request.
    pub fn apply(mut self, queryset: QuerySet<M>, cx: &Context) -> QuerySet<M> {
        if let Some(hook) = self.hook.take() {
            return hook(queryset, self, cx);
        }
        self.steps.into_iter().fold(queryset, |queryset, step| match step {
            Step::Filter(condition) => queryset.filter_by_predicate(condition),
            Step::Order(order) => queryset.order_by_terms(order),
            Step::Call(method, name, value) => method(queryset, &name, value, cx),
        })
    }

    fn into_detail(mut self) -> Detail {
        self.errors.sort_by_key(|(at, ..)| *at);
        Detail::Map(self.errors.into_iter().map(|(_, name, errors)| (name, errors)).collect())
    }

    fn add(&mut self, at: usize, filter: &Filter<M>, cleaned: Cleaned) {
        let described = &filter.described;
        if let Some(Keys { model, column, values: named }) = cleaned.keys {
            let keys = distinct(named);
            if !keys.is_empty() {
                self.checks.push(KeyCheck {
                    name: described.name.clone(),
                    model: model(),
                    column,
                    keys,
                    // a hook may leave the condition out
                    implied: self.hook.is_none()
                        && filter.method.is_none()
                        && described.within.is_none()
                        && proves_its_key(described)
                        && !model().has_scope(),
                    within: described.within.clone(),
                    missing: clean::missing(&described.kind),
                    at,
                });
            }
        }
        let Some(value) = cleaned.value else { return };
        if self.hook.is_some() {
            self.values.push((described.name.clone(), value.clone()));
        }
        let step = match &filter.method {
            Some(method) => Some(Step::Call(method.clone(), described.field_name.clone(), value)),
            None => step(described, &value),
        };
        self.steps.extend(step);
    }
}

/// True when a row can only pass with a key that exists: a foreign key, or a link, that equals it.
fn proves_its_key(filter: &Described) -> bool {
    matches!(filter.kind, FilterInput::ModelChoice(_))
        && !filter.exclude
        && filter.expr == LookupExpr::from(Lookup::Exact)
}

fn step<M>(filter: &Described, value: &Value) -> Option<Step<M>> {
    if matches!(filter.kind, FilterInput::Ordering) {
        let Value::List(names) = value else { return None };
        return Some(Step::Order(order(filter, names)));
    }
    let condition = condition(filter, filter.path.as_ref()?, value);
    Some(Step::Filter(if filter.exclude { !condition } else { condition }))
}

fn order(filter: &Described, names: &[Value]) -> Vec<OrderTerm> {
    let mut chosen = Vec::new();
    for name in names {
        let Value::Text(name) = name else { continue };
        let (name, descending) = split_term(name);
        if let Some(choice) = filter.ordering.iter().find(|choice| choice.param == name) {
            choose(&mut chosen, &choice.path, descending);
        }
    }
    chosen
}

fn condition(filter: &Described, path: &Path, value: &Value) -> Predicate {
    match (&filter.kind, value) {
        (FilterInput::Choice, Value::Text(text)) if filter.is_null_word(text) => {
            compare(path, filter.expr, &Value::Null)
        }
        (
            FilterInput::MultipleChoice | FilterInput::ModelMultipleChoice(_),
            Value::List(values),
        ) => several(filter, path, values),
        (FilterInput::Custom(custom), value) => {
            (custom.condition)(&FilteredField { filter, path }, value)
        }
        (FilterInput::DateRange, Value::Text(word)) => named_days(path, word, DateTime::now()),
        (kind, Value::List(bounds)) if kind.suffixes().is_some() => bounded(filter, path, bounds),
        _ => compare(path, filter.expr, value),
    }
}

fn several(filter: &Described, path: &Path, values: &[Value]) -> Predicate {
    let null = |value: &&Value| {
        value.is_null() || matches!(value, Value::Text(text) if filter.is_null_word(text))
    };
    if filter.is_one_condition() {
        let rest: Vec<Value> = values.iter().filter(|value| !null(value)).cloned().collect();
        let within = (!rest.is_empty())
            .then(|| compare(path, Lookup::In.into(), &Value::List(rest.clone())));
        let without =
            (rest.len() < values.len()).then(|| compare(path, Lookup::Exact.into(), &Value::Null));
        return match (within, without) {
            (Some(within), Some(without)) => within.or(without),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => Predicate::never(),
        };
    }
    let each = values
        .iter()
        .map(|value| {
            let value = if null(&value) { &Value::Null } else { value };
            compare(path, filter.expr, value)
        })
        .collect();
    if filter.conjoined { Predicate::All(each) } else { Predicate::Any(each) }
}

/// Between two bounds, or on one side of the one that was sent (`RangeFilter`).
fn bounded(filter: &Described, path: &Path, bounds: &[Value]) -> Predicate {
    let expr = |lookup| LookupExpr { part: filter.expr.part, lookup };
    match bounds {
        [low, Value::Null] => compare(path, expr(Lookup::Gte), low),
        [Value::Null, high] => compare(path, expr(Lookup::Lte), high),
        _ => compare(path, expr(Lookup::Range), &Value::List(bounds.to_vec())),
    }
}

#[cfg(test)]
mod tests;
