//! Actions beyond the usual six (`rest_framework.decorators.action`).

use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;

use actix_web::http::Method;
use futures_util::future::LocalBoxFuture;

use super::generic_view::GenericView;
use super::{ModelOf, ViewSet};
use crate::exceptions::Result;
use crate::filters::{FilterBackends, Filters};
use crate::pagination::Pagination;
use crate::request::{Action, Context};
use crate::response::Response;
use crate::views::{Answer, FromContext, OperationInfo, Policies};

/// A method of a view set that handles an action. Its arguments and its result are shown in the
/// OpenAPI document.
///
/// Every `async fn(&self, …, cx: &mut Context) -> Result<…>` implements it if its arguments between
/// `&self` and the context, at most three, are [`FromContext`], and its result is an [`Answer`].
/// `Args` is the tuple of those arguments and that result; it is inferred.
#[diagnostic::on_unimplemented(
    message = "this method is not an action of `{V}`",
    label = "expected `async fn(&self, .., cx: &mut Context) -> Result<..>`",
    note = "between `&self` and the context stand up to three of `Object<M>`, `Valid<S>` and types with \
            `impl FromContext<{V}>`",
    note = "the result is `Page<S>`, `Items<S>`, `Item<S>`, `Json<S>`, `NoContent` or `Response`"
)]
pub trait ActionHandler<V, Args>: Send + Sync + 'static {
    /// Calls the function and makes its result a response.
    fn call<'a>(&'a self, view: &'a V, cx: &'a mut Context)
    -> LocalBoxFuture<'a, Result<Response>>;

    /// Describes it in the OpenAPI document.
    fn describe(operation: &mut OperationInfo);
}

macro_rules! handlers {
    ($(($($name:ident)*))*) => {$(
        impl<V, F, R, $($name),*> ActionHandler<V, ($($name,)* R,)> for F
        where
            V: Send + Sync + 'static,
            F: AsyncFn(&V, $($name,)* &mut Context) -> Result<R> + Send + Sync + 'static,
            R: Answer,
            $($name: FromContext<V>,)*
        {
            #[allow(non_snake_case, reason = "the names are those of the types")]
            fn call<'a>(
                &'a self,
                view: &'a V,
                cx: &'a mut Context,
            ) -> LocalBoxFuture<'a, Result<Response>> {
                Box::pin(async move {
                    $(let $name = $name::from_context(view, cx).await?;)*
                    self(view, $($name,)* cx).await?.into_response(cx)
                })
            }

            fn describe(operation: &mut OperationInfo) {
                R::describe(operation);
                $($name::describe(operation);)*
            }
        }
    )*};
}

handlers! { () (A) (A B) (A B C) }

/// Compiles where an action of `V` may take a `T`; `#[view_set]` calls it for each argument, so
/// that a mistake is reported at that argument.
#[doc(hidden)]
pub const fn takes<V, T: FromContext<V>>() {}

/// Compiles where an action may return an `R` in its `Result`.
#[doc(hidden)]
pub const fn returns<R: Answer>() {}

/// An [`ActionHandler`] whose arguments are no longer in its type.
pub(super) trait DynHandler<V>: Send + Sync {
    fn call<'a>(&'a self, view: &'a V, cx: &'a mut Context)
    -> LocalBoxFuture<'a, Result<Response>>;
}

struct Erased<H, Args>(H, PhantomData<fn() -> Args>);

impl<V, Args, H: ActionHandler<V, Args>> DynHandler<V> for Erased<H, Args> {
    fn call<'a>(
        &'a self,
        view: &'a V,
        cx: &'a mut Context,
    ) -> LocalBoxFuture<'a, Result<Response>> {
        self.0.call(view, cx)
    }
}

/// One method of an extra action.
pub(super) struct ExtraMethod<V> {
    pub(super) action: Action,
    pub(super) handler: Arc<dyn DynHandler<V>>,
    pub(super) operation: OperationInfo,
}

/// An extra action of a view set (`@action`). `#[view_set]` writes it for every method with
/// `#[action]`; by hand, it is
///
/// ```
/// use quintet::prelude::*;
/// use quintet::views::Items;
/// use quintet::viewsets::ExtraAction;
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
///     fn actions() -> Vec<ExtraAction<Self>> {
///         vec![
///             ExtraAction::detail("burn").description("Burns a book.").post(Self::burn),
///             ExtraAction::list("by_letter")
///                 .url_path("by-letter/(?P<letter>[A-Za-z])")
///                 .get(Self::by_letter),
///         ]
///     }
/// }
///
/// impl BookViewSet {
///     async fn burn(&self, book: Object<Book>, cx: &mut Context) -> Result<NoContent> {
///         cx.delete(&*book).await?;
///         Ok(NoContent)
///     }
///
///     async fn by_letter(&self, cx: &mut Context) -> Result<Items<BookSerializer>> {
///         let letter = cx.request.kwarg("letter").unwrap_or_default().to_owned();
///         let starts = Book::fields().title().istartswith(letter);
///         cx.respond_all(Book::objects().filter_by(starts)).await
///     }
/// }
/// # fn main() {}
/// ```
pub struct ExtraAction<V> {
    pub(super) name: &'static str,
    pub(super) detail: bool,
    pub(super) url_path: Option<String>,
    pub(super) url_name: Option<String>,
    pub(super) title: Option<&'static str>,
    pub(super) description: &'static str,
    pub(super) policies: Policies,
    pub(super) methods: Vec<ExtraMethod<V>>,
    /// What it declares differently from its view set.
    pub(super) declared: Vec<Box<Change>>,
}

/// Changes the declarations of a view set, which are a `GenericView<V>`.
type Change = dyn FnOnce(&mut dyn Any);

impl<V: ViewSet> ExtraAction<V> {
    /// Sets the pagination of this action (`pagination_class`): that of
    /// [`ViewSet::paginate`] and [`ViewSet::paginate_queryset`] in it.
    #[must_use]
    pub fn pagination(self, pagination: impl Pagination + 'static) -> Self {
        self.declare(|generic| generic.pagination = Arc::new(pagination))
    }

    /// Sets the filters that [`ViewSet::filter_queryset`] applies in this action
    /// (`filterset_class`, `filterset_fields`).
    #[must_use]
    pub fn filters(self, filters: Filters<ModelOf<V>>) -> Self {
        self.declare(move |generic| generic.filters = filters.get().unwrap_or_default())
    }

    /// Sets the filter backends of this action (`filter_backends`), as
    /// [`ViewSet::filter_backends`] does.
    #[must_use]
    pub fn filter_backends(self, backends: impl FilterBackends<ModelOf<V>>) -> Self {
        let backends = backends.into_list();
        self.declare(|generic| generic.backends = backends)
    }

    fn declare(mut self, change: impl FnOnce(&mut GenericView<V>) + 'static) -> Self {
        self.declared.push(Box::new(|generic| {
            if let Some(generic) = generic.downcast_mut() {
                change(generic);
            }
        }));
        self
    }
}

impl<V> std::fmt::Debug for ExtraAction<V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExtraAction")
            .field("name", &self.name)
            .field("detail", &self.detail)
            .finish_non_exhaustive()
    }
}

impl<V: Send + Sync + 'static> ExtraAction<V> {
    fn new(name: &'static str, detail: bool) -> Self {
        Self {
            name,
            detail,
            url_path: None,
            url_name: None,
            title: None,
            description: "",
            policies: Policies::inherit(),
            methods: Vec::new(),
            declared: Vec::new(),
        }
    }

    /// Creates an action on one object: `artists/1/rename/`.
    pub fn detail(name: &'static str) -> Self {
        Self::new(name, true)
    }

    /// Creates an action on the list: `artists/top/`.
    pub fn list(name: &'static str) -> Self {
        Self::new(name, false)
    }

    /// Creates one of the six standard actions of a [`PlainViewSet`](super::PlainViewSet): its method
    /// and its URL are those that routers give it.
    pub fn standard<Args: 'static>(action: Action, handler: impl ActionHandler<V, Args>) -> Self {
        let (method, detail) = match action {
            Action::List | Action::Extra(_) => (Method::GET, false),
            Action::Create => (Method::POST, false),
            Action::Retrieve => (Method::GET, true),
            Action::Update => (Method::PUT, true),
            Action::PartialUpdate => (Method::PATCH, true),
            Action::Destroy => (Method::DELETE, true),
            Action::Metadata => (Method::OPTIONS, false),
        };
        Self::new(action.name(), detail).handle(method, action, handler)
    }

    /// Sets the part of the URL that is otherwise the name; it may hold captures.
    #[must_use]
    pub fn url_path(mut self, path: &str) -> Self {
        self.url_path = Some(path.to_owned());
        self
    }

    /// Sets the part of the URL's name that is otherwise the action's name.
    #[must_use]
    pub fn url_name(mut self, name: &str) -> Self {
        self.url_name = Some(name.to_owned());
        self
    }

    /// Sets its name for people (`name`); by default, it is made from the action's.
    #[must_use]
    pub fn name(mut self, name: &'static str) -> Self {
        self.title = Some(name);
        self
    }

    /// Sets the description, shown in the OpenAPI document and in the response to OPTIONS.
    #[must_use]
    pub fn description(mut self, text: &'static str) -> Self {
        self.description = text;
        self
    }

    /// Sets policies of this action; those not set are the view set's.
    #[must_use]
    pub fn policies(mut self, policies: Policies) -> Self {
        self.policies = policies;
        self
    }

    /// Handles GET.
    #[must_use]
    pub fn get<Args: 'static>(self, handler: impl ActionHandler<V, Args>) -> Self {
        let name = self.name;
        self.map(Method::GET, name, handler)
    }

    /// Handles POST.
    #[must_use]
    pub fn post<Args: 'static>(self, handler: impl ActionHandler<V, Args>) -> Self {
        let name = self.name;
        self.map(Method::POST, name, handler)
    }

    /// Handles PUT.
    #[must_use]
    pub fn put<Args: 'static>(self, handler: impl ActionHandler<V, Args>) -> Self {
        let name = self.name;
        self.map(Method::PUT, name, handler)
    }

    /// Handles PATCH.
    #[must_use]
    pub fn patch<Args: 'static>(self, handler: impl ActionHandler<V, Args>) -> Self {
        let name = self.name;
        self.map(Method::PATCH, name, handler)
    }

    /// Handles DELETE.
    #[must_use]
    pub fn delete<Args: 'static>(self, handler: impl ActionHandler<V, Args>) -> Self {
        let name = self.name;
        self.map(Method::DELETE, name, handler)
    }

    /// Handles another method, under a separate action name (`@rename.mapping.delete`).
    #[must_use]
    pub fn map<Args: 'static, H: ActionHandler<V, Args>>(
        self,
        method: Method,
        name: &'static str,
        handler: H,
    ) -> Self {
        self.handle(method, Action::Extra(name), handler)
    }

    /// Whether it is one of the six that routers know.
    pub(super) fn is_standard(&self) -> bool {
        self.methods.iter().any(|method| !matches!(method.action, Action::Extra(_)))
    }

    /// Its methods, with the description for people.
    pub(super) fn into_methods(self) -> Vec<ExtraMethod<V>> {
        let description = self.description;
        let describe = |mut method: ExtraMethod<V>| {
            method.operation.description = description;
            method
        };
        self.methods.into_iter().map(describe).collect()
    }

    fn handle<Args: 'static, H: ActionHandler<V, Args>>(
        mut self,
        method: Method,
        action: Action,
        handler: H,
    ) -> Self {
        let mut operation = OperationInfo::new(method);
        operation.action = Some(action);
        H::describe(&mut operation);
        let handler = Arc::new(Erased(handler, PhantomData));
        self.methods.push(ExtraMethod { action, handler, operation });
        self
    }
}
