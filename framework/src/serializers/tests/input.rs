//! From input to changes, in DRF's words and order.

use super::*;
use crate::fields::FieldDefault;

#[actix_web::test]
async fn a_required_text_is_neither_absent_nor_null_nor_blank() {
    let text = |text: &str| json!({ "name": [text] });
    assert_eq!(errors::<ArtistSerializer>("{}").await, text("This field is required."));
    let null = errors::<ArtistSerializer>(r#"{"name": null}"#).await;
    assert_eq!(null, text("This field may not be null."));
    let blank = errors::<ArtistSerializer>(r#"{"name": " "}"#).await;
    assert_eq!(blank, text("This field may not be blank."));
}

#[actix_web::test]
async fn a_body_that_is_no_object_is_told_under_non_field_errors() {
    assert_eq!(
        errors::<ArtistSerializer>("[]").await,
        json!({"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]})
    );
    assert_eq!(
        errors::<ArtistSerializer>("null").await,
        json!({"non_field_errors": ["No data provided"]})
    );
}

#[actix_web::test]
async fn a_hook_of_a_field_refuses_in_its_own_words() {
    assert_eq!(
        errors::<ArtistSerializer>(r#"{"name": "Unknown"}"#).await,
        json!({"name": ["This artist name is reserved."]})
    );
}

#[actix_web::test]
async fn a_unique_value_is_told_unless_it_is_the_rows_own() {
    let taken = json!({"name": ["genre with this name already exists."]});
    assert_eq!(errors::<GenreSerializer>(r#"{"name": "Rock"}"#).await, taken);
    let genre = GenreSerializer::description();
    assert!(validate(genre, r#"{"name": "Rock"}"#, false, Some(1)).await.is_ok());
    assert_eq!(validate(genre, r#"{"name": "Jazz"}"#, true, Some(1)).await.unwrap_err(), taken);
}

#[actix_web::test]
async fn every_error_of_a_body_is_told_in_the_order_of_the_fields() {
    assert_eq!(
        errors::<TrackSerializer>("{}").await.to_string(),
        json!({
            "name": ["This field is required."],
            "milliseconds": ["This field is required."],
            "unit_price": ["This field is required."],
        })
        .to_string()
    );
    let body = r#"{"unit_price": "1000", "milliseconds": 0, "composer": "X9", "genre": "Polka",
                   "album": 9, "name": ""}"#;
    assert_eq!(
        errors::<TrackSerializer>(body).await.to_string(),
        json!({
            "name": ["A track needs a name."],
            "album": ["Invalid pk \"9\" - object does not exist."],
            "genre": ["Object with name=Polka does not exist."],
            "composer": ["A composer has no digits.", "Use letters only."],
            "milliseconds": ["Ensure this value is greater than or equal to 1."],
            "unit_price": ["Ensure this value is less than or equal to 999.99."],
        })
        .to_string()
    );
    let body = r#"{"name": "x", "album": 1, "genre": "a\u0000b", "milliseconds": 1,
                   "unit_price": "1"}"#;
    assert_eq!(
        errors::<TrackSerializer>(body).await,
        json!({"genre": ["Object with name=a\0b does not exist."]})
    );
    let body = r#"{"name": "untitled", "album": "x", "genre": true, "composer": "X9",
                   "milliseconds": "a", "unit_price": "1.234"}"#;
    assert_eq!(
        errors::<TrackSerializer>(body).await.to_string(),
        json!({
            "name": ["Give the track a real name."],
            "album": ["Incorrect type. Expected pk value, received str."],
            "genre": ["Object with name=True does not exist."],
            "composer": ["A composer has no digits.", "Use letters only."],
            "milliseconds": ["A valid integer is required."],
            "unit_price": ["Ensure that there are no more than 2 decimal places."],
        })
        .to_string()
    );
}

#[actix_web::test]
async fn a_unique_set_is_told_before_the_hook_of_the_object() {
    let body = r#"{"name": "Go Down", "album": 1, "milliseconds": 1, "unit_price": "9"}"#;
    assert_eq!(
        errors::<TrackSerializer>(body).await,
        json!({"non_field_errors": ["This album already has a track of that name."]})
    );
    let body = r#"{"name": "Other", "album": 1, "milliseconds": 1, "unit_price": "9"}"#;
    assert_eq!(
        errors::<TrackSerializer>(body).await,
        json!({"non_field_errors": ["A track under one minute cannot cost more than 1.00."]})
    );
}

#[actix_web::test]
async fn a_member_of_a_unique_set_is_required() {
    let body = r#"{"name": "Other", "milliseconds": 1, "unit_price": "0"}"#;
    assert_eq!(
        errors::<TrackSerializer>(body).await,
        json!({"album": ["This field is required."]})
    );
    assert_eq!(
        errors::<AlbumSerializer>("{}").await,
        json!({
            "title": ["This field is required."],
            "artist_id": ["This field is required."],
        })
    );
}

#[actix_web::test]
async fn the_models_unique_sets_are_checked_by_themselves() {
    let taken = json!({"non_field_errors": ["The fields artist, title must make a unique set."]});
    let body = r#"{"title": "Let There Be Rock", "artist_id": 1}"#;
    assert_eq!(errors::<AlbumSerializer>(body).await, taken);
    assert_eq!(errors::<AlbumDetailSerializer>(body).await, taken);
    let body = r#"{"title": "Let There Be Rock", "artist_id": 2}"#;
    let changes = accepted::<AlbumSerializer>(body).await;
    assert_eq!(changes.get(album::artist_id), Some(2));
}

#[actix_web::test]
async fn hooks_and_sets_see_the_stored_row_behind_a_partial_body() {
    let track = TrackSerializer::description();
    let partial = async |body, pk| validate(track, body, true, Some(pk)).await;
    assert_eq!(
        partial(r#"{"milliseconds": 1}"#, 2).await.unwrap_err(),
        json!({"non_field_errors": ["A track under one minute cannot cost more than 1.00."]})
    );
    assert_eq!(
        partial(r#"{"name": "Go Down"}"#, 2).await.unwrap_err(),
        json!({"non_field_errors": ["This album already has a track of that name."]})
    );
    let set = partial(r#"{"name": "Go Down"}"#, 1).await.unwrap();
    assert_eq!(set.columns.len(), 1, "only what was sent is changed");
    assert!(partial("{}", 1).await.unwrap().columns.is_empty());
}

#[actix_web::test]
async fn an_empty_text_stands_for_null_in_a_relation_only() {
    let body = r#"{"album": "", "genre": "", "composer": "", "name": "x", "milliseconds": 1,
                   "unit_price": 1}"#;
    let changes = accepted::<TrackSerializer>(body).await;
    assert_eq!(changes.get(track::album_id), Some(None));
    assert_eq!(changes.get(track::genre_id), Some(None));
    assert_eq!(changes.get(track::composer), Some(Some(String::new())));
}

#[actix_web::test]
async fn a_slug_becomes_the_key_of_its_row() {
    let body = r#"{"album": 2, "genre": "Jazz", "name": "x", "milliseconds": 1, "unit_price": 1}"#;
    let changes = accepted::<TrackSerializer>(body).await;
    assert_eq!(changes.get(track::genre_id), Some(Some(2)));
    assert_eq!(changes.get(track::composer), None, "absent is not null");
}

#[actix_web::test]
async fn a_nested_list_tells_its_errors_by_index() {
    let inner = async |tracks: &'static str| {
        let body = format!(r#"{{"title": "t", "artist": 1, "tracks": {tracks}}}"#);
        let body: &'static str = Box::leak(body.into_boxed_str());
        let mut errors = errors::<AlbumWithTracksSerializer>(body).await;
        errors["tracks"].take()
    };
    let whole = |text: &str| json!({ "non_field_errors": [text] });
    assert_eq!(inner("null").await, json!(["This field may not be null."]));
    assert_eq!(inner("{}").await, whole("Expected a list of items but got type \"dict\"."));
    assert_eq!(inner("[]").await, whole("This list may not be empty."));
    assert_eq!(
        inner("[{}, {}, {}]").await,
        whole("Ensure this field has no more than 2 elements.")
    );
    assert_eq!(
        inner(r#"[{"name": "a", "milliseconds": 1}, {"name": ""}]"#).await,
        json!({"1": {
            "name": ["This field may not be blank."],
            "milliseconds": ["This field is required."],
        }})
    );
    assert_eq!(
        inner(r#"[{"name": "a", "milliseconds": 1}, 7]"#).await,
        json!({"1": whole("Invalid data. Expected a dictionary, but got int.")})
    );
    assert_eq!(
        inner(r#"[null, {"name": "a", "milliseconds": 1}]"#).await,
        json!({"0": ["This field may not be null."]})
    );
}

#[actix_web::test]
async fn nested_rows_wait_for_the_view_set() {
    let body = r#"{"title": "t", "artist": 1, "tracks": [{"name": "a", "milliseconds": 1}]}"#;
    let mut changes = accepted::<AlbumWithTracksSerializer>(body).await;
    let tracks = changes.take_nested::<Track>("tracks").unwrap();
    assert_eq!(tracks.len(), 1);
    assert_eq!(tracks[0].get(track::name).as_deref(), Some("a"));
}

#[actix_web::test]
async fn the_first_key_of_a_list_that_is_wrong_in_any_way_is_told() {
    let tracks = async |body| errors::<PlaylistDetailSerializer>(body).await["tracks"].take();
    let missing = json!(["Invalid pk \"9\" - object does not exist."]);
    let incorrect = json!(["Incorrect type. Expected pk value, received str."]);
    assert_eq!(tracks(r#"{"name": "x", "tracks": [1, 9, 8]}"#).await, missing);
    assert_eq!(tracks(r#"{"name": "x", "tracks": [9, "x"]}"#).await, missing);
    assert_eq!(tracks(r#"{"name": "x", "tracks": ["x", 9]}"#).await, incorrect);
    assert_eq!(
        tracks(r#"{"name": "x", "tracks": "x"}"#).await,
        json!(["Expected a list of items but got type \"str\"."])
    );
    // of an object, as Python has it, the keys are read
    assert_eq!(tracks(r#"{"name": "x", "tracks": {"1": 0, "9": 1}}"#).await, missing);
    assert_eq!(tracks(r#"{"name": "x", "tracks": {"x": 1}}"#).await, incorrect);
    let links = accepted::<PlaylistDetailSerializer>(r#"{"name": "x", "tracks": [3, 1]}"#).await;
    assert_eq!(links.set.links[0].1, [Value::Int(3), Value::Int(1)]);
    let none = accepted::<PlaylistDetailSerializer>(r#"{"name": "x"}"#).await;
    assert!(none.set.links.is_empty());
}

#[actix_web::test]
async fn the_attributes_of_validator_speak_as_drf_does() {
    assert_eq!(
        errors::<AccountSerializer>(r#"{"name": "so-so!", "password": "short"}"#).await,
        json!({
            "name": [
                "Ensure this field has no more than 5 characters.",
                "This field must not contain \"!\".",
            ],
            "password": ["Ensure this field has at least 8 characters."],
        })
    );
    assert_eq!(
        errors::<AccountSerializer>(r#"{"name": "ac/dc", "password": "long enough"}"#).await,
        json!({"name": ["Taken."]})
    );
}

#[actix_web::test]
async fn two_fields_must_match_and_values_without_a_column_are_kept() {
    let body = r#"{"name": "Abba", "password": "long enough", "again": "long enougj"}"#;
    assert_eq!(
        errors::<AccountSerializer>(body).await,
        json!({"again": ["This field must match \"password\"."]})
    );
    let body = r#"{"name": "Abba", "password": "long enough", "again": "long enough"}"#;
    let mut changes = accepted::<AccountSerializer>(body).await;
    assert_eq!(changes.take::<String>("password").as_deref(), Some("long enough"));
    assert_eq!(changes.get(artist::name).as_deref(), Some("Abba"));
}

#[actix_web::test]
async fn a_value_without_a_column_is_taken_in_the_type_of_its_field() {
    let body = r#"{"name": "Abba", "labels": ["a", "b"], "grid": [[1, 2], []],
                   "scores": {"x": "1.50"}, "settings": {"k": [null]}, "days": ["2024-01-02", null]}"#;
    let mut changes = accepted::<LabelledSerializer>(body).await;
    assert_eq!(changes.take("labels"), Some(vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!(changes.take("grid"), Some(vec![vec![1_i64, 2], vec![]]));
    let scores: Option<HashMap<String, Decimal>> = changes.take("scores");
    assert_eq!(scores.unwrap()["x"].to_string(), "1.50");
    assert_eq!(changes.take("settings"), Some(json!({"k": [null]})));
    let day = chrono::NaiveDate::from_ymd_opt(2024, 1, 2);
    assert_eq!(changes.take("days"), Some(vec![day, None]));
    assert_eq!(changes.take::<Vec<String>>("labels"), None, "it is taken");

    let mut changes = accepted::<LabelledSerializer>(r#"{"name": "x", "labels": []}"#).await;
    assert_eq!(changes.take::<Vec<i64>>("grid"), None, "it is absent");
    assert_eq!(changes.take::<i64>("labels"), None, "it is a list");
    assert_eq!(
        errors::<LabelledSerializer>(r#"{"name": "x", "labels": ["ok", null, "longer"]}"#).await,
        json!({"labels": {
            "1": ["This field may not be null."],
            "2": ["Ensure this field has no more than 5 characters."],
        }})
    );
}

fn names(description: &Description) -> Vec<&'static str> {
    description.fields().iter().map(|field| field.name).collect()
}

#[test]
fn a_description_follows_the_struct_and_the_model() {
    let track = TrackSerializer::description();
    assert_eq!(track.name, "Track");
    assert_eq!(
        names(track),
        [
            "id",
            "name",
            "album",
            "album_title",
            "artist",
            "genre",
            "composer",
            "milliseconds",
            "unit_price",
            "duration",
            "price_tier"
        ]
    );
    let field = |name: &str| track.fields().iter().find(|field| field.name == name).unwrap();
    assert!(field("id").read_only && !field("id").required);
    assert!(field("name").required && !field("name").allow_null);
    assert!(!field("album").required && field("album").allow_null);
    assert!(field("album_title").read_only && field("duration").read_only);
    assert_eq!(field("milliseconds").help_text, "Length in milliseconds.");
    let account = AccountSerializer::description();
    assert_eq!(account.name, "Account");
    assert_eq!(account.fields()[0].label, "Stage name");
    assert!(account.fields()[3].read_only);
    let count = &ArtistSerializer::description().fields()[2];
    assert!(matches!(count.default, Some(FieldDefault::Value(Value::Int(0)))));
}

#[derive(Serializer)]
#[serializer(model = Album, inherit = AlbumDetailSerializer)]
struct ShortAlbumSerializer {
    artist: StringRelated<Artist>,
}

#[test]
fn inherited_fields_come_first_and_a_later_one_takes_its_namesakes_place() {
    assert_eq!(
        names(AlbumDetailSerializer::description()),
        [
            "id",
            "url",
            "title",
            "artist",
            "artist_id",
            "track_count",
            "total_milliseconds",
            "tracks"
        ]
    );

    let short = ShortAlbumSerializer::description();
    assert_eq!(names(short), names(AlbumDetailSerializer::description()));
    assert!(short.nested(3).is_none());
}

#[test]
fn all_columns_come_in_drfs_order() {
    #[derive(Serializer)]
    #[serializer(model = Track, fields = all)]
    struct EverythingSerializer {
        #[field(method)]
        shout: String,
    }
    impl EverythingSerializer {
        fn get_shout(track: &Track) -> String {
            track.name.to_uppercase()
        }
    }
    assert_eq!(
        names(EverythingSerializer::description()),
        ["id", "shout", "name", "composer", "milliseconds", "unit_price", "album", "genre"]
    );
}

#[test]
fn fields_are_named_in_the_order_of_the_output() {
    #[derive(Serializer)]
    #[serializer(model = Album, fields(track_count, title, label, artist))]
    struct NamedSerializer {
        #[field(source = artist)]
        label: StringRelated<Artist>,
    }
    let named = NamedSerializer::description();
    assert_eq!(names(named), ["track_count", "title", "label", "artist"]);
    let [count, title, _, artist] = named.fields() else { panic!("four fields") };
    assert!(count.read_only && matches!(count.kind, crate::fields::FieldKind::Integer { .. }));
    assert!(
        matches!(&title.kind, crate::fields::FieldKind::Char(text) if text.max_length == Some(160))
    );
    assert!(matches!(artist.kind, crate::fields::FieldKind::PrimaryKey { .. }));
    // artist and title are unique together
    assert_eq!(named.unique_together.len(), 1);
}

#[test]
fn what_is_excluded_takes_the_rules_that_it_is_part_of_along() {
    #[derive(Serializer)]
    #[serializer(model = Track, exclude(composer, genre))]
    struct TrackSerializer {}
    #[derive(Serializer)]
    #[serializer(model = Album, fields(id, title, artist))]
    struct WholeSerializer {}
    #[derive(Serializer)]
    #[serializer(model = Album, inherit = WholeSerializer, exclude(id))]
    struct NewSerializer {}
    #[derive(Serializer)]
    #[serializer(model = Album, inherit = WholeSerializer, exclude(artist))]
    struct TitleSerializer {}
    let names_of = names(TrackSerializer::description());
    assert_eq!(names_of, ["id", "name", "milliseconds", "unit_price", "album"]);

    let new = NewSerializer::description();
    assert_eq!((names(new), new.unique_together.len()), (vec!["title", "artist"], 1));
    assert_eq!(new.unique_together[0].members, [1, 0]);
    let title = TitleSerializer::description();
    assert_eq!((names(title), title.unique_together.len()), (vec!["id", "title"], 0));
}

/// Fields that `validate` adds to, and lists with words of their own.
#[derive(Serializer)]
#[serializer(model = Track, validate)]
struct ShortTrackSerializer {
    name: String,
}

impl ShortTrackSerializer {
    fn validate(attrs: &mut Attrs<'_, Track>) -> Validated {
        if attrs.sent(track::name).is_none() {
            return Err("Nothing to time.".into());
        }
        attrs.set(track::milliseconds, 1);
        Ok(())
    }
}

#[derive(Serializer)]
#[serializer(model = Album)]
struct StrictAlbumSerializer {
    title: String,
    #[field(
        nested,
        writable,
        refuse_empty,
        max_length = 1,
        error(empty = "An album has a track.", max_length = "{max_length} is enough.")
    )]
    tracks: Vec<AlbumTrackSerializer>,
}

#[actix_web::test]
async fn validate_may_set_a_column_that_no_field_writes() {
    let changes = accepted::<ShortTrackSerializer>(r#"{"name": "Go Down"}"#).await;
    assert_eq!(changes.get(track::milliseconds), Some(1));
    assert_eq!(changes.get(track::name).as_deref(), Some("Go Down"));
}

#[actix_web::test]
async fn a_nested_list_has_words_of_its_own() {
    let wrong = |text: &str| json!({"tracks": {"non_field_errors": [text]}});
    let none = errors::<StrictAlbumSerializer>(r#"{"title": "x", "tracks": []}"#).await;
    assert_eq!(none, wrong("An album has a track."));
    let two = errors::<StrictAlbumSerializer>(r#"{"title": "x", "tracks": [{}, {}]}"#).await;
    assert_eq!(two, wrong("1 is enough."));
}

/// An album whose tracks check themselves.
#[derive(Serializer)]
#[serializer(model = Album)]
struct CheckedAlbumSerializer {
    title: String,
    #[field(nested, writable)]
    tracks: Vec<TrackSerializer>,
}

#[actix_web::test]
async fn a_nested_object_tells_what_is_wrong_with_it_whatever_is_wrong_beside_it() {
    let body = r#"{"title": "", "tracks": [
        {"name": "a", "album": 1, "milliseconds": 1, "unit_price": "2"},
        {"name": "b", "milliseconds": 1},
        {"name": "Go Down", "album": 1, "milliseconds": 60000, "unit_price": "0"}
    ]}"#;
    assert_eq!(
        errors::<CheckedAlbumSerializer>(body).await.to_string(),
        json!({
            "title": ["This field may not be blank."],
            "tracks": {
                "0": {"non_field_errors": [
                    "A track under one minute cannot cost more than 1.00."
                ]},
                "1": {"unit_price": ["This field is required."]},
                "2": {"non_field_errors": ["This album already has a track of that name."]},
            },
        })
        .to_string()
    );
}
