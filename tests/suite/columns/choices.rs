//! Enums as the values of columns.

use std::sync::Arc;

use quintet::db::{Case, Choices, Conn, StartupError};
use quintet::filters::FilterSet;
use quintet::filters::django_filters::{TypedChoiceFilter, TypedMultipleChoiceFilter};
use quintet::pagination::NoPagination;
use quintet::prelude::*;
use quintet::site::SiteError;
use quintet::test::Template;
use serde_json::json;

use super::{answer, component, each, localized, refused, sites};

#[derive(Debug, Clone, PartialEq, Choices)]
pub enum Status {
    Draft,
    #[choice(value = "pub", label = "Published")]
    Public,
    Other(String),
}

#[derive(Debug, Clone, PartialEq, Choices)]
pub enum Level {
    #[choice(value = 1)]
    Low,
    #[choice(value = 10, label = "Rather high")]
    High,
    Other(i16),
}

#[model(app = "columns", ordering(id))]
pub struct Text {
    pub id: i64,
    #[field(choices, max_length = 5, default = Status::Draft)]
    pub status: Status,
    #[field(choices)]
    pub level: Option<Level>,
    #[field(choices, max_length = 5, blank)]
    pub kind: Status,
}

#[derive(Serializer)]
#[serializer(model = Text)]
pub(crate) struct TextSerializer {
    pub id: i64,
    pub status: Status,
    pub level: Option<Level>,
    pub kind: Status,
    #[field(display(status))]
    pub status_label: String,
    #[field(display(level))]
    pub level_label: Option<String>,
    #[field(method)]
    pub is_public: bool,
}

impl TextSerializer {
    fn get_is_public(text: &Text) -> bool {
        text.status == Status::Public
    }
}

#[derive(Serializer)]
#[serializer(model = Text, fields(id, status, level))]
pub(crate) struct ShortSerializer {}

#[derive(FilterSet)]
#[filter_set(model = Text, fields(status(exact, in), level(exact, in, gte, isnull), kind))]
pub(crate) struct TextFilter {
    #[filter(method = of_status)]
    of: TypedChoiceFilter<Status>,
    #[filter(field = level)]
    any: TypedMultipleChoiceFilter<Level>,
}

impl TextFilter {
    fn of_status(texts: QuerySet<Text>, _: &str, status: Status) -> QuerySet<Text> {
        texts.filter(text::status.eq(status))
    }
}

struct Texts;

impl ViewSet for Texts {
    type Base = ModelViewSet;
    type Serializer = TextSerializer;
    const FILTERSET_FIELDS: Filters<Text> = Filters::of::<TextFilter>();
    const ORDERING_FIELDS: OrderingFields<Text> = ordering_fields![status, id];

    fn pagination_class(&self) -> impl quintet::pagination::Pagination + 'static {
        NoPagination
    }
}

struct Short;

impl ViewSet for Short {
    type Base = ReadOnlyModelViewSet;
    type Serializer = ShortSerializer;

    fn pagination_class(&self) -> impl quintet::pagination::Pagination + 'static {
        NoPagination
    }
}

fn site(settings: Settings, database: Arc<Database>) -> Result<Arc<Site>, SiteError> {
    let urls = Router::new().register("texts", Texts).register("short", Short);
    Site::builder(settings, database)
        .permissions(AllowAny)
        .mount(urls.at("/"))
        .openapi(OpenApi::new("Columns", "1"))
        .build()
}

static TEXTS: Template = Template::new(|conn| Box::pin(tables(conn)));

async fn tables(conn: &mut Conn) -> Result<(), StartupError> {
    let sql = "CREATE TABLE columns_text (
             id {pk}, status varchar(5) NOT NULL, level smallint, kind varchar(5) NOT NULL
         );
         INSERT INTO columns_text (id, status, level, kind) VALUES
             (1, 'draft', 1, ''), (2, 'pub', 10, 'draft'), (3, 'gone', 7, 'pub'), (4, 'pub', NULL, '')";
    Ok(conn.batch_execute(&localized(conn.dialect(), sql)).await?)
}

#[quintet::test]
async fn a_choice_is_shown_with_its_label_and_what_is_none_as_it_is() {
    for site in sites(&TEXTS, site).await {
        let client = site.client().await;
        let (status, body) = answer(client.get("/texts/3/")).await;
        let gone = json!({
            "id": 3, "status": "gone", "level": 7, "kind": "pub", "status_label": "gone",
            "level_label": "7", "is_public": false,
        });
        assert_eq!((status, body), (200, gone.clone()));
        let (_, body) = answer(client.get("/texts/")).await;
        assert_eq!(each(&body, "status_label"), json!(["Draft", "Published", "gone", "Published"]));
        assert_eq!(each(&body, "level_label"), json!(["Low", "Rather high", "7", null]));
        assert_eq!(each(&body, "is_public"), json!([false, true, false, true]));
        assert_eq!(body[2], gone);
        // rows that are written while they are read
        let (_, body) = answer(client.get("/short/")).await;
        assert_eq!(body[2], json!({"id": 3, "status": "gone", "level": 7}));
    }
}

#[quintet::test]
async fn choices_alone_are_accepted() {
    for site in sites(&TEXTS, site).await {
        let client = site.client().await;
        let (status, body) = answer(client.post("/texts/").json(&json!({}))).await;
        assert_eq!((status, &body["status"], &body["level"]), (201, &json!("draft"), &json!(null)));
        assert_eq!(body["kind"], "");
        let new = json!({"status": "pub", "level": "10", "kind": "draft"});
        let (status, body) = answer(client.post("/texts/").json(&new)).await;
        assert_eq!((status, &body["status"], &body["level"]), (201, &json!("pub"), &json!(10)));
        for (field, value, message) in [
            ("status", json!("x"), "\"x\" is not a valid choice."),
            ("status", json!(""), "\"\" is not a valid choice."),
            ("status", json!(null), "This field may not be null."),
            ("status", json!("Published"), "\"Published\" is not a valid choice."),
            ("status", json!(["draft"]), "\"['draft']\" is not a valid choice."),
            ("level", json!(""), "\"\" is not a valid choice."),
            ("level", json!(7), "\"7\" is not a valid choice."),
            ("level", json!(true), "\"True\" is not a valid choice."),
            ("level", json!(1.0), "\"1.0\" is not a valid choice."),
            ("level", json!(1e20), "\"1e+20\" is not a valid choice."),
        ] {
            let sent = client.patch("/texts/1/").json(&json!({ field: value }));
            assert_eq!(answer(sent).await, refused(field, message), "{value}");
        }
        // a row whose value is none keeps it where it is not sent
        let (status, body) = answer(client.patch("/texts/3/").json(&json!({"kind": ""}))).await;
        assert_eq!((status, &body["status"], &body["kind"]), (200, &json!("gone"), &json!("")));
        let (status, body) = answer(client.patch("/texts/3/").json(&json!({"level": null}))).await;
        assert_eq!((status, &body["level"]), (200, &json!(null)));
    }
}

#[quintet::test]
async fn choices_are_filtered_and_ordered() {
    for site in sites(&TEXTS, site).await {
        let client = site.client().await;
        for (query, ids) in [
            ("status=pub", json!([2, 4])),
            ("status__in=gone,draft", json!([1, 3])),
            ("level=10", json!([2])),
            ("level__gte=7", json!([2, 3])),
            ("level__in=7,1", json!([1, 3])),
            ("level__isnull=true", json!([4])),
            ("of=draft", json!([1])),
            ("any=1&any=10", json!([1, 2])),
            ("ordering=-status,id", json!([2, 4, 3, 1])),
        ] {
            let (status, body) = answer(client.get(&format!("/texts/?{query}"))).await;
            assert_eq!((status, each(&body, "id")), (200, ids), "{query}");
        }
        for (query, value) in [("status", "gone"), ("level", "7"), ("of", "x"), ("any", "7")] {
            let sent = client.get(&format!("/texts/?{query}={value}"));
            let message =
                format!("Select a valid choice. {value} is not one of the available choices.");
            assert_eq!(answer(sent).await, refused(query, &message));
        }
    }
}

#[quintet::test]
async fn code_reads_writes_and_compares_variants() {
    for site in sites(&TEXTS, site).await {
        let work = async |conn: &mut Conn| {
            let fields = Text::fields;
            let found = Text::objects().filter_by(fields().status().exact(Status::Public));
            assert_eq!(found.count(conn).await?, 2);
            let some = fields().level().is_in([Level::Low, Level::Other(7)]);
            assert_eq!(Text::objects().filter_by(some).count(conn).await?, 2);
            let gone = Text::objects().filter(text::status.eq(Status::Other("gone".into())));
            let row = gone.get(conn).await?;
            assert_eq!(
                (row.status, row.level),
                (Status::Other("gone".into()), Some(Level::Other(7)))
            );
            let high = Text::objects().filter(text::level.eq(Level::High)).get(conn).await?;
            assert_eq!((high.level, high.kind), (Some(Level::High), Status::Draft));
            let values = Text::objects().values((text::status, fields().level())).all(conn).await?;
            assert_eq!(values[3], (Status::Public, None));
            let set = Changes::new().set(text::status, Status::Draft).set(text::level, Level::Low);
            Text::objects().filter(text::id.eq(3)).update(set, conn).await?;
            let word = Case::when(fields().level().exact(Level::Low), Status::Draft)
                .otherwise(Status::Public);
            let words = Text::objects().values(word).all(conn).await?;
            assert_eq!(words, [Status::Draft, Status::Public, Status::Draft, Status::Public]);
            let rows: Vec<(i64, Status)> = conn
                .load(text::table.select((text::id, text::status)).filter(text::id.eq(2)))
                .await?;
            assert_eq!(rows, [(2, Status::Public)]);
            Ok(())
        };
        site.test_database().run(work).await.expect("the statements run");
    }
}

#[quintet::test]
async fn the_document_lists_choices_with_their_labels() {
    let site = TEXTS.sqlite().await.unwrap().site(site).unwrap();
    let client = site.client().await;
    let shown = component(&client, "Text").await["properties"].clone();
    let reference = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    assert_eq!(shown["status"], reference("StatusEnum"));
    assert_eq!(shown["level"], json!({"oneOf": [reference("LevelEnum"), reference("NullEnum")]}));
    assert_eq!(shown["kind"], json!({"oneOf": [reference("KindEnum"), reference("BlankEnum")]}));
    let status = component(&client, "StatusEnum").await;
    assert_eq!(status["enum"], json!(["draft", "pub"]));
    assert_eq!(status["description"], "* `draft` - Draft\n* `pub` - Published");
    assert_eq!(component(&client, "LevelEnum").await["enum"], json!([1, 10]));
    let document = client.get("/api/schema/?format=json").await.json();
    let parameters = document["paths"]["/texts/"]["get"]["parameters"].clone();
    let named = |name: &str| {
        let all = parameters.as_array().unwrap();
        all.iter().find(|one| one["name"] == name).unwrap()["schema"].clone()
    };
    assert_eq!(named("level"), json!({"type": "integer", "enum": [1, 10]}));
    assert_eq!(named("of"), json!({"type": "string", "enum": ["draft", "pub"]}));
}
