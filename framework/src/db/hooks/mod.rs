//! Functions that run when rows are saved and deleted: hooks of your own models, and signals of
//! models from elsewhere (`django.db.models.signals`).
//!
//! A hook is named where the model is declared, and a signal where the site is built
//! ([`SiteBuilder::connect`](crate::site::SiteBuilder::connect)). Both are async functions over the
//! same types, typed by the model, and may send statements of their own:
//!
//! | Django | `#[model(..)]` | signal | function |
//! | --- | --- | --- | --- |
//! | `save()` before `super().save()` | `before_save = f` | [`pre_save`] | `async fn f(saving: &mut Saving<'_, M>) -> Result<()>` |
//! | `save()` after it | `after_save = f` | [`post_save`] | `async fn f(saved: &Saved<'_, M>) -> Result<()>` |
//! | `delete()` before | `before_delete = f` | [`pre_delete`] | `async fn f(deletion: &Deletion<'_, M>) -> Result<()>` |
//! | `delete()` after | `after_delete = f` | [`post_delete`] | the same |
//! | | | [`m2m_changed`] | `async fn f(change: &LinkChange<'_, M>) -> Result<()>` |
//! | | | [`post_migrate`] | `async fn f(conn: &Conn) -> Result<()>` |
//! | `clean()`, `clean_fields()`, `validate_unique()` | `clean = f`, `clean_fields = f`, `validate_unique = f` | | that of `before_save` |
//!
//! ```
//! use quintet::db::hooks::{Deletion, Saved, Saving};
//! use quintet::prelude::*;
//!
//! #[model(
//!     app = "shop",
//!     before_save = keep_the_total,
//!     after_save = note,
//!     before_delete = only_drafts,
//! )]
//! pub struct Order {
//!     pub id: i64,
//!     pub pieces: i32,
//!     #[field(decimal(10, 2))]
//!     pub price: Decimal,
//!     #[field(decimal(10, 2), default = Decimal::ZERO)]
//!     pub total: Decimal,
//!     #[field(default = false)]
//!     pub is_paid: bool,
//! }
//!
//! /// The total is never sent, but follows from what is.
//! async fn keep_the_total(saving: &mut Saving<'_, Order>) -> Result<()> {
//!     let pieces = saving.get(order::pieces).await?.unwrap_or_default();
//!     let price = saving.get(order::price).await?.unwrap_or_default();
//!     saving.set(order::total, price * Decimal::from(pieces));
//!     Ok(())
//! }
//!
//! async fn note(saved: &Saved<'_, Order>) -> Result<()> {
//!     if saved.is_new() || saved.changes(order::total) {
//!         println!("order {} is {} now", saved.row().id, saved.row().total);
//!     }
//!     Ok(())
//! }
//!
//! async fn only_drafts(deletion: &Deletion<'_, Order>) -> Result<()> {
//!     if deletion.row().is_paid {
//!         return Err(ApiException::validation("A paid order stays."));
//!     }
//!     Ok(())
//! }
//! # fn main() {}
//! ```
//!
//! # When they run
//!
//! Wherever Django calls `save()` and `delete()`: in view sets and serializers, in
//! [`Context::save`](crate::request::Context::save),
//! [`QuerySet::get_or_create`](crate::db::QuerySet::get_or_create),
//! [`QuerySet::update_or_create`](crate::db::QuerySet::update_or_create),
//! [`Context::delete`](crate::request::Context::delete) and
//! [`QuerySet::delete`](crate::db::QuerySet::delete), also for rows that are deleted with another one.
//! As in Django, not in [`QuerySet::update`](crate::db::QuerySet::update),
//! [`QuerySet::bulk_create`](crate::db::QuerySet::bulk_create) and
//! [`QuerySet::bulk_update`](crate::db::QuerySet::bulk_update), nor for keys that are set to null.
//!
//! Hooks of abstract models come before the model's own. Around a save, they come before the signals
//! and after them: `before_save`, [`pre_save`], the statement, [`post_save`], `after_save`.
//!
//! The row and what hooks write are one transaction: the error of a hook undoes both, and is what the
//! client gets. (Django commits the row before `post_save`, unless `ATOMIC_REQUESTS` is set.) What is
//! to happen outside the database, such as mail, belongs in
//! [`Conn::on_commit`](crate::db::Conn::on_commit).
//!
//! A model without hooks and signals is saved and deleted as if there were none; its statements are
//! the same. Rows of a model that has some are read before they are deleted.

mod calls;
mod deletion;
mod functions;
mod links;
mod saving;
mod signals;

use std::any::Any;
use std::fmt;

use futures_util::future::LocalBoxFuture;

use crate::exceptions::Result;

pub use deletion::Deletion;
pub use functions::{DeletionHook, LinkHook, SavedHook, SavingHook};
pub use links::{LinkAction, LinkChange};
pub use saving::{Saved, Saving};
pub use signals::{
    Signal, m2m_changed, post_delete, post_migrate, post_save, pre_delete, pre_save,
};

pub(crate) use calls::LinkReceivers;
pub use deletion::{DeletionParts, deletion};
use links::LinkParts;
pub use saving::{SavedParts, SavingParts, after_save, before_save};
pub(crate) use signals::{Receiver, Receivers};

/// What a hook returns.
pub type HookFuture<'a> = LocalBoxFuture<'a, Result<()>>;

/// A hook before a row is saved, without the type of the row.
pub type BeforeSave = for<'a> fn(&'a mut SavingParts, &'a super::Conn) -> HookFuture<'a>;
/// A hook after a row was saved.
pub type AfterSave = for<'a> fn(SavedParts<'a>) -> HookFuture<'a>;
/// A hook before or after a row is deleted.
pub type OnDeletion = for<'a> fn(DeletionParts<'a>) -> HookFuture<'a>;

/// The hooks of a model, in their order; written by `#[model]`.
#[derive(Debug, Clone, Copy, Default)]
pub struct ModelHooks {
    pub(crate) clean: &'static [BeforeSave],
    pub(crate) clean_fields: &'static [BeforeSave],
    pub(crate) validate_unique: &'static [BeforeSave],
    pub(crate) before_save: &'static [BeforeSave],
    pub(crate) after_save: &'static [AfterSave],
    pub(crate) before_delete: &'static [OnDeletion],
    pub(crate) after_delete: &'static [OnDeletion],
}

impl ModelHooks {
    /// None.
    pub const fn new() -> Self {
        Self {
            clean: &[],
            clean_fields: &[],
            validate_unique: &[],
            before_save: &[],
            after_save: &[],
            before_delete: &[],
            after_delete: &[],
        }
    }

    /// Those that check a row (`Model.clean`).
    pub const fn clean(mut self, hooks: &'static [BeforeSave]) -> Self {
        self.clean = hooks;
        self
    }

    /// Those that check the values of a row (`Model.clean_fields`).
    pub const fn clean_fields(mut self, hooks: &'static [BeforeSave]) -> Self {
        self.clean_fields = hooks;
        self
    }

    /// Those that check what has to be unique (`Model.validate_unique`).
    pub const fn validate_unique(mut self, hooks: &'static [BeforeSave]) -> Self {
        self.validate_unique = hooks;
        self
    }

    /// Those before a row is saved.
    pub const fn before_save(mut self, hooks: &'static [BeforeSave]) -> Self {
        self.before_save = hooks;
        self
    }

    /// Those after a row was saved.
    pub const fn after_save(mut self, hooks: &'static [AfterSave]) -> Self {
        self.after_save = hooks;
        self
    }

    /// Those before a row is deleted.
    pub const fn before_delete(mut self, hooks: &'static [OnDeletion]) -> Self {
        self.before_delete = hooks;
        self
    }

    /// Those after a row was deleted.
    pub const fn after_delete(mut self, hooks: &'static [OnDeletion]) -> Self {
        self.after_delete = hooks;
        self
    }

    /// Whether saving a row runs any of them.
    pub(crate) fn see_saves(&self) -> bool {
        !self.before_save.is_empty() || !self.after_save.is_empty()
    }

    /// Whether deleting a row does.
    pub(crate) fn see_deletions(&self) -> bool {
        !self.before_delete.is_empty() || !self.after_delete.is_empty()
    }
}

/// The row of a hook in its own type.
fn typed<M: Any>(row: &dyn super::ModelRow) -> Result<&M> {
    let other = || crate::exceptions::ApiException::internal("a hook got a row of another model");
    row.as_any().downcast_ref().ok_or_else(other)
}

/// Prints the name of a model, and no values, which may be secret.
fn named<M: super::Model>(what: &'static str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.debug_struct(what).field("model", &M::META.name).finish_non_exhaustive()
}

#[cfg(test)]
mod tests;
