//! What the attribute writes, and what it says when it cannot.

use proc_macro2::TokenStream;
use quote::quote;

use super::view_set;
use crate::testing::mistakes;

fn expanded(item: &TokenStream) -> String {
    view_set(&TokenStream::new(), item).to_string()
}

#[test]
fn an_action_is_a_method_of_its_own_and_an_entry_of_the_list() {
    let made = expanded(&quote! {
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
    let made = expanded(&quote! {
        impl ViewSet for Books { type Base = ModelViewSet; }
    });
    assert_eq!(made, quote!(impl ViewSet for Books { type Base = ModelViewSet; }).to_string());
}

/// The mistakes of a view set.
fn refused(item: &TokenStream) -> Vec<String> {
    let written = view_set(&TokenStream::new(), item);
    let text = written.to_string();
    assert!(text.contains("impl ViewSet for Books"), "the impl is there all the same: {text}");
    assert!(!text.contains("fn actions"), "{text}");
    mistakes(&written)
}

#[test]
fn every_mistake_is_told_at_once() {
    let found = refused(&quote! {
        impl ViewSet for Books {
            #[action(post)]
            async fn burn(&self, cx: &mut Context) {}

            #[action(detail, pots, url_path = 3, list)]
            fn lend(&self) {}

            #[mapping(lend, connect)]
            async fn unlend(&self, cx: &mut Context) {}

            #[mapping(sell, delete)]
            async fn unsell(&self, cx: &mut Context) {}

            #[mapping(lend)]
            async fn give(&self, cx: &mut Context) {}
        }
    });
    let starts = [
        "is `burn` an action on one object or on the list? write `#[action(detail)]` or",
        "unknown option `pots` of an action; one of `detail` or `list`",
        "expected string literal",
        "`connect` is not one of `get`, `post`, `put`, `patch`, `delete`",
        "there is no action `sell` above this method",
        "write `#[mapping(action, method)]`, such as `#[mapping(add_tracks, delete)]`",
        "an action is an `async fn`",
        "`lend` takes no context: `cx: &mut Context` comes last",
    ];
    for (start, text) in starts.iter().zip(&found) {
        assert!(text.starts_with(start), "{start}: {found:#?}");
    }
    assert_eq!(found.len(), starts.len(), "{found:#?}");
}

#[test]
fn the_attribute_stands_before_an_implementation_of_the_trait() {
    let own = view_set(&quote!(detail), &quote!(impl Books {}));
    assert_eq!(
        mistakes(&own),
        [
            "`#[view_set]` takes nothing; an action has `#[action(..)]`",
            "`#[view_set]` stands before `impl ViewSet for ..`",
        ]
    );
    let written = view_set(
        &TokenStream::new(),
        &quote!(
            pub struct Books;
        ),
    );
    assert_eq!(mistakes(&written).len(), 1);
    assert!(written.to_string().contains("pub struct Books"), "{written}");
}

#[test]
fn without_a_model_the_standard_actions_are_functions_too() {
    let made = expanded(&quote! {
        /// Lamps.
        impl PlainViewSet for Lamps {
            fn basename(&self) -> String { "lamp".into() }

            /// All of them.
            async fn list(&self, cx: &mut Context) -> Result<NoContent> { Ok(NoContent) }

            #[action(list, post, name = "Lights out")]
            async fn off(&self, cx: &mut Context) -> Result<NoContent> { Ok(NoContent) }
        }
    });
    let expected = quote! {
        /// Lamps.
        impl PlainViewSet for Lamps {
            fn basename(&self) -> String { "lamp".into() }
            const DESCRIPTION: &'static str = "Lamps.";
            fn actions() -> ::std::vec::Vec<::quintet::viewsets::ExtraAction<Self>> {
                ::quintet::__private::returns::<NoContent>();
                ::quintet::__private::returns::<NoContent>();
                ::std::vec![
                    ::quintet::viewsets::ExtraAction::<Self>::standard(
                        ::quintet::viewsets::Action::List, Self::list
                    ).description("All of them."),
                    ::quintet::viewsets::ExtraAction::<Self>::list("off")
                        .name("Lights out")
                        .post(Self::off)
                ]
            }
        }
        impl Lamps {
            #[doc = "The action `off`."]
            #[allow(dead_code)]
            pub const OFF: ::quintet::viewsets::Action =
                ::quintet::viewsets::Action::Extra("off");
            /// All of them.
            async fn list(&self, cx: &mut Context) -> Result<NoContent> { Ok(NoContent) }
            async fn off(&self, cx: &mut Context) -> Result<NoContent> { Ok(NoContent) }
        }
        impl ::core::convert::From<Lamps> for ::quintet::routers::ViewSetRoutes {
            fn from(view_set: Lamps) -> Self {
                Self::plain(view_set)
            }
        }
    };
    assert_eq!(made, expected.to_string());
    let wrong = view_set(
        &TokenStream::new(),
        &quote! {
            impl PlainViewSet for Lamps {
                fn list(&self, cx: &Context) -> Result<NoContent> { Ok(NoContent) }
            }
        },
    );
    let expected =
        ["an action is an `async fn`", "`list` takes no context: `cx: &mut Context` comes last"];
    assert_eq!(mistakes(&wrong), expected);
    assert!(wrong.to_string().contains("fn actions"), "{wrong}");
}
