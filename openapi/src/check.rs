//! Checks an OpenAPI 3.1 document, for tests and at start-up.
//!
//! The rules are those of the specification that a generator can break: dangling references,
//! operation ids used twice, captures without a parameter, responses without a description, unknown
//! security schemes, schema keywords with values of the wrong type.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// The errors of a document, each with its location; empty if it is valid.
pub fn problems(document: &Value) -> Vec<String> {
    let mut check = Check { document, problems: Vec::new(), ids: BTreeMap::new() };
    check.document();
    check.problems
}

struct Check<'a> {
    document: &'a Value,
    problems: Vec<String>,
    ids: BTreeMap<&'a str, String>,
}

impl<'a> Check<'a> {
    fn report(&mut self, place: &str, problem: impl AsRef<str>) {
        self.problems.push(format!("{place}: {}", problem.as_ref()));
    }

    fn document(&mut self) {
        let document = self.document;
        if !text(document, "openapi").is_some_and(|version| version.starts_with("3.1.")) {
            self.report("openapi", "is not 3.1");
        }
        for key in ["title", "version"] {
            if text(&document["info"], key).is_none() {
                self.report("info", format!("has no {key}"));
            }
        }
        let license = &document["info"]["license"];
        if license.is_object() {
            if text(license, "name").is_none() {
                self.report("info.license", "has no name");
            }
            if license.get("identifier").is_some() && license.get("url").is_some() {
                self.report("info.license", "has both an identifier and a url");
            }
        }
        if ["paths", "components", "webhooks"].iter().all(|key| document.get(key).is_none()) {
            self.report("document", "has neither paths nor components nor webhooks");
        }
        let mut shapes = BTreeMap::new();
        for (path, item) in members(document, "paths") {
            let place = format!("paths.{path}");
            if !path.starts_with('/') {
                self.report(&place, "does not begin with a slash");
            }
            if let Some(other) = shapes.insert(shape(path), path) {
                self.report(&place, format!("is the same path as {other}"));
            }
            for method in METHODS {
                if let Some(operation) = item.get(method) {
                    self.operation(&format!("{place}.{method}"), path, item, operation);
                }
            }
        }
        let components = &document["components"];
        for (section, entries) in components.as_object().into_iter().flatten() {
            for (name, entry) in entries.as_object().into_iter().flatten() {
                let place = format!("components.{section}.{name}");
                let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
                if name.is_empty() || !name.chars().all(allowed) {
                    self.report(&place, "is not a name of letters, digits, '.', '-' and '_'");
                }
                match section.as_str() {
                    "schemas" => self.schema(&place, entry),
                    "responses" => self.response(&place, entry),
                    "securitySchemes" => self.security_scheme(&place, entry),
                    _ => {}
                }
            }
        }
        self.references("document", document);
    }

    fn operation(&mut self, place: &str, path: &str, item: &'a Value, operation: &'a Value) {
        if let Some(id) = text(operation, "operationId")
            && let Some(other) = self.ids.insert(id, place.to_owned())
        {
            self.report(place, format!("has the operationId {id} of {other}"));
        }
        let mut declared = BTreeSet::new();
        let mut seen = BTreeSet::new();
        for parameter in list(item, "parameters").iter().chain(list(operation, "parameters")) {
            let parameter = self.resolve(parameter);
            let name = text(parameter, "name").unwrap_or_default();
            let location = text(parameter, "in").unwrap_or_default();
            let place = format!("{place}.parameters.{name}");
            if name.is_empty() {
                self.report(&place, "has no name");
            }
            if !["path", "query", "header", "cookie"].contains(&location) {
                self.report(&place, "is in no known place");
            }
            if !seen.insert((name, location)) {
                self.report(&place, "is declared twice");
            }
            if location == "path" {
                declared.insert(name);
                if parameter["required"] != Value::Bool(true) {
                    self.report(&place, "is in the path and not required");
                }
            }
            match parameter.get("schema") {
                Some(schema) => self.schema(&place, schema),
                None if parameter.get("content").is_none() => {
                    self.report(&place, "has no schema");
                }
                None => {}
            }
        }
        let captures: BTreeSet<&str> = captures(path).collect();
        for name in captures.difference(&declared) {
            self.report(place, format!("has no parameter for {{{name}}}"));
        }
        for name in declared.difference(&captures) {
            self.report(place, format!("has the parameter {name}, which is not in the path"));
        }
        if let Some(body) = operation.get("requestBody") {
            let body = self.resolve(body);
            let place = format!("{place}.requestBody");
            if members(body, "content").next().is_none() {
                self.report(&place, "has no content");
            }
            self.content(&place, body);
        }
        if members(operation, "responses").next().is_none() {
            self.report(place, "has no responses");
        }
        for (status, response) in members(operation, "responses") {
            let known = status == "default"
                || (status.len() == 3
                    && status.starts_with(|c: char| ('1'..='5').contains(&c))
                    && (status.ends_with("XX") || status.bytes().all(|b| b.is_ascii_digit())));
            let place = format!("{place}.responses.{status}");
            if !known {
                self.report(&place, "is not a status");
            }
            if response.get("$ref").is_none() {
                self.response(&place, response);
            }
        }
        for requirement in list(operation, "security") {
            for name in requirement.as_object().into_iter().flat_map(Map::keys) {
                if self.document["components"]["securitySchemes"].get(name).is_none() {
                    self.report(place, format!("asks for the unknown security scheme {name}"));
                }
            }
        }
        for tag in list(operation, "tags") {
            if !tag.is_string() {
                self.report(place, "has a tag that is not a string");
            }
        }
    }

    fn response(&mut self, place: &str, response: &'a Value) {
        if text(response, "description").is_none() {
            self.report(place, "has no description");
        }
        for (name, header) in members(response, "headers") {
            let header = self.resolve(header);
            if header.get("schema").is_none() && header.get("content").is_none() {
                self.report(&format!("{place}.headers.{name}"), "has no schema");
            }
        }
        self.content(place, response);
    }

    fn content(&mut self, place: &str, holder: &'a Value) {
        for (media_type, content) in members(holder, "content") {
            let place = format!("{place}.content.{media_type}");
            if !media_type.contains('/') {
                self.report(&place, "is not a media type");
            }
            if let Some(schema) = content.get("schema") {
                self.schema(&place, schema);
            }
        }
    }

    fn security_scheme(&mut self, place: &str, scheme: &Value) {
        let needed: &[&str] = match text(scheme, "type") {
            Some("apiKey") => &["name", "in"],
            Some("http") => &["scheme"],
            Some("openIdConnect") => &["openIdConnectUrl"],
            Some("oauth2" | "mutualTLS") => &[],
            _ => return self.report(place, "is of no known type"),
        };
        for key in needed {
            if text(scheme, key).is_none() {
                self.report(place, format!("has no {key}"));
            }
        }
    }

    /// A schema's keywords, and those of the schemas in it.
    fn schema(&mut self, place: &str, schema: &Value) {
        let Some(schema) = schema.as_object() else {
            if !schema.is_boolean() {
                self.report(place, "is not a schema");
            }
            return;
        };
        for (keyword, value) in schema {
            let place = format!("{place}.{keyword}");
            let sound = match keyword.as_str() {
                "type" => is_type(value),
                "required" => value.as_array().is_some_and(|names| {
                    let distinct: BTreeSet<_> = names.iter().filter_map(Value::as_str).collect();
                    distinct.len() == names.len()
                }),
                "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties"
                | "maxProperties" => value.is_u64(),
                "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => {
                    value.is_number()
                }
                "title" | "description" | "format" | "pattern" | "$ref" => value.is_string(),
                "readOnly" | "writeOnly" | "deprecated" | "uniqueItems" => value.is_boolean(),
                "enum" | "examples" => value.is_array(),
                "items" | "additionalProperties" | "propertyNames" | "not" => {
                    self.schema(&place, value);
                    true
                }
                "properties" => {
                    for (name, property) in value.as_object().into_iter().flatten() {
                        self.schema(&format!("{place}.{name}"), property);
                    }
                    value.is_object()
                }
                "allOf" | "anyOf" | "oneOf" | "prefixItems" => {
                    let items = value.as_array();
                    for (index, item) in items.into_iter().flatten().enumerate() {
                        self.schema(&format!("{place}.{index}"), item);
                    }
                    items.is_some_and(|items| !items.is_empty())
                }
                // OpenAPI 3.0's word, which 3.1 replaced by the type `null`.
                "nullable" => false,
                "default" | "const" | "example" | "xml" | "discriminator" | "externalDocs"
                | "contentEncoding" | "contentMediaType" | "contentSchema" => true,
                other => other.starts_with("x-"),
            };
            if !sound {
                self.report(&place, "is not what this keyword may be");
            }
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        for name in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
            let known = name.as_str().is_some_and(|name| {
                properties.is_some_and(|properties| properties.contains_key(name))
            });
            if !known {
                self.report(place, format!("requires {name}, which is not a property"));
            }
        }
    }

    /// Checks that every `$ref` under a value has a target.
    fn references(&mut self, place: &str, value: &'a Value) {
        match value {
            Value::Object(map) => {
                if let Some(Value::String(target)) = map.get("$ref") {
                    let found =
                        target.strip_prefix('#').and_then(|path| self.document.pointer(path));
                    if found.is_none() {
                        self.report(place, format!("leads to {target}, which is not there"));
                    }
                }
                // Examples are data, not parts of the document, unless they are fields' names.
                let named = place.ends_with(".properties");
                for (key, value) in map {
                    if named || !matches!(key.as_str(), "example" | "examples" | "default" | "enum")
                    {
                        self.references(&format!("{place}.{key}"), value);
                    }
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.references(&format!("{place}.{index}"), item);
                }
            }
            _ => {}
        }
    }

    fn resolve(&self, value: &'a Value) -> &'a Value {
        let target = value.get("$ref").and_then(Value::as_str);
        let target = target.and_then(|target| target.strip_prefix('#'));
        target.and_then(|path| self.document.pointer(path)).unwrap_or(value)
    }
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn members<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    value.get(key).and_then(Value::as_object).into_iter().flatten()
}

fn captures(path: &str) -> impl Iterator<Item = &str> {
    path.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
}

/// A path without the names of its captures, which do not tell paths apart.
fn shape(path: &str) -> String {
    let mut shape = String::new();
    let mut inside = false;
    for letter in path.chars() {
        inside = (inside || letter == '{') && letter != '}';
        if !inside {
            shape.push(letter);
        }
    }
    shape
}

fn is_type(value: &Value) -> bool {
    const TYPES: [&str; 7] = ["null", "boolean", "object", "array", "number", "string", "integer"];
    let known = |value: &Value| value.as_str().is_some_and(|name| TYPES.contains(&name));
    match value {
        Value::Array(types) => {
            let distinct: BTreeSet<_> = types.iter().filter_map(Value::as_str).collect();
            !types.is_empty() && types.iter().all(known) && distinct.len() == types.len()
        }
        one => known(one),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sound() -> Value {
        json!({
            "openapi": "3.1.0",
            "info": {"title": "A", "version": "1"},
            "paths": {"/a/{id}/": {"get": {
                "operationId": "a_retrieve",
                "parameters": [{"name": "id", "in": "path", "required": true,
                    "schema": {"type": "integer"}}],
                "security": [{"tokenAuth": []}, {}],
                "responses": {"200": {"description": "", "content": {"application/json":
                    {"schema": {"$ref": "#/components/schemas/A"}}}}},
            }}},
            "components": {
                "schemas": {"A": {"type": "object", "properties":
                    {"id": {"type": ["integer", "null"]}}, "required": ["id"]}},
                "securitySchemes": {"tokenAuth":
                    {"type": "apiKey", "in": "header", "name": "Authorization"}},
            },
        })
    }

    #[track_caller]
    fn found(pointer: &str, value: Value, expected: &str) {
        let mut document = sound();
        *document.pointer_mut(pointer).unwrap() = value;
        assert_eq!(problems(&document), [expected]);
    }

    #[test]
    fn a_sound_document_has_no_problems() {
        assert_eq!(problems(&sound()), [""; 0]);
    }

    #[test]
    fn each_mistake_is_named_with_its_place() {
        found("/openapi", json!("3.0.3"), "openapi: is not 3.1");
        found(
            "/components/schemas/A/properties/id",
            json!({"type": "integer", "nullable": true}),
            "components.schemas.A.properties.id.nullable: is not what this keyword may be",
        );
        found(
            "/components/schemas/A/required",
            json!(["name"]),
            "components.schemas.A: requires \"name\", which is not a property",
        );
        found(
            "/paths/~1a~1{id}~1/get/responses/200/content/application~1json/schema/$ref",
            json!("#/components/schemas/B"),
            "document.paths./a/{id}/.get.responses.200.content.application/json.schema: \
             leads to #/components/schemas/B, which is not there",
        );
        found(
            "/paths/~1a~1{id}~1/get/parameters",
            json!([]),
            "paths./a/{id}/.get: has no parameter for {id}",
        );
        found(
            "/paths/~1a~1{id}~1/get/responses",
            json!({}),
            "paths./a/{id}/.get: has no responses",
        );
        found(
            "/paths/~1a~1{id}~1/get/security",
            json!([{"jwtAuth": []}]),
            "paths./a/{id}/.get: asks for the unknown security scheme jwtAuth",
        );
        found(
            "/components/securitySchemes/tokenAuth/in",
            json!(null),
            "components.securitySchemes.tokenAuth: has no in",
        );
    }

    #[test]
    fn an_operation_id_is_used_once_and_a_path_is_told_once() {
        let mut document = sound();
        let mut again = document["paths"]["/a/{id}/"].clone();
        again["get"]["parameters"][0]["name"] = json!("pk");
        document["paths"]["/a/{pk}/"] = again;
        assert_eq!(
            problems(&document),
            [
                "paths./a/{pk}/: is the same path as /a/{id}/",
                "paths./a/{pk}/.get: has the operationId a_retrieve of paths./a/{id}/.get",
            ]
        );
    }

    #[test]
    fn anything_but_a_document_is_a_problem_and_no_panic() {
        for value in [json!(null), json!([1]), json!({"paths": 1, "components": {"schemas": [1]}})]
        {
            assert!(!problems(&value).is_empty());
        }
    }
}
