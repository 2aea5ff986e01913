//! Actions beyond the usual six (`rest_framework.decorators.action`).

use std::sync::Arc;

use actix_web::http::Method;
use futures_util::future::LocalBoxFuture;

use crate::exceptions::Result;
use crate::request::Context;
use crate::response::Response;
use crate::serializers::Description;
use crate::views::Policies;

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
///         let starts = Book::fields().title().istartswith(letter);
///         cx.respond_all(Book::objects().filter_by(starts), BookSerializer::description()).await
///     }
/// }
/// ```
pub struct Action<V> {
    pub(super) name: &'static str,
    pub(super) detail: bool,
    pub(super) url_path: Option<String>,
    pub(super) url_name: Option<String>,
    pub(super) description: &'static str,
    pub(super) policies: Policies,
    pub(super) handlers: Vec<(Method, &'static str, Arc<dyn ActionHandler<V>>)>,
    pub(super) takes: Option<&'static Description>,
    pub(super) answers: Option<&'static Description>,
    pub(super) many: bool,
    pub(super) pages: bool,
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
