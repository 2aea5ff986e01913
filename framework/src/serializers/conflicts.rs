//! The messages for a save that the database refused: those of the validator that would have found
//! it.

use super::description::Description;
use super::field::{SerializerField, Target};
use crate::db::{ColumnMeta, ModelMeta, TreeError, not_a_unique_set, not_unique};
use crate::exceptions::Detail;

/// The validator's message for a value that another row took first.
pub(crate) fn taken(description: &Description, columns: &[String]) -> Detail {
    let indexes: Vec<usize> = columns
        .iter()
        .filter_map(|name| {
            description.model.columns.iter().position(|column| column.column == name)
        })
        .collect();
    let target = |field: &SerializerField| match field.target {
        Target::Column(column) => Some(column),
        _ => None,
    };
    if let [index] = indexes.as_slice()
        && let Some(field) = description.fields.iter().find(|field| target(field) == Some(*index))
        && let Some(unique) = &field.unique
    {
        let message = Detail::new(unique.message.clone(), "unique");
        return Detail::field(field.field.name, vec![message]);
    }
    let same = |members: &[usize]| {
        members.len() == indexes.len()
            && members.iter().all(|member| {
                description
                    .fields
                    .get(*member)
                    .and_then(target)
                    .is_some_and(|c| indexes.contains(&c))
            })
    };
    if let Some(set) =
        description.unique_together.iter().find(|set| set.period.is_none() && same(&set.members))
    {
        let message = Detail::new(set.message.clone(), set.code);
        return Detail::non_field(message);
    }
    model_taken(description.model, columns)
}

/// The message of a model's own constraint that refused a row, if it has one.
pub(crate) fn violated(model: &'static ModelMeta, name: &str) -> Option<Detail> {
    let constraint = model.constraints.iter().find(|constraint| constraint.name == name)?;
    let message = Detail::new(constraint.message?, constraint.code.unwrap_or("invalid"));
    Some(Detail::non_field(message))
}

/// Django's message, for a row that no serializer validated.
pub(crate) fn model_taken(model: &'static ModelMeta, columns: &[String]) -> Detail {
    let columns: Vec<&'static ColumnMeta> = columns
        .iter()
        .filter_map(|name| model.columns.iter().find(|column| column.column == name))
        .collect();
    if let [column] = columns.as_slice() {
        let message = Detail::new(not_unique(model, column), "unique");
        return Detail::field(column.name, vec![message]);
    }
    let names: Vec<&'static str> = columns.iter().map(|column| column.name).collect();
    Detail::non_field(Detail::new(not_a_unique_set(&names), "unique"))
}

/// The message for a place in a tree that a row cannot have.
pub(crate) fn misplaced(
    description: &Description,
    name: &'static str,
    problem: TreeError,
) -> Detail {
    let (code, text) = problem.refusal();
    let writes = |field: &&SerializerField| match field.target {
        Target::Column(column) => {
            description.model.columns.get(column).is_some_and(|column| column.name == name)
        }
        _ => false,
    };
    match description.fields.iter().find(writes) {
        Some(field) => Detail::field(field.field.name, [field.field.message(code, text, &[])]),
        None => Detail::field(name, [Detail::new(text, code)]),
    }
}
