//! Rules: contradictory attributes, reported at the offending token.

use proc_macro2::Span;
use quote::ToTokens;
use syn::ext::IdentExt as _;
use syn::{Error, Ident};

use super::ast::{Field, Relation, Serializer};
use super::attr::{Flag, NamedKind};
use super::kinds;
use crate::attr::list;
use crate::errors::Errors;

pub(super) fn check(serializer: &Serializer, errors: &mut Errors) {
    for field in &serializer.fields {
        if serializer.container.model.is_some() {
            over_model(field, errors);
        } else {
            plain(field, errors);
        }
        together(field, errors);
        kind(field, errors);
        if let Some(other) = &field.rules.must_match {
            known(serializer, other, errors);
        }
    }
    container(serializer, errors);
}

fn at(span: Span, message: impl std::fmt::Display, errors: &mut Errors) {
    errors.push(Error::new(span, message));
}

fn names(serializer: &Serializer) -> Vec<String> {
    serializer.fields.iter().map(Field::name).collect()
}

/// A name that must be a field of the struct.
fn known(serializer: &Serializer, name: &Ident, errors: &mut Errors) {
    let text = name.unraw().to_string();
    let declared = names(serializer);
    if serializer.field(name).is_some() {
        return;
    }
    let writes = |field: &Field| {
        field.attr.source.as_ref().and_then(|source| source.0.first()).is_some_and(|s| *s == text)
    };
    if serializer.is_open() || declared.contains(&text) || serializer.fields.iter().any(writes) {
        return;
    }
    let message =
        format!("`{}` has no field `{text}`; its fields are {}", serializer.ident, list(&declared));
    at(name.span(), message, errors);
}

/// What `fields(..)` and `exclude(..)` cannot mean.
fn chosen(serializer: &Serializer, errors: &mut Errors) {
    let container = &serializer.container;
    let is_named = |names: &[Ident], field: &Field| {
        names
            .iter()
            .any(|name| serializer.field(name).is_some_and(|named| std::ptr::eq(named, field)))
    };
    if let Some(names) = &container.fields {
        for (index, name) in names.iter().enumerate() {
            if names.iter().take(index).any(|earlier| earlier == name) {
                at(name.span(), format!("`{name}` is named twice"), errors);
            }
        }
        for field in serializer.fields.iter().filter(|field| !is_named(names, field)) {
            let message = format!(
                "the field `{}` was declared on `{}`, but has not been included in `fields(..)`",
                field.name(),
                serializer.ident
            );
            at(field.ident.span(), message, errors);
        }
        let other = container.inherit.first().map(syn::Type::to_token_stream);
        let other = other.or_else(|| container.exclude.first().map(Ident::to_token_stream));
        if let Some(token) = other {
            let message = "`fields(..)` names all the fields there are; with `inherit`, leave some \
                           out by `exclude(..)`";
            errors.push(Error::new_spanned(token, message));
        }
    }
    for field in serializer.fields.iter().filter(|field| is_named(&container.exclude, field)) {
        let message = format!("`{}` is declared here and excluded: remove one", field.name());
        at(field.ident.span(), message, errors);
    }
    if container.model.is_none()
        && let Some(name) = container.fields.iter().flatten().chain(&container.exclude).next()
    {
        at(name.span(), "a serializer without a model has the fields of its struct", errors);
    }
}

/// Keys that two fields have.
fn same_keys(serializer: &Serializer, errors: &mut Errors) {
    for (index, field) in serializer.fields.iter().enumerate() {
        let name = field.name();
        let same = serializer.fields.iter().take(index).find(|earlier| earlier.name() == name);
        if let Some(earlier) = same {
            let message = format!("`{}` has the key `{name}`, too", earlier.ident);
            let written =
                field.attr.name.as_ref().filter(|_| serializer.container.camel_case.is_none());
            match written {
                Some(written) => errors.at(written, message),
                None => at(field.ident.span(), message, errors),
            }
        }
    }
}

fn container(serializer: &Serializer, errors: &mut Errors) {
    chosen(serializer, errors);
    same_keys(serializer, errors);
    let container = &serializer.container;
    if let Some(case) = &container.camel_case
        && (container.all || (!container.exclude.is_empty() && container.inherit.is_empty()))
    {
        errors.at(case, "`rename_all` goes with fields that have names: `fields(id, name)`");
    }
    for name in &container.read_only {
        known(serializer, name, errors);
    }
    for set in
        container.unique_together.iter().chain(container.unique_for.iter().map(|(_, set)| set))
    {
        set.members.iter().for_each(|name| known(serializer, name, errors));
    }
    if container.model.is_some() {
        if let Some(schema) = serializer.rules.schema.first() {
            let message = "say `#[serializer(validate)]` and write `fn validate(attrs: &mut \
                           Attrs<'_, Model>) -> Validated`";
            errors.at(schema, message);
        }
        return;
    }
    let needs = "needs a model: say `#[serializer(model = ..)]` as well";
    let words = [
        &container.to_representation,
        &container.validate_async,
        &container.create,
        &container.update,
        &container.save,
        &container.create_many,
        &container.update_many,
    ];
    for word in words.into_iter().flatten() {
        errors.at(word, format!("`{word}` {needs}"));
    }
    if container.all {
        errors.at(&serializer.ident, format!("`fields = all` {needs}"));
    }
    if let Some(inherit) = container.inherit.first() {
        errors.at(inherit, format!("`inherit` {needs}"));
    }
    if let Some(depth) = &container.depth {
        errors.at(depth, format!("`depth` {needs}"));
    }
    if let Some(check) = container.validators.first() {
        let message = "`validators` of a serializer needs a model; without one, say `validate`";
        errors.at(check, message);
    }
    for (word, _) in &container.unique_for {
        errors.at(word, format!("`{word}` {needs}"));
    }
    for set in &container.unique_together {
        if let Some(first) = set.members.first() {
            errors.at(first, format!("`unique_together` {needs}"));
        }
    }
}

/// Words that exclude each other.
fn together(field: &Field, errors: &mut Errors) {
    let attr = &field.attr;
    let on = |flag: &Option<Flag>| flag.as_ref().is_some_and(|flag| flag.on);
    if let Some(flag) = attr.read_only.as_ref().filter(|flag| flag.on) {
        if on(&attr.write_only) {
            at(flag.span, "a field is `read_only` or `write_only`, not both", errors);
        }
        if on(&attr.required) {
            at(flag.span, "a `read_only` field takes no input: leave `required` out", errors);
        }
        for hook in [&attr.validate, &attr.validate_async].into_iter().flatten() {
            errors.at(hook, format!("a `read_only` field takes no input: leave `{hook}` out"));
        }
    }
    if let Some((word, _)) = attr.default.as_ref().or(attr.default_with.as_ref())
        && on(&attr.required)
    {
        errors.at(word, "a field is `required` or has a default, not both");
    }
    if let Some(word) = &attr.hidden
        && attr.default.is_none()
        && attr.default_with.is_none()
    {
        errors
            .at(word, "a `hidden` field takes no input: say `default = ..` or `default_with = ..`");
    }
    if let Some(word) = &attr.custom {
        if field.shape.many || field.shape.relation.is_some() {
            errors.at(word, "`custom` is for a field of one value of a type of your own");
        }
        let others = [&attr.nested, &attr.other, &attr.method.as_ref().map(|(own, _)| own.clone())];
        for other in others.into_iter().flatten() {
            errors.at(other, format!("a field is `custom` or `{other}`, not both"));
        }
        if let Some((default, _)) = &attr.default {
            let message = "the default of a `custom` field is what is stored, and a function returns \
                           it: `default_with`";
            errors.at(default, message);
        }
    }
    if let Some(word) = &attr.whole
        && attr.nested.is_none()
        && attr.class.is_none()
    {
        let message =
            "`source = *` goes with `nested` and a serializer without a model, or with `class`";
        errors.at(word, message);
    }
    if let Some((word, _)) = &attr.class {
        let others = [
            &attr.nested,
            &attr.custom,
            &attr.display.as_ref().map(|(own, _)| own.clone()),
            &attr.method.as_ref().map(|(own, _)| own.clone()),
        ];
        for other in others.into_iter().flatten() {
            errors.at(other, format!("a field has a `{word}` or is `{other}`, not both"));
        }
        if let Some(kind) = &attr.kind {
            let kind = match kind {
                NamedKind::Word(kind) => kind.to_token_stream(),
                NamedKind::Like(kind) => kind.to_token_stream(),
            };
            errors.push(Error::new_spanned(kind, "the class of a field says what its kind is"));
        }
    }
    if let Some((word, _)) = &attr.queryset
        && !matches!(
            field.shape.relation,
            Some((Relation::PrimaryKey | Relation::Slug | Relation::Hyperlink, _))
        )
    {
        let message = "`queryset` is for a field of the type `PrimaryKeyRelated<Model>`, \
                       `SlugRelated<Model>` or `HyperlinkedRelated<Model>`";
        errors.at(word, message);
    }
    if let (Some(_), Some(choices)) = (&attr.kind, &attr.choices) {
        errors.at(choices, "a field has `kind` or `choices`, not both");
    }
}

/// The words for `format`, where it has a few.
fn formats(field: &Field) -> Option<&'static [&'static str]> {
    match field.shape.word().as_str() {
        "Uuid" => Some(&["hex_verbose", "hex", "int", "urn"]),
        "TimeDelta" | "Duration" => Some(&["django", "iso-8601"]),
        _ => None,
    }
}

fn kind(field: &Field, errors: &mut Errors) {
    let attr = &field.attr;
    if let (Some(format), Some(words)) = (&attr.format, formats(field))
        && !words.contains(&format.value().as_str())
    {
        let words: Vec<String> = words.iter().map(|word| format!("`\"{word}\"`")).collect();
        errors.at(format, format!("the format is one of {}", words.join(", ")));
    }
    if let Some(first) = attr.validators.first() {
        let shape = &field.shape;
        if attr.is_read_only() || attr.method.is_some() {
            errors.at(first, "a field that takes no input has no `validators`");
        } else if attr.nested.is_some() || shape.many && shape.relation.is_some() {
            let message = "`validators` are for a field that holds a plain value, or one key; say \
                           `#[serializer(validate)]`";
            errors.at(first, message);
        }
    }
    if let Some(NamedKind::Word(word)) = &field.attr.kind
        && !kinds::is_kind(word)
    {
        errors.at(word, format!("there is no kind `{word}`; one of {}", kinds::kinds()));
    }
}

fn over_model(field: &Field, errors: &mut Errors) {
    let (attr, shape) = (&field.attr, &field.shape);
    let relation = shape.relation.as_ref().map(|(relation, _)| *relation);
    if let Some((word, _)) = &attr.slug
        && relation != Some(Relation::Slug)
    {
        errors.at(word, "`slug` is for a field of the type `SlugRelated<Model>`");
    }
    if relation == Some(Relation::Slug) && attr.slug.is_none() {
        at(shape.span, "say which column names the row: `#[field(slug = name)]`", errors);
    }
    let link = matches!(relation, Some(Relation::Hyperlink | Relation::Identity));
    if let Some((word, _)) = &attr.view_name
        && !link
    {
        let message = "`view_name` is for a field of the type `HyperlinkedRelated<Model>` or \
                       `HyperlinkedIdentity`";
        errors.at(word, message);
    }
    if let Some((word, lookup)) = &attr.lookup {
        if !link {
            let message = "`lookup` is for a field of the type `HyperlinkedRelated<Model>` or \
                           `HyperlinkedIdentity`";
            errors.at(word, message);
        }
        if let [_, second, ..] = lookup.0.as_slice() {
            errors.at(second, "a row is looked up by a column of its own");
        }
    }
    if let Some((word, slug)) = &attr.slug
        && slug.0.len() > 1
    {
        errors.at(word, "a row is named by a column of its own");
    }
    if let Some((word, _)) = &attr.get_url
        && !link
    {
        let message = "`get_url` is for a field of the type `HyperlinkedRelated<Model>` or \
                       `HyperlinkedIdentity`";
        errors.at(word, message);
    }
    if relation == Some(Relation::Custom) && attr.class.is_none() {
        at(shape.span, "say which class shows and reads it: `#[field(class = TagField)]`", errors);
    }
    if let Some((word, _)) = &attr.class
        && relation.is_some_and(|relation| relation != Relation::Custom)
    {
        let message = "a related field with a class is declared as `CustomRelated<Model>`";
        errors.at(word, message);
    }
    if relation == Some(Relation::Hyperlink) && attr.view_name.is_none() && attr.get_url.is_none() {
        at(shape.span, "say which view: `#[field(view_name = \"album-detail\")]`", errors);
    }
    if let Some(word) = &attr.nested
        && relation.is_some()
    {
        errors.at(word, "`nested` is for a field whose type is a serializer");
    }
    if let Some(word) = &attr.writable
        && attr.nested.is_none()
        && !(relation == Some(Relation::Slug) && shape.many)
    {
        errors.at(word, "`writable` goes with `nested`, or with a list of slugs");
    }
    if let Some((word, _)) = &attr.method {
        if let Some(source) = attr.source.as_ref().and_then(|source| source.0.first()) {
            let message =
                format!("a `{word}` field has no source: its function sees the whole row");
            errors.at(source, message);
        }
        if attr.is_write_only() {
            errors.at(word, format!("a `{word}` field is read-only"));
        }
    }
    let plain = relation.is_none() && attr.nested.is_none();
    let is_key = matches!(relation, Some(Relation::PrimaryKey | Relation::Slug)) && !shape.many;
    if let Some((word, _)) = &attr.default
        && is_key
    {
        errors.at(
            word,
            "the default of a relation is the key that a function returns: `default_with`",
        );
    } else if let Some((word, _)) = attr.default.as_ref().or(attr.default_with.as_ref())
        && !plain
        && !is_key
    {
        errors.at(word, "a default is for a field that holds a plain value, or one key");
    }
    let looks_nested = shape.word().ends_with("Serializer") && attr.method.is_none();
    if plain && looks_nested {
        let word = shape.word();
        at(shape.span, format!("`{word}` is a serializer: say `#[field(nested)]`"), errors);
    }
}

fn plain(field: &Field, errors: &mut Errors) {
    let (attr, shape) = (&field.attr, &field.shape);
    let needs = "needs a model: say `#[serializer(model = ..)]` on the struct";
    let words = [
        attr.method.as_ref().map(|(word, _)| word).filter(|word| *word == "batch"),
        attr.display.as_ref().map(|(word, _)| word),
        attr.slug.as_ref().map(|(word, _)| word),
        attr.view_name.as_ref().map(|(word, _)| word),
        attr.lookup.as_ref().map(|(word, _)| word),
    ];
    for word in words.into_iter().flatten() {
        errors.at(word, format!("`{word}` {needs}"));
    }
    if let Some(second) = attr.source.as_ref().and_then(|source| source.0.get(1)) {
        let message = "without a model, `source` is one name: the key of the value in what is \
                       validated";
        errors.at(second, message);
    }
    if let (Some(word), Some(_)) = (&attr.whole, &attr.class) {
        errors.at(word, format!("`source = *` of a field with a class {needs}"));
    }
    if let Some(unique) = &attr.unique {
        let message = format!("`unique` {needs}");
        match &unique.message {
            Some(text) => errors.at(text, message),
            None => errors.at(&field.ident, message),
        }
    }
    if let Some((relation, _)) = &shape.relation
        && *relation != Relation::PrimaryKey
    {
        errors.at(&shape.inner, format!("`{}` {needs}", shape.word()));
    }
    let has_default = attr.default.is_some() || attr.default_with.is_some();
    let may_be_absent =
        attr.required.as_ref().is_some_and(|flag| !flag.on) || field.attr.hidden.is_some();
    if may_be_absent && !attr.is_read_only() && !shape.optional && !has_default {
        let ty = field.ty.to_token_stream();
        errors.at(
            &field.ty,
            format!(
                "the input may not contain this field: declare it as `Option<{}>`",
                ty.to_string().replace(' ', "")
            ),
        );
    }
}
