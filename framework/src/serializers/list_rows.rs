//! The rows of a list: kept in memory, or serialised while they are read if nothing else needs
//! them.

use std::ops::Range;

use super::description::{Description, ShownColumn};
use super::fetch::fetch;
use super::rows::Loaded;
use super::select::load;
use super::write::Writing;
use crate::aside::aside;
use crate::db::{Error, Row, Select};
use crate::exceptions::Result;
use crate::request::Context;
use crate::values::{JsonWriter, Value, ValueRef};

/// The rows of a list, in the order of the query.
pub(crate) enum ListRows {
    Kept(Vec<Loaded>),
    Written(WrittenRows),
}

/// Serialised rows, in an array that is not closed yet.
pub(crate) struct WrittenRows {
    json: JsonWriter,
    /// Where each row ends.
    ends: Vec<usize>,
    /// The value of the requested column, for each row.
    positions: Vec<Value>,
}

impl ListRows {
    /// Sends the query. Of rows that are not kept the value of the column `position` stays, by
    /// place in the model.
    pub(crate) async fn read(
        description: &Description,
        mut select: Select,
        position: Option<usize>,
        cx: &Context,
    ) -> Result<Self, Error> {
        let description = description.for_request(cx);
        let Some(columns) = &description.columns else {
            return Ok(Self::Kept(aside(|| load(description, select, cx)).await?));
        };
        // room for a page of the usual size
        let (json, ends) = (JsonWriter::with_capacity(8192), Vec::with_capacity(32));
        let mut written = WrittenRows { json, ends, positions: Vec::new() };
        written.json.begin_array();
        if select.is_empty() {
            return Ok(Self::Written(written));
        }
        let position = position.and_then(|at| Some((at, description.model.columns.get(at)?.kind)));
        let wanted = columns.iter().map(|shown| shown.column);
        select.only(wanted.chain(position.map(|(column, _)| column)).collect());
        cx.each_row(select.statement(cx)?, &mut |row| {
            write_columns(description, columns, row, 0, &mut written.json)?;
            written.ends.push(written.json.len());
            if let Some((_, kind)) = position {
                written.positions.push(row.value(columns.len(), kind)?);
            }
            Ok(())
        })
        .await?;
        Ok(Self::Written(written))
    }

    /// How many rows were read.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Kept(rows) => rows.len(),
            Self::Written(written) => written.ends.len(),
        }
    }

    /// The value of a row's column `column`, the one that [`ListRows::read`] was asked for.
    pub(crate) fn position(&self, row: usize, column: usize) -> ValueRef<'_> {
        match self {
            Self::Kept(rows) => rows.get(row).map_or(ValueRef::Null, |row| row.value(column)),
            Self::Written(written) => {
                written.positions.get(row).map_or(ValueRef::Null, Value::as_ref)
            }
        }
    }

    /// An array of some of the rows, after `head`; their related rows are fetched now.
    pub(crate) async fn into_json(
        self,
        description: &Description,
        shown: Range<usize>,
        reversed: bool,
        writing: Writing<'_>,
        head: Vec<u8>,
    ) -> Result<Vec<u8>> {
        let rows = match self {
            Self::Kept(rows) => rows,
            Self::Written(written) if shown.start == 0 && !reversed => {
                return Ok(written.first(shown.end, head));
            }
            Self::Written(written) => {
                let mut out = JsonWriter::after(head);
                out.begin_array();
                let write = |row| written.row(row).into_iter().for_each(|row| out.raw(row));
                if reversed {
                    shown.rev().for_each(write);
                } else {
                    shown.for_each(write);
                }
                out.end_array();
                return Ok(out.into_bytes());
            }
        };
        // serialised rows need none of it
        aside(|| write_kept(description, rows, shown, reversed, writing, head)).await
    }
}

/// Writes a row that is being read as an object; its columns start at `at`.
pub(super) fn write_columns(
    description: &Description,
    columns: &[ShownColumn],
    row: &Row<'_>,
    at: usize,
    out: &mut JsonWriter,
) -> Result<(), Error> {
    out.begin_object();
    for (place, shown) in columns.iter().enumerate() {
        let Some(field) = description.fields.get(shown.field) else { continue };
        out.prepared_key(&field.member);
        row.see(at + place, shown.kind, |value| field.field.write(value, false, out))?;
    }
    out.end_object();
    Ok(())
}

/// An array of some of the rows that were kept, with what belongs to them.
async fn write_kept(
    description: &Description,
    rows: Vec<Loaded>,
    shown: Range<usize>,
    reversed: bool,
    writing: Writing<'_>,
    head: Vec<u8>,
) -> Result<Vec<u8>> {
    let mut rows: Vec<&Loaded> = rows.get(shown).unwrap_or_default().iter().collect();
    if reversed {
        rows.reverse();
    }
    let related = fetch(description, &rows, writing.cx).await?;
    let mut out = JsonWriter::after(head);
    out.begin_array();
    for row in rows {
        writing.row(description, row, &related, &mut out);
    }
    out.end_array();
    Ok(out.into_bytes())
}

impl WrittenRows {
    /// The array of the first rows behind `head`, in the buffer that they were written to.
    fn first(self, rows: usize, head: Vec<u8>) -> Vec<u8> {
        let end = rows.checked_sub(1).and_then(|last| self.ends.get(last)).copied().unwrap_or(1);
        let mut json = self.json.into_bytes();
        json.truncate(end);
        json.push(b']');
        json.splice(0..0, head);
        json
    }

    /// One row.
    fn row(&self, row: usize) -> Option<&[u8]> {
        // behind the bracket, or behind the comma
        let start = row.checked_sub(1).and_then(|before| self.ends.get(before)).copied();
        self.json.bytes().get(start.map_or(1, |end| end + 1)..*self.ends.get(row)?)
    }
}
