//! Serves the benchmark's endpoints: `quintet-bench runserver 127.0.0.1:8000`.

use quintet::prelude::*;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[quintet::main]
async fn main() -> Result<(), StartError> {
    let mut settings = Settings::from_env()?;
    if settings.secret_key.is_empty() {
        settings.secret_key = "a-key-for-the-benchmark-alone".into();
        settings.allowed_hosts = vec!["*".into()];
    }
    let database = Database::open(&settings)?;
    let address = std::env::args().nth(2).unwrap_or_else(|| "127.0.0.1:8000".into());
    quintet_bench::site(settings, database)?.run_server(&address).await
}
