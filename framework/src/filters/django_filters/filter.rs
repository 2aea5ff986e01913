//! One filter: a parameter, what it reads and what it compares.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::hooks::Within;
use super::kinds::{FilterInput, FilterKind, FromFilterValue};
use crate::db::{
    ColumnKind, ColumnMeta, Compare, DatePart, Hop, Lookup, Model, ModelMeta, Path, PathOf,
    QuerySet, SingleValued, meta_of,
};
use crate::filters::{ParameterType, QueryParameter, Several};
use crate::request::{Context, hook};
use crate::serializers::RelatedQuerySet;
use crate::values::Value;

/// How a filter compares: a lookup, of the whole value or of a part of a date
/// (`year__gte`, `date__range`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LookupExpr {
    /// The part that is compared; the whole value when there is none.
    pub part: Option<DatePart>,
    /// The comparison, never [`Lookup::Part`].
    pub lookup: Lookup,
}

impl From<Lookup> for LookupExpr {
    fn from(lookup: Lookup) -> Self {
        let Lookup::Part(part, compare) = lookup else { return Self { part: None, lookup } };
        let lookup = match compare {
            Compare::Exact => Lookup::Exact,
            Compare::Gt => Lookup::Gt,
            Compare::Gte => Lookup::Gte,
            Compare::Lt => Lookup::Lt,
            Compare::Lte => Lookup::Lte,
        };
        Self { part: Some(part), lookup }
    }
}

impl LookupExpr {
    /// A comparison of a part of a date or time.
    pub fn part(part: DatePart, lookup: Lookup) -> Self {
        Self { part: Some(part), ..Self::from(lookup) }
    }

    /// Its name in Django; empty for `exact`.
    fn name(self) -> String {
        let part = self.part.map(DatePart::name);
        let lookup = self.lookup.name().unwrap_or("exact");
        match (part, lookup) {
            (Some(part), "exact") => part.to_owned(),
            (Some(part), lookup) => format!("{part}__{lookup}"),
            (None, "exact") => String::new(),
            (None, lookup) => lookup.to_owned(),
        }
    }
}

/// A choice of an [`OrderingFilter`](super::OrderingFilter).
pub struct OrderingChoice<M> {
    choice: DescribedChoice,
    model: PhantomData<fn() -> M>,
}

impl<M> OrderingChoice<M> {
    /// A name that a client may order by, and its path.
    pub fn new<P>(param: impl Into<Cow<'static, str>>, path: P) -> Self
    where
        P: PathOf<M>,
        P::Cardinality: SingleValued,
    {
        let choice =
            DescribedChoice { param: param.into(), path: path.into_path(), label: "".into() };
        Self { choice, model: PhantomData }
    }

    /// Sets the name for people; by default, it is made from the parameter.
    #[must_use]
    pub fn label(mut self, label: impl Into<Cow<'static, str>>) -> Self {
        self.choice.label = label.into();
        self
    }
}

impl<M> fmt::Debug for OrderingChoice<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.choice.fmt(f)
    }
}

/// An [`OrderingChoice`] without its model's type.
#[derive(Debug, Clone)]
pub(super) struct DescribedChoice {
    pub(super) param: Cow<'static, str>,
    pub(super) path: Path,
    pub(super) label: Cow<'static, str>,
}

/// All of a filter but its custom method.
#[derive(Debug, Clone)]
pub(super) struct Described {
    pub(super) name: Cow<'static, str>,
    pub(super) field_name: Cow<'static, str>,
    pub(super) kind: FilterInput,
    pub(super) path: Option<Path>,
    pub(super) expr: LookupExpr,
    pub(super) choices: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    pub(super) null_label: Option<Cow<'static, str>>,
    pub(super) null_value: Cow<'static, str>,
    /// The column by which rows are named, if it is not their key.
    pub(super) to_field: Option<&'static ColumnMeta>,
    /// The rows that may be named, if not all.
    pub(super) within: Option<Within>,
    /// The text that stands for none.
    pub(super) initial: Option<Cow<'static, str>>,
    pub(super) conjoined: bool,
    pub(super) exclude: bool,
    pub(super) help_text: Cow<'static, str>,
    pub(super) label: Cow<'static, str>,
    pub(super) required: bool,
    pub(super) ordering: Vec<DescribedChoice>,
}

pub(super) type Method<M> =
    Arc<dyn Fn(QuerySet<M>, &str, Value, &Context) -> QuerySet<M> + Send + Sync>;

hook! {
    /// The method of a filter: it gets the rows, the filter's name and the cleaned value. It may
    /// take the request as a last argument, `&Context`, like `self.request` in django-filter.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not a filter method over `{M}` for values of type `{V}`",
        label = "expected `fn(QuerySet<{M}>, &str, {V}) -> QuerySet<{M}>`, with `&Context` behind \
                 the value or not"
    )]
    FilterMethod[M, V](rows: QuerySet<M>, name: &str, value: V) -> QuerySet<M>
}

/// A query parameter that narrows or sorts the rows of `M` (`django_filters.Filter`).
///
/// ```
/// use quintet::db::Lookup;
/// use quintet::filters::django_filters::{CharFilter, Filter, NumberFilter};
/// use quintet::prelude::*;
///
/// # #[model(table = "album")]
/// # pub struct Album {
/// #     pub id: i64,
/// #     pub title: String,
/// # }
/// # #[model(table = "track")]
/// # pub struct Track {
/// #     pub id: i64,
/// #     pub milliseconds: i32,
/// #     #[field(foreign_key = Album)]
/// #     pub album_id: i64,
/// # }
/// # fn main() {
/// let longer = Filter::new::<NumberFilter>("longer_than", Track::fields().milliseconds());
/// let longer = longer.lookup(Lookup::Gt);
/// let title = Filter::new::<CharFilter>("album__title", Track::fields().album().title());
/// let title = title.lookup(Lookup::IExact).help_text("The whole title, in any case.");
/// # let _ = (longer, title);
/// # }
/// ```
pub struct Filter<M> {
    pub(super) described: Described,
    pub(super) method: Option<Method<M>>,
}

impl<M> Clone for Filter<M> {
    fn clone(&self) -> Self {
        Self { described: self.described.clone(), method: self.method.clone() }
    }
}

impl<M> fmt::Debug for Filter<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filter")
            .field("described", &self.described)
            .field("method", &self.method.is_some())
            .finish()
    }
}

impl<M: Model> Filter<M> {
    /// Creates a filter of kind `K` that compares a path: `exact`, or the kind's own lookup.
    pub fn new<K: FilterKind>(name: impl Into<Cow<'static, str>>, path: impl PathOf<M>) -> Self {
        let path = path.into_path();
        let field_name = path.name().into();
        Self::of_kind::<K>(name.into(), Some(path)).field_name(field_name)
    }

    /// Creates a filter of kind `K` that is applied by your own method, which gets the rows, the
    /// filter's name and the cleaned value. It is not called without a value.
    pub fn method<K: FilterKind, Shape>(
        name: impl Into<Cow<'static, str>>,
        method: impl FilterMethod<M, K::Value, Shape>,
    ) -> Self {
        let mut filter = Self::of_kind::<K>(name.into(), None);
        filter.method = Some(Arc::new(move |queryset, name, value, cx| {
            match K::Value::from_filter_value(value) {
                Some(value) => method.call(queryset, name, value, cx),
                // a kind cleans to its own type
                None => queryset,
            }
        }));
        filter
    }

    /// An [`OrderingFilter`](super::OrderingFilter) with these choices.
    pub fn ordering(
        name: impl Into<Cow<'static, str>>,
        choices: impl IntoIterator<Item = OrderingChoice<M>>,
    ) -> Self {
        let mut filter = Self::of(name.into(), FilterInput::Ordering, None);
        filter.described.ordering = choices.into_iter().map(|given| given.choice).collect();
        filter
    }

    fn of_kind<K: FilterKind>(name: Cow<'static, str>, path: Option<Path>) -> Self {
        let filter = Self::of(name, K::kind(), path);
        match K::choices() {
            [] => filter,
            choices => filter.choices(choices.iter().copied()),
        }
    }

    pub(super) fn of(name: Cow<'static, str>, kind: FilterInput, path: Option<Path>) -> Self {
        let lookup = match kind {
            FilterInput::BaseIn(_) => Lookup::In,
            FilterInput::BaseRange(_) => Lookup::Range,
            _ => Lookup::Exact,
        };
        let csv = matches!(kind, FilterInput::BaseIn(_) | FilterInput::BaseRange(_));
        let help_text = if csv { "Multiple values may be separated by commas." } else { "" };
        let choices = match kind {
            FilterInput::DateRange => [
                ("today", "Today"),
                ("yesterday", "Yesterday"),
                ("week", "Past 7 days"),
                ("month", "This month"),
                ("year", "This year"),
            ]
            .into_iter()
            .map(|(value, label)| (value.into(), label.into()))
            .collect(),
            _ => Vec::new(),
        };
        Self {
            described: Described {
                field_name: name.clone(),
                name,
                kind,
                path,
                expr: lookup.into(),
                choices,
                null_label: None,
                null_value: "null".into(),
                to_field: None,
                within: None,
                initial: None,
                conjoined: false,
                exclude: false,
                help_text: help_text.into(),
                label: "".into(),
                required: false,
                ordering: Vec::new(),
            },
            method: None,
        }
    }

    fn field_name(mut self, name: Cow<'static, str>) -> Self {
        self.described.field_name = name;
        self
    }

    /// The filter that `Meta.fields` makes for a field and a lookup: its kind follows the
    /// column, its name is `field` or `field__lookup`.
    pub fn for_field(field: &str, path: impl PathOf<M>, expr: impl Into<LookupExpr>) -> Self {
        let (path, expr) = (path.into_path(), expr.into());
        let name = match expr.name() {
            lookup if lookup.is_empty() => field.to_owned(),
            lookup => format!("{field}__{lookup}"),
        };
        let choices = path.column().map_or(&[][..], |column| column.choices);
        let mut kind = default_kind(field, &path, expr);
        let is_choice = expr.part.is_none() && expr.lookup == Lookup::Exact && !choices.is_empty();
        if is_choice {
            kind = FilterInput::Choice;
        }
        let mut filter =
            Self::of(name.into(), kind, Some(path)).field_name(field.to_owned().into());
        if is_choice {
            filter = filter.choices(choices.iter().copied());
        }
        filter.lookup(expr)
    }

    /// Sets another comparison.
    #[must_use]
    pub fn lookup(mut self, expr: impl Into<LookupExpr>) -> Self {
        self.described.expr = expr.into();
        self
    }

    /// Sets the allowed values, with their labels.
    #[must_use]
    pub fn choices<V, L>(mut self, choices: impl IntoIterator<Item = (V, L)>) -> Self
    where
        V: Into<Cow<'static, str>>,
        L: Into<Cow<'static, str>>,
    {
        self.described.choices =
            choices.into_iter().map(|(value, label)| (value.into(), label.into())).collect();
        self
    }

    /// Makes a word stand for rows without a value: `null`, or the [`null_value`](Self::null_value).
    #[must_use]
    pub fn null_label(mut self, label: impl Into<Cow<'static, str>>) -> Self {
        self.described.null_label = Some(label.into());
        self
    }

    /// Sets the word that stands for rows without a value where there is a
    /// [`null_label`](Self::null_label).
    #[must_use]
    pub fn null_value(mut self, word: impl Into<Cow<'static, str>>) -> Self {
        self.described.null_value = word.into();
        self
    }

    /// Names rows by a column of theirs, not by their primary key: `?owner=alice`. It is for filters that
    /// choose rows of `T` ([`ModelChoiceFilter`](super::ModelChoiceFilter)), and compares that column.
    #[must_use]
    pub fn to_field_name<T: Model>(mut self, column: impl PathOf<T>) -> Self {
        let named = column.into_path();
        self.described.to_field = named.column();
        if let Some(path) = &mut self.described.path {
            if let Some(own) = path.column().filter(|own| own.references.is_some()) {
                path.hops.push(Hop::Forward { column: own, to: meta_of::<T> });
            }
            path.hops.extend(named.hops);
            path.leaf = named.leaf;
        }
        self
    }

    /// Sets the rows that may be named (`queryset=`), which may depend on the request; other rows do not
    /// exist for the filter. It is for filters that choose rows of `T`.
    #[must_use]
    pub fn queryset<T: Model, Shape>(mut self, rows: impl RelatedQuerySet<T, Shape>) -> Self {
        self.described.within = Some(Within(Arc::new(move |cx| rows.call(cx).into())));
        self
    }

    /// Sets the text that counts where a request has none.
    #[must_use]
    pub fn initial(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.described.initial = Some(text.into());
        self
    }

    /// Makes it a filter of another kind (`filter_class`), with the same name, path and words.
    #[must_use]
    pub fn kind<K: FilterKind>(mut self) -> Self {
        self.described.kind = K::kind();
        self
    }

    /// Requires all of the values to match, not any.
    #[must_use]
    pub fn conjoined(mut self) -> Self {
        self.described.conjoined = true;
        self
    }

    /// Keeps the rows that do not match.
    #[must_use]
    pub fn exclude(mut self) -> Self {
        self.described.exclude = true;
        self
    }

    /// Sets the description in the OpenAPI document.
    #[must_use]
    pub fn help_text(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.described.help_text = text.into();
        self
    }

    /// Sets its name for people (`label`), which is the description in the OpenAPI document if there is
    /// no help text.
    #[must_use]
    pub fn label(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.described.label = text.into();
        self
    }

    /// Refuses requests without a value: 400 `This field is required.`
    #[must_use]
    pub fn required(mut self) -> Self {
        self.described.required = true;
        self
    }

    /// Its name, which for most kinds is the query parameter.
    pub fn name(&self) -> &str {
        &self.described.name
    }
}

/// django-filter's filter class for a column and a lookup (`FILTER_FOR_DBFIELD_DEFAULTS`).
fn default_kind(field: &str, path: &Path, expr: LookupExpr) -> FilterInput {
    let base = match expr.part {
        Some(DatePart::Date) => FilterInput::Date,
        Some(DatePart::Time) => FilterInput::Time,
        Some(_) => FilterInput::Number,
        None => column_kind(field, path),
    };
    match expr.lookup {
        Lookup::IsNull => FilterInput::Boolean,
        Lookup::In => FilterInput::BaseIn(Box::new(base)),
        Lookup::Range => FilterInput::BaseRange(Box::new(base)),
        _ => base,
    }
}

fn column_kind(field: &str, path: &Path) -> FilterInput {
    if let Some(references) = path.column().and_then(|column| column.references) {
        return FilterInput::ModelChoice(references);
    }
    // a many-relation ends at the other table's key without naming it
    let ends_at_relation = path.hops.last().is_some_and(|hop| hop.name() == last_name(field));
    if let Some(crate::db::Hop::Reverse { from, one: true, .. }) = path.hops.last()
        && ends_at_relation
    {
        return FilterInput::ModelChoice(*from);
    }
    if let Some(hop) = path.hops.last().filter(|hop| ends_at_relation && hop.is_many()) {
        match hop {
            crate::db::Hop::ManyToMany { to, .. } => return FilterInput::ModelMultipleChoice(*to),
            crate::db::Hop::Reverse { from, .. } => return FilterInput::ModelMultipleChoice(*from),
            crate::db::Hop::Forward { .. } => {}
        }
    }
    match path.kind() {
        ColumnKind::Text
        | ColumnKind::Ip
        | ColumnKind::Json
        | ColumnKind::Binary
        | ColumnKind::Array(_) => FilterInput::Char,
        ColumnKind::Duration => FilterInput::Duration,
        ColumnKind::Bool => FilterInput::Boolean,
        ColumnKind::DateTime => FilterInput::IsoDateTime,
        ColumnKind::Date => FilterInput::Date,
        ColumnKind::Time => FilterInput::Time,
        ColumnKind::Uuid => FilterInput::Uuid,
        _ => FilterInput::Number,
    }
}

fn last_name(field: &str) -> &str {
    field.rsplit_once("__").map_or(field, |(_, last)| last)
}

impl Described {
    /// True when several values are one condition, that one of them is equal.
    pub(super) fn is_one_condition(&self) -> bool {
        !self.conjoined && self.expr == Lookup::Exact.into()
    }

    /// Whether a text stands for rows without a value.
    pub(super) fn is_null_word(&self, text: &str) -> bool {
        self.null_label.is_some() && text == self.null_value
    }

    /// The column by which rows are named.
    pub(super) fn named_by(&self, model: &ModelMeta) -> &'static ColumnMeta {
        self.to_field.unwrap_or_else(|| model.pk_column())
    }

    /// The parameters as the API's document describes them.
    pub(super) fn query_parameters(&self) -> Vec<QueryParameter> {
        let mut choices: Vec<String> =
            self.choices.iter().map(|(value, _)| value.to_string()).collect();
        let mut labels: Vec<(String, String)> = self
            .choices
            .iter()
            .map(|(value, label)| (value.to_string(), label.to_string()))
            .collect();
        if self.null_label.is_some() && !choices.is_empty() {
            choices.push(self.null_value.to_string());
        }
        for choice in &self.ordering {
            let label = if choice.label.is_empty() {
                pretty_name(&choice.param)
            } else {
                choice.label.to_string()
            };
            choices.extend([choice.param.to_string(), format!("-{}", choice.param)]);
            labels.push((choice.param.to_string(), label.clone()));
            labels.push((format!("-{}", choice.param), format!("{label} (descending)")));
        }
        choices.sort_unstable();
        choices.dedup();
        let lines: Vec<String> =
            labels.iter().map(|(value, label)| format!("* `{value}` - {label}")).collect();
        let head = match self.kind {
            _ if !self.help_text.is_empty() => &*self.help_text,
            FilterInput::Ordering if self.label.is_empty() => "Ordering",
            _ => &*self.label,
        };
        let description = match (head.is_empty(), lines.is_empty()) {
            (_, true) => head.to_owned(),
            (true, false) => lines.join("\n"),
            (false, false) => format!("{head}\n\n{}", lines.join("\n")),
        };
        let one = |name: String| QueryParameter {
            name: name.into(),
            description: description.clone().into(),
            kind: self.parameter_type(&self.kind),
            several: match self.kind {
                FilterInput::BaseIn(_) | FilterInput::BaseRange(_) | FilterInput::Ordering => {
                    Several::Commas
                }
                FilterInput::MultipleChoice | FilterInput::ModelMultipleChoice(_) => {
                    Several::Repeated
                }
                _ => Several::No,
            },
            choices: choices.clone(),
            named_by: None,
        };
        match self.kind.suffixes() {
            Some(suffixes) => {
                suffixes.iter().map(|suffix| one(format!("{}_{suffix}", self.name))).collect()
            }
            None => vec![one(self.name.to_string())],
        }
    }

    fn parameter_type(&self, kind: &FilterInput) -> ParameterType {
        let column = self.path.as_ref().filter(|_| self.expr.part.is_none()).map(Path::kind);
        match kind {
            FilterInput::Custom(custom) => (custom.parameter_type)(),
            FilterInput::Boolean => ParameterType::Boolean,
            FilterInput::Date | FilterInput::DateFromToRange => ParameterType::Date,
            FilterInput::Time | FilterInput::TimeRange => ParameterType::Time,
            FilterInput::DateTime
            | FilterInput::IsoDateTime
            | FilterInput::DateTimeFromToRange
            | FilterInput::IsoDateTimeFromToRange => ParameterType::DateTime,
            FilterInput::Duration => ParameterType::Duration,
            FilterInput::Uuid => ParameterType::Uuid,
            FilterInput::Char | FilterInput::DateRange | FilterInput::Ordering => {
                ParameterType::String
            }
            FilterInput::BaseIn(inner) | FilterInput::BaseRange(inner) => {
                self.parameter_type(inner)
            }
            FilterInput::ModelChoice(model) | FilterInput::ModelMultipleChoice(model) => {
                schema_type(self.named_by(model()).kind)
            }
            FilterInput::Choice | FilterInput::MultipleChoice => {
                column.map_or(ParameterType::String, schema_type)
            }
            FilterInput::Number | FilterInput::Range => {
                let column = column.unwrap_or(ColumnKind::Float);
                match schema_type(column) {
                    ParameterType::Integer if !self.is_key() => ParameterType::Integer,
                    _ => ParameterType::Number,
                }
            }
        }
    }

    fn is_key(&self) -> bool {
        self.path.as_ref().and_then(Path::column).is_some_and(|column| column.references.is_some())
    }
}

fn schema_type(column: ColumnKind) -> ParameterType {
    match column {
        ColumnKind::SmallInt | ColumnKind::Integer | ColumnKind::BigInt => ParameterType::Integer,
        ColumnKind::Float | ColumnKind::Decimal { .. } | ColumnKind::Numeric => {
            ParameterType::Number
        }
        ColumnKind::Bool => ParameterType::Boolean,
        ColumnKind::Text
        | ColumnKind::Ip
        | ColumnKind::Json
        | ColumnKind::Binary
        | ColumnKind::Array(_) => ParameterType::String,
        ColumnKind::Duration => ParameterType::Duration,
        ColumnKind::DateTime => ParameterType::DateTime,
        ColumnKind::Date => ParameterType::Date,
        ColumnKind::Time => ParameterType::Time,
        ColumnKind::Uuid => ParameterType::Uuid,
    }
}

/// `created_at` as `Created at`.
fn pretty_name(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::super::kinds::{
        BaseInFilter, ChoiceFilter, DateFromToRangeFilter, NumberFilter, RangeFilter,
    };
    use super::*;
    use crate::filters::testing::{Note, column};

    fn parameters(filter: &Filter<Note>) -> Vec<(String, ParameterType, Several)> {
        let described = filter.described.query_parameters();
        described.into_iter().map(|p| (p.name.into_owned(), p.kind, p.several)).collect()
    }

    #[test]
    fn a_kind_follows_the_column_and_the_lookup() {
        let kind = |field: &str, expr: LookupExpr| {
            let filter = Filter::<Note>::for_field(field, column(field), expr);
            let text = format!("{:?}", filter.described.kind);
            let text = text.split("(0x").next().unwrap_or_default().to_owned();
            (filter.described.name.to_string(), text)
        };
        let pair = |name: &str, kind: &str| (name.to_owned(), kind.to_owned());
        assert_eq!(kind("name", Lookup::Exact.into()), pair("name", "Char"));
        assert_eq!(kind("name", Lookup::IContains.into()), pair("name__icontains", "Char"));
        assert_eq!(kind("size", Lookup::Gte.into()), pair("size__gte", "Number"));
        assert_eq!(kind("size", Lookup::Range.into()), pair("size__range", "BaseRange(Number)"));
        assert_eq!(kind("owner", Lookup::IsNull.into()), pair("owner__isnull", "Boolean"));
        assert_eq!(kind("owner", Lookup::Exact.into()), pair("owner", "ModelChoice"));
        assert_eq!(kind("owner", Lookup::In.into()), pair("owner__in", "BaseIn(ModelChoice"));
        assert_eq!(kind("tags", Lookup::Exact.into()), pair("tags", "ModelMultipleChoice"));
        assert_eq!(kind("grade", Lookup::Exact.into()), pair("grade", "Choice"));
        assert_eq!(kind("grade", Lookup::IExact.into()), pair("grade__iexact", "Char"));
        assert_eq!(kind("created", Lookup::Lt.into()), pair("created__lt", "IsoDateTime"));
        let year = LookupExpr::part(DatePart::Year, Lookup::Gte);
        assert_eq!(kind("created", year), pair("created__year__gte", "Number"));
        let date = LookupExpr::from(Lookup::Part(DatePart::Date, Compare::Exact));
        assert_eq!(kind("created", date), pair("created__date", "Date"));
    }

    #[test]
    fn parameters_are_described_as_drf_spectacular_does() {
        let ids = Filter::<Note>::new::<BaseInFilter<NumberFilter>>("id__in", column("id"));
        assert_eq!(
            parameters(&ids),
            [("id__in".to_owned(), ParameterType::Integer, Several::Commas)]
        );
        assert_eq!(
            ids.described.query_parameters()[0].description,
            "Multiple values may be separated by commas."
        );
        let owner = Filter::<Note>::new::<NumberFilter>("o", column("owner"));
        assert_eq!(parameters(&owner), [("o".to_owned(), ParameterType::Number, Several::No)]);
        let size = Filter::<Note>::new::<RangeFilter>("s", column("size"));
        assert_eq!(parameters(&size)[1], ("s_max".into(), ParameterType::Integer, Several::No));
        let day = Filter::<Note>::new::<DateFromToRangeFilter>("d", column("created"));
        assert_eq!(parameters(&day)[0], ("d_after".into(), ParameterType::Date, Several::No));
    }

    fn filter_tier(rows: QuerySet<Note>, _: &str, _: String) -> QuerySet<Note> {
        rows
    }

    #[test]
    fn choices_are_listed_in_the_description() {
        let tier = Filter::<Note>::method::<ChoiceFilter, _>("tier", filter_tier)
            .choices([("budget", "Below 1.00"), ("a", "Other")]);
        let parameter = &tier.described.query_parameters()[0];
        assert_eq!(parameter.description, "* `budget` - Below 1.00\n* `a` - Other");
        assert_eq!(parameter.choices, ["a", "budget"]);
        let sort =
            Filter::<Note>::ordering("sort", [OrderingChoice::new("created", column("created"))]);
        let parameter = &sort.described.query_parameters()[0];
        assert_eq!(
            parameter.description,
            "Ordering\n\n* `created` - Created\n* `-created` - Created (descending)"
        );
        assert_eq!(parameter.choices, ["-created", "created"]);
    }
}
