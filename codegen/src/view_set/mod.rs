//! `#[view_set]`: turns the actions and doc comments of an `impl ViewSet` into the trait's
//! constants and its list of actions.

mod attr;
mod check;
mod expand;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Expr, ImplItem, ImplItemFn, ItemImpl, Meta};

use self::attr::{Action, mapping};
use crate::errors::Errors;

pub(crate) fn view_set(args: &TokenStream, item: &TokenStream) -> TokenStream {
    let mut parsed: ItemImpl = match syn::parse2(item.clone()) {
        Ok(parsed) => parsed,
        Err(error) => {
            let error = error.to_compile_error();
            return quote!(#error #item);
        }
    };
    let mut errors = Errors::default();
    if !args.is_empty() {
        errors.at(args, "`#[view_set]` takes nothing; an action has `#[action(..)]`");
    }
    if parsed.trait_.is_none() {
        errors.at(&parsed.self_ty, "`#[view_set]` stands before `impl ViewSet for ..`");
    }
    let plain = is_plain(&parsed);
    let (actions, functions) = take_actions(&mut parsed, plain, &mut errors);
    for function in &functions {
        check::check(function, &mut errors);
    }
    let description = comment(&parsed.attrs);
    expand::expand(parsed, plain, &actions, &functions, &description, errors)
}

/// True for the view set of no model, whose six standard actions are functions too.
fn is_plain(item: &ItemImpl) -> bool {
    let last = item.trait_.as_ref().and_then(|(path, _)| path.segments.last());
    last.is_some_and(|last| last.ident == "PlainViewSet")
}

/// Moves the methods with `#[action]` and `#[mapping]` out of the `impl`, and the standard actions of a
/// view set without a model.
fn take_actions(
    item: &mut ItemImpl,
    plain: bool,
    errors: &mut Errors,
) -> (Vec<Action>, Vec<ImplItemFn>) {
    let (mut actions, mut functions) = (Vec::<Action>::new(), Vec::new());
    let mut rest = Vec::with_capacity(item.items.len());
    for one in std::mem::take(&mut item.items) {
        let ImplItem::Fn(mut function) = one else {
            rest.push(one);
            continue;
        };
        if let Some(attribute) = take(&mut function.attrs, "action") {
            let description = comment(&function.attrs);
            actions.push(Action::from_syn(&attribute, &function, description, errors));
        } else if let Some(attribute) = take(&mut function.attrs, "mapping") {
            let result = mapping(&attribute, &function, &mut actions);
            errors.take(result);
        } else if plain && let Some(standard) = attr::standard(&function.sig.ident) {
            let description = comment(&function.attrs);
            actions.push(Action::of_standard(&function, standard, description));
        } else {
            rest.push(ImplItem::Fn(function));
            continue;
        }
        functions.push(function);
    }
    item.items = rest;
    (actions, functions)
}

fn take(attributes: &mut Vec<Attribute>, name: &str) -> Option<Attribute> {
    let at = attributes.iter().position(|attribute| attribute.path().is_ident(name))?;
    Some(attributes.remove(at))
}

/// The text of a doc comment, as DRF shows a docstring.
fn comment(attributes: &[Attribute]) -> String {
    let lines: Vec<String> = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("doc"))
        .filter_map(|attribute| match &attribute.meta {
            Meta::NameValue(pair) => match &pair.value {
                Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
                _ => None,
            },
            _ => None,
        })
        .map(|line| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned())
        .collect();
    lines.join("\n").trim().to_owned()
}
