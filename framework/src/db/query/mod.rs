//! From a query set to a statement, and from a statement to rows.

pub(super) mod assignments;
pub(super) mod comparisons;
pub(super) mod compile;
pub(super) mod composed;
pub(super) mod computed;
pub(super) mod expression;
pub(super) mod insert;
pub(super) mod joins;
pub(super) mod json;
pub(super) mod links;
pub(super) mod matched;
pub(super) mod queryset;
pub(super) mod select;
pub(super) mod selection;
pub(super) mod sql;
pub(super) mod statements;
pub(super) mod tree;
pub(super) mod write;
