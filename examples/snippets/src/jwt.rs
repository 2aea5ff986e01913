//! JSON web tokens, compatible with djangorestframework-simplejwt (feature `jwt`).
//!
//! A client obtains a pair of tokens for its password, sends the access token with each request, and
//! gets another one for the refresh token when it has expired.
//!
//! ```text
//! cargo run -p snippets -- jwt createsuperuser
//! cargo run -p snippets -- jwt
//! curl -d username=ada -d password=… http://127.0.0.1:8000/api/token/
//! {"refresh":"eyJ0…","access":"eyJ0…"}
//! curl -H 'Authorization: Bearer eyJ0…' http://127.0.0.1:8000/api/profile/
//! {"username":"ada","email":""}
//! ```

use std::sync::Arc;
use std::time::Duration;

use quintet::accounts::{token_obtain_pair, token_refresh};
use quintet::authentication::JwtAuthentication;
use quintet::prelude::*;

#[derive(Serializer)]
pub struct Profile {
    username: String,
    email: String,
}

async fn profile(cx: &mut Context) -> Result<Json<Profile>> {
    let Some(user) = cx.user() else { return Err(ApiException::NotAuthenticated(None)) };
    Ok(Json(Profile { username: user.username.clone(), email: user.email.clone() }))
}

pub fn site(mut settings: Settings, database: Arc<Database>) -> Result<Arc<Site>, StartError> {
    settings.jwt.access_token_lifetime = Duration::from_secs(10 * 60);
    let router = Router::new()
        .path("token/", token_obtain_pair(), "token_obtain_pair")
        .path("token/refresh/", token_refresh(), "token_refresh")
        .path("profile/", ApiView::new("Profile").get(profile), "profile");
    let site = Site::builder(settings, database)
        .authentication(JwtAuthentication::new())
        .permissions(IsAuthenticated)
        .mount(router.at("/api/"))
        .openapi(OpenApi::new("Profiles", "1.0.0"))
        .build()?;
    Ok(site)
}
