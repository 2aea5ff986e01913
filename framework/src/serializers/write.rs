//! From rows to bytes (`to_representation`), without a tree of JSON values in between.

use super::description::{Description, Output, SerializerField};
use super::description::{Slot, Target};
use super::hooks::JsonObject;
use super::relations::Related;
use super::rows::{Extra, Loaded, RelatedRows};
use crate::db::{Hop, Leaf, ModelMeta, TreeError};
use crate::exceptions::Detail;
use crate::fields::{Field, FieldDefault, Kind, to_json};
use crate::request::Context;
use crate::values::{JsonWriter, Value, ValueRef, parse_json};

/// What writing a row needs beside it.
#[derive(Clone, Copy)]
pub(crate) struct Writing<'a> {
    /// The request that is answered, which functions of the user's may ask for.
    pub(crate) cx: &'a Context,
    /// The response to a partial update: a field with a default whose way ends early is left out,
    /// as DRF does (`Field.get_default` with a partial root).
    pub(crate) partial: bool,
}

impl Description {
    /// Writes a row: as an object, or what `to_representation` makes of it.
    pub(crate) fn write(
        &self,
        row: &Loaded,
        related: &RelatedRows,
        writing: Writing<'_>,
        out: &mut JsonWriter,
    ) {
        let Some(hook) = &self.to_representation else {
            return self.write_fields(row, related, writing, out);
        };
        let mut fields = JsonWriter::new();
        self.write_fields(row, related, writing, &mut fields);
        match object(fields.bytes()) {
            Some(shown) => hook(self, row, related, shown, writing.cx, out),
            None => out.null(),
        }
    }

    fn write_fields(
        &self,
        row: &Loaded,
        related: &RelatedRows,
        writing: Writing<'_>,
        out: &mut JsonWriter,
    ) {
        out.begin_object();
        for field in &self.fields {
            if matches!(field.output, Output::None)
                || writing.partial && self.ends_early(field, row)
            {
                continue;
            }
            out.prepared_key(&field.member);
            self.write_field(field, row, related, writing, out);
        }
        out.end_object();
    }

    fn write_field(
        &self,
        field: &SerializerField,
        row: &Loaded,
        related: &RelatedRows,
        writing: Writing<'_>,
        out: &mut JsonWriter,
    ) {
        match &field.output {
            Output::None => {}
            Output::Column(index) => write_own(field, row.model.value(*index), writing.cx, out),
            Output::Slot(slot) => match row.slot(*slot) {
                Some(Extra::Value(value)) if !value.is_null() => {
                    write_own(field, value.as_ref(), writing.cx, out);
                }
                _ => write_default(field, writing.cx, out),
            },
            Output::Row(slot, how) => match row.slot(*slot) {
                Some(Extra::Row(Some(inner))) => {
                    let none = RelatedRows::default();
                    how.write(inner, related.slot(*slot).unwrap_or(&none), writing, out);
                }
                _ => out.null(),
            },
            Output::Many(place) => {
                out.begin_array();
                let how = self.many.get(*place).map(|many| &many.related);
                if let (Some(how), Some(rows)) = (how, related.many.get(*place)) {
                    let key = row.model.value(self.model.pk);
                    if let Some(written) = rows.written_of(key) {
                        out.raw(written.bytes());
                    }
                    for inner in rows.of(key) {
                        how.write(inner, &rows.related, writing, out);
                    }
                }
                out.end_array();
            }
            Output::Method(method) => method(self, row, related, writing.cx, out),
            Output::Link { view_name, kwarg, column } => {
                write_link(writing.cx, view_name, kwarg, row.model.value(*column), out);
            }
        }
    }

    /// True for a field with a default whose way starts at a key that is null.
    fn ends_early(&self, field: &SerializerField, row: &Loaded) -> bool {
        let Output::Slot(slot) = field.output else { return false };
        let Some(Slot::Value(path)) = self.slots.get(slot) else { return false };
        let Some(Hop::Forward { column, .. }) = path.hops.first() else { return false };
        let key = self.model.columns.iter().position(|own| own.column == column.column);
        field.field.default.is_some()
            && key.is_some_and(|key| row.model.value(key) == ValueRef::Null)
    }

    /// The row's own address, when a field `url` shows one: the `Location` of a response to a
    /// create.
    pub(crate) fn location(&self, row: &Loaded, cx: &Context) -> Option<String> {
        self.fields.iter().find(|field| field.field.name == "url").and_then(|field| {
            match &field.output {
                Output::Link { view_name, kwarg, column } => {
                    address(cx, view_name, kwarg, row.model.value(*column))
                }
                _ => None,
            }
        })
    }
}

/// What a save leaves of a row's surroundings.
impl Description {
    fn count_field(&self, slot: usize) -> Option<&SerializerField> {
        let is_count = matches!(self.slots.get(slot), Some(Slot::Value(path)) if matches!(path.leaf, Leaf::Annotation(_)));
        let field = self
            .fields
            .iter()
            .find(|field| matches!(field.output, Output::Slot(own) if own == slot));
        field.filter(|field| is_count && field.field.default.is_some())
    }

    /// True when annotations are shown that are computed when a row is written.
    pub(crate) fn shows_annotations(&self) -> bool {
        self.slots.iter().enumerate().any(|(at, slot)| {
            let Slot::Value(path) = slot else { return false };
            matches!(path.leaf, Leaf::Annotation(_)) && self.count_field(at).is_none()
        })
    }

    /// True when a saved row has to be read again before it is written.
    pub(crate) fn needs_reload(&self) -> bool {
        (0..self.slots.len()).any(|slot| self.count_field(slot).is_none())
    }

    /// True when the model's columns are not all that is shown of a row.
    pub(crate) fn reads_beside(&self) -> bool {
        !self.slots.is_empty()
    }

    /// True when a save takes more than one statement: links, nested rows.
    pub(crate) fn writes_several(&self) -> bool {
        self.fields
            .iter()
            .any(|field| matches!(field.target, Target::Links(_)) || field.takes_rows())
    }

    /// True when a save may place a row in a tree whose key is `acyclic`.
    pub(crate) fn places_in_tree(&self) -> bool {
        self.fields.iter().any(|field| match field.target {
            Target::Column(column) => {
                self.model.columns.get(column).is_some_and(|column| column.acyclic)
            }
            _ => false,
        })
    }

    /// True when a count shows what it was before the save.
    pub(crate) fn has_counts(&self) -> bool {
        (0..self.slots.len()).any(|slot| self.count_field(slot).is_some())
    }

    /// Counts with a default show what they were before the save, or the default of a new row.
    pub(crate) fn keep_counts(&self, row: &mut Loaded, before: Option<&Loaded>) {
        while row.extra.len() < self.slots.len() {
            row.extra.push(Extra::Value(Value::Null));
        }
        for (slot, extra) in row.extra.iter_mut().enumerate() {
            if self.count_field(slot).is_some() {
                *extra = match before.and_then(|before| before.slot(slot)) {
                    Some(Extra::Value(value)) => Extra::Value(value.clone()),
                    _ => Extra::Value(Value::Null),
                };
            }
        }
    }

    /// The validator's words for a value that another row took first.
    pub(crate) fn taken(&self, columns: &[String]) -> Detail {
        let indexes: Vec<usize> = columns
            .iter()
            .filter_map(|name| self.model.columns.iter().position(|column| column.column == name))
            .collect();
        let target = |field: &SerializerField| match field.target {
            Target::Column(column) => Some(column),
            _ => None,
        };
        if let [index] = indexes.as_slice()
            && let Some(field) = self.fields.iter().find(|field| target(field) == Some(*index))
            && let Some(unique) = &field.unique
        {
            let message = Detail::new(unique.message.clone(), "unique");
            return Detail::field(field.field.name, vec![message]);
        }
        let same = |members: &[usize]| {
            members.len() == indexes.len()
                && members.iter().all(|member| {
                    self.fields.get(*member).and_then(target).is_some_and(|c| indexes.contains(&c))
                })
        };
        if let Some(set) = self.unique_together.iter().find(|set| same(&set.members)) {
            let message = Detail::new(set.message.clone(), "unique");
            return Detail::field("non_field_errors", vec![message]);
        }
        Self::model_taken(self.model, columns)
    }

    /// The words for a place in a tree that a row cannot have.
    pub(crate) fn misplaced(&self, name: &'static str, problem: TreeError) -> Detail {
        let (code, text) = problem.refusal();
        let writes = |field: &&SerializerField| match field.target {
            Target::Column(column) => {
                self.model.columns.get(column).is_some_and(|column| column.name == name)
            }
            _ => false,
        };
        match self.fields.iter().find(writes) {
            Some(field) => Detail::field(field.field.name, [field.field.message(code, text, &[])]),
            None => Detail::field(name, [Detail::new(text, code)]),
        }
    }

    /// The field that writes a column of the database.
    pub(crate) fn field_of(&self, column: &str) -> Option<&'static str> {
        let index = self.model.columns.iter().position(|own| own.column == column)?;
        let writes =
            |field: &&SerializerField| matches!(field.target, Target::Column(own) if own == index);
        self.fields.iter().find(writes).map(|field| field.field.name)
    }

    /// The same for a row that no serializer validated.
    pub(crate) fn model_taken(model: &'static ModelMeta, columns: &[String]) -> Detail {
        let names: Vec<&'static str> = columns
            .iter()
            .filter_map(|name| model.columns.iter().find(|column| column.column == name))
            .map(|column| column.name)
            .collect();
        if let [name] = names.as_slice() {
            let text = format!(
                "{} with this {} already exists.",
                model.verbose_name,
                name.replace('_', " ")
            );
            return Detail::field(*name, vec![Detail::new(text, "unique")]);
        }
        let text = format!("The fields {} must make a unique set.", names.join(", "));
        Detail::field("non_field_errors", vec![Detail::new(text, "unique")])
    }
}

impl Related {
    fn write(
        &self,
        row: &Loaded,
        related: &RelatedRows,
        writing: Writing<'_>,
        out: &mut JsonWriter,
    ) {
        match self {
            Self::Serializer(inner) => inner.get().write(row, related, writing, out),
            Self::Display { show, .. } => out.str(&show(&*row.model)),
            Self::Column { column, .. } => out.value(row.model.value(*column)),
            Self::Link { view_name, kwarg, column, .. } => {
                write_link(writing.cx, view_name, kwarg, row.model.value(*column), out);
            }
        }
    }
}

/// The absolute address of the view `name` whose capture `kwarg` is `value`.
fn address(cx: &Context, name: &str, kwarg: &str, value: ValueRef<'_>) -> Option<String> {
    cx.hyperlink(name, &[(kwarg, &text(value))]).ok()
}

fn write_link(cx: &Context, name: &str, kwarg: &str, value: ValueRef<'_>, out: &mut JsonWriter) {
    match address(cx, name, kwarg, value) {
        Some(address) => out.str(&address),
        None => out.null(),
    }
}

/// A lookup value as an address shows it.
fn text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Int(v) => v.to_string(),
        ValueRef::Text(v) => v.to_owned(),
        ValueRef::Uuid(v) => v.to_string(),
        _ => String::new(),
    }
}

/// A value in the form that its field gives it.
pub(crate) fn write_value(field: &Field, value: ValueRef<'_>, out: &mut JsonWriter) {
    match (&field.kind, value) {
        (Kind::Decimal(options), ValueRef::Decimal(value)) => {
            let value = match options.decimal_places {
                Some(places) => value.quantize(places),
                None => value,
            };
            if options.as_number {
                out.f64(value.to_float());
            } else if options.normalize_output {
                out.decimal(value.normalize().into());
            } else {
                out.decimal(value);
            }
        }
        #[allow(clippy::cast_precision_loss)]
        (Kind::Float { .. }, ValueRef::Int(value)) => out.f64(value as f64),
        (_, value) => out.value(value),
    }
}

/// A value in the form that its field gives it, be it one of the user's own.
pub(super) fn write_own(
    field: &SerializerField,
    value: ValueRef<'_>,
    cx: &Context,
    out: &mut JsonWriter,
) {
    match &field.custom {
        Some(custom) if value != ValueRef::Null => (custom.write)(value.to_value(), cx, out),
        _ => write_value(&field.field, value, out),
    }
}

/// An object that was written, to be changed; `None` where it is nested deeper than JSON is read.
fn object(json: &[u8]) -> Option<JsonObject> {
    let json = parse_json(std::str::from_utf8(json).ok()?).ok()?;
    match to_json(&json)? {
        serde_json::Value::Object(object) => Some(object),
        _ => None,
    }
}

/// What stands for a value that the way to it does not reach.
fn write_default(field: &SerializerField, cx: &Context, out: &mut JsonWriter) {
    let made = match (&field.default, &field.field.default) {
        (Some(make), _) => Some(make(cx)),
        (None, Some(FieldDefault::Value(value))) => {
            return write_own(field, value.as_ref(), cx, out);
        }
        (None, default) => default.as_ref().and_then(FieldDefault::get),
    };
    match made {
        Some(value) => write_own(field, value.as_ref(), cx, out),
        None => out.null(),
    }
}
