//! Keys that are UUIDs or texts: rows of their own, foreign keys to them, links, lists of keys and
//! nested rows.

use std::sync::Arc;

use quintet::db::{Conn, Dialect, StartupError, Uuid};
use quintet::pagination::NoPagination;
use quintet::prelude::*;
use quintet::site::SiteError;
use quintet::test::Template;
use serde_json::{Value, json};

use super::{answer, component, each, localized, refused, sites};

#[model(app = "columns", verbose_name = "country", ordering(code))]
pub struct Country {
    #[field(primary_key, max_length = 2)]
    pub code: String,
    #[field(max_length = 20)]
    pub name: String,
}

#[model(app = "columns", ordering(name))]
pub struct Label {
    #[field(default = Uuid::random())]
    pub id: Uuid,
    #[field(max_length = 20, slug, unique)]
    pub name: String,
}

#[model(app = "columns", ordering(title), many_to_many(labels: Label, related_name = papers))]
pub struct Paper {
    #[field(default = Uuid::random())]
    pub id: Uuid,
    #[field(max_length = 20)]
    pub title: String,
    #[field(foreign_key = Country, related_name = papers)]
    pub country_id: Option<String>,
}

#[model(app = "columns", ordering(number))]
pub struct Leaf {
    pub id: i64,
    pub number: i32,
    #[field(foreign_key = Paper, related_name = leaves)]
    pub paper_id: Uuid,
}

#[derive(Serializer)]
#[serializer(model = Country, fields = all)]
pub(crate) struct CountrySerializer {}

#[derive(Serializer)]
#[serializer(model = Leaf, fields(number))]
pub(crate) struct LeafSerializer {}

#[derive(Serializer)]
#[serializer(model = Paper)]
pub(crate) struct PaperSerializer {
    pub id: Uuid,
    pub title: String,
    pub country: Option<PrimaryKeyRelated<Country>>,
    #[field(required = false)]
    pub labels: Vec<PrimaryKeyRelated<Label>>,
    #[field(nested, writable)]
    pub leaves: Vec<LeafSerializer>,
}

/// Keys of each type, without a model.
#[derive(Serializer)]
pub(crate) struct ChosenSerializer {
    labels: Vec<PrimaryKeyRelated<Label>>,
    country: Option<PrimaryKeyRelated<Country>>,
}

struct Countries;

impl ViewSet for Countries {
    type Base = ModelViewSet;
    type Serializer = CountrySerializer;

    fn pagination_class(&self) -> impl quintet::pagination::Pagination + 'static {
        NoPagination
    }
}

struct Papers;

#[view_set]
impl ViewSet for Papers {
    type Base = ModelViewSet;
    type Serializer = PaperSerializer;
    const FILTERSET_FIELDS: Filters<Paper> =
        filter_fields![id(in), country(exact, in), labels, leaves__number];

    fn pagination_class(&self) -> impl quintet::pagination::Pagination + 'static {
        NoPagination
    }

    async fn perform_create(&self, mut new: Changes<Paper>, cx: &mut Context) -> Result<Paper> {
        let leaves = new.take_nested::<Leaf>("leaves").unwrap_or_default();
        let paper = cx.save(new).await?;
        for leaf in leaves {
            cx.save(leaf.set(leaf::paper_id, paper.id)).await?;
        }
        Ok(paper)
    }

    async fn perform_update(&self, mut new: Changes<Paper>, cx: &mut Context) -> Result<Paper> {
        new.take_nested::<Leaf>("leaves");
        cx.save(new).await
    }

    /// Labels a paper with the labels that are named, or with DELETE no longer.
    #[action(detail, post, delete)]
    async fn label(
        &self,
        paper: Object<Paper>,
        chosen: Valid<ChosenSerializer>,
        cx: &mut Context,
    ) -> Result<Response> {
        let links = cx.links(&*paper, Paper::fields().labels());
        let keys: Vec<Uuid> = chosen.labels.iter().map(PrimaryKeyRelated::key).collect();
        match cx.request.method.as_str() {
            "DELETE" => links.remove(keys).await?,
            _ => links.add(keys).await?,
        }
        let country = chosen.country.as_ref().map(PrimaryKeyRelated::key);
        let slug = cx.unique_slug(label::name, "One").await?;
        let taken = slug != "one";
        Response::new(&json!({"links": links.count().await?, "country": country, "taken": taken}))
    }
}

fn site(settings: Settings, database: Arc<Database>) -> Result<Arc<Site>, SiteError> {
    database.register([Leaf::META]);
    let urls = Router::new().register("countries", Countries).register("papers", Papers);
    Site::builder(settings, database)
        .permissions(AllowAny)
        .mount(urls.at("/"))
        .openapi(OpenApi::new("Columns", "1"))
        .build()
}

const ONE: &str = "00000000-0000-4000-8000-000000000001";
const TWO: &str = "00000000-0000-4000-8000-000000000002";
const NONE: &str = "00000000-0000-4000-8000-000000000009";

static PAPERS: Template = Template::new(|conn| Box::pin(tables(conn)));

async fn tables(conn: &mut Conn) -> Result<(), StartupError> {
    let (uuid, strip) = match conn.dialect() {
        Dialect::Sqlite => ("char(32)", true),
        Dialect::Postgres => ("uuid", false),
    };
    let key = |key: &str| if strip { key.replace('-', "") } else { key.to_owned() };
    let (one, two) = (key(ONE), key(TWO));
    let sql = format!(
        "CREATE TABLE columns_country (code varchar(2) PRIMARY KEY, name varchar(20) NOT NULL);
         CREATE TABLE columns_label (id {uuid} PRIMARY KEY, name varchar(20) NOT NULL UNIQUE);
         CREATE TABLE columns_paper (
             id {uuid} PRIMARY KEY, title varchar(20) NOT NULL,
             country_id varchar(2) REFERENCES columns_country (code)
         );
         CREATE TABLE columns_paper_labels (
             id {{pk}}, paper_id {uuid} NOT NULL REFERENCES columns_paper (id),
             label_id {uuid} NOT NULL REFERENCES columns_label (id), UNIQUE (paper_id, label_id)
         );
         CREATE TABLE columns_leaf (
             id {{pk}}, number integer NOT NULL, paper_id {uuid} NOT NULL REFERENCES columns_paper (id)
         );
         INSERT INTO columns_country VALUES ('de', 'Germany'), ('no', 'Norway');
         INSERT INTO columns_label VALUES ('{one}', 'one'), ('{two}', 'two');
         INSERT INTO columns_paper VALUES ('{one}', 'A', 'de'), ('{two}', 'B', NULL);
         INSERT INTO columns_paper_labels (paper_id, label_id) VALUES ('{one}', '{one}'), ('{one}', '{two}');
         INSERT INTO columns_leaf VALUES (1, 1, '{one}'), (2, 2, '{one}')"
    );
    Ok(conn.batch_execute(&localized(conn.dialect(), &sql)).await?)
}

#[quintet::test]
async fn rows_with_keys_of_other_types_are_made_shown_changed_and_deleted() {
    for site in sites(&PAPERS, site).await {
        let client = site.client().await;
        let (_, body) = answer(client.get("/papers/")).await;
        let first = json!({
            "id": ONE, "title": "A", "country": "de", "labels": [ONE, TWO],
            "leaves": [{"number": 1}, {"number": 2}],
        });
        assert_eq!((&body[0], &body[1]["labels"]), (&first, &json!([])));
        assert_eq!(answer(client.get(&format!("/papers/{ONE}/"))).await, (200, first));
        let new = json!({
            "title": "C", "country": "no", "labels": [TWO], "leaves": [{"number": 7}, {"number": 8}],
        });
        let (status, body) = answer(client.post("/papers/").json(&new)).await;
        assert_eq!((status, &body["labels"], &body["country"]), (201, &json!([TWO]), &json!("no")));
        assert_eq!(body["leaves"], json!([{"number": 7}, {"number": 8}]));
        let own = format!("/papers/{}/", body["id"].as_str().unwrap());
        let change = json!({"country": null, "labels": [ONE, TWO, ONE]});
        let (status, body) = answer(client.patch(&own).json(&change)).await;
        assert_eq!(
            (status, &body["country"], &body["labels"]),
            (200, &json!(null), &json!([ONE, TWO]))
        );
        assert_eq!(client.delete(&own).await.status(), 204);
        assert_eq!(client.get(&own).await.status(), 404);
        for path in ["/papers/x/", &format!("/papers/{NONE}/"), "/countries/xx/"] {
            assert_eq!(client.get(path).await.status(), 404, "{path}");
        }
    }
}

#[quintet::test]
async fn a_key_that_is_a_text_is_chosen_by_the_client() {
    for site in sites(&PAPERS, site).await {
        let client = site.client().await;
        let post = async |code: Value| {
            answer(client.post("/countries/").json(&json!({"code": code, "name": "France"}))).await
        };
        assert_eq!(post(json!("fr")).await, (201, json!({"code": "fr", "name": "France"})));
        let taken = "country with this code already exists.";
        assert_eq!(post(json!("fr")).await, refused("code", taken));
        assert_eq!(post(json!("")).await, refused("code", "This field may not be blank."));
        let long = "Ensure this field has no more than 2 characters.";
        assert_eq!(post(json!("fra")).await, refused("code", long));
        let (status, body) = answer(client.get("/countries/fr/")).await;
        assert_eq!((status, &body["name"]), (200, &json!("France")));
        let named = client.patch("/countries/fr/").json(&json!({"name": "La France"}));
        assert_eq!(answer(named).await.1["name"], "La France");
    }
}

#[quintet::test]
async fn keys_of_other_types_are_checked_and_filtered_by() {
    for site in sites(&PAPERS, site).await {
        let client = site.client().await;
        let patch =
            async |data: Value| answer(client.patch(&format!("/papers/{TWO}/")).json(&data)).await;
        let missing = |key: &str| format!("Invalid pk \"{key}\" - object does not exist.");
        assert_eq!(patch(json!({"country": "xx"})).await, refused("country", &missing("xx")));
        assert_eq!(patch(json!({"labels": [ONE, NONE]})).await, refused("labels", &missing(NONE)));
        let bad = "\u{201c}x\u{201d} is not a valid UUID.";
        assert_eq!(patch(json!({"labels": ["x"]})).await, refused("labels", bad));
        for (query, titles) in [
            (format!("labels={ONE}"), json!(["A"])),
            ("country=de".into(), json!(["A"])),
            ("country__in=de,no".into(), json!(["A"])),
            (format!("id__in={ONE},{TWO}"), json!(["A", "B"])),
            ("leaves__number=2".into(), json!(["A"])),
        ] {
            let (status, body) = answer(client.get(&format!("/papers/?{query}"))).await;
            assert_eq!((status, each(&body, "title")), (200, titles), "{query}");
        }
        let choice = "Select a valid choice. That choice is not one of the available choices.";
        assert_eq!(answer(client.get("/papers/?country=xx")).await, refused("country", choice));
    }
}

#[quintet::test]
async fn lists_of_keys_and_links_have_the_type_of_the_key() {
    for site in sites(&PAPERS, site).await {
        let client = site.client().await;
        let label = format!("/papers/{TWO}/label/");
        let both = json!({"labels": [ONE, TWO], "country": "no"});
        let expected = json!({"links": 2, "country": "no", "taken": true});
        assert_eq!(answer(client.post(&label).json(&both)).await, (200, expected));
        let one = json!({"labels": [ONE]});
        let expected = json!({"links": 1, "country": null, "taken": true});
        assert_eq!(answer(client.delete(&label).json(&one)).await, (200, expected));
        let missing = json!({"labels": [NONE], "country": "xx"});
        let (status, body) = answer(client.post(&label).json(&missing)).await;
        let text = |key: &str| json!([format!("Invalid pk \"{key}\" - object does not exist.")]);
        assert_eq!((status, &body["labels"], &body["country"]), (400, &text(NONE), &text("xx")));
        let work = async |conn: &mut Conn| {
            let labels = Label::objects().then_by(label::name).all(conn).await?;
            let by_key = Label::objects().in_bulk(label::id, [labels[0].id], conn).await?;
            assert_eq!(by_key[&labels[0].id].name, "one");
            let papers =
                Paper::objects().filter_by(Paper::fields().labels().id().exact(labels[1].id));
            assert_eq!(papers.values(paper::title).all(conn).await?, ["A", "B"]);
            Ok(())
        };
        site.test_database().run(work).await.expect("the statements run");
    }
}

#[quintet::test]
async fn the_document_shows_the_types_of_keys() {
    let site = PAPERS.sqlite().await.unwrap().site(site).unwrap();
    let client = site.client().await;
    let shown = component(&client, "Paper").await["properties"].clone();
    assert_eq!(shown["id"], json!({"type": "string", "format": "uuid", "readOnly": true}));
    assert_eq!(shown["labels"]["items"], json!({"type": "string", "format": "uuid"}));
    assert_eq!(component(&client, "Country").await["required"], json!(["code", "name"]));
}
