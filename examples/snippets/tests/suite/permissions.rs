use quintet::auth::NewUser;
use quintet::db::StartupError;
use quintet::test::{ApiClient, TestSite};
use serde_json::json;
use snippets::permissions::site;

/// The site, and clients of ada, bob and an administrator.
async fn start() -> Result<(TestSite, [ApiClient; 3]), StartupError> {
    let database = crate::EMPTY.sqlite().await?;
    let fast = database.override_settings(|settings| settings.auth.pbkdf2_iterations = 1);
    let site = fast.site(site)?;
    site.create_tables().await?;
    let users = [NewUser::new("ada"), NewUser::new("bob"), NewUser::new("root").staff()];
    for user in users {
        crate::user(&site, user.password("secret")).await?;
    }
    let clients = [site.client().await, site.client().await, site.client().await];
    for (client, key) in
        clients.iter().zip(["YWRhOnNlY3JldA==", "Ym9iOnNlY3JldA==", "cm9vdDpzZWNyZXQ="])
    {
        client.credentials("Authorization", &format!("Basic {key}"));
    }
    Ok((site, clients))
}

#[quintet::test]
async fn a_draft_is_seen_by_its_author_and_by_staff() -> Result<(), StartupError> {
    let (site, [ada, bob, root]) = start().await?;
    let draft = json!({"id": 1, "title": "Draft", "published": false, "author": "ada"});
    let response = ada.post("/api/documents/").json(&json!({"title": "Draft"})).await;
    assert_eq!((response.status(), response.json()), (201, draft.clone()));
    for client in [&ada, &root] {
        assert_eq!(client.get("/api/documents/").await.json(), json!([draft]));
    }
    let missing = json!({"detail": "No Document matches the given query."});
    for client in [&bob, &site.client().await] {
        assert_eq!(client.get("/api/documents/").await.json(), json!([]));
        let response = client.get("/api/documents/1/").await;
        assert_eq!((response.status(), response.json()), (404, missing.clone()));
    }
    Ok(())
}

#[quintet::test]
async fn a_published_document_is_read_by_everybody_and_changed_by_its_author()
-> Result<(), StartupError> {
    let (site, [ada, bob, root]) = start().await?;
    let new = json!({"title": "News", "published": true});
    assert_eq!(ada.post("/api/documents/").json(&new).await.status(), 201);
    assert_eq!(site.client().await.get("/api/documents/1/").await.json()["author"], "ada");
    let title = |title: &str| json!({"title": title});
    let refused = bob.patch("/api/documents/1/").json(&title("Mine")).await;
    assert_eq!(refused.status(), 403);
    let anonymous = site.client().await.patch("/api/documents/1/").json(&title("Mine")).await;
    assert_eq!(anonymous.status(), 401);
    for (client, text) in [(&ada, "Corrected"), (&root, "Checked")] {
        let response = client.patch("/api/documents/1/").json(&title(text)).await;
        assert_eq!((response.status(), &response.json()["title"]), (200, &json!(text)));
    }
    Ok(())
}
