//! What there is under `/api/`.

use quintet::authentication::authenticate;
use quintet::db::{Exists, LookupField};
use quintet::filters::{FilterSet, django_filters::CharFilter, lookup_field, order_by};
use quintet::generics::{CreateApiView, LinkSet, RetrieveUpdateApiView};
use quintet::pagination::{EnvelopeKeys, LimitOffsetPagination, Pagination};
use quintet::permissions::{IsOwner, ReadOnly};
use quintet::prelude::*;
use quintet::{
    http::Method, request::Noun, serializers::SerializerClass, views::Item, viewsets::*,
};

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
        ReadOnly.or(IsOwner::by(article::author_id))
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
        new.set(article::author_id, me(cx)).save(cx).await
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

pub struct CommentViewSet;

impl ViewSet for CommentViewSet {
    type Base = (ListModelMixin, CreateModelMixin, DestroyModelMixin);
    type Serializer = CommentSerializer;
    const NOUN: Option<Noun> = Some(Noun::new("comment").many("comments"));
    const PARENT_LOOKUP_KWARGS: ParentLookupKwargs<Comment> =
        parent_lookup_kwargs![article_slug = article__slug];

    fn permission_classes(&self) -> impl PermissionClasses {
        ReadOnly.or(IsOwner::by(comment::author_id))
    }

    async fn get_queryset(&self, cx: &mut Context) -> Result<QuerySet<Comment>> {
        Ok(Comment::objects().annotate_related(User::FOLLOWING, followed_by_me(cx)))
    }

    async fn perform_create(&self, new: Changes<Comment>, cx: &mut Context) -> Result<Comment> {
        new.set(comment::author_id, me(cx)).save(cx).await
    }
}

pub async fn tags(cx: &mut Context) -> Result<Json<TagsSerializer>> {
    let names = Tag::objects().order_by(order_by![name]).values(tag::name).distinct();
    Ok(Json(TagsSerializer { tags: names.all(cx).await? }))
}
