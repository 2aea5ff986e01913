//! Admits connections, and hands them to actix.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_service::{Service, ServiceFactory};
use actix_web::rt;
use actix_web::rt::net::TcpStream;
use futures_util::future::LocalBoxFuture;

use super::deadlines::Worker;
use super::limits::{Room, Shared};
use super::refusals::Refusals;
use super::stream::GuardedStream;
use crate::settings::ServerSettings;

/// How long a client that found no room has to read its refusal.
const FAREWELL: Duration = Duration::from_millis(500);

/// How many clients may have that time at once; the others are cut off.
const FAREWELLS: usize = 32;

/// Makes the service of a worker.
pub(super) struct Acceptor<H> {
    pub(super) http: H,
    pub(super) settings: Arc<ServerSettings>,
    pub(super) workers: usize,
    pub(super) shared: Arc<Shared>,
    pub(super) refusals: Refusals,
}

impl<H> ServiceFactory<TcpStream> for Acceptor<H>
where
    H: ServiceFactory<(GuardedStream, Option<SocketAddr>), Config = (), Response = ()>,
    H::Future: 'static,
    H::Service: 'static,
    H::Error: 'static,
    H::InitError: 'static,
    <H::Service as Service<(GuardedStream, Option<SocketAddr>)>>::Future: 'static,
{
    type Response = ();
    type Error = H::Error;
    type Config = ();
    type Service = Accepting<H::Service>;
    type InitError = H::InitError;
    type Future = LocalBoxFuture<'static, Result<Self::Service, H::InitError>>;

    fn new_service(&self, (): ()) -> Self::Future {
        let http = self.http.new_service(());
        let worker = Worker::of_thread(&self.settings, self.workers, Arc::clone(&self.shared));
        let refusals = self.refusals.clone();
        Box::pin(async move {
            Ok(Accepting { http: http.await?, worker, refusals, farewells: Rc::default() })
        })
    }
}

/// The service of a worker: a connection, from its beginning to its end.
pub(super) struct Accepting<S> {
    http: S,
    worker: Rc<Worker>,
    refusals: Refusals,
    farewells: Rc<Cell<usize>>,
}

impl<S> Service<TcpStream> for Accepting<S>
where
    S: Service<(GuardedStream, Option<SocketAddr>), Response = ()>,
    S::Future: 'static,
    S::Error: 'static,
{
    type Response = ();
    type Error = S::Error;
    type Future = LocalBoxFuture<'static, Result<(), S::Error>>;

    fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.http.poll_ready(cx)
    }

    fn call(&self, io: TcpStream) -> Self::Future {
        let peer = io.peer_addr().ok();
        let seat = match self.worker.shared.admit(peer.map(|peer| peer.ip())) {
            Room::Yes(seat) => seat,
            Room::Crowded(seat) if self.worker.make_room() => seat,
            Room::Crowded(_) | Room::No => return self.refuse(io),
        };
        let connection = self.worker.open();
        let refusals = self.refusals.clone();
        let stream = GuardedStream::new(io, connection, refusals, seat);
        Box::pin(self.http.call((stream, peer)))
    }
}

impl<S> Accepting<S> {
    /// Responds that there is no room.
    fn refuse<E: 'static>(&self, io: TcpStream) -> LocalBoxFuture<'static, Result<(), E>> {
        let farewells = Rc::clone(&self.farewells);
        if farewells.get() >= FAREWELLS {
            return Box::pin(std::future::ready(Ok(())));
        }
        farewells.set(farewells.get() + 1);
        let refusal = self.refusals.bytes(503);
        Box::pin(async move {
            // a client that does not take it, or keeps sending, is cut off all the same
            let _ = rt::time::timeout(FAREWELL, farewell(io, &refusal)).await;
            farewells.set(farewells.get().saturating_sub(1));
            Ok(())
        })
    }
}

/// Reads what a client sends before refusing it, as it would not read the refusal otherwise.
async fn farewell(io: TcpStream, refusal: &[u8]) {
    let mut dropped = [0; 4096];
    if io.readable().await.is_err() || io.try_read(&mut dropped).is_err() {
        return;
    }
    if io.try_write(refusal).is_err() {
        return;
    }
    while io.readable().await.is_ok() {
        match io.try_read(&mut dropped) {
            Ok(0) => return,
            Err(error) if error.kind() != std::io::ErrorKind::WouldBlock => return,
            Ok(_) | Err(_) => {}
        }
    }
}
