//! The music store, served to tests: on `SQLite` always, on `PostgreSQL` when
//! `QUINTET_TEST_POSTGRES` names a database that may be created beside.

use std::sync::{Arc, OnceLock};

use quintet::db::{ColumnKind, Conn, Database, Sql, StartupError};
use quintet::prelude::{Settings, Site};
use quintet::test::{LiveServer, Template, TestDatabase, TestSite};

use crate::client::{Client, Reply};

/// The API key of a superuser.
pub const ADMIN: &str = "a9538556595218ad76e26b9286938b0258ae71a7";
/// The API key of a member of staff without permissions of their own.
pub const STAFF: &str = "5979cd618002a43bc62cf4dac50a2152dc7f8049";
/// The API key of a user who owns playlists.
pub const ALICE: &str = "b2e32ebec9f8867b6fb4a145b0a92fed76b133ca";

/// A database that tests run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// `SQLite`: in memory if no test writes, or else in a separate file.
    Sqlite,
    /// `PostgreSQL`, a separate database.
    Postgres,
}

impl On {
    /// The databases that are there.
    pub fn all() -> Vec<Self> {
        let mut all = vec![Self::Sqlite];
        if postgres().is_some() {
            all.push(Self::Postgres);
        }
        all
    }

    /// A copy of a template on this database: in memory, if it is `SQLite`.
    ///
    /// # Errors
    /// What the database reports.
    pub async fn copy_of(self, template: &'static Template) -> Result<TestDatabase, StartupError> {
        match self {
            Self::Sqlite => template.sqlite().await,
            Self::Postgres => template.postgres(&postgres().unwrap_or_default()).await,
        }
    }
}

/// The URL of the server that tests may make databases on.
fn postgres() -> Option<String> {
    std::env::var("QUINTET_TEST_POSTGRES").ok().filter(|url| !url.is_empty())
}

/// The Redis that tests may write to; if there is none, prints that a test is left out.
pub fn redis() -> Option<String> {
    let url = std::env::var("QUINTET_TEST_REDIS").ok().filter(|url| !url.is_empty());
    if url.is_none() {
        eprintln!("skipped: QUINTET_TEST_REDIS names no Redis");
    }
    url
}

/// The Chinook rows.
static CHINOOK: Template =
    Template::new(|conn| Box::pin(async { musicstore::loader::load(conn, false).await.map(drop) }));

/// A store with the Chinook rows, on a database of its own.
#[derive(Debug)]
pub struct Store {
    // before the database, which goes last
    /// What serves it.
    pub server: LiveServer,
    site: TestSite,
}

impl Store {
    /// A fresh store.
    pub fn new(on: On) -> Self {
        Self::with(on, |_| {})
    }

    /// A store that no test writes to, made once.
    pub fn shared(on: On) -> &'static Self {
        static SHARED: [OnceLock<Store>; 2] = [OnceLock::new(), OnceLock::new()];
        SHARED[usize::from(on == On::Postgres)].get_or_init(|| {
            let copied = apart(async || on.copy_of(&CHINOOK).await);
            Self::on(copied.expect("a database"), |_| {}, store)
        })
    }

    /// A fresh store whose settings are changed first.
    pub fn with(on: On, change: impl FnOnce(&mut Settings)) -> Self {
        Self::serving(on, change, store)
    }

    /// Another site over a fresh store's tables.
    pub fn serving(
        on: On,
        change: impl FnOnce(&mut Settings),
        site: impl FnOnce(Settings, Arc<Database>) -> Arc<Site>,
    ) -> Self {
        let copied = apart(async || match on {
            On::Sqlite => CHINOOK.sqlite_file().await,
            On::Postgres => CHINOOK.postgres(&postgres().unwrap_or_default()).await,
        });
        Self::on(copied.expect("a database"), change, site)
    }

    fn on(
        database: TestDatabase,
        change: impl FnOnce(&mut Settings),
        site: impl FnOnce(Settings, Arc<Database>) -> Arc<Site>,
    ) -> Self {
        let database = database.override_settings(|settings| {
            settings.secret_key = "a key for tests".into();
            settings.allowed_hosts = vec!["*".into()];
            change(settings);
        });
        let site =
            database.site(|settings, database| Ok::<_, StartupError>(site(settings, database)));
        let site = site.expect("the URL is right");
        Self { server: site.live_server().expect("the server starts"), site }
    }

    /// The site, and its database.
    pub fn site(&self) -> &TestSite {
        &self.site
    }

    /// Where the site's database is.
    pub fn url(&self) -> &str {
        &self.site.test_database().settings().database_url
    }

    /// The site's database, to count statements.
    pub fn database(&self) -> &Arc<Database> {
        self.site.database()
    }

    /// An anonymous client.
    pub fn client(&self) -> Client {
        Client::new(self.server.address())
    }

    /// A client with an API key.
    pub fn client_of(&self, key: &str) -> Client {
        self.client().token(key)
    }

    /// Statements that a request takes, and its answer.
    pub fn counted(&self, request: impl FnOnce() -> Reply) -> (u64, Reply) {
        let before = self.database().statements();
        let reply = request();
        (self.database().statements() - before, reply)
    }

    /// Runs a statement on a separate connection.
    pub fn execute(&self, sql: &str) {
        let sql = sql.to_owned();
        self.run(async move |conn| conn.batch_execute(&sql).await.expect("the database does it"));
    }

    /// Runs work on a separate connection.
    pub fn run<T: Send + 'static>(
        &self,
        work: impl AsyncFnOnce(&mut Conn) -> T + Send + 'static,
    ) -> T {
        let work = async move |conn: &mut Conn| Ok(work(conn).await);
        let done = apart(async move || self.site.test_database().run(work).await);
        done.expect("the database is there")
    }

    /// The number that a statement returns, on a separate connection.
    pub fn number(&self, sql: &str) -> i64 {
        let text = sql.to_owned();
        self.run(async move |conn| {
            let mut sql = Sql::new(conn.dialect());
            sql.push(&text);
            let rows = conn.rows(sql, |row| row.get::<i64>(0, ColumnKind::BigInt)).await;
            rows.expect("a statement").into_iter().next().expect("a row")
        })
    }
}

fn store(settings: Settings, database: Arc<Database>) -> Arc<Site> {
    musicstore::site(settings, database).expect("the store builds")
}

/// Runs work on a new runtime in a new thread, because tests have one already.
fn apart<T: Send>(work: impl AsyncFnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| actix_web::rt::System::new().block_on(work()));
        thread.join().expect("the work ends well")
    })
}
