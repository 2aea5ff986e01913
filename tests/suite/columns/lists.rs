//! Lists, dictionaries and selections in columns: of JSON, and of arrays.

use std::sync::Arc;

use quintet::db::Dialect;
use quintet::fields::Field;
use quintet::pagination::NoPagination;
use quintet::prelude::*;
use quintet::site::SiteError;
use quintet::test::Template;
use serde_json::{Value, json};

use super::{answer, component, localized, refused, sites};

#[model(app = "columns", ordering(id))]
pub struct Poll {
    pub id: i64,
    pub tags: Value,
    pub counts: Value,
    #[field(default = json!([]))]
    pub colours: Value,
}

#[derive(Serializer)]
#[serializer(model = Poll)]
pub(crate) struct PollSerializer {
    id: i64,
    #[field(kind = Field::list("", Field::char("").max_length(5)).max_length(2), validate)]
    tags: Value,
    #[field(kind = Field::dict("", Field::integer("")))]
    counts: Value,
    #[field(kind = Field::multiple_choice("", ["red", "blue"]))]
    colours: Value,
}

impl PollSerializer {
    fn validate_tags(tags: Value) -> Validated<Value> {
        if tags == json!(["bad"]) { Err("Not these.".into()) } else { Ok(tags) }
    }
}

struct Polls;

impl ViewSet for Polls {
    type Base = ModelViewSet;
    type Serializer = PollSerializer;

    fn pagination_class(&self) -> impl quintet::pagination::Pagination + 'static {
        NoPagination
    }
}

fn polls(settings: Settings, database: Arc<Database>) -> Result<Arc<Site>, SiteError> {
    let urls = Router::new().register("polls", Polls);
    Site::builder(settings, database)
        .permissions(AllowAny)
        .mount(urls.at("/"))
        .openapi(OpenApi::new("Columns", "1"))
        .build()
}

static POLLS: Template = Template::new(|conn| {
    Box::pin(async {
        let json = if conn.dialect() == Dialect::Postgres { "jsonb" } else { "text" };
        let sql = format!(
            "CREATE TABLE columns_poll (
                 id {{pk}}, tags {json} NOT NULL, counts {json} NOT NULL, colours {json} NOT NULL
             )"
        );
        Ok(conn.batch_execute(&localized(conn.dialect(), &sql)).await?)
    })
});

#[quintet::test]
async fn lists_dictionaries_and_selections_stand_in_columns_of_json() {
    for site in sites(&POLLS, polls).await {
        let client = site.client().await;
        let body = json!({"tags": ["a", "b"], "counts": {"a": "1"}, "colours": ["blue", "blue"]});
        let (status, made) = answer(client.post("/polls/").json(&body)).await;
        assert_eq!(
            (status, &made["tags"], &made["counts"]),
            (201, &json!(["a", "b"]), &json!({"a": 1}))
        );
        assert_eq!(made["colours"], json!(["blue"]));
        let (_, stored) = answer(client.get("/polls/")).await;
        assert_eq!(stored, json!([made]));
        let body = json!({"tags": ["a"], "counts": {}});
        let (status, made) = answer(client.post("/polls/").json(&body)).await;
        assert_eq!((status, &made["colours"]), (201, &json!([])));
        let body = json!({"tags": ["toolong"], "counts": {"a": "x"}, "colours": ["green"]});
        let errors = json!({
            "tags": {"0": ["Ensure this field has no more than 5 characters."]},
            "counts": {"a": ["A valid integer is required."]},
            "colours": ["\"green\" is not a valid choice."],
        });
        assert_eq!(answer(client.post("/polls/").json(&body)).await, (400, errors));
        let body = json!({"tags": ["a", "b", "c"], "counts": [], "colours": "red"});
        let errors = json!({
            "tags": ["Ensure this field has no more than 2 elements."],
            "counts": ["Expected a dictionary of items but got type \"list\"."],
            "colours": ["Expected a list of items but got type \"str\"."],
        });
        assert_eq!(answer(client.post("/polls/").json(&body)).await, (400, errors));
        let required = "This field is required.";
        let errors = json!({"tags": [required], "counts": [required]});
        assert_eq!(answer(client.post("/polls/").json(&json!({}))).await, (400, errors));
        let path = format!("/polls/{}/", made["id"]);
        let bad = client.patch(&path).json(&json!({"tags": ["bad"]}));
        assert_eq!(answer(bad).await, refused("tags", "Not these."));
        let shown = component(&client, "Poll").await["properties"].clone();
        assert_eq!(shown["tags"]["items"], json!({"type": "string", "maxLength": 5}));
        assert_eq!(shown["counts"]["additionalProperties"], json!({"type": "integer"}));
    }
}

#[model(app = "columns", ordering(id))]
pub struct Shelf {
    pub id: i64,
    pub words: Vec<String>,
    pub sizes: Vec<i32>,
}

#[derive(Serializer)]
#[serializer(model = Shelf)]
pub(crate) struct ShelfSerializer {
    #[field(kind = Field::list("", Field::slug("")), max_length = 2)]
    words: Vec<String>,
    #[field(choices = [1_i64, 2, 3])]
    sizes: Vec<i32>,
}

struct Shelves;

impl ViewSet for Shelves {
    type Base = ModelViewSet;
    type Serializer = ShelfSerializer;
}

fn shelves(settings: Settings, database: Arc<Database>) -> Result<Arc<Site>, SiteError> {
    let urls = Router::new().register("shelves", Shelves);
    Site::builder(settings, database).permissions(AllowAny).mount(urls.at("/")).build()
}

static SHELVES: Template = Template::new(|conn| {
    Box::pin(async {
        if conn.dialect() == Dialect::Postgres {
            let sql = "CREATE TABLE columns_shelf (
                           id {pk}, words varchar(9)[] NOT NULL, sizes integer[] NOT NULL
                       )";
            conn.batch_execute(&localized(conn.dialect(), sql)).await?;
        }
        Ok(())
    })
});

#[quintet::test]
async fn arrays_are_lists_and_selections_with_fields_of_their_own() {
    let Ok(url) = std::env::var("QUINTET_TEST_POSTGRES") else { return };
    let site = SHELVES.postgres(&url).await.unwrap().site(shelves).unwrap();
    let client = site.client().await;
    let body = json!({"words": ["a-b"], "sizes": ["2", 1]});
    let (status, made) = answer(client.post("/shelves/").json(&body)).await;
    assert_eq!((status, &made["words"]), (201, &json!(["a-b"])), "{made}");
    let body = json!({"words": ["a b", "c"], "sizes": [9]});
    let slug = "Enter a valid \"slug\" consisting of letters, numbers, underscores or hyphens.";
    let errors = json!({"words": {"0": [slug]}, "sizes": ["\"9\" is not a valid choice."]});
    assert_eq!(answer(client.post("/shelves/").json(&body)).await, (400, errors));
    let body = json!({"words": ["a", "b", "c"], "sizes": [1]});
    let errors = json!({"words": ["Ensure this field has no more than 2 elements."]});
    assert_eq!(answer(client.post("/shelves/").json(&body)).await, (400, errors));
}
