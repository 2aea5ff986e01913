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
    extensions: Vec<Box<dyn Any + Send>>,
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

    pub(crate) fn user_row(&self) -> Option<Arc<dyn ModelRow>> {
        self.request.user.clone()
    }

    pub(crate) fn set_user(&mut self, user: Option<Arc<dyn ModelRow>>) {
        self.request.user = user;
    }

    /// Hangs a value on the request, for code that runs later: a middleware's for views, a view's for its
    /// serializers (`get_serializer_context`), and for scopes and hooks, which get the connection. It
    /// replaces one of the same type, and other requests do not see it.
    ///
    /// ```
    /// use quintet::prelude::*;
    ///
    /// struct Tenant(i64);
    ///
    /// async fn view(cx: &mut Context) -> Result<Response> {
    ///     cx.set_extension(Tenant(7));
    ///     let tenant = cx.extension::<Tenant>().map(|tenant| tenant.0);
    ///     Response::new(&tenant)
    /// }
    /// # let _ = ApiView::new("Tenant").get(view);
    /// ```
    #[doc(alias = "get_serializer_context")]
    pub fn set_extension<T: Any + Send>(&mut self, value: T) {
        match self.extension_mut::<T>() {
            Some(old) => *old = value,
            None => self.request.extensions.push(Box::new(value)),
        }
    }

    /// The value of a type that [`set_extension`](Self::set_extension) gave the request.
    pub fn extension<T: Any>(&self) -> Option<&T> {
        self.request.extensions.iter().find_map(|value| value.downcast_ref())
    }

    /// That value, to be changed.
    pub fn extension_mut<T: Any>(&mut self) -> Option<&mut T> {
        self.request.extensions.iter_mut().find_map(|value| value.downcast_mut())
    }

    /// All of them, for another connection of the request.
    pub(crate) fn take_extensions(&mut self) -> Vec<Box<dyn Any + Send>> {
        std::mem::take(&mut self.request.extensions)
    }

    pub(crate) fn set_extensions(&mut self, extensions: Vec<Box<dyn Any + Send>>) {
        self.request.extensions = extensions;
    }
}
