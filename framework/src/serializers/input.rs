//! Input of a serializer: as it was sent, or as prepared by `to_internal_value`.

use std::fmt;
use std::ops::Deref;

use super::changes::ChangeSet;
use super::description::Description;
use super::hooks::JsonObject;
use super::list::{Instances, ListSerializer};
use super::run::run_own_validation;
use super::validate::{Existing, run_list_validation};
use crate::exceptions::{Detail, Result};
use crate::fields::form::FormValue;
use crate::fields::{form, from_json, to_json};
use crate::parsers::Data;
use crate::request::{Context, QueryParams};
use crate::values::{Raw, Value};

/// Input of a field or of an object.
pub(super) enum Input<'a> {
    /// A part of the body.
    Sent(&'a Raw<'a>),
    /// The result of a user's function.
    Changed(Box<Raw<'a>>),
}

impl<'a> Deref for Input<'a> {
    type Target = Raw<'a>;

    fn deref(&self) -> &Raw<'a> {
        match self {
            Self::Sent(raw) => raw,
            Self::Changed(raw) => raw,
        }
    }
}

impl<'a> Input<'a> {
    pub(super) fn changed(raw: Raw<'a>) -> Self {
        Self::Changed(Box::new(raw))
    }

    /// Takes the value under a key of an object.
    pub(super) fn take(&mut self, key: &str) -> Option<Self> {
        match self {
            Self::Sent(raw) => raw.get(key).map(Self::Sent),
            Self::Changed(raw) => {
                let Raw::Map(items) = &mut **raw else { return None };
                let place = items.iter().rposition(|(own, _)| own == key)?;
                Some(Self::changed(items.swap_remove(place).1))
            }
        }
    }

    /// Maps each item of a list; empty for anything else.
    pub(super) fn each<T>(self, make: impl FnMut(Self) -> T) -> Vec<T> {
        match self {
            Self::Sent(Raw::List(items)) => items.iter().map(Self::Sent).map(make).collect(),
            Self::Sent(_) => Vec::new(),
            Self::Changed(raw) => match *raw {
                Raw::List(items) => items.into_iter().map(Self::changed).map(make).collect(),
                _ => Vec::new(),
            },
        }
    }

    /// Applies `to_internal_value` to an object. Unchanged values stay as they were sent: a number
    /// of more than 64 bits, JSON in a form.
    pub(super) fn internal(self, description: &Description, cx: &Context) -> Result<Self, Detail> {
        let (Some(hook), Raw::Map(items)) = (&description.to_internal_value, &*self) else {
            return Ok(self);
        };
        let json = |raw: &Raw<'_>| to_json(raw).unwrap_or_default();
        let data: JsonObject =
            items.iter().map(|(key, value)| (key.to_string(), json(value))).collect();
        let changed = hook(data, cx)?.into_iter().map(|(key, value)| {
            let sent = self.get(&key).filter(|sent| json(sent) == value).cloned();
            (key.into(), sent.unwrap_or_else(|| from_json(value)))
        });
        Ok(Self::changed(Raw::Map(changed.collect())))
    }
}

/// What a serializer is to validate (`initial_data`): JSON, or the body of a request.
#[derive(Clone)]
pub struct InitialData(Initial);

#[derive(Clone)]
enum Initial {
    Json(serde_json::Value),
    Body(Data),
}

impl fmt::Debug for InitialData {
    /// Without the data, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InitialData(..)")
    }
}

impl From<serde_json::Value> for InitialData {
    fn from(data: serde_json::Value) -> Self {
        Self(Initial::Json(data))
    }
}

/// `cx.data()?`: a form is read as one.
impl From<Data> for InitialData {
    fn from(data: Data) -> Self {
        Self(Initial::Body(data))
    }
}

impl InitialData {
    /// Validates it.
    pub(crate) async fn validate(
        self,
        description: &'static Description,
        partial: bool,
        existing: Existing<'_>,
        cx: &Context,
    ) -> Result<ChangeSet> {
        let data = match self.0 {
            Initial::Json(json) => {
                let raw = from_json(json);
                return run_own_validation(description, &raw, partial, existing, cx).await;
            }
            Initial::Body(data) => data,
        };
        if let Some(form) = data.form() {
            let values = form_values(form, &data);
            let raw = form_input(description.for_request(cx), &values, partial);
            return run_own_validation(description, &raw, partial, existing, cx).await;
        }
        let raw = cx.object_in(data.raw()?);
        run_own_validation(description, &raw, partial, existing, cx).await
    }
}

impl InitialData {
    /// Validates it as a list, which a form is by keys like `[0]name`.
    pub(crate) async fn validate_list(
        self,
        description: &'static Description,
        list: ListSerializer,
        partial: bool,
        instances: &Instances<'_>,
        cx: &Context,
    ) -> Result<Vec<(ChangeSet, Option<Value>)>> {
        match self.0 {
            Initial::Json(json) => {
                let raw = from_json(json);
                run_list_validation(description, list, &raw, partial, instances, cx).await
            }
            Initial::Body(data) => {
                if let Some(form) = data.form() {
                    let fields = description.for_request(cx).fields();
                    let raw = form::to_raw_list(fields, form_values(form, &data), partial);
                    return run_list_validation(description, list, &raw, partial, instances, cx)
                        .await;
                }
                let raw = data.raw()?;
                run_list_validation(description, list, &raw, partial, instances, cx).await
            }
        }
    }
}

/// The input of a form. A user's function gets all of it, regardless of the fields.
fn form_input<'a>(
    description: &Description,
    values: &[(&'a str, FormValue<'a>)],
    partial: bool,
) -> Raw<'a> {
    let mut raw = form::to_raw(description.fields(), values.iter().copied(), partial);
    let all = description.to_internal_value.is_some()
        || description.fields.iter().any(|field| field.class.is_some());
    if all && let Raw::Map(items) = &mut raw {
        let others = values.iter().filter(|(name, _)| description.place(name).is_none());
        items.extend(others.map(|(name, value)| ((*name).into(), value.raw())));
    }
    raw
}

/// The texts of a form, and then its files.
fn form_values<'a>(form: &'a QueryParams, data: &'a Data) -> Vec<(&'a str, FormValue<'a>)> {
    let texts = form.iter().map(|(key, value)| (key, FormValue::Text(value)));
    let files = data.files().iter().map(|(key, file)| (key.as_str(), FormValue::File(file)));
    texts.chain(files).collect()
}
