//! A site in an actix app that has services of its own.
//!
//! The site is the default service: it gets every request that no other service matches. `Server`
//! serves the app within the limits of `SERVER_…`; actix's `HttpServer` works as well, without them.
//!
//! ```text
//! cargo run -p snippets -- actix_app
//! curl http://127.0.0.1:8000/hello/Ada
//! Hello, Ada!
//! curl http://127.0.0.1:8000/api/status/
//! {"status":"up"}
//! ```

use std::sync::Arc;

use actix_web::web::{self, ServiceConfig};
use actix_web::{App, HttpResponse};
use quintet::prelude::*;
use quintet::server::Server;

/// A handler of the app, as actix has them.
async fn hello(name: web::Path<String>) -> HttpResponse {
    HttpResponse::Ok().body(format!("Hello, {name}!"))
}

#[derive(Serializer)]
pub struct Status {
    status: String,
}

/// A view of the site.
async fn status(_cx: &mut Context) -> Result<Json<Status>> {
    Ok(Json(Status { status: "up".into() }))
}

/// The services of the app, the site last.
pub fn services(site: Arc<Site>) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        config.route("/hello/{name}", web::get().to(hello)).configure(site.configure());
    }
}

/// Serves the app.
pub async fn serve(site: Arc<Site>) -> Result<(), StartError> {
    let settings = site.settings().clone();
    let app = move || App::new().configure(services(Arc::clone(&site)));
    Ok(Server::new(&settings, app)?.bind("127.0.0.1:8000")?.run().await?)
}

pub fn site(settings: Settings, database: Arc<Database>) -> Result<Arc<Site>, StartError> {
    let router = Router::new().path("status/", ApiView::new("Status").get(status), "status");
    Ok(Site::builder(settings, database)
        .mount(router.at("/api/"))
        .openapi(OpenApi::new("Status", "1.0.0"))
        .build()?)
}
