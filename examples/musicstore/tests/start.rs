//! The program itself: what it says when it serves, and why it does not.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// A folder that is removed when the test is over.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("musicstore-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

const KEY: &str = "9J-u2m5k_c7rXw0eQz4tLs8vBn1yHd6gPaKf3iOqUxWbEjTyRl";

/// The program in an environment of its own: what it needs, then what the test says.
fn program(folder: &Folder, words: &[&str], changes: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_musicstore"));
    command.args(words).env_clear().current_dir(&folder.0);
    command.env("SECRET_KEY", KEY).env("ALLOWED_HOSTS", "*").env("DEBUG", "0");
    command.env("DATABASE_URL", "sqlite://store.sqlite3");
    for (name, value) in changes {
        match *value {
            "(absent)" => command.env_remove(name),
            value => command.env(name, value),
        };
    }
    command
}

/// The program ends at once: with this line, status 1 and nothing else.
fn ends_with(mut command: Command, line: &str) {
    let Output { status, stdout, stderr } = command.output().expect("the program runs");
    let told = String::from_utf8_lossy(&stderr);
    assert_eq!(told.lines().last(), Some(format!("Error: {line}").as_str()), "{told}");
    assert!(!told.contains("panicked"), "{told}");
    assert_eq!(status.code(), Some(1), "{told}");
    assert!(stdout.is_empty(), "{}", String::from_utf8_lossy(&stdout));
}

#[test]
fn a_broken_environment_is_one_line_that_names_the_setting() {
    const WHOLE: &str = "is not a whole number, 0 or more, such as `10`";
    const SECONDS: &str = "is not a number of seconds, 0 or more, such as `300` or `0.5`";
    const CENTURY: &str = "is not a number of seconds from 1 to 3153600000, a hundred years";
    const COOKIE: &str =
        "is not the name of a cookie: letters, digits, `-` and `_`, such as `sessionid`";
    const FLAG: &str = "is not `1` or `0`, nor `true`, `yes`, `on`, `false`, `no` or `off`";
    const HOST: &str = "is not a host without scheme, port and path, such as `example.com`, \
                        `.example.com` for all its subdomains too, `[::1]`, or `*` for any host";
    const URL: &str = "it is neither `sqlite://path` nor `postgres://user:password@host:5432/name`";
    const WORKERS: &str = "is not a whole number from 1 to 512; leave it out for one per core";
    const RATE: &str = "is not a rate such as `100/day`: a number, `/`, and s, m, h or d";
    let folder = Folder::new("broken");
    std::fs::write(folder.0.join("text"), "this is no database, but a longer text")
        .expect("a file");
    for (name, value, reason) in [
        (
            "SECRET_KEY",
            "",
            "it is empty; put a long random text into the variable SECRET_KEY, or set \
             `settings.secret_key`",
        ),
        (
            "SECRET_KEY_FALLBACKS",
            "a,,b",
            "there is an empty key between its commas; remove the extra comma",
        ),
        ("DEBUG", "maybe", &format!("`maybe` {FLAG}")),
        ("WORKERS", "513", &format!("`513` {WORKERS}")),
        ("WORKERS", "0", &format!("`0` {WORKERS}")),
        ("WORKERS", "-1", &format!("`-1` {WHOLE}, or `none`")),
        ("WORKERS", "many", &format!("`many` {WHOLE}, or `none`")),
        ("DATABASE_POOL_SIZE", "0", "`0` is not a whole number from 1 to 1000"),
        (
            "DATABASE_POOL_SIZE",
            "99999999999999999999999",
            &format!("`99999999999999999999999` {WHOLE}, or `none`"),
        ),
        ("DATABASE_WAIT_TIMEOUT", "-1", &format!("`-1` {SECONDS}")),
        ("DATABASE_WAIT_TIMEOUT", "5s", &format!("`5s` {SECONDS}")),
        ("SESSION_COOKIE_NAME", "a;b", &format!("`a;b` {COOKIE}")),
        ("SESSION_COOKIE_NAME", "a b", &format!("`a b` {COOKIE}")),
        (
            "SESSION_COOKIE_NAME",
            "a\nb",
            "it contains a control character, such as a line break; remove it",
        ),
        (
            "SESSION_COOKIE_NAME",
            "csrftoken",
            "CSRF_COOKIE_NAME has the same value; change one of them",
        ),
        ("CSRF_COOKIE_NAME", "", &format!("`` {COOKIE}")),
        ("SESSION_COOKIE_AGE", "0", &format!("`0` {CENTURY}")),
        ("SESSION_COOKIE_AGE", "99999999999", &format!("`99999999999` {CENTURY}")),
        ("CSRF_COOKIE_AGE", "inf", &format!("`inf` {SECONDS}")),
        (
            "SESSION_COOKIE_PATH",
            "store",
            "`store` is not the path of a cookie, which starts with a slash, such as `/` or `/store`",
        ),
        (
            "CSRF_COOKIE_DOMAIN",
            "https://a.example",
            "`https://a.example` is not the domain of a cookie, such as `example.com`; `none` \
             means this host only",
        ),
        ("SESSION_COOKIE_SAMESITE", "lazy", "`lazy` is not `Lax`, `Strict` or `None`"),
        ("ALLOWED_HOSTS", "https://a.example", &format!("`https://a.example` {HOST}")),
        ("ALLOWED_HOSTS", "a.example:8000", &format!("`a.example:8000` {HOST}")),
        (
            "PBKDF2_ITERATIONS",
            "0",
            "`0` is not a whole number from 1 to 100000000; Django has 1000000",
        ),
        ("SECURE_HSTS_SECONDS", "-5", &format!("`-5` {WHOLE}")),
        ("JWT_ACCESS_TOKEN_LIFETIME", "0", &format!("`0` {CENTURY}")),
        ("THROTTLE_RATES", "anon=often", &format!("scope `anon`: `often` {RATE}")),
        ("THROTTLE_RATES", "nobody=1/year", &format!("scope `nobody`: `1/year` {RATE}")),
        ("LOGIN_THROTTLE_RATE", "often", &format!("`often` {RATE}")),
        (
            "FORCE_SCRIPT_NAME",
            "store/",
            "it must start with a slash and must not end with one, like `/store`",
        ),
    ] {
        let command = program(&folder, &["runserver", "127.0.0.1:0"], &[(name, value)]);
        ends_with(command, &format!("setting {name}: {reason}"));
    }
    for (url, reason) in [
        ("mysql://u:secret@h/x", format!("`mysql://u:***@h/x`: {URL}")),
        ("", format!("``: {URL}")),
        (
            "sqlite://none/x",
            "`sqlite://none/x`: the directory `none`: No such file or directory (os error 2); \
             create it first"
                .into(),
        ),
        ("sqlite:///tmp", "`sqlite:///tmp`: it is a directory; name a file in it".into()),
        (
            "sqlite://text",
            "`sqlite://text`: it is not an SQLite database; choose another file".into(),
        ),
        ("sqlite://text/x", "`sqlite://text/x`: Not a directory (os error 20)".into()),
        (
            "postgres://u:secret@h:port/x",
            "`postgres://u:***@h:port/x`: invalid value for option `port`; write \
             `postgres://user:password@host:5432/name`"
                .into(),
        ),
        (
            "postgres://u:secret@h/x?sslmode=require",
            "`postgres://u:***@h/x?sslmode=require`: `sslmode=require` asks for TLS, which is not \
             supported; remove it and connect over a private network or a tunnel"
                .into(),
        ),
    ] {
        let command = program(&folder, &["runserver", "127.0.0.1:0"], &[("DATABASE_URL", url)]);
        ends_with(command, &format!("DATABASE_URL: {reason}"));
    }
}

#[test]
fn a_demonstration_is_none_where_debug_is_off() {
    let folder = Folder::new("demo");
    let absent = |names: &[&'static str]| -> Vec<(&'static str, &'static str)> {
        names.iter().map(|name| (*name, "(absent)")).collect()
    };
    for (names, told) in [
        (&["SECRET_KEY"][..], "SECRET_KEY"),
        (
            &["SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL"],
            "SECRET_KEY, ALLOWED_HOSTS, DATABASE_URL",
        ),
    ] {
        ends_with(
            program(&folder, &["runserver", "127.0.0.1:0"], &absent(names)),
            &format!(
                "setting DEBUG: it is off, and there are values for a demonstration alone for \
                 {told}; set them"
            ),
        );
    }
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_utf_8_is_refused_and_no_demo_value_takes_its_place() {
    use std::os::unix::ffi::OsStringExt as _;

    let folder = Folder::new("utf8");
    for name in ["SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "SESSION_COOKIE_NAME", "DEBUG"] {
        let mut command = program(&folder, &["runserver", "127.0.0.1:0"], &[("DEBUG", "(absent)")]);
        command.env(name, OsString::from_vec(b"caf\xe9".to_vec()));
        let reason = "its value is not UTF-8; write it in that encoding";
        ends_with(command, &format!("setting {name}: {reason}"));
    }
}

#[test]
fn words_that_are_no_command_are_answered_with_the_usage() {
    let folder = Folder::new("usage");
    let usage = "usage: musicstore [runserver] [ADDRESS:PORT], musicstore openapi, musicstore \
                 createsuperuser [OPTIONS] or musicstore changepassword [USERNAME]";
    ends_with(program(&folder, &["serve"], &[]), usage);
    ends_with(program(&folder, &["runserver", "a", "b"], &[]), usage);
}

#[test]
fn a_server_says_where_it_serves_and_an_address_that_is_taken_is_named() {
    let folder = Folder::new("serves");
    // nothing is set: a demonstration
    let mut command = Command::new(env!("CARGO_BIN_EXE_musicstore"));
    command.args(["runserver", "127.0.0.1:0"]).env_clear().current_dir(&folder.0);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut server = command.spawn().expect("the program runs");
    let lines = BufReader::new(server.stdout.take().expect("its output")).lines();
    let lines: Vec<String> = lines.map_while(Result::ok).take(5).collect();
    drop(server.kill());
    let ended = server.wait_with_output().expect("its end");
    let told = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(
        told.lines().next(),
        Some("Demo values for SECRET_KEY, ALLOWED_HOSTS, DATABASE_URL: set them in production.")
    );
    assert_eq!(lines.len(), 5, "{lines:?} {told}");
    let at = lines[1].trim_start_matches("Serving").trim().trim_end_matches("/api/").to_owned();
    let port = at.strip_prefix("http://127.0.0.1:").expect("the address");
    assert!(port.parse::<u16>().is_ok_and(|port| port > 0), "{lines:?}");
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        lines,
        [
            format!("Quintet {version}"),
            format!("Serving     {at}/api/"),
            format!("OpenAPI     {at}/api/schema/"),
            format!("Swagger UI  {at}/api/docs/"),
            "Quit with Control-C.".to_owned(),
        ]
    );

    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = taken.local_addr().expect("its address").to_string();
    let url = [("DATABASE_URL", "sqlite://musicstore.sqlite3")];
    for (address, reason) in [
        (taken.as_str(), "another program listens there; stop it, or choose another port"),
        (
            "203.0.113.7:8000",
            "this machine has no such address; 127.0.0.1 accepts connections from this machine \
             only, 0.0.0.0 on all of its addresses",
        ),
        ("nonsense", "it is not an address; write a host and a port, such as 127.0.0.1:8000"),
        (
            "127.0.0.1:99999",
            "it is not an address; write a host and a port, such as 127.0.0.1:8000",
        ),
    ] {
        let command = program(&folder, &["runserver", address], &url);
        ends_with(command, &format!("cannot listen at {address}: {reason}"));
    }
}
