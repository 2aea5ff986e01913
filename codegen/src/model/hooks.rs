//! Functions that a model names: its hooks, and the scope of its `objects()`.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens as _, format_ident, quote};
use syn::{Path, PathArguments};

use super::ast::Model;

/// The words for hooks, in the order of `ModelHooks`; the last one is a scope.
pub(super) const WORDS: [&str; 8] = [
    "clean",
    "clean_fields",
    "validate_unique",
    "before_save",
    "after_save",
    "before_delete",
    "after_delete",
    "objects",
];

/// A function that is named behind one of the words.
#[derive(Clone)]
pub(super) struct Hook {
    pub(super) word: Ident,
    pub(super) function: Path,
}

/// What the function of a word is called with: its arguments, their types, and what it returns.
fn shape(word: &str) -> [TokenStream; 3] {
    let private = quote!(::quintet::__private);
    let future = quote!(#private::HookFuture<'a>);
    match word {
        "clean" | "clean_fields" | "validate_unique" | "before_save" => [
            quote!(parts, conn),
            quote!(parts: &'a mut #private::SavingParts, conn: &'a ::quintet::db::Conn),
            future,
        ],
        "after_save" => [quote!(parts), quote!(parts: #private::SavedParts<'a>), future],
        "objects" => {
            [quote!(conn), quote!(conn: &'a ::quintet::db::Conn), quote!(#private::ScopeResult)]
        }
        _ => [quote!(parts), quote!(parts: #private::DeletionParts<'a>), future],
    }
}

/// The function of the framework that calls one of a word.
fn caller(word: &str) -> Ident {
    format_ident!(
        "{}",
        match word {
            "clean" | "clean_fields" | "validate_unique" | "before_save" => "before_save",
            "after_save" => "after_save",
            "objects" => "scope",
            _ => "deletion",
        }
    )
}

/// The types that the caller of a word infers from the function: of a hook its shape, and itself.
fn inferred(word: &str) -> TokenStream {
    if word == "objects" { quote!(_) } else { quote!(_, _) }
}

/// The method of an abstract model's trait that calls its hook of this number.
fn method(base: &Ident, word: &Ident, at: usize) -> Ident {
    format_ident!("{}_{}_{}", base.to_string().to_lowercase(), word, at)
}

/// Methods of an abstract model's trait that call its functions, which are named where it stands.
pub(super) fn methods(base: &Ident, hooks: &[Hook]) -> TokenStream {
    let methods = hooks.iter().enumerate().map(|(at, hook)| {
        let (name, word) = (method(base, &hook.word, at), hook.word.to_string());
        let ([args, types, answer], call) = (shape(&word), caller(&word));
        let rest = inferred(&word);
        let function = of_self(&hook.function);
        quote! {
            #[doc(hidden)]
            fn #name<'a>(#types) -> #answer {
                ::quintet::__private::#call::<Self, #rest>(#args, #function)
            }
        }
    });
    methods.collect()
}

/// `stamp::<Self>`: a function for every model with the base.
fn of_self(function: &Path) -> TokenStream {
    let last = function.segments.last();
    if last.is_some_and(|last| matches!(last.arguments, PathArguments::None)) {
        quote!(#function::<Self>)
    } else {
        function.to_token_stream()
    }
}

/// The functions of a word: those of the bases, then the model's own.
fn functions(model: &Model, word: &str) -> Vec<TokenStream> {
    let ident = model.ident();
    let of_bases = model.bases.iter().flat_map(|base| {
        let path = &base.path;
        base.hooks.iter().enumerate().filter(|(_, hook)| hook.word == word).map(
            move |(at, hook)| {
                let method = method(&base.ident, &hook.word, at);
                quote!(<#ident as #path>::#method)
            },
        )
    });
    let own = model.attr.hooks.iter().filter(|hook| hook.word == word).map(|hook| {
        let ([args, ..], call, function) = (shape(word), caller(word), &hook.function);
        let rest = inferred(word);
        quote!(|#args| ::quintet::__private::#call::<#ident, #rest>(#args, #function))
    });
    of_bases.chain(own).collect()
}

/// The steps of the description.
pub(super) fn said(model: &Model) -> TokenStream {
    let [hooks @ .., scope] = WORDS;
    let hooks: TokenStream = hooks
        .iter()
        .filter_map(|word| {
            let functions = functions(model, word);
            let word = format_ident!("{word}");
            (!functions.is_empty()).then(|| quote!(.#word(&[#(#functions),*])))
        })
        .collect();
    let hooks =
        (!hooks.is_empty()).then(|| quote!(.hooks(&::quintet::db::hooks::ModelHooks::new()#hooks)));
    let scopes = functions(model, scope);
    let scopes = (!scopes.is_empty()).then(|| quote!(.scopes(&[#(#scopes),*])));
    quote!(#hooks #scopes)
}

/// `objects()`, and `all_objects()` where the two differ.
pub(super) fn objects(model: &Model, has_mistakes: bool) -> TokenStream {
    if has_mistakes || functions(model, "objects").is_empty() {
        return quote! {
            /// Every row, as a query that has not been sent yet.
            pub fn objects() -> ::quintet::db::QuerySet<Self> {
                ::quintet::db::QuerySet::new()
            }
        };
    }
    quote! {
        /// The rows that the model's scope leaves, as a query that has not been sent yet.
        pub fn objects() -> ::quintet::db::QuerySet<Self> {
            ::quintet::db::QuerySet::scoped()
        }

        /// Every row, whatever the model's scope says.
        pub fn all_objects() -> ::quintet::db::QuerySet<Self> {
            ::quintet::db::QuerySet::new()
        }
    }
}
