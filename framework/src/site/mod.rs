//! A whole site: settings, database, default policies and routers, mounted into an actix `App`.
//!
//! A [`Site`] is built once and shared by all workers. Building it checks everything that can be
//! checked before the first request: settings, URLs, throttle rates, views, and the OpenAPI
//! document.
//!
//! ```no_run
//! use quintet::permissions::IsAuthenticatedOrReadOnly;
//! use quintet::prelude::*;
//! use quintet::throttling::AnonRateThrottle;
//!
//! # #[model(table = "library_book")]
//! # pub struct Book {
//! #     pub id: i64,
//! #     pub title: String,
//! # }
//! #
//! # #[derive(Serializer)]
//! # #[serializer(model = Book, fields = all)]
//! # pub struct BookSerializer {}
//! #
//! # pub struct BookViewSet;
//! #
//! # impl ViewSet for BookViewSet {
//! #     type Base = ModelViewSet;
//! #     type Serializer = BookSerializer;
//! # }
//! #
//! #[quintet::main]
//! async fn main() -> Result<(), StartError> {
//!     let settings = Settings::from_env()?;
//!     let database = Database::open(&settings)?;
//!     let site = Site::builder(settings, database)
//!         .permissions(IsAuthenticatedOrReadOnly)
//!         .throttles(AnonRateThrottle::new().rate("100/hour"))
//!         .pagination(PageNumberPagination::new().page_size(50))
//!         .mount(Router::new().register("books", BookViewSet).at("/api/"))
//!         .build()?;
//!     site.run_server("127.0.0.1:8000").await
//! }
//! ```
//!
//! # Setting the defaults
//!
//! | DRF, Django | here |
//! | --- | --- |
//! | `DEFAULT_AUTHENTICATION_CLASSES` | [`SiteBuilder::authentication`] |
//! | `DEFAULT_PERMISSION_CLASSES` | [`SiteBuilder::permissions`] |
//! | `DEFAULT_THROTTLE_CLASSES` | [`SiteBuilder::throttles`] |
//! | `DEFAULT_RENDERER_CLASSES`, `DEFAULT_PARSER_CLASSES` | [`SiteBuilder::policies`] |
//! | `DEFAULT_VERSIONING_CLASS` | [`SiteBuilder::versioning`] |
//! | `DEFAULT_METADATA_CLASS` | [`SiteBuilder::metadata`] |
//! | `DEFAULT_CONTENT_NEGOTIATION_CLASS` | [`SiteBuilder::policies`] |
//! | `DEFAULT_PAGINATION_CLASS`, `PAGE_SIZE` | [`SiteBuilder::pagination`] |
//! | `DEFAULT_FILTER_BACKENDS` with the ordering filter | [`SiteBuilder::ordering_filter`] |
//! | `AUTHENTICATION_BACKENDS` | [`SiteBuilder::authentication_backends`] |
//! | `MIDDLEWARE` | [`SiteBuilder::middleware`] |
//! | `AUTH_USER_MODEL` | [`SiteBuilder::user_model`] |
//! | `ROOT_URLCONF` | [`SiteBuilder::mount`] |
//! | `STORAGES` | [`SiteBuilder::storage`] |
//! | drf-spectacular's views | `SiteBuilder::openapi` (feature `openapi`) |
//!
//! # Serving it
//!
//! [`Site::run_server`] serves it with deadlines and limits ([`server`](crate::server)), and
//! finishes what it has begun when a signal stops it. [`Site::configure`] mounts it into an actix
//! `App` of your own. [`Site::answer`] responds to a request without a socket, and
//! [`Site::with_context`] runs work beside requests, as commands do.

mod banner;
mod body;
#[cfg(feature = "openapi")]
mod openapi;
mod serve;
mod start;
mod stream;
mod warnings;

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use actix_web::http::Method;
use actix_web::http::header::ACCEPT;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use crate::aside::aside;
use crate::auth::{
    DynObjectPermissionBackend, Group, ObjectPermissionBackend, PasswordHashers, Token, User,
    UserMeta, UserModel, UserModelError,
};
#[cfg(feature = "jwt")]
use crate::authentication::jwt::{BlacklistedToken, OutstandingToken, TokenBackend};
use crate::authentication::{AuthenticationBackends, AuthenticationClasses, BackendList};
use crate::cache::{Counters, Pages};
use crate::db::hooks::Signal;
use crate::db::{
    ColumnKind, ColumnMeta, Connections, Database, DatabaseWorker, Dialect, Model, ModelMeta,
    reachable,
};
use crate::exceptions::ApiException;
use crate::files::{AnyStorage, Storage};
use crate::generics::SiteGenerics;
use crate::metadata::MetadataClass;
use crate::middleware::{self, DynMiddleware, Middleware, Next, Security};
use crate::pagination::Pagination;
use crate::permissions::PermissionClasses;
use crate::request::{BodyMemory, Context, Request, Shared, Storages};
use crate::response::{Response, ResponseBody};
use crate::reverse::{Pattern, Urls};
use crate::routers::{Match, Mount, RouteError, Table};
use crate::sessions::StoredSession;
use crate::settings::{FormatSettings, Settings, SettingsError};
use crate::throttling::{self, ThrottleClasses};
use crate::values::debug_is_display;
use crate::versioning::VersioningClass;
use crate::views::{Endpoint, ErrorContext, ExceptionHandler, Policies, View, ViewError};

pub use start::StartError;

/// Why a site could not be built. `Debug` prints the same message as `Display`, so that `main` may
/// return it.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SiteError {
    /// A setting is missing or wrong.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The user model lacks a required field.
    #[error(transparent)]
    UserModel(#[from] UserModelError),
    /// A URL pattern is invalid.
    #[error(transparent)]
    Route(#[from] RouteError),
    /// A view is inconsistent.
    #[error(transparent)]
    View(#[from] ViewError),
    /// A router names a database that there is not.
    #[error("{0}")]
    Router(String),
    /// A model has a column that the database has no type for.
    #[error(
        "{model}.{field} is an array, and SQLite has none: use PostgreSQL, or make it \
         `serde_json::Value` or `Json<Vec<..>>`"
    )]
    NoArrays {
        /// The model.
        model: &'static str,
        /// The column.
        field: &'static str,
    },
    /// A column of files names a storage that the site does not have.
    #[error(
        "{model}.{field} is stored in `{storage}`, and the site has no storage of that name: give it one by \
         `.storage(\"{storage}\", ..)`"
    )]
    NoStorage {
        /// The model.
        model: &'static str,
        /// The column.
        field: &'static str,
        /// The storage.
        storage: &'static str,
    },
    /// The OpenAPI document would be wrong.
    #[cfg(feature = "openapi")]
    #[error(transparent)]
    Schema(#[from] crate::schemas::SchemaError),
}

debug_is_display!(SiteError);

/// A site, ready to serve. It is built once and shared by all workers. [`Site::builder`] starts
/// one; the module documentation has an example.
pub struct Site {
    shared: Arc<Shared>,
    security: Security,
    #[cfg(feature = "cors")]
    cors: Option<Arc<middleware::CorsPolicy>>,
    database: Arc<Database>,
    /// The databases that it is one of.
    databases: Option<Arc<Connections>>,
    bodies: Arc<BodyMemory>,
    middleware: Option<Arc<[Arc<dyn DynMiddleware>]>>,
    defaults: Policies,
    tables: Vec<Table>,
    #[cfg(feature = "openapi")]
    openapi: Option<Arc<crate::schemas::RenderedSchema>>,
}

/// Builds a [`Site`].
pub struct SiteBuilder {
    settings: Settings,
    database: Arc<Database>,
    /// The databases that it is one of.
    databases: Option<Arc<Connections>>,
    defaults: Policies,
    generics: SiteGenerics,
    users: Result<Option<Arc<UserMeta>>, UserModelError>,
    object_permissions: Vec<Arc<dyn DynObjectPermissionBackend>>,
    signals: Vec<Signal>,
    backends: Option<BackendList>,
    storages: Vec<(String, AnyStorage)>,
    middleware: Vec<Arc<dyn DynMiddleware>>,
    mounts: Vec<Mount>,
    #[cfg(feature = "openapi")]
    openapi: Option<crate::schemas::OpenApi>,
}

impl fmt::Debug for SiteBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SiteBuilder").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl SiteBuilder {
    /// Sets the default policies of views; those not set stay as they were.
    #[must_use]
    pub fn policies(mut self, policies: &Policies) -> Self {
        self.defaults = policies.or(&self.defaults);
        self
    }

    /// Sets the default authenticators (`DEFAULT_AUTHENTICATION_CLASSES`).
    #[must_use]
    pub fn authentication(self, list: impl AuthenticationClasses) -> Self {
        self.policies(&Policies::inherit().authentication(list))
    }

    /// Sets the default permissions (`DEFAULT_PERMISSION_CLASSES`).
    #[must_use]
    pub fn permissions(self, list: impl PermissionClasses) -> Self {
        self.policies(&Policies::inherit().permissions(list))
    }

    /// Sets the default throttles (`DEFAULT_THROTTLE_CLASSES`).
    #[must_use]
    pub fn throttles(self, list: impl ThrottleClasses) -> Self {
        self.policies(&Policies::inherit().throttles(list))
    }

    /// Sets how the versions of requests are determined (`DEFAULT_VERSIONING_CLASS`).
    #[must_use]
    pub fn versioning(self, scheme: impl VersioningClass) -> Self {
        self.policies(&Policies::inherit().versioning(scheme))
    }

    /// Sets what answers OPTIONS (`DEFAULT_METADATA_CLASS`); `()` refuses it.
    #[must_use]
    pub fn metadata(self, class: impl MetadataClass) -> Self {
        self.policies(&Policies::inherit().metadata(class))
    }

    /// Sets what changes the responses of errors (`EXCEPTION_HANDLER`), unknown paths included.
    #[must_use]
    pub fn exception_handler(self, handler: impl ExceptionHandler) -> Self {
        self.policies(&Policies::inherit().exception_handler(handler))
    }

    /// Sets the default pagination of lists (`DEFAULT_PAGINATION_CLASS`).
    #[must_use]
    pub fn pagination(mut self, pagination: impl Pagination + 'static) -> Self {
        self.generics.pagination = Some(Arc::new(pagination));
        self
    }

    /// Allows `?ordering=` by the serializer's fields in views without ordering fields
    /// (`DEFAULT_FILTER_BACKENDS` with the ordering filter).
    #[must_use]
    pub fn ordering_filter(mut self) -> Self {
        self.generics.ordering_filter = true;
        self
    }

    /// Sets the user model (`AUTH_USER_MODEL`); [`User`] by default.
    #[must_use]
    pub fn user_model<M: UserModel>(mut self) -> Self {
        self.users = UserMeta::of::<M>().map(Some);
        self
    }

    /// Adds a storage under a name (`STORAGES`), for columns and code; `default` takes the place of the file
    /// system at `MEDIA_ROOT`.
    ///
    /// ```
    /// # use quintet::site::SiteBuilder;
    /// use quintet::files::FileSystemStorage;
    ///
    /// # fn of(builder: SiteBuilder) -> SiteBuilder {
    /// builder.storage("covers", FileSystemStorage::new("/srv/covers", "/covers/"))
    /// # }
    /// ```
    #[doc(alias = "STORAGES")]
    #[must_use]
    pub fn storage(mut self, name: impl Into<String>, storage: impl Storage) -> Self {
        self.storages.push((name.into(), AnyStorage::new(storage)));
        self
    }

    /// Adds a backend of object permissions, for `DjangoObjectPermissions` and
    /// `Context::user_has_object_perms`; with several, one that agrees is enough.
    #[must_use]
    pub fn object_permissions(mut self, backend: impl ObjectPermissionBackend) -> Self {
        self.object_permissions.push(Arc::new(backend));
        self
    }

    /// Runs a function when rows of a model are saved or deleted (`post_save.connect(..)`); see
    /// [`hooks`](crate::db::hooks). The signals are those of the database: a second site over it has
    /// them as well.
    #[must_use]
    pub fn connect(mut self, signal: Signal) -> Self {
        self.signals.push(signal);
        self
    }

    /// Sets where names and passwords are checked (`AUTHENTICATION_BACKENDS`), in this order; by default,
    /// [`ModelBackend`](crate::authentication::ModelBackend) alone.
    #[must_use]
    pub fn authentication_backends(mut self, list: impl AuthenticationBackends) -> Self {
        self.backends = list.into_list().map(BackendList);
        self
    }

    /// Sets the databases that the site's is one of (`DATABASES`, `DATABASE_ROUTERS`): requests work on
    /// the one that a router or `DATABASE_REPLICA` says, and views on any of them by
    /// [`using`](crate::db::Conn::using).
    #[must_use]
    pub fn databases(mut self, databases: &Arc<Connections>) -> Self {
        self.databases = Some(Arc::clone(databases));
        self
    }

    /// Adds middleware around the views of the site (`MIDDLEWARE`); the first is the outermost.
    #[must_use]
    pub fn middleware(mut self, middleware: impl Middleware) -> Self {
        self.middleware.push(Arc::new(middleware));
        self
    }

    /// Adds a router at its path. Several are tried in order.
    #[must_use]
    pub fn mount(mut self, mount: Mount) -> Self {
        self.mounts.push(mount);
        self
    }

    /// Checks everything and builds the site.
    ///
    /// # Errors
    /// When a setting is missing or wrong, a throttle has no rate, or a pattern cannot be read.
    pub fn build(mut self) -> Result<Arc<Site>, SiteError> {
        self.settings.check()?;
        throttling::login::check_settings(&self.settings)?;
        throttling::check_rates(&self.settings)?;
        warnings::warn(&self.settings);
        let counters = Counters::open(&self.settings)?;
        let security = Security::new(&self.settings)?;
        #[cfg(feature = "cors")]
        let cors = middleware::CorsPolicy::new(&self.settings)?;
        // a wrong key is found before the first request
        #[cfg(feature = "jwt")]
        let tokens = TokenBackend::new(&self.settings)?;
        let mut urls = Urls::new(self.settings.force_script_name.clone());
        #[cfg_attr(not(feature = "openapi"), expect(unused_mut, reason = "the document adds one"))]
        let mut tables = std::mem::take(&mut self.mounts)
            .into_iter()
            .map(|mount| mount.build(&self.defaults, &mut urls))
            .collect::<Result<Vec<Table>, _>>()?;
        #[cfg(feature = "openapi")]
        let openapi = self.document(&mut tables, &mut urls)?;
        for entry in tables.iter().flat_map(|table| &table.entries) {
            entry.endpoint.check(&self.settings)?;
            entry.endpoint.check_view()?;
        }
        let generics = self.generics;
        let views = tables.iter().flat_map(|table| &table.entries);
        let models = views.flat_map(|entry| &entry.endpoint.view().info().models).copied();
        let users = self.users?;
        let user = users.as_ref().map_or(User::META, |users| users.model);
        let accounts = [user, Group::META, Token::META, StoredSession::META];
        let tokens_kept = token_models(&self.settings);
        let models: Vec<_> = models.chain(accounts).chain(tokens_kept).collect();
        check_columns(&models, self.database.dialect())?;
        if let Some(databases) = &self.databases {
            for model in reachable(models.iter().copied()) {
                databases.check(model).map_err(SiteError::Router)?;
            }
            // the site's own one is last
            let is_other = |other: &&Arc<Database>| !Arc::ptr_eq(other, &self.database);
            for database in databases.all().map(|(_, database)| database).filter(is_other) {
                database.register(models.iter().copied());
                database.connect(self.signals.iter().cloned());
            }
        }
        let storages = Storages::new(self.storages, &self.settings);
        check_storages(&models, &storages)?;
        self.database.register(models);
        self.database.connect(self.signals);
        let bodies = BodyMemory::new(self.settings.server.max_bodies_size);
        let shared = Arc::new(Shared {
            hashers: PasswordHashers::new(&self.settings.auth),
            own_formats: self.settings.formats != FormatSettings::default(),
            settings: self.settings,
            urls,
            users,
            object_permissions: self.object_permissions,
            generics: Some(Arc::new(generics)),
            counters,
            storages,
            pages: Pages::default(),
            backends: self.backends.map(|backends| Arc::new(backends) as _),
            #[cfg(feature = "jwt")]
            tokens: Some(Arc::new(tokens)),
        });
        let Self { database, databases, defaults, middleware, .. } = self;
        let middleware = (!middleware.is_empty()).then(|| middleware.into());
        Ok(Arc::new(Site {
            shared,
            security,
            #[cfg(feature = "cors")]
            cors,
            database,
            databases,
            bodies,
            middleware,
            defaults,
            tables,
            #[cfg(feature = "openapi")]
            openapi,
        }))
    }
}

/// Refuses columns of files whose storage is not there.
fn check_storages(models: &[&'static ModelMeta], storages: &Storages) -> Result<(), SiteError> {
    for model in reachable(models.iter().copied()) {
        for column in model.columns {
            if let Some(file) = &column.file
                && storages.get(file.storage).is_none()
            {
                let (model, field, storage) = (model.name, column.name, file.storage);
                return Err(SiteError::NoStorage { model, field, storage });
            }
        }
    }
    Ok(())
}

/// Refuses columns that the database has no type for.
fn check_columns(models: &[&'static ModelMeta], dialect: Dialect) -> Result<(), SiteError> {
    if dialect == Dialect::Postgres {
        return Ok(());
    }
    for model in reachable(models.iter().copied()) {
        let is_array = |column: &&ColumnMeta| matches!(column.kind, ColumnKind::Array(_));
        if let Some(column) = model.columns.iter().find(is_array) {
            return Err(SiteError::NoArrays { model: model.name, field: column.name });
        }
    }
    Ok(())
}

/// The models of the blacklist of tokens, where the site keeps one: they point at accounts.
#[cfg(feature = "jwt")]
fn token_models(settings: &Settings) -> Vec<&'static ModelMeta> {
    if settings.jwt.blacklist {
        vec![OutstandingToken::META, BlacklistedToken::META]
    } else {
        vec![]
    }
}

#[cfg(not(feature = "jwt"))]
fn token_models(_: &Settings) -> Vec<&'static ModelMeta> {
    Vec::new()
}

/// The outcome of routing.
enum Destination {
    /// A response that needs no view. False if the layer above the views made it.
    Answered(Response, bool),
    /// A view.
    View(Match),
}

impl Site {
    /// Starts building a site with DRF's default policies.
    pub fn builder(settings: Settings, database: Arc<Database>) -> SiteBuilder {
        SiteBuilder {
            settings,
            database,
            databases: None,
            defaults: Policies::site_defaults(),
            generics: SiteGenerics::default(),
            users: Ok(None),
            object_permissions: Vec::new(),
            signals: Vec::new(),
            backends: None,
            storages: Vec::new(),
            middleware: Vec::new(),
            mounts: Vec::new(),
            #[cfg(feature = "openapi")]
            openapi: None,
        }
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// The named URLs.
    pub fn urls(&self) -> &Urls {
        &self.shared.urls
    }

    /// The default policies of views.
    pub fn defaults(&self) -> &Policies {
        &self.defaults
    }

    /// The database.
    pub fn database(&self) -> &Arc<Database> {
        &self.database
    }

    /// The user model.
    pub fn user_meta(&self) -> Arc<UserMeta> {
        self.shared.users.clone().unwrap_or_else(UserMeta::djangos)
    }

    /// Runs work outside of requests, as commands do: with a context, but an anonymous request.
    ///
    /// # Errors
    /// 503 when the database cannot be reached.
    pub async fn with_context<T: Send + 'static>(
        &self,
        write: bool,
        work: impl FnOnce(Context) -> LocalBoxFuture<'static, T> + Send + 'static,
    ) -> Result<T, ApiException> {
        let shared = Arc::clone(&self.shared);
        let worker = self.database.worker();
        let run = worker.run(write, move |conn| {
            work(Context::new(Box::new(Request::new(Method::GET, "/")), conn, shared))
        });
        run.await.map_err(ApiException::from)
    }

    /// Every URL: the path of its router, its pattern, its name and its view.
    pub fn routes(&self) -> impl Iterator<Item = (&str, &Pattern, &str, &dyn View)> {
        self.tables.iter().flat_map(|table| {
            table.entries.iter().map(|entry| {
                let prefix = table.prefix.as_str();
                (prefix, &entry.pattern, entry.name.as_str(), entry.endpoint.view())
            })
        })
    }

    /// Responds to a request without a socket, as tests do.
    pub async fn answer(&self, worker: &DatabaseWorker, request: Request) -> Response {
        match self.way(&request) {
            Destination::Answered(response, framed) => {
                self.finish_plain(&request, response, framed)
            }
            Destination::View(found) => {
                stream::collected(self.run(worker, Box::new(request), found).await).await
            }
        }
    }

    /// Completes a response that no view made.
    #[cold]
    fn finish_plain(&self, request: &Request, mut response: Response, framed: bool) -> Response {
        middleware::process_plain(self.settings(), request, &mut response, framed);
        self.security.protect(&mut response, request.is_secure(), framed);
        response
    }

    /// Finds the view of a request, or the response that needs none.
    fn way(&self, request: &Request) -> Destination {
        let settings = self.settings();
        let page = |status, framed| {
            let accept = request.header("accept");
            let response = middleware::page_at(settings, &request.path, status, accept.as_deref());
            let Some(handler) = &self.defaults.exception_handler else {
                return Destination::Answered(response, framed);
            };
            let error = match status {
                404 => ApiException::NotFound(None),
                _ => ApiException::Suspicious("the host is not in ALLOWED_HOSTS"),
            };
            let place = ErrorContext::new(&request.method, &request.path);
            Destination::Answered(handler.handle(&error, response, &place), framed)
        };
        let refused_host = || {
            tracing::warn!(host = request.host, "host is not in ALLOWED_HOSTS");
            page(400, false)
        };
        let script = settings.force_script_name.as_str();
        let whole = crate::request::decode_path(&request.path);
        let path = middleware::behind_script(&whole, script);
        match self.security.redirect(settings, request, || format!("{script}{path}")) {
            Some(Ok(redirect)) => return Destination::Answered(redirect, false),
            Some(Err(())) => return refused_host(),
            None => {}
        }
        if !middleware::allowed_host(settings, &request.host) {
            return refused_host();
        }
        let path = path.strip_prefix('/').unwrap_or(path);
        let find = |path: &str| self.tables.iter().find_map(|table| table.find(path));
        if let Some(found) = find(path) {
            return Destination::View(found);
        }
        if settings.append_slash && !path.ends_with('/') && find(&format!("{path}/")).is_some() {
            let target = format!("{script}/{path}/");
            return Destination::Answered(
                middleware::redirect_to(&target, &request.query_string),
                false,
            );
        }
        page(404, true)
    }

    /// Runs a view where its connection lives.
    async fn run(
        &self,
        worker: &DatabaseWorker,
        mut request: Box<Request>,
        found: Match,
    ) -> Response {
        let Match { endpoint, kwargs, matched } = found;
        (request.kwargs, request.resolver_match) = (kwargs, matched);
        let is_secure = request.is_secure();
        let method = request.method.clone();
        let accept = request.headers.get(ACCEPT).cloned();
        let shared = Arc::clone(&self.shared);
        let running = Arc::clone(&endpoint);
        let needs_path =
            endpoint.has_exception_handler() || !self.settings().json_errors.is_empty();
        let path = needs_path.then(|| request.path.clone());
        let around = self.middleware.clone();
        let other = self.databases.as_deref().map(|databases| {
            databases.worker_for(request.is_safe(), endpoint.view().info().context.model)
        });
        let (other, refused) = match other.transpose() {
            Ok(other) => (other, None),
            Err(error) => (None, Some(error)),
        };
        let worker = other.as_ref().unwrap_or(worker);
        let run = worker.run(!request.is_safe(), move |conn| {
            Box::pin(async move {
                let mut cx = Context::new(request, conn, shared);
                let response = run_view(&running, around.as_deref(), &mut cx).await;
                let streams = matches!(response.body, ResponseBody::Stream { .. });
                (response, streams.then(|| Box::new(cx.carry())))
            })
        });
        let answer = match refused {
            Some(error) => Err(error),
            None => run.await,
        };
        let mut response = match answer {
            Ok((mut response, carried)) => {
                if let Some(carried) = carried {
                    self.start_stream(worker, &mut response, carried, &method);
                }
                response
            }
            Err(error) => failed(
                self.settings(),
                &endpoint,
                &method,
                path.as_deref().unwrap_or_default(),
                accept.as_ref().and_then(|value| value.to_str().ok()),
                &error.into(),
            ),
        };
        self.security.protect(&mut response, is_secure, true);
        response
    }
}

/// A view's response, even if the view panics.
async fn run_view(
    endpoint: &Endpoint,
    around: Option<&[Arc<dyn DynMiddleware>]>,
    cx: &mut Context,
) -> Response {
    let answer = async {
        let response = match around {
            None => endpoint.dispatch(&mut *cx).await,
            Some(around) => aside(|| Next::new(around, endpoint).run(&mut *cx)).await,
        };
        middleware::process_response(cx, response).await
    };
    match AssertUnwindSafe(answer).catch_unwind().await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => {
            let request = &cx.request;
            let accept = request.header("accept");
            let settings = cx.settings();
            failed(settings, endpoint, &request.method, &request.path, accept.as_deref(), &error)
        }
        Err(_) => {
            tracing::error!(view = endpoint.view().info().name, "a view panicked");
            let request = &cx.request;
            let accept = request.header("accept");
            let page = middleware::page_at(cx.settings(), &request.path, 500, accept.as_deref());
            let error = ApiException::internal("a view panicked");
            endpoint.handled_outside(&error, page, &request.method, &request.path)
        }
    }
}

/// The response to a request that did not reach its view, or whose session could not be stored.
#[cold]
fn failed(
    settings: &Settings,
    endpoint: &Endpoint,
    method: &Method,
    path: &str,
    accept: Option<&str>,
    error: &ApiException,
) -> Response {
    let response = match error {
        ApiException::Suspicious(reason) => {
            tracing::warn!("refused: {reason}");
            middleware::page_at(settings, path, 400, accept)
        }
        ApiException::Internal(source) => {
            tracing::error!("server error: {source}");
            middleware::page_at(settings, path, 500, accept)
        }
        error => endpoint.refuse(error, method),
    };
    endpoint.handled_outside(error, response, method, path)
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Site").field("settings", self.settings()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
