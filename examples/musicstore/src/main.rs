//! Runs the store: `musicstore [runserver] [127.0.0.1:8000]`.

use std::sync::Arc;

use musicstore::{loader, site};
use quintet::management::{changepassword, createsuperuser};
use quintet::prelude::*;
use tracing_subscriber::filter::LevelFilter;

const ADDRESS: &str = "127.0.0.1:8000";
const DATABASE: &str = "sqlite://musicstore.sqlite3";
const USAGE: &str = "usage: musicstore [runserver] [ADDRESS:PORT], musicstore openapi, \
                     musicstore createsuperuser [OPTIONS] or musicstore changepassword [USERNAME]";

/// Prints the document.
fn openapi() -> Result<(), StartError> {
    let database = Database::open(DatabaseConfig::new("sqlite://:memory:"))?;
    let site = site(Settings::from_env_or_demo(DATABASE)?, database)?;
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
        quintet::rt::spawn(async move {
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

#[quintet::main]
async fn main() -> Result<(), StartError> {
    let words = std::env::args_os().skip(1);
    let words: Vec<String> = words.map(|word| word.to_string_lossy().into_owned()).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let address = match words.as_slice() {
        [] | ["runserver"] | ["createsuperuser" | "changepassword", ..] => ADDRESS,
        ["runserver", address] => address,
        ["openapi"] => return openapi(),
        _ => return Err(StartError::new(USAGE)),
    };
    log();
    let settings = Settings::from_env_or_demo(DATABASE)?;
    let database = Database::open(&settings)?;
    let site = site(settings, database)?;
    let is_server = matches!(words.as_slice(), [] | ["runserver", ..]);
    fill(site.database(), is_server).await;
    match words.as_slice() {
        ["createsuperuser", options @ ..] => return Ok(createsuperuser(&site, options).await?),
        ["changepassword", names @ ..] => return Ok(changepassword(&site, names).await?),
        _ => {}
    }
    site.run_server(address).await
}
