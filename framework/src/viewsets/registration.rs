//! Turns a view set into the views that a router takes; its declarations are evaluated once.

use std::sync::Arc;

use actix_web::http::Method;
use futures_util::future::LocalBoxFuture;

use super::extra::{DynHandler, ExtraMethod};
use super::generic_view::GenericView;
use super::policies;
use super::{ExtraAction, ModelOf, ViewSet};
use crate::db::Model;
use crate::exceptions::{ApiException, Result};
use crate::generics::Mixins;
use crate::request::{Action, Context, ViewContext};
use crate::response::Response;
use crate::serializers::{Description, ModelSerializer as _};
use crate::views::{
    Lists, OperationInfo, Policies, ResponseInfo, View, ViewError, ViewInfo, ViewSetRoute,
    ViewSetRoutes,
};

enum Handler<V> {
    Usual(Action),
    Extra(Arc<dyn DynHandler<V>>),
}

/// One URL of a view set.
struct ViewSetView<V: ViewSet> {
    view_set: Arc<V>,
    info: ViewInfo,
    generic: Arc<GenericView<V>>,
    handlers: Vec<(Method, Handler<V>)>,
    operations: Vec<OperationInfo>,
}

/// `initial`, then one of the six standard actions, in one box.
macro_rules! first {
    ($view:ident, $cx:ident, $action:ident) => {
        Box::pin(async move {
            $view.initial($cx).await?;
            $view.$action($cx).await
        })
    };
}

impl<V: ViewSet> View for ViewSetView<V> {
    fn info(&self) -> &ViewInfo {
        &self.info
    }

    fn handle<'a>(&'a self, cx: &'a mut Context) -> LocalBoxFuture<'a, Result<Response>> {
        let method = cx.handler_method().clone();
        let handler = self.handlers.iter().find(|(own, _)| *own == method);
        cx.generic = Some(Arc::clone(&self.generic) as _);
        let view = &*self.view_set;
        match handler {
            Some((_, Handler::Extra(handler))) => Box::pin(async move {
                view.initial(cx).await?;
                handler.call(view, cx).await
            }),
            Some((_, Handler::Usual(Action::List))) => first!(view, cx, list),
            Some((_, Handler::Usual(Action::Create))) => first!(view, cx, create),
            Some((_, Handler::Usual(Action::Retrieve))) => first!(view, cx, retrieve),
            Some((_, Handler::Usual(Action::Update))) => first!(view, cx, update),
            Some((_, Handler::Usual(Action::PartialUpdate))) => first!(view, cx, partial_update),
            Some((_, Handler::Usual(Action::Destroy))) => first!(view, cx, destroy),
            Some((_, Handler::Usual(_))) | None => {
                let error = ApiException::MethodNotAllowed(cx.request.method.to_string());
                Box::pin(std::future::ready(Err(error)))
            }
        }
    }

    policies::forwarded!();

    fn serializer(&self, method: &Method, cx: &Context) -> Option<&'static Description> {
        let operation = self.operations.iter().find(|operation| operation.method == *method)?;
        match operation.action {
            Some(Action::Extra(_)) if operation.request.is_some() => operation.request,
            _ => Some(self.view_set.get_serializer_class(cx).description()),
        }
    }

    fn find_object<'a>(&'a self, cx: &'a mut Context) -> LocalBoxFuture<'a, Result<()>> {
        Box::pin(async move { self.view_set.get_object(cx).await?.get(cx).await.map(drop) })
    }

    fn operations(&self) -> Vec<OperationInfo> {
        self.operations.clone()
    }
}

/// The name for people: `MediaTypeViewSet` becomes `Media Type`.
pub(super) fn view_name<V>() -> String {
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
    generic: Arc<GenericView<V>>,
    policies: Policies,
}

impl<V: ViewSet> Registration<V> {
    fn new(view_set: V) -> Self {
        let policies = policies::declared!(view_set, V);
        let generic = Arc::new(GenericView::new(&view_set));
        Self { view_set: Arc::new(view_set), generic, policies }
    }

    fn context(&self, detail: bool) -> Arc<ViewContext> {
        Arc::new(ViewContext {
            name: view_name::<V>(),
            basename: self.view_set.basename(),
            detail,
            lookup_field: self.generic.lookup.path.name(),
            lookup_kwarg: self.generic.lookup.kwarg.to_owned(),
            model: Some(ModelOf::<V>::META),
            noun: V::NOUN,
            parents: self.generic.parents.captures().collect(),
            ..ViewContext::default()
        })
    }

    fn view(
        &self,
        detail: bool,
        name: String,
        mut handlers: Vec<(Handler<V>, OperationInfo)>,
    ) -> ViewSetView<V> {
        handlers.retain(|(_, operation)| V::HTTP_METHOD_NAMES.contains(&operation.method));
        let methods = handlers.iter().map(|(_, operation)| operation.method.clone());
        let mut info = ViewInfo::new(name, methods);
        info.context = self.context(detail);
        info.models = V::Serializer::description().models();
        info.http_method_names = Some(V::HTTP_METHOD_NAMES);
        info.policies = self.policies.clone();
        V::DESCRIPTION.clone_into(&mut info.description);
        info.actions = handlers
            .iter()
            .filter_map(|(_, operation)| Some((operation.method.clone(), operation.action?)))
            .collect();
        let of_action = |action| self.view_set.action_policies(action);
        info.method_policies = policies::by_method(&info.actions, of_action);
        let (handlers, operations) = handlers
            .into_iter()
            .map(|(handler, operation)| {
                ((operation.method.clone(), handler), self.with_parameters(operation))
            })
            .unzip();
        ViewSetView {
            view_set: Arc::clone(&self.view_set),
            info,
            generic: Arc::clone(&self.generic),
            handlers,
            operations,
        }
    }

    /// Adds the query parameters of a list: filters, search, ordering, pages.
    fn with_parameters(&self, operation: OperationInfo) -> OperationInfo {
        if !matches!(operation.response, ResponseInfo::Page(_)) {
            return operation;
        }
        let generic = &self.generic;
        let mut parameters = operation.parameters;
        parameters.extend(generic.filters.query_parameters());
        if generic.search.has_fields() {
            parameters.push(generic.search.query_parameter());
        }
        if !generic.ordering_by_default {
            parameters.push(generic.ordering.query_parameter());
        }
        for backend in &generic.backends {
            parameters.extend(backend.query_parameters());
        }
        let lists = Lists {
            ordering_by_default: generic.ordering_by_default,
            pagination: Arc::clone(&generic.pagination),
        };
        OperationInfo { parameters, lists: Some(lists), ..operation }
    }

    /// The standard actions of the base, of the list or of an object.
    fn usual_handlers(&self, detail: bool) -> Vec<(Handler<V>, OperationInfo)> {
        let has = V::Base::ACTIONS;
        let all = [
            (has.list, false, Method::GET, Action::List),
            (has.create, false, Method::POST, Action::Create),
            (has.retrieve, true, Method::GET, Action::Retrieve),
            (has.update, true, Method::PUT, Action::Update),
            (has.update, true, Method::PATCH, Action::PartialUpdate),
            (has.destroy, true, Method::DELETE, Action::Destroy),
        ];
        all.into_iter()
            .filter(|(has, of_detail, ..)| *has && *of_detail == detail)
            .map(|(_, _, method, action)| (Handler::Usual(action), self.operation(method, action)))
            .collect()
    }

    fn usual(&self, detail: bool) -> Option<ViewSetRoute> {
        let handlers = self.usual_handlers(detail);
        if handlers.is_empty() {
            return None;
        }
        let suffix = if detail { "Instance" } else { "List" };
        let title = V::VIEW_NAME
            .map_or_else(|| format!("{} {suffix}", view_name::<V>()), ToOwned::to_owned);
        let view = self.view(detail, title, handlers);
        Some(ViewSetRoute {
            detail,
            url_path: None,
            name: if detail { "detail" } else { "list" }.to_owned(),
            view: Arc::new(view),
        })
    }

    /// What the OpenAPI document shows of one of the six standard actions.
    fn operation(&self, method: Method, action: Action) -> OperationInfo {
        let description = self.view_set.serializer_class(action).description();
        let mut operation = OperationInfo::new(method);
        operation.action = Some(action);
        if matches!(action, Action::Create | Action::Update | Action::PartialUpdate) {
            operation.request = Some(description);
        }
        operation.list = V::LIST_SERIALIZER.filter(|_| action == Action::Create);
        operation.partial =
            action == Action::PartialUpdate || action == Action::Update && V::PARTIAL_PUT;
        (operation.status, operation.response) = match action {
            Action::List => (200, ResponseInfo::Page(description)),
            Action::Create => (201, ResponseInfo::One(description)),
            Action::Destroy => (204, ResponseInfo::Nothing),
            _ => (200, ResponseInfo::One(description)),
        };
        operation
    }

    /// The view set with what an action declares differently.
    fn declaring(&self, action: &mut ExtraAction<V>) -> Self {
        let mut generic = GenericView::new(&*self.view_set);
        for change in std::mem::take(&mut action.declared) {
            change(&mut generic);
        }
        Self {
            view_set: Arc::clone(&self.view_set),
            generic: Arc::new(generic),
            policies: self.policies.clone(),
        }
    }

    fn extra(&self, mut action: ExtraAction<V>, problem: Option<&ViewError>) -> ViewSetRoute {
        let own = (!action.declared.is_empty()).then(|| self.declaring(&mut action));
        let ExtraAction { name, detail, description, title, .. } = action;
        let (url_path, url_name) = (action.url_path.clone(), action.url_name.clone());
        let policies = action.policies.or(&self.policies);
        let handlers = action
            .into_methods()
            .into_iter()
            .map(|ExtraMethod { handler, operation, .. }| (Handler::Extra(handler), operation))
            .collect();
        let title = title.map_or_else(|| action_title(name), ToOwned::to_owned);
        let mut view = own.as_ref().unwrap_or(self).view(detail, title, handlers);
        view.info.policies = policies;
        view.info.problem = problem.cloned();
        if !description.is_empty() {
            description.clone_into(&mut view.info.description);
        }
        ViewSetRoute {
            detail,
            url_path: Some(url_path.unwrap_or_else(|| name.to_owned())),
            name: url_name.unwrap_or_else(|| name.replace('_', "-")),
            view: Arc::new(view),
        }
    }
}

/// The name for people of an extra action: `by_letter` becomes `By letter`.
pub(super) fn action_title(name: &str) -> String {
    let mut title = name.replace('_', " ");
    if let Some(first) = title.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    title
}

/// An action name that is used twice, or by one of the six standard actions.
fn taken_name<V: ViewSet>(actions: &[ExtraAction<V>]) -> Option<ViewError> {
    let usual = [
        Action::List,
        Action::Create,
        Action::Retrieve,
        Action::Update,
        Action::PartialUpdate,
        Action::Destroy,
        Action::Metadata,
    ];
    let mut names: Vec<&str> = usual.map(Action::name).to_vec();
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

/// The view of a generic view: the methods of its base at one URL.
pub(super) fn generic_view<V: ViewSet>(view_set: V) -> impl View {
    let registration = Registration::new(view_set);
    let (list, object) = (registration.usual_handlers(false), registration.usual_handlers(true));
    let detail = !object.is_empty();
    let handlers = list.into_iter().chain(object).collect();
    let title = V::VIEW_NAME.map_or_else(view_name::<V>, ToOwned::to_owned);
    let mut view = registration.view(detail, title, handlers);
    if !V::actions().is_empty() {
        let problem = "it is a generic view, whose extra actions have no URL";
        view.info.problem = Some(ViewError::new(&view_name::<V>(), problem));
    }
    view
}

impl<V: ViewSet> From<V> for ViewSetRoutes {
    fn from(view_set: V) -> Self {
        let registration = Registration::new(view_set);
        let mut routes: Vec<ViewSetRoute> =
            [false, true].into_iter().filter_map(|detail| registration.usual(detail)).collect();
        let actions = V::actions();
        let problem = taken_name(&actions);
        routes
            .extend(actions.into_iter().map(|action| registration.extra(action, problem.as_ref())));
        Self {
            basename: registration.view_set.basename(),
            lookup_kwarg: registration.generic.lookup.kwarg.to_owned(),
            lookup_value_regex: V::LOOKUP_VALUE_REGEX.map(ToOwned::to_owned),
            routes,
        }
    }
}
