//! Runs one step: `cargo run -p tutorial -- 3`.

use quintet::management::createsuperuser;
use quintet::prelude::*;
use tutorial::STEPS;

const USAGE: &str = "usage: tutorial STEP [createsuperuser [OPTIONS]], where STEP is 1 to 7";

#[quintet::main]
async fn main() -> Result<(), StartError> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let usage = || StartError::new(USAGE);
    let (number, command) = words.split_first().ok_or_else(usage)?;
    let number: usize = number.parse().map_err(|_| usage())?;
    let step = number.checked_sub(1).and_then(|at| STEPS.get(at)).ok_or_else(usage)?;
    let settings = Settings::from_env_or_demo(&format!("sqlite://tutorial_{number}.sqlite3"))?;
    let database = Database::open(&settings)?;
    let site = step(settings, database)?;
    site.create_tables().await?;
    match command {
        [] => site.run_server("127.0.0.1:8000").await,
        ["createsuperuser", options @ ..] => Ok(createsuperuser(&site, options).await?),
        _ => Err(usage()),
    }
}
