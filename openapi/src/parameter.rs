//! Values in the path, the query string, headers and cookies.

use serde_json::Value;
use utoipa::openapi::path::{self, ParameterBuilder, ParameterIn, ParameterStyle};
use utoipa::openapi::{Deprecated, Required};

use crate::operation::Operation;
use crate::schema::SchemaKind;
use crate::schemas::{self, Meta};

/// The location of a parameter in a request.
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
    pub(crate) kind: SchemaKind,
    pub(crate) description: Option<String>,
    pub(crate) required: bool,
    pub(crate) many: Option<Many>,
    pub(crate) default: Option<Value>,
    pub(crate) deprecated: bool,
}

impl Parameter {
    /// Creates a parameter; required if it is in the path.
    pub fn new(location: Location, name: impl Into<String>, kind: SchemaKind) -> Self {
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
    pub fn path(name: impl Into<String>, kind: SchemaKind) -> Self {
        Self::new(Location::Path, name, kind)
    }

    /// A parameter of the query string.
    pub fn query(name: impl Into<String>, kind: SchemaKind) -> Self {
        Self::new(Location::Query, name, kind)
    }

    /// The automatic integer key of a model, by the model's verbose name:
    /// `A unique integer value identifying this album.`
    pub fn integer_key(name: impl Into<String>, verbose_name: &str) -> Self {
        Self::path(name, SchemaKind::integer())
            .description(format!("A unique integer value identifying this {verbose_name}."))
    }

    /// The number of a page, as page-number pagination reads it.
    pub fn page(name: impl Into<String>) -> Self {
        Self::query(name, SchemaKind::integer())
            .description("A page number within the paginated result set.")
    }

    /// The page size: `page_size` or `limit`.
    pub fn page_size(name: impl Into<String>) -> Self {
        Self::query(name, SchemaKind::integer())
            .description("Number of results to return per page.")
    }

    /// The first row, as limit-offset pagination reads it.
    pub fn offset(name: impl Into<String>) -> Self {
        Self::query(name, SchemaKind::integer())
            .description("The initial index from which to return the results.")
    }

    /// The cursor of cursor pagination.
    pub fn cursor(name: impl Into<String>) -> Self {
        Self::query(name, SchemaKind::string()).description("The pagination cursor value.")
    }

    /// The words that a search filter looks for.
    pub fn search(name: impl Into<String>) -> Self {
        Self::query(name, SchemaKind::string()).description("A search term.")
    }

    /// The order of a list.
    pub fn ordering(name: impl Into<String>) -> Self {
        Self::query(name, SchemaKind::string())
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

    /// Takes several values, separated by commas: `?id__in=1,2`.
    #[must_use]
    pub fn comma_separated(mut self) -> Self {
        self.many = Some(Many::CommaSeparated);
        self
    }

    /// Takes several values, by repeating the parameter: `?genre=1&genre=2`.
    #[must_use]
    pub fn repeated(mut self) -> Self {
        self.many = Some(Many::Repeated);
        self
    }

    /// The default value.
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

/// The parameters by name, with every capture of the path.
pub(crate) fn build(operation: &Operation) -> Vec<path::Parameter> {
    let mut parameters: Vec<Parameter> = Vec::new();
    let captures = operation.path.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    let captures: Vec<&str> = captures.map(|(name, _)| name).collect();
    for parameter in &operation.parameters {
        let same = |other: &Parameter| {
            other.name == parameter.name && other.location == parameter.location
        };
        let stray =
            parameter.location == Location::Path && !captures.contains(&parameter.name.as_str());
        if !stray && !parameters.iter().any(same) {
            parameters.push(parameter.clone());
        }
    }
    for name in captures {
        let same = |other: &Parameter| other.name == name && other.location == Location::Path;
        if !parameters.iter().any(same) {
            parameters.push(Parameter::path(name, SchemaKind::string()));
        }
    }
    parameters.sort_by(|a, b| a.name.cmp(&b.name));
    parameters.iter().map(parameter).collect()
}

fn parameter(parameter: &Parameter) -> path::Parameter {
    let meta = Meta { default: parameter.default.clone(), ..Meta::default() };
    let choices = match &parameter.kind {
        SchemaKind::Enum { choices, .. } if choices.iter().any(|(_, label)| !label.is_empty()) => {
            Some(choices)
        }
        _ => None,
    };
    let mut description = parameter.description.clone();
    if let Some(choices) = choices {
        description = Some(match description {
            Some(text) => schemas::with_choices(&text, choices),
            None => schemas::choice_lines(choices),
        });
    }
    let comma_separated = parameter.many == Some(Many::CommaSeparated);
    if comma_separated && description.is_none() {
        description = Some("Multiple values may be separated by commas.".into());
    }
    let schema = if parameter.many.is_some() {
        schemas::array_of(schemas::schema(&parameter.kind, Meta::default()), meta)
    } else {
        schemas::schema(&parameter.kind, meta)
    };
    let mut builder = ParameterBuilder::new()
        .name(&parameter.name)
        .parameter_in(match parameter.location {
            Location::Path => ParameterIn::Path,
            Location::Query => ParameterIn::Query,
            Location::Header => ParameterIn::Header,
            Location::Cookie => ParameterIn::Cookie,
        })
        .description(description)
        .schema(Some(schema))
        .deprecated(parameter.deprecated.then_some(Deprecated::True))
        .required(if parameter.required { Required::True } else { Required::False });
    if parameter.many.is_some() && parameter.location == Location::Query {
        builder = builder.style(Some(ParameterStyle::Form)).explode(Some(!comma_separated));
    }
    builder.build()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api::Api;
    use crate::operation::{Method, Operation, Response};

    fn json(api: &Api) -> Value {
        serde_json::to_value(api.document()).unwrap()
    }

    fn get(path: &str) -> Operation {
        Operation::new(Method::Get, path).response(Response::new(200))
    }

    fn api() -> Api {
        Api::new("Store", "1").path_prefix("/api/")
    }

    #[test]
    fn a_capture_of_the_path_stays_required() {
        assert!(Parameter::path("id", SchemaKind::integer()).required(false).required);
        assert!(!Parameter::page("page").required);
    }

    #[test]
    fn parameters_are_sorted_and_captures_never_missing() {
        let operation = get("/api/tracks/{id}/{letter}/")
            .parameter(Parameter::page("page"))
            .parameter(Parameter::integer_key("id", "track"))
            .parameter(Parameter::path("nowhere", SchemaKind::string()));
        let document = json(&api().operation(operation));
        let parameters = &document["paths"]["/api/tracks/{id}/{letter}/"]["get"]["parameters"];
        assert_eq!(
            *parameters,
            json!([
                {"name": "id", "in": "path", "required": true, "schema": {"type": "integer"},
                    "description": "A unique integer value identifying this track."},
                {"name": "letter", "in": "path", "required": true, "schema": {"type": "string"}},
                {"name": "page", "in": "query", "required": false, "schema": {"type": "integer"},
                    "description": "A page number within the paginated result set."},
            ])
        );
    }

    #[test]
    fn many_values_of_a_query_parameter_say_how_they_are_written() {
        let operation = get("/api/tracks/")
            .parameter(Parameter::query("id__in", SchemaKind::integer()).comma_separated())
            .parameter(Parameter::query("tier", SchemaKind::choices([("a", "First")])).repeated());
        let document = json(&api().operation(operation));
        assert_eq!(
            document["paths"]["/api/tracks/"]["get"]["parameters"],
            json!([
                {"name": "id__in", "in": "query", "required": false, "style": "form",
                    "explode": false, "schema": {"type": "array", "items": {"type": "integer"}},
                    "description": "Multiple values may be separated by commas."},
                {"name": "tier", "in": "query", "required": false, "style": "form",
                    "explode": true, "description": "* `a` - First",
                    "schema": {"type": "array", "items": {"type": "string", "enum": ["a"]}}},
            ])
        );
    }
}
