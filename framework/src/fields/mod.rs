//! Fields: what a value may be, and what a client is told when it is not (`rest_framework.fields`).

mod raw;
mod value;

pub use raw::Raw;
pub use value::{FieldType, Value, ValueRef};
