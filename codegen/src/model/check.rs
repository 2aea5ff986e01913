//! Rules: words that do not fit a column or each other, and names that nothing has.

use std::collections::HashMap;

use syn::ext::IdentExt as _;
use syn::{Error, Ident, Visibility};

use super::ast::{COLUMNS, Column, Kind, Model};
use crate::attr::{Number, list};
use crate::errors::Errors;

pub(super) fn check(model: &Model, errors: &mut Errors) {
    item(model, errors);
    key(model, errors);
    for column in &model.columns {
        kind(column, errors);
        bounds(column, errors);
        relation(model, column, errors);
        value(column, errors);
        files(model, column, errors);
    }
    generic(model, errors);
    links(model, errors);
    sets(model, errors);
    names(model, errors);
}

/// Links that go both ways are between rows of one model, and have one name.
fn links(model: &Model, errors: &mut Errors) {
    for link in &model.attr.many_to_many {
        let Some(word) = &link.symmetrical else { continue };
        if !link.to.is_ident(model.ident()) {
            let message = format!("`symmetrical` is for links between rows of `{}`", model.ident());
            at(word, message, errors);
        } else if let Some(name) = &link.related_name {
            at(name, "a symmetrical relation has one name: leave `related_name` out", errors);
        }
    }
}

/// Generic relations name the constant of a key.
fn generic(model: &Model, errors: &mut Errors) {
    for (_, key) in &model.attr.generic_relations {
        if key.segments.len() < 2 {
            let message = "say which key leads here: `tags: TaggedItem::CONTENT_OBJECT`";
            errors.at(key, message);
        }
    }
}

/// The rules of an abstract model, which has neither a table nor, as a rule, a key.
pub(super) fn check_abstract(model: &Model, errors: &mut Errors) {
    if let Some(first) = model.item.generics.params.first() {
        errors.at(
            first,
            "an abstract model has no generic parameters: its columns have one type each",
        );
    }
    if !matches!(model.item.vis, Visibility::Public(_)) {
        let message = "an abstract model is public, as the models are that inherit it: write \
                       `pub struct`";
        at(model.ident(), message, errors);
    }
    for cached in &model.cached {
        at(cached, "a cached field belongs to a model, not to an abstract one", errors);
    }
    for (word, text) in [("table", &model.attr.table), ("app", &model.attr.app)] {
        if let Some(text) = text {
            let message = format!(
                "an abstract model has no table: `{word}` belongs to the models that inherit it"
            );
            errors.at(text, message);
        }
    }
    for column in &model.columns {
        kind(column, errors);
        bounds(column, errors);
        relation(model, column, errors);
        value(column, errors);
    }
    sets(model, errors);
    names(model, errors);
}

fn at(word: &Ident, message: impl std::fmt::Display, errors: &mut Errors) {
    errors.push(Error::new(word.span(), message));
}

/// The struct itself.
fn item(model: &Model, errors: &mut Errors) {
    let ident = model.ident();
    if let Some(first) = model.item.generics.params.first() {
        errors.at(first, "a model has no generic parameters: its columns have one type each");
    }
    if !matches!(model.item.vis, Visibility::Public(_)) {
        let message = "a model is public, as its table and its columns are: write `pub struct`";
        at(ident, message, errors);
    }
    if model.attr.table.is_none() && model.attr.app.is_none() {
        let lower = model.lower();
        let message = format!(
            "say which app it belongs to, `#[model(app = \"store\")]` for the table \
             `store_{lower}`, or which table it is: `#[model(table = \"{lower}\")]`"
        );
        at(ident, message, errors);
    }
    let count = model.columns.len();
    if count > COLUMNS {
        let message = format!("a model has {COLUMNS} columns at most, and this one {count}");
        at(ident, message, errors);
    }
}

fn key(model: &Model, errors: &mut Errors) {
    let said = model.columns.iter().filter_map(|column| column.attr.word("primary_key"));
    for word in said.skip(1) {
        at(word, "a model has one primary key: remove the other `primary_key`", errors);
    }
    let Some(key) = model.key().and_then(|key| model.columns.get(key)) else {
        if model.has_names() && model.left_out.is_empty() {
            let message =
                "a model needs a primary key: a field `id`, or `#[field(primary_key)]` on one";
            at(model.ident(), message, errors);
        }
        return;
    };
    if key.nullable {
        errors.at(&key.ty, "a primary key is never NULL: write the type without `Option`");
    }
}

/// Words that go with some types only.
fn kind(column: &Column, errors: &mut Errors) {
    let (kind, attr) = (column.kind, &column.attr);
    let is_whole = kind.range().is_some();
    let rules = [
        ("max_length", matches!(kind, Kind::Text | Kind::Choices), "`String`"),
        ("email", kind == Kind::Text, "`String`"),
        ("slug", kind == Kind::Text, "`String`"),
        ("unicode_slug", kind == Kind::Text, "`String`"),
        ("url", kind == Kind::Text, "`String`"),
        ("ip", kind == Kind::Ip, "`String`"),
        ("ipv4", kind == Kind::Ip, "`String`"),
        ("ipv6", kind == Kind::Ip, "`String`"),
        ("size", kind == Kind::Array, "`Vec`"),
        ("upload_to", kind == Kind::Text, "`String`"),
        ("regex", kind == Kind::Text, "`String`"),
        (
            "choices",
            matches!(kind, Kind::Text | Kind::Choices) || is_whole,
            "`String`, `i16`, `i32` or `i64`, or an enum",
        ),
        ("custom", kind == Kind::Choices, "that implements `CustomColumn`"),
        ("min_value", kind.is_number(), "`i16`, `i32`, `i64`, `f64` or `Decimal`"),
        ("max_value", kind.is_number(), "`i16`, `i32`, `i64`, `f64` or `Decimal`"),
        ("positive", is_whole, "`i16`, `i32` or `i64`"),
        ("decimal", kind == Kind::Decimal, "`Decimal`"),
        ("auto_now", kind == Kind::DateTime, "`DateTime`"),
        ("auto_now_add", kind == Kind::DateTime, "`DateTime`"),
    ];
    for (word, fits, types) in rules {
        if let Some(word) = attr.word(word).filter(|_| !fits) {
            at(word, format!("`{word}` is for a column of the type {types}"), errors);
        }
    }
    if let Some(word) = attr.word("choices").filter(|_| attr.is_enum() && kind != Kind::Choices) {
        let message = "say which: `choices = TITLES`, or make the column's type an enum with \
                       `#[derive(Choices)]`";
        at(word, message, errors);
    }
    match &attr.decimal {
        None if kind == Kind::Decimal => {
            errors.at(&column.ty, "say how many digits: `#[field(decimal(10, 2))]`");
        }
        Some((digits, places)) => {
            let [all, behind] = [digits, places].map(syn::LitInt::base10_parse::<u32>);
            if let (Some(all), Some(behind)) = (errors.take(all), errors.take(behind))
                && behind > all
            {
                let message = format!("of {all} digits in all, {all} at most follow the point");
                errors.at(places, message);
            }
        }
        None => {}
    }
}

/// Bounds that a column cannot hold.
fn bounds(column: &Column, errors: &mut Errors) {
    let mut fits = |bound: &Number| {
        if let Some((least, greatest)) = column.kind.range() {
            let number = bound.text.parse::<i64>().ok();
            if number.is_none_or(|number| number < least || number > greatest) {
                let message =
                    format!("a bound of this column is a whole number, {least} to {greatest}");
                errors.at(&bound.tokens, message);
            }
        } else if column.kind == Kind::Decimal && bound.text.contains(['e', 'E']) {
            errors.at(&bound.tokens, "write the number out: `1000000`, `\"0.001\"`");
        }
    };
    let (min, max) = (&column.attr.min_value, &column.attr.max_value);
    min.iter().chain(max).for_each(&mut fits);
    if let (Some(min), Some(max)) = (min, max)
        && let (Ok(least), Ok(greatest)) = (min.text.parse::<f64>(), max.text.parse::<f64>())
        && least > greatest
    {
        errors.at(&max.tokens, format!("`max_value` is less than `min_value`, {}", min.text));
    }
}

/// Words of relations.
fn relation(model: &Model, column: &Column, errors: &mut Errors) {
    let (attr, ident) = (&column.attr, model.ident());
    let is_key = column.kind.range().is_some() || matches!(column.kind, Kind::Text | Kind::Uuid);
    let word = attr.word("foreign_key").or_else(|| attr.word("one_to_one"));
    if let Some(word) = word.filter(|_| !is_key) {
        let message = "a foreign key has the type of the other model's primary key: `i64`, `i32`, \
                       `i16`, `Uuid` or `String`";
        at(word, message, errors);
    }
    for word in ["related_name", "on_delete", "foreign", "limit_choices_to"] {
        if let Some(word) = attr.word(word).filter(|_| attr.foreign_key.is_none()) {
            let message = format!("`{word}` goes with `foreign_key = Model`");
            at(word, message, errors);
        }
    }
    if let Some(set_null) = attr.on_delete.as_ref().filter(|word| *word == "SetNull")
        && !column.nullable
    {
        let message = format!(
            "`set_null` needs a column that may be NULL: make it `Option<{}>`",
            quote::ToTokens::to_token_stream(&column.ty)
        );
        at(set_null, message, errors);
    }
    if let Some(set_default) = attr.on_delete.as_ref().filter(|word| *word == "SetDefault")
        && attr.default.is_none()
    {
        at(set_default, "`set_default` needs a `default`", errors);
    }
    if let (Some(_), Some(word)) = (attr.word("one_to_one"), attr.word("unique")) {
        at(word, "`one_to_one` is unique by itself: leave `unique` out", errors);
    }
    if let Some(word) = attr.word("acyclic") {
        let to = attr.foreign_key.as_ref().and_then(|to| to.segments.last());
        if to.is_none_or(|to| to.ident != *ident) || !column.nullable {
            let message = format!(
                "`acyclic` needs an `Option` field with `foreign_key = {ident}`: root rows have no \
                 parent"
            );
            at(word, message, errors);
        }
    }
}

/// Words of files.
fn files(model: &Model, column: &Column, errors: &mut Errors) {
    let attr = &column.attr;
    for word in ["storage", "image", "width_field", "height_field"] {
        if let Some(word) = attr.word(word).filter(|_| attr.upload_to.is_none()) {
            let message = format!(
                "`{word}` goes with `upload_to = \"folder\"`, which makes a column of files"
            );
            at(word, message, errors);
        }
    }
    if let Some(syn::Expr::Lit(literal)) = &attr.upload_to {
        match &literal.lit {
            syn::Lit::Str(folder) if folder.value().starts_with('/') => {
                errors
                    .at(folder, "a folder of the storage: write it without the slash at its start");
            }
            syn::Lit::Str(folder) if folder.value().split('/').any(|part| part == "..") => {
                errors.at(folder, "a folder of the storage: it has no steps upwards");
            }
            syn::Lit::Str(_) => {}
            other => {
                errors.at(other, "a folder, `\"covers/%Y\"`, or a function that names new files");
            }
        }
    }
    for side in [&attr.width_field, &attr.height_field].into_iter().flatten() {
        let found = model.columns.iter().find(|column| column.ident == *side);
        match found {
            _ if !attr.says("image") => at(side, "only images have sides: say `image` too", errors),
            None => at(side, format!("`{}` has no column `{side}`", model.ident()), errors),
            Some(column) if !matches!(column.kind, Kind::Integer | Kind::BigInt) => {
                at(side, "a number of pixels: make that column `i32` or `i64`", errors);
            }
            Some(_) => {}
        }
    }
}

/// Words that contradict each other.
fn value(column: &Column, errors: &mut Errors) {
    let attr = &column.attr;
    let moments = ["auto_now", "auto_now_add"].map(|word| attr.word(word));
    if let [Some(_), Some(word)] = moments {
        at(word, "`auto_now` sets the moment of the insert as well: leave this out", errors);
    }
    if let ([Some(moment), _] | [None, Some(moment)], Some(word)) = (moments, attr.word("default"))
    {
        at(word, format!("`{moment}` gives the value: leave `default` out"), errors);
    }
    if let Some(word) = attr.word("cached") {
        at(word, "`cached` stands alone: no column holds such a field", errors);
    }
    if let (Some(_), Some(word)) = (attr.word("email"), attr.word("regex")) {
        at(word, "`email` is a pattern by itself: leave `regex` out", errors);
    }
    let forms = ["slug", "unicode_slug", "url", "ip", "ipv4", "ipv6"];
    if let Some(first) = attr.form() {
        for word in forms.iter().filter_map(|word| attr.word(word)).filter(|word| *word != first) {
            let message = format!("`{first}` says what the text is: leave `{word}` out");
            at(word, message, errors);
        }
    }
}

/// The names in `ordering` and `unique_together`.
fn sets(model: &Model, errors: &mut Errors) {
    let mut known = |names: &mut dyn Iterator<Item = &Ident>| {
        let mut said: Vec<&Ident> = Vec::new();
        for name in names {
            if said.contains(&name) {
                at(name, format!("`{name}` is named twice"), errors);
            }
            said.push(name);
            if model.index(name).is_none() && !model.left_out.contains(name) {
                let columns: Vec<String> = model.columns.iter().map(Column::name).collect();
                let (ident, fields) = (model.ident(), list(&columns));
                let message = format!("`{ident}` has no field `{name}`; its fields are {fields}");
                at(name, message, errors);
            }
        }
    };
    known(&mut model.attr.ordering.iter().map(|(name, _)| name));
    known(&mut model.attr.get_latest_by.iter().map(|(name, _)| name));
    for key in &model.attr.generic_keys {
        known(&mut [&key.content_type, &key.object_id].into_iter());
    }
    for set in &model.attr.unique_together {
        known(&mut set.iter());
    }
    for constraint in &model.attr.constraints {
        known(&mut constraint.fields.iter());
    }
    for column in &model.columns {
        for (_, date) in &column.attr.unique_for {
            known(&mut std::iter::once(date));
        }
    }
}

/// Names that two things have.
fn names(model: &Model, errors: &mut Errors) {
    let ident = model.ident();
    let mut stored: HashMap<String, &Ident> = HashMap::new();
    for column in &model.columns {
        let name = column.column();
        if let Some(first) = stored.insert(name.clone(), &column.ident)
            && *first != column.ident
        {
            let message = format!("the column `{name}` is the field `{first}` already");
            at(&column.ident, message, errors);
        }
    }
    // every column, relation and annotation is a method of the paths
    let mut methods: Vec<String> =
        model.columns.iter().map(|column| column.ident.unraw().to_string()).collect();
    let relations = model.columns.iter().filter(|column| column.ident.unraw() != column.name());
    let relations = relations.map(|column| (column.name(), &column.ident));
    let attr = &model.attr;
    let others = attr
        .counts
        .iter()
        .map(|(name, _)| name)
        .chain(attr.annotations.iter().map(|annotation| &annotation.name))
        .chain(attr.many_to_many.iter().map(|link| &link.name))
        .map(|name| (name.unraw().to_string(), name));
    for (name, token) in relations.chain(others) {
        if methods.contains(&name) {
            let message = format!(
                "`{ident}` has `{name}` twice: each column, relation and annotation has a name of \
                 its own"
            );
            at(token, message, errors);
        }
        methods.push(name);
    }
}
