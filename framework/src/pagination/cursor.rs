//! Cursors: `?cursor=cD10MA==`, pages that do not shift while rows are added
//! (`rest_framework.pagination.CursorPagination`).
//!
//! A cursor is a position (the value of the first ordering column), an offset among rows that share
//! it, and a direction; DRF can read its text, and the reverse.

use std::borrow::Cow;

use super::cursor_text::Cursor;
use super::links::page_link;
use super::page_size::{PageSize, page_size_methods};
use super::{Envelope, EnvelopeField, Pagination, Plan, foreign_plan};
use crate::db::{Lookup, OrderTerm, Ordering, Predicate};
use crate::exceptions::{ApiException, Detail, Result};
use crate::filters::django_filters::{Fit, LookupExpr, compare, fit};
use crate::filters::{ParameterType, QueryParameter, python};
use crate::request::Request;
use crate::values::{Value, ValueRef};

/// The text of a value in a cursor: Python's `str()` of it.
pub fn position_text(value: ValueRef<'_>) -> String {
    python::value_text(value).into_owned()
}

/// The rows at a cursor: ordered, after the position, one more than are shown.
#[derive(Debug, Clone)]
pub struct CursorPlan {
    /// The order to read in; it replaces the query's own.
    pub order: Vec<OrderTerm>,
    /// A condition in addition to the query's own.
    pub condition: Option<Predicate>,
    /// Rows to skip.
    pub offset: i64,
    /// Rows to read at most: the page's size and one more.
    pub limit: i64,
    /// True when the page is read backwards.
    pub reversed: bool,
    cursor: Option<Cursor>,
}

/// Splits a list into pages along an order, without a count (`CursorPagination`): `next`,
/// `previous`, `results`.
///
/// The order is the one that the view's ordering filter chose, or else
/// [`ordering`](Self::ordering); its first column should be nearly unique. Every page costs the
/// same, and rows that are added meanwhile do not shift pages. Without a page size, the whole list
/// is returned as an array.
///
/// ```
/// use quintet::filters::order_by;
/// use quintet::pagination::CursorPagination;
/// use quintet::prelude::*;
///
/// # #[model(table = "store_invoice")]
/// # pub struct Invoice {
/// #     pub id: i64,
/// #     pub created_at: DateTime,
/// # }
/// # fn main() {
/// let pages = CursorPagination::new()
///     .page_size(10)
///     .ordering::<Invoice>(order_by![-created_at, -id])
///     .page_size_query_param("page_size")
///     .max_page_size(100);
/// # let _ = pages;
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct CursorPagination {
    cursor_query_param: Cow<'static, str>,
    page_size: PageSize,
    ordering: Vec<OrderTerm>,
    offset_cutoff: i64,
}

impl Default for CursorPagination {
    fn default() -> Self {
        Self {
            cursor_query_param: "cursor".into(),
            page_size: PageSize::default(),
            ordering: Vec::new(),
            offset_cutoff: 1000,
        }
    }
}

impl CursorPagination {
    /// Creates a cursor pagination without a page size or an order.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the query parameter that holds the cursor; `cursor` by default.
    #[must_use]
    pub fn cursor_query_param(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.cursor_query_param = name.into();
        self
    }

    page_size_methods!();

    /// Sets the order that is used if no ordering filter chooses one; `M` is the model of the rows.
    #[must_use]
    pub fn ordering<M>(mut self, order: Ordering<M>) -> Self {
        let terms = order.get().unwrap_or_default();
        self.ordering = terms.into_iter().map(OrderTerm::from).collect();
        self
    }

    /// Sets the largest offset that a cursor may hold; 1000 by default.
    #[must_use]
    pub fn offset_cutoff(mut self, offset: u32) -> Self {
        self.offset_cutoff = offset.into();
        self
    }

    /// The chosen order, unless its first column is not the row's own: DRF cannot take a
    /// position from such a row and fails.
    fn order(&self, chosen: Option<&[OrderTerm]>) -> Vec<OrderTerm> {
        let own =
            |order: &&[OrderTerm]| order.first().is_some_and(|first| first.path.hops.is_empty());
        chosen.filter(own).unwrap_or(&self.ordering).to_vec()
    }
}

fn invalid_cursor() -> ApiException {
    ApiException::NotFound(Some(Detail::new("Invalid cursor", "not_found")))
}

/// Rows past the position in the first ordering column.
fn past(first: &OrderTerm, cursor: &Cursor) -> Result<Option<Predicate>> {
    let Some(position) = &cursor.position else { return Ok(None) };
    let lookup = if cursor.reverse == first.descending { Lookup::Gt } else { Lookup::Lt };
    let value = Value::Text(position.clone());
    if matches!(fit(first.path.kind(), None, &value), Fit::Misfit) {
        return Err(invalid_cursor());
    }
    Ok(Some(compare(&first.path, LookupExpr::from(lookup), &value)))
}

impl Pagination for CursorPagination {
    fn plan(&self, request: &Request, ordering: Option<&[OrderTerm]>) -> Result<Option<Plan>> {
        let Some(size) = self.page_size.of(request) else { return Ok(None) };
        let mut order = self.order(ordering);
        let cursor = match request.query_params().get(&self.cursor_query_param) {
            Some(text) => {
                Some(Cursor::decode(text, self.offset_cutoff).ok_or_else(invalid_cursor)?)
            }
            None => None,
        };
        let at = cursor.clone().unwrap_or_default();
        let first = order.first().ok_or_else(|| {
            ApiException::internal("cursor pagination needs an order: CursorPagination::ordering")
        })?;
        let condition = past(first, &at)?;
        if at.reverse {
            for term in &mut order {
                term.descending = !term.descending;
            }
        }
        Ok(Some(Plan::Cursor(Box::new(CursorPlan {
            order,
            condition,
            offset: at.offset,
            limit: size.saturating_add(1),
            reversed: at.reverse,
            cursor,
        }))))
    }

    fn finish(
        &self,
        request: &Request,
        plan: &Plan,
        _count: Option<i64>,
        rows_read: usize,
        position_of: &dyn Fn(usize) -> String,
    ) -> Result<Envelope> {
        let Plan::Cursor(plan) = plan else { return Err(foreign_plan()) };
        let page = Page::new(plan, rows_read, position_of);
        let link = |cursor: Cursor| {
            page_link(request, &[(&*self.cursor_query_param, Some(&cursor.encode()))])
        };
        let mut envelope = Envelope::new(None, 0..page.shown);
        envelope.reversed = plan.reversed;
        envelope.next = page.next().map(link);
        envelope.previous = page.previous().map(link);
        Ok(envelope)
    }

    fn query_parameters(&self) -> Vec<QueryParameter> {
        let mut parameters = vec![QueryParameter::new(
            self.cursor_query_param.clone(),
            ParameterType::String,
            "The pagination cursor value.",
        )];
        parameters.extend(self.page_size.query_parameter());
        parameters
    }

    fn envelope(&self) -> Vec<EnvelopeField> {
        let param = &self.cursor_query_param;
        vec![
            EnvelopeField::link("next", &format!("{param}=cD00ODY%3D\"")),
            EnvelopeField::link("previous", &format!("{param}=cj0xJnA9NDg3")),
        ]
    }
}

/// A page that was read, and what lies before and after it.
struct Page<'a> {
    cursor: Cursor,
    size: i64,
    shown: usize,
    has_next: bool,
    has_previous: bool,
    next_position: Option<String>,
    previous_position: Option<String>,
    position_of: &'a dyn Fn(usize) -> String,
}

impl<'a> Page<'a> {
    fn new(plan: &CursorPlan, rows_read: usize, position_of: &'a dyn Fn(usize) -> String) -> Self {
        let cursor = plan.cursor.clone().unwrap_or_default();
        let size = plan.limit.saturating_sub(1);
        let shown = rows_read.min(usize::try_from(size).unwrap_or(usize::MAX));
        let extra = (rows_read > shown).then(|| position_of(rows_read - 1));
        let ahead = (extra.is_some(), extra);
        let behind = (cursor.position.is_some() || cursor.offset > 0, cursor.position.clone());
        let (next, previous) = if cursor.reverse { (behind, ahead) } else { (ahead, behind) };
        Self {
            cursor,
            size,
            shown,
            has_next: next.0,
            has_previous: previous.0,
            next_position: next.1,
            previous_position: previous.1,
            position_of,
        }
    }

    /// The position of the row at `at` as it is shown.
    fn position(&self, at: usize) -> String {
        let at = if self.cursor.reverse { self.shown.saturating_sub(1 + at) } else { at };
        (self.position_of)(at)
    }

    /// Walks rows while they share `compare`: the first other position and the rows before it.
    fn marker(
        &self,
        rows: impl Iterator<Item = usize>,
        compare: Option<&str>,
    ) -> (i64, Option<String>) {
        let mut offset = 0;
        for at in rows {
            let position = self.position(at);
            if Some(position.as_str()) != compare {
                return (offset, Some(position));
            }
            offset += 1;
        }
        (offset, None)
    }

    fn next(&self) -> Option<Cursor> {
        if !self.has_next {
            return None;
        }
        let cursor = |offset, position| Some(Cursor { offset, reverse: false, position });
        let Some(last) = self.shown.checked_sub(1) else {
            return cursor(0, self.next_position.clone());
        };
        // after a turn, the position that was looked for need not be the next row's
        let compare = if self.cursor.reverse && self.cursor.offset != 0 {
            Some(self.position(last))
        } else {
            self.next_position.clone()
        };
        match self.marker((0..self.shown).rev(), compare.as_deref()) {
            (offset, Some(position)) => cursor(offset, Some(position)),
            _ if !self.has_previous => cursor(self.size, None),
            _ if self.cursor.reverse => cursor(0, self.previous_position.clone()),
            _ => {
                cursor(self.cursor.offset.saturating_add(self.size), self.previous_position.clone())
            }
        }
    }

    fn previous(&self) -> Option<Cursor> {
        if !self.has_previous {
            return None;
        }
        let cursor = |offset, position| Some(Cursor { offset, reverse: true, position });
        if self.shown == 0 {
            return cursor(0, self.previous_position.clone());
        }
        let compare = if !self.cursor.reverse && self.cursor.offset != 0 {
            Some(self.position(0))
        } else {
            self.previous_position.clone()
        };
        match self.marker(0..self.shown, compare.as_deref()) {
            (offset, Some(position)) => cursor(offset, Some(position)),
            _ if !self.has_next => cursor(self.size, None),
            _ if self.cursor.reverse => {
                cursor(self.cursor.offset.saturating_add(self.size), self.next_position.clone())
            }
            _ => cursor(0, self.next_position.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::Method;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::super::links::push_form_encoded;
    use super::*;
    use crate::db::{Declared, Operand};
    use crate::filters::testing::{column, order};

    fn pages(size: u32) -> CursorPagination {
        CursorPagination::new()
            .page_size(size)
            .page_size_query_param("page_size")
            .max_page_size(50)
            .ordering(Declared::new(|_| vec![order("name"), order("-id")]))
    }

    fn encoded(query: &str) -> String {
        let mut text = String::new();
        push_form_encoded(&mut text, &STANDARD.encode(query));
        text
    }

    type Links = (Vec<String>, Option<String>, Option<String>);

    /// Reads a page of rows, ascending or descending by name, as a database would.
    fn read_ordered(rows: &[&str], size: u32, query: &str, descending: bool) -> Links {
        let path = match query {
            "" => "/a/".to_owned(),
            query => format!("/a/?cursor={}", encoded(query)),
        };
        let request = Request::new(Method::GET, path);
        let pages = pages(size);
        let chosen = [order(if descending { "-name" } else { "name" }).into()];
        let plan = pages.plan(&request, Some(&chosen)).unwrap().unwrap();
        let Plan::Cursor(at) = &plan else { panic!() };
        let mut rows: Vec<&str> = rows.to_vec();
        rows.sort_unstable();
        if at.order[0].descending {
            rows.reverse();
        }
        if let Some(Predicate::Lookup { lookup, operand: Operand::One(Value::Text(p)), .. }) =
            &at.condition
        {
            let after = *lookup == Lookup::Gt;
            rows.retain(|row| if after { *row > p.as_str() } else { *row < p.as_str() });
        }
        let rows: Vec<&str> = rows
            .into_iter()
            .skip(usize::try_from(at.offset).unwrap())
            .take(usize::try_from(at.limit).unwrap())
            .collect();
        let envelope =
            pages.finish(&request, &plan, None, rows.len(), &|at| rows[at].to_owned()).unwrap();
        let mut shown: Vec<String> =
            rows[envelope.shown.clone()].iter().map(|row| (*row).to_owned()).collect();
        if envelope.reversed {
            shown.reverse();
        }
        let decode = |link: Option<String>| {
            link.map(|link| {
                let path = link.trim_start_matches("http://testserver");
                let request = Request::new(Method::GET, path);
                let cursor = request.query_params().get("cursor").unwrap().to_owned();
                String::from_utf8(STANDARD.decode(cursor).unwrap()).unwrap()
            })
        };
        (shown, decode(envelope.next), decode(envelope.previous))
    }

    fn read(rows: &[&str], size: u32, query: &str) -> Links {
        read_ordered(rows, size, query, false)
    }

    #[allow(clippy::unnecessary_wraps)] // a link that is there
    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn pages_and_links_are_those_of_drf() {
        #[derive(serde::Deserialize)]
        struct Vector {
            rows: Vec<String>,
            size: u32,
            descending: bool,
            cursor: String,
            page: Vec<String>,
            next: Option<String>,
            previous: Option<String>,
        }
        for line in include_str!("vectors/cursor.jsonl").lines() {
            let vector: Vector = serde_json::from_str(line).unwrap();
            let rows: Vec<&str> = vector.rows.iter().map(String::as_str).collect();
            assert_eq!(
                read_ordered(&rows, vector.size, &vector.cursor, vector.descending),
                (vector.page, vector.next, vector.previous),
                "{line}"
            );
        }
    }

    #[test]
    fn equal_positions_are_walked_by_offset() {
        let rows = ["same"; 5];
        let (_, next, previous) = read(&rows, 2, "");
        assert_eq!((next, previous), (some("o=2"), None));
        let (_, next, previous) = read(&rows, 2, "o=2");
        assert_eq!((next, previous), (some("o=4"), some("r=1&p=same")));
        let (shown, next, previous) = read(&rows, 2, "o=4");
        assert_eq!(shown.len(), 1);
        assert_eq!((next, previous), (None, some("o=2&r=1")));
    }

    #[test]
    fn pages_lead_forth_and_back() {
        let rows = ["a", "b", "c", "c", "d"];
        let (shown, next, previous) = read(&rows, 2, "");
        assert_eq!((shown, next, previous), (vec!["a".into(), "b".into()], some("p=b"), None));
        let (shown, next, previous) = read(&rows, 2, "p=b");
        assert_eq!(
            (shown, next, previous),
            (vec!["c".into(), "c".into()], some("p=c"), some("r=1&p=c"))
        );
        let (shown, next, previous) = read(&rows, 2, "r=1&p=c");
        assert_eq!((shown, next, previous), (vec!["a".into(), "b".into()], some("p=b"), None));
        let (shown, next, previous) = read(&rows, 2, "r=1&p=d");
        assert_eq!(
            (shown, next, previous),
            (vec!["c".into(), "c".into()], some("p=c"), some("r=1&p=c"))
        );
    }

    #[test]
    fn an_empty_page_leads_back_to_its_own_position() {
        assert_eq!(read(&["a"], 2, "p=x"), (vec![], None, some("r=1&p=x")));
        assert_eq!(read(&["b"], 2, "r=1&p=a"), (vec![], some("p=a"), None));
    }

    #[test]
    fn a_cursor_that_cannot_be_read_is_404_invalid_cursor() {
        let bad = ["garbage".to_owned(), "%C3%A9".into(), "cD0yMDIzLTAxLTAxeA".into()]
            .into_iter()
            .chain(["o=abc", "o=-1", "r=x", "p=\u{e9}", "o="].map(encoded));
        for cursor in bad {
            let request = Request::new(Method::GET, format!("/a/?cursor={cursor}"));
            let error = pages(2).plan(&request, None).unwrap_err();
            assert_eq!(error.status(), 404, "{cursor}");
            assert_eq!(error.body(), serde_json::json!({"detail": "Invalid cursor"}));
        }
    }

    #[test]
    fn a_position_of_another_type_is_404_invalid_cursor() {
        let try_on = |name: &str, position: &str| {
            let request = Request::new(Method::GET, format!("/a/?cursor={}", encoded(position)));
            pages(2).plan(&request, Some(&[order(name).into()])).map(|plan| match plan {
                Some(Plan::Cursor(plan)) => plan.condition.unwrap(),
                other => panic!("{other:?}"),
            })
        };
        for (name, position) in [
            ("id", "p=abc"),
            ("id", "p=None"),
            ("created", "p=yesterday"),
            ("price", "p=NaN"),
            ("name", "p=%00"),
        ] {
            assert_eq!(try_on(name, position).unwrap_err().status(), 404, "{name} {position}");
        }
        let condition = try_on("-created", "p=2020-01-01+00%3A00%3A00%2B00%3A00").unwrap();
        let spelled = condition.spelled();
        assert!(spelled.starts_with("created__Lt(One(DateTime("), "{spelled}");
        let beyond = try_on("id", "p=99999999999999999999").unwrap();
        assert!(matches!(beyond, Predicate::Any(none) if none.is_empty()));
    }

    #[test]
    fn the_offset_of_a_cursor_is_cut_at_1000() {
        let request =
            Request::new(Method::GET, format!("/a/?cursor={}", encoded("o=99999999999999999999")));
        let plan = pages(2).plan(&request, None).unwrap().unwrap();
        let Plan::Cursor(plan) = plan else { panic!() };
        assert_eq!((plan.offset, plan.limit), (1000, 3));
    }

    #[test]
    fn a_reverse_cursor_turns_every_term_round() {
        let request = Request::new(Method::GET, format!("/a/?cursor={}", encoded("r=1")));
        let Some(Plan::Cursor(plan)) = pages(2).plan(&request, None).unwrap() else { panic!() };
        let terms: Vec<bool> = plan.order.iter().map(|term| term.descending).collect();
        assert_eq!((terms, plan.reversed), (vec![true, false], true));
    }

    #[test]
    fn the_order_of_a_filter_comes_first_unless_it_leads_elsewhere() {
        let request = Request::new(Method::GET, "/a/");
        let first = |chosen: &[OrderTerm]| match pages(2).plan(&request, Some(chosen)).unwrap() {
            Some(Plan::Cursor(plan)) => plan.order[0].path.name(),
            other => panic!("{other:?}"),
        };
        assert_eq!(first(&[order("id").into()]), "id");
        assert_eq!(first(&[]), "name");
        let elsewhere = OrderTerm::new(column("owner__username").path, false);
        assert_eq!(first(&[elsewhere]), "name");
    }
}
