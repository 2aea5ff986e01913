//! For how long a value may not come again.

use chrono::Datelike as _;

use crate::db::{ColumnMeta, Compare, DatePart, Lookup, Operand, Path, Predicate};
use crate::values::Value;

/// The rows among which a value must be unique, by a date of theirs: Django's `unique_for_date`,
/// `unique_for_month` and `unique_for_year`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UniqueFor {
    /// Those of the same day.
    Date,
    /// Those of the same month, whatever the year, as in Django.
    Month,
    /// Those of the same year.
    Year,
}

impl UniqueFor {
    /// Its name in DRF's message.
    pub fn name(self) -> &'static str {
        match self {
            Self::Date => "date",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// The rows whose date, in a column, is in the same period; `None` if the value is no date.
    pub(crate) fn rows(self, column: &'static ColumnMeta, value: &Value) -> Option<Predicate> {
        let date = match value {
            Value::Date(date) => *date,
            Value::DateTime(moment) => moment.naive_utc().date(),
            _ => return None,
        };
        let part = |part: DatePart, number: i64| Predicate::Lookup {
            path: Path::own(column),
            lookup: Lookup::Part(part, Compare::Exact),
            operand: Operand::One(Value::Int(number)),
        };
        let day = part(DatePart::Day, date.day().into());
        let month = part(DatePart::Month, date.month().into());
        let year = part(DatePart::Year, date.year().into());
        Some(match self {
            Self::Date => Predicate::All(vec![day, month, year]),
            Self::Month => month,
            Self::Year => year,
        })
    }
}
