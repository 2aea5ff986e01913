//! Names of fields, and the calls that they stand for.

use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;
use syn::ext::IdentExt as _;
use syn::{Error, Result};

/// `Track::fields().album().title()` for `album__title`, from `Track::fields()`; rustc names a
/// field that is not there.
pub(crate) fn path(fields: &TokenStream, name: &Ident) -> TokenStream {
    let span = name.span();
    let calls = name.unraw().to_string();
    let calls = calls.split("__").map(|part| {
        let method = ident(part, name);
        quote_spanned!(span=> .#method())
    });
    quote_spanned!(span=> #fields #(#calls)*)
}

/// A part of a name as an identifier, raw if it is a keyword.
pub(super) fn ident(part: &str, name: &Ident) -> Ident {
    let span = name.span();
    syn::parse_str::<Ident>(part)
        .map_or_else(|_| Ident::new_raw(part, span), |_| Ident::new(part, span))
}

/// Refuses names that cannot be split into methods.
pub(crate) fn check_name(name: &Ident) -> Result<()> {
    let text = name.unraw().to_string();
    let fits = text
        .split("__")
        .all(|part| !part.is_empty() && !matches!(part, "self" | "Self" | "super" | "crate" | "_"));
    if fits {
        return Ok(());
    }
    Err(Error::new(
        name.span(),
        format!("`{text}` is not a path: write the names of fields with `__` between them"),
    ))
}
