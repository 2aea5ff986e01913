//! The responses to OPTIONS (`rest_framework.metadata`).

use musicstore::serializers::ArtistSerializer;
use quintet::metadata::{Metadata, MetadataClass, SimpleMetadata, ViewMetadata};
use quintet::prelude::*;
use quintet_tests::store::{ADMIN, ALICE, On, STAFF, Store};
use serde_json::{Value, json};

const PARSES: [&str; 3] =
    ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"];

#[test]
fn every_kind_of_view_describes_itself() {
    let client = Store::shared(On::Sqlite).client();
    for (path, name, description) in [
        ("/api/", "Api Root", "The default basic root view for DefaultRouter"),
        ("/api/artists/", "Artist List", "Artists with the number of their albums."),
        ("/api/artists/1/", "Artist Instance", "Artists with the number of their albums."),
        ("/api/artists/1/albums/", "Albums", "The albums of one artist, paginated."),
        ("/api/albums/", "Album List", ""),
        ("/api/errors/x/", "Raising", "Raises the exception named in the path."),
    ] {
        let reply = client.send("OPTIONS", path, &[], b"");
        let told = json!({
            "name": name,
            "description": description,
            "renders": ["application/json", "text/html"],
            "parses": PARSES,
        });
        assert_eq!((reply.status, reply.json()), (200, told), "{path}");
    }
    let schema = client.send("OPTIONS", "/api/schema/", &[("Accept", "application/json")], b"");
    assert_eq!(
        schema.json(),
        json!({
            "name": "Spectacular Api",
            "description": "OpenApi3 schema for this API. Format can be selected via content \
                            negotiation.\n\n- YAML: application/vnd.oai.openapi\n\
                            - JSON: application/vnd.oai.openapi+json",
            "renders": [
                "application/vnd.oai.openapi", "application/yaml",
                "application/vnd.oai.openapi+json", "application/json",
            ],
            "parses": PARSES,
        })
    );
}

/// What a request of this user to OPTIONS is answered with.
fn actions(client: &quintet_tests::client::Client, path: &str) -> serde_json::Value {
    client.send("OPTIONS", path, &[], b"").json()["actions"].clone()
}

#[test]
fn actions_are_those_that_the_client_may_send() {
    for on in On::all() {
        let store = Store::shared(on);
        let (anonymous, staff) = (store.client(), store.client_of(STAFF));
        let admin = store.client_of(ADMIN);
        assert_eq!(actions(&anonymous, "/api/artists/"), json!(null), "{on:?}");
        let artist = json!({
            "id": {"type": "integer", "required": false, "read_only": true, "label": "ID"},
            "name": {
                "type": "string", "required": true, "read_only": false, "label": "Name",
                "max_length": 120,
            },
            "album_count": {
                "type": "integer", "required": false, "read_only": true, "label": "Album count",
            },
        });
        assert_eq!(actions(&admin, "/api/artists/"), json!({ "POST": artist }), "{on:?}");
        assert_eq!(actions(&admin, "/api/artists/1/"), json!({ "PUT": artist }), "{on:?}");
        // no such object, and nobody's permission
        assert_eq!(actions(&admin, "/api/artists/9999/"), json!(null), "{on:?}");
        assert_eq!(actions(&staff, "/api/artists/"), json!(null), "{on:?}");
        assert_eq!(actions(&staff, "/api/artists/1/"), json!(null), "{on:?}");
        // an extra action takes what its function does
        let rename = actions(&admin, "/api/artists/1/rename/");
        assert_eq!(rename["POST"]["name"]["min_length"], 2, "{on:?}");
        assert_eq!(actions(&admin, "/api/artists/top/"), json!(null), "{on:?}");
    }
}

#[test]
fn fields_say_what_drf_says_of_them() {
    let store = Store::shared(On::Sqlite);
    let track = actions(&store.client_of(ALICE), "/api/tracks/")["POST"].clone();
    assert_eq!(
        track["milliseconds"],
        json!({
            "type": "integer", "required": true, "read_only": false, "label": "Milliseconds",
            "help_text": "Length in milliseconds.", "min_value": 1, "max_value": 2_147_483_647,
        })
    );
    assert_eq!(track["unit_price"]["max_value"], 999.99);
    assert_eq!(track["unit_price"]["decimal_places"], 2);
    for (name, kind) in
        [("album", "field"), ("album_title", "string"), ("genre", "field"), ("duration", "field")]
    {
        assert_eq!(track[name]["type"], kind, "{name}");
    }
    let album = actions(&store.client_of(ALICE), "/api/albums/")["POST"].clone();
    assert_eq!(album["artist"]["type"], "nested object");
    assert_eq!(album["artist"]["children"]["name"]["max_length"], 120);
    let invoice = actions(&store.client_of(ADMIN), "/api/invoices/")["POST"]["lines"].clone();
    assert_eq!((&invoice["type"], &invoice["max_length"]), (&json!("field"), &json!(20)));
    assert_eq!(invoice["child"]["type"], "nested object");
    assert_eq!(invoice["child"]["children"]["quantity"]["min_value"], 1);
    let employee = actions(&store.client_of(ALICE), "/api/employees/")["POST"].clone();
    let choices = &employee["title"]["choices"];
    let first = json!({"value": "General Manager", "display_name": "General manager"});
    assert_eq!((choices.as_array().map(Vec::len), &choices[0]), (Some(5), &first));
    assert_eq!(employee["full_name"]["type"], "string");
    assert_eq!(employee["years_hired_before_2010"]["type"], "field");
    // what no client sends is left out, what none is shown is not
    let fields = actions(&store.client(), "/api/fields/");
    for method in ["POST", "PUT"] {
        assert_eq!(fields[method].get("hidden"), None, "{method}");
        assert_eq!(fields[method]["write_only"]["type"], "string", "{method}");
        for (name, kind) in [
            ("boolean", "boolean"),
            ("email", "email"),
            ("regex", "regex"),
            ("slug", "slug"),
            ("url", "url"),
            ("uuid", "string"),
            ("float", "float"),
            ("datetime", "datetime"),
            ("date", "date"),
            ("time", "time"),
            ("duration", "duration"),
            ("multiple_choice", "multiple choice"),
            ("list", "list"),
            ("dict", "nested object"),
            ("nested", "nested object"),
            ("json", "field"),
        ] {
            assert_eq!(fields[method][name]["type"], kind, "{method} {name}");
        }
    }
    let login = actions(&store.client(), "/api/auth/jwt/create/");
    let names: Vec<&String> =
        login["POST"].as_object().into_iter().flat_map(|all| all.keys()).collect();
    assert_eq!(names, ["username", "password"]);
}

/// DRF's metadata, with the number of the fields that a POST may send.
struct Counted;

impl Metadata for Counted {
    async fn determine_metadata(&self, view: &ViewMetadata<'_>, cx: &mut Context) -> Result<Value> {
        let actions = view.actions(cx).await?;
        let fields = actions.iter().map(|(_, fields)| fields.fields().len()).sum::<usize>();
        if cx.request.query_params().get("fail").is_some() {
            return Err(ApiException::PermissionDenied(None));
        }
        Ok(json!({ "name": view.name, "fields": fields }))
    }
}

struct Artists;

impl ViewSet for Artists {
    type Base = ModelViewSet;
    type Serializer = ArtistSerializer;

    fn permission_classes(&self) -> impl PermissionClasses {
        AllowAny
    }

    fn metadata_class(&self) -> impl MetadataClass {
        Counted
    }
}

#[test]
fn a_metadata_class_of_ones_own_answers_and_none_refuses() {
    let store = Store::serving(
        On::Sqlite,
        |_| {},
        |settings, database| {
            let nothing = ApiView::new("Nothing").permissions(AllowAny).metadata(());
            let simple = ApiView::new("Simple").permissions(AllowAny).metadata(SimpleMetadata);
            let router = Router::simple()
                .register("artists", Artists)
                .path("nothing/", nothing, "nothing")
                .path("simple/", simple, "simple")
                .path("default/", ApiView::new("Default").permissions(AllowAny), "default");
            let site = Site::builder(settings, database).metadata(Counted).mount(router.at("/"));
            site.build().expect("the site is right")
        },
    );
    let options = |path: &str| store.client().send("OPTIONS", path, &[], b"");
    let told = |path: &str| options(path).json();
    assert_eq!(told("/artists/"), json!({"name": "Artists List", "fields": 3}));
    assert_eq!(told("/artists/1/"), json!({"name": "Artists Instance", "fields": 3}));
    assert_eq!(options("/artists/?fail=1").status, 403);
    assert_eq!(told("/default/"), json!({"name": "Default", "fields": 0}));
    assert_eq!(told("/simple/")["parses"][0], "application/json");
    let refused = options("/nothing/");
    assert_eq!(refused.status, 405);
    assert_eq!(refused.json(), json!({"detail": "Method \"OPTIONS\" not allowed."}));
}
