//! Compares an answer with a recorded one.
//!
//! Objects ignore the order of their keys, lists keep theirs, numbers keep their kind (1 is not
//! 1.0). Only [`HEADERS`] count; one that the recorded answer lacks must be absent.

use std::{collections::BTreeMap, sync::LazyLock};

use regex::Regex;
use serde_json::{Map, Value};

use crate::scenario::{Kind, Mode, Request, Response, Rule};

/// The response headers that are compared.
pub const HEADERS: [&str; 15] = [
    "content-type",
    "allow",
    "vary",
    "www-authenticate",
    "location",
    "retry-after",
    "link",
    "cache-control",
    "content-disposition",
    "set-cookie",
    "x-extra",
    "x-frame-options",
    "x-content-type-options",
    "referrer-policy",
    "cross-origin-opener-policy",
];

/// Differences past this number are not listed.
const MOST_DIFFERENCES: usize = 40;

static DATETIME: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z$").ok());

/// What an application answered.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Header lines in order; names in any case.
    pub headers: Vec<(String, String)>,
    /// The body's bytes.
    pub body: Vec<u8>,
}

impl Answer {
    /// The values of a header.
    pub fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The media type, without parameters, in lower case.
    fn media_type(&self) -> String {
        let value = self.header("content-type").next().unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }
}

/// What differs between an answer and the recorded one, a line each; empty when nothing does.
pub fn differences(
    request: &Request,
    expected: &Response,
    headers: &BTreeMap<String, Value>,
    answer: &Answer,
) -> Vec<String> {
    let mut out = Vec::new();
    let accepted = match &request.status_any {
        Some(any) => any.contains(&answer.status),
        None => answer.status == expected.status,
    };
    if !accepted {
        out.push(format!("status: expected {}, got {}", expected.status, answer.status));
    }
    compare_headers(request, headers, answer, &mut out);
    let view = body_view(request, answer);
    if let Some(wanted) = &expected.json {
        match &view {
            Some(Body::Json(got)) => compare_json(wanted, got, "$", &mut out),
            _ => out.push(format!("body: expected JSON, got {}", short_text(&answer.text()))),
        }
    } else if let Some(wanted) = &expected.text {
        let got = match &view {
            Some(Body::Text(text)) => text.clone(),
            _ => answer.text(),
        };
        if *wanted != got {
            out.push(format!("body: expected {}, got {}", short_text(wanted), short_text(&got)));
        }
    }
    if answer.status != expected.status && !out.is_empty() && !matches!(view, Some(Body::Json(_))) {
        let start: String = answer.text().chars().take(200).collect();
        out.push(format!("answer began: {}", short_text(&start)));
    }
    let text = answer.text();
    for part in request.contains.iter().filter(|part| !text.contains(*part)) {
        out.push(format!("body lacks {}", short_text(part)));
    }
    for part in request.lacks.iter().filter(|part| text.contains(*part)) {
        out.push(format!("body must not hold {}", short_text(part)));
    }
    out
}

/// The value at a JSON pointer.
pub fn pointer<'a>(document: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('/').skip(1).try_fold(document, |value, step| match value {
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        Value::Object(map) => map.get(&step.replace("~1", "/").replace("~0", "~")),
        _ => None,
    })
}

fn compare_headers(
    request: &Request,
    headers: &BTreeMap<String, Value>,
    answer: &Answer,
    out: &mut Vec<String>,
) {
    for name in HEADERS {
        if request.ignore_headers.iter().any(|ignored| ignored.eq_ignore_ascii_case(name)) {
            continue;
        }
        let (wanted, got) = (headers.get(name), header_view(answer, name));
        if let ("retry-after", Some(Value::String(wanted)), Some(Value::String(got))) =
            (name, wanted, &got)
        {
            let near = match (wanted.parse::<i64>(), got.parse::<i64>()) {
                (Ok(wanted), Ok(got)) => (wanted - 10..=wanted + 1).contains(&got),
                _ => false,
            };
            if !near {
                out.push(format!("header Retry-After: expected about {wanted}, got {got}"));
            }
        } else if wanted != got.as_ref() {
            out.push(format!(
                "header {name}: expected {}, got {}",
                short(wanted.unwrap_or(&Value::Null)),
                short(got.as_ref().unwrap_or(&Value::Null))
            ));
        }
    }
}

/// The comparable form of a header, or nothing when the answer lacks it.
fn header_view(answer: &Answer, name: &str) -> Option<Value> {
    let values: Vec<&str> = answer.header(name).collect();
    let first = values.first()?;
    Some(match name {
        "allow" | "vary" => {
            let mut tokens: Vec<String> = values
                .iter()
                .flat_map(|value| value.split(','))
                .map(str::trim)
                .filter(|token| !token.is_empty())
                .map(
                    |token| {
                        if name == "vary" { token.to_lowercase() } else { token.to_uppercase() }
                    },
                )
                .collect();
            tokens.sort();
            tokens.dedup();
            Value::from(tokens)
        }
        "set-cookie" => {
            let mut cookies: Vec<String> = values.iter().map(|line| cookie_view(line)).collect();
            cookies.sort();
            Value::from(cookies)
        }
        "content-type" => {
            let parts: Vec<String> =
                first.split(';').map(|part| part.trim().to_lowercase()).collect();
            Value::from(parts.join("; "))
        }
        _ => Value::from(values.join(", ")),
    })
}

/// A cookie's name, whether it is empty, and its attributes but the date.
fn cookie_view(line: &str) -> String {
    let mut parts = line.split(';').map(str::trim);
    let (name, value) = parts.next().unwrap_or_default().split_once('=').unwrap_or((line, ""));
    let mut attributes: Vec<String> = parts
        .map(str::to_lowercase)
        .filter(|attribute| !attribute.starts_with("expires="))
        .collect();
    attributes.sort();
    let value = if value.trim_matches('"').is_empty() { "<empty>" } else { "<value>" };
    attributes.insert(0, format!("{name}={value}"));
    attributes.join("; ")
}

enum Body {
    Json(Value),
    Text(String),
}

/// The comparable form of the body, or nothing when it is not compared.
fn body_view(request: &Request, answer: &Answer) -> Option<Body> {
    if request.method == "HEAD" {
        return Some(Body::Text(answer.text()));
    }
    match request.compare {
        Some(Mode::Ignore) => return None,
        Some(Mode::Raw) => return Some(Body::Text(answer.text())),
        Some(Mode::Json | Mode::Text) | None => {}
    }
    if answer.media_type().ends_with("json") {
        let document = if answer.body.is_empty() {
            Value::Null
        } else {
            match serde_json::from_slice(&answer.body) {
                Ok(document) => document,
                Err(_) => return Some(Body::Text(answer.text())),
            }
        };
        let document = normalise(document, &request.normalise);
        return Some(Body::Json(match &request.pick {
            Some(paths) if answer.status < 400 => pick(&document, paths),
            _ => document,
        }));
    }
    if answer.media_type() == "text/html" && request.compare != Some(Mode::Text) {
        return None;
    }
    Some(Body::Text(answer.text()))
}

fn pick(document: &Value, paths: &[String]) -> Value {
    let picked = paths.iter().map(|path| {
        let value = pointer(document, path).cloned();
        (path.clone(), value.unwrap_or_else(|| Value::from("<absent>")))
    });
    Value::Object(picked.collect::<Map<String, Value>>())
}

fn normalise(mut document: Value, rules: &[Rule]) -> Value {
    for rule in rules {
        let steps: Vec<&str> = rule.at.split('/').skip(1).collect();
        change(&mut document, &steps, rule);
    }
    document
}

/// Applies a rule to every value that the steps reach; `*` is every child.
fn change(value: &mut Value, steps: &[&str], rule: &Rule) {
    let Some((step, rest)) = steps.split_first() else {
        apply(value, rule);
        return;
    };
    match value {
        Value::Array(items) => {
            for (position, item) in items.iter_mut().enumerate() {
                if *step == "*" || *step == position.to_string() {
                    change(item, rest, rule);
                }
            }
        }
        Value::Object(map) => {
            for (key, item) in map.iter_mut() {
                if *step == "*" || step == key {
                    change(item, rest, rule);
                }
            }
        }
        _ => {}
    }
}

fn apply(value: &mut Value, rule: &Rule) {
    if let (Some(keys), Value::Object(map)) = (&rule.drop, &mut *value) {
        map.retain(|key, _| !keys.contains(key));
    }
    if let (true, Value::Array(items)) = (rule.sort, &mut *value) {
        items.sort_by_cached_key(ToString::to_string);
    }
    let text = match &*value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return,
    };
    if let Some(kind) = rule.kind.filter(|kind| is_of(*kind, &text)) {
        *value = Value::from(format!("<{kind:?}>").to_lowercase());
    }
}

fn is_of(kind: Kind, text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match kind {
        Kind::Any => true,
        Kind::Datetime => DATETIME.as_ref().is_some_and(|form| form.is_match(text)),
        Kind::Int => digits(text.strip_prefix('-').unwrap_or(text)),
        Kind::Id => digits(text) && !text.starts_with('0'),
        Kind::Token => {
            text.len() == 40 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        }
    }
}

fn compare_json(wanted: &Value, got: &Value, path: &str, out: &mut Vec<String>) {
    if out.len() > MOST_DIFFERENCES {
        return;
    }
    match (wanted, got) {
        (Value::Object(wanted), Value::Object(got)) => {
            for (key, value) in wanted {
                match got.get(key) {
                    Some(other) => compare_json(value, other, &format!("{path}.{key}"), out),
                    None => out.push(format!("{path}.{key}: missing, expected {}", short(value))),
                }
            }
            for (key, value) in got.iter().filter(|(key, _)| !wanted.contains_key(*key)) {
                out.push(format!("{path}.{key}: not expected, got {}", short(value)));
            }
        }
        (Value::Array(wanted), Value::Array(got)) => {
            if wanted.len() != got.len() {
                out.push(format!("{path}: expected {} items, got {}", wanted.len(), got.len()));
            }
            for (position, (wanted, got)) in wanted.iter().zip(got).enumerate() {
                compare_json(wanted, got, &format!("{path}[{position}]"), out);
            }
        }
        _ if wanted != got => {
            out.push(format!("{path}: expected {}, got {}", short(wanted), short(got)));
        }
        _ => {}
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 160 {
        return text;
    }
    let start: String = text.chars().take(157).collect();
    format!("{start}...")
}

fn short_text(text: &str) -> String {
    short(&Value::from(text))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(status: u16, kind: &str, body: &str) -> Answer {
        Answer {
            status,
            headers: vec![("Content-Type".to_owned(), kind.to_owned())],
            body: body.as_bytes().to_vec(),
        }
    }

    fn compare(request: Value, expected: Value, answer: &Answer) -> Vec<String> {
        let mut whole = json!({"method": "GET", "path": "/"});
        let Value::Object(request) = request else { panic!("no object: {request}") };
        whole.as_object_mut().unwrap().extend(request);
        let request: Request = serde_json::from_value(whole).unwrap();
        let expected: Response = serde_json::from_value(expected).unwrap();
        differences(&request, &expected, &expected.headers, answer)
    }

    const JSON: &str = "application/json";

    #[test]
    fn keys_may_stand_in_any_order_but_items_may_not() {
        let expected = json!({"status": 200, "headers": {"content-type": JSON}, "json": {"a": 1, "b": [1, 2]}});
        let same = answer(200, JSON, r#"{"b":[1,2],"a":1}"#);
        assert_eq!(compare(json!({}), expected.clone(), &same), [""; 0]);
        let other = answer(200, JSON, r#"{"a":1,"b":[2,1]}"#);
        assert_eq!(
            compare(json!({}), expected, &other),
            ["$.b[0]: expected 1, got 2", "$.b[1]: expected 2, got 1"]
        );
    }

    #[test]
    fn one_is_not_one_point_zero() {
        let expected = json!({"status": 200, "headers": {"content-type": JSON}, "json": 1});
        assert_eq!(
            compare(json!({}), expected, &answer(200, JSON, "1.0")),
            ["$: expected 1, got 1.0"]
        );
    }

    #[test]
    fn missing_and_unexpected_keys_and_items_are_named() {
        let expected =
            json!({"status": 200, "headers": {"content-type": JSON}, "json": {"a": 1, "b": [1]}});
        assert_eq!(
            compare(json!({}), expected, &answer(200, JSON, r#"{"b":[1,2],"c":null}"#)),
            [
                "$.a: missing, expected 1",
                "$.b: expected 1 items, got 2",
                "$.c: not expected, got null"
            ]
        );
    }

    #[test]
    fn another_status_is_shown_with_the_start_of_the_answer() {
        let expected = json!({"status": 404, "headers": {"content-type": JSON}, "json": {}});
        let got = answer(500, "text/html", "<h1>Server Error</h1>");
        assert_eq!(
            compare(json!({}), expected, &got),
            [
                "status: expected 404, got 500",
                r#"header content-type: expected "application/json", got "text/html""#,
                r#"body: expected JSON, got "<h1>Server Error</h1>""#,
                r#"answer began: "<h1>Server Error</h1>""#
            ]
        );
    }

    #[test]
    fn allow_and_vary_are_sets_and_absent_headers_must_be_absent() {
        let expected = json!({"status": 204, "headers": {"vary": ["accept", "cookie"], "allow": ["GET", "HEAD"]}});
        let mut got = Answer { status: 204, ..Answer::default() };
        for (name, value) in
            [("Vary", "Cookie"), ("vary", "Accept, cookie"), ("Allow", "head, GET")]
        {
            got.headers.push((name.to_owned(), value.to_owned()));
        }
        assert_eq!(compare(json!({}), expected.clone(), &got), [""; 0]);
        got.headers.push(("Location".to_owned(), "/x/".to_owned()));
        assert_eq!(
            compare(json!({}), expected.clone(), &got),
            [r#"header location: expected null, got "/x/""#]
        );
        assert_eq!(compare(json!({"ignore_headers": ["Location"]}), expected, &got), [""; 0]);
    }

    #[test]
    fn retry_after_may_be_a_little_less() {
        let expected = json!({"status": 429, "headers": {"retry-after": "60"}});
        for (value, passes) in
            [("60", true), ("50", true), ("61", true), ("49", false), ("x", false)]
        {
            let got = Answer {
                status: 429,
                headers: vec![("Retry-After".to_owned(), value.to_owned())],
                body: Vec::new(),
            };
            assert_eq!(compare(json!({}), expected.clone(), &got).is_empty(), passes, "{value}");
        }
    }

    #[test]
    fn cookies_are_compared_by_name_emptiness_and_attributes() {
        let line = "sessionid=abc; Path=/; expires=Tue, 01 Jan 2030 00:00:00 GMT; HttpOnly";
        assert_eq!(cookie_view(line), "sessionid=<value>; httponly; path=/");
        assert_eq!(cookie_view("sessionid=\"\"; Path=/"), "sessionid=<empty>; path=/");
    }

    #[test]
    fn normalised_values_keep_their_form_only() {
        let rules = json!({"normalise": [
            {"at": "/lines/*/id", "kind": "id"},
            {"at": "/at", "kind": "datetime"},
            {"at": "/tags", "sort": true},
            {"at": "", "drop": ["noise"]},
        ]});
        let expected = json!({"status": 200, "headers": {"content-type": JSON}, "json": {
            "lines": [{"id": "<id>"}, {"id": "<id>"}], "at": "<datetime>", "tags": ["a", "b"],
        }});
        let body = r#"{"lines":[{"id":7},{"id":8}],"at":"2024-01-01T00:00:00.000001Z","tags":["b","a"],"noise":1}"#;
        assert_eq!(compare(rules.clone(), expected.clone(), &answer(200, JSON, body)), [""; 0]);
        let wrong = body.replace("\"id\":7", "\"id\":0").replace("01Z", "01+00");
        assert_eq!(
            compare(rules, expected, &answer(200, JSON, &wrong)),
            [
                r#"$.lines[0].id: expected "<id>", got 0"#,
                r#"$.at: expected "<datetime>", got "2024-01-01T00:00:00.000001+00""#
            ]
        );
    }

    #[test]
    fn picked_pointers_are_compared_alone_unless_it_is_an_error() {
        let request = json!({"pick": ["/count", "/results/0/id", "/results/9/id"]});
        let body = r#"{"count":2,"results":[{"id":1,"x":1},{"id":2}]}"#;
        let expected = json!({"status": 200, "headers": {"content-type": JSON},
            "json": {"/count": 2, "/results/0/id": 1, "/results/9/id": "<absent>"}});
        assert_eq!(compare(request.clone(), expected, &answer(200, JSON, body)), [""; 0]);
        let expected =
            json!({"status": 404, "headers": {"content-type": JSON}, "json": {"detail": "x"}});
        assert_eq!(compare(request, expected, &answer(404, JSON, r#"{"detail":"x"}"#)), [""; 0]);
    }

    #[test]
    fn raw_bodies_are_compared_to_the_letter() {
        let expected =
            json!({"status": 200, "headers": {"content-type": JSON}, "text": "{\"a\":1}"});
        let request = json!({"compare": "raw"});
        assert_eq!(
            compare(request.clone(), expected.clone(), &answer(200, JSON, "{\"a\":1}")),
            [""; 0]
        );
        assert_eq!(
            compare(request, expected, &answer(200, JSON, "{\"a\": 1}")),
            [r#"body: expected "{\"a\":1}", got "{\"a\": 1}""#]
        );
    }

    #[test]
    fn html_is_not_compared_unless_as_text() {
        let html = "text/html; charset=utf-8";
        let expected = json!({"status": 404, "headers": {"content-type": html}});
        assert_eq!(compare(json!({}), expected.clone(), &answer(404, html, "<p>no")), [""; 0]);
        assert_eq!(
            compare(
                json!({"contains": ["yes"], "lacks": ["no"]}),
                expected,
                &answer(404, html, "<p>no")
            ),
            [r#"body lacks "yes""#, r#"body must not hold "no""#]
        );
    }

    #[test]
    fn pointers_reach_into_lists_and_escaped_keys() {
        let document = json!({"a/b": [{"c~d": 5}]});
        assert_eq!(pointer(&document, "/a~1b/0/c~0d"), Some(&json!(5)));
        assert_eq!(pointer(&document, "/a~1b/1"), None);
        assert_eq!(pointer(&document, ""), Some(&document));
    }
}
