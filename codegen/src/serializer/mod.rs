//! `#[derive(Serializer)]`: turns a struct into the calls that build its description.

mod ast;
mod attr;
mod check;
mod expand;
mod kinds;
mod plain;
mod rules;
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
    let serializer = ast::Serializer::from_syn(&node, &mut errors);
    check::check(&serializer, &mut errors);
    match &serializer.container.model {
        Some(model) => expand::expand(&serializer, model, errors),
        None => plain::expand(&serializer, errors),
    }
}
