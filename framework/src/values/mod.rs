//! The values that pass between a client and a row, and the texts that they have: nothing here knows
//! of a field, a column or a request.
//!
//! A [`Raw`] is what a client sent, a [`Value`] is what a row holds, and a [`JsonWriter`] writes the
//! one as the other was read. `format`, [`Pattern`] and `python` have Python's rules.

mod debug;
pub(crate) mod distinct;
pub(crate) mod extremes;
pub mod format;
mod formatter;
mod json;
mod json_value;
mod pattern;
pub mod python;
mod raw;
mod slug;
mod strftime;
pub mod types;
mod value;
mod writer;

/// Days, times of day and lengths of time, as chrono has them.
pub use chrono::{NaiveDate, NaiveTime, TimeDelta};
pub(crate) use debug::debug_is_display;
pub use format::UuidFormat;
pub use json::parse_json;
pub use json_value::{Json, check_json, to_json};
pub(crate) use json_value::{dumps, json_of};
pub use pattern::Pattern;
pub(crate) use pattern::translated;
pub use raw::Raw;
pub use slug::slugify;
pub(crate) use strftime::parse as strptime;
pub use types::{DateTime, Decimal, Uuid};
pub use value::{FieldType, MakesValue, Value, ValueRef};
pub use writer::JsonWriter;
