//! Several databases of one site: by name, by a router, and a replica for safe requests.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use musicstore::models::{Genre, Track, genre, track};
use quintet::db::hooks::{Saved, post_save};
use quintet::db::{
    Conn, Connections, DEFAULT_DB_ALIAS, Database, DatabaseConfig, DatabaseRouter, Error, ModelMeta,
};
use quintet::prelude::*;
use quintet_tests::client::Client;
use quintet_tests::store::{ADMIN, On, Store};
use serde_json::json;

#[derive(Serializer)]
#[serializer(model = Genre, fields = all)]
struct GenreSerializer {}

struct GenreViewSet;

impl ViewSet for GenreViewSet {
    type Base = ModelViewSet;
    type Serializer = GenreSerializer;
}

/// How many genres each database has.
async fn counts(cx: &mut Context) -> Result<Response> {
    let own = Genre::objects().count(cx).await?;
    let archive = cx.using("archive")?;
    let archived = Genre::objects().count(&archive).await?;
    Response::new(&json!({"here": cx.alias(), "own": own, "archive": archived}))
}

/// Writes to the archive, in a transaction of its own where the query says so.
async fn archive(cx: &mut Context) -> Result<Response> {
    let plays =
        || Changes::new().set_expression(track::milliseconds, Track::fields().milliseconds() + 1);
    let mut archive = cx.connection("archive")?;
    let changed: Result<usize> = archive
        .transaction(async |archive| {
            let one = || Track::objects().filter(track::id.eq(1));
            let before = one().select_for_update().get(archive).await?;
            one().update(plays(), archive).await?;
            let after = one().get(archive).await?;
            Ok(usize::try_from(after.milliseconds - before.milliseconds).unwrap_or_default())
        })
        .await;
    Response::new(&changed?)
}

/// Waits in the middle of a transaction on the archive.
async fn slow(cx: &mut Context) -> Result<Response> {
    let mut archive = cx.connection("archive")?;
    let plays =
        || Changes::new().set_expression(track::milliseconds, Track::fields().milliseconds() + 1);
    let one = || Track::objects().filter(track::id.eq(1));
    let changed: Result<usize> = archive
        .transaction(async |archive| {
            one().update(plays(), archive).await?;
            actix_web::rt::time::sleep(Duration::from_millis(100)).await;
            Ok(one().update(plays(), archive).await?)
        })
        .await;
    let changed = changed? + one().update(plays(), &archive).await?;
    Response::new(&changed)
}

/// Writes by another connection to the database that a transaction of the request writes to.
async fn beside(cx: &mut Context) -> Result<Response> {
    let new = |name: &str| Changes::new().set(genre::name, name);
    let refused: Result<bool> = cx
        .transaction(async |cx| {
            Genre::objects().bulk_create([new("Fado")], cx).await?;
            let mut other = cx.connection(cx.alias())?;
            assert_eq!(Genre::objects().count(&other).await?, 25);
            let plain = Genre::objects().bulk_create([new("Morna")], &other).await;
            let whole: Result<_, Error> = other
                .transaction(async |other| {
                    Genre::objects().bulk_create([new("Samba")], other).await
                })
                .await;
            Ok([plain, whole].iter().all(|result| matches!(result, Err(Error::Misuse(_)))))
        })
        .await;
    let after = cx.connection(cx.alias())?;
    Genre::objects().bulk_create([new("Choro")], &after).await?;
    Response::new(&refused?)
}

/// A row that is written is seen under the name of the request's own database, before the commit.
async fn own_writes(cx: &mut Context) -> Result<Response> {
    let made: Result<(i64, i64)> = cx
        .transaction(async |cx| {
            let new = Changes::new().set(genre::name, "Uncommitted");
            Genre::objects().bulk_create([new], cx).await?;
            let here = cx.alias().to_owned();
            let named = Genre::objects().count(&*cx.using(&here)?).await?;
            let other = Genre::objects().count(&*cx.using("archive")?).await?;
            Ok((named, other))
        })
        .await;
    Response::new(&made?)
}

/// A view that writes with a safe method, which belongs on no replica.
async fn writes(cx: &mut Context) -> Result<Response> {
    let new = Changes::new().set(genre::name, "Written by GET");
    Genre::objects().bulk_create([new], cx).await?;
    Response::new(&cx.alias())
}

/// Where a request works, and how many genres are there.
async fn place(cx: &mut Context) -> Result<Response> {
    Response::new(&(cx.alias(), Genre::objects().count(cx).await?))
}

struct GenresElsewhere;

impl DatabaseRouter for GenresElsewhere {
    fn db_for_read(&self, model: &ModelMeta) -> Option<&str> {
        (model.name == "Genre").then_some("archive")
    }

    fn db_for_write(&self, model: &ModelMeta) -> Option<&str> {
        self.db_for_read(model)
    }
}

/// What databases a site has.
#[derive(Clone, Copy, PartialEq)]
enum With {
    Archive,
    Replica,
    Router,
}

/// A site over two databases; the second has 24 genres where the first has 25.
fn two(on: On, with: With) -> (Store, Store) {
    two_of(on, on, with)
}

fn two_of(on: On, other: On, with: With) -> (Store, Store) {
    let other = Store::new(other);
    other.execute("UPDATE store_track SET genre_id = 1 WHERE genre_id = 25; DELETE FROM store_genre WHERE id = 25");
    let url = other.url().to_owned();
    let store = Store::serving(
        on,
        |_| {},
        |settings, database| {
            let config = DatabaseConfig::new(url).read_only(with == With::Replica);
            let second = Database::open(config).unwrap();
            let all = Connections::builder(Arc::clone(&database)).database("archive", second);
            let all = match with {
                With::Archive => all,
                With::Replica => all.replica("archive"),
                With::Router => all.router(GenresElsewhere),
            };
            let open = |name| ApiView::new(name).permissions(AllowAny);
            let router = Router::new()
                .path("counts/", open("Counts").get(counts).post(counts), "counts")
                .path("archive/", open("Archive").post(archive), "archive")
                .path("slow/", open("Slow").post(slow), "slow")
                .path("beside/", open("Beside").post(beside), "beside")
                .path("own/", open("Own").post(own_writes), "own")
                .path("writes/", open("Writes").get(writes).post(writes), "writes")
                .path("place/", open("Place").get(place).post(place), "place")
                .register("genres", GenreViewSet);
            Site::builder(settings, database)
                .permissions(AllowAny)
                .databases(&all.build().unwrap())
                .mount(router.at("/"))
                .build()
                .unwrap()
        },
    );
    (store, other)
}

fn genres(store: &Store) -> i64 {
    store.number("SELECT COUNT(*) FROM store_genre")
}

#[test]
fn a_view_reads_and_writes_another_database_by_its_name() {
    for on in On::all() {
        let (store, other) = two(on, With::Archive);
        let client = store.client();
        let both = json!({"here": "default", "own": 25, "archive": 24});
        assert_eq!(client.get("/counts/").json(), both);
        assert_eq!(client.json("POST", "/counts/", &json!({})).json(), both);
        let sql = "SELECT CAST(milliseconds AS bigint) FROM store_track WHERE id = 1";
        let before = (store.number(sql), other.number(sql));
        assert_eq!(client.json("POST", "/archive/", &json!({})).json(), json!(1));
        assert_eq!((store.number(sql), other.number(sql)), (before.0, before.1 + 1));
    }
}

#[test]
fn two_clients_write_another_database_at_once() {
    for on in On::all() {
        let (store, other) = two(on, With::Archive);
        let sql = "SELECT CAST(milliseconds AS bigint) FROM store_track WHERE id = 1";
        let before = other.number(sql);
        let start = Arc::new(Barrier::new(4));
        let clients: Vec<_> = (0..4)
            .map(|_| {
                let (client, start) = (store.client(), Arc::clone(&start));
                std::thread::spawn(move || {
                    start.wait();
                    (0..5).for_each(|_| {
                        let reply = client.json("POST", "/archive/", &json!({}));
                        assert_eq!(reply.json(), json!(1), "{}", reply.text());
                    });
                })
            })
            .collect();
        for client in clients {
            client.join().unwrap();
        }
        assert_eq!(other.number(sql), before + 20);
    }
}

#[test]
fn a_transaction_on_another_database_waits_while_others_work() {
    let pairs = On::all().into_iter().flat_map(|on| [(on, on), (on, On::Sqlite)]);
    for (on, archive) in pairs {
        let (store, other) = two_of(on, archive, With::Archive);
        let sql = "SELECT CAST(milliseconds AS bigint) FROM store_track WHERE id = 1";
        let before = other.number(sql);
        let start = Arc::new(Barrier::new(4));
        let begun = std::time::Instant::now();
        let clients: Vec<_> = (0..4)
            .map(|_| {
                let (client, start) = (store.client(), Arc::clone(&start));
                std::thread::spawn(move || {
                    start.wait();
                    let reply = client.json("POST", "/slow/", &json!({}));
                    assert_eq!(reply.json(), json!(2), "{}", reply.text());
                })
            })
            .collect();
        for client in clients {
            client.join().unwrap();
        }
        // nobody has waited for the end of DATABASE_WAIT_TIMEOUT
        assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
        assert_eq!(other.number(sql), before + 12);
    }
}

#[test]
fn a_second_connection_to_a_file_that_is_being_written_is_refused() {
    let (store, _other) = two(On::Sqlite, With::Archive);
    let reply = store.client().json("POST", "/beside/", &json!({}));
    assert_eq!(reply.json(), json!(true), "{}", reply.text());
    assert_eq!(genres(&store), 27);
}

/// Names a database that there is not, from some moment on.
struct Mistaken(Arc<AtomicBool>);

impl DatabaseRouter for Mistaken {
    fn db_for_read(&self, model: &ModelMeta) -> Option<&str> {
        (model.name == "Genre" && self.0.load(Ordering::Relaxed)).then_some("archief")
    }
}

#[test]
fn a_router_that_names_no_database_is_refused() {
    let mistaken = Arc::new(AtomicBool::new(false));
    let own = Arc::clone(&mistaken);
    let store = Store::serving(
        On::Sqlite,
        |_| {},
        move |settings, database| {
            let site = |router| {
                let database = Database::open(DatabaseConfig::new("sqlite://:memory:")).unwrap();
                let all = Connections::builder(Arc::clone(&database)).router(Mistaken(router));
                let router = Router::new().register("genres", GenreViewSet);
                Site::builder(settings.clone(), database)
                    .databases(&all.build().unwrap())
                    .mount(router.at("/"))
                    .build()
            };
            let refused = site(Arc::new(AtomicBool::new(true))).unwrap_err().to_string();
            let expected = "a router says that `Genre` is in the database `archief`, which there is not: \
                            there are default";
            assert_eq!(refused, expected);
            let all =
                Connections::builder(Arc::clone(&database)).router(Mistaken(Arc::clone(&own)));
            let router = Router::new().register("genres", GenreViewSet);
            Site::builder(settings.clone(), database)
                .permissions(AllowAny)
                .databases(&all.build().unwrap())
                .mount(router.at("/"))
                .build()
                .unwrap()
        },
    );
    let client = store.client();
    assert_eq!(client.get("/genres/").status, 200);
    mistaken.store(true, Ordering::Relaxed);
    assert_eq!(client.get("/genres/").status, 500);
}

#[test]
fn a_receiver_runs_once_on_each_database_of_a_site() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let store = Store::serving(
        On::Sqlite,
        |_| {},
        move |settings, database| {
            let all = Connections::builder(Arc::clone(&database)).build().unwrap();
            let calls = Arc::clone(&counted);
            let count = post_save(async move |_: &Saved<'_, Genre>| {
                calls.fetch_add(1, Ordering::Relaxed);
                Ok(())
            });
            Site::builder(settings, database)
                .permissions(AllowAny)
                .databases(&all)
                .connect(count)
                .mount(Router::new().register("genres", GenreViewSet).at("/"))
                .build()
                .unwrap()
        },
    );
    let made = store.client().json("POST", "/genres/", &json!({"name": "Fado"}));
    assert_eq!((made.status, calls.load(Ordering::Relaxed)), (201, 1));
}

#[test]
fn the_name_of_the_own_database_is_the_own_transaction() {
    for on in On::all() {
        let (store, _other) = two(on, With::Archive);
        let reply = store.client().json("POST", "/own/", &json!({}));
        assert_eq!(reply.json(), json!([26, 24]), "{}", reply.text());
    }
}

#[test]
fn safe_requests_read_from_the_replica_and_others_do_not() {
    for on in On::all() {
        let (store, other) = two(on, With::Replica);
        let client = store.client();
        assert_eq!(client.get("/place/").json(), json!(["archive", 24]));
        assert_eq!(client.json("POST", "/place/", &json!({})).json(), json!(["default", 25]));
        let rows = |client: &Client| client.get("/genres/").json().as_array().map(Vec::len);
        assert_eq!(rows(&client), Some(24));
        let made = client.json("POST", "/genres/", &json!({"name": "Fado"}));
        assert_eq!((made.status, genres(&store), genres(&other)), (201, 26, 24));
        // what an unsafe request writes it reads
        let reply = client.json("POST", "/own/", &json!({}));
        assert_eq!(reply.json(), json!([27, 24]), "{}", reply.text());
        // and nothing is written to the replica
        assert_eq!(client.get("/writes/").status, 500);
        assert_eq!(client.json("POST", "/writes/", &json!({})).json(), json!("default"));
        assert_eq!(genres(&other), 24);
        // an account is found there as well
        let admin = store.client_of(ADMIN).get("/genres/");
        assert_eq!(admin.status, 200);
    }
}

#[test]
fn a_router_says_where_the_rows_of_a_model_are() {
    for on in On::all() {
        let (store, other) = two(on, With::Router);
        let client = store.client();
        assert_eq!(client.get("/genres/").json().as_array().map(Vec::len), Some(24));
        assert_eq!(client.json("POST", "/genres/", &json!({"name": "Fado"})).status, 201);
        assert_eq!((genres(&store), genres(&other)), (25, 25));
        assert_eq!(client.get("/place/").json(), json!(["default", 25]));
    }
}

#[test]
fn tables_are_made_where_the_rows_of_a_model_are_written() {
    apart(async || {
        let memory = || Database::open(DatabaseConfig::new("sqlite://:memory:")).unwrap();
        let (default, archive) = (memory(), memory());
        let all =
            Connections::builder(Arc::clone(&default)).database("archive", Arc::clone(&archive));
        let settings = Settings::from_vars(|name| match name {
            "SECRET_KEY" => Some("a key for tests".to_owned()),
            "DATABASE_URL" => Some("sqlite://:memory:".to_owned()),
            _ => None,
        });
        let site = Site::builder(settings.unwrap(), Arc::clone(&default))
            .databases(&all.router(GenresElsewhere).build().unwrap())
            .mount(Router::new().register("genres", GenreViewSet).at("/"))
            .build()
            .unwrap();
        site.create_tables().await.unwrap();
        for (database, table, is_there) in [
            (&default, "auth_user", true),
            (&archive, "auth_user", false),
            (&default, "store_genre", false),
            (&archive, "store_genre", true),
        ] {
            let found = database.batch_execute(format!("SELECT 1 FROM {table}")).await;
            assert_eq!(found.is_ok(), is_there, "{table}");
        }
    });
}

fn apart<T: Send + 'static>(work: impl AsyncFnOnce() -> T + Send + 'static) -> T {
    let thread = std::thread::spawn(|| actix_web::rt::System::new().block_on(work()));
    thread.join().unwrap()
}

#[test]
fn connections_are_named_listed_and_closed() {
    for on in On::all() {
        let (one, two) = (Store::new(on), Store::new(on));
        let (first, second) = (one.url().to_owned(), two.url().to_owned());
        apart(async move || {
            let default = Database::open(DatabaseConfig::new(first)).unwrap();
            let archive = Database::open(DatabaseConfig::new(second)).unwrap();
            let all = Connections::builder(Arc::clone(&default)).database("archive", archive);
            let all = all.router(GenresElsewhere).build().unwrap();
            let names: Vec<&str> = all.all().map(|(alias, _)| alias).collect();
            assert_eq!(names, ["archive", DEFAULT_DB_ALIAS]);
            assert!(Arc::ptr_eq(all.get(DEFAULT_DB_ALIAS).unwrap(), &default));
            let work = |conn: Conn| -> std::pin::Pin<Box<dyn Future<Output = ()>>> {
                Box::pin(async move {
                    assert_eq!(conn.alias(), DEFAULT_DB_ALIAS);
                    let vendor = conn.vendor();
                    assert!(["sqlite", "postgresql"].contains(&vendor), "{vendor}");
                    let archive = conn.using("archive").unwrap();
                    assert_eq!(archive.alias(), "archive");
                    let back = archive.using(DEFAULT_DB_ALIAS).unwrap();
                    assert_eq!(Genre::objects().count(&back).await.unwrap(), 25);
                    assert_eq!(conn.db_for_read::<Genre>(), "archive");
                    assert_eq!(conn.db_for_write::<Genre>(), "archive");
                    assert_eq!(conn.db_for_write::<Track>(), DEFAULT_DB_ALIAS);
                    let refused = conn.using("nowhere").err();
                    assert!(matches!(refused, Some(Error::Misuse(_))), "{refused:?}");
                })
            };
            default.worker().run(false, work).await.unwrap();
            let again = Arc::clone(&all);
            let work = move |conn: Conn| -> std::pin::Pin<Box<dyn Future<Output = i64>>> {
                Box::pin(async move {
                    again.close_all();
                    let archive = conn.using("archive").unwrap();
                    Genre::objects().count(&archive).await.unwrap()
                })
            };
            assert_eq!(default.worker().run(false, work).await.unwrap(), 25);
            // a database belongs to one set of connections
            assert!(Connections::builder(default).build().is_err());
        });
    }
}

#[test]
fn databases_are_named_in_the_settings() {
    let vars = |databases: &'static str, replica: Option<&'static str>| {
        Settings::from_vars(move |name| match name {
            "SECRET_KEY" => Some("a key for tests".to_owned()),
            "DATABASE_URL" => Some("sqlite://:memory:".to_owned()),
            "DATABASES" => Some(databases.to_owned()),
            "DATABASE_REPLICA" => replica.map(str::to_owned),
            _ => None,
        })
    };
    let settings = vars("archive=sqlite://:memory: copy=sqlite://:memory:", Some("copy")).unwrap();
    let all = Connections::open(&settings).unwrap();
    assert_eq!(all.all().count(), 3);
    assert_eq!((all.db_for_read(None), all.db_for_write(None)), ("copy", DEFAULT_DB_ALIAS));
    assert!(all.get("copy").unwrap().is_read_only() && !all.get("archive").unwrap().is_read_only());
    let settings = vars("archive=sqlite://:memory:", Some("copy")).unwrap();
    let refused = Connections::open(&settings).unwrap_err().to_string();
    let expected = "DATABASE_REPLICA: there is no database `copy`; give it a URL in DATABASES, \
                    `copy=postgres://..`";
    assert_eq!(refused, expected);
    for wrong in
        ["archive", "archive=x", "=sqlite://x", "default=sqlite://x", "a=sqlite://x a=sqlite://y"]
    {
        let refused = vars(wrong, None).unwrap_err().to_string();
        assert!(refused.contains("DATABASES"), "{refused}");
    }
}
