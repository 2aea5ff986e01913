//! Fields of a model, named at compile time: `filter_fields!`, `search_fields!`,
//! `ordering_fields!`, `order_by!`, `lookup_field!`, `parent_lookup_kwargs!`.
//!
//! None of them names the model: it is that of the constant's type.

mod filter;
mod lookup;
mod ordering;
mod parents;
mod path;
mod search;
#[cfg(test)]
mod tests;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::Token;
use syn::ext::IdentExt as _;
use syn::parse::{Parse, Parser as _};
use syn::punctuated::Punctuated;

pub(crate) use filter::{FieldLookups, filter_fields};
pub(crate) use lookup::{lookup, split_lookup};
pub(crate) use ordering::{order_by, ordering_fields};
pub(crate) use parents::parent_lookup_kwargs;
pub(crate) use path::{check_name, path};
pub(crate) use search::search_fields;

use crate::errors::Errors;

/// The model whose fields a list names, as the closure's parameter that [`declared`] writes.
fn root() -> TokenStream {
    let root = Ident::new("model", Span::mixed_site());
    quote!(#root.fields())
}

/// A `Declared`, whose model is inferred from where it is used.
fn declared(make: &TokenStream) -> TokenStream {
    let root = Ident::new("model", Span::mixed_site());
    quote!(::quintet::db::Declared::new(|#root| #make))
}

/// Expands a list; on a mistake still to a value of the right type.
fn list<T: Parse>(
    input: TokenStream,
    expand: impl FnOnce(Vec<T>, &mut Errors) -> TokenStream,
) -> TokenStream {
    let mut errors = Errors::default();
    let items = errors.take(Punctuated::<T, Token![,]>::parse_terminated.parse2(input));
    let value = items.map(|items| expand(items.into_iter().collect(), &mut errors));
    if let (Some(value), true) = (value, errors.is_empty()) {
        return declared(&value);
    }
    let errors = errors.tokens();
    quote!({ #errors ::quintet::db::Declared::NONE })
}

pub(crate) fn lookup_field(input: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let name = errors.take(Ident::parse_any.parse2(input));
    let name = name.filter(|name| errors.take(check_name(name)).is_some());
    if let Some(name) = name {
        let path = path(&root(), &name);
        return declared(&quote!(#path.of_any_type()));
    }
    let errors = errors.tokens();
    quote!({ #errors ::quintet::db::Declared::NONE })
}
