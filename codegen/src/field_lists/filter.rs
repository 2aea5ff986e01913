//! `filter_fields!`: names, each with its lookups.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::Result;
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};

use super::lookup::lookup;
use super::path::{check_name, path};
use super::{list, root};
use crate::attr::names;
use crate::errors::Errors;

/// `album(exact, isnull)`; `name` alone is `name(exact)`.
pub(crate) struct FieldLookups {
    name: Ident,
    lookups: Vec<Ident>,
}

impl Parse for FieldLookups {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let name: Ident = input.call(Ident::parse_any)?;
        let mut lookups = vec![Ident::new("exact", name.span())];
        if input.peek(syn::token::Paren) {
            lookups = names(input)?;
        }
        Ok(Self { name, lookups })
    }
}

impl FieldLookups {
    /// Refuses names that are no paths, and lookups that there are not.
    pub(crate) fn check(&self, errors: &mut Errors) {
        errors.take(check_name(&self.name));
        for name in &self.lookups {
            errors.take(lookup(name));
        }
    }

    /// `.field(..)`; without the names that [`check`](Self::check) refuses.
    pub(crate) fn expand(&self, fields: &TokenStream) -> TokenStream {
        let lookups = self.lookups.iter().filter_map(|name| lookup(name).ok());
        let (name, path) = (self.name.unraw().to_string(), path(fields, &self.name));
        quote! {
            .field(
                #name,
                #path,
                [#(::quintet::filters::django_filters::LookupExpr::from(#lookups)),*],
            )
        }
    }
}

pub(crate) fn filter_fields(input: TokenStream) -> TokenStream {
    list::<FieldLookups>(input, |items, errors| {
        for field in &items {
            field.check(errors);
        }
        if !errors.is_empty() {
            return TokenStream::new();
        }
        let fields = items.iter().map(|field| field.expand(&root()));
        quote!(::quintet::filters::FilterSpec::new() #(#fields)*)
    })
}
