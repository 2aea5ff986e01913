//! Plays a scenario against an application and reports what differs.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use crate::{
    compare::{self, Answer},
    scenario::{Request, Scenario},
};

/// The host that every request names, so that absolute links are the same everywhere.
pub const HOST: &str = "testserver";

/// What separates the parts of a form.
const BOUNDARY: &str = "quintet-boundary";

/// The content type of a form in parts.
const MULTIPART: &str = "multipart/form-data; boundary=quintet-boundary";

/// What a form leaves as it is.
const FORM: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b' ');

/// A request, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The HTTP method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Header lines, `Host` and `Content-Length` among them.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, empty when there is none.
    pub body: Vec<u8>,
}

/// An exchange whose answer was not the recorded one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Scenario and id, `artist-crud/07`.
    pub at: String,
    /// The part of the API.
    pub area: String,
    /// Method and path, as the scenario has them.
    pub request: String,
    /// What differs.
    pub differences: Vec<String>,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} [{}] {}", self.at, self.area, self.request)?;
        self.differences.iter().try_for_each(|line| write!(f, "\n    {line}"))
    }
}

/// Sends the requests of a scenario in order, to an application with fresh data, and compares the
/// answers. Returns the exchanges that failed.
pub async fn play(scenario: &Scenario, mut send: impl AsyncFnMut(Call) -> Answer) -> Vec<Failure> {
    let mut variables = scenario.variables.clone();
    let mut failures = Vec::new();
    for exchange in &scenario.exchanges {
        let request = &exchange.request;
        let differences = match call(request, &variables) {
            Err(name) => vec![format!("variable {name} was never captured")],
            Ok(call) => {
                let answer = send(call).await;
                capture(request, &answer, &mut variables);
                exchange.response.as_ref().map_or_else(Vec::new, |expected| {
                    let headers = scenario.headers_of(expected);
                    compare::differences(request, expected, &headers, &answer)
                })
            }
        };
        if !differences.is_empty() && exchange.response.is_some() {
            failures.push(Failure {
                at: format!("{}/{}", scenario.name, exchange.id),
                area: exchange.area.clone(),
                request: format!("{} {}", request.method, request.path),
                differences,
            });
        }
    }
    failures
}

/// A request with its variables filled in; the error is the name of one that is not known.
fn call(request: &Request, variables: &Map<String, Value>) -> Result<Call, String> {
    let mut headers = Vec::new();
    for (name, value) in &request.headers {
        headers.push((name.clone(), latin1(&plain(&substitute(value, variables)?))));
    }
    if let Some(auth) = &request.auth {
        headers.push(("Authorization".to_owned(), latin1(&fill(auth, variables)?)));
    }
    let (kind, body) = body(request, variables)?;
    let has = |name: &str| headers.iter().any(|(key, _)| key.eq_ignore_ascii_case(name));
    let add_kind = kind.filter(|_| !has("content-type"));
    let add_host = !has("host");
    if let Some(kind) = add_kind {
        headers.push(("Content-Type".to_owned(), kind.into()));
    }
    if add_host {
        headers.push(("Host".to_owned(), HOST.into()));
    }
    if body.is_some() || matches!(request.method.as_str(), "POST" | "PUT" | "PATCH") {
        let length = body.as_ref().map_or(0, Vec::len);
        headers.push(("Content-Length".to_owned(), length.to_string().into_bytes()));
    }
    let path = fill(&request.path, variables)?;
    let origin = format!("http://{HOST}");
    let path = path.strip_prefix(&origin).map(str::to_owned).unwrap_or(path);
    Ok(Call { method: request.method.clone(), path, headers, body: body.unwrap_or_default() })
}

type Content = (Option<&'static str>, Option<Vec<u8>>);

fn body(request: &Request, variables: &Map<String, Value>) -> Result<Content, String> {
    if let Some(json) = &request.json {
        let text = substitute(json, variables)?.to_string();
        return Ok((Some("application/json"), Some(text.into_bytes())));
    }
    if let Some(form) = &request.form {
        let text = urlencode(&substitute(form, variables)?);
        return Ok((Some("application/x-www-form-urlencoded"), Some(text.into_bytes())));
    }
    if !request.multipart.is_empty() {
        let mut body = Vec::new();
        for part in &request.multipart {
            let mut head =
                format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{}\"", part.name);
            if let Some(name) = &part.filename {
                head.extend(["; filename=\"", name, "\""]);
            }
            if let Some(content_type) = &part.content_type {
                head.extend(["\r\nContent-Type: ", content_type]);
            }
            head.push_str("\r\n\r\n");
            let value = match &part.base64 {
                Some(digits) => decoded(digits)?,
                None => fill(&part.value, variables)?.into_bytes(),
            };
            body.extend([head.as_bytes(), &value, b"\r\n"].concat());
        }
        body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        return Ok((Some(MULTIPART), Some(body)));
    }
    if let Some(digits) = &request.base64 {
        return Ok((None, Some(decoded(digits)?)));
    }
    if let Some(text) = &request.text {
        let mut text = fill(text, variables)?;
        text.push_str(&" ".repeat(request.pad));
        return Ok((None, Some(text.into_bytes())));
    }
    Ok((None, None))
}

fn decoded(digits: &str) -> Result<Vec<u8>, String> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(digits).map_err(|error| error.to_string())
}

fn urlencode(form: &Value) -> String {
    let encode = |value: &Value| {
        let text = plain(value);
        utf8_percent_encode(&text, FORM).to_string().replace(' ', "+")
    };
    let pairs: Vec<String> = match form {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| format!("{}={}", encode(&Value::from(key.as_str())), encode(value)))
            .collect(),
        Value::Array(pairs) => pairs
            .iter()
            .filter_map(|pair| Some(format!("{}={}", encode(pair.get(0)?), encode(pair.get(1)?))))
            .collect(),
        _ => Vec::new(),
    };
    pairs.join("&")
}

/// Text as it is, another value as JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect()
}

/// A value with `${name}` replaced; a text that is nothing else takes the variable's own type.
fn substitute(value: &Value, variables: &Map<String, Value>) -> Result<Value, String> {
    Ok(match value {
        Value::String(text) => match text.strip_prefix("${").and_then(|t| t.strip_suffix('}')) {
            Some(name) if is_name(name) => lookup(name, variables)?.clone(),
            _ => Value::from(fill(text, variables)?),
        },
        Value::Array(items) => {
            items.iter().map(|item| substitute(item, variables)).collect::<Result<_, _>>()?
        }
        Value::Object(map) => map
            .iter()
            .map(|(key, item)| Ok((key.clone(), substitute(item, variables)?)))
            .collect::<Result<Map<_, _>, String>>()?
            .into(),
        _ => value.clone(),
    })
}

fn fill(text: &str, variables: &Map<String, Value>) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        match after.split_once('}') {
            Some((name, tail)) if is_name(name) => {
                out.push_str(&plain(lookup(name, variables)?));
                rest = tail;
            }
            _ => {
                out.push_str("${");
                rest = after;
            }
        }
    }
    out.push_str(rest);
    Ok(out)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "_:.-".contains(c))
}

fn lookup<'a>(name: &str, variables: &'a Map<String, Value>) -> Result<&'a Value, String> {
    variables.get(name).ok_or_else(|| name.to_owned())
}

/// Takes variables from an answer; one that it lacks is missed where it is used.
fn capture(request: &Request, answer: &Answer, variables: &mut Map<String, Value>) {
    for (name, source) in &request.capture {
        let value = match source.strip_prefix("header:") {
            Some(header) => answer.header(header).next().map(Value::from),
            None => serde_json::from_slice::<Value>(&answer.body)
                .ok()
                .and_then(|document| compare::pointer(&document, source).cloned()),
        };
        if let Some(value) = value {
            variables.insert(name.clone(), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{future::Future, pin::pin, task};

    use serde_json::json;

    use super::*;

    /// These futures are always ready.
    fn run<T>(future: impl Future<Output = T>) -> T {
        match pin!(future).poll(&mut task::Context::from_waker(task::Waker::noop())) {
            task::Poll::Ready(value) => value,
            task::Poll::Pending => panic!("the future waits"),
        }
    }

    fn scenario(exchanges: Value) -> Scenario {
        let mut whole = json!({"name": "test", "vars": {"alice": "Token abc", "n": 5}});
        whole["exchanges"] = exchanges;
        serde_json::from_value(whole).unwrap()
    }

    fn sent(request: Value) -> Call {
        let mut exchange = json!({"id": "1", "area": "x"});
        exchange["request"] = request;
        let scenario = scenario(Value::Array(vec![exchange]));
        let mut calls = Vec::new();
        run(play(&scenario, async |call| {
            calls.push(call);
            Answer::default()
        }));
        calls.remove(0)
    }

    fn header(call: &Call, name: &str) -> Option<String> {
        let found = call.headers.iter().find(|(key, _)| key == name)?;
        Some(String::from_utf8(found.1.clone()).unwrap())
    }

    #[test]
    fn variables_are_filled_in_and_keep_their_type_where_they_stand_alone() {
        let call = sent(json!({
            "method": "POST", "path": "/x/${n}/", "auth": "${alice}",
            "json": {"id": "${n}", "text": "no ${n}", "other": "${ n }"},
        }));
        assert_eq!(call.path, "/x/5/");
        assert_eq!(header(&call, "Authorization").as_deref(), Some("Token abc"));
        assert_eq!(call.body, br#"{"id":5,"text":"no 5","other":"${ n }"}"#);
    }

    #[test]
    fn a_body_brings_its_content_type_and_length() {
        let call = sent(json!({"method": "POST", "path": "/", "form": {"a b": "ü&", "c": 1}}));
        assert_eq!(call.body, b"a+b=%C3%BC%26&c=1");
        assert_eq!(
            header(&call, "Content-Type").as_deref(),
            Some("application/x-www-form-urlencoded")
        );
        assert_eq!(header(&call, "Content-Length").as_deref(), Some("17"));
        assert_eq!(header(&call, "Host").as_deref(), Some("testserver"));
    }

    #[test]
    fn a_post_without_a_body_has_length_zero_and_a_get_has_none() {
        let post = sent(json!({"method": "POST", "path": "/"}));
        assert_eq!(header(&post, "Content-Length").as_deref(), Some("0"));
        let get = sent(json!({"method": "GET", "path": "/"}));
        assert_eq!(header(&get, "Content-Length"), None);
    }

    #[test]
    fn a_body_of_json_null_is_sent() {
        assert_eq!(sent(json!({"method": "POST", "path": "/", "json": null})).body, b"null");
    }

    #[test]
    fn a_given_content_type_and_host_are_kept_and_text_is_padded() {
        let call = sent(json!({"method": "POST", "path": "/", "text": "[1]", "pad": 2,
            "headers": {"content-type": "text/plain", "Host": "elsewhere"}}));
        assert_eq!(call.body, b"[1]  ");
        assert_eq!(header(&call, "content-type").as_deref(), Some("text/plain"));
        assert_eq!(header(&call, "Content-Type"), None);
        assert_eq!(header(&call, "Host").as_deref(), Some("elsewhere"));
    }

    #[test]
    fn a_captured_link_is_followed_as_a_path() {
        let scenario = scenario(json!([
            {"id": "1", "area": "x",
             "request": {"method": "GET", "path": "/", "capture": {"next": "/next"}}},
            {"id": "2", "area": "x", "request": {"method": "GET", "path": "${next}"}},
        ]));
        let mut paths = Vec::new();
        let failures = run(play(&scenario, async |call| {
            paths.push(call.path);
            let body = br#"{"next":"http://testserver/api/?page=2"}"#.to_vec();
            Answer { status: 200, headers: Vec::new(), body }
        }));
        assert_eq!(
            (failures, paths),
            (Vec::new(), vec!["/".to_owned(), "/api/?page=2".to_owned()])
        );
    }

    #[test]
    fn a_failure_names_scenario_and_id_and_shows_the_differences() {
        let scenario = scenario(json!([
            {"id": "1", "area": "x", "request": {"method": "DELETE", "path": "/"}},
            {"id": "2", "area": "crud", "request": {"method": "GET", "path": "/a/"},
             "response": {"status": 200, "headers": {"content-type": "text/plain"}, "text": "ok"}},
            {"id": "3", "area": "crud", "request": {"method": "GET", "path": "${gone}"},
             "response": {"status": 200}},
        ]));
        let failures = run(play(&scenario, async |_| Answer { status: 404, ..Answer::default() }));
        let shown: Vec<String> = failures.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "test/2 [crud] GET /a/\n    status: expected 200, got 404\n    \
                 header content-type: expected \"text/plain\", got null\n    \
                 body: expected \"ok\", got \"\"\n    answer began: \"\"",
                "test/3 [crud] GET ${gone}\n    variable gone was never captured"
            ]
        );
    }
}
