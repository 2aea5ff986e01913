//! Step 3: a relation, shown nested and written by key.
//!
//! A foreign key is the column `author_id` in the model. The serializer shows the related row with
//! another serializer, read in the same statement, and takes its key; an unknown key is reported as
//! in DRF. `unique` in the model is enough for the message about a name that is taken.
//!
//! ```text
//! cargo run -p tutorial -- 3
//! curl -d 'name=Frank Herbert' http://127.0.0.1:8000/api/authors/
//! {"id":1,"name":"Frank Herbert"}
//! curl -d title=Dune -d year=1965 -d author_id=1 http://127.0.0.1:8000/api/books/
//! {"id":1,"title":"Dune","year":1965,"reprinted":null,"author":{"id":1,"name":"Frank Herbert"}}
//! ```

use std::sync::Arc;

use quintet::prelude::*;
use quintet::serializers::Attrs;
use quintet::site::SiteError;

#[model(app = "library", ordering(id))]
pub struct Author {
    pub id: i64,
    #[field(max_length = 100, unique)]
    pub name: String,
}

#[model(app = "library", ordering(id))]
pub struct Book {
    pub id: i64,
    #[field(max_length = 200)]
    pub title: String,
    pub year: i32,
    pub reprinted: Option<i32>,
    #[field(foreign_key = Author, related_name = books)]
    pub author_id: i64,
}

#[derive(Serializer)]
#[serializer(model = Author)]
pub struct AuthorSerializer {
    id: i64,
    name: String,
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
    #[field(nested)]
    author: AuthorSerializer,
    #[field(source = author, write_only)]
    author_id: PrimaryKeyRelated<Author>,
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

pub struct AuthorViewSet;

impl ViewSet for AuthorViewSet {
    type Base = ModelViewSet;
    type Serializer = AuthorSerializer;
}

pub struct BookViewSet;

impl ViewSet for BookViewSet {
    type Base = ModelViewSet;
    type Serializer = BookSerializer;
}

pub fn site(settings: Settings, database: Arc<Database>) -> Result<Arc<Site>, SiteError> {
    let router = Router::new().register("authors", AuthorViewSet).register("books", BookViewSet);
    Site::builder(settings, database)
        .mount(router.at("/api/"))
        .openapi(OpenApi::new("Library", "1.0.0"))
        .build()
}
