//! A serializer that has a field of every kind, in an echo.

use std::collections::HashMap;
use std::sync::LazyLock;

use quintet::db::Uuid;
use quintet::fields::{JsonWriter, Pattern};
use quintet::http::Method;
use quintet::prelude::*;
use quintet::serializers::{CurrentUserDefault, ValidatedData};
use quintet::values::{NaiveDate, NaiveTime, TimeDelta, Value};
use serde_json::json;

static CODE: LazyLock<Pattern> = LazyLock::new(|| Pattern::new(r"^[A-Z]{2}-\d{3}$").unwrap());

#[derive(Serializer)]
struct PointSerializer {
    x: i64,
    #[field(default = 0)]
    y: i64,
    #[field(max_length = 5)]
    label: Option<String>,
}

fn even(value: i64) -> Validated {
    if value % 2 == 0 { Ok(()) } else { Err("This number must be even.".into()) }
}

/// One field of every kind; only `char` is required.
#[derive(Serializer)]
#[serializer(validate, error(mismatch = "choice and choice_blank disagree."))]
struct FieldsSerializer {
    #[field(min_length = 2, max_length = 10, validate)]
    char: String,
    #[field(trim_whitespace = false, max_length = 10)]
    char_untrimmed: Option<String>,
    #[field(allow_blank)]
    char_blank: Option<String>,
    #[field(allow_null)]
    char_null: Option<String>,
    #[field(default = "fallback")]
    char_default: String,
    boolean: Option<bool>,
    #[field(allow_null)]
    boolean_null: Option<bool>,
    #[field(default = true)]
    boolean_default: bool,
    #[field(kind = email)]
    email: Option<String>,
    #[field(regex = *CODE)]
    regex: Option<String>,
    #[field(kind = slug)]
    slug: Option<String>,
    #[field(kind = unicode_slug)]
    slug_unicode: Option<String>,
    #[field(kind = url)]
    url: Option<String>,
    uuid: Option<Uuid>,
    #[field(format = "hex")]
    uuid_hex: Option<Uuid>,
    #[field(kind = ip)]
    ip: Option<String>,
    #[field(kind = ipv4)]
    ipv4: Option<String>,
    #[field(min_value = -10, max_value = 100)]
    integer: Option<i64>,
    #[field(kind = integer)]
    integer_big: Option<serde_json::Value>,
    #[field(validators = [even])]
    integer_even: Option<i64>,
    #[field(min_value = -1.5, max_value = 1e6)]
    float: Option<f64>,
    #[field(decimal(6, 2))]
    decimal: Option<Decimal>,
    #[field(decimal(8, 3), as_number, min_value = 0)]
    decimal_number: Option<Decimal>,
    #[field(normalize_output)]
    decimal_localized: Option<Decimal>,
    datetime: Option<DateTime>,
    #[field(format = "%d/%m/%Y %H:%M", input_formats = ["%d/%m/%Y %H:%M", "iso-8601"])]
    datetime_format: Option<DateTime>,
    date: Option<NaiveDate>,
    time: Option<NaiveTime>,
    duration: Option<TimeDelta>,
    #[field(choices = [("s", "Small"), ("m", "Medium"), ("l", "Large")])]
    choice: Option<String>,
    #[field(choices = [1, 2, 3], allow_null)]
    choice_int: Option<i64>,
    #[field(choices = ["a", "b"], allow_blank)]
    choice_blank: Option<String>,
    #[field(choices = ["red", "green", "blue"])]
    multiple_choice: Option<Vec<String>>,
    #[field(each(min_value = 0), max_length = 5)]
    list: Option<Vec<i64>>,
    #[field(each(max_length = 3), allow_empty = false, min_length = 2)]
    list_nonempty: Option<Vec<String>>,
    dict: Option<HashMap<String, i64>>,
    #[field(kind = hstore)]
    hstore: Option<HashMap<String, Option<String>>>,
    json: Option<serde_json::Value>,
    #[field(allow_null)]
    json_null: Option<serde_json::Value>,
    #[field(nested, allow_null)]
    nested: Option<PointSerializer>,
    #[field(nested)]
    nested_many: Option<Vec<PointSerializer>>,
    #[field(hidden, default = "secret-constant")]
    hidden: String,
    #[field(hidden, default_with = CurrentUserDefault)]
    user: Option<i32>,
    #[field(read_only, default = "cannot change")]
    read_only: String,
    #[field(write_only)]
    write_only: Option<String>,
    #[field(source = stored_as)]
    renamed: Option<String>,
}

impl FieldsSerializer {
    fn validate_char(value: String) -> Validated<String> {
        if value == "forbidden" {
            return Err(Detail::new("This word is forbidden.", "forbidden"));
        }
        Ok(value)
    }

    fn validate(values: &mut ValidatedData) -> Validated {
        let text = |name| values.get::<String>(name);
        if text("choice").as_deref() == Some("s") && text("choice_blank").as_deref() == Some("b") {
            return Err(Self::fail("mismatch"));
        }
        Ok(())
    }
}

/// What the view shows of an object that it keeps.
fn stored() -> ValidatedData {
    let point = |x, y, label: &str| PointSerializer { x, y, label: Some(label.to_owned()) };
    let mut values = ValidatedData::default();
    for (name, text) in [
        ("char", "stored"),
        ("char_untrimmed", "  keep  "),
        ("char_blank", ""),
        ("char_default", "set"),
        ("stored_as", "elsewhere"),
    ] {
        values.put(name, text.to_owned());
    }
    values.put("char_null", Value::Null);
    values.put("boolean", true);
    values.put("boolean_null", Value::Null);
    values.put("boolean_default", false);
    values.put("integer", 7);
    values.put("integer_big", 1);
    values.put("integer_even", 2);
    values.put("float", 0.5);
    values.put("decimal", Decimal::new(1250, 2));
    values.put("list", vec![1, 2]);
    values.put("dict", HashMap::from([("a".to_owned(), 1)]));
    values.put("json", json!({"k": [null, true]}));
    values.put("nested", point(1, 2, "p"));
    values.put("nested_many", vec![point(3, 4, "q")]);
    values
}

async fn show(cx: &mut Context) -> Result<Response> {
    Response::new(&stored().data::<FieldsSerializer>(cx)?)
}

/// The keys that were validated, and each value in the form of its field.
async fn echo(cx: &mut Context, partial: bool) -> Result<Response> {
    let sent = FieldsSerializer::from_data(cx.data()?);
    let sent = if partial { sent.partial() } else { sent };
    let values = sent.validated(cx).await?;
    let mut names: Vec<&str> = values.names().collect();
    names.sort_unstable();
    let mut out = JsonWriter::new();
    out.begin_object();
    out.key("validated_keys");
    out.serialize(&names).map_err(ApiException::internal)?;
    out.key("data");
    out.begin_object();
    for field in FieldsSerializer::description().fields() {
        let Some(value) = values.value(field.source_name()) else { continue };
        out.key(field.name);
        match (field.name, cx.user()) {
            ("user", Some(user)) => out.str(&user.username),
            _ => field.write(value.as_ref(), partial, &mut out),
        }
    }
    out.end_object();
    out.end_object();
    Ok(Response::json(out.into_bytes()))
}

async fn create(cx: &mut Context) -> Result<Response> {
    Ok(echo(cx, false).await?.with_status(201))
}

async fn update(cx: &mut Context) -> Result<Response> {
    echo(cx, false).await
}

async fn partial_update(cx: &mut Context) -> Result<Response> {
    echo(cx, true).await
}

/// The page.
pub fn view() -> ApiView {
    ApiView::new("Fields")
        .description("Echo of a serializer that has every kind of field.")
        .permissions(AllowAny)
        .serializer(Method::POST, Some(FieldsSerializer::description()))
        .serializer(Method::PUT, Some(FieldsSerializer::description()))
        .get(show)
        .post(create)
        .put(update)
        .patch(partial_update)
}
