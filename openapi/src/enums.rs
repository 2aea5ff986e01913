//! Names for sets of choices: a field's choices are a component that clients can share.
//!
//! A set is named after its field (`TitleEnum`). If fields of one name have different sets, the
//! component's name is prepended (`EmployeeTitleEnum`).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::naming::{camelize, claim, component_name};
use crate::schema::{Component, FieldSchema, SchemaKind};

type Choices = [(Value, String)];

/// The named sets of choices of all components.
#[derive(Clone, Debug, Default)]
pub(crate) struct Enums {
    sets: Vec<Set>,
}

#[derive(Clone, Debug)]
struct Set {
    name: String,
    field: String,
    choices: Vec<(Value, String)>,
    components: Vec<String>,
}

impl Enums {
    /// Finds and names the sets; `taken` are the names of components.
    pub(crate) fn collect(components: &[Component], taken: &mut BTreeSet<String>) -> Self {
        let mut sets: Vec<Set> = Vec::new();
        for component in components {
            for field in &component.fields {
                let Some((choices, _)) = choices(field) else { continue };
                let known = sets
                    .iter_mut()
                    .find(|set| set.field == field.name && set.choices.as_slice() == choices);
                if let Some(set) = known {
                    set.components.push(component.name.clone());
                } else {
                    sets.push(Set {
                        name: String::new(),
                        field: field.name.clone(),
                        choices: choices.to_vec(),
                        components: vec![component.name.clone()],
                    });
                }
            }
        }
        let mut by_field: BTreeMap<String, usize> = BTreeMap::new();
        for set in &sets {
            *by_field.entry(set.field.clone()).or_default() += 1;
        }
        for set in &mut sets {
            let alone = by_field.get(&set.field).is_none_or(|&number| number == 1);
            let first = set.components.iter().min().map_or("", String::as_str);
            let owner = if alone { String::new() } else { camelize(first) };
            let wanted = component_name(&format!("{owner}{}Enum", camelize(&set.field)));
            set.name = claim(taken, &wanted);
        }
        Self { sets }
    }

    /// The name of a field's choices.
    pub(crate) fn name(&self, component: &str, field: &str, choices: &Choices) -> &str {
        let fits = |set: &&Set| set.field == field && set.choices.as_slice() == choices;
        let by_owner =
            |set: &&Set| fits(set) && set.components.iter().any(|name| name == component);
        let set = self.sets.iter().find(by_owner).or_else(|| self.sets.iter().find(fits));
        set.map_or("", |set| set.name.as_str())
    }

    /// The names with their choices.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Choices)> {
        self.sets.iter().map(|set| (set.name.as_str(), set.choices.as_slice()))
    }
}

/// The choices of a field, its own or those of its items, and whether blank is allowed.
pub(crate) fn choices(field: &FieldSchema) -> Option<(&Choices, bool)> {
    let kind = if let SchemaKind::Array(item) = &field.kind { item } else { &field.kind };
    match kind {
        SchemaKind::Enum { choices, allow_blank } if !choices.is_empty() => {
            Some((choices, *allow_blank))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(name: &str, field: &str, choices: &[&str]) -> Component {
        let choices = choices.iter().map(|value| (*value, *value));
        Component::new(name).field(FieldSchema::new(field, SchemaKind::choices(choices)))
    }

    fn names(components: &[Component], taken: &[&str]) -> Vec<String> {
        let mut taken = taken.iter().map(|name| (*name).to_owned()).collect();
        let enums = Enums::collect(components, &mut taken);
        enums.iter().map(|(name, _)| name.to_owned()).collect()
    }

    #[test]
    fn one_set_of_a_field_name_is_shared() {
        let both = [component("A", "status", &["x"]), component("B", "status", &["x"])];
        assert_eq!(names(&both, &[]), ["StatusEnum"]);
    }

    #[test]
    fn different_sets_of_one_field_name_take_the_component_in_front() {
        let both = [component("A", "status", &["x"]), component("B", "status", &["y"])];
        assert_eq!(names(&both, &[]), ["AStatusEnum", "BStatusEnum"]);
    }

    #[test]
    fn a_component_of_the_same_name_is_not_overwritten() {
        assert_eq!(names(&[component("A", "status", &["x"])], &["StatusEnum"]), ["StatusEnum2"]);
    }

    #[test]
    fn lists_of_choices_are_named_too() {
        let inner = SchemaKind::choices([("red", "Red")]);
        let list = Component::new("A").field(FieldSchema::new("colours", SchemaKind::array(inner)));
        assert_eq!(names(&[list], &[]), ["ColoursEnum"]);
    }
}
