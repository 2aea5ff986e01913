//! Serializers without a model.

use std::sync::LazyLock;

use regex::Regex;
use validator::ValidationError;

use super::*;
use crate::serializers::Validated as Values;

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
    #[validate(length(min = 1, max = 3), must_match(other = "even"))]
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

#[actix_web::test]
async fn smoke() {
    println!("{:?}", read::<RenameSerializer>(r#"{"name": "x"}"#).await);
    println!("{:?}", read::<RenameSerializer>(r#"{"name": "xy"}"#).await);
    println!("{:?}", read::<PlaylistTracksSerializer>(r#"{"tracks": []}"#).await);
    println!("{:?}", read::<PlaylistTracksSerializer>(r#"{"tracks": [1, 9, "x"]}"#).await);
    println!("{:?}", read::<PlaylistTracksSerializer>(r#"{"tracks": [1, 2]}"#).await);
    println!("{:?}", read::<PlaylistTracksSerializer>(r#"{"tracks": [1, "x", 9]}"#).await);
    println!("{:?}", read::<FieldsSerializer>(r#"{}"#).await);
    println!("{:?}", read::<FieldsSerializer>(r#"{"char": "ok"}"#).await);
}
