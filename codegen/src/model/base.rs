//! Writes what `#[model(abstract)]` and `inherit(..)` expand to: the trait of an abstract model, and
//! its implementations for the models that inherit it.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::Attribute;
use syn::ext::IdentExt as _;

use super::ast::{Base, Column, Model};
use super::hooks::methods;
use crate::errors::Errors;

/// The trait of an abstract model, and its macro.
pub(super) fn expand(model: &Model, heirs: &TokenStream, errors: Errors) -> TokenStream {
    let errors = errors.tokens();
    let (ident, columns) = (model.ident(), format_ident!("{}Columns", model.ident()));
    let docs = model.item.attrs.iter().filter(|attr| is_kept(attr));
    let bases = model.bases.iter().map(|base| &base.path);
    let inherited: Vec<&Ident> =
        model.bases.iter().flat_map(|base| base.fields.iter().map(|(name, _)| name)).collect();
    let own = model.columns.iter().filter(|column| !inherited.contains(&&column.ident));
    let hooks = methods(ident, &model.attr.hooks);
    let items = own.enumerate().map(|(at, column)| items(ident, column, at));
    let places = places(ident);
    let message = format!("`{{Self}}` does not inherit `{ident}`");
    let label = format!("a model with `inherit({ident})` is expected here");
    let note = format!("write `#[model(.., inherit({ident}))]` on the struct");
    let columns_doc = format!("The columns of [`{ident}`].");
    quote! {
        #errors

        #(#docs)*
        #[diagnostic::on_unimplemented(message = #message, label = #label, note = #note)]
        pub trait #ident: ::quintet::db::Model #(+ #bases)* {
            #[doc(hidden)]
            const #places: &'static [usize];

            #(#items)*

            #hooks
        }

        #[doc(hidden)]
        #[doc = #columns_doc]
        #[derive(Debug)]
        pub enum #columns {}

        impl<M: #ident> ::quintet::db::BaseOf<M> for #columns {
            const PLACES: &'static [usize] = M::#places;
        }

        #heirs
    }
}

/// Attributes that a trait can have as well.
fn is_kept(attr: &Attribute) -> bool {
    ["doc", "cfg", "allow", "expect"].iter().any(|name| attr.path().is_ident(name))
}

/// `AUDIT_COLUMNS`
fn places(base: &Ident) -> Ident {
    format_ident!("{}_COLUMNS", base.unraw().to_string().to_uppercase())
}

/// The constant of a column, the method that reads it, and the start of paths along a foreign key.
fn items(base: &Ident, column: &Column, at: usize) -> TokenStream {
    let (ident, ty, name) = (&column.ident, &column.ty, column.name());
    let columns = format_ident!("{}Columns", base);
    let constant = ident.unraw().to_string().to_uppercase();
    let constant = format_ident!("{}", constant, span = ident.span());
    let column_doc = format!("The column `{}`.", column.column());
    let value_doc = format!("The value of the column `{}`.", column.column());
    let relation = column.attr.foreign_key.as_ref().filter(|_| *ident != name).map(|to| {
        let (relation, places) = (format_ident!("{name}", span = ident.span()), places(base));
        let doc = format!("The row that `{ident}` points at, as the start of a path.");
        let rows = if column.nullable { quote!(Optional) } else { quote!(One) };
        quote! {
            #[doc = #doc]
            fn #relation() -> <#to as ::quintet::db::Model>::Fields<Self, ::quintet::db::#rows> {
                let way = ::quintet::__private::Way::start::<Self>();
                ::quintet::db::Fields::at(
                    way.forward::<Self, #to>(<Self as #base>::#places[#at]),
                )
            }
        }
    });
    quote! {
        #[doc = #column_doc]
        const #constant: ::quintet::db::InheritedColumn<Self, #ty, #columns, #at> =
            ::quintet::db::InheritedColumn::COLUMN;

        #[doc = #value_doc]
        fn #ident(&self) -> &#ty;

        #relation
    }
}

/// `impl Audit for Order`
pub(super) fn implementation(model: &Model, base: &Base, has_mistakes: bool) -> TokenStream {
    let (ident, path, places) = (model.ident(), &base.path, places(&base.ident));
    let at = base
        .fields
        .iter()
        .filter_map(|(name, _)| model.columns.iter().position(|column| column.ident == *name));
    let values = base.fields.iter().map(|(name, ty)| {
        let value = if has_mistakes { quote!(::core::unreachable!()) } else { quote!(&self.#name) };
        quote! {
            fn #name(&self) -> &#ty {
                #value
            }
        }
    });
    quote! {
        impl #path for #ident {
            const #places: &'static [usize] = &[#(#at),*];

            #(#values)*
        }
    }
}
