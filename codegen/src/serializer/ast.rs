//! The struct as a serializer: its fields and their sources.

use proc_macro2::Span;
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Data, DeriveInput, Fields, Ident, Type};

use super::attr::{Container, FieldAttr};
use super::rules::Rules;
use crate::errors::Errors;
use crate::types::{generic, last_word, optional};

/// The struct.
pub(super) struct Serializer {
    pub(super) ident: Ident,
    pub(super) container: Container,
    pub(super) fields: Vec<Field>,
    /// `#[validate(schema(..))]`
    pub(super) rules: Rules,
}

/// One of its fields.
pub(super) struct Field {
    pub(super) ident: Ident,
    pub(super) ty: Type,
    pub(super) attr: FieldAttr,
    pub(super) rules: Rules,
    pub(super) shape: Shape,
}

/// A field's type, taken apart.
pub(super) struct Shape {
    /// The type inside `Option` and `Vec`.
    pub(super) inner: Type,
    pub(super) optional: bool,
    pub(super) many: bool,
    pub(super) relation: Option<(Relation, Type)>,
    pub(super) span: Span,
}

/// The framework's types for relations.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    PrimaryKey,
    Slug,
    String,
    Hyperlink,
    Identity,
    Custom,
}

impl Shape {
    fn of(ty: &Type, errors: &mut Errors) -> Self {
        let (inner, optional) = optional(ty);
        let (inner, many) = match generic(&inner, "Vec") {
            Some(item) => (item, true),
            None => (inner, false),
        };
        let relation = last_word(&inner).and_then(|word| {
            let name = word.to_string();
            let relation = match name.as_str() {
                "PrimaryKeyRelated" => Relation::PrimaryKey,
                "SlugRelated" => Relation::Slug,
                "StringRelated" => Relation::String,
                "HyperlinkedRelated" => Relation::Hyperlink,
                "CustomRelated" => Relation::Custom,
                "HyperlinkedIdentity" => return Some((Relation::Identity, inner.clone())),
                _ => return None,
            };
            let target = generic(&inner, &name);
            if target.is_none() {
                errors.at(&inner, format!("say which model it is related to: `{name}<Album>`"));
            }
            Some((relation, target?))
        });
        Self { span: inner.span(), inner, optional, many, relation }
    }

    /// The last word of the type inside `Option` and `Vec`.
    pub(super) fn word(&self) -> String {
        last_word(&self.inner).map(Ident::to_string).unwrap_or_default()
    }
}

impl Field {
    /// Its key in input and output.
    pub(super) fn name(&self) -> String {
        match &self.attr.name {
            Some(name) => name.value(),
            None => self.ident.unraw().to_string(),
        }
    }

    /// The key of its value without a model.
    pub(super) fn source_name(&self) -> String {
        let source = self.attr.source.as_ref().and_then(|source| source.0.last());
        source.map_or_else(|| self.name(), |name| name.unraw().to_string())
    }
}

impl Serializer {
    pub(super) fn from_syn(node: &DeriveInput, errors: &mut Errors) -> Self {
        let container = Container::from_syn(&node.attrs, errors);
        if let Some(first) = node.generics.params.first() {
            errors.at(first, "a serializer has no generic parameters: name the types it shows");
        }
        let mut fields = Vec::new();
        match &node.data {
            Data::Struct(data) if !matches!(data.fields, Fields::Unnamed(_)) => {
                for field in &data.fields {
                    let Some(ident) = field.ident.clone() else { continue };
                    fields.push(Field {
                        ident,
                        ty: field.ty.clone(),
                        attr: FieldAttr::from_syn(&field.attrs, errors),
                        rules: Rules::from_syn(&field.attrs, errors),
                        shape: Shape::of(&field.ty, errors),
                    });
                }
            }
            _ => errors.at(&node.ident, "a serializer is a struct with named fields"),
        }
        let rules = Rules::from_syn(&node.attrs, errors);
        if container.camel_case.is_some() {
            for field in &mut fields {
                let key = container.key(&field.ident);
                field.attr.name.get_or_insert_with(|| syn::LitStr::new(&key, field.ident.span()));
            }
        }
        Self { ident: node.ident.clone(), container, fields, rules }
    }

    /// What the description is called: the struct's name without `Serializer`.
    pub(super) fn name(&self) -> String {
        if let Some(name) = &self.container.name {
            return name.value();
        }
        let name = self.ident.unraw().to_string();
        match name.strip_suffix("Serializer") {
            Some(short) if !short.is_empty() => short.to_owned(),
            _ => name,
        }
    }

    /// Whether fields come from elsewhere than the struct.
    pub(super) fn is_open(&self) -> bool {
        self.container.all
            || !self.container.inherit.is_empty()
            || self.container.fields.is_some()
            || !self.container.exclude.is_empty()
    }

    /// The field of the struct that a word of `#[serializer(..)]` names: by its key, or by its own name
    /// where keys are renamed.
    pub(super) fn field(&self, name: &Ident) -> Option<&Field> {
        let key = name.unraw().to_string();
        let renamed = self.container.camel_case.is_some();
        self.fields.iter().find(|field| field.name() == key || renamed && field.ident == *name)
    }

    /// The key of what a word of `#[serializer(..)]` names.
    pub(super) fn key(&self, name: &Ident) -> String {
        self.field(name).map_or_else(|| self.container.key(name), Field::name)
    }
}
