//! Validated values to be saved.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::bound::BoundSerializer;
use super::convert::FromValidated;
use super::description::Description;
use super::field::{SerializerField, Target};
use super::plain::to_map;
use crate::contenttypes::{ContentType, GenericForeignKey};
use crate::db::{
    Assignments, Assigns, Column, ColumnKind, ColumnMeta, ComputedColumn, Conn, FitsIn, Hop,
    IntoExpression, Lock, Model, Path, Predicate, QuerySet, Select, SingleValued, single,
};
use crate::exceptions::{ApiException, Detail, Result};
use crate::fields::{Field, from_json};
use crate::files::{File, UploadedFile};
use crate::values::{FieldType, Raw, Value, json_of};

/// The members of a map.
type Members = Vec<(Cow<'static, str>, Value)>;

/// The changes of a request, by column; other columns stay unchanged.
#[derive(Clone)]
pub(crate) struct ChangeSet {
    pub(crate) columns: Vec<(usize, Value)>,
    /// Columns that the database computes of the stored row.
    pub(crate) computed: Vec<ComputedColumn>,
    /// New rows of many-to-many relations: they replace the old ones.
    pub(crate) links: Vec<(Hop, Vec<Value>)>,
    /// Values without a column, by field.
    pub(crate) others: Vec<(&'static str, Value)>,
    /// Nested serializers, by field; one that was null has no rows.
    pub(crate) nested: Vec<(&'static str, Vec<ChangeSet>)>,
}

impl fmt::Debug for ChangeSet {
    /// Without the values, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChangeSet")
            .field("columns", &self.columns.iter().map(|(at, _)| at).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl ChangeSet {
    /// Prints the names of what is changed in rows of a model.
    fn names<M: Model>(&self, what: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.columns.iter().map(|(at, _)| at);
        let columns = columns.chain(self.computed.iter().map(|(at, _)| at));
        let columns = columns.filter_map(|at| M::META.columns.get(*at));
        let columns = columns.map(|column| column.name);
        let others = self.others.iter().map(|(name, _)| *name);
        let nested = self.nested.iter().map(|(name, _)| *name);
        write!(f, "{what} ")?;
        f.debug_set().entries(columns.chain(others).chain(nested)).finish()
    }

    pub(crate) fn new() -> Self {
        Self {
            columns: Vec::new(),
            computed: Vec::new(),
            links: Vec::new(),
            others: Vec::new(),
            nested: Vec::new(),
        }
    }

    pub(crate) fn value(&self, column: usize) -> Option<&Value> {
        self.columns.iter().find(|(index, _)| *index == column).map(|(_, value)| value)
    }

    pub(crate) fn set(&mut self, column: usize, value: Value) {
        self.computed.retain(|(index, _)| *index != column);
        match self.columns.iter_mut().find(|(index, _)| *index == column) {
            Some((_, old)) => *old = value,
            None => self.columns.push((column, value)),
        }
    }
}

/// Collecting the values of fields.
impl ChangeSet {
    pub(super) fn add(&mut self, field: &SerializerField, value: Value) {
        let name = field.field.source_name();
        match field.target {
            Target::Column(column) => self.set(column, value),
            Target::Other if field.nested.is_some_and(|nested| !nested().is_plain()) => {
                self.nested.push((name, Vec::new()));
            }
            Target::Other => self.others.push((name, value)),
            Target::None | Target::Links(_) | Target::Whole => {}
        }
    }

    /// Adds the members of a value, each to the column of its name, or beside the columns. They pass the
    /// checks of the column's own field, whose messages are under the name that the client sent.
    pub(super) fn add_whole(
        &mut self,
        description: &Description,
        field: &SerializerField,
        members: Members,
    ) -> Result<(), Detail> {
        let inner = field.nested.map(|inner| inner());
        let mut wrong = Vec::new();
        for (name, value) in members {
            let mut columns = description.model.columns.iter().enumerate();
            if let Some((at, column)) = columns.find(|(_, column)| column.name == name) {
                match for_column(column, value) {
                    Ok(value) => self.set(at, value),
                    Err(detail) => {
                        let mut fields = inner.into_iter().flat_map(|inner| &inner.fields);
                        let sent = fields.find(|own| own.field.source_name() == column.name);
                        wrong.push((sent.map_or(column.name, |own| own.field.name).into(), detail));
                    }
                }
                continue;
            }
            if let Cow::Borrowed(name) = name {
                self.others.push((name, value));
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(Detail::Map(wrong)) }
    }

    pub(super) fn add_keys(&mut self, field: &SerializerField, keys: Vec<Value>) {
        match field.target {
            Target::Links(hop) => self.links.push((hop, keys)),
            _ => self.others.push((field.field.source_name(), Value::List(keys))),
        }
    }

    pub(super) fn add_one(&mut self, field: &SerializerField, set: Self) {
        let name = field.field.source_name();
        if field.nested.is_some_and(|nested| nested().is_plain()) {
            self.others.push((name, to_map(set)));
        } else {
            self.nested.push((name, vec![set]));
        }
    }

    pub(super) fn add_list(&mut self, field: &SerializerField, sets: Vec<Self>) {
        let name = field.field.source_name();
        if field.nested.is_some_and(|nested| nested().is_plain()) {
            let items = sets.into_iter().map(to_map).collect();
            self.others.push((name, Value::List(items)));
        } else {
            self.nested.push((name, sets));
        }
    }
}

/// A value as a column stores it: one of another type becomes what the column's own field makes of it.
fn for_column(column: &'static ColumnMeta, value: Value) -> Result<Value, Detail> {
    let mut own = Field::from_column(column);
    own.read_only = false;
    if column.kind == ColumnKind::Json {
        return Ok(json_of(value).map_or(Value::Null, |json| Value::Json(Box::new(json))));
    }
    if value == Value::Null && column.nullable {
        return Ok(value);
    }
    if column.kind.holds(&value) {
        own.validate(&value, &Raw::Null)?;
        return Ok(value);
    }
    let json = json_of(value).unwrap_or_default();
    Ok(own.run(Some(&from_json(json)), false)?.unwrap_or(Value::Null))
}

/// The validated values of a request for a row of `M` (`serializer.validated_data`).
///
/// A column is absent, null or has a value; columns are named by diesel's types
/// (`track::name`), so that a wrong one does not compile.
pub struct Changes<M> {
    pub(crate) set: ChangeSet,
    /// The row that is changed; `None` for a new one.
    pub(crate) target: Option<Select>,
    /// The stored row, if something needed it.
    pub(crate) instance: Option<M>,
    /// Whether it was locked when it was read.
    pub(crate) is_locked: bool,
    /// The serializer that validated the values.
    pub(crate) description: Option<&'static Description>,
}

impl<M: Model> fmt::Debug for Changes<M> {
    /// The names of what changes, without the values, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.set.names::<M>("Changes", f)
    }
}

impl<M: Model> Default for Changes<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M: Model> Changes<M> {
    /// Creates empty changes: a new row.
    pub fn new() -> Self {
        Self::from_set(ChangeSet::new())
    }

    /// Creates changes to a stored row.
    pub fn of(row: &M) -> Self {
        let mut changes = Self::new();
        let key = Predicate::exact(Path::own(M::META.pk_column()), row.pk());
        changes.target = Some(QuerySet::<M>::new().filter_by_predicate(key).unordered().into());
        changes
    }

    pub(crate) fn from_set(set: ChangeSet) -> Self {
        Self { set, target: None, instance: None, is_locked: false, description: None }
    }

    /// The stored row (`serializer.instance`); `None` for a new one. It is read on first use,
    /// unless an object permission or a validator needed it before. In a transaction, it stays
    /// locked until the end: open one if the new values depend on it.
    ///
    /// ```
    /// # use quintet::prelude::*;
    /// # #[model(table = "account")]
    /// # pub struct Account {
    /// #     pub id: i64,
    /// #     pub balance: i64,
    /// # }
    /// # #[derive(Serializer)]
    /// # #[serializer(model = Account, fields = all)]
    /// # pub struct AccountSerializer {}
    /// # pub struct AccountViewSet;
    /// impl ViewSet for AccountViewSet {
    /// #     type Base = ModelViewSet;
    /// #     type Serializer = AccountSerializer;
    ///     /// Nobody takes more than there is.
    ///     async fn perform_update(
    ///         &self,
    ///         mut changes: Changes<Account>,
    ///         cx: &mut Context,
    ///     ) -> Result<Account> {
    ///         cx.transaction(async |cx| {
    ///             let stored = changes.stored(cx).await?.map_or(0, |account| account.balance);
    ///             let wanted = changes.get(account::balance).unwrap_or(stored);
    ///             cx.save(changes.set(account::balance, wanted.max(stored - 100))).await
    ///         })
    ///         .await
    ///     }
    /// }
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// 404 if the row is gone.
    pub async fn stored(&mut self, conn: &Conn) -> Result<Option<&M>> {
        // what was read before the transaction may have changed since
        let must_lock = conn.in_transaction() && !self.is_locked;
        if (self.instance.is_none() || must_lock)
            && let Some(target) = &self.target
        {
            let mut select = target.clone();
            if must_lock {
                select.lock = Some(Lock::NoKeyUpdate);
                self.is_locked = true;
            }
            let rows = conn.rows(select.statement(conn)?, |row| M::from_row(row, 0)).await?;
            let row = rows.into_iter().next();
            self.instance = Some(row.ok_or_else(|| ApiException::no_match(M::META.name))?);
        }
        Ok(self.instance.as_ref())
    }

    /// The value of a column; `None` if it is absent.
    pub fn get<C: Column<Model = M>>(&self, _column: C) -> Option<C::Value> {
        self.set.value(C::INDEX).cloned().and_then(C::Value::from_value)
    }

    /// Adds or replaces a value (`serializer.save(owner=…)`).
    #[must_use]
    pub fn set<C: Column<Model = M>>(mut self, _column: C, value: impl Into<C::Value>) -> Self {
        self.set.set(C::INDEX, value.into().into_value());
        self
    }

    /// Points at a row of any model, whose content type is at hand (`content_object = album`): see
    /// [`contenttypes`](crate::contenttypes).
    #[must_use]
    pub fn set_generic<T: Model>(
        mut self,
        key: GenericForeignKey<M>,
        row: &T,
        of: &ContentType,
    ) -> Self
    where
        M: Model,
    {
        let [content_type, object_id] = key.columns();
        self.set.set(content_type, Value::Int(of.id.into()));
        self.set.set(object_id, key.stored(row.pk()));
        self
    }

    /// Adds or replaces a file of a column of files (`instance.cover = ContentFile(..)`): it is stored when
    /// the row is saved, and the column gets the name under which it is stored. It is for
    /// [`Context::save`](crate::request::Context::save): statements over many rows store no files.
    ///
    /// ```
    /// use quintet::files::File;
    /// use quintet::prelude::*;
    ///
    /// # #[model(table = "album")]
    /// # pub struct Album {
    /// #     pub id: i64,
    /// #     #[field(upload_to = "covers", blank)]
    /// #     pub cover: String,
    /// # }
    /// async fn draw(album: &Album, cx: &mut Context) -> Result<Album> {
    ///     let cover = File::new("cover.svg", "<svg/>");
    ///     cx.save(Changes::of(album).set_file(album::cover, cover)).await
    /// }
    /// # fn main() {}
    /// ```
    #[must_use]
    pub fn set_file<C: Column<Model = M>>(mut self, _column: C, file: impl Into<File>) -> Self {
        let file = UploadedFile::new(file.into(), "");
        self.set.set(C::INDEX, Value::File(Box::new(file)));
        self
    }

    /// The file that was sent for a column; `None` if there is none, or if it is stored already.
    pub fn file<C: Column<Model = M>>(&self, _column: C) -> Option<&UploadedFile> {
        match self.set.value(C::INDEX) {
            Some(Value::File(file)) => Some(file),
            _ => None,
        }
    }

    /// Adds or replaces a value that the database computes of the stored row
    /// (`update(plays=F("plays") + 1)`): of two requests that change it at once, neither is lost.
    /// It is for [`Context::save`](crate::request::Context::save) of a stored row and for
    /// [`QuerySet::update`](crate::db::QuerySet::update); in a new row, it is an error.
    ///
    /// ```
    /// use quintet::prelude::*;
    ///
    /// # #[model(table = "track")]
    /// # pub struct Track {
    /// #     pub id: i64,
    /// #     pub plays: i32,
    /// #     pub seconds: i32,
    /// # }
    /// async fn play(track: &Track, cx: &Context) -> Result<Track> {
    ///     let once = || Track::fields().plays() + 1;
    ///     let long = Track::objects().filter(track::seconds.gt(600));
    ///     long.update(Changes::new().set_expression(track::plays, once()), cx).await?;
    ///     // the row as it is stored now
    ///     cx.save(Changes::of(track).set_expression(track::plays, once())).await
    /// }
    /// # fn main() {}
    /// ```
    #[must_use]
    pub fn set_expression<C, E>(mut self, _column: C, expression: E) -> Self
    where
        C: Column<Model = M>,
        E: IntoExpression<M>,
        E::Cardinality: SingleValued,
        <E::Value as FieldType>::Plain: FitsIn<<C::Value as FieldType>::Plain>,
    {
        self.set.columns.retain(|(index, _)| *index != C::INDEX);
        self.set.computed.retain(|(index, _)| *index != C::INDEX);
        self.set.computed.push((C::INDEX, Arc::new(single(expression))));
        self
    }

    /// Takes the value of a field that has no column (`#[field(other)]`), under the field's name
    /// and in its type: a `Vec<String>`, a `HashMap<String, i64>`, a `serde_json::Value`. `None` if
    /// it is absent or of another type.
    ///
    /// ```
    /// # use quintet::prelude::*;
    /// # #[model(table = "store_artist")]
    /// # pub struct Artist {
    /// #     pub id: i64,
    /// #     pub name: String,
    /// # }
    /// #[derive(Serializer)]
    /// #[serializer(model = Artist)]
    /// struct ArtistSerializer {
    ///     name: String,
    ///     #[field(other)]
    ///     labels: Option<Vec<String>>,
    /// }
    ///
    /// fn labels_of(new: &mut Changes<Artist>) -> Vec<String> {
    ///     new.take("labels").unwrap_or_default()
    /// }
    /// ```
    pub fn take<T: FromValidated>(&mut self, field: &str) -> Option<T> {
        let at = self.set.others.iter().position(|(name, _)| *name == field)?;
        T::from_validated(Some(self.set.others.swap_remove(at).1))
    }

    /// Takes the validated rows of a nested serializer, under the field's name; `None` if the
    /// request does not contain it. [`save`](Self::save) stores one by the nested serializer's
    /// `create`, if it has one.
    pub fn take_nested<N: Model>(&mut self, field: &str) -> Option<Vec<Changes<N>>> {
        let at = self.set.nested.iter().position(|(name, _)| *name == field)?;
        let inner = self.description.and_then(|description| description.inner(field));
        let changes = |set| Changes { description: inner, ..Changes::from_set(set) };
        Some(self.set.nested.swap_remove(at).1.into_iter().map(changes).collect())
    }

    /// The value of a field by its name and in a type, whatever it writes: a column, the keys of
    /// linked rows (`Vec<i64>`), something without a column (`validated_data["labels"]`). `None` if
    /// it is absent or of another type. Rows of a nested serializer are
    /// [`take_nested`](Self::take_nested)'s.
    pub fn field<T: FromValidated>(&self, name: &str) -> Option<T> {
        T::from_validated(Some(self.named(name)?.into_owned()))
    }

    /// Whether there is a value of a field, or rows of a nested serializer (`name in
    /// validated_data`); null is one.
    pub fn contains(&self, name: &str) -> bool {
        self.named(name).is_some() || self.set.nested.iter().any(|(own, _)| *own == name)
    }

    fn named(&self, name: &str) -> Option<Cow<'_, Value>> {
        let field = self.description.and_then(|own| own.fields.get(own.place(name)?));
        match field.map(|field| field.target) {
            Some(Target::Column(column)) => return self.set.value(column).map(Cow::Borrowed),
            Some(Target::Links(hop)) => {
                let keys = self.set.links.iter().find(|(own, _)| own.is_same_link(&hop));
                return keys.map(|(_, keys)| Cow::Owned(Value::List(keys.clone())));
            }
            Some(Target::Other | Target::None | Target::Whole) | None => {}
        }
        let name = field.map_or(name, |field| field.field.source_name());
        if let Some((_, value)) = self.set.others.iter().find(|(own, _)| *own == name) {
            return Some(Cow::Borrowed(value));
        }
        let column = M::META.columns.iter().position(|column| column.name == name)?;
        self.set.value(column).map(Cow::Borrowed)
    }
}

impl<M> Assigns<M> for Changes<M> {
    fn into_assignments(self) -> Assignments<M> {
        Assignments::of(self.set.columns, self.set.computed)
    }
}

/// The argument of `validate`: the values that were sent, and the stored row (`attrs`,
/// `self.instance`).
pub struct Attrs<'a, M> {
    set: &'a mut ChangeSet,
    instance: Option<&'a M>,
    serializer: &'a BoundSerializer<'a>,
}

impl<M: Model> fmt::Debug for Attrs<'_, M> {
    /// The names of what was sent, without the values, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.set.names::<M>("Attrs", f)
    }
}

impl<'a, M: Model> Attrs<'a, M> {
    pub(crate) fn new(set: &'a mut ChangeSet, serializer: &'a BoundSerializer<'a>) -> Self {
        Self { set, instance: serializer.instance(), serializer }
    }

    /// The serializer at work: what was sent, whether the update is partial, the serializer that holds
    /// this one (`self.initial_data`, `self.partial`, `self.parent`).
    pub fn serializer(&self) -> &'a BoundSerializer<'a> {
        self.serializer
    }

    /// The row that is being updated; `None` on create.
    pub fn instance(&self) -> Option<&'a M> {
        self.instance
    }

    /// The value that was sent; `None` if the column is absent.
    pub fn sent<C: Column<Model = M>>(&self, _column: C) -> Option<C::Value> {
        self.set.value(C::INDEX).cloned().and_then(C::Value::from_value)
    }

    /// The value that was sent, or else the stored one.
    pub fn get<C: Column<Model = M>>(&self, column: C) -> Option<C::Value> {
        self.sent(column).or_else(|| {
            self.instance.and_then(|row| C::Value::from_value(row.value(C::INDEX).to_value()))
        })
    }

    /// Changes a value.
    pub fn set<C: Column<Model = M>>(&mut self, _column: C, value: impl Into<C::Value>) {
        self.set.set(C::INDEX, value.into().into_value());
    }
}
