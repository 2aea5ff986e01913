//! Serializers that call the functions of the one that they inherit (`super().validate(..)`), and values
//! that a view leaves for them (`self.context["shop"]`).

use std::sync::Arc;

use musicstore::models::{Album, Artist, album};
use quintet::authentication::TokenAuthentication;
use quintet::db::Database;
use quintet::prelude::*;
use quintet::serializers::{Attrs, FieldSet, JsonObject};
use quintet_tests::client::Reply;
use quintet_tests::store::{ADMIN, On, Store};
use serde_json::{Value as Json, json};

/// What the view knows.
struct Shop {
    name: String,
}

fn shop(cx: &Context) -> &str {
    cx.extension::<Shop>().map_or("no shop", |shop| &shop.name)
}

#[derive(Serializer)]
#[serializer(
    model = Album, validate, to_internal_value, to_representation, get_fields, create, update
)]
struct ParentSerializer {
    id: i64,
    title: String,
    artist: PrimaryKeyRelated<Artist>,
    #[field(method)]
    sold_by: String,
}

impl ParentSerializer {
    fn get_sold_by(_: &Album, cx: &Context) -> String {
        shop(cx).to_owned()
    }

    fn validate(attrs: &mut Attrs<'_, Album>, cx: &Context) -> Validated {
        match attrs.get(album::title) {
            Some(title) if title == shop(cx) => Err("That is the shop.".into()),
            _ => Ok(()),
        }
    }

    fn to_internal_value(mut data: JsonObject) -> Validated<JsonObject> {
        if data.is_empty() {
            return Err("Send something.".into());
        }
        if let Some(name) = data.remove("name") {
            data.insert("title".into(), name);
        }
        Ok(data)
    }

    fn to_representation(_: &Album, mut shown: JsonObject, _: &Context) -> JsonObject {
        shown.insert("parent".into(), true.into());
        shown
    }

    fn get_fields(fields: &mut FieldSet, cx: &Context) {
        if cx.request.query_params().get("short").is_some() {
            fields.remove("artist");
        }
    }

    async fn create(new: Changes<Album>, cx: &mut Context) -> Result<Album> {
        let title = format!("{} (new)", new.get(album::title).unwrap_or_default());
        cx.save(new.set(album::title, title)).await
    }

    async fn update(changes: Changes<Album>, cx: &mut Context) -> Result<Album> {
        let title = changes.get(album::title).map(|title| format!("{title} (changed)"));
        let changes = match title {
            Some(title) => changes.set(album::title, title),
            None => changes,
        };
        cx.save(changes).await
    }
}

#[derive(Serializer)]
#[serializer(
    model = Album, inherit = ParentSerializer, validate, to_internal_value, to_representation,
    get_fields, create, update
)]
struct ChildSerializer {}

impl ChildSerializer {
    fn validate(attrs: &mut Attrs<'_, Album>, cx: &Context) -> Validated {
        ParentSerializer::validate(attrs, cx)?;
        match attrs.get(album::title) {
            Some(title) if title.starts_with("No ") => Err("Say yes.".into()),
            _ => Ok(()),
        }
    }

    fn to_internal_value(data: JsonObject) -> Validated<JsonObject> {
        let mut data = ParentSerializer::to_internal_value(data)?;
        data.entry("artist").or_insert(1.into());
        Ok(data)
    }

    fn to_representation(album: &Album, shown: JsonObject, cx: &Context) -> JsonObject {
        let mut shown = ParentSerializer::to_representation(album, shown, cx);
        shown.insert("child".into(), true.into());
        shown
    }

    fn get_fields(fields: &mut FieldSet, cx: &Context) {
        ParentSerializer::get_fields(fields, cx);
        if cx.request.query_params().get("short").is_some() {
            fields.remove("sold_by");
        }
    }

    async fn create(new: Changes<Album>, cx: &mut Context) -> Result<Album> {
        let title = new.get(album::title).unwrap_or_default().to_uppercase();
        ParentSerializer::create(new.set(album::title, title), cx).await
    }

    async fn update(changes: Changes<Album>, cx: &mut Context) -> Result<Album> {
        let album = ParentSerializer::update(changes, cx).await?;
        cx.save(Changes::of(&album).set(album::title, album.title.to_lowercase())).await
    }
}

/// Inherits all of it.
#[derive(Serializer)]
#[serializer(model = Album, inherit = ParentSerializer)]
struct HeirSerializer {}

macro_rules! view_sets {
    ($($name:ident: $serializer:ident;)*) => {$(
        struct $name;

        impl ViewSet for $name {
            type Base = ModelViewSet;
            type Serializer = $serializer;

            async fn initial(&self, cx: &mut Context) -> Result<()> {
                if let Some(name) = cx.request.query_params().get("shop") {
                    let name = name.to_owned();
                    cx.set_extension(Shop { name });
                }
                Ok(())
            }
        }
    )*};
}

view_sets! {
    ChildViewSet: ChildSerializer;
    HeirViewSet: HeirSerializer;
}

fn site(settings: Settings, database: Arc<Database>) -> Arc<Site> {
    let urls = Router::new().register("child", ChildViewSet).register("heir", HeirViewSet);
    let site = Site::builder(settings, database)
        .authentication(TokenAuthentication::new())
        .permissions(AllowAny);
    site.mount(urls.at("/")).build().expect("the site builds")
}

fn store(on: On) -> Store {
    Store::serving(on, |_| {}, site)
}

fn send(store: &Store, method: &str, path: &str, body: &Json) -> Reply {
    store.client_of(ADMIN).json(method, path, body)
}

#[test]
fn a_serializer_calls_the_functions_of_the_one_that_it_inherits() {
    for on in On::all() {
        let store = store(on);
        let made = send(&store, "POST", "/child/?shop=Mine", &json!({"name": "Song"}));
        let expected = json!({
            "id": made.json()["id"], "title": "SONG (new)", "artist": 1, "sold_by": "Mine",
            "parent": true, "child": true,
        });
        assert_eq!((made.status, made.json()), (201, expected));
        let path = format!("/child/{}/?short=1", made.json()["id"]);
        let changed = send(&store, "PATCH", &path, &json!({"title": "Other"}));
        let expected = json!({
            "id": made.json()["id"], "title": "other (changed)", "parent": true, "child": true,
        });
        assert_eq!((changed.status, changed.json()), (200, expected));
        for (title, text) in [("Mine", "That is the shop."), ("No more", "Say yes.")] {
            let refused = send(&store, "POST", "/child/?shop=Mine", &json!({"title": title}));
            let expected = json!({"non_field_errors": [text]});
            assert_eq!((refused.status, refused.json()), (400, expected));
        }
    }
}

#[test]
fn what_is_not_written_again_is_inherited() {
    for on in On::all() {
        let store = store(on);
        let made = send(&store, "POST", "/heir/", &json!({"name": "Song", "artist": 1}));
        let expected = json!({
            "id": made.json()["id"], "title": "Song (new)", "artist": 1, "sold_by": "no shop",
            "parent": true,
        });
        assert_eq!((made.status, made.json()), (201, expected));
        let path = format!("/heir/{}/?short=1", made.json()["id"]);
        let changed = send(&store, "PATCH", &path, &json!({"title": "Other"})).json();
        assert_eq!((&changed["title"], changed.get("artist")), (&json!("Other (changed)"), None));
    }
}

#[test]
fn a_value_that_the_view_leaves_is_that_requests_alone() {
    for on in On::all() {
        let store = store(on);
        let sold_by =
            |query: &str| store.client().get(&format!("/heir/1/{query}")).json()["sold_by"].clone();
        assert_eq!(sold_by("?shop=First"), "First");
        assert_eq!(sold_by(""), "no shop");
        assert_eq!(sold_by("?shop=Second"), "Second");
    }
}
