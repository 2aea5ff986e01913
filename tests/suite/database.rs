//! The database is unreachable, busy, cut off and back again: a timely 503, then the same responses
//! as before.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use musicstore::models::{Artist, artist};
use quintet::db::DatabaseConfig;
use quintet::prelude::*;
use quintet::test::LiveServer;
use quintet_tests::client::{Client, Reply};
use quintet_tests::proxy::Proxy;
use quintet_tests::store::{ADMIN, ALICE, On, Store};
use serde_json::json;

/// Tests that depend on timing run one at a time.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether `PostgreSQL` is available.
fn has_postgres() -> bool {
    On::all().contains(&On::Postgres)
}

/// Checks a 503: JSON, with `Retry-After`.
fn unavailable(reply: &Reply, detail: &str) {
    assert_eq!((reply.status, reply.json()), (503, json!({ "detail": detail })));
    assert_eq!(reply.header("retry-after"), Some("1"));
    assert_eq!(reply.header("content-type"), Some("application/json"));
}

/// The body of every 503 of the database.
const AWAY: &str = "Service temporarily unavailable, try again later.";

/// Sends a request until it succeeds, for at most five seconds.
fn eventually(client: &Client, path: &str) -> Reply {
    let started = Instant::now();
    loop {
        let reply = client.get(path);
        if reply.status == 200 || started.elapsed() > Duration::from_secs(5) {
            return reply;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// `postgres://quintet@127.0.0.1:5432/name` with a proxy instead of the server.
fn through(url: &str) -> (Proxy, String) {
    let (scheme, rest) = url.split_once("://").expect("a URL");
    let (server, name) = rest.split_once('/').expect("a database");
    let (user, server) =
        server.rsplit_once('@').map_or(("", server), |(user, server)| (user, server));
    let proxy = Proxy::to(server);
    let at = if user.is_empty() { "" } else { "@" };
    let url = format!("{scheme}://{user}{at}{}/{name}", proxy.address());
    (proxy, url)
}

/// A store whose connection to `PostgreSQL` can be cut.
fn cut_off(change: impl FnOnce(&mut Settings)) -> (Store, Proxy) {
    let mut made = None;
    let store = Store::serving(
        On::Postgres,
        |settings| {
            let (proxy, url) = through(&settings.database_url);
            settings.database_url = url;
            made = Some(proxy);
            change(settings);
        },
        site,
    );
    (store, made.expect("a proxy"))
}

/// The store's artists, and views that hold a transaction open.
fn site(mut settings: Settings, database: Arc<Database>) -> Arc<Site> {
    settings.throttle.default_rates(musicstore::throttles::RATES);
    let router = musicstore::urls()
        .path("slow/", ApiView::new("Slow").get(slow).post(slow), "slow")
        .path("half/", ApiView::new("Half").post(half), "half");
    Site::builder(settings, database).mount(router.at("/api/")).build().expect("the site builds")
}

/// Writes a row, waits in the database, writes another.
async fn slow(cx: &mut Context) -> Result<Response> {
    cx.transaction(async |cx| {
        cx.save(Changes::<Artist>::new().set(artist::name, "Slow 1".to_owned())).await?;
        if cx.dialect() == quintet::db::Dialect::Postgres {
            cx.batch_execute("SELECT pg_sleep(1)").await?;
        }
        cx.save(Changes::<Artist>::new().set(artist::name, "Slow 2".to_owned())).await?;
        Response::new(&json!("done"))
    })
    .await
}

/// Writes a row without a transaction, then returns an error.
async fn half(cx: &mut Context) -> Result<Response> {
    cx.save(Changes::<Artist>::new().set(artist::name, "Half".to_owned())).await?;
    Err(ApiException::PermissionDenied(None))
}

fn count(store: &Store, name: &str) -> i64 {
    store.number(&format!("SELECT count(*) FROM store_artist WHERE name LIKE '{name}%'"))
}

#[test]
fn a_server_starts_without_its_database_and_finds_it_later() {
    if !has_postgres() {
        return;
    }
    let _turn = alone();
    let mut held = None;
    let store = Store::serving(
        On::Postgres,
        |settings| {
            let (mut proxy, url) = through(&settings.database_url);
            proxy.shut();
            settings.database_url = url;
            held = Some(proxy);
        },
        site,
    );
    let mut proxy = held.expect("a proxy");
    let client = store.client();
    for _ in 0..3 {
        let started = Instant::now();
        unavailable(&client.get("/api/genres/1/"), AWAY);
        assert!(started.elapsed() < Duration::from_secs(2));
    }
    // what needs no database still works
    assert_eq!(client.get("/api/").status, 200);
    proxy.reopen();
    assert_eq!(client.get("/api/genres/1/").json(), json!({"id": 1, "name": "Rock"}));
}

#[test]
fn a_database_that_goes_away_is_503_and_back_again_200() {
    if !has_postgres() {
        return;
    }
    let _turn = alone();
    let (store, mut proxy) = cut_off(|_| {});
    let (anyone, alice) = (store.client(), store.client_of(ALICE));
    for _ in 0..3 {
        assert_eq!(anyone.get("/api/tracks/?limit=3").status, 200);
        proxy.shut();
        for (path, client) in [
            ("/api/tracks/?limit=3", &anyone),
            ("/api/albums/1/", &anyone),
            ("/api/tracks/", &alice),
        ] {
            let started = Instant::now();
            unavailable(&client.get(path), AWAY);
            assert!(started.elapsed() < Duration::from_secs(2), "{path}");
        }
        let name = json!({"name": "Nobody"});
        unavailable(&alice.json("POST", "/api/playlists/", &name), AWAY);
        proxy.reopen();
        assert_eq!(alice.json("POST", "/api/playlists/", &name).status, 201);
        assert_eq!(anyone.get("/api/tracks/?limit=3").status, 200);
    }
    assert_eq!(store.number("SELECT count(*) FROM store_playlist WHERE name = 'Nobody'"), 3);
}

#[test]
fn under_load_every_answer_is_200_or_503_and_at_the_end_200() {
    if !has_postgres() {
        return;
    }
    let _turn = alone();
    let (store, mut proxy) = cut_off(|_| {});
    let client = store.client();
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let load = || {
            let mut seen = Vec::new();
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                let reply = client.get("/api/albums/?page_size=5");
                match reply.status {
                    200 => {}
                    503 => unavailable(&reply, AWAY),
                    other => panic!("{other}: {}", reply.text()),
                }
                seen.push(reply.status);
            }
            seen
        };
        let threads: Vec<_> = (0..6).map(|_| scope.spawn(load)).collect();
        for _ in 0..4 {
            std::thread::sleep(Duration::from_millis(150));
            proxy.shut();
            std::thread::sleep(Duration::from_millis(150));
            proxy.reopen();
        }
        std::thread::sleep(Duration::from_millis(200));
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        let seen: Vec<u16> = threads.into_iter().flat_map(|t| t.join().unwrap()).collect();
        assert!(seen.contains(&200) && seen.contains(&503), "{} answers", seen.len());
    });
    assert_eq!(client.get("/api/albums/?page_size=5").status, 200);
}

#[test]
fn sessions_that_the_server_ends_are_made_anew() {
    if !has_postgres() {
        return;
    }
    let _turn = alone();
    let store = Store::serving(On::Postgres, |_| {}, site);
    let client = store.client();
    for _ in 0..3 {
        assert_eq!(client.get("/api/genres/").status, 200);
        store.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
        let after = client.get("/api/genres/");
        if after.status != 200 {
            unavailable(&after, AWAY);
        }
        assert_eq!(eventually(&client, "/api/genres/").status, 200);
    }
}

#[test]
fn a_transaction_that_is_cut_in_the_middle_stores_nothing() {
    if !has_postgres() {
        return;
    }
    let _turn = alone();
    let (store, mut proxy) = cut_off(|_| {});
    let client = store.client();
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| client.send("POST", "/api/slow/", &[], b""));
        std::thread::sleep(Duration::from_millis(400));
        let started = Instant::now();
        proxy.shut();
        unavailable(&slow.join().unwrap(), AWAY);
        assert!(started.elapsed() < Duration::from_secs(2));
    });
    proxy.reopen();
    // the server notices once its statement is over
    std::thread::sleep(Duration::from_millis(900));
    assert_eq!(count(&store, "Slow"), 0);
    assert_eq!(client.send("POST", "/api/slow/", &[], b"").status, 200);
    assert_eq!(count(&store, "Slow"), 2);
}

#[test]
fn a_client_that_goes_away_in_a_transaction_leaves_nothing_and_no_lock() {
    use std::io::Write as _;
    if !has_postgres() {
        return;
    }
    let _turn = alone();
    let store =
        Store::serving(On::Postgres, |settings| settings.database_pool_size = Some(1), site);
    let mut stream = std::net::TcpStream::connect(store.server.address()).unwrap();
    stream
        .write_all(b"POST /api/slow/ HTTP/1.1\r\nHost: testserver\r\nContent-Length: 0\r\n\r\n")
        .unwrap();
    std::thread::sleep(Duration::from_millis(300));
    drop(stream);
    std::thread::sleep(Duration::from_millis(1300));
    // it was finished or undone, not half of it
    let stored = count(&store, "Slow");
    assert!([0, 2].contains(&stored), "{stored}");
    assert_eq!(store.client().send("POST", "/api/slow/", &[], b"").status, 200);
}

#[test]
fn when_every_connection_is_held_a_writer_is_told_in_time() {
    if !has_postgres() {
        return;
    }
    let _turn = alone();
    let store = Store::serving(
        On::Postgres,
        |settings| {
            settings.database_pool_size = Some(1);
            settings.database_wait_timeout = Duration::from_millis(300);
        },
        site,
    );
    let client = store.client();
    std::thread::scope(|scope| {
        let first = scope.spawn(|| client.send("POST", "/api/slow/", &[], b""));
        std::thread::sleep(Duration::from_millis(300));
        let started = Instant::now();
        unavailable(&client.send("POST", "/api/slow/", &[], b""), AWAY);
        assert!(started.elapsed() < Duration::from_millis(900), "{:?}", started.elapsed());
        // readers do not wait for it
        assert_eq!(client.get("/api/genres/1/").status, 200);
        assert_eq!(first.join().unwrap().status, 200);
    });
    assert_eq!(client.send("POST", "/api/slow/", &[], b"").status, 200);
    assert_eq!(count(&store, "Slow"), 4);
}

#[test]
fn a_file_that_another_process_has_locked_is_503_within_the_wait() {
    use diesel::connection::{Connection, SimpleConnection};
    let _turn = alone();
    let store = Store::with(On::Sqlite, |settings| {
        settings.database_wait_timeout = Duration::from_millis(300);
    });
    let client = store.client_of(ADMIN);
    let artist = json!({"name": "Locked Out"});
    // the key is not cached: the connection of the other process comes first
    let file = store.url().strip_prefix("sqlite://").unwrap();
    let mut other = diesel::SqliteConnection::establish(file).unwrap();
    other.batch_execute("BEGIN EXCLUSIVE").unwrap();
    let started = Instant::now();
    unavailable(&client.json("POST", "/api/artists/", &artist), AWAY);
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    // with a write-ahead log, readers do not wait for a writer
    assert_eq!(client.get("/api/genres/1/").status, 200);
    other.batch_execute("COMMIT").unwrap();
    assert_eq!(client.json("POST", "/api/artists/", &artist).status, 201);
    assert_eq!(count(&store, "Locked Out"), 1);
}

#[test]
fn under_atomic_requests_sqlite_reads_while_another_process_writes() {
    use diesel::connection::{Connection, SimpleConnection};
    let _turn = alone();
    let store = Store::with(On::Sqlite, |settings| {
        settings.atomic_requests = true;
        settings.database_wait_timeout = Duration::from_millis(300);
    });
    let client = store.client_of(ADMIN);
    let file = store.url().strip_prefix("sqlite://").unwrap();
    let mut other = diesel::SqliteConnection::establish(file).unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let started = Instant::now();
    for path in ["/api/genres/1/", "/api/tracks/?limit=2", "/api/invoices/"] {
        assert_eq!(client.get(path).status, 200, "{path}");
    }
    assert_eq!(client.send("HEAD", "/api/genres/1/", &[], b"").status, 200);
    assert!(started.elapsed() < Duration::from_millis(300), "{:?}", started.elapsed());
    let artist = json!({"name": "Locked Out"});
    unavailable(&client.json("POST", "/api/artists/", &artist), AWAY);
    other.batch_execute("COMMIT").unwrap();
    assert_eq!(client.json("POST", "/api/artists/", &artist).status, 201);
}

/// Reads, gives others time to write, and writes.
async fn visit(cx: &mut Context) -> Result<Response, ApiException> {
    let before = Artist::objects().all(cx).await?.len();
    cx.transaction(async |cx| {
        std::thread::sleep(Duration::from_millis(300));
        cx.batch_execute("INSERT INTO store_artist (name) VALUES ('Visitor')").await
    })
    .await?;
    Response::new(&json!(before))
}

#[test]
fn a_safe_request_that_writes_after_others_have_is_run_again_under_atomic_requests() {
    use diesel::connection::{Connection, SimpleConnection};
    let _turn = alone();
    let store = Store::serving(
        On::Sqlite,
        |settings| settings.atomic_requests = true,
        |settings, database| {
            let view = ApiView::new("Visit").permissions(AllowAny).get(visit);
            let router = Router::new().path("visit/", view, "visit");
            let site = Site::builder(settings, database).authentication(());
            site.mount(router.at("/")).build().expect("the site builds")
        },
    );
    let all = store.number("SELECT count(*) FROM store_artist");
    let file = store.url().strip_prefix("sqlite://").unwrap();
    let mut other = diesel::SqliteConnection::establish(file).unwrap();
    let reply = std::thread::scope(|scope| {
        let visiting = scope.spawn(|| store.client().get("/visit/"));
        std::thread::sleep(Duration::from_millis(150));
        other.batch_execute("INSERT INTO store_artist (name) VALUES ('Other')").unwrap();
        visiting.join().unwrap()
    });
    // it has seen what the other one wrote
    assert_eq!((reply.status, reply.json()), (200, json!(all + 1)));
    assert_eq!(count(&store, "Visitor"), 1);
}

#[test]
fn atomic_requests_undo_what_a_refused_request_has_written() {
    for on in On::all() {
        for (atomic, stored) in [(false, 1), (true, 0)] {
            let store = Store::serving(on, |settings| settings.atomic_requests = atomic, site);
            let reply = store.client_of(ALICE).send("POST", "/api/half/", &[], b"");
            assert_eq!(reply.status, 403, "{}", reply.text());
            assert_eq!(count(&store, "Half"), stored, "{on:?}");
            assert_eq!(store.client().get("/api/genres/1/").status, 200);
        }
    }
}

#[test]
fn a_transaction_that_fails_stores_nothing() {
    for on in On::all() {
        let store = Store::new(on);
        let client = store.client_of(ALICE);
        for (fail, status) in [("validation", 400), ("denied", 403), ("missing", 404)] {
            let body = json!({"name": "Undone", "fail": fail});
            assert_eq!(client.json("POST", "/api/atomic/", &body).status, status);
        }
        assert_eq!(count(&store, "Undone"), 0, "{on:?}");
        let body = json!({"name": "Done"});
        assert_eq!(client.json("POST", "/api/atomic/", &body).status, 201);
        assert_eq!(count(&store, "Done"), 1, "{on:?}");
    }
}

#[test]
fn a_table_that_is_missing_is_503() {
    for on in On::all() {
        let store = Store::new(on);
        let client = store.client_of(ADMIN);
        store.execute("DROP TABLE store_playlist_tracks");
        for path in ["/api/playlists/", "/api/playlists/1/"] {
            unavailable(&client.get(path), AWAY);
        }
        let body = json!({"name": "Nowhere", "tracks": [1]});
        unavailable(&client.json("POST", "/api/playlists/", &body), AWAY);
        assert_eq!(client.get("/api/genres/1/").status, 200, "{on:?}");
        store.execute("ALTER TABLE store_mediatype RENAME TO elsewhere");
        unavailable(&client.get("/api/media-types/"), AWAY);
        store.execute("ALTER TABLE elsewhere RENAME TO store_mediatype");
        assert_eq!(client.get("/api/media-types/").status, 200, "{on:?}");
    }
}

#[test]
fn a_server_that_takes_no_more_connections_is_served_by_those_there_are() {
    if !has_postgres() {
        return;
    }
    let _turn = alone();
    let role = format!("quintet_limited_{}", std::process::id());
    let store = Store::with(On::Postgres, |settings| {
        let (scheme, rest) = settings.database_url.split_once("://").expect("a URL");
        let rest = rest.rsplit_once('@').map_or(rest, |(_, server)| server);
        settings.database_url = format!("{scheme}://{role}@{rest}");
    });
    store.execute(&format!("CREATE ROLE {role} LOGIN CONNECTION LIMIT 1"));
    store.execute(&format!("GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}"));
    let client = store.client();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let get = || client.get("/api/tracks/?search=a&limit=50").status;
        let ten = move || -> Vec<u16> { (0..10).map(|_| get()).collect() };
        let all: Vec<_> = (0..12).map(|_| scope.spawn(ten)).collect();
        all.into_iter().flat_map(|one| one.join().unwrap()).collect()
    });
    // a transaction needs a separate connection
    let artist = json!({"name": "One Too Many"});
    unavailable(&store.client_of(ALICE).json("POST", "/api/atomic/", &artist), AWAY);
    store.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
    assert_eq!(statuses, [200; 120]);
}

#[test]
fn work_of_the_start_is_done_when_the_database_is_there() {
    if !has_postgres() {
        return;
    }
    let _turn = alone();
    let store = Store::new(On::Postgres);
    let (mut proxy, url) = through(store.url());
    proxy.shut();
    let database = Database::open(DatabaseConfig::new(url)).unwrap();
    let loaded = actix_web::rt::System::new().block_on(async move {
        let work = async move { database.once_reachable(musicstore::loader::at_start).await };
        let work = actix_web::rt::spawn(work);
        actix_web::rt::time::sleep(Duration::from_millis(400)).await;
        assert!(!work.is_finished(), "the database is away");
        proxy.reopen();
        work.await.unwrap()
    });
    // it was filled before
    assert!(!loaded.unwrap());
}

/// A file that is removed after the test.
struct File(PathBuf);

impl File {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("quintet-{name}-{}.sqlite3", std::process::id())))
    }

    fn url(&self) -> String {
        format!("sqlite://{}", self.0.display())
    }

    fn journal_mode(&self) -> String {
        #[derive(diesel::QueryableByName)]
        struct Mode {
            #[diesel(sql_type = diesel::sql_types::Text)]
            journal_mode: String,
        }
        use diesel::RunQueryDsl;
        use diesel::connection::Connection;
        let mut other = diesel::SqliteConnection::establish(&self.0.display().to_string()).unwrap();
        let mode: Mode = diesel::sql_query("PRAGMA journal_mode").get_result(&mut other).unwrap();
        mode.journal_mode
    }
}

impl Drop for File {
    fn drop(&mut self) {
        for suffix in ["", "-wal", "-shm", "-journal"] {
            let mut path = self.0.clone().into_os_string();
            path.push(suffix);
            drop(std::fs::remove_file(path));
        }
    }
}

/// A site over a file, which gets a table and a row in it.
fn serve(file: &File, sql: &str) -> LiveServer {
    let mut settings = Settings::default();
    settings.secret_key = "a key for tests".into();
    settings.allowed_hosts = vec!["*".into()];
    let database = Database::open(DatabaseConfig::new(file.url())).unwrap();
    let made = Arc::clone(&database);
    let sql = sql.to_owned();
    actix_web::rt::System::new().block_on(async move { made.batch_execute(sql).await }).unwrap();
    LiveServer::start(&site(settings, database)).unwrap()
}

#[test]
fn a_file_that_is_made_here_has_a_write_ahead_log() {
    let file = File::new("made");
    let server = serve(&file, "CREATE TABLE store_genre (id integer PRIMARY KEY, name text)");
    assert_eq!(Client::new(server.address()).get("/api/genres/").json(), json!([]));
    assert_eq!(file.journal_mode(), "wal");
}

#[test]
fn a_file_that_was_there_keeps_its_journal() {
    use diesel::connection::{Connection, SimpleConnection};
    let file = File::new("kept");
    let mut other = diesel::SqliteConnection::establish(&file.0.display().to_string()).unwrap();
    other.batch_execute("CREATE TABLE store_genre (id integer PRIMARY KEY, name text)").unwrap();
    drop(other);
    let server = serve(&file, "INSERT INTO store_genre (name) VALUES ('Rock')");
    let genres = json!([{"id": 1, "name": "Rock"}]);
    assert_eq!(Client::new(server.address()).get("/api/genres/").json(), genres);
    assert_eq!(file.journal_mode(), "delete");
}

#[test]
fn foreign_keys_are_enforced() {
    for on in On::all() {
        let store = Store::new(on);
        let refused = store.run(async |conn| {
            conn.batch_execute("INSERT INTO store_album (title, artist_id) VALUES ('x', 999999)")
                .await
        });
        assert!(refused.is_err(), "{on:?}");
        let removed = store
            .run(async |conn| conn.batch_execute("DELETE FROM store_genre WHERE id = 1").await);
        assert!(removed.is_err(), "{on:?}");
        assert_eq!(store.number("SELECT count(*) FROM store_genre"), 25);
    }
}
