//! Writes the struct of paths: a method for each column, relation and annotation.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};

use super::ast::{Column, Model};

/// The struct and its methods.
pub(super) fn paths(model: &Model) -> TokenStream {
    let (ident, fields, vis) = (model.ident(), model.fields(), &model.item.vis);
    let doc = format!("Paths that lead through [`{ident}`]: one method a column or relation.");
    let methods = methods(model);
    quote! {
        #[doc = #doc]
        #[derive(Debug, Clone)]
        #vis struct #fields<Root, C = ::quintet::db::One> {
            way: ::quintet::__private::Way,
            types: ::core::marker::PhantomData<fn() -> (Root, C)>,
        }

        impl<Root, C> ::quintet::db::Fields for #fields<Root, C> {
            type Root = Root;
            type Model = #ident;
            type Cardinality = C;

            fn at(way: ::quintet::__private::Way) -> Self {
                Self { way, types: ::core::marker::PhantomData }
            }

            fn way(self) -> ::quintet::__private::Way {
                self.way
            }
        }

        impl<Root, C: ::quintet::db::Cardinality> ::quintet::db::PathOf<Root> for #fields<Root, C> {
            type Cardinality = C::Values;

            fn into_path(self) -> ::quintet::db::Path {
                self.way.key()
            }
        }

        #[allow(missing_docs)]
        impl<Root, C: ::quintet::db::Cardinality> #fields<Root, C> {
            #methods
        }
    }
}

fn methods(model: &Model) -> TokenStream {
    let own = model.ident();
    let columns = model.columns.iter().enumerate().map(|(at, column)| {
        let (ident, ty) = (&column.ident, &column.ty);
        let relation = relation(own, column, at);
        quote! {
            pub fn #ident(self) -> ::quintet::db::FieldPath<Root, #ty, C::Values> {
                self.way.column(&<#own as ::quintet::db::Model>::META.columns[#at])
            }
            #relation
        }
    });
    let annotations = annotations(model).map(|(name, ty, _)| {
        let constant = constant_of(name);
        quote! {
            pub fn #name(self) -> ::quintet::db::FieldPath<Root, #ty, C::Values> {
                self.way.annotation(#own::#constant.meta())
            }
        }
    });
    let links = model.attr.many_to_many.iter().map(|link| {
        let (name, to, [through, source, target]) = (&link.name, &link.to, model.link(link));
        let text = name.to_string();
        quote! {
            pub fn #name(self) -> <#to as ::quintet::db::Model>::Fields<Root, ::quintet::db::Many> {
                ::quintet::db::Fields::at(
                    self.way.through::<#own, #to>(#text, [#through, #source, #target]),
                )
            }
        }
    });
    quote!(#(#columns)* #(#annotations)* #(#links)*)
}

/// `artist()` beside `artist_id()`.
fn relation(own: &Ident, column: &Column, at: usize) -> Option<TokenStream> {
    let (to, name) = (column.attr.foreign_key.as_ref()?, column.name());
    if column.ident == name {
        return None;
    }
    let name = format_ident!("{name}", span = column.ident.span());
    let rows = if column.nullable { quote!(C::Nullable) } else { quote!(C) };
    Some(quote! {
        pub fn #name(self) -> <#to as ::quintet::db::Model>::Fields<Root, #rows> {
            ::quintet::db::Fields::at(self.way.forward::<#own, #to>(#at))
        }
    })
}

/// The annotations of a model, those included that count.
pub(super) fn annotations(
    model: &Model,
) -> impl Iterator<Item = (&Ident, TokenStream, TokenStream)> {
    let counts = model.attr.counts.iter().map(|(name, of)| {
        let closure = quote_spanned!(of.span()=> |fields| ::quintet::db::Count::of(fields.#of()));
        (name, quote!(i64), closure)
    });
    let declared = model.attr.annotations.iter().map(|annotation| {
        let (ty, make) = (&annotation.ty, &annotation.make);
        (&annotation.name, quote!(#ty), quote!(#make))
    });
    counts.chain(declared)
}

/// A constant for each annotation, for what a query set gives in its place; without its expression
/// where the model has mistakes.
pub(super) fn constants(model: &Model, has_mistakes: bool) -> TokenStream {
    let own = model.ident();
    let constants = annotations(model).map(|(name, ty, closure)| {
        let expression = if has_mistakes {
            quote!(::core::unreachable!())
        } else {
            quote_spanned! {name.span()=>
                ::quintet::__private::annotation::<#own, #ty, _>(#closure)
            }
        };
        let (constant, text) = (constant_of(name), name.to_string());
        let doc = format!("The annotation `{name}`.");
        quote! {
            #[doc = #doc]
            pub const #constant: ::quintet::db::Annotation<Self, #ty> = {
                static META: ::quintet::db::AnnotationMeta = ::quintet::db::AnnotationMeta::new(
                    #text,
                    || #expression,
                );
                ::quintet::db::Annotation::new(&META)
            };
        }
    });
    quote!(#(#constants)*)
}

/// `album_count` to `ALBUM_COUNT`.
pub(super) fn constant_of(name: &Ident) -> Ident {
    format_ident!("{}", name.to_string().to_uppercase(), span = name.span())
}
