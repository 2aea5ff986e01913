//! View sets without a model (`rest_framework.viewsets.ViewSet`).

use std::sync::Arc;

use actix_web::http::Method;
use futures_util::future::LocalBoxFuture;

use super::ExtraAction;
use super::extra::{DynHandler, ExtraMethod};
use super::policies;
use super::registration::{action_title, view_name};
use crate::authentication::{AuthenticationClasses, DynAuthentication};
use crate::caching::Caching;
use crate::classes::{Classes, Inherit};
use crate::exceptions::{ApiException, Result};
use crate::metadata::MetadataClass;
use crate::middleware::MiddlewareClasses;
use crate::negotiation::ContentNegotiationClass;
use crate::parsers::{Parser, ParserClasses};
use crate::permissions::{DynPermission, PermissionClasses};
use crate::renderers::{Renderer, RendererClasses};
use crate::request::{Action, Context, Noun, ViewContext};
use crate::response::Response;
use crate::throttling::{DynThrottle, ThrottleClasses};
use crate::versioning::VersioningClass;
use crate::views::{
    ORDER, OperationInfo, Policies, View, ViewError, ViewInfo, ViewSetRoute, ViewSetRoutes,
};

/// A resource without a model: DRF's `viewsets.ViewSet`.
///
/// Its actions are functions of your own, over files, another service, or several tables. A router
/// gives them the URLs and names of any view set's, and the OpenAPI document shows their arguments and
/// results. Implement it under [`macro@view_set`](super::view_set): the functions `list`, `create`,
/// `retrieve`, `update`, `partial_update` and `destroy` are the standard actions, each there only if it
/// is written; `#[action]` adds others. What is not set is the site's, as for a
/// [`ViewSet`](super::ViewSet).
///
/// ```
/// use quintet::prelude::*;
/// use quintet::views::Created;
/// use quintet::viewsets::PlainViewSet;
///
/// #[derive(Serializer)]
/// pub struct Lamp {
///     id: i64,
///     #[field(default = false)]
///     on: bool,
/// }
///
/// pub struct LampViewSet;
///
/// /// The lamps of a house.
/// #[view_set]
/// impl PlainViewSet for LampViewSet {
///     fn basename(&self) -> String {
///         "lamp".into()
///     }
///
///     async fn list(&self, _cx: &mut Context) -> Result<Json<Vec<Lamp>>> {
///         Ok(Json(vec![Lamp { id: 1, on: true }]))
///     }
///
///     async fn create(&self, lamp: Valid<Lamp>, _cx: &mut Context) -> Result<Created<Json<Lamp>>> {
///         Ok(Created(Json(lamp.0)))
///     }
///
///     async fn retrieve(&self, cx: &mut Context) -> Result<Json<Lamp>> {
///         match cx.request.kwarg("pk") {
///             Some("1") => Ok(Json(Lamp { id: 1, on: true })),
///             _ => Err(ApiException::NotFound(None)),
///         }
///     }
///
///     /// Switches all of them off.
///     #[action(list, post)]
///     async fn off(&self, _cx: &mut Context) -> Result<NoContent> {
///         Ok(NoContent)
///     }
/// }
///
/// # fn main() {
/// let router = Router::new().register("lamps", LampViewSet);
/// # let _ = router;
/// # }
/// ```
///
/// The attribute writes [`PlainViewSet::actions`], and `From<LampViewSet> for ViewSetRoutes`, so that a
/// router takes the type. By hand, list the actions ([`ExtraAction::standard`]) and register
/// [`ViewSetRoutes::plain`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a view set without a model",
    label = "this type has no `PlainViewSet` implementation",
    note = "write `#[view_set] impl PlainViewSet for {Self}`, with `fn basename` and the actions"
)]
#[allow(
    async_fn_in_trait,
    reason = "view sets run where they are called: futures need not be Send"
)]
#[doc(alias = "viewsets.ViewSet")]
#[doc(alias = "ViewSetMixin")]
pub trait PlainViewSet: Sized + Send + Sync + 'static {
    /// The capture of an object's URL.
    const LOOKUP_URL_KWARG: &'static str = "pk";

    /// The regular expression of its value. By default, anything but `/` and `.`.
    const LOOKUP_VALUE_REGEX: Option<&'static str> = None;

    /// The description in the OpenAPI document and in the response to OPTIONS. `#[view_set]` copies
    /// it from the doc comment of the `impl`.
    const DESCRIPTION: &'static str = "";

    /// Its name for people (`name`), of the list and of an object alike. By default, it is made from that of
    /// the type: `Media Type List`.
    const VIEW_NAME: Option<&'static str> = None;

    /// The scope for [`ScopedRateThrottle`](crate::throttling::ScopedRateThrottle)
    /// (`throttle_scope`).
    const THROTTLE_SCOPE: Option<&'static str> = None;

    /// The key around its bodies. See [`Noun`].
    const NOUN: Option<Noun> = None;

    /// The methods that are not refused, in the order of `Allow` (`http_method_names`). By default, all
    /// of them. An action whose method is not among them is a 405, and not in the OpenAPI document.
    const HTTP_METHOD_NAMES: &'static [Method] = &ORDER;

    /// The beginning of its URL names: `lamp` in `lamp-list`.
    fn basename(&self) -> String;

    policies::hooks!();

    /// The actions; `#[view_set]` writes this method.
    fn actions() -> Vec<ExtraAction<Self>>;
}

impl ViewSetRoutes {
    /// The URLs of a view set without a model.
    pub fn plain<V: PlainViewSet>(view_set: V) -> Self {
        Plan::new(view_set).routes()
    }
}

/// One URL of a view set.
struct PlainView<V> {
    view_set: Arc<V>,
    info: ViewInfo,
    handlers: Vec<(Method, Arc<dyn DynHandler<V>>)>,
    operations: Vec<OperationInfo>,
}

impl<V: PlainViewSet> View for PlainView<V> {
    fn info(&self) -> &ViewInfo {
        &self.info
    }

    fn handle<'a>(&'a self, cx: &'a mut Context) -> LocalBoxFuture<'a, Result<Response>> {
        let method = cx.handler_method().clone();
        let handler = self.handlers.iter().find(|(own, _)| *own == method);
        let view = &*self.view_set;
        Box::pin(async move {
            let Some((_, handler)) = handler else {
                return Err(ApiException::MethodNotAllowed(cx.request.method.to_string()));
            };
            view.initial(cx).await?;
            handler.call(view, cx).await
        })
    }

    policies::forwarded!();

    fn operations(&self) -> Vec<OperationInfo> {
        self.operations.clone()
    }
}

/// The declarations of a view set, evaluated once.
struct Plan<V> {
    view_set: Arc<V>,
    policies: Policies,
}

impl<V: PlainViewSet> Plan<V> {
    fn new(view_set: V) -> Self {
        let policies = policies::declared!(view_set, V);
        Self { view_set: Arc::new(view_set), policies }
    }

    fn routes(&self) -> ViewSetRoutes {
        let mut routes: Vec<ViewSetRoute> = Vec::new();
        let actions = V::actions();
        let problem = taken_name(&actions);
        let (standard, extra): (Vec<_>, Vec<_>) =
            actions.into_iter().partition(ExtraAction::is_standard);
        let (object, list): (Vec<_>, Vec<_>) =
            standard.into_iter().partition(|action| action.detail);
        for (detail, name, suffix, actions) in
            [(false, "list", "List", list), (true, "detail", "Instance", object)]
        {
            if actions.is_empty() {
                continue;
            }
            let title = V::VIEW_NAME
                .map_or_else(|| format!("{} {suffix}", view_name::<V>()), ToOwned::to_owned);
            let methods = actions.into_iter().flat_map(ExtraAction::into_methods).collect();
            let view = self.view(detail, title, &self.policies, methods, problem.as_ref());
            routes.push(ViewSetRoute {
                detail,
                url_path: None,
                name: name.to_owned(),
                view: Arc::new(view),
            });
        }
        routes.extend(extra.into_iter().map(|action| self.extra(action, problem.as_ref())));
        ViewSetRoutes {
            basename: self.view_set.basename(),
            lookup_kwarg: V::LOOKUP_URL_KWARG.to_owned(),
            lookup_value_regex: V::LOOKUP_VALUE_REGEX.map(ToOwned::to_owned),
            routes,
        }
    }

    fn extra(&self, mut action: ExtraAction<V>, problem: Option<&ViewError>) -> ViewSetRoute {
        let (name, detail) = (action.name, action.detail);
        let url_path = action.url_path.take().unwrap_or_else(|| name.to_owned());
        let url_name = action.url_name.take().unwrap_or_else(|| name.replace('_', "-"));
        let policies = action.policies.or(&self.policies);
        let description = action.description;
        let title = action.title.map_or_else(|| action_title(name), ToOwned::to_owned);
        let methods = action.into_methods();
        let mut view = self.view(detail, title, &policies, methods, problem);
        if !description.is_empty() {
            description.clone_into(&mut view.info.description);
        }
        ViewSetRoute { detail, url_path: Some(url_path), name: url_name, view: Arc::new(view) }
    }

    fn view(
        &self,
        detail: bool,
        name: String,
        policies: &Policies,
        mut methods: Vec<ExtraMethod<V>>,
        problem: Option<&ViewError>,
    ) -> PlainView<V> {
        methods.retain(|method| V::HTTP_METHOD_NAMES.contains(&method.operation.method));
        let mut info =
            ViewInfo::new(name, methods.iter().map(|method| method.operation.method.clone()));
        info.context = Arc::new(ViewContext {
            name: view_name::<V>(),
            basename: self.view_set.basename(),
            detail,
            lookup_field: V::LOOKUP_URL_KWARG.to_owned(),
            lookup_kwarg: V::LOOKUP_URL_KWARG.to_owned(),
            noun: V::NOUN,
            ..ViewContext::default()
        });
        info.http_method_names = Some(V::HTTP_METHOD_NAMES);
        info.policies = policies.clone();
        info.problem = problem.cloned();
        V::DESCRIPTION.clone_into(&mut info.description);
        info.actions =
            methods.iter().map(|method| (method.operation.method.clone(), method.action)).collect();
        let of_action = |action| self.view_set.action_policies(action);
        info.method_policies = policies::by_method(&info.actions, of_action);
        let (handlers, operations) = methods
            .into_iter()
            .map(|ExtraMethod { handler, operation, .. }| {
                ((operation.method.clone(), handler), operation)
            })
            .unzip();
        PlainView { view_set: Arc::clone(&self.view_set), info, handlers, operations }
    }
}

/// An action name that is used twice.
fn taken_name<V: PlainViewSet>(actions: &[ExtraAction<V>]) -> Option<ViewError> {
    let mut names: Vec<&str> = vec![Action::Metadata.name()];
    for action in actions {
        let mut own: Vec<&str> = action.methods.iter().map(|method| method.action.name()).collect();
        own.dedup();
        if let Some(name) = own.iter().find(|name| names.contains(name)) {
            let problem = format!("two of its actions are called `{name}`");
            return Some(ViewError::new(&view_name::<V>(), problem));
        }
        names.extend(own);
    }
    None
}
