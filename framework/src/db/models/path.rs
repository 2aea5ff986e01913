//! Paths from a model to a value: along foreign keys, back along them, through link tables.
//!
//! `Track::fields().album().artist().name()` is a [`FieldPath`]: its type holds the model at its
//! start, the type of the value at its end, and whether a row leads to [`One`] value or to
//! [`Many`]. [`Path`] is its untyped form, from which statements are written.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::db::model::{Column, Model, ModelMeta, meta_of};
use crate::db::{AnnotationMeta, ColumnKind, ColumnMeta, Computed};
use crate::values::FieldType;

/// The cardinality of a path along which a row leads to at most one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum One {}

/// The cardinality of a relation that leads to one row or to none: a foreign key on the way may be
/// null. Values at its end have the cardinality [`One`], as null is a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Optional {}

/// The cardinality of a path along which a row may lead to several values: it goes back along a
/// foreign key, or through a link table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Many {}

/// The cardinality of a single value: [`One`] implements it, [`Many`] does not.
#[diagnostic::on_unimplemented(
    message = "this path leads to several rows, but a single value is required here",
    label = "this path goes through a relation to many",
    note = "relations to many can be searched and filtered; rows cannot be ordered by them, and a \
            field shows them as a list of related objects"
)]
pub trait SingleValued {}
impl SingleValued for One {}

/// A path that starts at the model `M`, for lists of fields, filters and orders.
///
/// [`FieldPath`], the columns of diesel (`track::name`) and the relations that `#[model]` writes
/// implement it; a relation stands for its key.
#[diagnostic::on_unimplemented(
    message = "this path does not start at the model `{M}`",
    label = "a path of another model",
    note = "a path starts with the model's own fields: `{M}::fields()`"
)]
pub trait PathOf<M> {
    /// [`One`] or [`Many`].
    type Cardinality;

    /// The path without its types.
    fn into_path(self) -> Path;
}

impl<M, T, C> PathOf<M> for FieldPath<M, T, C> {
    type Cardinality = C;

    fn into_path(self) -> Path {
        self.path
    }
}

impl<C: Column> PathOf<C::Model> for C {
    type Cardinality = One;

    fn into_path(self) -> Path {
        let leaf = Leaf::Column(&C::Model::META.columns[C::INDEX]);
        Path { model: meta_of::<C::Model>, hops: Vec::new(), leaf }
    }
}

/// A path to a value of a known type: a diesel column (`track::name`), or a [`FieldPath`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a column of the model `{M}`, nor a path to one from it",
    label = "neither a column nor a path of `{M}`",
    note = "columns are named by the module that `#[model]` writes (`track::name`), and paths start \
            with the model's own fields (`Track::fields().album().title()`)"
)]
pub trait TypedPath<M>: PathOf<M> {
    /// The type of the value, without `Option`.
    type Plain: FieldType;
}

impl<M, T: FieldType, C> TypedPath<M> for FieldPath<M, T, C> {
    type Plain = T::Plain;
}

impl<C: Column> TypedPath<C::Model> for C {
    type Plain = <C::Value as FieldType>::Plain;
}

/// The methods for the columns and relations of a model; written by `#[model]`.
pub trait Fields {
    /// The model at the start of the path.
    type Root;
    /// The model at the end of the path.
    type Model: Model;
    /// [`One`], [`Optional`] or [`Many`].
    type Cardinality;

    /// The methods at the end of a path.
    fn at(way: Way) -> Self;

    /// The path so far.
    fn way(self) -> Way;
}

/// A way from a model to a model: the part of a [`Path`] before its end.
#[derive(Debug, Clone)]
pub struct Way {
    /// The model the way starts at.
    pub model: fn() -> &'static ModelMeta,
    /// The steps.
    pub hops: Vec<Hop>,
}

impl Way {
    /// The way that has not left its model.
    pub fn start<M: Model>() -> Self {
        Self { model: meta_of::<M>, hops: Vec::new() }
    }

    /// One step further.
    #[must_use]
    pub fn hop(mut self, hop: Hop) -> Self {
        self.hops.push(hop);
        self
    }

    /// Along the foreign key in column `index` of `M`.
    #[must_use]
    pub fn forward<M: Model, To: Model>(self, index: usize) -> Self {
        self.hop(Hop::Forward { column: &M::META.columns[index], to: meta_of::<To> })
    }

    /// Back along the foreign key of `From`.
    #[must_use]
    pub fn reverse<From: Model>(self, name: &'static str, column: &'static str) -> Self {
        self.hop(Hop::Reverse { name, from: meta_of::<From>, column, one: false })
    }

    /// Back along the unique foreign key of `From`, to one row or to none.
    #[must_use]
    pub fn reverse_one<From: Model>(self, name: &'static str, column: &'static str) -> Self {
        self.hop(Hop::Reverse { name, from: meta_of::<From>, column, one: true })
    }

    /// From `From` to `To` through a link table, by its columns that point here and there.
    #[must_use]
    pub fn through<From: Model, To: Model>(
        self,
        name: &'static str,
        [through, source, target]: [&'static str; 3],
    ) -> Self {
        let (from, to) = (meta_of::<From>, meta_of::<To>);
        self.hop(Hop::ManyToMany { name, through, source, target, from, to })
    }

    /// The model at the end.
    pub fn target(&self) -> &'static ModelMeta {
        self.hops.last().map_or_else(self.model, Hop::target)
    }

    /// Ends at a column of the last model.
    pub fn column<M, T, C>(self, column: &'static ColumnMeta) -> FieldPath<M, T, C> {
        FieldPath::new(Path { model: self.model, hops: self.hops, leaf: Leaf::Column(column) })
    }

    /// Ends at an annotation of the last model.
    pub fn annotation<M, T, C>(self, annotation: &'static AnnotationMeta) -> FieldPath<M, T, C> {
        let leaf = Leaf::Annotation(annotation);
        FieldPath::new(Path { model: self.model, hops: self.hops, leaf })
    }

    /// Ends at the key that stands for the last model: the foreign key that leads to it, or its
    /// primary key where there is none on the way.
    pub fn key(mut self) -> Path {
        let target = self.target();
        if let Some(Hop::Forward { column, .. }) = self.hops.last().copied() {
            self.hops.pop();
            return Path { model: self.model, hops: self.hops, leaf: Leaf::Column(column) };
        }
        Path { model: self.model, hops: self.hops, leaf: Leaf::Column(target.pk_column()) }
    }
}

/// One step from a table to another.
#[derive(Debug, Clone, Copy)]
pub enum Hop {
    /// Along a foreign key of the current table.
    Forward {
        /// The column that points away.
        column: &'static ColumnMeta,
        /// Where it points.
        to: fn() -> &'static ModelMeta,
    },
    /// Back along a foreign key of another table.
    Reverse {
        /// The name the hop has on this side (`related_name`).
        name: &'static str,
        /// The other model.
        from: fn() -> &'static ModelMeta,
        /// Its column that points here.
        column: &'static str,
        /// Whether one row points here at most.
        one: bool,
    },
    /// Through a link table.
    ManyToMany {
        /// The name the hop has on this side.
        name: &'static str,
        /// The link table.
        through: &'static str,
        /// Its column that points here.
        source: &'static str,
        /// Its column that points there.
        target: &'static str,
        /// The model here.
        from: fn() -> &'static ModelMeta,
        /// The model there.
        to: fn() -> &'static ModelMeta,
    },
}

impl Hop {
    /// Whether both lead through the same link table in the same direction.
    pub(crate) fn is_same_link(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::ManyToMany { through, source, .. },
                Self::ManyToMany { through: other, source: side, .. },
            ) => through == other && source == side,
            _ => false,
        }
    }

    /// The model at the far end.
    pub fn target(&self) -> &'static ModelMeta {
        match self {
            Self::Forward { to, .. } | Self::ManyToMany { to, .. } => to(),
            Self::Reverse { from, .. } => from(),
        }
    }

    /// The hop's name in a lookup.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Forward { column, .. } => column.name,
            Self::Reverse { name, .. } | Self::ManyToMany { name, .. } => name,
        }
    }

    /// True for the same step of the same table.
    pub fn is_same(&self, other: &Self) -> bool {
        self.name() == other.name() && self.target().table == other.target().table
    }

    /// True when one row may lead to several.
    pub fn is_many(&self) -> bool {
        !matches!(self, Self::Forward { .. } | Self::Reverse { one: true, .. })
    }
}

/// The end of a [`Path`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Leaf {
    /// At a column of the last table.
    Column(&'static ColumnMeta),
    /// At an annotation of the last model.
    Annotation(&'static AnnotationMeta),
    /// At an expression over the last model.
    Expression(Arc<Computed>),
    /// Inside the JSON of a column of the last table, at these keys.
    Json(&'static ColumnMeta, Arc<[String]>),
}

impl Leaf {
    /// What is read there.
    pub fn kind(&self) -> ColumnKind {
        match self {
            Self::Column(column) => column.kind,
            Self::Annotation(annotation) => annotation.computed().kind,
            Self::Expression(computed) => computed.kind,
            Self::Json(..) => ColumnKind::Json,
        }
    }

    /// True when it may be null.
    pub fn is_nullable(&self) -> bool {
        match self {
            Self::Column(column) => column.nullable,
            Self::Annotation(annotation) => annotation.computed().nullable,
            Self::Expression(computed) => computed.nullable,
            Self::Json(..) => true,
        }
    }
}

/// A path from a model to a value: hops, then a column. Written as `album__artist__name` in lookups
/// and as `Track::fields().album().artist().name()` in code.
#[derive(Debug, Clone)]
pub struct Path {
    /// The model the way starts at.
    pub model: fn() -> &'static ModelMeta,
    /// The steps.
    pub hops: Vec<Hop>,
    /// The end.
    pub leaf: Leaf,
}

impl Path {
    /// The model at the end.
    pub fn target(&self) -> &'static ModelMeta {
        self.hops.last().map_or_else(self.model, Hop::target)
    }

    /// The column at the end, when it is one.
    pub fn column(&self) -> Option<&'static ColumnMeta> {
        match self.leaf {
            Leaf::Column(column) => Some(column),
            Leaf::Annotation(_) | Leaf::Expression(_) | Leaf::Json(..) => None,
        }
    }

    /// The kind of the value at the end.
    pub fn kind(&self) -> ColumnKind {
        self.leaf.kind()
    }

    /// The name in lookups: `album__artist__name`. An expression has none of its own.
    pub fn name(&self) -> String {
        let mut parts: Vec<&str> = self.hops.iter().map(Hop::name).collect();
        parts.push(match &self.leaf {
            Leaf::Column(column) => column.name,
            Leaf::Annotation(annotation) => annotation.name,
            Leaf::Expression(_) => "expression",
            Leaf::Json(column, keys) => {
                parts.push(column.name);
                parts.extend(keys.iter().map(String::as_str));
                return parts.join("__");
            }
        });
        parts.join("__")
    }

    /// True for the same end of the same way.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let leaf = match (&self.leaf, &other.leaf) {
            (Leaf::Column(own), Leaf::Column(other)) => own.column == other.column,
            (Leaf::Annotation(own), Leaf::Annotation(other)) => own.name == other.name,
            (Leaf::Expression(own), Leaf::Expression(other)) => Arc::ptr_eq(own, other),
            (Leaf::Json(own, keys), Leaf::Json(other, others)) => {
                own.column == other.column && keys == others
            }
            _ => false,
        };
        leaf && self.hops.len() == other.hops.len()
            && self.hops.iter().zip(&other.hops).all(|(own, other)| own.is_same(other))
    }

    /// The steps up to the last one that leads to several rows.
    pub fn many_hops(&self) -> &[Hop] {
        let last = self.hops.iter().rposition(Hop::is_many).map_or(0, |last| last + 1);
        self.hops.get(..last).unwrap_or_default()
    }

    /// The model whose window of rows the value at its end is computed over.
    pub(crate) fn windowed_model(&self) -> Option<&'static ModelMeta> {
        match &self.leaf {
            Leaf::Expression(computed) => computed.expr.windowed_model(),
            Leaf::Annotation(annotation) => annotation.computed().expr.windowed_model(),
            Leaf::Column(_) | Leaf::Json(..) => None,
        }
    }

    /// True when one row may lead to several values.
    pub fn is_many(&self) -> bool {
        let many = |computed: &Arc<Computed>| computed.expr.is_many();
        self.hops.iter().any(Hop::is_many)
            || matches!(&self.leaf, Leaf::Expression(computed) if many(computed))
    }
}

/// A [`Path`] typed by the model at its start, the Rust type at its end, and its cardinality.
pub struct FieldPath<M, T, C = One> {
    /// The path.
    pub path: Path,
    #[expect(clippy::type_complexity, reason = "a marker of three types")]
    types: PhantomData<fn() -> (M, T, C)>,
}

impl<M, T, C> FieldPath<M, T, C> {
    /// Creates a typed path; the caller is responsible for its types.
    pub fn new(path: Path) -> Self {
        Self { path, types: PhantomData }
    }

    /// Drops the type of its end.
    #[must_use]
    pub fn of_any_type(self) -> FieldPath<M, (), C> {
        FieldPath::new(self.path)
    }
}

impl<M, T, C> Clone for FieldPath<M, T, C> {
    fn clone(&self) -> Self {
        Self::new(self.path.clone())
    }
}

impl<M, T, C> fmt::Debug for FieldPath<M, T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.path, f)
    }
}

impl<M, T, C> From<FieldPath<M, T, C>> for Path {
    fn from(field: FieldPath<M, T, C>) -> Self {
        field.path
    }
}
