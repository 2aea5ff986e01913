//! Fetching what belongs to rows: the rows of to-many relations, one statement per relation, and the
//! answers of batch fields, regardless of the number of rows.

use std::cell::Cell;

use super::description::{Description, Many, ShownColumn, Source};
use super::list_rows::write_columns;
use super::recursion::{MOST_LEVELS, MOST_OBJECTS, WriteCounts};
use super::relations::Related;
use super::rows::{Extra, KeyRow, Loaded, ManyRows, RelatedRows};
use super::select::{read_related, select};
use crate::aside::aside;
use crate::db::{ColumnKind, Conn, Error, Hop, Key, Select};
use crate::exceptions::Result;
use crate::request::Context;
use crate::values::{JsonWriter, Value};

/// Fetches the to-many relations of all rows, one statement each, and asks batch fields, regardless of
/// the number of rows.
pub(crate) async fn fetch(
    description: &Description,
    rows: &[&Loaded],
    cx: &Context,
) -> Result<RelatedRows> {
    let written = Cell::new(0);
    let counts = description.recurs().then(|| WriteCounts::to_the_top(rows.len(), &written));
    fetch_below(description, rows, counts.as_ref(), 0, cx).await
}

/// Like `fetch`, for rows this many levels below those of the response.
async fn fetch_below(
    description: &Description,
    rows: &[&Loaded],
    counts: Option<&WriteCounts<'_>>,
    level: u32,
    cx: &Context,
) -> Result<RelatedRows> {
    let mut result = RelatedRows::default();
    if rows.is_empty() {
        return Ok(result);
    }
    let description = description.for_request(cx);
    for many in &description.many {
        let fetched = fetch_many(description, many, rows, counts, level, cx).await?;
        result.many.push(fetched);
    }
    for batch in &description.batches {
        result.batches.push(aside(|| batch.ask(description.model.pk, rows, cx)).await?);
    }
    for (at, source) in description.sources.iter().enumerate() {
        let Source::Row(_, Related::Serializer(inner)) = source else { continue };
        let inner = inner.get().for_request(cx);
        if !inner.fetches(cx) {
            continue;
        }
        let joined = || {
            rows.iter().enumerate().filter_map(|(place, row)| match row.source(at) {
                Some(Extra::Row(Some(row))) => Some((place, &**row)),
                _ => None,
            })
        };
        let counts = counts.map(|counts| counts.to_some(joined().map(|(place, _)| place)));
        let joined: Vec<&Loaded> = joined().map(|(_, row)| row).collect();
        let below = fetch_below(inner, &joined, counts.as_ref(), level + 1, cx);
        let related = Box::pin(below).await?;
        result.sources.push((at, related));
    }
    Ok(result)
}

async fn fetch_many(
    description: &Description,
    many: &Many,
    rows: &[&Loaded],
    counts: Option<&WriteCounts<'_>>,
    level: u32,
    cx: &Context,
) -> Result<ManyRows> {
    let keys: Vec<Value> =
        rows.iter().map(|row| row.model.value(description.model.pk).to_value()).collect();
    let key_kind = description.model.pk_column().kind;
    if let Related::Serializer(inner) = &many.related
        && !description.shows_rows()
        && counts.is_none()
        && let inner = inner.get().for_request(cx)
        && let Some(columns) = &inner.columns
    {
        let written = aside(|| write_many(inner, &many.hop, keys, key_kind, columns, cx));
        return Ok(written.await?);
    }
    let times = counts.map(|counts| counts.by_key(&keys));
    let mut result = ManyRows::default();
    let mut add = |key: Value, row: Loaded| {
        if let Some(key) = Key::new(key.as_ref()) {
            result.groups.entry(key).or_default().push(result.rows.len());
            result.rows.push(row);
        }
    };
    // aside, so that the frames of a hundred levels stay small
    let found = aside(|| read_many(many, keys, key_kind, cx)).await?;
    for (key, row) in found {
        add(key, row);
    }
    let recurs = matches!(&many.related, Related::Serializer(inner) if inner.get().recurs());
    let below = counts.zip(times).map(|(counts, times)| {
        let below = counts.below(&times, &result.groups, result.rows.len(), recurs);
        below.ok_or(Error::TooMany(MOST_OBJECTS))
    });
    let below = below.transpose()?;
    if let Related::Serializer(inner) = &many.related {
        let inner = inner.get().for_request(cx);
        if inner.fetches(cx) {
            if !result.rows.is_empty() && level >= MOST_LEVELS {
                return Err(Error::TooDeep(description.name).into());
            }
            let all: Vec<&Loaded> = result.rows.iter().collect();
            result.related =
                Box::pin(fetch_below(inner, &all, below.as_ref(), level + 1, cx)).await?;
        }
    }
    Ok(result)
}

/// Reads the rows of a relation, each with the key of the row that it belongs to.
async fn read_many(
    many: &Many,
    keys: Vec<Value>,
    key_kind: ColumnKind,
    cx: &Context,
) -> Result<Vec<(Value, Loaded)>, Error> {
    let conn: &Conn = cx;
    match (&many.related, &many.hop) {
        (Related::Column { column, .. }, Hop::ManyToMany { to, .. })
            if *column == to().pk
                && !to().has_scope()
                && to().ordering.iter().all(|(index, _)| *index == to().pk) =>
        {
            let pk = to().pk_column().kind;
            conn.rows(Select::links(conn.dialect(), &many.hop, keys, key_kind), |row| {
                Ok((row.value(0, key_kind)?, Loaded::bare(Box::new(KeyRow(row.value(1, pk)?)))))
            })
            .await
        }
        (related, hop) => {
            let mut query = Select::related(hop, keys);
            if let Related::Serializer(inner) = related {
                select(inner.get().for_request(cx), &mut query, cx);
            }
            let rows = conn.rows(query.rows(conn.dialect()), |row| {
                let mut at = 1;
                let loaded = read_related(related, row, &mut at, cx)?;
                Ok((row.value(0, key_kind)?, loaded))
            });
            Ok(rows.await?.into_iter().filter_map(|(key, row)| Some((key, row?))).collect())
        }
    }
}

/// Fetches rows of which only columns are shown, and writes each as it is read.
async fn write_many(
    description: &Description,
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
        write_columns(description, columns, row, 1, out)
    })
    .await?;
    Ok(result)
}
