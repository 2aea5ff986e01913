//! Runs Conduit: `cargo run -p conduit -- runserver 127.0.0.1:8000`.

use conduit::{migrations, site};
use quintet::management::Program;
use quintet::prelude::*;

#[quintet::main]
async fn main() -> Result<(), StartError> {
    Program::new("conduit", site)
        .database("sqlite://conduit.sqlite3")
        .at_start(|conn| Box::pin(async move { migrations::create(&conn).await }))
        .run()
        .await
}
