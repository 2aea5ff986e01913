//! Builders of a [`Description`]. `#[derive(Serializer)]` writes the calls of this module; they can
//! also be written by hand.

mod draft;
mod hooks;
mod modifiers;
mod plain;

pub(super) use draft::shown_columns;
pub use plain::PlainBuilder;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use self::draft::{Draft, key_kind, rename};
use super::class::FieldClass;
use super::custom::CustomField;
use super::description::{Conditional, Description, Many, Source, UniqueTogether};
use super::field::{KeyCheck, MethodFn, Output, SerializerField, Target, Unique};
use super::hooks::GetUrl;
use super::related::{DynRelatedField, RelatedField, described};
use super::relations::{Inner, Related};
use super::{LeadsTo, ModelSerializer, ShownBy};
use crate::db::{
    ColumnDefault, ColumnKind, ColumnMeta, Constraint, ConstraintKind, FieldPath, Fields, Hop,
    Leaf, Model, Path, PathOf, Predicate, SingleValued, UniqueFor, Way, label_of, meta_of,
    not_a_unique_set, not_unique,
};
use crate::fields::{Choice, Field, FieldDefault, FieldKind};
use crate::values::{Value, ValueRef};

/// Builds a [`Description`], field by field; a modifier changes the preceding field. `M` is the model;
/// `()` is none: see [`PlainBuilder`].
pub struct Builder<M> {
    draft: Draft,
    own_unique: bool,
    model: PhantomData<fn() -> M>,
}

impl<M> fmt::Debug for Builder<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.draft.description.fmt(f)
    }
}

/// The Rust type of a serializer field that shows values of type `T`: the type itself, or an
/// `Option` of it if the path to it may end early.
#[diagnostic::on_unimplemented(
    message = "this field is declared as `{Self}`, but its source holds `{T}`",
    label = "declare it as `{T}`, or as an `Option` of it"
)]
pub trait Shows<T> {}
impl<T> Shows<T> for T {}
impl<T> Shows<T> for Option<T> {}

impl<M, U, C> FieldPath<M, U, C> {
    /// Returns the path unchanged; the compiler checks that a serializer's field of the type `T`
    /// shows it.
    #[must_use]
    pub fn shown_as<T: Shows<U>>(self) -> FieldPath<M, U>
    where
        C: SingleValued,
    {
        FieldPath::new(self.path)
    }
}

impl<M: Model> Builder<M> {
    pub(super) fn new(name: &'static str) -> Self {
        Self { draft: Draft::new(name, meta_of::<M>), own_unique: false, model: PhantomData }
    }

    fn push(mut self, field: Field, output: Output, target: Target) -> Self {
        self.draft.push(field, output, target);
        self
    }

    fn own_column(&self, path: &Path) -> Option<usize> {
        if !path.hops.is_empty() {
            return None;
        }
        let column = path.column()?;
        self.draft.description.model.columns.iter().position(|c| c.column == column.column)
    }

    /// A field that shows the end of a path. A column of the model itself is also written, with the
    /// rules of the model; anything farther away is read-only.
    pub fn source<U>(self, name: &'static str, path: FieldPath<M, U>) -> Self {
        self.end_of(name, path.path)
    }

    /// A field of the model, as `fields = ["name", ..]` names one: a column, the key of a relation,
    /// an annotation.
    pub fn field<P>(self, name: &'static str, path: P) -> Self
    where
        P: PathOf<M>,
        P::Cardinality: SingleValued,
    {
        self.end_of(name, path.into_path())
    }

    fn end_of(mut self, name: &'static str, path: Path) -> Self {
        if let Some(index) = self.own_column(&path) {
            if index != M::META.pk && M::META.columns[index].references.is_some() {
                self.draft.add_key_column(name, index);
            } else {
                self.draft.add_column(name, index);
            }
            return self;
        }
        let field = match path.leaf {
            Leaf::Column(column) => {
                let mut field = Field::from_column(column);
                rename(&mut field, name, "");
                field.allow_null = true;
                field
            }
            ref leaf => {
                let mut field = Field::of_kind(name, leaf.kind());
                field.allow_null = leaf.is_nullable();
                field
            }
        };
        let source = self.draft.add_source(Source::Value(path));
        self.push(field.read_only(), Output::Source(source), Target::None)
    }

    /// A custom field over a column or the end of a path.
    pub fn custom<F: CustomField, U>(self, name: &'static str, path: FieldPath<M, U>) -> Self {
        let mut builder = self.source(name, path);
        builder.last(SerializerField::set_custom::<F>);
        builder
    }

    /// Adds every column of the model without a field, like `fields = "__all__"`.
    pub fn all(mut self) -> Self {
        self.draft.add_all();
        self
    }

    /// Leaves out fields that come from the model or from another serializer, and the rules about
    /// several fields of which one is left out.
    pub fn exclude(mut self, names: &[&str]) -> Self {
        for name in names {
            self.draft.remove(name);
        }
        self
    }

    /// Has the compiler look at what is excluded; nothing is called.
    #[doc(hidden)]
    pub fn knowing(self, _columns: fn()) -> Self {
        self
    }

    /// Adds the fields of another serializer over the same model, with their rules, and its functions.
    /// What is there already stays, so that of several serializers the first one counts; a later field
    /// replaces one of them.
    pub fn extend<S>(mut self) -> Self
    where
        S: ModelSerializer,
        M: ShownBy<S, S::Model>,
    {
        self.own_unique = true;
        self.draft.extend(S::description());
        self
    }

    /// The column of a foreign key that is a path of one step.
    fn foreign_key(way: &Way) -> Option<usize> {
        match way.hops.as_slice() {
            [Hop::Forward { column, .. }] => {
                M::META.columns.iter().position(|c| c.column == column.column)
            }
            _ => None,
        }
    }

    fn many(&mut self, name: &'static str, hop: Hop, related: Related) -> usize {
        self.draft.description.many.push(Many { name, hop, related });
        self.draft.description.many.len() - 1
    }

    /// A `PrimaryKeyRelatedField`: one key along a foreign key, a list of them along a relation
    /// to many. A list along a link table is also written.
    pub fn primary_key<T, F>(mut self, name: &'static str, relation: F) -> Self
    where
        T: Model,
        F: Fields,
        F::Model: LeadsTo<T>,
    {
        let way = relation.way();
        if let Some(index) = Self::foreign_key(&way) {
            self.draft.add_key_column(name, index);
            return self;
        }
        let target = T::META;
        let related = Related::column::<T>(target.pk);
        let Some((hop, before)) = way.hops.split_last() else { return self };
        if !hop.is_many() {
            let source = self.draft.add_source(Source::Row(way.hops.clone(), related.clone()));
            let key = key_kind(target.pk_column().kind);
            let field = Field::new(name, FieldKind::PrimaryKey { key }).allow_null().read_only();
            return self.push(field, Output::Row(source, related), Target::None);
        }
        debug_assert!(before.is_empty(), "a list is reached by one step");
        let place = self.many(name, *hop, related);
        let child =
            Field::new("", FieldKind::PrimaryKey { key: key_kind(target.pk_column().kind) });
        let field =
            Field::new(name, FieldKind::ManyRelated { child: Box::new(child), allow_empty: true });
        if let Hop::ManyToMany { .. } = hop {
            self = self.push(field, Output::Many(place), Target::Links(*hop));
            self.last(|field| {
                field.key = Some(KeyCheck { model: meta_of::<T>, column: target.pk });
            });
            return self;
        }
        self.push(field.read_only(), Output::Many(place), Target::None)
    }

    /// A `SlugRelatedField`: the related row's column, or a list of them.
    pub fn slug<T, F, U>(mut self, name: &'static str, relation: F, slug: &FieldPath<T, U>) -> Self
    where
        T: Model,
        F: Fields,
        F::Model: LeadsTo<T>,
    {
        let way = relation.way();
        let target = T::META;
        let column = slug.path.column().map_or("", |column| column.column);
        let index = target.columns.iter().position(|c| c.column == column).unwrap_or(target.pk);
        let Some(hop) = way.hops.last().copied() else { return self };
        if hop.is_many() {
            let place = self.many(name, hop, Related::column::<T>(index));
            let child = Field::new("", FieldKind::SlugKey);
            let field = Field::new(
                name,
                FieldKind::ManyRelated { child: Box::new(child), allow_empty: true },
            );
            return self.push(field.read_only(), Output::Many(place), Target::None);
        }
        let own = Self::foreign_key(&way);
        let source = self
            .draft
            .add_source(Source::Value(way.column::<M, U, ()>(&target.columns[index]).path));
        let field = match own.and_then(|own| M::META.columns.get(own)) {
            Some(column) => {
                let mut field = Field::from_column(column);
                rename(&mut field, name, column.name);
                field.kind = FieldKind::SlugKey;
                field
            }
            None => Field::new(name, FieldKind::SlugKey).allow_null().read_only(),
        };
        let Some(own) = own else { return self.push(field, Output::Source(source), Target::None) };
        self = self.push(field, Output::Source(source), Target::Column(own));
        self.last(|field| {
            field.key = Some(KeyCheck { model: meta_of::<T>, column: index });
        });
        self
    }

    /// A `StringRelatedField`: the related row's text, or a list of them; read-only.
    pub fn string<T, F>(self, name: &'static str, relation: F) -> Self
    where
        T: Model + fmt::Display,
        F: Fields,
        F::Model: LeadsTo<T>,
    {
        self.shown(name, &relation.way(), Related::display::<T>(), FieldKind::ReadOnly)
    }

    /// A `HyperlinkedRelatedField`: the related row's URL, or a list of them; read-only.
    pub fn hyperlink<T, F, U>(
        self,
        name: &'static str,
        relation: F,
        view_name: &str,
        kwarg: &str,
        lookup: &FieldPath<T, U>,
    ) -> Self
    where
        T: Model,
        F: Fields,
        F::Model: LeadsTo<T>,
    {
        let column = lookup.path.column().map_or("", |column| column.column);
        let target = T::META;
        let index = target.columns.iter().position(|c| c.column == column).unwrap_or(target.pk);
        let related = Related::link::<T>(view_name, kwarg, index);
        self.shown(name, &relation.way(), related, FieldKind::ReadOnly)
    }

    fn shown(mut self, name: &'static str, way: &Way, related: Related, kind: FieldKind) -> Self {
        let Some(hop) = way.hops.last().copied() else { return self };
        let field = Field::new(name, kind).read_only();
        if hop.is_many() {
            let place = self.many(name, hop, related);
            return self.push(field, Output::Many(place), Target::None);
        }
        let source = self.draft.add_source(Source::Row(way.hops.clone(), related.clone()));
        self.push(field.allow_null(), Output::Row(source, related), Target::None)
    }

    /// A field of a class of one's own for a related row, or a list of them (`RelatedField`). Along a
    /// foreign key of the model and along a link table it is also written.
    pub fn related<C, F>(mut self, name: &'static str, relation: F, class: C) -> Self
    where
        C: RelatedField,
        F: Fields,
        F::Model: LeadsTo<C::Model>,
    {
        let way = relation.way();
        let Some(hop) = way.hops.last().copied() else { return self };
        let item = described(&class, "");
        let read_only = item.read_only;
        let class: Arc<dyn DynRelatedField> = Arc::new(class);
        let how = Related::Own { model: C::Model::META, class: Arc::clone(&class) };
        let (field, output, target) = if hop.is_many() {
            let place = self.many(name, hop, how);
            let target = match hop {
                Hop::ManyToMany { .. } => Target::Links(hop),
                _ => Target::None,
            };
            (Field::many_related(name, item), Output::Many(place), target)
        } else {
            let source = self.draft.add_source(Source::Row(way.hops.clone(), how.clone()));
            let own =
                Self::foreign_key(&way).and_then(|own| Some((own, M::META.columns.get(own)?)));
            let (mut field, target) = match own {
                Some((own, column)) => {
                    let mut field = Field::from_column(column);
                    rename(&mut field, name, column.name);
                    (field, Target::Column(own))
                }
                None => (Field::new(name, FieldKind::ReadOnly).allow_null(), Target::None),
            };
            field.kind = item.kind;
            field.validators = item.validators;
            field.messages = item.messages;
            (field, Output::Row(source, how), target)
        };
        if read_only || matches!(target, Target::None) {
            return self.push(field.read_only(), output, Target::None);
        }
        self = self.push(field, output, target);
        self.last(|field| field.related = Some(class));
        self
    }

    /// A `HyperlinkedRelatedField` whose address a function makes (`get_url`): that of the related row,
    /// or a list of them; read-only.
    pub fn hyperlink_with<T, F, Shape>(
        self,
        name: &'static str,
        relation: F,
        get_url: impl GetUrl<T, Shape>,
    ) -> Self
    where
        T: Model,
        F: Fields,
        F::Model: LeadsTo<T>,
        Shape: 'static,
    {
        let related = Related::address::<T, Shape>(get_url);
        self.shown(name, &relation.way(), related, FieldKind::ReadOnly)
    }

    /// A serializer as a field, along a foreign key or a relation to many; read-only unless
    /// [`Builder::writable`] follows.
    pub fn nested<S, F>(mut self, name: &'static str, relation: F) -> Self
    where
        S: ModelSerializer,
        F::Model: ShownBy<S, S::Model>,
        F: Fields,
    {
        self = self.shown(
            name,
            &relation.way(),
            Related::Serializer(Inner::Static(S::description)),
            FieldKind::ReadOnly,
        );
        self.last(|field| field.nested = Some(S::description));
        self
    }

    /// Makes the preceding nested serializer, or list of related columns, writable; the view set saves
    /// it. Of a list of columns it gets the values that were sent, whether or not there are such rows.
    pub fn writable(mut self) -> Self {
        let listed = self.draft.listed_column().map(Field::from_column);
        self.last(|field| {
            if let Some(child) = listed.filter(|_| field.nested.is_none()) {
                field.field = Field::list(field.field.name, child);
                field.target = Target::Other;
                return;
            }
            let many = matches!(field.output, Output::Many(_));
            let Some(nested) = field.nested else { return };
            let inner = Arc::clone(&nested().input);
            field.field = Field::new(
                field.field.name,
                FieldKind::Nested {
                    fields: inner,
                    many,
                    allow_empty: true,
                    min_length: None,
                    max_length: None,
                },
            );
            field.target = Target::Other;
        });
        self
    }

    /// The label of a column's choice (`get_title_display`); a value that is not a choice is shown
    /// as it is.
    pub fn display<T>(self, field: Field, column: &FieldPath<M, T>) -> Self {
        let Some(index) = self.own_column(&column.path) else { return self };
        let choices = M::META.columns.get(index).map_or(&[][..], |column| column.choices);
        let label: MethodFn = Arc::new(move |_, loaded, _, _, out| match loaded.value(index) {
            ValueRef::Null => out.null(),
            value => out.str(&label_of(choices, value)),
        });
        self.push(field.read_only(), Output::Property(label), Target::None)
    }

    /// A `HyperlinkedIdentityField`: the row's own URL.
    pub fn identity<U>(
        self,
        name: &'static str,
        view_name: &str,
        kwarg: &str,
        lookup: &FieldPath<M, U>,
    ) -> Self {
        let column = self.own_column(&lookup.path).unwrap_or(M::META.pk);
        let output = Output::Link { view_name: view_name.into(), kwarg: kwarg.into(), column };
        self.push(Field::new(name, FieldKind::ReadOnly).read_only(), output, Target::None)
    }

    /// A field without a column: the view set takes its value by name.
    pub fn other(self, field: Field) -> Self {
        self.push(field.write_only(), Output::None, Target::Other)
    }

    /// Gives the preceding field the kind of `like`; text keeps its lengths.
    pub fn kind(self, like: Field) -> Self {
        self.with(|field| of_kind(field, like))
    }

    /// Sets the choices of the preceding field (`ChoiceField`).
    pub fn choices<C: Into<Choice>>(self, choices: impl IntoIterator<Item = C>) -> Self {
        self.with(|field| with_choices(field, choices))
    }

    /// Hides the preceding field: it takes no input, is not shown, and has its default as its value
    /// (`HiddenField`).
    pub fn hidden(self) -> Self {
        self.with(|field| of_kind(field, Field::hidden("")).write_only().required(false))
    }

    /// Requires the preceding field to be unique (`UniqueValidator`).
    #[doc(alias = "UniqueValidator")]
    pub fn unique(mut self, message: &str, ignore_case: bool) -> Self {
        self.last(|field| {
            if let Target::Column(column) = field.target {
                field.unique =
                    Some(Unique { model: None, column, ignore_case, message: message.to_owned() });
            }
        });
        self
    }

    /// Requires these fields to be unique together (`UniqueTogetherValidator`), instead of the
    /// model's sets. A member is a field, or the column that a field writes.
    #[doc(alias = "UniqueTogetherValidator")]
    pub fn unique_together(mut self, members: &[&str], message: Option<&str>) -> Self {
        self.own_unique = true;
        let writes = |field: &SerializerField, name: &str| match field.target {
            Target::Column(column) => M::META.columns[column].name == name,
            _ => false,
        };
        let member = |name: &&str| {
            let fields = &self.draft.description.fields;
            let own = fields.iter().position(|field| {
                field.field.name == *name && matches!(field.target, Target::Column(_))
            });
            own.or_else(|| fields.iter().position(|field| writes(field, name)))
                .or_else(|| self.draft.description.place(name))
        };
        let members: Vec<usize> = members.iter().filter_map(member).collect();
        self.add_unique_together(members, message);
        self
    }

    /// Omits the checks of the model's unique sets (`validators = []`).
    pub fn without_validators(mut self) -> Self {
        self.own_unique = true;
        self
    }

    fn add_unique_together(&mut self, members: Vec<usize>, message: Option<&str>) {
        let names: Vec<&str> = members
            .iter()
            .filter_map(|index| self.draft.description.fields.get(*index))
            .map(|field| match field.target {
                Target::Column(column) => M::META.columns[column].name,
                _ => field.field.name,
            })
            .collect();
        let message = message.map_or_else(|| not_a_unique_set(&names), ToOwned::to_owned);
        let set =
            UniqueTogether { members, message, code: "unique", condition: None, period: None };
        self.draft.description.unique_together.push(set);
    }

    /// Refuses a value of a field that another row has whose date, in another field, is of the same day,
    /// month or year (`UniqueForDateValidator`), instead of the checks of the model.
    pub fn unique_for(
        mut self,
        period: UniqueFor,
        field: &str,
        date: &str,
        message: Option<&str>,
    ) -> Self {
        self.own_unique = true;
        let place = |name| self.draft.description.place(name);
        if let (Some(field), Some(date)) = (place(field), place(date)) {
            self.add_unique_for(period, field, date, message);
        }
        self
    }

    fn add_unique_for(
        &mut self,
        period: UniqueFor,
        field: usize,
        date: usize,
        message: Option<&str>,
    ) {
        let description = &mut self.draft.description;
        let Some(named) = description.fields.get(date) else { return };
        let usual = || {
            let (date, period) = (named.field.name, period.name());
            format!("This field must be unique for the \"{date}\" {period}.")
        };
        let message = message.map_or_else(usual, ToOwned::to_owned);
        let (members, code) = (vec![field, date], "unique");
        let set = UniqueTogether { members, message, code, condition: None, period: Some(period) };
        description.unique_together.push(set);
    }

    /// Shows foreign keys as nested, read-only objects with all their columns, `depth` levels deep,
    /// at most 10.
    pub fn depth(mut self, depth: usize) -> Self {
        self.draft.add_depth(depth.min(10));
        self
    }

    /// The description.
    pub fn build(mut self) -> Description {
        if !self.own_unique {
            self.model_unique_sets();
        }
        self.draft.limit_choices();
        self.draft.finish()
    }

    /// The model's unique sets whose columns are all fields: checked, and their columns required
    /// unless they have a default (`get_uniqueness_extra_kwargs`).
    fn model_unique_sets(&mut self) {
        for set in M::META.unique_together {
            if let Some(members) = self.written(set) {
                for index in &members {
                    self.require(*index);
                }
                self.add_unique_together(members, None);
            }
        }
        for constraint in M::META.constraints {
            if let ConstraintKind::Unique { columns, expressions: None, condition } =
                constraint.kind
            {
                self.unique_constraint(constraint, columns, condition);
            }
        }
        for (index, column) in M::META.columns.iter().enumerate() {
            for (period, date) in column.unique_for {
                let place = M::META.columns.iter().position(|own| own.name == *date);
                let fields = place.and_then(|date| self.written(&[index, date]));
                if let Some([field, date]) = fields.as_deref() {
                    self.require(*date);
                    self.add_unique_for(*period, *field, *date, None);
                }
            }
        }
    }

    fn unique_constraint(
        &mut self,
        constraint: &Constraint,
        columns: &[usize],
        condition: Option<fn() -> Predicate>,
    ) {
        let Some(members) = self.written(columns) else { return };
        if let ([index], [column], None) = (members.as_slice(), columns, condition) {
            // of one column, it is the field's own
            if let (Some(field), Some(meta)) =
                (self.draft.description.fields.get_mut(*index), M::META.columns.get(*column))
            {
                let message = not_unique(M::META, meta);
                field.unique.get_or_insert(Unique {
                    model: None,
                    column: *column,
                    ignore_case: false,
                    message,
                });
            }
            return;
        }
        let conditional = match condition {
            None => None,
            Some(make) => {
                let mut compared = Vec::new();
                make().own_columns(&mut compared);
                let place = |column: &&'static ColumnMeta| {
                    M::META.columns.iter().position(|own| own.column == column.column)
                };
                let compared: Vec<usize> = compared.iter().filter_map(place).collect();
                let Some(fields) = self.written(&compared) else { return };
                Some(Conditional { make, fields })
            }
        };
        let deciding = conditional.iter().flat_map(|conditional| &conditional.fields);
        let named: Vec<usize> = members.iter().chain(deciding).copied().collect();
        for index in named {
            self.require(index);
        }
        self.add_unique_together(members, constraint.message);
        if let Some(set) = self.draft.description.unique_together.last_mut() {
            set.code = constraint.code.unwrap_or("unique");
            set.condition = conditional;
        }
    }

    /// The fields that write these columns; `None` unless all of them have one.
    fn written(&self, columns: &[usize]) -> Option<Vec<usize>> {
        let fields = &self.draft.description.fields;
        let writes = |column: &usize| {
            fields.iter().position(
                |field| matches!(field.target, Target::Column(target) if target == *column),
            )
        };
        columns.iter().map(writes).collect()
    }

    /// Requires a field, or gives it its column's default: null where that is allowed, or the empty text.
    fn require(&mut self, index: usize) {
        let Some(field) = self.draft.description.fields.get_mut(index) else { return };
        let Target::Column(column) = field.target else { return };
        if field.field.default.is_some() {
            return;
        }
        let Some(column) = M::META.columns.get(column) else { return };
        field.field.default = match column.default {
            Some(ColumnDefault::Value(make)) => Some(FieldDefault::Call(Arc::new(make))),
            _ if column.nullable => Some(FieldDefault::Value(Value::Null)),
            _ if column.blank && column.kind == ColumnKind::Text => {
                Some(FieldDefault::Value(Value::Text(String::new())))
            }
            _ => None,
        };
        field.field.required = field.field.default.is_none();
    }
}

/// Has the compiler compare the values of a class with the type of its field.
pub fn class_of<T, C: FieldClass<Value = T>>(class: C) -> C {
    class
}

/// Has the compiler compare the model of a class with that of its field.
pub fn related_class_of<T: Model, C: RelatedField<Model = T>>(class: C) -> C {
    class
}

/// A field of another kind; a text keeps its lengths.
pub fn of_kind(mut field: Field, like: Field) -> Field {
    match (&mut field.kind, like.kind) {
        (FieldKind::Char(own), FieldKind::Char(like)) => own.form = like.form,
        (own, like) => *own = like,
    }
    field
}

/// A field that takes these values alone; a list takes several of them.
pub fn with_choices<C: Into<Choice>>(
    mut field: Field,
    choices: impl IntoIterator<Item = C>,
) -> Field {
    let choices = choices.into_iter().map(Into::into).collect();
    let allow_blank = field.allows_blank();
    field.kind = match field.kind {
        FieldKind::List { allow_empty, .. } => {
            FieldKind::MultipleChoice { choices, allow_blank, allow_empty }
        }
        _ => FieldKind::Choice { choices, allow_blank },
    };
    field
}

/// The path to a model's own primary key.
pub fn pk<M: Model>() -> FieldPath<M, ()> {
    Way::start::<M>().column(M::META.pk_column())
}
