//! What a model is: its columns, its relations, paths along them, and what is said of rows in their
//! terms.

pub(crate) mod annotation;
pub(super) mod condition;
pub(super) mod declared;
pub(super) mod key;
pub(super) mod lookups;
pub(super) mod model;
pub(super) mod node;
pub(super) mod order;
pub(crate) mod path;
pub(crate) mod pattern;
pub(super) mod row;
pub(crate) mod table;
