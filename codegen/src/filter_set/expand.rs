//! Writes the expansion of `#[derive(FilterSet)]`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Type;
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;

use super::ast::{Filter, FilterSet};
use crate::errors::Errors;
use crate::field_lists::{lookup, path};

/// Writes the whole implementation; without filters if there are errors, so that one mistake is
/// one message. Without a model there is none.
pub(super) fn expand(set: &FilterSet, errors: Errors) -> TokenStream {
    let has_mistakes = !errors.is_empty();
    let errors = errors.tokens();
    let Some(model) = &set.container.model else { return errors };
    let steps = (!has_mistakes).then(|| steps(set, model));
    let (ident, names) = (&set.ident, set.filters.iter().map(|filter| &filter.ident));
    let (generics, of, bounds) = set.generics.split_for_impl();
    quote! {
        #errors

        #[automatically_derived]
        #[allow(non_snake_case)]
        impl #generics ::quintet::filters::FilterSet for #ident #of #bounds {
            type Model = #model;

            fn spec() -> ::quintet::filters::FilterSpec<Self::Model> {
                // the fields are only read by the derive; this tells the compiler
                let _ = |set: &Self| { #(let _ = &set.#names;)* };
                ::quintet::filters::FilterSpec::<Self::Model>::new() #steps
            }
        }
    }
}

fn steps(set: &FilterSet, model: &Type) -> TokenStream {
    let (root, container) = (quote!(<#model>::fields()), &set.container);
    let all = (container.all || container.exclude.is_some() && container.fields.is_empty())
        .then(|| quote!(.all()));
    let fields = container.fields.iter().map(|field| field.expand(&root));
    let exclude = container.exclude.as_ref().map(|names| {
        let texts = names.iter().map(|name| name.unraw().to_string());
        // a name that is no field does not compile
        let paths = names.iter().map(|name| path(&root, name));
        quote!(.exclude({ #(let _ = #paths;)* &[#(#texts),*] }))
    });
    let filters = set.filters.iter().map(|filter| declare(filter, model, &root));
    let hook = |overrides: bool| {
        let hooks = container.hooks.iter();
        hooks
            .filter(move |word| (*word == "filter_overrides") == overrides)
            .map(|word| quote_spanned!(word.span()=> .#word(Self::#word)))
    };
    let (overrides, hooks) = (hook(true), hook(false));
    quote!(#all #(#fields)* #exclude #(#overrides)* #(#filters)* #(#hooks)*)
}

/// `.declare(..)`: a filter and what is said of it.
fn declare(filter: &Filter, model: &Type, root: &TokenStream) -> TokenStream {
    let attr = &filter.attr;
    let base = base(filter, model, root);
    let choices = attr.choices.as_ref().map(|choices| quote!(.choices(#choices.iter().copied())));
    let null_label = attr.null_label.as_ref().map(|label| quote!(.null_label(#label)));
    let null_value = attr.null_value.as_ref().map(|word| quote!(.null_value(#word)));
    let to_field = attr.to_field_name.as_ref().zip(filter.related()).map(|(name, related)| {
        let column = path(&quote_spanned!(name.span()=> <#related>::fields()), name);
        quote!(.to_field_name::<#related>(#column))
    });
    let queryset = attr
        .queryset
        .as_ref()
        .zip(filter.related())
        .map(|(rows, related)| quote_spanned!(rows.span()=> .queryset::<#related, _>(#rows)));
    let initial = attr.initial.as_ref().map(|text| quote!(.initial(#text)));
    let help_text = attr.help_text.as_ref().map(|text| quote!(.help_text(#text)));
    let label = attr.label.as_ref().map(|text| quote!(.label(#text)));
    let required = attr.word("required").map(|_| quote!(.required()));
    let conjoined = attr.word("conjoined").map(|_| quote!(.conjoined()));
    let exclude = attr.word("exclude").map(|_| quote!(.exclude()));
    quote! {
        .declare(
            #base #choices #null_label #null_value #to_field #queryset #initial #help_text #label
            #conjoined #exclude #required
        )
    }
}

fn base(filter: &Filter, model: &Type, root: &TokenStream) -> TokenStream {
    let (attr, kind, name) = (&filter.attr, &filter.ty, filter.name());
    let of_model = quote!(::quintet::filters::django_filters::Filter::<#model>);
    if let Some(terms) = &attr.ordering {
        let choices = terms.iter().map(|term| {
            let (param, path) = (term.param.unraw().to_string(), path(root, &term.field));
            quote!(::quintet::filters::django_filters::OrderingChoice::new(#param, #path))
        });
        return quote!(#of_model::ordering(#name, [#(#choices),*]));
    }
    if let Some(method) = &attr.method {
        let span = method.span();
        // a bare name is a function of the filter set
        let method = method
            .get_ident()
            .map_or_else(|| quote!(#method), |ident| quote_spanned!(span=> Self::#ident));
        return quote_spanned!(kind.span()=> #of_model::method::<#kind, _>(#name, #method));
    }
    let (field, lookup_name) = filter.compared();
    let path = path(root, &field);
    let lookup =
        lookup_name.and_then(|name| lookup(&name).ok()).map(|lookup| quote!(.lookup(#lookup)));
    quote_spanned!(kind.span()=> #of_model::new::<#kind>(#name, #path) #lookup)
}
