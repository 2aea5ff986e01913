//! Values in the form of their field (`to_representation`).

use std::borrow::Cow;

use super::kind::{DecimalOptions, FieldKind};
use super::{Field, Rounding, UuidFormat, Value, format, moments};
use crate::values::{Decimal, JsonWriter, ValueRef, python};

impl Field {
    /// Writes a value in the field's form (`to_representation`); one of another kind is written as
    /// it is. In the response to a `partial` update, absent members of an object have no default.
    pub fn write(&self, value: ValueRef<'_>, partial: bool, out: &mut JsonWriter) {
        match (&self.kind, value) {
            (FieldKind::Decimal(options), ValueRef::Decimal(value)) => decimal(options, value, out),
            (FieldKind::Integer { as_text: true, .. }, ValueRef::Int(value)) => {
                out.str(&value.to_string());
            }
            (FieldKind::Integer { as_text: true, .. }, ValueRef::Other(Value::BigInt(digits))) => {
                out.str(digits);
            }
            #[allow(clippy::cast_precision_loss)]
            (FieldKind::Float { .. }, ValueRef::Int(value)) => out.f64(value as f64),
            (FieldKind::DateTime { format: Some(format), .. }, ValueRef::DateTime(value))
                if !moments::is_iso(format) =>
            {
                text(out, |out| format::strftime(value, format, out));
            }
            (FieldKind::Date { format: Some(format), .. }, ValueRef::Date(value))
                if !moments::is_iso(format) =>
            {
                text(out, |out| format::strftime_date(value, format, out));
            }
            (FieldKind::Time { format: Some(format), .. }, ValueRef::Time(value))
                if !moments::is_iso(format) =>
            {
                text(out, |out| format::strftime_time(value, format, out));
            }
            (FieldKind::Duration { iso_8601: Some(true), .. }, ValueRef::Duration(value)) => {
                text(out, |out| format::iso_duration(value, out));
            }
            (FieldKind::Uuid { format: UuidFormat::Int }, ValueRef::Uuid(value)) => {
                out.raw(value.as_u128().to_string().as_bytes());
            }
            (FieldKind::Uuid { format }, ValueRef::Uuid(value))
                if *format != UuidFormat::HexVerbose =>
            {
                text(out, |out| format::uuid(value, *format, out));
            }
            (FieldKind::Json { binary: true }, value) if value != ValueRef::Null => {
                let mut json = JsonWriter::new();
                json.value(value);
                match serde_json::from_slice(json.bytes()) {
                    Ok(serde_json::Value::Null) => out.null(),
                    Ok(value) => text(out, |out| dumps(&value, out)),
                    Err(_) => out.str(&String::from_utf8_lossy(json.bytes())),
                }
            }
            // what is not stored has no URL
            (FieldKind::File(_), ValueRef::Text("") | ValueRef::Other(Value::File(_))) => {
                out.null();
            }
            (FieldKind::List { child, .. }, ValueRef::Other(Value::List(items))) => {
                out.begin_array();
                for item in items {
                    child.write(item.as_ref(), partial, out);
                }
                out.end_array();
            }
            (FieldKind::Dict { child, .. }, ValueRef::Other(Value::Map(items))) => {
                out.begin_object();
                for (key, item) in items {
                    out.key(key);
                    child.write(item.as_ref(), partial, out);
                }
                out.end_object();
            }
            (FieldKind::Nested { fields, many: false, .. }, ValueRef::Other(Value::Map(items))) => {
                object(fields, items, partial, out);
            }
            (FieldKind::Nested { fields, many: true, .. }, ValueRef::Other(Value::List(items))) => {
                out.begin_array();
                for item in items {
                    match item {
                        Value::Map(items) => object(fields, items, partial, out),
                        other => out.value(other.as_ref()),
                    }
                }
                out.end_array();
            }
            (_, value) => out.value(value),
        }
    }

    /// The value to be shown where there is none: the default, or null where it is allowed. `None`
    /// where the field is left out, as one with a default is in the response to a `partial` update
    /// (`Field.get_attribute`).
    pub fn absent_value(&self, partial: bool) -> Option<Value> {
        match &self.default {
            Some(_) if partial => None,
            Some(default) => default.get(),
            None => self.allow_null.then_some(Value::Null),
        }
    }
}

/// An object of a nested serializer, without hooks.
fn object(
    fields: &[Field],
    values: &[(Cow<'static, str>, Value)],
    partial: bool,
    out: &mut JsonWriter,
) {
    out.begin_object();
    for field in fields.iter().filter(|field| !field.write_only) {
        let value = values.iter().find(|(name, _)| name == field.source_name());
        let value = value.map(|(_, value)| Cow::Borrowed(value));
        let Some(value) = value.or_else(|| field.absent_value(partial).map(Cow::Owned)) else {
            continue;
        };
        out.key(field.name);
        field.write(value.as_ref().as_ref(), partial, out);
    }
    out.end_object();
}

fn text(out: &mut JsonWriter, write: impl FnOnce(&mut String)) {
    let mut text = String::new();
    write(&mut text);
    out.str(&text);
}

/// JSON as `json.dumps` writes it: with spaces, and in ASCII.
fn dumps(value: &serde_json::Value, out: &mut String) {
    use serde_json::Value as Json;
    let separate = |out: &mut String, first: &mut bool| {
        if !std::mem::take(first) {
            out.push_str(", ");
        }
    };
    match value {
        Json::String(text) => ascii(text, out),
        Json::Array(items) => {
            out.push('[');
            let mut first = true;
            for item in items {
                separate(out, &mut first);
                dumps(item, out);
            }
            out.push(']');
        }
        Json::Object(items) => {
            out.push('{');
            let mut first = true;
            for (key, item) in items {
                separate(out, &mut first);
                ascii(key, out);
                out.push_str(": ");
                dumps(item, out);
            }
            out.push('}');
        }
        Json::Number(number) if number.is_f64() => {
            format::float(number.as_f64().unwrap_or_default(), out);
        }
        other => out.push_str(&other.to_string()),
    }
}

/// A text in quotes and in ASCII.
fn ascii(text: &str, out: &mut String) {
    python::ensure_ascii(&serde_json::Value::from(text).to_string(), out);
}

fn decimal(options: &DecimalOptions, value: Decimal, out: &mut JsonWriter) {
    let value = match options.decimal_places {
        Some(places) => rounded(value, places, options.rounding),
        None => value,
    };
    if options.as_number {
        out.f64(value.to_float());
    } else if options.normalize_output {
        // a zero keeps its sign: `-0`
        let mut normal = value.normalize();
        normal.set_sign_negative(value.is_sign_negative());
        out.decimal(normal.into());
    } else {
        out.decimal(value);
    }
}

fn rounded(value: Decimal, places: u32, rounding: Rounding) -> Decimal {
    use rust_decimal::RoundingStrategy as By;
    let by = match rounding {
        _ if value.scale() <= places => return value.quantize(places),
        Rounding::HalfEven => return value.quantize(places),
        Rounding::HalfUp => By::MidpointAwayFromZero,
        Rounding::HalfDown => By::MidpointTowardZero,
        Rounding::Up => By::AwayFromZero,
        Rounding::Down => By::ToZero,
        Rounding::Ceiling => By::ToPositiveInfinity,
        Rounding::Floor => By::ToNegativeInfinity,
    };
    Decimal::from(value.round_dp_with_strategy(places, by)).quantize(places)
}

#[cfg(test)]
mod tests {
    use super::super::parse_json;
    use super::*;

    /// What a field shows of what it read.
    fn echo(field: &Field, json: &str) -> String {
        let value = field.run(Some(&parse_json(json).unwrap()), false).unwrap().unwrap();
        shown(field, &value)
    }

    fn shown(field: &Field, value: &Value) -> String {
        let mut out = JsonWriter::new();
        field.write(value.as_ref(), false, &mut out);
        String::from_utf8(out.into_bytes()).unwrap()
    }

    #[test]
    fn a_uuid_is_shown_in_each_format() {
        let text = r#""550E8400-e29b-41d4-a716-446655440000""#;
        let show = |format| echo(&Field::uuid("u").format(format), text);
        assert_eq!(show("hex_verbose"), r#""550e8400-e29b-41d4-a716-446655440000""#);
        assert_eq!(show("hex"), r#""550e8400e29b41d4a716446655440000""#);
        assert_eq!(show("urn"), r#""urn:uuid:550e8400-e29b-41d4-a716-446655440000""#);
        assert_eq!(show("int"), "113059749145936325402354257176981405696");
    }

    #[test]
    fn dates_and_times_are_read_and_shown_in_formats_of_their_own() {
        let date = Field::date("d").format("%d.%m.%y").input_formats(["%d.%m.%Y", "iso-8601"]);
        assert_eq!(echo(&date, r#""9.2.2024""#), r#""09.02.24""#);
        assert_eq!(echo(&date, r#""2024-02-09""#), r#""09.02.24""#);
        let time = Field::time("t").format("%I:%M %p").input_formats(["%H.%M"]);
        assert_eq!(echo(&time, r#""15.04""#), r#""03:04 PM""#);
        let moment = Field::datetime("m").format("%a %d %b %H:%M %Z").input_formats(["%Y %j %z"]);
        assert_eq!(echo(&moment, r#""2024 40 +0200""#), r#""Thu 08 Feb 22:00 UTC""#);
        let iso = Field::datetime("m").format("%Y").format("ISO-8601");
        assert_eq!(echo(&iso, r#""2024-02-09T01:02:03""#), r#""2024-02-09T01:02:03Z""#);
        let error = time.run(Some(&parse_json(r#""15:04""#).unwrap()), false).unwrap_err();
        let words = "Time has wrong format. Use one of these formats instead: hh.mm.";
        assert_eq!(error.to_json(), serde_json::json!([words]));
    }

    #[test]
    fn a_whole_number_may_be_a_text() {
        let field = Field::big_integer("n").as_text();
        assert_eq!(echo(&field, "-7"), r#""-7""#);
        assert_eq!(echo(&field, "99999999999999999999"), r#""99999999999999999999""#);
        assert_eq!(echo(&Field::big_integer("n"), "7"), "7");
        let error = field.run(Some(&parse_json("true").unwrap()), false).unwrap_err();
        assert_eq!(error.to_json(), serde_json::json!(["A valid biginteger is required."]));
    }

    #[test]
    fn a_duration_is_djangos_or_iso() {
        let field = Field::duration("d").max_value("1 00:00:00");
        assert_eq!(echo(&field, "3661"), r#""01:01:01""#);
        assert_eq!(echo(&field.clone().format("iso-8601"), "3661"), r#""P0DT01H01M01S""#);
        let field = field.min_value("5");
        for (length, words) in [
            ("86401", "Ensure this value is less than or equal to 1 day, 0:00:00."),
            ("4.5", "Ensure this value is greater than or equal to 0:00:05."),
        ] {
            let error = field.run(Some(&parse_json(length).unwrap()), false).unwrap_err();
            assert_eq!(error.to_json(), serde_json::json!([words]));
        }
    }

    #[test]
    fn a_decimal_is_rounded_as_its_field_says() {
        let field = |rounding| Field::decimal("d", 6, 1).rounding(rounding);
        let show = |rounding, text: &str| {
            let value = Value::Decimal(text.parse().unwrap());
            shown(&field(rounding), &value).trim_matches('"').to_owned()
        };
        let cases = [
            (Rounding::HalfEven, ["1.2", "1.4", "-1.2"]),
            (Rounding::HalfUp, ["1.3", "1.4", "-1.3"]),
            (Rounding::HalfDown, ["1.2", "1.3", "-1.2"]),
            (Rounding::Up, ["1.3", "1.4", "-1.3"]),
            (Rounding::Down, ["1.2", "1.3", "-1.2"]),
            (Rounding::Ceiling, ["1.3", "1.4", "-1.2"]),
            (Rounding::Floor, ["1.2", "1.3", "-1.3"]),
        ];
        for (rounding, expected) in cases {
            let shown = ["1.25", "1.35", "-1.25"].map(|text| show(rounding, text));
            assert_eq!(shown, expected, "{rounding:?}");
        }
        assert_eq!(show(Rounding::Up, "2"), "2.0");
    }

    #[test]
    fn a_decimal_is_a_text_a_number_or_without_zeros() {
        let field = Field::decimal("d", 8, 3);
        assert_eq!(echo(&field, "12.3"), r#""12.300""#);
        assert_eq!(echo(&field.clone().as_number(), "12.3"), "12.3");
        let normal = field.normalize_output();
        assert_eq!(echo(&normal, "12.3"), r#""12.3""#);
        assert_eq!(echo(&normal, r#""-0.00""#), r#""-0""#);
    }

    #[test]
    fn binary_json_is_a_text() {
        let field = Field::json("j").binary();
        assert_eq!(echo(&field, r#""{\"a\":[1,null]}""#), r#""{\"a\": [1, null]}""#);
        let text = Value::Json(Box::new(serde_json::json!(["é👍\u{7f}\n\"\\", 1e22, true])));
        let plain = r#"["\u00e9\ud83d\udc4d\u007f\n\"\\", 1e+22, true]"#;
        assert_eq!(shown(&field, &text), serde_json::to_string(plain).unwrap());
        assert_eq!(echo(&field, r#""null""#), "null");
        for refused in ["5", "{}", r#""{""#] {
            let error = field.run(Some(&parse_json(refused).unwrap()), false).unwrap_err();
            assert_eq!(error.to_json(), serde_json::json!(["Value must be valid JSON."]));
        }
    }

    #[test]
    fn items_and_members_have_the_form_of_their_field() {
        let hex = || Field::uuid("id").format("hex");
        let uuid = r#""550e8400-e29b-41d4-a716-446655440000""#;
        let short = r#""550e8400e29b41d4a716446655440000""#;
        assert_eq!(echo(&Field::list("l", hex()), &format!("[{uuid}]")), format!("[{short}]"));
        let dict = echo(&Field::dict("d", hex()), &format!(r#"{{"a": {uuid}}}"#));
        assert_eq!(dict, format!(r#"{{"a":{short}}}"#));
        let fields = vec![
            hex().source("key"),
            Field::integer("n").required(false),
            Field::char("null").required(false).allow_null(),
            Field::char("set").default("x".to_owned()).read_only(),
            Field::char("secret").write_only(),
        ];
        let body = format!(r#"{{"id": {uuid}, "secret": "s"}}"#);
        let expected = format!(r#"{{"id":{short},"null":null,"set":"x"}}"#);
        assert_eq!(echo(&Field::nested("o", fields.clone(), false), &body), expected);
        let list = echo(&Field::nested("o", fields.clone(), true), &format!("[{body}]"));
        assert_eq!(list, format!("[{expected}]"));
        let mut out = JsonWriter::new();
        Field::nested("o", fields, false).write(Value::Map(Vec::new()).as_ref(), true, &mut out);
        assert_eq!(out.bytes(), br#"{"null":null}"#);
    }

    #[test]
    fn groups_choose_as_their_choices_do() {
        use super::super::Choice;
        let groups = [Choice::group("Audio", ["cd"]), Choice::group("Years", [(1999_i64, "'99")])];
        let field = Field::choice("c", groups.concat());
        assert_eq!(echo(&field, r#""cd""#), r#""cd""#);
        assert_eq!(echo(&field, r#""1999""#), "1999");
        assert!(field.run(Some(&parse_json(r#""Audio""#).unwrap()), false).is_err());
        assert_eq!(shown(&field, &Value::Text("gone".into())), r#""gone""#);
    }
}
