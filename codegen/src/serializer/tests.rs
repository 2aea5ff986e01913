//! What the derive writes, and what it says when it cannot.

use proc_macro2::TokenStream;
use quote::quote;

use super::derive;

/// The calls that put the description together.
fn steps(input: TokenStream) -> String {
    let text = derive(input).to_string();
    let start = text.find(":: quintet :: serializers :: Description ::").expect("it starts");
    let end = text.find(". build ()").expect("it ends");
    text[start..end].trim().to_owned()
}

/// The mistakes of a serializer, whose implementation is there all the same.
fn mistakes(input: TokenStream) -> Vec<String> {
    let written = derive(input);
    assert!(written.to_string().contains("fn description"), "{written}");
    crate::testing::mistakes(&written)
}

#[test]
fn a_field_over_a_model_is_a_path_and_its_changes() {
    let written = steps(quote! {
        #[serializer(model = Track)]
        struct TrackSerializer {
            id: i64,
            #[field(max_value = "999.99", error(max_value = "Too dear."))]
            unit_price: Decimal,
            #[field(source = album.artist__name)]
            artist: Option<String>,
        }
    });
    let expected = quote! {
        ::quintet::serializers::Description::of::<Track>("Track")
            .source("id", <Track>::fields().id().shown_as::<i64>())
            .source("unit_price", <Track>::fields().unit_price().shown_as::<Decimal>())
            .with(|field| {
                let mut field = field;
                field = field.max_value("999.99");
                field = field.error("max_value", "Too dear.");
                field
            })
            .source("artist", <Track>::fields().album().artist().name().shown_as::<Option<String> >())
    };
    assert_eq!(written, expected.to_string());
}

#[test]
fn relations_are_told_by_their_types() {
    let written = steps(quote! {
        #[serializer(model = Album, name = "Record")]
        struct AlbumSerializer {
            url: HyperlinkedIdentity,
            artist: PrimaryKeyRelated<Artist>,
            #[field(slug = name)]
            genre: Option<SlugRelated<Genre>>,
            label: StringRelated<Label>,
            #[field(view_name = "track-detail", lookup = slug)]
            tracks: Vec<HyperlinkedRelated<Track>>,
            #[field(nested, writable, source = tracks)]
            songs: Vec<TrackSerializer>,
        }
    });
    let expected = quote! {
        ::quintet::serializers::Description::of::<Album>("Record")
            .identity("url", "album-detail", "pk", &::quintet::__private::pk::<Album>())
            .primary_key::<Artist, _>("artist", <Album>::fields().artist())
            .slug::<Genre, _, _>("genre", <Album>::fields().genre(), &<Genre>::fields().name())
            .string::<Label, _>("label", <Album>::fields().label())
            .hyperlink::<Track, _, _>(
                "tracks", <Album>::fields().tracks(), "track-detail", "slug",
                &<Track>::fields().slug()
            )
            .nested::<TrackSerializer, _>("songs", <Album>::fields().tracks()).writable()
    };
    assert_eq!(written, expected.to_string());
}

#[test]
fn keys_are_renamed_and_slugs_are_written() {
    let written = steps(quote! {
        #[serializer(
            model = Album, rename_all = "camelCase", fields(id, created_at, tag_list, by_line),
            read_only(tag_list)
        )]
        struct AlbumSerializer {
            #[field(source = tags, slug = name, writable)]
            tag_list: Vec<SlugRelated<Tag>>,
            #[field(name = "byline")]
            by_line: String,
        }
    });
    let expected = quote! {
        ::quintet::serializers::Description::of::<Album>("Album")
            .field("id", <Album>::fields().id())
            .field("createdAt", <Album>::fields().created_at())
            .slug::<Tag, _, _>("tagList", <Album>::fields().tags(), &<Tag>::fields().name())
            .writable()
            .source("byline", <Album>::fields().by_line().shown_as::<String>())
            .read_only(&["tagList"])
    };
    assert_eq!(written, expected.to_string());
}

#[test]
fn functions_of_the_struct_are_called_by_name() {
    let written = steps(quote! {
        #[serializer(model = Track, validate, read_only(total), fields = all)]
        struct TrackSerializer {
            #[field(method)]
            duration: Option<String>,
            #[field(method = Track::tier)]
            tier: Vec<i64>,
            #[field(batch)]
            plays: i64,
            #[field(validate)]
            name: String,
        }
    });
    let expected = quote! {
        ::quintet::serializers::Description::of::<Track>("Track")
            .method::<Option<String>, _>(
                ::quintet::fields::Field::char("duration").allow_null(), Self::get_duration
            )
            .property::<Vec<i64>, _>(
                ::quintet::fields::Field::list("tier", ::quintet::fields::Field::integer("")),
                Track::tier
            )
            .batch::<i64, _>(::quintet::fields::Field::integer("plays"), Self::get_plays)
            .source("name", <Track>::fields().name().shown_as::<String>())
            .validate_field(Self::validate_name)
            .all()
            .read_only(&["total"])
            .validate(Self::validate)
    };
    assert_eq!(written, expected.to_string());
}

#[test]
fn a_struct_without_a_model_is_read_field_by_field() {
    let written = steps(quote! {
        struct SearchSerializer {
            #[field(max_length = 20)]
            text: String,
            page: Option<u8>,
            tracks: Vec<PrimaryKeyRelated<Track>>,
            #[field(nested)]
            points: Vec<PointSerializer>,
        }
    });
    let expected = quote! {
        ::quintet::serializers::Description::plain("Search")
            .field(::quintet::fields::Field::char("text"))
            .with(|field| { let mut field = field; field = field.max_length(20); field })
            .field(::quintet::fields::Field::integer("page"))
            .with(|field| {
                let mut field = field;
                field = field.required(false);
                field = field.min_of_type("0");
                field = field.max_of_type("255");
                field
            })
            .keys::<Track>("tracks")
            .nested_many::<PointSerializer>("points")
    };
    assert_eq!(written, expected.to_string());
}

#[test]
fn every_mistake_is_told_at_once() {
    let found = mistakes(quote! {
        #[serializer(model = Track, colour, read_only(total))]
        struct TrackSerializer {
            #[field(read_only, write_only, reqired)]
            id: i64,
            #[field(slug = name)]
            name: String,
            genre: SlugRelated<Genre>,
            #[field(view_name = "x")]
            artist: PrimaryKeyRelated,
            album: AlbumSerializer,
            #[field(kind = emial)]
            email: String,
            #[validate(credit_card)]
            card: String,
        }
    });
    let starts = [
        "unknown option `colour`; one of `model`",
        "unknown option `reqired`; did you mean `required`? There are `read_only`",
        "say which model it is related to: `PrimaryKeyRelated<Album>`",
        "a serializer does not check `credit_card`; one of `length`",
        "a field is `read_only` or `write_only`, not both",
        "`slug` is for a field of the type `SlugRelated<Model>`",
        "say which column names the row: `#[field(slug = name)]`",
        "`view_name` is for a field of the type",
        "`AlbumSerializer` is a serializer: say `#[field(nested)]`",
        "there is no kind `emial`; one of `char`",
        "`TrackSerializer` has no field `total`; its fields are",
    ];
    for start in starts {
        assert!(found.iter().any(|text| text.starts_with(start)), "{start}: {found:#?}");
    }
    assert_eq!(found.len(), starts.len(), "{found:#?}");
}

#[test]
fn a_name_that_is_no_field_is_told_with_those_that_are() {
    let found = mistakes(quote! {
        #[serializer(model = Track, read_only(total), unique_together(name, albun))]
        struct TrackSerializer { id: i64, name: String }
    });
    assert_eq!(
        found,
        [
            "`TrackSerializer` has no field `total`; its fields are `id`, `name`",
            "`TrackSerializer` has no field `albun`; its fields are `id`, `name`",
        ]
    );
}

#[test]
fn words_that_exclude_each_other_are_told() {
    let found = mistakes(quote! {
        #[serializer(model = Track)]
        struct TrackSerializer {
            #[field(read_only, write_only)]
            id: i64,
            #[field(read_only, required)]
            name: String,
            #[field(required, default = 1)]
            milliseconds: i32,
        }
    });
    assert_eq!(
        found,
        [
            "a field is `read_only` or `write_only`, not both",
            "a `read_only` field takes no input: leave `required` out",
            "a field is `required` or has a default, not both",
        ]
    );
}

#[test]
fn a_column_may_be_written_that_the_model_keeps_from_input() {
    let written = steps(quote! {
        #[serializer(model = Track)]
        struct TrackSerializer {
            #[field(read_only = false, required)]
            id: i64,
        }
    });
    assert!(written.contains("field . read_only = false ;"), "{written}");
    assert!(written.contains("field = field . required (true) ;"), "{written}");
}

#[test]
fn what_only_a_model_can_answer_is_refused_without_one() {
    let found = mistakes(quote! {
        #[serializer(fields = all)]
        struct OddSerializer {
            #[field(batch)]
            size: String,
            genre: StringRelated<Genre>,
            #[field(required = false)]
            name: String,
        }
    });
    assert_eq!(
        found,
        [
            "`batch` needs a model: say `#[serializer(model = ..)]` on the struct",
            "`StringRelated` needs a model: say `#[serializer(model = ..)]` on the struct",
            "the input may not contain this field: declare it as `Option<String>`",
            "`fields = all` needs a model: say `#[serializer(model = ..)]` as well",
        ]
    );
}

#[test]
fn only_a_struct_with_named_fields_is_a_serializer() {
    let text = "a serializer is a struct with named fields";
    assert_eq!(
        mistakes(quote!(
            #[serializer(model = T)]
            struct S(i64);
        )),
        [text]
    );
    assert_eq!(
        mistakes(quote!(
            #[serializer(model = T)]
            enum S {
                A,
            }
        )),
        [text]
    );
    assert_eq!(
        mistakes(quote!(
            #[serializer(model = T, fields = all)]
            struct S;
        )),
        [""; 0]
    );
    let generic = mistakes(quote!(
        #[serializer(model = T)]
        struct S<X> {
            a: X,
        }
    ));
    assert_eq!(generic.len(), 1, "{generic:?}");
}

#[test]
fn named_fields_stand_in_the_order_in_which_they_are_named() {
    let written = steps(quote! {
        #[serializer(model = Track, fields(id, minutes, album))]
        struct TrackSerializer {
            #[field(method)]
            minutes: i32,
        }
    });
    let expected = quote! {
        ::quintet::serializers::Description::of::<Track>("Track")
            .field("id", <Track>::fields().id())
            .method::<i32, _>(::quintet::fields::Field::integer("minutes"), Self::get_minutes)
            .field("album", <Track>::fields().album())
    };
    assert_eq!(written, expected.to_string());
    let written = steps(quote! {
        #[serializer(model = Track, exclude(album))]
        struct TrackSerializer {}
    });
    let expected = quote! {
        ::quintet::serializers::Description::of::<Track>("Track")
            .all()
            .exclude(&["album"])
            .knowing(|| { let _ = <Track>::fields().album(); })
    };
    assert_eq!(written, expected.to_string());
}

#[test]
fn names_that_contradict_each_other_are_refused_together() {
    let found = mistakes(quote! {
        #[serializer(model = Track, fields(id, id, name), exclude(length))]
        struct TrackSerializer {
            length: i32,
        }
    });
    assert_eq!(
        found,
        [
            "`id` is named twice",
            "the field `length` was declared on `TrackSerializer`, but has not been included in \
             `fields(..)`",
            "`fields(..)` names all the fields there are; with `inherit`, leave some out by \
             `exclude(..)`",
            "`length` is declared here and excluded: remove one",
        ]
    );
}

#[test]
fn two_fields_with_one_key_are_refused() {
    let found = mistakes(quote! {
        #[serializer(model = Track)]
        struct TrackSerializer {
            name: String,
            #[field(name = "name", source = album.title)]
            album: Option<String>,
        }
    });
    assert_eq!(found, ["`name` has the key `name`, too"]);
    let found = mistakes(quote! {
        struct SearchSerializer {
            #[field(name = "q")]
            text: String,
            q: Option<String>,
        }
    });
    assert_eq!(found, ["`text` has the key `q`, too"]);
}

#[test]
fn what_asks_the_database_is_called_by_name() {
    let written = steps(quote! {
        #[serializer(model = Track, validate_async, get_fields)]
        struct TrackSerializer {
            #[field(validate, validate_async)]
            name: String,
            #[field(queryset = own_albums)]
            album: PrimaryKeyRelated<Album>,
        }
    });
    let expected = quote! {
        ::quintet::serializers::Description::of::<Track>("Track")
            .source("name", <Track>::fields().name().shown_as::<String>())
            .validate_field(Self::validate_name)
            .validate_field_async(Self::validate_name_async)
            .primary_key::<Album, _>("album", <Track>::fields().album())
            .queryset::<Album, _>(own_albums)
            .validate_async(Self::validate_async)
            .get_fields(Self::get_fields)
    };
    assert_eq!(written, expected.to_string());
    let found = mistakes(quote! {
        #[serializer(model = Track)]
        struct TrackSerializer {
            #[field(queryset = own_albums)]
            name: String,
        }
    });
    let text = "`queryset` is for a field of the type `PrimaryKeyRelated<Model>`, `SlugRelated<Model>` or `HyperlinkedRelated<Model>`";
    assert_eq!(found, [text]);
}

#[test]
fn classes_parents_and_checks_are_called_by_name() {
    let written = steps(quote! {
        #[serializer(
            model = Track, inherit(A, B), validators = [first, second], run_validation, data
        )]
        struct TrackSerializer {
            #[field(class = HashidField::new("h"))]
            name: Option<String>,
            #[field(class = TagField)]
            tags: Vec<CustomRelated<Tag>>,
            #[field(get_url = own_url)]
            url: HyperlinkedIdentity,
            #[field(get_url = album_url)]
            album: HyperlinkedRelated<Album>,
            #[field(nested, source = *)]
            place: PlaceSerializer,
            #[field(class = PairField, source = *)]
            pair: Pair,
            #[field(other, unique_in = Artist::fields().name())]
            band: String,
        }
    });
    let expected = quote! {
        ::quintet::serializers::Description::of::<Track>("Track")
            .extend::<A>()
            .extend::<B>()
            .source("name", <Track>::fields().name().shown_as::<Option<String> >())
            .class(::quintet::__private::class_of::<String, _>(HashidField::new("h")))
            .related(
                "tags",
                <Track>::fields().tags(),
                ::quintet::__private::related_class_of::<Tag, _>(TagField)
            )
            .method::<::core::option::Option<::std::string::String>, _>(
                ::quintet::fields::Field::url("url").allow_null(),
                own_url,
            )
            .hyperlink_with::<Album, _, _>("album", <Track>::fields().album(), album_url)
            .whole::<PlaceSerializer>("place")
            .whole_class("pair", ::quintet::__private::class_of::<Pair, _>(PairField))
            .other(::quintet::fields::Field::char("band"))
            .unique_in(&Artist::fields().name())
            .object_validator(first)
            .object_validator(second)
            .run_validation(Self::run_validation)
            .data(Self::data)
    };
    assert_eq!(written, expected.to_string());
}

#[test]
fn a_serializer_without_a_model_has_classes_and_methods() {
    let written = steps(quote! {
        struct OrderSerializer {
            #[field(class = PercentField, max_length = 5)]
            rate: i64,
            #[field(method)]
            total: i64,
        }
    });
    let expected = quote! {
        ::quintet::serializers::Description::plain("Order")
            .field(::quintet::fields::Field::json("rate"))
            .class(::quintet::__private::class_of::<i64, _>(PercentField))
            .with(|field| {
                let mut field = field;
                field = field.max_length(5);
                field
            })
            .struct_method::<Self, i64, _>(
                ::quintet::fields::Field::integer("total"),
                Self::get_total
            )
    };
    assert_eq!(written, expected.to_string());
}

#[test]
fn words_of_a_class_that_contradict_each_other_are_told() {
    let found = mistakes(quote! {
        #[serializer(model = Post)]
        struct PostSerializer {
            #[field(class = TitleField, custom)]
            title: String,
            #[field(class = TitleField, kind = email)]
            other: String,
            tag: CustomRelated<Tag>,
            #[field(class = TagField, slug = name)]
            tag_name: SlugRelated<Tag>,
            #[field(source = *)]
            whole: String,
            #[field(get_url = address)]
            address: String,
        }
    });
    assert_eq!(
        found,
        [
            "a field has a `class` or is `custom`, not both",
            "the class of a field says what its kind is",
            "say which class shows and reads it: `#[field(class = TagField)]`",
            "a related field with a class is declared as `CustomRelated<Model>`",
            "`source = *` goes with `nested` and a serializer without a model, or with `class`",
            "`get_url` is for a field of the type `HyperlinkedRelated<Model>` or `HyperlinkedIdentity`",
        ]
    );
    let found = mistakes(quote! {
        #[serializer(validators = [even])]
        struct NumberSerializer {
            #[field(class = PairField, source = *)]
            pair: String,
        }
    });
    assert_eq!(
        found,
        [
            "`source = *` of a field with a class needs a model: say `#[serializer(model = ..)]` on the \
             struct",
            "`validators` of a serializer needs a model; without one, say `validate`",
        ]
    );
}
