//! How a field's output is made, for documents: what its description alone does not say.

use super::description::{Description, Source};
use super::field::Output;
use super::relations::{Inner, Related};
use crate::db::{ColumnKind, Hop, Path};

/// What a document shows of a field's output.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct FieldOutput<'a> {
    /// It is a list of related rows.
    pub(crate) many: bool,
    /// It is an address, or a list of them.
    pub(crate) link: bool,
    /// Whether it may be null, where the way to it decides that.
    pub(crate) null: Option<bool>,
    /// What the column at the end of the way stores.
    pub(crate) column: Option<ColumnKind>,
    /// It is what a function of the serializer returns.
    pub(crate) method: bool,
    /// The serializer of the related rows.
    pub(crate) nested: Option<&'a Description>,
    /// True when that serializer was made for this field alone, by `depth`.
    pub(crate) owned: bool,
}

impl<'a> FieldOutput<'a> {
    /// How the output of field `index` is made.
    pub(crate) fn of(description: &'a Description, index: usize) -> Self {
        let mut shown = Self::default();
        let Some(field) = description.fields.get(index) else { return shown };
        match &field.output {
            Output::None | Output::Column(_) | Output::Property(_) | Output::Whole => {}
            Output::Batch(_) | Output::Method(_) => shown.method = true,
            Output::Link { .. } => shown.link = true,
            Output::Source(source) => {
                if let Some(Source::Value(path)) = description.sources.get(*source) {
                    shown.null = Some(may_be_null(path));
                    shown.column = path.column().map(|column| column.kind);
                }
            }
            Output::Row(source, related) => {
                if let Some(Source::Row(hops, _)) = description.sources.get(*source) {
                    shown.null = Some(may_end_early(hops));
                }
                shown.relate(related);
            }
            Output::Many(place) => {
                shown.many = true;
                if let Some(many) = description.many.get(*place) {
                    shown.relate(&many.related);
                }
            }
        }
        if shown.nested.is_none() {
            shown.nested = field.nested.map(|description| description());
        }
        shown
    }

    fn relate(&mut self, related: &'a Related) {
        match related {
            Related::Serializer(inner) => {
                self.nested = Some(inner.get());
                self.owned = matches!(inner, Inner::Owned(_));
            }
            Related::Display { .. } | Related::Own { .. } => {}
            Related::Column { model, column } => {
                self.column = model.columns.get(*column).map(|column| column.kind);
            }
            Related::Link { .. } | Related::Address { .. } => self.link = true,
        }
    }
}

fn may_end_early(hops: &[Hop]) -> bool {
    hops.iter().any(|hop| match hop {
        Hop::Forward { column, .. } => column.nullable,
        Hop::Reverse { .. } | Hop::ManyToMany { .. } => true,
    })
}

fn may_be_null(path: &Path) -> bool {
    path.leaf.is_nullable() || may_end_early(&path.hops)
}
