//! Rows of a model that SQL of the program's own selects.

use super::super::compile::Compiler;
use crate::db::{Conn, Error, Expr, Model, RawSql, Sql, write_columns};

/// The name of the selected rows.
const RAW: &str = "raw";

impl<M: Model> RawSql<M> {
    /// The rows of the model that the text selects (`Model.objects.raw`): a whole SELECT.
    /// Columns are found by their names, so that they may stand in
    /// any order with others beside them; each of the model's has to be there.
    ///
    /// ```
    /// use quintet::db::RawSql;
    /// use quintet::prelude::*;
    ///
    /// # #[model(table = "store_track")]
    /// # pub struct Track {
    /// #     pub id: i64,
    /// #     pub milliseconds: i32,
    /// # }
    /// async fn long(cx: &Context) -> Result<Vec<Track>> {
    ///     let long = RawSql::<Track>::new("SELECT * FROM store_track WHERE milliseconds > %s ORDER BY id");
    ///     Ok(long.argument(300_000).all(cx).await?)
    /// }
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// What the database reports, a missing column for example.
    #[doc(alias = "raw")]
    pub async fn all(self, conn: &Conn) -> Result<Vec<M>, Error> {
        let mut sql = Sql::new(conn.dialect());
        sql.push("SELECT ");
        write_columns(&mut sql, M::META, RAW);
        sql.push(" FROM ");
        let (text, arguments) = self.into_parts();
        Compiler::default().expr(&mut sql, &Expr::Raw(text, arguments), M::META.table);
        sql.push(" ").name(RAW);
        conn.rows(sql, |row| M::from_row(row, 0)).await
    }
}
