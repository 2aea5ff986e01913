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
        let is_one = column.attr.says("one_to_one");
        let way = if is_one {
            quote!(reverse_one::<#own>(#text, #key))
        } else {
            quote!(reverse::<#own>(#text, #key))
        };
        if column.attr.says("foreign") {
            return Some(extension(model, to, name, &way, is_one));
        }
        let parent = quote!(#to).to_string();
        let join = (!to.is_ident(own) && !joined.contains(&parent))
            .then(|| join(&model.module(), to, &column.ident));
        joined.push(parent);
        let method = method(model, to, name, &way, is_one);
        Some(quote!(#method #join))
    });
    let reverse: Vec<TokenStream> = reverse.collect();
    let links = model.attr.many_to_many.iter().filter_map(|link| {
        let (to, name) = (&link.to, link.related_name.as_ref()?);
        let ([through, source, target], text) = (model.link(link), name.unraw().to_string());
        let way = quote!(through::<#to, #own>(#text, [#through, #target, #source]));
        Some(method(model, to, name, &way, false))
    });
    quote!(#(#reverse)* #(#links)*)
}

/// How many rows are there: several, or one and maybe none; and what the parameter has to be.
fn cardinality(is_one: bool) -> (TokenStream, TokenStream) {
    if is_one {
        (quote!(C::Nullable), quote!(: ::quintet::db::Cardinality))
    } else {
        (quote!(::quintet::db::Many), TokenStream::new())
    }
}

/// A method on the other model's paths.
fn method(model: &Model, to: &Path, name: &Ident, way: &TokenStream, is_one: bool) -> TokenStream {
    let (own, fields) = (model.fields(), fields_of(to));
    let (rows, bound) = cardinality(is_one);
    quote_spanned! {name.span()=>
        #[allow(missing_docs)]
        impl<Root, C #bound> #fields<Root, C> {
            pub fn #name(self) -> #own<Root, #rows> {
                ::quintet::db::Fields::at(::quintet::db::Fields::way(self).#way)
            }
        }
    }
}

/// A trait whose method this is: for a model of another crate.
fn extension(
    model: &Model,
    to: &Path,
    name: &Ident,
    way: &TokenStream,
    is_one: bool,
) -> TokenStream {
    let (ident, own, fields) = (model.ident(), model.fields(), fields_of(to));
    let target = to.segments.last().map(|last| &last.ident);
    let target = target.map_or_else(String::new, Ident::to_string);
    let extension = format_ident!("{ident}Of{target}");
    let doc = format!("The way from [`{target}`] to its rows of [`{ident}`].");
    // how many rows are there depends on how many the way before leads to
    let (of, rows, bound) = if is_one {
        let bound = quote!(: ::quintet::db::Cardinality);
        (quote!(<Root, C #bound>), quote!(C::Nullable), bound)
    } else {
        (quote!(<Root>), quote!(::quintet::db::Many), TokenStream::new())
    };
    let with = if is_one { quote!(<Root, C>) } else { quote!(<Root>) };
    quote_spanned! {name.span()=>
        #[doc = #doc]
        pub trait #extension #of {
            #[allow(missing_docs)]
            fn #name(self) -> #own<Root, #rows>;
        }

        impl<Root, C #bound> #extension #with for #fields<Root, C> {
            fn #name(self) -> #own<Root, #rows> {
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
