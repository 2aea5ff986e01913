//! Constraints of a table, as its model declares them (`Meta.constraints`).

use std::cmp::Ordering;

use crate::db::{
    ColumnMeta, Condition, Fields, Lookup, Model, One, Operand, Path, Predicate, Selection, Way,
};
use crate::values::Value;

/// A constraint that the table has: serializers of the model check unique ones first, and what the
/// database refuses has the constraint's own message. [`Database::create_tables`](crate::db::Database::create_tables)
/// makes unique ones, and checks that have a condition; a check that is known by its name alone is a
/// statement of the project's migrations.
///
/// ```
/// use quintet::db::Lower;
/// use quintet::prelude::*;
///
/// #[model(
///     app = "shop",
///     constraints(
///         unique(fields(shop, shelf), name = "one_open_shelf", condition = |row| row.open().exact(true)),
///         unique(expressions = |row| Lower::of(row.label()), name = "labels_without_case"),
///         check(
///             name = "pieces_are_there",
///             condition = |row| row.pieces().gt(0),
///             message = "There have to be some pieces.",
///         ),
///     )
/// )]
/// pub struct Stock {
///     pub id: i64,
///     pub shop: i64,
///     pub shelf: i64,
///     pub label: String,
///     pub open: bool,
///     pub pieces: i32,
/// }
/// # fn main() {
/// assert_eq!(Stock::META.constraints[0].name, "one_open_shelf");
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Constraint {
    /// Its name in the database.
    pub name: &'static str,
    /// What it demands.
    pub kind: ConstraintKind,
    /// The message for a row that it refuses (`violation_error_message`).
    pub message: Option<&'static str>,
    /// The code of the message (`violation_error_code`).
    pub code: Option<&'static str>,
}

/// What a [`Constraint`] demands.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum ConstraintKind {
    /// No two rows for which the condition holds share the values of these columns
    /// (`UniqueConstraint`).
    Unique {
        /// Indexes of columns.
        columns: &'static [usize],
        /// Computed values that are unique beside them, or in their place: `Lower("name")`. Nobody but
        /// the database and [`full_clean`](crate::db::Conn::full_clean) checks those, as in DRF.
        expressions: Option<fn() -> Vec<Path>>,
        /// The rows that it is about; all of them if there is none.
        condition: Option<fn() -> Predicate>,
    },
    /// What holds for each row (`CheckConstraint`); the database checks it, and
    /// [`full_clean`](crate::db::Conn::full_clean) does where the model says the condition.
    Check {
        /// What holds.
        condition: Option<fn() -> Predicate>,
    },
    /// What the database checks of each row and all others (`ExclusionConstraint`).
    Exclusion,
}

impl Constraint {
    /// No two rows share the values of these columns.
    pub const fn unique(name: &'static str, columns: &'static [usize]) -> Self {
        let kind = ConstraintKind::Unique { columns, expressions: None, condition: None };
        Self { name, kind, message: None, code: None }
    }

    /// The database checks each row.
    pub const fn check(name: &'static str) -> Self {
        Self { name, kind: ConstraintKind::Check { condition: None }, message: None, code: None }
    }

    /// The database checks each row against all others.
    pub const fn exclusion(name: &'static str) -> Self {
        Self { name, kind: ConstraintKind::Exclusion, message: None, code: None }
    }

    /// Narrows a unique constraint to some of the rows, or says what a check demands.
    pub const fn condition(mut self, condition: fn() -> Predicate) -> Self {
        self.kind = match self.kind {
            ConstraintKind::Unique { columns, expressions, .. } => {
                ConstraintKind::Unique { columns, expressions, condition: Some(condition) }
            }
            ConstraintKind::Check { .. } => ConstraintKind::Check { condition: Some(condition) },
            ConstraintKind::Exclusion => ConstraintKind::Exclusion,
        };
        self
    }

    /// Adds computed values to what a unique constraint is over.
    pub const fn expressions(mut self, expressions: fn() -> Vec<Path>) -> Self {
        if let ConstraintKind::Unique { columns, condition, .. } = self.kind {
            self.kind =
                ConstraintKind::Unique { columns, expressions: Some(expressions), condition };
        }
        self
    }

    /// Sets the message.
    pub const fn message(mut self, message: &'static str) -> Self {
        self.message = Some(message);
        self
    }

    /// Sets the code of the message.
    pub const fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }
}

/// The condition of a constraint of `M`, made of its fields.
#[doc(hidden)]
pub fn condition<M: Model>(make: impl FnOnce(M::Fields<M, One>) -> Condition<M>) -> Predicate {
    make(Fields::at(Way::start::<M>())).into()
}

/// The computed values of a constraint of `M`, made of its fields.
#[doc(hidden)]
pub fn expressions<M: Model, S: Selection<M>>(
    make: impl FnOnce(M::Fields<M, One>) -> S,
) -> Vec<Path> {
    let mut paths = Vec::new();
    make(Fields::at(Way::start::<M>())).paths(&mut paths);
    paths
}

impl Predicate {
    /// Whether it holds for a row with these values; `None` if only the database knows.
    pub(crate) fn holds(&self, value: &dyn Fn(&ColumnMeta) -> Option<Value>) -> Option<bool> {
        match self {
            Self::Lookup { path, lookup, operand } => {
                let column = path.column().filter(|_| path.hops.is_empty())?;
                compare(&value(column)?, *lookup, operand)
            }
            Self::All(items) => {
                items.iter().try_fold(true, |all, item| Some(all & item.holds(value)?))
            }
            Self::Any(items) => {
                items.iter().try_fold(false, |any, item| Some(any | item.holds(value)?))
            }
            Self::Not(inner) => Some(!inner.holds(value)?),
            Self::Exists { .. }
            | Self::Holds(_)
            | Self::Typed(_)
            | Self::Within(_)
            | Self::Scope(_) => None,
        }
    }

    /// The model's own columns that it compares.
    pub(crate) fn own_columns(&self, into: &mut Vec<&'static ColumnMeta>) {
        match self {
            Self::Lookup { path, .. } => {
                into.extend(path.column().filter(|_| path.hops.is_empty()));
            }
            Self::All(items) | Self::Any(items) => {
                for item in items {
                    item.own_columns(into);
                }
            }
            Self::Not(inner) => inner.own_columns(into),
            Self::Exists { .. }
            | Self::Holds(_)
            | Self::Typed(_)
            | Self::Within(_)
            | Self::Scope(_) => {}
        }
    }
}

/// One comparison, as the database makes it; one with null is false.
fn compare(own: &Value, lookup: Lookup, operand: &Operand) -> Option<bool> {
    if let (Lookup::IsNull, Operand::One(is_null)) = (lookup, operand) {
        return Some(own.is_null() != (*is_null == Value::Bool(false)));
    }
    if own.is_null() {
        return Some(lookup == Lookup::Exact && matches!(operand, Operand::One(Value::Null)));
    }
    let is = |other: &Value, wanted: &[Ordering]| Some(wanted.contains(&order(own, other)?));
    let text = |other: &Value, holds: fn(&str, &str) -> bool| match (own, other) {
        (Value::Text(own), Value::Text(other)) => Some(holds(own, other)),
        _ => None,
    };
    match (lookup, operand) {
        (Lookup::Exact, Operand::One(Value::Null)) => Some(false),
        (Lookup::Exact, Operand::One(other)) => is(other, &[Ordering::Equal]),
        (Lookup::Gt, Operand::One(other)) => is(other, &[Ordering::Greater]),
        (Lookup::Gte, Operand::One(other)) => is(other, &[Ordering::Greater, Ordering::Equal]),
        (Lookup::Lt, Operand::One(other)) => is(other, &[Ordering::Less]),
        (Lookup::Lte, Operand::One(other)) => is(other, &[Ordering::Less, Ordering::Equal]),
        (Lookup::In, Operand::Many(others)) => others
            .iter()
            .filter(|other| !other.is_null())
            .try_fold(false, |any, other| Some(any | is(other, &[Ordering::Equal])?)),
        (Lookup::StartsWith, Operand::One(other)) => {
            text(other, |own, other| own.starts_with(other))
        }
        (Lookup::EndsWith, Operand::One(other)) => text(other, |own, other| own.ends_with(other)),
        (Lookup::Contains, Operand::One(other)) => text(other, |own, other| own.contains(other)),
        _ => None,
    }
}

fn order(own: &Value, other: &Value) -> Option<Ordering> {
    Some(match (own, other) {
        (Value::Int(own), Value::Int(other)) => own.cmp(other),
        (Value::Bool(own), Value::Bool(other)) => own.cmp(other),
        (Value::Text(own), Value::Text(other)) => own.cmp(other),
        (Value::Decimal(own), Value::Decimal(other)) => own.cmp(other),
        (Value::Float(own), Value::Float(other)) => own.partial_cmp(other)?,
        (Value::DateTime(own), Value::DateTime(other)) => own.cmp(other),
        (Value::Date(own), Value::Date(other)) => own.cmp(other),
        (Value::Time(own), Value::Time(other)) => own.cmp(other),
        (Value::Duration(own), Value::Duration(other)) => own.cmp(other),
        (Value::Uuid(own), Value::Uuid(other)) => own.cmp(other),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::testing::Track;

    #[test]
    fn a_condition_holds_for_a_row_as_in_the_database() {
        let row = |column: &ColumnMeta| match column.name {
            "name" => Some(Value::Text("Riff Raff".into())),
            "seconds" => Some(Value::Int(60)),
            "album" => Some(Value::Null),
            _ => None,
        };
        let holds = |condition: Condition<Track>| Predicate::from(condition).holds(&row);
        let fields = Track::fields;
        for (condition, expected) in [
            (fields().seconds().exact(60), Some(true)),
            (fields().seconds().gt(60) | fields().name().startswith("Riff"), Some(true)),
            (fields().seconds().is_in([1, 2]), Some(false)),
            (fields().album_id().isnull(true) & fields().seconds().lte(60), Some(true)),
            (!fields().album_id().exact(1), Some(true)),
            (fields().name().contains("x"), Some(false)),
            // of another table, and of what is not known
            (fields().album().title().exact("x"), None),
            (fields().id().exact(1), None),
            (fields().name().iregex("x"), None),
        ] {
            assert_eq!(holds(condition.clone()), expected, "{condition:?}");
        }
        let mut columns = Vec::new();
        let condition = fields().seconds().gt(1) & !fields().album_id().isnull(true);
        Predicate::from(condition).own_columns(&mut columns);
        assert_eq!(
            columns.iter().map(|column| column.name).collect::<Vec<_>>(),
            ["seconds", "album"]
        );
    }
}
