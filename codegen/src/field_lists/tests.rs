//! What the lists write, and what they say when they cannot.

use proc_macro2::TokenStream;
use quote::quote;

use super::{filter_fields, lookup_field, order_by, ordering_fields, search_fields};
use crate::testing::{assert_code, mistakes};

/// The mistakes of a list, which is a value all the same.
fn refused(list: fn(TokenStream) -> TokenStream, input: TokenStream) -> Vec<String> {
    let written = list(input);
    assert!(written.to_string().contains(":: Declared :: NONE"), "{written}");
    mistakes(&written)
}

#[test]
fn filters_are_fields_with_lookups() {
    let written = filter_fields(quote!(name, album__title(icontains, year__gte), r#type(in)));
    let expected = quote! {
        ::quintet::db::Declared::new(|model| ::quintet::filters::FilterSpec::new()
            .field(
                "name",
                model.fields().name(),
                [::quintet::filters::django_filters::LookupExpr::from(
                    ::quintet::db::Lookup::Exact
                )]
            )
            .field(
                "album__title",
                model.fields().album().title(),
                [
                    ::quintet::filters::django_filters::LookupExpr::from(
                        ::quintet::db::Lookup::IContains
                    ),
                    ::quintet::filters::django_filters::LookupExpr::from(
                        ::quintet::filters::django_filters::LookupExpr::part(
                            ::quintet::db::DatePart::Year,
                            ::quintet::db::Lookup::Gte
                        )
                    )
                ]
            )
            .field(
                "type",
                model.fields().r#type(),
                [::quintet::filters::django_filters::LookupExpr::from(
                    ::quintet::db::Lookup::In
                )]
            )
        )
    };
    assert_code(&written, &expected);
}

#[test]
fn a_prefix_or_a_lookup_says_how_a_field_is_searched() {
    let written = search_fields(quote!(^name, =code, $title, album__title, note__startswith));
    let expected = quote! {
        ::quintet::db::Declared::new(|model| ::std::vec::Vec::from([
            ::quintet::filters::SearchField::new(model.fields().name())
                .lookup(::quintet::db::Lookup::IStartsWith),
            ::quintet::filters::SearchField::new(model.fields().code())
                .lookup(::quintet::db::Lookup::IExact),
            ::quintet::filters::SearchField::new(model.fields().title())
                .lookup(::quintet::db::Lookup::IRegex),
            ::quintet::filters::SearchField::new(model.fields().album().title())
                .lookup(::quintet::db::Lookup::IContains),
            ::quintet::filters::SearchField::new(model.fields().note())
                .lookup(::quintet::db::Lookup::StartsWith)
        ]))
    };
    assert_code(&written, &expected);
}

#[test]
fn orders_are_paths() {
    let written = order_by(quote!(-year, album__title));
    let expected = quote! {
        ::quintet::db::Declared::new(|model| ::std::vec::Vec::from([
            ::quintet::db::Order::descending(model.fields().year()),
            ::quintet::db::Order::ascending(model.fields().album().title())
        ]))
    };
    assert_code(&written, &expected);
    let written = ordering_fields(quote!(id, __all__));
    let expected = quote! {
        ::quintet::db::Declared::new(|model| [
            ::std::vec::Vec::from([
                ::quintet::filters::OrderingField::new("id", model.fields().id())
            ]),
            ::quintet::filters::OrderingField::all()
        ].concat())
    };
    assert_code(&written, &expected);
    let written = lookup_field(quote!(slug));
    let expected =
        quote!(::quintet::db::Declared::new(|model| model.fields().slug().of_any_type()));
    assert_code(&written, &expected);
}

#[test]
fn every_mistake_of_a_list_is_told_at_once() {
    let found = refused(filter_fields, quote!(name(exact, contain), a__, year__on(x)));
    let starts = [
        "there is no lookup `contain`; did you mean `contains`? There are `exact`",
        "`a__` is not a path: write the names of fields with `__` between them",
        "there is no lookup `x`; one of",
    ];
    for (start, text) in starts.iter().zip(&found) {
        assert!(text.starts_with(start), "{start}: {found:#?}");
    }
    assert_eq!(found.len(), starts.len(), "{found:#?}");
    let found = refused(search_fields, quote!(@name, @title));
    let text = "full text search (`@`) is not available: search without a prefix, or add a filter \
                backend of your own";
    assert_eq!(found, [text, text]);
    let path = "is not a path: write the names of fields with `__` between them";
    assert_eq!(
        refused(order_by, quote!(-self, __x)),
        [format!("`self` {path}"), format!("`__x` {path}")]
    );
    assert_eq!(refused(ordering_fields, quote!(super)), [format!("`super` {path}")]);
    assert_eq!(refused(lookup_field, quote!(_)), [format!("`_` {path}")]);
}

#[test]
fn what_is_no_list_of_names_is_refused() {
    for (list, input) in [
        (filter_fields as fn(TokenStream) -> TokenStream, quote!("name")),
        (search_fields, quote!(name title)),
        (order_by, quote!(-1)),
        (ordering_fields, quote!(id;)),
        (lookup_field, quote!(a, b)),
    ] {
        assert_eq!(refused(list, input.clone()).len(), 1, "{input}");
    }
}
