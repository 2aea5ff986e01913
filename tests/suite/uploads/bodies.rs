//! Files in bodies, as they arrive.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use quintet_tests::client::{Client, Reply};
use quintet_tests::store::{On, Store};
use serde_json::{Value, json};

const BOUNDARY: &str = "multipart/form-data; boundary=b";

/// A folder of a test, which goes with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("quintet-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn count(&self) -> usize {
        self.0.read_dir().unwrap().count()
    }

    /// Waits until nothing is in it.
    fn is_emptied(&self) -> bool {
        let started = Instant::now();
        while self.count() > 0 && started.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(20));
        }
        self.count() == 0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A store whose temporary files are in a folder of its own.
fn store(folder: &Folder) -> Store {
    Store::with(On::Sqlite, |settings| {
        settings.file_upload.temp_dir = Some(folder.0.clone());
        settings.file_upload.max_memory_size = 100_000;
        settings.file_upload.max_size = Some(3_000_000);
    })
}

fn part(head: &str, content: &[u8]) -> Vec<u8> {
    let head = format!("--b\r\nContent-Disposition: form-data; {head}\r\n\r\n");
    [head.as_bytes(), content, b"\r\n"].concat()
}

fn form(parts: &[Vec<u8>]) -> Vec<u8> {
    [parts.concat(), b"--b--\r\n".to_vec()].concat()
}

fn upload(client: &Client, file: &[u8]) -> Reply {
    let file = part("name=\"file\"; filename=\"a.bin\"", file);
    let body = form(&[part("name=\"title\"", b"Doc"), file]);
    client.send("POST", "/api/upload/", &[("Content-Type", BOUNDARY)], &body)
}

#[test]
fn a_long_file_is_read_through_a_temporary_one_which_goes_with_the_request() {
    let folder = Folder::new("long-file");
    let store = store(&folder);
    let client = store.client();
    for size in [1_000, 99_000, 101_000, 2_900_000] {
        let reply = upload(&client, &vec![7; size]);
        let file = json!({"name": "a.bin", "size": size, "content_type": ""});
        assert_eq!((reply.status, reply.json()), (201, json!({"title": "Doc", "file": file})));
    }
    assert!(folder.is_emptied());
    let body = vec![7; 2_900_000];
    let reply = client.send("PUT", "/api/raw-upload/b.bin", &[("Content-Type", "a/b")], &body);
    let file = json!({"name": "b.bin", "size": body.len(), "content_type": "a/b"});
    assert_eq!((reply.status, reply.json()), (200, file));
    assert!(folder.is_emptied());
}

#[test]
fn a_body_of_files_is_bounded_and_nothing_of_it_stays() {
    let folder = Folder::new("bounded");
    let store = store(&folder);
    let client = store.client();
    // announced, and found out on the way
    assert_eq!(upload(&client, &vec![7; 3_000_000]).status, 400);
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000)).repeat(50);
    let head = "PUT /api/raw-upload/b.bin HTTP/1.1\r\nHost: testserver\r\nContent-Type: a/b\r\n\
                Transfer-Encoding: chunked\r\n\r\n";
    let reply = client.exchange("PUT", format!("{head}{chunk}0\r\n\r\n").as_bytes());
    assert_eq!(reply.status, 400);
    assert!(folder.is_emptied());
}

#[test]
fn fields_and_files_are_bounded_by_themselves_in_a_form_that_is_read_as_it_arrives() {
    let folder = Folder::new("fields");
    let store = Store::with(On::Sqlite, |settings| {
        settings.file_upload.temp_dir = Some(folder.0.clone());
        settings.data_upload_max_memory_size = Some(50_000);
        settings.data_upload_max_number_files = Some(3);
    });
    let client = store.client();
    let post = |parts: &[Vec<u8>]| {
        client.send("POST", "/api/echo/", &[("Content-Type", BOUNDARY)], &form(parts)).status
    };
    let file = part("name=f; filename=f", &vec![1; 60_000]);
    assert_eq!(post(&[file.clone(), part("name=a", &vec![b'1'; 49_000])]), 200);
    assert_eq!(post(&[file.clone(), part("name=a", &vec![b'1'; 50_000])]), 400);
    assert_eq!(post(&vec![file.clone(); 3]), 200);
    assert_eq!(post(&vec![file; 4]), 400);
    assert!(folder.is_emptied());
}

#[test]
fn a_client_that_goes_away_leaves_no_temporary_file() {
    use std::io::Write as _;

    let folder = Folder::new("gone");
    let store = store(&folder);
    let mut stream = std::net::TcpStream::connect(store.server.address()).unwrap();
    let head = "PUT /api/raw-upload/b.bin HTTP/1.1\r\nHost: testserver\r\nContent-Type: a/b\r\n\
                Content-Length: 2000000\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&vec![7; 1_000_000]).unwrap();
    let started = Instant::now();
    while folder.count() == 0 && started.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(folder.count(), 1);
    drop(stream);
    assert!(folder.is_emptied());
}

#[test]
fn two_that_upload_at_once_get_each_their_own() {
    let folder = Folder::new("two");
    let store = store(&folder);
    let client = store.client();
    let replies = crate::races::together(6, |index| upload(&client, &vec![7; 400_000 + index]));
    let mut sizes: Vec<Value> =
        replies.iter().map(|reply| reply.json()["file"]["size"].clone()).collect();
    sizes.sort_by_key(Value::as_u64);
    let expected: Vec<Value> = (400_000..400_006).map(Value::from).collect();
    assert_eq!(sizes, expected);
    assert!(folder.is_emptied());
}

#[test]
fn a_page_without_its_boundary_or_its_name_is_refused_before_the_body() {
    let store = Store::shared(On::Sqlite);
    let client = store.client();
    let body = vec![b'x'; 100_000];
    let multipart =
        client.send("POST", "/api/echo/", &[("Content-Type", "multipart/form-data")], &body);
    let text = "Multipart form parse error - Invalid boundary in multipart: None";
    assert_eq!((multipart.status, multipart.json()), (400, json!({ "detail": text })));
    let other = client.send("POST", "/api/upload/", &[("Content-Type", "text/plain")], &body);
    let text = "Unsupported media type \"text/plain\" in request.";
    assert_eq!((other.status, other.json()), (415, json!({ "detail": text })));
    let empty = client.send("PUT", "/api/raw-upload/b.bin", &[("Content-Type", "a/b")], b"");
    assert_eq!((empty.status, empty.json()), (400, json!({"detail": "Malformed request."})));
}
