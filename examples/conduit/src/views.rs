//! What there is under `/api/`.

use quintet::authentication::authenticate;
use quintet::db::{Exists, LookupField};
use quintet::filters::django_filters::CharFilter;
use quintet::filters::{FilterSet, lookup_field, order_by};
use quintet::generics::{CreateApiView, LinkSet, RetrieveUpdateApiView};
use quintet::http::Method;
use quintet::pagination::{EnvelopeKeys, LimitOffsetPagination, Pagination};
use quintet::permissions::{IsAuthenticatedOrReadOnly, ObjectPermission};
use quintet::prelude::*;
use quintet::request::Noun;
use quintet::serializers::SerializerClass;
use quintet::views::Item;
use quintet::viewsets::*;

use crate::models::*;
use crate::serializers::*;

/// The key of the user; that of nobody for an anonymous client.
fn me(cx: &Context) -> i64 {
    cx.user_as::<User>().map_or(0, |user| user.id)
}

fn followed_by_me(cx: &Context) -> Exists<User> {
    let followers = || User::fields().followers();
    Exists::of(followers()).filter(followers().id().exact(me(cx)))
}

/// All articles, as the user sees them.
pub fn articles(cx: &Context) -> QuerySet<Article> {
    let fans = || Article::fields().favorited_by();
    Article::objects()
        .annotate(Article::FAVORITED, Exists::of(fans()).filter(fans().id().exact(me(cx))))
        .annotate_related(User::FOLLOWING, followed_by_me(cx))
}

/// POST of a new user.
pub struct RegistrationView;

impl ViewSet for RegistrationView {
    type Base = CreateApiView;
    type Serializer = UserSerializer;
    const NOUN: Option<Noun> = Some(Noun::new("user"));

    fn permission_classes(&self) -> impl PermissionClasses {
        AllowAny
    }

    async fn perform_create(&self, new: Changes<User>, cx: &mut Context) -> Result<User> {
        save_user(new, cx).await
    }
}

async fn save_user(changes: Changes<User>, cx: &Context) -> Result<User> {
    let Some(password) = changes.get(user::password) else { return cx.save(changes).await };
    let hash = cx.hashers().make(&password).await?;
    cx.save(changes.set(user::password, hash)).await
}

pub async fn login(sent: Valid<LoginSerializer>, cx: &mut Context) -> Result<Item<UserSerializer>> {
    let account = authenticate(cx, &sent.email, &sent.password).await?;
    let Some(user) = account.as_ref().and_then(|account| account.get::<User>()) else {
        let detail = Detail::field("credentials", ["invalid"]);
        return Err(ApiException::Custom { status: 401, detail });
    };
    cx.respond_one(User::objects().filter(user::id.eq(user.id))).await
}

/// The user who asks.
pub struct UserView;

impl ViewSet for UserView {
    type Base = RetrieveUpdateApiView;
    type Serializer = UserSerializer;
    const NOUN: Option<Noun> = Some(Noun::new("user"));
    const PARTIAL_PUT: bool = true;

    fn permission_classes(&self) -> impl PermissionClasses {
        IsAuthenticated
    }

    async fn get_object(&self, cx: &mut Context) -> Result<ObjectQuery<User>> {
        Ok(User::objects().filter(user::id.eq(me(cx))).into())
    }

    async fn perform_update(&self, changes: Changes<User>, cx: &mut Context) -> Result<User> {
        save_user(changes, cx).await
    }
}

pub struct ProfileViewSet;

#[view_set]
impl ViewSet for ProfileViewSet {
    type Base = RetrieveModelMixin;
    type Serializer = ProfileSerializer;
    const NOUN: Option<Noun> = Some(Noun::new("profile"));
    const LOOKUP_FIELD: LookupField<User> = lookup_field!(username);
    const LOOKUP_VALUE_REGEX: Option<&'static str> = Some("[^/]+");

    async fn get_queryset(&self, cx: &mut Context) -> Result<QuerySet<User>> {
        Ok(User::objects().annotate(User::FOLLOWING, followed_by_me(cx)))
    }

    /// Follow somebody, or no longer.
    #[action(detail, post, delete)]
    async fn follow(&self, who: Object<User>, cx: &mut Context) -> Result<Item<ProfileSerializer>> {
        link(cx.links(&*who, User::fields().followers()), cx).await?;
        self.show(cx).await
    }
}

/// Adds the user to some links, or with DELETE removes them.
async fn link(links: LinkSet<'_>, cx: &Context) -> Result<()> {
    match cx.request.method == Method::DELETE {
        true => links.remove([me(cx)]).await,
        false => links.add([me(cx)]).await,
    }
}

#[derive(FilterSet)]
#[filter_set(model = Article)]
pub struct ArticleFilter {
    #[filter(field = tags__name)]
    tag: CharFilter,
    #[filter(field = author__username)]
    author: CharFilter,
    #[filter(field = favorited_by__username)]
    favorited: CharFilter,
}

/// Everyone may read an article, its author may change it.
pub struct IsAuthorOrReadOnly;

impl ObjectPermission for IsAuthorOrReadOnly {
    type Object = Article;

    async fn has_object_permission(&self, cx: &mut Context, article: &Article) -> Result<bool> {
        Ok(cx.request.is_safe() || article.author_id == me(cx))
    }
}

pub struct ArticleViewSet;

#[view_set]
impl ViewSet for ArticleViewSet {
    type Base = ModelViewSet;
    type Serializer = ArticleSerializer;
    const NOUN: Option<Noun> = Some(Noun::new("article"));
    const PARTIAL_PUT: bool = true;
    const LOOKUP_FIELD: LookupField<Article> = lookup_field!(slug);
    const FILTERSET_CLASS: Filters<Article> = Filters::of::<ArticleFilter>();

    fn permission_classes(&self) -> impl PermissionClasses {
        (IsAuthenticatedOrReadOnly, IsAuthorOrReadOnly)
    }

    fn pagination_class(&self) -> impl Pagination + 'static {
        let keys = EnvelopeKeys::new().results("articles").count("articlesCount").without_links();
        LimitOffsetPagination::new().default_limit(20).max_limit(100).with_keys(keys)
    }

    fn serializer_class(&self, action: Action) -> SerializerClass<Article> {
        match action {
            Action::List => ArticlePreviewSerializer::class(),
            _ => ArticleSerializer::class(),
        }
    }

    async fn get_queryset(&self, cx: &mut Context) -> Result<QuerySet<Article>> {
        Ok(articles(cx))
    }

    async fn perform_create(&self, new: Changes<Article>, cx: &mut Context) -> Result<Article> {
        save_article(new.set(article::author_id, me(cx)), cx).await
    }

    async fn perform_update(&self, new: Changes<Article>, cx: &mut Context) -> Result<Article> {
        save_article(new, cx).await
    }

    /// Articles of the authors whom the user follows.
    #[action(list, permission_classes = IsAuthenticated)]
    async fn feed(&self, cx: &mut Context) -> Result<Page<ArticlePreviewSerializer>> {
        let mine = Article::fields().author().followers().id().exact(me(cx));
        self.paginate(articles(cx).filter_by(mine), cx).await
    }

    /// Like an article, or no longer.
    #[action(detail, post, delete, permission_classes = IsAuthenticated)]
    async fn favorite(
        &self,
        liked: Object<Article>,
        cx: &mut Context,
    ) -> Result<Item<ArticleSerializer>> {
        link(cx.links(&*liked, Article::fields().favorited_by()), cx).await?;
        self.show(cx).await
    }
}

/// Saves an article with its tags; a new title gets a new slug.
async fn save_article(mut new: Changes<Article>, cx: &mut Context) -> Result<Article> {
    let tags: Option<Vec<String>> = new.take("tagList");
    cx.transaction(async |cx| {
        let old = new.stored(cx).await?.map(|article| article.title.clone());
        if let Some(title) = new.get(article::title).filter(|title| old.as_ref() != Some(title)) {
            new = new.set(article::slug, cx.unique_slug(article::slug, &title).await?);
        }
        let article = cx.save(new).await?;
        if let Some(tags) = tags {
            Tag::objects().filter(tag::article_id.eq(article.id)).delete(cx).await?;
            let row = |name| Changes::new().set(tag::article_id, article.id).set(tag::name, name);
            Tag::objects().bulk_create(tags.into_iter().map(row), cx).await?;
        }
        Ok(article)
    })
    .await
}

pub struct CommentViewSet;

/// The article that comments are about.
async fn article_of_url(cx: &Context) -> Result<Article> {
    let slug = cx.request.kwarg("slug").unwrap_or_default().to_owned();
    let found = Article::objects().filter(article::slug.eq(slug)).first(cx).await?;
    let missing = || ApiException::NotFound(Some(Detail::field("article", ["not found"])));
    found.ok_or_else(missing)
}

impl ViewSet for CommentViewSet {
    type Base = (ListModelMixin, CreateModelMixin, DestroyModelMixin);
    type Serializer = CommentSerializer;
    const NOUN: Option<Noun> = Some(Noun::new("comment").many("comments"));

    async fn get_queryset(&self, cx: &mut Context) -> Result<QuerySet<Comment>> {
        let article = article_of_url(cx).await?;
        let comments = Comment::objects().filter(comment::article_id.eq(article.id));
        Ok(comments.annotate_related(User::FOLLOWING, followed_by_me(cx)))
    }

    async fn perform_create(&self, new: Changes<Comment>, cx: &mut Context) -> Result<Comment> {
        let article = article_of_url(cx).await?;
        cx.save(new.set(comment::article_id, article.id).set(comment::author_id, me(cx))).await
    }

    async fn perform_destroy(&self, comment: Comment, cx: &mut Context) -> Result<()> {
        if comment.author_id != me(cx) {
            return Err(ApiException::PermissionDenied(None));
        }
        cx.delete(&comment).await
    }
}

pub async fn tags(cx: &mut Context) -> Result<Json<TagsSerializer>> {
    let names = Tag::objects().order_by(order_by![name]).values(tag::name).distinct();
    Ok(Json(TagsSerializer { tags: names.all(cx).await? }))
}
