//! What is stored, and the errors if it cannot be: nested rows, links, constraints, and abandoned
//! transactions.

use std::time::Duration;

use musicstore::models::*;
use quintet::authentication::TokenAuthentication;
use quintet::prelude::*;
use quintet::serializers::SlugRelated;
use quintet_tests::client::Reply;
use quintet_tests::store::{ADMIN, On, Store};
use serde_json::{Value, json};

/// A line whose missing values only the database reports.
#[derive(Serializer)]
#[serializer(model = InvoiceLine)]
pub(crate) struct LooseLineSerializer {
    id: i64,
    invoice: PrimaryKeyRelated<Invoice>,
    track: PrimaryKeyRelated<Track>,
    #[field(required = false)]
    unit_price: Decimal,
    #[field(source = quantity, required = false)]
    pieces: i32,
}

pub(crate) struct LooseLineViewSet;

impl ViewSet for LooseLineViewSet {
    type Base = ModelViewSet;
    type Serializer = LooseLineSerializer;
}

#[derive(Serializer)]
#[serializer(model = Customer)]
pub(crate) struct CustomerRowSerializer {
    first_name: String,
    last_name: String,
    email: String,
    support_rep: Option<PrimaryKeyRelated<Employee>>,
}

/// An employee with any number of customers.
#[derive(Serializer)]
#[serializer(model = Employee)]
pub(crate) struct StaffSerializer {
    id: i64,
    first_name: String,
    last_name: String,
    #[field(nested, writable)]
    customers: Vec<CustomerRowSerializer>,
}

/// Stores employees without their customers, and tells how many were valid.
pub(crate) struct StaffViewSet;

impl ViewSet for StaffViewSet {
    type Base = ModelViewSet;
    type Serializer = StaffSerializer;

    async fn perform_create(
        &self,
        mut new: Changes<Employee>,
        cx: &mut Context,
    ) -> Result<Employee> {
        let customers = new.take_nested::<Customer>("customers").unwrap_or_default();
        cx.save(new.set(employee::city, Some(customers.len().to_string()))).await
    }
}

#[derive(Serializer)]
#[serializer(model = Track)]
pub(crate) struct AlbumRowSerializer {
    name: String,
    #[field(slug = name)]
    media_type: SlugRelated<MediaType>,
    milliseconds: i32,
}

#[derive(Serializer)]
#[serializer(model = Album)]
pub(crate) struct RecordSerializer {
    id: i64,
    title: String,
    artist: PrimaryKeyRelated<Artist>,
    #[field(nested, writable)]
    tracks: Vec<AlbumRowSerializer>,
}

/// Stores albums with all their tracks.
pub(crate) struct RecordViewSet;

impl ViewSet for RecordViewSet {
    type Base = ModelViewSet;
    type Serializer = RecordSerializer;

    async fn perform_create(&self, mut new: Changes<Album>, cx: &mut Context) -> Result<Album> {
        let tracks = new.take_nested::<Track>("tracks").unwrap_or_default();
        let album = cx.save(new).await?;
        for track in tracks {
            let price = Decimal::new(99, 2);
            cx.save(track.set(track::album_id, Some(album.id)).set(track::unit_price, price))
                .await?;
        }
        Ok(album)
    }
}

/// Deletes an artist, and stops waiting for it.
async fn impatient(cx: &mut Context) -> Result<Response> {
    let artist = Artist::objects().filter(artist::name.eq("Patient")).get_or_404(cx).await?;
    let deletion = cx.transaction(async |cx| {
        cx.delete(&artist).await?;
        std::future::pending::<Result<()>>().await
    });
    let ended = tokio::time::timeout(Duration::from_millis(50), deletion).await;
    Response::new(&json!({"deleted": ended.is_ok()}))
}

/// Locks a row outside a transaction.
async fn careless(cx: &mut Context) -> Result<Response> {
    let artist = Artist::objects().filter(artist::id.eq(1)).get_or_404(cx).await?;
    let artist = cx.lock(&artist).await?;
    Response::new(&json!({"name": artist.name}))
}

/// A row without validation.
async fn bare(cx: &mut Context) -> Result<Response> {
    cx.save(Changes::<InvoiceLine>::new().set(invoice_line::track_id, 1_i64)).await?;
    Response::new(&json!("stored"))
}

/// A row that a constraint of the table refuses.
async fn refused(cx: &mut Context) -> Result<Response> {
    let sql =
        "CREATE TABLE test_price (amount integer CONSTRAINT price_is_positive CHECK (amount > 0))";
    cx.batch_execute(sql).await?;
    cx.batch_execute("INSERT INTO test_price VALUES (-1)").await?;
    Response::new(&json!("stored"))
}

fn store(on: On, atomic: bool) -> Store {
    Store::serving(
        on,
        |settings| settings.atomic_requests = atomic,
        |mut settings, database| {
            settings.throttle.default_rates(musicstore::throttles::RATES);
            let open = |name| ApiView::new(name).permissions(AllowAny);
            let router = musicstore::urls()
                .path("impatient/", open("Impatient").post(impatient), "impatient")
                .path("careless/", open("Careless").post(careless), "careless")
                .path("bare/", open("Bare").post(bare), "bare")
                .path("refused/", open("Refused").post(refused), "refused")
                .register("loose-lines", LooseLineViewSet)
                .register("staff", StaffViewSet)
                .register("records", RecordViewSet);
            Site::builder(settings, database)
                .authentication(TokenAuthentication::new())
                .mount(router.at("/api/"))
                .build()
                .expect("the site builds")
        },
    )
}

fn is(reply: &Reply, status: u16, body: &Value) {
    assert_eq!((reply.status, &reply.json()), (status, body));
}

#[test]
fn a_new_row_in_a_list_needs_its_fields_in_a_patch_too() {
    for on in On::all() {
        let store = Store::new(on);
        let client = store.client_of(ADMIN);
        let before = client.get("/api/invoices/2/").json();
        let required = json!(["This field is required."]);
        let patch = |body: Value| client.json("PATCH", "/api/invoices/2/", &body);
        let lines = json!({"lines": [{"track": 3}]});
        is(&patch(lines), 400, &json!({"lines": {"0": {"quantity": required}}}));
        let lines = json!({"lines": [{"track": 3, "quantity": 1}, {"quantity": 1}, {}]});
        let missing = json!({"track": required, "quantity": required});
        is(&patch(lines), 400, &json!({"lines": {"1": {"track": required}, "2": missing}}));
        let form = [("Content-Type", "application/x-www-form-urlencoded")];
        let reply = client.send("PATCH", "/api/invoices/2/", &form, b"lines[0]track=3");
        is(&reply, 400, &json!({"lines": {"0": {"quantity": required}}}));
        assert_eq!(client.get("/api/invoices/2/").json(), before);
        // optional for a new row, so optional here too
        let reply = patch(json!({"lines": [{"track": 3, "quantity": 1}]}));
        assert_eq!((reply.status, &reply.json()["lines"][0]["unit_price"]), (200, &json!("0.99")));
    }
}

#[test]
fn a_null_that_the_database_finds_is_a_400_under_the_field() {
    for on in On::all() {
        let store = store(on, false);
        let client = store.client_of(ADMIN);
        let nothing = json!(["This field may not be null."]);
        let mut line = json!({"invoice": 1, "track": 1});
        let post = |line: &Value| client.json("POST", "/api/loose-lines/", line);
        is(&post(&line), 400, &json!({"unit_price": nothing}));
        line["unit_price"] = json!("1.00");
        is(&post(&line), 400, &json!({"pieces": nothing}));
        line["pieces"] = json!(1);
        assert_eq!(post(&line).status, 201);
        is(&client.send("POST", "/api/bare/", &[], b""), 400, &json!({"unit_price": nothing}));
    }
}

#[test]
fn a_check_that_the_database_makes_is_a_400_with_its_name() {
    for on in On::all() {
        let store = store(on, true);
        let reply = store.client_of(ADMIN).send("POST", "/api/refused/", &[], b"");
        let text = "Constraint \u{201c}price_is_positive\u{201d} is violated.";
        is(&reply, 400, &json!({"non_field_errors": [text]}));
    }
}

#[test]
fn work_that_is_given_up_inside_an_atomic_request_takes_the_request_along() {
    for on in On::all() {
        for (atomic, status) in [(true, 500), (false, 200)] {
            let store = store(on, atomic);
            let client = store.client_of(ADMIN);
            let artist = client.json("POST", "/api/artists/", &json!({"name": "Patient"}));
            let id = &artist.json()["id"];
            let album = json!({"title": "Patience", "artist_id": id});
            assert_eq!(client.json("POST", "/api/albums/", &album).status, 201);
            let reply = client.send("POST", "/api/impatient/", &[], b"");
            assert_eq!(reply.status, status, "{on:?} {}", reply.text());
            let kept = client.get(&format!("/api/artists/{id}/")).json();
            assert_eq!(kept["album_count"], 1, "{on:?}, atomic {atomic}");
        }
    }
}

#[test]
fn a_row_is_locked_inside_a_transaction_only() {
    for on in On::all() {
        for (atomic, status) in [(true, 200), (false, 500)] {
            let store = store(on, atomic);
            let reply = store.client_of(ADMIN).send("POST", "/api/careless/", &[], b"");
            assert_eq!(reply.status, status, "{on:?} {}", reply.text());
        }
    }
}

#[test]
fn links_that_stay_keep_their_rows() {
    for on in On::all() {
        let store = Store::new(on);
        let client = store.client_of(ADMIN);
        let list = json!({"name": "Mine", "tracks": [1, 2, 3]});
        let id = client.json("POST", "/api/playlists/", &list).json()["id"].clone();
        let link = |track: i64| {
            let sql = "SELECT coalesce(max(id), 0) FROM store_playlist_tracks WHERE playlist_id";
            store.number(&format!("{sql} = {id} AND track_id = {track}"))
        };
        let before: Vec<i64> = (1..=4).map(link).collect();
        for method in ["PUT", "PATCH"] {
            let body = json!({"name": "Mine", "tracks": [4, 3, 2]});
            let reply = client.json(method, &format!("/api/playlists/{id}/"), &body);
            assert_eq!((reply.status, &reply.json()["tracks"]), (200, &json!([2, 3, 4])));
            let after: Vec<i64> = (1..=4).map(link).collect();
            assert_eq!((after[0], &after[1..3]), (0, &before[1..3]), "{on:?} {method}");
            assert!(after[3] > before[2], "{on:?}");
        }
        let none = client.json("PATCH", &format!("/api/playlists/{id}/"), &json!({"tracks": []}));
        assert_eq!((none.status, &none.json()["tracks"]), (200, &json!([])));
    }
}

/// More rows than a statement has columns on any database.
const MANY: usize = 5_000;

#[test]
fn thousands_of_nested_rows_are_asked_about_in_few_statements() {
    for on in On::all() {
        let store = store(on, false);
        let client = store.client_of(ADMIN);
        let customers = |last: Value| -> Value {
            let mut rows: Vec<Value> = (0..MANY)
                .map(|number| {
                    let email = format!("row{number}@example.com");
                    json!({"first_name": "A", "last_name": "B", "email": email, "support_rep": 1 + number % 8})
                })
                .collect();
            rows.push(last);
            json!({"first_name": "C", "last_name": "D", "customers": rows})
        };
        let post = |body: Value| store.counted(|| client.json("POST", "/api/staff/", &body));
        let taken = "luisg@embraer.com.br";
        let last = json!({"first_name": "A", "last_name": "B", "email": taken, "support_rep": 99});
        let (statements, reply) = post(customers(last));
        let errors = json!({
            "email": ["customer with this email already exists."],
            "support_rep": ["Invalid pk \"99\" - object does not exist."],
        });
        is(&reply, 400, &json!({"customers": { MANY.to_string(): errors }}));
        assert!(statements < 100, "{on:?} {statements}");
        let last = json!({"first_name": "A", "last_name": "B", "email": "x@example.com"});
        let (statements, reply) = post(customers(last));
        assert_eq!(reply.status, 201, "{on:?} {}", reply.text());
        assert!(statements < 100, "{on:?} {statements}");
        let id = &reply.json()["id"];
        let sql = format!("SELECT CAST(city AS bigint) FROM store_employee WHERE id = {id}");
        assert_eq!(store.number(&sql), 5_001);
    }
}

#[test]
fn thousands_of_nested_rows_are_stored_with_their_keys() {
    for on in On::all() {
        let store = store(on, true);
        let client = store.client_of(ADMIN);
        let record = |bad: Option<usize>| -> Value {
            let rows = (0..MANY).map(|number| {
                let kind = if Some(number) == bad { "Wax" } else { "AAC audio file" };
                json!({"name": format!("Row {number}"), "media_type": kind, "milliseconds": 1})
            });
            json!({"title": "Long", "artist": 1, "tracks": rows.collect::<Vec<_>>()})
        };
        let reply = client.json("POST", "/api/records/", &record(Some(4_321)));
        let error = json!({"media_type": ["Object with name=Wax does not exist."]});
        is(&reply, 400, &json!({"tracks": {"4321": error}}));
        let reply = client.json("POST", "/api/records/", &record(None));
        assert_eq!(reply.status, 201, "{on:?} {}", reply.text());
        let id = &reply.json()["id"];
        let kind = "(SELECT id FROM store_mediatype WHERE name = 'AAC audio file')";
        let sql = format!(
            "SELECT count(*) FROM store_track WHERE album_id = {id} AND media_type_id = {kind}"
        );
        assert_eq!(store.number(&sql), 5_000);
    }
}

#[test]
fn thousands_of_links_are_set_at_once_and_the_first_wrong_one_is_told() {
    for on in On::all() {
        let store = Store::new(on);
        let client = store.client_of(ADMIN);
        // every track once, then again
        let mut tracks: Vec<i64> = (1..=3_503).chain(1..=1_497).collect();
        let list = json!({"name": "All", "tracks": []});
        let id = client.json("POST", "/api/playlists/", &list).json()["id"].clone();
        let address = format!("/api/playlists/{id}/");
        let reply = client.json("PATCH", &address, &json!({ "tracks": tracks }));
        assert_eq!(reply.status, 200, "{}", reply.text());
        let links = "SELECT count(*) FROM store_playlist_tracks WHERE playlist_id = ";
        let links = format!("{links}{id}");
        assert_eq!(store.number(&links), 3_503, "{on:?}");
        tracks.extend([9_998, 9_999]);
        let reply = client.json("PATCH", &address, &json!({ "tracks": tracks }));
        is(&reply, 400, &json!({"tracks": ["Invalid pk \"9998\" - object does not exist."]}));
        assert_eq!(store.number(&links), 3_503, "{on:?}");
    }
}
