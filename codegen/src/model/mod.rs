//! `#[model]`: turns a struct into diesel's table, the description and the paths.

mod ast;
mod attr;
mod check;
mod columns;
mod expand;
mod fallback;
mod paths;
mod relations;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use crate::errors::Errors;

pub(crate) fn model(args: TokenStream, item: &TokenStream) -> TokenStream {
    let parsed: DeriveInput = match syn::parse2(item.clone()) {
        Ok(parsed) => parsed,
        Err(error) => {
            let error = error.to_compile_error();
            return quote!(#error #item);
        }
    };
    let mut errors = Errors::default();
    let attr = attr::ModelAttr::parse(args, &mut errors);
    let mut model = ast::Model::from_syn(attr, parsed, &mut errors);
    check::check(&model, &mut errors);
    if !errors.is_empty() {
        model.mend();
    }
    expand::expand(&model, errors)
}
