use quintet::db::StartupError;
use serde_json::json;
use snippets::user_model::site;

#[quintet::test]
async fn a_customer_registers_and_logs_in_with_an_email_address() -> Result<(), StartupError> {
    let database = crate::EMPTY.sqlite().await?;
    let fast = database.override_settings(|settings| settings.auth.pbkdf2_iterations = 1);
    let site = fast.site(site)?;
    site.create_tables().await?;
    let client = site.client().await;
    let ada = json!({"email": "ada@example.com", "points": 0});
    let new = |password: &str| json!({"email": "ada@example.com", "password": password});
    let response = client.post("/api/register/").json(&new("correct horse")).await;
    assert_eq!((response.status(), response.json()), (200, ada.clone()));
    // `ada@example.com:correct horse`
    client.credentials("Authorization", "Basic YWRhQGV4YW1wbGUuY29tOmNvcnJlY3QgaG9yc2U=");
    assert_eq!(client.get("/api/me/").await.json(), ada);
    let anonymous = site.client().await;
    assert_eq!(anonymous.get("/api/me/").await.status(), 401);
    let taken = anonymous.post("/api/register/").json(&new("correct horse")).await;
    let message = json!({"email": ["This field must be unique."]});
    assert_eq!((taken.status(), taken.json()), (400, message));
    let weak = anonymous.post("/api/register/").json(&new("1234")).await;
    assert_eq!(weak.status(), 400);
    assert!(weak.json()["password"].is_array(), "{}", weak.text());
    Ok(())
}
