//! One model, one view set: an API with Swagger UI.
//!
//! ```text
//! cargo run -p quickstart
//! curl -d '{"title": "Dune", "year": 1965}' -H 'Content-Type: application/json' http://127.0.0.1:8000/api/books/
//! {"id":1,"title":"Dune","year":1965}
//! curl 'http://127.0.0.1:8000/api/books/?search=dune'
//! ```

use quintet::prelude::*;

#[model(table = "books", ordering(id))]
pub struct Book {
    pub id: i64,
    #[field(max_length = 200)]
    pub title: String,
    #[field(min_value = 1450)]
    pub year: i32,
}

#[derive(Serializer)]
#[serializer(model = Book, fields = all)]
pub struct BookSerializer {}

pub struct BookViewSet;

impl ViewSet for BookViewSet {
    type Base = ModelViewSet;
    type Serializer = BookSerializer;

    const SEARCH_FIELDS: SearchFields<Book> = search_fields![title];
}

#[actix_web::main]
async fn main() -> Result<(), StartError> {
    let mut settings = Settings::from_env()?;
    if settings.secret_key.is_empty() && settings.allowed_hosts.is_empty() {
        // nothing says who this site is: somebody is trying it out on this machine
        settings.secret_key = "not a secret".into();
        settings.debug = true;
    }
    let database = Database::open(DatabaseConfig::new("sqlite://quickstart.sqlite3"))?;
    let table = "CREATE TABLE IF NOT EXISTS books (id INTEGER PRIMARY KEY, title TEXT NOT NULL, year INTEGER NOT NULL)";
    database.batch_execute(table).await?;
    let site = Site::builder(settings, database)
        .mount(Router::new().register("books", BookViewSet).at("/api/"))
        .openapi(OpenApi::new("Books", "1.0.0"))
        .build()?;
    site.run_server("127.0.0.1:8000").await
}
