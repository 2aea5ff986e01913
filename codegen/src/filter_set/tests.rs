//! What the derive writes, and what it says when it cannot.

use proc_macro2::TokenStream;
use quote::quote;

use super::derive;
use crate::testing::{assert_code, mistakes};

/// The mistakes of a filter set, whose implementation is there all the same.
fn refused(input: TokenStream) -> Vec<String> {
    let written = derive(input);
    let text = written.to_string();
    assert!(text.contains("FilterSpec :: < Self :: Model > :: new () }"), "no filters: {text}");
    mistakes(&written)
}

#[test]
fn a_filter_set_is_the_calls_that_declare_its_filters() {
    let written = derive(quote! {
        #[filter_set(model = Track, fields(name(exact, icontains)))]
        pub struct TrackFilter {
            album__title: CharFilter,
            #[filter(name = "min_length", field = milliseconds, lookup = gte, exclude = false)]
            at_least: i64,
            id__in: BaseInFilter,
            #[filter(method = is_long, help_text = "Longer than most.")]
            long: bool,
            #[filter(method = filters::cheap, exclude)]
            cheap: bool,
            #[filter(choices = TIERS, null_label = "None")]
            tier: ChoiceFilter,
            #[filter(ordering(name, created_at = created))]
            o: OrderingFilter,
        }
    });
    let expected = quote! {
        #[automatically_derived]
        #[allow(non_snake_case)]
        impl ::quintet::filters::FilterSet for TrackFilter {
            type Model = Track;

            fn spec() -> ::quintet::filters::FilterSpec<Self::Model> {
                let _ = |set: &Self| {
                    let _ = &set.album__title;
                    let _ = &set.at_least;
                    let _ = &set.id__in;
                    let _ = &set.long;
                    let _ = &set.cheap;
                    let _ = &set.tier;
                    let _ = &set.o;
                };
                ::quintet::filters::FilterSpec::<Self::Model>::new()
                    .field("name", <Track>::fields().name(), [
                        ::quintet::filters::django_filters::LookupExpr::from(
                            ::quintet::db::Lookup::Exact
                        ),
                        ::quintet::filters::django_filters::LookupExpr::from(
                            ::quintet::db::Lookup::IContains
                        )
                    ])
                    .declare(
                        ::quintet::filters::django_filters::Filter::<Track>::new::<CharFilter>(
                            "album__title",
                            <Track>::fields().album().title()
                        )
                    )
                    .declare(
                        ::quintet::filters::django_filters::Filter::<Track>::new::<i64>(
                            "min_length",
                            <Track>::fields().milliseconds()
                        )
                        .lookup(::quintet::db::Lookup::Gte)
                    )
                    .declare(
                        ::quintet::filters::django_filters::Filter::<Track>::new::<BaseInFilter>(
                            "id__in",
                            <Track>::fields().id()
                        )
                        .lookup(::quintet::db::Lookup::In)
                    )
                    .declare(
                        ::quintet::filters::django_filters::Filter::<Track>::method::<bool, _>(
                            "long",
                            Self::is_long
                        )
                        .help_text("Longer than most.")
                    )
                    .declare(
                        ::quintet::filters::django_filters::Filter::<Track>::method::<bool, _>(
                            "cheap",
                            filters::cheap
                        )
                        .exclude()
                    )
                    .declare(
                        ::quintet::filters::django_filters::Filter::<Track>::new::<ChoiceFilter>(
                            "tier",
                            <Track>::fields().tier()
                        )
                        .choices(TIERS.iter().copied())
                        .null_label("None")
                    )
                    .declare(::quintet::filters::django_filters::Filter::<Track>::ordering("o", [
                        ::quintet::filters::django_filters::OrderingChoice::new(
                            "name",
                            <Track>::fields().name()
                        ),
                        ::quintet::filters::django_filters::OrderingChoice::new(
                            "created",
                            <Track>::fields().created_at()
                        )
                    ]))
            }
        }
    };
    assert_code(&written, &expected);
}

#[test]
fn every_mistake_is_told_at_once() {
    let found = refused(quote! {
        #[filter_set(model = Track, feilds(name), fields(name(contain)))]
        pub struct TrackFilter {
            #[filter(feild = milliseconds, lookup = greater)]
            min_length: i64,
            #[filter(conjoined, conjoined, field = __x)]
            tags: i64,
        }
    });
    let starts = [
        "unknown option `feilds`; did you mean `fields`? There are `model`, `fields`",
        "unknown option `feild`; did you mean `field`? There are `field`, `lookup`",
        "`conjoined` is said twice: remove one",
        "there is no lookup `contain`; did you mean `contains`? There are `exact`",
        "there is no lookup `greater`; one of `exact`",
        "`__x` is not a path: write the names of fields with `__` between them",
    ];
    for (start, text) in starts.iter().zip(&found) {
        assert!(text.starts_with(start), "{start}: {found:#?}");
    }
    assert_eq!(found.len(), starts.len(), "{found:#?}");
}

#[test]
fn words_that_contradict_each_other_are_refused() {
    let found = refused(quote! {
        #[filter_set(model = Track)]
        pub struct TrackFilter {
            #[filter(method = is_long, field = milliseconds, lookup = gte)]
            long: bool,
            #[filter(ordering(name), lookup = gte)]
            order: OrderingFilter,
            #[filter(name = "order")]
            o: i64,
        }
    });
    assert_eq!(
        found,
        [
            "a filter with a `method` compares no field: leave `field` out",
            "a filter with a `method` has no lookup: leave `lookup` out",
            "an ordering filter has no lookup: leave `lookup` out",
            "another filter reads `?order=` already",
        ]
    );
}

#[test]
fn a_filter_set_is_a_struct_with_named_fields_over_a_model() {
    let text = "a filter set is a struct with a named field for each declared filter";
    assert_eq!(
        refused(quote!(
            #[filter_set(model = Track)]
            struct TrackFilter(i64);
        )),
        [text]
    );
    let written = derive(quote! {
        #[filter_set(fields(name(contain)))]
        struct TrackFilter {}
    });
    let found = mistakes(&written);
    assert_eq!(found.len(), 2, "{found:#?}");
    assert_eq!(found[0], "a filter set needs its model: add `#[filter_set(model = Model)]`");
}

#[test]
fn a_filter_set_may_be_over_all_fields_and_have_functions() {
    let written = derive(quote! {
        #[filter_set(model = Track, exclude(composer), get_filters, filter_overrides)]
        pub struct TrackFilter {
            #[filter(to_field_name = name, queryset = genres, null_value = "none", initial = "Jazz")]
            genre: ModelChoiceFilter<Genre>,
        }
    });
    let expected = quote! {
        ::quintet::filters::FilterSpec::<Self::Model>::new()
            .all()
            .exclude({
                let _ = <Track>::fields().composer();
                &["composer"]
            })
            .filter_overrides(Self::filter_overrides)
            .declare(
                ::quintet::filters::django_filters::Filter::<Track>::new::<ModelChoiceFilter<Genre> >(
                    "genre",
                    <Track>::fields().genre()
                )
                .null_value("none")
                .to_field_name::<Genre>(<Genre>::fields().name())
                .queryset::<Genre, _>(genres)
                .initial("Jazz")
            )
            .get_filters(Self::get_filters)
    };
    let written = written.to_string();
    assert!(written.contains(&expected.to_string()), "{written}\n{expected}");
    let all = derive(quote! {
        #[filter_set(model = Track, fields = all)]
        pub struct TrackFilter {}
    });
    assert!(all.to_string().contains(":: new () . all ()"), "{all}");
}

#[test]
fn words_for_filters_that_choose_rows_are_for_no_others() {
    let found = refused(quote! {
        #[filter_set(model = Track, fields = some, exclude(un__))]
        struct TrackFilter {
            #[filter(to_field_name = name)]
            name: CharFilter,
            #[filter(queryset = genres)]
            genre: BaseInFilter<NumberFilter>,
            #[filter(method = by_genre, to_field_name = name)]
            style: ModelChoiceFilter<Genre>,
        }
    });
    let kinds = "`ModelChoiceFilter<Model>` and `ModelMultipleChoiceFilter<Model>`";
    assert!(found.contains(&format!("`to_field_name` is for filters that choose rows: {kinds}")));
    assert!(found.contains(&format!("`queryset` is for filters that choose rows: {kinds}")));
    assert!(found.contains(&"expected `fields = all` or `fields(..)`".to_owned()), "{found:?}");
    let method = "a filter with a `method` compares no field: leave this out";
    assert!(found.contains(&method.to_owned()), "{found:?}");
}
