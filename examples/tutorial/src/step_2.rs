//! Step 2: validation of a field and of the whole row, with custom messages.
//!
//! `error(blank = "…")` changes one message of a field and `min_value` adds a rule.
//! `validate_title` gets a value that the field's own rules accept, and returns the value to store;
//! `validate` sees the row as it will be: the values that were sent, or else the stored ones. One
//! response has all errors of fields.
//!
//! ```text
//! cargo run -p tutorial -- 2
//! curl -d title=Untitled -d year=12 http://127.0.0.1:8000/api/books/
//! {"title":["Give the book its real title."],"year":["Ensure this value is greater than or equal to 1450."]}
//! curl -d title=Dune -d year=1965 -d reprinted=1950 http://127.0.0.1:8000/api/books/
//! {"non_field_errors":["A reprint cannot come before the book."]}
//! ```

use std::sync::Arc;

use quintet::prelude::*;
use quintet::serializers::Attrs;
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
#[serializer(model = Book, validate)]
pub struct BookSerializer {
    id: i64,
    #[field(error(blank = "A book needs a title."), validate)]
    title: String,
    #[field(min_value = 1450)]
    year: i32,
    reprinted: Option<i32>,
}

impl BookSerializer {
    fn validate_title(title: String) -> Validated<String> {
        if title.to_lowercase() == "untitled" {
            return Err("Give the book its real title.".into());
        }
        Ok(title)
    }

    fn validate(attrs: &mut Attrs<'_, Book>) -> Validated {
        let (year, reprinted) = (attrs.get(book::year), attrs.get(book::reprinted).flatten());
        if reprinted.is_some_and(|reprinted| year.is_some_and(|year| reprinted < year)) {
            return Err("A reprint cannot come before the book.".into());
        }
        Ok(())
    }
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
