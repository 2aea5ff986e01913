//! Serving a site with actix: converting requests and responses.

use std::rc::Rc;
use std::sync::Arc;

#[cfg(feature = "test")]
use actix_web::HttpMessage as _;
use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse, fn_service};
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HOST, HeaderValue};
use actix_web::web::{self, Bytes};
use actix_web::{App, Error, HttpRequest, HttpResponse};

use super::body::{self, Announced};
use super::stream::into_body;
use super::{Destination, Site, StartError};
use crate::aside::aside;
use crate::db::DatabaseWorker;
#[cfg(feature = "cors")]
use crate::middleware;
use crate::middleware::page;
use crate::request::{Headers, Request};
use crate::response::{Response, ResponseBody};
use crate::server::{Connection, Server};
#[cfg(feature = "test")]
use crate::{
    routers::Match,
    views::{Endpoint, View},
};

impl Site {
    /// Mounts the site into an actix `App`, as its default service: it handles every request that
    /// no other service of the app matches, and cross-origin requests as `CORS_…` sets.
    ///
    /// ```no_run
    /// # use std::sync::Arc;
    /// # use quintet::site::Site;
    /// # async fn run(site: Arc<Site>) -> std::io::Result<()> {
    /// use actix_web::{App, HttpServer};
    ///
    /// HttpServer::new(move || App::new().configure(site.configure()))
    ///     .bind("127.0.0.1:8000")?
    ///     .run()
    ///     .await
    /// # }
    /// ```
    pub fn configure(self: &Arc<Self>) -> impl FnOnce(&mut web::ServiceConfig) + use<> {
        let site = Arc::clone(self);
        move |config| {
            let worker = site.database().worker();
            #[cfg(feature = "cors")]
            let cors = site.cors.is_some().then(|| site.cors());
            // a service and not a route: there is nothing to extract and nothing to choose by
            let service = fn_service(move |request: ServiceRequest| {
                let (site, worker) = (Arc::clone(&site), worker.clone());
                async move { Ok::<_, Error>(site.serve(&worker, request).await) }
            });
            #[cfg(feature = "cors")]
            if let Some(cors) = cors {
                config.default_service(web::route().service(service).wrap(cors));
                return;
            }
            config.default_service(service);
        }
    }

    /// The middleware of `CORS_…`, for other services of an `App`; the site's own responses have it
    /// already. If no origin is allowed, it does nothing.
    ///
    /// ```no_run
    /// # use std::sync::Arc;
    /// # use quintet::site::Site;
    /// # async fn run(site: Arc<Site>) -> std::io::Result<()> {
    /// use actix_web::{App, HttpServer, web};
    ///
    /// HttpServer::new(move || {
    ///     App::new()
    ///         .service(web::scope("/files").wrap(site.cors()))
    ///         .configure(site.configure())
    /// })
    /// .bind("127.0.0.1:8000")?
    /// .run()
    /// .await
    /// # }
    /// ```
    #[cfg(feature = "cors")]
    pub fn cors(&self) -> middleware::Cors {
        middleware::Cors::new(self.cors.clone())
    }

    /// Creates the tables of the site that do not exist: those of its views' models and of what they
    /// reference, of accounts, tokens and sessions. Migrations change tables that exist; this only
    /// makes a beginning (`migrate --run-syncdb`). See [`Database::create_tables`]. Where the site has
    /// several databases, each model's table is made where its rows are written, with those that it
    /// references.
    ///
    /// [`Database::create_tables`]: crate::db::Database::create_tables
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn create_tables(&self) -> Result<(), crate::db::Error> {
        let models = self.database.registered();
        let Some(databases) = &self.databases else {
            return self.database.create_tables(models).await;
        };
        for (alias, database) in databases.all() {
            let is_there =
                |model: &crate::db::ModelMeta| databases.db_for_write(Some(model)) == alias;
            let own: Vec<_> = models.iter().copied().filter(|model| is_there(model)).collect();
            if !own.is_empty() {
                database.create_tables(own).await?;
            }
        }
        Ok(())
    }

    /// Serves this site alone at an address, `127.0.0.1:8000`, within the limits of `SERVER_…`,
    /// until SIGTERM or SIGINT; then it finishes the requests in progress, as [`Server::run`] does.
    /// Prints where it listens on standard output.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn run_server(self: Arc<Self>, address: &str) -> Result<(), StartError> {
        let site = Arc::clone(&self);
        let server = Server::new(self.settings(), move || App::new().configure(site.configure()))?
            .bind(address)
            .map_err(|error| StartError::listening(address, &error))?;
        self.announce(&server.addresses().collect::<Vec<_>>());
        Ok(server.run().await?)
    }

    /// The response of a view without a URL.
    #[cfg(feature = "test")]
    pub(crate) async fn answer_by(&self, request: Request, view: Arc<dyn View>) -> HttpResponse {
        let endpoint = Arc::new(Endpoint::new(view, &self.defaults));
        let kwargs = request.kwargs.clone();
        let worker = self.database.worker();
        into_http(
            self.run(&worker, Box::new(request), Match { endpoint, kwargs, matched: None }).await,
        )
    }

    async fn serve(&self, worker: &DatabaseWorker, sent: ServiceRequest) -> ServiceResponse {
        let (http, payload) = sent.into_parts();
        let mut request = self.request(&http);
        let repeats = http.headers().len() != http.headers().len_keys();
        let way = if repeats && request.headers.is_ambiguous() {
            Destination::Answered(page(400, request.header("accept").as_deref()), false)
        } else {
            self.way(&request)
        };
        let response = match way {
            Destination::Answered(response, framed) => {
                self.finish_plain(&request, response, framed)
            }
            Destination::View(found) => match body::announced(&request.headers, http.version()) {
                Announced::Nothing => self.run(worker, request, found).await,
                announced => {
                    let limits = body::Limits::of(self.settings(), announced);
                    if limits.is_small() {
                        request.body = aside(|| body::read_small(payload, limits)).await;
                        aside(|| self.run(worker, request, found)).await
                    } else {
                        let connection = http.conn_data::<Rc<Connection>>();
                        let run = |request| self.run(worker, request, found);
                        aside(|| {
                            body::beside(payload, limits, &self.bodies, connection, request, run)
                        })
                        .await
                    }
                }
            },
        };
        ServiceResponse::new(http, into_http(response))
    }

    /// Our request, without its body.
    fn request(&self, http: &HttpRequest) -> Box<Request> {
        let settings = self.settings();
        let headers = Headers::from(http.headers());
        let text = |name: &str| headers.text(name);
        let forwarded = settings.use_x_forwarded_host.then(|| text("x-forwarded-host")).flatten();
        let sent = forwarded
            .or_else(|| headers.text(HOST))
            .or_else(|| http.uri().authority().map(|authority| authority.as_str().into()));
        let secure = match &settings.secure.proxy_ssl_header {
            Some((name, value)) => match text(name) {
                // the first of several proxies spoke with the client
                Some(sent) => sent.split(',').next().unwrap_or_default().trim() == value,
                None => http.app_config().secure(),
            },
            None => http.app_config().secure(),
        };
        let mut request = Box::new(Request::new(http.method().clone(), ""));
        http.uri().path().clone_into(&mut request.path);
        http.uri().query().unwrap_or_default().clone_into(&mut request.query_string);
        request.scheme = if secure { "https" } else { "http" };
        let forwarded = settings.use_x_forwarded_port.then(|| text("x-forwarded-port")).flatten();
        request.port = forwarded
            .and_then(|port| port.trim().parse().ok())
            .unwrap_or_else(|| http.app_config().local_addr().port());
        request.host = match sent {
            Some(host) => host.into_owned(),
            None => host_of(http.app_config().host(), request.port, secure),
        };
        request.peer = http.peer_addr().map(|address| address.ip());
        request.headers = headers;
        #[cfg(feature = "test")]
        if let Some(marks) = http.extensions().get::<crate::request::Marks>() {
            if marks.is_secure {
                (request.scheme, request.port) = ("https", 443);
            }
            request.marks = marks.clone();
        }
        request
    }
}

/// The host of a request that names none (HTTP/1.0): the server's name, with the port where it is
/// not the scheme's own.
fn host_of(server: &str, port: u16, secure: bool) -> String {
    let name = server.rsplit_once(':').map_or(server, |(name, _)| name);
    if port == if secure { 443 } else { 80 } { name.to_owned() } else { format!("{name}:{port}") }
}

fn into_http(response: Response) -> HttpResponse {
    let Response { status, mut headers, body, .. } = response;
    let bytes = match body {
        ResponseBody::Empty => Bytes::new(),
        ResponseBody::Json(bytes) => {
            if !headers.contains_key(CONTENT_TYPE) {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            }
            Bytes::from(bytes)
        }
        ResponseBody::Stream { content_type, body } => {
            if let Ok(value) = HeaderValue::from_str(&content_type)
                && !headers.contains_key(CONTENT_TYPE)
            {
                headers.insert(CONTENT_TYPE, value);
            }
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let mut http = HttpResponse::with_body(status, into_body(&body));
            *http.headers_mut() = headers;
            return http;
        }
        ResponseBody::Bytes { content_type, bytes } => {
            if let Ok(value) = HeaderValue::from_str(&content_type)
                && !headers.contains_key(CONTENT_TYPE)
            {
                headers.insert(CONTENT_TYPE, value);
            }
            Bytes::from(bytes)
        }
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut http = HttpResponse::with_body(status, BoxBody::new(bytes));
    *http.headers_mut() = headers;
    http
}
