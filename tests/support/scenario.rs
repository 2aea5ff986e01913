//! Recorded conversations, as kept in `tests/parity`.
//!
//! A file is a scenario: requests that are sent in order to an application with fresh data. An
//! exchange without a response is sent for its effect and not compared. The keys of a request and
//! the meaning of its comparison rules are described in `tests/parity/README.md`; a key that is
//! not known is an error, so that no rule is passed over in silence.

use std::{collections::BTreeMap, fs, io, path::Path};

use serde::Deserialize;
use serde_json::{Map, Value};

/// Requests that belong together, with the answers that were recorded.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The file's name without its ending.
    pub name: String,
    /// What the scenario is about.
    #[serde(default)]
    pub description: String,
    /// Whether its requests change rows; after one that does not, the next scenario may go on with
    /// the same data.
    #[serde(default = "yes")]
    pub writes: bool,
    /// Variables known from the start, beside those of `variables.json`.
    #[serde(default, rename = "vars")]
    pub variables: Map<String, Value>,
    /// Headers of every response that does not say otherwise.
    #[serde(default)]
    pub headers: BTreeMap<String, Value>,
    /// Requests and answers in order.
    pub exchanges: Vec<Exchange>,
}

/// One request and, when it is compared, its answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// Unique in its scenario.
    pub id: String,
    /// The part of the API that is tested.
    pub area: String,
    /// A remark.
    pub note: Option<String>,
    /// What is sent.
    pub request: Request,
    /// What the reference answered; absent when the answer is not compared.
    pub response: Option<Response>,
}

/// What is sent, and how the answer is compared.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The HTTP method.
    pub method: String,
    /// Path and query as sent, or an absolute address of the same server.
    pub path: String,
    /// Request headers.
    #[serde(default)]
    pub headers: Map<String, Value>,
    /// Short for the header `Authorization`.
    pub auth: Option<String>,
    /// A JSON body. JSON null is distinct from no body.
    #[serde(default, deserialize_with = "present")]
    pub json: Option<Value>,
    /// A form: an object or a list of pairs.
    pub form: Option<Value>,
    /// A form in parts.
    #[serde(default)]
    pub multipart: Vec<Part>,
    /// A body as text.
    pub text: Option<String>,
    /// A body in base64.
    pub base64: Option<String>,
    /// Spaces after the text.
    #[serde(default)]
    pub pad: usize,
    /// Variables taken from the answer: a JSON pointer, or `header:Name`.
    #[serde(default)]
    pub capture: BTreeMap<String, String>,
    /// What is evened out in both answers before they are compared.
    #[serde(default)]
    pub normalise: Vec<Rule>,
    /// Only these JSON pointers are compared when the status is below 400.
    pub pick: Option<Vec<String>>,
    /// How bodies are compared.
    pub compare: Option<Mode>,
    /// Statuses that are accepted, instead of the recorded one alone.
    pub status_any: Option<Vec<u16>>,
    /// Headers that are not compared.
    #[serde(default)]
    pub ignore_headers: Vec<String>,
    /// Texts that the body must hold.
    #[serde(default)]
    pub contains: Vec<String>,
    /// Texts that the body must not hold.
    #[serde(default)]
    pub lacks: Vec<String>,
}

/// A part of a `multipart/form-data` body.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The name of the field.
    pub name: String,
    /// Its value.
    #[serde(default)]
    pub value: String,
    /// Its value in base64, in place of that.
    pub base64: Option<String>,
    /// The name of the file, if it is one.
    pub filename: Option<String>,
    /// The type of the file.
    pub content_type: Option<String>,
}

/// How a body is compared; JSON by value and HTML not at all, unless said.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// JSON by value.
    Json,
    /// As text, HTML too.
    Text,
    /// As text, JSON too: the bytes count.
    Raw,
    /// Not at all: status and headers only.
    Ignore,
}

/// One change made to the JSON values that a pointer reaches (`*` is every child).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The pointer.
    pub at: String,
    /// A value of this form becomes `<kind>`.
    pub kind: Option<Kind>,
    /// Keys taken out of an object.
    pub drop: Option<Vec<String>>,
    /// Whether a list is sorted.
    #[serde(default)]
    pub sort: bool,
}

/// The forms of values that differ from run to run.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A UTC timestamp as DRF writes it.
    Datetime,
    /// A whole number.
    Int,
    /// A whole number above zero.
    Id,
    /// Forty hexadecimal digits.
    Token,
    /// Any text or number.
    Any,
}

/// A recorded answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Headers that differ from the scenario's; null means absent.
    #[serde(default)]
    pub headers: BTreeMap<String, Value>,
    /// The body, when it was JSON and is compared by value.
    #[serde(default, deserialize_with = "present")]
    pub json: Option<Value>,
    /// The body, when it is compared as text.
    pub text: Option<String>,
}

impl Scenario {
    /// All headers that this answer is to have.
    pub fn headers_of(&self, response: &Response) -> BTreeMap<String, Value> {
        let mut headers = self.headers.clone();
        headers.extend(response.headers.clone());
        headers.retain(|_, value| !value.is_null());
        headers
    }

    /// How many exchanges are compared.
    pub fn compared(&self) -> usize {
        self.exchanges.iter().filter(|exchange| exchange.response.is_some()).count()
    }
}

/// The scenarios of `tests/parity/exchanges`, sorted by name, each with the variables of
/// `tests/parity/variables.json` beside its own.
///
/// # Errors
/// When a file cannot be read or understood; the message names it.
pub fn load() -> io::Result<Vec<Scenario>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("parity");
    let shared: Map<String, Value> = read(&folder.join("variables.json"))?;
    let mut files = fs::read_dir(folder.join("exchanges"))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?;
    files.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    files.sort();
    files
        .iter()
        .map(|path| {
            let mut scenario: Scenario = read(path)?;
            let own = std::mem::replace(&mut scenario.variables, shared.clone());
            scenario.variables.extend(own);
            Ok(scenario)
        })
        .collect()
}

fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> io::Result<T> {
    let text = fs::read_to_string(path)?;
    serde_json::from_str(&text)
        .map_err(|error| io::Error::other(format!("{}: {error}", path.display())))
}

const fn yes() -> bool {
    true
}

fn present<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(input).map(Some)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    #[test]
    fn every_kept_scenario_is_understood() {
        let scenarios = load().unwrap();
        assert_eq!(scenarios.iter().map(Scenario::compared).sum::<usize>(), 739);
        for scenario in &scenarios {
            let ids: BTreeSet<_> = scenario.exchanges.iter().map(|exchange| &exchange.id).collect();
            assert_eq!(
                ids.len(),
                scenario.exchanges.len(),
                "{}: an id stands twice",
                scenario.name
            );
        }
    }

    #[test]
    fn headers_of_the_scenario_are_overridden_and_taken_away_by_null() {
        let scenario: Scenario = serde_json::from_value(json!({
            "name": "x", "headers": {"vary": ["accept"], "content-type": "application/json"},
            "exchanges": [],
        }))
        .unwrap();
        let response: Response = serde_json::from_value(
            json!({"status": 204, "headers": {"content-type": null, "vary": ["cookie"]}}),
        )
        .unwrap();
        assert_eq!(
            scenario.headers_of(&response),
            BTreeMap::from([("vary".to_owned(), json!(["cookie"]))])
        );
    }

    #[test]
    fn an_unknown_key_is_an_error() {
        let request = json!({"method": "GET", "path": "/", "compere": "raw"});
        assert!(serde_json::from_value::<Request>(request).is_err());
    }
}
