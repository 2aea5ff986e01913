//! Rules: names that are no paths or lookups, and words that contradict each other.

use syn::Error;

use super::ast::{Filter, FilterSet};
use crate::errors::Errors;
use crate::field_lists::{check_name, lookup};

pub(super) fn check(set: &FilterSet, errors: &mut Errors) {
    let container = &set.container;
    if !container.names_model {
        let message = "a filter set needs its model: add `#[filter_set(model = Model)]`";
        errors.at(&set.ident, message);
    }
    for field in &container.fields {
        field.check(errors);
    }
    for name in container.exclude.iter().flatten() {
        errors.take(check_name(name));
    }
    for filter in &set.filters {
        names(filter, errors);
        together(filter, errors);
    }
    parameters(set, errors);
}

fn names(filter: &Filter, errors: &mut Errors) {
    for term in filter.attr.ordering.iter().flatten() {
        errors.take(check_name(&term.field));
    }
    for (word, said) in [
        ("to_field_name", filter.attr.to_field_name.is_some()),
        ("queryset", filter.attr.queryset.is_some()),
    ] {
        if said && filter.related().is_none() {
            let kinds = "`ModelChoiceFilter<Model>` and `ModelMultipleChoiceFilter<Model>`";
            let message = format!("`{word}` is for filters that choose rows: {kinds}");
            errors.at(&filter.ty, message);
        }
    }
    if filter.is_compared() {
        let (field, name) = filter.compared();
        errors.take(check_name(&field));
        if let Some(name) = name {
            errors.take(lookup(&name));
        }
    }
}

fn together(filter: &Filter, errors: &mut Errors) {
    let attr = &filter.attr;
    let rules = [
        ("method", "field", "a filter with a `method` compares no field: leave `field` out"),
        ("method", "lookup", "a filter with a `method` has no lookup: leave `lookup` out"),
        ("method", "ordering", "a filter has a `method` or an `ordering`: remove one"),
        ("method", "to_field_name", "a filter with a `method` compares no field: leave this out"),
        ("ordering", "field", "an ordering filter compares no field: leave `field` out"),
        ("ordering", "lookup", "an ordering filter has no lookup: leave `lookup` out"),
    ];
    for (with, word, message) in rules {
        if let (Some(_), Some(word)) = (attr.word(with), attr.word(word)) {
            errors.push(Error::new(word.span(), message));
        }
    }
}

/// Two filters never read one parameter.
fn parameters(set: &FilterSet, errors: &mut Errors) {
    let mut names: Vec<String> = Vec::new();
    for filter in &set.filters {
        let name = filter.name();
        if names.contains(&name) {
            let message = format!("another filter reads `?{name}=` already");
            match &filter.attr.name {
                Some(said) => errors.at(said, message),
                None => errors.at(&filter.ident, message),
            }
        }
        names.push(name);
    }
}
