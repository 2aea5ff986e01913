//! View sets: the actions of a resource in one type (`rest_framework.viewsets`).
//!
//! A view set has no methods `get` and `post`. It has actions, `list`, `retrieve`, `create`,
//! `update`, `partial_update`, `destroy` and your own, and a [`Router`](crate::routers::Router)
//! maps URLs to them. [`ViewSet`] has a default for everything but two types: the base, which
//! decides what actions there are, and the serializer, whose model is the view set's.
//!
//! ```
//! use quintet::auth::User;
//! use quintet::prelude::*;
//!
//! # #[model(table = "library_book")]
//! # pub struct Book {
//! #     pub id: i64,
//! #     pub title: String,
//! #     pub year: i32,
//! #     #[field(foreign_key = User)]
//! #     pub owner_id: Option<i32>,
//! # }
//! #
//! # #[derive(Serializer)]
//! # #[serializer(model = Book, fields = all)]
//! # pub struct BookSerializer {}
//! #
//! pub struct BookViewSet;
//!
//! impl ViewSet for BookViewSet {
//!     type Base = ModelViewSet;
//!     type Serializer = BookSerializer;
//!     const SEARCH_FIELDS: SearchFields<Book> = search_fields![title];
//!     const ORDERING_FIELDS: OrderingFields<Book> = ordering_fields![title, year];
//!
//!     fn permission_classes(&self) -> impl PermissionClasses {
//!         IsAuthenticated
//!     }
//!
//!     async fn get_queryset(&self, cx: &mut Context) -> Result<QuerySet<Book>> {
//!         let user = cx.user().map(|user| user.id);
//!         Ok(Book::objects().filter(book::owner_id.eq(user)))
//!     }
//!
//!     async fn perform_create(&self, new: Changes<Book>, cx: &mut Context) -> Result<Book> {
//!         let user = cx.user().map(|user| user.id);
//!         new.set(book::owner_id, user).save(cx).await
//!     }
//! }
//!
//! # fn main() {
//! let router = Router::new().register("books", BookViewSet);
//! # let _ = router;
//! # }
//! ```
//!
//! # Setting what a view set does
//!
//! Attributes of DRF's class that hold values are constants here (`SEARCH_FIELDS`, `LOOKUP_FIELD`),
//! and those that hold classes are methods without arguments (`permission_classes`,
//! `pagination_class`). Both are evaluated once, when the site is built; the site's defaults
//! replace what is not set. Methods with a [`Context`] are called for every request:
//! `get_queryset`, `get_object`, `get_serializer_class`, `filter_queryset`, `perform_create`,
//! `perform_update`, `perform_destroy`.
//!
//! # API reference
//!
//! - [`ModelViewSet`]: all six actions
//! - [`ReadOnlyModelViewSet`]: `list` and `retrieve`
//! - [`GenericViewSet`]: none of the six, for a view set with extra actions only
//! - [`ListModelMixin`], [`RetrieveModelMixin`], [`CreateModelMixin`], [`UpdateModelMixin`],
//!   [`DestroyModelMixin`]: one each; a tuple of them is a base too
//! - [`Action`]: which action a request is for
//!
//! [`NOUN`](ViewSet::NOUN) puts the bodies of a view set under a key, in requests, in responses and in the
//! OpenAPI document: `{"article": {"title": ".."}}`.
//!
//! # Without a model
//!
//! A [`PlainViewSet`] has no model and no serializer of its own: its six actions are functions, whose
//! arguments and results are shown in the OpenAPI document. It is DRF's `viewsets.ViewSet`.
//!
//! # Extra actions
//!
//! Under [`macro@view_set`], a method with `#[action(detail)]` or `#[action(list)]` is an extra
//! action. Its arguments are created from the request: [`Object`] is the object that the URL names,
//! [`Valid`](crate::views::Valid) a body that passed a serializer. The OpenAPI document shows its
//! arguments and its result.

pub(crate) mod extra;
mod generic_view;
pub mod mixins;
mod object;
mod parents;
mod plain;
mod policies;
mod registration;

use actix_web::http::Method;
use actix_web::http::header::{HeaderMap, HeaderValue, LOCATION};

use crate::authentication::{AuthenticationClasses, DynAuthentication};
use crate::caching::Caching;
use crate::classes::{Classes, Inherit};
use crate::db::{LookupField, Model, Ordering, QuerySet};
use crate::exceptions::{ApiException, Result};
use crate::filters::{FilterBackends, Filters, OrderingFields, SearchFields};
use crate::generics::GenericBase;
use crate::metadata::MetadataClass;
use crate::middleware::MiddlewareClasses;
use crate::negotiation::ContentNegotiationClass;
use crate::pagination::{DefaultPagination, Pagination};
use crate::parsers::{Parser, ParserClasses};
use crate::permissions::{DynPermission, PermissionClasses};
use crate::renderers::{Renderer, RendererClasses};
use crate::request::{Context, Noun};
use crate::response::Response;
use crate::serializers::{Changes, ListSerializer, ModelFor, ModelSerializer, SerializerClass};
use crate::throttling::{DynThrottle, ThrottleClasses};
use crate::versioning::VersioningClass;
use crate::views::{Item, ORDER, Page, Policies, View};

pub use crate::generics::{
    CreateModelMixin, DestroyModelMixin, GenericViewSet, ListModelMixin, Mixins, ModelViewSet,
    ReadOnlyModelViewSet, RetrieveModelMixin, UpdateModelMixin,
};
pub use crate::request::Action;
pub use extra::{ActionHandler, ExtraAction};
pub use object::{Object, ObjectOf, ObjectQuery};
pub use parents::{ParentLookup, ParentLookupKwargs};
pub use plain::PlainViewSet;
/// The captures that name the parents of a view set's rows, with the paths to them:
/// `parent_lookup_kwargs![artist_pk = artist]`.
pub use quintet_codegen::parent_lookup_kwargs;
/// Allows extra actions in the `impl ViewSet` of a view set, where DRF has them too (`@action`).
///
/// A method with `#[action(detail)]` handles `artists/1/albums/`, one with `#[action(list)]`
/// `artists/top/`; the arguments are those of DRF's `@action`: the methods (`get` by default),
/// `url_path = ".."`, `url_name = ".."`, `name = ".."`, `permission_classes = ..` and its like,
/// `pagination_class = ..`, `filterset_class = ..` and `filter_backends = ..`. `#[mapping(rename,
/// delete)]` adds another method to the action `rename` (`@rename.mapping.delete`). The OpenAPI
/// document shows the arguments and the result of the method ([`ActionHandler`]); its doc comment,
/// and that of the `impl`, are the descriptions, like docstrings.
///
/// The attribute moves these methods to an `impl` of the struct, lists them in
/// [`ViewSet::actions`], declares a constant for each name (`Self::RENAME`), and writes
/// [`ViewSet::DESCRIPTION`]; [`ExtraAction`] shows what it writes.
///
/// ```
/// use quintet::filters::order_by;
/// use quintet::permissions::IsAdminUser;
/// use quintet::prelude::*;
/// use quintet::views::{Item, Items, Policies};
/// use quintet::viewsets::Action;
///
/// # #[model(table = "book")]
/// # pub struct Book {
/// #     pub id: i64,
/// #     pub title: String,
/// # }
/// #
/// # #[derive(Serializer)]
/// # #[serializer(model = Book, fields = all)]
/// # pub struct BookSerializer {}
/// #
/// #[derive(Serializer)]
/// pub struct RenameSerializer {
///     #[field(min_length = 2)]
///     title: String,
/// }
///
/// pub struct BookViewSet;
///
/// /// Everything that was printed.
/// #[view_set]
/// impl ViewSet for BookViewSet {
///     type Base = ModelViewSet;
///     type Serializer = BookSerializer;
///
///     fn action_policies(&self, action: Action) -> Policies {
///         match action {
///             Self::RENAME => Policies::inherit().permissions(IsAdminUser),
///             _ => Policies::inherit(),
///         }
///     }
///
///     /// Gives a book another title.
///     #[action(detail, post)]
///     async fn rename(
///         &self,
///         book: Object<Book>,
///         new: Valid<RenameSerializer>,
///         cx: &mut Context,
///     ) -> Result<Item<BookSerializer>> {
///         let book = cx.save(Changes::of(&*book).set(book::title, &new.title)).await?;
///         cx.respond_one(Book::objects().filter(book::id.eq(book.id))).await
///     }
///
///     /// The newest books.
///     #[action(list)]
///     async fn newest(&self, cx: &mut Context) -> Result<Items<BookSerializer>> {
///         cx.respond_all(Book::objects().order_by(order_by![-id]).slice(0, 5)).await
///     }
/// }
/// # fn main() {}
/// ```
pub use quintet_codegen::view_set;

/// The model of a view set: its serializer's.
pub type ModelOf<V> = <<V as ViewSet>::Serializer as ModelSerializer>::Model;

/// A resource: a model, its serializer, and everything that differs from the defaults.
///
/// Implement it for an empty struct, and register that with a router. Only the two types are
/// required. Attributes of DRF's class that hold values are constants here, those that hold classes
/// are methods without arguments (`permission_classes`), and both are evaluated once, when the site
/// is built. Methods with a [`Context`] are called for every request. Names and defaults are DRF's.
/// For a resource without a model, use [`PlainViewSet`], or [`ApiView`](crate::views::ApiView) for one URL. The module documentation has
/// a whole example.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a view set",
    label = "this type has no `ViewSet` implementation",
    note = "write `impl ViewSet for {Self}` with `type Base` and `type Serializer`"
)]
#[allow(
    async_fn_in_trait,
    reason = "view sets run where they are called: futures need not be Send"
)]
pub trait ViewSet: Sized + Send + Sync + 'static {
    /// Its actions: [`ModelViewSet`], [`ReadOnlyModelViewSet`], or a tuple of mixins.
    type Base: Mixins;
    /// The serializer of the view set (`serializer_class`), whose model is the view set's.
    /// [`ViewSet::serializer_class`] can name another one for an action.
    type Serializer: ModelSerializer;

    /// The filters of a filter set: `Filters::of::<TrackFilter>()`. It replaces
    /// [`ViewSet::FILTERSET_FIELDS`].
    const FILTERSET_CLASS: Filters<ModelOf<Self>> = Filters::NONE;

    /// Filters for fields: `filter_fields![name, album(exact, isnull)]`.
    const FILTERSET_FIELDS: Filters<ModelOf<Self>> = Filters::NONE;

    /// The fields that `?search=` searches: `search_fields![^name, =composer]`.
    const SEARCH_FIELDS: SearchFields<ModelOf<Self>> = SearchFields::NONE;

    /// The fields that `?ordering=` may name: `ordering_fields![id, album__title]`. By default,
    /// none, or the serializer's readable fields if the site has the ordering filter.
    const ORDERING_FIELDS: OrderingFields<ModelOf<Self>> = OrderingFields::NONE;

    /// The order of lists if the request names none: `order_by![-created, id]`. By default, that of
    /// the query.
    const ORDERING: Ordering<ModelOf<Self>> = Ordering::NONE;

    /// The field that an object is looked up by: `lookup_field!(username)`. By default, the primary
    /// key.
    const LOOKUP_FIELD: LookupField<ModelOf<Self>> = LookupField::NONE;

    /// The name of the capture that holds the lookup value. By default, `pk`, or the name of
    /// [`ViewSet::LOOKUP_FIELD`].
    const LOOKUP_URL_KWARG: Option<&'static str> = None;

    /// The regular expression of the lookup value. By default, anything but `/` and `.`.
    const LOOKUP_VALUE_REGEX: Option<&'static str> = None;

    /// The captures of the URL that name the rows' parents, in a view set that is
    /// [nested](crate::routers::Router::nested): `parent_lookup_kwargs![artist_pk = artist]`. Lists and
    /// objects are then those of the parents that the URL names, which must exist, and a new row gets
    /// them. [`mixins::of_parents`] narrows a query of your own.
    const PARENT_LOOKUP_KWARGS: ParentLookupKwargs<ModelOf<Self>> = ParentLookupKwargs::NONE;

    /// The description in the OpenAPI document and in the response to OPTIONS. `#[view_set]` copies
    /// it from the doc comment of the `impl ViewSet`.
    const DESCRIPTION: &'static str = "";

    /// Its name for people (`name`), of the list and of an object alike. By default, it is made from that of
    /// the type: `Media Type List`.
    const VIEW_NAME: Option<&'static str> = None;

    /// The scope for [`ScopedRateThrottle`](crate::throttling::ScopedRateThrottle)
    /// (`throttle_scope`).
    const THROTTLE_SCOPE: Option<&'static str> = None;

    /// The key around its bodies: `{"article": {..}}` for `Some(Noun::new("article"))`. See [`Noun`].
    const NOUN: Option<Noun> = None;

    /// The methods that are not refused, in the order of `Allow` (`http_method_names`). By default, all
    /// of them. An action whose method is not among them is a 405, and not in the OpenAPI document.
    const HTTP_METHOD_NAMES: &'static [Method] = &ORDER;

    /// Whether PUT changes only what is sent, as PATCH does (`partial=True` in `update`).
    const PARTIAL_PUT: bool = false;

    /// Lets `create` take a list of objects, too (`get_serializer(many=isinstance(request.data, list))`):
    /// `Some(ListSerializer::new().max_length(100))`. The response is then the list of the new rows.
    const LIST_SERIALIZER: Option<ListSerializer> = None;

    /// The beginning of its URL names: `artist` in `artist-list`. By default, the model's name.
    fn basename(&self) -> String {
        ModelOf::<Self>::META.model_name()
    }

    policies::hooks!();

    /// The pagination of lists; by default, the site's.
    fn pagination_class(&self) -> impl Pagination + 'static {
        DefaultPagination
    }

    /// Custom filters, which run after the filter set, search and ordering: one, a tuple of them,
    /// `()` for none.
    fn filter_backends(&self) -> impl FilterBackends<ModelOf<Self>> {}

    /// The serializer of an action: `AlbumDetailSerializer::class()` for [`Action::Retrieve`].
    /// Called when the site is built, for the OpenAPI document.
    fn serializer_class(&self, _action: Action) -> SerializerClass<ModelOf<Self>> {
        Self::Serializer::class()
    }

    /// The serializer of a request (`get_serializer_class`), if it depends on more than the action,
    /// such as the user. Every action that reads or writes a row of the model calls it.
    fn get_serializer_class(&self, cx: &Context) -> SerializerClass<ModelOf<Self>> {
        match cx.action() {
            Some(action) => self.serializer_class(action),
            None => Self::Serializer::class(),
        }
    }

    /// The rows that the request may see (`get_queryset`); by default, those of `objects()`. Every
    /// action starts from them.
    ///
    /// # Errors
    /// The response that the client should get instead of rows.
    async fn get_queryset(&self, _cx: &mut Context) -> Result<QuerySet<ModelOf<Self>>> {
        Ok(QuerySet::scoped())
    }

    /// Applies the request's filters: the filter set, search, ordering, the backends
    /// (`filter_queryset`). The list and [`ViewSet::get_object`] call it, and extra actions may.
    ///
    /// # Errors
    /// As [`mixins::filter_queryset`].
    async fn filter_queryset(
        &self,
        queryset: QuerySet<ModelOf<Self>>,
        cx: &mut Context,
    ) -> Result<QuerySet<ModelOf<Self>>> {
        mixins::filter_queryset(self, queryset, cx).await
    }

    /// A page of rows, written by the serializer of the request (`paginate_queryset` and
    /// `get_paginated_response` in one, because rows are written while they are read).
    ///
    /// # Errors
    /// As [`mixins::paginate_queryset`].
    async fn paginate_queryset(
        &self,
        queryset: QuerySet<ModelOf<Self>>,
        cx: &mut Context,
    ) -> Result<Response> {
        mixins::paginate_queryset(self, queryset, cx).await
    }

    /// A page of rows in this view set's pagination, written by the serializer that the action's
    /// return type names. The rows may be of another model; for the view set's own model,
    /// `?ordering` also orders cursor pages.
    ///
    /// # Errors
    /// 404 for a page that does not exist.
    async fn paginate<S, M>(&self, queryset: QuerySet<M>, cx: &mut Context) -> Result<Page<S>>
    where
        S: ModelSerializer,
        S::Model: ModelFor<S, M>,
        M: Model,
    {
        mixins::page(self, queryset, S::description(), cx).await.map(Page::new)
    }

    /// The object that the URL names (`get_object`). Every action on one object calls it, extra
    /// ones through their argument [`Object`]. Object permissions then check the result.
    ///
    /// # Errors
    /// As [`mixins::get_object`].
    async fn get_object(&self, cx: &mut Context) -> Result<ObjectQuery<ModelOf<Self>>> {
        mixins::get_object(self, cx).await
    }

    /// The object that the URL names, written by the serializer that the action's return type
    /// names.
    ///
    /// # Errors
    /// 404 when there is none, 403 or 401 when a permission refuses it.
    async fn show<S>(&self, cx: &mut Context) -> Result<Item<S>>
    where
        S: ModelSerializer,
        S::Model: ModelFor<S, ModelOf<Self>>,
    {
        mixins::show(self, S::description(), cx).await.map(Item::new)
    }

    /// Stores a new row (`perform_create`): by the serializer's `create`, if it has one
    /// ([`Changes::save`]). If there are nested rows or links, it is in a transaction, which runs again
    /// after a deadlock ([`Context::retrying_transaction`]).
    ///
    /// # Errors
    /// What prevents it from being stored.
    async fn perform_create(
        &self,
        new: Changes<ModelOf<Self>>,
        cx: &mut Context,
    ) -> Result<ModelOf<Self>> {
        new.save(cx).await
    }

    /// The headers of the response to a creation (`get_success_headers`): by default `Location`, if
    /// the serializer shows the object's address in `url`.
    fn get_success_headers(&self, url: Option<&str>, _cx: &Context) -> HeaderMap {
        let url = url.and_then(|url| HeaderValue::from_str(url).ok());
        url.map(|url| (LOCATION, url)).into_iter().collect()
    }

    /// Stores the new rows of a list ([`ViewSet::LIST_SERIALIZER`]), in a transaction that runs again after
    /// a deadlock. By default, each by [`ViewSet::perform_create`]; [`Changes::save_many`] stores them in
    /// one statement where it can.
    ///
    /// # Errors
    /// What prevents one from being stored; none is then.
    async fn perform_create_many(
        &self,
        new: Vec<Changes<ModelOf<Self>>>,
        cx: &mut Context,
    ) -> Result<Vec<ModelOf<Self>>> {
        let mut rows = Vec::with_capacity(new.len());
        for new in new {
            rows.push(self.perform_create(new, cx).await?);
        }
        Ok(rows)
    }

    /// Stores changes to a row (`perform_update`): by the serializer's `update`, if it has one
    /// ([`Changes::save`]). If they depend on the stored row, or if there
    /// are nested rows or links, the row is already locked, in a transaction that runs again after
    /// a deadlock ([`Context::retrying_transaction`]).
    ///
    /// # Errors
    /// What prevents them from being stored.
    async fn perform_update(
        &self,
        changes: Changes<ModelOf<Self>>,
        cx: &mut Context,
    ) -> Result<ModelOf<Self>> {
        changes.save(cx).await
    }

    /// Deletes a row (`perform_destroy`). If other rows may point at it, it is already locked, in a
    /// transaction that runs again after a deadlock ([`Context::retrying_transaction`]).
    ///
    /// # Errors
    /// What prevents it from being deleted.
    async fn perform_destroy(&self, row: ModelOf<Self>, cx: &mut Context) -> Result<()> {
        cx.delete(&row).await
    }

    /// The view of a generic view, for [`Router::path`](crate::routers::Router::path): the methods that
    /// its base names, at one URL (`as_view`). The capture of an object's URL is `pk`, or as
    /// [`ViewSet::LOOKUP_URL_KWARG`] says. It has no extra actions; a site with one that does is not
    /// built. The [module of generic views](crate::generics) has an example.
    #[allow(clippy::wrong_self_convention, reason = "the word is Django's")]
    fn as_view(self) -> impl View
    where
        Self::Base: GenericBase,
    {
        registration::generic_view(self)
    }

    /// GET of the list.
    ///
    /// # Errors
    /// As [`mixins::list`].
    async fn list(&self, cx: &mut Context) -> Result<Response> {
        mixins::list(self, cx).await
    }

    /// POST to the list.
    ///
    /// # Errors
    /// As [`mixins::create`].
    async fn create(&self, cx: &mut Context) -> Result<Response> {
        mixins::create(self, cx).await
    }

    /// GET of an object.
    ///
    /// # Errors
    /// As [`mixins::retrieve`].
    async fn retrieve(&self, cx: &mut Context) -> Result<Response> {
        mixins::retrieve(self, cx).await
    }

    /// PUT of an object.
    ///
    /// # Errors
    /// As [`mixins::update`].
    async fn update(&self, cx: &mut Context) -> Result<Response> {
        mixins::update(self, cx, Self::PARTIAL_PUT).await
    }

    /// PATCH of an object.
    ///
    /// # Errors
    /// As [`mixins::update`].
    async fn partial_update(&self, cx: &mut Context) -> Result<Response> {
        mixins::update(self, cx, true).await
    }

    /// DELETE of an object.
    ///
    /// # Errors
    /// As [`mixins::destroy`].
    async fn destroy(&self, cx: &mut Context) -> Result<Response> {
        mixins::destroy(self, cx).await
    }

    /// The extra actions; `#[view_set]` writes this method.
    fn actions() -> Vec<ExtraAction<Self>> {
        Vec::new()
    }
}
