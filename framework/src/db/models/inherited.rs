//! Columns that models inherit from abstract models.

use std::fmt;
use std::marker::PhantomData;

use crate::db::{Column, Model};
use crate::values::FieldType;

/// The columns of an abstract model, in a model `M` that inherits it; written by
/// [`#[model(abstract)]`](macro@crate::model).
#[diagnostic::on_unimplemented(
    message = "`{M}` does not have these columns",
    note = "they are those of an abstract model, which `{M}` inherits with `#[model(inherit(..))]`"
)]
pub trait BaseOf<M> {
    /// Where they stand among the columns of `M`.
    const PLACES: &'static [usize];
}

/// A column that `M` inherits, as code names it that knows the abstract model and not `M`:
/// `M::CREATED`, where `M: Audit`. It stands wherever a column of diesel's does
/// (`order::created`), except in diesel's own expressions, and has the lookups of a path.
pub struct InheritedColumn<M, T, B, const AT: usize> {
    #[expect(clippy::type_complexity, reason = "a marker of three types")]
    types: PhantomData<fn() -> (M, T, B)>,
}

impl<M, T, B, const AT: usize> InheritedColumn<M, T, B, AT> {
    /// The column.
    pub const COLUMN: Self = Self { types: PhantomData };
}

impl<M, T, B, const AT: usize> Clone for InheritedColumn<M, T, B, AT> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, T, B, const AT: usize> Copy for InheritedColumn<M, T, B, AT> {}

impl<M, T, B, const AT: usize> fmt::Debug for InheritedColumn<M, T, B, AT> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("InheritedColumn").field(&AT).finish()
    }
}

impl<M: Model, T: FieldType, B: BaseOf<M>, const AT: usize> Column
    for InheritedColumn<M, T, B, AT>
{
    type Model = M;
    type Value = T;
    const INDEX: usize = B::PLACES[AT];
}

#[cfg(test)]
mod tests;
