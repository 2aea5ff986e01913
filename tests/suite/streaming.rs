//! Bodies that are written while they are sent: streams, exports, events, files.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use musicstore::models::{Album, Artist, Track, artist, track};
use quintet::exceptions::ApiException;
use quintet::http::header::HeaderName;
use quintet::permissions::IsAuthenticated;
use quintet::prelude::*;
use quintet::response::Event;
use quintet::rt::time::sleep;
use quintet::views::{FileResponse, StreamingResponse};
use quintet_tests::store::{ADMIN, ALICE, On, Store};
use serde_json::{Value as Json, json};

#[derive(Serializer)]
#[serializer(model = Artist, fields(id, name))]
struct ArtistSerializer {}

/// With a value from another table, and the reader's name.
#[derive(Serializer)]
#[serializer(model = Track, fields(id, name, unit_price, composer, album_title, reader))]
struct TrackSerializer {
    #[field(source = album.title)]
    album_title: Option<String>,
    #[field(method)]
    reader: String,
}

impl TrackSerializer {
    fn get_reader(_: &Track, cx: &Context) -> String {
        cx.user().map_or("nobody".into(), |user| user.username.clone())
    }
}

#[derive(Serializer)]
#[serializer(model = Album, fields(id, title, tracks))]
struct AlbumSerializer {
    #[field(nested)]
    tracks: Vec<TrackMiniSerializer>,
}

#[derive(Serializer)]
#[serializer(model = Track, fields(id))]
struct TrackMiniSerializer {}

/// Chunks that views have written, and views that were dropped.
static WRITTEN: AtomicUsize = AtomicUsize::new(0);
static ENDLESS: AtomicUsize = AtomicUsize::new(0);
static WAITS: AtomicUsize = AtomicUsize::new(0);

struct Dropped(&'static AtomicUsize);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

async fn numbers(cx: &mut Context) -> Result<Response> {
    if cx.user().is_some() {
        cx.set_extension(String::from(", who is known"));
    }
    let most: u64 = cx.request.query_params().get("most").and_then(|n| n.parse().ok()).unwrap_or(3);
    let stream = StreamingResponse::new("text/plain", async move |cx, out| {
        let user = cx.user().map_or("nobody".to_owned(), |user| user.username.clone());
        let known = cx.extension::<String>().cloned().unwrap_or_default();
        out.write(format!("{user}{known} {}\n", cx.request.path)).await?;
        for number in 0..most {
            out.write(format!("{number}\n")).await?;
        }
        Ok(())
    });
    Ok(stream.into_inner().with_status(203).with_header(HeaderName::from_static("x-most"), "yes"))
}

async fn endless(_: &mut Context) -> Result<StreamingResponse> {
    Ok(StreamingResponse::new("application/octet-stream", async |_, out| {
        let _dropped = Dropped(&ENDLESS);
        loop {
            out.write(vec![b'x'; 64 * 1024]).await?;
            WRITTEN.fetch_add(1, Ordering::SeqCst);
        }
    }))
}

async fn breaks(cx: &mut Context) -> Result<StreamingResponse> {
    let panics = cx.request.query_params().get("panic").is_some();
    Ok(StreamingResponse::new("text/plain", async move |_, out| {
        out.write("the beginning").await?;
        out.flush().await?;
        assert!(!panics, "as it was asked to");
        Err(ApiException::internal("as it was asked to"))
    }))
}

async fn waits(_: &mut Context) -> Result<StreamingResponse> {
    Ok(StreamingResponse::events_every(Duration::from_millis(100), async |cx, events| {
        let _dropped = Dropped(&WAITS);
        let mut artists = Artist::objects().filter(artist::id.le(3)).iterate(cx).chunk_size(1);
        while let Some(artist) = artists.next().await? {
            events
                .send(Event::json(&artist.name)?.name("artist").id(artist.id.to_string()))
                .await?;
        }
        sleep(Duration::from_secs(3600)).await;
        Ok(())
    }))
}

/// Reads a row, and then nothing for an hour.
async fn idles(_: &mut Context) -> Result<StreamingResponse> {
    Ok(StreamingResponse::events(async |cx, events| {
        let artist = Artist::objects().filter(artist::id.eq(3)).get(cx).await?;
        events.send(Event::json(&artist.name)?).await?;
        sleep(Duration::from_secs(3600)).await;
        Ok(())
    }))
}

async fn tracks_csv(_: &mut Context) -> Result<StreamingResponse> {
    Ok(StreamingResponse::csv::<TrackSerializer, _>(Track::objects()).as_attachment("tracks.csv"))
}

async fn artists_lines(_: &mut Context) -> Result<StreamingResponse> {
    Ok(StreamingResponse::ndjson::<ArtistSerializer, _>(Artist::objects()))
}

async fn albums_lines(_: &mut Context) -> Result<StreamingResponse> {
    let first = Album::objects().slice(0, 3);
    Ok(StreamingResponse::ndjson::<AlbumSerializer, _>(first))
}

async fn nothing_csv(_: &mut Context) -> Result<StreamingResponse> {
    let none = Track::objects().filter(track::id.lt(0));
    Ok(StreamingResponse::csv::<TrackSerializer, _>(none))
}

fn folder() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("suite")
}

async fn file(cx: &mut Context) -> Result<FileResponse> {
    let name = match cx.request.kwarg("name") {
        Some("source") => "streaming.rs",
        Some("key") => "keys/rs256_public.pem",
        Some("folder") => "keys",
        _ => "nowhere",
    };
    let file = FileResponse::open(folder().join(name)).await?;
    Ok(match cx.request.query_params().get("as") {
        Some(name) => file.as_attachment(name).content_type("text/plain"),
        None => file,
    })
}

fn site(settings: Settings, database: Arc<Database>) -> Arc<Site> {
    let open = |name| ApiView::new(name).permissions(AllowAny);
    let router = Router::simple()
        .path("numbers/", open("Numbers").get(numbers).post(numbers), "numbers")
        .path("mine/", ApiView::new("Mine").permissions(IsAuthenticated).get(numbers), "mine")
        .path("endless/", open("Endless").get(endless), "endless")
        .path("breaks/", open("Breaks").get(breaks), "breaks")
        .path("waits/", open("Waits").get(waits), "waits")
        .path("idles/", open("Idles").get(idles), "idles")
        .path("tracks.csv", open("Tracks").get(tracks_csv), "tracks-csv")
        .path("nothing.csv", open("Nothing").get(nothing_csv), "nothing-csv")
        .path("artists.ndjson", open("Artists").get(artists_lines), "artists-ndjson")
        .path("albums.ndjson", open("Albums").get(albums_lines), "albums-ndjson")
        .path("files/<str:name>/", open("File").get(file), "file");
    Site::builder(settings, database).mount(router.at("/")).build().expect("a site")
}

fn store(on: On) -> Store {
    Store::serving(on, |_| {}, site)
}

/// A response in chunks, and whether it ended as it should.
struct Chunked {
    head: String,
    body: Vec<u8>,
    whole: bool,
}

impl Chunked {
    fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

fn connect(store: &Store, method: &str, path: &str, headers: &str) -> TcpStream {
    let mut stream = TcpStream::connect(store.server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: testserver\r\n{headers}Connection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

fn get(store: &Store, path: &str, headers: &str) -> Chunked {
    let mut answer = Vec::new();
    // a body that breaks off may end with a reset
    let _ = connect(store, "GET", path, headers).read_to_end(&mut answer);
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
    let (mut rest, mut body, mut whole) = (&answer[end + 4..], Vec::new(), false);
    assert!(head.contains("transfer-encoding: chunked"), "{head}");
    while let Some(line) = rest.windows(2).position(|window| window == b"\r\n") {
        let size = std::str::from_utf8(&rest[..line]).unwrap();
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        if size == 0 {
            whole = true;
            break;
        }
        body.extend_from_slice(&rest[line + 2..line + 2 + size]);
        rest = &rest[line + 4 + size..];
    }
    Chunked { head, body, whole }
}

/// Waits until something is true.
fn soon(what: impl Fn() -> bool) -> bool {
    let end = Instant::now() + Duration::from_secs(20);
    while Instant::now() < end {
        if what() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

#[test]
fn a_body_is_written_while_it_is_sent() {
    for on in On::all() {
        let store = store(on);
        let reply = get(&store, "/numbers/?most=300000", "");
        assert!(reply.head.starts_with("http/1.1 203"), "{on:?} {}", reply.head);
        for header in ["content-type: text/plain", "x-most: yes", "allow: get, post, head, options"]
        {
            assert!(reply.head.contains(header), "{on:?} {header}: {}", reply.head);
        }
        let lines: Vec<String> = (0..300_000).map(|number| format!("{number}\n")).collect();
        let expected = lines.concat();
        assert!(reply.whole && reply.text() == format!("nobody /numbers/\n{expected}"), "{on:?}");
        // the user of the request, behind the permissions of its view
        let mine = get(&store, "/mine/?most=0", &format!("Authorization: Token {ALICE}\r\n"));
        assert_eq!(mine.text(), "alice, who is known /mine/\n", "{on:?}");
        assert_eq!(store.client().get("/mine/").status, 401, "{on:?}");
        // HEAD writes nothing
        let head = store.client().send("HEAD", "/endless/", &[], b"");
        let content_type = Some("application/octet-stream");
        assert_eq!((head.status, head.header("content-type")), (200, content_type), "{on:?}");
    }
}

#[test]
fn a_client_that_does_not_read_holds_the_writer_back_and_one_that_goes_ends_it() {
    for on in On::all() {
        let store = store(on);
        let (written, dropped) = (WRITTEN.load(Ordering::SeqCst), ENDLESS.load(Ordering::SeqCst));
        let mut stream = connect(&store, "GET", "/endless/", "");
        let mut first = [0; 1024];
        stream.read_exact(&mut first).unwrap();
        let so_far = || WRITTEN.load(Ordering::SeqCst) - written;
        // what sockets take, and no more
        let held = soon(|| {
            let before = so_far();
            std::thread::sleep(Duration::from_millis(400));
            so_far() == before
        });
        assert!(held && so_far() < 1000, "{on:?}: {} chunks of 64 KiB", so_far());
        assert_eq!(ENDLESS.load(Ordering::SeqCst), dropped, "{on:?}");
        drop(stream);
        assert!(soon(|| ENDLESS.load(Ordering::SeqCst) > dropped), "{on:?}");
        assert_eq!(store.client().get("/nothing.csv").status, 200, "{on:?}");
    }
}

#[test]
fn a_body_whose_view_fails_breaks_off() {
    for on in On::all() {
        let store = store(on);
        for path in ["/breaks/", "/breaks/?panic"] {
            let reply = get(&store, path, "");
            assert!(reply.head.starts_with("http/1.1 200"), "{on:?} {path}: {}", reply.head);
            // what was not sent yet may be lost, and the end is missing
            assert!("the beginning".starts_with(&reply.text()), "{on:?} {path}");
            assert!(!reply.whole, "{on:?} {path}");
        }
        assert_eq!(store.client().get("/numbers/").status, 203, "{on:?}");
    }
}

#[test]
fn rows_are_exported_in_batches_with_what_belongs_to_them() {
    for on in On::all() {
        let store = store(on);
        let (statements, reply) = {
            let before = store.database().statements();
            let reply = get(&store, "/tracks.csv", &format!("Authorization: Token {ADMIN}\r\n"));
            (store.database().statements() - before, reply)
        };
        assert!(reply.head.contains("content-type: text/csv; charset=utf-8"), "{}", reply.head);
        let attachment = "content-disposition: attachment; filename=\"tracks.csv\"";
        assert!(reply.head.contains(attachment), "{}", reply.head);
        let text = reply.text();
        let mut lines = text.split("\r\n");
        assert_eq!(lines.next(), Some("id,name,unit_price,composer,album_title,reader"), "{on:?}");
        let first = "1,For Those About To Rock (We Salute You),0.99,\"Angus Young, Malcolm Young, \
                     Brian Johnson\",For Those About To Rock We Salute You,admin";
        assert_eq!(lines.next(), Some(first), "{on:?}");
        assert_eq!(text.matches("\r\n").count(), 3504, "{on:?}");
        // the user, and two for each of eight batches, of which the last may be empty
        assert!((17..=19).contains(&statements), "{on:?} {statements}");
        let nothing = get(&store, "/nothing.csv", "");
        let head = "id,name,unit_price,composer,album_title,reader\r\n";
        assert_eq!((nothing.text().as_str(), nothing.whole), (head, true), "{on:?}");
    }
}

#[test]
fn lines_of_json_are_what_the_serializer_shows() {
    for on in On::all() {
        let store = store(on);
        let reply = get(&store, "/artists.ndjson", "");
        assert!(reply.head.contains("content-type: application/x-ndjson"), "{}", reply.head);
        let text = reply.text();
        let rows: Vec<Json> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((rows.len(), &rows[0]), (275, &json!({"id": 1, "name": "AC/DC"})), "{on:?}");
        assert!(text.ends_with("}\n"), "{on:?}");
        let nested = get(&store, "/albums.ndjson", "").text();
        let albums: Vec<Json> =
            nested.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(albums.len(), 3, "{on:?}");
        assert_eq!(albums[1]["tracks"], json!([{"id": 2}]), "{on:?}");
    }
}

#[test]
fn events_arrive_one_by_one_while_the_view_waits() {
    for on in On::all() {
        let store = store(on);
        let dropped = WAITS.load(Ordering::SeqCst);
        let mut stream = connect(&store, "GET", "/waits/", "");
        let mut read = String::new();
        while read.matches("event: artist").count() < 3 || !read.contains("Aerosmith") {
            let mut piece = [0; 512];
            let size = stream.read(&mut piece).expect("an event");
            assert!(size > 0, "{on:?}: {read}");
            read.push_str(&String::from_utf8_lossy(&piece[..size]));
        }
        let head = read.to_lowercase();
        assert!(head.contains("content-type: text/event-stream"), "{head}");
        assert!(head.contains("cache-control: no-cache"), "{head}");
        assert!(read.contains("event: artist\nid: 1\ndata: \"AC/DC\"\n\n"), "{on:?} {read}");
        // others are served meanwhile
        assert_eq!(store.client().get("/numbers/").status, 203, "{on:?}");
        // a view that waits for something else ends with its client
        drop(stream);
        assert!(soon(|| WAITS.load(Ordering::SeqCst) > dropped), "{on:?}");
    }
}

#[test]
fn open_streams_leave_workers_and_connections_to_others() {
    for on in On::all() {
        let few = |settings: &mut Settings| {
            (settings.workers, settings.database_pool_size) = (Some(1), Some(2));
        };
        let store = Store::serving(on, few, site);
        let begun = |path: &str| {
            let mut stream = connect(&store, "GET", path, "");
            let mut read = String::new();
            while !read.contains("Aerosmith") {
                let mut piece = [0; 512];
                let size = stream.read(&mut piece).expect("an event");
                assert!(size > 0, "{on:?}: {read}");
                read.push_str(&String::from_utf8_lossy(&piece[..size]));
            }
            stream
        };
        // each has read rows, and waits now
        let open: Vec<TcpStream> = (0..40).map(|_| begun("/idles/")).collect();
        // these have written what their clients do not read
        let numbers = "/numbers/?most=100000000";
        let unread: Vec<_> = (0..10).map(|_| connect(&store, "GET", numbers, "")).collect();
        let asked = Instant::now();
        let rows = get(&store, "/artists.ndjson", "");
        assert!(rows.whole && rows.body.len() > 1000, "{on:?}");
        assert!(asked.elapsed() < Duration::from_secs(4), "{on:?} {:?}", asked.elapsed());
        drop((open, unread));
    }
}

#[test]
fn files_are_sent_whole_under_names_that_django_writes() {
    let store = store(On::Sqlite);
    let client = store.client();
    let whole = std::fs::read(folder().join("streaming.rs")).unwrap();
    let length = whole.len().to_string();
    let reply = client.get("/files/source/");
    assert_eq!((reply.status, &reply.body), (200, &whole));
    assert_eq!(reply.header("content-length"), Some(length.as_str()));
    assert_eq!(reply.header("content-type"), Some("application/octet-stream"));
    assert_eq!(reply.header("content-disposition"), Some("inline; filename=\"streaming.rs\""));
    // like Django's, no ranges
    let range = client.send("GET", "/files/source/", &[("Range", "bytes=0-9")], b"");
    assert_eq!(
        (range.status, range.body.len(), range.header("accept-ranges")),
        (200, whole.len(), None)
    );
    let head = client.send("HEAD", "/files/source/", &[], b"");
    assert_eq!((head.status, head.header("content-length")), (200, Some(length.as_str())));
    let kind = head.header("content-type");
    assert_eq!((kind, head.body.len()), (Some("application/octet-stream"), 0));
    let named = client.get("/files/key/?as=Schl%C3%BCssel.pem");
    let disposition = "attachment; filename*=utf-8''Schl%C3%BCssel.pem";
    assert_eq!(named.header("content-disposition"), Some(disposition));
    assert_eq!(named.header("content-type"), Some("text/plain"));
    for missing in ["folder", "other"] {
        let reply = client.get(&format!("/files/{missing}/"));
        assert_eq!(
            (reply.status, reply.json()),
            (404, json!({"detail": "Not found."})),
            "{missing}"
        );
    }
}
