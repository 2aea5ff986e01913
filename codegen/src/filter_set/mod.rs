//! `#[derive(FilterSet)]`: turns a struct into the calls that build its filters.

mod ast;
mod attr;
mod check;
mod expand;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use crate::errors::Errors;

pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let node: DeriveInput = match syn::parse2(input) {
        Ok(node) => node,
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = Errors::default();
    let set = ast::FilterSet::from_syn(node, &mut errors);
    check::check(&set, &mut errors);
    expand::expand(&set, errors)
}
