//! Predicates that a query string can choose: Django's lookups over paths.

use std::sync::Arc;

use crate::db::{Computed, Hop, Leaf, ModelMeta, Node, Path, Scope, Select};
use crate::values::{FieldType, Value};

/// A comparison, under Django's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Lookup {
    /// Equal.
    Exact,
    /// Equal, ignoring case.
    IExact,
    /// Contains text (ignoring case on `SQLite`, as in Django); JSON or an array, the other whole.
    Contains,
    /// Contains text, ignoring case.
    IContains,
    /// Starts with text.
    StartsWith,
    /// Starts with text, ignoring case.
    IStartsWith,
    /// Ends with text.
    EndsWith,
    /// Ends with text, ignoring case.
    IEndsWith,
    /// Is one of several.
    In,
    /// Lies between two, both included.
    Range,
    /// Greater.
    Gt,
    /// Greater or equal.
    Gte,
    /// Less.
    Lt,
    /// Less or equal.
    Lte,
    /// Is null, or is not.
    IsNull,
    /// Matches a regular expression.
    Regex,
    /// Matches a regular expression, ignoring case.
    IRegex,
    /// JSON that is an object with this key.
    HasKey,
    /// JSON that is an object with all of these keys.
    HasKeys,
    /// JSON that is an object with any of these keys.
    HasAnyKeys,
    /// JSON, or the items of an array, that are all in the other.
    ContainedBy,
    /// An array that shares an item with the other.
    Overlap,
    /// A part of a date or time, then compared by the inner lookup's name.
    Part(DatePart, Compare),
}

/// A part of a date or a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DatePart {
    /// The day of a moment.
    Date,
    /// The time of day of a moment.
    Time,
    /// The year.
    Year,
    /// The ISO 8601 week-numbering year.
    IsoYear,
    /// 1 to 12.
    Month,
    /// 1 to 31.
    Day,
    /// The ISO 8601 week, 1 to 53.
    Week,
    /// 1 (Sunday) to 7 (Saturday).
    WeekDay,
    /// 1 (Monday) to 7 (Sunday).
    IsoWeekDay,
    /// 1 to 4.
    Quarter,
    /// 0 to 23.
    Hour,
    /// 0 to 59.
    Minute,
    /// 0 to 59.
    Second,
}

/// How a part is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compare {
    /// Equal.
    Exact,
    /// Greater.
    Gt,
    /// Greater or equal.
    Gte,
    /// Less.
    Lt,
    /// Less or equal.
    Lte,
}

/// The lookups that are not parts of dates, by Django's names.
const LOOKUPS: [(&str, Lookup); 22] = [
    ("exact", Lookup::Exact),
    ("iexact", Lookup::IExact),
    ("contains", Lookup::Contains),
    ("icontains", Lookup::IContains),
    ("startswith", Lookup::StartsWith),
    ("istartswith", Lookup::IStartsWith),
    ("endswith", Lookup::EndsWith),
    ("iendswith", Lookup::IEndsWith),
    ("in", Lookup::In),
    ("range", Lookup::Range),
    ("gt", Lookup::Gt),
    ("gte", Lookup::Gte),
    ("lt", Lookup::Lt),
    ("lte", Lookup::Lte),
    ("isnull", Lookup::IsNull),
    ("regex", Lookup::Regex),
    ("iregex", Lookup::IRegex),
    ("has_key", Lookup::HasKey),
    ("has_keys", Lookup::HasKeys),
    ("has_any_keys", Lookup::HasAnyKeys),
    ("contained_by", Lookup::ContainedBy),
    ("overlap", Lookup::Overlap),
];

/// The parts of dates and times, by Django's names.
const PARTS: [(&str, DatePart); 13] = [
    ("date", DatePart::Date),
    ("time", DatePart::Time),
    ("year", DatePart::Year),
    ("iso_year", DatePart::IsoYear),
    ("month", DatePart::Month),
    ("day", DatePart::Day),
    ("week", DatePart::Week),
    ("week_day", DatePart::WeekDay),
    ("iso_week_day", DatePart::IsoWeekDay),
    ("quarter", DatePart::Quarter),
    ("hour", DatePart::Hour),
    ("minute", DatePart::Minute),
    ("second", DatePart::Second),
];

fn named<T: Copy>(table: &[(&str, T)], name: &str) -> Option<T> {
    table.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

fn name_of<T: Copy + PartialEq>(table: &[(&'static str, T)], value: T) -> Option<&'static str> {
    table.iter().find(|(_, known)| *known == value).map(|(name, _)| *name)
}

impl Lookup {
    /// The lookup with this name in Django: `icontains`, `year`, `year__gte`, `date__lt`.
    pub fn from_name(name: &str) -> Option<Self> {
        named(&LOOKUPS, name).or_else(|| {
            let (part, compare) = name.split_once("__").unwrap_or((name, "exact"));
            Some(Self::Part(DatePart::from_name(part)?, Compare::from_name(compare)?))
        })
    }

    /// Django's name of it; `None` for one of a part of a date.
    pub(crate) fn name(self) -> Option<&'static str> {
        name_of(&LOOKUPS, self)
    }
}

impl DatePart {
    /// The part with this name in Django.
    pub fn from_name(name: &str) -> Option<Self> {
        named(&PARTS, name)
    }

    /// Django's name of it.
    pub(crate) fn name(self) -> &'static str {
        name_of(&PARTS, self).unwrap_or("date")
    }
}

impl Compare {
    /// The comparison with this name in Django.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "exact" => Self::Exact,
            "gt" => Self::Gt,
            "gte" => Self::Gte,
            "lt" => Self::Lt,
            "lte" => Self::Lte,
            _ => return None,
        })
    }
}

/// What a lookup compares with.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Operand {
    /// One value.
    One(Value),
    /// Any of several (`in`).
    Many(Vec<Value>),
    /// Two bounds (`range`).
    Range(Value, Value),
    /// Another value of the row (`F`).
    Expression(Box<Computed>),
}

/// One value; of a list, each of its items.
impl<T: FieldType> From<T> for Operand {
    fn from(value: T) -> Self {
        match value.into_value() {
            Value::List(items) => Self::Many(items),
            value => Self::One(value),
        }
    }
}

impl From<&str> for Operand {
    fn from(value: &str) -> Self {
        Self::One(Value::Text(value.to_owned()))
    }
}

impl From<Vec<&str>> for Operand {
    fn from(values: Vec<&str>) -> Self {
        Self::Many(values.into_iter().map(|value| Value::Text(value.to_owned())).collect())
    }
}

/// A condition on rows, without the type of their model: a tree of lookups and of typed diesel
/// expressions. Statements are written from it; [`Condition`](crate::db::Condition) is its typed
/// form.
#[derive(Clone)]
#[non_exhaustive]
pub enum Predicate {
    /// One comparison.
    Lookup {
        /// What is compared.
        path: Path,
        /// How.
        lookup: Lookup,
        /// With what.
        operand: Operand,
    },
    /// All of them; true when empty.
    All(Vec<Predicate>),
    /// Any of them; false when empty.
    Any(Vec<Predicate>),
    /// Some row at the end of the hops matches the condition inside: its lookups that start with
    /// the same hops are all about that row, others about the row outside.
    Exists {
        /// The path to the rows.
        hops: Vec<Hop>,
        /// The condition that one of them must match.
        inner: Box<Predicate>,
    },
    /// The opposite; inside, a comparison with NULL counts as false, but for computed values, where
    /// it stays NULL.
    Not(Box<Predicate>),
    /// A truth value that is computed of the row.
    Holds(Arc<Computed>),
    /// A boolean diesel expression over the model's own table.
    Typed(Arc<dyn Node>),
    /// The row is in the result of a query, which selects keys of the same model.
    Within(Arc<Select>),
    /// A scope of the model, which may depend on the request: it becomes conditions when the statement
    /// is sent.
    Scope(Scope),
}

impl std::fmt::Debug for Predicate {
    /// Without the values, which may be secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.spell(&|_| "..".to_owned()))
    }
}

impl Predicate {
    /// The condition as text, with its operands in some form.
    fn spell(&self, operand_of: &dyn Fn(&Operand) -> String) -> String {
        let all = |items: &[Self]| {
            items.iter().map(|item| item.spell(operand_of)).collect::<Vec<_>>().join(", ")
        };
        match self {
            Self::Lookup { path, lookup, operand } => {
                format!("{}__{lookup:?}({})", path.name(), operand_of(operand))
            }
            Self::All(items) => format!("All([{}])", all(items)),
            Self::Any(items) => format!("Any([{}])", all(items)),
            Self::Exists { inner, .. } => format!("Exists({})", inner.spell(operand_of)),
            Self::Not(inner) => format!("Not({})", inner.spell(operand_of)),
            Self::Holds(_) => "Holds(..)".to_owned(),
            Self::Typed(_) => "Typed(..)".to_owned(),
            Self::Within(_) => "Within(..)".to_owned(),
            Self::Scope(_) => "Scope(..)".to_owned(),
        }
    }

    /// The condition with its values, for tests.
    #[cfg(test)]
    pub(crate) fn spelled(&self) -> String {
        self.spell(&|operand| format!("{operand:?}"))
    }

    /// Whether a lookup in it goes along a to-many relation.
    pub(crate) fn is_many(&self) -> bool {
        match self {
            Self::Lookup { path, .. } => path.is_many(),
            Self::All(items) | Self::Any(items) => items.iter().any(Self::is_many),
            Self::Not(inner) => inner.is_many(),
            Self::Holds(computed) => computed.expr.is_many(),
            Self::Exists { .. } | Self::Typed(_) | Self::Within(_) | Self::Scope(_) => false,
        }
    }

    /// Whether it compares a computed value of the row: an annotation or an expression.
    pub(crate) fn is_computed(&self) -> bool {
        match self {
            Self::Lookup { path, .. } => {
                path.hops.is_empty() && !matches!(path.leaf, Leaf::Column(_))
            }
            Self::All(items) | Self::Any(items) => items.iter().any(Self::is_computed),
            Self::Not(inner) => inner.is_computed(),
            Self::Holds(_) => true,
            Self::Exists { .. } | Self::Typed(_) | Self::Within(_) | Self::Scope(_) => false,
        }
    }

    /// Whether it looks at a window of rows, which are there once the other conditions have chosen
    /// them.
    pub(crate) fn is_windowed(&self) -> bool {
        self.windowed_model().is_some()
    }

    /// The model whose window of rows it looks at.
    pub(crate) fn windowed_model(&self) -> Option<&'static ModelMeta> {
        match self {
            Self::Lookup { path, operand, .. } => {
                let is_windowed = path.windowed_model().is_some()
                    || matches!(operand, Operand::Expression(of) if of.expr.is_windowed());
                is_windowed.then(|| (path.model)())
            }
            Self::All(items) | Self::Any(items) => items.iter().find_map(Self::windowed_model),
            Self::Not(inner) | Self::Exists { inner, .. } => inner.windowed_model(),
            Self::Holds(computed) => computed.expr.windowed_model(),
            Self::Typed(_) | Self::Within(_) | Self::Scope(_) => None,
        }
    }

    /// Whether a diesel expression is in it, or may be, which names its table itself.
    pub(crate) fn is_typed(&self) -> bool {
        match self {
            Self::Typed(_) | Self::Scope(_) => true,
            Self::All(items) | Self::Any(items) => items.iter().any(Self::is_typed),
            Self::Not(inner) | Self::Exists { inner, .. } => inner.is_typed(),
            Self::Lookup { .. } | Self::Holds(_) | Self::Within(_) => false,
        }
    }

    /// One comparison with one value.
    pub fn new(path: Path, lookup: Lookup, value: Value) -> Self {
        Self::Lookup { path, lookup, operand: Operand::One(value) }
    }

    /// Equal to a value.
    pub fn exact(path: Path, value: Value) -> Self {
        Self::new(path, Lookup::Exact, value)
    }

    /// Both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::All(vec![self, other])
    }

    /// Either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::Any(vec![self, other])
    }

    /// No row at all.
    pub fn never() -> Self {
        Self::Any(Vec::new())
    }
}

impl std::ops::Not for Predicate {
    type Output = Self;

    fn not(self) -> Self {
        Self::Not(Box::new(self))
    }
}
