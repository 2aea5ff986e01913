//! The database of one test, and a site on it.

use std::fmt;
use std::io;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use super::leftovers::Owner;
use super::template::{Copy, open};
use super::{ApiClient, HOST_NAME, LiveServer};
use crate::db::{Conn, Database, Dialect, StartupError};
use crate::settings::Settings;
use crate::site::Site;

/// A database for one test: a copy of a [`Template`](super::Template), removed when the value is
/// dropped, also after a panic.
///
/// Commits are real commits, which no other test sees, and tests run in parallel.
///
/// ```
/// # use quintet::db::{Conn, StartupError};
/// # use quintet::prelude::*;
/// # use quintet::site::SiteError;
/// # use quintet::test::Template;
/// # fn my_site(settings: Settings, database: std::sync::Arc<Database>) -> Result<std::sync::Arc<Site>, SiteError> {
/// #     Site::builder(settings, database).build()
/// # }
/// # async fn run(notes: &Template) -> Result<(), StartupError> {
/// let site = notes
///     .sqlite()
///     .await?
///     .override_settings(|settings| settings.append_slash = false)
///     .site(my_site)?;
/// let client = site.client().await;
/// assert_eq!(client.get("/notes").await.status(), 404);
/// # Ok(())
/// # }
/// ```
pub struct TestDatabase {
    settings: Settings,
    url: String,
    /// Keeps a database in memory alive.
    beside: Arc<Database>,
    _owner: Option<Owner>,
}

impl TestDatabase {
    pub(super) fn new(copy: Copy) -> Self {
        let Copy { url, beside, owner } = copy;
        let mut settings = Settings {
            secret_key: "a key for tests that is of no use elsewhere".into(),
            allowed_hosts: [HOST_NAME, "127.0.0.1", "localhost"].map(Into::into).to_vec(),
            database_url: url.clone(),
            workers: Some(1),
            ..Settings::default()
        };
        settings.server.shutdown_timeout = Duration::from_secs(1);
        Self { settings, url, beside, _owner: owner }
    }

    /// The database that statements are written for.
    pub fn dialect(&self) -> Dialect {
        self.beside.dialect()
    }

    /// The URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The settings of a site on this database: the defaults with a secret key, the hosts of tests
    /// and this database.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Changes the settings for this test (`override_settings`).
    #[must_use]
    pub fn override_settings(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// Runs work on the database, on a separate connection: to insert rows that a test needs, or to
    /// check what a site has written.
    ///
    /// # Errors
    /// What the work returns, and when the database cannot be reached.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl AsyncFnOnce(&mut Conn) -> Result<T, StartupError> + Send + 'static,
    ) -> Result<T, StartupError> {
        let worker = open(&self.url)?.worker();
        worker.run(true, move |mut conn| Box::pin(async move { work(&mut conn).await })).await?
    }

    /// Builds a site on the database, with the program's own function.
    ///
    /// # Errors
    /// What the function returns.
    pub fn site<E: Into<StartupError>>(
        self,
        build: impl FnOnce(Settings, Arc<Database>) -> Result<Arc<Site>, E>,
    ) -> Result<TestSite, StartupError> {
        let database = Database::open(&self.settings)?;
        let site = build(self.settings.clone(), database).map_err(Into::into)?;
        Ok(TestSite { site, database: self })
    }
}

impl fmt::Debug for TestDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestDatabase").field("dialect", &self.dialect()).finish_non_exhaustive()
    }
}

/// A site on a [`TestDatabase`]. It dereferences to the [`Site`].
pub struct TestSite {
    // before the database, which goes last
    site: Arc<Site>,
    database: TestDatabase,
}

impl TestSite {
    /// The site.
    pub fn site(&self) -> &Arc<Site> {
        &self.site
    }

    /// The database of the test, beside the site's own connections to it.
    pub fn test_database(&self) -> &TestDatabase {
        &self.database
    }

    /// A client of the site.
    pub async fn client(&self) -> ApiClient {
        ApiClient::new(&self.site).await
    }

    /// Serves the site on a port.
    ///
    /// # Errors
    /// When the server cannot be started.
    pub fn live_server(&self) -> io::Result<LiveServer> {
        LiveServer::start(&self.site)
    }

    /// Runs `work`, which must take this number of statements of the site
    /// ([`assert_num_queries`](super::assert_num_queries)).
    ///
    /// # Panics
    /// If it takes more or fewer.
    pub async fn assert_num_queries<T>(&self, number: u64, work: impl AsyncFnOnce() -> T) -> T {
        super::assert_num_queries(number, self.site.database(), work).await
    }
}

impl Deref for TestSite {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}

impl fmt::Debug for TestSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestSite").field("database", &self.database).finish_non_exhaustive()
    }
}
