//! What is written, and a message for each rule.

use proc_macro2::TokenStream;
use quote::quote;

use super::derive;
use crate::testing::{assert_code, mistakes};

#[test]
fn an_enum_becomes_values_with_labels() {
    let written = derive(quote! {
        pub enum Status {
            Draft,
            #[choice(value = "review", label = "Waits")]
            InReview,
            Gone(String),
        }
    });
    let expected = quote! {
        #[automatically_derived]
        impl ::quintet::db::Choices for Status {
            type Stored = ::std::string::String;

            const CHOICES: &'static [(&'static str, &'static str)] =
                &[("draft", "Draft"), ("review", "Waits")];

            fn from_stored(value: ::std::string::String) -> Self {
                match ::core::convert::AsRef::<str>::as_ref(&value) {
                    "draft" => Self::Draft,
                    "review" => Self::InReview,
                    _ => Self::Gone(value),
                }
            }

            fn stored(&self) -> ::quintet::values::ValueRef<'_> {
                match self {
                    Self::Draft => ::quintet::values::ValueRef::Text("draft"),
                    Self::InReview => ::quintet::values::ValueRef::Text("review"),
                    Self::Gone(value) => ::quintet::values::ValueRef::Text(value),
                }
            }
        }

        ::quintet::__private::choice_type!(Status, ::std::string::String, Text);
    };
    assert_code(&written, &expected);
}

#[test]
fn numbers_are_discriminants_or_values() {
    let written = derive(quote! {
        #[repr(i16)]
        enum Level { Low = -1, #[choice(value = 7)] High, Other(i16) }
    })
    .to_string();
    for part in [
        "& [(\"-1\" , \"Low\") , (\"7\" , \"High\")]",
        "- 1 => Self :: Low ,",
        "Self :: High => :: quintet :: values :: ValueRef :: Int (7) ,",
        "choice_type ! (Level , i16 , SmallInt)",
    ] {
        assert!(written.contains(part), "{part}: {written}");
    }
}

fn refused(item: TokenStream) -> Vec<String> {
    let written = derive(item);
    assert!(written.to_string().contains(":: quintet :: db :: Choices for"), "{written}");
    mistakes(&written)
}

#[test]
fn mistakes_are_told_all_at_once() {
    let found = refused(quote! {
        enum Status<T> {
            #[choice(valu = "a", label = 1)]
            A,
            #[choice(value = 1)]
            B,
            C { text: String },
            D(String, i32),
            #[choice(label = "Else")]
            E(String),
            F(String),
            #[choice(value = "g")]
            G,
            #[choice(value = "g")]
            H,
        }
    });
    assert_eq!(
        found,
        [
            "choices have no generic parameters: a column has one type",
            "a choice has no fields",
            "one value is stored: write `Other(String)`, or `Other(i32)`",
            "`E` is no choice: it holds every other value",
            "`E` holds all other values: remove one of the two",
            "unknown option `valu`; did you mean `value`? There are `value`, `label`",
            "expected string literal",
            "the values of these choices are texts: `value = \"draft\"`",
            "`G` is stored as `g` already",
        ]
    );
    let found = refused(quote! {
        enum Level { #[choice(value = 40_000)] A, #[choice(value = "x")] B, C, Other(i16) }
    });
    let range = "the values of these choices are whole numbers, -32768 to 32767";
    assert_eq!(found, [range, range, "say which number it is: `#[choice(value = 1)]`"]);
    assert_eq!(
        refused(quote!(
            enum Level {
                A,
                Other(u8),
            }
        )),
        ["a column of choices holds `String`, `i16`, `i32` or `i64`"]
    );
    let lacks = refused(quote!(
        enum Status {
            Draft,
        }
    ));
    assert!(
        lacks[0].ends_with(
            "add a variant `Other(String)`, or `Other(i32)` where the values are numbers"
        )
    );
    assert_eq!(
        refused(quote!(
            struct Status;
        )),
        ["choices are the variants of an enum"]
    );
}
