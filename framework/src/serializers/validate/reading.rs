//! The first traversal: converts fields without the database, and collects the checks.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::bound::{BoundField, BoundSerializer};
use super::super::builder::with_choices;
use super::super::checks::Check;
use super::super::class::DynFieldClass;
use super::super::description::Description;
use super::super::field::{SerializerField, Target};
use super::super::input::Input;
use super::super::list::Instances;
use super::super::related::MOST_ROWS;
use super::{Existing, FieldState, ObjectState, is_asked};
use crate::auth::{UserMeta, normalized};
use crate::db::Select;
use crate::exceptions::Detail;
use crate::fields::{Field, FieldKind, Start, to_json};
use crate::request::Context;
use crate::validators::words;
use crate::values::{Raw, Value, python};

/// Refuses a list of more items.
fn at_most(field: &Field, raw: &Raw<'_>, most: usize) -> Result<(), Detail> {
    match raw {
        Raw::List(items) if items.len() > most => {
            let most = most.to_string();
            let text = words::MOST_ELEMENTS;
            Err(field.fail_with("max_length", text, &[("max_length", &most)]))
        }
        _ => Ok(()),
    }
}

/// What was sent for an object, where classes of fields need all of it and fields are taken out.
fn whole<'a>(raw: &Input<'a>, description: &Description) -> Option<Input<'a>> {
    let classes = || description.fields.iter().any(|field| field.class.is_some());
    match raw {
        Input::Changed(raw) if classes() => Some(Input::changed((**raw).clone())),
        _ => None,
    }
}

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
        parent: Option<&BoundSerializer<'_>>,
    ) -> ObjectState<'a> {
        let description = description.for_request(self.cx);
        let mut state = ObjectState::new(description, existing, partial);
        if let Input::Sent(raw) = &raw {
            state.sent = Some(raw);
        }
        let mut raw = match raw.internal(description, self.cx) {
            Ok(raw) => raw,
            Err(detail) => {
                state.error = Some(detail.as_serializer_error());
                return state;
            }
        };
        match &*raw {
            Raw::Map(_) => {
                let mut fields = Vec::with_capacity(description.fields.len());
                let serializer = state.bound(parent, self.cx);
                let whole = whole(&raw, description);
                for field in &description.fields {
                    fields.push(match &field.class {
                        Some(class) if field.takes_input() => {
                            let raw = whole.as_ref().unwrap_or(&raw);
                            self.class(&**class, field, raw, &state, &serializer)
                        }
                        _ => self.field(field, raw.take(field.field.name), &state, &serializer),
                    });
                }
                state.fields = fields;
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
        // without a model there is none
        let pk = inner.model.columns.get(inner.model.pk).map_or("", |column| column.name);
        Ok(raw.each(|raw| {
            let key = raw.get(pk).filter(|_| !instances.rows.is_empty()).map(python::text);
            match instances.named(key.as_deref()) {
                Ok(existing) => self.item(list, inner, raw, partial, existing, None),
                Err(text) => {
                    let mut state = ObjectState::new(inner, Existing::default(), partial);
                    let text = format!("Invalid pk \"{text}\" - object does not exist.");
                    let detail = Detail::List(vec![Detail::new(text, "does_not_exist")]);
                    state.error = Some(Detail::Map(vec![(pk.into(), detail)]));
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
        parent: Option<&BoundSerializer<'_>>,
    ) -> ObjectState<'a> {
        let null = matches!(*raw, Raw::Null);
        // what is sent for a stored row is no new account
        let users = if existing.pk.is_some() { self.users.take() } else { None };
        let mut state = self.object(inner, raw, partial, existing, parent);
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
        serializer: &BoundSerializer<'_>,
    ) -> FieldState<'a> {
        if !field.takes_input() {
            return FieldState::Skip;
        }
        match field.field.start(raw.as_deref(), object.partial) {
            Ok(Start::Skip) => {
                let default = if object.partial { None } else { field.default_value(serializer) };
                return default.map_or(FieldState::Skip, |value| FieldState::Value(value, None));
            }
            Ok(Start::Done(value)) => return FieldState::Value(value, None),
            Ok(Start::Convert(_)) => {}
            Err(detail) => return FieldState::Failed(detail),
        }
        let Some(raw) = raw else { return FieldState::Skip };
        if let Some(nested) = field.nested {
            return self.nested(&field.field, nested(), raw, serializer);
        }
        if let FieldKind::ManyRelated { child, .. } = &field.field.kind {
            let keys = match (&field.link, field.key) {
                _ if field.related.is_some() => at_most(&field.field, &raw, MOST_ROWS)
                    .and_then(|()| field.field.many_keys(&raw)),
                (Some(link), Some(key)) => {
                    let cx = self.cx;
                    field.field.many_keys_by(&raw, |item| link.read(child, key, item, cx))
                }
                _ => field.field.many_keys(&raw),
            };
            if let (Some(class), Ok(keys)) = (&field.related, &keys) {
                let (class, values) = (Arc::clone(class), keys.keys.clone());
                self.checks.push(Check::Own { class, values });
            }
            return match keys {
                Ok(keys) => {
                    let within = self.within(field);
                    let check = |key| Check::keys(key, keys.keys.clone(), within);
                    self.checks.extend(field.key.map(check));
                    FieldState::Keys(keys, raw)
                }
                Err(detail) => FieldState::Failed(detail),
            };
        }
        match self.value(&BoundField::new(field, serializer), &raw, object) {
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
        bound: &BoundField<'_>,
        raw: &Raw<'_>,
        object: &ObjectState<'_>,
    ) -> Result<Value, Detail> {
        let field = bound.own;
        let value = match &field.custom {
            Some(custom) => {
                let json = to_json(raw).unwrap_or_default();
                (custom.read)(json, self.cx).map_err(Detail::into_list)?
            }
            None => match (&field.link, field.key) {
                (Some(link), Some(key)) => link.read(&field.field, key, raw, self.cx)?,
                _ => field.field.convert(raw, object.partial)?,
            },
        };
        field.check(&value, raw, bound)?;
        let account = self.users.filter(|users| *object.description.model == *users.model);
        let normal = match (account, field.target) {
            (Some(users), Target::Column(column)) => normalized(users, column, &value),
            _ => None,
        };
        let Some(normal) = normal else { return Ok(value) };
        let normal = Value::Text(normal);
        field.check(&normal, raw, bound)?;
        Ok(normal)
    }

    /// Adds the checks of a value: whether the row that it names exists, and whether another row
    /// has the value.
    fn ask(&mut self, field: &SerializerField, value: &Value, object: &ObjectState<'_>) {
        if let Some(class) = &field.related {
            let (class, values) = (Arc::clone(class), vec![value.clone()]);
            self.checks.push(Check::Own { class, values });
            return;
        }
        if let Some(key) = field.key {
            let within = self.within(field);
            self.checks.push(Check::key(key, value.clone(), within));
        }
        if let Some(unique) = &field.unique {
            self.checks.push(Check::Unique {
                model: unique.model.unwrap_or(object.description.model),
                values: vec![(unique.column, value.clone())],
                ignore_case: unique.ignore_case,
                except: if unique.model.is_some() { None } else { object.pk() },
                condition: None,
                period: None,
            });
        }
    }

    fn nested(
        &mut self,
        field: &Field,
        inner: &'a Description,
        raw: Input<'a>,
        serializer: &BoundSerializer<'_>,
    ) -> FieldState<'a> {
        let (partial, parent) = (serializer.partial, Some(serializer));
        let FieldKind::Nested { many, .. } = &field.kind else { return FieldState::Skip };
        if !many {
            let object = self.object(inner, raw, partial, Existing::default(), parent);
            return FieldState::One(Box::new(object));
        }
        if let Err(wrong) = field.objects(&raw) {
            return FieldState::Failed(wrong);
        }
        // nested rows are always created, even if their parent is updated
        let partial = partial && inner.is_plain();
        let item = |raw| self.item(field, inner, raw, partial, Existing::default(), parent);
        FieldState::List(raw.each(item))
    }

    /// A field of a class of the user's, which gets all that was sent for the object.
    fn class(
        &mut self,
        class: &dyn DynFieldClass,
        field: &'a SerializerField,
        data: &Input<'a>,
        object: &ObjectState<'a>,
        serializer: &BoundSerializer<'_>,
    ) -> FieldState<'a> {
        let mut bound = BoundField::new(field, serializer);
        let chosen = class.choices(self.cx).map(|own| with_choices(field.field.clone(), own));
        if let Some(chosen) = &chosen {
            bound.field = chosen;
        }
        let sent = class.get_value(data, &bound);
        match class.run(sent.as_deref(), &bound) {
            Ok(None) => FieldState::Skip,
            Ok(Some(value)) => {
                // what is not sent is not asked about
                let asks = field.key.is_some() || field.unique.is_some();
                let sent = sent.filter(|_| asks && is_asked(&value));
                let sent = sent.map(|sent| Input::changed(sent.into_owned()));
                if sent.is_some() {
                    self.ask(field, &value, object);
                }
                FieldState::Value(value, sent)
            }
            Err(detail) => FieldState::Failed(detail.into_list()),
        }
    }
}
