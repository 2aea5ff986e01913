//! Serializers outside of the usual actions: rows that become JSON, and JSON that becomes changes,
//! wherever code has a [`Context`].

use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;

use super::changes::Changes;
use super::description::Description;
use super::fetch::fetch;
use super::field_set::FieldSet;
use super::input::InitialData;
use super::list::{ListSerializer, UnvalidatedList};
use super::list_rows::ListRows;
use super::rows::Loaded;
use super::select::load;
use super::validate::Existing;
use super::write::Writing;
use crate::db::{Annotated, Key, Lookup, Model, ModelRow, Operand, Path, Predicate, Select};
use crate::exceptions::{ApiException, Result};
use crate::request::Context;
use crate::values::{JsonWriter, Value};

/// Rows as a serializer shows them (`AlbumSerializer(album).data`):
/// [`ModelSerializer::from_row`](super::ModelSerializer::from_row) and its like make it.
///
/// A row in hand is shown as it is, saved or not. What the serializer shows beside its columns (the
/// end of a `source`, a nested row) is read in one statement for all rows, and the rows of each
/// relation to many in one more.
///
/// ```
/// use quintet::prelude::*;
/// # #[model(table = "author")]
/// # pub struct Author {
/// #     pub id: i64,
/// #     pub name: String,
/// # }
/// # #[model(table = "book")]
/// # pub struct Book {
/// #     pub id: i64,
/// #     pub title: String,
/// #     #[field(foreign_key = Author, related_name = books)]
/// #     pub author_id: i64,
/// # }
///
/// #[derive(Serializer)]
/// #[serializer(model = Book)]
/// pub struct BookSerializer {
///     title: String,
///     #[field(source = author.name)]
///     author: String,
/// }
///
/// async fn mail(book: &Book, cx: &Context) -> Result<String> {
///     let shown = BookSerializer::from_row(book).data(cx).await?;
///     Ok(format!("{} by {}", shown["title"], shown["author"]))
/// }
///
/// async fn export(cx: &Context) -> Result<Vec<u8>> {
///     BookSerializer::from_query(Book::objects()).json(cx).await
/// }
/// # fn main() {}
/// ```
#[must_use = "nothing is read before `data` or `json` is called"]
pub struct Representation {
    description: &'static Description,
    rows: Rows,
    /// The fields to show, if not all.
    only: Option<Vec<String>>,
    /// Expressions of annotations, of rows in hand.
    annotated: Annotated,
}

/// What is to be shown.
enum Rows {
    One(Box<dyn ModelRow>),
    Many(Vec<Box<dyn ModelRow>>),
    Query(Box<Select>),
}

impl fmt::Debug for Representation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Representation").field(&self.description.name).finish()
    }
}

impl Representation {
    pub(super) fn of_row<M: Model + Clone>(description: &'static Description, row: &M) -> Self {
        Self {
            description,
            rows: Rows::One(Box::new(row.clone())),
            only: None,
            annotated: Annotated::default(),
        }
    }

    pub(crate) fn of_rows<'a, M: Model + Clone>(
        description: &'static Description,
        rows: impl IntoIterator<Item = &'a M>,
    ) -> Self {
        let boxed = |row: &M| -> Box<dyn ModelRow> { Box::new(row.clone()) };
        Self {
            description,
            rows: Rows::Many(rows.into_iter().map(boxed).collect()),
            only: None,
            annotated: Annotated::default(),
        }
    }

    /// Rows that were stored; what their query set gives for annotations is shown of them, too.
    pub(crate) fn of_saved<M: Model>(
        description: &'static Description,
        rows: Vec<M>,
        annotated: Annotated,
    ) -> Self {
        let boxed = |row| -> Box<dyn ModelRow> { Box::new(row) };
        let rows = Rows::Many(rows.into_iter().map(boxed).collect());
        Self { description, rows, only: None, annotated }
    }

    pub(super) fn of_query(description: &'static Description, query: Select) -> Self {
        Self {
            description,
            rows: Rows::Query(Box::new(query)),
            only: None,
            annotated: Annotated::default(),
        }
    }

    /// Shows these fields alone, of those that the serializer shows (`fields=("id", "name")`).
    pub fn only<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.only = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// As JSON text: an object for one row, else an array.
    ///
    /// # Errors
    /// When the database cannot be asked; 409 for a serializer that contains itself over rows that
    /// nest too deep.
    pub async fn json(self, cx: &Context) -> Result<Vec<u8>> {
        let Self { description, rows, only, annotated } = self;
        let mut chosen = None;
        let description = fields_of(description, only, cx, &mut chosen);
        let writing = Writing { cx, partial: false };
        let (rows, many) = match rows {
            Rows::Query(query) => {
                let rows = ListRows::read(description, *query, None, cx).await?;
                let shown = 0..rows.len();
                let json = rows.into_json(description, shown, false, writing, Vec::new());
                return json.await;
            }
            Rows::Many(rows) => (rows, true),
            Rows::One(row) => (vec![row], false),
        };
        let (rows, order) = with_sources(description, rows, annotated, cx).await?;
        let shown: Vec<&Loaded> = order.iter().filter_map(|place| rows.get(*place)).collect();
        let related = fetch(description, &shown, cx).await?;
        let mut out = JsonWriter::new();
        if many {
            out.begin_array();
        }
        for row in shown {
            if many {
                writing.row(description, row, &related, &mut out);
            } else {
                writing.root(description, row, &related, &mut out);
            }
        }
        if many {
            out.end_array();
        }
        Ok(out.into_bytes())
    }

    /// As JSON text, a line for each row.
    ///
    /// # Errors
    /// As [`json`](Self::json).
    pub(crate) async fn lines(self, cx: &Context) -> Result<Vec<u8>> {
        let Self { description, rows, only, annotated } = self;
        let mut chosen = None;
        let description = fields_of(description, only, cx, &mut chosen);
        let rows = match rows {
            Rows::Many(rows) => rows,
            Rows::One(row) => vec![row],
            Rows::Query(_) => return Err(ApiException::internal("a query has no lines")),
        };
        let writing = Writing { cx, partial: false };
        let (rows, order) = with_sources(description, rows, annotated, cx).await?;
        let shown: Vec<&Loaded> = order.iter().filter_map(|place| rows.get(*place)).collect();
        let related = fetch(description, &shown, cx).await?;
        let mut lines = Vec::new();
        for row in shown {
            let mut out = JsonWriter::new();
            writing.row(description, row, &related, &mut out);
            lines.extend_from_slice(out.bytes());
            lines.push(b'\n');
        }
        Ok(lines)
    }

    /// As a value: an object for one row, else an array.
    ///
    /// # Errors
    /// As [`json`](Self::json).
    pub async fn data(self, cx: &Context) -> Result<serde_json::Value> {
        let json = self.json(cx).await?;
        serde_json::from_slice(&json).map_err(ApiException::internal)
    }
}

/// The fields of a request, and of those the ones that are named, if any are.
fn fields_of<'d>(
    description: &'d Description,
    only: Option<Vec<String>>,
    cx: &'d Context,
    chosen: &'d mut Option<Description>,
) -> &'d Description {
    let description = description.for_request(cx);
    let Some(names) = only else { return description };
    let mut fields = FieldSet::of(description);
    fields.keep(names);
    chosen.insert(fields.finish())
}

/// Rows with what is selected beside them, each once, and the order in which they were named.
async fn with_sources(
    description: &Description,
    rows: Vec<Box<dyn ModelRow>>,
    annotated: Annotated,
    cx: &Context,
) -> Result<(Vec<Loaded>, Vec<usize>)> {
    let mut places: HashMap<Key, usize> = HashMap::with_capacity(rows.len());
    let mut order = Vec::with_capacity(rows.len());
    let mut loaded: Vec<Loaded> = Vec::with_capacity(rows.len());
    for row in rows {
        let next = loaded.len();
        let key = Key::new(row.value(description.model.pk));
        let place = key.map_or(next, |key| *places.entry(key).or_insert(next));
        if place == next {
            loaded.push(Loaded::bare(row));
        }
        order.push(place);
    }
    if !description.reads_beside() || loaded.is_empty() {
        return Ok((loaded, order));
    }
    let pk = description.model.pk;
    let keys: Vec<Value> = loaded.iter().map(|row| row.value(pk).to_value()).collect();
    let mut select = Select::of_model(description.model);
    select.annotated = annotated;
    select.also_where(Predicate::Lookup {
        path: Path::own(description.model.pk_column()),
        lookup: Lookup::In,
        operand: Operand::Many(keys),
    });
    for stored in load(description, select, cx).await? {
        let place = Key::new(stored.value(pk)).and_then(|key| places.get(&key));
        if let Some(row) = place.and_then(|place| loaded.get_mut(*place)) {
            row.extra = stored.extra;
        }
    }
    Ok((loaded, order))
}

/// Input for a row, from wherever it comes (`AlbumSerializer(album, data=data)`):
/// [`ModelSerializer::from_data`](super::ModelSerializer::from_data) makes it.
///
/// ```
/// use quintet::prelude::*;
/// # #[model(table = "book")]
/// # pub struct Book {
/// #     pub id: i64,
/// #     #[field(max_length = 200)]
/// #     pub title: String,
/// #     pub owner_id: Option<i64>,
/// # }
///
/// #[derive(Serializer)]
/// #[serializer(model = Book)]
/// pub struct BookSerializer {
///     title: String,
/// }
///
/// async fn import(data: serde_json::Value, owner: i64, cx: &Context) -> Result<Book> {
///     let new = BookSerializer::from_data(data).validated(cx).await?;
///     cx.save(new.set(book::owner_id, owner)).await
/// }
///
/// async fn retitle(book: &Book, data: serde_json::Value, cx: &Context) -> Result<Book> {
///     let input = BookSerializer::from_data(data).instance(book).partial();
///     cx.save(input.validated(cx).await?).await
/// }
/// # fn main() {}
/// ```
#[must_use = "nothing is validated before `validated` is called"]
pub struct Unvalidated<M> {
    description: &'static Description,
    data: InitialData,
    instance: Option<M>,
    partial: bool,
    model: PhantomData<fn() -> M>,
}

impl<M> fmt::Debug for Unvalidated<M> {
    /// Without the data, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Unvalidated").field(&self.description.name).finish()
    }
}

impl<M: Model> Unvalidated<M> {
    pub(super) fn new(description: &'static Description, data: InitialData) -> Self {
        Self { description, data, instance: None, partial: false, model: PhantomData }
    }

    /// The row that it is for; a new one where none is named.
    pub fn instance(mut self, row: &M) -> Self
    where
        M: Clone,
    {
        self.instance = Some(row.clone());
        self
    }

    /// Fields that are not sent stay as they are (`partial=True`).
    pub fn partial(mut self) -> Self {
        self.partial = true;
        self
    }

    /// A list of objects (`many=True`), up to 1000 of them.
    pub fn many(self) -> UnvalidatedList<M> {
        let Self { description, data, instance, partial, .. } = self;
        let instances = instance.into_iter().collect();
        UnvalidatedList { description, data, list: ListSerializer::new(), instances, partial }
    }

    /// Whether it may write more than one row.
    pub(crate) fn writes_several(&self) -> bool {
        let hook = match self.instance {
            None => &self.description.create,
            Some(_) => &self.description.update,
        };
        hook.is_some() || self.description.writes_several()
    }

    /// The changes that were asked for (`is_valid(raise_exception=True)`, `validated_data`):
    /// [`set`](Changes::set) adds to them, and [`save`](Changes::save) stores them.
    ///
    /// # Errors
    /// 400 with every message; 503 when the database is away.
    pub async fn validated(self, cx: &Context) -> Result<Changes<M>> {
        let Self { description, data, instance, partial, .. } = self;
        let key = instance.as_ref().map(Model::pk);
        let row = instance.as_ref().map(|row| -> &dyn ModelRow { row });
        let existing = Existing { pk: key.as_ref(), row };
        let set = data.validate(description, partial, existing, cx).await?;
        let mut changes = match &instance {
            Some(row) => Changes::of(row),
            None => Changes::new(),
        };
        changes.set = set;
        changes.instance = instance;
        changes.description = Some(description);
        Ok(changes)
    }
}
