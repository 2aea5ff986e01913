//! The functions that run as hooks and signals: async ones, and ordinary ones, which send no
//! statements.

use super::{Deletion, LinkChange, Saved, Saving};
use crate::db::Model;
use crate::exceptions::Result;

/// A trait of the functions of one kind of hook.
macro_rules! function_trait {
    ($(#[$meta:meta])* $name:ident($of:ty)) => {
        $(#[$meta])*
        pub trait $name<M: Model, Shape>: 'static {
            /// Calls it.
            fn call(&self, of: $of) -> impl Future<Output = Result<()>>;
        }

        impl<M, Hook> $name<M, fn($of, &M)> for Hook
        where
            M: Model,
            Hook: AsyncFn($of) -> Result<()> + 'static,
        {
            async fn call(&self, of: $of) -> Result<()> {
                self(of).await
            }
        }

        impl<M, Hook> $name<M, fn($of) -> Result<()>> for Hook
        where
            M: Model,
            Hook: Fn($of) -> Result<()> + 'static,
        {
            async fn call(&self, of: $of) -> Result<()> {
                self(of)
            }
        }
    };
}

function_trait! {
    /// Runs before a row of `M` is saved: `before_save`, `clean`, [`pre_save`](super::pre_save).
    #[diagnostic::on_unimplemented(
        message = "`{Self}` does not run before a row of `{M}` is saved",
        label = "expected `async fn(&mut Saving<'_, {M}>) -> Result<()>`"
    )]
    SavingHook(&mut Saving<'_, M>)
}

function_trait! {
    /// Runs after a row of `M` was saved: `after_save`, [`post_save`](super::post_save).
    #[diagnostic::on_unimplemented(
        message = "`{Self}` does not run after a row of `{M}` was saved",
        label = "expected `async fn(&Saved<'_, {M}>) -> Result<()>`"
    )]
    SavedHook(&Saved<'_, M>)
}

function_trait! {
    /// Runs before or after a row of `M` is deleted: `before_delete`, `after_delete`,
    /// [`pre_delete`](super::pre_delete), [`post_delete`](super::post_delete).
    #[diagnostic::on_unimplemented(
        message = "`{Self}` does not run when a row of `{M}` is deleted",
        label = "expected `async fn(&Deletion<'_, {M}>) -> Result<()>`"
    )]
    DeletionHook(&Deletion<'_, M>)
}

function_trait! {
    /// Runs when links of a relation of `M` change: [`m2m_changed`](super::m2m_changed).
    #[diagnostic::on_unimplemented(
        message = "`{Self}` does not run when links of `{M}` change",
        label = "expected `async fn(&LinkChange<'_, {M}>) -> Result<()>`"
    )]
    LinkHook(&LinkChange<'_, M>)
}
