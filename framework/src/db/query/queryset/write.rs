//! What changes the rows of a query set, and what deletes them.

use super::QuerySet;
use crate::db::{Assigns, Conn, Error, Lock, Model, ModelMeta, Select, is_referenced};
use crate::values::Value;

impl<M: Model> QuerySet<M> {
    /// Gives columns of every row new values, in one statement; returns the number of rows. What
    /// the database computes of a row is set by `set_expression`: see
    /// [`Assignments::set_expression`](crate::db::Assignments::set_expression).
    ///
    /// Neither `auto_now` columns nor hooks know of it, as in Django; unlike Django's, the query
    /// may be a slice.
    ///
    /// # Errors
    /// What the database reports: a constraint, a value that does not fit.
    pub async fn update(self, set: impl Assigns<M>, conn: &Conn) -> Result<usize, Error> {
        let set = set.into_assignments();
        if set.columns.is_empty() && set.computed.is_empty() || self.limit == Some(0) {
            return Ok(0);
        }
        let sql = Select::from(self.unsliced()).update(conn.dialect(), &set.columns, &set.computed);
        conn.whole(conn.send(sql)).await
    }

    /// Deletes the rows and what belongs to them, as the foreign keys that point at them say
    /// (`on_delete`), in a transaction where that takes more than one statement. Returns the
    /// number of rows that are gone, in whatever tables.
    ///
    /// The foreign keys are those of the site's models, and of those given to
    /// [`Database::register`](crate::db::Database::register). The query may be a slice, which
    /// Django refuses.
    ///
    /// # Errors
    /// [`Error::Protected`] when a protected foreign key points at one of the rows, and
    /// [`Error::Referenced`] when the database says that others still refer to one; none is
    /// deleted then.
    pub async fn delete(self, conn: &Conn) -> Result<usize, Error> {
        if self.limit == Some(0) {
            return Ok(0);
        }
        let select = Select::from(self.unsliced().order_by_terms(vec![Self::by_key()]));
        conn.delete_all(select).await
    }
}

impl Conn {
    /// Deletes the rows of a query, which are not sliced.
    async fn delete_all(&self, mut select: Select) -> Result<usize, Error> {
        let model = select.model;
        let models = self.models(model);
        if !is_referenced(&models, model) && !self.watches_cascade(&models, model) {
            let sql = select.delete(self.dialect());
            return self.whole(self.send(sql)).await.map_err(Error::of_deletion);
        }
        let scope = self.begin().await?;
        select.lock = Some(Lock::Update);
        let kind = model.pk_column().kind;
        let keys = self.rows(select.only_keys().rows(self.dialect()), |row| row.value(0, kind));
        let deleted = match keys.await {
            Ok(keys) => self.delete_locked(&models, model, keys).await,
            Err(error) => Err(error),
        };
        // a deferred constraint is checked at the end
        self.settle(scope, deleted).await.map_err(Error::of_deletion)
    }

    /// Deletes rows that are known by their keys, as [`QuerySet::delete`] does.
    pub(crate) async fn delete_keys(
        &self,
        model: &'static ModelMeta,
        keys: Vec<Value>,
    ) -> Result<usize, Error> {
        let models = self.models(model);
        if !is_referenced(&models, model) && !self.watches_cascade(&models, model) {
            return self.delete_rows(&models, model, keys).await.map_err(Error::of_deletion);
        }
        let scope = self.begin().await?;
        let deleted = self.delete_rows(&models, model, keys).await;
        self.settle(scope, deleted).await.map_err(Error::of_deletion)
    }
}
