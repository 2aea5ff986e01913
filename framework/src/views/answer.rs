//! The results of handlers, whose types decide what the OpenAPI document shows of the response.

use std::fmt;
use std::marker::PhantomData;

use super::{OperationInfo, ResponseInfo};
use crate::exceptions::Result;
use crate::renderers::JsonWriter;
use crate::request::Context;
use crate::response::Response;
use crate::serializers::{ModelSerializer, Serializer, write_values};
pub use crate::values::Json;

/// A value that a handler may return in its `Result`; its type decides what the OpenAPI document
/// shows.
///
/// [`Page`], [`Items`] and [`Item`] hold rows written by a serializer, [`Json`] holds a struct,
/// [`NoContent`] nothing; [`Created`] is another one with the status 201. A [`Response`] may hold anything, and the document says so. Implement it
/// for a result of your own:
///
/// ```
/// use quintet::prelude::*;
/// use quintet::views::{Answer, OperationInfo, ResponseInfo};
///
/// /// 202 with the number of the job.
/// struct Accepted(u64);
///
/// impl Answer for Accepted {
///     fn into_response(self, _cx: &Context) -> Result<Response> {
///         Ok(Response::new(&serde_json::json!({ "job": self.0 }))?.with_status(202))
///     }
///
///     fn describe(operation: &mut OperationInfo) {
///         operation.status = 202;
///         operation.response = ResponseInfo::Anything;
///     }
/// }
///
/// async fn start(_cx: &mut Context) -> Result<Accepted> {
///     Ok(Accepted(7))
/// }
///
/// let view = ApiView::new("Jobs").post(start);
/// # let _ = view;
/// ```
#[diagnostic::on_unimplemented(
    message = "a handler cannot return `{Self}`",
    label = "not an answer",
    note = "return `Page<S>`, `Items<S>` or `Item<S>` of a model serializer, `Json<S>` or \
            `Json<Vec<S>>` of a serializer without a model, `Created<..>` of any of these, `NoContent`, or a \
            `Response`"
)]
pub trait Answer: Sized {
    /// The response.
    ///
    /// # Errors
    /// 500 when it cannot be written.
    fn into_response(self, cx: &Context) -> Result<Response>;

    /// Describes it in the OpenAPI document.
    fn describe(operation: &mut OperationInfo);
}

/// The document shows that the response may hold anything.
impl Answer for Response {
    fn into_response(self, _: &Context) -> Result<Response> {
        Ok(self)
    }

    fn describe(operation: &mut OperationInfo) {
        operation.response = ResponseInfo::Anything;
    }
}

/// 204 without a body, as after a deletion.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoContent;

impl Answer for NoContent {
    fn into_response(self, _: &Context) -> Result<Response> {
        Ok(Response::empty(204))
    }

    fn describe(operation: &mut OperationInfo) {
        operation.status = 204;
        operation.response = ResponseInfo::Nothing;
    }
}

/// 201 with another answer, as after a creation: `Created(Json(song))`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Created<A>(pub A);

impl<A: Answer> Answer for Created<A> {
    fn into_response(self, cx: &Context) -> Result<Response> {
        Ok(self.0.into_response(cx)?.with_status(201))
    }

    fn describe(operation: &mut OperationInfo) {
        A::describe(operation);
        operation.status = 201;
    }
}

impl<S: Serializer> Answer for Json<S> {
    fn into_response(self, cx: &Context) -> Result<Response> {
        let mut out = JsonWriter::new();
        write_values(S::description(), &self.0.into_values(), cx, &mut out);
        Ok(cx.one(out.into_bytes()))
    }

    fn describe(operation: &mut OperationInfo) {
        operation.response = ResponseInfo::One(S::description());
    }
}

/// An array of them.
impl<S: Serializer> Answer for Json<Vec<S>> {
    fn into_response(self, cx: &Context) -> Result<Response> {
        let mut out = JsonWriter::new();
        out.begin_array();
        for item in self.0 {
            write_values(S::description(), &item.into_values(), cx, &mut out);
        }
        out.end_array();
        Ok(cx.all(out.into_bytes()))
    }

    fn describe(operation: &mut OperationInfo) {
        operation.response = ResponseInfo::All(S::description());
    }
}

macro_rules! shown {
    ($($(#[$doc:meta])* $name:ident => $info:ident;)*) => {$(
        $(#[$doc])*
        pub struct $name<S> {
            response: Response,
            serializer: PhantomData<fn() -> S>,
        }

        impl<S> $name<S> {
            pub(crate) fn new(response: Response) -> Self {
                Self { response, serializer: PhantomData }
            }
        }

        impl<S> fmt::Debug for $name<S> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }

        impl<S: ModelSerializer> Answer for $name<S> {
            fn into_response(self, _: &Context) -> Result<Response> {
                Ok(self.response)
            }

            fn describe(operation: &mut OperationInfo) {
                operation.response = ResponseInfo::$info(S::description());
            }
        }
    )*};
}

shown! {
    /// A page of rows, written by the serializer `S`:
    /// [`ViewSet::paginate`](crate::viewsets::ViewSet::paginate) and [`Context::paginate`] make it.
    Page => Page;
    /// Every row of a query, written by the serializer `S`: [`Context::respond_all`] makes it.
    Items => All;
    /// One row, written by the serializer `S`: [`Context::respond_one`] makes it.
    Item => One;
}
