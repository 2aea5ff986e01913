//! Values that a project hangs on a request.

use std::any::Any;

use super::Context;

impl Context {
    /// Hangs a value on the request, for code that runs later: a middleware's for views, a view's for its
    /// serializers (`get_serializer_context`). It replaces one of the same type.
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
            None => self.extensions.push(Box::new(value)),
        }
    }

    /// The value of a type that was hung on the request.
    pub fn extension<T: Any>(&self) -> Option<&T> {
        self.extensions.iter().find_map(|value| value.downcast_ref())
    }

    /// The same, to be changed.
    pub fn extension_mut<T: Any>(&mut self) -> Option<&mut T> {
        self.extensions.iter_mut().find_map(|value| value.downcast_mut())
    }
}
