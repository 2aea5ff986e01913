//! Inputs measured on Django REST framework, with what it answered.

use serde_json::Value as Json;

use super::*;

const LINES: &str = include_str!("vectors.jsonl");

fn lines(kind: &str) -> Vec<Json> {
    let lines = LINES.lines().map(|line| serde_json::from_str(line).unwrap());
    lines.filter(|line: &Json| line["kind"] == kind).collect()
}

/// The text of a line's input, as it is spelt in the file: numbers must not pass through a float.
fn input(kind: &str) -> Vec<&'static str> {
    let of_kind =
        LINES.lines().filter(|line| serde_json::from_str::<Json>(line).unwrap()["kind"] == kind);
    let text = |line: &'static str| {
        let start = line.find("\"input\": ").unwrap() + 9;
        let end = line.rfind(", \"ok\": ").unwrap();
        &line[start..end]
    };
    of_kind.map(text).collect()
}

fn field(class: &str, arguments: &str) -> Field {
    let mut field = match (class, arguments) {
        ("Boolean", _) => Field::boolean("f"),
        ("Char", _) => Field::char("f"),
        ("Email", _) => Field::email("f"),
        ("URL", _) => Field::url("f"),
        ("Slug", "allow_unicode") => Field::unicode_slug("f"),
        ("Slug", _) => Field::slug("f"),
        ("Regex", expression) => Field::regex("f", regex::Regex::new(expression).unwrap()),
        ("UUID", _) => Field::uuid("f"),
        ("IP", _) => Field::ip_address("f", Protocol::Both),
        ("Integer", _) => Field::integer("f"),
        ("Float", _) => Field::float("f"),
        ("Decimal", _) => Field::decimal("f", 5, 2),
        ("DateTime", _) => Field::datetime("f"),
        ("Date", _) => Field::date("f"),
        ("Time", _) => Field::time("f"),
        ("Duration", _) => Field::duration("f"),
        ("Choice", _) => Field::choice("f", [Choice::from("a"), Choice::from(1)]),
        ("MultipleChoice", _) => Field::multiple_choice("f", ["a", "b"]),
        ("List", arguments) if arguments.contains("Integer") => {
            Field::list("f", Field::integer("")).min_length(1).max_length(2)
        }
        ("List", _) => Field::list("f", Field::char("")).refuse_empty(),
        ("Dict", _) => Field::dict("f", Field::integer("")),
        ("JSON", _) => Field::json("f"),
        other => panic!("unknown field {other:?}"),
    };
    for argument in arguments.split(',') {
        field = match argument.split_once('=').unwrap_or((argument, "")) {
            ("allow_null", _) => field.allow_null(),
            ("allow_blank", _) => field.allow_blank(),
            ("trim_whitespace", _) => field.keep_whitespace(),
            ("max_length", length) if class == "Char" => field.max_length(length.parse().unwrap()),
            ("min_length", length) if class == "Char" => field.min_length(length.parse().unwrap()),
            ("max_value", bound) => field.max_value(bound),
            ("min_value", bound) => field.min_value(bound),
            _ => field,
        };
    }
    field
}

/// The value as DRF writes it, in JSON text.
fn written(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Null | Value::Bool(_) => {
            return python::value_text(value.as_ref()).replace("None", "null").to_lowercase();
        }
        Value::Int(_) | Value::BigInt(_) | Value::Float(_) => {
            return python::value_text(value.as_ref()).into_owned();
        }
        Value::List(items) => {
            return format!("[{}]", items.iter().map(written).collect::<Vec<_>>().join(", "));
        }
        Value::Map(items) => {
            let item = |(key, value): &(_, _)| format!("{key:?}: {}", written(value));
            return format!("{{{}}}", items.iter().map(item).collect::<Vec<_>>().join(", "));
        }
        Value::Json(json) => return json.to_string(),
        Value::DateTime(moment) => format::datetime(*moment, &mut out),
        Value::Duration(length) => format::duration(*length, &mut out),
        Value::Decimal(number) => format::decimal(*number, Some(2), false, &mut out),
        other => out.push_str(&python::value_text(other.as_ref())),
    }
    Json::from(out).to_string()
}

#[test]
fn every_measured_input_of_a_field_gives_the_measured_answer() {
    let mut wrong = Vec::new();
    let lines = lines("field");
    assert_eq!(lines.len(), 377);
    for (line, input) in lines.iter().zip(input("field")) {
        let field = field(line["field"].as_str().unwrap(), line["args"].as_str().unwrap());
        let raw = parse_json(input).unwrap();
        let (answer, expected) = match field.run(Some(&raw), false) {
            Ok(value) => (written(&value.unwrap()), None),
            Err(error) => (error.to_json().to_string(), Some(error.codes())),
        };
        let (text, codes) = if line["ok"] == true {
            (line["output"].to_string(), None)
        } else {
            (line["errors"].to_string(), Some(line["codes"].clone()))
        };
        let answer = if expected.is_none() {
            serde_json::from_str::<Json>(&answer).unwrap().to_string()
        } else {
            answer
        };
        if (&answer, &expected) != (&text, &codes) {
            wrong.push(format!("{} {} {input}: {answer}, not {text}", line["field"], line["args"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_measured_body_that_is_no_json_gives_the_measured_words() {
    let lines = lines("json-parse");
    assert_eq!(lines.len(), 26);
    for line in lines {
        let text = line["input"].as_str().unwrap();
        let error = parse_json(text).unwrap_err();
        assert_eq!(format!("JSON parse error - {error}"), line["detail"], "{text}");
    }
}

#[test]
fn every_measured_object_gives_the_measured_messages() {
    let fields = vec![Field::char("name").max_length(3), Field::integer("n").required(false)];
    for (kind, many) in [("serializer", false), ("serializer-many", true)] {
        for (line, input) in lines(kind).iter().zip(input(kind)) {
            // what null means at the top is said by the serializer, not by a field
            if input == "null" {
                continue;
            }
            let field = Field::nested("", fields.clone(), many);
            let result = field.run(Some(&parse_json(input).unwrap()), false);
            match result {
                Ok(_) => assert_eq!(line["ok"], true, "{input}"),
                Err(error) => assert_eq!(error.to_json(), line["errors"], "{input}"),
            }
        }
    }
}
