//! A description under construction, independent of its model's type: both builders use it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use super::super::class::FieldClass;
use super::super::convert::{FromValidated, IntoValidated};
use super::super::custom::{Conversion, CustomField};
use super::super::description::{
    Conditional, Description, Many, ShownColumn, Source, UniqueTogether,
};
use super::super::field::{KeyCheck, Output, SerializerField, Target, Unique};
use super::super::field_set::GetFields;
use super::super::hooks::{DefaultValue, FieldValidator, ToInternalValue, ValueValidator};
use super::super::hyperlinks::{LinkInput, NO_OBJECT};
use super::super::relations::{Inner, Related};
use crate::db::{ColumnKind, ColumnMeta, Hop, ModelMeta, Select, in_scope, not_unique};
use crate::exceptions::Detail;
use crate::fields::{Field, FieldDefault, FieldKind, KeyKind, Validator};
use crate::values::{FieldType, JsonWriter, Raw, Value};

/// A description under construction.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) description: Description,
    /// The field that a modifier changes.
    current: usize,
}

impl Draft {
    pub(super) fn new(name: &'static str, model_fn: fn() -> &'static ModelMeta) -> Self {
        let description = Description {
            name,
            model: model_fn(),
            model_fn,
            fields: Vec::new(),
            must_match: Vec::new(),
            input: Arc::new([]),
            sources: Vec::new(),
            many: Vec::new(),
            batches: Vec::new(),
            unique_together: Vec::new(),
            validate: None,
            validators: Vec::new(),
            validate_async: None,
            to_representation: None,
            run_validation: None,
            data: None,
            to_internal_value: None,
            get_fields: None,
            create: None,
            update: None,
            create_many: None,
            update_many: None,
            messages: Vec::new(),
            columns: None,
            recurs: OnceLock::new(),
            asks: OnceLock::new(),
        };
        Self { description, current: 0 }
    }

    /// Changes the field that was added last.
    pub(super) fn last(&mut self, change: impl FnOnce(&mut SerializerField)) {
        if let Some(field) = self.description.fields.get_mut(self.current) {
            change(field);
        }
    }

    /// The column of related rows of which the current field shows a list.
    pub(super) fn listed_column(&self) -> Option<&'static ColumnMeta> {
        let field = self.description.fields.get(self.current)?;
        let Output::Many(place) = field.output else { return None };
        match &self.description.many.get(place)?.related {
            Related::Column { model, column } => model.columns.get(*column),
            _ => None,
        }
    }

    /// Lets the current field name rows, if it shows a column or the address of a related row, or a list
    /// of them along a link table (`queryset=`).
    pub(super) fn reads_rows(&mut self) {
        let description = &mut self.description;
        let Some(field) = description.fields.get_mut(self.current) else { return };
        if field.takes_input() {
            return;
        }
        match &field.output {
            Output::Many(place) => {
                let Some(Many { hop: hop @ Hop::ManyToMany { to, .. }, related, .. }) =
                    description.many.get(*place)
                else {
                    return;
                };
                let Some((column, link)) = names_by(related) else { return };
                let mut child = Field::new("", FieldKind::SlugKey);
                if link.is_some() {
                    child = child.error("does_not_exist", NO_OBJECT);
                }
                let mut own = Field::many_related(field.field.name, child);
                own.label.clone_from(&field.field.label);
                field.field = own;
                field.target = Target::Links(*hop);
                (field.key, field.link) = (Some(KeyCheck { model: *to, column }), link);
            }
            Output::Row(place, related) => {
                let Some(Source::Row(hops, _)) = description.sources.get(*place) else { return };
                let [Hop::Forward { column: key, to }] = hops.as_slice() else { return };
                let Some((column, link)) = names_by(related) else { return };
                let own = description.model.columns.iter().position(|own| own.column == key.column);
                let Some(own) = own else { return };
                let mut changed = Field::from_column(key);
                rename(&mut changed, field.field.name, key.name);
                changed.kind = FieldKind::SlugKey;
                field.field = changed.error("does_not_exist", NO_OBJECT);
                field.target = Target::Column(own);
                (field.key, field.link) = (Some(KeyCheck { model: *to, column }), link);
            }
            _ => {}
        }
    }

    pub(super) fn push(
        &mut self,
        field: Field,
        output: Output,
        target: Target,
    ) -> &mut SerializerField {
        let place = self.description.place(field.name);
        let added = SerializerField {
            member: JsonWriter::member(field.name),
            field,
            output,
            target,
            key: None,
            unique: None,
            hook: None,
            asks: None,
            within: None,
            validators: Vec::new(),
            default: None,
            default_on_create: false,
            sees_instance: false,
            method: None,
            link: None,
            related: None,
            class: None,
            custom: None,
            nested: None,
        };
        self.current = place.unwrap_or(self.description.fields.len());
        match place {
            Some(place) => self.description.fields[place] = added,
            None => self.description.fields.push(added),
        }
        &mut self.description.fields[self.current]
    }

    pub(super) fn add_source(&mut self, source: Source) -> usize {
        self.description.sources.push(source);
        self.description.sources.len() - 1
    }

    /// A field over the model's column `index`.
    pub(super) fn add_column(&mut self, name: &'static str, index: usize) {
        let model = self.description.model;
        let Some(column) = model.columns.get(index) else { return };
        let mut field = Field::from_column(column);
        rename(&mut field, name, column.name);
        // a text is chosen by the client, as nothing makes one
        let is_key = index == model.pk;
        if is_key && name == "id" && column.name == name && column.verbose_name.is_none() {
            // as Django calls the key that it makes
            field.label = "ID".into();
        }
        let read_only = is_key && column.kind != ColumnKind::Text || field.read_only;
        if read_only {
            field = field.read_only();
        }
        let target = if read_only { Target::None } else { Target::Column(index) };
        let added = self.push(field, Output::Column(index), target);
        if (column.unique || is_key) && !read_only {
            let own = column.errors.iter().find(|(code, _)| *code == "unique");
            let message =
                own.map_or_else(|| not_unique(model, column), |(_, text)| (*text).to_owned());
            added.unique = Some(Unique { model: None, column: index, ignore_case: false, message });
        }
    }

    /// A field over the foreign key in column `index`, read and written as a key.
    pub(super) fn add_key_column(&mut self, name: &'static str, index: usize) {
        let Some((column, to)) = self
            .description
            .model
            .columns
            .get(index)
            .and_then(|column| Some((column, column.references?)))
        else {
            return;
        };
        let mut field = Field::from_column(column);
        rename(&mut field, name, column.name);
        field.kind = FieldKind::PrimaryKey { key: key_kind(to().pk_column().kind) };
        let added = self.push(field, Output::Column(index), Target::Column(index));
        added.key = Some(KeyCheck { model: to, column: to().pk });
    }

    /// Adds every column without a field, in DRF's order: the primary key first, relations last.
    pub(super) fn add_all(&mut self) {
        let model = self.description.model;
        if let Some(pk) = model.columns.get(model.pk)
            && self.description.place(pk.name).is_none()
        {
            self.add_column(pk.name, model.pk);
            self.description.fields.rotate_right(1);
            let later = |index: &mut usize| *index += 1;
            self.description
                .unique_together
                .iter_mut()
                .for_each(|set| set.fields_mut().for_each(later));
            for (first, second) in &mut self.description.must_match {
                later(first);
                later(second);
            }
        }
        for relations in [false, true] {
            for (index, column) in model.columns.iter().enumerate() {
                if column.references.is_some() != relations
                    || self.description.place(column.name).is_some()
                {
                    continue;
                }
                if relations {
                    self.add_key_column(column.name, index);
                } else {
                    self.add_column(column.name, index);
                }
            }
        }
    }

    /// Adds the fields of another serializer over the same model, with their rules. What is there
    /// already stays: of several parents the first one counts.
    pub(super) fn extend(&mut self, other: &Description) {
        let own = &mut self.description;
        let (mut sources, mut many, mut batches) = (Places::new(), Places::new(), Places::new());
        for added in &other.fields {
            if own.place(added.field.name).is_some() {
                continue;
            }
            let mut added = added.clone();
            match &mut added.output {
                Output::Source(place) | Output::Row(place, _) => {
                    copy(&mut sources, place, &other.sources, &mut own.sources);
                }
                Output::Many(place) => copy(&mut many, place, &other.many, &mut own.many),
                Output::Batch(place) => copy(&mut batches, place, &other.batches, &mut own.batches),
                Output::None
                | Output::Column(_)
                | Output::Method(_)
                | Output::Property(_)
                | Output::Whole
                | Output::Link { .. } => {}
            }
            own.fields.push(added);
        }
        let here = |index: &usize| own.place(other.fields.get(*index)?.field.name);
        let places = |members: &[usize]| members.iter().map(here).collect::<Option<Vec<usize>>>();
        let sets = other.unique_together.iter().filter_map(|set| {
            let members = places(&set.members)?;
            let condition = match &set.condition {
                Some(own) => Some(Conditional { make: own.make, fields: places(&own.fields)? }),
                None => None,
            };
            Some(UniqueTogether { members, condition, ..set.clone() })
        });
        let sets: Vec<UniqueTogether> = sets.collect();
        let pairs = other
            .must_match
            .iter()
            .filter_map(|(first, second)| Some((here(first)?, here(second)?)));
        let pairs: Vec<(usize, usize)> = pairs.collect();
        for set in sets {
            let same = |known: &UniqueTogether| {
                known.members == set.members
                    && known.code == set.code
                    && known.message == set.message
            };
            if !own.unique_together.iter().any(same) {
                own.unique_together.push(set);
            }
        }
        for pair in pairs {
            if !own.must_match.contains(&pair) {
                own.must_match.push(pair);
            }
        }
        for (code, text) in &other.messages {
            if !own.messages.iter().any(|(known, _)| known == code) {
                own.messages.push((*code, text.clone()));
            }
        }
        if own.validators.is_empty() {
            own.validators.clone_from(&other.validators);
        }
        keep(&mut own.validate, other.validate.as_ref());
        keep(&mut own.validate_async, other.validate_async.as_ref());
        keep(&mut own.to_representation, other.to_representation.as_ref());
        keep(&mut own.run_validation, other.run_validation.as_ref());
        keep(&mut own.data, other.data.as_ref());
        keep(&mut own.to_internal_value, other.to_internal_value.as_ref());
        keep(&mut own.get_fields, other.get_fields.as_ref());
        keep(&mut own.create, other.create.as_ref());
        keep(&mut own.update, other.update.as_ref());
        keep(&mut own.create_many, other.create_many.as_ref());
        keep(&mut own.update_many, other.update_many.as_ref());
    }

    /// Foreign keys become nested objects with all their columns.
    pub(super) fn add_depth(&mut self, depth: usize) {
        if depth == 0 {
            return;
        }
        for index in 0..self.description.fields.len() {
            let Output::Column(column) = self.description.fields[index].output else { continue };
            let Some(meta) = self.description.model.columns.get(column) else { continue };
            let Some(to) = meta.references else { continue };
            let mut inner = Self::new("Nested", to);
            inner.add_all();
            inner.add_depth(depth - 1);
            let related = Related::Serializer(Inner::Owned(Arc::new(inner.finish())));
            let source = self
                .add_source(Source::Row(vec![Hop::Forward { column: meta, to }], related.clone()));
            let field = &mut self.description.fields[index];
            field.field = Field::new(field.field.name, FieldKind::ReadOnly).read_only();
            field.output = Output::Row(source, related);
            field.target = Target::None;
            field.key = None;
        }
    }

    /// Narrows foreign keys to the rows that the model says may be chosen (`limit_choices_to`), where the
    /// field does not name them itself.
    pub(super) fn limit_choices(&mut self) {
        let model = self.description.model;
        for field in &mut self.description.fields {
            let Target::Column(index) = field.target else { continue };
            let Some(column) = model.columns.get(index) else { continue };
            if let (Some(to), Some(limit), None) =
                (column.references, column.limit_choices_to, &field.within)
            {
                field.within = Some(Arc::new(move |_| {
                    let mut rows = Select::of_model(to());
                    in_scope(to()).for_each(|scope| rows.also_where(scope));
                    rows.also_where(limit());
                    rows
                }));
            }
        }
    }

    pub(super) fn make_read_only(&mut self, names: &[&str]) {
        for field in
            self.description.fields.iter_mut().filter(|field| names.contains(&field.field.name))
        {
            field.change(Field::read_only);
        }
    }

    pub(super) fn set_get_fields<Shape>(&mut self, hook: impl GetFields<Shape>) {
        self.description.get_fields = Some(Arc::new(move |fields, cx| hook.call(fields, cx)));
    }

    pub(super) fn set_internal_value<Shape>(&mut self, hook: impl ToInternalValue<Shape>) {
        self.description.to_internal_value = Some(Arc::new(move |data, cx| hook.call(data, cx)));
    }

    /// Removes a field, and the rules that involve it.
    pub(super) fn remove(&mut self, name: &str) {
        self.description.remove(name);
    }

    /// Sets a message of the whole serializer.
    pub(super) fn error(&mut self, code: &'static str, text: Cow<'static, str>) {
        self.description.messages.retain(|(known, _)| *known != code);
        self.description.messages.push((code, text));
    }

    /// Requires the fields `name` and `other` to be equal.
    pub(super) fn must_match(&mut self, name: &str, other: &str) {
        if let (Some(name), Some(other)) =
            (self.description.place(name), self.description.place(other))
        {
            self.description.must_match.push((name, other));
        }
    }

    /// Completes the description.
    pub(super) fn finish(self) -> Description {
        let mut description = self.description;
        description.input = description.fields.iter().map(|field| field.field.clone()).collect();
        description.columns = shown_columns(&description);
        description
    }
}

/// The column by which input names rows that are shown so, and the view if that is by address.
fn names_by(related: &Related) -> Option<(usize, Option<LinkInput>)> {
    match related {
        Related::Column { column, .. } => Some((*column, None)),
        Related::Link { view_name, kwarg, column, .. } => {
            let link = LinkInput { view_name: Arc::clone(view_name), kwarg: Arc::clone(kwarg) };
            Some((*column, Some(link)))
        }
        _ => None,
    }
}

/// Where what a field needs of its serializer stands in another one.
type Places = HashMap<usize, usize>;

/// Copies what a field needs, once for all fields that need it.
fn copy<T: Clone>(places: &mut Places, place: &mut usize, from: &[T], to: &mut Vec<T>) {
    let Some(needed) = from.get(*place) else { return };
    *place = *places.entry(*place).or_insert_with(|| {
        to.push(needed.clone());
        to.len() - 1
    });
}

fn keep<T: ?Sized>(own: &mut Option<Arc<T>>, other: Option<&Arc<T>>) {
    if own.is_none() {
        *own = other.cloned();
    }
}

/// The columns that are shown, if columns are all that is shown.
pub(in crate::serializers) fn shown_columns(description: &Description) -> Option<Vec<ShownColumn>> {
    let needs_row = description.to_representation.is_some();
    if needs_row || !description.sources.is_empty() || !description.many.is_empty() {
        return None;
    }
    let shown = description.fields.iter().enumerate().filter_map(|(field, own)| match own.output {
        Output::None => None,
        Output::Column(_) if own.custom.is_some() || own.class.is_some() => Some(None),
        Output::Column(column) => {
            Some(description.model.columns.get(column).map(|c| ShownColumn {
                field,
                column,
                kind: c.kind,
            }))
        }
        _ => Some(None),
    });
    shown.collect()
}

/// The modifiers of a field.
impl SerializerField {
    /// Changes the field's description; a field that becomes read-only or write-only loses the
    /// other direction. A column that the model makes read-only is written if the change says so.
    pub(in crate::serializers) fn change(&mut self, change: impl FnOnce(Field) -> Field) {
        let was_read_only = self.field.read_only;
        self.field = change(self.field.clone());
        if self.field.read_only {
            self.target = Target::None;
            self.unique = None;
        } else if was_read_only && let Output::Column(column) = self.output {
            self.target = Target::Column(column);
        }
        if self.field.write_only {
            self.output = Output::None;
        }
    }

    /// Stores a typed hook as an untyped one.
    pub(super) fn set_hook<T: FieldType, Shape>(&mut self, hook: impl FieldValidator<T, Shape>) {
        self.sees_instance |= hook.sees_instance();
        self.hook = Some(Arc::new(move |value, field| match T::from_value(value) {
            Some(value) => hook.call(value, field).map(FieldType::into_value),
            None => Err(Detail::invalid("Invalid value.")),
        }));
    }

    /// Stores a hook over any type that input becomes.
    pub(super) fn set_plain_hook<T, Shape>(&mut self, hook: impl FieldValidator<T, Shape>)
    where
        T: FromValidated + IntoValidated,
    {
        self.sees_instance |= hook.sees_instance();
        self.hook = Some(Arc::new(move |value, field| match T::from_validated(Some(value)) {
            Some(value) => {
                hook.call(value, field).map(|value| value.into_validated().unwrap_or(Value::Null))
            }
            None => Err(Detail::invalid("Invalid value.")),
        }));
    }

    /// Adds a validator, which may ask for the request.
    pub(super) fn add_validator<T, Shape>(&mut self, validator: impl ValueValidator<T, Shape>)
    where
        T: FromValidated,
    {
        self.sees_instance |= validator.sees_instance();
        self.validators.push(Arc::new(move |value, field| {
            match T::from_validated(Some(value.clone())) {
                Some(value) => validator.call(value, field).map_err(Some),
                None => Err(None),
            }
        }));
    }

    /// Sets a default that is computed each time.
    pub(super) fn set_default<T: FieldType, Shape>(&mut self, make: impl DefaultValue<T, Shape>) {
        self.field.default = Some(FieldDefault::Serializer);
        self.field.required = false;
        self.default_on_create = make.create_only();
        self.default = Some(Arc::new(move |cx| make.call(cx).into_value()));
    }

    /// Shows and reads values as their type does. The stored value is still checked by its column's
    /// length and bounds.
    pub(super) fn set_custom<F: CustomField>(&mut self) {
        let own = F::field(self.field.name);
        self.custom = Some(Conversion::of::<F>());
        self.describe(own);
    }

    /// Gives the field a class of one's own.
    pub(super) fn set_class<C: FieldClass>(&mut self, class: C) {
        let mut own = class.field(self.field.name);
        for (code, text) in C::DEFAULT_ERROR_MESSAGES {
            own = own.error(code, *text);
        }
        if own.read_only {
            self.change(Field::read_only);
        }
        if let Some(default) = own.default.take() {
            self.field.default = Some(default);
            self.field.required = false;
        }
        self.sees_instance = true;
        self.class = Some(Arc::new(class));
        self.describe(own);
    }

    /// Takes the kind, the checks and the words of another field; what is stored is still checked by
    /// its column's length and bounds.
    fn describe(&mut self, own: Field) {
        let stored = self.field.clone();
        self.change(|mut field| {
            field.kind = own.kind;
            field.validators = own.validators;
            field.bounds_of_type = own.bounds_of_type;
            field.validators.push(Validator::new(move |value| stored.validate(value, &Raw::Null)));
            field.allow_null |= own.allow_null;
            field.required &= own.required;
            field.messages.extend(own.messages);
            if field.help_text.is_empty() {
                field.help_text = own.help_text;
            }
            field
        });
    }
}

/// A field whose name differs from its column's has its own label, and not the column's help.
pub(super) fn rename(field: &mut Field, name: &'static str, column: &str) {
    field.name = name;
    if name != column {
        field.label = Field::new(name, FieldKind::Any).label;
        field.help_text = "".into();
    }
}

pub(super) fn key_kind(kind: ColumnKind) -> KeyKind {
    match kind {
        ColumnKind::Text => KeyKind::Text,
        ColumnKind::Uuid => KeyKind::Uuid,
        _ => KeyKind::Int,
    }
}
