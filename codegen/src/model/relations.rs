//! Writes the way back: methods on the paths of the models that this one points at, and diesel's
//! joins.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Path;
use syn::ext::IdentExt as _;

use super::ast::{Model, fields_of, module_of};

pub(super) fn relations(model: &Model) -> TokenStream {
    let own = model.ident();
    let mut joined: Vec<String> = Vec::new();
    let reverse = model.columns.iter().filter_map(|column| {
        let (to, name) = (column.attr.foreign_key.as_ref()?, column.attr.related_name.as_ref()?);
        let (text, key) = (name.unraw().to_string(), column.column());
        let way = quote!(reverse::<#own>(#text, #key));
        if column.attr.says("foreign") {
            return Some(extension(model, to, name, &way));
        }
        let parent = quote!(#to).to_string();
        let join = (!to.is_ident(own) && !joined.contains(&parent))
            .then(|| join(&model.module(), to, &column.ident));
        joined.push(parent);
        let method = method(model, to, name, &way);
        Some(quote!(#method #join))
    });
    let reverse: Vec<TokenStream> = reverse.collect();
    let links = model.attr.many_to_many.iter().filter_map(|link| {
        let (to, name) = (&link.to, link.related_name.as_ref()?);
        let ([through, source, target], text) = (model.link(link), name.unraw().to_string());
        let way = quote!(through::<#to, #own>(#text, [#through, #target, #source]));
        Some(method(model, to, name, &way))
    });
    quote!(#(#reverse)* #(#links)*)
}

/// A method on the other model's paths.
fn method(model: &Model, to: &Path, name: &Ident, way: &TokenStream) -> TokenStream {
    let (own, fields) = (model.fields(), fields_of(to));
    quote_spanned! {name.span()=>
        #[allow(missing_docs)]
        impl<Root, C> #fields<Root, C> {
            pub fn #name(self) -> #own<Root, ::quintet::db::Many> {
                ::quintet::db::Fields::at(::quintet::db::Fields::way(self).#way)
            }
        }
    }
}

/// A trait whose method this is: for a model of another crate.
fn extension(model: &Model, to: &Path, name: &Ident, way: &TokenStream) -> TokenStream {
    let (ident, own, fields) = (model.ident(), model.fields(), fields_of(to));
    let target = to.segments.last().map(|last| &last.ident);
    let target = target.map_or_else(String::new, Ident::to_string);
    let extension = format_ident!("{ident}Of{target}");
    let doc = format!("The way from [`{target}`] to its rows of [`{ident}`].");
    quote_spanned! {name.span()=>
        #[doc = #doc]
        pub trait #extension<Root> {
            #[allow(missing_docs)]
            fn #name(self) -> #own<Root, ::quintet::db::Many>;
        }

        impl<Root, C> #extension<Root> for #fields<Root, C> {
            fn #name(self) -> #own<Root, ::quintet::db::Many> {
                ::quintet::db::Fields::at(::quintet::db::Fields::way(self).#way)
            }
        }
    }
}

/// What diesel needs to join the two tables.
fn join(module: &Ident, to: &Path, key: &Ident) -> TokenStream {
    let parent = module_of(to);
    let joined = |parent: &Path| {
        quote! {
            ::quintet::__private::diesel::joinable!(#module -> #parent (#key));
            ::quintet::__private::diesel::allow_tables_to_appear_in_same_query!(#module, #parent);
        }
    };
    if parent.segments.first().is_none_or(|first| first.ident != "$crate") {
        return joined(&parent);
    }
    // a path of an abstract model's; diesel's macros take no `$crate`
    let joined = joined(&format_ident!("parent").into());
    quote! {
        const _: () = {
            use #parent as parent;

            #joined
        };
    }
}
