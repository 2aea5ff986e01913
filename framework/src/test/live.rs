//! A site on a free port.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use actix_http::{Request, Response};
use actix_service::IntoServiceFactory;
use actix_web::App;
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, Service, ServiceFactory};
use tokio::sync::oneshot;

use crate::server::Server;
use crate::settings::Settings;
use crate::site::Site;

/// A site served on a free port of 127.0.0.1 while the value lives (`LiveServerTestCase`): for
/// browsers and others that need a socket. It has a separate thread with one worker, and the limits
/// of `SERVER_…`.
///
/// ```
/// # use std::sync::Arc;
/// # use quintet::site::Site;
/// # fn run(site: Arc<Site>) -> std::io::Result<()> {
/// use quintet::test::LiveServer;
///
/// let server = LiveServer::start(&site)?;
/// let stream = std::net::TcpStream::connect(server.address())?;
/// # Ok(())
/// # }
/// ```
#[doc(alias = "LiveServerTestCase")]
pub struct LiveServer {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl LiveServer {
    /// Serves a site, as [`run_server`](Site::run_server) does.
    ///
    /// # Errors
    /// When no port is free, or the server cannot be started.
    pub fn start(site: &Arc<Site>) -> io::Result<Self> {
        let served = Arc::clone(site);
        Self::serving(site.settings(), move || App::new().configure(served.configure()))
    }

    /// Serves an `App`, which may have other services beside a site.
    ///
    /// # Errors
    /// When no port is free, or the server cannot be started.
    pub fn serving<I, S, B>(
        settings: &Settings,
        app: impl Fn() -> I + Send + Clone + 'static,
    ) -> io::Result<Self>
    where
        I: IntoServiceFactory<S, Request> + 'static,
        S: ServiceFactory<Request, Config = AppConfig> + 'static,
        S::Error: Into<actix_web::Error> + 'static,
        S::InitError: fmt::Debug,
        S::Response: Into<Response<B>> + 'static,
        <S::Service as Service<Request>>::Future: 'static,
        S::Service: 'static,
        B: MessageBody + 'static,
    {
        let mut settings = settings.clone();
        settings.workers = Some(1);
        let server = Server::new(&settings, app).map_err(io::Error::other)?;
        let server = server.bind((std::net::Ipv4Addr::LOCALHOST, 0))?;
        let address = server.addresses().next();
        let address = address.ok_or_else(|| io::Error::other("the server has no address"))?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("live-server".into()).spawn(move || {
            let ended = actix_web::rt::System::new()
                .block_on(server.run_until(async { drop(stopped.await) }));
            if let Err(error) = ended {
                tracing::error!("the live server failed: {error}");
            }
        })?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of a path (`live_server_url`).
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Stops the server as SIGTERM does, and waits for its end; dropping it does the same.
    pub fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // it may have ended by itself
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

impl Drop for LiveServer {
    fn drop(&mut self) {
        self.stop();
    }
}

impl fmt::Debug for LiveServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveServer").field("address", &self.address).finish_non_exhaustive()
    }
}
