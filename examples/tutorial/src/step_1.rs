//! Step 1: a model, its serializer and its view set.
//!
//! The model is a table, the serializer declares which columns are read and written, and the view
//! set lists, creates, shows, changes and deletes rows. Lengths, types and nulls are declared once,
//! in the model; validation, SQL and the document at `/api/docs/` read them there.
//!
//! ```text
//! cargo run -p tutorial -- 1
//! curl -d title=Dune -d year=1965 http://127.0.0.1:8000/api/books/
//! {"id":1,"title":"Dune","year":1965,"reprinted":null}
//! curl -X PATCH -d reprinted=1984 http://127.0.0.1:8000/api/books/1/
//! {"id":1,"title":"Dune","year":1965,"reprinted":1984}
//! ```

use std::sync::Arc;

use quintet::prelude::*;
use quintet::site::SiteError;

#[model(app = "library", ordering(id))]
pub struct Book {
    pub id: i64,
    #[field(max_length = 200)]
    pub title: String,
    pub year: i32,
    pub reprinted: Option<i32>,
}

#[derive(Serializer)]
#[serializer(model = Book)]
pub struct BookSerializer {
    id: i64,
    title: String,
    year: i32,
    reprinted: Option<i32>,
}

pub struct BookViewSet;

impl ViewSet for BookViewSet {
    type Base = ModelViewSet;
    type Serializer = BookSerializer;
}

pub fn site(settings: Settings, database: Arc<Database>) -> Result<Arc<Site>, SiteError> {
    let router = Router::new().register("books", BookViewSet);
    Site::builder(settings, database)
        .mount(router.at("/api/"))
        .openapi(OpenApi::new("Library", "1.0.0"))
        .build()
}
