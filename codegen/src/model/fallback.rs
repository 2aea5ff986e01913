//! Writes what a model with mistakes has all the same, so that one mistake is one message.

use proc_macro2::TokenStream;
use quote::quote;

use super::ast::Model;

/// The traits of the standard library and of diesel, without anything that depends on the struct's
/// fields.
pub(super) fn own(model: &Model) -> TokenStream {
    let (ident, module) = (model.ident(), model.module());
    let (idents, types): (Vec<_>, Vec<_>) =
        model.columns.iter().map(|column| (&column.ident, &column.ty)).unzip();
    let display = model.attr.display.as_ref().map(|_| {
        quote! {
            impl ::core::fmt::Display for #ident {
                fn fmt(&self, _f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    ::core::unreachable!()
                }
            }
        }
    });
    quote! {
        impl ::core::clone::Clone for #ident {
            fn clone(&self) -> Self {
                ::core::unreachable!()
            }
        }

        impl ::core::cmp::PartialEq for #ident {
            fn eq(&self, _other: &Self) -> bool {
                ::core::unreachable!()
            }
        }

        impl ::core::fmt::Debug for #ident {
            fn fmt(&self, _f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::unreachable!()
            }
        }

        #display

        impl<DB, ST> ::quintet::__private::schema::Queryable<ST, DB> for #ident
        where
            DB: ::quintet::__private::schema::Backend,
            (#(#types,)*): ::quintet::__private::schema::FromStaticSqlRow<ST, DB>,
        {
            type Row = (#(#types,)*);

            fn build(_row: Self::Row) -> ::quintet::__private::schema::DeserializeResult<Self> {
                ::core::unreachable!()
            }
        }

        impl<DB> ::quintet::__private::schema::Selectable<DB> for #ident
        where
            DB: ::quintet::__private::schema::Backend,
        {
            type SelectExpression = (#(#module::#idents,)*);

            fn construct_selection() -> Self::SelectExpression {
                #module::all_columns
            }
        }
    }
}
