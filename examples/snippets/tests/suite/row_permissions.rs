use quintet::auth::NewUser;
use quintet::db::StartupError;
use quintet::prelude::*;
use quintet::test::{ApiClient, TestSite};
use serde_json::{Value, json};
use snippets::row_permissions::{Share, share, site};

/// The site, and clients of ada, bob and eve, whose keys are 1, 2 and 3.
async fn start() -> Result<(TestSite, [ApiClient; 3]), StartupError> {
    let database = crate::EMPTY.sqlite().await?;
    let fast = database.override_settings(|settings| settings.auth.pbkdf2_iterations = 1);
    let site = fast.site(site)?;
    site.create_tables().await?;
    for name in ["ada", "bob", "eve"] {
        crate::user(&site, NewUser::new(name).password("secret")).await?;
    }
    let clients = [site.client().await, site.client().await, site.client().await];
    for (client, key) in
        clients.iter().zip(["YWRhOnNlY3JldA==", "Ym9iOnNlY3JldA==", "ZXZlOnNlY3JldA=="])
    {
        client.credentials("Authorization", &format!("Basic {key}"));
    }
    Ok((site, clients))
}

async fn share(
    site: &TestSite,
    paper: i64,
    with: i32,
    may_write: bool,
) -> Result<(), StartupError> {
    let share = Changes::<Share>::new()
        .set(share::paper_id, paper)
        .set(share::user_id, with)
        .set(share::may_write, may_write);
    let saved = site.with_context(true, |cx| Box::pin(async move { cx.save(share).await }));
    saved.await??;
    Ok(())
}

fn paper(id: u8, may: &[&str]) -> Value {
    json!({"id": id, "title": "Draft", "may": may})
}

#[quintet::test]
async fn each_row_says_what_its_reader_may_do() -> Result<(), StartupError> {
    let (site, [ada, bob, eve]) = start().await?;
    for _ in 0..3 {
        let made = ada.post("/api/papers/").json(&json!({"title": "Draft"})).await;
        assert_eq!(made.json()["may"], json!(["read", "write", "delete"]));
    }
    share(&site, 1, 2, true).await?;
    share(&site, 2, 2, false).await?;
    let seen = bob.get("/api/papers/").await.json();
    assert_eq!(seen, json!([paper(1, &["read", "write"]), paper(2, &["read"])]));
    assert_eq!(eve.get("/api/papers/").await.json(), json!([]));
    assert_eq!(site.client().await.get("/api/papers/").await.status(), 401);
    Ok(())
}

#[quintet::test]
async fn what_a_row_says_is_what_is_allowed() -> Result<(), StartupError> {
    let (site, [ada, bob, eve]) = start().await?;
    for _ in 0..2 {
        ada.post("/api/papers/").json(&json!({"title": "Draft"})).await;
    }
    share(&site, 1, 2, true).await?;
    share(&site, 2, 2, false).await?;
    let title = json!({"title": "Draft"});
    assert_eq!(bob.patch("/api/papers/1/").json(&title).await.status(), 200);
    assert_eq!(bob.patch("/api/papers/2/").json(&title).await.status(), 403);
    assert_eq!(bob.delete("/api/papers/1/").await.status(), 403);
    assert_eq!(eve.get("/api/papers/1/").await.status(), 404);
    assert_eq!(ada.delete("/api/papers/2/").await.status(), 204);
    Ok(())
}

#[quintet::test]
async fn a_page_takes_as_many_statements_as_a_row() -> Result<(), StartupError> {
    let (site, [ada, ..]) = start().await?;
    ada.post("/api/papers/").json(&json!({"title": "Draft"})).await;
    let list = async || ada.get("/api/papers/").await;
    // the user, the papers, and the rights of all
    assert_eq!(site.assert_num_queries(3, list).await.status(), 200);
    for _ in 0..20 {
        ada.post("/api/papers/").json(&json!({"title": "Draft"})).await;
    }
    let page = site.assert_num_queries(3, list).await.json();
    assert_eq!(page.as_array().map(Vec::len), Some(21));
    Ok(())
}
