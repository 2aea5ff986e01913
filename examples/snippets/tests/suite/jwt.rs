use quintet::auth::NewUser;
use quintet::db::StartupError;
use quintet::test::TestSite;
use serde_json::json;
use snippets::jwt::site;

/// A site where ada has an account.
async fn start() -> Result<TestSite, StartupError> {
    let database = crate::EMPTY.sqlite().await?;
    let fast = database.override_settings(|settings| settings.auth.pbkdf2_iterations = 1);
    let site = fast.site(site)?;
    site.create_tables().await?;
    crate::user(&site, NewUser::new("ada").password("secret")).await?;
    Ok(site)
}

#[quintet::test]
async fn a_password_gives_tokens_and_an_access_token_gives_the_profile() -> Result<(), StartupError>
{
    let site = start().await?;
    let client = site.client().await;
    let response = client.get("/api/profile/").await;
    assert_eq!(
        (response.status(), response.header("www-authenticate")),
        (401, Some("Bearer realm=\"api\""))
    );
    let wrong = client.post("/api/token/").json(&json!({"username": "ada", "password": "x"})).await;
    assert_eq!(wrong.status(), 401);
    let body = json!({"username": "ada", "password": "secret"});
    let tokens = client.post("/api/token/").json(&body).await.json();
    let bearer = |token: &str| format!("Bearer {}", tokens[token].as_str().expect("a token"));
    client.credentials("Authorization", &bearer("access"));
    let response = client.get("/api/profile/").await;
    assert_eq!(
        (response.status(), response.json()),
        (200, json!({"username": "ada", "email": ""}))
    );
    // a refresh token opens nothing
    client.credentials("Authorization", &bearer("refresh"));
    assert_eq!(client.get("/api/profile/").await.status(), 401);
    Ok(())
}

#[quintet::test]
async fn a_refresh_token_gives_another_access_token() -> Result<(), StartupError> {
    let site = start().await?;
    let client = site.client().await;
    let body = json!({"username": "ada", "password": "secret"});
    let tokens = client.post("/api/token/").json(&body).await.json();
    let body = json!({"refresh": tokens["refresh"]});
    let response = client.post("/api/token/refresh/").json(&body).await;
    assert_eq!(response.status(), 200);
    let access = response.json()["access"].as_str().expect("a token").to_owned();
    client.credentials("Authorization", &format!("Bearer {access}"));
    assert_eq!(client.get("/api/profile/").await.status(), 200);
    Ok(())
}
