//! Values for columns of a row, to write or to look up.

use std::fmt;
use std::marker::PhantomData;

use crate::db::{Column, Model, Path, Predicate};
use crate::values::{FieldType, Value};

/// Values for columns of `M`, each named by diesel's type, so that a wrong one does not compile.
///
/// [`Changes`](crate::serializers::Changes), which is in the prelude, is accepted wherever these
/// are.
///
/// ```
/// use quintet::db::Assignments;
/// use quintet::prelude::*;
///
/// # #[model(table = "genre")]
/// # pub struct Genre {
/// #     pub id: i64,
/// #     pub name: String,
/// # }
/// async fn rename(cx: &Context) -> Result<usize> {
///     let set = Assignments::new().set(genre::name, "Rock");
///     Ok(Genre::objects().filter(genre::name.eq("rock")).update(set, cx).await?)
/// }
/// # fn main() {}
/// ```
pub struct Assignments<M> {
    pub(crate) columns: Vec<(usize, Value)>,
    model: PhantomData<fn() -> M>,
}

impl<M> Assignments<M> {
    /// Creates an empty set of values.
    pub fn new() -> Self {
        Self::of(Vec::new())
    }

    pub(crate) fn of(columns: Vec<(usize, Value)>) -> Self {
        Self { columns, model: PhantomData }
    }

    /// Adds or replaces a value.
    #[must_use]
    pub fn set<C: Column<Model = M>>(mut self, _column: C, value: impl Into<C::Value>) -> Self {
        self.put(C::INDEX, value.into().into_value());
        self
    }

    fn put(&mut self, column: usize, value: Value) {
        match self.columns.iter_mut().find(|(index, _)| *index == column) {
            Some((_, old)) => *old = value,
            None => self.columns.push((column, value)),
        }
    }

    /// Adds the values of another one, which take precedence.
    pub(crate) fn with(mut self, other: &Self) -> Self {
        for (column, value) in &other.columns {
            self.put(*column, value.clone());
        }
        self
    }
}

impl<M: Model> Assignments<M> {
    /// The conditions that a row has just these values.
    pub(crate) fn conditions(&self) -> impl Iterator<Item = Predicate> {
        self.columns.iter().filter_map(|(index, value)| {
            let column = M::META.columns.get(*index)?;
            Some(Predicate::exact(Path::own(column), value.clone()))
        })
    }
}

impl<M> Default for Assignments<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M> Clone for Assignments<M> {
    fn clone(&self) -> Self {
        Self::of(self.columns.clone())
    }
}

impl<M: Model> fmt::Debug for Assignments<M> {
    /// The names of the columns, without the values, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.columns.iter().filter_map(|(at, _)| M::META.columns.get(*at));
        f.debug_set().entries(names.map(|column| column.name)).finish()
    }
}

/// Values that can be assigned to columns of `M`: [`Assignments`],
/// [`Changes`](crate::serializers::Changes), and `()` for none.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be assigned to rows of `{M}`",
    label = "not values for columns of `{M}`",
    note = "write `Changes::new().set({M}'s column, value)`"
)]
pub trait Assigns<M> {
    /// The values.
    fn into_assignments(self) -> Assignments<M>;
}

impl<M> Assigns<M> for Assignments<M> {
    fn into_assignments(self) -> Assignments<M> {
        self
    }
}

impl<M> Assigns<M> for () {
    fn into_assignments(self) -> Assignments<M> {
        Assignments::new()
    }
}
