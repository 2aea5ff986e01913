//! Search: `?search=term "a phrase"` (`rest_framework.filters.SearchFilter`).

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;
use std::sync::LazyLock;

use regex::Regex;

use super::django_filters::{LookupExpr, compare, is_regex};
use super::parameter::NamedBy;
use super::{FilterBackend, ParameterType, QueryParameter, python};
use crate::db::{Declared, Hop, Lookup, Model, Path, PathOf, Predicate, QuerySet};
use crate::exceptions::{ApiException, Detail, Result};
use crate::request::{Context, Request};
use crate::validators::has_nuls;
use crate::values::Value;

/// The fields that `?search=` searches, written by `search_fields!`: `search_fields![^name,
/// =composer]`.
pub type SearchFields<M> = Declared<M, Vec<SearchField<M>>>;

/// A path from `M` that is searched, and how terms are compared with it.
pub struct SearchField<M> {
    path: Path,
    lookup: Lookup,
    model: PhantomData<fn() -> M>,
}

impl<M> SearchField<M> {
    /// Creates a field that must contain the term, ignoring case (`icontains`).
    pub fn new(path: impl PathOf<M>) -> Self {
        Self { path: path.into_path(), lookup: Lookup::IContains, model: PhantomData }
    }

    /// Uses another lookup: `^` is [`Lookup::IStartsWith`], `=` is [`Lookup::IExact`], `$` is
    /// [`Lookup::IRegex`].
    #[must_use]
    pub fn lookup(mut self, lookup: Lookup) -> Self {
        self.lookup = lookup;
        self
    }
}

impl<M> Clone for SearchField<M> {
    fn clone(&self) -> Self {
        Self { path: self.path.clone(), lookup: self.lookup, model: PhantomData }
    }
}

impl<M> fmt::Debug for SearchField<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SearchField").field(&self.path.name()).field(&self.lookup).finish()
    }
}

/// Keeps the rows in which every search term occurs in some field: `?search=dune herbert`
/// (`SearchFilter`).
///
/// Terms are separated by white space and commas; quoted phrases stay whole. Without fields or
/// terms, nothing is filtered. View sets use it for
/// [`SEARCH_FIELDS`](crate::viewsets::ViewSet::SEARCH_FIELDS).
pub struct SearchFilter<M> {
    /// Its own parameter; the setting names it otherwise.
    param: Option<Cow<'static, str>>,
    fields: Vec<SearchField<M>>,
}

impl<M> fmt::Debug for SearchFilter<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SearchFilter")
            .field("param", &self.param)
            .field("fields", &self.fields)
            .finish()
    }
}

impl<M> SearchFilter<M> {
    /// A search in these fields.
    pub fn new(fields: impl IntoIterator<Item = SearchField<M>>) -> Self {
        Self { param: None, fields: fields.into_iter().collect() }
    }

    /// The parameter; the setting `SEARCH_PARAM` by default, which is `search`.
    #[must_use]
    pub fn search_param(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.param = Some(name.into());
        self
    }

    /// Whether there are any search fields.
    pub(crate) fn has_fields(&self) -> bool {
        !self.fields.is_empty()
    }

    /// The request's search terms, or `None` if there are none. The parameter is validated even if
    /// there are no search fields.
    ///
    /// # Errors
    /// 400 with a list of messages when the text holds a NUL, or is not a regular expression where
    /// a field wants one.
    pub fn condition(&self, request: &Request) -> Result<Option<Predicate>> {
        self.condition_by("search", request)
    }

    /// [`SearchFilter::condition`], where the setting names the parameter.
    pub(crate) fn condition_in(&self, cx: &Context) -> Result<Option<Predicate>> {
        self.condition_by(&cx.settings().rest_framework.search_param, &cx.request)
    }

    fn condition_by(&self, param: &str, request: &Request) -> Result<Option<Predicate>> {
        let text =
            request.query_params().get(self.param.as_deref().unwrap_or(param)).unwrap_or_default();
        if text.contains('\0') {
            return Err(ApiException::Validation(has_nuls().into_list()));
        }
        let mut terms = if self.fields.is_empty() { Vec::new() } else { split_terms(text) };
        if terms.is_empty() {
            return Ok(None);
        }
        if terms.len() > MOST_TERMS {
            return Err(too_many());
        }
        if terms.len() > 1 {
            let mut known = HashSet::new();
            // a repeated term adds nothing
            terms.retain(|term| known.insert(term.clone()));
        }
        self.check_patterns(&terms)?;
        Ok(Some(self.all_terms(&terms)))
    }

    /// Refuses terms that are not patterns, if a field needs patterns.
    fn check_patterns(&self, terms: &[String]) -> Result<()> {
        let wanted = |lookup: &Lookup| self.fields.iter().any(|field| field.lookup == *lookup);
        for lookup in [Lookup::Regex, Lookup::IRegex].into_iter().filter(wanted) {
            if terms.len() > MOST_PATTERNS {
                return Err(too_many());
            }
            if !terms.iter().all(|term| is_regex(term, lookup)) {
                let detail = Detail::invalid("Enter a valid regular expression.");
                return Err(ApiException::Validation(detail.into_list()));
            }
        }
        Ok(())
    }

    /// Every term must occur in some field. Terms found along a relation to many rows must occur in
    /// the same related row, as in a single call of Django's `filter`.
    fn all_terms(&self, terms: &[String]) -> Predicate {
        let mut ways: Vec<&[Hop]> = Vec::new();
        for way in self.fields.iter().map(|field| field.path.many_hops()) {
            if !way.is_empty() && !ways.iter().any(|known| same_way(known, way)) {
                ways.push(way);
            }
        }
        if terms.len() == 1 || ways.is_empty() || ways.len() > MOST_WAYS {
            return self.found(terms, |_| true);
        }
        // a row may have no related rows at all, so every combination of relations is tried
        let choices = 0..1_usize << ways.len();
        let choice = |chosen: usize| {
            let is_chosen = |way: &[Hop]| {
                way.is_empty()
                    || ways
                        .iter()
                        .enumerate()
                        .any(|(at, w)| chosen >> at & 1 == 1 && same_way(w, way))
            };
            let inner = self.found(terms, |field| is_chosen(field.path.many_hops()));
            ways.iter().enumerate().filter(|(at, _)| chosen >> at & 1 == 1).fold(
                inner,
                |inner, (_, way)| Predicate::Exists { hops: way.to_vec(), inner: Box::new(inner) },
            )
        };
        Predicate::Any(choices.map(choice).collect())
    }

    fn found(&self, terms: &[String], looks: impl Fn(&SearchField<M>) -> bool) -> Predicate {
        let one = |term: &String| {
            let value = Value::Text(term.clone());
            let found = |field: &SearchField<M>| {
                compare(&field.path, LookupExpr::from(field.lookup), &value)
            };
            Predicate::Any(self.fields.iter().filter(|field| looks(field)).map(found).collect())
        };
        Predicate::All(terms.iter().map(one).collect())
    }

    /// The parameter it reads.
    pub fn query_parameter(&self) -> QueryParameter {
        let name = self.param.clone().unwrap_or(Cow::Borrowed("search"));
        let mut parameter = QueryParameter::new(name, ParameterType::String, "A search term.");
        if self.param.is_none() {
            parameter.named_by = Some(NamedBy(|settings| &settings.rest_framework.search_param));
        }
        parameter
    }
}

impl<M: Model> FilterBackend<M> for SearchFilter<M> {
    fn filter_queryset(&self, cx: &Context, queryset: QuerySet<M>) -> Result<QuerySet<M>> {
        Ok(match self.condition_in(cx)? {
            Some(condition) => queryset.filter_by_predicate(condition),
            None => queryset,
        })
    }

    fn query_parameters(&self) -> Vec<QueryParameter> {
        vec![self.query_parameter()]
    }
}

/// A word with quoted parts that are closed, or else anything up to white space
/// (`django.utils.text.smart_split`).
static WORD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let quoted = r#""(?s:[^"\\]|\\.)*"|'(?s:[^'\\]|\\.)*'"#;
    // Python counts the four separators U+001C to U+001F as white space
    let other = r#"[^\s\x1c-\x1f'"]*"#;
    Regex::new(&format!(r"{other}(?:(?:{quoted}){other})+|[^\s\x1c-\x1f]+")).ok()
});

/// The most relations to many rows that are combined; with more, each term may occur in a different
/// row.
const MOST_WAYS: usize = 3;

/// The most terms of one search: each is a condition in the statement, whose depth (in `SQLite`,
/// 1000) and values databases limit.
const MOST_TERMS: usize = 200;

/// The most terms that are patterns: each is matched against every row.
const MOST_PATTERNS: usize = 20;

fn too_many() -> ApiException {
    ApiException::Validation(Detail::invalid("Too many search terms.").into_list())
}

fn same_way(a: &[Hop], b: &[Hop]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.is_same(b))
}

/// The words of a text; without quotes they are what stands between white space.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_quoted = text.contains(['"', '\'']);
    let word = WORD.as_ref().filter(|_| is_quoted);
    let quoted = word.into_iter().flat_map(move |word| word.find_iter(text)).map(|m| m.as_str());
    let space = |c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c);
    let plain = if is_quoted { "" } else { text };
    quoted.chain(plain.split(space).filter(|word| !word.is_empty()))
}

/// The terms of a text, up to slightly more than allowed.
fn split_terms(text: &str) -> Vec<String> {
    // one plain word, as nearly always: nothing to split, trim or unquote
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return vec![text.to_owned()];
    }
    let mut terms = Vec::new();
    for term in words(text) {
        // looking for the end of a quote may scan the rest of the text
        if terms.len() > MOST_TERMS {
            break;
        }
        let term = term.trim_matches(',');
        let mut chars = term.chars();
        match (chars.next(), chars.next_back()) {
            (Some(quote @ ('"' | '\'')), Some(last)) if quote == last => {
                let inner = chars.as_str().replace(&format!("\\{quote}"), &quote.to_string());
                terms.push(inner.replace("\\\\", "\\"));
            }
            // a lone quote is a phrase without text to Python
            (Some('"' | '\''), None) => terms.push(String::new()),
            _ => terms.extend(
                term.split(',')
                    .filter(|part| !part.is_empty())
                    .map(|part| python::strip(part).to_owned()),
            ),
        }
    }
    terms
}

#[cfg(test)]
mod tests {
    use actix_web::http::Method;

    use super::super::testing::{Note, column};
    use super::*;

    #[test]
    fn terms_are_split_as_drf_splits_them() {
        for line in include_str!("vectors/search_split.jsonl").lines() {
            let vector: serde_json::Value = serde_json::from_str(line).unwrap();
            let input = vector["input"].as_str().unwrap();
            assert_eq!(serde_json::json!(split_terms(input)), vector["terms"], "{input:?}");
        }
    }

    fn search(fields: Vec<SearchField<Note>>, query: &str) -> Result<Option<String>> {
        let request = Request::new(Method::GET, format!("/a/?search={query}"));
        let condition = SearchFilter::new(fields).condition(&request)?;
        Ok(condition.map(|condition| condition.spelled()))
    }

    #[test]
    fn every_term_must_be_found_in_some_field() {
        let fields = vec![
            SearchField::new(column("name")).lookup(Lookup::IStartsWith),
            SearchField::new(column("owner__username")),
        ];
        assert_eq!(
            search(fields, "a%20b").unwrap().unwrap(),
            "All([Any([name__IStartsWith(One(Text(\"a\"))), \
             owner__username__IContains(One(Text(\"a\")))]), \
             Any([name__IStartsWith(One(Text(\"b\"))), \
             owner__username__IContains(One(Text(\"b\")))])])"
        );
    }

    #[test]
    fn a_term_that_comes_again_asks_nothing_more() {
        let fields = vec![SearchField::new(column("name"))];
        assert_eq!(
            search(fields, "a%20b,a%20%20b").unwrap().unwrap(),
            "All([Any([name__IContains(One(Text(\"a\")))]), \
             Any([name__IContains(One(Text(\"b\")))])])"
        );
    }

    #[test]
    fn quotes_that_are_never_closed_take_no_quadratic_time() {
        // each quote might be closed at the end of the text
        let error = search(vec![SearchField::new(column("name"))], &"%5C%22+".repeat(100_000));
        assert_eq!(error.unwrap_err().body(), serde_json::json!(["Too many search terms."]));
    }

    #[test]
    fn no_terms_or_no_fields_is_no_filter() {
        for query in ["", "%20%20", ","] {
            assert_eq!(search(vec![SearchField::new(column("name"))], query).unwrap(), None);
        }
        assert_eq!(search(Vec::new(), "a").unwrap(), None);
    }

    #[test]
    fn a_nul_is_400_with_a_list() {
        let error = search(Vec::new(), "%00").unwrap_err();
        assert_eq!(error.status(), 400);
        assert_eq!(error.body(), serde_json::json!(["Null characters are not allowed."]));
    }

    #[test]
    fn a_broken_pattern_is_400() {
        let fields = vec![SearchField::new(column("name")).lookup(Lookup::IRegex)];
        assert_eq!(search(fields.clone(), "(").unwrap_err().status(), 400);
        assert_eq!(search(fields.clone(), &"a".repeat(1_001)).unwrap_err().status(), 400);
        let terms = |count: u8| {
            let terms: Vec<String> = (0..count).map(|n| n.to_string()).collect();
            terms.join(",")
        };
        assert!(search(fields.clone(), &terms(20)).is_ok());
        assert_eq!(
            search(fields, &terms(21)).unwrap_err().body(),
            serde_json::json!(["Too many search terms."])
        );
    }

    #[test]
    fn a_number_is_searched_as_a_number_when_it_must_be_equal() {
        let fields = vec![SearchField::new(column("id")).lookup(Lookup::IExact)];
        assert_eq!(
            search(fields.clone(), "5").unwrap().unwrap(),
            "All([Any([id__Exact(One(Int(5)))])])"
        );
        assert_eq!(search(fields, "x").unwrap().unwrap(), "All([Any([Any([])])])");
    }
}
