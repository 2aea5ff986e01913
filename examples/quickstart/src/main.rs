//! One model, one view set: an API that everybody reads and users change, with Swagger UI.
//!
//! ```text
//! cargo run -p quickstart -- createsuperuser
//! cargo run -p quickstart
//! curl -u ada:… -d '{"title": "Dune", "year": 1965}' -H 'Content-Type: application/json' http://127.0.0.1:8000/api/books/
//! {"id":1,"title":"Dune","year":1965}
//! curl 'http://127.0.0.1:8000/api/books/?search=dune&year__lt=2000'
//! {"count":1,"next":null,"previous":null,"results":[{"id":1,"title":"Dune","year":1965}]}
//! ```

use std::sync::Arc;

use quintet::authentication::BasicAuthentication;
use quintet::permissions::IsAuthenticatedOrReadOnly;
use quintet::{management::Program, prelude::*, site::SiteError};

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

pub fn site(settings: Settings, database: Arc<Database>) -> Result<Arc<Site>, SiteError> {
    Site::builder(settings, database)
        .authentication(BasicAuthentication::new())
        .permissions(IsAuthenticatedOrReadOnly)
        .pagination(PageNumberPagination::new().page_size(20))
        .mount(Router::new().register("books", BookViewSet).at("/api/"))
        .openapi(OpenApi::new("Books", "1.0.0"))
        .build()
}

#[quintet::main]
async fn main() -> Result<(), StartError> {
    let books = Program::new("quickstart", site).database("sqlite://quickstart.sqlite3");
    books.create_tables().run().await
}
