//! Step 4: filters, search, ordering and pages.
//!
//! Three constants of the view set declare what a client may filter, search and order by; a name
//! that is not a column does not compile. `author__name` follows the foreign key, `^` matches the
//! start of the text. The site splits every list into pages, here of two rows, so that there is
//! something to see.
//!
//! ```text
//! cargo run -p tutorial -- 4
//! curl 'http://127.0.0.1:8000/api/books/?year__gte=1960&search=frank&ordering=-year'
//! {"count":0,"next":null,"previous":null,"results":[]}
//! curl 'http://127.0.0.1:8000/api/books/?page=2'
//! {"detail":"Invalid page."}
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

    const FILTERSET_FIELDS: Filters<Book> = filter_fields![author, year(exact, gte, lt)];
    const SEARCH_FIELDS: SearchFields<Book> = search_fields![title, ^author__name];
    const ORDERING_FIELDS: OrderingFields<Book> = ordering_fields![title, year, author__name];
}

pub fn site(settings: Settings, database: Arc<Database>) -> Result<Arc<Site>, SiteError> {
    let router = Router::new().register("authors", AuthorViewSet).register("books", BookViewSet);
    Site::builder(settings, database)
        .pagination(PageNumberPagination::new().page_size(2))
        .mount(router.at("/api/"))
        .openapi(OpenApi::new("Library", "1.0.0"))
        .build()
}
