//! Mistakes, collected so that all of them are reported at once.

use proc_macro2::TokenStream;

/// The mistakes found so far.
#[derive(Default)]
pub(crate) struct Errors {
    all: Option<syn::Error>,
    /// There are mistakes that were reported elsewhere.
    is_hidden: bool,
}

impl Errors {
    /// Mistakes that were reported elsewhere.
    pub(crate) fn hidden() -> Self {
        Self { all: None, is_hidden: true }
    }

    /// Remembers a mistake at the tokens at fault.
    pub(crate) fn at(&mut self, tokens: impl quote::ToTokens, message: impl std::fmt::Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    /// Remembers a mistake that a parser found.
    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.all {
            Some(all) => all.combine(error),
            none => *none = Some(error),
        }
    }

    /// The value, or remembers its mistake and returns `None`.
    pub(crate) fn take<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// True when nothing is wrong so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_none() && !self.is_hidden
    }

    /// Nothing, or all mistakes as one value.
    pub(crate) fn finish(self) -> syn::Result<()> {
        self.all.map_or(Ok(()), Err)
    }

    /// `compile_error!` for each of them.
    pub(crate) fn tokens(self) -> TokenStream {
        self.all.map(|error| error.to_compile_error()).unwrap_or_default()
    }
}
