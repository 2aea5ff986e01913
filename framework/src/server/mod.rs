//! The server process: actix's HTTP with deadlines and limits beneath it.
//!
//! actix sets deadlines for the first head of a connection and for idle ones, and no others: a
//! second head, a body and a response may take for ever, and what clients send and do not read is
//! kept in memory. A [`Server`] replaces [`actix_web::HttpServer`] and puts a stream of its own
//! between the socket and actix, which knows where requests begin and end. Its limits are in
//! [`ServerSettings`].
//!
//! [`Site::run_server`](crate::site) uses it to serve a site. It serves any other actix `App` too.

mod acceptor;
mod answers;
mod chunks;
mod connection;
mod deadlines;
mod framing;
mod limits;
mod refusals;
mod signals;
mod stream;
mod target;

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_http::body::MessageBody;
use actix_http::{HttpService, KeepAlive, Request, Response};
use actix_service::{IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, map_config};
use actix_web::dev::AppConfig;
use actix_web::rt;
use futures_util::future::{Either, select};

use crate::settings::{ServerSettings, Settings, SettingsError};

use acceptor::Acceptor;
use answers::Answers;
pub(crate) use connection::{Connection, DRAIN, FIRST_OF_BODY};
use limits::Shared;
use refusals::Refusals;
use signals::Signals;
use stream::GuardedStream;

/// How long an unwanted body is still read and dropped, so that its sender can read the
/// response.
const LINGER: Duration = Duration::from_secs(10);

/// How often a stopping server checks whether all connections are closed.
const LOOK: Duration = Duration::from_millis(10);

/// Serves actix `App`s as [`HttpServer`](actix_web::HttpServer) does, within the limits of
/// `SERVER_…`.
///
/// Use it where handlers of your own run beside the site. A site alone is served by
/// [`run_server`](crate::site::Site::run_server).
///
/// ```no_run
/// # use std::sync::Arc;
/// # use quintet::site::Site;
/// # async fn run(site: Arc<Site>) -> Result<(), Box<dyn std::error::Error>> {
/// use actix_web::{App, HttpResponse, web};
/// use quintet::server::Server;
///
/// let settings = site.settings().clone();
/// let app = move || {
///     App::new()
///         .route("/health/", web::get().to(HttpResponse::NoContent))
///         .configure(site.configure())
/// };
/// Server::new(&settings, app)?.bind("127.0.0.1:8000")?.run().await?;
/// # Ok(())
/// # }
/// ```
pub struct Server<F> {
    app: F,
    settings: Arc<ServerSettings>,
    workers: usize,
    refusals: Refusals,
    listeners: Vec<(TcpListener, SocketAddr)>,
}

impl<F> Server<F> {
    /// A server for the `App` that a function builds, once for each worker. It takes `WORKERS`,
    /// `SERVER_…` and the headers of every response from the settings.
    ///
    /// # Errors
    /// When the value of a header is not valid in one.
    pub fn new(settings: &Settings, app: F) -> Result<Self, SettingsError> {
        Ok(Self {
            app,
            settings: Arc::new(settings.server.clone()),
            workers: settings.worker_count(),
            refusals: Refusals::new(settings)?,
            listeners: Vec::new(),
        })
    }

    /// Listens on an address, or on all addresses that a name resolves to.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub fn bind(mut self, addresses: impl ToSocketAddrs) -> io::Result<Self> {
        let before = self.listeners.len();
        let mut failure = None;
        for address in addresses.to_socket_addrs()? {
            match TcpListener::bind(address) {
                Ok(listener) => self = self.listen(listener)?,
                Err(error) => failure = Some(error),
            }
        }
        match failure {
            Some(error) if self.listeners.len() == before => Err(error),
            _ => Ok(self),
        }
    }

    /// Listens on a socket that is already bound.
    ///
    /// # Errors
    /// When the socket has no address.
    pub fn listen(mut self, listener: TcpListener) -> io::Result<Self> {
        let address = listener.local_addr()?;
        limit_unsent(&listener);
        self.listeners.push((listener, address));
        Ok(self)
    }

    /// The addresses that it listens on.
    pub fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.listeners.iter().map(|(_, address)| *address)
    }

    /// Serves until SIGTERM or SIGINT. Then connections that wait for a request, or for the rest of
    /// one, are closed, and the others get their response, for `SERVER_SHUTDOWN_TIMEOUT` at most.
    /// A second signal ends the server at once.
    ///
    /// # Errors
    /// When the workers cannot be started or signals cannot be received.
    pub async fn run<I, S, B>(self) -> io::Result<()>
    where
        F: Fn() -> I + Send + Clone + 'static,
        I: IntoServiceFactory<S, Request> + 'static,
        S: ServiceFactory<Request, Config = AppConfig> + 'static,
        S::Error: Into<actix_web::Error> + 'static,
        S::InitError: fmt::Debug,
        S::Response: Into<Response<B>> + 'static,
        <S::Service as Service<Request>>::Future: 'static,
        S::Service: 'static,
        B: MessageBody + 'static,
    {
        let signals = RefCell::new(Signals::listen()?);
        let stop = async || {
            // one waits at a time
            let signal = std::future::poll_fn(|cx| signals.borrow_mut().poll_next(cx)).await;
            tracing::info!("{signal}: the server stops");
        };
        self.serve(stop(), stop()).await
    }

    /// Serves until a future is ready, and then stops as [`run`](Self::run) does.
    ///
    /// # Errors
    /// When the workers cannot be started.
    pub async fn run_until<I, S, B>(self, stop: impl Future<Output = ()>) -> io::Result<()>
    where
        F: Fn() -> I + Send + Clone + 'static,
        I: IntoServiceFactory<S, Request> + 'static,
        S: ServiceFactory<Request, Config = AppConfig> + 'static,
        S::Error: Into<actix_web::Error> + 'static,
        S::InitError: fmt::Debug,
        S::Response: Into<Response<B>> + 'static,
        <S::Service as Service<Request>>::Future: 'static,
        S::Service: 'static,
        B: MessageBody + 'static,
    {
        self.serve(stop, std::future::pending()).await
    }

    /// Serves until `stop` is ready, and then finishes the requests in progress, until `hurry` is
    /// ready too.
    async fn serve<I, S, B>(
        self,
        stop: impl Future<Output = ()>,
        hurry: impl Future<Output = ()>,
    ) -> io::Result<()>
    where
        F: Fn() -> I + Send + Clone + 'static,
        I: IntoServiceFactory<S, Request> + 'static,
        S: ServiceFactory<Request, Config = AppConfig> + 'static,
        S::Error: Into<actix_web::Error> + 'static,
        S::InitError: fmt::Debug,
        S::Response: Into<Response<B>> + 'static,
        <S::Service as Service<Request>>::Future: 'static,
        S::Service: 'static,
        B: MessageBody + 'static,
    {
        let Self { app, settings, workers, refusals, listeners } = self;
        if listeners.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the server has no address"));
        }
        let most = limits::affordable(settings.max_connections, workers);
        let shared = Shared::new(&settings, most);
        let longest = settings.shutdown_timeout;
        let mut builder = actix_server::Server::build()
            .workers(workers)
            .max_concurrent_connections(limits::with_slack(most).div_ceil(workers) + 2)
            .shutdown_timeout(longest.as_secs().saturating_add(1))
            .disable_signals();
        for (listener, address) in listeners {
            let (app, settings, shared) = (app.clone(), Arc::clone(&settings), Arc::clone(&shared));
            let refusals = refusals.clone();
            builder = builder.listen(address.to_string(), listener, move || {
                let host = address.to_string();
                let app = app().into_factory().map_err(|error| error.into().error_response());
                let app = map_config(app, move |()| {
                    // the constructor that actix keeps for its own crates
                    AppConfig::__priv_test_new(false, host.clone(), address)
                });
                let http = HttpService::build()
                    // these deadlines are the stream's
                    .keep_alive(KeepAlive::Os)
                    .client_request_timeout(Duration::ZERO)
                    .client_disconnect_timeout(LINGER)
                    .local_addr(address)
                    .on_connect_ext(|stream: &GuardedStream, data| {
                        data.insert(Rc::clone(stream.connection()));
                    })
                    .h1(Answers::<_, B>::of(app));
                Acceptor {
                    http,
                    settings: Arc::clone(&settings),
                    workers,
                    shared: Arc::clone(&shared),
                    refusals: refusals.clone(),
                }
            })?;
        }
        let server = builder.run();
        let handle = server.handle();
        let mut server = pin!(server);
        if let Either::Left((ended, _)) = select(server.as_mut(), pin!(stop)).await {
            return ended;
        }
        shared.stop();
        // this closes the listeners; actix itself checks only once a second whether all is done
        drop(handle.stop(true));
        let (emptied, hurry) = (pin!(emptied(&shared, longest)), pin!(hurry));
        select(server, select(emptied, hurry)).await;
        let left = shared.open();
        if left > 0 {
            tracing::warn!("{left} connections were cut off when the server stopped");
        }
        Ok(())
    }
}

/// Limits how much of a response the system buffers before it is sent: otherwise it takes
/// megabytes for each client that reads nothing. Connections inherit the limit.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn limit_unsent(listener: &TcpListener) {
    // the system asks for more once half of it is sent: a client is seen to take bytes in such steps
    const UNSENT: u32 = 16 * 1024;

    // a system without this option does without
    let _ = socket2::SockRef::from(listener).set_tcp_notsent_lowat(UNSENT);
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn limit_unsent(_: &TcpListener) {}

/// Waits until all connections are closed, or the time is over.
async fn emptied(shared: &Shared, longest: Duration) {
    let started = Instant::now();
    while shared.open() > 0 && started.elapsed() < longest {
        rt::time::sleep(LOOK).await;
    }
}

impl<F> fmt::Debug for Server<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("addresses", &self.addresses().collect::<Vec<_>>())
            .field("workers", &self.workers)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
