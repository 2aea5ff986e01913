//! Cross-origin requests (CORS), handled as django-cors-headers does.
//!
//! actix-cors implements the protocol: it responds to preflights and says which origin may read a
//! response. It knows neither paths nor Django's settings, so this middleware wraps it: it passes
//! requests on that do not concern it (another path, an origin that is not allowed), and writes the
//! lists of the settings in their order, where actix-cors would repeat what the client requested.
//! The browser decides: a preflight is a 200 even if it is refused.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_EXPOSE_HEADERS,
    ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, CONTENT_TYPE, HeaderMap, HeaderName,
    HeaderValue, ORIGIN, VARY,
};
use actix_web::{Error, HttpResponse};
use futures_util::TryFutureExt;
use futures_util::future::{LocalBoxFuture, ready};

use super::behind_script;
use crate::request::decode_path;
use crate::settings::{CorsSettings, OriginRules, Settings, SettingsError};

const REQUEST_PRIVATE_NETWORK: &str = "access-control-request-private-network";
const ALLOW_PRIVATE_NETWORK: HeaderName =
    HeaderName::from_static("access-control-allow-private-network");

/// What the settings allow, parsed once.
#[derive(Debug)]
pub(crate) struct CorsPolicy {
    rules: OriginRules,
    credentials: bool,
    /// For responses to OPTIONS.
    options: Vec<(HeaderName, HeaderValue)>,
    expose: Option<HeaderValue>,
    private_network: bool,
    /// The prefix of every path of the site.
    script_name: String,
}

impl CorsPolicy {
    /// Parses the settings; `None` if they allow no origin.
    ///
    /// # Errors
    /// When one of them is wrong.
    pub(crate) fn new(settings: &Settings) -> Result<Option<Arc<Self>>, SettingsError> {
        let cors = &settings.cors;
        if !cors.allows_somebody() {
            return Ok(None);
        }
        let CorsSettings { allow_headers, allow_methods, expose_headers, .. } = cors;
        let age = cors.preflight_max_age.as_secs();
        let age = if age == 0 { Vec::new() } else { vec![age.to_string()] };
        let options = [
            (ACCESS_CONTROL_ALLOW_HEADERS, list("CORS_ALLOW_HEADERS", allow_headers)?),
            (ACCESS_CONTROL_ALLOW_METHODS, list("CORS_ALLOW_METHODS", allow_methods)?),
            (ACCESS_CONTROL_MAX_AGE, list("CORS_PREFLIGHT_MAX_AGE", &age)?),
        ];
        if cors.allow_all_origins && cors.allow_credentials {
            tracing::warn!(
                "CORS_ALLOW_ALL_ORIGINS with CORS_ALLOW_CREDENTIALS: every site may act as its \
                 visitors"
            );
        }
        Ok(Some(Arc::new(Self {
            rules: OriginRules::new(cors)?,
            credentials: cors.allow_credentials,
            options: options.into_iter().filter_map(|(name, value)| Some((name, value?))).collect(),
            expose: list("CORS_EXPOSE_HEADERS", expose_headers)?,
            private_network: cors.allow_private_network,
            script_name: settings.force_script_name.clone(),
        })))
    }

    fn covers(&self, path: &str) -> bool {
        let path = decode_path(path);
        self.rules.covers(behind_script(&path, &self.script_name))
    }

    fn allows(&self, origin: &HeaderValue) -> bool {
        origin.to_str().is_ok_and(|origin| self.rules.allows(origin))
    }

    /// The crate's middleware, for those settings that it has. It never refuses a request: the
    /// response says what is allowed.
    fn protocol(self: &Arc<Self>) -> actix_cors::Cors {
        let cors =
            actix_cors::Cors::default().allow_any_method().allow_any_header().disable_vary_header();
        let cors = if self.rules.allows_all() {
            cors.allow_any_origin()
        } else {
            let policy = Arc::clone(self);
            cors.allowed_origin_fn(move |origin, _| policy.allows(origin))
        };
        match (self.credentials, self.rules.allows_all()) {
            (true, _) => cors.supports_credentials(),
            (false, true) => cors.send_wildcard(),
            (false, false) => cors,
        }
    }

    /// Adds the other headers of django-cors-headers.
    fn complete(&self, asked: &Asked, headers: &mut HeaderMap) {
        if let Some(expose) = &self.expose {
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, expose.clone());
        }
        if asked.kind != RequestKind::Usual {
            // the crate repeats what was requested
            headers.remove(ACCESS_CONTROL_ALLOW_HEADERS);
            headers.remove(ACCESS_CONTROL_ALLOW_METHODS);
            for (name, value) in &self.options {
                headers.insert(name.clone(), value.clone());
            }
        }
        if asked.private_network && self.private_network {
            headers.insert(ALLOW_PRIVATE_NETWORK, HeaderValue::from_static("true"));
        }
        if asked.kind == RequestKind::Preflight {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        }
    }
}

/// A header with the values of a setting in their order; `None` for an empty list.
fn list(name: &'static str, words: &[String]) -> Result<Option<HeaderValue>, SettingsError> {
    if words.is_empty() {
        return Ok(None);
    }
    let text = words.join(", ");
    HeaderValue::from_str(&text).map(Some).map_err(|_| SettingsError {
        name,
        reason: format!("{text:?} cannot be the value of a header"),
    })
}

/// What kind of request it is.
struct Asked {
    kind: RequestKind,
    /// Whether its origin is allowed.
    allowed: bool,
    private_network: bool,
}

#[derive(PartialEq, Eq)]
enum RequestKind {
    Usual,
    /// An OPTIONS that a view responds to.
    Options,
    /// A preflight: whether a request would be allowed.
    Preflight,
}

impl Asked {
    fn of(request: &ServiceRequest, policy: &CorsPolicy) -> Self {
        let headers = request.headers();
        let kind = if *request.method() != Method::OPTIONS {
            RequestKind::Usual
        } else if headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
            RequestKind::Preflight
        } else {
            RequestKind::Options
        };
        let origin = headers.get(ORIGIN).filter(|origin| !origin.is_empty());
        let private = headers.get(REQUEST_PRIVATE_NETWORK);
        Self {
            kind,
            allowed: origin.is_some_and(|origin| policy.allows(origin)),
            private_network: private.is_some_and(|value| value == "true"),
        }
    }
}

/// Adds `Origin` to `Vary` (`patch_vary_headers`).
fn vary_on_origin(headers: &mut HeaderMap) {
    let names: Vec<&str> = headers
        .get_all(VARY)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .collect();
    if names.iter().any(|name| *name == "*" || name.eq_ignore_ascii_case("origin")) {
        return;
    }
    let text = names.into_iter().chain(["origin"]).collect::<Vec<_>>().join(", ");
    if let Ok(value) = HeaderValue::from_str(&text) {
        headers.insert(VARY, value);
    }
}

/// The middleware for cross-origin requests, as `CORS_…` sets it
/// ([`Site::cors`](crate::site::Site::cors)): `CorsMiddleware` of django-cors-headers.
#[doc(alias = "CorsMiddleware")]
#[derive(Debug, Clone)]
pub struct Cors {
    policy: Option<Arc<CorsPolicy>>,
}

impl Cors {
    pub(crate) fn new(policy: Option<Arc<CorsPolicy>>) -> Self {
        Self { policy }
    }
}

/// The crate's middleware around a service.
type Protocol<S> = <actix_cors::Cors as Transform<Rc<S>, ServiceRequest>>::Transform;

/// A service behind [`Cors`].
pub struct CorsService<S>
where
    actix_cors::Cors: Transform<Rc<S>, ServiceRequest>,
{
    service: Rc<S>,
    cors: Option<(Arc<CorsPolicy>, Protocol<S>)>,
}

impl<S> std::fmt::Debug for CorsService<S>
where
    actix_cors::Cors: Transform<Rc<S>, ServiceRequest>,
{
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let allows_somebody = self.cors.is_some();
        f.debug_struct("CorsService")
            .field("allows_somebody", &allows_somebody)
            .finish_non_exhaustive()
    }
}

impl<S, B> Transform<S, ServiceRequest> for Cors
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = CorsService<S>;
    type InitError = ();
    type Future = LocalBoxFuture<'static, Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        let service = Rc::new(service);
        let policy = self.policy.clone();
        Box::pin(async move {
            let cors = match policy {
                Some(policy) => {
                    let protocol = policy.protocol().new_transform(Rc::clone(&service)).await?;
                    Some((policy, protocol))
                }
                None => None,
            };
            Ok(CorsService { service, cors })
        })
    }
}

impl<S, B> Service<ServiceRequest> for CorsService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    forward_ready!(service);

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let covers = |policy: &CorsPolicy| policy.covers(request.path());
        let Some((policy, protocol)) = self.cors.as_ref().filter(|(policy, _)| covers(policy))
        else {
            let answer = self.service.call(request);
            return Box::pin(answer.map_ok(ServiceResponse::map_into_left_body));
        };
        let asked = Asked::of(&request, policy);
        if !asked.allowed {
            if asked.kind == RequestKind::Preflight {
                let mut refusal =
                    HttpResponse::Ok().content_type("text/html; charset=utf-8").finish();
                vary_on_origin(refusal.headers_mut());
                return Box::pin(ready(Ok(request.into_response(refusal).map_into_right_body())));
            }
            let answer = self.service.call(request);
            return Box::pin(answer.map_ok(|mut answer| {
                vary_on_origin(answer.headers_mut());
                answer.map_into_left_body()
            }));
        }
        if asked.kind == RequestKind::Preflight {
            // the crate refuses unknown methods
            let known = HeaderValue::from_static("GET");
            request.headers_mut().insert(ACCESS_CONTROL_REQUEST_METHOD, known);
        }
        let policy = Arc::clone(policy);
        let answer = protocol.call(request);
        Box::pin(answer.map_ok(move |mut answer| {
            policy.complete(&asked, answer.headers_mut());
            vary_on_origin(answer.headers_mut());
            answer
        }))
    }
}
