//! The description of a serializer: its fields in order, what it selects and checks, and what
//! follows from that.
//!
//! [`Builder`] and [`PlainBuilder`] build it; everything else reads it: `validate` on the way in,
//! `select`, `fetch`, `list_rows` and `write` on the way out, `conflicts` after a save that failed,
//! and documents and forms.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

use super::asking::DynObjectAsks;
use super::batch::Batch;
use super::bound::BoundSerializer;
use super::builder::{Builder, PlainBuilder};
use super::changes::ChangeSet;
use super::field::{Output, SerializerField, Target};
use super::field_set::FieldSet;
use super::hooks::JsonObject;
use super::recursion::reaches_a_circle;
use super::relations::Related;
use super::rows::{Loaded, RelatedRows};
use super::run::DynRunValidation;
use super::save::DynSave;
use crate::db::{ColumnKind, Hop, Leaf, Model, ModelMeta, Path, Predicate, UniqueFor, nowhere};
use crate::exceptions::{Detail, Validated};
use crate::fields::{Field, FieldKind, message};
use crate::request::Context;
use crate::values::JsonWriter;

pub(crate) type ObjectHook =
    Arc<dyn Fn(&mut ChangeSet, &BoundSerializer<'_>) -> Validated + Send + Sync>;
pub(crate) type RowHook = Arc<
    dyn Fn(&Description, &Loaded, &RelatedRows, JsonObject, &Context, &mut JsonWriter)
        + Send
        + Sync,
>;
pub(crate) type DataFn = Arc<dyn Fn(JsonObject, &Context) -> JsonObject + Send + Sync>;
pub(crate) type FieldsHook = Arc<dyn Fn(&mut FieldSet, &Context) + Send + Sync>;
pub(crate) type InputHook =
    Arc<dyn Fn(JsonObject, &Context) -> Validated<JsonObject> + Send + Sync>;

/// Rows that are fetched for a whole page at once.
#[derive(Clone)]
pub(crate) struct Many {
    pub(crate) name: &'static str,
    pub(crate) hop: Hop,
    pub(crate) related: Related,
}

/// The source of something selected in addition to the model's columns: the end of a path, or a
/// joined row.
#[derive(Clone)]
pub(crate) enum Source {
    Value(Path),
    Row(Vec<Hop>, Related),
}

/// A set of values that no other row may have.
#[derive(Clone, Debug)]
pub(crate) struct UniqueTogether {
    /// Indexes of fields.
    pub(crate) members: Vec<usize>,
    pub(crate) message: String,
    pub(crate) code: &'static str,
    /// The rows that it is about, and the fields that decide.
    pub(crate) condition: Option<Conditional>,
    /// Of a value and a date: the first may not come again in the period of the second.
    pub(crate) period: Option<UniqueFor>,
}

impl UniqueTogether {
    /// The fields that it names.
    pub(crate) fn fields_mut(&mut self) -> impl Iterator<Item = &mut usize> {
        let condition = self.condition.iter_mut().flat_map(|condition| &mut condition.fields);
        self.members.iter_mut().chain(condition)
    }
}

/// The condition of a unique set.
#[derive(Clone, Debug)]
pub(crate) struct Conditional {
    pub(crate) make: fn() -> Predicate,
    /// Indexes of fields.
    pub(crate) fields: Vec<usize>,
}

/// A serializer as data: what it reads, checks and writes. It is built once.
#[derive(Clone)]
pub struct Description {
    /// The component's name: the struct's name without `Serializer`.
    pub name: &'static str,
    pub(crate) model: &'static ModelMeta,
    pub(crate) model_fn: fn() -> &'static ModelMeta,
    pub(crate) fields: Vec<SerializerField>,
    /// Pairs of fields that must hold the same value: the one that gets the message, and the other.
    pub(crate) must_match: Vec<(usize, usize)>,
    /// The fields as input and documents see them.
    pub(crate) input: Arc<[Field]>,
    pub(crate) sources: Vec<Source>,
    pub(crate) many: Vec<Many>,
    /// Fields that ask once for all rows.
    pub(crate) batches: Vec<Batch>,
    pub(crate) unique_together: Vec<UniqueTogether>,
    pub(crate) validate: Option<ObjectHook>,
    /// The checks of all values together that run before it (`Meta.validators`).
    pub(crate) validators: Vec<ObjectHook>,
    /// The same, with the database.
    pub(crate) validate_async: Option<Arc<dyn DynObjectAsks>>,
    /// The hook that makes the output of a row.
    pub(crate) to_representation: Option<RowHook>,
    /// The hook around the validation of a whole body.
    pub(crate) run_validation: Option<Arc<dyn DynRunValidation>>,
    /// The hook that changes what is shown of one row.
    pub(crate) data: Option<DataFn>,
    /// The hook that prepares the input.
    pub(crate) to_internal_value: Option<InputHook>,
    /// The hook that chooses the fields of a request.
    pub(crate) get_fields: Option<FieldsHook>,
    /// Its own way to store a new row.
    pub(crate) create: Option<Arc<dyn DynSave>>,
    /// Its own way to store changes to a row.
    pub(crate) update: Option<Arc<dyn DynSave>>,
    /// Its own way to store a list of new rows.
    pub(crate) create_many: Option<Arc<dyn DynSave>>,
    /// Its own way to store a list with changes to rows.
    pub(crate) update_many: Option<Arc<dyn DynSave>>,
    /// Messages of the whole serializer by code (`default_error_messages`).
    pub(crate) messages: Vec<(&'static str, Cow<'static, str>)>,
    /// The columns that are shown, by field, where columns are all that is shown: no function then
    /// needs the whole row.
    pub(crate) columns: Option<Vec<ShownColumn>>,
    /// Whether it holds a serializer that contains itself; found on first use.
    pub(crate) recurs: OnceLock<bool>,
    /// Whether validators of fields, and of objects, ask the database; found on first use.
    pub(crate) asks: OnceLock<(bool, bool)>,
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
    /// Starts the description of a serializer over `M`.
    pub fn of<M: Model>(name: &'static str) -> Builder<M> {
        Builder::<M>::new(name)
    }

    /// Starts the description of a serializer without a model.
    pub fn plain(name: &'static str) -> PlainBuilder {
        PlainBuilder::new(name)
    }

    /// The fields as input and documents see them, in order.
    pub fn fields(&self) -> &[Field] {
        &self.input
    }

    /// The serializer in field `index`, if it is nested.
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

    /// Whether field `index` shows a list of related rows.
    pub fn is_many(&self, index: usize) -> bool {
        self.fields.get(index).is_some_and(|field| {
            matches!(field.output, Output::Many(_))
                || matches!(
                    field.field.kind,
                    FieldKind::Nested { many: true, .. } | FieldKind::ManyRelated { .. }
                )
        })
    }

    /// Whether field `index` shows URLs.
    pub fn is_link(&self, index: usize) -> bool {
        self.fields.get(index).is_some_and(|field| match &field.output {
            Output::Link { .. }
            | Output::Row(_, Related::Link { .. } | Related::Address { .. }) => true,
            Output::Many(place) => self.many.get(*place).is_some_and(|many| {
                matches!(many.related, Related::Link { .. } | Related::Address { .. })
            }),
            _ => false,
        })
    }

    /// What a form shows first, by field (`get_initial`).
    pub fn get_initial(&self) -> JsonObject {
        let fields = self.input.iter().filter(|field| field.is_writable());
        let shown = fields.map(|field| {
            let mut out = JsonWriter::new();
            field.write(field.get_initial().as_ref(), false, &mut out);
            (field.name.to_owned(), serde_json::from_slice(out.bytes()).unwrap_or_default())
        });
        shown.collect()
    }

    /// The model.
    pub fn model(&self) -> &'static ModelMeta {
        self.model
    }

    /// The path to the values of field `index`, if there is one; default ordering fields use it.
    pub fn source(&self, index: usize) -> Option<Path> {
        let field = self.fields.get(index)?;
        match (&field.output, &field.target) {
            (Output::Column(column), _) | (_, Target::Column(column)) => Some(Path {
                model: self.model_fn,
                hops: Vec::new(),
                leaf: Leaf::Column(self.model.columns.get(*column)?),
            }),
            (Output::Source(source), _) => match self.sources.get(*source)? {
                Source::Value(path) => Some(path.clone()),
                Source::Row(..) => None,
            },
            _ => None,
        }
    }

    /// Whether it is a serializer without a model.
    pub fn is_plain(&self) -> bool {
        std::ptr::eq(self.model, nowhere())
    }

    /// The writable serializer in the field that validated data has under a name.
    pub(super) fn inner(&self, name: &str) -> Option<&'static Description> {
        let field = self.fields.iter().find(|field| field.field.source_name() == name)?;
        field.nested.map(|description| description())
    }

    fn asks(&self) -> (bool, bool) {
        *self.asks.get_or_init(|| {
            let own = (
                self.fields.iter().any(|field| field.asks.is_some()),
                self.validate_async.is_some(),
            );
            let read = self
                .fields
                .iter()
                .filter(|field| matches!(field.target, Target::Other | Target::Whole));
            let inner = read.filter_map(|field| Some(field.nested?().asks()));
            inner.fold(own, |(fields, objects), inner| (fields || inner.0, objects || inner.1))
        })
    }

    /// True when a validator of a field asks the database, here or in nested input.
    pub(super) fn asks_fields(&self) -> bool {
        self.asks().0
    }

    /// True when a validator of a whole object asks the database, here or in nested input.
    pub(super) fn asks_objects(&self) -> bool {
        self.asks().1
    }

    /// The message of a code (`fail`): the serializer's own, or the text.
    pub(crate) fn message(
        &self,
        code: &'static str,
        text: &'static str,
        parameters: &[(&str, &str)],
    ) -> Detail {
        message(&self.messages, code, text, parameters)
    }

    /// The place of the field `name`.
    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.field.name == name)
    }

    /// Removes a field, and the rules that involve it.
    pub(super) fn remove(&mut self, name: &str) {
        let Some(place) = self.place(name) else { return };
        self.fields.remove(place);
        let moved = |index: &mut usize| {
            if *index > place {
                *index -= 1;
            }
        };
        self.unique_together.retain_mut(|set| !set.fields_mut().any(|field| *field == place));
        for set in &mut self.unique_together {
            set.fields_mut().for_each(moved);
        }
        self.must_match.retain(|(own, other)| *own != place && *other != place);
        for (own, other) in &mut self.must_match {
            moved(own);
            moved(other);
        }
    }

    /// True when validation has to see the stored row.
    pub(crate) fn needs_instance(&self) -> bool {
        self.validate.is_some()
            || self.validate_async.is_some()
            || !self.unique_together.is_empty()
            || !self.validators.is_empty()
            || self.run_validation.is_some()
            || self.fields.iter().any(|field| field.sees_instance && field.takes_input())
    }

    /// The field that shows a count with a default: it stays as it was before a save.
    pub(super) fn count_field(&self, source: usize) -> Option<&SerializerField> {
        let is_count = matches!(self.sources.get(source), Some(Source::Value(path)) if matches!(path.leaf, Leaf::Annotation(_)));
        let field = self
            .fields
            .iter()
            .find(|field| matches!(field.output, Output::Source(own) if own == source));
        field.filter(|field| is_count && field.field.default.is_some())
    }

    /// True when annotations are shown that are computed when a row is written.
    pub(crate) fn shows_annotations(&self) -> bool {
        self.sources.iter().enumerate().any(|(at, source)| match source {
            Source::Value(path) => {
                matches!(path.leaf, Leaf::Annotation(_)) && self.count_field(at).is_none()
            }
            Source::Row(_, Related::Serializer(inner)) => inner.get().shows_annotations(),
            Source::Row(..) => false,
        })
    }

    /// True when a saved row has to be read again before it is written.
    pub(crate) fn needs_reload(&self) -> bool {
        (0..self.sources.len()).any(|source| self.count_field(source).is_none())
    }

    /// True when the model's columns are not all that is shown of a row.
    pub(crate) fn reads_beside(&self) -> bool {
        !self.sources.is_empty()
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
        (0..self.sources.len()).any(|source| self.count_field(source).is_some())
    }

    /// The field that writes a column of the database.
    pub(crate) fn field_of(&self, column: &str) -> Option<&'static str> {
        let index = self.model.columns.iter().position(|own| own.column == column)?;
        let writes =
            |field: &&SerializerField| matches!(field.target, Target::Column(own) if own == index);
        self.fields.iter().find(writes).map(|field| field.field.name)
    }

    /// True when a function of this serializer may look at the rows that are fetched for it.
    pub(super) fn shows_rows(&self) -> bool {
        self.to_representation.is_some()
            || self
                .fields
                .iter()
                .any(|field| matches!(field.output, Output::Method(_) | Output::Property(_)))
    }

    /// True when rows of relations to many are shown, or fields ask once for all rows, here or in what
    /// is joined.
    pub(super) fn fetches(&self, cx: &Context) -> bool {
        !self.many.is_empty()
            || !self.batches.is_empty()
            || self.sources.iter().any(|source| match source {
                Source::Row(_, Related::Serializer(inner)) => {
                    inner.get().for_request(cx).fetches(cx)
                }
                _ => false,
            })
    }

    /// How many columns of a statement a row takes.
    pub(super) fn width(&self, cx: &Context) -> usize {
        let sources = self.sources.iter().map(|source| match source {
            Source::Value(_) => 1,
            Source::Row(_, Related::Serializer(inner)) => inner.get().for_request(cx).width(cx),
            Source::Row(_, related) => related.model().columns.len(),
        });
        self.model.columns.len() + sources.sum::<usize>()
    }

    /// The models of the rows that it shows: its own, and those of what is nested.
    pub(crate) fn models(&self) -> Vec<&'static ModelMeta> {
        let mut models = Vec::new();
        self.collect_models(&mut models, &mut Vec::new());
        models
    }

    fn collect_models(&self, into: &mut Vec<&'static ModelMeta>, seen: &mut Vec<*const Self>) {
        if seen.contains(&std::ptr::from_ref(self)) {
            return;
        }
        seen.push(self);
        into.push(self.model);
        let joined = self.sources.iter().filter_map(|source| match source {
            Source::Row(_, related) => Some(related),
            Source::Value(_) => None,
        });
        for related in self.many.iter().map(|many| &many.related).chain(joined) {
            match related {
                Related::Serializer(inner) => inner.get().collect_models(into, seen),
                other => into.push(other.model()),
            }
        }
    }

    /// True when rows can be nested here without an end: this serializer contains itself, or
    /// holds one that does.
    pub(crate) fn recurs(&self) -> bool {
        *self.recurs.get_or_init(|| reaches_a_circle(self, &mut Vec::new(), &mut Vec::new()))
    }
}
