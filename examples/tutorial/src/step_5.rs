//! Step 5: users: who may write, and who owns a row.
//!
//! The site lets users write and everyone read. A book belongs to the user who created it:
//! `perform_create` adds the owner. An `ObjectPermission` keeps others from changing it. A user
//! gets a key at `/api/token/` and sends it with each request.
//!
//! ```text
//! cargo run -p tutorial -- 5 createsuperuser
//! cargo run -p tutorial -- 5
//! curl -d username=ada -d password=… http://127.0.0.1:8000/api/token/
//! {"token":"2f1b…"}
//! curl -H 'Authorization: Token 2f1b…' -d 'name=Frank Herbert' http://127.0.0.1:8000/api/authors/
//! {"id":1,"name":"Frank Herbert"}
//! curl -H 'Authorization: Token 2f1b…' -d title=Dune -d year=1965 -d author_id=1 http://127.0.0.1:8000/api/books/
//! {"id":1,"title":"Dune","year":1965,"reprinted":null,"author":{"id":1,"name":"Frank Herbert"},"owner":"ada"}
//! ```

use std::sync::Arc;

use quintet::accounts::obtain_auth_token;
use quintet::auth::User;
use quintet::permissions::{IsAuthenticatedOrReadOnly, ObjectPermission};
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
    #[field(foreign_key = User)]
    pub owner_id: Option<i32>,
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
    #[field(source = owner.username)]
    owner: Option<String>,
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

/// Everyone may read a book, its owner may change it.
pub struct IsOwnerOrReadOnly;

impl ObjectPermission for IsOwnerOrReadOnly {
    type Object = Book;

    async fn has_object_permission(&self, cx: &mut Context, book: &Book) -> Result<bool> {
        Ok(cx.request.is_safe() || cx.user().is_some_and(|user| book.owner_id == Some(user.id)))
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

    fn permission_classes(&self) -> impl PermissionClasses {
        (IsAuthenticatedOrReadOnly, IsOwnerOrReadOnly)
    }

    async fn perform_create(&self, new: Changes<Book>, cx: &mut Context) -> Result<Book> {
        cx.save(new.set(book::owner_id, cx.user().map(|user| user.id))).await
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
