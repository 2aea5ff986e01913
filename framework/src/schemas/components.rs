//! Turning serializers into components.

use std::collections::HashSet;

use quintet_openapi::{Component, FieldSchema, SchemaKind};
use serde_json::Value as Json;

use crate::db::ColumnKind;
use crate::fields::{Char, Choice, Field, FieldDefault, FieldKind, KeyKind, Protocol, TextForm};
use crate::serializers::{Description, FieldOutput};
use crate::values::{UuidFormat, Value};

/// The components found so far.
#[derive(Debug, Default)]
pub(super) struct Components {
    found: Vec<Component>,
    seen: HashSet<*const Description>,
}

impl Components {
    pub(super) fn into_inner(self) -> Vec<Component> {
        self.found
    }

    /// Adds a serializer with all that it refers to; returns its component's name.
    pub(super) fn add(&mut self, description: &Description) -> String {
        self.add_as(description, description.name)
    }

    fn add_as(&mut self, description: &Description, name: &str) -> String {
        // a serializer may hold itself
        if self.seen.insert(std::ptr::from_ref(description)) {
            let fields: Vec<FieldSchema> = description
                .fields()
                .iter()
                .enumerate()
                .filter(|(_, field)| !matches!(field.kind, FieldKind::Hidden))
                .map(|(index, field)| self.model_field(name, description, index, field))
                .collect();
            self.found.push(Component::new(name).fields(fields));
        }
        name.to_owned()
    }

    fn model_field(
        &mut self,
        owner: &str,
        description: &Description,
        index: usize,
        field: &Field,
    ) -> FieldSchema {
        let shown = FieldOutput::of(description, index);
        let mut kind = match (&field.kind, shown.nested) {
            (_, Some(nested)) => SchemaKind::component(if shown.owned {
                self.add_as(nested, &nested_name(owner, field.name))
            } else {
                self.add(nested)
            }),
            _ if shown.link => SchemaKind::format("uri"),
            (FieldKind::ReadOnly, _) => shown.column.map_or_else(SchemaKind::string, column_kind),
            (FieldKind::SlugKey, _) => slug_kind(&shown),
            // one component for what is sent and what is shown, as drf-spectacular has it
            (FieldKind::File(options), _) if !description.is_plain() => {
                if options.use_url.unwrap_or(true) {
                    SchemaKind::format("uri")
                } else {
                    SchemaKind::string()
                }
            }
            (FieldKind::ManyRelated { child, .. }, _) => match child.kind {
                FieldKind::SlugKey => slug_kind(&shown),
                _ => self.kind(owner, child),
            },
            _ => self.kind(owner, field),
        };
        let listed = shown.many && !matches!(field.kind, FieldKind::List { .. })
            || matches!(
                field.kind,
                FieldKind::ManyRelated { .. } | FieldKind::Nested { many: true, .. }
            );
        if listed {
            kind = SchemaKind::array(kind);
        }
        let null = shown.null.filter(|_| field.read_only).unwrap_or(field.allow_null);
        schema(field, kind, null)
    }

    /// A field that is not backed by a row.
    fn plain_field(&mut self, owner: &str, field: &Field) -> FieldSchema {
        let kind = self.kind(owner, field);
        schema(field, kind, field.allow_null)
    }

    fn kind(&mut self, owner: &str, field: &Field) -> SchemaKind {
        let read_only = field.read_only;
        match &field.kind {
            FieldKind::Boolean => SchemaKind::Boolean,
            FieldKind::Char(char) => text(char, read_only),
            FieldKind::Uuid { format } => match format {
                UuidFormat::Int => SchemaKind::integer(),
                UuidFormat::HexVerbose => SchemaKind::format("uuid"),
                _ => SchemaKind::string(),
            },
            FieldKind::Integer { as_text: true, .. } => SchemaKind::string(),
            FieldKind::Integer { .. } if read_only => SchemaKind::integer(),
            FieldKind::Integer { min, max, .. } => integer(*min, *max),
            FieldKind::Float { .. } if read_only => SchemaKind::number(),
            FieldKind::Float { min, max } => SchemaKind::Number { minimum: *min, maximum: *max },
            FieldKind::Decimal(decimal) if decimal.as_number => SchemaKind::number(),
            FieldKind::Decimal(decimal) => match decimal.decimal_places {
                Some(decimal_places) => {
                    SchemaKind::Decimal { max_digits: decimal.max_digits, decimal_places }
                }
                None => SchemaKind::format("decimal"),
            },
            FieldKind::DateTime { format: None, .. } => SchemaKind::format("date-time"),
            FieldKind::Date { format: None, .. } => SchemaKind::format("date"),
            FieldKind::Time { format: None, .. } => SchemaKind::format("time"),
            FieldKind::Choice { choices: all, allow_blank } => choices(all, *allow_blank),
            FieldKind::MultipleChoice { choices: all, allow_blank, .. } => {
                SchemaKind::array(choices(all, *allow_blank))
            }
            FieldKind::List { child, .. } | FieldKind::ManyRelated { child, .. } => {
                SchemaKind::array(self.kind(owner, child))
            }
            FieldKind::Dict { child, .. } => SchemaKind::map(self.kind(owner, child)),
            FieldKind::Json { binary: false } | FieldKind::Any => SchemaKind::Any,
            FieldKind::Bytes => SchemaKind::format("byte"),
            FieldKind::File(_) => SchemaKind::format("binary"),
            FieldKind::PrimaryKey { key: KeyKind::Int } => SchemaKind::integer(),
            FieldKind::PrimaryKey { key: KeyKind::Uuid } => SchemaKind::format("uuid"),
            FieldKind::Nested { fields, many, .. } => {
                let name = nested_name(owner, field.name);
                let inner = fields
                    .iter()
                    .filter(|inner| !matches!(inner.kind, FieldKind::Hidden))
                    .map(|inner| self.plain_field(&name, inner))
                    .collect::<Vec<_>>();
                self.found.push(Component::new(name.clone()).fields(inner));
                if *many {
                    SchemaKind::array(SchemaKind::component(name))
                } else {
                    SchemaKind::component(name)
                }
            }
            FieldKind::DateTime { .. }
            | FieldKind::Date { .. }
            | FieldKind::Time { .. }
            | FieldKind::Json { .. }
            | FieldKind::Duration { .. }
            | FieldKind::PrimaryKey { .. }
            | FieldKind::SlugKey
            | FieldKind::Hidden
            | FieldKind::ReadOnly => SchemaKind::string(),
        }
    }
}

fn schema(field: &Field, kind: SchemaKind, nullable: bool) -> FieldSchema {
    let mut schema = FieldSchema::new(field.name, kind)
        .required(field.required)
        .nullable(nullable)
        .read_only(field.read_only)
        .write_only(field.write_only);
    let default = field.default.as_ref().and_then(fixed);
    // the default of a path that ends early only says that the value may be null
    if let Some(default) = default.filter(|value| !(field.read_only && value.is_null())) {
        schema = schema.default_value(default);
    }
    if let FieldKind::List { min_length, max_length, .. }
    | FieldKind::Nested { many: true, min_length, max_length, .. } = &field.kind
        && !field.read_only
    {
        schema = schema.items(*min_length, *max_length);
    }
    if !is_trivial(&field.label, field.name) {
        schema = schema.title(field.label.clone());
    }
    if !field.help_text.is_empty() {
        schema = schema.help_text(field.help_text.clone());
    }
    schema
}

/// `AlbumNestedArtist`: a component for one field alone.
fn nested_name(owner: &str, field: &str) -> String {
    let words = field.split('_').map(|word| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| {
            first.to_uppercase().chain(letters).collect::<String>()
        })
    });
    format!("{owner}Nested{}", words.collect::<String>())
}

fn slug_kind(shown: &FieldOutput<'_>) -> SchemaKind {
    shown.column.map_or_else(SchemaKind::string, column_kind)
}

/// The kind of a column, without bounds.
pub(super) fn column_kind(column: ColumnKind) -> SchemaKind {
    match column {
        ColumnKind::SmallInt | ColumnKind::Integer | ColumnKind::BigInt => SchemaKind::integer(),
        ColumnKind::Float => SchemaKind::number(),
        ColumnKind::Bool => SchemaKind::Boolean,
        ColumnKind::Decimal { digits, places } => SchemaKind::decimal(digits, places),
        ColumnKind::Numeric => SchemaKind::format("decimal"),
        ColumnKind::DateTime => SchemaKind::format("date-time"),
        ColumnKind::Date => SchemaKind::format("date"),
        ColumnKind::Time => SchemaKind::format("time"),
        ColumnKind::Uuid => SchemaKind::format("uuid"),
        ColumnKind::Text | ColumnKind::Duration | ColumnKind::Ip => SchemaKind::string(),
        ColumnKind::Json => SchemaKind::Any,
        ColumnKind::Binary => SchemaKind::format("byte"),
        ColumnKind::Array(item) => SchemaKind::array(column_kind(*item)),
    }
}

fn text(char: &Char, read_only: bool) -> SchemaKind {
    let (mut format, mut pattern) = (None, None);
    match &char.form {
        TextForm::Plain | TextForm::Ip(Protocol::Both) => {}
        TextForm::Email => format = Some("email"),
        TextForm::Url => format = Some("uri"),
        TextForm::Ip(Protocol::V4) => format = Some("ipv4"),
        TextForm::Ip(Protocol::V6) => format = Some("ipv6"),
        TextForm::Slug { allow_unicode: false } => pattern = Some("^[-a-zA-Z0-9_]+$".into()),
        TextForm::Slug { allow_unicode: true } => pattern = Some(r"^[-\w]+$".into()),
        // in a document `$` is the very end, and `\Z` is nothing
        TextForm::Regex(regex) | TextForm::Pattern { regex, .. } => {
            pattern = Some(regex.as_str().replace(r"\Z", "$"));
        }
    }
    if char.allow_blank {
        // an empty text has neither
        (format, pattern) = (None, None);
    }
    let bound = |bound: Option<usize>| bound.filter(|_| !read_only);
    SchemaKind::String {
        format: format.map(Into::into),
        min_length: bound(char.min_length),
        max_length: bound(char.max_length),
        pattern: pattern.filter(|_| !read_only),
    }
}

/// Bounds that are those of 64 bits are expressed by the format: few readers of JSON keep such
/// numbers apart from their neighbours.
fn integer(min: Option<i64>, max: Option<i64>) -> SchemaKind {
    let format = (max == Some(i64::MAX)).then(|| "int64".to_owned());
    let minimum = min.filter(|bound| *bound != i64::MIN);
    SchemaKind::Integer { format, minimum, maximum: max.filter(|bound| *bound != i64::MAX) }
}

fn choices(all: &[Choice], allow_blank: bool) -> SchemaKind {
    let choices =
        all.iter().filter_map(|choice| Some((json(&choice.value)?, choice.label.to_string())));
    SchemaKind::Enum { choices: choices.collect(), allow_blank }
}

/// A constant default.
fn fixed(default: &FieldDefault) -> Option<Json> {
    match default {
        FieldDefault::Value(value) => json(value),
        FieldDefault::Call(_) | FieldDefault::Serializer => None,
    }
}

/// A plain value as JSON; `None` for values whose text depends on their field.
fn json(value: &Value) -> Option<Json> {
    Some(match value {
        Value::Null => Json::Null,
        Value::Bool(value) => (*value).into(),
        Value::Int(value) => (*value).into(),
        Value::Float(value) => serde_json::Number::from_f64(*value).map(Json::Number)?,
        Value::Text(text) => text.as_str().into(),
        Value::Decimal(value) => value.to_string().into(),
        Value::Date(value) => value.to_string().into(),
        Value::List(items) => Json::Array(items.iter().map(json).collect::<Option<_>>()?),
        Value::Json(value) => (**value).clone(),
        _ => return None,
    })
}

/// Whether a label says no more than the name (`is_trivial_string_variation`): `ID` of `id`.
fn is_trivial(label: &str, name: &str) -> bool {
    let plain = |text: &str| text.trim().to_lowercase().replace([' ', '-'], "_");
    plain(label) == plain(name)
}
