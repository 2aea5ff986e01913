//! Columns of JSON.

use std::sync::Arc;

use quintet::db::{Condition, Conn, Dialect, NameError, StartupError};
use quintet::filters::Names;
use quintet::pagination::NoPagination;
use quintet::prelude::*;
use quintet::site::SiteError;
use quintet::test::{Template, TestSite};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{answer, component, each, localized, refused, sites};

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Theme {
    pub name: String,
    #[serde(default)]
    pub dark: bool,
}

#[expect(clippy::needless_pass_by_value, reason = "validators take the value")]
fn small(value: Value) -> Validated {
    if value.to_string().len() > 200 { Err("This is too much.".into()) } else { Ok(()) }
}

#[model(app = "columns", ordering(id))]
pub struct Profile {
    pub id: i64,
    #[field(default = json!({}), validators = [small])]
    pub settings: Value,
    pub extra: Option<Value>,
    #[field(default = Json(Theme::default()))]
    pub theme: Json<Theme>,
}

#[derive(Serializer)]
#[serializer(model = Profile)]
pub(crate) struct ProfileSerializer {
    pub id: i64,
    pub settings: Value,
    pub extra: Option<Value>,
    pub theme: Json<Theme>,
    #[field(method)]
    pub is_dark: bool,
}

impl ProfileSerializer {
    fn get_is_dark(profile: &Profile) -> bool {
        profile.theme.dark
    }
}

#[derive(Serializer)]
#[serializer(model = Profile, fields = all)]
pub(crate) struct WholeSerializer {}

struct Profiles;

impl ViewSet for Profiles {
    type Base = ModelViewSet;
    type Serializer = ProfileSerializer;
    const ORDERING_FIELDS: OrderingFields<Profile> = ordering_fields![id];

    fn pagination_class(&self) -> impl quintet::pagination::Pagination + 'static {
        NoPagination
    }
}

struct Whole;

impl ViewSet for Whole {
    type Base = ModelViewSet;
    type Serializer = WholeSerializer;

    fn pagination_class(&self) -> impl quintet::pagination::Pagination + 'static {
        NoPagination
    }
}

fn site(settings: Settings, database: Arc<Database>) -> Result<Arc<Site>, SiteError> {
    let urls = Router::new().register("profiles", Profiles).register("whole", Whole);
    Site::builder(settings, database)
        .permissions(AllowAny)
        .mount(urls.at("/"))
        .openapi(OpenApi::new("Columns", "1"))
        .build()
}

static PROFILES: Template = Template::new(|conn| Box::pin(tables(conn)));

async fn tables(conn: &mut Conn) -> Result<(), StartupError> {
    let is_sqlite = conn.dialect() == Dialect::Sqlite;
    let json = if is_sqlite { "text" } else { "jsonb" };
    let valid = |name: &str| {
        let check = format!(" CHECK (JSON_VALID({name}) OR {name} IS NULL)");
        if is_sqlite { check } else { String::new() }
    };
    // as Django stores them
    let sql = format!(
        r#"CREATE TABLE columns_profile (
             id {{pk}}, settings {json} NOT NULL{}, extra {json}{}, theme {json} NOT NULL
         );
         INSERT INTO columns_profile (id, settings, extra, theme) VALUES
             (1, '{{"theme": "dark", "size": 12, "tags": ["a", "b"], "deep": {{"x": [1, {{"y": null}}]}}}}',
              NULL, '{{"name": "n", "dark": true}}'),
             (2, '{{"theme": "Light", "size": 9, "on": true, "\u00e9": "\u00e9"}}', 'null', '{{"name": "m"}}'),
             (3, '[1, 2, "theme"]', '"text"', '{{"name": "", "dark": false}}'),
             (4, '{{"theme": null, "size": "12", "1": "one"}}', '{{"a": {{"b": 1.5}}}}', '{{"name": "x"}}')"#,
        valid("settings"),
        valid("extra"),
    );
    Ok(conn.batch_execute(&localized(conn.dialect(), &sql)).await?)
}

#[quintet::test]
async fn json_is_shown_and_written_as_it_is() {
    for site in sites(&PROFILES, site).await {
        let client = site.client().await;
        let (_, body) = answer(client.get("/whole/")).await;
        assert_eq!(each(&body, "extra"), json!([null, null, "text", {"a": {"b": 1.5}}]));
        assert_eq!(body[0]["settings"]["deep"], json!({"x": [1, {"y": null}]}));
        let text = client.get("/profiles/2/").await.text().into_owned();
        assert!(text.contains(r#""é":"é""#) && text.contains(r#""is_dark":false"#), "{text}");
        let settings =
            json!({"a": [1, 2.5, null, true, "x\u{2028}\u{1f600}\"\\"], "b": {}, "1": -0.0});
        let new = json!({"settings": settings, "extra": [], "theme": {"name": "t", "dark": true}});
        let (status, body) = answer(client.post("/profiles/").json(&new)).await;
        assert_eq!((status, &body["settings"], &body["is_dark"]), (201, &settings, &json!(true)));
        let own = format!("/profiles/{}/", body["id"]);
        assert_eq!(answer(client.get(&own)).await, (200, body.clone()));
        let (status, body) =
            answer(client.patch(&own).json(&json!({"settings": [0, 1e300]}))).await;
        assert_eq!(
            (status, &body["settings"], &body["extra"]),
            (200, &json!([0, 1e300]), &json!([]))
        );
        for settings in [json!(1), json!("x"), json!(false), json!([]), json!({})] {
            let (status, body) =
                answer(client.put("/whole/1/").json(&json!({"settings": settings}))).await;
            assert_eq!((status, &body["settings"]), (200, &settings));
        }
        // defaults, and a form
        let (status, body) = answer(client.post("/profiles/").json(&json!({}))).await;
        assert_eq!((status, &body["settings"], &body["extra"]), (201, &json!({}), &json!(null)));
        assert_eq!(body["theme"], json!({"name": "", "dark": false}));
        let form = client.post("/profiles/").form([("settings", "{\"a\": 1}"), ("extra", "[2]")]);
        let (status, body) = answer(form).await;
        assert_eq!(
            (status, &body["settings"], &body["extra"]),
            (201, &json!({"a": 1}), &json!([2]))
        );
    }
}

#[quintet::test]
async fn json_that_is_none_or_of_another_shape_is_refused() {
    for site in sites(&PROFILES, site).await {
        let client = site.client().await;
        let patch = async |field: &str, value: Value| {
            answer(client.patch("/profiles/1/").json(&json!({ field: value }))).await
        };
        let null = "This field may not be null.";
        assert_eq!(patch("settings", json!(null)).await, refused("settings", null));
        assert_eq!(patch("theme", json!(null)).await, refused("theme", null));
        let shape = "missing field `name`";
        assert_eq!(patch("theme", json!({})).await, refused("theme", shape));
        let (status, body) = patch("theme", json!({"name": 1})).await;
        assert_eq!(
            (status, body["theme"][0].as_str().unwrap().starts_with("invalid type")),
            (400, true)
        );
        let long = json!("x".repeat(300));
        assert_eq!(patch("settings", long).await, refused("settings", "This is too much."));
        let form = client.patch("/profiles/1/").form([("settings", "{")]);
        assert_eq!(answer(form).await, refused("settings", "Value must be valid JSON."));
        let infinite = client.patch("/profiles/1/").body("application/json", "{\"extra\": 1e999}");
        assert_eq!(answer(infinite).await, refused("extra", "Value must be valid JSON."));
        assert_eq!(patch("extra", json!(null)).await.0, 200);
        // PostgreSQL stores no such character
        let (status, _) = patch("extra", json!({"a\u{0}": "\u{0}"})).await;
        let expected = if site.database().dialect() == Dialect::Postgres { 400 } else { 200 };
        assert_eq!(status, expected);
        // as deep as a body may be
        let deep = format!("{{\"extra\": {}1{}}}", "[".repeat(450), "]".repeat(450));
        let sent = client.patch("/profiles/1/").body("application/json", deep);
        assert_eq!(sent.await.status(), 200);
        assert_eq!(client.get("/whole/").await.status(), 200);
    }
}

/// The keys of the profiles for which a condition holds.
async fn found(site: &TestSite, condition: Condition<Profile>) -> Vec<i64> {
    let rows = async move |conn: &mut Conn| {
        let rows = Profile::objects().filter_by(condition).values(profile::id).all(conn).await;
        Ok(rows?)
    };
    site.test_database().run(rows).await.expect("it is found")
}

fn settings() -> quintet::db::FieldPath<Profile, Value> {
    Profile::fields().settings()
}

#[quintet::test]
async fn keys_of_json_are_looked_up() {
    let extra = || Profile::fields().extra();
    for site in sites(&PROFILES, site).await {
        let all: Vec<(Condition<Profile>, &[i64])> = vec![
            (settings().key("theme").exact("dark"), &[1]),
            (settings().key("theme").iexact("LIGHT"), &[2]),
            (settings().key("theme").icontains("AR"), &[1]),
            (settings().key("theme").startswith("Li"), &[2]),
            (settings().key("theme").regex("^d.*k$"), &[1]),
            (settings().key("theme").is_in(["dark", "Light"]), &[1, 2]),
            (settings().key("size").exact(12), &[1]),
            (settings().key("size").exact("12"), &[4]),
            (settings().key("size").is_in([json!(9), json!("12")]), &[2, 4]),
            (settings().key("on").exact(true), &[2]),
            (settings().key("on").isnull(true), &[1, 3, 4]),
            // JSON's own null is there
            (settings().key("theme").isnull(false), &[1, 2, 4]),
            (settings().key("theme").exact(json!(null)), &[4]),
            (settings().key("deep").key("x").key(0).exact(1), &[1]),
            (settings().key("deep").key("x").key(1).has_key("y"), &[1]),
            (settings().key("deep").exact(json!({"x": [1, {"y": null}]})), &[1]),
            (settings().key("tags").key(1).exact("b"), &[1]),
            (settings().key(1).exact(2), &[3]),
            (settings().has_key("1"), &[4]),
            (settings().has_keys(["theme", "on"]), &[2]),
            (settings().has_any_keys(["tags", "on", "x"]), &[1, 2]),
            (settings().has_key("é"), &[2]),
            (settings().has_any_keys(Vec::<String>::new()), &[]),
            (settings().contains_json(json!({"size": 12})), &[1]),
            (settings().contains_json(json!([2])), &[3]),
            (settings().key("tags").contains_json(json!(["b"])), &[1]),
            (settings().contained_by_json(json!([1, 2, 3, "theme"])), &[3]),
            // what is missing is neither equal nor not
            (!settings().key("theme").exact("dark"), &[2, 4]),
            (extra().exact(json!("text")), &[3]),
            (extra().exact(json!(null)), &[2]),
            (extra().isnull(true), &[1]),
            (extra().key("a").key("b").exact(1.5), &[4]),
            (extra().key("a").key("b").lt(2), &[4]),
            (extra().is_in([json!("text"), json!({"a": {"b": 1.5}})]), &[3, 4]),
            (Profile::fields().theme().key("dark").exact(true), &[1]),
            (Profile::fields().theme().exact(Json(Theme { name: "n".into(), dark: true })), &[1]),
        ];
        for (condition, ids) in all {
            let shown = format!("{condition:?}");
            assert_eq!(found(&site, condition).await, ids, "{shown}");
        }
        let has_theme = found(&site, settings().has_key("theme")).await;
        if site.database().dialect() == Dialect::Sqlite {
            assert_eq!(has_theme, [1, 2, 4]);
            // numbers before texts; PostgreSQL orders kinds otherwise
            assert_eq!(found(&site, settings().key("size").gte(10)).await, [1, 4]);
        } else {
            // an array has its texts there
            assert_eq!(has_theme, [1, 2, 3, 4]);
            assert_eq!(found(&site, settings().key("size").gte(10)).await, [1]);
        }
    }
}

#[quintet::test]
async fn names_lead_into_json() {
    let names = Names::<Profile>::new();
    for site in sites(&PROFILES, site).await {
        for (name, value, ids) in [
            ("settings__theme", json!("dark"), &[1][..]),
            ("settings__theme__icontains", json!("ight"), &[2]),
            ("settings__deep__x__1__has_key", json!("y"), &[1]),
            ("settings__size__gt", json!(9), &[1]),
            ("settings__on__isnull", json!(false), &[2]),
            ("settings__contains", json!({"theme": "dark"}), &[1]),
            ("extra__a__b__lte", json!(1.5), &[4]),
            ("extra", json!("text"), &[3]),
        ] {
            let value = match value {
                Value::String(text) => quintet::db::Operand::from(text.as_str()),
                Value::Bool(is_null) => is_null.into(),
                value => value.into(),
            };
            let condition = names.condition(name, value).unwrap();
            let mut found = found(&site, condition).await;
            // a text is greater than a number on SQLite
            found.retain(|id| name != "settings__size__gt" || *id != 4);
            assert_eq!(found, ids, "{name}");
        }
        let keys = names.condition("settings__has_keys", vec!["theme", "on"]).unwrap();
        assert_eq!(found(&site, keys).await, [2]);
    }
    for (name, value) in
        [("settings__has_keys", "x"), ("id__has_key", "x"), ("settings__regex", "(")]
    {
        let refused = names.condition(name, value).unwrap_err();
        assert!(matches!(refused, NameError::Value(_) | NameError::Lookup { .. }), "{name}");
    }
}

#[quintet::test]
async fn code_reads_and_writes_json() {
    for site in sites(&PROFILES, site).await {
        let work = async |conn: &mut Conn| {
            let row = Profile::objects().filter(profile::id.eq(2)).get(conn).await?;
            // JSON's null is a value, and no value is none
            assert_eq!(
                (row.extra, row.theme),
                (Some(json!(null)), Json(Theme { name: "m".into(), dark: false }))
            );
            let values = (settings().key("theme"), profile::extra, settings().key("deep").key("x"));
            let rows = Profile::objects().values(values).all(conn).await?;
            assert_eq!(rows[0], (Some(json!("dark")), None, Some(json!([1, {"y": null}]))));
            assert_eq!(rows[1], (Some(json!("Light")), Some(json!(null)), None));
            assert_eq!((&rows[2].0, &rows[3].0), (&None, &Some(json!(null))));
            let sorted = Profile::objects()
                .filter_by(settings().key("size").is_in([9, 12]))
                .then_by(settings().key("size"))
                .values(profile::id);
            assert_eq!(sorted.all(conn).await?, [2, 1]);
            let set = Changes::new()
                .set(profile::settings, json!({"new": [true]}))
                .set(profile::extra, None::<Value>)
                .set(profile::theme, Json(Theme { name: "set".into(), dark: true }));
            Profile::objects().filter(profile::id.eq(1)).update(set, conn).await?;
            let new = Profile::objects().filter_by(settings().key("new").key(0).exact(true));
            let row = new.get(conn).await?;
            assert_eq!((row.id, row.extra, row.theme.name.as_str()), (1, None, "set"));
            let set = Changes::new().set(profile::extra, Some(json!(null)));
            Profile::objects().filter(profile::id.eq(1)).update(set, conn).await?;
            let null = Profile::objects().filter_by(Profile::fields().extra().exact(json!(null)));
            assert_eq!(null.values(profile::id).all(conn).await?, [1, 2]);
            let rows = Profile::objects().in_bulk(profile::id, [1_i64, 3], conn).await?;
            assert_eq!(rows[&3].settings, json!([1, 2, "theme"]));
            Ok(())
        };
        site.test_database().run(work).await.expect("the statements run");
    }
}

#[quintet::test]
async fn json_is_stored_in_djangos_form_on_sqlite() {
    let site = PROFILES.sqlite().await.unwrap().site(site).unwrap();
    let client = site.client().await;
    let new = json!({"settings": {"é": [1, 2.0, null], "b": {}}});
    assert_eq!(client.put("/whole/1/").json(&new).await.status(), 200);
    let work = async |conn: &mut Conn| {
        let text = "SELECT CAST(settings AS text) AS text FROM columns_profile WHERE id = 1";
        let mut sql = quintet::db::Sql::new(conn.dialect());
        sql.push(text);
        Ok(conn.rows(sql, |row| row.get::<String>(0, quintet::db::ColumnKind::Text)).await?)
    };
    let stored = site.test_database().run(work).await.unwrap();
    assert_eq!(stored, [r#"{"\u00e9": [1, 2.0, null], "b": {}}"#]);
}

#[quintet::test]
async fn the_document_says_that_json_is_anything() {
    let site = PROFILES.sqlite().await.unwrap().site(site).unwrap();
    let shown = component(&site.client().await, "Profile").await;
    assert_eq!(shown["properties"]["settings"], json!({}));
    assert_eq!(shown["required"], json!(["id", "is_dark"]));
}
