//! The first traversal: converts fields without the database, and collects the checks.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::checks::Check;
use super::super::description::Description;
use super::super::field::{SerializerField, Target};
use super::super::input::Input;
use super::super::list::Instances;
use super::{Existing, FieldState, ObjectState, is_asked, object_error};
use crate::auth::{UserMeta, normalized};
use crate::db::Select;
use crate::exceptions::Detail;
use crate::fields::{Field, FieldKind, Start, to_json};
use crate::request::Context;
use crate::values::{Raw, Value, python};

/// Reads objects, and collects the checks in the database.
pub(super) struct Reading<'a, 'c> {
    pub(super) cx: &'a Context,
    /// The model of accounts, where what is sent may be a new one.
    pub(super) users: Option<&'c UserMeta>,
    pub(super) checks: &'c mut Vec<Check>,
    /// The rows that keys of fields may name, by the field's place in memory.
    narrowed: HashMap<usize, Arc<Select>>,
}

impl<'a, 'c> Reading<'a, 'c> {
    pub(super) fn new(
        cx: &'a Context,
        users: Option<&'c UserMeta>,
        checks: &'c mut Vec<Check>,
    ) -> Self {
        Self { cx, users, checks, narrowed: HashMap::new() }
    }

    /// The rows that keys of a field may name, which are asked for once.
    fn within(&mut self, field: &SerializerField) -> Option<Arc<Select>> {
        let hook = field.within.as_ref()?;
        let place = std::ptr::from_ref(field) as usize;
        let select = self.narrowed.entry(place).or_insert_with(|| Arc::new(hook(self.cx)));
        Some(Arc::clone(select))
    }

    pub(super) fn object(
        &mut self,
        description: &'a Description,
        raw: Input<'a>,
        partial: bool,
        existing: Existing<'a>,
    ) -> ObjectState<'a> {
        let description = description.for_request(self.cx);
        let mut state = ObjectState::new(description, existing, partial);
        let mut raw = match raw.internal(description, self.cx) {
            Ok(raw) => raw,
            Err(detail) => {
                state.error = Some(object_error(detail));
                return state;
            }
        };
        match &*raw {
            Raw::Map(_) => {
                state.fields.reserve(description.fields.len());
                for field in &description.fields {
                    let read = self.field(field, raw.take(field.field.name), &state);
                    state.fields.push(read);
                }
            }
            Raw::Null => {
                let message = description.message("null", "No data provided", &[]);
                state.error = Some(Detail::non_field(message));
            }
            other => {
                let text = "Invalid data. Expected a dictionary, but got {datatype}.";
                let datatype = [("datatype", other.type_name())];
                let message = description.message("invalid", text, &datatype);
                state.error = Some(Detail::non_field(message));
            }
        }
        state
    }

    /// The items of a body that is a list, with the rows that they are for.
    pub(super) fn items(
        &mut self,
        list: &Field,
        inner: &'a Description,
        raw: Input<'a>,
        partial: bool,
        instances: &'a Instances<'a>,
    ) -> Result<Vec<ObjectState<'a>>, Detail> {
        if matches!(*raw, Raw::Null) {
            let message = inner.message("null", "No data provided", &[]);
            return Err(Detail::non_field(message));
        }
        list.objects(&raw)?;
        let pk = inner.model.pk_column();
        Ok(raw.each(|raw| {
            let key = raw.get(pk.name).filter(|_| !instances.rows.is_empty()).map(python::text);
            match instances.named(key.as_deref()) {
                Ok(existing) => self.item(list, inner, raw, partial, existing),
                Err(text) => {
                    let mut state = ObjectState::new(inner, Existing::default(), partial);
                    let text = format!("Invalid pk \"{text}\" - object does not exist.");
                    let detail = Detail::List(vec![Detail::new(text, "does_not_exist")]);
                    state.error = Some(Detail::Map(vec![(pk.name.into(), detail)]));
                    state
                }
            }
        }))
    }

    /// One item of a list. Unlike the body as a whole, it is a field with a value: a null is
    /// reported as that of any other field.
    fn item(
        &mut self,
        field: &Field,
        inner: &'a Description,
        raw: Input<'a>,
        partial: bool,
        existing: Existing<'a>,
    ) -> ObjectState<'a> {
        let null = matches!(*raw, Raw::Null);
        // what is sent for a stored row is no new account
        let users = if existing.pk.is_some() { self.users.take() } else { None };
        let mut state = self.object(inner, raw, partial, existing);
        if users.is_some() {
            self.users = users;
        }
        if null {
            state.error = Some(field.fail("null", "This field may not be null."));
        }
        state
    }

    /// A field of `object`: everything that needs no database.
    fn field(
        &mut self,
        field: &'a SerializerField,
        raw: Option<Input<'a>>,
        object: &ObjectState<'a>,
    ) -> FieldState<'a> {
        if matches!(field.target, Target::None) {
            return FieldState::Skip;
        }
        match field.field.start(raw.as_deref(), object.partial) {
            Ok(Start::Skip) => {
                let default = field.default.as_ref().filter(|_| !object.partial);
                return default
                    .map_or(FieldState::Skip, |make| FieldState::Value(make(self.cx), None));
            }
            Ok(Start::Done(value)) => return FieldState::Value(value, None),
            Ok(Start::Convert(_)) => {}
            Err(detail) => return FieldState::Failed(detail),
        }
        let Some(raw) = raw else { return FieldState::Skip };
        if let Some(nested) = field.nested {
            return self.nested(&field.field, nested(), raw, object.partial);
        }
        if let FieldKind::ManyRelated { .. } = field.field.kind {
            return match field.field.many_keys(&raw) {
                Ok(keys) => {
                    let within = self.within(field);
                    let check = |key| Check::keys(key, keys.keys.clone(), within);
                    self.checks.extend(field.key.map(check));
                    FieldState::Keys(keys, raw)
                }
                Err(detail) => FieldState::Failed(detail),
            };
        }
        match self.value(field, &raw, object) {
            Ok(value) => {
                if is_asked(&value) {
                    self.ask(field, &value, object);
                }
                FieldState::Value(value, Some(raw))
            }
            Err(detail) => FieldState::Failed(detail),
        }
    }

    /// Validates the value of a field. The name and email address of a new account must be valid
    /// both as sent and as normalised: `⑴` is valid, but normalises to `(1)`, which is not.
    fn value(
        &self,
        field: &SerializerField,
        raw: &Raw<'_>,
        object: &ObjectState<'_>,
    ) -> Result<Value, Detail> {
        let value = match &field.custom {
            Some(custom) => {
                let json = to_json(raw).unwrap_or_default();
                (custom.read)(json, self.cx).map_err(Detail::into_list)?
            }
            None => field.field.convert(raw, object.partial)?,
        };
        field.check(&value, raw, self.cx)?;
        let account = self.users.filter(|users| *object.description.model == *users.model);
        let normal = match (account, field.target) {
            (Some(users), Target::Column(column)) => normalized(users, column, &value),
            _ => None,
        };
        let Some(normal) = normal else { return Ok(value) };
        let normal = Value::Text(normal);
        field.check(&normal, raw, self.cx)?;
        Ok(normal)
    }

    /// Adds the checks of a value: whether the row that it names exists, and whether another row
    /// has the value.
    fn ask(&mut self, field: &SerializerField, value: &Value, object: &ObjectState<'_>) {
        if let Some(key) = field.key {
            let within = self.within(field);
            self.checks.push(Check::key(key, value.clone(), within));
        }
        if let Some(unique) = &field.unique {
            self.checks.push(Check::Unique {
                model: object.description.model,
                values: vec![(unique.column, value.clone())],
                ignore_case: unique.ignore_case,
                except: object.pk(),
                condition: None,
            });
        }
    }

    fn nested(
        &mut self,
        field: &Field,
        inner: &'a Description,
        raw: Input<'a>,
        partial: bool,
    ) -> FieldState<'a> {
        let FieldKind::Nested { many, .. } = &field.kind else { return FieldState::Skip };
        if !many {
            let object = self.object(inner, raw, partial, Existing::default());
            return FieldState::One(Box::new(object));
        }
        if let Err(wrong) = field.objects(&raw) {
            return FieldState::Failed(wrong);
        }
        // nested rows are always created, even if their parent is updated
        let partial = partial && inner.is_plain();
        FieldState::List(raw.each(|raw| self.item(field, inner, raw, partial, Existing::default())))
    }
}
