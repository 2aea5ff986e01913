//! Serialising rows (`to_representation`), without a tree of JSON values in between.

use std::borrow::Cow;

use super::bound::{BoundField, BoundSerializer};
use super::class::{DynFieldClass, InstanceRef, Shown};
use super::description::{Description, Source};
use super::field::{Output, SerializerField};
use super::hooks::JsonObject;
use super::plain::ValidatedData;
use super::relations::Related;
use super::rows::{Extra, Loaded, RelatedRows};
use crate::db::{ColumnMeta, Hop};
use crate::fields::{FieldDefault, FieldKind, FileOptions, to_json};
use crate::request::Context;
use crate::values::{JsonWriter, Value, ValueRef, parse_json};

/// The context of serialising a row.
#[derive(Clone, Copy)]
pub(crate) struct Writing<'a> {
    /// The request, for users' functions.
    pub(crate) cx: &'a Context,
    /// The response to a partial update: a field with a default whose way ends early is left out,
    /// as DRF does (`Field.get_default` with a partial root).
    pub(crate) partial: bool,
}

impl Writing<'_> {
    /// Writes a row: as an object, or as the result of `to_representation`.
    pub(crate) fn row(
        self,
        description: &Description,
        row: &Loaded,
        related: &RelatedRows,
        out: &mut JsonWriter,
    ) {
        let description = description.for_request(self.cx);
        let Some(hook) = &description.to_representation else {
            return self.fields(description, row, related, out);
        };
        let mut fields = JsonWriter::new();
        self.fields(description, row, related, &mut fields);
        match object(fields.bytes()) {
            Some(shown) => hook(description, row, related, shown, self.cx, out),
            None => out.null(),
        }
    }

    /// Writes the one row of a response, or of code: `data` may change it.
    pub(crate) fn root(
        self,
        description: &Description,
        row: &Loaded,
        related: &RelatedRows,
        out: &mut JsonWriter,
    ) {
        let write = |out: &mut JsonWriter| self.row(description, row, related, out);
        by_data(description.for_request(self.cx), self.cx, write, out);
    }

    fn fields(
        self,
        description: &Description,
        row: &Loaded,
        related: &RelatedRows,
        out: &mut JsonWriter,
    ) {
        out.begin_object();
        for field in &description.fields {
            if matches!(field.output, Output::None)
                || self.partial && ends_early(description, field, row)
            {
                continue;
            }
            if let Some(class) = &field.class {
                let own = self.attribute(description, field, row);
                let of = Shown::Row(&*row.model, description.model);
                self.class(&**class, description, field, &InstanceRef { of, own }, out);
                continue;
            }
            out.prepared_key(&field.member);
            self.field(description, field, row, related, out);
        }
        out.end_object();
    }

    fn field(
        self,
        description: &Description,
        field: &SerializerField,
        row: &Loaded,
        related: &RelatedRows,
        out: &mut JsonWriter,
    ) {
        match &field.output {
            Output::None => {}
            Output::Column(index) => write_own(field, row.model.value(*index), self.cx, out),
            Output::Source(source) => match row.source(*source) {
                Some(Extra::Value(value)) if !value.is_null() => {
                    write_own(field, value.as_ref(), self.cx, out);
                }
                _ => write_default(field, self.cx, out),
            },
            Output::Row(source, how) => match row.source(*source) {
                Some(Extra::Row(Some(inner))) => {
                    let none = RelatedRows::default();
                    self.related(how, inner, related.source(*source).unwrap_or(&none), out);
                }
                _ => out.null(),
            },
            Output::Many(place) => {
                out.begin_array();
                let how = description.many.get(*place).map(|many| &many.related);
                if let (Some(how), Some(rows)) = (how, related.many.get(*place)) {
                    let key = row.model.value(description.model.pk);
                    if let Some(written) = rows.written_of(key) {
                        out.raw(written.bytes());
                    }
                    for inner in rows.of(key) {
                        self.related(how, inner, &rows.related, out);
                    }
                }
                out.end_array();
            }
            Output::Batch(place) => {
                match related.batch(*place, row.model.value(description.model.pk)) {
                    Some(json) => out.raw(json),
                    None => out.null(),
                }
            }
            Output::Method(method) | Output::Property(method) => {
                method(description, row, related, self.cx, out);
            }
            Output::Whole => {
                if let Some(nested) = field.nested {
                    self.map(nested(), &members(description, row), out);
                }
            }
            Output::Link { view_name, kwarg, column } => {
                write_link(self.cx, view_name, kwarg, row.model.value(*column), out);
            }
        }
    }

    /// The value that a field's source leads to.
    fn attribute<'r>(
        self,
        description: &Description,
        field: &SerializerField,
        row: &'r Loaded,
    ) -> Option<Cow<'r, Value>> {
        match &field.output {
            Output::Whole => Some(Cow::Owned(Value::Map(members(description, row)))),
            Output::Column(index) => Some(Cow::Owned(row.model.value(*index).to_value())),
            Output::Source(source) => match row.source(*source) {
                Some(Extra::Value(value)) if !value.is_null() => Some(Cow::Borrowed(value)),
                _ => Some(Cow::Owned(default_of(field, self.cx).unwrap_or(Value::Null))),
            },
            _ => None,
        }
    }

    /// Writes a field of a class of the user's, unless that leaves it out.
    fn class(
        self,
        class: &dyn DynFieldClass,
        description: &Description,
        field: &SerializerField,
        instance: &InstanceRef<'_>,
        out: &mut JsonWriter,
    ) {
        let serializer = BoundSerializer::showing(description, self.partial, self.cx);
        let bound = BoundField::new(field, &serializer);
        if let Some(value) = class.attribute(instance, &bound) {
            out.prepared_key(&field.member);
            class.write(value, &bound, out);
        }
    }

    /// Writes a related row in the form of its field.
    fn related(self, how: &Related, row: &Loaded, related: &RelatedRows, out: &mut JsonWriter) {
        match how {
            Related::Serializer(inner) => self.row(inner.get(), row, related, out),
            Related::Display { show, .. } => out.str(&show(&*row.model)),
            Related::Own { class, .. } => class.write(&*row.model, self.cx, out),
            Related::Address { show, .. } => match show(&*row.model, self.cx) {
                Some(address) => out.str(&address),
                None => out.null(),
            },
            Related::Column { column, .. } => out.value(row.model.value(*column)),
            Related::Link { view_name, kwarg, column, .. } => {
                write_link(self.cx, view_name, kwarg, row.model.value(*column), out);
            }
        }
    }
}

/// Whether a field has a default and its path starts at a null key.
fn ends_early(description: &Description, field: &SerializerField, row: &Loaded) -> bool {
    let Output::Source(source) = field.output else { return false };
    let Some(Source::Value(path)) = description.sources.get(source) else { return false };
    let Some(Hop::Forward { column, .. }) = path.hops.first() else { return false };
    let key = description.model.columns.iter().position(|own| own.column == column.column);
    field.field.default.is_some() && key.is_some_and(|key| row.model.value(key) == ValueRef::Null)
}

/// The row's own URL, if a field `url` shows it: the `Location` of a response to a create.
pub(crate) fn location(description: &Description, row: &Loaded, cx: &Context) -> Option<String> {
    let fields = &description.for_request(cx).fields;
    fields.iter().find(|field| field.field.name == "url").and_then(|field| match &field.output {
        Output::Link { view_name, kwarg, column } => {
            address(cx, view_name, kwarg, row.model.value(*column))
        }
        _ => None,
    })
}

/// Writes the values of a serializer without a model as an object.
pub(crate) fn write_values(
    description: &Description,
    values: &ValidatedData,
    cx: &Context,
    out: &mut JsonWriter,
) {
    let writing = Writing { cx, partial: values.partial };
    let write = |out: &mut JsonWriter| writing.map(description, &values.values, out);
    by_data(description.for_request(cx), cx, write, out);
}

/// Writes an object as the serializer's own `data` changes it, if there is one.
fn by_data(
    description: &Description,
    cx: &Context,
    write: impl FnOnce(&mut JsonWriter),
    out: &mut JsonWriter,
) {
    let Some(hook) = &description.data else { return write(out) };
    let mut shown = JsonWriter::new();
    write(&mut shown);
    match object(shown.bytes()) {
        Some(shown) => out.json(&serde_json::Value::Object(hook(shown, cx))),
        None => out.json(&serde_json::from_slice(shown.bytes()).unwrap_or_default()),
    }
}

impl Writing<'_> {
    fn map(
        self,
        description: &Description,
        values: &[(Cow<'static, str>, Value)],
        out: &mut JsonWriter,
    ) {
        out.begin_object();
        let fields = &description.for_request(self.cx).fields;
        for field in fields.iter().filter(|field| !field.field.write_only) {
            if matches!(field.output, Output::Whole) {
                let own = Some(Cow::Owned(Value::Map(values.to_vec())));
                match (&field.class, field.nested) {
                    (Some(class), _) => {
                        let instance = InstanceRef { of: Shown::Values(values), own };
                        self.class(&**class, description, field, &instance, out);
                    }
                    (None, Some(nested)) => {
                        out.prepared_key(&field.member);
                        self.map(nested(), values, out);
                    }
                    (None, None) => {}
                }
                continue;
            }
            if let Some(method) = &field.method {
                out.prepared_key(&field.member);
                method(values, self.cx, out);
                continue;
            }
            let source = field.field.source_name();
            if let Some(class) = &field.class {
                let sent = values.iter().find(|(name, _)| name == source);
                let own = sent.map(|(_, value)| Cow::Borrowed(value));
                let own = own.or_else(|| self.absent(field).map(Cow::Owned));
                let instance = InstanceRef { of: Shown::Values(values), own };
                self.class(&**class, description, field, &instance, out);
                continue;
            }
            let sent = values.iter().find(|(name, _)| name == source);
            let sent = sent.map(|(_, value)| Cow::Borrowed(value));
            let Some(value) = sent.or_else(|| self.absent(field).map(Cow::Owned)) else {
                continue;
            };
            out.prepared_key(&field.member);
            match (field.nested, &field.custom, &*value) {
                (Some(nested), ..) => self.nested(nested(), &value, out),
                (None, Some(custom), value) if !value.is_null() => {
                    (custom.write)(value.clone(), self.cx, out);
                }
                (None, _, Value::Text(text)) => {
                    write_own(field, ValueRef::Text(text), self.cx, out);
                }
                (None, _, value) => field.field.write(value.as_ref(), self.partial, out),
            }
        }
        out.end_object();
    }

    /// The value that is shown where none was sent.
    fn absent(self, field: &SerializerField) -> Option<Value> {
        match &field.default {
            Some(make) => (!self.partial).then(|| make(self.cx)),
            None => field.field.absent_value(self.partial),
        }
    }

    fn nested(self, description: &Description, value: &Value, out: &mut JsonWriter) {
        match value {
            Value::Map(values) => self.map(description, values, out),
            Value::List(items) => {
                out.begin_array();
                for item in items {
                    self.nested(description, item, out);
                }
                out.end_array();
            }
            _ => out.null(),
        }
    }
}

/// The columns of a row by name.
fn members(description: &Description, row: &Loaded) -> Vec<(Cow<'static, str>, Value)> {
    let columns = description.model.columns.iter().enumerate();
    let member = |(at, column): (usize, &ColumnMeta)| {
        (Cow::Borrowed(column.name), row.model.value(at).to_value())
    };
    columns.map(member).collect()
}

/// The absolute URL of the view `name` whose capture `kwarg` is `value`.
fn address(cx: &Context, name: &str, kwarg: &str, value: ValueRef<'_>) -> Option<String> {
    cx.hyperlink(name, &[(kwarg, &text(value))]).ok()
}

fn write_link(cx: &Context, name: &str, kwarg: &str, value: ValueRef<'_>, out: &mut JsonWriter) {
    match address(cx, name, kwarg, value) {
        Some(address) => out.str(&address),
        None => out.null(),
    }
}

/// A lookup value in a URL.
fn text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Int(v) => v.to_string(),
        ValueRef::Text(v) => v.to_owned(),
        ValueRef::Uuid(v) => v.to_string(),
        _ => String::new(),
    }
}

/// Writes a value in the form of its field, which may be a custom one.
pub(super) fn write_own(
    field: &SerializerField,
    value: ValueRef<'_>,
    cx: &Context,
    out: &mut JsonWriter,
) {
    match &field.custom {
        Some(custom) if value != ValueRef::Null => (custom.write)(value.to_value(), cx, out),
        _ => match (&field.field.kind, value) {
            (FieldKind::File(options), ValueRef::Text(name)) => write_file(options, name, cx, out),
            _ => field.field.write(value, false, out),
        },
    }
}

/// A stored file, as its URL or its name; null where there is none (`FileField.to_representation`).
fn write_file(options: &FileOptions, name: &str, cx: &Context, out: &mut JsonWriter) {
    if name.is_empty() {
        return out.null();
    }
    if !options.use_url.unwrap_or(cx.settings().uploaded_files_use_url) {
        return out.str(name);
    }
    match cx.file_url(options.storage, name) {
        Ok(address) => out.str(&address),
        Err(error) => {
            tracing::error!("the file {name} has no URL: {error}");
            out.null();
        }
    }
}

/// Parses an object that was written, to change it; `None` if it is nested too deep.
fn object(json: &[u8]) -> Option<JsonObject> {
    let json = parse_json(std::str::from_utf8(json).ok()?).ok()?;
    match to_json(&json)? {
        serde_json::Value::Object(object) => Some(object),
        _ => None,
    }
}

fn default_of(field: &SerializerField, cx: &Context) -> Option<Value> {
    match &field.default {
        Some(make) => Some(make(cx)),
        None => field.field.default.as_ref().and_then(FieldDefault::get),
    }
}

/// Writes the default of a value whose path ends early.
fn write_default(field: &SerializerField, cx: &Context, out: &mut JsonWriter) {
    if let (None, Some(FieldDefault::Value(value))) = (&field.default, &field.field.default) {
        return write_own(field, value.as_ref(), cx, out);
    }
    match default_of(field, cx) {
        Some(value) => write_own(field, value.as_ref(), cx, out),
        None => out.null(),
    }
}
