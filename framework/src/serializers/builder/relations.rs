//! Fields for related rows: keys, slugs, texts, addresses, classes of one's own, nested serializers.

use std::fmt;
use std::sync::Arc;

use super::super::description::{Many, Source};
use super::super::field::{KeyCheck, Output, Target};
use super::super::hooks::GetUrl;
use super::super::related::{DynRelatedField, RelatedField, described};
use super::super::relations::{Inner, Related};
use super::super::{LeadsTo, ModelSerializer, ShownBy};
use super::Builder;
use super::draft::{key_kind, rename};
use crate::db::{FieldPath, Fields, Hop, Model, Way, meta_of};
use crate::fields::{Field, FieldKind};

impl<M: Model> Builder<M> {
    /// The column of a foreign key that is a path of one step.
    fn foreign_key(way: &Way) -> Option<usize> {
        match way.hops.as_slice() {
            [Hop::Forward { column, .. }] => {
                M::META.columns.iter().position(|c| c.column == column.column)
            }
            _ => None,
        }
    }

    fn many(&mut self, name: &'static str, hop: Hop, related: Related) -> usize {
        self.draft.description.many.push(Many { name, hop, related });
        self.draft.description.many.len() - 1
    }

    /// A `PrimaryKeyRelatedField`: one key along a foreign key, a list of them along a relation
    /// to many. A list along a link table is also written.
    pub fn primary_key<T, F>(mut self, name: &'static str, relation: F) -> Self
    where
        T: Model,
        F: Fields,
        F::Model: LeadsTo<T>,
    {
        let way = relation.way();
        if let Some(index) = Self::foreign_key(&way) {
            self.draft.add_key_column(name, index);
            return self;
        }
        let target = T::META;
        let related = Related::column::<T>(target.pk);
        let Some((hop, before)) = way.hops.split_last() else { return self };
        if !hop.is_many() {
            let source = self.draft.add_source(Source::Row(way.hops.clone(), related.clone()));
            let key = key_kind(target.pk_column().kind);
            let field = Field::new(name, FieldKind::PrimaryKey { key }).allow_null().read_only();
            return self.push(field, Output::Row(source, related), Target::None);
        }
        debug_assert!(before.is_empty(), "a list is reached by one step");
        let place = self.many(name, *hop, related);
        let child =
            Field::new("", FieldKind::PrimaryKey { key: key_kind(target.pk_column().kind) });
        let field =
            Field::new(name, FieldKind::ManyRelated { child: Box::new(child), allow_empty: true });
        if let Hop::ManyToMany { .. } = hop {
            self = self.push(field, Output::Many(place), Target::Links(*hop));
            self.last(|field| {
                field.key = Some(KeyCheck { model: meta_of::<T>, column: target.pk });
            });
            return self;
        }
        self.push(field.read_only(), Output::Many(place), Target::None)
    }

    /// A `SlugRelatedField`: the related row's column, or a list of them.
    pub fn slug<T, F, U>(mut self, name: &'static str, relation: F, slug: &FieldPath<T, U>) -> Self
    where
        T: Model,
        F: Fields,
        F::Model: LeadsTo<T>,
    {
        let way = relation.way();
        let target = T::META;
        let column = slug.path.column().map_or("", |column| column.column);
        let index = target.columns.iter().position(|c| c.column == column).unwrap_or(target.pk);
        let Some(hop) = way.hops.last().copied() else { return self };
        if hop.is_many() {
            let place = self.many(name, hop, Related::column::<T>(index));
            let child = Field::new("", FieldKind::SlugKey);
            let field = Field::new(
                name,
                FieldKind::ManyRelated { child: Box::new(child), allow_empty: true },
            );
            return self.push(field.read_only(), Output::Many(place), Target::None);
        }
        let own = Self::foreign_key(&way);
        let source = self
            .draft
            .add_source(Source::Value(way.column::<M, U, ()>(&target.columns[index]).path));
        let field = match own.and_then(|own| M::META.columns.get(own)) {
            Some(column) => {
                let mut field = Field::from_column(column);
                rename(&mut field, name, column.name);
                field.kind = FieldKind::SlugKey;
                field
            }
            None => Field::new(name, FieldKind::SlugKey).allow_null().read_only(),
        };
        let Some(own) = own else { return self.push(field, Output::Source(source), Target::None) };
        self = self.push(field, Output::Source(source), Target::Column(own));
        self.last(|field| {
            field.key = Some(KeyCheck { model: meta_of::<T>, column: index });
        });
        self
    }

    /// A `StringRelatedField`: the related row's text, or a list of them; read-only.
    pub fn string<T, F>(self, name: &'static str, relation: F) -> Self
    where
        T: Model + fmt::Display,
        F: Fields,
        F::Model: LeadsTo<T>,
    {
        self.shown(name, &relation.way(), Related::display::<T>(), FieldKind::ReadOnly)
    }

    /// A `HyperlinkedRelatedField`: the related row's URL, or a list of them; read-only.
    pub fn hyperlink<T, F, U>(
        self,
        name: &'static str,
        relation: F,
        view_name: &str,
        kwarg: &str,
        lookup: &FieldPath<T, U>,
    ) -> Self
    where
        T: Model,
        F: Fields,
        F::Model: LeadsTo<T>,
    {
        let column = lookup.path.column().map_or("", |column| column.column);
        let target = T::META;
        let index = target.columns.iter().position(|c| c.column == column).unwrap_or(target.pk);
        let related = Related::link::<T>(view_name, kwarg, index);
        self.shown(name, &relation.way(), related, FieldKind::ReadOnly)
    }

    fn shown(mut self, name: &'static str, way: &Way, related: Related, kind: FieldKind) -> Self {
        let Some(hop) = way.hops.last().copied() else { return self };
        let field = Field::new(name, kind).read_only();
        if hop.is_many() {
            let place = self.many(name, hop, related);
            return self.push(field, Output::Many(place), Target::None);
        }
        let source = self.draft.add_source(Source::Row(way.hops.clone(), related.clone()));
        self.push(field.allow_null(), Output::Row(source, related), Target::None)
    }

    /// A field of a class of one's own for a related row, or a list of them (`RelatedField`). Along a
    /// foreign key of the model and along a link table it is also written.
    pub fn related<C, F>(mut self, name: &'static str, relation: F, class: C) -> Self
    where
        C: RelatedField,
        F: Fields,
        F::Model: LeadsTo<C::Model>,
    {
        let way = relation.way();
        let Some(hop) = way.hops.last().copied() else { return self };
        let item = described(&class, "");
        let read_only = item.read_only;
        let class: Arc<dyn DynRelatedField> = Arc::new(class);
        let how = Related::Own { model: C::Model::META, class: Arc::clone(&class) };
        let (field, output, target) = if hop.is_many() {
            let place = self.many(name, hop, how);
            let target = match hop {
                Hop::ManyToMany { .. } => Target::Links(hop),
                _ => Target::None,
            };
            (Field::many_related(name, item), Output::Many(place), target)
        } else {
            let source = self.draft.add_source(Source::Row(way.hops.clone(), how.clone()));
            let own =
                Self::foreign_key(&way).and_then(|own| Some((own, M::META.columns.get(own)?)));
            let (mut field, target) = match own {
                Some((own, column)) => {
                    let mut field = Field::from_column(column);
                    rename(&mut field, name, column.name);
                    (field, Target::Column(own))
                }
                None => (Field::new(name, FieldKind::ReadOnly).allow_null(), Target::None),
            };
            field.kind = item.kind;
            field.validators = item.validators;
            field.messages = item.messages;
            (field, Output::Row(source, how), target)
        };
        if read_only || matches!(target, Target::None) {
            return self.push(field.read_only(), output, Target::None);
        }
        self = self.push(field, output, target);
        self.last(|field| field.related = Some(class));
        self
    }

    /// A `HyperlinkedRelatedField` whose address a function makes (`get_url`): that of the related row,
    /// or a list of them; read-only.
    pub fn hyperlink_with<T, F, Shape>(
        self,
        name: &'static str,
        relation: F,
        get_url: impl GetUrl<T, Shape>,
    ) -> Self
    where
        T: Model,
        F: Fields,
        F::Model: LeadsTo<T>,
        Shape: 'static,
    {
        let related = Related::address::<T, Shape>(get_url);
        self.shown(name, &relation.way(), related, FieldKind::ReadOnly)
    }

    /// A serializer as a field, along a foreign key or a relation to many; read-only unless
    /// [`Builder::writable`] follows.
    pub fn nested<S, F>(mut self, name: &'static str, relation: F) -> Self
    where
        S: ModelSerializer,
        F::Model: ShownBy<S, S::Model>,
        F: Fields,
    {
        self = self.shown(
            name,
            &relation.way(),
            Related::Serializer(Inner::Static(S::description)),
            FieldKind::ReadOnly,
        );
        self.last(|field| field.nested = Some(S::description));
        self
    }

    /// Makes the preceding nested serializer, or list of related columns, writable; the view set saves
    /// it. Of a list of columns it gets the values that were sent, whether or not there are such rows.
    pub fn writable(mut self) -> Self {
        let listed = self.draft.listed_column().map(Field::from_column);
        self.last(|field| {
            if let Some(child) = listed.filter(|_| field.nested.is_none()) {
                field.field = Field::list(field.field.name, child);
                field.target = Target::Other;
                return;
            }
            let many = matches!(field.output, Output::Many(_));
            let Some(nested) = field.nested else { return };
            let inner = Arc::clone(&nested().input);
            field.field = Field::new(
                field.field.name,
                FieldKind::Nested {
                    fields: inner,
                    many,
                    allow_empty: true,
                    min_length: None,
                    max_length: None,
                },
            );
            field.target = Target::Other;
        });
        self
    }
}
