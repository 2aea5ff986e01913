//! From a view set to the views that a router takes: hooks that only describe are asked once.

use std::sync::Arc;

use actix_web::http::Method;
use futures_util::future::LocalBoxFuture;

use super::{Action, ActionHandler, ModelOf, ViewSet};
use crate::db::Model;
use crate::exceptions::{ApiException, Result};
use crate::filters::{OrderingFilter, SearchFilter};
use crate::generics::{Generic, GenericView, ObjectLookup, default_ordering_fields};
use crate::mixins::Mixins;
use crate::pagination::Pagination;
use crate::request::{Context, ViewContext};
use crate::response::Response;
use crate::serializers::{ModelSerializer, pk};
use crate::views::{OperationInfo, Policies, View, ViewInfo};
use crate::views::{ViewSetRoute, ViewSetRoutes};

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

/// How a view set finds one object.
fn object_lookup<V: ViewSet>() -> ObjectLookup {
    let path = V::LOOKUP_FIELD.get().map_or_else(|| pk::<ModelOf<V>>().path, |field| field.path);
    let kwarg = match (V::LOOKUP_URL_KWARG, path.column()) {
        (Some(kwarg), _) => kwarg,
        (None, Some(column)) if column.column != ModelOf::<V>::META.pk_column().column => {
            column.name
        }
        _ => "pk",
    };
    ObjectLookup {
        path,
        kwarg: kwarg.to_owned(),
        value_regex: V::LOOKUP_VALUE_REGEX.map(ToOwned::to_owned),
    }
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
        let chosen = V::ORDERING_FIELDS.get();
        let by_default = chosen.is_none();
        let fields =
            chosen.unwrap_or_else(|| default_ordering_fields(V::Serializer::description()));
        let ordering = V::ORDERING.get().unwrap_or_default();
        let filters = V::FILTERSET_CLASS.get().or_else(|| V::FILTERSET_FIELDS.get());
        let view = Arc::new(GenericView {
            filters: filters.unwrap_or_default(),
            search: SearchFilter::new(V::SEARCH_FIELDS.get().unwrap_or_default()),
            ordering: Some(OrderingFilter::new(fields).ordering(ordering)),
            ordering_by_default: by_default,
            backends: view_set.filter_backends(),
            pagination: Arc::clone(&pagination),
            lookup: object_lookup::<V>(),
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
        let metadata = (Method::OPTIONS, "metadata");
        info.method_policies = info
            .actions
            .iter()
            .chain([&metadata])
            .map(|(method, action)| (method.clone(), self.view_set.action_policies(action)))
            .filter(|(_, policies)| !policies.is_empty())
            .collect();
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
        if self.view.search.has_fields() {
            parameters.push(self.view.search.query_parameter());
        }
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
