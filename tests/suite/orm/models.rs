//! What models say of themselves: other views of a table, types of one's own, constraints, names.

use std::sync::Arc;

use musicstore::models as store;
use quintet::db::hooks::Saving;
use quintet::db::{Conn, CustomColumn, Error, LOOKUP_SEP, Lower, Path};
use quintet::prelude::*;
use quintet_tests::client::Client;
use quintet_tests::store::{On, Store};
use serde_json::{Value, json};

use super::{reading, within, writing};

/// Tracks of more than five minutes: another view of the table, with a manager, an order and methods of
/// its own.
#[model(table = "store_track", proxy = store::Track, objects = only_long, ordering(-milliseconds))]
pub struct LongTrack {
    pub id: i64,
    pub name: String,
    pub composer: Option<String>,
    pub milliseconds: i32,
    pub bytes: Option<i32>,
    #[field(decimal(10, 2))]
    pub unit_price: Decimal,
    #[field(foreign_key = store::Album)]
    pub album_id: Option<i64>,
    pub genre_id: Option<i64>,
    pub media_type_id: i64,
}

fn only_long(rows: QuerySet<LongTrack>) -> QuerySet<LongTrack> {
    rows.filter(long_track::milliseconds.gt(300_000))
}

impl LongTrack {
    fn minutes(&self) -> i32 {
        self.milliseconds / 60_000
    }
}

#[test]
fn a_proxy_is_another_view_of_the_rows_of_a_model() {
    writing(async |conn, _| {
        conn.database().register([
            store::InvoiceLine::META,
            store::Playlist::META,
            store::Track::META,
        ]);
        let all = store::Track::objects().filter(store::track::milliseconds.gt(300_000));
        let (long, all) =
            (LongTrack::objects().count(conn).await.unwrap(), all.count(conn).await.unwrap());
        assert_eq!(long, all);
        let longest = LongTrack::objects().first(conn).await.unwrap().unwrap();
        assert_eq!((longest.id, longest.minutes()), (2820, 88));
        // relations, and the same row as the model has it
        let title = LongTrack::fields().album().title();
        let facelift = LongTrack::objects().filter_by(title.exact("Facelift"));
        assert_eq!(facelift.count(conn).await.unwrap(), 3);
        let track: store::Track = longest.clone().into();
        let read =
            store::Track::objects().filter(store::track::id.eq(2820)).get(conn).await.unwrap();
        assert_eq!(track, read);
        assert_eq!(LongTrack::from(read), longest);
        // what points at the rows goes with them: a line of an invoice protects none here
        conn.batch_execute("DELETE FROM store_invoiceline").await.unwrap();
        let own = LongTrack::objects().filter(long_track::id.eq(2820));
        assert!(own.delete(conn).await.unwrap() >= 1);
        let gone = store::Track::objects().filter(store::track::id.eq(2820));
        assert!(!gone.exists(conn).await.unwrap());
        let links = store::Playlist::objects();
        let linked = store::Playlist::fields().tracks().id().exact(2820);
        assert_eq!(links.filter_by(linked).count(conn).await.unwrap(), 0);
    });
}

/// A name in capitals, which is stored as it was.
#[derive(Debug, Clone, PartialEq)]
pub struct Loud(pub String);

impl CustomColumn for Loud {
    type Stored = String;

    fn from_db_value(text: String) -> Self {
        Self(text.to_uppercase())
    }

    fn get_prep_value(&self) -> String {
        self.0.to_lowercase()
    }
}

quintet::custom_column!(Loud, String);

/// A length in seconds of a column in milliseconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Seconds(pub i32);

impl CustomColumn for Seconds {
    type Stored = i32;

    fn from_db_value(milliseconds: i32) -> Self {
        Self(milliseconds / 1000)
    }

    fn get_prep_value(&self) -> i32 {
        self.0.saturating_mul(1000)
    }
}

quintet::custom_column!(Seconds, i32);

#[expect(clippy::needless_pass_by_value, reason = "validators take the value")]
fn not_shouted(name: Loud) -> Validated {
    if name.0.contains('!') { Err("No exclamation marks.".into()) } else { Ok(()) }
}

#[model(table = "store_genre", ordering(id))]
pub struct Style {
    pub id: i64,
    #[field(custom, max_length = 20, unique, validators = [not_shouted])]
    pub name: Loud,
}

#[model(table = "store_track", ordering(id))]
pub struct Timed {
    pub id: i64,
    #[field(custom, column = "milliseconds", default = Seconds(0))]
    pub length: Seconds,
    #[field(foreign_key = Style, column = "genre_id", related_name = timed)]
    pub style_id: Option<i64>,
}

#[derive(Serializer)]
#[serializer(model = Style, fields = all)]
struct StyleSerializer {
    #[field(method)]
    url: String,
}

impl StyleSerializer {
    fn get_url(style: &Style, cx: &Context) -> String {
        style.get_absolute_url(cx).unwrap()
    }
}

struct Styles;

impl ViewSet for Styles {
    type Base = ModelViewSet;
    type Serializer = StyleSerializer;
    const FILTERSET_FIELDS: Filters<Style> = filter_fields![name];
    const SEARCH_FIELDS: SearchFields<Style> = search_fields![name];
}

#[test]
fn a_type_of_ones_own_is_the_value_of_a_column() {
    writing(async |conn, _| {
        let rock = Style::objects().filter(style::id.eq(1)).get(conn).await.unwrap();
        assert_eq!(rock.name, Loud("ROCK".into()));
        let new = Changes::new().set(style::name, Loud("FADO".into()));
        let fado = Style::objects().bulk_create([new], conn).await.unwrap().pop().unwrap();
        let stored = store::Genre::objects().filter(store::genre::id.eq(fado.id)).get(conn).await;
        assert_eq!(stored.unwrap().name, "fado");
        // compared by what is stored, in both kinds of conditions
        let by_path = Style::fields().name().exact(Loud("FADO".into()));
        assert_eq!(Style::objects().filter_by(by_path).get(conn).await.unwrap().id, fado.id);
        let by_diesel = Style::objects().filter(style::name.eq(Loud("FADO".into())));
        assert_eq!(by_diesel.get(conn).await.unwrap().id, fado.id);
        let among = Style::fields().name().is_in([Loud("FADO".into()), Loud("X".into())]);
        assert_eq!(Style::objects().filter_by(among).count(conn).await.unwrap(), 1);
        let names =
            Style::objects().filter(style::id.le(2)).values(style::name).all(conn).await.unwrap();
        assert_eq!(names, [Loud("ROCK".into()), Loud("JAZZ".into())]);
        let maps =
            Style::objects().filter(style::id.eq(1)).values(style::name).maps(conn).await.unwrap();
        assert_eq!(json!(maps), json!([{"name": "Rock"}]));
        let one = Timed::objects().filter(timed::id.eq(1));
        assert_eq!(one.clone().get(conn).await.unwrap().length, Seconds(343));
        one.clone().update(Changes::new().set(timed::length, Seconds(7)), conn).await.unwrap();
        let track = store::Track::objects().filter(store::track::id.eq(1)).get(conn).await.unwrap();
        assert_eq!(track.milliseconds, 7000);
        let of_rock = Timed::fields().style().name().exact(Loud("rock".into()));
        assert!(Timed::objects().filter_by(of_rock).count(conn).await.is_ok());
        assert_eq!(serde_json::to_value(Seconds(2)).unwrap(), json!(2000));
    });
}

fn site(settings: Settings, database: Arc<Database>) -> Arc<Site> {
    let urls = Router::new().register("styles", Styles).register("parts", Parts);
    Site::builder(settings, database).permissions(AllowAny).mount(urls.at("/")).build().unwrap()
}

#[test]
fn serializers_and_filters_take_a_type_of_ones_own() {
    for on in On::all() {
        let client = Store::serving(on, |_| {}, site);
        let post = |name: &str| {
            let reply = client.client().json("POST", "/styles/", &json!({ "name": name }));
            (reply.status, reply.json())
        };
        let (status, made) = post("fado");
        assert_eq!((status, &made["name"]), (201, &json!("fado")), "{made}");
        let url = format!("http://testserver/styles/{}/", made["id"]);
        assert_eq!(made["url"], json!(url));
        assert_eq!(post("No!"), (400, json!({"name": ["No exclamation marks."]})));
        assert_eq!(post(""), (400, json!({"name": ["This field may not be blank."]})));
        let long = "Ensure this field has no more than 20 characters.";
        assert_eq!(post("a very long name of a style"), (400, json!({ "name": [long] })));
        let found = client.client().get("/styles/?name=fado").json();
        assert_eq!(found, json!([made]));
    }
}

/// A part that says everything about itself.
#[model(
    app = "parts",
    ordering(id),
    clean_fields = no_nines,
    validate_unique = one_of_each_weight,
    constraints(
        unique(expressions = |row| Lower::of(row.label()), name = "labels_without_case"),
        unique(fields(shelf, place), name = "one_open_place", condition = |row| row.open().exact(true)),
        check(name = "pieces_are_there", condition = |row| row.pieces().gt(0)),
        check(
            name = "not_too_heavy",
            condition = |row| row.clone().weight().lt(1000) | row.open().exact(false),
            message = "Too heavy for an open shelf.",
            code = "heavy",
        ),
    )
)]
pub struct Part {
    pub id: i64,
    #[field(max_length = 20)]
    pub label: String,
    #[field(default = 1)]
    pub shelf: i32,
    pub place: Option<i32>,
    #[field(default = true)]
    pub open: bool,
    pub pieces: i32,
    #[field(default = 1, column = "mass")]
    pub weight: i32,
}

async fn no_nines(part: &mut Saving<'_, Part>) -> Result<()> {
    if part.get(part::pieces).await? == Some(9) {
        return Err(ApiException::validation(Detail::field("pieces", ["Nine is no number."])));
    }
    Ok(())
}

async fn one_of_each_weight(part: &mut Saving<'_, Part>) -> Result<()> {
    let weight = part.get(part::weight).await?.unwrap_or_default();
    let same = Part::objects().filter(part::weight.eq(weight)).filter(part::pieces.gt(100));
    if same.exists(part.conn()).await? {
        return Err(ApiException::validation("There are many of this weight."));
    }
    Ok(())
}

#[derive(Serializer)]
#[serializer(model = Part, fields = all)]
struct PartSerializer {}

struct Parts;

impl ViewSet for Parts {
    type Base = ModelViewSet;
    type Serializer = PartSerializer;
}

fn parts(on: On) -> Store {
    let store = Store::serving(on, |_| {}, site);
    // with the constraints, as the model says them
    store.run(async |conn| conn.create_tables([Part::META]).await.unwrap());
    store
}

fn new(label: &str, pieces: i32) -> Changes<Part> {
    Changes::new().set(part::label, label).set(part::pieces, pieces)
}

async fn refused(mut changes: Changes<Part>, conn: &Conn) -> Value {
    match conn.full_clean(&mut changes).await {
        Ok(()) => Value::Null,
        Err(ApiException::Validation(detail)) => detail.to_json(),
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn a_full_clean_checks_fields_hooks_and_constraints() {
    for on in On::all() {
        parts(on).run(async |conn| {
            assert_eq!(refused(new("a", 1), conn).await, Value::Null);
            let violated = |name: &str| json!({"non_field_errors": [format!("Constraint \u{201c}{name}\u{201d} is violated.")]});
            assert_eq!(refused(new("a", 0), conn).await, violated("pieces_are_there"));
            assert_eq!(refused(new("a", 9), conn).await, json!({"pieces": ["Nine is no number."]}));
            let heavy = || new("a", 1).set(part::weight, 5000);
            assert_eq!(
                refused(heavy(), conn).await,
                json!({"non_field_errors": ["Too heavy for an open shelf."]})
            );
            assert_eq!(refused(heavy().set(part::open, false), conn).await, Value::Null);
            let many = new("many", 500).set(part::weight, 7).set(part::place, 3);
            Part::objects().bulk_create([many], conn).await.unwrap();
            let same = json!({"non_field_errors": ["There are many of this weight."]});
            assert_eq!(refused(new("b", 1).set(part::weight, 7), conn).await, same);
            // a unique set with a condition, which null and other rows escape
            let here = || new("c", 1).set(part::place, 3);
            assert_eq!(refused(here(), conn).await, violated("one_open_place"));
            assert_eq!(refused(here().set(part::open, false), conn).await, Value::Null);
            assert_eq!(refused(here().set(part::place, None), conn).await, Value::Null);
            let stored = Part::objects().get(conn).await.unwrap();
            let own = Changes::of(&stored).set(part::weight, 8);
            assert_eq!(refused(own, conn).await, Value::Null);
        });
    }
}

#[test]
fn what_the_database_refuses_is_a_400_with_the_constraints_message() {
    for on in On::all() {
        let store = parts(on);
        let client = store.client();
        let post = |client: &Client, label: &str, pieces: i32| {
            let data = json!({"label": label, "pieces": pieces});
            let reply = client.json("POST", "/parts/", &data);
            (reply.status, reply.json())
        };
        assert_eq!(post(&client, "Wheel", 1).0, 201);
        let violated = |name: &str| json!({"non_field_errors": [format!("Constraint \u{201c}{name}\u{201d} is violated.")]});
        assert_eq!(post(&client, "WHEEL", 1), (400, violated("labels_without_case")));
        assert_eq!(post(&client, "Other", 0), (400, violated("pieces_are_there")));
        // two clients at once
        let start = Arc::new(std::sync::Barrier::new(2));
        let threads = ["Bolt", "BOLT"].map(|label| {
            let (client, start) = (store.client(), Arc::clone(&start));
            std::thread::spawn(move || {
                start.wait();
                post(&client, label, 1).0
            })
        });
        let mut statuses = threads.map(|thread| thread.join().unwrap());
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 400]);
    }
}

#[test]
fn apps_columns_and_names_are_what_the_model_says() {
    // `Meta.app_label` and `db_column`
    assert_eq!((Part::META.app_label, Part::META.table), ("parts", "parts_part"));
    let weight = Part::META.column("weight").unwrap();
    assert_eq!((weight.name, weight.column), ("weight", "mass"));
    assert_eq!(quintet::auth::permissions_of(Part::META)[0].0, "add_part");
    let name = ["style", "name"].join(LOOKUP_SEP);
    assert_eq!(Path::parse::<Timed>(&name).unwrap().name(), "style__name");
    for on in On::all() {
        parts(on).run(async |conn| {
            let heavy = || new("x", 1).set(part::weight, 42);
            Part::objects().bulk_create([heavy()], conn).await.unwrap();
            let found = Part::objects().filter_by(Part::fields().weight().gt(41));
            assert_eq!(
                found.then_by_desc(part::weight).first(conn).await.unwrap().unwrap().weight,
                42
            );
        });
    }
}

#[test]
fn tables_are_listed_and_keys_go_on_behind_the_greatest() {
    writing(async |conn, _| {
        let names = within(1, conn, conn.table_names()).await.unwrap();
        let has = |name: &str| names.iter().any(|own| own == name);
        assert!(has("store_track") && has("auth_user") && !has("pg_class"), "{names:?}");
        assert!(names.is_sorted());
        let sql = "INSERT INTO store_genre (id, name) VALUES (5000, 'Far')";
        conn.batch_execute(sql).await.unwrap();
        conn.reset_sequences([store::Genre::META, store::Employee::META]).await.unwrap();
        let new = Changes::new().set(store::genre::name, "Next");
        let next = store::Genre::objects().bulk_create([new], conn).await.unwrap();
        assert_eq!(next[0].id, 5001);
    });
}

#[test]
fn a_connection_says_which_database_it_is() {
    reading(async |conn, on| {
        let expected = if on == On::Sqlite { "sqlite" } else { "postgresql" };
        assert_eq!((conn.vendor(), conn.alias()), (expected, "default"));
        let refused: Result<i64, Error> = store::Track::objects().count(conn).await;
        assert_eq!(refused.unwrap(), 3503);
    });
}

impl Style {
    /// Where it is shown (`get_absolute_url`).
    fn get_absolute_url(&self, cx: &Context) -> Result<String> {
        cx.reverse("style-detail", &[("pk", &self.id.to_string())])
    }
}
