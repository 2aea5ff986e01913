//! Turning input into changes (`run_validation`): one response has every error of a body.
//!
//! The tree of objects is traversed three times, because there are two statements, one before the
//! hooks of fields and one after them, however deep a client nests. `reading` converts values and
//! collects the first checks; [`ObjectState::settle`] takes their results, runs the hooks of fields
//! and collects the unique sets; [`ObjectState::finish`] takes those results and runs the hooks of
//! whole objects, from the inside out.

mod asking;
mod keys;
mod reading;

use std::borrow::Cow;

use self::asking::ask_objects;
use self::keys::{all_are_there, missing};
use self::reading::Reading;
use super::bound::{BoundField, BoundSerializer};
use super::changes::ChangeSet;
use super::checks::{Answer, Check};
use super::description::{Conditional, Description, UniqueTogether};
use super::field::{SerializerField, Target};
use super::input::Input;
use super::list::{Instances, ListSerializer};
use super::plain::ValidatedData;
use super::related::ask_classes;
use crate::aside::aside;
use crate::db::{ColumnKind, ColumnMeta, ModelRow};
use crate::exceptions::{ApiException, Detail};
use crate::fields::ManyKeys;
use crate::request::Context;
use crate::values::{Raw, Value, json_of};

/// The state of a field during validation.
enum FieldState<'a> {
    Skip,
    Value(Value, Option<Input<'a>>),
    Keys(ManyKeys, Input<'a>),
    One(Box<ObjectState<'a>>),
    List(Vec<ObjectState<'a>>),
    Failed(Detail),
}

/// One object under validation.
struct ObjectState<'a> {
    description: &'a Description,
    fields: Vec<FieldState<'a>>,
    /// The error of the whole object.
    error: Option<Detail>,
    /// The unique sets that were asked about, by place.
    sets: Vec<usize>,
    /// The members of a unique set that are neither sent nor stored.
    incomplete: Option<Detail>,
    existing: Existing<'a>,
    partial: bool,
    /// What was sent for it, where nobody changed it before.
    sent: Option<&'a Raw<'a>>,
}

/// The stored row that the input updates, as far as it is known.
#[derive(Clone, Copy, Default)]
pub(crate) struct Existing<'a> {
    /// Its key; `None` on create.
    pub(crate) pk: Option<&'a Value>,
    /// The row, when something needs it.
    pub(crate) row: Option<&'a dyn ModelRow>,
}

/// Validates a body. The name and email address of a new account are normalised first.
///
/// # Errors
/// 400 with every message, keyed as in DRF; 503 if the database cannot be reached.
pub(crate) async fn run_validation(
    description: &Description,
    raw: &Raw<'_>,
    partial: bool,
    existing: Existing<'_>,
    cx: &Context,
) -> Result<ChangeSet, ApiException> {
    let mut checks = Vec::new();
    let users = existing.pk.is_none().then(|| cx.user_meta());
    let mut reading = Reading::new(cx, users.as_deref(), &mut checks);
    let mut object = reading.object(description, Input::Sent(raw), partial, existing, None);
    let mut sets = Vec::new();
    let mut answers = run_checks(&checks, cx).await?.into_iter();
    object.settle(&mut answers, &mut sets, None, cx);
    let serializer = object.bound(None, cx);
    if serializer.description.asks_fields() {
        object.ask_fields(cx).await?;
    }
    let mut answers = run_checks(&sets, cx).await?.into_iter();
    let mut set = object.finish(&mut answers, None, cx).map_err(ApiException::Validation)?;
    if serializer.description.asks_objects()
        && let Some(detail) = ask_objects(&mut set, &serializer).await?
    {
        return Err(ApiException::Validation(detail));
    }
    Ok(set)
}

/// Validates a body that is a list, in as many statements as one object, but for validators that ask
/// the database themselves, which are called for each item; each item comes with the key of
/// the row that it is for.
///
/// # Errors
/// As [`run_validation`]; the messages of an item under its number.
pub(crate) async fn run_list_validation(
    description: &Description,
    list: ListSerializer,
    raw: &Raw<'_>,
    partial: bool,
    instances: &Instances<'_>,
    cx: &Context,
) -> Result<Vec<(ChangeSet, Option<Value>)>, ApiException> {
    let mut checks = Vec::new();
    let users = cx.user_meta();
    let mut reading = Reading::new(cx, Some(&*users), &mut checks);
    let read = reading.items(&list.field(), description, Input::Sent(raw), partial, instances);
    let mut items = read.map_err(ApiException::Validation)?;
    let mut sets = Vec::new();
    let mut answers = run_checks(&checks, cx).await?.into_iter();
    for item in &mut items {
        item.settle(&mut answers, &mut sets, None, cx);
        if item.description.asks_fields() {
            item.ask_fields(cx).await?;
        }
    }
    let mut answers = run_checks(&sets, cx).await?.into_iter();
    let (mut valid, mut wrong) = (Vec::with_capacity(items.len()), Vec::new());
    for (index, item) in items.into_iter().enumerate() {
        let (key, serializer) = (item.pk(), item.bound(None, cx));
        match item.finish(&mut answers, None, cx) {
            Ok(mut set) => {
                if serializer.description.asks_objects()
                    && let Some(detail) = ask_objects(&mut set, &serializer).await?
                {
                    wrong.push((Cow::Owned(index.to_string()), detail));
                    continue;
                }
                valid.push((set, key));
            }
            Err(detail) => wrong.push((Cow::Owned(index.to_string()), detail)),
        }
    }
    if wrong.is_empty() { Ok(valid) } else { Err(ApiException::Validation(Detail::Map(wrong))) }
}

/// Runs checks, those of the user's classes too.
async fn run_checks(checks: &[Check], cx: &Context) -> Result<Vec<Answer>, ApiException> {
    let mut answers = super::checks::run_checks(checks, cx).await?;
    if checks.iter().any(|check| matches!(check, Check::Own { .. })) {
        aside(|| ask_classes(checks, &mut answers, cx)).await?;
    }
    Ok(answers)
}

/// True for a value that the database is asked about, where its field says so.
fn is_asked(value: &Value) -> bool {
    !value.is_null()
}

impl<'a> ObjectState<'a> {
    fn new(description: &'a Description, existing: Existing<'a>, partial: bool) -> Self {
        let (fields, sets) = (Vec::new(), Vec::new());
        let (error, incomplete, sent) = (None, None, None);
        Self { description, fields, error, sets, incomplete, existing, partial, sent }
    }

    /// The serializer at work, for the user's functions.
    fn bound<'s>(
        &self,
        parent: Option<&'s BoundSerializer<'s>>,
        cx: &'s Context,
    ) -> BoundSerializer<'s>
    where
        'a: 's,
    {
        BoundSerializer {
            description: self.description,
            parent,
            existing: self.existing,
            partial: self.partial,
            sent: self.sent,
            cx,
        }
    }

    fn pk(&self) -> Option<Value> {
        self.existing.pk.cloned()
    }

    fn value(&self, index: usize) -> Option<&Value> {
        match self.fields.get(index) {
            Some(FieldState::Value(value, _)) => Some(value),
            _ => None,
        }
    }

    /// Takes the result of each field's check, and runs the field's hook (`validate_<field>`). If
    /// none failed, the unique sets are checked next; returns whether one failed.
    fn settle(
        &mut self,
        answers: &mut dyn Iterator<Item = Answer>,
        checks: &mut Vec<Check>,
        parent: Option<&BoundSerializer<'_>>,
        cx: &Context,
    ) -> bool {
        let serializer = self.bound(parent, cx);
        let mut failed = self.error.is_some();
        for (field, state) in self.description.fields.iter().zip(&mut self.fields) {
            failed |= match state {
                FieldState::Skip => false,
                FieldState::Failed(_) => true,
                FieldState::One(inner) => inner.settle(answers, checks, Some(&serializer), cx),
                FieldState::List(items) => {
                    // every item, whatever those before it are
                    let parent = Some(&serializer);
                    let failed = items
                        .iter_mut()
                        .filter_map(|item| item.settle(answers, checks, parent, cx).then_some(()));
                    failed.count() > 0
                }
                FieldState::Value(..) | FieldState::Keys(..) => {
                    let bound = BoundField::new(field, &serializer);
                    let settled = state.confirm(field, answers).and_then(|()| state.hook(&bound));
                    settled.map_err(|error| *state = FieldState::Failed(error)).is_err()
                }
            };
        }
        if !failed {
            self.ask_sets(checks);
        }
        failed
    }

    /// Adds the checks of the unique sets.
    fn ask_sets(&mut self, checks: &mut Vec<Check>) {
        for (place, set) in self.description.unique_together.iter().enumerate() {
            match self.set_values(set) {
                Ok(None) => {}
                Ok(Some(values)) => {
                    self.sets.push(place);
                    checks.push(Check::Unique {
                        model: self.description.model,
                        values,
                        ignore_case: false,
                        except: self.pk(),
                        condition: set.condition.as_ref().map(|condition| condition.make),
                        period: set.period,
                    });
                }
                Err(missing) => {
                    self.incomplete.get_or_insert(missing);
                }
            }
        }
    }

    /// The columns and values of a unique set, when it has to be asked about: with what the
    /// instance holds where the request says nothing.
    fn set_values(&self, set: &UniqueTogether) -> Result<Option<Vec<(usize, Value)>>, Detail> {
        if set.period.is_some() {
            return self.dated(set);
        }
        let mut values = Vec::with_capacity(set.members.len());
        let mut missing = Vec::new();
        let mut changed = self.existing.pk.is_none();
        let deciding = set.condition.iter().flat_map(|condition| &condition.fields);
        let own = set.members.len();
        for (at, index) in set.members.iter().chain(deciding).enumerate() {
            let Some(field) = self.description.fields.get(*index) else { continue };
            let Target::Column(column) = field.target else { continue };
            let stored = self.existing.row.map(|row| row.value(column));
            match (self.value(*index), stored) {
                (Some(value), stored) => {
                    changed |= stored.is_some_and(|stored| stored != value.as_ref());
                    if at < own {
                        values.push((column, value.clone()));
                    }
                }
                (None, Some(stored)) if at < own => values.push((column, stored.to_value())),
                (None, Some(_)) => {}
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
        let ask = changed
            && values.iter().all(|(_, value)| !value.is_null())
            && set.condition.as_ref().is_none_or(|condition| self.holds(condition));
        Ok(ask.then_some(values))
    }

    /// The value and the date of a value that is unique for a period: both must be sent, in a partial
    /// update too (`BaseUniqueForValidator`).
    fn dated(&self, set: &UniqueTogether) -> Result<Option<Vec<(usize, Value)>>, Detail> {
        let (mut values, mut missing) = (Vec::with_capacity(2), Vec::new());
        for index in &set.members {
            let Some(field) = self.description.fields.get(*index) else { continue };
            let Target::Column(column) = field.target else { continue };
            if let Some(value) = self.value(*index) {
                values.push((column, value.clone()));
            } else {
                let text = field.field.message("required", "This field is required.", &[]);
                missing.push((field.field.name.into(), Detail::List(vec![text])));
            }
        }
        if !missing.is_empty() {
            return Err(Detail::Map(missing));
        }
        let asks = values.len() == 2 && values.iter().all(|(_, value)| !value.is_null());
        Ok(asks.then_some(values))
    }

    /// Whether the row will be one of those that a unique set is about. Where only the database
    /// knows, it decides.
    fn holds(&self, condition: &Conditional) -> bool {
        let value = |column: &ColumnMeta| {
            let fields = self.description.fields.iter().enumerate();
            let index = self
                .description
                .model
                .columns
                .iter()
                .position(|own| own.column == column.column)?;
            let sent = fields
                .filter(|(_, field)| matches!(field.target, Target::Column(own) if own == index))
                .find_map(|(place, _)| self.value(place).cloned());
            sent.or_else(|| self.existing.row.map(|row| row.value(index).to_value()))
        };
        (condition.make)().holds(&value) == Some(true)
    }

    /// The fields that must match others and do not, with their messages.
    fn unmatched(&self) -> Vec<(Cow<'static, str>, Detail)> {
        let fields = &self.description.fields;
        let differ = |(told, other): &&(usize, usize)| self.value(*told) != self.value(*other);
        let mut wrong: Vec<_> = self.description.must_match.iter().filter(differ).collect();
        wrong.sort_by_key(|(told, _)| *told);
        wrong.dedup_by_key(|(told, _)| *told);
        let messages = wrong.into_iter().filter_map(|(told, other)| {
            let (field, other) = (fields.get(*told)?, fields.get(*other)?);
            let text = format!("This field must match \"{}\".", other.field.name);
            let detail = Detail::List(vec![Detail::new(text, "must_match")]);
            Some((field.field.name.into(), detail))
        });
        messages.collect()
    }

    /// The changes, or all errors: those of the fields, then of the unique sets, then of
    /// `validate`. A nested object is validated completely even if others are invalid, as in DRF.
    fn finish(
        mut self,
        answers: &mut dyn Iterator<Item = Answer>,
        parent: Option<&BoundSerializer<'_>>,
        cx: &Context,
    ) -> Result<ChangeSet, Detail> {
        let serializer = self.bound(parent, cx);
        let unmatched = self.unmatched();
        let mut errors: Vec<(Cow<'static, str>, Detail)> = Vec::new();
        let mut changes = ChangeSet::new();
        for (field, state) in self.description.fields.iter().zip(std::mem::take(&mut self.fields)) {
            let state = state.in_its_column(field, serializer.description);
            if let Err(detail) = state.finish(field, &mut changes, answers, &serializer) {
                errors.push((field.field.name.into(), detail));
            }
        }
        let (taken, dated) = self.taken_sets(answers);
        if !errors.is_empty() {
            return Err(Detail::Map(errors));
        }
        let description = self.description;
        if let Some(error) = self.error.or(dated).or(self.incomplete.filter(|_| taken.is_empty())) {
            return Err(error);
        }
        run_validators(description, taken, &mut changes, &serializer)?;
        if !unmatched.is_empty() {
            return Err(Detail::Map(unmatched));
        }
        if let Some(hook) = &description.validate {
            hook(&mut changes, &serializer).map_err(Detail::as_serializer_error)?;
        }
        Ok(changes)
    }

    /// The messages of the unique sets that another row has, and the first of a field whose value another
    /// row of the same day, month or year has: as in DRF, it is reported alone.
    fn taken_sets(
        &self,
        answers: &mut dyn Iterator<Item = Answer>,
    ) -> (Vec<Detail>, Option<Detail>) {
        let sets = self.sets.iter().filter_map(|set| self.description.unique_together.get(*set));
        let (mut taken, mut dated) = (Vec::new(), None);
        for (set, answer) in sets.zip(answers) {
            if !matches!(answer, Answer::Found(_)) {
                continue;
            }
            let message = Detail::new(set.message.clone(), set.code);
            let field = set.members.first().and_then(|at| self.description.fields.get(*at));
            match field.filter(|_| set.period.is_some()) {
                Some(field) => {
                    dated.get_or_insert_with(|| Detail::field(field.field.name, vec![message]));
                }
                None => taken.push(message),
            }
        }
        (taken, dated)
    }
}

/// Runs the checks of the whole object (`run_validators`): all messages together, after those of the
/// unique sets; messages by field are reported at once.
fn run_validators(
    description: &Description,
    mut errors: Vec<Detail>,
    changes: &mut ChangeSet,
    serializer: &BoundSerializer<'_>,
) -> Result<(), Detail> {
    for check in &description.validators {
        match check(changes, serializer) {
            Ok(()) => {}
            Err(map @ Detail::Map(_)) => return Err(map.as_serializer_error()),
            Err(Detail::List(items)) => errors.extend(items),
            Err(message) => errors.push(message),
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Detail::non_field(Detail::List(errors))) }
}

impl FieldState<'_> {
    /// Takes the result of a check.
    fn confirm(
        &mut self,
        field: &SerializerField,
        answers: &mut dyn Iterator<Item = Answer>,
    ) -> Result<(), Detail> {
        match self {
            Self::Value(value, Some(_)) if field.related.is_some() && is_asked(value) => {
                let Some(Answer::Keys(found)) = answers.next() else { return Ok(()) };
                if let Some(key) = found.into_iter().next() {
                    *value = key.map_err(Detail::into_list)?;
                }
                Ok(())
            }
            Self::Value(value, Some(raw)) if is_asked(value) => {
                let mut confirmed = Ok(());
                if let Some(key) = field.key {
                    match answers.next() {
                        Some(Answer::Found(found)) => *value = found,
                        _ => confirmed = Err(missing(&field.field, key, raw)),
                    }
                }
                if let Some(unique) = &field.unique
                    && let Some(Answer::Found(_)) = answers.next()
                {
                    let detail = Detail::new(unique.message.clone(), "unique");
                    confirmed = Err(Detail::List(vec![detail]));
                }
                confirmed
            }
            Self::Keys(keys, _) if field.related.is_some() => {
                if let Some(Answer::Keys(found)) = answers.next() {
                    let found = found.into_iter().collect::<Result<_, Detail>>();
                    keys.keys = found.map_err(Detail::into_list)?;
                }
                keys.error.take().map_or(Ok(()), |error| Err(error.into_list()))
            }
            Self::Keys(keys, raw) => match field.key {
                Some(key) => all_are_there(&field.field, key, keys, raw, answers.next().as_ref()),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Runs `validate_<field>`.
    fn hook(&mut self, field: &BoundField<'_>) -> Result<(), Detail> {
        if let (Self::Value(value, _), Some(hook)) = (self, &field.own.hook) {
            *value = hook(value.clone(), field).map_err(Detail::into_list)?;
        }
        Ok(())
    }

    /// A list, a dictionary or a selection as JSON, where a column of JSON stores it.
    fn in_its_column(self, field: &SerializerField, description: &Description) -> Self {
        let Target::Column(column) = field.target else { return self };
        let is_json = |value: &Value| matches!(value, Value::Json(_) | Value::Null);
        match self {
            Self::Value(value, raw) if !is_json(&value) => {
                let kind = description.model.columns.get(column).map(|column| column.kind);
                match kind {
                    Some(ColumnKind::Json) => {
                        let json = json_of(value).unwrap_or_default();
                        Self::Value(Value::Json(Box::new(json)), raw)
                    }
                    _ => Self::Value(value, raw),
                }
            }
            other => other,
        }
    }

    /// Adds the field's part to the changes.
    fn finish(
        self,
        field: &SerializerField,
        changes: &mut ChangeSet,
        answers: &mut dyn Iterator<Item = Answer>,
        serializer: &BoundSerializer<'_>,
    ) -> Result<(), Detail> {
        let (parent, cx) = (Some(serializer), serializer.cx);
        match self {
            Self::Skip => {}
            Self::Failed(detail) => return Err(detail),
            Self::Keys(keys, _) => changes.add_keys(field, keys.keys),
            Self::Value(Value::Map(members), _) if matches!(field.target, Target::Whole) => {
                changes.add_whole(serializer.description, field, members)?;
            }
            Self::Value(value, _) => changes.add(field, value),
            Self::One(inner) if matches!(field.target, Target::Whole) => {
                let members = ValidatedData::new(inner.finish(answers, parent, cx)?).values;
                changes.add_whole(serializer.description, field, members)?;
            }
            Self::One(inner) => changes.add_one(field, inner.finish(answers, parent, cx)?),
            Self::List(items) => {
                let mut sets = Vec::with_capacity(items.len());
                let mut wrong = Vec::new();
                for (index, item) in items.into_iter().enumerate() {
                    match item.finish(answers, parent, cx) {
                        Ok(set) => sets.push(set),
                        Err(detail) => wrong.push((Cow::Owned(index.to_string()), detail)),
                    }
                }
                if !wrong.is_empty() {
                    return Err(Detail::Map(wrong));
                }
                changes.add_list(field, sets);
            }
        }
        Ok(())
    }
}
