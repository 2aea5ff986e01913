//! Writes the expansion of `#[model]`.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens as _, quote};
use syn::ext::IdentExt as _;

use super::ast::{Column, Model};
use super::attr::Constraint;
use super::base::implementation;
use super::columns::{bare_meta, meta, table};
use super::paths::{annotations, constant_of, constants, paths};
use super::relations::relations;
use super::{fallback, hooks};
use crate::errors::Errors;

/// Writes everything. A model with mistakes keeps its types and names, so that what uses it has no
/// mistakes of its own; what would run is left out.
pub(super) fn expand(model: &Model, errors: Errors) -> TokenStream {
    let has_mistakes = !errors.is_empty();
    let errors = errors.tokens();
    let (item, ident) = (&model.item, model.ident());
    let derived = (!has_mistakes).then(|| quote!(#[derive(Clone, PartialEq)]));
    let own = if has_mistakes { fallback::own(model) } else { own(model) };
    let (table, row) = (table(model), model_trait(model, has_mistakes));
    let typed = model.columns.iter().enumerate().map(|(at, column)| typed(model, column, at));
    let constants = constants(model, has_mistakes);
    let generic = generic(model, has_mistakes);
    let proxy = (!has_mistakes).then(|| proxy(model));
    let (fields, paths, relations) = (model.fields(), paths(model), relations(model));
    let objects = hooks::objects(model, has_mistakes);
    let bases = model.bases.iter().map(|base| implementation(model, base, has_mistakes));
    quote! {
        #errors

        #derived
        #item

        #own

        #table

        #(#typed)*

        #row

        impl #ident {
            #constants

            #generic

            #objects

            /// The columns and relations, as the start of a path.
            pub fn fields() -> #fields<Self> {
                ::quintet::db::Fields::at(::quintet::__private::Way::start::<Self>())
            }
        }

        #paths

        #relations

        #proxy

        #(#bases)*
    }
}

/// The traits of the standard library and of diesel.
fn own(model: &Model) -> TokenStream {
    let (ident, module) = (model.ident(), model.module());
    let (idents, types): (Vec<_>, Vec<_>) =
        model.columns.iter().map(|column| (&column.ident, &column.ty)).unzip();
    let built = built(model, &quote!(#(#idents,)*));
    let debug = debug(ident, &model.columns);
    let display = model.attr.display.as_ref().map(|text| display(ident, text, &model.columns));
    quote! {
        #debug

        #display

        impl<DB, ST> ::quintet::__private::schema::Queryable<ST, DB> for #ident
        where
            DB: ::quintet::__private::schema::Backend,
            (#(#types,)*): ::quintet::__private::schema::FromStaticSqlRow<ST, DB>,
        {
            type Row = (#(#types,)*);

            fn build(
                (#(#idents,)*): Self::Row,
            ) -> ::quintet::__private::schema::DeserializeResult<Self> {
                #built
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

/// A row of its columns, which is what `from_db` makes of it.
fn built(model: &Model, columns: &TokenStream) -> TokenStream {
    let cached =
        model.cached.iter().map(|ident| quote!(#ident: ::core::default::Default::default(),));
    let row = quote!(Self { #columns #(#cached)* });
    match &model.attr.from_db {
        None => quote!(::core::result::Result::Ok(#row)),
        Some(function) => quote! {
            let mut row = #row;
            #function(&mut row);
            ::core::result::Result::Ok(row)
        },
    }
}

/// Diesel's column with its model and its type.
fn typed(model: &Model, column: &Column, at: usize) -> TokenStream {
    let (ident, module, field, ty) = (model.ident(), model.module(), &column.ident, &column.ty);
    quote! {
        impl ::quintet::db::Column for #module::#field {
            type Model = #ident;
            type Value = #ty;
            const INDEX: usize = #at;
        }
    }
}

/// The trait `Model`.
fn model_trait(model: &Model, has_mistakes: bool) -> TokenStream {
    let (ident, module, fields) = (model.ident(), model.module(), model.fields());
    let (name, table) = (ident.unraw().to_string(), model.table());
    let key = model.key().and_then(|key| model.columns.get(key));
    let key = key.map_or_else(|| quote!(i64), |column| column.ty.to_token_stream());
    let columns = model.columns.iter();
    let (metas, said, from_row, values) = if has_mistakes {
        let metas: Vec<_> = columns.map(bare_meta).collect();
        (metas, TokenStream::new(), quote!(::core::unreachable!()), Vec::new())
    } else {
        let reads = model.columns.iter().enumerate().map(|(at, column)| {
            let ident = &column.ident;
            quote!(#ident: row.get(at + #at, Self::META.columns[#at].kind)?,)
        });
        let values = model.columns.iter().enumerate().map(|(at, column)| {
            let ident = &column.ident;
            quote!(#at => ::quintet::fields::FieldType::value_ref(&self.#ident),)
        });
        let from_row = built(model, &quote!(#(#reads)*));
        (columns.map(meta).collect(), said(model), from_row, values.collect())
    };
    quote! {
        impl ::quintet::db::Model for #ident {
            type Table = #module::table;
            type Key = #key;
            type Fields<Root, C> = #fields<Root, C>;

            const META: &'static ::quintet::db::ModelMeta =
                &::quintet::db::ModelMeta::new::<#ident>(#name, #table, &[#(#metas),*]) #said;

            fn from_row(
                row: &::quintet::db::Row<'_>,
                at: usize,
            ) -> ::core::result::Result<Self, ::quintet::db::Error> {
                #from_row
            }

            fn value(&self, column: usize) -> ::quintet::fields::ValueRef<'_> {
                match column {
                    #(#values)*
                    _ => ::quintet::fields::ValueRef::Null,
                }
            }
        }
    }
}

/// What the model's description says beside its name and its columns.
fn said(model: &Model) -> TokenStream {
    let (verbose_name, app, key) = (model.verbose_name(), model.app(), model.key().unwrap_or(0));
    let attr = &model.attr;
    let terms = |terms: &[(Ident, bool)]| -> Vec<TokenStream> {
        let term = |(name, descending): &(Ident, bool)| {
            let index = model.index(name)?;
            Some(quote!((#index, #descending)))
        };
        terms.iter().filter_map(term).collect()
    };
    let (ordering, latest) = (terms(&attr.ordering), terms(&attr.get_latest_by));
    let permissions: Vec<TokenStream> = attr
        .permissions
        .iter()
        .map(|(codename, name)| {
            let codename = codename.unraw().to_string();
            quote!((#codename, #name))
        })
        .collect();
    let allowed = attr.default_permissions.as_ref().map(|actions| {
        let actions = actions.iter().map(|action| action.unraw().to_string());
        quote!(.default_permissions(&[#(#actions),*]))
    });
    let generic: Vec<TokenStream> =
        attr.generic_relations.iter().map(|(_, key)| quote!(#key.rows())).collect();
    let unique_together = attr.unique_together.iter().map(|names| {
        let members = names.iter().filter_map(|name| model.index(name));
        quote!(&[#(#members),*])
    });
    let unique_together: Vec<TokenStream> = unique_together.collect();
    let constraints: Vec<TokenStream> =
        attr.constraints.iter().map(|constraint| constraint_meta(model, constraint)).collect();
    let plural = &attr.verbose_name_plural;
    let links = attr.many_to_many.iter().map(|link| {
        let (to, [through, source, target]) = (&link.to, model.link(link));
        let name = link.name.to_string();
        let related = link.related_name.as_ref().map(|name| {
            let name = name.to_string();
            quote!(.related_name(#name))
        });
        let table = quote!(::quintet::db::LinkTable::new::<#to>(#through, #source, #target));
        let both_ways = link.symmetrical.as_ref().map(|_| quote!(.symmetrical()));
        quote!(#table.name(#name) #related #both_ways)
    });
    let links: Vec<TokenStream> = links.collect();
    let (ident, proxy) = (model.ident(), model.attr.proxy.as_ref());
    let annotated: Vec<_> = annotations(model).map(|(name, ..)| constant_of(name)).collect();
    let steps = [
        (*model.ident() != verbose_name, quote!(.verbose_name(#verbose_name))),
        (!app.is_empty(), quote!(.app_label(#app))),
        (key != 0, quote!(.primary_key(#key))),
        (!ordering.is_empty(), quote!(.ordering(&[#(#ordering),*]))),
        (!unique_together.is_empty(), quote!(.unique_together(&[#(#unique_together),*]))),
        (!constraints.is_empty(), quote!(.constraints(&[#(#constraints),*]))),
        (plural.is_some(), quote!(.plural(#plural))),
        (!links.is_empty(), quote!(.links(&[#(#links),*]))),
        (!annotated.is_empty(), quote!(.annotations(&[#(#ident::#annotated.meta()),*]))),
        (!latest.is_empty(), quote!(.get_latest_by(&[#(#latest),*]))),
        (!permissions.is_empty(), quote!(.permissions(&[#(#permissions),*]))),
        (allowed.is_some(), allowed.unwrap_or_default()),
        (!generic.is_empty(), quote!(.generic(&[#(#generic),*]))),
        (proxy.is_some(), quote!(.proxy_of::<#proxy>())),
    ];
    let steps = steps.into_iter().filter_map(|(is_said, method)| is_said.then_some(method));
    steps.chain([hooks::said(model)]).collect()
}

/// From a row of the model whose proxy this is, and back.
fn proxy(model: &Model) -> Option<TokenStream> {
    let (own, of) = (model.ident(), model.attr.proxy.as_ref()?);
    let idents: Vec<&Ident> = model.columns.iter().map(|column| &column.ident).collect();
    let row = quote!(#(#idents: row.#idents,)*);
    let built = built(model, &row);
    Some(quote! {
        const _: () = ::quintet::__private::same_table::<#own, #of>();

        impl ::core::convert::From<#of> for #own {
            fn from(row: #of) -> Self {
                let row: ::core::result::Result<Self, ::core::convert::Infallible> = #built;
                match row {
                    ::core::result::Result::Ok(row) => row,
                    ::core::result::Result::Err(never) => match never {},
                }
            }
        }

        impl ::core::convert::From<#own> for #of {
            fn from(row: #own) -> Self {
                Self { #row }
            }
        }
    })
}

/// The constants of generic keys and relations.
fn generic(model: &Model, has_mistakes: bool) -> TokenStream {
    if has_mistakes {
        return TokenStream::new();
    }
    let keys = model.attr.generic_keys.iter().filter_map(|key| {
        let (name, doc) = (constant_of(&key.name), format!("`{}`: a row of any model.", key.name));
        let (content_type, object_id) =
            (model.index(&key.content_type)?, model.index(&key.object_id)?);
        Some(quote! {
            #[doc = #doc]
            pub const #name: ::quintet::contenttypes::GenericForeignKey<Self> =
                ::quintet::contenttypes::GenericForeignKey::new(#content_type, #object_id);
        })
    });
    let relations = model.attr.generic_relations.iter().filter_map(|(name, key)| {
        let mut of = key.clone();
        of.segments.pop();
        of.segments.pop_punct();
        if of.segments.is_empty() {
            return None;
        }
        let (name, doc) = (constant_of(name), format!("`{name}`: the rows that belong to a row."));
        Some(quote! {
            #[doc = #doc]
            pub const #name: ::quintet::contenttypes::GenericRelation<Self, #of> =
                ::quintet::contenttypes::GenericRelation::new(#key);
        })
    });
    quote!(#(#keys)* #(#relations)*)
}

/// The description of a constraint.
fn constraint_meta(model: &Model, constraint: &Constraint) -> TokenStream {
    let (own, name) = (model.ident(), &constraint.name);
    let made = if constraint.kind == "unique" {
        let members = constraint.fields.iter().filter_map(|name| model.index(name));
        quote!(unique(#name, &[#(#members),*]))
    } else {
        let kind = &constraint.kind;
        quote!(#kind(#name))
    };
    let expressions = constraint
        .expressions
        .as_ref()
        .map(|make| quote!(.expressions(|| ::quintet::__private::expressions::<#own, _>(#make))));
    let condition = constraint
        .condition
        .as_ref()
        .map(|make| quote!(.condition(|| ::quintet::__private::condition::<#own>(#make))));
    let message = constraint.message.as_ref().map(|message| quote!(.message(#message)));
    let code = constraint.code.as_ref().map(|code| quote!(.code(#code)));
    quote!(::quintet::db::Constraint::#made #expressions #condition #message #code)
}

/// Writes `Debug`, without secret values.
fn debug(model: &Ident, columns: &[Column]) -> TokenStream {
    let fields = columns.iter().map(|column| {
        let ident = &column.ident;
        let name = ident.unraw().to_string();
        if column.is_secret() {
            quote!(.field(#name, &::core::format_args!("..")))
        } else {
            quote!(.field(#name, &self.#ident))
        }
    });
    quote! {
        impl ::core::fmt::Debug for #model {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(::core::stringify!(#model)) #(#fields)* .finish()
            }
        }
    }
}

/// The model's text: a format string over its fields (Django's `__str__`).
fn display(model: &Ident, text: &syn::LitStr, columns: &[Column]) -> TokenStream {
    let value = text.value();
    let used = columns.iter().map(|column| &column.ident).filter(|ident| {
        value.contains(&format!("{{{ident}}}")) || value.contains(&format!("{{{ident}:"))
    });
    quote! {
        impl ::core::fmt::Display for #model {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                let Self { #(#used,)* .. } = self;
                ::core::write!(f, #text)
            }
        }
    }
}
