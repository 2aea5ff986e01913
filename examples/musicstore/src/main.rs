//! Runs the store: `musicstore [runserver] [127.0.0.1:8000]`.

use std::error::Error;
use std::sync::Arc;

use musicstore::{loader, site};
use quintet::management::{changepassword, createsuperuser};
use quintet::prelude::*;
use tracing_subscriber::filter::LevelFilter;

const ADDRESS: &str = "127.0.0.1:8000";
const USAGE: &str = "usage: musicstore [runserver] [ADDRESS:PORT], musicstore openapi, \
                     musicstore createsuperuser [OPTIONS] or musicstore changepassword [USERNAME]";

/// The settings of the environment, and values for a demonstration where it sets none.
fn settings() -> Result<Settings, Box<dyn Error>> {
    let mut settings = Settings::from_env()?;
    let mut demo = Vec::new();
    if settings.secret_key.is_empty() {
        settings.secret_key = "musicstore-demonstration-key-not-for-production".into();
        demo.push("SECRET_KEY");
    }
    if settings.allowed_hosts.is_empty() {
        settings.allowed_hosts = vec!["localhost".into(), "127.0.0.1".into(), "[::1]".into()];
        demo.push("ALLOWED_HOSTS");
    }
    if std::env::var_os("DATABASE_URL").is_none() {
        settings.database_url = "sqlite://musicstore.sqlite3".into();
        demo.push("DATABASE_URL");
    }
    if !demo.is_empty() {
        eprintln!("Demo values for {}: set them in production.", demo.join(", "));
    }
    Ok(settings)
}

/// Prints the document.
fn openapi() -> Result<(), Box<dyn Error>> {
    let database = Database::open(DatabaseConfig::new("sqlite://:memory:"))?;
    let site = site(settings()?, database)?;
    println!("{}", site.openapi().map_or("", |document| document.json()));
    Ok(())
}

/// Makes and fills the tables of an empty database. A server need not wait for one that is away:
/// they are made when it is there.
async fn fill(database: &Arc<Database>, is_server: bool) {
    let filled = database.worker().run(true, loader::at_start).await;
    let Err(error) = filled.unwrap_or_else(|error| Err(error.into())) else { return };
    eprintln!("The database is not ready: {error}");
    if is_server {
        let database = Arc::clone(database);
        actix_web::rt::spawn(async move {
            if let Err(error) = database.once_reachable(loader::at_start).await {
                eprintln!("The database cannot be filled: {error}");
            }
        });
    }
}

/// Writes what the framework logs to the standard error: warnings and errors, or from the level on
/// that `RUST_LOG` names.
fn log() {
    let level = std::env::var("RUST_LOG").ok().and_then(|level| level.parse().ok());
    tracing_subscriber::fmt()
        .with_max_level(level.unwrap_or(LevelFilter::WARN))
        .with_writer(std::io::stderr)
        .init();
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let address = match words.as_slice() {
        [] | ["runserver"] | ["createsuperuser" | "changepassword", ..] => ADDRESS,
        ["runserver", address] => address,
        ["openapi"] => return openapi(),
        _ => return Err(USAGE.into()),
    };
    log();
    let settings = settings()?;
    let database = Database::open(&settings)?;
    let is_server = matches!(words.as_slice(), [] | ["runserver", _]);
    fill(&database, is_server).await;
    let site = site(settings, database)?;
    match words.as_slice() {
        ["createsuperuser", options @ ..] => return Ok(createsuperuser(&site, options).await?),
        ["changepassword", names @ ..] => return Ok(changepassword(&site, names).await?),
        _ => {}
    }
    println!("API         http://{address}/api/");
    println!("Swagger UI  http://{address}/api/docs/");
    println!("OpenAPI     http://{address}/api/schema/");
    site.run_server(address).await?;
    Ok(())
}
