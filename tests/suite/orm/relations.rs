//! Relations as their models say them: both ways, limited, through tables with more keys.

use std::sync::Arc;

use quintet::db::{Conn, Model};
use quintet::prelude::*;
use quintet_tests::store::{On, Store};
use serde_json::{Value, json};

use super::within;

/// Friends are friends of each other, followers are not; three keys of an invitation point at people.
#[model(
    app = "club",
    ordering(id),
    many_to_many(friends: Person, symmetrical),
    many_to_many(idols: Person, related_name = fans),
    many_to_many(guests: Person, through = "club_invitation", source = "host_id", target = "guest_id"),
)]
pub struct Person {
    pub id: i64,
    #[field(max_length = 20)]
    pub name: String,
    #[field(default = true)]
    pub is_member: bool,
}

/// The table between hosts and guests, which says who asked for it (`through_fields`).
#[model(app = "club", ordering(id))]
pub struct Invitation {
    pub id: i64,
    #[field(foreign_key = Person, related_name = invitations)]
    pub host_id: i64,
    #[field(foreign_key = Person, related_name = invited)]
    pub guest_id: i64,
    #[field(foreign_key = Person, related_name = asked_for)]
    pub asked_by_id: Option<i64>,
}

#[model(app = "club", ordering(id))]
pub struct Game {
    pub id: i64,
    #[field(foreign_key = Person, limit_choices_to = |person| person.is_member().exact(true))]
    pub winner_id: i64,
    #[field(foreign_key = Person)]
    pub loser_id: Option<i64>,
}

#[derive(Serializer)]
#[serializer(model = Game, fields = all)]
struct GameSerializer {}

#[derive(Serializer)]
#[serializer(model = Person)]
struct PersonSerializer {
    id: i64,
    name: String,
    friends: Vec<PrimaryKeyRelated<Person>>,
}

struct Games;

impl ViewSet for Games {
    type Base = ModelViewSet;
    type Serializer = GameSerializer;
}

struct People;

impl ViewSet for People {
    type Base = ModelViewSet;
    type Serializer = PersonSerializer;
}

async fn clear(cx: &mut Context) -> Result<NoContent> {
    let one = Person::objects().filter(person::id.eq(1)).get(cx).await?;
    cx.links(&one, Person::fields().friends()).clear().await?;
    Ok(NoContent)
}

fn site(settings: Settings, database: Arc<Database>) -> Arc<Site> {
    let urls = Router::new().register("games", Games).register("people", People).path(
        "clear/",
        ApiView::new("Clear").post(clear),
        "clear",
    );
    Site::builder(settings, database).permissions(AllowAny).mount(urls.at("/")).build().unwrap()
}

fn club(on: On) -> Store {
    let store = Store::serving(on, |_| {}, site);
    store.run(async |conn| {
        let models = [Invitation::META, Game::META, Person::META];
        conn.create_tables(models).await.unwrap();
        let names = ["Ada", "Bob", "Cleo", "Dan"];
        let new = |name: &str| {
            Changes::new().set(person::name, name).set(person::is_member, name != "Dan")
        };
        Person::objects().bulk_create(names.map(new), conn).await.unwrap();
    });
    store
}

#[test]
fn links_of_a_symmetrical_relation_go_both_ways() {
    for on in On::all() {
        let store = club(on);
        let client = store.client();
        let friends = |id: i64| client.get(&format!("/people/{id}/")).json()["friends"].clone();
        let set = |id: i64, friends: Value| {
            let data = json!({ "friends": friends });
            let reply = client.json("PATCH", &format!("/people/{id}/"), &data);
            assert_eq!(reply.status, 200, "{}", reply.text());
        };
        set(1, json!([2, 3]));
        assert_eq!((friends(1), friends(2), friends(3)), (json!([2, 3]), json!([1]), json!([1])));
        set(2, json!([4]));
        assert_eq!((friends(1), friends(2), friends(4)), (json!([3]), json!([4]), json!([2])));
        set(1, json!([3, 4]));
        assert_eq!((friends(3), friends(4)), (json!([1]), json!([1, 2])));
        assert_eq!(client.json("POST", "/clear/", &json!({})).status, 204);
        assert_eq!((friends(1), friends(3), friends(4)), (json!([]), json!([]), json!([2])));
        // from both ends at once
        let start = Arc::new(std::sync::Barrier::new(2));
        let threads = [(1, 3), (3, 1)].map(|(one, other)| {
            let (client, start) = (store.client(), Arc::clone(&start));
            std::thread::spawn(move || {
                start.wait();
                let data = json!({ "friends": [other] });
                client.json("PATCH", &format!("/people/{one}/"), &data).status
            })
        });
        for thread in threads {
            assert_eq!(thread.join().unwrap(), 200);
        }
        assert_eq!((friends(1), friends(3)), (json!([3]), json!([1])));
        // one adds while the other removes: afterwards both are friends, or neither is
        for _ in 0..20 {
            let start = Arc::new(std::sync::Barrier::new(2));
            let threads = [(1, json!([2, 3])), (3, json!([]))].map(|(one, others)| {
                let (client, start) = (store.client(), Arc::clone(&start));
                std::thread::spawn(move || {
                    start.wait();
                    let data = json!({ "friends": others });
                    client.json("PATCH", &format!("/people/{one}/"), &data).status
                })
            });
            for thread in threads {
                assert_eq!(thread.join().unwrap(), 200);
            }
            let has = |id: i64, other: i64| friends(id).as_array().unwrap().contains(&json!(other));
            assert_eq!(has(1, 3), has(3, 1));
            assert!(has(1, 2) && has(2, 1));
            set(1, json!([]));
        }
    }
}

#[test]
fn a_foreign_key_is_limited_to_the_rows_that_the_model_says() {
    for on in On::all() {
        let store = club(on);
        let post = |data: Value| {
            let reply = store.client().json("POST", "/games/", &data);
            (reply.status, reply.json())
        };
        assert_eq!(post(json!({"winner": 1, "loser": 4})).0, 201);
        let missing =
            |id: i64| json!({"winner": [format!("Invalid pk \"{id}\" - object does not exist.")]});
        assert_eq!(post(json!({"winner": 4, "loser": 1})), (400, missing(4)));
        assert_eq!(post(json!({"winner": 99})), (400, missing(99)));
        store.run(async |conn| {
            let game = |winner: i64| Changes::new().set(game::winner_id, winner);
            conn.full_clean(&mut game(2)).await.unwrap();
            let refused = conn.full_clean(&mut game(4)).await;
            let Err(ApiException::Validation(detail)) = refused else { panic!("{refused:?}") };
            let text = "person instance with id 4 does not exist.";
            assert_eq!(detail.to_json(), json!({ "winner": [text] }));
        });
    }
}

async fn names(query: QuerySet<Person>, conn: &Conn) -> Vec<String> {
    query.values(person::name).all(conn).await.unwrap()
}

#[test]
fn a_table_between_may_have_more_keys_of_the_same_model() {
    for on in On::all() {
        club(on).run(async |conn| {
            let all = [(1, 2, Some(3)), (1, 3, None), (2, 1, Some(4))];
            let new = all.map(|(host, guest, by)| {
                let link =
                    Changes::new().set(invitation::host_id, host).set(invitation::guest_id, guest);
                link.set(invitation::asked_by_id, by)
            });
            Invitation::objects().bulk_create(new, conn).await.unwrap();
            let hosts = Person::objects().filter_by(Person::fields().guests().name().exact("Bob"));
            assert_eq!(names(hosts, conn).await, ["Ada"]);
            let ada = Person::objects().filter(person::id.eq(1)).get(conn).await.unwrap();
            let guests = conn.prefetch([&ada], Person::fields().guests(), Person::objects());
            let guests = within(1, conn, guests).await.unwrap();
            assert_eq!(guests.of(&ada).map(|guest| guest.id).collect::<Vec<_>>(), [2, 3]);
            let asked = Person::objects()
                .filter_by(Person::fields().asked_for().host().name().exact("Bob"));
            assert_eq!(names(asked, conn).await, ["Dan"]);
        });
    }
}
