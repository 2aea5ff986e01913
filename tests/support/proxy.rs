//! A proxy between a server and its database that can be closed.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Passes bytes on between its own port and another address, while it is open.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    target: String,
    open: Arc<AtomicBool>,
    streams: Arc<Mutex<Vec<TcpStream>>>,
    listening: Option<JoinHandle<()>>,
}

impl Proxy {
    /// An open proxy to an address, `127.0.0.1:5432`.
    pub fn to(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let mut proxy = Self {
            address: listener.local_addr().expect("an address"),
            target: target.to_owned(),
            open: Arc::default(),
            streams: Arc::default(),
            listening: None,
        };
        proxy.listen(listener);
        proxy
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts every connection and refuses new ones.
    pub fn shut(&mut self) {
        self.open.store(false, Ordering::SeqCst);
        if let Some(listening) = self.listening.take() {
            drop(listening.join());
        }
        for stream in self.streams.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            drop(stream.shutdown(Shutdown::Both));
        }
    }

    /// Takes connections again, on the same port.
    pub fn reopen(&mut self) {
        self.listen(TcpListener::bind(self.address).expect("the same port"));
    }

    fn listen(&mut self, listener: TcpListener) {
        listener.set_nonblocking(true).expect("a listener that can be polled");
        self.open.store(true, Ordering::SeqCst);
        let (open, streams) = (Arc::clone(&self.open), Arc::clone(&self.streams));
        let target = self.target.clone();
        self.listening = Some(std::thread::spawn(move || {
            while open.load(Ordering::SeqCst) {
                match listener.accept() {
                    Ok((near, _)) => connect(&near, &target, &streams),
                    Err(_) => std::thread::sleep(Duration::from_millis(2)),
                }
            }
        }));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shut();
    }
}

/// Joins two connections until either ends.
fn connect(near: &TcpStream, target: &str, streams: &Mutex<Vec<TcpStream>>) {
    near.set_nonblocking(false).expect("a stream that waits");
    let far = TcpStream::connect(target).expect("the database listens");
    for (from, to) in [(near, &far), (&far, near)] {
        let (from, to) = (from.try_clone().expect("a stream"), to.try_clone().expect("a stream"));
        std::thread::spawn(move || pass(from, to));
    }
    let kept = [near, &far].map(|stream| stream.try_clone().expect("a stream"));
    streams.lock().unwrap_or_else(PoisonError::into_inner).extend(kept);
}

fn pass(mut from: TcpStream, mut to: TcpStream) {
    let mut buffer = [0; 8192];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    drop(from.shutdown(Shutdown::Both));
    drop(to.shutdown(Shutdown::Both));
}
