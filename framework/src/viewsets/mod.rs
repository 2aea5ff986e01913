//! View sets: one value that answers for a whole resource (`rest_framework.viewsets`).

mod action;
mod registration;

use crate::db::{LookupField, Model, Ordering, QuerySet};
use crate::exceptions::Result;
use crate::filters::{FilterBackend, Filters, OrderingFields, SearchFields};
use crate::mixins::{self, Mixins};
use crate::pagination::{DefaultPagination, Pagination};
use crate::request::Context;
use crate::response::Response;
use crate::serializers::{Changes, Description, ModelSerializer};
use crate::views::Policies;

pub use crate::mixins::{
    CreateModelMixin, DestroyModelMixin, GenericViewSet, ListModelMixin, ModelViewSet,
    ReadOnlyModelViewSet, RetrieveModelMixin, UpdateModelMixin,
};
pub use action::{Action, ActionHandler};

/// The model of a view set: its serializer's.
pub type ModelOf<V> = <<V as ViewSet>::Serializer as ModelSerializer>::Model;

/// A resource: a model, its serializer, and everything between them that differs from the usual.
///
/// Implement it for an empty struct and register that with a router. The two types are all that
/// is needed; every method is a hook with DRF's name and default. Hooks that only describe
/// the view are called once, when it is registered; `get_queryset`, `get_serializer` and the
/// `perform_…` hooks are called for every request.
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
    /// The serializer of every action that [`ViewSet::get_serializer`] does not name; its model
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

    /// What the names of its addresses start with: `artist` in `artist-list`. The model's name.
    fn basename(&self) -> String {
        ModelOf::<Self>::META.model_name()
    }

    /// What people read in the document.
    fn description(&self) -> &'static str {
        ""
    }

    /// Authenticators, permissions and throttles; what is not set is the site's.
    fn policies(&self) -> Policies {
        Policies::inherit()
    }

    /// The same for one action (`get_permissions` that looks at `self.action`): `list`, `create`,
    /// the name of an extra action, `metadata` for OPTIONS. What is not set is the extra action's
    /// own, then [`ViewSet::policies`]. Asked once for each action, when the view set is
    /// registered.
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
    ///     fn action_policies(&self, action: &str) -> Policies {
    ///         match action {
    ///             "list" | "retrieve" => Policies::inherit().permissions(AllowAny),
    ///             "destroy" => Policies::inherit().permissions(IsAdminUser),
    ///             _ => Policies::inherit(),
    ///         }
    ///     }
    /// }
    /// # fn main() {}
    /// ```
    fn action_policies(&self, _action: &str) -> Policies {
        Policies::inherit()
    }

    /// How lists are split; the site's default.
    fn pagination(&self) -> impl Pagination + 'static {
        DefaultPagination
    }

    /// Filters of the project's own, after the three above.
    fn filter_backends(&self) -> Vec<Box<dyn FilterBackend<ModelOf<Self>>>> {
        Vec::new()
    }

    /// The rows that the request may see.
    fn get_queryset(&self, _cx: &Context) -> QuerySet<ModelOf<Self>> {
        QuerySet::all()
    }

    /// The serializer of an action: `AlbumDetailSerializer::description()` for `"retrieve"`.
    fn get_serializer(&self, _action: &str) -> &'static Description {
        Self::Serializer::description()
    }

    /// True when [`ViewSet::perform_update`] wants to see the stored row
    /// ([`Changes::instance`](crate::serializers::Changes::instance)), to compute from it what is
    /// stored: it is locked then, and nobody changes it meanwhile.
    fn reads_instance(&self) -> bool {
        false
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

    /// Actions beyond the usual six.
    fn actions(&self) -> Vec<Action<Self>> {
        Vec::new()
    }
}
