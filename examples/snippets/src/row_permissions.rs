//! Row-level permissions, computed once a page: documents are shared with people, and each row says
//! what its reader may do with it.
//!
//! What a page needs is one statement, however many rows are on it (`#[field(batch)]`). The same
//! function decides about the one row that somebody wants to change.
//!
//! ```text
//! cargo run -p snippets -- row_permissions createsuperuser
//! cargo run -p snippets -- row_permissions
//! curl -u ada:… -d title=Draft http://127.0.0.1:8000/api/papers/
//! {"id":1,"title":"Draft","may":["read","write","delete"]}
//! ```

use std::collections::HashMap;
use std::sync::Arc;

use quintet::auth::User;
use quintet::authentication::BasicAuthentication;
use quintet::http::Method;
use quintet::permissions::ObjectPermission;
use quintet::prelude::*;

#[model(app = "desk", ordering(id))]
pub struct Paper {
    pub id: i64,
    #[field(max_length = 100)]
    pub title: String,
    #[field(foreign_key = User, editable = false)]
    pub owner_id: i32,
}

/// Whom a paper is shared with.
#[model(app = "desk", ordering(id), unique_together(paper, user))]
pub struct Share {
    pub id: i64,
    #[field(foreign_key = Paper, related_name = shares)]
    pub paper_id: i64,
    #[field(foreign_key = User)]
    pub user_id: i32,
    #[field(default = false)]
    pub may_write: bool,
}

fn me(cx: &Context) -> i32 {
    cx.user().map_or(0, |user| user.id)
}

#[derive(Serializer)]
#[serializer(model = Paper)]
pub struct PaperSerializer {
    id: i64,
    title: String,
    #[field(batch)]
    may: Vec<&'static str>,
}

impl PaperSerializer {
    /// What the user may do with each of some papers, in one statement.
    async fn get_may(papers: &[&Paper], cx: &Context) -> Result<HashMap<i64, Vec<&'static str>>> {
        let keys = papers.iter().map(|paper| paper.id);
        let shares =
            Share::fields().paper_id().is_in(keys) & Share::fields().user_id().exact(me(cx));
        let shares = Share::objects().filter_by(shares).values((share::paper_id, share::may_write));
        let shared: HashMap<i64, bool> = shares.all(cx).await?.into_iter().collect();
        let rights = |paper: &&Paper| match (paper.owner_id == me(cx), shared.get(&paper.id)) {
            (true, _) => (paper.id, vec!["read", "write", "delete"]),
            (false, Some(true)) => (paper.id, vec!["read", "write"]),
            (false, Some(false)) => (paper.id, vec!["read"]),
            (false, None) => (paper.id, Vec::new()),
        };
        Ok(papers.iter().map(rights).collect())
    }
}

/// The right that a method needs.
pub struct HasRight;

impl ObjectPermission for HasRight {
    type Object = Paper;

    async fn has_object_permission(&self, cx: &mut Context, paper: &Paper) -> Result<bool> {
        let needed = match cx.request.method {
            Method::DELETE => "delete",
            Method::PUT | Method::PATCH => "write",
            _ => "read",
        };
        let rights = PaperSerializer::get_may(&[paper], cx).await?;
        Ok(rights.get(&paper.id).is_some_and(|rights| rights.contains(&needed)))
    }
}

pub struct PaperViewSet;

impl ViewSet for PaperViewSet {
    type Base = ModelViewSet;
    type Serializer = PaperSerializer;

    fn permission_classes(&self) -> impl PermissionClasses {
        (IsAuthenticated, HasRight)
    }

    /// A reader sees what is shared, and nothing else.
    async fn get_queryset(&self, cx: &mut Context) -> Result<QuerySet<Paper>> {
        let own = Paper::fields().owner_id().exact(me(cx));
        let shared = Share::objects().filter(share::user_id.eq(me(cx)));
        let shared = shared.matching(share::paper_id, paper::id).exists().exact(true);
        Ok(Paper::objects().filter_by(own | shared))
    }

    async fn perform_create(&self, new: Changes<Paper>, cx: &mut Context) -> Result<Paper> {
        new.set(paper::owner_id, me(cx)).save(cx).await
    }
}

pub fn site(settings: Settings, database: Arc<Database>) -> Result<Arc<Site>, StartError> {
    // no view shows shares: registered, they are deleted with their papers
    database.register([Share::META]);
    let router = Router::new().register("papers", PaperViewSet).at("/api/");
    let site = Site::builder(settings, database)
        .authentication(BasicAuthentication::new())
        .mount(router)
        .openapi(OpenApi::new("Papers", "1.0.0"))
        .build()?;
    Ok(site)
}
