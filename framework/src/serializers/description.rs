//! What a serializer is: its fields in order, where their values come from and where they go.
//!
//! [`Builder`](super::Builder) makes it.

use std::fmt;
use std::sync::{Arc, OnceLock};

use super::changes::ChangeSet;
use super::custom::Conversion;
use super::hooks::JsonObject;
use super::relations::{Inner, Related};
use super::rows::{Loaded, RelatedRows};
use crate::db::{ColumnKind, Hop, Leaf, ModelMeta, ModelRow, Path};
use crate::exceptions::Validated;
use crate::fields::{Field, KeyKind, Kind};
use crate::request::Context;
use crate::values::JsonWriter;
use crate::values::Value;

pub(crate) type MethodFn =
    Arc<dyn Fn(&Description, &Loaded, &RelatedRows, &Context, &mut JsonWriter) + Send + Sync>;
pub(crate) type FieldHook = Arc<dyn Fn(Value, &Context) -> Validated<Value> + Send + Sync>;
pub(crate) type ObjectHook =
    Arc<dyn Fn(&mut ChangeSet, Option<&dyn ModelRow>, &Context) -> Validated + Send + Sync>;
pub(crate) type RowHook = Arc<
    dyn Fn(&Description, &Loaded, &RelatedRows, JsonObject, &Context, &mut JsonWriter)
        + Send
        + Sync,
>;
pub(crate) type InputHook =
    Arc<dyn Fn(JsonObject, &Context) -> Validated<JsonObject> + Send + Sync>;
pub(crate) type DefaultHook = Arc<dyn Fn(&Context) -> Value + Send + Sync>;

/// Where a field's output comes from.
#[derive(Clone)]
pub(crate) enum Output {
    /// Nothing: write-only.
    None,
    /// A column of the model.
    Column(usize),
    /// A value that was selected beside the model, by slot.
    Slot(usize),
    /// A row that was joined: the slot, and how it is written.
    Row(usize, Related),
    /// Rows that were fetched for all rows at once, by place.
    Many(usize),
    /// A function of the row.
    Method(MethodFn),
    /// The address of the row itself.
    Link { view_name: Arc<str>, kwarg: Arc<str>, column: usize },
}

/// Rows that are fetched for a whole page at once.
#[derive(Clone)]
pub(crate) struct Many {
    pub(crate) name: &'static str,
    pub(crate) hop: Hop,
    pub(crate) related: Related,
}

/// Something selected beside the model's columns.
#[derive(Clone)]
pub(crate) enum Slot {
    Value(Path),
    Row(Vec<Hop>, Related),
}

/// Where a field's input goes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    /// Nowhere: read-only.
    None,
    /// To a column of the model.
    Column(usize),
    /// To the links of a many-to-many relation.
    Links(Hop),
    /// To the view set, under the field's name.
    Other,
}

/// Rows that input names and that must exist.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyCheck {
    pub(crate) model: fn() -> &'static ModelMeta,
    /// The column that input names rows by.
    pub(crate) column: usize,
}

/// A value that no other row may have.
#[derive(Clone, Debug)]
pub(crate) struct Unique {
    pub(crate) column: usize,
    pub(crate) ignore_case: bool,
    pub(crate) message: String,
}

/// A set of values that no other row may have.
#[derive(Clone, Debug)]
pub(crate) struct UniqueTogether {
    /// Indexes of fields.
    pub(crate) members: Vec<usize>,
    pub(crate) message: String,
}

/// A field in its place: description, source, destination.
#[derive(Clone)]
pub(crate) struct SerializerField {
    pub(crate) field: Field,
    /// Its key in the output, ready to be written.
    pub(crate) member: Box<[u8]>,
    pub(crate) output: Output,
    pub(crate) target: Target,
    pub(crate) key: Option<KeyCheck>,
    pub(crate) unique: Option<Unique>,
    pub(crate) hook: Option<FieldHook>,
    /// Makes its value where none was sent: `FieldDefault::Serializer`.
    pub(crate) default: Option<DefaultHook>,
    /// How it shows and reads values, where its type says so.
    pub(crate) custom: Option<Conversion>,
    pub(crate) nested: Option<fn() -> &'static Description>,
}

impl SerializerField {
    /// True for a nested serializer that takes input.
    pub(crate) fn takes_rows(&self) -> bool {
        self.nested.is_some() && matches!(self.target, Target::Other)
    }
}

/// A serializer: what it reads, checks and writes. Made once, read by everything.
pub struct Description {
    /// The component's name: the struct's name without `Serializer`.
    pub name: &'static str,
    pub(crate) model: &'static ModelMeta,
    pub(crate) model_fn: fn() -> &'static ModelMeta,
    pub(crate) fields: Vec<SerializerField>,
    /// The field that a modifier changes.
    pub(crate) current: usize,
    /// Pairs of fields that must hold the same value: the one that gets the message, and the other.
    pub(crate) must_match: Vec<(usize, usize)>,
    /// The same fields as input and documents see them.
    pub(crate) input: Arc<[Field]>,
    pub(crate) slots: Vec<Slot>,
    pub(crate) many: Vec<Many>,
    pub(crate) unique_together: Vec<UniqueTogether>,
    pub(crate) validate: Option<ObjectHook>,
    /// What is shown of a row instead of its fields.
    pub(crate) to_representation: Option<RowHook>,
    /// What is read instead of the input.
    pub(crate) to_internal_value: Option<InputHook>,
    /// The columns that are shown, by field, where columns are all that is shown: no function then
    /// needs the whole row.
    pub(crate) columns: Option<Vec<ShownColumn>>,
    /// Whether it holds a serializer that contains itself; found on first use.
    pub(crate) recurs: OnceLock<bool>,
}

/// A column that is shown as it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ShownColumn {
    /// The field, by place.
    pub(crate) field: usize,
    /// The column of the model, by place.
    pub(crate) column: usize,
    /// What it stores.
    pub(crate) kind: ColumnKind,
}

impl fmt::Debug for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Description")
            .field("name", &self.name)
            .field("fields", &self.input.iter().map(|field| field.name).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl Description {
    /// The fields as input and documents see them, in order.
    pub fn fields(&self) -> &[Field] {
        &self.input
    }

    /// The serializer in field `index`, when it is a nested one.
    pub fn nested(&self, index: usize) -> Option<&Description> {
        let field = self.fields.get(index)?;
        field.nested.map(|description| description()).or_else(|| match &field.output {
            Output::Row(_, Related::Serializer(inner)) => Some(inner.get()),
            Output::Many(place) => match &self.many.get(*place)?.related {
                Related::Serializer(inner) => Some(inner.get()),
                _ => None,
            },
            _ => None,
        })
    }

    /// True when field `index` shows a list of related rows.
    pub fn is_many(&self, index: usize) -> bool {
        self.fields.get(index).is_some_and(|field| {
            matches!(field.output, Output::Many(_))
                || matches!(
                    field.field.kind,
                    Kind::Nested { many: true, .. } | Kind::ManyRelated { .. }
                )
        })
    }

    /// True when field `index` shows addresses.
    pub fn is_link(&self, index: usize) -> bool {
        self.fields.get(index).is_some_and(|field| match &field.output {
            Output::Link { .. } | Output::Row(_, Related::Link { .. }) => true,
            Output::Many(place) => self
                .many
                .get(*place)
                .is_some_and(|many| matches!(many.related, Related::Link { .. })),
            _ => false,
        })
    }

    /// The model.
    pub fn model(&self) -> &'static ModelMeta {
        self.model
    }

    /// What the values of field `index` come from, when it is a path: what an unset
    /// `ordering_fields` allows.
    pub fn source(&self, index: usize) -> Option<Path> {
        let field = self.fields.get(index)?;
        match (&field.output, &field.target) {
            (Output::Column(column), _) | (_, Target::Column(column)) => Some(Path {
                model: self.model_fn,
                hops: Vec::new(),
                leaf: Leaf::Column(self.model.columns.get(*column)?),
            }),
            (Output::Slot(slot), _) => match self.slots.get(*slot)? {
                Slot::Value(path) => Some(path.clone()),
                Slot::Row(..) => None,
            },
            _ => None,
        }
    }
}

/// What does not depend on the model's struct: fields over columns, known from the description
/// of the model alone.
impl Description {
    pub(crate) fn new(name: &'static str, model_fn: fn() -> &'static ModelMeta) -> Self {
        Self {
            name,
            model: model_fn(),
            model_fn,
            fields: Vec::new(),
            current: 0,
            must_match: Vec::new(),
            input: Arc::new([]),
            slots: Vec::new(),
            many: Vec::new(),
            unique_together: Vec::new(),
            validate: None,
            to_representation: None,
            to_internal_value: None,
            columns: None,
            recurs: OnceLock::new(),
        }
    }

    /// Adds a field, in the place of one that has its name.
    pub(crate) fn push(
        &mut self,
        field: Field,
        output: Output,
        target: Target,
    ) -> &mut SerializerField {
        let place = self.place(field.name);
        let added = SerializerField {
            member: JsonWriter::member(field.name),
            field,
            output,
            target,
            key: None,
            unique: None,
            hook: None,
            default: None,
            custom: None,
            nested: None,
        };
        self.current = place.unwrap_or(self.fields.len());
        match place {
            Some(place) => self.fields[place] = added,
            None => self.fields.push(added),
        }
        &mut self.fields[self.current]
    }

    pub(crate) fn add_slot(&mut self, slot: Slot) -> usize {
        self.slots.push(slot);
        self.slots.len() - 1
    }

    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.field.name == name)
    }

    /// A field over the model's column `index`.
    pub(crate) fn add_column(&mut self, name: &'static str, index: usize) {
        let model = self.model;
        let Some(column) = model.columns.get(index) else { return };
        let mut field = Field::from_column(column);
        rename(&mut field, name, column.name);
        let read_only = index == model.pk || field.read_only;
        if read_only {
            field = field.read_only();
        }
        let target = if read_only { Target::None } else { Target::Column(index) };
        let added = self.push(field, Output::Column(index), target);
        if column.unique && !read_only {
            let own = column.errors.iter().find(|(code, _)| *code == "unique");
            let message = own.map_or_else(
                || {
                    let label = column.name.replace('_', " ");
                    format!("{} with this {label} already exists.", model.verbose_name)
                },
                |(_, text)| (*text).to_owned(),
            );
            added.unique = Some(Unique { column: index, ignore_case: false, message });
        }
    }

    /// A field over the foreign key in column `index`, shown and taken as a key.
    pub(crate) fn add_key_column(&mut self, name: &'static str, index: usize) {
        let Some((column, to)) =
            self.model.columns.get(index).and_then(|column| Some((column, column.references?)))
        else {
            return;
        };
        let mut field = Field::from_column(column);
        rename(&mut field, name, column.name);
        field.kind = Kind::PrimaryKey { key: key_kind(to().pk_column().kind) };
        let added = self.push(field, Output::Column(index), Target::Column(index));
        added.key = Some(KeyCheck { model: to, column: to().pk });
    }

    /// Every column that no field stands for yet, in DRF's order: the primary key before
    /// everything else, relations last.
    pub(crate) fn add_all(&mut self) {
        let model = self.model;
        if let Some(pk) = model.columns.get(model.pk)
            && self.place(pk.name).is_none()
        {
            self.add_column(pk.name, model.pk);
            self.fields.rotate_right(1);
            let later = |index: &mut usize| *index += 1;
            self.unique_together.iter_mut().for_each(|set| set.members.iter_mut().for_each(later));
            for (first, second) in &mut self.must_match {
                later(first);
                later(second);
            }
        }
        for relations in [false, true] {
            for (index, column) in model.columns.iter().enumerate() {
                if column.references.is_some() != relations || self.place(column.name).is_some() {
                    continue;
                }
                if relations {
                    self.add_key_column(column.name, index);
                } else {
                    self.add_column(column.name, index);
                }
            }
        }
    }

    /// The fields of another serializer over the same model, with all that belongs to them.
    pub(crate) fn extend(&mut self, other: &Self) {
        let (slots, many) = (self.slots.len(), self.many.len());
        self.slots.extend(other.slots.iter().cloned());
        self.many.extend(other.many.iter().cloned());
        for added in &other.fields {
            let mut added = added.clone();
            match &mut added.output {
                Output::Slot(slot) | Output::Row(slot, _) => *slot += slots,
                Output::Many(place) => *place += many,
                Output::None | Output::Column(_) | Output::Method(_) | Output::Link { .. } => {}
            }
            match self.place(added.field.name) {
                Some(place) => self.fields[place] = added,
                None => self.fields.push(added),
            }
        }
        let here = |index: &usize| {
            other
                .fields
                .get(*index)
                .and_then(|field| self.place(field.field.name))
                .unwrap_or_default()
        };
        let sets = other.unique_together.iter().map(|set| UniqueTogether {
            members: set.members.iter().map(here).collect(),
            message: set.message.clone(),
        });
        let sets: Vec<UniqueTogether> = sets.collect();
        let pairs: Vec<(usize, usize)> =
            other.must_match.iter().map(|(first, second)| (here(first), here(second))).collect();
        self.unique_together.extend(sets);
        self.must_match.extend(pairs);
        self.validate.clone_from(&other.validate);
        self.to_representation.clone_from(&other.to_representation);
        self.to_internal_value.clone_from(&other.to_internal_value);
    }

    /// Foreign keys become nested objects with all their columns.
    pub(crate) fn add_depth(&mut self, depth: usize) {
        if depth == 0 {
            return;
        }
        for index in 0..self.fields.len() {
            let Output::Column(column) = self.fields[index].output else { continue };
            let Some(meta) = self.model.columns.get(column) else { continue };
            let Some(to) = meta.references else { continue };
            let mut inner = Self::new("Nested", to);
            inner.add_all();
            inner.add_depth(depth - 1);
            inner.seal();
            let related = Related::Serializer(Inner::Owned(Arc::new(inner)));
            let slot =
                self.add_slot(Slot::Row(vec![Hop::Forward { column: meta, to }], related.clone()));
            let field = &mut self.fields[index];
            field.field = Field::new(field.field.name, Kind::ReadOnly).read_only();
            field.output = Output::Row(slot, related);
            field.target = Target::None;
            field.key = None;
        }
    }

    pub(crate) fn seal(&mut self) {
        self.input = self.fields.iter().map(|field| field.field.clone()).collect();
        self.columns = self.shown_columns();
    }

    fn shown_columns(&self) -> Option<Vec<ShownColumn>> {
        let needs_row = self.to_representation.is_some();
        if needs_row || !self.slots.is_empty() || !self.many.is_empty() {
            return None;
        }
        let shown = self.fields.iter().enumerate().filter_map(|(field, own)| match own.output {
            Output::None => None,
            Output::Column(_) if own.custom.is_some() => Some(None),
            Output::Column(column) => Some(self.model.columns.get(column).map(|c| ShownColumn {
                field,
                column,
                kind: c.kind,
            })),
            _ => Some(None),
        });
        shown.collect()
    }
}

/// A field that is not called as its column has a label of its own.
pub(crate) fn rename(field: &mut Field, name: &'static str, column: &str) {
    field.name = name;
    if name != column {
        field.label = Field::new(name, Kind::Any).label;
    }
}

pub(crate) fn key_kind(kind: ColumnKind) -> KeyKind {
    match kind {
        ColumnKind::Text => KeyKind::Text,
        ColumnKind::Uuid => KeyKind::Uuid,
        _ => KeyKind::Int,
    }
}
