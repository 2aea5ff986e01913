//! The description of a model: its columns, which `column` describes, and its relations.
//!
//! `#[model]` writes one [`ModelMeta`] per struct; everything else reads it.

use std::any::Any;
use std::borrow::Cow;

use crate::db::hooks::ModelHooks;
use crate::db::path::Fields;
use crate::db::row::Row;
use crate::db::scope::Scope;
use crate::db::{AnnotationMeta, ColumnKind, ColumnMeta, Constraint};
use crate::values::{Value, ValueRef, python};

/// Reads a row of a model, from the column of the given number on.
pub(crate) type DecodeRow = fn(&Row<'_>, usize) -> Result<Box<dyn ModelRow>, crate::db::Error>;

/// The description of a model: its columns, and what its methods add.
///
/// ```
/// use quintet::db::{ColumnKind, ColumnMeta, ModelMeta};
/// # use quintet::prelude::*;
/// # #[model(app = "library")]
/// # pub struct Book {
/// #     pub id: i64,
/// #     pub title: String,
/// # }
///
/// const META: ModelMeta = ModelMeta::new::<Book>(
///     "Book",
///     "library_book",
///     &[
///         ColumnMeta::new("id", ColumnKind::BigInt),
///         ColumnMeta::new("title", ColumnKind::Text).max_length(200),
///     ],
/// )
/// .app_label("library")
/// .ordering(&[(1, false)]);
/// assert_eq!(META.pk_column().name, "id");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct ModelMeta {
    /// The struct's name: `Track`. Used in `No Track matches the given query.`
    pub name: &'static str,
    /// The verbose name: `track`, `media type`.
    pub verbose_name: &'static str,
    /// Django's application label: `store` in the permission `store.add_track`.
    pub app_label: &'static str,
    /// The table.
    pub table: &'static str,
    /// The columns, in the order of the struct.
    pub columns: &'static [ColumnMeta],
    /// Index of the primary key in `columns`.
    pub pk: usize,
    /// The default order: column index, and true for descending.
    pub ordering: &'static [(usize, bool)],
    /// Sets of columns that are unique together.
    pub unique_together: &'static [&'static [usize]],
    /// The constraints of the table.
    pub constraints: &'static [Constraint],
    /// The verbose name of several rows, if it is not the one of a row with an `s`.
    pub verbose_name_plural: Option<&'static str>,
    /// Reads a row, as [`Model::from_row`].
    pub(crate) decode: DecodeRow,
    /// Link tables whose rows belong to rows of this model.
    pub links: &'static [LinkTable],
    /// The annotations.
    pub annotations: &'static [&'static AnnotationMeta],
    /// Functions that run when rows are saved and deleted.
    pub(crate) hooks: Option<&'static ModelHooks>,
    /// What `objects()` starts from.
    pub(crate) scopes: &'static [Scope],
    /// What `latest` and `earliest` compare: column index, and true for descending.
    pub get_latest_by: &'static [(usize, bool)],
    /// Permissions beside the default ones: their codenames, each with its name.
    pub permissions: &'static [(&'static str, &'static str)],
    /// What the default permissions allow.
    pub default_permissions: &'static [&'static str],
    /// Rows of other models that belong to rows of this one by content type and key.
    pub generic: &'static [GenericRows],
    /// The description itself, as relations hold it.
    pub(crate) this: fn() -> &'static ModelMeta,
    /// The model whose proxy it is.
    pub(crate) proxy_of: Option<fn() -> &'static ModelMeta>,
}

/// A link table of a many-to-many relation.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct LinkTable {
    /// The table.
    pub table: &'static str,
    /// Its column that references the model that declares the relation.
    pub source: &'static str,
    /// Its column that references the other model.
    pub target: &'static str,
    /// The other model.
    pub to: fn() -> &'static ModelMeta,
    /// The name of the relation; empty if it has none.
    pub name: &'static str,
    /// Its name on the other side.
    pub related_name: Option<&'static str>,
    /// Whether a link from one row to another is one back as well: both are rows of one model.
    pub symmetrical: bool,
}

/// Rows of a model that belong to rows of any model: by the content type of that, and its key
/// (`GenericForeignKey`).
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct GenericRows {
    /// The model of the rows.
    pub from: fn() -> &'static ModelMeta,
    /// Index of the column of the content type.
    pub content_type: usize,
    /// Index of the column of the key.
    pub object_id: usize,
}

impl GenericRows {
    /// Rows of `M`, whose columns of these numbers hold the content type and the key.
    pub const fn new<M: Model>(content_type: usize, object_id: usize) -> Self {
        Self { from: meta_of::<M>, content_type, object_id }
    }

    /// What the column of the key holds for a key: a column of text holds keys of every type.
    pub(crate) fn stored(self, key: Value) -> Value {
        let column = (self.from)().columns.get(self.object_id);
        match key {
            Value::Text(_) => key,
            key if column.is_some_and(|column| column.kind == ColumnKind::Text) => {
                Value::Text(python::value_text(key.as_ref()).into_owned())
            }
            key => key,
        }
    }
}

impl LinkTable {
    /// Creates a link table with a column that references the model that declares the relation, and
    /// one that references `To`.
    pub const fn new<To: Model>(
        table: &'static str,
        source: &'static str,
        target: &'static str,
    ) -> Self {
        Self {
            table,
            source,
            target,
            to: meta_of::<To>,
            name: "",
            related_name: None,
            symmetrical: false,
        }
    }

    /// Names the relation.
    pub const fn name(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    /// Makes every link one back as well (`symmetrical=True`).
    pub const fn symmetrical(mut self) -> Self {
        self.symmetrical = true;
        self
    }

    /// Names the relation on the other side.
    pub const fn related_name(mut self, name: &'static str) -> Self {
        self.related_name = Some(name);
        self
    }
}

impl ModelMeta {
    /// Describes the model `M` with a name, a table and its columns; the first column is the
    /// primary key.
    pub const fn new<M: Model>(
        name: &'static str,
        table: &'static str,
        columns: &'static [ColumnMeta],
    ) -> Self {
        Self {
            name,
            verbose_name: name,
            app_label: "",
            table,
            columns,
            pk: 0,
            ordering: &[],
            unique_together: &[],
            constraints: &[],
            verbose_name_plural: None,
            decode: decode::<M>,
            links: &[],
            annotations: &[],
            hooks: None,
            scopes: &[],
            get_latest_by: &[],
            permissions: &[],
            default_permissions: &["add", "change", "delete", "view"],
            generic: &[],
            this: meta_of::<M>,
            proxy_of: None,
        }
    }

    /// Makes it a proxy: another view of the rows of `M`.
    pub const fn proxy_of<M: Model>(mut self) -> Self {
        self.proxy_of = Some(meta_of::<M>);
        self
    }

    /// The model whose rows they are: of a proxy, that which it is a proxy of (`concrete_model`).
    pub fn concrete_model(&'static self) -> &'static Self {
        self.proxy_of.map_or(self, |of| of().concrete_model())
    }

    /// Sets the verbose name.
    pub const fn verbose_name(mut self, name: &'static str) -> Self {
        self.verbose_name = name;
        self
    }

    /// Sets Django's application label.
    pub const fn app_label(mut self, label: &'static str) -> Self {
        self.app_label = label;
        self
    }

    /// Sets the column of the primary key.
    pub const fn primary_key(mut self, column: usize) -> Self {
        self.pk = column;
        self
    }

    /// Sets the default order: columns, each with true for descending.
    pub const fn ordering(mut self, ordering: &'static [(usize, bool)]) -> Self {
        self.ordering = ordering;
        self
    }

    /// Sets what `latest` and `earliest` compare: columns, each with true for descending.
    pub const fn get_latest_by(mut self, columns: &'static [(usize, bool)]) -> Self {
        self.get_latest_by = columns;
        self
    }

    /// Sets permissions beside the default ones: codenames, each with its name.
    pub const fn permissions(
        mut self,
        permissions: &'static [(&'static str, &'static str)],
    ) -> Self {
        self.permissions = permissions;
        self
    }

    /// Sets what the default permissions allow.
    pub const fn default_permissions(mut self, actions: &'static [&'static str]) -> Self {
        self.default_permissions = actions;
        self
    }

    /// Sets the rows that belong to rows of this model by content type and key.
    pub const fn generic(mut self, rows: &'static [GenericRows]) -> Self {
        self.generic = rows;
        self
    }

    /// Sets the columns that are unique together.
    pub const fn unique_together(mut self, sets: &'static [&'static [usize]]) -> Self {
        self.unique_together = sets;
        self
    }

    /// Sets the constraints.
    pub const fn constraints(mut self, constraints: &'static [Constraint]) -> Self {
        self.constraints = constraints;
        self
    }

    /// Sets the verbose name of several rows.
    pub const fn plural(mut self, name: &'static str) -> Self {
        self.verbose_name_plural = Some(name);
        self
    }

    /// The verbose name of several rows (`verbose_name_plural`).
    pub fn plural_name(&self) -> Cow<'static, str> {
        match self.verbose_name_plural {
            Some(name) => Cow::Borrowed(name),
            None => Cow::Owned(format!("{}s", self.verbose_name)),
        }
    }

    /// Sets the link tables.
    pub const fn links(mut self, links: &'static [LinkTable]) -> Self {
        self.links = links;
        self
    }

    /// Sets the annotations.
    pub const fn annotations(mut self, annotations: &'static [&'static AnnotationMeta]) -> Self {
        self.annotations = annotations;
        self
    }

    /// Sets the functions that run when rows are saved and deleted.
    pub const fn hooks(mut self, hooks: &'static ModelHooks) -> Self {
        self.hooks = Some(hooks);
        self
    }

    /// Sets what `objects()` starts from.
    pub const fn scopes(mut self, scopes: &'static [Scope]) -> Self {
        self.scopes = scopes;
        self
    }

    /// Whether `objects()` may leave rows out.
    pub fn has_scope(&self) -> bool {
        !self.scopes.is_empty()
    }

    /// The primary key column.
    pub fn pk_column(&self) -> &'static ColumnMeta {
        &self.columns[self.pk]
    }

    /// The column with Django's name `name`, or the database's.
    pub fn column(&self, name: &str) -> Option<&'static ColumnMeta> {
        self.columns.iter().find(|c| c.name == name || c.column == name)
    }

    /// The model's name in permissions and content types: `mediatype`.
    pub fn model_name(&self) -> String {
        self.name.to_lowercase()
    }
}

/// A struct that represents the rows of a table (`django.db.models.Model`).
///
/// [`#[model]`](macro@crate::model) implements it for a struct with named fields, and gives it
/// `objects()`, `fields()` and diesel's table beside. Name the trait in a function that works on
/// the rows of any model. Do not implement it by hand: the description, the columns and the paths
/// have to agree, and the macro is what keeps them so. By default, [`pk`](Self::pk) is the value of
/// the column that the description names.
///
/// ```
/// use quintet::db::Model;
/// use quintet::prelude::*;
///
/// #[model(app = "library")]
/// pub struct Book {
///     pub id: i64,
///     #[field(max_length = 200)]
///     pub title: String,
/// }
///
/// /// Whether two values are the same row, as `==` says of Django's models.
/// fn is_same_row<M: Model>(one: &M, other: &M) -> bool {
///     one.pk() == other.pk()
/// }
///
/// # fn main() {
/// let book = Book { id: 7, title: "Emma".into() };
/// assert!(is_same_row(&book, &Book { title: "Persuasion".into(), ..book.clone() }));
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a model",
    label = "this type has no `Model` implementation",
    note = "put `#[model(table = \"...\")]` on `{Self}`"
)]
pub trait Model: Sized + Send + Sync + 'static {
    /// diesel's table.
    type Table: diesel::Table + diesel::QuerySource + Send + Sync + 'static;

    /// The type of the primary key.
    type Key: crate::values::FieldType + Clone + std::fmt::Debug + Send + Sync;

    /// The description.
    const META: &'static ModelMeta;

    /// Reads the columns, in the order of [`ModelMeta::columns`], from column `at` of the row on.
    ///
    /// # Errors
    /// If a column's value does not match the model.
    fn from_row(row: &Row<'_>, at: usize) -> Result<Self, crate::db::Error>;

    /// The value of a column, borrowed.
    fn value(&self, column: usize) -> ValueRef<'_>;

    /// The paths from `Root` through this model, along relations of the cardinality `C`.
    type Fields<Root, C>: Fields<Root = Root, Model = Self>;

    /// The primary key.
    fn pk(&self) -> Value {
        self.value(Self::META.pk).to_value()
    }
}

/// A model's row without its type, for the engine.
pub(crate) trait ModelRow: Any + Send + Sync {
    /// The value of a column, borrowed.
    fn value(&self, column: usize) -> ValueRef<'_>;
    /// The row itself.
    fn as_any(&self) -> &dyn Any;
    /// The row itself, owned.
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

impl<M: Model> ModelRow for M {
    fn value(&self, column: usize) -> ValueRef<'_> {
        Model::value(self, column)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

/// Reads a row of `M` and hides its type.
///
/// # Errors
/// If a column's value does not match the model.
pub(crate) fn decode<M: Model>(
    row: &Row<'_>,
    at: usize,
) -> Result<Box<dyn ModelRow>, crate::db::Error> {
    Ok(Box::new(M::from_row(row, at)?))
}

/// The description of a model, as a function: relations use it, so that two models can reference
/// each other.
pub(crate) fn meta_of<M: Model>() -> &'static ModelMeta {
    M::META
}

/// A diesel column with its model and its Rust type; written by `#[model]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a column of a model",
    note = "columns are named by the module that `#[model]` writes: `track::name`"
)]
pub trait Column {
    /// The model.
    type Model: Model;
    /// The Rust type of the field.
    type Value: crate::values::FieldType;
    /// Its index in [`ModelMeta::columns`].
    const INDEX: usize;
}

/// Refuses, when the program is compiled, a proxy of another table.
pub const fn same_table<P: Model, M: Model>() {
    let (own, other) = (P::META.table.as_bytes(), M::META.table.as_bytes());
    let mut is_same = own.len() == other.len();
    let mut at = 0;
    while is_same && at < own.len() {
        is_same = own[at] == other[at];
        at += 1;
    }
    assert!(is_same, "a proxy has the table of its model: say `table = \"..\"` with the same name");
}
