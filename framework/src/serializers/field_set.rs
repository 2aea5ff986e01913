//! The fields of a serializer for one request (`get_fields`).

#![allow(clippy::unused_unit, reason = "a hook is declared with its result")]

use std::fmt;
use std::sync::OnceLock;

use super::builder::shown_columns;
use super::description::Description;
use super::field::{Output, SerializerField, Target};
use crate::fields::Field;
use crate::request::{Context, hook};

hook! {
    /// Chooses the fields of a serializer for a request (`get_fields`): `fn(&mut FieldSet, &Context)`.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` does not choose the fields of a serializer",
        label = "expected `fn(&mut FieldSet, &Context)`, or without `&Context`"
    )]
    GetFields[](fields: &mut FieldSet) -> ()
}

/// The fields of a serializer for one request, which its `get_fields` changes: it drops some, or makes
/// them read-only, required or optional.
///
/// What is dropped is neither shown nor read, and what only it needs is not fetched. Documents show all
/// fields.
///
/// ```
/// use quintet::prelude::*;
/// use quintet::serializers::FieldSet;
///
/// # #[model(table = "employee")]
/// # pub struct Employee {
/// #     pub id: i64,
/// #     pub name: String,
/// #     pub salary: i64,
/// # }
/// #[derive(Serializer)]
/// #[serializer(model = Employee, fields(id, name, salary), get_fields)]
/// struct EmployeeSerializer {}
///
/// impl EmployeeSerializer {
///     fn get_fields(fields: &mut FieldSet, cx: &Context) {
///         if !cx.user().is_some_and(|user| user.is_staff) {
///             fields.remove("salary");
///         }
///         // ?fields=id,name
///         if let Some(names) = cx.request.query_params().get("fields") {
///             fields.keep(names.split(','));
///         }
///     }
/// }
/// # fn main() {}
/// ```
pub struct FieldSet {
    description: Description,
}

impl fmt::Debug for FieldSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

impl FieldSet {
    pub(super) fn of(description: &Description) -> Self {
        let mut description = description.clone();
        description.get_fields = None;
        Self { description }
    }

    /// The names of the fields, in their order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.description.fields.iter().map(|field| field.field.name)
    }

    /// Whether there is a field of this name.
    pub fn contains(&self, name: &str) -> bool {
        self.description.place(name).is_some()
    }

    /// Drops a field (`self.fields.pop("salary")`), and the rules about several fields of which it is
    /// one; nothing if there is no such field.
    pub fn remove(&mut self, name: &str) {
        self.description.remove(name);
    }

    /// Drops all but these fields. A name that no field has means nothing.
    pub fn keep<N: AsRef<str>>(&mut self, names: impl IntoIterator<Item = N>) {
        let kept: Vec<bool> = {
            let mut kept = vec![false; self.description.fields.len()];
            for name in names {
                let place = self.description.place(name.as_ref());
                if let Some(kept) = place.and_then(|place| kept.get_mut(place)) {
                    *kept = true;
                }
            }
            kept
        };
        let dropped = self.names().zip(kept).filter_map(|(name, kept)| (!kept).then_some(name));
        for name in dropped.collect::<Vec<_>>() {
            self.remove(name);
        }
    }

    /// Makes a field read-only (`self.fields["name"].read_only = True`).
    pub fn read_only(&mut self, name: &str) {
        self.change(name, Field::read_only);
    }

    /// Makes a field required, or optional (`self.fields["name"].required = False`).
    pub fn required(&mut self, name: &str, required: bool) {
        self.change(name, |field| field.required(required));
    }

    /// Changes the description of a field: its messages, bounds, choices, and whether it allows null.
    pub fn change(&mut self, name: &str, change: impl FnOnce(Field) -> Field) {
        let Some(place) = self.description.place(name) else { return };
        let Some(field) = self.description.fields.get_mut(place) else { return };
        field.change(change);
        if matches!(field.target, Target::None) {
            self.description.unique_together.retain(|set| !set.members.contains(&place));
        }
    }

    /// The description of what is left.
    pub(super) fn finish(self) -> Description {
        let mut description = self.description;
        let keeps_rows = description.shows_rows();
        let fields = &mut description.fields;
        retain(&mut description.sources, fields, false, |output| match output {
            Output::Source(place) | Output::Row(place, _) => Some(place),
            _ => None,
        });
        // a function of the row may look at the rows of any field
        retain(&mut description.many, fields, keeps_rows, |output| match output {
            Output::Many(place) => Some(place),
            _ => None,
        });
        retain(&mut description.batches, fields, false, |output| match output {
            Output::Batch(place) => Some(place),
            _ => None,
        });
        description.input = description.fields.iter().map(|field| field.field.clone()).collect();
        description.columns = shown_columns(&description);
        description.recurs = OnceLock::new();
        description.asks = OnceLock::new();
        description
    }
}

/// Leaves out what no field shows, and tells the fields the new places.
fn retain<T>(
    items: &mut Vec<T>,
    fields: &mut [SerializerField],
    all: bool,
    place_of: impl Fn(&mut Output) -> Option<&mut usize>,
) {
    if all {
        return;
    }
    let mut used = vec![false; items.len()];
    for field in fields.iter_mut() {
        if let Some(used) = place_of(&mut field.output).and_then(|place| used.get_mut(*place)) {
            *used = true;
        }
    }
    let mut next = 0;
    let places: Vec<usize> = used
        .iter()
        .map(|used| {
            let place = next;
            next += usize::from(*used);
            place
        })
        .collect();
    let mut used = used.into_iter();
    items.retain(|_| used.next().unwrap_or(true));
    for field in fields {
        if let Some(place) = place_of(&mut field.output)
            && let Some(new) = places.get(*place)
        {
            *place = *new;
        }
    }
}

impl Description {
    /// The serializer as this request has it: itself, if it does not choose its fields and the site has no
    /// formats of its own.
    pub(crate) fn for_request<'a>(&'a self, cx: &'a Context) -> &'a Self {
        let (hook, formats) = (self.get_fields.as_ref(), cx.own_formats());
        if hook.is_none() && formats.is_none() {
            return self;
        }
        let key = std::ptr::from_ref(self) as usize;
        let made = cx.kept.get_or_make(key, || {
            let mut fields = FieldSet::of(self);
            if let Some(hook) = hook {
                hook(&mut fields, cx);
            }
            if let Some(formats) = formats {
                for field in &mut fields.description.fields {
                    field.change(|field| field.with_formats(formats));
                }
            }
            fields.finish()
        });
        made.unwrap_or(self)
    }
}
