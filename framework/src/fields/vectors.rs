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
    let words: Vec<(&str, &str)> = arguments
        .split(',')
        .map(|argument| argument.split_once('=').unwrap_or((argument, "")))
        .collect();
    let word = |name: &str| words.iter().find(|(own, _)| *own == name).map(|(_, value)| *value);
    let length = |name| word(name).map(|length| length.parse::<usize>().unwrap());
    let field = match class {
        "Boolean" => Field::boolean("f"),
        "Char" => Field::char("f"),
        "Email" => Field::email("f"),
        "URL" => Field::url("f"),
        "Slug" if word("allow_unicode").is_some() => Field::unicode_slug("f"),
        "Slug" => Field::slug("f"),
        "Regex" => Field::regex("f", regex::Regex::new(arguments).unwrap()),
        "UUID" => Field::uuid("f"),
        "IP" => Field::ip_address(
            "f",
            match word("protocol") {
                Some("IPv4") => Protocol::V4,
                Some("IPv6") => Protocol::V6,
                _ => Protocol::Both,
            },
        ),
        "Integer" => Field::integer("f"),
        "BigInteger" => Field::big_integer("f"),
        "Float" => Field::float("f"),
        "Decimal" if word("max_digits").is_some() => Field::decimal("f", 5, 2),
        "Decimal" => Field::new("f", FieldKind::Decimal(DecimalOptions::default())),
        "DateTime" => Field::datetime("f"),
        "Date" => Field::date("f"),
        "Time" => Field::time("f"),
        "Duration" => Field::duration("f"),
        "Choice" => Field::choice("f", [Choice::from("a"), Choice::from(1)]),
        "MultipleChoice" => Field::multiple_choice("f", ["a", "b"]),
        "List" if word("child") == Some("Integer") => Field::list("f", Field::integer("")),
        "List" => Field::list("f", Field::char("")),
        "Dict" => Field::dict("f", Field::integer("")),
        "HStore" => Field::hstore("f"),
        "JSON" => Field::json("f"),
        other => panic!("unknown field {other:?}"),
    };
    words.iter().fold(field, |field, (name, value)| match *name {
        "allow_null" => field.allow_null(),
        "allow_blank" => field.allow_blank(),
        "allow_empty" => field.refuse_empty(),
        "trim_whitespace" => field.keep_whitespace(),
        "normalize_output" => field.normalize_output(),
        "binary" => field.binary(),
        "max_length" => field.max_length(length("max_length").unwrap()),
        "min_length" => field.min_length(length("min_length").unwrap()),
        "max_value" => field.max_value(value),
        "min_value" => field.min_value(value),
        "format" => field.format(String::leak((*value).to_owned())),
        "input_formats" => {
            let formats = value.split('|').map(|format| &*String::leak(format.to_owned()));
            field.input_formats(formats.collect::<Vec<_>>())
        }
        _ => field,
    })
}

/// The value as its field shows it.
fn shown(field: &Field, value: &Value) -> Json {
    let mut out = JsonWriter::new();
    field.write(value.as_ref(), false, &mut out);
    serde_json::from_slice(out.bytes()).unwrap()
}

#[test]
fn every_measured_input_of_a_field_gives_the_measured_answer() {
    let mut wrong = Vec::new();
    let lines = lines("field");
    assert_eq!(lines.len(), 1613);
    for (line, input) in lines.iter().zip(input("field")) {
        let field = field(line["field"].as_str().unwrap(), line["args"].as_str().unwrap());
        let raw = parse_json(input).unwrap();
        let (answer, expected) = match field.run(Some(&raw), false) {
            Ok(value) => (shown(&field, &value.unwrap()).to_string(), None),
            Err(error) => (error.to_json().to_string(), Some(error.codes())),
        };
        let (text, codes) = if line["ok"] == true {
            (line["output"].to_string(), None)
        } else {
            (line["errors"].to_string(), Some(line["codes"].clone()))
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
