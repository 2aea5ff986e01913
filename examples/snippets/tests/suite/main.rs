//! What each snippet promises, beside the requests in its head: one binary, a file each.

mod actix_app;
mod jwt;
mod nested;
mod permissions;
mod row_permissions;
mod statistics;
mod tenants;
mod testing;
mod user_model;

use quintet::auth::NewUser;
use quintet::db::{Conn, StartupError};
use quintet::site::Site;

/// Creates the tables of a snippet.
async fn create(tables: &str, conn: &mut Conn) -> Result<(), StartupError> {
    let tables = snippets::create_tables(tables, conn.dialect());
    Ok(conn.batch_execute(&tables).await?)
}

/// Creates an account.
async fn user(site: &Site, new: NewUser) -> Result<(), StartupError> {
    let create = site.with_context(true, |cx| Box::pin(async move { cx.create_user(new).await }));
    create.await??;
    Ok(())
}
