//! The rows of a list: kept in memory, or written as they are read where nothing else needs them.

use std::ops::Range;

use super::description::{Description, ShownColumn};
use super::rows::Loaded;
use super::write::{Writing, write_value};
use crate::db::{Conn, Error, Row, Select};
use crate::fields::{JsonWriter, Value, ValueRef};

/// The rows of a list, in the order of the query.
pub(crate) enum Listed {
    Kept(Vec<Loaded>),
    Written(Written),
}

/// Rows as JSON, each behind the one before it.
#[derive(Default)]
pub(crate) struct Written {
    json: JsonWriter,
    /// Where each row ends.
    ends: Vec<usize>,
    /// The value of the column that was asked for, of each row.
    positions: Vec<Value>,
}

impl Description {
    /// Sends the query. Of rows that are not kept the value of the column `position` stays, by
    /// place in the model.
    pub(crate) async fn list(
        &self,
        mut select: Select,
        position: Option<usize>,
        conn: &Conn,
    ) -> Result<Listed, Error> {
        let Some(columns) = &self.columns else {
            return Ok(Listed::Kept(self.load(select, conn).await?));
        };
        let mut written = Written::default();
        if select.is_empty() {
            return Ok(Listed::Written(written));
        }
        let position = position.and_then(|at| Some((at, self.model.columns.get(at)?.kind)));
        let mut wanted: Vec<usize> = columns.iter().map(|shown| shown.column).collect();
        wanted.extend(position.map(|(column, _)| column));
        select.only(wanted);
        written.json = JsonWriter::with_capacity(8192);
        conn.rows(select.rows(conn.dialect()), |row| {
            self.write_columns(columns, row, 0, &mut written.json)?;
            written.ends.push(written.json.len());
            if let Some((_, kind)) = position {
                written.positions.push(row.value(columns.len(), kind)?);
            }
            Ok(())
        })
        .await?;
        Ok(Listed::Written(written))
    }

    /// Writes a row that is being read as an object; its columns start at `at`.
    pub(super) fn write_columns(
        &self,
        columns: &[ShownColumn],
        row: &Row<'_>,
        at: usize,
        out: &mut JsonWriter,
    ) -> Result<(), Error> {
        out.begin_object();
        for (place, shown) in columns.iter().enumerate() {
            let Some(field) = self.fields.get(shown.field) else { continue };
            out.prepared_key(&field.member);
            row.see(at + place, shown.kind, |value| write_value(&field.field, value, out))?;
        }
        out.end_object();
        Ok(())
    }
}

impl Listed {
    /// How many rows were read.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Kept(rows) => rows.len(),
            Self::Written(written) => written.ends.len(),
        }
    }

    /// The value of a row's column `column`, the one that [`Description::list`] was asked for.
    pub(crate) fn position(&self, row: usize, column: usize) -> ValueRef<'_> {
        match self {
            Self::Kept(rows) => rows.get(row).map_or(ValueRef::Null, |row| row.value(column)),
            Self::Written(written) => {
                written.positions.get(row).map_or(ValueRef::Null, Value::as_ref)
            }
        }
    }

    /// Writes an array of some of the rows; what belongs to them is fetched now.
    pub(crate) async fn write(
        &self,
        description: &Description,
        shown: Range<usize>,
        reversed: bool,
        (writing, conn): (Writing<'_>, &Conn),
        out: &mut JsonWriter,
    ) -> Result<(), Error> {
        match self {
            Self::Kept(rows) => {
                let mut rows: Vec<&Loaded> = rows.get(shown).unwrap_or_default().iter().collect();
                if reversed {
                    rows.reverse();
                }
                let related = description.fetch(&rows, conn).await?;
                out.begin_array();
                for row in rows {
                    description.write(row, &related, writing, out);
                }
            }
            Self::Written(written) => {
                out.begin_array();
                if reversed {
                    shown.rev().for_each(|row| written.copy(row..row + 1, out));
                } else {
                    written.copy(shown, out);
                }
            }
        }
        out.end_array();
        Ok(())
    }
}

impl Written {
    /// Rows that follow each other, without the comma before the first of them.
    fn copy(&self, rows: Range<usize>, out: &mut JsonWriter) {
        let end = |row: usize| self.ends.get(row).copied();
        let Some(last) = rows.end.checked_sub(1).filter(|_| !rows.is_empty()).and_then(end) else {
            return;
        };
        let start = rows.start.checked_sub(1).and_then(end).map_or(0, |end| end + 1);
        out.raw(self.json.bytes().get(start..last).unwrap_or_default());
    }
}
