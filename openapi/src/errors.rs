//! The error responses of REST framework, described once and referenced by every operation.

use std::collections::BTreeSet;

use serde_json::json;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{
    AdditionalProperties, AnyOfBuilder, ComponentsBuilder, ObjectBuilder,
};
use utoipa::openapi::{Content, RefOr, ResponseBuilder, Schema, Type};

use crate::naming;
use crate::schemas::{self, Meta};

/// An error response in REST framework's shape, stored once in the document's components.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ErrorResponse {
    /// 400: the errors of the body by field, or a body that cannot be parsed.
    ValidationError,
    /// 401: no credentials, or wrong ones.
    NotAuthenticated,
    /// 403: authenticated, but not allowed.
    PermissionDenied,
    /// 404: no such object or page.
    NotFound,
    /// 405: the path has no such method.
    MethodNotAllowed,
    /// 406: no acceptable media type.
    NotAcceptable,
    /// 409: the request conflicts with the current state of the resource.
    Conflict,
    /// 415: a body that no parser reads.
    UnsupportedMediaType,
    /// 429: too many requests.
    Throttled,
    /// 503: the database cannot be reached or is busy.
    ServiceUnavailable,
}

/// The names of the two schemas, chosen not to collide with the API's own components.
#[derive(Clone)]
pub(crate) struct Names {
    detail: String,
    validation: String,
    /// The body of every error, if it is not DRF's.
    own: Option<RefOr<Schema>>,
    validation_status: u16,
}

impl Names {
    pub(crate) fn claim(taken: &mut BTreeSet<String>) -> Self {
        Self {
            detail: naming::claim(taken, "Error"),
            validation: naming::claim(taken, "ValidationErrors"),
            own: None,
            validation_status: 400,
        }
    }

    /// Sets what an API has in place of DRF's body and status.
    pub(crate) fn with(self, own: Option<RefOr<Schema>>, validation_status: Option<u16>) -> Self {
        let validation_status = validation_status.unwrap_or(self.validation_status);
        Self { own, validation_status, ..self }
    }

    /// The status of an error.
    pub(crate) fn status(&self, error: ErrorResponse) -> u16 {
        match error {
            ErrorResponse::ValidationError => self.validation_status,
            other => status(other),
        }
    }

    /// Adds the responses that are used, and the schemas that they use.
    pub(crate) fn components(
        &self,
        mut builder: ComponentsBuilder,
        used: &BTreeSet<ErrorResponse>,
    ) -> ComponentsBuilder {
        if used.is_empty() {
            return builder;
        }
        if self.own.is_none() {
            builder = builder.schema(&self.detail, detail());
            if used.contains(&ErrorResponse::ValidationError) {
                builder = builder.schema(&self.validation, self.validation());
            }
        }
        for error in used {
            builder = builder.response(name(*error), self.response(*error));
        }
        builder
    }

    fn response(&self, error: ErrorResponse) -> ResponseBuilder {
        let schema = if let Some(own) = &self.own {
            own.clone()
        } else if error == ErrorResponse::ValidationError {
            let both = AnyOfBuilder::new().item(schemas::link(&self.validation));
            both.item(schemas::link(&self.detail)).into()
        } else {
            schemas::link(&self.detail)
        };
        let mut content = Content::new(Some(schema));
        content.example = match error {
            _ if self.own.is_some() => None,
            ErrorResponse::ValidationError => Some(json!({"field": ["This field is required."]})),
            other => Some(json!({"detail": example(other)})),
        };
        let mut builder = ResponseBuilder::new()
            .description(description(error))
            .content("application/json", content);
        let header = match error {
            ErrorResponse::NotAuthenticated => {
                Some(("WWW-Authenticate", Type::String, "How to authenticate."))
            }
            ErrorResponse::Throttled | ErrorResponse::ServiceUnavailable => {
                Some(("Retry-After", Type::Integer, "Seconds to wait."))
            }
            _ => None,
        };
        if let Some((name, kind, text)) = header {
            let schema = ObjectBuilder::new().schema_type(kind);
            let header = HeaderBuilder::new().schema(Some(schema)).description(Some(text));
            builder = builder.header(name, header.build());
        }
        builder
    }

    /// Messages by field; a nested serializer has such an object in turn, a list of them has a
    /// list of objects.
    fn validation(&self) -> RefOr<Schema> {
        let own = || schemas::link(&self.validation);
        let message = ObjectBuilder::new().schema_type(Type::String);
        let either = AnyOfBuilder::new().item(message).item(own());
        let list = schemas::array_of(either.into(), Meta::default());
        let value: RefOr<Schema> = AnyOfBuilder::new().item(list).item(own()).into();
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .description(Some(
                "Messages by field name. `non_field_errors` has those about the whole object.",
            ))
            .additional_properties(Some(AdditionalProperties::RefOr(value)))
            .into()
    }
}

fn detail() -> RefOr<Schema> {
    let message = ObjectBuilder::new().schema_type(Type::String);
    let object = ObjectBuilder::new().schema_type(Type::Object);
    object.property("detail", message).required("detail").into()
}

/// The status of an error.
fn status(error: ErrorResponse) -> u16 {
    match error {
        ErrorResponse::ValidationError => 400,
        ErrorResponse::NotAuthenticated => 401,
        ErrorResponse::PermissionDenied => 403,
        ErrorResponse::NotFound => 404,
        ErrorResponse::MethodNotAllowed => 405,
        ErrorResponse::NotAcceptable => 406,
        ErrorResponse::Conflict => 409,
        ErrorResponse::UnsupportedMediaType => 415,
        ErrorResponse::Throttled => 429,
        ErrorResponse::ServiceUnavailable => 503,
    }
}

/// The component's name: REST framework's class for the error.
pub(crate) fn name(error: ErrorResponse) -> &'static str {
    match error {
        ErrorResponse::ValidationError => "ValidationError",
        ErrorResponse::NotAuthenticated => "NotAuthenticated",
        ErrorResponse::PermissionDenied => "PermissionDenied",
        ErrorResponse::NotFound => "NotFound",
        ErrorResponse::MethodNotAllowed => "MethodNotAllowed",
        ErrorResponse::NotAcceptable => "NotAcceptable",
        ErrorResponse::Conflict => "Conflict",
        ErrorResponse::UnsupportedMediaType => "UnsupportedMediaType",
        ErrorResponse::Throttled => "Throttled",
        ErrorResponse::ServiceUnavailable => "ServiceUnavailable",
    }
}

fn description(error: ErrorResponse) -> &'static str {
    match error {
        ErrorResponse::ValidationError => "The body has mistakes, or cannot be read.",
        ErrorResponse::NotAuthenticated => "There are no credentials, or they are wrong.",
        ErrorResponse::PermissionDenied => "The caller may not do this.",
        ErrorResponse::NotFound => "There is no such object or page.",
        ErrorResponse::MethodNotAllowed => "The path does not have this method.",
        ErrorResponse::NotAcceptable => "No renderer writes what the caller accepts.",
        ErrorResponse::Conflict => "The request does not fit the present state.",
        ErrorResponse::UnsupportedMediaType => "No parser reads a body of this type.",
        ErrorResponse::Throttled => "Too many requests.",
        ErrorResponse::ServiceUnavailable => "The service is busy or its database is away.",
    }
}

fn example(error: ErrorResponse) -> &'static str {
    match error {
        ErrorResponse::ValidationError => "Invalid input.",
        ErrorResponse::NotAuthenticated => "Authentication credentials were not provided.",
        ErrorResponse::PermissionDenied => "You do not have permission to perform this action.",
        ErrorResponse::NotFound => "Not found.",
        ErrorResponse::MethodNotAllowed => "Method \"GET\" not allowed.",
        ErrorResponse::NotAcceptable => "Could not satisfy the request Accept header.",
        ErrorResponse::Conflict => "Conflict.",
        ErrorResponse::UnsupportedMediaType => "Unsupported media type \"text/plain\" in request.",
        ErrorResponse::Throttled => "Request was throttled. Expected available in 9 seconds.",
        ErrorResponse::ServiceUnavailable => "Service temporarily unavailable, try again later.",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::api::Api;
    use crate::errors::ErrorResponse;
    use crate::operation::{Method, Operation, Response};
    use crate::schema::Component;

    fn document(api: Api) -> Value {
        let operation = Operation::new(Method::Post, "/a/")
            .response(Response::new(201))
            .errors([ErrorResponse::ValidationError, ErrorResponse::Throttled]);
        serde_json::to_value(api.operation(operation).document()).unwrap()
    }

    #[test]
    fn an_operation_links_to_the_shared_answer() {
        let document = document(Api::new("A", "1"));
        assert_eq!(
            document["paths"]["/a/"]["post"]["responses"]["429"]["$ref"],
            "#/components/responses/Throttled"
        );
        let throttled = &document["components"]["responses"]["Throttled"];
        assert_eq!(throttled["headers"]["Retry-After"]["schema"]["type"], "integer");
        assert_eq!(document["components"]["responses"].get("NotFound"), None);
    }

    #[test]
    fn a_component_called_error_keeps_its_name() {
        let document = document(Api::new("A", "1").component(Component::new("Error")));
        let throttled = &document["components"]["responses"]["Throttled"];
        assert_eq!(
            throttled["content"]["application/json"]["schema"]["$ref"],
            "#/components/schemas/Error2"
        );
    }

    #[test]
    fn an_answer_told_by_the_operation_itself_counts() {
        let operation = Operation::new(Method::Get, "/a/")
            .response(Response::new(404).description("Gone."))
            .error(ErrorResponse::NotFound);
        let document = Api::new("A", "1").operation(operation).document();
        let document = serde_json::to_value(document).unwrap();
        assert_eq!(document["paths"]["/a/"]["get"]["responses"]["404"]["description"], "Gone.");
    }
}
