//! From input to changes (`run_validation`): every error of a body in one answer.
//!
//! Four passes over the same tree: fields by themselves; what the database must confirm, in one
//! statement; the hooks of fields; then, where no field failed, unique sets (one statement more)
//! and the hooks of whole objects. Nested serializers go through the same passes.

use std::borrow::Cow;

use super::changes::ChangeSet;
use super::checks::{Answer, Check, run_checks};
use super::description::Description;
use super::field::{KeyCheck, SerializerField, Target};
use super::input::Input;
use crate::auth::{UserMeta, normalized};
use crate::db::{Conn, ModelRow};
use crate::exceptions::{ApiException, Detail};
use crate::fields::{Field, Kind, ManyKeys, Start, to_json};
use crate::request::Context;
use crate::values::{Raw, Value, python};

/// What is known of a field so far.
enum Slot<'a> {
    Skip,
    Value(Value, Option<Input<'a>>),
    Keys(ManyKeys, Input<'a>),
    One(Box<Work<'a>>),
    List(Vec<Work<'a>>),
    Failed(Detail),
}

/// One object under validation.
struct Work<'a> {
    description: &'a Description,
    slots: Vec<Slot<'a>>,
    /// What is wrong with the object as a whole.
    error: Option<Detail>,
    existing: Existing<'a>,
    partial: bool,
    cx: &'a Context,
}

/// The row that input is for, as far as it is known.
#[derive(Clone, Copy, Default)]
pub(crate) struct Existing<'a> {
    /// Its key; `None` on create.
    pub(crate) pk: Option<&'a Value>,
    /// The row, when something needs it.
    pub(crate) row: Option<&'a dyn ModelRow>,
}

/// Validates a body. The name and the address of a new account are brought into their normal
/// form first of all, and are valid if they are in both forms.
///
/// # Errors
/// 400 with every message, keyed as DRF does; 503 when the database is away.
pub(crate) async fn run_validation(
    description: &Description,
    raw: &Raw<'_>,
    partial: bool,
    existing: Existing<'_>,
    cx: &Context,
) -> Result<ChangeSet, ApiException> {
    let mut work = Work::new(description, Input::Sent(raw), partial, existing, cx);
    if existing.pk.is_none() {
        work.normalize(&cx.user_meta());
    }
    work.confirm(cx, false).await?;
    work.field_hooks();
    if !work.failed() {
        work.confirm(cx, true).await?;
        work.object_hooks();
    }
    work.finish().map_err(ApiException::Validation)
}

fn non_field(detail: impl Into<Detail>) -> Detail {
    Detail::field("non_field_errors", detail.into().into_list())
}

impl<'a> Work<'a> {
    fn new(
        description: &'a Description,
        raw: Input<'a>,
        partial: bool,
        existing: Existing<'a>,
        cx: &'a Context,
    ) -> Self {
        let mut work = Self { description, slots: Vec::new(), error: None, existing, partial, cx };
        let mut raw = match raw.internal(description, cx) {
            Ok(raw) => raw,
            Err(detail) => {
                work.error = Some(object_error(detail));
                return work;
            }
        };
        match &*raw {
            Raw::Map(_) => {
                work.slots = description
                    .fields
                    .iter()
                    .map(|field| first_pass(field, raw.take(field.field.name), partial, cx))
                    .collect();
            }
            Raw::Null => work.error = Some(non_field(Detail::new("No data provided", "null"))),
            other => {
                let text =
                    format!("Invalid data. Expected a dictionary, but got {}.", other.type_name());
                work.error = Some(non_field(text));
            }
        }
        work
    }

    /// One item of a list. Unlike the body as a whole, it is a field with a value: a null is
    /// reported as that of any other field.
    fn item(
        field: &Field,
        inner: &'a Description,
        raw: Input<'a>,
        partial: bool,
        cx: &'a Context,
    ) -> Self {
        let null = matches!(*raw, Raw::Null);
        let mut work = Self::new(inner, raw, partial, Existing::default(), cx);
        if null {
            work.error = Some(field.fail("null", "This field may not be null."));
        }
        work
    }

    /// Normalises names and addresses of new accounts and validates them again: `⑴` is a word, but
    /// `(1)` is none.
    fn normalize(&mut self, users: &UserMeta) {
        let is_account = *self.description.model == *users.model;
        for (field, slot) in self.description.fields.iter().zip(&mut self.slots) {
            match slot {
                Slot::Value(value, Some(raw)) if is_account => {
                    let Target::Column(column) = field.target else { continue };
                    let Some(normal) = normalized(users, column, value) else { continue };
                    *value = Value::Text(normal);
                    if let Err(detail) = field.field.validate(value, raw) {
                        *slot = Slot::Failed(detail);
                    }
                }
                Slot::One(inner) => inner.normalize(users),
                Slot::List(items) => items.iter_mut().for_each(|item| item.normalize(users)),
                _ => {}
            }
        }
    }

    fn failed(&self) -> bool {
        self.error.is_some()
            || self.slots.iter().any(|slot| match slot {
                Slot::Failed(_) => true,
                Slot::One(inner) => inner.failed(),
                Slot::List(items) => items.iter().any(Work::failed),
                _ => false,
            })
    }

    /// Asks the database what it must confirm and takes its answers.
    async fn confirm(&mut self, conn: &Conn, sets: bool) -> Result<(), ApiException> {
        let mut checks = Vec::new();
        if sets {
            self.gather_sets(&mut checks);
        } else {
            self.gather(&mut checks);
        }
        if checks.is_empty() {
            return Ok(());
        }
        let mut answers = run_checks(&checks, conn).await?.into_iter();
        if sets {
            self.take_sets(&mut answers);
        } else {
            self.take(&mut answers);
        }
        Ok(())
    }

    fn gather(&self, checks: &mut Vec<Check>) {
        for (field, slot) in self.description.fields.iter().zip(&self.slots) {
            match slot {
                Slot::Value(value, Some(_)) if !value.is_null() => {
                    if let Some(key) = field.key {
                        checks.push(Check::key(key, value.clone()));
                    }
                    if let Some(unique) = &field.unique {
                        checks.push(Check::Unique {
                            model: self.description.model,
                            values: vec![(unique.column, value.clone())],
                            ignore_case: unique.ignore_case,
                            except: self.pk(),
                        });
                    }
                }
                Slot::Keys(keys, _) => {
                    if let Some(key) = field.key {
                        checks.push(Check::keys(key, keys.keys.clone()));
                    }
                }
                Slot::One(inner) => inner.gather(checks),
                Slot::List(items) => items.iter().for_each(|item| item.gather(checks)),
                _ => {}
            }
        }
    }

    fn pk(&self) -> Option<Value> {
        self.existing.pk.cloned()
    }

    fn take(&mut self, answers: &mut dyn Iterator<Item = Answer>) {
        for (field, slot) in self.description.fields.iter().zip(&mut self.slots) {
            match slot {
                Slot::Value(value, Some(raw)) if !value.is_null() => {
                    let mut error = None;
                    if let Some(key) = field.key {
                        match answers.next() {
                            Some(Answer::Found(found)) => *value = found,
                            _ => error = Some(missing(&field.field, key, raw)),
                        }
                    }
                    if let Some(unique) = &field.unique
                        && let Some(Answer::Found(_)) = answers.next()
                    {
                        let detail = Detail::new(unique.message.clone(), "unique");
                        error = Some(Detail::List(vec![detail]));
                    }
                    if let Some(error) = error {
                        *slot = Slot::Failed(error);
                    }
                }
                Slot::Keys(keys, raw) => {
                    if let Some(key) = field.key
                        && let Err(error) =
                            all_are_there(&field.field, key, keys, raw, answers.next().as_ref())
                    {
                        *slot = Slot::Failed(error);
                    }
                }
                Slot::One(inner) => inner.take(answers),
                Slot::List(items) => items.iter_mut().for_each(|item| item.take(answers)),
                _ => {}
            }
        }
    }

    /// `validate_<field>` of every field that has passed so far.
    fn field_hooks(&mut self) {
        for (field, slot) in self.description.fields.iter().zip(&mut self.slots) {
            match slot {
                Slot::Value(value, _) => {
                    if let Some(hook) = &field.hook {
                        match hook(value.clone(), self.cx) {
                            Ok(changed) => *value = changed,
                            Err(error) => *slot = Slot::Failed(error.into_list()),
                        }
                    }
                }
                Slot::One(inner) => inner.field_hooks(),
                Slot::List(items) => items.iter_mut().for_each(Work::field_hooks),
                _ => {}
            }
        }
    }

    fn value(&self, index: usize) -> Option<&Value> {
        match self.slots.get(index) {
            Some(Slot::Value(value, _)) => Some(value),
            _ => None,
        }
    }

    /// The columns and values of a unique set, when it has to be asked about: with what the
    /// instance holds where the request says nothing.
    fn set_values(&self, members: &[usize]) -> Result<Option<Vec<(usize, Value)>>, Detail> {
        let mut values = Vec::with_capacity(members.len());
        let mut missing = Vec::new();
        let mut changed = self.existing.pk.is_none();
        for index in members {
            let Some(field) = self.description.fields.get(*index) else { continue };
            let Target::Column(column) = field.target else { continue };
            let stored = self.existing.row.map(|row| row.value(column));
            match (self.value(*index), stored) {
                (Some(value), stored) => {
                    changed |= stored.is_some_and(|stored| stored != value.as_ref());
                    values.push((column, value.clone()));
                }
                (None, Some(stored)) => values.push((column, stored.to_value())),
                (None, None) if self.partial => return Ok(None),
                (None, None) => missing.push((
                    Cow::Borrowed(field.field.name),
                    Detail::List(vec![field.field.message(
                        "required",
                        "This field is required.",
                        &[],
                    )]),
                )),
            }
        }
        if !missing.is_empty() {
            return Err(Detail::Map(missing));
        }
        let ask = changed && values.iter().all(|(_, value)| !value.is_null());
        Ok(ask.then_some(values))
    }

    fn gather_sets(&self, checks: &mut Vec<Check>) {
        for set in &self.description.unique_together {
            if let Ok(Some(values)) = self.set_values(&set.members) {
                checks.push(Check::Unique {
                    model: self.description.model,
                    values,
                    ignore_case: false,
                    except: self.pk(),
                });
            }
        }
        for slot in &self.slots {
            match slot {
                Slot::One(inner) => inner.gather_sets(checks),
                Slot::List(items) => items.iter().for_each(|item| item.gather_sets(checks)),
                _ => {}
            }
        }
    }

    fn take_sets(&mut self, answers: &mut dyn Iterator<Item = Answer>) {
        let mut messages = Vec::new();
        for set in &self.description.unique_together {
            if let Ok(Some(_)) = self.set_values(&set.members)
                && let Some(Answer::Found(_)) = answers.next()
            {
                messages.push(Detail::new(set.message.clone(), "unique"));
            }
        }
        if !messages.is_empty() {
            self.error = Some(non_field(Detail::List(messages)));
        }
        for slot in &mut self.slots {
            match slot {
                Slot::One(inner) => inner.take_sets(answers),
                Slot::List(items) => items.iter_mut().for_each(|item| item.take_sets(answers)),
                _ => {}
            }
        }
    }

    /// `validate`, innermost objects first.
    fn object_hooks(&mut self) {
        for slot in &mut self.slots {
            match slot {
                Slot::One(inner) => inner.object_hooks(),
                Slot::List(items) => items.iter_mut().for_each(Work::object_hooks),
                _ => {}
            }
        }
        if self.failed() {
            return;
        }
        for set in &self.description.unique_together {
            if let Err(missing) = self.set_values(&set.members) {
                self.error = Some(missing);
                return;
            }
        }
        for (told, other) in &self.description.must_match {
            let Some(other_field) = self.description.fields.get(*other) else { continue };
            if self.value(*told) != self.value(*other)
                && let Some(slot) = self.slots.get_mut(*told)
            {
                let text = format!("This field must match \"{}\".", other_field.field.name);
                *slot = Slot::Failed(Detail::List(vec![Detail::new(text, "must_match")]));
            }
        }
        if self.failed() {
            return;
        }
        let Some(hook) = &self.description.validate else { return };
        let mut changes = self.changes();
        match hook(&mut changes, self.existing.row, self.cx) {
            Ok(()) => self.adopt(changes),
            Err(detail) => self.error = Some(object_error(detail)),
        }
    }

    fn changes(&self) -> ChangeSet {
        let mut changes = ChangeSet::new();
        for (field, slot) in self.description.fields.iter().zip(&self.slots) {
            match slot {
                Slot::Skip | Slot::Failed(_) => {}
                Slot::Value(value, _) => changes.add(field, value.clone()),
                Slot::Keys(keys, _) => changes.add_keys(field, keys.keys.clone()),
                Slot::One(inner) => changes.add_one(field, inner.changes()),
                Slot::List(items) => {
                    let sets = items.iter().map(Work::changes).collect();
                    changes.add_list(field, sets);
                }
            }
        }
        changes
    }

    /// Takes over what a hook changed of the columns.
    fn adopt(&mut self, changes: ChangeSet) {
        for (column, value) in changes.columns {
            let place = self.description.fields.iter().position(
                |field| matches!(field.target, Target::Column(target) if target == column),
            );
            if let Some(slot) = place.and_then(|place| self.slots.get_mut(place)) {
                *slot = Slot::Value(value, None);
            }
        }
    }

    fn finish(self) -> Result<ChangeSet, Detail> {
        let mut errors: Vec<(Cow<'static, str>, Detail)> = Vec::new();
        let mut changes = ChangeSet::new();
        for (field, slot) in self.description.fields.iter().zip(self.slots) {
            let name = field.field.name;
            match slot {
                Slot::Skip => {}
                Slot::Failed(detail) => errors.push((name.into(), detail)),
                Slot::Keys(keys, _) => changes.add_keys(field, keys.keys),
                Slot::Value(value, _) => changes.add(field, value),
                Slot::One(inner) => match inner.finish() {
                    Ok(set) => changes.add_one(field, set),
                    Err(detail) => errors.push((name.into(), detail)),
                },
                Slot::List(items) => {
                    let mut sets = Vec::with_capacity(items.len());
                    let mut bad = Vec::new();
                    for (index, item) in items.into_iter().enumerate() {
                        match item.finish() {
                            Ok(set) => sets.push(set),
                            Err(detail) => bad.push((Cow::Owned(index.to_string()), detail)),
                        }
                    }
                    if bad.is_empty() {
                        changes.add_list(field, sets);
                    } else {
                        errors.push((name.into(), Detail::Map(bad)));
                    }
                }
            }
        }
        match (errors.is_empty(), self.error) {
            (true, None) => Ok(changes),
            (false, _) => Err(Detail::Map(errors)),
            (true, Some(error)) => Err(error),
        }
    }
}

/// The first pass of one field: everything that needs no database.
fn first_pass<'a>(
    field: &'a SerializerField,
    raw: Option<Input<'a>>,
    partial: bool,
    cx: &'a Context,
) -> Slot<'a> {
    if matches!(field.target, Target::None) {
        return Slot::Skip;
    }
    match field.field.start(raw.as_deref(), partial) {
        Ok(Start::Skip) => {
            let default = field.default.as_ref().filter(|_| !partial);
            return default.map_or(Slot::Skip, |make| Slot::Value(make(cx), None));
        }
        Ok(Start::Done(value)) => return Slot::Value(value, None),
        Ok(Start::Convert(_)) => {}
        Err(detail) => return Slot::Failed(detail),
    }
    let Some(raw) = raw else { return Slot::Skip };
    if let Some(nested) = field.nested {
        return nested_pass(&field.field, nested(), raw, partial, cx);
    }
    if let Kind::ManyRelated { .. } = field.field.kind {
        return match field.field.many_keys(&raw) {
            Ok(keys) => Slot::Keys(keys, raw),
            Err(detail) => Slot::Failed(detail),
        };
    }
    let converted = match &field.custom {
        Some(custom) => {
            let json = to_json(&raw).unwrap_or_default();
            (custom.read)(json, cx).map_err(Detail::into_list)
        }
        None => field.field.convert(&raw, partial),
    };
    let checked = converted.and_then(|value| {
        field.field.validate(&value, &raw)?;
        Ok(value)
    });
    match checked {
        Ok(value) => Slot::Value(value, Some(raw)),
        Err(detail) => Slot::Failed(detail),
    }
}

fn nested_pass<'a>(
    field: &Field,
    inner: &'a Description,
    raw: Input<'a>,
    partial: bool,
    cx: &'a Context,
) -> Slot<'a> {
    let Kind::Nested { many, allow_empty, min_length, max_length, .. } = &field.kind else {
        return Slot::Skip;
    };
    if !many {
        return Slot::One(Box::new(Work::new(inner, raw, partial, Existing::default(), cx)));
    }
    let Raw::List(items) = &*raw else {
        let text = format!("Expected a list of items but got type \"{}\".", raw.type_name());
        return Slot::Failed(non_field(Detail::new(text, "not_a_list")));
    };
    let wrong = if items.is_empty() && !allow_empty {
        Some(Detail::new("This list may not be empty.", "empty"))
    } else if max_length.is_some_and(|most| items.len() > most) {
        let most = max_length.unwrap_or_default();
        let text = format!("Ensure this field has no more than {most} elements.");
        Some(Detail::new(text, "max_length"))
    } else if min_length.is_some_and(|least| items.len() < least) {
        let least = min_length.unwrap_or_default();
        Some(Detail::new(format!("Ensure this field has at least {least} elements."), "min_length"))
    } else {
        None
    };
    // rows of a model in a list are new ones, whatever becomes of the row that they hang on
    let partial = partial && inner.is_plain();
    match wrong {
        Some(detail) => Slot::Failed(non_field(detail)),
        None => Slot::List(raw.each(|raw| Work::item(field, inner, raw, partial, cx))),
    }
}

/// The message for a row that is not there.
fn missing(field: &Field, key: KeyCheck, raw: &Raw<'_>) -> Detail {
    let value = python::text(raw);
    Detail::List(vec![missing_message(field, key, &value)])
}

fn missing_message(field: &Field, key: KeyCheck, value: &str) -> Detail {
    let model = (key.model)();
    if key.column == model.pk {
        let text = "Invalid pk \"{pk_value}\" - object does not exist.";
        return field.message("does_not_exist", text, &[("pk_value", value)]);
    }
    let slug = model.columns.get(key.column).map_or("", |column| column.name);
    let text = "Object with {slug_name}={value} does not exist.";
    field.message("does_not_exist", text, &[("slug_name", slug), ("value", value)])
}

/// A list of keys after the database has looked: the first item that is wrong, in any way, is
/// reported.
fn all_are_there(
    field: &Field,
    key: KeyCheck,
    keys: &mut ManyKeys,
    raw: &Raw<'_>,
    answer: Option<&Answer>,
) -> Result<(), Detail> {
    let item = match &field.kind {
        Kind::ManyRelated { child, .. } => child,
        _ => field,
    };
    if let Some(Answer::Missing(index)) = answer {
        let value = match raw {
            Raw::List(items) => items.get(*index).map(python::text),
            Raw::Map(items) => items.get(*index).map(|(key, _)| Cow::Borrowed(&**key)),
            _ => None,
        };
        let value = value.unwrap_or_default();
        return Err(Detail::List(vec![missing_message(item, key, &value)]));
    }
    match keys.error.take() {
        Some(error) => Err(error.into_list()),
        None => Ok(()),
    }
}

/// What a hook of a whole object refused, as DRF reports it.
fn object_error(detail: Detail) -> Detail {
    match detail {
        Detail::Map(items) => {
            Detail::Map(items.into_iter().map(|(key, value)| (key, value.into_list())).collect())
        }
        other => non_field(other),
    }
}
