//! Lookups by the names that Django gives them.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt as _;
use syn::{Error, Result};

use super::path::ident;
use crate::attr::{choice, list};

const LOOKUPS: [(&str, &str); 22] = [
    ("exact", "Exact"),
    ("iexact", "IExact"),
    ("contains", "Contains"),
    ("icontains", "IContains"),
    ("startswith", "StartsWith"),
    ("istartswith", "IStartsWith"),
    ("endswith", "EndsWith"),
    ("iendswith", "IEndsWith"),
    ("in", "In"),
    ("range", "Range"),
    ("gt", "Gt"),
    ("gte", "Gte"),
    ("lt", "Lt"),
    ("lte", "Lte"),
    ("isnull", "IsNull"),
    ("regex", "Regex"),
    ("iregex", "IRegex"),
    ("has_key", "HasKey"),
    ("has_keys", "HasKeys"),
    ("has_any_keys", "HasAnyKeys"),
    ("contained_by", "ContainedBy"),
    ("overlap", "Overlap"),
];

const PARTS: [(&str, &str); 13] = [
    ("date", "Date"),
    ("time", "Time"),
    ("year", "Year"),
    ("iso_year", "IsoYear"),
    ("month", "Month"),
    ("day", "Day"),
    ("week", "Week"),
    ("week_day", "WeekDay"),
    ("iso_week_day", "IsoWeekDay"),
    ("quarter", "Quarter"),
    ("hour", "Hour"),
    ("minute", "Minute"),
    ("second", "Second"),
];

/// Lookups that a part of a date takes.
const OF_PARTS: [&str; 7] = ["exact", "in", "range", "gt", "gte", "lt", "lte"];

fn variant(table: &[(&str, &str)], name: &str) -> Option<Ident> {
    let (_, variant) = table.iter().find(|(known, _)| *known == name)?;
    Some(Ident::new(variant, Span::call_site()))
}

/// The variant of `Lookup` that a name means.
pub(super) fn plain_lookup(name: &str) -> Option<Ident> {
    variant(&LOOKUPS, name)
}

/// A lookup by Django's name: `gte`, `year`, `year__gte`.
pub(crate) fn lookup(name: &Ident) -> Result<TokenStream> {
    let text = name.unraw().to_string();
    if let Some(lookup) = variant(&LOOKUPS, &text) {
        return Ok(quote!(::quintet::db::Lookup::#lookup));
    }
    let (part, rest) = text.split_once("__").unwrap_or((&text, "exact"));
    if let Some(part) = variant(&PARTS, part)
        && let Some(lookup) = variant(&LOOKUPS, rest).filter(|_| OF_PARTS.contains(&rest))
    {
        return Ok(quote! {
            ::quintet::filters::django_filters::LookupExpr::part(
                ::quintet::db::DatePart::#part,
                ::quintet::db::Lookup::#lookup,
            )
        });
    }
    let parts = list(&PARTS.map(|(name, _)| name));
    let lookups = choice(&text, &LOOKUPS.map(|(name, _)| name));
    let message = format!("there is no lookup `{text}`; {lookups}, and of a date's parts {parts}");
    Err(Error::new(name.span(), message))
}

/// The field and the lookup that a filter's name says: `id__in` is `id` and `in`. None for a name
/// that ends with a field.
pub(crate) fn split_lookup(name: &Ident) -> Option<(Ident, Ident)> {
    let text = name.unraw().to_string();
    let (field, last) = text.rsplit_once("__")?;
    variant(&LOOKUPS, last)?;
    Some((ident(field, name), ident(last, name)))
}
