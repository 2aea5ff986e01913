//! The music store, served to tests: on `SQLite` always, on `PostgreSQL` when
//! `QUINTET_TEST_POSTGRES` names a database that may be created beside.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use actix_http::{Request, Response};
use actix_service::IntoServiceFactory;
use actix_web::App;
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, Service, ServiceFactory};
use quintet::db::{ColumnKind, Conn, Database, DatabaseConfig, Sql};
use quintet::prelude::{Settings, Site};

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
    /// `SQLite`, a file of its own.
    Sqlite,
    /// `PostgreSQL`, a database of its own.
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
}

/// The URL of the server that tests may make databases on.
fn postgres() -> Option<String> {
    std::env::var("QUINTET_TEST_POSTGRES").ok().filter(|url| !url.is_empty())
}

/// The Redis that tests may write to; where there is none, it says that a test is left out.
pub fn redis() -> Option<String> {
    let url = std::env::var("QUINTET_TEST_REDIS").ok().filter(|url| !url.is_empty());
    if url.is_none() {
        eprintln!("skipped: QUINTET_TEST_REDIS names no Redis");
    }
    url
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

fn number() -> u32 {
    NUMBER.fetch_add(1, Ordering::Relaxed)
}

/// A site that is being served on a port of its own, until it is dropped.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its database, to count statements.
    pub database: Arc<Database>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Server {
    /// Serves a site with one worker, as `run_server` does.
    pub fn start(site: Arc<Site>) -> Self {
        let settings = site.settings().clone();
        let database = Arc::clone(site.database());
        Self::serving(&settings, database, move || App::new().configure(site.configure()))
    }

    /// Serves an `App` with one worker.
    pub fn serving<I, S, B>(
        settings: &Settings,
        database: Arc<Database>,
        app: impl Fn() -> I + Send + Clone + 'static,
    ) -> Self
    where
        I: IntoServiceFactory<S, Request> + 'static,
        S: ServiceFactory<Request, Config = AppConfig> + 'static,
        S::Error: Into<actix_web::Error> + 'static,
        S::InitError: std::fmt::Debug,
        S::Response: Into<Response<B>> + 'static,
        <S::Service as Service<Request>>::Future: 'static,
        S::Service: 'static,
        B: MessageBody + 'static,
    {
        let mut settings = settings.clone();
        settings.workers = Some(1);
        let (tell, told) = std::sync::mpsc::channel();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = quintet::server::Server::new(&settings, app).expect("the settings");
                let server = server.bind("127.0.0.1:0").expect("a free port");
                tell.send(server.addresses().next().expect("an address")).expect("the test waits");
                let ended = server.run_until(async { drop(stopped.await) }).await;
                ended.expect("the server ends well");
            });
        });
        let address = told.recv().expect("the server starts");
        Self { address, database, stop: Some(stop), thread: Some(thread) }
    }

    /// Stops the server as SIGTERM does, and waits for its end.
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

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A store with the Chinook rows, on a database of its own.
#[derive(Debug)]
pub struct Store {
    /// What serves it.
    pub server: Server,
    /// Where its database is.
    pub url: String,
    file: Option<PathBuf>,
    name: Option<String>,
}

impl Store {
    /// A fresh store.
    pub fn new(on: On) -> Self {
        Self::with(on, |_| {})
    }

    /// A store that no test writes to, made once.
    pub fn shared(on: On) -> &'static Self {
        static SHARED: [OnceLock<Store>; 2] = [OnceLock::new(), OnceLock::new()];
        SHARED[usize::from(on == On::Postgres)].get_or_init(|| Self::new(on))
    }

    /// A fresh store whose settings are changed first.
    pub fn with(on: On, change: impl FnOnce(&mut Settings)) -> Self {
        Self::serving(on, change, |settings, database| {
            musicstore::site(settings, database).expect("the store builds")
        })
    }

    /// Another site over a fresh store's tables.
    pub fn serving(
        on: On,
        change: impl FnOnce(&mut Settings),
        site: impl FnOnce(Settings, Arc<Database>) -> Arc<Site>,
    ) -> Self {
        let (url, file, name) = match on {
            On::Sqlite => {
                let file = temporary();
                std::fs::copy(sqlite_template(), &file).expect("the template is there");
                (format!("sqlite://{}", file.display()), Some(file), None)
            }
            On::Postgres => {
                let name = format!("quintet_{}_{}", std::process::id(), number());
                let template = postgres_template();
                administer(&format!("CREATE DATABASE {name} TEMPLATE {template}"));
                (beside(&name), None, Some(name))
            }
        };
        let mut settings = Settings::default();
        settings.secret_key = "a key for tests".into();
        settings.allowed_hosts = vec!["*".into()];
        settings.database_url = url;
        settings.server.shutdown_timeout = Duration::from_secs(1);
        change(&mut settings);
        let database = Database::open(&settings).expect("the URL is right");
        let url = settings.database_url.clone();
        Self { server: Server::start(site(settings, database)), url, file, name }
    }

    /// A client of nobody's.
    pub fn client(&self) -> Client {
        Client::new(self.server.address)
    }

    /// A client with an API key.
    pub fn client_of(&self, key: &str) -> Client {
        self.client().token(key)
    }

    /// Statements that a request takes, and its answer.
    pub fn counted(&self, request: impl FnOnce() -> Reply) -> (u64, Reply) {
        let before = self.server.database.statements();
        let reply = request();
        (self.server.database.statements() - before, reply)
    }

    /// Runs a statement beside the server, on a connection of its own.
    pub fn execute(&self, sql: &str) {
        let sql = sql.to_owned();
        self.run(async move |conn| conn.batch_execute(&sql).await.expect("the database does it"));
    }

    /// Runs work beside the server, on a connection of its own.
    pub fn run<T: Send + 'static>(&self, work: impl AsyncFnOnce(Conn) -> T + Send + 'static) -> T {
        beside_server(self.direct(), work)
    }

    /// The number that a statement answers, read beside the server.
    pub fn number(&self, sql: &str) -> i64 {
        let text = sql.to_owned();
        self.run(async move |conn| {
            let mut sql = Sql::new(conn.dialect());
            sql.push(&text);
            let rows = conn.rows(sql, |row| row.get::<i64>(0, ColumnKind::BigInt)).await;
            rows.expect("a statement").into_iter().next().expect("a row")
        })
    }

    /// The database without what a test put between.
    fn direct(&self) -> String {
        self.name.as_deref().map_or_else(|| self.url.clone(), beside)
    }
}

fn beside_server<T: Send + 'static>(
    url: String,
    work: impl AsyncFnOnce(Conn) -> T + Send + 'static,
) -> T {
    apart(move |system| {
        system.block_on(async move {
            let database = Database::open(DatabaseConfig::new(url)).expect("the URL is right");
            let worker = database.worker();
            let done = worker.run(true, |conn| Box::pin(async move { work(conn).await }));
            done.await.expect("the database is there")
        })
    })
}

async fn run(url: String, sql: String) {
    let database = Database::open(DatabaseConfig::new(url)).expect("the URL is right");
    database.batch_execute(sql).await.expect("the database does it");
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            for suffix in ["", "-wal", "-shm", "-journal"] {
                let mut path = file.clone().into_os_string();
                path.push(suffix);
                drop(std::fs::remove_file(path));
            }
        }
        if let Some(name) = &self.name {
            administer(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

fn temporary() -> PathBuf {
    std::env::temp_dir().join(format!("quintet-test-{}-{}.sqlite3", std::process::id(), number()))
}

/// Runs work on a runtime of its own, on a thread of its own: tests have one already.
fn apart<T: Send + 'static>(
    work: impl FnOnce(&actix_web::rt::SystemRunner) -> T + Send + 'static,
) -> T {
    let thread = std::thread::spawn(move || work(&actix_web::rt::System::new()));
    thread.join().expect("the work ends well")
}

fn load(url: String) {
    apart(move |system| {
        system.block_on(async move {
            let database = Database::open(DatabaseConfig::new(url)).expect("the URL is right");
            let loaded = database
                .worker()
                .run(true, |mut conn| {
                    Box::pin(async move {
                        musicstore::loader::load(&mut conn, false)
                            .await
                            .map_err(|error| error.to_string())
                    })
                })
                .await;
            loaded.expect("the database is there").expect("the rows are loaded");
        });
    });
}

/// A loaded file that stores are copied from.
fn sqlite_template() -> &'static PathBuf {
    static TEMPLATE: OnceLock<PathBuf> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        sweep_files();
        let file = temporary();
        load(format!("sqlite://{}", file.display()));
        // what the loader left in the log belongs into the file that is copied
        let url = format!("sqlite://{}", file.display());
        apart(move |system| {
            system.block_on(run(url, "PRAGMA wal_checkpoint(TRUNCATE)".into()));
        });
        std::thread::sleep(Duration::from_millis(50));
        file
    })
}

/// A loaded database that stores are copied from.
fn postgres_template() -> &'static str {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        sweep_databases();
        let name = format!("quintet_{}_template", std::process::id());
        administer(&format!("DROP DATABASE IF EXISTS {name}"));
        administer(&format!(
            "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'"
        ));
        load(beside(&name));
        name
    })
}

/// The URL of another database on the same server.
fn beside(name: &str) -> String {
    let url = postgres().expect("QUINTET_TEST_POSTGRES");
    let (server, _) = url.rsplit_once('/').expect("a URL with a database");
    format!("{server}/{name}")
}

/// True when a name holds the number of a process that is no more, where that can be told: what
/// is shared by all tests of a run is left behind by it, and removed by the next one.
fn is_left_behind(name: &str, mark: char) -> bool {
    let number = name.split(mark).find_map(|part| part.parse::<u32>().ok());
    let gone = |number: u32| !Path::new("/proc").join(number.to_string()).exists();
    Path::new("/proc/self").exists() && number.is_some_and(gone)
}

fn sweep_files() {
    let files = std::fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten();
    for file in files {
        let name = file.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("quintet-test-") && is_left_behind(&name, '-') {
            drop(std::fs::remove_file(file.path()));
        }
    }
}

fn sweep_databases() {
    let url = postgres().expect("QUINTET_TEST_POSTGRES");
    // processes of other machines cannot be seen from here
    if !url.contains("@127.0.0.1") && !url.contains("@localhost") {
        return;
    }
    let names = beside_server(url, async |conn| {
        let mut sql = Sql::new(conn.dialect());
        sql.push("SELECT datname::text FROM pg_database WHERE datname LIKE 'quintet\\_%'");
        conn.rows(sql, |row| row.get::<String>(0, ColumnKind::Text)).await.expect("names")
    });
    for name in names.iter().filter(|name| is_left_behind(name, '_')) {
        administer(&format!("DROP DATABASE IF EXISTS {name}"));
    }
}

/// Runs a statement on the server, one at a time: a template cannot be copied twice at once.
fn administer(sql: &str) {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let (url, sql) = (postgres().expect("QUINTET_TEST_POSTGRES"), sql.to_owned());
    apart(move |system| system.block_on(run(url, sql)));
}
