//! The requests in the heads of the examples get the responses that stand below them.
//!
//! A head shows commands and what they print: `curl …` sends a request, the line below is the body of
//! its response. `cargo run … createsuperuser` makes the account `ada`. What a reader has to put in,
//! or what differs each time, ends in `…`: a password, and a key that a later line sends.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use actix_web::App;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quintet::auth::NewUser;
use quintet::db::StartupError;
use quintet::test::{LiveServer, Template, TestSite};
use quintet_tests::client::{Client, Reply};
use quintet_tests::store::{On, Store};
use snippets::SNIPPETS;
use tutorial::STEPS;

use crate::examples::quickstart;

const PASSWORD: &str = "correct-horse-battery";
const SERVER: &str = "http://127.0.0.1:8000";

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples")
}

/// A request of a head, and the body that it shows.
#[derive(Debug)]
struct Shown {
    command: String,
    answer: String,
}

/// The head of an example.
#[derive(Debug)]
struct Head {
    file: String,
    /// What follows `cargo run -p`.
    runs: String,
    has_account: bool,
    requests: Vec<Shown>,
}

impl Head {
    fn read(file: &str) -> Self {
        let source = fs::read_to_string(examples().join(file)).expect("the example is there");
        let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
        let block = lines.skip_while(|line| *line != " ```text").skip(1);
        let (mut runs, mut has_account, mut requests) = (String::new(), false, Vec::<Shown>::new());
        for line in block.take_while(|line| *line != " ```").map(str::trim) {
            if let Some(words) = line.strip_prefix("cargo run -p ") {
                has_account |= words.ends_with(" createsuperuser");
                words.trim_end_matches(" createsuperuser").clone_into(&mut runs);
            } else if line.starts_with("curl ") {
                requests.push(Shown { command: line.to_owned(), answer: String::new() });
            } else if let Some(last) = requests.last_mut() {
                last.answer.push_str(line);
            }
        }
        assert!(!runs.is_empty(), "{file}: the head does not say how to run it");
        assert!(!requests.is_empty(), "{file}: the head has no curl line");
        Self { file: file.to_owned(), runs, has_account, requests }
    }
}

/// The words of a command, as a shell splits them.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for char in command.chars() {
        match char {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(std::mem::take(&mut word)),
            _ => word.push(char),
        }
    }
    words.push(word);
    words
}

/// What a reader has put in: passwords, and keys by what the head shows of them.
#[derive(Default)]
struct Reader(BTreeMap<String, String>);

impl Reader {
    fn fill(&self, text: &str) -> String {
        let known =
            self.0.iter().fold(text.to_owned(), |text, (shown, key)| text.replace(shown, key));
        known.replace('…', PASSWORD)
    }

    /// Sends a request as curl does.
    fn send(&self, command: &str, client: &Client) -> Reply {
        let words: Vec<String> = words(command).iter().map(|word| self.fill(word)).collect();
        let (mut method, mut path, mut data, mut headers) = (None, None, Vec::new(), Vec::new());
        let mut words = words.iter().skip(1).map(String::as_str);
        while let Some(word) = words.next() {
            let mut value = || words.next().expect("the option has a value");
            match word {
                "-X" => method = Some(value()),
                "-d" => data.push(value()),
                "-u" => {
                    let basic = format!("Basic {}", STANDARD.encode(value()));
                    headers.push(("Authorization".to_owned(), basic));
                }
                "-H" => {
                    let (name, value) = value().split_once(": ").expect("a header has a value");
                    headers.push((name.to_owned(), value.to_owned()));
                }
                url => path = url.strip_prefix(SERVER),
            }
        }
        let form = "application/x-www-form-urlencoded".to_owned();
        if !data.is_empty() && headers.iter().all(|(name, _)| name != "Content-Type") {
            headers.push(("Content-Type".to_owned(), form));
        }
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let method = method.unwrap_or(if data.is_empty() { "GET" } else { "POST" });
        let path = path.unwrap_or_else(|| panic!("no URL of {SERVER}: {command}"));
        client.send(method, path, &headers, data.join("&").as_bytes())
    }

    /// Compares a body with what the head shows; remembers the keys that it abbreviates.
    fn finds(&mut self, answer: &str, body: &str) -> bool {
        let short = regex::Regex::new("\"([^\"…]*…)\"").expect("an expression");
        let mut pattern = regex::escape(answer);
        let shown: Vec<&str> =
            short.captures_iter(answer).filter_map(|it| Some(it.get(1)?.as_str())).collect();
        for shown in &shown {
            pattern = pattern.replacen(&format!("\"{}\"", regex::escape(shown)), "\"([^\"]+)\"", 1);
        }
        let pattern = format!("^{}$", pattern.replace('…', ".*"));
        let Some(found) = regex::Regex::new(&pattern).expect("an expression").captures(body) else {
            return false;
        };
        for (at, shown) in shown.iter().enumerate() {
            self.0.insert((*shown).to_owned(), found[at + 1].to_owned());
        }
        true
    }

    /// Sends the requests of a head, and compares the responses.
    fn follows(&mut self, head: &Head, client: &Client) {
        for Shown { command, answer } in &head.requests {
            let reply = self.send(command, client);
            let text = reply.text();
            if answer.is_empty() {
                assert!(reply.status < 300, "{}: {command}\n{text}", head.file);
            } else {
                assert!(self.finds(answer, &text), "{}: {command}\n{text}\n{answer}", head.file);
            }
        }
    }

    /// Sends the requests of an earlier head, to have the rows that a later one starts with.
    fn repeats(&mut self, head: &Head, client: &Client) {
        for Shown { command, answer } in &head.requests {
            let reply = self.send(command, client);
            assert!(reply.status < 300, "{}: {command}\n{}", head.file, reply.text());
            self.finds(answer, &reply.text());
        }
    }
}

static EMPTY: Template = Template::new(|_| Box::pin(async { Ok(()) }));

/// A site of the examples on an empty database, by the words that run it.
async fn site(runs: &str, on: On) -> Result<TestSite, StartupError> {
    let database = on.copy_of(&EMPTY).await?;
    let database = database.override_settings(|settings| settings.auth.pbkdf2_iterations = 1);
    let site = if runs == "quickstart" {
        database.site(quickstart::site)?
    } else if let Some(number) = runs.strip_prefix("tutorial -- ") {
        database.site(STEPS[number.parse::<usize>().expect("a number") - 1])?
    } else {
        let name = runs.strip_prefix("snippets -- ").expect("the words that run an example");
        let (_, make) = SNIPPETS.iter().find(|snippet| snippet.0 == name).expect("a snippet");
        database.site(make)?
    };
    site.create_tables().await?;
    Ok(site)
}

/// Serves a site as its `main` does.
fn serve(runs: &str, site: &TestSite) -> std::io::Result<LiveServer> {
    if runs != "snippets -- actix_app" {
        return site.live_server();
    }
    let served = site.site().clone();
    LiveServer::serving(site.settings(), move || {
        App::new().configure(snippets::actix_app::services(served.clone()))
    })
}

/// The heads of the small examples.
fn heads() -> Vec<Head> {
    let mut files = vec!["quickstart/src/main.rs".to_owned()];
    files.extend(["tutorial/src/lib.rs", "snippets/src/lib.rs"].map(ToOwned::to_owned));
    files.extend((1..=STEPS.len()).map(|number| format!("tutorial/src/step_{number}.rs")));
    files.extend(SNIPPETS.iter().map(|(name, _)| format!("snippets/src/{name}.rs")));
    files.iter().map(|file| Head::read(file)).collect()
}

#[quintet::test]
async fn the_requests_of_every_head_get_the_responses_below_them() -> Result<(), StartupError> {
    let heads = heads();
    for on in On::all() {
        for head in &heads {
            // "with an account, an author and a book as in step 5"
            let source = fs::read_to_string(examples().join(&head.file)).expect("it was there");
            let earlier = source.contains("as in step 5").then(|| {
                let earlier = heads.iter().find(|head| head.file == "tutorial/src/step_5.rs");
                earlier.expect("the head of step 5")
            });
            let site = site(&head.runs, on).await?;
            if head.has_account || earlier.is_some() {
                let new = NewUser::new("ada").password(PASSWORD).superuser();
                let create = site
                    .with_context(true, |cx| Box::pin(async move { cx.create_user(new).await }));
                create.await??;
            }
            let server = serve(&head.runs, &site).expect("a free port");
            let (client, mut reader) = (Client::new(server.address()), Reader::default());
            if let Some(earlier) = earlier {
                reader.repeats(earlier, &client);
            }
            reader.follows(head, &client);
        }
    }
    Ok(())
}

#[test]
fn the_requests_of_the_store_get_the_responses_below_them() {
    let head = Head::read("musicstore/src/lib.rs");
    assert_eq!(head.runs, "musicstore");
    for on in On::all() {
        Reader::default().follows(&head, &Store::shared(on).client());
    }
}
