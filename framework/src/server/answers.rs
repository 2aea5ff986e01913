//! Reports to a connection when the service works for it, and when its response is written.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_http::body::{BodySize, MessageBody};
use actix_http::{ConnectionType, Request, Response, StatusCode};
use actix_service::{Service, ServiceFactory};
use actix_web::web::Bytes;
use futures_util::future::LocalBoxFuture;
use pin_project_lite::pin_project;

use super::connection::Connection;

/// A service that reports to the connections of its requests.
pub(super) struct Answers<S, B> {
    service: S,
    body: PhantomData<B>,
}

impl<S, B> Answers<S, B> {
    pub(super) fn of(service: S) -> Self {
        Self { service, body: PhantomData }
    }
}

impl<S, B> ServiceFactory<Request> for Answers<S, B>
where
    S: ServiceFactory<Request, Config = ()>,
    S::Response: Into<Response<B>>,
    S::Future: 'static,
    B: MessageBody,
{
    type Response = Response<Answer<B>>;
    type Error = S::Error;
    type Config = ();
    type Service = Answers<S::Service, B>;
    type InitError = S::InitError;
    type Future = LocalBoxFuture<'static, Result<Self::Service, S::InitError>>;

    fn new_service(&self, (): ()) -> Self::Future {
        let service = self.service.new_service(());
        Box::pin(async move { service.await.map(Answers::of) })
    }
}

impl<S, B> Service<Request> for Answers<S, B>
where
    S: Service<Request>,
    S::Response: Into<Response<B>>,
    B: MessageBody,
{
    type Response = Response<Answer<B>>;
    type Error = S::Error;
    type Future = Answering<S::Future, B>;

    fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(cx)
    }

    fn call(&self, request: Request) -> Self::Future {
        let connection = request.conn_data::<Rc<Connection>>().cloned();
        if let Some(connection) = &connection {
            connection.called();
        }
        let done = Done(connection);
        Answering { answer: self.service.call(request), done: Some(done), body: PhantomData }
    }
}

/// Tells the connection when it is dropped.
struct Done(Option<Rc<Connection>>);

impl Done {
    /// Whether it is the last request on the connection.
    fn is_last(&self) -> bool {
        self.0.as_ref().is_some_and(|connection| connection.worker().is_draining())
    }
}

impl Drop for Done {
    fn drop(&mut self) {
        if let Some(connection) = &self.0 {
            connection.answered();
        }
    }
}

pin_project! {
    /// A response that is being made.
    pub(super) struct Answering<F, B> {
        #[pin]
        answer: F,
        done: Option<Done>,
        body: PhantomData<B>,
    }
}

impl<F, R, E, B> Future for Answering<F, B>
where
    F: Future<Output = Result<R, E>>,
    R: Into<Response<B>>,
    B: MessageBody,
{
    type Output = Result<Response<Answer<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answer = ready!(this.answer.poll(cx))?;
        let done = this.done.take();
        Poll::Ready(Ok(answer.into().map_body(|head, body| {
            if head.status == StatusCode::SWITCHING_PROTOCOLS
                && let Some(Done(Some(connection))) = &done
            {
                connection.upgraded();
            }
            if done.as_ref().is_some_and(Done::is_last) && !head.upgrade() {
                head.set_connection_type(ConnectionType::Close);
            }
            Answer { body, _done: done }
        })))
    }
}

pin_project! {
    /// The body of a response; the response is written once it is dropped.
    pub(super) struct Answer<B> {
        #[pin]
        body: B,
        _done: Option<Done>,
    }
}

impl<B: MessageBody> MessageBody for Answer<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.project().body.poll_next(cx)
    }
}

impl<B> fmt::Debug for Answer<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").finish_non_exhaustive()
    }
}
