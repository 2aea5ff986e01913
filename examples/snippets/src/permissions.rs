//! Permissions on objects: authors see and change their own documents, staff sees all of them.
//!
//! A list is restricted by `get_queryset`, a single object by an `ObjectPermission`: a document of
//! somebody else can be read, once it is published, but not changed.
//!
//! ```text
//! cargo run -p snippets -- permissions createsuperuser
//! cargo run -p snippets -- permissions
//! curl -u ada:… -d title=Draft http://127.0.0.1:8000/api/documents/
//! {"id":1,"title":"Draft","published":false,"author":"ada"}
//! curl http://127.0.0.1:8000/api/documents/1/
//! {"detail":"No Document matches the given query."}
//! ```

use std::sync::Arc;

use quintet::auth::User;
use quintet::authentication::BasicAuthentication;
use quintet::permissions::{IsAdminUser, IsAuthenticatedOrReadOnly, ObjectPermission};
use quintet::prelude::*;

#[model(table = "document", ordering(id))]
pub struct Document {
    pub id: i64,
    #[field(max_length = 100)]
    pub title: String,
    #[field(default = false)]
    pub published: bool,
    #[field(foreign_key = User)]
    pub author_id: Option<i32>,
}

#[derive(Serializer)]
#[serializer(model = Document)]
pub struct DocumentSerializer {
    id: i64,
    title: String,
    published: bool,
    #[field(source = author.username)]
    author: Option<String>,
}

/// Everybody reads what can be seen, authors change what is theirs.
pub struct IsAuthorOrReadOnly;

impl ObjectPermission for IsAuthorOrReadOnly {
    type Object = Document;

    async fn has_object_permission(&self, cx: &mut Context, document: &Document) -> Result<bool> {
        let user = cx.user().map(|user| user.id);
        Ok(cx.request.is_safe() || user.is_some() && document.author_id == user)
    }

    fn message(&self) -> Option<Detail> {
        Some("Only its author may change a document.".into())
    }
}

pub struct DocumentViewSet;

impl ViewSet for DocumentViewSet {
    type Base = ModelViewSet;
    type Serializer = DocumentSerializer;

    fn permission_classes(&self) -> impl PermissionClasses {
        (IsAuthenticatedOrReadOnly, IsAdminUser.or(IsAuthorOrReadOnly))
    }

    async fn get_queryset(&self, cx: &mut Context) -> Result<QuerySet<Document>> {
        let documents = Document::objects();
        let published = Document::fields().published().exact(true);
        Ok(match cx.user() {
            Some(user) if user.is_staff => documents,
            Some(user) => {
                let own = Document::fields().author().id().exact(user.id);
                documents.filter_by(published | own)
            }
            None => documents.filter_by(published),
        })
    }

    async fn perform_create(&self, new: Changes<Document>, cx: &mut Context) -> Result<Document> {
        let user = cx.user().map(|user| user.id);
        cx.save(new.set(document::author_id, user)).await
    }
}

pub fn site(settings: Settings, database: Arc<Database>) -> Result<Arc<Site>, StartError> {
    let router = Router::new().register("documents", DocumentViewSet);
    let site = Site::builder(settings, database)
        .authentication(BasicAuthentication::new())
        .mount(router.at("/api/"))
        .openapi(OpenApi::new("Documents", "1.0.0"))
        .build()?;
    Ok(site)
}
