//! Rows in memory: a model's row, what was selected with it, and what was fetched for all rows.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use super::description::Description;
use crate::db::{Key, Model, ModelRow};
use crate::values::{JsonWriter, Value, ValueRef};

/// A related row of which only the key was selected.
pub(super) struct KeyRow(pub(super) Value);

impl ModelRow for KeyRow {
    fn value(&self, _: usize) -> ValueRef<'_> {
        self.0.as_ref()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

/// What was selected in addition to a row.
pub(crate) enum Extra {
    Value(Value),
    Row(Option<Box<Loaded>>),
}

/// A row with what its serializer selected in addition.
pub struct Loaded {
    pub(crate) model: Box<dyn ModelRow>,
    pub(crate) extra: Vec<Extra>,
}

impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loaded").field("extra", &self.extra.len()).finish_non_exhaustive()
    }
}

impl Loaded {
    /// Creates a row without additions.
    pub(crate) fn bare(model: Box<dyn ModelRow>) -> Self {
        Self { model, extra: Vec::new() }
    }

    /// The model's struct.
    pub fn row<M: Model>(&self) -> Option<&M> {
        self.model.as_any().downcast_ref()
    }

    /// The model's row, without its type.
    pub(crate) fn model(&self) -> &dyn ModelRow {
        &*self.model
    }

    /// The value of a column of the model.
    pub(crate) fn value(&self, column: usize) -> ValueRef<'_> {
        self.model.value(column)
    }

    /// The model's struct, and what was beside it.
    pub(crate) fn split<M: Model>(self) -> (Option<M>, Self) {
        let row = self.model.into_any().downcast().ok().map(|row| *row);
        (row, Self { model: Box::new(KeyRow(Value::Null)), extra: self.extra })
    }

    pub(crate) fn source(&self, source: usize) -> Option<&Extra> {
        self.extra.get(source)
    }

    /// Keeps annotated counts as they were before the save; a new row shows the field's default.
    pub(crate) fn keep_counts(&mut self, description: &Description, before: Option<&Loaded>) {
        while self.extra.len() < description.sources.len() {
            self.extra.push(Extra::Value(Value::Null));
        }
        for (source, extra) in self.extra.iter_mut().enumerate() {
            if description.count_field(source).is_some() {
                *extra = match before.and_then(|before| before.source(source)) {
                    Some(Extra::Value(value)) => Extra::Value(value.clone()),
                    _ => Extra::Value(Value::Null),
                };
            }
        }
    }
}

/// The rows of one relation for a whole page.
#[derive(Default)]
pub(crate) struct ManyRows {
    pub(super) groups: HashMap<Key, Vec<usize>>,
    pub(crate) rows: Vec<Loaded>,
    pub(crate) related: RelatedRows,
    /// Rows serialised while they were read, because nothing else needs them.
    pub(super) written: HashMap<Key, JsonWriter>,
}

/// Everything that was fetched for a whole page, relation by relation.
#[derive(Default)]
pub struct RelatedRows {
    pub(crate) many: Vec<ManyRows>,
    /// The answers of fields that ask once, by key.
    pub(super) batches: Vec<HashMap<Key, Box<[u8]>>>,
    /// What joined rows have fetched, by source.
    pub(crate) sources: Vec<(usize, RelatedRows)>,
}

impl fmt::Debug for RelatedRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelatedRows").field("many", &self.many.len()).finish_non_exhaustive()
    }
}

impl ManyRows {
    /// The rows that belong to a key, as they were written.
    pub(crate) fn written_of(&self, key: ValueRef<'_>) -> Option<&JsonWriter> {
        self.written.get(&Key::new(key)?)
    }

    /// The rows that belong to a key.
    pub(crate) fn of(&self, key: ValueRef<'_>) -> impl Iterator<Item = &Loaded> {
        let indexes = Key::new(key).and_then(|key| self.groups.get(&key));
        indexes.into_iter().flatten().filter_map(|index| self.rows.get(*index))
    }
}

impl RelatedRows {
    /// The JSON of a batch field for the row of a key.
    pub(super) fn batch(&self, place: usize, key: ValueRef<'_>) -> Option<&[u8]> {
        self.batches.get(place)?.get(&Key::new(key)?).map(|json| &**json)
    }

    pub(crate) fn source(&self, source: usize) -> Option<&RelatedRows> {
        self.sources.iter().find(|(at, _)| *at == source).map(|(_, related)| related)
    }
}

/// The row in a `get_…` function of a serializer: the model, and the rows that the same serializer
/// fetched for it. It dereferences to the model.
pub struct Instance<'a, M> {
    row: &'a M,
    loaded: &'a Loaded,
    related: &'a RelatedRows,
    description: &'a Description,
    model: PhantomData<fn() -> M>,
}

impl<M> fmt::Debug for Instance<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instance").finish_non_exhaustive()
    }
}

impl<M> Deref for Instance<'_, M> {
    type Target = M;

    fn deref(&self) -> &M {
        self.row
    }
}

impl<'a, M: Model> Instance<'a, M> {
    pub(crate) fn new(
        description: &'a Description,
        loaded: &'a Loaded,
        related: &'a RelatedRows,
    ) -> Option<Self> {
        Some(Self { row: loaded.row()?, loaded, related, description, model: PhantomData })
    }

    /// The rows that the field `name` of this serializer fetched; empty for another name.
    pub fn many<N: Model>(&self, name: &str) -> impl Iterator<Item = &'a N> {
        let place = self.description.many.iter().position(|many| many.name == name);
        let rows = place.and_then(|place| self.related.many.get(place));
        let key = self.loaded.model.value(self.description.model.pk);
        rows.into_iter().flat_map(move |rows| rows.of(key)).filter_map(Loaded::row)
    }
}
