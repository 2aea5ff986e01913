//! Conduit: the backend of the RealWorld specification, a blog with profiles, tags and favorites.
//!
//! ```text
//! cargo run -p conduit
//! curl -H 'Content-Type: application/json' -d '{"user": {"username": "ada", "email": "ada@example.com", "password": "correct horse"}}' http://127.0.0.1:8000/api/users
//! {"user":{"email":"ada@example.com","username":"ada","bio":null,"image":null,"token":"eyJ0…"}}
//! curl http://127.0.0.1:8000/api/articles
//! {"articlesCount":0,"articles":[]}
//! ```

pub mod errors;
pub mod migrations;
pub mod models;
pub mod serializers;
pub mod views;

use std::sync::Arc;
use std::time::Duration;

use quintet::prelude::*;
use quintet::{authentication::JwtAuthentication, parsers::JsonParser};
use quintet::{permissions::IsAuthenticatedOrReadOnly, site::SiteError, views::Policies};

use views::*;

fn urls() -> Router {
    let login = ApiView::new("Login").noun("user").permissions(AllowAny).post(login);
    Router::simple()
        .trailing_slash(false)
        .path("users", RegistrationView.as_view(), "users")
        .path("users/login", login, "login")
        .path("user", UserView.as_view(), "user")
        .path("tags", ApiView::new("Tags").get(tags), "tags")
        .register("profiles", ProfileViewSet)
        .register("articles", ArticleViewSet)
        .nested("articles", "article", Router::simple().register("comments", CommentViewSet))
}

/// The site, ready to be served.
///
/// # Errors
/// When a setting is missing or wrong.
pub fn site(mut settings: Settings, database: Arc<Database>) -> Result<Arc<Site>, SiteError> {
    settings.atomic_requests = true;
    settings.jwt.auth_header_types = vec!["Token".into()];
    settings.jwt.access_token_lifetime = Duration::from_secs(7 * 24 * 60 * 60);
    let openapi = OpenApi::new("Conduit", "1.0.0")
        .description("A blog: the RealWorld specification.")
        .errors::<serializers::ErrorsSerializer>()
        .validation_status(422);
    Site::builder(settings, database)
        .user_model::<models::User>()
        .authentication(JwtAuthentication::new())
        .permissions(IsAuthenticatedOrReadOnly)
        .policies(&Policies::inherit().parsers(JsonParser))
        .exception_handler(errors::errors)
        .mount(urls().at("/api/"))
        .openapi(openapi)
        .build()
}
