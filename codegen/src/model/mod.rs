//! `#[model]`: turns a struct into diesel's table, the description and the paths.

mod attr;
mod expand;

use proc_macro2::TokenStream;
use quote::quote;
use syn::ItemStruct;

use crate::errors::Errors;

pub(crate) fn model(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut item: ItemStruct = match syn::parse2(item) {
        Ok(item) => item,
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = Errors::default();
    let mut attr = attr::ModelAttr::parse(args, &mut errors);
    attr.settle(&item.ident, &mut errors);
    let columns = expand::columns(&mut item, &mut errors);
    let implementation = expand::model(&attr, &item, &columns, &mut errors);
    let errors = errors.tokens();
    quote!(#implementation #errors)
}
