//! `PostgreSQL`: connections that belong to one actix worker.
//!
//! Statements outside a transaction share a few connections and are pipelined through them; a
//! transaction takes one for itself. A connection that the server closed, or that has prepared the
//! allowed number of statements, is replaced by the next statement that needs it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use diesel::pg::Pg;
use diesel::sql_types as st;
use diesel_async::{
    AsyncConnection, AsyncConnectionCore, AsyncPgConnection, SimpleAsyncConnection,
};
use futures_util::StreamExt;
use futures_util::future::join;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};

use crate::aside::aside;
use crate::db::database::DatabaseConfig;
use crate::db::flight;
use crate::db::prepared::Prepared;
use crate::db::room::Room;
use crate::db::row::ReadRow;
use crate::db::{CLOSED, ColumnKind, Error, Row, Sql};

/// How long a server may leave data unacknowledged.
const UNANSWERED: Duration = Duration::from_secs(30);

type LoadFuture<'a> = <&'a AsyncPgConnection as AsyncConnectionCore>::LoadFuture<'a, 'a>;

/// One connection.
pub(crate) struct Link {
    pub(crate) connection: AsyncPgConnection,
    closed: Arc<AtomicBool>,
    under_way: Cell<usize>,
    /// When a statement was last sent into idleness or came back.
    moved: Cell<Instant>,
    prepared: Prepared,
    /// Whether a statement has failed: its transaction can only be rolled back.
    failed: Cell<bool>,
    /// How many have.
    failures: Cell<u32>,
}

#[derive(Default)]
struct Slot {
    link: RefCell<Option<Rc<Link>>>,
    connecting: Mutex<()>,
}

/// The connections of one worker.
pub(crate) struct PgWorker {
    config: tokio_postgres::Config,
    shared: Vec<Slot>,
    idle: RefCell<Vec<Link>>,
    permits: Arc<Semaphore>,
    wait: Duration,
    connect: Duration,
    room: Arc<Room>,
}

impl std::fmt::Debug for PgWorker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PgWorker").field("shared", &self.shared.len()).finish_non_exhaustive()
    }
}

impl PgWorker {
    pub(crate) fn new(
        mut config: tokio_postgres::Config,
        settings: &DatabaseConfig,
        room: Arc<Room>,
    ) -> Rc<Self> {
        config.connect_timeout(settings.connect);
        // detects a server that disappeared silently
        config.tcp_user_timeout(UNANSWERED).keepalives_idle(UNANSWERED);
        if config.get_application_name().is_none() {
            config.application_name("quintet");
        }
        Rc::new(Self {
            config,
            shared: (0..settings.pool_size.max(1)).map(|_| Slot::default()).collect(),
            idle: RefCell::default(),
            permits: Arc::new(Semaphore::new(settings.pool_size.max(1))),
            wait: settings.wait,
            connect: settings.connect,
            room,
        })
    }

    /// The shared connection for the next statement: the first one that makes progress, so that
    /// statements are sent together; one blocked by a slow statement is skipped.
    pub(crate) async fn shared(&self) -> Result<Rc<Link>, Error> {
        let busy = |slot: &Slot| slot.link.borrow().as_ref().map_or(0, |link| link.under_way.get());
        let slot = self
            .shared
            .iter()
            .find(|slot| slot.link.borrow().as_ref().is_none_or(|link| link.gets_on()))
            .or_else(|| self.shared.iter().min_by_key(|slot| busy(slot)))
            .ok_or(Error::Unavailable("the worker has no connections"))?;
        match slot.live() {
            Some(link) if !link.prepared.is_full() => Ok(link),
            Some(link) => Ok(aside(|| self.renew(slot, link)).await),
            None => match aside(|| self.fill(slot)).await {
                Ok(link) => Ok(link),
                // if the server accepts no more connections, the existing ones are used
                Err(error) => self.shared.iter().find_map(Slot::live).ok_or(error),
            },
        }
    }

    /// Replaces a connection that has prepared enough; others use the old one meanwhile, and so
    /// does this request if there can be no other.
    async fn renew(&self, slot: &Slot, old: Rc<Link>) -> Rc<Link> {
        let Ok(_turn) = slot.connecting.try_lock() else { return old };
        let Ok(link) = self.link().await else {
            old.prepared.clear();
            return old;
        };
        let link = Rc::new(link);
        *slot.link.borrow_mut() = Some(Rc::clone(&link));
        link
    }

    /// Connects for a slot, unless another request has done it meanwhile.
    async fn fill(&self, slot: &Slot) -> Result<Rc<Link>, Error> {
        let Ok(_turn) = tokio::time::timeout(self.wait, slot.connecting.lock()).await else {
            return Err(Error::Unavailable("every database connection is busy"));
        };
        if let Some(link) = slot.live() {
            return Ok(link);
        }
        let link = Rc::new(self.link().await?);
        *slot.link.borrow_mut() = Some(Rc::clone(&link));
        Ok(link)
    }

    /// A connection for one transaction, and the right to use it.
    async fn exclusive(&self) -> Result<(Link, OwnedSemaphorePermit), Error> {
        let permit = tokio::time::timeout(self.wait, Arc::clone(&self.permits).acquire_owned())
            .await
            .map_err(|_| Error::Unavailable("every database connection is busy"))?
            .map_err(|_| Error::Unavailable("the worker is stopping"))?;
        loop {
            let idle = self.idle.borrow_mut().pop();
            match idle {
                Some(link) if link.is_closed() => {}
                Some(link) if link.prepared.is_full() => {
                    let Ok(new) = aside(|| self.link()).await else {
                        link.prepared.clear();
                        return Ok((link, permit));
                    };
                    return Ok((new, permit));
                }
                Some(link) => return Ok((link, permit)),
                None => return Ok((aside(|| self.link()).await?, permit)),
            }
        }
    }

    async fn link(&self) -> Result<Link, Error> {
        let away = |reason: &'static str, error: &dyn std::fmt::Display| {
            tracing::error!("PostgreSQL: {reason} ({error})");
            Error::Unavailable(reason)
        };
        let connecting = self.config.connect(tokio_postgres::NoTls);
        let (client, connection) = tokio::time::timeout(self.connect, connecting)
            .await
            .map_err(|_| {
                away("the database does not answer in time", &"DATABASE_CONNECT_TIMEOUT is over")
            })?
            .map_err(|error| {
                away(crate::db::away::reason(&error), &crate::db::away::whole(&error))
            })?;
        let closed = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&closed);
        // not a local task: an actix worker runs its handlers as local tasks, and only when they
        // have all had their turn the connection sends what they asked for, in one write
        tokio::spawn(async move {
            if let Err(error) = flight::drive(connection).await {
                tracing::warn!("PostgreSQL connection: {error}");
            }
            flag.store(true, Ordering::Release);
        });
        self.room.compare(&client).await;
        let connected = AsyncPgConnection::try_from(client).await;
        let mut connection =
            connected.map_err(|error| away("the database cannot be reached", &error))?;
        let prepared = Prepared::default();
        connection.set_instrumentation(prepared.counting());
        Ok(Link {
            connection,
            closed,
            under_way: Cell::new(0),
            moved: Cell::new(Instant::now()),
            prepared,
            failed: Cell::new(false),
            failures: Cell::new(0),
        })
    }
}

impl Slot {
    fn live(&self) -> Option<Rc<Link>> {
        let mut slot = self.link.borrow_mut();
        if slot.as_ref().is_some_and(|link| link.is_closed()) {
            *slot = None;
        }
        slot.clone()
    }
}

/// The most statements that may wait for each other on one connection.
const TOGETHER: usize = 8;

/// A connection without a result for this long is blocked by a slow statement.
const SLOW: Duration = Duration::from_micros(500);

/// A statement in progress, and how many had failed on its connection when it was sent.
pub(crate) struct UnderWay<'a>(&'a Link, u32);

impl<'a> UnderWay<'a> {
    fn new(link: &'a Link) -> Self {
        let count = link.under_way.get();
        if count == 0 {
            link.moved.set(Instant::now());
        }
        link.under_way.set(count + 1);
        Self(link, link.failures.get())
    }

    /// The server's result.
    pub(crate) fn heard<T>(&self, result: diesel::QueryResult<T>) -> Result<T, Error> {
        self.0.heard(self.1, result)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way.set(self.0.under_way.get().saturating_sub(1));
        self.0.moved.set(Instant::now());
    }
}

impl Link {
    /// What the server says of a statement that was sent after so many had failed. One that
    /// succeeds in a transaction that had failed shows that it goes on from a savepoint.
    fn heard<T>(&self, failures: u32, result: diesel::QueryResult<T>) -> Result<T, Error> {
        match result {
            Ok(value) => {
                if self.failures.get() == failures {
                    self.failed.set(false);
                }
                Ok(value)
            }
            Err(error) => Err(self.error(error)),
        }
    }

    /// Converts diesel's error; a closed connection always means that the database cannot be
    /// reached.
    fn error(&self, error: diesel::result::Error) -> Error {
        use diesel::result::{DatabaseErrorKind, Error as Diesel};
        if let Diesel::DatabaseError(kind, _) = &error
            && !matches!(kind, DatabaseErrorKind::UnableToSendCommand)
        {
            self.failed.set(true);
            self.failures.set(self.failures.get().wrapping_add(1));
        }
        let away = match &error {
            Diesel::DatabaseError(DatabaseErrorKind::UnableToSendCommand, _) => true,
            Diesel::DatabaseError(DatabaseErrorKind::Unknown, info) => {
                info.message().starts_with("terminating connection")
                    || info.message().starts_with("the database system is")
            }
            _ => false,
        };
        if away || self.is_closed() {
            self.closed.store(true, Ordering::Release);
            return Error::Unavailable(CLOSED);
        }
        Error::from_diesel(error)
    }

    /// Whether one more statement would get its result soon.
    fn gets_on(&self) -> bool {
        let under_way = self.under_way.get();
        under_way == 0 || under_way < TOGETHER && self.moved.get().elapsed() < SLOW
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Marks a user's statement as in progress.
    pub(crate) fn busy(&self) -> UnderWay<'_> {
        UnderWay::new(self)
    }

    /// Sends a statement. Not inlined: diesel's future is made on the stack before it is boxed,
    /// and would take its place there as long as the statement is being sent.
    #[inline(never)]
    fn load(&self, sql: Sql) -> LoadFuture<'_> {
        let mut connection = &self.connection;
        AsyncConnectionCore::load(&mut connection, sql)
    }

    pub(crate) async fn each_row(&self, sql: Sql, read: ReadRow<'_>) -> Result<(), Error> {
        let busy = UnderWay::new(self);
        // diesel says when it has to be prepared of the framework's own text alone, where it keeps
        // it
        let may = sql.is_kept() && sql.is_plain();
        let loading = flight::unheard(may, self.load(sql), || self.prepared.count());
        let mut stream = busy.heard(loading.await)?;
        while let Some(row) = stream.next().await {
            let row = busy.heard(row)?;
            read(&Row(&PgRow(&row)))?;
        }
        Ok(())
    }

    /// BEGIN and the first statement behind it, in one flight.
    pub(crate) async fn begin_and_each_row(
        &self,
        sql: Sql,
        read: ReadRow<'_>,
    ) -> Result<(), Error> {
        let (opened, rows) = join(self.batch("BEGIN"), self.each_row(sql, read)).await;
        opened.and(rows)
    }

    pub(crate) async fn execute(&self, sql: Sql) -> Result<usize, Error> {
        let busy = UnderWay::new(self);
        let mut connection = &self.connection;
        busy.heard(AsyncConnectionCore::execute_returning_count(&mut connection, sql).await)
    }

    pub(crate) async fn batch(&self, sql: &str) -> Result<(), Error> {
        let failures = self.failures.get();
        let mut connection = &self.connection;
        self.heard(failures, connection.batch_execute(sql).await)
    }
}

/// The connection that a transaction holds.
struct Held {
    link: Rc<Link>,
    permit: OwnedSemaphorePermit,
    /// BEGIN has been sent.
    begun: bool,
}

/// One request's view of the worker's connections.
pub(crate) struct PgConn {
    worker: Rc<PgWorker>,
    held: RefCell<Option<Held>>,
    /// Where this request's last statement went.
    recent: RefCell<Option<Rc<Link>>>,
    /// How many of its statements are under way.
    in_flight: Cell<usize>,
}

/// A statement of a request, from choosing a connection to its last row.
pub(crate) struct Flight<'a>(&'a PgConn);

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.set(self.0.in_flight.get().saturating_sub(1));
    }
}

impl std::fmt::Debug for PgConn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PgConn").finish_non_exhaustive()
    }
}

impl PgConn {
    pub(crate) fn new(worker: Rc<PgWorker>) -> Self {
        Self {
            worker,
            held: RefCell::default(),
            recent: RefCell::default(),
            in_flight: Cell::new(0),
        }
    }

    /// Marks a statement of this request as in progress.
    pub(crate) fn flight(&self) -> Flight<'_> {
        self.in_flight.set(self.in_flight.get() + 1);
        Flight(self)
    }

    /// The connection for the next statement, and whether BEGIN has to ride with it. Statements of
    /// one flight share a connection: their answers come back together and wake the request once.
    pub(crate) async fn target(&self) -> Result<(Rc<Link>, bool), Error> {
        if let Some(held) = &mut *self.held.borrow_mut() {
            let begin = !std::mem::replace(&mut held.begun, true);
            return Ok((Rc::clone(&held.link), begin));
        }
        if self.in_flight.get() > 1
            && let Some(link) = &*self.recent.borrow()
            && !link.is_closed()
        {
            return Ok((Rc::clone(link), false));
        }
        let link = self.worker.shared().await?;
        *self.recent.borrow_mut() = Some(Rc::clone(&link));
        Ok((link, false))
    }

    /// The connection for the next statement, in its transaction already.
    pub(crate) async fn link(&self) -> Result<Rc<Link>, Error> {
        let (link, begin) = self.target().await?;
        if begin {
            link.batch("BEGIN").await?;
        }
        Ok(link)
    }

    pub(crate) async fn hold(&self) -> Result<(), Error> {
        let (link, permit) = self.worker.exclusive().await?;
        link.failed.set(false);
        *self.held.borrow_mut() = Some(Held { link: Rc::new(link), permit, begun: false });
        Ok(())
    }

    /// Whether a statement of the transaction has failed without a rollback since.
    pub(crate) fn failed(&self) -> bool {
        self.held.borrow().as_ref().is_some_and(|held| held.link.failed.get())
    }

    /// Records that the failure was rolled back to a savepoint.
    pub(crate) fn recovered(&self) {
        if let Some(held) = &*self.held.borrow() {
            held.link.failed.set(false);
        }
    }

    /// Ends the transaction; an empty one has sent nothing.
    pub(crate) async fn release(&self, commit: bool) -> Result<(), Error> {
        let Some(held) = self.held.borrow_mut().take() else { return Ok(()) };
        let failed = held.link.failed.get();
        if held.begun {
            // the server silently treats a COMMIT of a failed transaction as a ROLLBACK
            let word = if commit && !failed { "COMMIT" } else { "ROLLBACK" };
            // an error here drops the connection, and the server rolls back
            held.link.batch(word).await?;
        }
        if let Ok(link) = Rc::try_unwrap(held.link) {
            self.worker.idle.borrow_mut().push(link);
        }
        drop(held.permit);
        if commit && failed {
            tracing::error!("a transaction is rolled back: a statement in it failed");
            return Err(Error::RolledBack(crate::db::conn::PASSED_OVER));
        }
        Ok(())
    }
}

crate::db::row::raw_row!(
    PgRow,
    Pg,
    |row, at, kind| match kind {
        ColumnKind::SmallInt => Ok(row.get::<st::SmallInt, i16>(at)?.map(i64::from)),
        ColumnKind::Integer => Ok(row.get::<st::Integer, i32>(at)?.map(i64::from)),
        _ => row.get::<st::BigInt, i64>(at),
    },
    |value| std::str::from_utf8(value.as_bytes()),
    |row, at, item| {
        use crate::values::types::sql_types as own;
        macro_rules! items {
            ($sql:ty, $type:ty) => {
                row.get::<st::Array<$sql>, Vec<$type>>(at)?.map(|items| {
                    items.into_iter().map(crate::values::FieldType::into_value).collect()
                })
            };
        }
        Ok(match item {
            ColumnKind::SmallInt => items!(st::SmallInt, i16),
            ColumnKind::Integer => items!(st::Integer, i32),
            ColumnKind::BigInt => items!(st::BigInt, i64),
            ColumnKind::Float => items!(st::Double, f64),
            ColumnKind::Bool => items!(st::Bool, bool),
            ColumnKind::Decimal { .. } | ColumnKind::Numeric => {
                items!(st::Numeric, crate::db::Decimal)
            }
            ColumnKind::DateTime => items!(own::Moment, crate::db::DateTime),
            ColumnKind::Date => items!(st::Date, crate::values::NaiveDate),
            ColumnKind::Time => items!(st::Time, crate::values::NaiveTime),
            ColumnKind::Uuid => items!(own::Uuid, crate::db::Uuid),
            _ => items!(st::Text, String),
        })
    }
);
