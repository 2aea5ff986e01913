//! What a filter set does by request (overridden methods of `django_filters.FilterSet`).

#![allow(clippy::unused_unit, reason = "a hook is declared with its result")]

use std::fmt;
use std::sync::Arc;

use super::set::{FilterSpec, Filtered};
use crate::db::{ColumnMeta, QuerySet, Select};
use crate::request::{Context, hook};

use super::filter::Filter;

hook! {
    /// Changes the filters of a request (`FilterSet.__init__`, `get_filters`).
    #[diagnostic::on_unimplemented(
        message = "`{Self}` does not change the filters of `{M}`",
        label = "expected `fn(&mut FilterSpec<{M}>, &Context)`, or without `&Context`"
    )]
    GetFilters[M](filters: &mut FilterSpec<M>) -> ()
}

hook! {
    /// Filters the rows (`FilterSet.filter_queryset`, `qs`): `filtered.apply(rows, cx)` is what the
    /// filters do.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` does not filter rows of `{M}`",
        label = "expected `fn(QuerySet<{M}>, Filtered<{M}>, &Context) -> QuerySet<{M}>`"
    )]
    FilterQuerySet[M](rows: QuerySet<M>, filtered: Filtered<M>) -> QuerySet<M>
}

/// Chooses other filters for the columns of a kind (`Meta.filter_overrides`).
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not replace filters of `{M}`",
    label = "expected `fn(Filter<{M}>, &ColumnMeta) -> Filter<{M}>`"
)]
pub trait FilterOverrides<M> {
    /// The filter that is to stand for this one, over this column.
    fn call(&self, filter: Filter<M>, column: &ColumnMeta) -> Filter<M>;
}

impl<M, Hook: Fn(Filter<M>, &ColumnMeta) -> Filter<M>> FilterOverrides<M> for Hook {
    fn call(&self, filter: Filter<M>, column: &ColumnMeta) -> Filter<M> {
        self(filter, column)
    }
}

pub(super) type ByRequest<M> = Arc<dyn Fn(&mut FilterSpec<M>, &Context) + Send + Sync>;

pub(super) type ByRows<M> =
    Arc<dyn Fn(QuerySet<M>, Filtered<M>, &Context) -> QuerySet<M> + Send + Sync>;

/// The rows that the keys of a filter may name (`queryset=`).
#[derive(Clone)]
pub(crate) struct Within(pub(super) Arc<dyn Fn(&Context) -> Select + Send + Sync>);

impl Within {
    /// The rows for a request.
    pub(crate) fn rows(&self, cx: &Context) -> Select {
        self.0(cx)
    }
}

impl fmt::Debug for Within {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Within(..)")
    }
}
