//! A field of a serializer: its description, the source of its output, the target of its input.

use std::borrow::Cow;
use std::sync::Arc;

use super::asking::DynFieldAsks;
use super::bound::{BoundField, BoundSerializer};
use super::class::DynFieldClass;
use super::custom::Conversion;
use super::description::Description;
use super::hyperlinks::LinkInput;
use super::related::DynRelatedField;
use super::relations::Related;
use super::rows::{Loaded, RelatedRows};
use crate::db::{Hop, ModelMeta, Select};
use crate::exceptions::{Detail, Validated};
use crate::fields::{Field, FieldKind};
use crate::request::Context;
use crate::values::{JsonWriter, Raw, Value};

pub(crate) type MethodFn =
    Arc<dyn Fn(&Description, &Loaded, &RelatedRows, &Context, &mut JsonWriter) + Send + Sync>;
pub(crate) type StructMethodFn =
    Arc<dyn Fn(&[(Cow<'static, str>, Value)], &Context, &mut JsonWriter) + Send + Sync>;
pub(crate) type FieldHook = Arc<dyn Fn(Value, &BoundField<'_>) -> Validated<Value> + Send + Sync>;
/// A validator; the error is none where the value is of another type than the validator takes.
pub(crate) type ValueHook =
    Arc<dyn Fn(&Value, &BoundField<'_>) -> Result<(), Option<Detail>> + Send + Sync>;
pub(crate) type WithinHook = Arc<dyn Fn(&Context) -> Select + Send + Sync>;
pub(crate) type DefaultHook = Arc<dyn Fn(&Context) -> Value + Send + Sync>;

/// The source of a field's output.
#[derive(Clone)]
pub(crate) enum Output {
    /// Nothing: write-only.
    None,
    /// A column of the model.
    Column(usize),
    /// A value that was selected beside the model, by the place of its source.
    Source(usize),
    /// A row that was joined: the place of its source, and how it is written.
    Row(usize, Related),
    /// Rows that were fetched for all rows at once, by place.
    Many(usize),
    /// The answer of a function of all rows, by place.
    Batch(usize),
    /// A function of the row, which belongs to the serializer.
    Method(MethodFn),
    /// A function of the row, which belongs to the model.
    Property(MethodFn),
    /// The whole row, or all values (`source="*"`).
    Whole,
    /// The URL of the row itself.
    Link { view_name: Arc<str>, kwarg: Arc<str>, column: usize },
}

/// The target of a field's input.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    /// Nowhere: read-only.
    None,
    /// To a column of the model.
    Column(usize),
    /// To the links of a many-to-many relation.
    Links(Hop),
    /// To the view set, under the field's name.
    Other,
    /// To several of the others: its value has a member for each (`source="*"`).
    Whole,
}

/// Rows that input names and that must exist.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyCheck {
    pub(crate) model: fn() -> &'static ModelMeta,
    /// The column that input names rows by.
    pub(crate) column: usize,
}

/// A value that no other row may have.
#[derive(Clone, Debug)]
pub(crate) struct Unique {
    /// The model, if not that of the serializer.
    pub(crate) model: Option<&'static ModelMeta>,
    pub(crate) column: usize,
    pub(crate) ignore_case: bool,
    pub(crate) message: String,
}

/// A field: description, source, target.
#[derive(Clone)]
pub(crate) struct SerializerField {
    pub(crate) field: Field,
    /// Its key in the output, ready to be written.
    pub(crate) member: Box<[u8]>,
    pub(crate) output: Output,
    pub(crate) target: Target,
    pub(crate) key: Option<KeyCheck>,
    pub(crate) unique: Option<Unique>,
    pub(crate) hook: Option<FieldHook>,
    /// A validator that asks the database.
    pub(crate) asks: Option<Arc<dyn DynFieldAsks>>,
    /// The rows that its keys may name, if not all.
    pub(crate) within: Option<WithinHook>,
    /// Validators that may ask for the request; they run before the field's own.
    pub(crate) validators: Vec<ValueHook>,
    /// Computes its value if none was sent: `FieldDefault::Serializer`.
    pub(crate) default: Option<DefaultHook>,
    /// Whether that is for new rows alone (`CreateOnlyDefault`).
    pub(crate) default_on_create: bool,
    /// Whether one of its functions may ask for the stored row.
    pub(crate) sees_instance: bool,
    /// The function of a method field without a model.
    pub(crate) method: Option<StructMethodFn>,
    /// The view whose addresses name rows in input.
    pub(crate) link: Option<LinkInput>,
    /// Its class of related fields, if that is the user's.
    pub(crate) related: Option<Arc<dyn DynRelatedField>>,
    /// Its class, if that is the user's.
    pub(crate) class: Option<Arc<dyn DynFieldClass>>,
    /// The conversions of a custom field.
    pub(crate) custom: Option<Conversion>,
    pub(crate) nested: Option<fn() -> &'static Description>,
}

impl SerializerField {
    /// Runs all validators on a converted value; `raw` is the input (`run_validators`).
    pub(crate) fn check(&self, value: &Value, raw: &Raw<'_>, bound: &BoundField<'_>) -> Validated {
        let own = bound.field.validate(value, raw);
        if self.validators.is_empty() {
            return own;
        }
        let mut errors = Vec::new();
        let mut unfit = false;
        for validator in &self.validators {
            match validator(value, bound) {
                Ok(()) => {}
                Err(None) => unfit = true,
                Err(Some(map @ Detail::Map(_))) => return Err(map),
                Err(Some(detail)) => errors.extend(items(detail)),
            }
        }
        match own {
            Ok(()) if errors.is_empty() && unfit => errors.push(Detail::invalid("Invalid value.")),
            Ok(()) => {}
            Err(map @ Detail::Map(_)) => return Err(map),
            Err(detail) => errors.extend(items(detail)),
        }
        if errors.is_empty() { Ok(()) } else { Err(Detail::List(errors)) }
    }

    /// The value that its serializer computes, where it has one for this input.
    pub(crate) fn default_value(&self, serializer: &BoundSerializer<'_>) -> Option<Value> {
        let make = self.default.as_ref()?;
        let left_out = self.default_on_create && serializer.is_update();
        (!left_out).then(|| make(serializer.cx))
    }

    /// Whether it takes input at all.
    pub(crate) fn takes_input(&self) -> bool {
        !matches!(self.target, Target::None)
    }

    /// Whether it reads a list of objects.
    pub(super) fn takes_many(&self) -> bool {
        matches!(self.field.kind, FieldKind::Nested { many: true, .. })
    }

    /// Whether it is a writable nested serializer.
    pub(crate) fn takes_rows(&self) -> bool {
        self.nested.is_some() && matches!(self.target, Target::Other)
    }
}

fn items(detail: Detail) -> Vec<Detail> {
    match detail {
        Detail::List(items) => items,
        other => vec![other],
    }
}
