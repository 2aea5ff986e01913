//! Signals: hooks of models that are somebody else's, connected where the site is built.

use std::any::TypeId;
use std::fmt;
use std::mem::discriminant;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::{
    Deletion, DeletionHook, DeletionParts, HookFuture, LinkChange, LinkHook, LinkParts, Saved,
    SavedHook, SavedParts, Saving, SavingHook, SavingParts,
};
use crate::db::{Conn, Model, ModelMeta, nowhere};
use crate::exceptions::Result;

type PreSave = dyn for<'a> Fn(&'a mut SavingParts, &'a Conn) -> HookFuture<'a> + Send + Sync;
type PostSave = dyn for<'a> Fn(SavedParts<'a>) -> HookFuture<'a> + Send + Sync;
pub(crate) type OfLinks = dyn for<'a> Fn(LinkParts<'a>) -> HookFuture<'a> + Send + Sync;
type OfMigration = dyn for<'a> Fn(&'a Conn) -> HookFuture<'a> + Send + Sync;
type OfDeletion = dyn for<'a> Fn(DeletionParts<'a>) -> HookFuture<'a> + Send + Sync;

#[derive(Clone)]
pub(crate) enum Receiver {
    PreSave(Arc<PreSave>),
    PostSave(Arc<PostSave>),
    PreDelete(Arc<OfDeletion>),
    PostDelete(Arc<OfDeletion>),
    M2mChanged(Arc<OfLinks>),
    PostMigrate(Arc<OfMigration>),
}

/// A function that runs when rows of a model are saved or deleted; made by [`pre_save`],
/// [`post_save`], [`pre_delete`], [`post_delete`] and [`m2m_changed`], and connected by
/// [`SiteBuilder::connect`](crate::site::SiteBuilder::connect). A function that is connected again to the
/// same signal is connected once, as in Django.
#[derive(Clone)]
pub struct Signal {
    model: &'static ModelMeta,
    /// The function's type, if no other function has it.
    function: Option<TypeId>,
    receiver: Receiver,
}

impl Signal {
    fn new<M: Model, F: 'static>(receiver: Receiver) -> Self {
        // a closure that captures, or a pointer, may be another one of the same type
        let function = (size_of::<F>() == 0).then(TypeId::of::<F>);
        Self { model: M::META, function, receiver }
    }

    /// Whether it is the same function at the same signal.
    fn is_same(&self, other: &Self) -> bool {
        self.function.is_some()
            && self.function == other.function
            && *self.model == *other.model
            && discriminant(&self.receiver) == discriminant(&other.receiver)
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.receiver {
            Receiver::PreSave(_) => "pre_save",
            Receiver::PostSave(_) => "post_save",
            Receiver::PreDelete(_) => "pre_delete",
            Receiver::PostDelete(_) => "post_delete",
            Receiver::M2mChanged(_) => "m2m_changed",
            Receiver::PostMigrate(_) => "post_migrate",
        };
        f.debug_tuple(name).field(&self.model.name).finish()
    }
}

/// Runs before a row of `M` is saved (`pre_save`).
///
/// ```
/// use quintet::auth::{User, user};
/// use quintet::db::hooks::{Saving, pre_save};
/// use quintet::prelude::*;
///
/// /// Names are told apart without regard to case.
/// async fn in_small_letters(saving: &mut Saving<'_, User>) -> Result<()> {
///     if let Some(name) = saving.sent(user::username) {
///         saving.set(user::username, name.to_lowercase());
///     }
///     Ok(())
/// }
///
/// let signal = pre_save(in_small_letters);
/// # let _ = signal;
/// ```
pub fn pre_save<M, Shape, F>(receiver: F) -> Signal
where
    M: Model,
    F: SavingHook<M, Shape> + Send + Sync,
{
    let receiver = Arc::new(receiver);
    let call = pre_save_call(move |parts, conn| {
        let receiver = Arc::clone(&receiver);
        Box::pin(async move { receiver.call(&mut Saving::of(parts, conn)).await })
    });
    Signal::new::<M, F>(Receiver::PreSave(call))
}

/// Runs after a row of `M` was saved (`post_save`), before the transaction is committed.
///
/// ```
/// use std::sync::Arc;
///
/// use quintet::auth::User;
/// use quintet::db::hooks::{Saved, post_save};
/// use quintet::prelude::*;
///
/// # #[model(app = "shop")]
/// # pub struct Profile {
/// #     pub id: i64,
/// #     #[field(foreign_key = User, foreign)]
/// #     pub user_id: i32,
/// # }
/// /// Every new account has a profile.
/// async fn make_profile(saved: &Saved<'_, User>) -> Result<()> {
///     if saved.is_new() {
///         let profile = Changes::new().set(profile::user_id, saved.row().id);
///         Profile::objects().get_or_create(profile, (), saved.conn()).await?;
///     }
///     Ok(())
/// }
///
/// fn site(settings: Settings, database: Arc<Database>) -> Result<Arc<Site>, StartError> {
///     Ok(Site::builder(settings, database).connect(post_save(make_profile)).build()?)
/// }
/// # fn main() {}
/// ```
pub fn post_save<M, Shape, F>(receiver: F) -> Signal
where
    M: Model,
    F: SavedHook<M, Shape> + Send + Sync,
{
    let receiver = Arc::new(receiver);
    let call = post_save_call(move |parts| {
        let receiver = Arc::clone(&receiver);
        Box::pin(async move { receiver.call(&Saved::of(parts)?).await })
    });
    Signal::new::<M, F>(Receiver::PostSave(call))
}

/// Runs before a row of `M` is deleted (`pre_delete`), by itself or with another one.
pub fn pre_delete<M, Shape, F>(receiver: F) -> Signal
where
    M: Model,
    F: DeletionHook<M, Shape> + Send + Sync,
{
    Signal::new::<M, F>(Receiver::PreDelete(of_deletion(receiver)))
}

/// Runs after a row of `M` was deleted (`post_delete`), before the transaction is committed.
pub fn post_delete<M, Shape, F>(receiver: F) -> Signal
where
    M: Model,
    F: DeletionHook<M, Shape> + Send + Sync,
{
    Signal::new::<M, F>(Receiver::PostDelete(of_deletion(receiver)))
}

/// Runs before and after links of a many-to-many relation of `M` are added or removed
/// (`m2m_changed`), from either side: by [`Context::links`](crate::request::Context::links), and where a
/// serializer writes them. Links that go with a deleted row are not told, as in Django.
///
/// ```
/// use quintet::db::hooks::{LinkAction, LinkChange, m2m_changed};
/// use quintet::prelude::*;
///
/// # #[model(app = "shop")]
/// # pub struct Tag {
/// #     pub id: i64,
/// #     pub name: String,
/// # }
/// # #[model(app = "shop", many_to_many(tags: Tag, related_name = articles))]
/// # pub struct Article {
/// #     pub id: i64,
/// #     pub title: String,
/// # }
/// async fn five_at_most(change: &LinkChange<'_, Article>) -> Result<()> {
///     if change.action() == LinkAction::PostAdd && !change.is_reverse() {
///         let article: Option<i64> = change.pk();
///         let tags = Tag::objects()
///             .filter_by(Tag::fields().articles().id().exact(article.unwrap_or_default()));
///         if tags.count(change.conn()).await? > 5 {
///             return Err(ApiException::validation("An article has five tags at most."));
///         }
///     }
///     Ok(())
/// }
///
/// # fn main() {
/// let signal = m2m_changed(five_at_most);
/// # let _ = signal;
/// # }
/// ```
pub fn m2m_changed<M, Shape, F>(receiver: F) -> Signal
where
    M: Model,
    F: LinkHook<M, Shape> + Send + Sync,
{
    let receiver = Arc::new(receiver);
    let call = links_call(move |parts| {
        let receiver = Arc::clone(&receiver);
        Box::pin(async move { receiver.call(&LinkChange::of(parts)).await })
    });
    Signal::new::<M, F>(Receiver::M2mChanged(call))
}

/// Runs after a program's migrations (`post_migrate`), when
/// [`emit_post_migrate`](crate::auth::emit_post_migrate) has made content types and permissions: to
/// make rows that have to be there.
///
/// ```
/// use quintet::auth::{Group, group};
/// use quintet::db::hooks::post_migrate;
/// use quintet::prelude::*;
///
/// async fn make_groups(conn: &quintet::db::Conn) -> Result<()> {
///     let editors = Changes::new().set(group::name, "editors");
///     Group::objects().get_or_create(editors, (), conn).await?;
///     Ok(())
/// }
///
/// async fn migrate(database: &std::sync::Arc<Database>) -> Result<()> {
///     database.connect([post_migrate(make_groups)]);
///     // .. the program's migrations, then
///     quintet::auth::emit_post_migrate(database).await?;
///     Ok(())
/// }
/// # fn main() {}
/// ```
pub fn post_migrate<F>(receiver: F) -> Signal
where
    F: AsyncFn(&Conn) -> Result<()> + Send + Sync + 'static,
{
    let receiver = Arc::new(receiver);
    let call = migration_call(move |conn| {
        let receiver = Arc::clone(&receiver);
        Box::pin(async move { receiver(conn).await })
    });
    let function = (size_of::<F>() == 0).then(TypeId::of::<F>);
    Signal { model: nowhere(), function, receiver: Receiver::PostMigrate(call) }
}

impl Conn {
    /// Runs the receivers of `post_migrate`.
    pub(crate) async fn call_post_migrate(&self) -> Result<()> {
        for receiver in self.database().receivers().connected(nowhere()) {
            if let Receiver::PostMigrate(call) = receiver {
                call(self).await?;
            }
        }
        Ok(())
    }
}

fn of_deletion<M, Shape, F>(receiver: F) -> Arc<OfDeletion>
where
    M: Model,
    F: DeletionHook<M, Shape> + Send + Sync,
{
    let receiver = Arc::new(receiver);
    deletion_call(move |parts| {
        let receiver = Arc::clone(&receiver);
        Box::pin(async move { receiver.call(&Deletion::of(parts)?).await })
    })
}

// these say the type of a closure, which is not inferred from that of the box
fn pre_save_call(
    call: impl for<'a> Fn(&'a mut SavingParts, &'a Conn) -> HookFuture<'a> + Send + Sync + 'static,
) -> Arc<PreSave> {
    Arc::new(call)
}

fn post_save_call(
    call: impl for<'a> Fn(SavedParts<'a>) -> HookFuture<'a> + Send + Sync + 'static,
) -> Arc<PostSave> {
    Arc::new(call)
}

fn links_call(
    call: impl for<'a> Fn(LinkParts<'a>) -> HookFuture<'a> + Send + Sync + 'static,
) -> Arc<OfLinks> {
    Arc::new(call)
}

fn migration_call(
    call: impl for<'a> Fn(&'a Conn) -> HookFuture<'a> + Send + Sync + 'static,
) -> Arc<OfMigration> {
    Arc::new(call)
}

fn deletion_call(
    call: impl for<'a> Fn(DeletionParts<'a>) -> HookFuture<'a> + Send + Sync + 'static,
) -> Arc<OfDeletion> {
    Arc::new(call)
}

/// The signals of a database.
#[derive(Debug, Default)]
pub(crate) struct Receivers {
    /// Whether there is one of rows at all, which is asked whenever a row is saved.
    any: AtomicBool,
    signals: RwLock<Vec<Signal>>,
}

impl Receivers {
    pub(crate) fn connect(&self, signals: impl IntoIterator<Item = Signal>) {
        let mut known = self.signals.write().unwrap_or_else(PoisonError::into_inner);
        for signal in signals {
            if !known.iter().any(|known| known.is_same(&signal)) {
                known.push(signal);
            }
        }
        let of_rows = |signal: &Signal| !matches!(signal.receiver, Receiver::PostMigrate(_));
        self.any.store(known.iter().any(of_rows), Ordering::Release);
    }

    /// Those of a model, in the order in which they were connected.
    pub(crate) fn of(&self, model: &ModelMeta) -> Vec<Receiver> {
        if self.any() { self.connected(model) } else { Vec::new() }
    }

    fn connected(&self, model: &ModelMeta) -> Vec<Receiver> {
        let known = self.signals.read().unwrap_or_else(PoisonError::into_inner);
        let own = known.iter().filter(|signal| *signal.model == *model);
        own.map(|signal| signal.receiver.clone()).collect()
    }

    /// Those of links of a model.
    pub(crate) fn of_links(&self, model: &ModelMeta) -> Vec<Arc<OfLinks>> {
        let own = self.of(model).into_iter().filter_map(|receiver| match receiver {
            Receiver::M2mChanged(call) => Some(call),
            _ => None,
        });
        own.collect()
    }

    pub(crate) fn any(&self) -> bool {
        self.any.load(Ordering::Acquire)
    }

    /// Whether one of them runs when rows of the model are saved.
    pub(crate) fn see_saves(&self, model: &ModelMeta) -> bool {
        let of_save =
            |receiver: &Receiver| matches!(receiver, Receiver::PreSave(_) | Receiver::PostSave(_));
        self.any() && self.of(model).iter().any(of_save)
    }

    /// Whether one of them runs when rows of the model are deleted.
    pub(crate) fn see_deletions(&self, model: &ModelMeta) -> bool {
        let of_deletion = |receiver: &Receiver| {
            matches!(receiver, Receiver::PreDelete(_) | Receiver::PostDelete(_))
        };
        self.any() && self.of(model).iter().any(of_deletion)
    }
}
