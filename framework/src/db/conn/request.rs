//! What a connection knows of the request that it is lent to.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use super::Conn;
use crate::db::{Model, ModelRow};

/// The user of a request, and what its program keeps with it.
#[derive(Default)]
pub(super) struct RequestState {
    user: Option<Arc<dyn ModelRow>>,
    extensions: Vec<Box<dyn Any>>,
}

impl fmt::Debug for RequestState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestState")
            .field("has_user", &self.user.is_some())
            .finish_non_exhaustive()
    }
}

impl Conn {
    /// The user of the request that the connection is lent to, as a row of the site's user model;
    /// `None` for an anonymous request, beside requests, and if the model is not the site's. Hooks and
    /// scopes, which get the connection and no context, know the user by it.
    pub fn user_as<M: Model>(&self) -> Option<&M> {
        self.request.user.as_ref().and_then(|user| user.as_any().downcast_ref())
    }

    pub(crate) fn set_user(&mut self, user: Option<Arc<dyn ModelRow>>) {
        self.request.user = user;
    }

    /// Keeps a value with the request, by its type; an earlier one is replaced. It is there as long as
    /// the request, and other requests do not see it.
    ///
    /// ```
    /// use quintet::prelude::*;
    ///
    /// struct Tenant(i64);
    ///
    /// async fn of_header(cx: &mut Context) -> Result<()> {
    ///     let id = cx.request.header("x-tenant").and_then(|id| id.parse().ok());
    ///     cx.insert_extension(Tenant(id.ok_or(ApiException::NotFound(None))?));
    ///     Ok(())
    /// }
    /// # fn main() {}
    /// ```
    pub fn insert_extension<T: Any>(&mut self, value: T) {
        self.request.extensions.retain(|known| !known.is::<T>());
        self.request.extensions.push(Box::new(value));
    }

    /// The value of this type that was kept with the request.
    pub fn extension<T: Any>(&self) -> Option<&T> {
        self.request.extensions.iter().find_map(|value| value.downcast_ref())
    }
}
