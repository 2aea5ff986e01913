//! `#[quintet::main]` and `#[quintet::test]`: an `async fn` on actix's runtime.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, ItemFn};

pub(crate) fn main(item: TokenStream) -> TokenStream {
    on_system(&TokenStream::new(), "write `async fn main`", item)
}

pub(crate) fn test(item: TokenStream) -> TokenStream {
    on_system(&quote!(#[::core::prelude::v1::test]), "write `async fn`", item)
}

/// Runs a function's body on an actix system, for an attribute.
fn on_system(attribute: &TokenStream, unless_async: &str, item: TokenStream) -> TokenStream {
    let ItemFn { attrs, vis, mut sig, block, .. } = match syn::parse2(item) {
        Ok(function) => function,
        Err(error) => return error.to_compile_error(),
    };
    if sig.asyncness.take().is_none() {
        return Error::new_spanned(&sig, unless_async).to_compile_error();
    }
    quote! {
        #attribute
        #(#attrs)*
        #vis #sig {
            ::quintet::rt::System::new().block_on(async move #block)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_async_main_runs_on_a_system() {
        let made = main(quote!(
            async fn main() -> Result<(), StartError> {
                serve().await
            }
        ));
        let expected = quote! {
            fn main() -> Result<(), StartError> {
                ::quintet::rt::System::new().block_on(async move { serve().await })
            }
        };
        assert_eq!(made.to_string(), expected.to_string());
        let told = main(quote!(
            fn main() {}
        ))
        .to_string();
        assert!(told.contains("write `async fn main`"), "{told}");
    }

    #[test]
    fn an_async_test_runs_on_a_system() {
        let made = test(quote!(
            #[should_panic]
            async fn fails() {
                work().await
            }
        ));
        let expected = quote! {
            #[::core::prelude::v1::test]
            #[should_panic]
            fn fails() {
                ::quintet::rt::System::new().block_on(async move { work().await })
            }
        };
        assert_eq!(made.to_string(), expected.to_string());
    }
}
