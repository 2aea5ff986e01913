//! Turning URLs and their views into operations.

use std::sync::Arc;

use quintet_openapi::{
    Api, Body, Envelope, EnvelopeKey, ErrorResponse, Method, Operation, Parameter, Response,
    SchemaKind, SchemaRef, SecurityScheme,
};

use super::components::{Components, column_kind};
use crate::authentication::AuthenticationScheme;
use crate::db::ColumnKind;
use crate::filters::{ParameterType, QueryParameter, Several};
use crate::pagination::{EnvelopeField, EnvelopeType, Pagination};
use crate::parsers::is_form_media_type;
use crate::permissions::DynPermission;
use crate::request::{Noun, ViewContext};
use crate::reverse::Pattern;
use crate::serializers::Description;
use crate::settings::Settings;
use crate::views::{OperationInfo, Policies, ResponseInfo, View, ViewInfo};

/// A URL: the path of its router, its pattern, its view.
pub(crate) type Address<'a> = (&'a str, &'a Pattern, &'a dyn View);

/// What the document needs from the site.
#[derive(Debug)]
pub(crate) struct SiteSchema<'a> {
    /// The URLs, in the order of matching.
    pub(crate) addresses: Vec<Address<'a>>,
    /// The policies of views that set none.
    pub(crate) defaults: &'a Policies,
    /// The default pagination.
    pub(crate) pagination: Option<&'a Arc<dyn Pagination>>,
    /// Whether the site has the ordering filter by default.
    pub(crate) ordering_filter: bool,
    /// The settings, for the script name and the credentials.
    pub(crate) settings: &'a Settings,
}

impl SiteSchema<'_> {
    /// Adds every operation, with its components and security schemes.
    pub(super) fn describe(
        &self,
        mut api: Api,
        path_prefix: Option<String>,
        errors: Option<&'static Description>,
    ) -> Api {
        let mut components = Components::default();
        if let Some(errors) = errors {
            api = api.error_schema(SchemaRef::component(components.add(errors)));
        }
        let mut places: Vec<&str> = Vec::new();
        let mut told: Vec<(String, Method)> = Vec::new();
        for (place, pattern, view) in &self.addresses {
            // forms with a suffix lead to the same operations
            if pattern.names().any(|name| name == "format") {
                continue;
            }
            for info in view.operations() {
                let Some(method) = Method::from_name(info.method.as_str()) else { continue };
                let route = Route::new(self, place, pattern, view.info(), &info, method);
                let key = (route.path.clone(), method);
                // an earlier URL shadows this one
                if told.contains(&key) {
                    continue;
                }
                told.push(key);
                if !places.contains(place) {
                    places.push(place);
                }
                api = route.schemes().into_iter().fold(api, Api::security_scheme);
                api = api.operation(route.operation(&mut components));
            }
        }
        let place = match places.as_slice() {
            [place] => Some(format!("/{place}")),
            _ => None,
        };
        if let Some(prefix) = path_prefix.or(place) {
            api = api.path_prefix(prefix);
        }
        api.components(components.into_inner())
    }
}

/// One operation to be added to the document.
struct Route<'a> {
    path: String,
    settings: &'a Settings,
    pattern: &'a Pattern,
    /// The capture that the path shows filled in.
    version_kwarg: Option<String>,
    method: Method,
    view: &'a ViewInfo,
    info: &'a OperationInfo,
    policies: Policies,
    pagination: Option<Arc<dyn Pagination>>,
    ordering: bool,
}

impl<'a> Route<'a> {
    fn new(
        site: &SiteSchema<'a>,
        place: &str,
        pattern: &'a Pattern,
        view: &'a ViewInfo,
        info: &'a OperationInfo,
        method: Method,
    ) -> Self {
        let template = pattern.template(|name| shown_name(&view.context, pattern, name));
        let policies = view.policies.or(site.defaults);
        let versioning = policies.versioning.as_ref().and_then(Option::as_ref);
        let version = versioning.and_then(|scheme| scheme.path_version(site.settings));
        // as drf-spectacular shows one version of such a path
        let template = match &version {
            Some((kwarg, version)) => template.replace(&format!("{{{kwarg}}}"), version),
            None => template,
        };
        let own = view.method_policies.iter().find(|(own, _)| *own == info.method);
        let lists = info.lists.as_ref();
        Self {
            path: format!("/{place}{template}"),
            settings: site.settings,
            pattern,
            version_kwarg: version.map(|(kwarg, _)| kwarg),
            method,
            view,
            info,
            policies: own.map_or_else(|| policies.clone(), |(_, own)| own.or(&policies)),
            pagination: lists.map(|lists| {
                let replaced =
                    site.pagination.and_then(|sites| lists.pagination.replaced_by(sites));
                replaced.unwrap_or_else(|| Arc::clone(&lists.pagination))
            }),
            ordering: site.ordering_filter && lists.is_some_and(|it| it.ordering_by_default),
        }
    }

    fn operation(&self, components: &mut Components) -> Operation {
        let description = match self.info.description {
            "" => self.view.description.as_str(),
            own => own,
        };
        let envelope = self.pagination.as_ref().and_then(|pagination| envelope(&**pagination));
        let schemes = self.schemes();
        let anonymous = self.admits_anonymous();
        let mut operation = Operation::new(self.method, &self.path)
            .list(matches!(self.info.response, ResponseInfo::All(_) | ResponseInfo::Page(_)))
            .parameters(self.path_parameters())
            .parameters(self.query_parameters())
            .security(schemes.iter().map(SecurityScheme::name))
            .anonymous(anonymous && !schemes.is_empty())
            .errors(self.errors(envelope.is_some(), anonymous));
        if !description.is_empty() {
            operation = operation.description(description);
        }
        if let Some(request) = self.info.request {
            let parsers = self.policies.parsers.iter().flatten();
            let (mut schema, noun) =
                (self.one_or_list(components.add(request), true), self.view.context.noun);
            if let Some(noun) = noun {
                schema = schema.under(noun.one_key());
            }
            // what is under a noun is an object, which forms have none of
            let types = parsers
                .map(|parser| parser.media_type())
                .filter(|media_type| noun.is_none() || !is_form_media_type(media_type));
            let body = Body::new(schema).partial(self.info.partial);
            operation = operation.request(body.media_types(types));
        }
        operation.response(self.response(envelope, components))
    }

    fn response(&self, envelope: Option<Envelope>, components: &mut Components) -> Response {
        let response = Response::new(self.info.status);
        let schema = match self.info.response {
            ResponseInfo::Nothing => return response,
            ResponseInfo::Anything => SchemaRef::inline(SchemaKind::Any),
            ResponseInfo::One(shown) => {
                let one = self.one_or_list(components.add(shown), false);
                match self.view.context.noun {
                    Some(noun) => one.under(noun.one_key()),
                    None => one,
                }
            }
            ResponseInfo::All(shown) => self.list(components.add(shown)),
            ResponseInfo::Page(shown) => match (components.add(shown), envelope) {
                (name, Some(envelope)) => SchemaRef::page(name, envelope),
                (name, None) => self.list(name),
            },
        };
        let renderers = self.policies.renderers.iter().flatten();
        // the document leaves out pages for people
        let types = renderers
            .filter(|renderer| renderer.is_available() && renderer.format() != "api")
            .map(|renderer| renderer.media_type());
        response.media_types(types).schema(schema)
    }

    /// An object, or a list of them where the operation takes one.
    fn one_or_list(&self, name: String, reads: bool) -> SchemaRef {
        match self.info.list {
            None => SchemaRef::component(name),
            Some(list) if reads => {
                let (fewest, most) = list.lengths();
                SchemaRef::one_or_list(name, fewest, Some(most))
            }
            Some(_) => SchemaRef::one_or_list(name, None, None),
        }
    }

    fn list(&self, name: String) -> SchemaRef {
        match self.view.context.noun.and_then(Noun::many_key) {
            Some(many) => SchemaRef::list(name).under(many),
            None => SchemaRef::list(name),
        }
    }

    fn path_parameters(&self) -> Vec<Parameter> {
        let context = &*self.view.context;
        let parameter = |(name, regex): (&str, &str)| {
            let shown = shown_name(context, self.pattern, name);
            let model = context.model.filter(|_| name == context.lookup_kwarg);
            let column = model.and_then(|model| model.column(&shown));
            let parent = context.parents.iter().find(|(kwarg, ..)| *kwarg == name);
            let parent = parent.map(|(_, model, column)| (*model, *column));
            let Some((model, column)) = model.zip(column).or(parent) else {
                return Parameter::path(shown, capture_kind(regex));
            };
            if column.column != model.pk_column().column {
                let kind = match column.kind {
                    ColumnKind::Text => capture_kind(regex),
                    kind => column_kind(kind),
                };
                return Parameter::path(shown, kind);
            }
            let what = model.verbose_name;
            match column.kind {
                ColumnKind::SmallInt | ColumnKind::Integer | ColumnKind::BigInt => {
                    Parameter::integer_key(shown, what)
                }
                ColumnKind::Uuid => Parameter::path(shown, SchemaKind::format("uuid"))
                    .description(format!("A UUID string identifying this {what}.")),
                kind => Parameter::path(shown, column_kind(kind))
                    .description(format!("A unique value identifying this {what}.")),
            }
        };
        let captures = self.pattern.captures();
        let open = captures.filter(|(name, _)| self.version_kwarg.as_deref() != Some(*name));
        open.map(parameter).collect()
    }

    fn query_parameters(&self) -> Vec<Parameter> {
        let pages = self.pagination.iter().flat_map(Pagination::query_parameters);
        let named = |mut parameter: QueryParameter| {
            if let Some(name) = parameter.named_by {
                parameter.name = name.0(self.settings).to_owned().into();
            }
            query_parameter(parameter)
        };
        let own = self.info.parameters.iter().cloned().chain(pages).map(named);
        let ordering = &self.settings.rest_framework.ordering_param;
        own.chain(self.ordering.then(|| Parameter::ordering(ordering))).collect()
    }

    fn schemes(&self) -> Vec<SecurityScheme> {
        let authenticators = self.policies.authentication.iter().flatten();
        authenticators
            .filter_map(|one| one.describe())
            .map(|scheme| security_scheme(&scheme, self.settings))
            .collect()
    }

    fn permissions(&self) -> &[Arc<dyn DynPermission>] {
        self.policies.permissions.as_deref().unwrap_or_default()
    }

    /// Whether anonymous clients are admitted: no permission may say no, and one must say yes.
    fn admits_anonymous(&self) -> bool {
        let permissions = self.permissions();
        let method = &self.info.method;
        let mut said =
            permissions.iter().filter_map(|one| one.lets_anonymous_in(method)).peekable();
        permissions.is_empty() || said.peek().is_some() && said.all(|admits| admits)
    }

    fn errors(&self, has_envelope: bool, anonymous: bool) -> Vec<ErrorResponse> {
        let mut errors = Vec::new();
        if self.info.request.is_some() || !self.info.parameters.is_empty() {
            errors.push(ErrorResponse::ValidationError);
        }
        let first = self.policies.authentication.iter().flatten().next();
        if first.is_some_and(|authenticator| authenticator.challenge().is_some()) {
            errors.push(ErrorResponse::NotAuthenticated);
        }
        let detail = self.pattern.names().next().is_some();
        let guarded = detail && self.permissions().iter().any(|one| one.object_check().is_some());
        if !anonymous || guarded {
            errors.push(ErrorResponse::PermissionDenied);
        }
        let may_miss = self.pagination.as_ref().is_some_and(Pagination::may_miss);
        if detail || has_envelope && may_miss {
            errors.push(ErrorResponse::NotFound);
        }
        errors
    }
}

/// The name of a capture in the document: that of the primary key is its field's.
fn shown_name(context: &ViewContext, pattern: &Pattern, name: &str) -> String {
    let key = context.model.map(|model| model.pk_column().name);
    let key = key.filter(|key| {
        name == "pk" && name == context.lookup_kwarg && !pattern.names().any(|n| n == *key)
    });
    key.unwrap_or(name).to_owned()
}

/// The kind of a capture without a column.
fn capture_kind(regex: &str) -> SchemaKind {
    match regex {
        "[0-9]+" => SchemaKind::integer(),
        "[^/.]+" | "[^/]+" | ".+" => SchemaKind::string(),
        "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}" => {
            SchemaKind::format("uuid")
        }
        regex => SchemaKind::String {
            format: None,
            min_length: None,
            max_length: None,
            pattern: Some(format!("^{}$", regex.trim_start_matches('^').trim_end_matches('$'))),
        },
    }
}

fn query_parameter(parameter: QueryParameter) -> Parameter {
    let QueryParameter { name, description, kind, several, choices, .. } = parameter;
    let kind = match kind {
        // the description has the labels
        _ if !choices.is_empty() => {
            let value = |choice: String| match (kind, choice.parse::<i64>()) {
                (ParameterType::Integer, Ok(number)) => number.into(),
                _ => serde_json::Value::from(choice),
            };
            SchemaKind::choices(choices.into_iter().map(|choice| (value(choice), "")))
        }
        ParameterType::Integer => SchemaKind::integer(),
        ParameterType::Number => SchemaKind::number(),
        ParameterType::Boolean => SchemaKind::Boolean,
        ParameterType::Date => SchemaKind::format("date"),
        ParameterType::DateTime => SchemaKind::format("date-time"),
        ParameterType::Time => SchemaKind::format("time"),
        ParameterType::Duration => SchemaKind::format("duration"),
        ParameterType::Uuid => SchemaKind::format("uuid"),
        ParameterType::String => SchemaKind::string(),
    };
    let mut shown = Parameter::query(name, kind);
    if !description.is_empty() {
        shown = shown.description(description);
    }
    match several {
        Several::No => shown,
        Several::Commas => shown.comma_separated(),
        Several::Repeated => shown.repeated(),
    }
}

/// The envelope of a pagination, recognised by its keys and the parameters in its example link.
pub(super) fn envelope(pagination: &dyn Pagination) -> Option<Envelope> {
    let keys = pagination.envelope();
    if keys.is_empty() {
        return None;
    }
    Some(drfs_envelope(pagination, &keys).unwrap_or_else(|| {
        let keys = keys.into_iter().map(|key| {
            let shown = match key.kind {
                EnvelopeType::Integer => EnvelopeKey::integer(key.name, key.example),
                EnvelopeType::Link => EnvelopeKey::link(key.name, key.example),
            };
            shown.required(key.required)
        });
        Envelope::custom(keys.collect(), pagination.results_key())
    }))
}

fn drfs_envelope(pagination: &dyn Pagination, keys: &[EnvelopeField]) -> Option<Envelope> {
    let names: Vec<&str> = keys.iter().map(|key| &*key.name).collect();
    let counted = match (names.as_slice(), pagination.results_key()) {
        (["count", "next", "previous"], "results") => true,
        (["next", "previous"], "results") => false,
        _ => return None,
    };
    let next = keys.iter().find(|key| key.name == "next")?;
    let (_, query) = next.example.split_once('?')?;
    let mut names = query.split('&').filter_map(|pair| Some(pair.split_once('=')?.0));
    let first = names.next()?;
    Some(match (counted, names.next()) {
        (false, _) => Envelope::cursor(first),
        (true, None) => Envelope::page_number(first),
        (true, Some(limit)) => Envelope::limit_offset(limit, first),
    })
}

fn security_scheme(scheme: &AuthenticationScheme, settings: &Settings) -> SecurityScheme {
    match scheme {
        AuthenticationScheme::Token { keyword } => SecurityScheme::token(keyword),
        AuthenticationScheme::Session { cookie } if cookie.is_empty() => {
            SecurityScheme::session(&settings.session.cookie.name)
        }
        AuthenticationScheme::Session { cookie } => SecurityScheme::session(cookie),
        AuthenticationScheme::Basic => SecurityScheme::basic(),
        AuthenticationScheme::Jwt => {
            let keywords = &settings.jwt.auth_header_types;
            SecurityScheme::jwt_with(keywords.first().map_or("Bearer", String::as_str))
        }
        AuthenticationScheme::Bearer { name } => SecurityScheme::bearer(*name),
        AuthenticationScheme::Header { name, header } => SecurityScheme::header(*name, *header),
    }
}
