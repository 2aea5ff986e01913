//! Lists as input (`many=True`, `serializers.ListSerializer`).

use std::collections::HashMap;
use std::fmt;

use super::changes::{ChangeSet, Changes};
use super::description::Description;
use super::input::InitialData;
use super::validate::Existing;
use crate::db::{Key, Model, ModelRow};
use crate::exceptions::Result;
use crate::fields::{Field, FieldKind};
use crate::request::Context;
use crate::values::{Value, python};

/// The most items of a list that does not say.
const MOST: usize = 1000;

/// How long a list of input may be (`ListSerializer`): 1000 items, unless
/// [`max_length`](Self::max_length) says otherwise.
///
/// A view set that names one takes a list of objects where it takes one:
/// `const LIST_SERIALIZER: Option<ListSerializer> = Some(ListSerializer::new())`.
#[derive(Debug, Clone, Copy)]
pub struct ListSerializer {
    allow_empty: bool,
    min_length: Option<usize>,
    max_length: usize,
}

impl Default for ListSerializer {
    fn default() -> Self {
        Self::new()
    }
}

impl ListSerializer {
    /// Any number of items up to 1000.
    pub const fn new() -> Self {
        Self { allow_empty: true, min_length: None, max_length: MOST }
    }

    /// Sets whether there may be no items (`allow_empty`).
    #[must_use]
    pub const fn allow_empty(mut self, allow: bool) -> Self {
        self.allow_empty = allow;
        self
    }

    /// Sets the fewest items.
    #[must_use]
    pub const fn min_length(mut self, items: usize) -> Self {
        self.min_length = Some(items);
        self
    }

    /// Sets the most items.
    #[must_use]
    pub const fn max_length(mut self, items: usize) -> Self {
        self.max_length = items;
        self
    }

    /// The fewest and the most items, for documents.
    #[cfg(feature = "openapi")]
    pub(crate) fn lengths(self) -> (Option<usize>, usize) {
        let fewest = if self.allow_empty { None } else { Some(1) };
        (self.min_length.or(fewest), self.max_length)
    }

    /// The list as a field, which has DRF's messages.
    pub(crate) fn field(self) -> Field {
        let mut field = Field::nested("", [], true);
        if let FieldKind::Nested { allow_empty, min_length, max_length, .. } = &mut field.kind {
            *allow_empty = self.allow_empty;
            *min_length = self.min_length;
            *max_length = Some(self.max_length);
        }
        field
    }
}

/// The rows that the items of a list may name by their primary keys, by the text of these: as in DRF,
/// `"1"` names the row that 1 does, and `"01"` none.
#[derive(Default)]
pub(crate) struct Instances<'a> {
    pub(super) rows: HashMap<String, (Value, &'a dyn ModelRow)>,
}

impl<'a> Instances<'a> {
    fn of<M: Model>(rows: &'a [M]) -> Self {
        let keyed = rows.iter().map(|row| {
            let key = row.pk();
            (python::value_text(key.as_ref()).into_owned(), (key, row as &dyn ModelRow))
        });
        Self { rows: keyed.collect() }
    }
}

/// A list of input, from wherever it comes (`AlbumSerializer(data=data, many=True)`):
/// [`Unvalidated::many`](super::Unvalidated::many) makes it.
///
/// The items are validated together, in as many statements as one; functions that ask the database
/// themselves (`validate_async`) are called for each item. The errors of an item stand under its number:
/// `{"1": {"title": ["This field is required."]}}`. As in DRF, a value that must be unique is looked for
/// among the rows that are stored, and not among the items.
///
/// ```
/// use quintet::prelude::*;
///
/// # #[model(table = "book")]
/// # pub struct Book {
/// #     pub id: i64,
/// #     pub title: String,
/// # }
/// #[derive(Serializer)]
/// #[serializer(model = Book, fields(id, title))]
/// pub struct BookSerializer {}
///
/// async fn import(cx: &mut Context) -> Result<Vec<Book>> {
///     let books = BookSerializer::from_data(cx.data()?).many().allow_empty(false);
///     books.save(cx).await
/// }
///
/// /// `[{"id": 1, "title": "A"}, {"title": "New"}]`
/// async fn correct(cx: &mut Context) -> Result<Vec<Book>> {
///     let books = Book::objects().then_by(book::id).slice(0, 100).all(cx).await?;
///     BookSerializer::from_data(cx.data()?).many().instances(&books).save(cx).await
/// }
/// # fn main() {}
/// ```
#[must_use = "nothing is validated before `validated` or `save` is called"]
pub struct UnvalidatedList<M> {
    pub(super) description: &'static Description,
    pub(super) data: InitialData,
    pub(super) list: ListSerializer,
    pub(super) instances: Vec<M>,
    pub(super) partial: bool,
}

impl<M> fmt::Debug for UnvalidatedList<M> {
    /// Without the data, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UnvalidatedList").field(&self.description.name).finish()
    }
}

impl<M: Model> UnvalidatedList<M> {
    /// Sets whether there may be no items (`allow_empty`).
    pub fn allow_empty(mut self, allow: bool) -> Self {
        self.list = self.list.allow_empty(allow);
        self
    }

    /// Sets the fewest items.
    pub fn min_length(mut self, items: usize) -> Self {
        self.list = self.list.min_length(items);
        self
    }

    /// Sets the most items.
    pub fn max_length(mut self, items: usize) -> Self {
        self.list = self.list.max_length(items);
        self
    }

    /// The rows that items may be for: an item with the primary key of one changes it, one without a key
    /// is new. The key of any other row is an error of the item.
    pub fn instances(mut self, rows: &[M]) -> Self
    where
        M: Clone,
    {
        self.instances = rows.to_vec();
        self
    }

    /// Fields that are not sent stay as they are (`partial=True`).
    pub fn partial(mut self) -> Self {
        self.partial = true;
        self
    }

    /// The changes of each item, in their order (`validated_data`); [`Changes::save_many`] stores them.
    ///
    /// # Errors
    /// 400 with every message; 503 when the database is away.
    pub async fn validated(self, cx: &Context) -> Result<Vec<Changes<M>>> {
        let Self { description, data, list, instances, partial } = self;
        let known = Instances::of(&instances);
        let items = data.validate_list(description, list, partial, &known, cx).await?;
        let keyed = instances.iter().filter_map(|row| Some((Key::new(row.pk().as_ref())?, row)));
        let rows: HashMap<Key, &M> = keyed.collect();
        let changes = items.into_iter().map(|(set, key)| {
            let key = key.and_then(|key| Key::new(key.as_ref()));
            of_item(description, set, key.and_then(|key| rows.get(&key).copied()))
        });
        Ok(changes.collect())
    }
}

fn of_item<M: Model>(
    description: &'static Description,
    set: ChangeSet,
    row: Option<&M>,
) -> Changes<M> {
    let mut changes = row.map_or_else(Changes::new, Changes::of);
    changes.set = set;
    changes.description = Some(description);
    changes
}

impl<'a> Instances<'a> {
    /// The row that an item names, if it names one; the text of a key that no row has.
    pub(super) fn named(&'a self, key: Option<&str>) -> Result<Existing<'a>, String> {
        let Some(text) = key else { return Ok(Existing::default()) };
        match self.rows.get(text) {
            Some((key, row)) => Ok(Existing { pk: Some(key), row: Some(*row) }),
            None => Err(text.to_owned()),
        }
    }
}
