//! The validators that ask the database: those of fields once each field is settled, those of whole
//! objects at the end, from the inside out.

use std::borrow::Cow;

use futures_util::future::LocalBoxFuture;

use super::super::bound::BoundSerializer;
use super::super::changes::ChangeSet;
use super::{Existing, FieldState, ObjectState};
use crate::exceptions::{ApiException, Detail};
use crate::request::Context;
use crate::values::Raw;

impl ObjectState<'_> {
    /// Has the validators of fields ask, in nested objects, too.
    pub(super) fn ask_fields<'s>(
        &'s mut self,
        cx: &'s Context,
    ) -> LocalBoxFuture<'s, Result<(), ApiException>> {
        Box::pin(async move {
            for (field, state) in self.description.fields.iter().zip(&mut self.fields) {
                match state {
                    FieldState::One(inner) => inner.ask_fields(cx).await?,
                    FieldState::List(items) => {
                        for item in items {
                            item.ask_fields(cx).await?;
                        }
                    }
                    FieldState::Value(value, _) => {
                        let Some(hook) = &field.asks else { continue };
                        match hook.ask(value.clone(), cx).await {
                            Ok(()) => {}
                            Err(ApiException::Validation(detail)) => {
                                *state = FieldState::Failed(detail.into_list());
                            }
                            Err(other) => return Err(other),
                        }
                    }
                    FieldState::Skip | FieldState::Keys(..) | FieldState::Failed(_) => {}
                }
            }
            Ok(())
        })
    }
}

/// Has the validators of whole objects ask, those of nested ones first; the messages of what is wrong.
pub(super) fn ask_objects<'s>(
    set: &'s mut ChangeSet,
    serializer: &'s BoundSerializer<'s>,
) -> LocalBoxFuture<'s, Result<Option<Detail>, ApiException>> {
    Box::pin(async move {
        let (description, cx) = (serializer.description, serializer.cx);
        let mut wrong: Vec<(Cow<'static, str>, Detail)> = Vec::new();
        for (name, sets) in &mut set.nested {
            let own = |field: &&super::SerializerField| field.field.source_name() == *name;
            let Some(field) = description.fields.iter().find(own) else { continue };
            let Some(inner) = field.nested.map(|inner| inner()).filter(|own| own.asks_objects())
            else {
                continue;
            };
            let many = field.takes_many();
            let mut items = Vec::new();
            for (index, set) in sets.iter_mut().enumerate() {
                let data = serializer.sent.and_then(|raw| raw.get(field.field.name));
                let data = data.and_then(|raw| match raw {
                    Raw::List(items) => items.get(index),
                    other => Some(other),
                });
                let inner = BoundSerializer {
                    description: inner.for_request(cx),
                    parent: Some(serializer),
                    existing: Existing::default(),
                    partial: serializer.partial && !many,
                    sent: data,
                    cx,
                };
                let found = ask_objects(set, &inner).await?;
                items.extend(found.map(|detail| (Cow::Owned(index.to_string()), detail)));
            }
            if many && !items.is_empty() {
                wrong.push((field.field.name.into(), Detail::Map(items)));
            } else if let Some((_, detail)) = items.into_iter().next() {
                wrong.push((field.field.name.into(), detail));
            }
        }
        if !wrong.is_empty() {
            return Ok(Some(Detail::Map(wrong)));
        }
        let Some(hook) = &description.validate_async else { return Ok(None) };
        match hook.ask(set, serializer).await {
            Ok(()) => Ok(None),
            Err(ApiException::Validation(detail)) => Ok(Some(detail.as_serializer_error())),
            Err(other) => Err(other),
        }
    })
}
