//! The music store: the API of a Django REST framework application, on the same tables.
//!
//! ```text
//! cargo run -p musicstore
//! curl http://127.0.0.1:8000/api/artists/1/
//! {"id":1,"name":"AC/DC","album_count":2}
//! curl 'http://127.0.0.1:8000/api/tracks/?search=love&ordering=-milliseconds&limit=1'
//! ```

pub mod accounts;
pub mod filters;
pub mod guards;
pub mod loader;
pub mod models;
pub mod permissions;
pub mod serializers;
pub mod throttles;
pub mod views;
pub mod wire;

use std::sync::Arc;

use quintet::authentication::*;
use quintet::db::Database;
use quintet::permissions::IsAuthenticatedOrReadOnly;
use quintet::prelude::*;
use quintet::site::SiteError;

/// The URLs of the store.
pub fn urls() -> Router {
    Router::new()
        .include("", wire::urls())
        .include("auth/", accounts::urls())
        .include("perm/", guards::urls())
        .path("throttle/scoped/", throttles::scoped(), "throttle-scoped")
        .path("throttle/user/", throttles::user(), "throttle-user")
        .path("throttle/header/", throttles::header(), "throttle-header")
        .register("artists", views::ArtistViewSet)
        .register("albums", views::AlbumViewSet)
        .register("tracks", views::TrackViewSet)
        .register("genres", views::GenreViewSet)
        .register("media-types", views::MediaTypeViewSet)
        .register("playlists", views::PlaylistViewSet)
        .register("invoices", views::InvoiceViewSet)
        .register("invoice-lines", views::InvoiceLineViewSet)
        .register("customers", views::CustomerViewSet)
        .register("employees", views::EmployeeViewSet)
        .register("users", views::UserViewSet)
}

/// The store as a site, ready to be mounted or served.
///
/// # Errors
/// When a setting is missing or wrong.
pub fn site(mut settings: Settings, database: Arc<Database>) -> Result<Arc<Site>, SiteError> {
    let pages = PageNumberPagination::new()
        .page_size(25)
        .page_size_query_param("page_size")
        .max_page_size(100)
        .last_page_strings(["last"]);
    let openapi = OpenApi::new("Music store API", "1.0.0")
        .description("A REST API over the Chinook data.")
        .license("MIT OR Apache-2.0", "MIT OR Apache-2.0");
    settings.throttle.default_rates(throttles::RATES);
    settings.auth.login_url = "/api-auth/login/".into();
    settings.auth.login_redirect_url = "/api/".into();
    settings.jwt.rotate_refresh_tokens = true;
    settings.jwt.blacklist_after_rotation = true;
    settings.jwt.blacklist = true;
    Site::builder(settings, database)
        .authentication((
            TokenAuthentication::new(),
            JwtAuthentication::new(),
            BasicAuthentication::new(),
            SessionAuthentication,
        ))
        .permissions(IsAuthenticatedOrReadOnly)
        .pagination(pages)
        .ordering_filter()
        .mount(urls().at("/api/"))
        .mount(quintet::accounts::urls().at("/api-auth/"))
        .mount(quintet::accounts::password_urls().at("/accounts/"))
        .openapi(openapi)
        .build()
}
