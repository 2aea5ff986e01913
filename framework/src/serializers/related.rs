//! Related fields that a project writes (subclasses of `RelatedField`, `PrimaryKeyRelatedField` and
//! `SlugRelatedField`).

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::LocalBoxFuture;

use super::checks::{Answer, Check};
use super::convert::FromValidated;
use crate::db::{Model, ModelRow};
use crate::exceptions::{ApiException, Detail, Result, Validated};
use crate::fields::Field;
use crate::request::Context;
use crate::values::{JsonWriter, Value};

/// The most rows that a list may name.
pub(super) const MOST_ROWS: usize = 1000;

/// A class of related fields that a project writes (`class TagField(serializers.RelatedField)`): how a related
/// row is shown, and which row input names.
///
/// A serializer over a model declares one by the type [`CustomRelated`](super::CustomRelated), or a `Vec` of it for a
/// relation to many, and the class: `#[field(class = TagField)]`. Along a foreign key or a link table it
/// is written, any other relation is read-only, as it is with `read_only`. The function that reads is
/// asked once for all that a body contains, so that a list takes as many statements as one row; what it
/// stores is stored before the row itself. Of one list up to 1000 items are taken.
///
/// What is shown needs the row, which is read with the others
/// (`use_pk_only_optimization` returns false); a
/// [`PrimaryKeyRelated`](super::PrimaryKeyRelated) shows the key without reading the row.
///
/// ```
/// use quintet::fields::Field;
/// use quintet::prelude::*;
/// use quintet::serializers::{CustomRelated, RelatedField};
///
/// #[model(table = "tag")]
/// pub struct Tag {
///     pub id: i64,
///     #[field(max_length = 40, unique)]
///     pub name: String,
/// }
///
/// #[model(table = "post")]
/// pub struct Post {
///     pub id: i64,
///     pub title: String,
///     #[field(foreign_key = Tag)]
///     pub topic_id: i64,
/// }
///
/// /// `"#rust"`; a tag that is not there is made.
/// struct TagField;
///
/// impl RelatedField for TagField {
///     type Model = Tag;
///     type Input = String;
///
///     fn field(&self, name: &'static str) -> Field {
///         Field::char(name).max_length(41)
///     }
///
///     async fn to_internal_value(
///         &self,
///         names: Vec<String>,
///         cx: &Context,
///     ) -> Result<Vec<Validated<Tag>>> {
///         let mut tags = Vec::new();
///         for name in names {
///             let name = name.trim_start_matches('#').to_owned();
///             let named = Changes::new().set(tag::name, name);
///             let (tag, _) = Tag::objects().get_or_create(named, (), cx).await?;
///             tags.push(Ok(tag));
///         }
///         Ok(tags)
///     }
///
///     fn to_representation(&self, tag: &Tag, _: &Context) -> serde_json::Value {
///         format!("#{}", tag.name).into()
///     }
/// }
///
/// #[derive(Serializer)]
/// #[serializer(model = Post)]
/// struct PostSerializer {
///     title: String,
///     #[field(class = TagField)]
///     topic: CustomRelated<Tag>,
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a class of related fields",
    label = "this type has no `RelatedField` implementation",
    note = "write `impl RelatedField for {Self}`, which says how a related row is shown and read"
)]
#[allow(async_fn_in_trait, reason = "it runs where it is called: futures need not be Send")]
pub trait RelatedField: Send + Sync + 'static {
    /// The model of the related rows.
    type Model: Model;

    /// What names a row in input: a `String`, a `HashMap`, `serde_json::Value`.
    type Input: FromValidated;

    /// Texts by code (`default_error_messages`), in place of those of [`field`](Self::field).
    const DEFAULT_ERROR_MESSAGES: &'static [(&'static str, &'static str)] = &[];

    /// The built-in field that reads what names a row. Documents show it.
    fn field(&self, name: &'static str) -> Field;

    /// The rows that input names, in its order: found, or made (`to_internal_value`).
    ///
    /// It is asked once for all that a body contains for this field; null and what
    /// [`field`](Self::field) refuses is left out. It may store rows, two requests at once included:
    /// `get_or_create` of a unique column is safe.
    ///
    /// # Errors
    /// An item's own message instead of a row; any other error is that of the request. A class that
    /// does not replace this function reads no input: its fields are `read_only`.
    async fn to_internal_value(
        &self,
        _data: Vec<Self::Input>,
        _cx: &Context,
    ) -> Result<Vec<Validated<Self::Model>>> {
        Err(ApiException::internal("a related field whose class has no `to_internal_value`"))
    }

    /// The JSON of a related row.
    fn to_representation(&self, row: &Self::Model, cx: &Context) -> serde_json::Value;
}

/// A [`RelatedField`] without its types.
pub(crate) trait DynRelatedField: Send + Sync {
    /// The keys of the rows that input names.
    fn ask<'a>(
        &'a self,
        data: Vec<Value>,
        cx: &'a Context,
    ) -> LocalBoxFuture<'a, Result<Vec<Validated<Value>>>>;

    /// Writes a row.
    fn write(&self, row: &dyn ModelRow, cx: &Context, out: &mut JsonWriter);
}

impl<C: RelatedField> DynRelatedField for C {
    fn ask<'a>(
        &'a self,
        data: Vec<Value>,
        cx: &'a Context,
    ) -> LocalBoxFuture<'a, Result<Vec<Validated<Value>>>> {
        Box::pin(async move {
            let mut keys: Vec<Validated<Value>> = Vec::with_capacity(data.len());
            let mut asked = Vec::with_capacity(data.len());
            for value in data {
                let input = C::Input::from_validated(Some(value));
                keys.push(match &input {
                    Some(_) => Ok(Value::Null),
                    None => Err(Detail::invalid("Invalid value.")),
                });
                asked.extend(input);
            }
            let count = asked.len();
            if count == 0 {
                return Ok(keys);
            }
            let rows = self.to_internal_value(asked, cx).await?;
            if rows.len() != count {
                let text = format!("a related field named {} rows of {count}", rows.len());
                return Err(ApiException::internal(text));
            }
            let places = keys.iter_mut().filter(|key| key.is_ok());
            for (place, row) in places.zip(rows) {
                *place = row.map(|row| row.pk());
            }
            Ok(keys)
        })
    }

    fn write(&self, row: &dyn ModelRow, cx: &Context, out: &mut JsonWriter) {
        match row.as_any().downcast_ref() {
            Some(row) => out.json(&self.to_representation(row, cx)),
            None => out.null(),
        }
    }
}

/// The built-in field of a class, with the class's messages.
pub(super) fn described<C: RelatedField>(class: &C, name: &'static str) -> Field {
    let messages = C::DEFAULT_ERROR_MESSAGES.iter();
    messages.fold(class.field(name), |field, (code, text)| field.error(code, *text))
}

/// A class, all that it is asked about, and the checks that this is of: their places and lengths.
struct Asked<'a> {
    class: &'a dyn DynRelatedField,
    data: Vec<Value>,
    members: Vec<(usize, usize)>,
}

/// Asks each class once for all checks that are its own.
pub(super) async fn ask_classes(
    checks: &[Check],
    answers: &mut [Answer],
    cx: &Context,
) -> Result<()> {
    let mut places: HashMap<usize, usize> = HashMap::new();
    let mut asked: Vec<Asked<'_>> = Vec::new();
    for (index, check) in checks.iter().enumerate() {
        let Check::Own { class, values } = check else { continue };
        let place = *places.entry(Arc::as_ptr(class).cast::<()>() as usize).or_insert_with(|| {
            asked.push(Asked { class: &**class, data: Vec::new(), members: Vec::new() });
            asked.len() - 1
        });
        if let Some(asked) = asked.get_mut(place) {
            asked.data.extend(values.iter().cloned());
            asked.members.push((index, values.len()));
        }
    }
    for Asked { class, data, members } in asked {
        let mut keys = class.ask(data, cx).await?.into_iter();
        for (index, count) in members {
            let own: Vec<Validated<Value>> = keys.by_ref().take(count).collect();
            if let Some(answer) = answers.get_mut(index) {
                *answer = Answer::Keys(own);
            }
        }
    }
    Ok(())
}
