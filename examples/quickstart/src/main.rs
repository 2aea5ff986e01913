//! One model, one view set: an API with Swagger UI.
//!
//! ```text
//! cargo run -p quickstart
//! curl -d '{"title": "Dune", "year": 1965}' -H 'Content-Type: application/json' http://127.0.0.1:8000/api/books/
//! {"id":1,"title":"Dune","year":1965}
//! curl 'http://127.0.0.1:8000/api/books/?search=dune&year__lt=2000'
//! {"count":1,"next":null,"previous":null,"results":[{"id":1,"title":"Dune","year":1965}]}
//! ```
//!
//! Everybody may write: accounts, and permissions that use them, come in step 5 of the tutorial.

use std::sync::Arc;

use quintet::{db::Dialect, prelude::*};

#[model(app = "library", ordering(id))]
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
    const FILTERSET_FIELDS: Filters<Book> = filter_fields![year(exact, gte, lt)];
}

const TABLES: &str = "CREATE TABLE IF NOT EXISTS library_book (id bigserial PRIMARY KEY, title text NOT NULL, year integer NOT NULL)";
pub fn tables(dialect: Dialect) -> String {
    if dialect == Dialect::Sqlite { TABLES.replace("bigserial", "integer") } else { TABLES.into() }
}

pub fn site(settings: Settings, database: Arc<Database>) -> Result<Arc<Site>, StartError> {
    Ok(Site::builder(settings, database)
        .pagination(PageNumberPagination::new().page_size(20))
        .mount(Router::new().register("books", BookViewSet).at("/api/"))
        .openapi(OpenApi::new("Books", "1.0.0"))
        .build()?)
}

#[quintet::main]
async fn main() -> Result<(), StartError> {
    let settings = Settings::from_env_or_demo("sqlite://quickstart.sqlite3")?;
    let database = Database::open(&settings)?;
    database.batch_execute(tables(database.dialect())).await?;
    site(settings, database)?.run_server("127.0.0.1:8000").await
}
