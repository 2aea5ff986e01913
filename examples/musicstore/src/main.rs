//! Runs the store: `musicstore [runserver] [127.0.0.1:8000]`.

use musicstore::{loader, site};
use quintet::management::Program;
use quintet::site::StartError;
use tracing_subscriber::filter::LevelFilter;

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
    log();
    Program::new("musicstore", site)
        .database("sqlite://musicstore.sqlite3")
        .at_start(loader::at_start)
        .run()
        .await
}
