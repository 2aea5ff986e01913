//! Step 7: computed values: a count of related rows, and a field that uses the request.
//!
//! `count(book_count = books)` in the model is a sub-select of the same statement, however long the
//! list is, and can be ordered by. A method field is a function of the row; one that depends on the
//! user takes the context as well. With an account, an author and a book as in step 5:
//!
//! ```text
//! cargo run -p tutorial -- 7
//! curl 'http://127.0.0.1:8000/api/authors/?ordering=-book_count'
//! {"count":1,"next":null,"previous":null,"results":[{"id":1,"name":"Frank Herbert","book_count":1}]}
//! curl -H 'Authorization: Token 2f1b…' http://127.0.0.1:8000/api/books/1/
//! {"id":1,"title":"Dune",…,"owner":"ada","is_mine":true}
//! ```

use std::sync::Arc;

use quintet::accounts::obtain_auth_token;
use quintet::auth::User;
use quintet::permissions::{IsAuthenticatedOrReadOnly, ObjectPermission};
use quintet::prelude::*;
use quintet::serializers::Attrs;
use quintet::site::SiteError;

#[model(app = "library", ordering(id), count(book_count = books))]
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
    #[field(foreign_key = User)]
    pub owner_id: Option<i32>,
}

#[derive(Serializer)]
#[serializer(model = Author)]
pub struct AuthorSerializer {
    id: i64,
    name: String,
    #[field(default = 0)]
    book_count: i64,
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
    #[field(source = owner.username)]
    owner: Option<String>,
    #[field(method)]
    is_mine: bool,
}

impl BookSerializer {
    fn get_is_mine(book: &Book, cx: &Context) -> bool {
        cx.user().is_some_and(|user| book.owner_id == Some(user.id))
    }

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

/// Everyone may read a book, its owner may change it.
pub struct IsOwnerOrReadOnly;

impl ObjectPermission for IsOwnerOrReadOnly {
    type Object = Book;

    async fn has_object_permission(&self, cx: &mut Context, book: &Book) -> Result<bool> {
        Ok(cx.request.is_safe() || cx.user().is_some_and(|user| book.owner_id == Some(user.id)))
    }
}

#[derive(Serializer)]
pub struct ReprintSerializer {
    #[field(min_value = 1450)]
    pub year: i32,
}

#[derive(Serializer)]
pub struct ReprintedSerializer {
    pub title: String,
    pub years_later: i32,
}

pub struct AuthorViewSet;

impl ViewSet for AuthorViewSet {
    type Base = ModelViewSet;
    type Serializer = AuthorSerializer;

    const ORDERING_FIELDS: OrderingFields<Author> = ordering_fields![name, book_count];
}

pub struct BookViewSet;

/// The books of the library.
#[view_set]
impl ViewSet for BookViewSet {
    type Base = ModelViewSet;
    type Serializer = BookSerializer;

    const FILTERSET_FIELDS: Filters<Book> = filter_fields![author, year(exact, gte, lt)];
    const SEARCH_FIELDS: SearchFields<Book> = search_fields![title, ^author__name];
    const ORDERING_FIELDS: OrderingFields<Book> = ordering_fields![title, year, author__name];

    fn permission_classes(&self) -> impl PermissionClasses {
        (IsAuthenticatedOrReadOnly, IsOwnerOrReadOnly)
    }

    async fn perform_create(&self, new: Changes<Book>, cx: &mut Context) -> Result<Book> {
        cx.save(new.set(book::owner_id, cx.user().map(|user| user.id))).await
    }

    /// Print a book again.
    #[action(detail, post)]
    async fn reprint(
        &self,
        book: Object<Book>,
        new: Valid<ReprintSerializer>,
        cx: &mut Context,
    ) -> Result<Json<ReprintedSerializer>> {
        if new.year < book.year {
            return Err(ApiException::validation("A reprint cannot come before the book."));
        }
        let book = cx.save(Changes::of(&*book).set(book::reprinted, new.year)).await?;
        Ok(Json(ReprintedSerializer { title: book.title, years_later: new.year - book.year }))
    }
}

pub fn site(settings: Settings, database: Arc<Database>) -> Result<Arc<Site>, SiteError> {
    let router = Router::new().register("authors", AuthorViewSet).register("books", BookViewSet);
    Site::builder(settings, database)
        .permissions(IsAuthenticatedOrReadOnly)
        .pagination(PageNumberPagination::new().page_size(2))
        .mount(router.path("token/", obtain_auth_token(), "token").at("/api/"))
        .openapi(OpenApi::new("Library", "1.0.0"))
        .build()
}
