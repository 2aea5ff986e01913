//! The site behind actix: from its request to ours, and from our answer to its own.

use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse, fn_service};
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderValue, TRANSFER_ENCODING};
use actix_web::web::{self, Bytes, BytesMut};
use actix_web::{App, Error, HttpRequest, HttpResponse, HttpServer};
use futures_util::StreamExt;

use super::{Site, StartError, Way};
use crate::aside::aside;
use crate::db::DatabaseWorker;
#[cfg(feature = "cors")]
use crate::middleware;
use crate::middleware::page;
use crate::request::{Body, Headers, Request};
use crate::response::{Response, ResponseBody};

/// How much of a body that is too long is read and dropped, so that its sender gets to read the
/// refusal.
const DRAIN: usize = 64 * 1024 * 1024;

impl Site {
    /// Mounts the site into an actix `App`: it answers what no other service of the app does, and
    /// scripts of other sites as `CORS_…` says.
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

    /// The middleware of `CORS_…`, for services that stand beside the site in an `App`: what the
    /// site answers has it already. Where no origin is allowed it does nothing.
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

    /// Serves this site alone at an address: `127.0.0.1:8000`. Says so on standard output.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn run_server(self: Arc<Self>, address: &str) -> Result<(), StartError> {
        let workers = self.settings().workers;
        let site = Arc::clone(&self);
        let server = HttpServer::new(move || App::new().configure(site.configure()));
        let server = match workers {
            Some(workers) => server.workers(workers),
            None => server,
        };
        let server =
            server.bind(address).map_err(|error| StartError::listening(address, &error))?;
        self.announce(&server.addrs());
        Ok(server.run().await?)
    }

    async fn serve(&self, worker: &DatabaseWorker, sent: ServiceRequest) -> ServiceResponse {
        let (http, payload) = sent.into_parts();
        let mut request = self.request(&http);
        let repeats = http.headers().len() != http.headers().len_keys();
        let way = if repeats && request.headers.is_ambiguous() {
            Way::Answered(page(400, request.header("accept").as_deref()), false)
        } else {
            self.way(&request)
        };
        let response = match way {
            Way::Answered(response, framed) => self.finish_plain(&request, response, framed),
            Way::View(found) => {
                let has_body = [CONTENT_LENGTH, TRANSFER_ENCODING]
                    .iter()
                    .any(|name| request.headers.contains_key(name))
                    || http.version() == actix_web::http::Version::HTTP_2;
                if has_body {
                    let most = self.settings().data_upload_max_memory_size;
                    request.body = aside(|| read(payload, &request.headers, most)).await;
                }
                self.run(worker, request, found).await
            }
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
        request
    }
}

/// The host of a request that names none (HTTP/1.0): the server's name, with the port where it is
/// not the scheme's own.
fn host_of(server: &str, port: u16, secure: bool) -> String {
    let name = server.rsplit_once(':').map_or(server, |(name, _)| name);
    if port == if secure { 443 } else { 80 } { name.to_owned() } else { format!("{name}:{port}") }
}

/// Reads a body up to the limit; a longer one is read on for a while and dropped.
async fn read(mut payload: Payload, headers: &Headers, most: Option<usize>) -> Body {
    let most = most.unwrap_or(usize::MAX);
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<usize>().ok());
    let mut fits = announced.is_none_or(|length| length <= most);
    let mut body = BytesMut::new();
    let mut whole: Option<Bytes> = None;
    let mut dropped = 0_usize;
    while let Some(chunk) = payload.next().await {
        let Ok(chunk) = chunk else { return Body::Broken };
        let read = body.len() + whole.as_ref().map_or(0, Bytes::len);
        if fits && chunk.len() > most.saturating_sub(read) {
            fits = false;
        }
        if !fits {
            body = BytesMut::new();
            whole = None;
            dropped = dropped.saturating_add(chunk.len());
            if dropped > DRAIN {
                break;
            }
        } else if read == 0 {
            // most bodies come in one piece
            whole = Some(chunk);
        } else {
            if let Some(first) = whole.take() {
                // without a limit the client's word is not taken for more than this
                let length = announced.unwrap_or(first.len() + chunk.len());
                body.reserve(length.min(most).min(DRAIN));
                body.extend_from_slice(&first);
            }
            body.extend_from_slice(&chunk);
        }
    }
    if fits { Body::Read(whole.unwrap_or_else(|| body.freeze())) } else { Body::TooLarge }
}

fn into_http(response: Response) -> HttpResponse {
    let Response { status, mut headers, body } = response;
    let bytes = match body {
        ResponseBody::Empty => Bytes::new(),
        ResponseBody::Json(bytes) => {
            if !headers.contains_key(CONTENT_TYPE) {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            }
            Bytes::from(bytes)
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
