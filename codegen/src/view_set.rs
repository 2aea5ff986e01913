//! `#[view_set]`: turns the actions and doc comments of an `impl ViewSet` into the trait's
//! constants and its list of actions.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned as _;
use syn::{
    Attribute, Expr, FnArg, Ident, ImplItem, ImplItemFn, ItemImpl, LitStr, Meta, ReturnType, Type,
};

use crate::errors::Errors;
use crate::types::generic;

/// The options of `#[action(..)]`, for messages.
const ACTION: &str = "`detail` or `list`; `get`, `post`, `put`, `patch`, `delete`; `url_path`, \
    `url_name`, `authentication_classes`, `permission_classes`, `throttle_classes`, \
    `throttle_scope`, `renderer_classes`, `parser_classes`";
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// A method with `#[action]`, and those that `#[mapping]` adds to it.
struct Action {
    function: Ident,
    description: String,
    place: Ident,
    methods: Vec<Ident>,
    /// Calls that change the action: `.url_path("tracks")`.
    changes: Vec<TokenStream>,
    /// Calls that change its policies: `.permissions(IsAuthenticated)`.
    policies: Vec<TokenStream>,
    mappings: Vec<(Ident, Ident)>,
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

/// Checks what can be checked syntactically about an action method.
fn check(function: &ImplItemFn, errors: &mut Errors) {
    let signature = &function.sig;
    if signature.asyncness.is_none() {
        errors.at(signature.fn_token, "an action is an `async fn`");
    }
    let is_context = |input: &FnArg| match input {
        FnArg::Typed(input) => {
            matches!(&*input.ty, Type::Reference(reference) if reference.mutability.is_some())
        }
        FnArg::Receiver(_) => false,
    };
    if !signature.inputs.last().is_some_and(is_context) {
        let problem =
            format!("`{}` takes no context: `cx: &mut Context` comes last", signature.ident);
        errors.at(&signature.ident, problem);
    }
}

pub(crate) fn view_set(args: &TokenStream, item: TokenStream) -> TokenStream {
    let mut item: ItemImpl = match syn::parse2(item) {
        Ok(item) => item,
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = Errors::default();
    if !args.is_empty() {
        errors.at(args, "`#[view_set]` takes nothing; an action has `#[action(..)]`");
    }
    if item.trait_.is_none() {
        errors.at(&item.self_ty, "`#[view_set]` stands before `impl ViewSet for ..`");
    }
    let (actions, functions) = take_actions(&mut item, &mut errors);
    let description = comment(&item.attrs);
    if !description.is_empty() && !has(&item, "DESCRIPTION") {
        item.items.push(ImplItem::Verbatim(quote! {
            const DESCRIPTION: &'static str = #description;
        }));
    }
    for function in &functions {
        check(function, &mut errors);
    }
    if !actions.is_empty() && !has(&item, "actions") && errors.is_empty() {
        let claims = functions.iter().map(claims);
        let listed = actions.iter().map(listed);
        item.items.push(ImplItem::Verbatim(quote! {
            fn actions() -> ::std::vec::Vec<::quintet::viewsets::ExtraAction<Self>> {
                #(#claims)*
                ::std::vec![#(#listed),*]
            }
        }));
    }
    let constants = actions.iter().flat_map(constants);
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
    let errors = errors.tokens();
    quote!(#errors #item #own)
}

/// Moves the methods with `#[action]` and `#[mapping]` out of the `impl`.
fn take_actions(item: &mut ItemImpl, errors: &mut Errors) -> (Vec<Action>, Vec<ImplItemFn>) {
    let (mut actions, mut functions) = (Vec::<Action>::new(), Vec::new());
    let mut rest = Vec::with_capacity(item.items.len());
    for one in std::mem::take(&mut item.items) {
        let ImplItem::Fn(mut function) = one else {
            rest.push(one);
            continue;
        };
        if let Some(attribute) = take(&mut function.attrs, "action") {
            let result = action(&attribute, &function);
            actions.extend(errors.take(result));
        } else if let Some(attribute) = take(&mut function.attrs, "mapping") {
            let result = mapping(&attribute, &function, &mut actions);
            errors.take(result);
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

fn action(attribute: &Attribute, function: &ImplItemFn) -> syn::Result<Action> {
    let mut place = None;
    let mut found = Action {
        function: function.sig.ident.clone(),
        description: comment(&function.attrs),
        place: function.sig.ident.clone(),
        methods: Vec::new(),
        changes: Vec::new(),
        policies: Vec::new(),
        mappings: Vec::new(),
    };
    if !matches!(attribute.meta, Meta::Path(_)) {
        attribute.parse_nested_meta(|meta| {
            let word = meta.path.get_ident().cloned().ok_or_else(|| unknown(&meta))?;
            match word.to_string().as_str() {
                "detail" | "list" => place = Some(word),
                name if METHODS.contains(&name) => found.methods.push(word),
                "url_path" | "url_name" => {
                    let text: LitStr = meta.value()?.parse()?;
                    found.changes.push(quote!(.#word(#text)));
                }
                name @ ("authentication_classes"
                | "permission_classes"
                | "throttle_classes"
                | "renderer_classes"
                | "parser_classes"
                | "throttle_scope") => {
                    let value: Expr = meta.value()?.parse()?;
                    let policy = match name {
                        "authentication_classes" => quote!(authentication),
                        "permission_classes" => quote!(permissions),
                        "throttle_classes" => quote!(throttles),
                        "renderer_classes" => quote!(renderers),
                        "parser_classes" => quote!(parsers),
                        _ => quote!(throttle_scope),
                    };
                    found.policies.push(quote_spanned!(word.span()=> .#policy(#value)));
                }
                _ => return Err(unknown(&meta)),
            }
            Ok(())
        })?;
    }
    found.place = place.ok_or_else(|| {
        let name = &found.function;
        let problem = format!(
            "is `{name}` an action on one object or on the list? write `#[action(detail)]` or \
             `#[action(list)]`"
        );
        syn::Error::new_spanned(attribute, problem)
    })?;
    if found.methods.is_empty() {
        found.methods.push(format_ident!("get", span = found.function.span()));
    }
    Ok(found)
}

fn unknown(meta: &ParseNestedMeta<'_>) -> syn::Error {
    let word = meta.path.to_token_stream().to_string();
    meta.error(format!("unknown option `{word}` of an action; one of {ACTION}"))
}

/// `#[mapping(add_tracks, delete)]`: another method of an action above.
fn mapping(
    attribute: &Attribute,
    function: &ImplItemFn,
    actions: &mut [Action],
) -> syn::Result<()> {
    let usage = "write `#[mapping(action, method)]`, such as `#[mapping(add_tracks, delete)]`";
    let mut words = Vec::new();
    attribute.parse_nested_meta(|meta| {
        words.push(meta.path.get_ident().cloned().ok_or_else(|| meta.error(usage))?);
        Ok(())
    })?;
    let [of, method] = words.as_slice() else {
        return Err(syn::Error::new_spanned(attribute, usage));
    };
    if !METHODS.contains(&method.to_string().as_str()) {
        let problem = format!("`{method}` is not one of {}", METHODS.join(", "));
        return Err(syn::Error::new_spanned(method, problem));
    }
    let action = actions.iter_mut().find(|action| action.function == *of).ok_or_else(|| {
        syn::Error::new_spanned(of, format!("there is no action `{of}` above this method"))
    })?;
    action.mappings.push((method.clone(), function.sig.ident.clone()));
    Ok(())
}

/// `ExtraAction::detail("albums").description("..").get(Self::albums)`
fn listed(action: &Action) -> TokenStream {
    let Action { function, description, place, methods, changes, policies, mappings } = action;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(item: TokenStream) -> String {
        view_set(&TokenStream::new(), item).to_string()
    }

    #[test]
    fn an_action_is_a_method_of_its_own_and_an_entry_of_the_list() {
        let made = expanded(quote! {
            /// Books.
            impl ViewSet for Books {
                type Base = ModelViewSet;

                /// Burns a book.
                #[action(detail, post, permission_classes = IsAdminUser)]
                async fn burn(&self, book: Object<Book>, cx: &mut Context) -> Result<NoContent> { Ok(NoContent) }

                #[mapping(burn, delete)]
                async fn unburn(&self, cx: &mut Context) -> Result<NoContent> { Ok(NoContent) }
            }
        });
        let expected = quote! {
            /// Books.
            impl ViewSet for Books {
                type Base = ModelViewSet;
                const DESCRIPTION: &'static str = "Books.";
                fn actions() -> ::std::vec::Vec<::quintet::viewsets::ExtraAction<Self>> {
                    ::quintet::__private::takes::<Self, Object<Book> >();
                    ::quintet::__private::returns::<NoContent>();
                    ::quintet::__private::returns::<NoContent>();
                    ::std::vec![
                        ::quintet::viewsets::ExtraAction::<Self>::detail("burn")
                            .description("Burns a book.")
                            .policies(
                                ::quintet::views::Policies::inherit().permissions(IsAdminUser)
                            )
                            .post(Self::burn)
                            .map(::quintet::http::Method::DELETE, "unburn", Self::unburn)
                    ]
                }
            }
            impl Books {
                #[doc = "The action `burn`."]
                #[allow(dead_code)]
                pub const BURN: ::quintet::viewsets::Action =
                    ::quintet::viewsets::Action::Extra("burn");
                #[doc = "The action `unburn`."]
                #[allow(dead_code)]
                pub const UNBURN: ::quintet::viewsets::Action =
                    ::quintet::viewsets::Action::Extra("unburn");
                /// Burns a book.
                async fn burn(&self, book: Object<Book>, cx: &mut Context) -> Result<NoContent> { Ok(NoContent) }
                async fn unburn(&self, cx: &mut Context) -> Result<NoContent> { Ok(NoContent) }
            }
        };
        assert_eq!(made, expected.to_string());
    }

    #[test]
    fn without_actions_only_the_comment_becomes_a_constant() {
        let made = expanded(quote! {
            impl ViewSet for Books { type Base = ModelViewSet; }
        });
        assert_eq!(made, quote!(impl ViewSet for Books { type Base = ModelViewSet; }).to_string());
    }

    #[test]
    fn mistakes_name_the_word_at_fault() {
        let told = |item| expanded(item);
        let place = told(quote! {
            impl ViewSet for Books { #[action(post)] async fn burn(&self) {} }
        });
        assert!(place.contains("is `burn` an action on one object or on the list?"), "{place}");
        let word = told(quote! {
            impl ViewSet for Books { #[action(detail, pots)] async fn burn(&self) {} }
        });
        assert!(word.contains("unknown option `pots` of an action"), "{word}");
        let context = told(quote! {
            impl ViewSet for Books { #[action(detail)] async fn burn(&self) {} }
        });
        assert!(context.contains("`burn` takes no context"), "{context}");
        let above = told(quote! {
            impl ViewSet for Books { #[mapping(burn, delete)] async fn unburn(&self) {} }
        });
        assert!(above.contains("there is no action `burn` above this method"), "{above}");
    }
}
