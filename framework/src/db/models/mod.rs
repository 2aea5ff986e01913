//! Models: their columns, their relations, paths along them, and conditions and orders made of
//! these.

pub(crate) mod annotation;
pub(super) mod array;
pub(super) mod cached;
pub(crate) mod choices;
pub(crate) mod column;
pub(super) mod condition;
pub(crate) mod constraint;
pub(super) mod custom;
pub(super) mod declared;
pub(super) mod file;
pub(super) mod inherited;
pub(super) mod json;
pub(super) mod key;
pub(super) mod lookups;
pub(crate) mod model;
pub(super) mod names;
pub(super) mod node;
pub(super) mod order;
pub(crate) mod path;
pub(crate) mod pattern;
pub(super) mod period;
pub(crate) mod row;
pub(crate) mod scope;
pub(crate) mod table;
