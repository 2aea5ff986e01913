//! A request's way to the database: stands in until the core's is merged.

use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

use futures_util::future::LocalBoxFuture;

use super::Error;

/// The connection of one request.
#[derive(Debug, Default)]
pub struct Conn(PhantomData<Rc<()>>);

/// The database of a site.
#[derive(Debug, Default)]
pub struct Database;

/// The database as one worker sees it.
#[derive(Debug, Clone)]
pub struct DatabaseWorker(PhantomData<Rc<()>>);

impl Database {
    /// For the thread that calls it.
    pub fn worker(self: &Arc<Self>) -> DatabaseWorker {
        DatabaseWorker(PhantomData)
    }
}

impl DatabaseWorker {
    /// Runs work where the connection lives.
    pub async fn run<T: Send + 'static>(
        &self,
        _write: bool,
        work: impl FnOnce(Conn) -> LocalBoxFuture<'static, T> + Send + 'static,
    ) -> Result<T, Error> {
        Ok(work(Conn::default()).await)
    }
}
