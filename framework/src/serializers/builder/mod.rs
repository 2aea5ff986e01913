//! Builders of a [`Description`]. `#[derive(Serializer)]` writes the calls of this module; they can
//! also be written by hand.

mod draft;
mod hooks;
mod modifiers;
mod plain;
mod relations;

pub(super) use draft::shown_columns;
pub use plain::PlainBuilder;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use self::draft::{Draft, rename};
use super::class::FieldClass;
use super::custom::CustomField;
use super::description::{Conditional, Description, Source, UniqueTogether};
use super::field::{MethodFn, Output, SerializerField, Target, Unique};
use super::related::RelatedField;
use super::{ModelSerializer, ShownBy};
use crate::db::{
    ColumnDefault, ColumnKind, ColumnMeta, Constraint, ConstraintKind, FieldPath, Leaf, Model,
    Path, PathOf, Predicate, SingleValued, UniqueFor, Way, label_of, meta_of, not_a_unique_set,
    not_unique,
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
