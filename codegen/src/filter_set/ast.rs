//! The struct as a set of filters.

use syn::ext::IdentExt as _;
use syn::{
    Data, DeriveInput, Fields, GenericArgument, Generics, Ident, LitStr, PathArguments, Type,
};

use super::attr::{Container, FilterAttr};
use crate::errors::Errors;
use crate::field_lists::split_lookup;

/// The struct.
pub(super) struct FilterSet {
    pub(super) ident: Ident,
    pub(super) generics: Generics,
    pub(super) container: Container,
    pub(super) filters: Vec<Filter>,
}

/// One of its fields.
pub(super) struct Filter {
    pub(super) ident: Ident,
    /// The kind of filter.
    pub(super) ty: Type,
    pub(super) attr: FilterAttr,
}

impl FilterSet {
    pub(super) fn from_syn(node: DeriveInput, errors: &mut Errors) -> Self {
        let container = Container::from_syn(&node.attrs, errors);
        let mut filters = Vec::new();
        match node.data {
            Data::Struct(data) if !matches!(data.fields, Fields::Unnamed(_)) => {
                for field in data.fields {
                    let attr = FilterAttr::from_syn(&field.attrs, errors);
                    let Some(ident) = field.ident else { continue };
                    filters.push(Filter { ident, ty: field.ty, attr });
                }
            }
            _ => errors.at(
                &node.ident,
                "a filter set is a struct with a named field for each declared filter",
            ),
        }
        Self { ident: node.ident, generics: node.generics, container, filters }
    }
}

impl Filter {
    /// The parameter in the address.
    pub(super) fn name(&self) -> String {
        let own = || self.ident.unraw().to_string();
        self.attr.name.as_ref().map_or_else(own, LitStr::value)
    }

    /// The model of the rows that are chosen: `Genre` of `ModelChoiceFilter<Genre>`, which may stand in
    /// `BaseInFilter<..>`.
    pub(super) fn related(&self) -> Option<&Type> {
        let mut ty = &self.ty;
        loop {
            let Type::Path(path) = ty else { return None };
            let last = path.path.segments.last()?;
            let PathArguments::AngleBracketed(of) = &last.arguments else { return None };
            let Some(GenericArgument::Type(inner)) = of.args.first() else { return None };
            if last.ident == "ModelChoiceFilter" || last.ident == "ModelMultipleChoiceFilter" {
                return Some(inner);
            }
            ty = inner;
        }
    }

    /// Whether a field of the model is compared.
    pub(super) fn is_compared(&self) -> bool {
        self.attr.method.is_none() && self.attr.ordering.is_none()
    }

    /// The field that is compared and the lookup: those that are said, or else those that the
    /// name says, as `id__in` does.
    pub(super) fn compared(&self) -> (Ident, Option<Ident>) {
        let named = split_lookup(&self.ident).filter(|_| self.attr.lookup.is_none());
        let (field, lookup) = match named {
            Some((field, lookup)) => (field, Some(lookup)),
            None => (self.ident.clone(), None),
        };
        match &self.attr.field {
            Some(said) => (said.clone(), self.attr.lookup.clone()),
            None => (field, self.attr.lookup.clone().or(lookup)),
        }
    }
}
