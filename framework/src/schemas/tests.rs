//! The document of a small site, and the addresses that serve it.

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::http::header::{ACCEPT, CONTENT_DISPOSITION, HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::{OpenApi, SchemaError};
#[cfg(feature = "jwt")]
use crate::authentication::JwtAuthentication;
use crate::authentication::SessionAuthentication;
use crate::db::{Database, DatabaseConfig};
use crate::exceptions::Result;
use crate::model;
use crate::pagination::{
    CursorPagination, EnvelopeKeys, LimitOffsetPagination, NoPagination, PageNumberPagination,
    Pagination,
};
use crate::permissions::{AllowAny, IsAuthenticated, IsAuthenticatedOrReadOnly, PermissionClasses};
use crate::request::{Context, Request};
use crate::response::{Response, ResponseBody};
use crate::routers::Router;
use crate::serializers::{HyperlinkedIdentity, ModelSerializer, Serializer};
use crate::settings::Settings;
use crate::site::{Site, SiteBuilder};
use crate::views::{ApiView, Items, Json, OperationInfo, ResponseInfo, Valid};
use crate::viewsets::{ModelViewSet, ReadOnlyModelViewSet, ViewSet, view_set};

/// A performer.
#[model(table = "artist", count(album_count = albums))]
pub struct Artist {
    pub id: i64,
    #[field(max_length = 120)]
    pub name: String,
}

/// A record.
#[model(table = "album")]
pub struct Album {
    pub id: i64,
    pub title: String,
    #[field(help_text = "In the shop.", default = true)]
    pub for_sale: bool,
    #[field(min_value = 0)]
    pub copies: i32,
    #[field(choices = &[("m", "Mono"), ("s", "Stereo")])]
    pub sound: Option<String>,
    #[field(foreign_key = Artist, related_name = albums)]
    pub artist_id: i64,
    #[field(foreign_key = Artist)]
    pub producer_id: Option<i64>,
}

#[derive(Serializer)]
#[serializer(model = Artist)]
struct ArtistSerializer {
    id: i64,
    name: String,
    #[field(default = 0)]
    album_count: i64,
}

#[derive(Serializer)]
#[serializer(model = Album, fields = all)]
struct AlbumSerializer {
    url: HyperlinkedIdentity,
    #[field(nested, source = artist)]
    by: ArtistSerializer,
    #[field(source = artist.name)]
    artist_name: String,
    #[field(source = producer.name)]
    producer_name: Option<String>,
}

#[derive(Serializer)]
#[serializer(model = Album, fields = all, depth = 1)]
struct DeepSerializer {}

struct ArtistViewSet;

/// Performers.
#[view_set]
impl ViewSet for ArtistViewSet {
    type Base = ModelViewSet;
    type Serializer = ArtistSerializer;

    fn permission_classes(&self) -> impl PermissionClasses {
        IsAuthenticatedOrReadOnly
    }

    #[action(detail, post)]
    async fn rename(
        &self,
        new: Valid<NameSerializer>,
        _: &mut Context,
    ) -> Result<Json<NameSerializer>> {
        Ok(Json(new.0))
    }

    #[action(list, url_path = "by-letter/(?P<letter>[A-Z])")]
    async fn by_letter(&self, cx: &mut Context) -> Result<Items<ArtistSerializer>> {
        cx.respond_all(Artist::objects()).await
    }
}

#[derive(Serializer)]
struct NameSerializer {
    name: String,
}

struct AlbumViewSet;

impl ViewSet for AlbumViewSet {
    type Base = ReadOnlyModelViewSet;
    type Serializer = AlbumSerializer;

    fn permission_classes(&self) -> impl PermissionClasses {
        IsAuthenticated
    }

    fn pagination_class(&self) -> impl Pagination + 'static {
        LimitOffsetPagination::new().default_limit(5)
    }
}

struct DeepViewSet;

impl ViewSet for DeepViewSet {
    type Base = ReadOnlyModelViewSet;
    type Serializer = DeepSerializer;

    fn basename(&self) -> String {
        "deep".into()
    }

    fn pagination_class(&self) -> impl Pagination + 'static {
        NoPagination
    }
}

fn builder(router: Router) -> SiteBuilder {
    builder_at("", router)
}

fn builder_at(script_name: &str, router: Router) -> SiteBuilder {
    let settings = Settings {
        force_script_name: script_name.into(),
        secret_key: "k".into(),
        allowed_hosts: vec!["*".into()],
        ..Settings::default()
    };
    let database = Database::open(DatabaseConfig::new("sqlite://:memory:")).unwrap();
    let pages = PageNumberPagination::new().page_size(10).page_size_query_param("size");
    Site::builder(settings, database)
        .permissions(AllowAny)
        .pagination(pages)
        .ordering_filter()
        .mount(router.at("/api/"))
}

fn router() -> Router {
    Router::new()
        .register("artists", ArtistViewSet)
        .register("albums", AlbumViewSet)
        .register("deep", DeepViewSet)
}

fn openapi() -> OpenApi {
    OpenApi::new("Store", "1").schema_path("/api/schema/").docs_path("/api/docs/")
}

fn site() -> Arc<Site> {
    builder(router()).openapi(openapi()).build().unwrap()
}

fn document() -> Value {
    serde_json::from_str(site().openapi().unwrap().json()).unwrap()
}

fn component(name: &str) -> Value {
    document()["components"]["schemas"][name].clone()
}

fn operation(method: &str, path: &str) -> Value {
    document()["paths"][path][method].clone()
}

async fn send(path: &str, headers: &[(HeaderName, &'static str)]) -> Response {
    send_as(Method::GET, path, headers).await
}

async fn send_as(method: Method, path: &str, headers: &[(HeaderName, &'static str)]) -> Response {
    let site = site();
    let mut request = Request::new(method, path);
    for (name, value) in headers {
        request.headers.insert(name.clone(), HeaderValue::from_static(value));
    }
    site.answer(&site.database().worker(), request).await
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers.get(name).and_then(|value| value.to_str().ok())
}

fn content(response: &Response) -> (&str, &[u8]) {
    match &response.body {
        ResponseBody::Bytes { content_type, bytes } => (content_type, bytes),
        ResponseBody::Json(bytes) => (header(response, "content-type").unwrap_or_default(), bytes),
        ResponseBody::Empty | ResponseBody::Stream { .. } => ("", b""),
    }
}

#[test]
fn the_document_is_sound() {
    assert_eq!(quintet_openapi::check::problems(&document()), [""; 0]);
}

#[test]
fn paths_are_those_of_the_routers_without_suffixes_and_roots() {
    let document = document();
    let paths: Vec<&String> = document["paths"].as_object().unwrap().keys().collect();
    assert_eq!(
        paths,
        [
            "/api/albums/",
            "/api/albums/{id}/",
            "/api/artists/",
            "/api/artists/by-letter/{letter}/",
            "/api/artists/{id}/",
            "/api/artists/{id}/rename/",
            "/api/deep/",
            "/api/deep/{id}/",
        ]
    );
}

#[test]
fn a_component_shows_what_its_columns_say() {
    assert_eq!(
        component("Artist"),
        json!({"type": "object", "required": ["album_count", "id", "name"], "properties": {
            "id": {"type": "integer", "readOnly": true},
            "name": {"type": "string", "maxLength": 120},
            "album_count": {"type": "integer", "readOnly": true, "default": 0},
        }})
    );
    let album = component("Album");
    assert_eq!(
        album["properties"]["for_sale"],
        json!({"type": "boolean", "description": "In the shop."})
    );
    assert_eq!(
        album["properties"]["copies"],
        json!({"type": "integer", "minimum": 0, "maximum": 2_147_483_647})
    );
    assert_eq!(album["properties"]["artist"], json!({"type": "integer"}));
    assert_eq!(album["properties"]["producer"], json!({"type": ["integer", "null"]}));
    assert_eq!(
        album["required"],
        json!(["artist", "artist_name", "by", "copies", "id", "producer_name", "title", "url"])
    );
}

#[test]
fn choices_are_a_component_of_their_own() {
    let references = json!([{"$ref": "#/components/schemas/SoundEnum"}, {"$ref": "#/components/schemas/NullEnum"}]);
    let shown = component("Album")["properties"]["sound"]["oneOf"].clone();
    for reference in references.as_array().unwrap() {
        assert!(shown.as_array().unwrap().contains(reference), "{shown}");
    }
    assert_eq!(component("SoundEnum")["enum"], json!(["m", "s"]));
}

#[test]
fn addresses_are_uris_and_related_rows_their_components() {
    let album = component("Album");
    let properties = &album["properties"];
    assert_eq!(properties["url"], json!({"type": "string", "format": "uri", "readOnly": true}));
    assert_eq!(properties["by"], json!({"$ref": "#/components/schemas/Artist", "readOnly": true}));
}

#[test]
fn a_value_along_a_way_is_null_where_the_way_may_end() {
    let album = component("Album");
    assert_eq!(album["properties"]["artist_name"], json!({"type": "string", "readOnly": true}));
    assert_eq!(
        album["properties"]["producer_name"],
        json!({"type": ["string", "null"], "readOnly": true})
    );
}

#[test]
fn depth_makes_components_named_for_their_fields() {
    let deep = component("Deep");
    assert_eq!(
        deep["properties"]["artist"],
        json!({"$ref": "#/components/schemas/DeepNestedArtist", "readOnly": true})
    );
    assert_eq!(component("DeepNestedArtist")["required"], json!(["id", "name"]));
}

#[test]
fn ids_tags_and_descriptions_are_drf_spectaculars() {
    let list = operation("get", "/api/artists/");
    assert_eq!(list["operationId"], "artists_list");
    assert_eq!(list["tags"], json!(["artists"]));
    assert_eq!(list["description"], "Performers.");
    let by_letter = operation("get", "/api/artists/by-letter/{letter}/");
    assert_eq!(by_letter["operationId"], "artists_by_letter_list");
    assert_eq!(
        by_letter["parameters"],
        json!([{"name": "letter", "in": "path", "required": true,
            "schema": {"type": "string", "pattern": "^[A-Z]$"}}])
    );
    assert_eq!(operation("patch", "/api/artists/{id}/")["operationId"], "artists_partial_update");
    assert_eq!(
        operation("post", "/api/artists/{id}/rename/")["operationId"],
        "artists_rename_create"
    );
}

#[test]
fn a_key_is_described_by_its_model() {
    assert_eq!(
        operation("get", "/api/artists/{id}/")["parameters"],
        json!([{"name": "id", "in": "path", "required": true, "schema": {"type": "integer"},
            "description": "A unique integer value identifying this artist."}])
    );
}

#[test]
fn bodies_are_read_by_the_parsers_and_answers_written_by_the_renderers() {
    let create = operation("post", "/api/artists/");
    let types: Vec<&String> =
        create["requestBody"]["content"].as_object().unwrap().keys().collect();
    assert_eq!(
        types,
        ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"]
    );
    let types: Vec<&String> =
        create["responses"]["201"]["content"].as_object().unwrap().keys().collect();
    assert_eq!(types, ["application/json"]);
    assert_eq!(
        operation("delete", "/api/artists/{id}/")["responses"]["204"],
        json!({"description": "No response body"})
    );
}

#[test]
fn lists_are_pages_of_the_views_pagination_or_the_sites() {
    let schema = |path: &str| {
        operation("get", path)["responses"]["200"]["content"]["application/json"]["schema"].clone()
    };
    assert_eq!(
        schema("/api/artists/"),
        json!({"$ref": "#/components/schemas/PaginatedArtistList"})
    );
    assert_eq!(schema("/api/albums/"), json!({"$ref": "#/components/schemas/PaginatedAlbumList"}));
    assert_eq!(
        schema("/api/deep/"),
        json!({"type": "array", "items": {"$ref": "#/components/schemas/Deep"}})
    );
    let names = |path: &str| {
        let operation = operation("get", path);
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        parameters.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("/api/artists/"), ["ordering", "page", "size"]);
    assert_eq!(names("/api/albums/"), ["limit", "offset", "ordering"]);
    assert_eq!(names("/api/deep/"), ["ordering"]);
}

#[test]
fn an_envelope_is_told_from_its_keys() {
    use quintet_openapi::{Envelope, EnvelopeKey};

    use super::operations::envelope;
    assert_eq!(envelope(&PageNumberPagination::new()), Some(Envelope::page_number("page")));
    assert_eq!(
        envelope(&LimitOffsetPagination::new()),
        Some(Envelope::limit_offset("limit", "offset"))
    );
    assert_eq!(envelope(&CursorPagination::new()), Some(Envelope::cursor("cursor")));
    assert_eq!(envelope(&NoPagination), None);
    let keys = EnvelopeKeys::new().results("albums").count("total").without_links();
    let total = EnvelopeKey::integer("total", "123");
    let own = Envelope::custom(vec![total], "albums");
    assert_eq!(envelope(&PageNumberPagination::new().with_keys(keys)), Some(own));
}

#[test]
fn security_is_what_authenticates_and_empty_where_anonymous_clients_are_let_in() {
    let security = |method: &str, path: &str| operation(method, path)["security"].clone();
    assert_eq!(
        security("get", "/api/artists/"),
        json!([{"tokenAuth": []}, {"cookieAuth": []}, {}])
    );
    assert_eq!(security("post", "/api/artists/"), json!([{"tokenAuth": []}, {"cookieAuth": []}]));
    assert_eq!(security("get", "/api/albums/"), json!([{"tokenAuth": []}, {"cookieAuth": []}]));
    let schemes = document()["components"]["securitySchemes"].clone();
    assert_eq!(
        schemes["cookieAuth"],
        json!({"type": "apiKey", "in": "cookie", "name": "sessionid"})
    );
}

/// The security schemes of a site that is authenticated by its settings.
fn schemes(change: impl FnOnce(&mut Settings)) -> Value {
    let mut settings = Settings { secret_key: "k".into(), ..Settings::default() };
    change(&mut settings);
    let database = Database::open(DatabaseConfig::new("sqlite://:memory:")).unwrap();
    let builder = Site::builder(settings, database);
    #[cfg(feature = "jwt")]
    let builder = builder.authentication((JwtAuthentication::default(), SessionAuthentication));
    #[cfg(not(feature = "jwt"))]
    let builder = builder.authentication(SessionAuthentication);
    let operation = OperationInfo::new(Method::GET);
    let view = ApiView::new("Open").documented(operation).get(open);
    let router = Router::new().path("open/", view, "open");
    let site = builder.mount(router.at("/api/")).openapi(OpenApi::new("API", "1")).build().unwrap();
    let document: Value = serde_json::from_str(site.openapi().unwrap().json()).unwrap();
    document["components"]["securitySchemes"].clone()
}

async fn open(_: &mut Context) -> Result<Response> {
    Ok(Response::empty(204))
}

#[test]
fn the_cookie_of_sessions_is_that_of_the_site() {
    let own = schemes(|settings| settings.session.cookie.name = "shop_session".into());
    let cookie = json!({"type": "apiKey", "in": "cookie", "name": "shop_session"});
    assert_eq!(own["cookieAuth"], cookie);
}

#[cfg(feature = "jwt")]
#[test]
fn a_web_token_is_a_bearer_where_that_is_its_word_and_else_a_key_with_a_prefix() {
    let of = |words: &[&str]| {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        schemes(|settings| settings.jwt.auth_header_types = words)["jwtAuth"].clone()
    };
    let bearer = json!({"type": "http", "scheme": "bearer", "bearerFormat": "JWT"});
    assert_eq!(of(&["Bearer"]), bearer);
    assert_eq!(of(&["Bearer", "JWT"]), bearer);
    for word in ["JWT", "Token", "bearer"] {
        let key = json!({
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": format!("Token-based authentication with required prefix \"{word}\""),
        });
        assert_eq!(of(&[word, "Bearer"]), key, "{word}");
    }
}

#[test]
fn errors_are_those_that_can_happen() {
    let statuses = |method: &str, path: &str| {
        let operation = operation(method, path);
        operation["responses"].as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(statuses("get", "/api/artists/"), ["200", "401", "404"]);
    assert_eq!(statuses("post", "/api/artists/"), ["201", "400", "401", "403"]);
    assert_eq!(statuses("delete", "/api/artists/{id}/"), ["204", "401", "403", "404"]);
    assert_eq!(statuses("get", "/api/deep/"), ["200", "401"]);
}

async fn hello(_: &mut Context) -> crate::exceptions::Result<Response> {
    Ok(Response::empty(204))
}

#[test]
fn a_plain_view_is_documented_when_something_is_said_of_it() {
    let mut operation = OperationInfo::new(Method::GET);
    operation.description = "Says hello.";
    operation.response = ResponseInfo::One(ArtistSerializer::description());
    let router = Router::simple()
        .path("hello/<int:times>/", ApiView::new("Hello").get(hello).documented(operation), "hello")
        .path("silent/", ApiView::new("Silent").get(hello), "silent");
    let site = builder(router).openapi(OpenApi::new("Store", "1")).build().unwrap();
    let document: Value = serde_json::from_str(site.openapi().unwrap().json()).unwrap();
    assert_eq!(document["paths"].as_object().unwrap().len(), 1);
    let hello = &document["paths"]["/api/hello/{times}/"]["get"];
    assert_eq!(hello["operationId"], "hello_retrieve");
    assert_eq!(hello["parameters"][0]["schema"], json!({"type": "integer"}));
}

#[test]
fn what_contradicts_itself_keeps_the_site_from_starting() {
    #[derive(Serializer)]
    #[serializer(model = Album, fields = all, name = "Artist")]
    struct Other {}
    struct OtherViewSet;
    impl ViewSet for OtherViewSet {
        type Base = ReadOnlyModelViewSet;
        type Serializer = Other;
    }
    let error =
        builder(router().register("other", OtherViewSet)).openapi(openapi()).build().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the OpenAPI document: two different components are named Artist"
    );
    let error = builder(router())
        .openapi(OpenApi::new("a", "1").unserved().docs_path("/d/"))
        .build()
        .unwrap_err();
    assert_eq!(error.to_string(), SchemaError::DocsWithoutSchema.to_string());
}

#[actix_web::test]
async fn the_document_comes_as_the_client_accepts_it() {
    let yaml = send("/api/schema/", &[]).await;
    assert_eq!(yaml.status, 200);
    assert_eq!(content(&yaml).0, "application/vnd.oai.openapi; charset=utf-8");
    assert!(content(&yaml).1.starts_with(b"openapi: '3.1.0'"));
    assert_eq!(
        header(&yaml, CONTENT_DISPOSITION.as_str()),
        Some("inline; filename=\"Store.yaml\"")
    );
    assert_eq!(header(&yaml, "allow"), Some("GET, HEAD, OPTIONS"));
    assert_eq!(header(&yaml, "vary"), Some("Accept, Cookie"));
    let json = send("/api/schema/", &[(ACCEPT, "application/json")]).await;
    assert_eq!(content(&json).0, "application/json");
    assert_eq!(
        header(&json, CONTENT_DISPOSITION.as_str()),
        Some("inline; filename=\"Store.json\"")
    );
    let query = send("/api/schema/?format=json", &[]).await;
    assert_eq!(content(&query).0, "application/vnd.oai.openapi+json");
    assert_eq!(content(&send("/api/schema/?format=yaml", &[]).await).0, content(&yaml).0);
    let types = send("/api/schema/", &[(ACCEPT, "application/yaml")]).await;
    assert_eq!(content(&types).0, "application/yaml; charset=utf-8");
}

#[actix_web::test]
async fn refusals_are_written_in_yaml_too() {
    let xml = send("/api/schema/", &[(ACCEPT, "application/xml")]).await;
    assert_eq!(xml.status, 406);
    assert_eq!(content(&xml).0, "application/vnd.oai.openapi; charset=utf-8");
    assert_eq!(header(&xml, "vary"), Some("Accept"));
    assert_eq!(content(&xml).1, b"detail: Could not satisfy the request Accept header.\n");
    assert_eq!(send("/api/schema/?format=xml", &[]).await.status, 404);
    assert_eq!(send_as(Method::POST, "/api/schema/", &[]).await.status, 405);
}

#[actix_web::test]
async fn swagger_ui_loads_from_below_its_own_address() {
    let page = send("/api/docs/", &[(ACCEPT, "text/html,*/*;q=0.8")]).await;
    assert_eq!((page.status, content(&page).0), (200, "text/html; charset=utf-8"));
    let html = std::str::from_utf8(content(&page).1).unwrap();
    assert!(html.contains("data-schema-url=\"/api/schema/\""));
    assert!(header(&page, "content-security-policy").unwrap().starts_with("default-src 'none'"));
    let script = send("/api/docs/swagger-ui-bundle.js", &[(ACCEPT, "*/*")]).await;
    assert_eq!((script.status, content(&script).0), (200, "text/javascript; charset=utf-8"));
    assert_eq!(header(&script, "cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(header(&script, "vary"), None);
    let missing = send("/api/docs/nothing.js", &[(ACCEPT, "text/css")]).await;
    assert_eq!(
        (missing.status, content(&missing)),
        (404, ("application/json", &br#"{"detail":"Not found."}"#[..]))
    );
    assert_eq!(send("/api/docs", &[]).await.status, 301);
}

#[actix_web::test]
async fn an_asset_that_the_client_holds_is_not_sent_again() {
    let etag = quintet_openapi::ui::asset("docs.js").unwrap().etag.clone();
    for tags in [format!("\"other\", W/{etag}"), etag.clone(), "*".into()] {
        let site = site();
        let mut request = Request::new(Method::GET, "/api/docs/docs.js");
        request.headers.insert(actix_web::http::header::IF_NONE_MATCH, tags.parse().unwrap());
        let response = site.answer(&site.database().worker(), request).await;
        assert_eq!((response.status, header(&response, "etag")), (304, Some(etag.as_str())));
        assert!(matches!(response.body, ResponseBody::Empty));
    }
}

#[test]
fn behind_a_prefix_the_page_and_the_server_know_it() {
    let site = builder_at("/shop", router()).openapi(openapi()).build().unwrap();
    let document: Value = serde_json::from_str(site.openapi().unwrap().json()).unwrap();
    assert_eq!(document["servers"], json!([{"url": "/shop"}]));
    assert!(document["paths"].get("/api/artists/").is_some());
}
