//! One-to-one relations, and what becomes of rows whose other row is deleted.

use std::sync::Arc;

use quintet::db::{Conn, Error, StartupError};
use quintet::pagination::NoPagination;
use quintet::prelude::*;
use quintet::site::SiteError;
use quintet::test::Template;
use serde_json::json;

use super::{answer, at_once, component, each, localized, refused, sites};

#[model(app = "columns", ordering(id), display = "{name}")]
pub struct Person {
    pub id: i64,
    #[field(max_length = 20)]
    pub name: String,
}

#[model(app = "columns", verbose_name = "passport", ordering(id))]
pub struct Passport {
    pub id: i64,
    #[field(max_length = 20)]
    pub number: String,
    #[field(one_to_one = Person, related_name = passport)]
    pub person_id: i64,
}

#[model(app = "columns")]
pub struct Stamp {
    pub id: i64,
    #[field(max_length = 20)]
    pub place: String,
    #[field(foreign_key = Passport, related_name = stamps)]
    pub passport_id: i64,
}

/// One of each way of reacting to a deletion.
#[model(app = "columns")]
pub struct Ticket {
    pub id: i64,
    #[field(foreign_key = Person, on_delete = restrict, related_name = tickets)]
    pub owner_id: Option<i64>,
    #[field(foreign_key = Person, on_delete = set_default, default = 1, related_name = sold)]
    pub seller_id: i64,
    #[field(foreign_key = Person, on_delete = do_nothing, related_name = checked)]
    pub checker_id: Option<i64>,
    #[field(foreign_key = Passport, on_delete = cascade, related_name = tickets)]
    pub passport_id: Option<i64>,
}

#[derive(Serializer)]
#[serializer(model = Passport, fields = all)]
pub(crate) struct PassportSerializer {}

#[derive(Serializer)]
#[serializer(model = Stamp, fields(place))]
pub(crate) struct StampSerializer {}

#[derive(Serializer)]
#[serializer(model = Passport, fields(number, stamps))]
pub(crate) struct StampedSerializer {
    #[field(nested)]
    pub stamps: Vec<StampSerializer>,
}

#[derive(Serializer)]
#[serializer(model = Person)]
pub(crate) struct PersonSerializer {
    pub id: i64,
    pub name: String,
    #[field(nested)]
    pub passport: Option<StampedSerializer>,
    #[field(source = passport.number)]
    pub number: Option<String>,
    #[field(source = passport, read_only)]
    pub passport_id: Option<PrimaryKeyRelated<Passport>>,
}

#[derive(Serializer)]
#[serializer(model = Ticket, fields = all)]
pub(crate) struct TicketSerializer {}

macro_rules! view_sets {
    ($($name:ident: $serializer:ident $({ $($more:tt)* })?;)*) => {$(
        struct $name;

        impl ViewSet for $name {
            type Base = ModelViewSet;
            type Serializer = $serializer;
            $($($more)*)?

            fn pagination_class(&self) -> impl quintet::pagination::Pagination + 'static {
                NoPagination
            }
        }
    )*};
}

view_sets! {
    People: PersonSerializer {
        const FILTERSET_FIELDS: Filters<Person> = filter_fields![passport(exact, isnull), passport__number(exact)];
        const ORDERING_FIELDS: OrderingFields<Person> = ordering_fields![passport__number];
        const SEARCH_FIELDS: SearchFields<Person> = search_fields![passport__number];
    };
    Passports: PassportSerializer {
        const FILTERSET_FIELDS: Filters<Passport> = filter_fields![person(exact, in)];
    };
    Tickets: TicketSerializer;
}

fn site(settings: Settings, database: Arc<Database>) -> Result<Arc<Site>, SiteError> {
    let urls = Router::new()
        .register("people", People)
        .register("passports", Passports)
        .register("tickets", Tickets);
    Site::builder(settings, database)
        .permissions(AllowAny)
        .mount(urls.at("/"))
        .openapi(OpenApi::new("Columns", "1"))
        .build()
}

static PEOPLE: Template = Template::new(|conn| Box::pin(tables(conn)));

async fn tables(conn: &mut Conn) -> Result<(), StartupError> {
    let sql = "CREATE TABLE columns_person (id {pk}, name varchar(20) NOT NULL);
         CREATE TABLE columns_passport (
             id {pk}, number varchar(20) NOT NULL,
             person_id bigint NOT NULL UNIQUE REFERENCES columns_person (id)
         );
         CREATE TABLE columns_stamp (
             id {pk}, place varchar(20) NOT NULL, passport_id bigint NOT NULL REFERENCES columns_passport (id)
         );
         CREATE TABLE columns_ticket (
             id {pk}, owner_id bigint REFERENCES columns_person (id),
             seller_id bigint NOT NULL REFERENCES columns_person (id), checker_id bigint,
             passport_id bigint REFERENCES columns_passport (id)
         );
         INSERT INTO columns_person VALUES (1, 'Ann'), (2, 'Bob'), (3, 'Cid');
         INSERT INTO columns_passport VALUES (1, 'B1', 1), (2, 'A2', 3);
         INSERT INTO columns_stamp VALUES (1, 'Rome', 1), (2, 'Oslo', 1)";
    Ok(conn.batch_execute(&localized(conn.dialect(), sql)).await?)
}

#[quintet::test]
async fn the_way_back_of_a_one_to_one_relation_is_one_row_or_none() {
    for site in sites(&PEOPLE, site).await {
        let client = site.client().await;
        let list = async || answer(client.get("/people/")).await;
        // the people with their passports, and the stamps of all
        let (status, body) = site.assert_num_queries(2, list).await;
        let expected = json!([
            {
                "id": 1, "name": "Ann", "number": "B1", "passport_id": 1,
                "passport": {"number": "B1", "stamps": [{"place": "Rome"}, {"place": "Oslo"}]},
            },
            {"id": 2, "name": "Bob", "number": null, "passport_id": null, "passport": null},
            {
                "id": 3, "name": "Cid", "number": "A2", "passport_id": 2,
                "passport": {"number": "A2", "stamps": []},
            },
        ]);
        assert_eq!((status, body), (200, expected.clone()));
        assert_eq!(answer(client.get("/people/2/")).await, (200, expected[1].clone()));
        for (query, ids) in [
            ("passport=2", json!([3])),
            ("passport__isnull=true", json!([2])),
            ("passport__number=B1", json!([1])),
            ("search=a2", json!([3])),
        ] {
            let (status, body) = answer(client.get(&format!("/people/?{query}"))).await;
            assert_eq!((status, each(&body, "id")), (200, ids), "{query}");
        }
        let (_, body) = answer(client.get("/people/?ordering=passport__number")).await;
        let mut ids = each(&body, "id").as_array().unwrap().clone();
        ids.retain(|id| *id != 2);
        assert_eq!(ids, [3, 1]);
        let bad = answer(client.get("/people/?passport=x")).await;
        let message = "Select a valid choice. That choice is not one of the available choices.";
        assert_eq!(bad, refused("passport", message));
        let (_, body) = answer(client.get("/passports/?person=3")).await;
        assert_eq!(each(&body, "id"), json!([2]));
    }
}

#[quintet::test]
async fn a_second_row_of_a_one_to_one_relation_is_refused() {
    for site in sites(&PEOPLE, site).await {
        let client = site.client().await;
        let post = async |person: serde_json::Value| {
            answer(client.post("/passports/").json(&json!({"number": "C", "person": person}))).await
        };
        let taken = "passport with this person already exists.";
        assert_eq!(post(json!(1)).await, refused("person", taken));
        assert_eq!(post(json!(null)).await, refused("person", "This field may not be null."));
        let missing = "Invalid pk \"9\" - object does not exist.";
        assert_eq!(post(json!(9)).await, refused("person", missing));
        let (status, body) = post(json!("2")).await;
        assert_eq!((status, &body["person"]), (201, &json!(2)));
        let own = format!("/passports/{}/", body["id"]);
        let patch =
            async |person| answer(client.patch(&own).json(&json!({"person": person}))).await;
        assert_eq!(patch(2).await.0, 200);
        assert_eq!(patch(3).await, refused("person", taken));
        let (_, body) = answer(client.get("/people/2/")).await;
        assert_eq!(body["passport"]["number"], "C");
    }
}

#[quintet::test]
async fn of_two_clients_one_gets_the_row_of_a_one_to_one_relation() {
    for site in sites(&PEOPLE, site).await {
        let client = site.client().await;
        for round in 0..5 {
            let answers = at_once(&site, "/passports/", |_| json!({"number": "C", "person": 2}));
            assert_eq!(answers[0].0, 201, "{round} {answers:?}");
            assert_eq!(answers[1], refused("person", "passport with this person already exists."));
            let own = format!("/passports/{}/", answers[0].1["id"]);
            assert_eq!(client.delete(&own).await.status(), 204);
        }
    }
}

#[quintet::test]
async fn code_goes_back_along_a_one_to_one_relation() {
    for site in sites(&PEOPLE, site).await {
        let work = async |conn: &mut Conn| {
            let fields = Person::fields;
            let people = Person::objects();
            let with = people.clone().select_related(fields().passport()).all(conn).await?;
            let numbers: Vec<Option<String>> = with
                .into_iter()
                .map(|(_, passport)| passport.map(|passport| passport.number))
                .collect();
            assert_eq!(numbers, [Some("B1".to_owned()), None, Some("A2".to_owned())]);
            let without = people.clone().filter_by(fields().passport().isnull(true));
            assert_eq!(without.values(person::id).all(conn).await?, [2]);
            let stamped =
                people.clone().filter_by(fields().passport().stamps().place().exact("Oslo"));
            assert_eq!(
                stamped.values(fields().passport().number()).all(conn).await?,
                [Some("B1".into())]
            );
            let back =
                Passport::objects().select_related(Passport::fields().person()).all(conn).await?;
            assert_eq!(back[1].1.name, "Cid");
            let by_stamp =
                Stamp::objects().values(Stamp::fields().passport().person().passport().id());
            assert_eq!(by_stamp.all(conn).await?, [Some(1), Some(1)]);
            Ok(())
        };
        site.test_database().run(work).await.expect("the statements run");
    }
}

#[quintet::test]
async fn a_deletion_does_what_each_key_says() {
    for site in sites(&PEOPLE, site).await {
        let client = site.client().await;
        let ticket = async |new: serde_json::Value| {
            let (status, body) = answer(client.post("/tickets/").json(&new)).await;
            assert_eq!(status, 201, "{body}");
            format!("/tickets/{}/", body["id"])
        };
        let sold = ticket(json!({"seller": 2, "checker": 2})).await;
        assert_eq!(client.delete("/people/2/").await.status(), 204);
        let (_, body) = answer(client.get(&sold)).await;
        assert_eq!((&body["seller"], &body["checker"]), (&json!(1), &json!(2)));
        // restricted, unless it goes along another key
        let owned = ticket(json!({"owner": 3})).await;
        let text = "Cannot delete some instances of model 'Person' because they are referenced \
                    through restricted foreign keys: 'Ticket.owner'.";
        assert_eq!(answer(client.delete("/people/3/")).await, (409, json!({"detail": text})));
        let moved = client.patch(&owned).json(&json!({"passport": 2}));
        assert_eq!(moved.await.status(), 200);
        assert_eq!(client.delete("/people/3/").await.status(), 204);
        assert_eq!(client.get(&owned).await.status(), 404);
        let work = async |conn: &mut Conn| {
            let ann = Person::objects().filter(person::id.eq(1)).get(conn).await?;
            assert_eq!(ann.name, "Ann");
            Ok(Passport::objects().count(conn).await?)
        };
        assert_eq!(site.test_database().run(work).await.unwrap(), 1);
    }
}

#[quintet::test]
async fn the_document_shows_the_row_of_the_way_back() {
    let site = PEOPLE.sqlite().await.unwrap().site(site).unwrap();
    let shown = component(&site.client().await, "Person").await["properties"].clone();
    let passport = shown["passport"].to_string();
    assert!(
        passport.contains("#/components/schemas/Stamped") && passport.contains("null"),
        "{passport}"
    );
    assert_eq!(shown["number"]["type"], json!(["string", "null"]));
    assert_eq!(shown["passport_id"]["type"], json!(["integer", "null"]));
    let error = Error::DoesNotExist("Passport");
    assert_eq!(error.to_string(), "Passport matching query does not exist");
}
