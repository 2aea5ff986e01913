//! Writes the expansion of `#[view_set]`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{FnArg, ImplItem, ImplItemFn, ItemImpl, ReturnType};

use super::attr::Action;
use crate::errors::Errors;
use crate::types::generic;

/// Writes the trait's implementation and the methods beside it; without the list of actions if
/// there are errors, so that one mistake is one message.
pub(super) fn expand(
    mut item: ItemImpl,
    plain: bool,
    actions: &[Action],
    functions: &[ImplItemFn],
    description: &str,
    errors: Errors,
) -> TokenStream {
    if !description.is_empty() && !has(&item, "DESCRIPTION") {
        item.items.push(ImplItem::Verbatim(quote! {
            const DESCRIPTION: &'static str = #description;
        }));
    }
    // without a model the list is required; one that is empty adds no message to those there are
    let needed = plain || !actions.is_empty();
    if needed && !has(&item, "actions") && !errors.is_empty() && plain {
        item.items.push(ImplItem::Verbatim(quote! {
            fn actions() -> ::std::vec::Vec<::quintet::viewsets::ExtraAction<Self>> {
                ::std::vec::Vec::new()
            }
        }));
    } else if needed && !has(&item, "actions") && errors.is_empty() {
        let claims = functions.iter().map(claims);
        let listed = actions.iter().map(listed);
        item.items.push(ImplItem::Verbatim(quote! {
            fn actions() -> ::std::vec::Vec<::quintet::viewsets::ExtraAction<Self>> {
                #(#claims)*
                ::std::vec![#(#listed),*]
            }
        }));
    }
    let constants = actions.iter().filter(|one| one.standard.is_none()).flat_map(constants);
    let (generics, _, bounds) = item.generics.split_for_impl();
    let ty = &item.self_ty;
    let own = (!functions.is_empty()).then(|| {
        quote! {
            impl #generics #ty #bounds {
                #(#constants)*
                #(#functions)*
            }
        }
    });
    let routes = plain.then(|| {
        quote! {
            impl #generics ::core::convert::From<#ty> for ::quintet::routers::ViewSetRoutes #bounds {
                fn from(view_set: #ty) -> Self {
                    Self::plain(view_set)
                }
            }
        }
    });
    let errors = errors.tokens();
    quote!(#errors #item #own #routes)
}

/// Assertions about the arguments and the result of a method, each at its own type, so that a
/// mistake is reported there before the method as a whole is refused.
fn claims(function: &ImplItemFn) -> TokenStream {
    let last = function.sig.inputs.len().saturating_sub(1);
    let taken = function.sig.inputs.iter().enumerate().filter_map(|(at, input)| match input {
        FnArg::Typed(input) if at < last => {
            let ty = &input.ty;
            Some(quote_spanned!(ty.span()=> ::quintet::__private::takes::<Self, #ty>();))
        }
        _ => None,
    });
    let returned = match &function.sig.output {
        ReturnType::Type(_, ty) => generic(ty, "Result"),
        ReturnType::Default => None,
    };
    let returned =
        returned.map(|ty| quote_spanned!(ty.span()=> ::quintet::__private::returns::<#ty>();));
    quote!(#(#taken)* #returned)
}

/// `ExtraAction::detail("albums").description("..").get(Self::albums)`
fn listed(action: &Action) -> TokenStream {
    let Action { function, description, place, methods, changes, policies, mappings, standard } =
        action;
    if let Some(standard) = standard {
        let standard = format_ident!("{standard}");
        let described = (!description.is_empty()).then(|| quote!(.description(#description)));
        return quote_spanned! {function.span()=>
            ::quintet::viewsets::ExtraAction::<Self>::standard(
                ::quintet::viewsets::Action::#standard, Self::#function
            ) #described
        };
    }
    let name = function.unraw().to_string();
    let described = (!description.is_empty()).then(|| quote!(.description(#description)));
    let policies = (!policies.is_empty())
        .then(|| quote!(.policies(::quintet::views::Policies::inherit() #(#policies)*)));
    let handled =
        methods.iter().map(|method| quote_spanned!(function.span()=> .#method(Self::#function)));
    let mapped = mappings.iter().map(|(method, function)| {
        let name = function.unraw().to_string();
        let method = format_ident!("{}", method.to_string().to_uppercase());
        quote_spanned! {function.span()=>
            .map(::quintet::http::Method::#method, #name, Self::#function)
        }
    });
    quote! {
        ::quintet::viewsets::ExtraAction::<Self>::#place(#name)
            #described #(#changes)* #policies #(#handled)* #(#mapped)*
    }
}

/// `pub const ALBUMS: Action`, for the action and for each of its mappings.
fn constants(action: &Action) -> impl Iterator<Item = TokenStream> {
    let mapped = action.mappings.iter().map(|(_, function)| function);
    std::iter::once(&action.function).chain(mapped).map(|function| {
        let name = function.unraw().to_string();
        let constant = format_ident!("{}", name.to_uppercase(), span = function.span());
        let doc = format!("The action `{name}`.");
        quote! {
            #[doc = #doc]
            #[allow(dead_code)]
            pub const #constant: ::quintet::viewsets::Action =
                ::quintet::viewsets::Action::Extra(#name);
        }
    })
}

/// True when a constant or a method of this name is written by hand.
fn has(item: &ItemImpl, name: &str) -> bool {
    item.items.iter().any(|one| match one {
        ImplItem::Const(one) => one.ident == name,
        ImplItem::Fn(one) => one.sig.ident == name,
        _ => false,
    })
}
