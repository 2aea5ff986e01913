//! `#[model]`: turns a struct into diesel's table, the description and the paths.

mod ast;
mod attr;
mod base;
mod check;
mod columns;
mod expand;
mod fallback;
mod hooks;
mod inherit;
mod paths;
mod relations;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use self::inherit::Heir;
use crate::errors::Errors;

pub(crate) fn model(args: TokenStream, item: &TokenStream) -> TokenStream {
    written(Heir::new(args, item.clone()))
}

/// Goes on with a model when the macro of an abstract model has added what it hands on.
pub(crate) fn inherit(input: TokenStream) -> TokenStream {
    match inherit::read(input) {
        Ok(heir) => written(heir),
        Err(error) => error.to_compile_error(),
    }
}

fn written(heir: Heir) -> TokenStream {
    let mut errors = Errors::default();
    let mut attr = attr::ModelAttr::parse(heir.args.clone(), &mut errors);
    if let Some(next) = heir.next(&attr) {
        return next;
    }
    let own = if attr.is_abstract.is_some() {
        inherit::with_own_names(&heir.item)
    } else {
        heir.item.clone()
    };
    let mut parsed: DeriveInput = match syn::parse2(own) {
        Ok(parsed) => parsed,
        Err(error) => {
            let (error, item) = (error.to_compile_error(), heir.item);
            return quote!(#error #item);
        }
    };
    if attr.is_abstract.is_some() {
        return written_abstract(&heir, attr, parsed, errors);
    }
    let inherited = heir.inherit(&mut attr, &mut parsed, &mut errors);
    let mut model = ast::Model::from_syn(attr, parsed, &mut errors);
    model.bases = inherited.bases;
    if inherited.is_broken {
        // its mistakes are the base's, which were reported there
        errors = Errors::hidden();
    } else {
        check::check(&model, &mut errors);
    }
    if !errors.is_empty() {
        model.mend();
    }
    expand::expand(&model, errors)
}

fn written_abstract(
    heir: &Heir,
    mut attr: attr::ModelAttr,
    mut parsed: DeriveInput,
    mut errors: Errors,
) -> TokenStream {
    let own = attr.clone();
    let inherited = heir.clone().inherit(&mut attr, &mut parsed, &mut errors);
    let mut model = ast::Model::from_syn(attr, parsed, &mut errors);
    model.bases = inherited.bases;
    if !inherited.is_broken {
        check::check_abstract(&model, &mut errors);
    }
    let is_broken = inherited.is_broken || !errors.is_empty();
    let heirs = inherit::macro_of(model.ident(), heir, is_broken, &own);
    base::expand(&model, &heirs, errors)
}
