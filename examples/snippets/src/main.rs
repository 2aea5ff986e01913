//! Runs one of the snippets: `cargo run -p snippets -- jwt`.

use quintet::management::createsuperuser;
use quintet::prelude::*;
use snippets::SNIPPETS;

#[quintet::main]
async fn main() -> Result<(), StartError> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let names = SNIPPETS.map(|(name, _)| name).join(" | ");
    let usage = || StartError::new(format!("usage: snippets {names} [createsuperuser [OPTIONS]]"));
    let (name, command) = words.split_first().ok_or_else(usage)?;
    let (name, make) = SNIPPETS.iter().find(|snippet| snippet.0 == *name).ok_or_else(usage)?;
    let settings = Settings::from_env_or_demo(&format!("sqlite://{name}.sqlite3"))?;
    let database = Database::open(&settings)?;
    let site = make(settings, database)?;
    site.create_tables().await?;
    match command {
        ["createsuperuser", options @ ..] => Ok(createsuperuser(&site, options).await?),
        [] if *name == "actix_app" => snippets::actix_app::serve(site).await,
        [] => site.run_server("127.0.0.1:8000").await,
        _ => Err(usage()),
    }
}
