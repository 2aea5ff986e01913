//! What an API offers, told without knowing who serves it.

use serde_json::Value;

use crate::schema::{Component, Kind, SchemaRef};

/// A whole API: what [`Api::document`] turns into an OpenAPI document.
///
/// ```
/// use quintet_openapi::{Api, Component, FieldSchema, Kind, Method, Operation, Response, SchemaRef};
///
/// let document = Api::new("Music store API", "1.0.0")
///     .path_prefix("/api/")
///     .component(
///         Component::new("Artist").field(FieldSchema::new("name", Kind::string()).required(true)),
///     )
///     .operation(
///         Operation::new(Method::Get, "/api/artists/{id}/")
///             .response(Response::new(200).schema(SchemaRef::component("Artist"))),
///     )
///     .document();
/// assert!(document.paths.paths.contains_key("/api/artists/{id}/"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Api {
    pub(crate) title: String,
    pub(crate) version: String,
    pub(crate) description: Option<String>,
    pub(crate) license: Option<License>,
    pub(crate) path_prefix: Option<String>,
    pub(crate) servers: Vec<Server>,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) security_schemes: Vec<SecurityScheme>,
    pub(crate) components: Vec<Component>,
    pub(crate) operations: Vec<Operation>,
}

#[derive(Clone, Debug)]
pub(crate) struct License {
    pub(crate) name: String,
    pub(crate) identifier: Option<String>,
    pub(crate) url: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) description: Option<String>,
}

impl Api {
    /// An API without operations.
    pub fn new(title: impl Into<String>, version: impl Into<String>) -> Self {
        Self { title: title.into(), version: version.into(), ..Self::default() }
    }

    /// What the API is for; Markdown.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// The licence of the API by its SPDX identifier, such as `Apache-2.0`.
    #[must_use]
    pub fn license(mut self, name: impl Into<String>, identifier: impl Into<String>) -> Self {
        self.license =
            Some(License { name: name.into(), identifier: Some(identifier.into()), url: None });
        self
    }

    /// The licence of the API by an address to read it at. A document has one or the other.
    #[must_use]
    pub fn license_url(mut self, name: impl Into<String>, url: impl Into<String>) -> Self {
        self.license = Some(License { name: name.into(), identifier: None, url: Some(url.into()) });
        self
    }

    /// The part of every path that names nothing, such as `/api/`: left out of operation ids and
    /// tags. By default it is what all paths begin with.
    #[must_use]
    pub fn path_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.path_prefix = Some(prefix.into());
        self
    }

    /// Adds an address at which the API is served.
    #[must_use]
    pub fn server(mut self, url: impl Into<String>) -> Self {
        self.servers.push(Server { url: url.into(), description: None });
        self
    }

    /// Adds an address at which the API is served, with a line about it.
    #[must_use]
    pub fn described_server(
        mut self,
        url: impl Into<String>,
        description: impl Into<String>,
    ) -> Self {
        self.servers.push(Server { url: url.into(), description: Some(description.into()) });
        self
    }

    /// Says what the operations under a tag have in common.
    #[must_use]
    pub fn tag(mut self, name: impl Into<String>, description: impl Into<String>) -> Self {
        self.tags.push((name.into(), description.into()));
        self
    }

    /// Adds a way to authenticate. A second scheme of the same name is ignored.
    #[must_use]
    pub fn security_scheme(mut self, scheme: SecurityScheme) -> Self {
        if !self.security_schemes.iter().any(|known| known.name == scheme.name) {
            self.security_schemes.push(scheme);
        }
        self
    }

    /// Adds a serializer's schema. The same component may be added many times; two that differ
    /// under one name are a mistake that [`Api::problems`] reports, and the first one counts.
    #[must_use]
    pub fn component(mut self, component: Component) -> Self {
        if !self.components.contains(&component) {
            self.components.push(component);
        }
        self
    }

    /// Adds an operation. The first one of a method and path counts, as in a URL table.
    #[must_use]
    pub fn operation(mut self, operation: Operation) -> Self {
        self.operations.push(operation);
        self
    }

    /// Whether a component of this name was added.
    pub fn has_component(&self, name: &str) -> bool {
        self.components.iter().any(|component| component.name == name)
    }
}

/// An HTTP method that a document can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
    /// `DELETE`
    Delete,
    /// `HEAD`
    Head,
    /// `OPTIONS`
    Options,
    /// `TRACE`
    Trace,
}

impl Method {
    /// The method of a name as HTTP writes it; `None` for one that documents cannot show.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "GET" => Self::Get,
            "POST" => Self::Post,
            "PUT" => Self::Put,
            "PATCH" => Self::Patch,
            "DELETE" => Self::Delete,
            "HEAD" => Self::Head,
            "OPTIONS" => Self::Options,
            "TRACE" => Self::Trace,
            _ => return None,
        })
    }

    /// The last word of an operation id when the view names no action.
    pub(crate) fn action(self) -> &'static str {
        match self {
            Self::Get => "retrieve",
            Self::Post => "create",
            Self::Put => "update",
            Self::Patch => "partial_update",
            Self::Delete => "destroy",
            Self::Head => "head",
            Self::Options => "options",
            Self::Trace => "trace",
        }
    }
}

/// One method of one path.
#[derive(Clone, Debug)]
pub struct Operation {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) id: Option<String>,
    pub(crate) list: bool,
    pub(crate) summary: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) tag: Option<String>,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) request: Option<Body>,
    pub(crate) responses: Vec<Response>,
    pub(crate) errors: Vec<ErrorResponse>,
    pub(crate) security: Vec<String>,
    pub(crate) anonymous: bool,
    pub(crate) deprecated: bool,
}

impl Operation {
    /// An operation on a path whose captures stand in braces: `/api/tracks/{id}/`.
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            id: None,
            list: false,
            summary: None,
            description: None,
            tag: None,
            parameters: Vec::new(),
            request: None,
            responses: Vec::new(),
            errors: Vec::new(),
            security: Vec::new(),
            anonymous: false,
            deprecated: false,
        }
    }

    /// Whether a GET answers with a list, so that its id ends in `list`, not `retrieve`.
    #[must_use]
    pub fn list(mut self, list: bool) -> Self {
        self.list = list;
        self
    }

    /// The operation's id. By default the words of the path and one for the method:
    /// `playlists_tracks_create`.
    #[must_use]
    pub fn operation_id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// A few words shown beside the path.
    #[must_use]
    pub fn summary(mut self, text: impl Into<String>) -> Self {
        self.summary = Some(text.into());
        self
    }

    /// What the operation does; Markdown.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// The group that the operation is shown in. By default the first word of the path.
    #[must_use]
    pub fn tag(mut self, name: impl Into<String>) -> Self {
        self.tag = Some(name.into());
        self
    }

    /// Adds a parameter. The first one of a name and place counts; a capture of the path that is
    /// never declared becomes a string parameter.
    #[must_use]
    pub fn parameter(mut self, parameter: Parameter) -> Self {
        self.parameters.push(parameter);
        self
    }

    /// Adds several parameters.
    #[must_use]
    pub fn parameters(mut self, parameters: impl IntoIterator<Item = Parameter>) -> Self {
        self.parameters.extend(parameters);
        self
    }

    /// What the operation reads. The component of a PATCH becomes `Patched{Name}`, in which
    /// nothing is required.
    #[must_use]
    pub fn request(mut self, body: Body) -> Self {
        self.request = Some(body);
        self
    }

    /// Adds an answer. The first one of a status counts.
    #[must_use]
    pub fn response(mut self, response: Response) -> Self {
        self.responses.push(response);
        self
    }

    /// Adds one of the error answers that all operations share.
    #[must_use]
    pub fn error(mut self, error: ErrorResponse) -> Self {
        self.errors.push(error);
        self
    }

    /// Adds several error answers.
    #[must_use]
    pub fn errors(mut self, errors: impl IntoIterator<Item = ErrorResponse>) -> Self {
        self.errors.extend(errors);
        self
    }

    /// The names of the security schemes that are tried, in order.
    #[must_use]
    pub fn security<I, S>(mut self, schemes: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: Into<String>,
    {
        self.security = schemes.into_iter().map(Into::into).collect();
        self
    }

    /// Whether a caller without credentials is served too: `{}` at the end of the schemes.
    #[must_use]
    pub fn anonymous(mut self, allowed: bool) -> Self {
        self.anonymous = allowed;
        self
    }

    /// Whether the operation should no longer be used.
    #[must_use]
    pub fn deprecated(mut self, deprecated: bool) -> Self {
        self.deprecated = deprecated;
        self
    }
}

/// Where a parameter stands in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Location {
    /// In the path.
    Path,
    /// In the query string.
    Query,
    /// A header.
    Header,
    /// A cookie.
    Cookie,
}

/// How a query parameter holds more than one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Many {
    CommaSeparated,
    Repeated,
}

/// A value in the path, the query string, a header or a cookie.
#[derive(Clone, Debug)]
pub struct Parameter {
    pub(crate) name: String,
    pub(crate) location: Location,
    pub(crate) kind: Kind,
    pub(crate) description: Option<String>,
    pub(crate) required: bool,
    pub(crate) many: Option<Many>,
    pub(crate) default: Option<Value>,
    pub(crate) deprecated: bool,
}

impl Parameter {
    /// A parameter at a place; required when that is the path.
    pub fn new(location: Location, name: impl Into<String>, kind: Kind) -> Self {
        Self {
            name: name.into(),
            location,
            kind,
            description: None,
            required: location == Location::Path,
            many: None,
            default: None,
            deprecated: false,
        }
    }

    /// A capture of the path.
    pub fn path(name: impl Into<String>, kind: Kind) -> Self {
        Self::new(Location::Path, name, kind)
    }

    /// A parameter of the query string.
    pub fn query(name: impl Into<String>, kind: Kind) -> Self {
        Self::new(Location::Query, name, kind)
    }

    /// The automatic integer key of a model, by the model's verbose name:
    /// `A unique integer value identifying this album.`
    pub fn integer_key(name: impl Into<String>, verbose_name: &str) -> Self {
        Self::path(name, Kind::integer())
            .description(format!("A unique integer value identifying this {verbose_name}."))
    }

    /// The number of a page, as page-number pagination reads it.
    pub fn page(name: impl Into<String>) -> Self {
        Self::query(name, Kind::integer())
            .description("A page number within the paginated result set.")
    }

    /// How many rows a page has: `page_size` or `limit`.
    pub fn page_size(name: impl Into<String>) -> Self {
        Self::query(name, Kind::integer()).description("Number of results to return per page.")
    }

    /// The first row, as limit-offset pagination reads it.
    pub fn offset(name: impl Into<String>) -> Self {
        Self::query(name, Kind::integer())
            .description("The initial index from which to return the results.")
    }

    /// The place in a list, as cursor pagination reads it.
    pub fn cursor(name: impl Into<String>) -> Self {
        Self::query(name, Kind::string()).description("The pagination cursor value.")
    }

    /// The words that a search filter looks for.
    pub fn search(name: impl Into<String>) -> Self {
        Self::query(name, Kind::string()).description("A search term.")
    }

    /// The order of a list.
    pub fn ordering(name: impl Into<String>) -> Self {
        Self::query(name, Kind::string())
            .description("Which field to use when ordering the results.")
    }

    /// What the parameter does.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// Whether a request without it is refused. A capture of the path is always required.
    #[must_use]
    pub fn required(mut self, required: bool) -> Self {
        self.required = required || self.location == Location::Path;
        self
    }

    /// Several values of the kind in one, separated by commas: `?id__in=1,2`.
    #[must_use]
    pub fn comma_separated(mut self) -> Self {
        self.many = Some(Many::CommaSeparated);
        self
    }

    /// Several values of the kind, the parameter repeated: `?genre=1&genre=2`.
    #[must_use]
    pub fn repeated(mut self) -> Self {
        self.many = Some(Many::Repeated);
        self
    }

    /// The value that counts when none is sent.
    #[must_use]
    pub fn default_value(mut self, value: impl Into<Value>) -> Self {
        self.default = Some(value.into());
        self
    }

    /// Whether the parameter should no longer be used.
    #[must_use]
    pub fn deprecated(mut self, deprecated: bool) -> Self {
        self.deprecated = deprecated;
        self
    }
}

/// What an operation reads.
#[derive(Clone, Debug)]
pub struct Body {
    pub(crate) schema: SchemaRef,
    pub(crate) media_types: Vec<String>,
    pub(crate) required: Option<bool>,
    pub(crate) description: Option<String>,
}

impl Body {
    /// A JSON body, required unless the method is PATCH.
    pub fn new(schema: SchemaRef) -> Self {
        Self { schema, media_types: Vec::new(), required: None, description: None }
    }

    /// The media types that the view's parsers take, instead of JSON.
    #[must_use]
    pub fn media_types<I, S>(mut self, types: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: Into<String>,
    {
        self.media_types = types.into_iter().map(Into::into).collect();
        self
    }

    /// Whether a request without a body is refused.
    #[must_use]
    pub fn required(mut self, required: bool) -> Self {
        self.required = Some(required);
        self
    }

    /// What the body holds.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }
}

/// One answer of an operation.
#[derive(Clone, Debug)]
pub struct Response {
    pub(crate) status: u16,
    pub(crate) schema: Option<SchemaRef>,
    pub(crate) media_types: Vec<String>,
    pub(crate) description: Option<String>,
    pub(crate) headers: Vec<Header>,
}

#[derive(Clone, Debug)]
pub(crate) struct Header {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) description: String,
}

impl Response {
    /// An answer without a body.
    pub fn new(status: u16) -> Self {
        Self {
            status,
            schema: None,
            media_types: Vec::new(),
            description: None,
            headers: Vec::new(),
        }
    }

    /// What the body holds.
    #[must_use]
    pub fn schema(mut self, schema: SchemaRef) -> Self {
        self.schema = Some(schema);
        self
    }

    /// The media types that the view's renderers write, instead of JSON.
    #[must_use]
    pub fn media_types<I, S>(mut self, types: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: Into<String>,
    {
        self.media_types = types.into_iter().map(Into::into).collect();
        self
    }

    /// When this is the answer. By default a word for the status, or `No response body`.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// Adds a header of the answer.
    #[must_use]
    pub fn header(
        mut self,
        name: impl Into<String>,
        kind: Kind,
        description: impl Into<String>,
    ) -> Self {
        self.headers.push(Header { name: name.into(), kind, description: description.into() });
        self
    }
}

/// An error answer in REST framework's shape, kept once in the document's components.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ErrorResponse {
    /// 400: the body's mistakes by field, or a body that cannot be read.
    ValidationError,
    /// 401: no credentials, or bad ones.
    NotAuthenticated,
    /// 403: known, but not allowed.
    PermissionDenied,
    /// 404: no such object or page.
    NotFound,
    /// 405: the path has no such method.
    MethodNotAllowed,
    /// 406: nothing that the caller accepts.
    NotAcceptable,
    /// 409: the request fights the present state.
    Conflict,
    /// 415: a body of a kind that no parser reads.
    UnsupportedMediaType,
    /// 429: too many requests.
    Throttled,
    /// 503: the database is away or busy.
    ServiceUnavailable,
}

/// A way to authenticate, by the name that operations use for it.
#[derive(Clone, Debug)]
pub struct SecurityScheme {
    pub(crate) name: String,
    pub(crate) scheme: Scheme,
    pub(crate) description: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) enum Scheme {
    Header(String),
    Cookie(String),
    Basic,
    Bearer(Option<String>),
}

impl SecurityScheme {
    /// `tokenAuth`: the `Authorization` header with a keyword, usually `Token`.
    pub fn token(keyword: &str) -> Self {
        Self::header("tokenAuth", "Authorization")
            .description(format!("Token-based authentication with required prefix \"{keyword}\""))
    }

    /// `jwtAuth`: a JSON Web Token as bearer.
    pub fn jwt() -> Self {
        Self::of("jwtAuth", Scheme::Bearer(Some("JWT".into())))
    }

    /// `basicAuth`: user name and password.
    pub fn basic() -> Self {
        Self::of("basicAuth", Scheme::Basic)
    }

    /// `cookieAuth`: a session by its cookie, usually `sessionid`.
    pub fn session(cookie: impl Into<String>) -> Self {
        Self::of("cookieAuth", Scheme::Cookie(cookie.into()))
    }

    /// A key in a header, for an authenticator of your own.
    pub fn header(name: impl Into<String>, header: impl Into<String>) -> Self {
        Self::of(name, Scheme::Header(header.into()))
    }

    /// A bearer token of your own.
    pub fn bearer(name: impl Into<String>) -> Self {
        Self::of(name, Scheme::Bearer(None))
    }

    fn of(name: impl Into<String>, scheme: Scheme) -> Self {
        Self { name: name.into(), scheme, description: None }
    }

    /// What the caller has to send.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// The name that [`Operation::security`] takes.
    pub fn name(&self) -> &str {
        &self.name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capture_of_the_path_stays_required() {
        assert!(Parameter::path("id", Kind::integer()).required(false).required);
        assert!(!Parameter::page("page").required);
    }

    #[test]
    fn a_scheme_and_a_component_are_kept_once() {
        let api = Api::new("A", "1")
            .security_scheme(SecurityScheme::basic())
            .security_scheme(SecurityScheme::basic())
            .component(Component::new("Artist"))
            .component(Component::new("Artist"));
        assert_eq!((api.security_schemes.len(), api.components.len()), (1, 1));
        assert!(api.has_component("Artist"));
    }

    #[test]
    fn methods_are_found_by_their_names() {
        assert_eq!(Method::from_name("PATCH"), Some(Method::Patch));
        assert_eq!(Method::from_name("patch"), None);
    }
}
