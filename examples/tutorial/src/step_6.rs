//! Step 6: an extra action, with a body and a response that the document shows.
//!
//! An action is a method of the view set. Its arguments are created before it runs: the book that
//! the URL names, after the object permissions, and a validated body; its return type declares the
//! response. The document at `/api/docs/` shows the signature and the doc comment. With an account,
//! an author and a book as in step 5:
//!
//! ```text
//! cargo run -p tutorial -- 6
//! curl -H 'Authorization: Token 2f1b…' -d year=1984 http://127.0.0.1:8000/api/books/1/reprint/
//! {"title":"Dune","years_later":19}
//! curl -H 'Authorization: Token 2f1b…' -d year=1950 http://127.0.0.1:8000/api/books/1/reprint/
//! ["A reprint cannot come before the book."]
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
