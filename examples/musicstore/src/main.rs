//! Runs the store: `musicstore [runserver] [127.0.0.1:8000]`.

use musicstore::{loader, site};
use quintet::management::Program;
use quintet::site::StartError;
use tracing_subscriber::filter::LevelFilter;

/// Writes the framework's log to standard error: warnings and errors, or everything from the level
/// in `RUST_LOG` up.
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
