//! Which renderer answers, and what it writes (`rest_framework.negotiation`, `.renderers`).

use quintet::negotiation::{Accepted, ContentNegotiation, NegotiationContext, Offer};
use quintet::parsers::{FormParser, JsonParser};
use quintet::prelude::*;
use quintet::renderers::{JsonRenderer, Renderer, RendererContext, StaticHtmlRenderer};
use quintet::views::Policies;
use quintet_tests::client::Reply;
use quintet_tests::store::{On, Store};
use serde_json::json;

/// What it knows of the response.
#[derive(Debug)]
struct Told;

impl Renderer for Told {
    fn media_type(&self) -> &'static str {
        "text/x-told"
    }

    fn format(&self) -> &'static str {
        "told"
    }

    fn render(&self, json: Vec<u8>, context: &RendererContext<'_>) -> Vec<u8> {
        let path = context.cx.map_or("-", |cx| cx.request.path.as_str());
        let RendererContext { accepted_media_type, status, exception, .. } = context;
        let json = String::from_utf8_lossy(&json);
        format!("{path} {accepted_media_type} {status} {exception} {json}").into_bytes()
    }
}

/// The last renderer and the first parser, whatever the client says; `X-Refuse` is refused.
struct Fixed;

impl ContentNegotiation for Fixed {
    fn select_renderer(
        &self,
        offers: &[Option<Offer<'_>>],
        context: &NegotiationContext<'_>,
    ) -> Result<Accepted> {
        if context.header("x-refuse").is_some() {
            return Err(ApiException::NotAcceptable(None));
        }
        Ok(Accepted::new(offers.len() - 1, "text/x-told; fixed=1"))
    }

    fn select_parser(&self, media_types: &[&str], content_type: &str) -> Option<usize> {
        assert_eq!(media_types, ["application/x-www-form-urlencoded", "application/json"]);
        (content_type != "text/none").then_some(1)
    }
}

/// A renderer that the view does not have.
struct Beyond;

impl ContentNegotiation for Beyond {
    fn select_renderer(
        &self,
        offers: &[Option<Offer<'_>>],
        _: &NegotiationContext<'_>,
    ) -> Result<Accepted> {
        Ok(Accepted::new(offers.len(), "text/x-none"))
    }

    fn select_parser(&self, _: &[&str], _: &str) -> Option<usize> {
        None
    }
}

async fn shown(cx: &mut Context) -> Result<Response> {
    let format = cx.accepted_renderer().map(|renderer| renderer.format);
    Response::new(&json!({"é": [1, "x"], "format": format}))
}

async fn data(cx: &mut Context) -> Result<Response> {
    Response::new(&cx.data()?.to_json()?)
}

async fn page(_: &mut Context) -> Result<Response> {
    Response::new("<p>é</p>")
}

async fn typed(_: &mut Context) -> Result<Response> {
    Ok(Response::new(&json!({"a": 1}))?.with_content_type("application/vnd.store+json"))
}

async fn fail(_: &mut Context) -> Result<Response> {
    Err(ApiException::NotFound(None))
}

fn site(change: impl FnOnce(&mut Settings)) -> Store {
    let open = |name| ApiView::new(name).permissions(AllowAny);
    Store::serving(On::Sqlite, change, |settings, database| {
        let fixed = open("Fixed")
            .renderers((JsonRenderer, Told))
            .parsers((FormParser, JsonParser))
            .content_negotiation(Fixed);
        let router = Router::simple()
            .path_with_suffix(
                "shown/",
                open("Shown").renderers((JsonRenderer, Told)).get(shown),
                "shown",
            )
            .path("beyond/", open("Beyond").content_negotiation(Beyond).get(shown), "beyond")
            .path("fixed/", fixed.get(shown).post(data), "fixed")
            .path("page/", open("Page").renderers(StaticHtmlRenderer).get(page).post(fail), "page")
            .path("typed/", open("Typed").get(typed), "typed")
            .path("fail/", open("Fail").renderers((JsonRenderer, Told)).get(fail), "fail");
        let site = Site::builder(settings, database).mount(router.at("/"));
        site.build().expect("the site is right")
    })
}

fn get(store: &Store, path: &str, accept: &str) -> Reply {
    store.client().send("GET", path, &[("Accept", accept)], b"")
}

fn body(reply: &Reply) -> String {
    String::from_utf8_lossy(&reply.body).into_owned()
}

#[test]
fn a_renderer_knows_the_response_and_its_request() {
    let store = site(|_| {});
    let reply = get(&store, "/shown/", "text/x-told; a=1");
    assert_eq!(
        body(&reply),
        "/shown/ text/x-told; a=1 200 false {\"é\":[1,\"x\"],\"format\":\"told\"}"
    );
    let reply = get(&store, "/fail/", "text/x-told");
    assert_eq!(body(&reply), "/fail/ text/x-told 404 true {\"detail\":\"Not found.\"}");
    let reply = get(&store, "/shown.json", "*/*");
    assert_eq!(reply.json()["format"], "json");
}

#[test]
fn a_negotiation_of_ones_own_chooses_renderer_and_parser() {
    let store = site(|_| {});
    let reply = get(&store, "/fixed/", "application/json");
    assert!(body(&reply).starts_with("/fixed/ text/x-told; fixed=1 200 false"), "{reply:?}");
    let refuse = &[("X-Refuse", "1")];
    assert_eq!(store.client().send("GET", "/fixed/", refuse, b"").status, 406);
    let post = |content_type| {
        store.client().send("POST", "/fixed/", &[("Content-Type", content_type)], b"{\"a\": 1}")
    };
    // JSON under the name of a form
    let reply = post("application/x-www-form-urlencoded");
    assert!(body(&reply).ends_with(" {\"a\":1}"), "{reply:?}");
    assert_eq!(post("text/none").status, 415);
    // one that is not there is a mistake of the site: Django's page
    let reply = get(&store, "/beyond/", "*/*");
    let html = Some("text/html; charset=utf-8");
    assert_eq!((reply.status, reply.header("content-type")), (500, html));
}

#[test]
fn a_static_page_is_the_text_of_the_response_and_an_error_is_its_status() {
    let store = site(|_| {});
    let reply = get(&store, "/page/", "text/html");
    assert_eq!((reply.status, body(&reply).as_str()), (200, "<p>é</p>"));
    assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"));
    let reply = get(&store, "/page/", "application/json");
    assert_eq!((reply.status, body(&reply).as_str()), (406, "406 Not Acceptable"));
    assert_eq!(reply.header("vary"), Some("Cookie"));
    let reply = store.client().send("POST", "/page/", &[], b"");
    assert_eq!((reply.status, body(&reply).as_str()), (404, "404 Not Found"));
}

#[test]
fn a_content_type_of_the_response_stands_instead_of_the_renderers() {
    let store = site(|_| {});
    let reply = get(&store, "/typed/", "application/json; indent=1");
    assert_eq!(reply.header("content-type"), Some("application/vnd.store+json"));
    assert_eq!(body(&reply), "{\n \"a\": 1\n}");
}

#[test]
fn settings_change_the_json_and_the_name_of_the_format() {
    let store = site(|settings| {
        settings.rest_framework.unicode_json = false;
        settings.rest_framework.compact_json = false;
        settings.rest_framework.url_format_override = Some("f".into());
    });
    let reply = get(&store, "/shown/", "*/*");
    assert_eq!(body(&reply), "{\"\\u00e9\": [1, \"x\"], \"format\": \"json\"}");
    assert_eq!(get(&store, "/shown/?format=told", "*/*").json()["format"], "json");
    assert!(body(&get(&store, "/shown/?f=told", "*/*")).starts_with("/shown/ text/x-told"));
    assert_eq!(get(&store, "/shown/?f=xml", "*/*").status, 404);
    let store = site(|settings| settings.rest_framework.url_format_override = None);
    assert_eq!(get(&store, "/shown/?format=xml", "*/*").json()["format"], "json");
}

#[test]
fn links_keep_the_parameter_that_names_the_format() {
    async fn link(cx: &mut Context) -> Result<Response> {
        Response::new(&cx.reverse("link", &[])?)
    }
    let named = |name: Option<&str>, path: &str| {
        let name = name.map(ToOwned::to_owned);
        let store = Store::serving(
            On::Sqlite,
            |settings| settings.rest_framework.url_format_override = name,
            |settings, database| {
                let view = ApiView::new("Link").permissions(AllowAny).get(link);
                let router = Router::simple().path("link/", view, "link");
                let site = Site::builder(settings, database).mount(router.at("/"));
                site.build().expect("the site is right")
            },
        );
        get(&store, path, "*/*").json()
    };
    assert_eq!(named(Some("f"), "/link/?f=json"), "http://testserver/link/?f=json");
    assert_eq!(named(Some("f"), "/link/?format=json"), "http://testserver/link/");
    assert_eq!(named(None, "/link/?format=json"), "http://testserver/link/");
}

#[test]
fn a_site_may_have_a_negotiation_of_its_own() {
    let store = Store::serving(
        On::Sqlite,
        |_| {},
        |settings, database| {
            let view = ApiView::new("X").permissions(AllowAny).renderers((JsonRenderer, Told));
            let usual = ApiView::new("Y").permissions(AllowAny).content_negotiation(());
            let router = Router::simple().path("x/", view.get(shown), "x").path(
                "y/",
                usual.renderers((JsonRenderer, Told)).get(shown),
                "y",
            );
            let own = Policies::inherit().content_negotiation(Fixed);
            let site = Site::builder(settings, database).policies(&own).mount(router.at("/"));
            site.build().expect("the site is right")
        },
    );
    assert!(body(&get(&store, "/x/", "*/*")).starts_with("/x/ text/x-told; fixed=1"));
    assert_eq!(get(&store, "/y/", "*/*").json()["format"], "json");
}
