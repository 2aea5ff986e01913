//! `search_fields!`: names, each with the prefix that says how it is searched.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Result, Token};

use super::lookup::plain_lookup;
use super::path::{check_name, path};
use super::{list, root};

/// `^name`, `=name`, `$name`, `name`, `name__startswith`
struct Searched {
    prefix: Option<(char, Span)>,
    name: Ident,
}

impl Parse for Searched {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let span = input.span();
        let prefix = if input.parse::<Option<Token![^]>>()?.is_some() {
            Some('^')
        } else if input.parse::<Option<Token![=]>>()?.is_some() {
            Some('=')
        } else if input.parse::<Option<Token![$]>>()?.is_some() {
            Some('$')
        } else if input.parse::<Option<Token![@]>>()?.is_some() {
            Some('@')
        } else {
            None
        };
        let name = input.call(Ident::parse_any)?;
        Ok(Self { prefix: prefix.map(|prefix| (prefix, span)), name })
    }
}

impl Searched {
    fn expand(&self) -> Result<TokenStream> {
        check_name(&self.name)?;
        let text = self.name.unraw().to_string();
        let mut name = self.name.clone();
        let lookup = match self.prefix {
            Some(('^', _)) => "istartswith",
            Some(('=', _)) => "iexact",
            Some(('$', _)) => "iregex",
            Some((_, span)) => {
                return Err(Error::new(
                    span,
                    "full text search (`@`) is not available: search without a prefix, \
                     or add a filter backend of your own",
                ));
            }
            // a name that ends in a lookup is compared by it
            None => match text.rsplit_once("__") {
                Some((field, lookup)) if plain_lookup(lookup).is_some() => {
                    name = Ident::new(field, name.span());
                    lookup
                }
                _ => "icontains",
            },
        };
        let path = path(&root(), &name);
        let lookup = plain_lookup(lookup);
        Ok(quote! {
            ::quintet::filters::SearchField::new(#path).lookup(::quintet::db::Lookup::#lookup)
        })
    }
}

pub(crate) fn search_fields(input: TokenStream) -> TokenStream {
    list::<Searched>(input, |items, errors| {
        let fields: Vec<TokenStream> =
            items.iter().filter_map(|field| errors.take(field.expand())).collect();
        quote!(::std::vec::Vec::from([#(#fields),*]))
    })
}
