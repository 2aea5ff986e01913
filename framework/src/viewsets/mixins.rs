//! The actions of view sets (`rest_framework.mixins`).
//!
//! A view set names its mixins as its `Base`. To change an action, override the method of its name,
//! which may call the function here.

use super::generic_view::GenericView;
use super::object::{Found, by_its_key};
use super::parents::{self, FromParents};
use super::{ModelOf, ObjectQuery, ViewSet};
use crate::aside::aside;
use crate::db::{Annotated, Dialect, Lock, Model, QuerySet, Select, is_referenced};
use crate::exceptions::{ApiException, Result};
use crate::generics::{related_is_gone, represent_saved};
use crate::request::{Context, Deferred};
use crate::response::Response;
use crate::serializers::{
    Changes, Description, Existing, InitialData, Instances, ListSerializer, Loaded, Representation,
    load,
};
use crate::values::Raw;

/// GET of the list: filters, a page, `results`.
///
/// # Errors
/// 400 for an invalid filter value, 404 for a page that does not exist.
pub async fn list<V: ViewSet>(view: &V, cx: &mut Context) -> Result<Response> {
    let queryset = of_parents(view, view.get_queryset(cx).await?, cx)?;
    cx.deferred = Deferred::Allowed;
    let filtered = view.filter_queryset(queryset, cx).await;
    let deferred = std::mem::take(&mut cx.deferred);
    let answer = view.paginate_queryset(filtered?, cx).await;
    let found = std::mem::take(&mut cx.rows_read) > 0;
    if deferred == Deferred::Taken && !(found && answer.is_ok()) {
        // no row proves that the keys exist, so they are looked up after all
        GenericView::of(view, cx).prove_keys(cx).await?;
    }
    if !found {
        // nor that the parents do
        let generic = GenericView::of(view, cx);
        if !generic.parents.is_empty() {
            generic.parents.find(cx).await?;
        }
    }
    answer
}

/// The rows of a query that belong to the parents that the URL names
/// ([`ViewSet::PARENT_LOOKUP_KWARGS`]). The list and [`get_object`] call it; an action of your own that
/// starts from [`ViewSet::get_queryset`] does so too.
///
/// # Errors
/// 404 for a value that no parent can have.
pub fn of_parents<V: ViewSet>(
    view: &V,
    queryset: QuerySet<ModelOf<V>>,
    cx: &Context,
) -> Result<QuerySet<ModelOf<V>>> {
    parents::narrow(view, queryset, cx)
}

/// Applies the request's filters: the filter set, search, ordering, the filter backends.
///
/// # Errors
/// 400 for an invalid filter value.
pub async fn filter_queryset<V: ViewSet>(
    view: &V,
    queryset: QuerySet<ModelOf<V>>,
    cx: &mut Context,
) -> Result<QuerySet<ModelOf<V>>> {
    let may_wait = cx.deferred == Deferred::Allowed;
    let (queryset, waits) = GenericView::of(view, cx).filter(queryset, may_wait, cx).await?;
    if waits {
        cx.deferred = Deferred::Taken;
    }
    Ok(queryset)
}

/// A page of rows, written by the view set's serializer.
///
/// # Errors
/// 404 for a page that does not exist.
pub async fn paginate_queryset<V: ViewSet>(
    view: &V,
    queryset: QuerySet<ModelOf<V>>,
    cx: &mut Context,
) -> Result<Response> {
    let description = view.get_serializer_class(cx).description();
    page(view, queryset, description, cx).await
}

/// A page of rows, written by a serializer that may be of another model, for whose rows the view's
/// ordering is not declared.
pub(super) async fn page<V: ViewSet, M: Model>(
    view: &V,
    queryset: QuerySet<M>,
    description: &'static Description,
    cx: &mut Context,
) -> Result<Response> {
    let generic = GenericView::of(view, cx);
    let own = *M::META == *ModelOf::<V>::META;
    let ordering = if own { generic.ordering(cx) } else { None };
    let page = cx.page(queryset, description, &*generic.pagination, ordering.as_deref());
    let (response, read) = page.await?;
    cx.rows_read = read;
    Ok(response)
}

/// The object that the URL names, among the rows that match the request's filters.
///
/// # Errors
/// 400 for an invalid filter value, 404 for a URL that cannot name a row.
pub async fn get_object<V: ViewSet>(view: &V, cx: &mut Context) -> Result<ObjectQuery<ModelOf<V>>> {
    let queryset = of_parents(view, view.get_queryset(cx).await?, cx)?;
    let queryset = view.filter_queryset(queryset, cx).await?;
    let (queryset, key) = GenericView::of(view, cx).look_for(queryset, cx)?;
    Ok(ObjectQuery { found: Found::Query { queryset, key } })
}

/// GET of an object.
///
/// # Errors
/// 404 when there is none, 403 or 401 when a permission refuses it.
pub async fn retrieve<V: ViewSet>(view: &V, cx: &mut Context) -> Result<Response> {
    let description = view.get_serializer_class(cx).description();
    show(view, description, cx).await
}

/// The object that the URL names, written by a serializer.
pub(super) async fn show<V: ViewSet>(
    view: &V,
    description: &'static Description,
    cx: &mut Context,
) -> Result<Response> {
    let object = view.get_object(cx).await?;
    let row = match object.found {
        Found::Row(row) if !description.reads_beside() => Loaded::bare(Box::new(row)),
        found => {
            let rows = load(description, found.into_select(), cx).await?;
            rows.into_iter().next().ok_or_else(no_match::<V>)?
        }
    };
    if let Some(object) = row.row::<ModelOf<V>>() {
        cx.check_object_permissions(object).await?;
    }
    cx.represent(&row, description).await
}

fn no_match<V: ViewSet>() -> ApiException {
    ApiException::no_match(ModelOf::<V>::META.name)
}

/// POST to the list: 201 with the new object, and the headers of
/// [`ViewSet::get_success_headers`].
///
/// A row with others (nested rows, links), or that a serializer's own `create` stores, is one
/// transaction, validation included, which runs again after a deadlock.
///
/// # Errors
/// 400 with every message of the body.
pub async fn create<V: ViewSet>(view: &V, cx: &mut Context) -> Result<Response> {
    let description = view.get_serializer_class(cx).description();
    if let Some(list) = V::LIST_SERIALIZER
        && matches!(cx.data()?.raw()?, Raw::List(_))
    {
        return aside(|| create_many(view, description, list, cx)).await;
    }
    let (bytes, location) = if description.create.is_some() || description.writes_several() {
        let insert = async |cx: &mut Context| insert(view, description, cx).await;
        aside(|| cx.retrying_transaction(insert)).await?
    } else {
        insert(view, description, cx).await?
    };
    let mut response = cx.one(bytes).with_status(201);
    for (name, value) in view.get_success_headers(location.as_deref(), cx) {
        response.headers.append(name, value);
    }
    Ok(response)
}

/// POST of a list: 201 with the new objects, all of them or none.
async fn create_many<V: ViewSet>(
    view: &V,
    description: &'static Description,
    list: ListSerializer,
    cx: &mut Context,
) -> Result<Response> {
    let bytes = cx
        .retrying_transaction(async |cx| {
            let from_parents = keys_of_parents(view, cx).await?;
            let (none, data) = (Instances::default(), InitialData::from(cx.data()?));
            let items = data.validate_list(description, list, false, &none, cx).await?;
            let new = items.into_iter().map(|(set, _)| {
                let mut changes = Changes::<ModelOf<V>>::from_set(set);
                changes.description = Some(description);
                for (column, key) in &from_parents {
                    changes.set.set(*column, key.clone());
                }
                changes
            });
            let rows = view.perform_create_many(new.collect(), cx).await?;
            let annotated = if description.shows_annotations() {
                view.get_queryset(cx).await?.annotated
            } else {
                Annotated::default()
            };
            Representation::of_saved(description, rows, annotated).json(cx).await
        })
        .await?;
    Ok(cx.all(bytes).with_status(201))
}

/// What new rows have from the parents that the URL names, which must exist.
async fn keys_of_parents<V: ViewSet>(view: &V, cx: &mut Context) -> Result<FromParents> {
    let generic = GenericView::of(view, cx);
    if generic.parents.is_empty() { Ok(Vec::new()) } else { generic.parents.find(cx).await }
}

async fn insert<V: ViewSet>(
    view: &V,
    description: &'static Description,
    cx: &mut Context,
) -> Result<(Vec<u8>, Option<String>)> {
    let from_parents = keys_of_parents(view, cx).await?;
    let set = cx.changes(description, false, Existing::default()).await?;
    let mut changes = Changes::<ModelOf<V>>::from_set(set);
    changes.description = Some(description);
    for (column, key) in from_parents {
        changes.set.set(column, key);
    }
    // a refused body comes without what stores a row
    let row = aside(|| view.perform_create(changes, cx)).await?;
    // a new row is in no query set yet; what that computes of the request is shown of it, too
    let annotated = if description.shows_annotations() {
        view.get_queryset(cx).await?.annotated
    } else {
        Annotated::default()
    };
    let written = represent_saved(row, None, description, annotated, false, cx).await?;
    written.ok_or_else(related_is_gone)
}

/// PUT of an object, or PATCH when `partial`.
///
/// The stored row is read first only if something needs it: an object permission, a validator of
/// the whole object, an annotated count, a lookup by another field than the primary key. If other
/// rows are written too (nested rows, links), or the serializer has its own `update`, or the object
/// may move along a foreign key that is `acyclic`, the row is locked before anything else is read, and
/// everything is one transaction, validation included, which runs again after a deadlock.
///
/// # Errors
/// 404 when there is none, 403 or 401 when a permission refuses it, 400 with every message of
/// the body.
pub async fn update<V: ViewSet>(view: &V, cx: &mut Context, partial: bool) -> Result<Response> {
    let description = view.get_serializer_class(cx).description();
    let own = description.update.is_some();
    let locks = own || description.needs_instance() || description.writes_several();
    let lock = locks.then_some(Lock::NoKeyUpdate);
    // moving a row waits for other moves, and they may wait for the row
    let bytes = if locks || description.places_in_tree() {
        let change = async |cx: &mut Context| change(view, description, partial, lock, cx).await;
        aside(|| cx.retrying_transaction(change)).await?
    } else {
        change(view, description, partial, None, cx).await?
    };
    Ok(cx.one(bytes))
}

async fn change<V: ViewSet>(
    view: &V,
    description: &'static Description,
    partial: bool,
    lock: Option<Lock>,
    cx: &mut Context,
) -> Result<Vec<u8>> {
    let object = view.get_object(cx).await?;
    let own_keys: Vec<usize> = GenericView::of(view, cx).parents.keys().collect();
    let must_read = lock.is_some() || cx.has_object_permissions() || description.has_counts();
    let annotated = object.found.annotated();
    let (target, key, stored): (Select, _, _) = match object.found {
        Found::Query { queryset, key: Some(key) } if !must_read => (queryset.into(), key, None),
        found => {
            let mut select = found.into_select();
            select.lock = lock.or(select.lock);
            let row = stored_row::<ModelOf<V>>(select, description, cx).await?;
            let key = row.value(ModelOf::<V>::META.pk).to_value();
            (by_its_key::<ModelOf<V>>(key.clone()), key, Some(row))
        }
    };
    let existing = Existing { pk: Some(&key), row: stored.as_ref().map(Loaded::model) };
    let set = match cx.changes(description, partial, existing).await {
        Ok(set) => set,
        // a missing object is reported before a bad body
        Err(error) if stored.is_none() => {
            let rows = cx.rows(target.statement(cx)?, |_| Ok(())).await?;
            return Err(if rows.is_empty() { no_match::<V>() } else { error });
        }
        Err(error) => return Err(error),
    };
    let mut changes = Changes::<ModelOf<V>>::from_set(set);
    changes.description = Some(description);
    // a row stays with the parents that the URL names
    changes.set.columns.retain(|(column, _)| !own_keys.contains(column));
    changes.target = Some(target);
    let before = stored.map(|row| {
        let (instance, before) = row.split::<ModelOf<V>>();
        changes.instance = instance;
        changes.is_locked = lock.is_some();
        before
    });
    let row = aside(|| view.perform_update(changes, cx)).await?;
    let written =
        represent_saved(row, before.as_ref(), description, annotated, partial, cx).await?;
    let (bytes, _) = written.ok_or_else(no_match::<V>)?;
    Ok(bytes)
}

/// DELETE of an object: 204.
///
/// An object that others may point at is locked before it is read, and deleted with them in one
/// transaction, which runs again after a deadlock.
///
/// # Errors
/// 404 when there is none, 403 or 401 when a permission refuses it, 409 when a protected foreign
/// key points at it.
pub async fn destroy<V: ViewSet>(view: &V, cx: &mut Context) -> Result<Response> {
    if is_referenced(&cx.models(ModelOf::<V>::META), ModelOf::<V>::META) {
        let lock = Some(Lock::Update);
        let remove = async |cx: &mut Context| remove(view, lock, cx).await;
        aside(|| cx.retrying_transaction(remove)).await?;
    } else {
        remove(view, None, cx).await?;
    }
    Ok(Response::empty(204))
}

async fn remove<V: ViewSet>(view: &V, lock: Option<Lock>, cx: &mut Context) -> Result<()> {
    let row = view.get_object(cx).await?.locked(lock, cx).await?;
    view.perform_destroy(row, cx).await
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
            let locked = cx.rows(select.statement(cx)?, |row| M::from_row(row, 0)).await?;
            let row = locked.first().ok_or_else(|| ApiException::no_match(M::META.name))?;
            let annotated = std::mem::take(&mut select.annotated);
            select = by_its_key::<M>(row.pk());
            select.annotated = annotated;
        }
        load(description, select, cx).await?
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
