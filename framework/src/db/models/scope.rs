//! Scopes: the rows that `objects()` starts from (`Manager.get_queryset`).

use crate::db::{Conn, Error, Model, ModelMeta, Predicate, QuerySet};
use crate::exceptions::Result;

/// What a scope asks of rows, once the request is known.
pub type ScopeResult = std::result::Result<Vec<Predicate>, Error>;

/// The scope of a model without its type; written by `#[model(objects = ..)]`.
pub type Scope = for<'a> fn(&'a Conn) -> ScopeResult;

/// A function that narrows the rows of `M`: the value of `#[model(objects = ..)]`.
///
/// It gets every row and returns the rows that there are for `M::objects()`, and may take the
/// connection, for what depends on the request: [`Conn::user_as`] and [`Conn::extension`]. Of the query
/// set that it returns, the conditions count.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no scope of `{M}`",
    label = "not a function that narrows the rows of `{M}`",
    note = "write `fn(QuerySet<{M}>) -> QuerySet<{M}>`, or where it depends on the request \
            `fn(QuerySet<{M}>, &Conn) -> Result<QuerySet<{M}>>`"
)]
pub trait ScopeFunction<M, Shape> {
    /// The rows that are left.
    ///
    /// # Errors
    /// What the function returns.
    fn narrow(&self, rows: QuerySet<M>, conn: &Conn) -> Result<QuerySet<M>>;
}

impl<M, F> ScopeFunction<M, fn(QuerySet<M>) -> QuerySet<M>> for F
where
    F: Fn(QuerySet<M>) -> QuerySet<M>,
{
    fn narrow(&self, rows: QuerySet<M>, _conn: &Conn) -> Result<QuerySet<M>> {
        Ok(self(rows))
    }
}

impl<M, F> ScopeFunction<M, fn(QuerySet<M>, &Conn) -> Result<QuerySet<M>>> for F
where
    F: Fn(QuerySet<M>, &Conn) -> Result<QuerySet<M>>,
{
    fn narrow(&self, rows: QuerySet<M>, conn: &Conn) -> Result<QuerySet<M>> {
        self(rows, conn)
    }
}

/// Asks a scope for its conditions; written by `#[model]`, which names the function there.
///
/// # Errors
/// Those of the function.
#[allow(clippy::needless_pass_by_value, reason = "a function has no size")]
pub fn scope<M: Model, Shape>(conn: &Conn, function: impl ScopeFunction<M, Shape>) -> ScopeResult {
    let rows = function.narrow(QuerySet::new(), conn).map_err(Error::refused)?;
    Ok(rows.unsliced().conditions)
}

/// The scopes of a model as conditions, which are written when the statement is sent.
pub(crate) fn in_scope(model: &'static ModelMeta) -> impl Iterator<Item = Predicate> {
    model.scopes.iter().map(|scope| Predicate::Scope(*scope))
}

#[cfg(test)]
mod tests;
