//! What the actions of view sets do (`rest_framework.mixins`).
//!
//! A view set names the mixins it is made of as its `Base`; an action that needs something else
//! overrides the method of its name and may call the function here.

use crate::db::{Dialect, Lock, Model, Select, is_referenced};
use crate::exceptions::{ApiException, Result};
use crate::fields::Value;
use crate::generics::{by_key, related_is_gone, represent_saved};
use crate::request::Context;
use crate::response::Response;
use crate::serializers::{Changes, Description, Existing, Loaded};
use crate::viewsets::{ModelOf, ViewSet};

/// The actions that a view set has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "one a mixin")]
pub struct Actions {
    /// GET of the list.
    pub list: bool,
    /// POST to the list.
    pub create: bool,
    /// GET of an object.
    pub retrieve: bool,
    /// PUT and PATCH of an object.
    pub update: bool,
    /// DELETE of an object.
    pub destroy: bool,
}

/// The base of a view set: one mixin, a tuple of them, or one of the two bundles.
pub trait Mixins {
    /// What the base can do.
    const ACTIONS: Actions;
}

const NONE: Actions =
    Actions { list: false, create: false, retrieve: false, update: false, destroy: false };

macro_rules! mixins {
    ($($(#[$doc:meta])* $name:ident => $actions:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;

        impl Mixins for $name {
            const ACTIONS: Actions = $actions;
        }
    )*};
}

mixins! {
    /// GET of the list.
    ListModelMixin => Actions { list: true, ..NONE };
    /// POST to the list.
    CreateModelMixin => Actions { create: true, ..NONE };
    /// GET of an object.
    RetrieveModelMixin => Actions { retrieve: true, ..NONE };
    /// PUT and PATCH of an object.
    UpdateModelMixin => Actions { update: true, ..NONE };
    /// DELETE of an object.
    DestroyModelMixin => Actions { destroy: true, ..NONE };
    /// All of them.
    ModelViewSet => Actions { list: true, create: true, retrieve: true, update: true, destroy: true };
    /// The two that read.
    ReadOnlyModelViewSet => Actions { list: true, retrieve: true, ..NONE };
    /// None: extra actions only.
    GenericViewSet => NONE;
}

const fn both(a: Actions, b: Actions) -> Actions {
    Actions {
        list: a.list || b.list,
        create: a.create || b.create,
        retrieve: a.retrieve || b.retrieve,
        update: a.update || b.update,
        destroy: a.destroy || b.destroy,
    }
}

impl<A: Mixins, B: Mixins> Mixins for (A, B) {
    const ACTIONS: Actions = both(A::ACTIONS, B::ACTIONS);
}

impl<A: Mixins, B: Mixins, C: Mixins> Mixins for (A, B, C) {
    const ACTIONS: Actions = both(both(A::ACTIONS, B::ACTIONS), C::ACTIONS);
}

impl<A: Mixins, B: Mixins, C: Mixins, D: Mixins> Mixins for (A, B, C, D) {
    const ACTIONS: Actions = both(both(A::ACTIONS, B::ACTIONS), both(C::ACTIONS, D::ACTIONS));
}

/// GET of the list: filters, a page, `results`.
///
/// # Errors
/// 400 for a filter value that is none, 404 for a page that does not exist.
pub async fn list<V: ViewSet>(view: &V, cx: &mut Context) -> Result<Response> {
    let description = view.get_serializer(cx.action().unwrap_or("list"));
    let queryset = view.get_queryset(cx);
    cx.list(queryset, description).await
}

/// GET of an object.
///
/// # Errors
/// 404 when there is none, 403 or 401 when a permission refuses it.
pub async fn retrieve<V: ViewSet>(view: &V, cx: &mut Context) -> Result<Response> {
    let description = view.get_serializer(cx.action().unwrap_or("retrieve"));
    let queryset = view.get_queryset(cx);
    cx.retrieve(queryset, description).await
}

/// POST to the list: 201 with the new object, and `Location` when it shows its address as `url`.
///
/// Where a row comes with others (nested rows, links), all of it is one transaction, validation
/// included; after a deadlock it is run again.
///
/// # Errors
/// 400 with every message of the body.
pub async fn create<V: ViewSet>(view: &V, cx: &mut Context) -> Result<Response> {
    let description = view.get_serializer(cx.action().unwrap_or("create"));
    let (bytes, location) = if description.writes_several() {
        cx.retrying_transaction(async |cx| insert(view, description, cx).await).await?
    } else {
        insert(view, description, cx).await?
    };
    let response = Response::json(bytes).with_status(201);
    Ok(match location {
        Some(address) => response.with_header(actix_web::http::header::LOCATION, &address),
        None => response,
    })
}

async fn insert<V: ViewSet>(
    view: &V,
    description: &'static Description,
    cx: &mut Context,
) -> Result<(Vec<u8>, Option<String>)> {
    let set = cx.changes(description, false, Existing::default()).await?;
    let mut changes = Changes::<ModelOf<V>>::from_set(set);
    changes.description = Some(description);
    let row = view.perform_create(changes, cx).await?;
    // a new row goes with one that it points at
    represent_saved(row, None, description, false, cx).await?.ok_or_else(related_is_gone)
}

/// PUT of an object, or PATCH when `partial`.
///
/// The stored row is read first only when something needs it: an object permission, a validator
/// of the whole object, a count beside it, or the view set (`reads_instance`). Where what is
/// written depends on it, or comes with other rows (nested rows, links), it is locked before
/// anything else is read, and all of it is one transaction, validation included; after a deadlock
/// it is run again. So is what may move the object along a foreign key that is `acyclic`.
///
/// # Errors
/// 404 when there is none, 403 or 401 when a permission refuses it, 400 with every message of
/// the body.
pub async fn update<V: ViewSet>(view: &V, cx: &mut Context, partial: bool) -> Result<Response> {
    let action = if partial { "partial_update" } else { "update" };
    let description = view.get_serializer(cx.action().unwrap_or(action));
    let locks =
        view.reads_instance() || description.needs_instance() || description.writes_several();
    let lock = locks.then_some(Lock::NoKeyUpdate);
    // who moves a row waits for others who do, and they may wait for the row
    let bytes = if locks || description.places_in_tree() {
        cx.retrying_transaction(async |cx| change(view, description, partial, lock, cx).await)
            .await?
    } else {
        change(view, description, partial, None, cx).await?
    };
    Ok(Response::json(bytes))
}

async fn change<V: ViewSet>(
    view: &V,
    description: &'static Description,
    partial: bool,
    lock: Option<Lock>,
    cx: &mut Context,
) -> Result<Vec<u8>> {
    let queryset = cx.filter_queryset(view.get_queryset(cx)).await?;
    let queryset = cx.object_query(queryset)?.unordered();
    let mut stored = None;
    if lock.is_some() || needs_row(view, cx, description) {
        let mut select = Select::from(queryset.clone());
        select.lock = lock.or(select.lock);
        stored = Some(stored_row::<ModelOf<V>>(select, description, cx).await?);
    }
    let pk = match &stored {
        Some(row) => row.value(ModelOf::<V>::META.pk).to_value(),
        None => cx.lookup_key::<ModelOf<V>>()?,
    };
    let existing = Existing { pk: Some(&pk), row: stored.as_ref().map(Loaded::model) };
    let set = match cx.changes(description, partial, existing).await {
        Ok(set) => set,
        // a missing object is told before a bad body
        Err(error) if stored.is_none() => {
            cx.get_or_404(queryset).await?;
            return Err(error);
        }
        Err(error) => return Err(error),
    };
    let mut changes = Changes::<ModelOf<V>>::from_set(set);
    changes.description = Some(description);
    let before = if let Some(row) = stored {
        changes.target = Some(key_target::<ModelOf<V>>(pk));
        let (instance, before) = row.split::<ModelOf<V>>();
        changes.instance = instance;
        Some(before)
    } else {
        changes.target = Some(queryset.into());
        None
    };
    let row = view.perform_update(changes, cx).await?;
    let written = represent_saved(row, before.as_ref(), description, partial, cx).await?;
    let (bytes, _) = written.ok_or_else(|| ApiException::no_match(ModelOf::<V>::META.name))?;
    Ok(bytes)
}

/// DELETE of an object: 204.
///
/// An object that others may point at is locked before it is looked at, and goes with them in one
/// transaction; after a deadlock it is run again.
///
/// # Errors
/// 404 when there is none, 403 or 401 when a permission refuses it, 409 when a protected foreign
/// key points at it.
pub async fn destroy<V: ViewSet>(view: &V, cx: &mut Context) -> Result<Response> {
    if is_referenced(&cx.models(), ModelOf::<V>::META) {
        let lock = Some(Lock::Update);
        cx.retrying_transaction(async |cx| remove(view, lock, cx).await).await?;
    } else {
        remove(view, None, cx).await?;
    }
    Ok(Response::empty(204))
}

async fn remove<V: ViewSet>(view: &V, lock: Option<Lock>, cx: &mut Context) -> Result<()> {
    let mut queryset = view.get_queryset(cx);
    queryset.lock = lock.or(queryset.lock);
    let row = cx.object(queryset).await?;
    view.perform_destroy(row, cx).await
}

fn needs_row<V: ViewSet>(view: &V, cx: &Context, description: &Description) -> bool {
    view.reads_instance()
        || cx.has_object_permissions()
        || description.needs_instance()
        || description.has_counts()
        || !cx.looks_up_by_key::<ModelOf<V>>()
}

async fn stored_row<M: Model>(
    select: Select,
    description: &'static Description,
    cx: &mut Context,
) -> Result<Loaded> {
    let rows = if description.has_counts() {
        let mut select = select;
        // counts are taken once the row is locked; SQLite has no locks of rows
        if select.lock.is_some() && cx.dialect() == Dialect::Postgres {
            cx.rows(select.statement(cx)?, |_| Ok(())).await?;
            select.lock = None;
        }
        description.load(select, cx).await?
    } else {
        cx.rows(select.statement(cx)?, |row| Ok(Loaded::bare(Box::new(M::from_row(row, 0)?))))
            .await?
    };
    let row = rows.into_iter().next().ok_or_else(|| ApiException::no_match(M::META.name))?;
    if let Some(object) = row.row::<M>() {
        cx.check_object_permissions(object).await?;
    }
    Ok(row)
}

fn key_target<M: Model>(key: Value) -> Select {
    crate::db::QuerySet::<M>::all().filter_by_predicate(by_key::<M>(key)).unordered().into()
}
