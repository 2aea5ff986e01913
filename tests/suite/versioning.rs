//! Versions of an API (`rest_framework.versioning`).

use musicstore::models::{Genre, MediaType, Track};
use quintet::generics::RetrieveApiView;
use quintet::prelude::*;
use quintet::serializers::{HyperlinkedIdentity, HyperlinkedRelated, SerializerClass};
use quintet::site::SiteBuilder;
use quintet::versioning::{
    HostNameVersioning, LinkVersion, NamespaceVersioning, QueryParameterVersioning,
    UrlPathVersioning, Versioning, VersioningClass,
};
use quintet::viewsets::{CreateModelMixin, ListModelMixin, RetrieveModelMixin};
use quintet_tests::store::{On, Store};
use serde_json::{Value, json};

#[derive(Serializer)]
#[serializer(model = Genre, fields(url, name))]
struct GenreSerializer {
    url: HyperlinkedIdentity,
}

#[derive(Serializer)]
#[serializer(model = Genre, fields(url, label))]
struct LabelSerializer {
    url: HyperlinkedIdentity,
    #[field(source = name)]
    label: String,
}

/// A genre, in the serializer of the version.
struct Genres;

impl ViewSet for Genres {
    type Base = (RetrieveModelMixin, ListModelMixin);
    type Serializer = GenreSerializer;

    fn permission_classes(&self) -> impl PermissionClasses {
        AllowAny
    }

    fn get_serializer_class(&self, cx: &Context) -> SerializerClass<Genre> {
        match cx.version() {
            Some("v2") => LabelSerializer::class(),
            _ => GenreSerializer::class(),
        }
    }
}

/// A track that names its genre by address.
#[derive(Serializer)]
#[serializer(model = Track)]
struct TrackSerializer {
    name: String,
    milliseconds: i32,
    unit_price: Decimal,
    media_type: PrimaryKeyRelated<MediaType>,
    #[field(view_name = "genre-detail", queryset = Genre::objects)]
    genre: Option<HyperlinkedRelated<Genre>>,
}

struct Tracks;

impl ViewSet for Tracks {
    type Base = CreateModelMixin;
    type Serializer = TrackSerializer;

    fn permission_classes(&self) -> impl PermissionClasses {
        AllowAny
    }
}

/// The same in a scheme that it names itself.
struct Own;

impl ViewSet for Own {
    type Base = RetrieveApiView;
    type Serializer = GenreSerializer;

    fn permission_classes(&self) -> impl PermissionClasses {
        AllowAny
    }

    fn versioning_class(&self) -> impl VersioningClass {
        HeaderVersioning
    }
}

/// `X-API-Version: 2`
struct HeaderVersioning;

impl Versioning for HeaderVersioning {
    fn determine_version(&self, cx: &Context) -> Result<Option<String>> {
        match cx.request.header("x-api-version").as_deref() {
            Some("0") => Err(ApiException::NotFound(None)),
            version => Ok(version.map(ToOwned::to_owned)),
        }
    }

    fn link_version(&self, version: &str, _: &Context) -> Option<LinkVersion> {
        Some(LinkVersion::Query("version".into(), version.into()))
    }
}

async fn version(cx: &mut Context) -> Result<Response> {
    Response::new(&json!({
        "version": cx.version(),
        "namespace": cx.request.resolver_match().and_then(quintet::request::ResolverMatch::namespace),
        "name": cx.request.resolver_match().map(quintet::request::ResolverMatch::view_name),
        "link": cx.reverse("version", &[]).ok(),
    }))
}

fn view() -> ApiView {
    ApiView::new("Version").permissions(AllowAny).get(version)
}

fn store(
    change: impl FnOnce(&mut Settings),
    site: impl FnOnce(SiteBuilder) -> SiteBuilder,
) -> Store {
    Store::serving(On::Sqlite, change, |settings, database| {
        site(Site::builder(settings, database)).build().expect("the site is right")
    })
}

fn get(store: &Store, path: &str) -> (u16, Value) {
    let reply = store.client().send("GET", path, &[], b"");
    (reply.status, reply.json())
}

fn not_found(detail: &str) -> (u16, Value) {
    (404, json!({ "detail": detail }))
}

#[test]
fn the_path_holds_the_version_and_links_keep_it() {
    let scheme = UrlPathVersioning::new().default_version("v1").allowed_versions(["v2"]);
    let client = store(
        |_| {},
        move |site| {
            let versioned =
                Router::simple().path("version/", view(), "version").register("genres", Genres);
            site.versioning(scheme)
                .mount(Router::simple().include("<version>/", versioned).at("/api/"))
        },
    );
    let (status, shown) = get(&client, "/api/v2/version/");
    assert_eq!((status, &shown["version"]), (200, &json!("v2")));
    assert_eq!(shown["link"], "http://testserver/api/v2/version/");
    let label = json!({"url": "http://testserver/api/v2/genres/1/", "label": "Rock"});
    assert_eq!(get(&client, "/api/v2/genres/1/"), (200, label));
    let name = json!({"url": "http://testserver/api/v1/genres/1/", "name": "Rock"});
    assert_eq!(get(&client, "/api/v1/genres/1/"), (200, name));
    assert_eq!(get(&client, "/api/v3/genres/1/"), not_found("Invalid version in URL path."));
}

#[test]
fn a_namespace_is_a_version_and_links_stay_in_it() {
    let scheme = NamespaceVersioning::new().allowed_versions(["v1", "v2"]);
    let client = store(
        |_| {},
        move |site| {
            let urls = |name: &str| {
                let urls =
                    Router::new().path("version/", view(), "version").register("genres", Genres);
                urls.namespace(name)
            };
            let router = Router::simple()
                .include("one/", urls("v1"))
                .include("two/", Router::simple().include("deep/", urls("v2")).namespace("outer"))
                .include("three/", urls("v3"))
                .path("version/", view(), "version");
            site.versioning(scheme).mount(router.at("/api/"))
        },
    );
    let (_, one) = get(&client, "/api/one/version/");
    assert_eq!(one["link"], "http://testserver/api/one/version/");
    assert_eq!((&one["version"], &one["name"]), (&json!("v1"), &json!("v1:version")));
    let (_, two) = get(&client, "/api/two/deep/version/");
    assert_eq!((&two["version"], &two["namespace"]), (&json!("v2"), &json!("outer:v2")));
    // the name `v2:version` is in `outer`: the plain name is what is left
    assert_eq!(two["link"], "http://testserver/api/version/");
    assert_eq!(
        get(&client, "/api/three/version/"),
        not_found("Invalid version in URL path. Does not match any version namespace.")
    );
    let plain = get(&client, "/api/version/").1;
    assert_eq!((&plain["version"], &plain["namespace"]), (&Value::Null, &Value::Null));
    let name = json!({"url": "http://testserver/api/one/genres/1/", "name": "Rock"});
    assert_eq!(get(&client, "/api/one/genres/1/"), (200, name));
    // the root of a namespace lists the names that are in it
    let root = json!({"genres": "http://testserver/api/one/genres/"});
    assert_eq!(get(&client, "/api/one/"), (200, root));
}

/// `HyperlinkedRelatedField` reads the name in the namespace of the request (`get_versioned_viewname`).
#[test]
fn an_address_in_a_namespace_is_read_as_it_is_shown() {
    let client = store(
        |_| {},
        |site| {
            let urls = |name: &str| {
                let urls = Router::new().register("genres", Genres).register("tracks", Tracks);
                urls.namespace(name)
            };
            let router = Router::simple()
                .include("one/", urls("v1"))
                .include("two/", urls("v2"))
                .include("bare/", Router::new().register("genres", Genres));
            site.versioning(NamespaceVersioning::new()).mount(router.at("/api/"))
        },
    );
    let genre = get(&client, "/api/one/genres/1/").1["url"].clone();
    let post = |path: &str, genre: &Value| {
        let body = json!({
            "name": "S", "milliseconds": 1, "unit_price": "1.00", "media_type": 1, "genre": genre,
        });
        let reply = client.client().json("POST", path, &body);
        (reply.status, reply.json())
    };
    let (status, made) = post("/api/one/tracks/", &genre);
    assert_eq!((status, &made["genre"]), (201, &genre), "{made}");
    let wrong = json!({"genre": ["Invalid hyperlink - Incorrect URL match."]});
    assert_eq!(post("/api/two/tracks/", &genre), (400, wrong.clone()));
    assert_eq!(post("/api/one/tracks/", &json!("/api/bare/genres/1/")), (400, wrong));
}

#[test]
fn a_host_of_three_labels_begins_with_the_version() {
    let scheme = HostNameVersioning::new().default_version("v0").allowed_versions(["v1"]);
    let client = store(
        |_| {},
        move |site| {
            let view = view().versioning(scheme);
            site.mount(Router::simple().path("version/", view, "version").at("/"))
        },
    );
    let get = |host: &str| {
        let request =
            format!("GET /version/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let reply = client.client().exchange("GET", request.as_bytes());
        (reply.status, reply.json()["version"].clone(), reply.json()["detail"].clone())
    };
    assert_eq!(get("v1.testserver.com:8000"), (200, json!("v1"), Value::Null));
    assert_eq!(get("v0.testserver.com"), (200, json!("v0"), Value::Null));
    assert_eq!(get("testserver"), (200, json!("v0"), Value::Null));
    assert_eq!(get("a.b.testserver.com"), (200, json!("v0"), Value::Null));
    assert_eq!(get("v2.testserver.com"), (404, Value::Null, json!("Invalid version in hostname.")));
}

#[test]
fn settings_stand_in_for_what_a_scheme_does_not_set() {
    let client = store(
        |settings| {
            settings.rest_framework.default_version = Some("1".into());
            settings.rest_framework.allowed_versions = vec!["2".into()];
            settings.rest_framework.version_param = "v".into();
        },
        |site| {
            let own = QueryParameterVersioning::new().version_param("w").allowed_versions(["3"]);
            let router = Router::simple()
                .path("version/", view(), "version")
                .path("own/", view().versioning(own), "own")
                .path("none/", view().versioning(()), "none");
            site.versioning(QueryParameterVersioning::new()).mount(router.at("/"))
        },
    );
    let shown = |path: &str| {
        let (status, shown) = get(&client, path);
        (status, shown["version"].clone())
    };
    assert_eq!(shown("/version/"), (200, json!("1")));
    assert_eq!(shown("/version/?v=2"), (200, json!("2")));
    assert_eq!(shown("/version/?v=3"), (404, Value::Null));
    assert_eq!(shown("/own/?w=3&v=9"), (200, json!("3")));
    assert_eq!(shown("/own/?w=2"), (404, Value::Null));
    assert_eq!(shown("/none/?v=3"), (200, Value::Null));
    // sorted, as DRF's `replace_query_param` leaves them
    assert_eq!(
        get(&client, "/version/?v=2&format=json").1["link"],
        "http://testserver/version/?format=json&v=2"
    );
}

#[test]
fn a_scheme_of_ones_own_determines_the_version_and_how_links_carry_it() {
    let client = store(
        |_| {},
        |site| {
            let router = Router::simple().path("genres/<int:pk>/", Own.as_view(), "genre-detail");
            site.mount(router.at("/"))
        },
    );
    let send = |version: &str| {
        let reply = client.client().send("GET", "/genres/1/", &[("X-API-Version", version)], b"");
        (reply.status, reply.json())
    };
    let url = json!({"url": "http://testserver/genres/1/?version=2", "name": "Rock"});
    assert_eq!(send("2"), (200, url));
    assert_eq!(send("0"), not_found("Not found."));
}

#[test]
fn accept_names_the_version_and_another_is_406() {
    let client = Store::shared(On::Sqlite).client();
    let get = |accept: &str| {
        let reply = client.send("GET", "/api/accept-version/", &[("Accept", accept)], b"");
        (reply.status, reply.json())
    };
    let version = |version: &str| (200, json!({ "version": version }));
    assert_eq!(get("application/json; version=2.0"), version("2.0"));
    assert_eq!(get("*/*; version=\"2.0\""), version("2.0"));
    assert_eq!(get("application/json"), version("1.0"));
    let invalid = (406, json!({"detail": "Invalid version in \"Accept\" header."}));
    assert_eq!(get("application/json; version=3.0"), invalid);
    assert_eq!(get("application/json; version="), invalid);
    let genre = |version: &str| {
        let accept = format!("application/json; version={version}");
        client.send("GET", "/api/accept-version/catalog/1/", &[("Accept", &accept)], b"").json()
    };
    assert_eq!(genre("1.0"), json!({"id": 1, "name": "Rock"}));
    assert_eq!(genre("2.0"), json!({"id": 1, "label": "Rock", "track_count": 1297}));
}
