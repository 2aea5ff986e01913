//! The program of a project: `manage.py`, as far as it goes.

use std::fmt;
use std::sync::Arc;

use futures_util::future::LocalBoxFuture;

use super::{changepassword, createsuperuser};
use crate::db::{Conn, Database, ModelMeta, StartupError};
use crate::settings::Settings;
use crate::site::{Site, SiteError, StartError};

const ADDRESS: &str = "127.0.0.1:8000";

/// What makes a project's site.
type MakeSite = fn(Settings, Arc<Database>) -> Result<Arc<Site>, SiteError>;
/// What is done before the first request.
type StartUp = fn(Conn) -> LocalBoxFuture<'static, Result<bool, StartupError>>;

/// The program of a project (`manage.py`): reads the settings from the environment, opens the
/// database, and does what the words on the command line say.
///
/// | words | what it does |
/// | --- | --- |
/// | none, or `runserver [ADDRESS:PORT]` | serves, at `127.0.0.1:8000` where no address is named |
/// | `openapi` | prints the OpenAPI document; needs no database |
/// | `createsuperuser [OPTIONS]` | [`createsuperuser`] |
/// | `changepassword [USERNAME]` | [`changepassword`] |
///
/// ```no_run
/// use std::sync::Arc;
///
/// use quintet::db::Database;
/// use quintet::management::Program;
/// use quintet::prelude::*;
/// use quintet::site::SiteError;
///
/// fn site(settings: Settings, database: Arc<Database>) -> Result<Arc<Site>, SiteError> {
///     Site::builder(settings, database).build()
/// }
///
/// #[quintet::main]
/// async fn main() -> Result<(), StartError> {
///     Program::new("store", site).database("sqlite://store.sqlite3").run().await
/// }
/// ```
#[must_use = "it does nothing before it is run"]
pub struct Program {
    name: &'static str,
    site: MakeSite,
    database: Option<&'static str>,
    creates_tables: bool,
    start_up: Option<StartUp>,
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Program {
    /// The program of a name, which stands in its usage, and the function that makes its site.
    pub fn new(name: &'static str, site: MakeSite) -> Self {
        Self { name, site, database: None, creates_tables: false, start_up: None }
    }

    /// The database of a demonstration: where the environment names none, and `SECRET_KEY` neither,
    /// the program runs with this one and with settings for trying it out
    /// ([`Settings::from_env_or_demo`]).
    pub fn database(mut self, url: &'static str) -> Self {
        self.database = Some(url);
        self
    }

    /// Creates the tables of the site that do not exist, at every start
    /// ([`Site::create_tables`]).
    pub fn create_tables(mut self) -> Self {
        self.creates_tables = true;
        self
    }

    /// Work for every start, such as loading rows into an empty database. A server does not wait
    /// for a database that is away: the work is done once it is there, and requests are 503 until
    /// then.
    pub fn at_start(mut self, work: StartUp) -> Self {
        self.start_up = Some(work);
        self
    }

    /// Does what the words on the command line say.
    ///
    /// # Errors
    /// One line for a person: words that name no command, a setting that is missing or wrong, an
    /// address that cannot be listened on, a command that failed. `main` returns it.
    pub async fn run(self) -> Result<(), StartError> {
        let words = std::env::args_os().skip(1);
        let words: Vec<String> = words.map(|word| word.to_string_lossy().into_owned()).collect();
        self.run_words(&words.iter().map(String::as_str).collect::<Vec<_>>()).await
    }

    async fn run_words(self, words: &[&str]) -> Result<(), StartError> {
        let address = match words {
            [] | ["runserver"] => Some(ADDRESS),
            ["runserver", address] => Some(*address),
            #[cfg(feature = "openapi")]
            ["openapi"] => return self.openapi(),
            ["createsuperuser" | "changepassword", ..] => None,
            _ => return Err(StartError::new(self.usage())),
        };
        let settings = self.settings()?;
        let database = Database::open(&settings)?;
        let site = (self.site)(settings, database)?;
        let models = if self.creates_tables { site.database().registered() } else { Vec::new() };
        if self.creates_tables || self.start_up.is_some() {
            start_up(site.database(), StartWork { models, then: self.start_up }, address.is_some())
                .await;
        }
        match words {
            ["createsuperuser", options @ ..] => Ok(createsuperuser(&site, options).await?),
            ["changepassword", names @ ..] => Ok(changepassword(&site, names).await?),
            _ => site.run_server(address.unwrap_or(ADDRESS)).await,
        }
    }

    fn settings(&self) -> Result<Settings, StartError> {
        Ok(match self.database {
            Some(url) => Settings::from_env_or_demo(url)?,
            None => Settings::from_env()?,
        })
    }

    fn usage(&self) -> String {
        let name = self.name;
        format!(
            "usage: {name} [runserver] [ADDRESS:PORT], {name} openapi, \
             {name} createsuperuser [OPTIONS] or {name} changepassword [USERNAME]"
        )
    }

    /// Prints the document, of a site whose database nobody asks.
    #[cfg(feature = "openapi")]
    fn openapi(&self) -> Result<(), StartError> {
        let nowhere = if cfg!(feature = "sqlite") {
            "sqlite://:memory:"
        } else {
            "postgres://localhost/nowhere"
        };
        let database = Database::open(crate::db::DatabaseConfig::new(nowhere))?;
        let site = (self.site)(self.settings()?, database)?;
        println!("{}", site.openapi().map_or("", |document| document.json()));
        Ok(())
    }
}

/// What is done at the start: tables, then the project's own work.
#[derive(Clone)]
struct StartWork {
    models: Vec<&'static ModelMeta>,
    then: Option<StartUp>,
}

impl StartWork {
    async fn run(self, mut conn: Conn) -> Result<(), StartupError> {
        if !self.models.is_empty() {
            conn.create_tables(self.models).await?;
        }
        if let Some(then) = self.then {
            then(conn).await?;
        }
        Ok(())
    }
}

async fn start_up(database: &Arc<Database>, work: StartWork, is_server: bool) {
    let work = move |conn| -> LocalBoxFuture<'static, _> { Box::pin(work.clone().run(conn)) };
    let done = database.worker().run(true, work.clone()).await;
    let Err(error) = done.unwrap_or_else(|error| Err(error.into())) else { return };
    eprintln!("The database is not ready: {error}");
    if is_server {
        let database = Arc::clone(database);
        actix_web::rt::spawn(async move {
            if let Err(error) = database.once_reachable(work).await {
                eprintln!("The start-up work failed: {error}");
            }
        });
    }
}
