//! View sets: one value that answers for a whole resource (`rest_framework.viewsets`).

use std::sync::Arc;

use actix_web::http::Method;
use futures_util::future::LocalBoxFuture;

use crate::db::{Model, Order, Path, QuerySet, Way};
use crate::exceptions::{ApiException, Result};
use crate::filters::{
    FilterBackend, FilterSpec, OrderingField, OrderingFilter, SearchField, SearchFilter,
};
use crate::generics::{Generic, GenericView, ObjectLookup, default_ordering_fields};
use crate::mixins::{self, Mixins};
use crate::pagination::{DefaultPagination, Pagination};
use crate::request::{Context, ViewContext};
use crate::response::Response;
use crate::serializers::{Changes, Description, ModelSerializer};
use crate::views::{OperationInfo, Policies, View, ViewInfo};
use crate::views::{ViewSetRoute, ViewSetRoutes};

pub use crate::mixins::{
    CreateModelMixin, DestroyModelMixin, GenericViewSet, ListModelMixin, ModelViewSet,
    ReadOnlyModelViewSet, RetrieveModelMixin, UpdateModelMixin,
};

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

    /// How lists are split; the site's default.
    fn pagination(&self) -> impl Pagination + 'static {
        DefaultPagination
    }

    /// The filters of `filterset_class` or `filterset_fields`.
    fn filters(&self) -> FilterSpec<ModelOf<Self>> {
        FilterSpec::new()
    }

    /// What `?search=` looks at.
    fn search_fields(&self) -> Vec<SearchField> {
        Vec::new()
    }

    /// What `?ordering=` may name; unset, it is the serializer's readable fields where the site
    /// has the ordering filter by default.
    fn ordering_fields(&self) -> Option<Vec<OrderingField>> {
        None
    }

    /// The order of lists when the request names none; unset, it is the query's.
    fn ordering(&self) -> Vec<Order> {
        Vec::new()
    }

    /// Filters of the project's own, after the three above.
    fn filter_backends(&self) -> Vec<Box<dyn FilterBackend<ModelOf<Self>>>> {
        Vec::new()
    }

    /// The column that an object is looked up by; the primary key.
    fn lookup_field(&self) -> Path {
        Way::start::<ModelOf<Self>>().key()
    }

    /// The name of the capture; `pk`, or the column's name.
    fn lookup_url_kwarg(&self) -> String {
        let path = self.lookup_field();
        match path.column() {
            Some(column) if column.column != ModelOf::<Self>::META.pk_column().column => {
                column.name.into()
            }
            _ => "pk".into(),
        }
    }

    /// What the lookup value looks like, as a regular expression; anything but `/` and `.`.
    fn lookup_value_regex(&self) -> Option<&'static str> {
        None
    }

    /// The rows that the request may see.
    fn get_queryset(&self, _cx: &Context) -> QuerySet<ModelOf<Self>> {
        QuerySet::all()
    }

    /// The serializer of an action: `AlbumDetailSerializer::description()` for `"retrieve"`.
    fn get_serializer(&self, _action: &str) -> &'static Description {
        Self::Serializer::description()
    }

    /// True when [`ViewSet::perform_update`] wants to see the stored row.
    fn reads_instance(&self) -> bool {
        false
    }

    /// Stores a new row.
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

    /// Stores changes to a row.
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

    /// Deletes a row.
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

/// A function that answers an action; every `async fn(&self, &mut Context) -> Result<Response>`
/// of a view set is one.
pub trait ActionHandler<V>: Send + Sync {
    /// Answers.
    fn call<'a>(&'a self, view: &'a V, cx: &'a mut Context)
    -> LocalBoxFuture<'a, Result<Response>>;
}

impl<V, F> ActionHandler<V> for F
where
    F: AsyncFn(&V, &mut Context) -> Result<Response> + Send + Sync,
{
    fn call<'a>(
        &'a self,
        view: &'a V,
        cx: &'a mut Context,
    ) -> LocalBoxFuture<'a, Result<Response>> {
        Box::pin(self(view, cx))
    }
}

/// An action of a view set's own (`@action`).
///
/// ```
/// use quintet::prelude::*;
///
/// #[model(table = "book")]
/// pub struct Book {
///     pub id: i64,
///     pub title: String,
/// }
///
/// #[derive(Serializer)]
/// #[serializer(model = Book, fields = all)]
/// pub struct BookSerializer {}
///
/// pub struct BookViewSet;
///
/// impl ViewSet for BookViewSet {
///     type Base = ReadOnlyModelViewSet;
///     type Serializer = BookSerializer;
///
///     fn actions(&self) -> Vec<Action<Self>> {
///         vec![
///             Action::detail("burn").post(Self::burn),
///             Action::list("by_letter").url_path("by-letter/(?P<letter>[A-Za-z])").get(Self::by_letter),
///         ]
///     }
/// }
///
/// impl BookViewSet {
///     async fn burn(&self, cx: &mut Context) -> Result<Response> {
///         let book = cx.object(self.get_queryset(cx)).await?;
///         cx.delete(&book).await?;
///         Ok(Response::empty(204))
///     }
///
///     async fn by_letter(&self, cx: &mut Context) -> Result<Response> {
///         let letter = cx.request.kwarg("letter").unwrap_or_default().to_owned();
///         let starts = Condition::new(Book::fields().title(), Lookup::IStartsWith, Value::Text(letter));
///         cx.respond_all(Book::objects().filter_by(starts), BookSerializer::description()).await
///     }
/// }
/// ```
pub struct Action<V> {
    name: &'static str,
    detail: bool,
    url_path: Option<String>,
    url_name: Option<String>,
    description: &'static str,
    policies: Policies,
    handlers: Vec<(Method, &'static str, Arc<dyn ActionHandler<V>>)>,
    takes: Option<&'static Description>,
    answers: Option<&'static Description>,
    many: bool,
    pages: bool,
}

impl<V> std::fmt::Debug for Action<V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Action")
            .field("name", &self.name)
            .field("detail", &self.detail)
            .finish_non_exhaustive()
    }
}

impl<V> Action<V> {
    fn new(name: &'static str, detail: bool) -> Self {
        Self {
            name,
            detail,
            url_path: None,
            url_name: None,
            description: "",
            policies: Policies::inherit(),
            handlers: Vec::new(),
            takes: None,
            answers: None,
            many: false,
            pages: true,
        }
    }

    /// An action on one object: `artists/1/rename/`.
    pub fn detail(name: &'static str) -> Self {
        Self::new(name, true)
    }

    /// An action on the list: `artists/top/`.
    pub fn list(name: &'static str) -> Self {
        Self::new(name, false)
    }

    /// What stands in the address instead of the name; it may hold captures.
    #[must_use]
    pub fn url_path(mut self, path: &str) -> Self {
        self.url_path = Some(path.to_owned());
        self
    }

    /// What stands in the address's name instead of the action's.
    #[must_use]
    pub fn url_name(mut self, name: &str) -> Self {
        self.url_name = Some(name.to_owned());
        self
    }

    /// What people read in the document.
    #[must_use]
    pub fn description(mut self, text: &'static str) -> Self {
        self.description = text;
        self
    }

    /// Policies of this action alone; what is not set is the view set's.
    #[must_use]
    pub fn policies(mut self, policies: Policies) -> Self {
        self.policies = policies;
        self
    }

    /// What the body holds, for the document.
    #[must_use]
    pub fn takes(mut self, description: &'static Description) -> Self {
        self.takes = Some(description);
        self
    }

    /// What the answer holds, for the document; the view set's serializer where it is not said.
    #[must_use]
    pub fn answers(mut self, description: &'static Description) -> Self {
        self.answers = Some(description);
        self
    }

    /// The answer is a list, for the document.
    #[must_use]
    pub fn many(mut self) -> Self {
        self.many = true;
        self
    }

    /// The list has neither filters nor pages, for the document.
    #[must_use]
    pub fn unpaginated(mut self) -> Self {
        self.pages = false;
        self
    }

    /// Answers GET.
    #[must_use]
    pub fn get(self, handler: impl ActionHandler<V> + 'static) -> Self {
        let name = self.name;
        self.map(Method::GET, name, handler)
    }

    /// Answers POST.
    #[must_use]
    pub fn post(self, handler: impl ActionHandler<V> + 'static) -> Self {
        let name = self.name;
        self.map(Method::POST, name, handler)
    }

    /// Answers another method, under an action name of its own (`@rename.mapping.delete`).
    #[must_use]
    pub fn map(
        mut self,
        method: Method,
        name: &'static str,
        handler: impl ActionHandler<V> + 'static,
    ) -> Self {
        self.handlers.push((method, name, Arc::new(handler)));
        self
    }
}

enum Handler<V> {
    List,
    Create,
    Retrieve,
    Update,
    PartialUpdate,
    Destroy,
    Extra(Arc<dyn ActionHandler<V>>),
}

/// One address of a view set.
struct ViewSetView<V: ViewSet> {
    view_set: Arc<V>,
    info: ViewInfo,
    generic: Arc<Generic>,
    handlers: Vec<(Method, Handler<V>)>,
    operations: Vec<OperationInfo>,
}

impl<V: ViewSet> View for ViewSetView<V> {
    fn info(&self) -> &ViewInfo {
        &self.info
    }

    fn handle<'a>(&'a self, cx: &'a mut Context) -> LocalBoxFuture<'a, Result<Response>> {
        let method = cx.handler_method().clone();
        let Some((_, handler)) = self.handlers.iter().find(|(own, _)| *own == method) else {
            let method = cx.request.method.to_string();
            return Box::pin(async move { Err(ApiException::MethodNotAllowed(method)) });
        };
        cx.generic = Some(Arc::clone(&self.generic) as _);
        let view = &*self.view_set;
        match handler {
            Handler::List => Box::pin(view.list(cx)),
            Handler::Create => Box::pin(view.create(cx)),
            Handler::Retrieve => Box::pin(view.retrieve(cx)),
            Handler::Update => Box::pin(view.update(cx)),
            Handler::PartialUpdate => Box::pin(view.partial_update(cx)),
            Handler::Destroy => Box::pin(view.destroy(cx)),
            Handler::Extra(handler) => handler.call(view, cx),
        }
    }

    fn operations(&self) -> Vec<OperationInfo> {
        self.operations.clone()
    }
}

/// The name that people read: `MediaTypeViewSet` becomes `Media Type`.
fn view_name<V>() -> String {
    let full = std::any::type_name::<V>();
    let name = full.rsplit("::").next().unwrap_or(full);
    let name = name.strip_suffix("ViewSet").or_else(|| name.strip_suffix("View")).unwrap_or(name);
    let mut words = String::new();
    for (index, letter) in name.char_indices() {
        if index > 0 && letter.is_uppercase() {
            words.push(' ');
        }
        words.push(letter);
    }
    words
}

struct Registration<V: ViewSet> {
    view_set: Arc<V>,
    generic: Arc<Generic>,
    view: Arc<GenericView<ModelOf<V>>>,
    pagination: Arc<dyn Pagination>,
    policies: Policies,
}

impl<V: ViewSet> Registration<V> {
    fn new(view_set: V) -> Self {
        let pagination: Arc<dyn Pagination> = Arc::new(view_set.pagination());
        let search = view_set.search_fields();
        let chosen = view_set.ordering_fields();
        let by_default = chosen.is_none();
        let fields =
            chosen.unwrap_or_else(|| default_ordering_fields(V::Serializer::description()));
        let view = Arc::new(GenericView {
            filters: view_set.filters(),
            search: (!search.is_empty()).then(|| SearchFilter::new(search)),
            ordering: Some(OrderingFilter::new(fields).ordering(view_set.ordering())),
            ordering_by_default: by_default,
            backends: view_set.filter_backends(),
            pagination: Arc::clone(&pagination),
            lookup: ObjectLookup {
                path: view_set.lookup_field(),
                kwarg: view_set.lookup_url_kwarg(),
                value_regex: view_set.lookup_value_regex().map(ToOwned::to_owned),
            },
        });
        let generic =
            Arc::new(Generic { view: Arc::clone(&view) as _, pagination: Arc::clone(&pagination) });
        let policies = view_set.policies();
        Self { view_set: Arc::new(view_set), generic, view, pagination, policies }
    }

    fn context(&self, detail: bool) -> Arc<ViewContext> {
        Arc::new(ViewContext {
            name: view_name::<V>(),
            basename: self.view_set.basename(),
            detail,
            lookup_field: self.view.lookup.path.name(),
            lookup_kwarg: self.view.lookup.kwarg.clone(),
            model: Some(ModelOf::<V>::META),
            ..ViewContext::default()
        })
    }

    fn view(
        &self,
        detail: bool,
        name: String,
        handlers: Vec<(Method, &'static str, Handler<V>)>,
    ) -> ViewSetView<V> {
        let mut info = ViewInfo::new(name, handlers.iter().map(|(method, ..)| method.clone()));
        info.context = self.context(detail);
        info.policies = self.policies.clone();
        self.view_set.description().clone_into(&mut info.description);
        info.actions =
            handlers.iter().map(|(method, action, _)| (method.clone(), *action)).collect();
        ViewSetView {
            view_set: Arc::clone(&self.view_set),
            info,
            generic: Arc::clone(&self.generic),
            handlers: handlers.into_iter().map(|(method, _, handler)| (method, handler)).collect(),
            operations: Vec::new(),
        }
    }

    /// What a list can be asked: filters, search, ordering, pages.
    fn list_operation(&self, operation: OperationInfo) -> OperationInfo {
        let mut parameters = self.view.filters.query_parameters();
        parameters.extend(self.view.search.as_ref().map(SearchFilter::query_parameter));
        let ordering = self.view.ordering.as_ref().filter(|_| !self.view.ordering_by_default);
        parameters.extend(ordering.map(OrderingFilter::query_parameter));
        for backend in &self.view.backends {
            parameters.extend(backend.query_parameters());
        }
        OperationInfo {
            many: true,
            ordering_by_default: self.view.ordering_by_default,
            parameters,
            pagination: Some(Arc::clone(&self.pagination)),
            ..operation
        }
    }

    fn usual(&self, detail: bool) -> Option<ViewSetRoute> {
        let has = V::Base::ACTIONS;
        let all = [
            (has.list, false, Method::GET, "list", Handler::List),
            (has.create, false, Method::POST, "create", Handler::Create),
            (has.retrieve, true, Method::GET, "retrieve", Handler::Retrieve),
            (has.update, true, Method::PUT, "update", Handler::Update),
            (has.update, true, Method::PATCH, "partial_update", Handler::PartialUpdate),
            (has.destroy, true, Method::DELETE, "destroy", Handler::Destroy),
        ];
        let handlers: Vec<(Method, &'static str, Handler<V>)> = all
            .into_iter()
            .filter(|(has, of_detail, ..)| *has && *of_detail == detail)
            .map(|(_, _, method, name, handler)| (method, name, handler))
            .collect();
        if handlers.is_empty() {
            return None;
        }
        let suffix = if detail { "Instance" } else { "List" };
        let mut view = self.view(detail, format!("{} {suffix}", view_name::<V>()), handlers);
        view.operations = view
            .info
            .actions
            .iter()
            .map(|(method, action)| {
                let description = self.view_set.get_serializer(action);
                let body = matches!(*action, "create" | "update" | "partial_update");
                let operation = OperationInfo {
                    action,
                    request: body.then_some(description),
                    response: (*action != "destroy").then_some(description),
                    ..OperationInfo::new(method.clone(), action)
                };
                if *action == "list" { self.list_operation(operation) } else { operation }
            })
            .collect();
        Some(ViewSetRoute {
            detail,
            url_path: None,
            name: if detail { "detail" } else { "list" }.to_owned(),
            view: Arc::new(view),
        })
    }

    fn extra(&self, action: Action<V>) -> ViewSetRoute {
        let Action {
            name,
            detail,
            url_path,
            url_name,
            description,
            policies,
            handlers,
            takes,
            answers,
            many,
            pages,
        } = action;
        let operations = handlers
            .iter()
            .map(|(method, action, _)| {
                let own = self.view_set.get_serializer(action);
                let body =
                    matches!(*method, Method::POST | Method::PUT | Method::PATCH | Method::DELETE);
                let operation = OperationInfo {
                    description,
                    request: takes.filter(|_| body),
                    response: (*method != Method::DELETE).then(|| answers.unwrap_or(own)),
                    ..OperationInfo::new(method.clone(), action)
                };
                if many && pages {
                    self.list_operation(operation)
                } else {
                    OperationInfo { many, ..operation }
                }
            })
            .collect();
        let words = name.replace('_', " ");
        let mut title = words.clone();
        if let Some(first) = title.get_mut(0..1) {
            first.make_ascii_uppercase();
        }
        let handlers = handlers
            .into_iter()
            .map(|(method, action, handler)| (method, action, Handler::Extra(handler)))
            .collect();
        let mut view = self.view(detail, title, handlers);
        view.info.policies = policies.or(&self.policies);
        if !description.is_empty() {
            description.clone_into(&mut view.info.description);
        }
        view.operations = operations;
        ViewSetRoute {
            detail,
            url_path: Some(url_path.unwrap_or_else(|| name.to_owned())),
            name: url_name.unwrap_or_else(|| name.replace('_', "-")),
            view: Arc::new(view),
        }
    }
}

impl<V: ViewSet> From<V> for ViewSetRoutes {
    fn from(view_set: V) -> Self {
        let registration = Registration::new(view_set);
        let mut routes: Vec<ViewSetRoute> =
            [false, true].into_iter().filter_map(|detail| registration.usual(detail)).collect();
        for action in registration.view_set.actions() {
            routes.push(registration.extra(action));
        }
        Self {
            basename: registration.view_set.basename(),
            lookup_kwarg: registration.view.lookup.kwarg.clone(),
            lookup_value_regex: registration.view.lookup.value_regex.clone(),
            routes,
        }
    }
}
