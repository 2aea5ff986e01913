//! Concurrent requests, path by path: nothing is lost, nothing is mixed, and no response is a 500.
//!
//! Two and six clients run every path at once, on each database, with and without
//! `ATOMIC_REQUESTS`. A few rounds are enough to detect a missing lock; `QUINTET_TEST_ROUNDS=200`
//! runs this number of each, and prints the results.

mod accounts;
mod conditions;
mod deadlocks;
mod deletions;
mod links;
mod nested;
mod rows;
mod slugs;

use std::sync::{Arc, Barrier, OnceLock};

use quintet::prelude::Settings;
use quintet_tests::client::{Client, Reply};
use quintet_tests::store::{On, Store};
use serde_json::Value;

/// Sends one request from each of several threads at the same moment.
pub(crate) fn together(count: usize, send: impl Fn(usize) -> Reply + Sync) -> Vec<Reply> {
    let (barrier, send) = (Barrier::new(count), &send);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..count)
            .map(|index| {
                let barrier = &barrier;
                scope.spawn(move || {
                    barrier.wait();
                    send(index)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("an answer")).collect()
    })
}

/// The number of rounds: that of the variable, or a few.
fn rounds() -> usize {
    let asked = std::env::var("QUINTET_TEST_ROUNDS").ok();
    asked.and_then(|rounds| rounds.parse().ok()).unwrap_or(3)
}

/// The results of a path's rounds.
#[derive(Debug, Default)]
struct Tally {
    answers: usize,
    /// Rounds after which a successful write is missing.
    lost: usize,
    /// Rounds after which parts of two requests are mixed.
    mixed: usize,
    /// 503s for deadlocks that persisted.
    deadlocks: usize,
    /// Responses that no request may get.
    wrong: Vec<String>,
}

impl Tally {
    /// Records the responses of a round.
    fn answers(&mut self, replies: &[Reply], allowed: &[u16]) {
        for reply in replies {
            self.answers += 1;
            if reply.status == 503 && reply.text().contains("eadlock") {
                self.deadlocks += 1;
            } else if !allowed.contains(&reply.status) {
                self.wrong.push(format!("{} {}", reply.status, reply.text()));
            }
        }
    }

    fn lost_if(&mut self, lost: bool) {
        self.lost += usize::from(lost);
    }

    fn mixed_if(&mut self, mixed: bool) {
        self.mixed += usize::from(mixed);
    }
}

/// Runs the rounds of a path on every database, with both settings, with two and six clients. All
/// paths share the stores.
fn race(path: &str, round: impl Fn(&Track<'_>, usize, &mut Tally)) {
    static STORES: [OnceLock<Arc<Store>>; 4] = [const { OnceLock::new() }; 4];
    let store = |on: On, atomic: bool| {
        let place = 2 * usize::from(on == On::Postgres) + usize::from(atomic);
        let new = || Arc::new(Store::with(on, |all| all.atomic_requests = atomic));
        Arc::clone(STORES[place].get_or_init(new))
    };
    run(path, store, round);
}

/// Likewise with settings, on separate stores that are prepared first.
fn race_in(
    path: &str,
    settings: impl Fn(&mut Settings),
    prepare: impl Fn(&Store),
    round: impl Fn(&Track<'_>, usize, &mut Tally),
) {
    let store = |on: On, atomic: bool| {
        let store = Store::with(on, |all| {
            all.atomic_requests = atomic;
            settings(all);
        });
        prepare(&store);
        Arc::new(store)
    };
    run(path, store, round);
}

/// What a round runs on.
struct Track<'a> {
    store: &'a Store,
    clients: usize,
}

impl Track<'_> {
    fn client(&self, key: &str) -> Client {
        self.store.client_of(key)
    }

    /// One request of each client, told apart by its number.
    fn together(&self, send: impl Fn(usize) -> Reply + Sync) -> Vec<Reply> {
        together(self.clients, send)
    }
}

fn run(
    path: &str,
    store: impl Fn(On, bool) -> Arc<Store>,
    round: impl Fn(&Track<'_>, usize, &mut Tally),
) {
    let mut failed = Vec::new();
    for on in On::all() {
        for atomic in [false, true] {
            let store = store(on, atomic);
            for clients in [2, 6] {
                let mut tally = Tally::default();
                let rounds = rounds();
                let track = Track { store: &store, clients };
                (0..rounds).for_each(|number| round(&track, number, &mut tally));
                let Tally { answers, lost, mixed, deadlocks, wrong } = &tally;
                let line = format!(
                    "{path}, {on:?}, atomic {atomic}, {clients} clients: {rounds} rounds, \
                     {answers} answers, {lost} lost, {mixed} mixed, {deadlocks} deadlocks, \
                     {} wrong {:?}",
                    wrong.len(),
                    wrong.first(),
                );
                eprintln!("{line}");
                // fewer than one in a hundred
                let bad = *lost > 0 || *mixed > 0 || !wrong.is_empty();
                if bad || *deadlocks > 0 && deadlocks * 100 >= *answers {
                    failed.push(line);
                }
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// The numbers under a key of a list of objects.
fn numbers(list: &Value, key: &str) -> Vec<i64> {
    let list = list.as_array().into_iter().flatten();
    let mut numbers: Vec<i64> = list.filter_map(|item| item[key].as_i64()).collect();
    numbers.sort_unstable();
    numbers
}

/// The numbers of a list.
fn keys(list: &Value) -> Vec<i64> {
    let list = list.as_array().into_iter().flatten();
    let mut keys: Vec<i64> = list.filter_map(Value::as_i64).collect();
    keys.sort_unstable();
    keys
}

/// Stores a row and returns its key.
fn created(client: &Client, path: &str, body: &Value) -> i64 {
    let reply = client.json("POST", path, body);
    assert_eq!(reply.status, 201, "{}", reply.text());
    reply.json()["id"].as_i64().expect("a key")
}
