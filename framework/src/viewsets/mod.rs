//! View sets: the actions of one resource in one value (`rest_framework.viewsets`).
//!
//! A view set has no methods `get` and `post`. It has actions, `list`, `retrieve`, `create`, `update`,
//! `partial_update`, `destroy` and those of your own, and a [`Router`](crate::routers::Router) gives
//! them their addresses. [`ViewSet`] has a default for everything but two types: the base, which says
//! what actions there are, and the serializer, whose model is the view set's.
//!
//! ```
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
//!         cx.save(new.set(book::owner_id, user)).await
//!     }
//! }
//!
//! let router = Router::new().register("books", BookViewSet);
//! # let _ = router;
//! # fn main() {}
//! ```
//!
//! # Setting what a view set does
//!
//! What is a value in DRF's class is a constant here (`SEARCH_FIELDS`, `LOOKUP_FIELD`), and what names
//! classes is a method without arguments (`permission_classes`, `pagination_class`). Both are asked
//! once, when the site is built; what is not written is the site's. Methods with a [`Context`] are
//! called for every request: `get_queryset`, `get_object`, `get_serializer_class`, `filter_queryset`,
//! `perform_create`, `perform_update`, `perform_destroy`.
//!
//! # API reference
//!
//! - [`ModelViewSet`]: all six actions
//! - [`ReadOnlyModelViewSet`]: `list` and `retrieve`
//! - [`GenericViewSet`]: none of the six, for a view set whose actions are all its own
//! - [`ListModelMixin`], [`RetrieveModelMixin`], [`CreateModelMixin`], [`UpdateModelMixin`],
//!   [`DestroyModelMixin`]: one each; a tuple of them is a base too
//! - [`Action`]: which action a request is for
//!
//! # Extra actions
//!
//! Under [`macro@view_set`], a method with `#[action(detail)]` or `#[action(list)]` is an action of
//! your own. Its arguments are made from the request: [`Object`] is the object that the address names,
//! [`Valid`](crate::views::Valid) a body that passed a serializer. What it takes and returns is what
//! the OpenAPI document says of it.

pub(crate) mod extra;
mod generic_view;
pub mod mixins;
mod object;
mod registration;

use crate::authentication::AuthenticationClasses;
use crate::classes::Inherit;
use crate::db::{LookupField, Model, Ordering, QuerySet};
use crate::exceptions::Result;
use crate::filters::{FilterBackends, Filters, OrderingFields, SearchFields};
use crate::pagination::{DefaultPagination, Pagination};
use crate::parsers::ParserClasses;
use crate::permissions::PermissionClasses;
use crate::renderers::RendererClasses;
use crate::request::Context;
use crate::response::Response;
use crate::serializers::{Changes, ModelFor, ModelSerializer, SerializerClass};
use crate::throttling::ThrottleClasses;
use crate::views::{Item, Page, Policies};

pub use crate::request::Action;
pub use extra::{ActionHandler, ExtraAction};
pub use mixins::{
    CreateModelMixin, DestroyModelMixin, GenericViewSet, ListModelMixin, Mixins, ModelViewSet,
    ReadOnlyModelViewSet, RetrieveModelMixin, UpdateModelMixin,
};
pub use object::{Object, ObjectQuery};
/// Lets the actions of a view set be methods of its `impl ViewSet`, as they are of DRF's class.
///
/// A method with `#[action(detail)]` handles `artists/1/albums/`, one with `#[action(list)]`
/// `artists/top/`; the words in parentheses are those of DRF's `@action`: the methods (`get` where
/// there is none), `url_path = ".."`, `url_name = ".."`, `permission_classes = ..` and its like.
/// `#[mapping(rename, delete)]` gives the action `rename` another method
/// (`@rename.mapping.delete`). What the method takes and returns is what the OpenAPI document shows
/// ([`ActionHandler`]); its comment, and that of the `impl`, are the descriptions, as docstrings
/// are.
///
/// The attribute moves these methods to an `impl` of the struct, lists them in
/// [`ViewSet::actions`], declares a constant for each name (`Self::RENAME`), and writes
/// [`ViewSet::DESCRIPTION`]; [`ExtraAction`] shows what it writes.
///
/// ```
/// use quintet::prelude::*;
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

/// A resource: a model, its serializer, and everything between them that differs from the usual.
///
/// Implement it for an empty struct and register that with a router. The two types are all that
/// is needed. What is a constant in DRF's class is a constant here, what names classes is a method
/// without arguments (`permission_classes`), and both are asked once, when the site is built. What
/// takes a [`Context`] is called for every request. Names and defaults are DRF's.
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
    /// What it can do: [`ModelViewSet`], [`ReadOnlyModelViewSet`], or a tuple of mixins.
    type Base: Mixins;
    /// The serializer of every action that [`ViewSet::serializer_class`] does not name; its model
    /// is the view set's.
    type Serializer: ModelSerializer;

    /// The filters of a filter set: `Filters::of::<TrackFilter>()`. It takes the place of
    /// [`ViewSet::FILTERSET_FIELDS`].
    const FILTERSET_CLASS: Filters<ModelOf<Self>> = Filters::NONE;

    /// Filters for fields: `filter_fields![name, album(exact, isnull)]`.
    const FILTERSET_FIELDS: Filters<ModelOf<Self>> = Filters::NONE;

    /// What `?search=` looks at: `search_fields![^name, =composer]`.
    const SEARCH_FIELDS: SearchFields<ModelOf<Self>> = SearchFields::NONE;

    /// What `?ordering=` may name: `ordering_fields![id, album__title]`. Undeclared, it is the
    /// serializer's readable fields where the site has the ordering filter by default.
    const ORDERING_FIELDS: OrderingFields<ModelOf<Self>> = OrderingFields::NONE;

    /// The order of lists when the request names none: `order_by![-created, id]`. Undeclared, it
    /// is the query's.
    const ORDERING: Ordering<ModelOf<Self>> = Ordering::NONE;

    /// The field that an object is looked up by: `lookup_field!(username)`. Undeclared, it is the
    /// primary key.
    const LOOKUP_FIELD: LookupField<ModelOf<Self>> = LookupField::NONE;

    /// The name of the capture that holds the lookup value. Undeclared, it is `pk`, or the name
    /// of [`ViewSet::LOOKUP_FIELD`].
    const LOOKUP_URL_KWARG: Option<&'static str> = None;

    /// What the lookup value looks like, as a regular expression. Undeclared, it is anything but
    /// `/` and `.`.
    const LOOKUP_VALUE_REGEX: Option<&'static str> = None;

    /// What people read in the document and in the response to OPTIONS. `#[view_set]` writes it from the
    /// comment above `impl ViewSet`.
    const DESCRIPTION: &'static str = "";

    /// The scope whose rate [`ScopedRateThrottle`](crate::throttling::ScopedRateThrottle) holds the
    /// view set to (`throttle_scope`).
    const THROTTLE_SCOPE: Option<&'static str> = None;

    /// What the names of its addresses start with: `artist` in `artist-list`. The model's name.
    fn basename(&self) -> String {
        ModelOf::<Self>::META.model_name()
    }

    /// How clients are recognised; the site's.
    fn authentication_classes(&self) -> impl AuthenticationClasses {
        Inherit
    }

    /// Who may do what; the site's.
    fn permission_classes(&self) -> impl PermissionClasses {
        Inherit
    }

    /// How often a client may ask; the site's.
    fn throttle_classes(&self) -> impl ThrottleClasses {
        Inherit
    }

    /// The media types that it writes; the site's.
    fn renderer_classes(&self) -> impl RendererClasses {
        Inherit
    }

    /// The media types that it reads; the site's.
    fn parser_classes(&self) -> impl ParserClasses {
        Inherit
    }

    /// Policies of one action (`get_permissions` that looks at `self.action`). What is not set is the
    /// extra action's own, then the view set's. Asked once for each action, when the site is built.
    ///
    /// ```
    /// use quintet::prelude::*;
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
    /// pub struct BookViewSet;
    ///
    /// impl ViewSet for BookViewSet {
    ///     type Base = ModelViewSet;
    ///     type Serializer = BookSerializer;
    ///
    ///     fn action_policies(&self, action: Action) -> Policies {
    ///         match action {
    ///             Action::List | Action::Retrieve => Policies::inherit().permissions(AllowAny),
    ///             Action::Destroy => Policies::inherit().permissions(IsAdminUser),
    ///             _ => Policies::inherit(),
    ///         }
    ///     }
    /// }
    /// # fn main() {}
    /// ```
    fn action_policies(&self, _action: Action) -> Policies {
        Policies::inherit()
    }

    /// How lists are split; the site's default.
    fn pagination_class(&self) -> impl Pagination + 'static {
        DefaultPagination
    }

    /// Filters of the project's own, after the three above: one, a tuple of them, `()` for none.
    fn filter_backends(&self) -> impl FilterBackends<ModelOf<Self>> {}

    /// The serializer of an action: `AlbumDetailSerializer::class()` for [`Action::Retrieve`]. Asked
    /// when the site is built, for the document.
    fn serializer_class(&self, _action: Action) -> SerializerClass<ModelOf<Self>> {
        Self::Serializer::class()
    }

    /// The serializer of a request (`get_serializer_class`), where it depends on more than the
    /// action: on the user, say. Every action that shows or takes a row of the model asks it.
    fn get_serializer_class(&self, cx: &Context) -> SerializerClass<ModelOf<Self>> {
        match cx.action() {
            Some(action) => self.serializer_class(action),
            None => Self::Serializer::class(),
        }
    }

    /// The rows that the request may see. Every action starts from it.
    ///
    /// # Errors
    /// Whatever the client should get instead of rows.
    async fn get_queryset(&self, _cx: &mut Context) -> Result<QuerySet<ModelOf<Self>>> {
        Ok(QuerySet::new())
    }

    /// The rows that the request's filters leave: the filter set, search, ordering, the backends.
    /// The list and [`ViewSet::get_object`] ask it, and so do extra actions that want it.
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

    /// A page of rows, shown by the serializer of the request (`paginate_queryset` and
    /// `get_paginated_response` in one, since rows are written while they are read).
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

    /// A page of rows as this view set splits them, shown by the serializer that the action's return
    /// type names. The rows may be of another model; of the view set's own, `?ordering` orders a
    /// cursor's, too.
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

    /// The object that the address names. Every action on one object asks it, extra ones by their
    /// argument [`Object`]. The permissions are asked about what it finds.
    ///
    /// # Errors
    /// As [`mixins::get_object`].
    async fn get_object(&self, cx: &mut Context) -> Result<ObjectQuery<ModelOf<Self>>> {
        mixins::get_object(self, cx).await
    }

    /// The object that the address names, shown by the serializer that the action's return type names.
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

    /// Stores a new row; with nested rows or links in a transaction, which runs again after a
    /// deadlock ([`Context::retrying_transaction`]).
    ///
    /// # Errors
    /// Whatever keeps it from being stored.
    async fn perform_create(
        &self,
        new: Changes<ModelOf<Self>>,
        cx: &mut Context,
    ) -> Result<ModelOf<Self>> {
        cx.save(new).await
    }

    /// Stores changes to a row. Where they depend on the stored row, or come with nested rows or
    /// links, the row is locked already, in a transaction that runs again after a deadlock
    /// ([`Context::retrying_transaction`]).
    ///
    /// # Errors
    /// Whatever keeps them from being stored.
    async fn perform_update(
        &self,
        changes: Changes<ModelOf<Self>>,
        cx: &mut Context,
    ) -> Result<ModelOf<Self>> {
        cx.save(changes).await
    }

    /// Deletes a row. One that others may point at is locked already, in a transaction that runs
    /// again after a deadlock ([`Context::retrying_transaction`]).
    ///
    /// # Errors
    /// Whatever keeps it from being deleted.
    async fn perform_destroy(&self, row: ModelOf<Self>, cx: &mut Context) -> Result<()> {
        cx.delete(&row).await
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
        mixins::update(self, cx, false).await
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

    /// Actions beyond the usual six; `#[view_set]` writes it.
    fn actions() -> Vec<ExtraAction<Self>> {
        Vec::new()
    }
}
