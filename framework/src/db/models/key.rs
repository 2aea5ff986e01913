//! Primary keys of rows as keys of maps.

use crate::values::ValueRef;

/// A key as a map's key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Key {
    Int(i64),
    Text(String),
}

impl Key {
    /// `None` for a value that no key column holds.
    pub(crate) fn new(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Int(v) => Some(Self::Int(v)),
            ValueRef::Text(v) => Some(Self::Text(v.to_owned())),
            ValueRef::Uuid(v) => Some(Self::Text(v.to_string())),
            _ => None,
        }
    }
}
