//! Expressions without their types, which is what statements are written from.

use crate::db::{ColumnKind, Compare, DatePart, Hop, ModelMeta, OrderTerm, Path, Predicate};
use crate::values::Value;

/// An expression with what is known of its result.
#[derive(Debug, Clone)]
pub struct Computed {
    pub(crate) expr: Expr,
    /// What the result is read as.
    pub(crate) kind: ColumnKind,
    /// True when the result may be null.
    pub(crate) nullable: bool,
}

/// A value that is computed of a row, or of several.
#[derive(Debug, Clone)]
pub(crate) enum Expr {
    /// The value at the end of a path (`F("album__title")`).
    Path(Path),
    /// A value that is the same for every row (`Value(1)`).
    Value(Value, ColumnKind),
    /// One value of several rows. Where it is computed of one row, that of the rows related to it.
    Aggregate(Box<AggregateCall>),
    /// Something about the related rows of one row.
    Related(Box<Related>),
    /// Something about the rows of any model that match one row.
    Matched(Box<Matched>),
    /// A function of SQL.
    Call(Call, Vec<Expr>),
    /// A function of the database by its name.
    Named(&'static str, Vec<Expr>),
    /// An operator between two expressions.
    Infix(Infix, Box<(Expr, Expr)>),
    /// The first of several that a condition chooses (`Case(When(…), default=…)`).
    Case(Vec<(Predicate, Expr)>, Option<Box<Expr>>),
    /// The value as another type (`Cast`).
    Cast(Box<Expr>, ColumnKind),
    /// A part of a moment as a number (`ExtractYear`).
    Part(DatePart, Box<Expr>, ColumnKind),
    /// The start of the year, the month, .. that a moment is in (`TruncMonth`).
    Trunc(Truncated, Box<Expr>, ColumnKind),
    /// Whether a condition holds, as a value.
    Condition(Box<Predicate>),
    /// SQL of the program's own, with an expression for each `%s` (`RawSQL`).
    Raw(&'static str, Vec<Expr>),
    /// JSON of several values: an object by their names, or a list where there are none.
    Json(Option<Vec<String>>, Vec<Expr>),
    /// One value for each row, computed over a window of rows (`Window`).
    Window(Box<Windowed>),
    /// What only `PostgreSQL` has; what that is called.
    Postgres(&'static str, Box<Expr>),
}

/// A value that is computed over a window of rows.
#[derive(Debug, Clone)]
pub(crate) struct Windowed {
    /// The model of the rows.
    pub(crate) model: fn() -> &'static ModelMeta,
    pub(crate) function: Over,
    /// What rows of one window have in common.
    pub(crate) partition: Vec<Expr>,
    pub(crate) order: Vec<OrderTerm>,
    /// Which rows around a row are looked at.
    pub(crate) frame: Option<Frame>,
}

/// What is computed over a window.
#[derive(Debug, Clone)]
pub(crate) enum Over {
    /// A function that only windows have.
    Function(&'static str, Vec<Expr>),
    Aggregate(Box<AggregateCall>),
}

/// The rows around a row: from a start to an end, counted from the row; without a number, from the
/// first row or to the last.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    /// True where values are counted, and not rows.
    pub(crate) is_range: bool,
    pub(crate) start: Option<i64>,
    pub(crate) end: Option<i64>,
}

/// How many values are made one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Count,
    Sum,
    Avg,
    Min,
    Max,
    /// The values as an array.
    Array,
    /// Texts as one, with another one between them.
    Text,
    /// A function of the database by its name.
    Named(&'static str),
}

/// One value of several rows.
#[derive(Debug, Clone)]
pub struct AggregateCall {
    /// The model of the rows, or of those that they are related to.
    pub(crate) model: fn() -> &'static ModelMeta,
    pub(crate) function: Function,
    /// What is aggregated; rows themselves where there is none.
    pub(crate) argument: Option<Expr>,
    /// What the function takes beside it.
    pub(crate) more: Vec<Expr>,
    /// In which order the values are taken.
    pub(crate) order: Vec<OrderTerm>,
    pub(crate) distinct: bool,
    pub(crate) condition: Option<Predicate>,
    /// What the result is read as.
    pub(crate) kind: ColumnKind,
    /// What the values are.
    pub(crate) of: ColumnKind,
}

/// Something about the related rows of one row.
#[derive(Debug, Clone)]
pub(crate) struct Related {
    /// The way to the rows; for `First`, to the value.
    pub(crate) path: Path,
    pub(crate) condition: Option<Predicate>,
    pub(crate) what: About,
}

/// What is asked about related rows.
#[derive(Debug, Clone)]
pub(crate) enum About {
    /// Whether there is one.
    Exists,
    /// A value of the first in an order.
    First(Vec<OrderTerm>),
}

/// Something about the rows of any model that match one row.
#[derive(Debug, Clone)]
pub(crate) struct Matched {
    /// The model of the rows.
    pub(crate) model: &'static ModelMeta,
    /// Which rows there are.
    pub(crate) conditions: Vec<Predicate>,
    /// Their values, and those of the row that they are compared with.
    pub(crate) matches: Vec<(Path, Compare, Expr)>,
    pub(crate) what: OfMatched,
}

/// What is asked about the rows that match.
#[derive(Debug, Clone)]
pub(crate) enum OfMatched {
    /// Whether there is one.
    Exists,
    /// A value of the first in an order.
    First(Path, Vec<OrderTerm>),
    /// One value of all.
    Aggregate(Box<AggregateCall>),
}

/// A function that both databases have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    Abs,
    Coalesce,
    Concat,
    Greatest,
    /// A key as a column of text holds it.
    KeyText,
    Least,
    Length,
    Lower,
    Now,
    NullIf,
    Replace,
    Round,
    StrIndex,
    Substr,
    Trim,
    Upper,
}

/// An operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Infix {
    Add,
    Sub,
    Mul,
    Div,
    /// A division of decimals, which `SQLite` stores as integers where they are whole.
    Ratio,
    /// The remainder of a division of integers.
    Rest,
}

/// What a date or a moment is cut to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Truncated {
    Year,
    Quarter,
    Month,
    Week,
    Day,
    Hour,
    Minute,
    Second,
}

impl Expr {
    /// True when it looks at several rows for a row, without making them one value.
    pub(crate) fn is_many(&self) -> bool {
        match self {
            Self::Path(path) => path.is_many(),
            // of a window, each value is of one row
            Self::Value(..)
            | Self::Aggregate(_)
            | Self::Related(_)
            | Self::Matched(_)
            | Self::Window(_) => false,
            Self::Call(_, arguments)
            | Self::Named(_, arguments)
            | Self::Raw(_, arguments)
            | Self::Json(_, arguments) => arguments.iter().any(Self::is_many),
            Self::Condition(condition) => condition.is_many(),
            Self::Postgres(_, inner) => inner.is_many(),
            Self::Infix(_, sides) => sides.0.is_many() || sides.1.is_many(),
            Self::Case(branches, otherwise) => {
                let many = |(when, then): &(Predicate, Self)| when.is_many() || then.is_many();
                branches.iter().any(many) || otherwise.as_ref().is_some_and(|rest| rest.is_many())
            }
            Self::Cast(inner, _) | Self::Part(_, inner, _) | Self::Trunc(_, inner, _) => {
                inner.is_many()
            }
        }
    }
}

impl Expr {
    /// True when it looks at a window of rows.
    pub(crate) fn is_windowed(&self) -> bool {
        self.windowed_model().is_some()
    }

    /// The model of the rows of the window that is looked at somewhere in it.
    pub(crate) fn windowed_model(&self) -> Option<&'static ModelMeta> {
        match self {
            Self::Window(window) => Some((window.model)()),
            Self::Path(path) => path.windowed_model(),
            Self::Call(_, arguments)
            | Self::Named(_, arguments)
            | Self::Raw(_, arguments)
            | Self::Json(_, arguments) => arguments.iter().find_map(Self::windowed_model),
            Self::Infix(_, sides) => sides.0.windowed_model().or_else(|| sides.1.windowed_model()),
            Self::Case(branches, otherwise) => {
                let of_branch = |(when, then): &(Predicate, Self)| {
                    when.windowed_model().or_else(|| then.windowed_model())
                };
                let otherwise = || otherwise.as_ref().and_then(|rest| rest.windowed_model());
                branches.iter().find_map(of_branch).or_else(otherwise)
            }
            Self::Cast(inner, _)
            | Self::Part(_, inner, _)
            | Self::Trunc(_, inner, _)
            | Self::Postgres(_, inner) => inner.windowed_model(),
            Self::Condition(condition) => condition.windowed_model(),
            Self::Value(..) | Self::Aggregate(_) | Self::Related(_) | Self::Matched(_) => None,
        }
    }
}

impl AggregateCall {
    /// True when it looks at more than one row for each row of the model.
    pub(crate) fn is_many(&self) -> bool {
        self.argument.as_ref().is_some_and(Expr::is_many)
            || self.condition.as_ref().is_some_and(Predicate::is_many)
    }

    /// True when it counts keys at the end of a relation to many: as many as there are rows.
    pub(crate) fn counts_keys(&self) -> bool {
        let Some(Expr::Path(path)) = &self.argument else { return false };
        let is_key =
            path.column().is_some_and(|column| column.column == path.target().pk_column().column);
        let ends_there = path.hops.last().is_some_and(Hop::is_many);
        self.function == Function::Count && !self.distinct && is_key && ends_there
    }
}
