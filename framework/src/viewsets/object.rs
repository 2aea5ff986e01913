//! The object that a URL names.

use std::ops::{Deref, DerefMut};

use super::{ModelOf, ViewSet};
use crate::db::{Annotated, Lock, Model, QuerySet, Select};
use crate::exceptions::{ApiException, Result};
use crate::generics::by_key;
use crate::request::Context;
use crate::values::Value;
use crate::views::FromContext;

/// The result of [`ViewSet::get_object`]: the row itself, or the query for it, which the action
/// then runs as needed: with the related rows of its serializer, with a lock, or as the condition
/// of an UPDATE.
///
/// ```
/// # use quintet::prelude::*;
/// # use quintet::viewsets::ObjectQuery;
/// # #[model(table = "profile")]
/// # pub struct Profile {
/// #     pub id: i64,
/// #     pub user_id: i64,
/// # }
/// # #[derive(Serializer)]
/// # #[serializer(model = Profile, fields = all)]
/// # pub struct ProfileSerializer {}
/// # pub struct ProfileViewSet;
/// impl ViewSet for ProfileViewSet {
/// #     type Base = ModelViewSet;
/// #     type Serializer = ProfileSerializer;
///     /// Everybody's own profile, whatever the URL says.
///     async fn get_object(&self, cx: &mut Context) -> Result<ObjectQuery<Profile>> {
///         let user = cx.user().map_or(0, |user| i64::from(user.id));
///         Ok(self.get_queryset(cx).await?.filter(profile::user_id.eq(user)).into())
///     }
/// }
/// # fn main() {}
/// ```
#[derive(Debug)]
pub struct ObjectQuery<M> {
    pub(super) found: Found<M>,
}

#[derive(Debug)]
pub(super) enum Found<M> {
    Row(M),
    Query {
        queryset: QuerySet<M>,
        /// The primary key, if the URL names it.
        key: Option<Value>,
    },
}

impl<M> From<M> for ObjectQuery<M>
where
    M: Model,
{
    fn from(row: M) -> Self {
        Self { found: Found::Row(row) }
    }
}

/// The first row of a query; 404 when there is none.
impl<M: Model> From<QuerySet<M>> for ObjectQuery<M> {
    fn from(queryset: QuerySet<M>) -> Self {
        Self { found: Found::Query { queryset: queryset.slice(0, 1), key: None } }
    }
}

impl<M: Model> ObjectQuery<M> {
    /// The row, once the view's permissions allow it.
    ///
    /// # Errors
    /// 404 when there is none; 403 or 401 when a permission refuses it.
    pub async fn get(self, cx: &mut Context) -> Result<M> {
        self.locked(None, cx).await
    }

    pub(super) async fn locked(self, lock: Option<Lock>, cx: &mut Context) -> Result<M> {
        let row = match self.found {
            Found::Row(row) if lock.is_none() => row,
            found => {
                let mut select = found.into_select();
                select.lock = lock.or(select.lock);
                let rows = cx.rows(select.statement(cx)?, |row| M::from_row(row, 0)).await?;
                let no_match = || ApiException::no_match(M::META.name);
                rows.into_iter().next().ok_or_else(no_match)?
            }
        };
        cx.check_object_permissions(&row).await?;
        Ok(row)
    }
}

impl<M: Model> Found<M> {
    /// What the query gives for annotations.
    pub(super) fn annotated(&self) -> Annotated {
        match self {
            Self::Query { queryset, .. } => queryset.annotated.clone(),
            Self::Row(_) => Annotated::default(),
        }
    }

    /// The statement that reads the row.
    pub(super) fn into_select(self) -> Select {
        match self {
            Self::Query { queryset, .. } => queryset.into(),
            Self::Row(row) => by_its_key::<M>(row.pk()),
        }
    }
}

/// The statement that reads the row of a key.
pub(super) fn by_its_key<M: Model>(key: Value) -> Select {
    QuerySet::<M>::new().filter_by_predicate(by_key::<M>(key)).unordered().into()
}

/// The object that the URL names, as the argument of an extra action: the result of
/// [`ViewSet::get_object`]. It dereferences to the row.
///
/// The action runs only if there is such an object and the permissions allow it; otherwise the
/// response is a 404, 403 or 401.
#[derive(Debug, Clone)]
pub struct Object<M>(pub M);

impl<M> Deref for Object<M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.0
    }
}

impl<M> DerefMut for Object<M> {
    fn deref_mut(&mut self) -> &mut M {
        &mut self.0
    }
}

impl<V: ViewSet, M: ObjectOf<V, ModelOf<V>>> FromContext<V> for Object<M> {
    async fn from_context(view: &V, cx: &mut Context) -> Result<Self> {
        view.get_object(cx).await?.get(cx).await.map(|row| Self(M::of_view_set(row)))
    }
}

/// The model of the objects of the view set `V`, which are of `Own`. Nobody implements it.
#[diagnostic::on_unimplemented(
    message = "the objects of `{V}` are not of the model `{Self}`",
    label = "the objects of `{V}` are of the model `{Own}`",
    note = "take `Object<{Own}>`, or have a serializer over `{Self}`: `type Serializer`"
)]
pub trait ObjectOf<V, Own> {
    /// The object as it is.
    fn of_view_set(row: Own) -> Self;
}

impl<V, M> ObjectOf<V, M> for M {
    fn of_view_set(row: M) -> Self {
        row
    }
}
