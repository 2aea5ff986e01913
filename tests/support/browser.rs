//! A headless Chromium, controlled over the `DevTools` protocol: as much of it, and of `WebSocket`,
//! as one test needs.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long a page may take to become what is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser with one page, ended and its files removed when it is dropped.
#[derive(Debug)]
pub struct Browser {
    child: Child,
    profile: PathBuf,
    socket: BufReader<TcpStream>,
    /// The page's; empty for the browser itself.
    session: String,
    last: u64,
    /// The messages of the page so far.
    pub events: Vec<Value>,
}

impl Browser {
    /// Starts the browser that `QUINTET_TEST_CHROMIUM` names, or `/usr/bin/chromium`; `None` when
    /// there is none. It can reach nothing but 127.0.0.1.
    ///
    /// # Panics
    /// When it is there and does not start.
    pub fn start() -> Option<Self> {
        let program = std::env::var("QUINTET_TEST_CHROMIUM").ok().filter(|path| !path.is_empty());
        let program = program.unwrap_or_else(|| "/usr/bin/chromium".into());
        if !Path::new(&program).exists() {
            return None;
        }
        let profile = std::env::temp_dir().join(format!("quintet-browser-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&profile));
        std::fs::create_dir_all(&profile).expect("a folder for the browser");
        let child = Command::new(program)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--no-first-run",
                "--no-proxy-server",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
                "--remote-debugging-port=0",
                "--window-size=1200,1600",
            ])
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg("about:blank")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the browser starts");
        let (port, path) = wait("the browser's port", || {
            let text = std::fs::read_to_string(profile.join("DevToolsActivePort")).ok()?;
            let (port, path) = text.split_once('\n')?;
            Some((port.parse::<u16>().ok()?, path.trim().to_owned()))
        });
        let socket = handshake(port, &path);
        let session = String::new();
        let mut browser = Self { child, profile, socket, session, last: 0, events: Vec::new() };
        let page = wait("the browser's page", || {
            let targets = browser.call("Target.getTargets", &json!({}));
            let targets = targets["targetInfos"].as_array()?;
            targets.iter().find(|target| target["type"] == "page").cloned()
        });
        let attach = json!({"targetId": page["targetId"], "flatten": true});
        let attached = browser.call("Target.attachToTarget", &attach);
        attached["sessionId"].as_str().unwrap_or_default().clone_into(&mut browser.session);
        for domain in ["Page.enable", "Runtime.enable", "Network.enable"] {
            browser.call(domain, &json!({}));
        }
        Some(browser)
    }

    /// Runs a command of the protocol.
    ///
    /// # Panics
    /// When the browser refuses it.
    pub fn call(&mut self, method: &str, params: &Value) -> Value {
        self.last += 1;
        let id = self.last;
        let mut message = json!({"id": id, "method": method, "params": params});
        if !self.session.is_empty() {
            message["sessionId"] = self.session.as_str().into();
        }
        send(self.socket.get_mut(), message.to_string().as_bytes());
        loop {
            let mut answer = self.receive();
            if answer["id"] == id {
                assert!(answer.get("error").is_none(), "{method}: {answer}");
                return answer["result"].take();
            }
            self.events.push(answer);
        }
    }

    /// The value of an expression in the page.
    ///
    /// # Panics
    /// When it throws.
    pub fn eval(&mut self, expression: &str) -> Value {
        let params = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let mut answer = self.call("Runtime.evaluate", &params);
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].take()
    }

    /// Waits until an expression is neither null nor false, and returns its value.
    ///
    /// # Panics
    /// When it takes too long.
    pub fn wait(&mut self, expression: &str) -> Value {
        wait(expression, || {
            let value = self.eval(expression);
            (!value.is_null() && value != false).then_some(value)
        })
    }

    /// Clicks the first element that a CSS selector finds.
    pub fn click(&mut self, selector: &str) {
        self.wait(&format!(
            "document.querySelector({})?.click() ?? !!document.querySelector({0})",
            json!(selector)
        ));
    }

    /// Types into the first element that a CSS selector finds.
    pub fn type_into(&mut self, selector: &str, text: &str) {
        self.wait(&format!(
            "(e => e && (e.focus(), true))(document.querySelector({}))",
            json!(selector)
        ));
        self.call("Input.insertText", &json!({"text": text}));
    }

    fn receive(&mut self) -> Value {
        let mut message = Vec::new();
        loop {
            let (last, kind, payload) = read_frame(&mut self.socket);
            match kind {
                0x0 | 0x1 => message.extend(payload),
                0x8 => panic!("the browser hangs up"),
                _ => continue,
            }
            if last {
                return serde_json::from_slice(&message).expect("the browser speaks JSON");
            }
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        drop(std::fs::remove_dir_all(&self.profile));
    }
}

fn wait<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "waited too long for {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).expect("the browser listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    stream
}

fn handshake(port: u16, path: &str) -> BufReader<TcpStream> {
    let mut stream = connect(port);
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).expect("the browser reads");
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).expect("the browser answers");
    assert!(line.contains(" 101 "), "no web socket: {line}");
    while line != "\r\n" {
        line.clear();
        reader.read_line(&mut line).expect("the browser answers");
    }
    reader
}

/// One text frame; the mask of a client may be zero.
fn send(stream: &mut TcpStream, payload: &[u8]) {
    let mut frame = vec![0x81];
    match u16::try_from(payload.len()) {
        Ok(length @ 0..=125) => frame.push(0x80 | u8::try_from(length).unwrap_or_default()),
        Ok(length) => {
            frame.push(0x80 | 0x7e);
            frame.extend(length.to_be_bytes());
        }
        Err(_) => {
            frame.push(0x80 | 0x7f);
            frame.extend((payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    stream.write_all(&frame).expect("the browser reads");
}

/// Whether a frame is the last of its message, its kind and its payload.
fn read_frame(reader: &mut impl Read) -> (bool, u8, Vec<u8>) {
    let [first, second] = read(reader);
    let length = match second & 0x7f {
        126 => u64::from(u16::from_be_bytes(read(reader))),
        127 => u64::from_be_bytes(read(reader)),
        length => u64::from(length),
    };
    let mut payload = Vec::new();
    reader.take(length).read_to_end(&mut payload).expect("the browser goes on");
    (first & 0x80 != 0, first & 0x0f, payload)
}

fn read<const N: usize>(reader: &mut impl Read) -> [u8; N] {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes).expect("the browser goes on");
    bytes
}
