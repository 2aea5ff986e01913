//! The root of a router: the lists of its view sets.

use std::fmt;

use actix_web::http::Method;
use futures_util::future::LocalBoxFuture;

use crate::exceptions::Result;
use crate::renderers::JsonWriter;
use crate::request::{Context, ResolverMatch, ViewContext};
use crate::response::Response;
use crate::views::{View, ViewInfo};

struct ApiRoot {
    info: ViewInfo,
    /// Prefix and name of each list, in the order of registration.
    lists: Vec<(String, String)>,
}

/// The view that returns the URLs of these lists; a list without a URL is left out.
pub(super) fn api_root(lists: Vec<(String, String)>) -> impl View + fmt::Debug {
    let mut info = ViewInfo::new("Api Root", [Method::GET]);
    info.description = "The default basic root view for DefaultRouter".into();
    let context = ViewContext {
        name: info.name.clone(),
        ignore_model_permissions: true,
        ..ViewContext::default()
    };
    info.context = context.into();
    ApiRoot { info, lists }
}

impl ApiRoot {
    fn answer(&self, cx: &Context) -> Response {
        let origin = cx.origin();
        let mut json = JsonWriter::new();
        json.begin_object();
        let namespace = cx.request.resolver_match().and_then(ResolverMatch::namespace);
        for (prefix, name) in &self.lists {
            let name = namespace.as_ref().map_or_else(|| name.clone(), |of| format!("{of}:{name}"));
            if let Ok(link) = cx.urls().hyperlink(&origin, &name, &[]) {
                json.key(prefix);
                json.str(&link);
            }
        }
        json.end_object();
        Response::json(json.into_bytes())
    }
}

impl View for ApiRoot {
    fn info(&self) -> &ViewInfo {
        &self.info
    }

    fn handle<'a>(&'a self, cx: &'a mut Context) -> LocalBoxFuture<'a, Result<Response>> {
        Box::pin(std::future::ready(Ok(self.answer(cx))))
    }
}

impl fmt::Debug for ApiRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiRoot").field("lists", &self.lists).finish_non_exhaustive()
    }
}
