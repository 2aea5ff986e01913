//! Kinds and components as JSON Schema, the 2020-12 dialect that OpenAPI 3.1 speaks.

use serde_json::Value;
use utoipa::Number;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayBuilder, ObjectBuilder, OneOfBuilder, RefBuilder, SchemaFormat,
    SchemaType,
};
use utoipa::openapi::{Object, Ref, RefOr, Schema, Type};

use crate::enums::Enums;
use crate::schema::{Component, Envelope, FieldSchema, SchemaKind};

/// Annotations beside a value's kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meta {
    pub(crate) nullable: bool,
    pub(crate) read_only: bool,
    pub(crate) write_only: bool,
    pub(crate) default: Option<Value>,
    pub(crate) title: Option<String>,
    pub(crate) description: Option<String>,
    /// The fewest and the most items of a list.
    pub(crate) items: (Option<usize>, Option<usize>),
}

impl Meta {
    fn of(field: &FieldSchema) -> Self {
        Self {
            nullable: field.nullable,
            read_only: field.read_only,
            write_only: field.write_only,
            default: field.default.clone(),
            title: field.title.clone(),
            description: field.help_text.clone(),
            items: field.items,
        }
    }
}

/// The schema of a component; in a patched one nothing is required.
pub(crate) fn component(component: &Component, enums: &Enums, patched: bool) -> RefOr<Schema> {
    let mut object = ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(component.description.as_deref());
    let mut required = Vec::new();
    for field in &component.fields {
        object = object.property(&field.name, self::field(component, field, enums));
        if field.required || field.read_only {
            required.push(field.name.as_str());
        }
    }
    required.sort_unstable();
    required.dedup();
    if !patched {
        for name in required {
            object = object.required(name);
        }
    }
    object.into()
}

fn field(component: &Component, field: &FieldSchema, enums: &Enums) -> RefOr<Schema> {
    let mut meta = Meta::of(field);
    match &field.kind {
        SchemaKind::Enum { choices, allow_blank } if !choices.is_empty() => {
            let name = enums.name(&component.name, &field.name, choices);
            meta.description = meta.description.map(|text| with_choices(&text, choices));
            named_enum(name, *allow_blank, meta)
        }
        SchemaKind::Array(item) => match &**item {
            SchemaKind::Enum { choices, allow_blank } if !choices.is_empty() => {
                let name = enums.name(&component.name, &field.name, choices);
                array_of(named_enum(name, *allow_blank, Meta::default()), meta)
            }
            _ => schema(&field.kind, meta),
        },
        kind => schema(kind, meta),
    }
}

/// The schema of a kind, enums written out in place.
pub(crate) fn schema(kind: &SchemaKind, meta: Meta) -> RefOr<Schema> {
    let object = |object_type: Type| ObjectBuilder::new().schema_type(typed(object_type, &meta));
    let object = match kind {
        SchemaKind::Boolean => object(Type::Boolean),
        SchemaKind::Integer { format, minimum, maximum } => object(Type::Integer)
            .format(format.clone().map(SchemaFormat::Custom))
            .minimum(minimum.map(integer))
            .maximum(maximum.map(integer)),
        SchemaKind::Number { minimum, maximum } => object(Type::Number)
            .format(Some(SchemaFormat::Custom("double".into())))
            .minimum(*minimum)
            .maximum(*maximum),
        SchemaKind::Decimal { max_digits, decimal_places } => object(Type::String)
            .format(Some(SchemaFormat::Custom("decimal".into())))
            .pattern(max_digits.map(|digits| decimal_pattern(digits, *decimal_places))),
        SchemaKind::String { format, min_length, max_length, pattern } => object(Type::String)
            .format(format.clone().map(SchemaFormat::Custom))
            .min_length(*min_length)
            .max_length(*max_length)
            .pattern(pattern.as_deref()),
        SchemaKind::Enum { choices, allow_blank } => {
            let mut values: Vec<Value> = distinct(choices);
            let schema_type = value_type(&values);
            if *allow_blank && !values.contains(&Value::from("")) {
                values.push("".into());
            }
            let schema_type = match schema_type {
                Some(Type::String) => typed(Type::String, &meta),
                // A blank choice beside numbers leaves no single type.
                Some(other) if !*allow_blank => typed(other, &meta),
                _ => SchemaType::AnyValue,
            };
            if meta.nullable {
                values.push(Value::Null);
            }
            let builder = ObjectBuilder::new().schema_type(schema_type);
            if values.is_empty() { builder } else { builder.enum_values(Some(values)) }
        }
        SchemaKind::Array(item) => return array_of(schema(item, Meta::default()), meta),
        SchemaKind::Object(name) => return reference(name, meta),
        SchemaKind::Map(value) => object(Type::Object).additional_properties(Some(
            AdditionalProperties::RefOr(schema(value, Meta::default())),
        )),
        SchemaKind::Any => ObjectBuilder::new().schema_type(SchemaType::AnyValue),
    };
    let mut object = object.title(meta.title).description(meta.description).default(meta.default);
    if meta.read_only {
        object = object.read_only(true);
    }
    if meta.write_only {
        object = object.write_only(true);
    }
    object.into()
}

/// A reference to a component, with what stands beside it.
pub(crate) fn reference(name: &str, meta: Meta) -> RefOr<Schema> {
    if meta.nullable {
        return one_of(vec![link(name), null()], meta);
    }
    let mut reference = RefBuilder::new()
        .ref_location_from_schema_name(name)
        .description(meta.description)
        .default(meta.default);
    if meta.title.is_some() {
        reference = reference.title(meta.title);
    }
    if meta.read_only {
        reference = reference.read_only(true);
    }
    if meta.write_only {
        reference = reference.write_only(true);
    }
    reference.into()
}

fn named_enum(name: &str, allow_blank: bool, meta: Meta) -> RefOr<Schema> {
    if !allow_blank && !meta.nullable {
        return reference(name, meta);
    }
    let mut items = vec![link(name)];
    if allow_blank {
        items.push(link(BLANK_ENUM));
    }
    if meta.nullable {
        items.push(link(NULL_ENUM));
    }
    one_of(items, meta)
}

/// The component of the empty choice.
pub(crate) const BLANK_ENUM: &str = "BlankEnum";
/// The component of the null choice.
pub(crate) const NULL_ENUM: &str = "NullEnum";

/// The schema of [`BLANK_ENUM`].
pub(crate) fn blank_enum() -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(SchemaType::AnyValue).enum_values(Some([""])).into()
}

/// The schema `null`, which [`NULL_ENUM`] is too.
pub(crate) fn null() -> RefOr<Schema> {
    Object::with_type(Type::Null).into()
}

/// The schema of a field's choices.
pub(crate) fn enumeration(choices: &[(Value, String)]) -> RefOr<Schema> {
    let values = distinct(choices);
    let schema_type = value_type(&values).map_or(SchemaType::AnyValue, SchemaType::Type);
    ObjectBuilder::new()
        .schema_type(schema_type)
        .enum_values(Some(values))
        .description(Some(choice_lines(choices)))
        .into()
}

/// A bare link to a component.
pub(crate) fn link(name: &str) -> RefOr<Schema> {
    Ref::from_schema_name(name).into()
}

/// A list of a schema.
pub(crate) fn array_of(items: RefOr<Schema>, meta: Meta) -> RefOr<Schema> {
    ArrayBuilder::new()
        .schema_type(typed(Type::Array, &meta))
        .items(items)
        .min_items(meta.items.0)
        .max_items(meta.items.1)
        .title(meta.title)
        .description(meta.description)
        .default(meta.default)
        .extensions(flag(meta.read_only, meta.write_only))
        .into()
}

/// One value, or a list of them.
pub(crate) fn one_or_list(
    one: &RefOr<Schema>,
    fewest: Option<usize>,
    most: Option<usize>,
) -> RefOr<Schema> {
    let list = ArrayBuilder::new().items(one.clone()).min_items(fewest).max_items(most);
    OneOfBuilder::new().item(one.clone()).item(list).into()
}

/// A schema under a key of an object.
pub(crate) fn under(key: &str, schema: RefOr<Schema>) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::Object).required(key).property(key, schema).into()
}

/// The envelope of a page.
pub(crate) fn page(name: &str, envelope: &Envelope) -> RefOr<Schema> {
    const HOST: &str = "http://api.example.org/accounts/";
    let url = |example: String| {
        ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
            .format(Some(SchemaFormat::Custom("uri".into())))
            .examples([example])
    };
    let (next, previous) = match envelope {
        Envelope::Custom { keys, results } => {
            let mut object = ObjectBuilder::new().schema_type(Type::Object);
            for key in keys {
                let value = if key.link {
                    url(key.example.clone())
                } else {
                    let example = key.example.parse::<i64>().ok();
                    ObjectBuilder::new().schema_type(Type::Integer).examples(example)
                };
                object = object.property(&key.name, value);
                if key.required {
                    object = object.required(&key.name);
                }
            }
            let rows = array_of(link(name), Meta::default());
            return object.required(results).property(results, rows).into();
        }
        Envelope::PageNumber { page } => (format!("{page}=4"), format!("{page}=2")),
        Envelope::LimitOffset { limit, offset } => {
            (format!("{offset}=400&{limit}=100"), format!("{offset}=200&{limit}=100"))
        }
        Envelope::Cursor { cursor } => {
            (format!("{cursor}=cD00ODY%3D"), format!("{cursor}=cj0xJnA9NDg3"))
        }
    };
    let mut object = ObjectBuilder::new().schema_type(Type::Object);
    if !matches!(envelope, Envelope::Cursor { .. }) {
        let count = ObjectBuilder::new().schema_type(Type::Integer).examples([123]);
        object = object.required("count").property("count", count);
    }
    object
        .required("results")
        .property("next", url(format!("{HOST}?{next}")))
        .property("previous", url(format!("{HOST}?{previous}")))
        .property("results", array_of(link(name), Meta::default()))
        .into()
}

/// The lines that explain choices, in Markdown.
pub(crate) fn choice_lines(choices: &[(Value, String)]) -> String {
    let line = |(value, label): &(Value, String)| match value {
        Value::String(text) => format!("* `{text}` - {label}"),
        other => format!("* `{other}` - {label}"),
    };
    choices.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A description followed by what the choices mean.
pub(crate) fn with_choices(text: &str, choices: &[(Value, String)]) -> String {
    format!("{text}\n\n{}", choice_lines(choices))
}

fn distinct(choices: &[(Value, String)]) -> Vec<Value> {
    let mut values: Vec<Value> = Vec::with_capacity(choices.len());
    for (value, _) in choices {
        if !value.is_null() && !values.contains(value) {
            values.push(value.clone());
        }
    }
    values
}

/// The one type of all values, if there is one.
fn value_type(values: &[Value]) -> Option<Type> {
    let all = |test: fn(&Value) -> bool| !values.is_empty() && values.iter().all(test);
    if all(Value::is_boolean) {
        Some(Type::Boolean)
    } else if all(|value| value.is_i64() || value.is_u64()) {
        Some(Type::Integer)
    } else if all(Value::is_number) {
        Some(Type::Number)
    } else if all(Value::is_string) {
        Some(Type::String)
    } else {
        None
    }
}

fn one_of(items: Vec<RefOr<Schema>>, meta: Meta) -> RefOr<Schema> {
    let mut schema = items.into_iter().fold(OneOfBuilder::new(), OneOfBuilder::item);
    schema = schema.title(meta.title).description(meta.description).default(meta.default);
    if meta.read_only {
        schema = schema.read_only(true);
    }
    if meta.write_only {
        schema = schema.write_only(true);
    }
    schema.into()
}

fn typed(schema_type: Type, meta: &Meta) -> SchemaType {
    if meta.nullable {
        SchemaType::from_iter([schema_type, Type::Null])
    } else {
        SchemaType::Type(schema_type)
    }
}

/// `readOnly` or `writeOnly` for arrays, whose builder has neither. Never both: the map behind
/// extensions has no order.
fn flag(read_only: bool, write_only: bool) -> Option<Extensions> {
    if read_only {
        Some(Extensions::from_iter([("readOnly", true)]))
    } else if write_only {
        Some(Extensions::from_iter([("writeOnly", true)]))
    } else {
        None
    }
}

#[allow(clippy::cast_precision_loss)] // only where a pointer is narrower than the number
fn integer(value: i64) -> Number {
    isize::try_from(value).map_or(Number::Float(value as f64), Number::Int)
}

fn decimal_pattern(max_digits: u32, decimal_places: u32) -> String {
    let whole = max_digits.saturating_sub(decimal_places);
    let start = if whole == 0 { "^-?0?".to_owned() } else { format!(r"^-?\d{{0,{whole}}}") };
    format!(r"{start}(?:\.\d{{0,{decimal_places}}})?$")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    fn json(schema: &RefOr<Schema>) -> Value {
        serde_json::to_value(schema).unwrap()
    }

    fn of(field: FieldSchema) -> Value {
        let component = Component::new("Thing").field(field);
        let enums = Enums::collect(std::slice::from_ref(&component), &mut BTreeSet::new());
        json(&self::field(&component, &component.fields[0], &enums))
    }

    #[test]
    fn a_bounded_integer_shows_its_bounds_and_its_help() {
        let kind = SchemaKind::integer_between(Some(1), Some(2_147_483_647));
        assert_eq!(
            of(FieldSchema::new("milliseconds", kind).help_text("Length in milliseconds.")),
            json!({"type": "integer", "description": "Length in milliseconds.",
                "maximum": 2_147_483_647, "minimum": 1})
        );
    }

    #[test]
    fn a_decimal_is_a_string_with_a_pattern() {
        assert_eq!(
            of(FieldSchema::new("unit_price", SchemaKind::decimal(10, 2))),
            json!({"type": "string", "format": "decimal", "pattern": r"^-?\d{0,8}(?:\.\d{0,2})?$"})
        );
        assert_eq!(decimal_pattern(2, 2), r"^-?0?(?:\.\d{0,2})?$");
    }

    #[test]
    fn null_is_one_of_the_types() {
        assert_eq!(
            of(FieldSchema::new("composer", SchemaKind::string_up_to(220)).nullable(true)),
            json!({"type": ["string", "null"], "maxLength": 220})
        );
        assert_eq!(
            of(FieldSchema::new("tags", SchemaKind::array(SchemaKind::string())).nullable(true)),
            json!({"type": ["array", "null"], "items": {"type": "string"}})
        );
        assert_eq!(
            of(FieldSchema::new("artist", SchemaKind::component("Artist")).nullable(true)),
            json!({"oneOf": [{"$ref": "#/components/schemas/Artist"}, {"type": "null"}]})
        );
    }

    #[test]
    fn read_only_stands_beside_values_lists_and_references() {
        let read_only = |kind| of(FieldSchema::new("x", kind).read_only(true));
        assert_eq!(read_only(SchemaKind::integer()), json!({"type": "integer", "readOnly": true}));
        assert_eq!(
            read_only(SchemaKind::array(SchemaKind::integer())),
            json!({"type": "array", "items": {"type": "integer"}, "readOnly": true})
        );
        assert_eq!(
            read_only(SchemaKind::component("Artist")),
            json!({"$ref": "#/components/schemas/Artist", "readOnly": true})
        );
    }

    #[test]
    fn choices_become_a_reference_with_blank_and_null_beside_it() {
        let choices =
            SchemaKind::Enum { choices: vec![("m".into(), "Manager".into())], allow_blank: true };
        assert_eq!(
            of(FieldSchema::new("job_title", choices).nullable(true)),
            json!({"oneOf": [
                {"$ref": "#/components/schemas/JobTitleEnum"},
                {"$ref": "#/components/schemas/BlankEnum"},
                {"$ref": "#/components/schemas/NullEnum"},
            ]})
        );
    }

    #[test]
    fn choices_without_a_component_are_written_in_place() {
        let kind = SchemaKind::choices([(1, "One"), (2, "Two"), (1, "Again")]);
        assert_eq!(
            json(&schema(&kind, Meta { nullable: true, ..Meta::default() })),
            json!({"type": ["integer", "null"], "enum": [1, 2, null]})
        );
        let blank = SchemaKind::Enum { choices: vec![(1.into(), "One".into())], allow_blank: true };
        assert_eq!(json(&schema(&blank, Meta::default())), json!({"enum": [1, ""]}));
    }

    #[test]
    fn read_only_fields_are_required_and_the_list_is_sorted() {
        let thing = Component::new("Thing").fields([
            FieldSchema::new("name", SchemaKind::string()).required(true),
            FieldSchema::new("id", SchemaKind::integer()).read_only(true),
            FieldSchema::new("note", SchemaKind::string()),
        ]);
        let enums = Enums::default();
        assert_eq!(json(&component(&thing, &enums, false))["required"], json!(["id", "name"]));
        assert_eq!(json(&component(&thing, &enums, true)).get("required"), None);
    }

    #[test]
    fn any_value_has_an_empty_schema_and_a_map_describes_its_values() {
        assert_eq!(of(FieldSchema::new("data", SchemaKind::Any)), json!({}));
        assert_eq!(
            of(FieldSchema::new("data", SchemaKind::map(SchemaKind::integer()))),
            json!({"type": "object", "additionalProperties": {"type": "integer"}})
        );
    }

    #[test]
    fn a_cursor_page_has_no_count() {
        let page = json(&page("Invoice", &Envelope::cursor("cursor")));
        assert_eq!(page["required"], json!(["results"]));
        assert_eq!(page["properties"].get("count"), None);
    }
}
