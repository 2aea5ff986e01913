//! `#[derive(Choices)]`: the variants of an enum as the choices of a column.

mod ast;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{DeriveInput, LitStr};

use self::ast::{Enum, Stored};
use crate::errors::Errors;

pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = Errors::default();
    let choices = Enum::from_syn(&input, &mut errors);
    expand(&choices, errors)
}

/// Writes the implementation; what would run is left out where there are mistakes.
fn expand(choices: &Enum, errors: Errors) -> TokenStream {
    let has_mistakes = !errors.is_empty();
    let errors = errors.tokens();
    let (ident, stored, sql) = (&choices.ident, choices.stored.ty(), choices.stored.sql());
    let pairs = choices.variants.iter().map(|variant| {
        let (value, label) = (variant.value.text(), &variant.label);
        quote!((#value, #label))
    });
    let (read, write) = if has_mistakes {
        (quote!(::core::unreachable!()), quote!(::core::unreachable!()))
    } else {
        (read(choices), write(choices))
    };
    quote! {
        #errors

        #[automatically_derived]
        impl ::quintet::db::Choices for #ident {
            type Stored = #stored;

            const CHOICES: &'static [(&'static str, &'static str)] = &[#(#pairs),*];

            fn from_stored(value: #stored) -> Self {
                #read
            }

            fn stored(&self) -> ::quintet::values::ValueRef<'_> {
                #write
            }
        }

        ::quintet::__private::choice_type!(#ident, #stored, #sql);
    }
}

/// From the stored value to the variant.
fn read(choices: &Enum) -> TokenStream {
    let arms = choices.variants.iter().map(|variant| {
        let (name, value) = (&variant.ident, variant.value.pattern());
        quote_spanned!(name.span()=> #value => Self::#name,)
    });
    let matched = if choices.stored == Stored::Text {
        quote!(::core::convert::AsRef::<str>::as_ref(&value))
    } else {
        quote!(value)
    };
    let other = choices.other.iter();
    quote!(match #matched { #(#arms)* _ => Self::#(#other)*(value), })
}

/// From the variant to the stored value.
fn write(choices: &Enum) -> TokenStream {
    let value = quote!(::quintet::values::ValueRef);
    let arms = choices.variants.iter().map(|variant| {
        let (name, stored) = (&variant.ident, variant.value.pattern());
        if choices.stored == Stored::Text {
            quote!(Self::#name => #value::Text(#stored),)
        } else {
            quote!(Self::#name => #value::Int(#stored),)
        }
    });
    let other = choices.other.iter();
    let held = if choices.stored == Stored::Text {
        quote!(#value::Text(value))
    } else {
        quote!(#value::Int(::core::convert::From::from(*value)))
    };
    quote!(match self { #(#arms)* Self::#(#other)*(value) => #held, })
}

/// A text as a literal.
fn text(value: &str) -> LitStr {
    LitStr::new(value, proc_macro2::Span::call_site())
}
