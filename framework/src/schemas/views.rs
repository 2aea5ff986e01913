//! The views that serve the document and Swagger UI.

use std::fmt;
use std::sync::Arc;

use actix_web::http::Method;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, ETAG, IF_NONE_MATCH,
};
use futures_util::future::LocalBoxFuture;
use quintet_openapi::{RenderedSchema, SCHEMA_RENDERERS, SchemaRenderer, ui};

use crate::exceptions::{ApiException, Result};
use crate::permissions::AllowAny;
use crate::renderers::{Renderer, RendererContext};
use crate::request::{Context, Request};
use crate::response::Response;
use crate::views::{ApiView, Policies, View, ViewInfo};

/// The description of the document's view in OPTIONS: drf-spectacular's.
const DESCRIPTION: &str = "OpenApi3 schema for this API. Format can be selected via content negotiation.\n\n\
     - YAML: application/vnd.oai.openapi\n- JSON: application/vnd.oai.openapi+json";

/// The document, in the media type that the client accepts (`SpectacularAPIView`).
pub(super) fn schema(document: Arc<RenderedSchema>) -> impl View {
    let mut info = ViewInfo::new("Spectacular Api", [Method::GET]);
    info.description = DESCRIPTION.into();
    info.policies = Policies::inherit().permissions(AllowAny).renderers(
        SCHEMA_RENDERERS.map(|one| Arc::new(Written(one)) as Arc<dyn Renderer>).to_vec(),
    );
    SchemaView { info, document }
}

struct SchemaView {
    info: ViewInfo,
    document: Arc<RenderedSchema>,
}

impl View for SchemaView {
    fn info(&self) -> &ViewInfo {
        &self.info
    }

    fn handle<'a>(&'a self, cx: &'a mut Context) -> LocalBoxFuture<'a, Result<Response>> {
        let [first, ..] = &SCHEMA_RENDERERS;
        let accepted = cx.accepted.as_ref().and_then(|it| SCHEMA_RENDERERS.get(it.renderer));
        let renderer = accepted.unwrap_or(first);
        let response =
            Response::bytes(renderer.content_type(), self.document.text(renderer).as_bytes())
                .with_header(CONTENT_DISPOSITION, &self.document.content_disposition(renderer));
        Box::pin(std::future::ready(Ok(response)))
    }
}

impl fmt::Debug for SchemaView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SchemaView").finish_non_exhaustive()
    }
}

/// A renderer of the document; what arrives as JSON is an error.
#[derive(Debug)]
struct Written(SchemaRenderer);

impl Renderer for Written {
    fn media_type(&self) -> &'static str {
        self.0.media_type
    }

    fn format(&self) -> &'static str {
        self.0.format
    }

    fn charset(&self) -> Option<&'static str> {
        self.0.charset
    }

    fn render(&self, json: Vec<u8>, _: &RendererContext<'_>) -> Vec<u8> {
        match serde_json::from_slice(&json) {
            Ok(value) => self.0.write(&value).into_bytes(),
            Err(_) => json,
        }
    }
}

/// Swagger UI.
pub(super) fn docs(page: String) -> impl View {
    public("Swagger UI").get(async move |_: &mut Context| {
        Ok(Response::bytes(ui::PAGE_CONTENT_TYPE, page.as_bytes())
            .with_header(CONTENT_SECURITY_POLICY, ui::CONTENT_SECURITY_POLICY))
    })
}

/// The files that the page loads.
pub(super) fn assets() -> impl View {
    public("Swagger UI Asset").get(asset)
}

async fn asset(cx: &mut Context) -> Result<Response> {
    let name = cx.request.kwarg("name").unwrap_or_default();
    let asset = ui::asset(name).ok_or(ApiException::NotFound(None))?;
    let response = if has_already(&cx.request, &asset.etag) {
        Response::empty(304)
    } else {
        Response::bytes(asset.content_type, asset.body)
    };
    Ok(response.with_header(ETAG, &asset.etag).with_header(CACHE_CONTROL, ui::ASSET_CACHE_CONTROL))
}

/// Whether the client has the content of this tag (RFC 9110, section 13.1.2).
fn has_already(request: &Request, etag: &str) -> bool {
    request.headers.text(IF_NONE_MATCH).is_some_and(|tags| {
        let mut tags = tags.split(',').map(str::trim);
        tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
    })
}

/// A view that is open to everybody and ignores `Accept` and credentials.
fn public(name: &str) -> ApiView {
    ApiView::new(name).authentication(()).permissions(AllowAny).renderers(Anything)
}

/// Fits every `Accept`; errors are JSON.
#[derive(Debug)]
struct Anything;

impl Renderer for Anything {
    fn media_type(&self) -> &'static str {
        "*/*"
    }

    fn format(&self) -> &'static str {
        ""
    }

    fn render(&self, json: Vec<u8>, _: &RendererContext<'_>) -> Vec<u8> {
        json
    }

    fn content_type(&self) -> String {
        "application/json".into()
    }
}
