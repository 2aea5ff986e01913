//! Rows in memory: a model's row, what was selected beside it, and what was fetched for all.

use std::any::Any;
use std::cell::Cell;
use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use super::description::{Description, Many, Output, ShownColumn, Slot};
use super::recursion::{MOST_LEVELS, MOST_OBJECTS, Ways};
use super::relations::Related;
use crate::db::{ColumnKind, Conn, Error, Hop, Key, Model, ModelRow, Row, Select};
use crate::values::{JsonWriter, Value, ValueRef};

/// A related row of which only the key was asked for.
struct KeyRow(Value);

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

/// What was selected beside a row.
pub(crate) enum Extra {
    Value(Value),
    Row(Option<Box<Loaded>>),
}

/// A row with what its serializer selected beside it.
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
    /// A row without anything beside it.
    pub(crate) fn bare(model: Box<dyn ModelRow>) -> Self {
        Self { model, extra: Vec::new() }
    }

    /// The model's struct.
    pub fn row<M: Model>(&self) -> Option<&M> {
        self.model.as_any().downcast_ref()
    }

    /// The model's row, whatever its type.
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

    pub(crate) fn slot(&self, slot: usize) -> Option<&Extra> {
        self.extra.get(slot)
    }
}

/// The rows of one relation for a whole page.
#[derive(Default)]
pub(crate) struct ManyRows {
    groups: HashMap<Key, Vec<usize>>,
    pub(crate) rows: Vec<Loaded>,
    pub(crate) related: RelatedRows,
    /// Rows that were written as they were read, where nothing else needs them.
    written: HashMap<Key, JsonWriter>,
}

/// Everything that was fetched for a whole page, relation by relation.
#[derive(Default)]
pub struct RelatedRows {
    pub(crate) many: Vec<ManyRows>,
    /// What joined rows have fetched, by slot.
    pub(crate) slots: Vec<(usize, RelatedRows)>,
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
    pub(crate) fn slot(&self, slot: usize) -> Option<&RelatedRows> {
        self.slots.iter().find(|(at, _)| *at == slot).map(|(_, related)| related)
    }
}

impl Description {
    /// Adds to a query what this serializer selects beside the model.
    pub(crate) fn select(&self, select: &mut Select) {
        for slot in &self.slots {
            add_slot(select, &[], slot);
        }
    }

    /// Reads a row of the query that [`Description::select`] made, from column `at` on.
    pub(crate) fn read(&self, row: &Row<'_>, at: usize) -> Result<Loaded, Error> {
        let mut at = at;
        self.read_from(row, &mut at)
    }

    fn read_from(&self, row: &Row<'_>, at: &mut usize) -> Result<Loaded, Error> {
        let model = (self.model.decode)(row, *at)?;
        *at += self.model.columns.len();
        let mut extra = Vec::with_capacity(self.slots.len());
        for slot in &self.slots {
            extra.push(match slot {
                Slot::Value(path) => {
                    let value = row.value(*at, path.kind())?;
                    *at += 1;
                    Extra::Value(value)
                }
                Slot::Row(_, related) => Extra::Row(read_related(related, row, at)?.map(Box::new)),
            });
        }
        Ok(Loaded { model, extra })
    }

    /// Sends the query and reads its rows.
    pub(crate) async fn load(&self, mut select: Select, conn: &Conn) -> Result<Vec<Loaded>, Error> {
        if select.is_empty() {
            return Ok(Vec::new());
        }
        self.select(&mut select);
        conn.rows(select.statement(conn)?, |row| self.read(row, 0)).await
    }

    /// Fetches the many-relations of all rows: one statement for each, whatever the number of
    /// rows.
    pub(crate) async fn fetch(&self, rows: &[&Loaded], conn: &Conn) -> Result<RelatedRows, Error> {
        let written = Cell::new(0);
        let ways = self.recurs().then(|| Ways::to_the_top(rows.len(), &written));
        self.fetch_below(rows, ways.as_ref(), 0, conn).await
    }

    /// The same for rows that stand so many levels below those of the response.
    async fn fetch_below(
        &self,
        rows: &[&Loaded],
        ways: Option<&Ways<'_>>,
        level: u32,
        conn: &Conn,
    ) -> Result<RelatedRows, Error> {
        let mut result = RelatedRows::default();
        if rows.is_empty() {
            return Ok(result);
        }
        for many in &self.many {
            let fetched = self.fetch_many(many, rows, ways, level, conn).await?;
            result.many.push(fetched);
        }
        for (at, slot) in self.slots.iter().enumerate() {
            let Slot::Row(_, Related::Serializer(inner)) = slot else { continue };
            let inner = inner.get();
            if !inner.fetches() {
                continue;
            }
            let joined = || {
                rows.iter().enumerate().filter_map(|(place, row)| match row.slot(at) {
                    Some(Extra::Row(Some(row))) => Some((place, &**row)),
                    _ => None,
                })
            };
            let ways = ways.map(|ways| ways.to_some(joined().map(|(place, _)| place)));
            let joined: Vec<&Loaded> = joined().map(|(_, row)| row).collect();
            let below = inner.fetch_below(&joined, ways.as_ref(), level + 1, conn);
            let related = Box::pin(below).await?;
            result.slots.push((at, related));
        }
        Ok(result)
    }

    /// Fetches rows of which only columns are shown, and writes each as it is read.
    async fn write_many(
        &self,
        hop: &Hop,
        keys: Vec<Value>,
        key_kind: ColumnKind,
        columns: &[ShownColumn],
        conn: &Conn,
    ) -> Result<ManyRows, Error> {
        let mut select = Select::related(hop, keys);
        select.only(columns.iter().map(|shown| shown.column).collect());
        let mut result = ManyRows::default();
        conn.rows(select.rows(conn.dialect()), |row| {
            let mut key = None;
            row.see(0, key_kind, |value| key = Key::new(value))?;
            let Some(key) = key else { return Ok(()) };
            let out = result.written.entry(key).or_insert_with(|| JsonWriter::with_capacity(1024));
            self.write_columns(columns, row, 1, out)
        })
        .await?;
        Ok(result)
    }

    /// True when a function of this serializer may look at the rows that are fetched for it.
    fn shows_rows(&self) -> bool {
        self.to_representation.is_some()
            || self.fields.iter().any(|field| matches!(field.output, Output::Method(_)))
    }

    fn fetches(&self) -> bool {
        !self.many.is_empty()
            || self.slots.iter().any(
                |slot| matches!(slot, Slot::Row(_, Related::Serializer(inner)) if inner.get().fetches()),
            )
    }

    async fn fetch_many(
        &self,
        many: &Many,
        rows: &[&Loaded],
        ways: Option<&Ways<'_>>,
        level: u32,
        conn: &Conn,
    ) -> Result<ManyRows, Error> {
        let keys: Vec<Value> =
            rows.iter().map(|row| row.model.value(self.model.pk).to_value()).collect();
        let key_kind = self.model.pk_column().kind;
        if let Related::Serializer(inner) = &many.related
            && !self.shows_rows()
            && ways.is_none()
            && let Some(columns) = &inner.get().columns
        {
            return inner.get().write_many(&many.hop, keys, key_kind, columns, conn).await;
        }
        let times = ways.map(|ways| ways.by_key(&keys));
        let mut result = ManyRows::default();
        let mut add = |key: Value, row: Loaded| {
            if let Some(key) = Key::new(key.as_ref()) {
                result.groups.entry(key).or_default().push(result.rows.len());
                result.rows.push(row);
            }
        };
        let found = match (&many.related, &many.hop) {
            (Related::Column { column, .. }, Hop::ManyToMany { to, .. })
                if *column == to().pk
                    && to().ordering.iter().all(|(index, _)| *index == to().pk) =>
            {
                let pk = to().pk_column().kind;
                conn.rows(Select::links(conn.dialect(), &many.hop, keys, key_kind), |row| {
                    Ok((row.value(0, key_kind)?, Loaded::bare(Box::new(KeyRow(row.value(1, pk)?)))))
                })
                .await?
            }
            (related, hop) => {
                let mut select = Select::related(hop, keys);
                if let Related::Serializer(inner) = related {
                    inner.get().select(&mut select);
                }
                conn.rows(select.rows(conn.dialect()), |row| {
                    let mut at = 1;
                    let loaded = read_related(related, row, &mut at)?;
                    Ok((row.value(0, key_kind)?, loaded))
                })
                .await?
                .into_iter()
                .filter_map(|(key, row)| Some((key, row?)))
                .collect()
            }
        };
        for (key, row) in found {
            add(key, row);
        }
        let recurs = matches!(&many.related, Related::Serializer(inner) if inner.get().recurs());
        let below = ways.zip(times).map(|(ways, times)| {
            let below = ways.below(&times, &result.groups, result.rows.len(), recurs);
            below.ok_or(Error::TooMany(MOST_OBJECTS))
        });
        let below = below.transpose()?;
        if let Related::Serializer(inner) = &many.related {
            let inner = inner.get();
            if inner.fetches() {
                if !result.rows.is_empty() && level >= MOST_LEVELS {
                    return Err(Error::TooDeep(self.name));
                }
                let all: Vec<&Loaded> = result.rows.iter().collect();
                result.related =
                    Box::pin(inner.fetch_below(&all, below.as_ref(), level + 1, conn)).await?;
            }
        }
        Ok(result)
    }
}

fn add_slot(select: &mut Select, before: &[Hop], slot: &Slot) {
    match slot {
        Slot::Value(path) => {
            let mut path = path.clone();
            path.hops.splice(0..0, before.iter().copied());
            select.also(crate::db::Selected::Value(path));
        }
        Slot::Row(hops, related) => {
            let hops: Vec<Hop> = before.iter().chain(hops).copied().collect();
            select.also(crate::db::Selected::Model(hops.clone()));
            if let Related::Serializer(inner) = related {
                for slot in &inner.get().slots {
                    add_slot(select, &hops, slot);
                }
            }
        }
    }
}

/// Reads a joined row; `None` when there is none.
fn read_related(related: &Related, row: &Row<'_>, at: &mut usize) -> Result<Option<Loaded>, Error> {
    let model = related.model();
    let missing = row.value(*at + model.pk, model.pk_column().kind)?.is_null();
    match related {
        Related::Serializer(inner) => {
            let inner = inner.get();
            if missing {
                *at += inner.width();
                return Ok(None);
            }
            inner.read_from(row, at).map(Some)
        }
        Related::Display { .. } | Related::Column { .. } | Related::Link { .. } => {
            let start = *at;
            *at += model.columns.len();
            if missing {
                return Ok(None);
            }
            (model.decode)(row, start).map(|model| Some(Loaded::bare(model)))
        }
    }
}

impl Description {
    fn width(&self) -> usize {
        let slots = self.slots.iter().map(|slot| match slot {
            Slot::Value(_) => 1,
            Slot::Row(_, Related::Serializer(inner)) => inner.get().width(),
            Slot::Row(_, related) => related.model().columns.len(),
        });
        self.model.columns.len() + slots.sum::<usize>()
    }
}

/// A row as a `get_…` function of a serializer sees it: the model, and the rows that the same
/// serializer fetched for it. Dereferences to the model.
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

    /// The rows that the field `name` of this serializer fetched; none for another name.
    pub fn many<N: Model>(&self, name: &str) -> impl Iterator<Item = &'a N> {
        let place = self.description.many.iter().position(|many| many.name == name);
        let rows = place.and_then(|place| self.related.many.get(place));
        let key = self.loaded.model.value(self.description.model.pk);
        rows.into_iter().flat_map(move |rows| rows.of(key)).filter_map(Loaded::row)
    }
}
