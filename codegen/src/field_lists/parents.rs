//! `parent_lookup_kwargs!`: captures of URLs, and the paths to what they name.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};
use syn::{Result, Token};

use super::path::{check_name, path};
use super::{list, root};

/// `artist_pk = artist`
struct Parent {
    kwarg: Ident,
    name: Ident,
}

impl Parse for Parent {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let kwarg = input.call(Ident::parse_any)?;
        input.parse::<Token![=]>()?;
        Ok(Self { kwarg, name: input.call(Ident::parse_any)? })
    }
}

pub(crate) fn parent_lookup_kwargs(input: TokenStream) -> TokenStream {
    list::<Parent>(input, |items, errors| {
        let parents: Vec<TokenStream> = items
            .iter()
            .filter_map(|Parent { kwarg, name }| {
                errors.take(check_name(name))?;
                let (kwarg, path) = (kwarg.unraw().to_string(), path(&root(), name));
                Some(quote!(::quintet::viewsets::ParentLookup::new(#kwarg, #path)))
            })
            .collect();
        quote!(::std::vec::Vec::from([#(#parents),*]))
    })
}
