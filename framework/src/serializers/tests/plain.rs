//! Serializers without a model.

use std::sync::LazyLock;

use regex::Regex;
use validator::ValidationError;

use super::*;
use crate::serializers::{FromValidated as _, ValidatedData as Values};

static CODE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[A-Z]{2}-\d{3}$").unwrap());

#[derive(Serializer, Debug)]
struct RenameSerializer {
    #[field(min_length = 2, max_length = 120)]
    name: String,
}

#[derive(Serializer, Debug)]
struct PlaylistTracksSerializer {
    #[field(refuse_empty)]
    tracks: Vec<PrimaryKeyRelated<Track>>,
}

#[derive(Serializer, Debug, PartialEq)]
struct PointSerializer {
    x: i64,
    #[field(default = 0)]
    y: i64,
    #[field(max_length = 5)]
    label: Option<String>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the validator crate's own signature")]
fn even(value: &i64) -> Result<(), ValidationError> {
    if value % 2 == 0 {
        return Ok(());
    }
    Err(ValidationError::new("odd").with_message("This number must be even.".into()))
}

fn shout(value: &str) -> Result<(), ValidationError> {
    if value.chars().any(char::is_lowercase) { Err(ValidationError::new("quiet")) } else { Ok(()) }
}

#[derive(Serializer, Debug)]
#[serializer(validate)]
struct FieldsSerializer {
    #[field(min_length = 2, max_length = 10, validate)]
    char: String,
    #[field(trim_whitespace = false)]
    untrimmed: Option<String>,
    #[field(allow_null)]
    nullable: Option<String>,
    #[field(default = "fallback")]
    with_default: String,
    #[field(kind = email)]
    email: Option<String>,
    #[field(regex = *CODE)]
    regex: Option<String>,
    #[field(kind = ipv4)]
    ipv4: Option<String>,
    #[field(min_value = -10, max_value = 100)]
    integer: Option<i64>,
    #[validate(custom(function = even))]
    even: Option<i64>,
    #[validate(custom(function = "shout", message = "Shout!"))]
    loud: Option<String>,
    #[field(min_value = -1.5, max_value = 1e6)]
    float: Option<f64>,
    #[field(decimal(6, 2))]
    decimal: Option<Decimal>,
    #[field(choices = [("s", "Small"), ("m", "Medium")])]
    choice: Option<String>,
    #[field(choices = [1, 2, 3], allow_null)]
    choice_int: Option<i64>,
    #[field(choices = ["red", "green"])]
    several: Option<Vec<String>>,
    #[field(each(min_value = 0), max_length = 5)]
    list: Option<Vec<i64>>,
    dict: Option<std::collections::HashMap<String, i64>>,
    json: Option<serde_json::Value>,
    #[field(nested, allow_null)]
    nested: Option<PointSerializer>,
    #[field(nested)]
    nested_many: Option<Vec<PointSerializer>>,
    #[field(hidden, default = "secret-constant")]
    hidden: String,
    #[field(read_only)]
    read_only: Option<String>,
    small: Option<u8>,
    #[validate(length(min = 1, max = 3), must_match(other = "loud"))]
    r#type: Option<String>,
}

impl FieldsSerializer {
    fn validate_char(value: String) -> Validated<String> {
        if value == "forbidden" {
            return Err(Detail::new("This word is forbidden.", "forbidden"));
        }
        Ok(value)
    }

    fn validate(&self) -> Validated {
        if self.choice.as_deref() == Some("s") && self.integer == Some(7) {
            return Err("choice and integer disagree.".into());
        }
        Ok(())
    }
}

async fn read<S: Serializer + Send>(body: &'static str) -> Result<S, serde_json::Value> {
    let set = validate(S::description(), body, false, None).await?;
    Ok(S::from_validated(&mut Values::new(set)).expect("every value is there"))
}

/// What is wrong with one field beside a good `char`.
async fn wrong(field: &str, value: &str) -> serde_json::Value {
    let body = format!(r#"{{"char": "ok", "{field}": {value}}}"#);
    let mut errors = read::<FieldsSerializer>(Box::leak(body.into_boxed_str())).await.unwrap_err();
    errors[field].take()
}

/// The struct that a body makes, with a good `char` in front.
async fn made(rest: &str) -> FieldsSerializer {
    let body = format!(r#"{{"char": "ok"{rest}}}"#);
    read(Box::leak(body.into_boxed_str())).await.unwrap()
}

#[actix_web::test]
async fn a_body_becomes_a_struct_or_messages() {
    let short = read::<RenameSerializer>(r#"{"name": "x"}"#).await.unwrap_err();
    assert_eq!(short, json!({"name": ["Ensure this field has at least 2 characters."]}));
    assert_eq!(read::<RenameSerializer>(r#"{"name": " xy "}"#).await.unwrap().name, "xy");
}

#[actix_web::test]
async fn keys_are_those_of_rows_that_exist() {
    let tracks = async |body| {
        let result = read::<PlaylistTracksSerializer>(body).await;
        result.map(|value| value.tracks.iter().map(PrimaryKeyRelated::key).collect::<Vec<_>>())
    };
    let refused = |text: &str| Err(json!({ "tracks": [text] }));
    assert_eq!(tracks(r#"{"tracks": [3, 1]}"#).await, Ok(vec![3, 1]));
    assert_eq!(tracks("{}").await, refused("This field is required."));
    assert_eq!(tracks(r#"{"tracks": []}"#).await, refused("This list may not be empty."));
    assert_eq!(
        tracks(r#"{"tracks": [1, 9]}"#).await,
        refused("Invalid pk \"9\" - object does not exist.")
    );
}

#[actix_web::test]
async fn absent_values_are_none_or_their_defaults() {
    let value = made("").await;
    assert_eq!(
        (value.with_default.as_str(), value.hidden.as_str()),
        ("fallback", "secret-constant")
    );
    assert!(value.untrimmed.is_none() && value.nested.is_none() && value.read_only.is_none());
}

#[actix_web::test]
async fn an_option_may_be_absent_and_null_only_where_it_says_so() {
    assert_eq!(wrong("untrimmed", "null").await, json!(["This field may not be null."]));
    assert_eq!(made(r#", "nullable": null"#).await.nullable, None);
    assert_eq!(made(r#", "choice_int": null, "nested": null"#).await.choice_int, None);
}

#[actix_web::test]
async fn values_of_every_kind_arrive() {
    let value = made(
        r#", "untrimmed": " keep ", "email": "a@b.com", "regex": "AB-123", "ipv4": "127.0.0.1",
             "integer": "7", "even": 2, "loud": "UP", "type": "UP", "float": "0.5", "decimal": 1.5,
             "choice": "m", "choice_int": "3", "several": ["red"], "list": ["1", 2],
             "dict": {"a": 1}, "json": {"k": [null, true]}, "nested": {"x": 1},
             "nested_many": [{"x": 3, "y": 4, "label": "q"}], "hidden": "mine",
             "read_only": "mine", "small": 255"#,
    )
    .await;
    assert_eq!(value.untrimmed.as_deref(), Some(" keep "));
    assert_eq!((value.integer, value.even, value.float), (Some(7), Some(2), Some(0.5)));
    assert_eq!(value.decimal.map(|decimal| decimal.to_string()).as_deref(), Some("1.50"));
    assert_eq!((value.choice.as_deref(), value.choice_int), (Some("m"), Some(3)));
    assert_eq!((value.several.as_deref(), value.small), (Some(&["red".to_owned()][..]), Some(255)));
    assert_eq!(value.list.as_deref(), Some(&[1, 2][..]));
    assert_eq!(value.dict.unwrap().get("a"), Some(&1));
    assert_eq!(value.json, Some(json!({"k": [null, true]})));
    assert_eq!(value.nested, Some(PointSerializer { x: 1, y: 0, label: None }));
    let point = PointSerializer { x: 3, y: 4, label: Some("q".into()) };
    assert_eq!(value.nested_many, Some(vec![point]));
    assert_eq!((value.hidden.as_str(), value.read_only), ("secret-constant", None));
}

#[actix_web::test]
async fn every_kind_refuses_in_drfs_words() {
    for (field, value, text) in [
        ("email", r#""x""#, "Enter a valid email address."),
        ("regex", r#""x""#, "This value does not match the required pattern."),
        ("ipv4", r#""::1""#, "Enter a valid IPv4 address."),
        ("integer", "-11", "Ensure this value is greater than or equal to -10."),
        ("even", "3", "This number must be even."),
        ("loud", r#""quiet""#, "Shout!"),
        ("float", "1e7", "Ensure this value is less than or equal to 1000000.0."),
        ("decimal", r#""1.234""#, "Ensure that there are no more than 2 decimal places."),
        ("choice", r#""x""#, "\"x\" is not a valid choice."),
        ("several", r#"["blue"]"#, "\"blue\" is not a valid choice."),
        ("list", "[1, 2, 3, 4, 5, 6]", "Ensure this field has no more than 5 elements."),
        ("small", "256", "Ensure this value is less than or equal to 255."),
        (
            "even",
            "99999999999999999999",
            "Ensure this value is less than or equal to 9223372036854775807.",
        ),
        ("type", r#""long""#, "Ensure this field has no more than 3 characters."),
        ("type", r#""ok""#, "This field must match \"loud\"."),
    ] {
        assert_eq!(wrong(field, value).await[0], json!(text), "{field}: {value}");
    }
    assert_eq!(
        wrong("list", "[1, -1]").await,
        json!({"1": ["Ensure this value is greater than or equal to 0."]})
    );
    assert_eq!(wrong("nested", "{}").await, json!({"x": ["This field is required."]}));
    assert_eq!(
        wrong("nested_many", r#"[{"x": 1}, {"x": 1, "label": "longer"}]"#).await,
        json!({"1": {"label": ["Ensure this field has no more than 5 characters."]}})
    );
}

#[actix_web::test]
async fn hooks_see_one_value_and_then_the_whole_struct() {
    let refused = read::<FieldsSerializer>(r#"{"char": "forbidden"}"#).await.unwrap_err();
    assert_eq!(refused, json!({"char": ["This word is forbidden."]}));
    let body = r#"{"char": "ok", "choice": "s", "integer": 7}"#;
    assert_eq!(
        read::<FieldsSerializer>(body).await.unwrap_err(),
        json!({"non_field_errors": ["choice and integer disagree."]})
    );
}

#[test]
fn an_absent_value_differs_from_null_in_an_option_of_an_option() {
    type Twice = Option<Option<i64>>;
    assert_eq!(Twice::from_validated(None), Some(None));
    assert_eq!(Twice::from_validated(Some(Value::Null)), Some(Some(None)));
    assert_eq!(Twice::from_validated(Some(Value::Int(1))), Some(Some(Some(1))));
    assert_eq!(Twice::from_validated(Some(Value::Bool(true))), None);
}

#[test]
fn a_plain_description_has_no_model() {
    let description = FieldsSerializer::description();
    assert!(description.is_plain() && !TrackSerializer::description().is_plain());
    assert_eq!(description.name, "Fields");
    let place = description.fields().iter().position(|field| field.name == "nested_many").unwrap();
    assert!(description.is_many(place));
    assert_eq!(description.nested(place).unwrap().name, "Point");
}
