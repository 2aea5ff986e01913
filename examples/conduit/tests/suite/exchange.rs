//! A client that holds every exchange against the OpenAPI document.

use quintet::db::StartupError;
use quintet::http::Method;
use quintet::test::{ApiClient, TestDatabase, TestSite};
use serde_json::{Value, json};

use crate::json_schema;

/// A site and its document.
pub(crate) struct Api {
    pub(crate) site: TestSite,
    document: Value,
}

/// Somebody who sends requests.
pub(crate) struct Person<'a> {
    api: &'a Api,
    client: ApiClient,
}

impl Api {
    pub(crate) fn new(database: TestDatabase) -> Result<Self, StartupError> {
        let fast = database.override_settings(|settings| settings.auth.pbkdf2_iterations = 1);
        let site = fast.site(conduit::site)?;
        let document = site.site().openapi().expect("there is a document").json().to_string();
        let document = serde_json::from_str(&document).expect("it is JSON");
        Ok(Self { site, document })
    }

    pub(crate) async fn anonymous(&self) -> Person<'_> {
        Person { api: self, client: self.site.client().await }
    }

    /// Registers somebody, who sends the token from then on.
    pub(crate) async fn person(&self, name: &str) -> Person<'_> {
        let person = self.anonymous().await;
        let new = json!({"user": {
            "username": name, "email": format!("{name}@example.com"), "password": "correct horse",
        }});
        let (status, body) = person.send("POST", "/users", &new).await;
        assert_eq!(status, 201, "{body}");
        let token = body["user"]["token"].as_str().expect("a token");
        person.client.credentials("Authorization", &format!("Token {token}"));
        person
    }

    /// The operation of a path, literal segments first.
    fn operation(&self, method: &str, path: &str) -> &Value {
        let segments: Vec<&str> = path.split('/').collect();
        let paths = self.document["paths"].as_object().expect("there are paths");
        let mut found: Vec<(&String, &Value)> = paths
            .iter()
            .filter(|(template, item)| {
                let own: Vec<&str> = template.split('/').collect();
                let fits = |(own, sent): (&&str, &&str)| own.starts_with('{') || own == sent;
                own.len() == segments.len()
                    && own.iter().zip(&segments).all(fits)
                    && item.get(method.to_lowercase()).is_some()
            })
            .collect();
        found.sort_by_key(|(template, _)| template.matches('{').count());
        let (_, item) = found.first().unwrap_or_else(|| panic!("{method} {path} is not there"));
        &item[method.to_lowercase()]
    }

    /// A schema of the document; `hidden` properties are not in this direction.
    fn schema(&self, schema: &Value, hidden: &str) -> Value {
        let mut components = self.document["components"].clone();
        for (_, schema) in components["schemas"].as_object_mut().expect("there are components") {
            let hidden: Vec<Value> = schema["properties"]
                .as_object()
                .into_iter()
                .flatten()
                .filter(|(_, property)| property[hidden] == true)
                .map(|(name, _)| Value::from(name.as_str()))
                .collect();
            if let Some(required) = schema["required"].as_array_mut() {
                required.retain(|name| !hidden.contains(name));
            }
        }
        let mut schema = schema.clone();
        schema["components"] = components;
        schema
    }
}

impl Person<'_> {
    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.send("GET", path, &Value::Null).await
    }

    pub(crate) async fn delete(&self, path: &str) -> (u16, Value) {
        self.send("DELETE", path, &Value::Null).await
    }

    /// Sends a request below `/api`; null is no body.
    pub(crate) async fn send(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let full = format!("/api{path}");
        let request = self.client.request(Method::from_bytes(method.as_bytes()).unwrap(), &full);
        let response = if body.is_null() { request.await } else { request.json(body).await };
        let status = response.status();
        let (path, _) = full.split_once('?').unwrap_or((&full, ""));
        let operation = self.api.operation(method, path);
        let described = &operation["responses"][status.to_string()];
        assert!(!described.is_null(), "{method} {path} does not say {status}: {}", response.text());
        let described = match described["$ref"].as_str() {
            Some(reference) => {
                self.api.document.pointer(reference.trim_start_matches('#')).expect("a response")
            }
            None => described,
        };
        let json = if response.bytes().is_empty() { Value::Null } else { response.json() };
        let schema = &described["content"]["application/json"]["schema"];
        assert_eq!(schema.is_null(), json.is_null(), "{method} {path} {status}: {json}");
        if !json.is_null() {
            let schema = self.api.schema(schema, "writeOnly");
            let errors = json_schema::errors(&schema, &json);
            assert_eq!(errors, [""; 0], "{method} {path} {status}: {json}");
        }
        if status < 400 && !body.is_null() {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            let errors = json_schema::errors(&self.api.schema(schema, "readOnly"), body);
            assert_eq!(errors, [""; 0], "{method} {path} {body}");
        }
        (status, json)
    }
}
