//! What a statement reads of rows in place of the rows: some of their values, or aggregates.

use crate::db::{
    Aggregate, AggregateCall, Annotation, Column, ColumnKind, ColumnValue, Error, Expression,
    FieldPath, Model, One, Path, PathOf, Row, SingleValued,
};
use crate::values::FieldType;

mod sealed {
    pub trait Sealed {}
}

/// A row of what was selected, read from its first value to its last.
#[allow(missing_debug_implementations)]
pub struct Cells<'a, 'r> {
    row: &'a Row<'r>,
    kinds: &'a [ColumnKind],
    at: usize,
}

impl<'a, 'r> Cells<'a, 'r> {
    pub(crate) fn new(row: &'a Row<'r>, kinds: &'a [ColumnKind]) -> Self {
        Self { row, kinds, at: 0 }
    }

    fn next<T: ColumnValue>(&mut self) -> Result<T, Error> {
        let at = self.at;
        let kind = self.kinds.get(at).copied().unwrap_or(ColumnKind::BigInt);
        self.at += 1;
        self.row.get(at, kind)
    }
}

/// Values of each row of `M`: a column (`track::name`), a path
/// (`Track::fields().album().title()`), an expression, or a tuple of up to eight of them.
///
/// A column is read as what the struct holds. A path is read as an `Option`: on its way there may
/// be no row.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not select values of the model `{M}`",
    label = "neither a column nor a path of `{M}`, nor a tuple of them",
    note = "columns are named by the module that `#[model]` writes (`track::name`), and paths start \
            with the model's own fields (`Track::fields().album().title()`)",
    note = "a path through a relation to many has several values where a row has one"
)]
pub trait Selection<M>: sealed::Sealed {
    /// What is read of one row.
    type Row;

    /// Adds what is selected.
    #[doc(hidden)]
    fn paths(self, into: &mut Vec<Path>);

    /// Reads one row.
    #[doc(hidden)]
    fn read(cells: &mut Cells<'_, '_>) -> Result<Self::Row, Error>;
}

impl<C: Column> sealed::Sealed for C {}

impl<C: Column<Value: ColumnValue>> Selection<C::Model> for C {
    type Row = C::Value;

    fn paths(self, into: &mut Vec<Path>) {
        into.push(self.into_path());
    }

    fn read(cells: &mut Cells<'_, '_>) -> Result<Self::Row, Error> {
        cells.next()
    }
}

impl<M, T, C> sealed::Sealed for FieldPath<M, T, C> {}

impl<M, T, C> Selection<M> for FieldPath<M, T, C>
where
    T: FieldType<Plain: ColumnValue>,
    C: SingleValued,
{
    type Row = Option<T::Plain>;

    fn paths(self, into: &mut Vec<Path>) {
        into.push(self.into_path());
    }

    fn read(cells: &mut Cells<'_, '_>) -> Result<Self::Row, Error> {
        cells.next()
    }
}

macro_rules! computed_values {
    ($($computed:ident<M, T $(, $one:ident)?>;)*) => {$(
        impl<M, T> sealed::Sealed for $computed<M, T $(, $one)?> {}

        impl<M: Model, T: ColumnValue> Selection<M> for $computed<M, T $(, $one)?> {
            type Row = T;

            fn paths(self, into: &mut Vec<Path>) {
                into.push(self.into_path());
            }

            fn read(cells: &mut Cells<'_, '_>) -> Result<Self::Row, Error> {
                cells.next()
            }
        }
    )*};
}

computed_values! {
    Expression<M, T, One>;
    Annotation<M, T>;
    Aggregate<M, T>;
}

/// Columns of `M`: one (`track::name`), or a tuple of up to eight.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a column of the model `{M}`, nor a tuple of them",
    label = "neither a column of `{M}` nor a tuple of them",
    note = "columns are named by the module that `#[model]` writes: `track::name`"
)]
pub trait Columns<M>: sealed::Sealed {
    /// Adds their places in the model.
    #[doc(hidden)]
    fn indexes(into: &mut Vec<usize>);
}

impl<C: Column> Columns<C::Model> for C {
    fn indexes(into: &mut Vec<usize>) {
        into.push(C::INDEX);
    }
}

/// Aggregates over the rows of `M`: an [`Aggregate`], or a tuple of up to eight of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an aggregate of rows of the model `{M}`",
    label = "computed of rows of another model, or not an aggregate",
    note = "`Count`, `Sum`, `Avg`, `Min` and `Max` of columns and paths of `{M}` are aggregates, and \
            so are tuples of them"
)]
pub trait Aggregates<M>: sealed::Sealed {
    /// What is read.
    type Row;

    /// Adds what is computed.
    #[doc(hidden)]
    fn aggregates(self, into: &mut Vec<AggregateCall>);

    /// Reads the results.
    #[doc(hidden)]
    fn read(cells: &mut Cells<'_, '_>) -> Result<Self::Row, Error>;
}

impl<M, T: ColumnValue> Aggregates<M> for Aggregate<M, T> {
    type Row = T;

    fn aggregates(self, into: &mut Vec<AggregateCall>) {
        into.push(self.into_call());
    }

    fn read(cells: &mut Cells<'_, '_>) -> Result<Self::Row, Error> {
        cells.next()
    }
}

macro_rules! tuples {
    ($(($($member:ident),+))*) => {$(
        impl<$($member: sealed::Sealed),+> sealed::Sealed for ($($member,)+) {}

        impl<M: Model, $($member: Selection<M>),+> Selection<M> for ($($member,)+) {
            type Row = ($($member::Row,)+);

            fn paths(self, into: &mut Vec<Path>) {
                #[allow(non_snake_case, reason = "a member is named as its type")]
                let ($($member,)+) = self;
                $($member.paths(into);)+
            }

            fn read(cells: &mut Cells<'_, '_>) -> Result<Self::Row, Error> {
                Ok(($($member::read(cells)?,)+))
            }
        }

        impl<M: Model, $($member: Columns<M>),+> Columns<M> for ($($member,)+) {
            fn indexes(into: &mut Vec<usize>) {
                $($member::indexes(into);)+
            }
        }

        impl<M: Model, $($member: Aggregates<M>),+> Aggregates<M> for ($($member,)+) {
            type Row = ($($member::Row,)+);

            fn aggregates(self, into: &mut Vec<AggregateCall>) {
                #[allow(non_snake_case, reason = "a member is named as its type")]
                let ($($member,)+) = self;
                $($member.aggregates(into);)+
            }

            fn read(cells: &mut Cells<'_, '_>) -> Result<Self::Row, Error> {
                Ok(($($member::read(cells)?,)+))
            }
        }
    )*};
}

tuples! {
    (A)
    (A, B)
    (A, B, C)
    (A, B, C, D)
    (A, B, C, D, E)
    (A, B, C, D, E, F)
    (A, B, C, D, E, F, G)
    (A, B, C, D, E, F, G, H)
}
