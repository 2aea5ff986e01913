//! What metadata says of fields.

use chrono::TimeDelta;
use serde_json::{Map, Value as Json};

use crate::fields::{Char, Choice, Field, FieldKind, TextForm};
use crate::request::Context;
use crate::serializers::{Description, FieldOutput};
use crate::values::Value;
use crate::values::types::Decimal;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// What metadata says of the fields of a serializer, by their names (`get_serializer_info`): those that
/// this request has.
pub fn serializer_info(description: &'static Description, cx: &Context) -> Json {
    of_serializer(description, &mut Vec::new(), cx)
}

/// What metadata says of one field (`get_field_info`): `type`, `required`, `read_only`, `label`, and where
/// they apply `help_text`, bounds, `child` or `children`, and `choices`.
pub fn field_info(field: &Field) -> Json {
    of_field(field, field_type(&field.kind), false)
}

/// `around` are the serializers that hold this one, which may hold itself.
fn of_serializer(
    description: &Description,
    around: &mut Vec<*const Description>,
    cx: &Context,
) -> Json {
    let own = std::ptr::from_ref(description);
    let description = description.for_request(cx);
    if around.contains(&own) {
        return Json::Object(Map::new());
    }
    around.push(own);
    let fields = description.fields().iter().enumerate();
    let shown = fields.filter(|(_, field)| !matches!(field.kind, FieldKind::Hidden));
    let info = shown
        .map(|(index, field)| {
            (field.name.to_owned(), of_member(description, index, field, around, cx))
        })
        .collect();
    around.pop();
    Json::Object(info)
}

/// A field of a serializer, which may show related rows.
fn of_member(
    description: &Description,
    index: usize,
    field: &Field,
    around: &mut Vec<*const Description>,
    cx: &Context,
) -> Json {
    let shown = FieldOutput::of(description, index);
    let bare = field.read_only && !description.is_plain();
    let Some(nested) = shown.nested else {
        let kind = match &field.kind {
            _ if shown.link || shown.method => "field",
            kind => field_type(kind),
        };
        return of_field(field, kind, bare);
    };
    let children = of_serializer(nested, around, cx);
    let many = shown.many || matches!(field.kind, FieldKind::Nested { many: true, .. });
    let mut info = of_field(field, if many { "field" } else { "nested object" }, bare);
    let told = if many {
        let mut child = Map::new();
        child.insert("type".into(), "nested object".into());
        child.insert("required".into(), field.required.into());
        child.insert("read_only".into(), field.read_only.into());
        child.insert("children".into(), children);
        ("child", Json::Object(child))
    } else {
        ("children", children)
    };
    if let Some(info) = info.as_object_mut() {
        info.remove("child");
        info.remove("children");
        info.insert(told.0.into(), told.1);
    }
    info
}

/// `bare` for a read-only field over a column, of which DRF's model serializers drop the bounds.
fn of_field(field: &Field, kind: &str, bare: bool) -> Json {
    let mut info = Map::new();
    let mut add = |key: &str, value: Json| {
        if !value.is_null() && value != "" {
            info.insert(key.to_owned(), value);
        }
    };
    add("type", kind.into());
    add("required", field.required.into());
    add("read_only", field.read_only.into());
    add("label", field.label.as_ref().into());
    add("help_text", field.help_text.as_ref().into());
    if !bare {
        let (min, max) = lengths(&field.kind);
        add("min_length", min.into());
        add("max_length", max.into());
        let (min, max) = bounds(&field.kind);
        if !field.bounds_of_type.0 {
            add("min_value", min);
        }
        if !field.bounds_of_type.1 {
            add("max_value", max);
        }
    }
    if let FieldKind::Decimal(options) = &field.kind {
        add("max_digits", options.max_digits.into());
        add("decimal_places", options.decimal_places.into());
    }
    match &field.kind {
        FieldKind::List { child, .. } | FieldKind::Dict { child, .. }
            if !matches!(child.kind, FieldKind::Any) =>
        {
            add("child", field_info(child));
        }
        FieldKind::Nested { fields, many, .. } => {
            let children = fields.iter().map(|field| (field.name.to_owned(), field_info(field)));
            let children = Json::Object(children.collect());
            add("children", if *many { Json::Null } else { children });
        }
        FieldKind::Choice { choices, .. } | FieldKind::MultipleChoice { choices, .. }
            if !field.read_only =>
        {
            add("choices", choices.iter().map(choice).collect());
        }
        _ => {}
    }
    Json::Object(info)
}

fn choice(choice: &Choice) -> Json {
    let value: Json = match &choice.value {
        Value::Int(number) => (*number).into(),
        Value::Bool(flag) => (*flag).into(),
        Value::Text(text) => text.as_str().into(),
        _ => Json::Null,
    };
    // a number without a text of its own is shown as it is
    let is_own = value.is_number() && value.to_string() == choice.label;
    let display = if is_own { value.clone() } else { choice.label.as_ref().into() };
    serde_json::json!({ "value": value, "display_name": display })
}

fn lengths(kind: &FieldKind) -> (Option<usize>, Option<usize>) {
    match kind {
        FieldKind::Char(Char { min_length, max_length, .. })
        | FieldKind::List { min_length, max_length, .. }
        | FieldKind::Nested { min_length, max_length, .. } => (*min_length, *max_length),
        FieldKind::File(options) => (None, options.max_length),
        _ => (None, None),
    }
}

fn bounds(kind: &FieldKind) -> (Json, Json) {
    let decimal = |bound: &Option<Decimal>| {
        let number = bound.as_ref().and_then(|bound| bound.to_string().parse::<f64>().ok());
        number.into()
    };
    match kind {
        FieldKind::Integer { min, max, .. } => ((*min).into(), (*max).into()),
        FieldKind::Float { min, max } => ((*min).into(), (*max).into()),
        FieldKind::Decimal(options) => (decimal(&options.min), decimal(&options.max)),
        FieldKind::Duration { min, max, .. } => {
            (min.map(timedelta).into(), max.map(timedelta).into())
        }
        _ => (Json::Null, Json::Null),
    }
}

/// As Python writes a `timedelta`: `1 day, 2:03:04`.
fn timedelta(length: TimeDelta) -> String {
    let micros = length.num_microseconds().unwrap_or_default();
    let (days, rest) = (micros.div_euclid(DAY), micros.rem_euclid(DAY));
    let (seconds, fraction) = (rest / 1_000_000, rest % 1_000_000);
    let days = match days {
        0 => String::new(),
        1 | -1 => format!("{days} day, "),
        _ => format!("{days} days, "),
    };
    let fraction = if fraction == 0 { String::new() } else { format!(".{fraction:06}") };
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!("{days}{hours}:{minutes:02}:{:02}{fraction}", seconds % 60)
}

/// `label_lookup`
fn field_type(kind: &FieldKind) -> &'static str {
    match kind {
        FieldKind::Boolean => "boolean",
        FieldKind::Char(char) => match char.form {
            TextForm::Email => "email",
            TextForm::Regex(_) => "regex",
            TextForm::Slug { .. } => "slug",
            TextForm::Url => "url",
            TextForm::Plain | TextForm::Pattern { .. } | TextForm::Ip(_) => "string",
        },
        FieldKind::Uuid { .. } => "string",
        FieldKind::Integer { .. } => "integer",
        FieldKind::Float { .. } => "float",
        FieldKind::Decimal(_) => "decimal",
        FieldKind::DateTime { .. } => "datetime",
        FieldKind::Date { .. } => "date",
        FieldKind::Time { .. } => "time",
        FieldKind::Duration { .. } => "duration",
        FieldKind::Choice { .. } => "choice",
        FieldKind::MultipleChoice { .. } => "multiple choice",
        FieldKind::List { .. } => "list",
        FieldKind::File(options) if options.is_image => "image upload",
        FieldKind::File(_) => "file upload",
        FieldKind::Dict { .. } | FieldKind::Nested { many: false, .. } => "nested object",
        _ => "field",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_says_what_drfs_metadata_says_of_it() {
        let integer = Field::integer("number").min_value("-10").max_value("100");
        let info = field_info(&integer.required(false).help_text("A number."));
        assert_eq!(
            info.to_string(),
            r#"{"type":"integer","required":false,"read_only":false,"label":"Number","help_text":"A number.","min_value":-10,"max_value":100}"#
        );
        // what the type holds is no rule of the field
        let typed = Field::integer("number").min_of_type("-128").max_of_type("127");
        assert_eq!(field_info(&typed).get("min_value"), None);
        let typed = field_info(&typed.max_value("100"));
        assert_eq!((typed.get("min_value"), &typed["max_value"]), (None, &json!(100)));
        let list = Field::list("list", Field::char("").max_length(3)).min_length(2);
        let child =
            json!({"type": "string", "required": true, "read_only": false, "max_length": 3});
        assert_eq!(field_info(&list)["child"], child);
        let choices = field_info(&Field::choice("size", [Choice::from(1), Choice::new(2, "two")]));
        let expected = json!([
            {"value": 1, "display_name": 1}, {"value": 2, "display_name": "two"},
        ]);
        assert_eq!(choices["choices"], expected);
        let read_only = field_info(&Field::choice("size", [Choice::from(1)]).read_only());
        assert_eq!(read_only.get("choices"), None);
        let image = field_info(&Field::image("cover").required(false));
        assert_eq!(image["type"], "image upload");
        let price = Field::decimal("price", 6, 2).min_value("0.50");
        let price = field_info(&price);
        assert_eq!((&price["min_value"], &price["max_digits"]), (&json!(0.5), &json!(6)));
    }

    #[test]
    fn bounds_of_durations_are_pythons() {
        let text =
            |seconds, micros: u32| timedelta(TimeDelta::new(seconds, micros * 1000).unwrap());
        assert_eq!(text(3, 0), "0:00:03");
        assert_eq!(text(93_784, 5), "1 day, 2:03:04.000005");
        assert_eq!(text(-1, 0), "-1 day, 23:59:59");
        assert_eq!(text(10 * 86_400, 0), "10 days, 0:00:00");
    }
}
