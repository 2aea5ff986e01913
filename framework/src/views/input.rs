//! The arguments of handlers, whose types decide what the OpenAPI document shows of the request.

use std::future::Future;
use std::ops::Deref;

use super::OperationInfo;
use crate::exceptions::Result;
use crate::request::Context;
use crate::serializers::Serializer;

/// An argument of a handler, between `&self` and the context. Arguments are created in the order in
/// which they are declared; the first error becomes the response.
///
/// [`Valid`] is a validated body, [`Object`](crate::viewsets::Object) the object that the URL
/// names. Implement it for an argument of your own: `V` is the view set, or `()` for the handler of
/// an [`ApiView`](super::ApiView). By default, an argument adds nothing to the OpenAPI document.
///
/// ```
/// use quintet::prelude::*;
/// use quintet::views::FromContext;
///
/// /// The language that the client prefers.
/// struct Language(String);
///
/// impl<V> FromContext<V> for Language {
///     async fn from_context(_view: &V, cx: &mut Context) -> Result<Self> {
///         let header = cx.request.header("accept-language");
///         let first = header.as_deref().and_then(|list| list.split([',', ';']).next());
///         Ok(Self(first.unwrap_or("en").trim().to_owned()))
///     }
/// }
///
/// async fn greet(language: Language, _cx: &mut Context) -> Result<Response> {
///     Response::new(if language.0.starts_with("de") { "Hallo" } else { "Hello" })
/// }
///
/// let view = ApiView::new("Greeting").get(greet);
/// # let _ = view;
/// ```
#[diagnostic::on_unimplemented(
    message = "a handler of `{V}` cannot take `{Self}`",
    label = "not an argument of a handler",
    note = "take `Object<M>` of the view set's model, `Valid<S>` of a serializer without a model, or a \
            type with `impl FromContext`; the context comes last: `cx: &mut Context`"
)]
pub trait FromContext<V>: Sized {
    /// Creates the argument.
    ///
    /// # Errors
    /// The response, instead of the handler's.
    fn from_context(view: &V, cx: &mut Context) -> impl Future<Output = Result<Self>>;

    /// Describes it in the OpenAPI document; adds nothing by default.
    fn describe(operation: &mut OperationInfo) {
        let _ = operation;
    }
}

/// A request body that passed a serializer without a model
/// (`serializer.is_valid(raise_exception=True)`). It dereferences to the struct.
///
/// A body that does not pass is a 400 with every message.
///
/// ```
/// use quintet::prelude::*;
///
/// #[derive(Serializer)]
/// pub struct Search {
///     #[field(min_length = 2)]
///     term: String,
/// }
///
/// async fn search(search: Valid<Search>, _cx: &mut Context) -> Result<Response> {
///     Response::new(&search.term)
/// }
///
/// let view = ApiView::new("Search").post(search);
/// # let _ = view;
/// ```
#[doc(alias = "is_valid")]
#[derive(Debug, Clone, Copy)]
pub struct Valid<S>(pub S);

impl<S> Deref for Valid<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.0
    }
}

impl<V, S: Serializer> FromContext<V> for Valid<S> {
    async fn from_context(_: &V, cx: &mut Context) -> Result<Self> {
        cx.validated().await.map(Self)
    }

    fn describe(operation: &mut OperationInfo) {
        operation.request = Some(S::description());
    }
}
