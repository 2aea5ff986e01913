//! `ordering_fields!` and `order_by!`: names that rows are ordered by.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};
use syn::{Result, Token};

use super::path::{check_name, path};
use super::{list, root};

/// A name.
struct AnyIdent(Ident);

impl Parse for AnyIdent {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        input.call(Ident::parse_any).map(Self)
    }
}

pub(crate) fn ordering_fields(input: TokenStream) -> TokenStream {
    list::<AnyIdent>(input, |items, errors| {
        let fields: Vec<TokenStream> = items
            .iter()
            .filter_map(|AnyIdent(name)| {
                if name == "__all__" {
                    return Some(quote!(::quintet::filters::OrderingField::all()));
                }
                errors.take(check_name(name))?;
                let (text, path) = (name.unraw().to_string(), path(&root(), name));
                Some(quote!(::std::vec::Vec::from([
                    ::quintet::filters::OrderingField::new(#text, #path)
                ])))
            })
            .collect();
        quote!([#(#fields),*].concat())
    })
}

/// `name`, `-name`
struct Term {
    descending: bool,
    name: Ident,
}

impl Parse for Term {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let descending = input.parse::<Option<Token![-]>>()?.is_some();
        Ok(Self { descending, name: input.call(Ident::parse_any)? })
    }
}

pub(crate) fn order_by(input: TokenStream) -> TokenStream {
    list::<Term>(input, |items, errors| {
        let terms: Vec<TokenStream> = items
            .iter()
            .filter_map(|term| {
                errors.take(check_name(&term.name))?;
                let path = path(&root(), &term.name);
                let direction = if term.descending { "descending" } else { "ascending" };
                let direction = Ident::new(direction, Span::call_site());
                Some(quote!(::quintet::db::Order::#direction(#path)))
            })
            .collect();
        quote!(::std::vec::Vec::from([#(#terms),*]))
    })
}
