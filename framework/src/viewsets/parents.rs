//! Resources below others: `artists/{artist_pk}/albums/` (drf-nested-routers).

use std::fmt;
use std::marker::PhantomData;

use super::generic_view::{GenericView, lookup_value};
use super::{ModelOf, ViewSet};
use crate::db::{Declared, Hop, Leaf, Model, ModelMeta, Path, PathOf, Predicate, QuerySet, Select};
use crate::exceptions::{ApiException, Result};
use crate::request::Context;
use crate::values::Value;

/// The captures of a view set's URLs that name its parents, each with the path from a row to the parent:
/// `parent_lookup_kwargs![artist_pk = artist]`.
#[doc(alias = "NestedViewSetMixin")]
pub type ParentLookupKwargs<M> = Declared<M, Vec<ParentLookup<M>>>;

/// A capture that names a parent, and the path from a row of `M` to the value that it holds.
///
/// `parent_lookup_kwargs!` writes it. By hand, it is `ParentLookup::new("artist_pk",
/// album.fields().artist())`.
pub struct ParentLookup<M> {
    kwarg: &'static str,
    path: Path,
    model: PhantomData<fn() -> M>,
}

impl<M> ParentLookup<M> {
    /// The capture and the path. A relation stands for its key.
    pub fn new(kwarg: &'static str, path: impl PathOf<M>) -> Self {
        Self { kwarg, path: path.into_path(), model: PhantomData }
    }
}

impl<M> fmt::Debug for ParentLookup<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", self.kwarg, self.path.name())
    }
}

/// How a parent is reached from a row.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// By the row's foreign key in this column.
    Key(usize),
    /// By a relation to many.
    Relation(Hop),
}

/// One capture.
#[derive(Debug)]
struct Parent {
    kwarg: &'static str,
    /// From a row.
    path: Path,
    /// The first step to the parent, and the rest of the path from there; `None` for a column of the
    /// row's own.
    beyond: Option<(Step, Path)>,
    /// The row's column that names it.
    column: Option<usize>,
}

/// The parents of a view set's rows.
#[derive(Debug, Default)]
pub(crate) struct Parents(Vec<Parent>);

/// What a new row has from its parents, by column.
pub(super) type FromParents = Vec<(usize, Value)>;

impl Parents {
    pub(super) fn new<M: Model>(lookups: Vec<ParentLookup<M>>) -> Self {
        let parent = |ParentLookup { kwarg, path, .. }: ParentLookup<M>| {
            let beyond = beyond(&path, M::META);
            let column = match &beyond {
                Some((Step::Key(column), _)) => Some(*column),
                Some((Step::Relation(_), _)) => None,
                None => path.column().and_then(|column| place(column.column, M::META)),
            };
            Parent { kwarg, path, beyond, column }
        };
        Self(lookups.into_iter().map(parent).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The columns that name a parent.
    pub(super) fn keys(&self) -> impl Iterator<Item = usize> {
        self.0.iter().filter_map(|parent| parent.column)
    }

    /// The captures, each with the model and the column whose value it holds.
    pub(super) fn captures(
        &self,
    ) -> impl Iterator<Item = (&'static str, &'static ModelMeta, &'static crate::db::ColumnMeta)>
    {
        self.0.iter().filter_map(|parent| {
            let named = parent.beyond.as_ref().map_or(&parent.path, |(_, rest)| rest);
            let column = named.column()?;
            // a foreign key stands for the row that it names
            let (model, column) = match column.references {
                Some(model) => (model(), model().pk_column()),
                None => (named.target(), column),
            };
            Some((parent.kwarg, model, column))
        })
    }

    /// The rows whose parents the URL names.
    pub(super) fn narrow<M: Model>(
        &self,
        mut queryset: QuerySet<M>,
        cx: &Context,
    ) -> Result<QuerySet<M>> {
        for parent in &self.0 {
            let condition = Predicate::exact(parent.path.clone(), parent.value(cx)?);
            queryset = queryset.filter_by_predicate(condition);
        }
        Ok(queryset)
    }

    /// Finds the parents that the URL names, one statement for each relation of the row, and returns
    /// what a row has from them.
    ///
    /// # Errors
    /// 404 if one does not exist, or is not below the other ones.
    pub(super) async fn find(&self, cx: &Context) -> Result<FromParents> {
        let mut found = FromParents::new();
        let mut asked: Vec<Step> = Vec::new();
        for parent in &self.0 {
            let Some((step, rest)) = &parent.beyond else {
                if let Some(column) = parent.column {
                    found.push((column, parent.value(cx)?));
                }
                continue;
            };
            if asked.iter().any(|other| other.is_same(step)) {
                continue;
            }
            asked.push(*step);
            let model = (rest.model)();
            let mut select = Select::of_model(model);
            for other in &self.0 {
                let Some((_, rest)) = other.beyond.as_ref().filter(|(own, _)| own.is_same(step))
                else {
                    continue;
                };
                select.also_where(Predicate::exact(rest.clone(), other.value(cx)?));
            }
            let mut select = select.only_keys();
            select.first(1);
            let kind = model.pk_column().kind;
            let keys = cx.rows(select.statement(cx)?, |row| row.value(0, kind)).await?;
            let key = keys.into_iter().next().ok_or_else(|| ApiException::no_match(model.name))?;
            if let Step::Key(column) = step {
                found.push((*column, key));
            }
        }
        Ok(found)
    }
}

impl Parent {
    /// The value in the URL. A URL without the capture names no parent.
    fn value(&self, cx: &Context) -> Result<Value> {
        let text = cx.request.kwarg(self.kwarg).ok_or(ApiException::NotFound(None))?;
        let model = self.beyond.as_ref().map_or_else(|| self.path.target(), |(_, p)| p.target());
        lookup_value(text, self.path.kind(), model)
    }
}

impl Step {
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Key(own), Self::Key(other)) => own == other,
            (Self::Relation(own), Self::Relation(other)) => own.is_same(other),
            _ => false,
        }
    }
}

/// The place of a column in its model.
fn place(column: &str, model: &ModelMeta) -> Option<usize> {
    model.columns.iter().position(|own| own.column == column)
}

/// The first step of a path, and the rest of it.
fn beyond(path: &Path, own: &'static ModelMeta) -> Option<(Step, Path)> {
    let Some((first, rest)) = path.hops.split_first() else {
        // the foreign key itself, which stands for the parent's primary key
        let column = path.column()?;
        let model = column.references?;
        let key = Path { model, hops: Vec::new(), leaf: Leaf::Column(model().pk_column()) };
        return Some((Step::Key(place(column.column, own)?), key));
    };
    let (step, model) = match *first {
        Hop::Forward { column, to } => (Step::Key(place(column.column, own)?), to),
        Hop::Reverse { from, .. } => (Step::Relation(*first), from),
        Hop::ManyToMany { to, .. } => (Step::Relation(*first), to),
    };
    Some((step, Path { model, hops: rest.to_vec(), leaf: path.leaf.clone() }))
}

/// The rows of the view set that belong to the parents that the URL names.
///
/// # Errors
/// 404 for a value that no parent can have.
pub(super) fn narrow<V: ViewSet>(
    view: &V,
    queryset: QuerySet<ModelOf<V>>,
    cx: &Context,
) -> Result<QuerySet<ModelOf<V>>> {
    let generic = GenericView::of(view, cx);
    if generic.parents.is_empty() {
        return Ok(queryset);
    }
    generic.parents.narrow(queryset, cx)
}
