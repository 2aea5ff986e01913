//! Inconsistencies in the description of an API.

use std::collections::{BTreeMap, BTreeSet};

use crate::api::Api;

impl Api {
    /// Inconsistencies that [`Api::document`] works around: different components with one name,
    /// dangling references, a method of a path described twice.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = BTreeSet::new();
        let mut known: BTreeMap<&str, usize> = BTreeMap::new();
        for component in &self.components {
            *known.entry(&component.name).or_default() += 1;
            let mut fields = BTreeSet::new();
            for field in &component.fields {
                if !fields.insert(&field.name) {
                    problems.insert(format!(
                        "component {} has field {} twice",
                        component.name, field.name
                    ));
                }
            }
        }
        for (name, _) in known.iter().filter(|(_, number)| **number > 1) {
            problems.insert(format!("two different components are named {name}"));
        }
        let mut missing = |place: String, target: Option<&str>| {
            if let Some(target) = target.filter(|target| !known.contains_key(target)) {
                problems.insert(format!("{place} leads to the unknown component {target}"));
            }
        };
        for component in &self.components {
            for field in &component.fields {
                missing(format!("{}.{}", component.name, field.name), field.kind.target());
            }
        }
        for operation in &self.operations {
            let place = format!("{:?} {}", operation.method, operation.path);
            let bodies = operation.request.iter().map(|body| &body.schema);
            let answers = operation.responses.iter().filter_map(|one| one.schema.as_ref());
            for schema in bodies.chain(answers) {
                missing(place.clone(), schema.target());
            }
        }
        let mut seen = BTreeSet::new();
        for operation in &self.operations {
            if !seen.insert((&operation.path, operation.method)) {
                problems.insert(format!("{:?} {} is told twice", operation.method, operation.path));
            }
            for scheme in &operation.security {
                if !self.security_schemes.iter().any(|one| one.name == *scheme) {
                    problems.insert(format!(
                        "{:?} {} asks for the unknown security scheme {scheme}",
                        operation.method, operation.path
                    ));
                }
            }
        }
        problems.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::{Method, Operation, Response};
    use crate::schema::{Component, FieldSchema, SchemaKind};

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
    fn mistakes_are_named() {
        let api = api()
            .component(track())
            .component(Component::new("Track"))
            .component(
                Component::new("Album")
                    .field(FieldSchema::new("artist", SchemaKind::component("Artist"))),
            )
            .operation(get("/api/a/").security(["tokenAuth"]));
        assert_eq!(
            api.problems(),
            [
                "Album.artist leads to the unknown component Artist",
                "Get /api/a/ asks for the unknown security scheme tokenAuth",
                "two different components are named Track",
            ]
        );
    }
}
