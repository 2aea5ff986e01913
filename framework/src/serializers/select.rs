//! What a serializer selects in addition to the columns of its model, and reading rows from that.

use super::description::{Description, Source};
use super::relations::Related;
use super::rows::{Extra, Loaded};
use crate::db::{Error, Hop, Row, Select, Selected};
use crate::request::Context;

/// Sends the query and reads its rows.
pub(crate) async fn load(
    description: &Description,
    mut query: Select,
    cx: &Context,
) -> Result<Vec<Loaded>, Error> {
    if query.is_empty() {
        return Ok(Vec::new());
    }
    let description = description.for_request(cx);
    select(description, &mut query, cx);
    cx.rows(query.statement(cx)?, |row| read(description, row, &mut 0, cx)).await
}

/// Adds to a query what this serializer selects in addition to the model.
pub(super) fn select(description: &Description, query: &mut Select, cx: &Context) {
    for source in &description.sources {
        add_source(query, &[], source, cx);
    }
}

fn add_source(select: &mut Select, before: &[Hop], source: &Source, cx: &Context) {
    match source {
        Source::Value(path) => {
            let mut path = path.clone();
            path.hops.splice(0..0, before.iter().copied());
            select.also(Selected::Value(path));
        }
        Source::Row(hops, related) => {
            let hops: Vec<Hop> = before.iter().chain(hops).copied().collect();
            select.also(Selected::Model(hops.clone()));
            if let Related::Serializer(inner) = related {
                for source in &inner.get().for_request(cx).sources {
                    add_source(select, &hops, source, cx);
                }
            }
        }
    }
}

/// Reads a row of the query that [`select`] made, from column `at` on, which moves behind it.
fn read(
    description: &Description,
    row: &Row<'_>,
    at: &mut usize,
    cx: &Context,
) -> Result<Loaded, Error> {
    let model = (description.model.decode)(row, *at)?;
    *at += description.model.columns.len();
    let mut extra = Vec::with_capacity(description.sources.len());
    for source in &description.sources {
        extra.push(match source {
            Source::Value(path) => {
                let value = row.value(*at, path.kind())?;
                *at += 1;
                Extra::Value(value)
            }
            Source::Row(_, related) => {
                Extra::Row(read_related(related, row, at, cx)?.map(Box::new))
            }
        });
    }
    Ok(Loaded { model, extra })
}

/// Reads a joined row; `None` when there is none.
pub(super) fn read_related(
    related: &Related,
    row: &Row<'_>,
    at: &mut usize,
    cx: &Context,
) -> Result<Option<Loaded>, Error> {
    let model = related.model();
    let missing = row.value(*at + model.pk, model.pk_column().kind)?.is_null();
    match related {
        Related::Serializer(inner) => {
            let inner = inner.get().for_request(cx);
            if missing {
                *at += inner.width(cx);
                return Ok(None);
            }
            read(inner, row, at, cx).map(Some)
        }
        Related::Display { .. }
        | Related::Column { .. }
        | Related::Own { .. }
        | Related::Address { .. }
        | Related::Link { .. } => {
            let start = *at;
            *at += model.columns.len();
            if missing {
                return Ok(None);
            }
            (model.decode)(row, start).map(|model| Some(Loaded::bare(model)))
        }
    }
}
