//! As much of JSON Schema 2020-12 as the schema of OpenAPI documents and the documents themselves
//! use; any other keyword stops the test, so that nothing is passed over.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::{Map, Value};

/// Where a value breaks a schema; empty when it does not.
pub(crate) fn errors(schema: &Value, value: &Value) -> Vec<String> {
    let mut errors = Vec::new();
    Reader { root: schema }.check(schema, value, "", &mut errors);
    errors
}

struct Reader<'a> {
    root: &'a Value,
}

/// The members of an object that some keyword has looked at.
type Seen = BTreeSet<String>;

impl Reader<'_> {
    fn holds(&self, schema: &Value, value: &Value, at: &str) -> Option<Seen> {
        let mut errors = Vec::new();
        let seen = self.check(schema, value, at, &mut errors);
        errors.is_empty().then_some(seen)
    }

    fn check(&self, schema: &Value, value: &Value, at: &str, errors: &mut Vec<String>) -> Seen {
        let mut seen = Seen::new();
        let keywords = match schema {
            Value::Bool(true) => return seen,
            Value::Object(keywords) => keywords,
            _ => {
                errors.push(format!("{at}: is not allowed"));
                return seen;
            }
        };
        for (keyword, rule) in keywords {
            self.keyword(keywords, keyword, rule, value, at, &mut seen, errors);
        }
        // This one reads what all others have seen, so it comes last.
        if let (Some(rule), Value::Object(members)) = (keywords.get("unevaluatedProperties"), value)
        {
            for (name, member) in members {
                if !seen.contains(name) {
                    self.check(rule, member, &format!("{at}/{name}"), errors);
                }
            }
            seen.extend(members.keys().cloned());
        }
        seen
    }

    #[allow(clippy::too_many_arguments)] // one keyword needs all of its surroundings
    fn keyword(
        &self,
        keywords: &Map<String, Value>,
        keyword: &str,
        rule: &Value,
        value: &Value,
        at: &str,
        seen: &mut Seen,
        errors: &mut Vec<String>,
    ) {
        let object = value.as_object();
        let mut require = |holds: bool, problem: String| {
            if !holds {
                errors.push(format!("{at}: {problem}"));
            }
        };
        match keyword {
            "$schema"
            | "$id"
            | "$comment"
            | "$defs"
            | "$anchor"
            | "$dynamicAnchor"
            | "description"
            | "default"
            | "format"
            | "title"
            | "examples"
            | "readOnly"
            | "writeOnly"
            | "components"
            | "unevaluatedProperties"
            | "then"
            | "else" => {}
            "$ref" | "$dynamicRef" => seen.extend(self.check(self.find(rule), value, at, errors)),
            "type" => {
                let types = rule.as_array().map_or(std::slice::from_ref(rule), Vec::as_slice);
                require(types.iter().any(|one| is(one, value)), format!("is not {rule}"));
            }
            "const" => require(rule == value, format!("is not {rule}")),
            "enum" => require(list(rule).contains(value), format!("is none of {rule}")),
            "pattern" => {
                let text = value.as_str().is_none_or(|text| regex(rule).is_match(text));
                require(text, format!("does not match {rule}"));
            }
            "required" => {
                for name in list(rule).iter().filter_map(Value::as_str) {
                    let there = object.is_none_or(|object| object.contains_key(name));
                    require(there, format!("has no {name}"));
                }
            }
            "minLength" | "maxLength" => {
                let length = value.as_str().map(|text| text.chars().count() as u64);
                let holds = match keyword {
                    "minLength" => length.is_none_or(|length| Some(length) >= rule.as_u64()),
                    _ => length.is_none_or(|length| Some(length) <= rule.as_u64()),
                };
                require(holds, format!("breaks {keyword} {rule}"));
            }
            "minimum" | "maximum" => {
                let holds = match (value.as_f64(), rule.as_f64(), keyword) {
                    (Some(number), Some(bound), "minimum") => number >= bound,
                    (Some(number), Some(bound), _) => number <= bound,
                    _ => true,
                };
                require(holds, format!("breaks {keyword} {rule}"));
            }
            "minItems" => {
                let enough =
                    value.as_array().is_none_or(|list| Some(list.len() as u64) >= rule.as_u64());
                require(enough, format!("has fewer than {rule} items"));
            }
            "maxItems" => {
                let few =
                    value.as_array().is_none_or(|list| Some(list.len() as u64) <= rule.as_u64());
                require(few, format!("has more than {rule} items"));
            }
            "maxProperties" | "minProperties" => {
                let count = object.map(|object| object.len() as u64);
                let holds = match keyword {
                    "minProperties" => count.is_none_or(|count| Some(count) >= rule.as_u64()),
                    _ => count.is_none_or(|count| Some(count) <= rule.as_u64()),
                };
                require(holds, format!("breaks {keyword} {rule}"));
            }
            "uniqueItems" => {
                let items = value.as_array().map_or(&[][..], Vec::as_slice);
                let twice = items.iter().enumerate().any(|(n, item)| items[..n].contains(item));
                require(!twice, "has an item twice".into());
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    self.check(rule, item, &format!("{at}/{index}"), errors);
                }
            }
            "properties" => {
                for (name, rule) in rule.as_object().into_iter().flatten() {
                    if let Some(member) = object.and_then(|object| object.get(name)) {
                        self.check(rule, member, &format!("{at}/{name}"), errors);
                        seen.insert(name.clone());
                    }
                }
            }
            "patternProperties" => {
                for (pattern, rule) in rule.as_object().into_iter().flatten() {
                    let pattern = Regex::new(pattern).unwrap();
                    for (name, member) in object.into_iter().flatten() {
                        if pattern.is_match(name) {
                            self.check(rule, member, &format!("{at}/{name}"), errors);
                            seen.insert(name.clone());
                        }
                    }
                }
            }
            "additionalProperties" => {
                let named = |name: &str| {
                    keywords.get("properties").is_some_and(|known| known.get(name).is_some())
                        || keywords.get("patternProperties").and_then(Value::as_object).is_some_and(
                            |known| known.keys().any(|one| Regex::new(one).unwrap().is_match(name)),
                        )
                };
                for (name, member) in object.into_iter().flatten() {
                    if !named(name) {
                        self.check(rule, member, &format!("{at}/{name}"), errors);
                        seen.insert(name.clone());
                    }
                }
            }
            "propertyNames" => {
                for name in object.into_iter().flat_map(Map::keys) {
                    self.check(rule, &Value::from(name.as_str()), &format!("{at}/{name}"), errors);
                }
            }
            "dependentSchemas" => {
                for (name, rule) in rule.as_object().into_iter().flatten() {
                    if object.is_some_and(|object| object.contains_key(name)) {
                        seen.extend(self.check(rule, value, at, errors));
                    }
                }
            }
            "allOf" => {
                for rule in list(rule) {
                    seen.extend(self.check(rule, value, at, errors));
                }
            }
            "anyOf" | "oneOf" => {
                let held: Vec<Seen> =
                    list(rule).iter().filter_map(|rule| self.holds(rule, value, at)).collect();
                let enough = !held.is_empty() && (keyword == "anyOf" || held.len() == 1);
                require(enough, format!("fits {} of {keyword}", held.len()));
                seen.extend(held.into_iter().flatten());
            }
            "not" => {
                require(self.holds(rule, value, at).is_none(), "is what it must not be".into());
            }
            "if" => {
                let held = self.holds(rule, value, at);
                let branch = if held.is_some() { "then" } else { "else" };
                seen.extend(held.unwrap_or_default());
                if let Some(rule) = keywords.get(branch) {
                    seen.extend(self.check(rule, value, at, errors));
                }
            }
            other => panic!("this reader does not know the keyword {other}"),
        }
    }

    fn find(&self, reference: &Value) -> &Value {
        let reference = reference.as_str().unwrap();
        if reference == "#meta" {
            // The anchor that a dialect may replace: schema objects.
            return self.root.pointer("/$defs/schema").unwrap();
        }
        self.root.pointer(reference.strip_prefix('#').unwrap()).unwrap()
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn regex(rule: &Value) -> Regex {
    Regex::new(rule.as_str().unwrap()).unwrap()
}

fn is(name: &Value, value: &Value) -> bool {
    match name.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        other => panic!("there is no type {other}"),
    }
}
