//! The quickstart, beyond the requests in its head (those are in `heads`).

use quintet::auth::NewUser;
use quintet::db::StartupError;
use quintet::prelude::*;
use quintet::test::{Template, TestSite};
use quintet::views::LocalBoxFuture;
use quintet_tests::store::On;
use serde_json::json;

#[allow(dead_code, missing_debug_implementations, missing_docs, unreachable_pub)]
#[path = "../../examples/quickstart/src/main.rs"]
pub(crate) mod quickstart;

static EMPTY: Template = Template::new(|_| Box::pin(async { Ok(()) }));

#[quintet::test]
async fn the_quickstart_stores_a_book_and_finds_it() -> Result<(), StartupError> {
    for on in On::all() {
        let database = on.copy_of(&EMPTY).await?;
        let fast = database.override_settings(|settings| settings.auth.pbkdf2_iterations = 1);
        let site = fast.site(quickstart::site)?;
        site.create_tables().await?;
        stores_a_book_and_finds_it(&site).await?;
    }
    Ok(())
}

async fn stores_a_book_and_finds_it(site: &TestSite) -> Result<(), StartupError> {
    let client = site.client().await;
    let refused = client.post("/api/books/").json(&json!({"title": "Dune", "year": 1965})).await;
    let detail = json!({"detail": "Authentication credentials were not provided."});
    assert_eq!((refused.status(), refused.json()), (401, detail));
    let create = |cx: Context| -> LocalBoxFuture<'static, _> {
        Box::pin(async move { cx.create_user(NewUser::new("ada").password("secret")).await })
    };
    site.with_context(true, create).await??;
    client.credentials("Authorization", "Basic YWRhOnNlY3JldA==");
    let dune = json!({"id": 1, "title": "Dune", "year": 1965});
    let response = client.post("/api/books/").json(&json!({"title": "Dune", "year": 1965})).await;
    assert_eq!((response.status(), response.json()), (201, dune.clone()));
    let response = client.get("/api/books/?search=dune&year__lt=2000").await;
    let page = json!({"count": 1, "next": null, "previous": null, "results": [dune]});
    assert_eq!((response.status(), response.json()), (200, page));
    let response = client.get("/api/books/?year__lt=1965").await;
    assert_eq!(response.json()["count"], 0);
    let refused = client.post("/api/books/").json(&json!({"title": "", "year": 1449})).await;
    let messages = json!({
        "title": ["This field may not be blank."],
        "year": ["Ensure this value is greater than or equal to 1450."],
    });
    assert_eq!((refused.status(), refused.json()), (400, messages));
    Ok(())
}
