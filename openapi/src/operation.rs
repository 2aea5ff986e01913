//! One method of one path: its parameters, request body and responses.

use crate::errors::ErrorResponse;
use crate::parameter::Parameter;
use crate::schema::{SchemaKind, SchemaRef};

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
    /// Creates an operation on a path with captures in braces: `/api/tracks/{id}/`.
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

    /// Sets whether a GET returns a list, so that its id ends in `list`, not `retrieve`.
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

    /// Sets the request body. The component of a PATCH becomes `Patched{Name}`, in which nothing is
    /// required.
    #[must_use]
    pub fn request(mut self, body: Body) -> Self {
        self.request = Some(body);
        self
    }

    /// Adds a response. The first one of a status counts.
    #[must_use]
    pub fn response(mut self, response: Response) -> Self {
        self.responses.push(response);
        self
    }

    /// Adds one of the shared error responses.
    #[must_use]
    pub fn error(mut self, error: ErrorResponse) -> Self {
        self.errors.push(error);
        self
    }

    /// Adds several error responses.
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

    /// Sets whether anonymous clients are allowed too: `{}` at the end of the schemes.
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

/// The request body of an operation.
#[derive(Clone, Debug)]
pub struct Body {
    pub(crate) schema: SchemaRef,
    pub(crate) media_types: Vec<String>,
    pub(crate) required: Option<bool>,
    pub(crate) partial: bool,
    pub(crate) description: Option<String>,
}

impl Body {
    /// A JSON body, required unless the method is PATCH.
    pub fn new(schema: SchemaRef) -> Self {
        Self { schema, media_types: Vec::new(), required: None, partial: false, description: None }
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

    /// Whether nothing in the component is required, as in that of a PATCH.
    #[must_use]
    pub fn partial(mut self, partial: bool) -> Self {
        self.partial = partial;
        self
    }

    /// Whether a request without a body is refused.
    #[must_use]
    pub fn required(mut self, required: bool) -> Self {
        self.required = Some(required);
        self
    }

    /// Describes the body.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }
}

/// A response of an operation.
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
    pub(crate) kind: SchemaKind,
    pub(crate) description: String,
}

impl Response {
    /// Creates a response without a body.
    pub fn new(status: u16) -> Self {
        Self {
            status,
            schema: None,
            media_types: Vec::new(),
            description: None,
            headers: Vec::new(),
        }
    }

    /// Sets the schema of the body.
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

    /// Sets the description. By default, the reason phrase of the status, or `No response body`.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// Adds a header of the response.
    #[must_use]
    pub fn header(
        mut self,
        name: impl Into<String>,
        kind: SchemaKind,
        description: impl Into<String>,
    ) -> Self {
        self.headers.push(Header { name: name.into(), kind, description: description.into() });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_found_by_their_names() {
        assert_eq!(Method::from_name("PATCH"), Some(Method::Patch));
        assert_eq!(Method::from_name("patch"), None);
    }
}
