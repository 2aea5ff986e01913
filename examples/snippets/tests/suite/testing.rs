use quintet::db::{Model, StartupError};
use quintet::test::Template;
use serde_json::json;
use snippets::testing::{Note, site};

static NOTES: Template =
    Template::new(|conn| Box::pin(async { Ok(conn.create_tables([Note::META]).await?) }));

#[quintet::test]
async fn a_note_is_created() -> Result<(), StartupError> {
    let site = NOTES.sqlite().await?.site(site)?;
    let client = site.client().await;
    let response = client.post("/api/notes/").json(&json!({"title": "milk"})).await;
    assert_eq!(response.status(), 201);
    assert_eq!(response.json(), json!({"id": 1, "title": "milk"}));
    Ok(())
}

#[quintet::test]
async fn a_note_needs_a_title() -> Result<(), StartupError> {
    let site = NOTES.sqlite().await?.site(site)?;
    let client = site.client().await;
    let response = client.post("/api/notes/").form([("title", "")]).await;
    assert_eq!(response.status(), 400);
    assert_eq!(response.json(), json!({"title": ["This field may not be blank."]}));
    Ok(())
}

#[quintet::test]
async fn a_list_takes_one_statement() -> Result<(), StartupError> {
    let site = NOTES.sqlite().await?.site(site)?;
    let client = site.client().await;
    let response = site.assert_num_queries(1, async || client.get("/api/notes/").await).await;
    assert_eq!(response.json(), json!([]));
    Ok(())
}
