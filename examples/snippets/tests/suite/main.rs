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
use quintet::db::StartupError;
use quintet::site::Site;
use quintet::test::Template;

/// A database of each test, whose tables the site makes.
static EMPTY: Template = Template::new(|_| Box::pin(async { Ok(()) }));

/// Creates an account.
async fn user(site: &Site, new: NewUser) -> Result<(), StartupError> {
    let create = site.with_context(true, |cx| Box::pin(async move { cx.create_user(new).await }));
    create.await??;
    Ok(())
}
