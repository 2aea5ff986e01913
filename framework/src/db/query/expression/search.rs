//! Full-text search and likeness of `PostgreSQL` (`django.contrib.postgres.search`).
//!
//! On `SQLite`, a statement with any of these is [`Error::NotSupported`](crate::db::Error).

use std::marker::PhantomData;

use super::expr::{Computed, Expr};
use super::operand::IntoExpression;
use super::{Call, Expression};
use crate::db::{ColumnKind, Condition, One, Predicate, SingleValued, single};
use crate::values::{FieldType, Value};

fn text(value: &str) -> Expr {
    Expr::Value(Value::Text(value.to_owned()), ColumnKind::Text)
}

/// What a row can be found by: the words of texts (`SearchVector`).
///
/// ```
/// use quintet::db::{SearchQuery, SearchRank, SearchVector};
/// use quintet::prelude::*;
///
/// # #[model(table = "article")]
/// # pub struct Article {
/// #     pub id: i64,
/// #     pub title: String,
/// #     pub body: String,
/// # }
/// fn about(words: &str) -> QuerySet<Article> {
///     let (vector, query) = (SearchVector::of(article::title).and(article::body), SearchQuery::plain(words));
///     let rank = SearchRank::of(vector.clone(), query.clone());
///     Article::objects().filter_by(vector.matches(query)).then_by_desc(rank)
/// }
/// # fn main() {}
/// ```
#[must_use = "it finds rows by `matches`"]
pub struct SearchVector<M> {
    texts: Vec<Expr>,
    config: Option<&'static str>,
    model: PhantomData<fn() -> M>,
}

impl<M> Clone for SearchVector<M> {
    fn clone(&self) -> Self {
        Self { texts: self.texts.clone(), config: self.config, model: PhantomData }
    }
}

impl<M> std::fmt::Debug for SearchVector<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SearchVector").field("config", &self.config).finish_non_exhaustive()
    }
}

impl<M> SearchVector<M> {
    /// The words of a text; none of null.
    pub fn of<O>(operand: O) -> Self
    where
        O: IntoExpression<M, Cardinality: SingleValued, Value: FieldType<Plain = String>>,
    {
        Self { texts: Vec::new(), config: None, model: PhantomData }.and(operand)
    }

    /// The words of another text as well (`SearchVector("title", "body")`).
    pub fn and<O>(mut self, operand: O) -> Self
    where
        O: IntoExpression<M, Cardinality: SingleValued, Value: FieldType<Plain = String>>,
    {
        self.texts.push(single::<M, _>(operand).expr);
        self
    }

    /// The configuration of the search, which knows a language: `"english"`. Without one, it is the
    /// database's.
    pub fn config(mut self, config: &'static str) -> Self {
        self.config = Some(config);
        self
    }

    fn expr(self) -> Expr {
        let mut all: Option<Expr> = None;
        for part in self.texts {
            all = Some(match all {
                None => Expr::Call(Call::Coalesce, vec![part, text("")]),
                Some(before) => Expr::Call(Call::Concat, vec![before, text(" "), part]),
            });
        }
        let words = all.unwrap_or_else(|| text(""));
        match self.config {
            Some(config) => Expr::Raw("to_tsvector(%s::regconfig, %s)", vec![text(config), words]),
            None => Expr::Raw("to_tsvector(%s)", vec![words]),
        }
    }

    /// The rows that a query finds.
    pub fn matches(self, query: SearchQuery) -> Condition<M> {
        let found = Expr::Raw("%s @@ %s", vec![self.expr(), query.expr()]);
        let expr = Expr::Postgres("`SearchVector`", Box::new(found));
        let computed = Computed { expr, kind: ColumnKind::Bool, nullable: false };
        Condition::of(Predicate::Holds(std::sync::Arc::new(computed)))
    }
}

/// The words that are looked for (`SearchQuery`).
#[derive(Debug, Clone)]
pub struct SearchQuery {
    function: [&'static str; 2],
    words: String,
    config: Option<&'static str>,
}

impl SearchQuery {
    fn new(function: [&'static str; 2], words: &str) -> Self {
        // no text of PostgreSQL has a null character
        Self { function, words: words.replace('\0', " "), config: None }
    }

    /// All of the words (`search_type="plain"`, Django's default). It takes what a client sends.
    pub fn plain(words: &str) -> Self {
        Self::new(["plainto_tsquery(%s)", "plainto_tsquery(%s::regconfig, %s)"], words)
    }

    /// The words one after the other (`search_type="phrase"`). It takes what a client sends.
    pub fn phrase(words: &str) -> Self {
        Self::new(["phraseto_tsquery(%s)", "phraseto_tsquery(%s::regconfig, %s)"], words)
    }

    /// Words as search engines take them: quotes, `or`, `-` (`search_type="websearch"`). It takes what
    /// a client sends.
    pub fn websearch(words: &str) -> Self {
        Self::new(["websearch_to_tsquery(%s)", "websearch_to_tsquery(%s::regconfig, %s)"], words)
    }

    /// The same with a configuration: see [`SearchVector::config`].
    #[must_use]
    pub fn config(mut self, config: &'static str) -> Self {
        self.config = Some(config);
        self
    }

    fn expr(self) -> Expr {
        let [without, with] = self.function;
        match self.config {
            None => Expr::Raw(without, vec![text(&self.words)]),
            Some(config) => Expr::Raw(with, vec![text(config), text(&self.words)]),
        }
    }
}

/// A number of `double precision` that only `PostgreSQL` computes.
fn number(what: &'static str, sql: &'static str, arguments: Vec<Expr>, nullable: bool) -> Computed {
    let call = Expr::Cast(Box::new(Expr::Raw(sql, arguments)), ColumnKind::Float);
    let expr = Expr::Postgres(what, Box::new(call));
    Computed { expr, kind: ColumnKind::Float, nullable }
}

/// How well a row fits a query (`SearchRank`).
#[derive(Debug, Clone, Copy)]
pub struct SearchRank;

impl SearchRank {
    /// The greater the better.
    pub fn of<M>(vector: SearchVector<M>, query: SearchQuery) -> Expression<M, f64> {
        let arguments = vec![vector.expr(), query.expr()];
        let computed = number("`SearchRank`", "ts_rank(%s, %s)", arguments, false);
        Expression { computed, types: PhantomData }
    }
}

/// How like two texts are, by the extension `pg_trgm` (`TrigramSimilarity`).
#[derive(Debug, Clone, Copy)]
pub struct TrigramSimilarity;

impl TrigramSimilarity {
    /// From 0 to 1; null of null.
    pub fn of<M, O>(operand: O, other: &str) -> Expression<M, Option<f64>>
    where
        O: IntoExpression<M, Cardinality: SingleValued, Value: FieldType<Plain = String>>,
    {
        let arguments = vec![single::<M, _>(operand).expr, text(&other.replace('\0', " "))];
        let sql = "similarity(%s, %s)";
        let computed = number("`TrigramSimilarity`", sql, arguments, true);
        Expression { computed, types: PhantomData::<fn() -> (M, Option<f64>, One)> }
    }
}
