//! Turns the description of an API into a document.

use std::collections::{BTreeMap, BTreeSet};

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::info::{InfoBuilder, LicenseBuilder};
use utoipa::openapi::path::OperationBuilder;
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::ComponentsBuilder;
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    Content, Deprecated, HttpMethod, OpenApi, OpenApiBuilder, Paths, Ref, RefOr, Required,
    ResponseBuilder, Schema, ServerBuilder,
};

use crate::api::Api;
use crate::enums::{self, Enums};
use crate::errors::{self, ErrorResponse};
use crate::naming::{claim, common_prefix, operation_id, words};
use crate::operation::{Body, Method, Operation, Response};
use crate::schema::{Envelope, SchemaKind, SchemaRef};
use crate::schemas::{self, BLANK_ENUM, Meta, NULL_ENUM};
use crate::{parameter, security};

const JSON: &str = "application/json";

impl Api {
    /// The document of the API: OpenAPI 3.1, the same for the same input.
    pub fn document(&self) -> OpenApi {
        let operations = self.distinct_operations();
        let names = Names::of(self, &operations);
        let mut paths = Paths::new();
        for (operation, id, tag) in self.identify(&operations) {
            let built = names.operation(operation, id, tag);
            paths.add_path_operation(&operation.path, vec![http_method(operation.method)], built);
        }
        let servers = self.servers.iter().map(|server| {
            let builder = ServerBuilder::new().url(&server.url);
            builder.description(server.description.as_deref()).build()
        });
        let tags = self.tags.iter().map(|(name, description)| {
            TagBuilder::new().name(name).description(Some(description)).build()
        });
        OpenApiBuilder::new()
            .info(self.info())
            .servers((!self.servers.is_empty()).then(|| servers.collect::<Vec<_>>()))
            .paths(paths)
            .components(Some(names.components(self, &operations)))
            .tags((!self.tags.is_empty()).then(|| tags.collect::<Vec<_>>()))
            .build()
    }

    fn info(&self) -> utoipa::openapi::Info {
        let license = self.license.as_ref().map(|license| {
            let builder = LicenseBuilder::new().name(&license.name);
            builder.identifier(license.identifier.as_deref()).url(license.url.as_deref()).build()
        });
        InfoBuilder::new()
            .title(&self.title)
            .version(&self.version)
            .description(self.description.as_deref())
            .license(license)
            .build()
    }

    /// Sorted by path and method, the first of each.
    fn distinct_operations(&self) -> Vec<&Operation> {
        let mut operations: Vec<&Operation> = self.operations.iter().collect();
        operations.sort_by_key(|operation| (&operation.path, operation.method));
        operations.dedup_by_key(|operation| (&operation.path, operation.method));
        operations
    }

    /// Operations with their ids and tags.
    fn identify<'a>(
        &self,
        operations: &[&'a Operation],
    ) -> Vec<(&'a Operation, String, Option<String>)> {
        let prefix = self.path_prefix.clone().unwrap_or_else(|| {
            common_prefix(operations.iter().map(|operation| operation.path.as_str()))
        });
        let mut taken = BTreeSet::new();
        let identify = |operation: &&'a Operation| {
            let words = words(&operation.path, &prefix);
            let action = match operation.method {
                Method::Get if operation.list => "list",
                method => method.action(),
            };
            let wanted = operation.id.clone();
            let wanted = wanted.unwrap_or_else(|| operation_id(&words, action));
            let mut id = wanted.clone();
            let mut number = 2_u32;
            while !taken.insert(id.clone()) {
                id = format!("{wanted}_{number}");
                number += 1;
            }
            let tag = operation.tag.clone().or_else(|| words.first().map(|&word| word.to_owned()));
            (*operation, id, tag)
        };
        operations.iter().map(identify).collect()
    }
}

/// The names of everything that becomes a component.
struct Names {
    enums: Enums,
    patched: BTreeMap<String, String>,
    pages: BTreeMap<(String, Envelope), String>,
    errors: errors::Names,
}

impl Names {
    fn of(api: &Api, operations: &[&Operation]) -> Self {
        let mut taken: BTreeSet<String> =
            api.components.iter().map(|component| component.name.clone()).collect();
        taken.extend([BLANK_ENUM.to_owned(), NULL_ENUM.to_owned()]);
        let mut patched = BTreeMap::new();
        let mut pages: BTreeMap<String, BTreeSet<Envelope>> = BTreeMap::new();
        for operation in operations {
            if let Some(name) = patched_target(operation) {
                patched
                    .entry(name.to_owned())
                    .or_insert_with(|| claim(&mut taken, &format!("Patched{name}")));
            }
            for schema in schemas_of(operation) {
                if let SchemaRef::Page(name, envelope) = schema.inside() {
                    pages.entry(name.clone()).or_default().insert(envelope.clone());
                }
            }
        }
        let mut named = BTreeMap::new();
        for (name, envelopes) in pages {
            // Two envelopes over one serializer are two components: the first keeps the plain name.
            for (index, envelope) in envelopes.into_iter().enumerate() {
                let word = if index == 0 { "" } else { envelope.word() };
                let claimed = claim(&mut taken, &format!("{word}Paginated{name}List"));
                named.insert((name.clone(), envelope), claimed);
            }
        }
        let errors = errors::Names::claim(&mut taken);
        let enums = Enums::collect(&api.components, &mut taken);
        let mut all = Self { enums, patched, pages: named, errors };
        let own = api.error_schema.as_ref().map(|schema| all.schema(schema));
        all.errors = all.errors.clone().with(own, api.validation_status);
        all
    }

    fn schema(&self, schema: &SchemaRef) -> RefOr<Schema> {
        match schema {
            SchemaRef::Component(name) => schemas::link(name),
            SchemaRef::List(name) => schemas::array_of(schemas::link(name), Meta::default()),
            SchemaRef::Page(name, envelope) => {
                let key = (name.clone(), envelope.clone());
                schemas::link(self.pages.get(&key).map_or(name, |page| page))
            }
            SchemaRef::OneOrList(name, fewest, most) => {
                schemas::one_or_list(&schemas::link(name), *fewest, *most)
            }
            SchemaRef::Inline(kind) => schemas::schema(kind, Meta::default()),
            SchemaRef::Under(key, inner) => schemas::under(key, self.schema(inner)),
        }
    }

    fn operation(
        &self,
        operation: &Operation,
        id: String,
        tag: Option<String>,
    ) -> OperationBuilder {
        let mut builder = OperationBuilder::new()
            .operation_id(Some(id))
            .summary(operation.summary.as_deref())
            .description(operation.description.as_deref())
            .tags(tag.map(|tag| [tag]));
        let parameters = parameter::build(operation);
        if !parameters.is_empty() {
            builder = builder.parameters(Some(parameters));
        }
        if let Some(body) = &operation.request {
            builder = builder.request_body(Some(self.request(operation, body)));
        }
        let mut statuses = BTreeSet::new();
        for response in &operation.responses {
            if statuses.insert(response.status) {
                builder = builder.response(response.status.to_string(), self.response(response));
            }
        }
        for error in &operation.errors {
            if statuses.insert(self.errors.status(*error)) {
                let reference = Ref::from_response_name(errors::name(*error));
                builder = builder.response(self.errors.status(*error).to_string(), reference);
            }
        }
        if statuses.is_empty() {
            // A document needs one response.
            builder = builder.response("default", ResponseBuilder::new().description("Any answer"));
        }
        for scheme in &operation.security {
            builder = builder.security(SecurityRequirement::new(scheme, [""; 0]));
        }
        if operation.anonymous {
            builder = builder.security(SecurityRequirement::default());
        }
        builder.deprecated(operation.deprecated.then_some(Deprecated::True))
    }

    fn request(&self, operation: &Operation, body: &Body) -> RequestBody {
        let patched = patched_target(operation).and_then(|name| self.patched.get(name));
        let schema = match (patched, &body.schema) {
            (Some(name), SchemaRef::Under(key, _)) => schemas::under(key, schemas::link(name)),
            (Some(name), _) => schemas::link(name),
            (None, schema) => self.schema(schema),
        };
        let required = body.required.unwrap_or(!is_partial(operation, body));
        let mut builder = RequestBodyBuilder::new().description(body.description.as_deref());
        for media_type in or_json(&body.media_types) {
            builder = builder.content(media_type, Content::new(Some(schema.clone())));
        }
        builder.required(required.then_some(Required::True)).build()
    }

    fn response(&self, response: &Response) -> ResponseBuilder {
        // A description is required, and utoipa leaves out an empty one.
        let described = response.description.as_deref().filter(|text| !text.is_empty());
        let mut builder = ResponseBuilder::new();
        if let Some(schema) = &response.schema {
            let schema = self.schema(schema);
            for media_type in or_json(&response.media_types) {
                builder = builder.content(media_type, Content::new(Some(schema.clone())));
            }
            builder = builder.description(described.unwrap_or_else(|| reason(response.status)));
        } else {
            builder = builder.description(described.unwrap_or("No response body"));
        }
        for header in &response.headers {
            let schema = schemas::schema(&header.kind, Meta::default());
            let built = HeaderBuilder::new().schema(Some(schema));
            builder =
                builder.header(&header.name, built.description(Some(&header.description)).build());
        }
        builder
    }

    fn components(&self, api: &Api, operations: &[&Operation]) -> utoipa::openapi::Components {
        let mut builder = ComponentsBuilder::new();
        let mut seen = BTreeSet::new();
        let (mut blank, mut null) = (false, false);
        for component in &api.components {
            if !seen.insert(&component.name) {
                continue;
            }
            let schema = schemas::component(component, &self.enums, false);
            builder = builder.schema(&component.name, schema);
            if let Some(patched) = self.patched.get(&component.name) {
                let schema = schemas::component(component, &self.enums, true);
                builder = builder.schema(patched, schema);
            }
            for field in &component.fields {
                if let Some((_, allow_blank)) = enums::choices(field) {
                    blank |= allow_blank;
                    null |= field.nullable && !matches!(field.kind, SchemaKind::Array(_));
                }
            }
        }
        for (name, choices) in self.enums.iter() {
            builder = builder.schema(name, schemas::enumeration(choices));
        }
        if blank {
            builder = builder.schema(BLANK_ENUM, schemas::blank_enum());
        }
        if null {
            builder = builder.schema(NULL_ENUM, schemas::null());
        }
        for ((name, envelope), page) in &self.pages {
            builder = builder.schema(page, schemas::page(name, envelope));
        }
        let errors: BTreeSet<ErrorResponse> =
            operations.iter().flat_map(|operation| operation.errors.iter().copied()).collect();
        builder = self.errors.components(builder, &errors);
        for scheme in &api.security_schemes {
            builder = builder.security_scheme(&scheme.name, security::build(scheme));
        }
        builder.build()
    }
}

/// The component of a PATCH, which becomes a patched one.
fn patched_target(operation: &Operation) -> Option<&str> {
    let body = operation.request.as_ref().filter(|body| is_partial(operation, body))?;
    match body.schema.inside() {
        SchemaRef::Component(name) => Some(name),
        _ => None,
    }
}

/// Whether nothing is required of a body.
fn is_partial(operation: &Operation, body: &Body) -> bool {
    body.partial || operation.method == Method::Patch
}

fn schemas_of(operation: &Operation) -> impl Iterator<Item = &SchemaRef> {
    let bodies = operation.request.iter().map(|body| &body.schema);
    bodies.chain(operation.responses.iter().filter_map(|response| response.schema.as_ref()))
}

fn or_json(media_types: &[String]) -> Vec<&str> {
    if media_types.is_empty() {
        vec![JSON]
    } else {
        media_types.iter().map(String::as_str).collect()
    }
}

/// The default description of a status.
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No content",
        300..=399 => "Elsewhere",
        400..=499 => "The request is at fault",
        500..=599 => "The service is at fault",
        _ => "Answer",
    }
}

fn http_method(method: Method) -> HttpMethod {
    match method {
        Method::Get => HttpMethod::Get,
        Method::Post => HttpMethod::Post,
        Method::Put => HttpMethod::Put,
        Method::Patch => HttpMethod::Patch,
        Method::Delete => HttpMethod::Delete,
        Method::Head => HttpMethod::Head,
        Method::Options => HttpMethod::Options,
        Method::Trace => HttpMethod::Trace,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::schema::{Component, FieldSchema};
    use crate::security::SecurityScheme;

    fn json(api: &Api) -> Value {
        serde_json::to_value(api.document()).unwrap()
    }

    fn get(path: &str) -> Operation {
        Operation::new(Method::Get, path).response(Response::new(200))
    }

    fn api() -> Api {
        Api::new("Store", "1").path_prefix("/api/")
    }

    fn track() -> Component {
        Component::new("Track").field(FieldSchema::new("name", SchemaKind::string()).required(true))
    }

    #[test]
    fn ids_and_tags_come_from_the_path() {
        let document = json(&api().operation(get("/api/media-types/").list(true)));
        let operation = &document["paths"]["/api/media-types/"]["get"];
        assert_eq!(operation["operationId"], "media_types_list");
        assert_eq!(operation["tags"], json!(["media-types"]));
    }

    #[test]
    fn ids_that_clash_are_numbered_in_the_order_of_paths() {
        let document = json(&api().operation(get("/api/a/{id}/")).operation(get("/api/a/")));
        assert_eq!(document["paths"]["/api/a/"]["get"]["operationId"], "a_retrieve");
        assert_eq!(document["paths"]["/api/a/{id}/"]["get"]["operationId"], "a_retrieve_2");
    }

    #[test]
    fn a_patch_reads_a_component_in_which_nothing_is_required() {
        let patch = Operation::new(Method::Patch, "/api/tracks/{id}/")
            .request(Body::new(SchemaRef::component("Track")))
            .response(Response::new(200).schema(SchemaRef::component("Track")));
        let document = json(&api().component(track()).operation(patch));
        let operation = &document["paths"]["/api/tracks/{id}/"]["patch"];
        assert_eq!(
            operation["requestBody"],
            json!({"content": {"application/json":
                {"schema": {"$ref": "#/components/schemas/PatchedTrack"}}}})
        );
        assert_eq!(document["components"]["schemas"]["PatchedTrack"].get("required"), None);
        assert_eq!(document["components"]["schemas"]["Track"]["required"], json!(["name"]));
    }

    #[test]
    fn two_paginators_over_one_serializer_have_two_components() {
        let page = |path: &str, envelope| {
            let schema = SchemaRef::page("Track", envelope);
            Operation::new(Method::Get, path).response(Response::new(200).schema(schema))
        };
        let api = api()
            .component(track())
            .operation(page("/api/a/", Envelope::cursor("cursor")))
            .operation(page("/api/b/", Envelope::page_number("page")))
            .operation(page("/api/c/", Envelope::page_number("page")));
        let document = json(&api);
        let of = |path: &str| {
            let schema = document["paths"][path]["get"]["responses"]["200"]["content"]
                ["application/json"]["schema"]["$ref"]
                .as_str();
            schema.unwrap().rsplit('/').next().unwrap().to_owned()
        };
        assert_eq!(of("/api/a/"), "CursorPaginatedTrackList");
        assert_eq!(of("/api/b/"), "PaginatedTrackList");
        assert_eq!(of("/api/c/"), "PaginatedTrackList");
    }

    #[test]
    fn an_empty_requirement_lets_anonymous_callers_in() {
        let api = api()
            .security_scheme(SecurityScheme::token("Token"))
            .operation(get("/api/a/").security(["tokenAuth"]).anonymous(true));
        let document = json(&api);
        assert_eq!(document["paths"]["/api/a/"]["get"]["security"], json!([{"tokenAuth": []}, {}]));
        assert_eq!(
            document["components"]["securitySchemes"]["tokenAuth"],
            json!({"type": "apiKey", "in": "header", "name": "Authorization",
                "description": "Token-based authentication with required prefix \"Token\""})
        );
    }

    #[test]
    fn an_answer_without_a_body_says_so() {
        let delete = Operation::new(Method::Delete, "/api/a/{id}/").response(Response::new(204));
        let document = json(&api().operation(delete));
        assert_eq!(
            document["paths"]["/api/a/{id}/"]["delete"]["responses"],
            json!({"204": {"description": "No response body"}})
        );
    }

    #[test]
    fn an_answer_that_nobody_described_is_described_by_its_status() {
        let api = api().operation(Operation::new(Method::Get, "/api/a/").response(
            Response::new(200).schema(SchemaRef::inline(SchemaKind::Any)).description(""),
        ));
        let responses = &json(&api)["paths"]["/api/a/"]["get"]["responses"];
        assert_eq!(responses["200"]["description"], "OK");
    }

    #[test]
    fn the_first_operation_of_a_path_counts() {
        let api = api()
            .operation(get("/api/a/").summary("first"))
            .operation(get("/api/a/").summary("second"));
        assert_eq!(json(&api)["paths"]["/api/a/"]["get"]["summary"], "first");
        assert_eq!(api.problems(), ["Get /api/a/ is told twice"]);
    }

    #[test]
    fn a_licence_is_shown_by_its_identifier() {
        let document = json(&api().license("MIT", "MIT"));
        assert_eq!(document["info"]["license"], json!({"name": "MIT", "identifier": "MIT"}));
        assert_eq!(json(&api())["info"].get("license"), None);
    }
}
