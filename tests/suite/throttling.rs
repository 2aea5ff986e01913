//! Limits are exact, across several servers too, and clients do not suffer if Redis cannot be
//! reached.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use quintet::prelude::*;
use quintet::settings::OnFailure;
use quintet::throttling::{
    GcraThrottle, ScopedRateThrottle, ThrottleClasses, UserRateThrottle, login,
};
use quintet_tests::client::{Client, Reply};
use quintet_tests::proxy::Proxy;
use quintet_tests::store::{ALICE, On, Store, redis};
use serde_json::json;

async fn ok(_: &mut Context) -> Result<Response> {
    Response::new(&json!({"ok": true}))
}

/// A login that takes its time; `?right` is the right password.
async fn log_in(cx: &mut Context) -> Result<Response> {
    let parameters = cx.request.query_params();
    let right = parameters.get("right").is_some();
    let look_up = async {
        tokio::time::sleep(Duration::from_millis(5)).await;
        Ok(right.then_some(()))
    };
    let name = parameters.get("name").unwrap_or("alice");
    match login::attempt(cx, name, look_up).await? {
        Some(()) => Ok(Response::empty(204)),
        None => Err(ApiException::AuthenticationFailed(None)),
    }
}

struct GenreSerializerOnly;

#[view_set]
impl ViewSet for GenreSerializerOnly {
    type Base = ReadOnlyModelViewSet;
    type Serializer = musicstore::serializers::GenreSerializer;

    fn throttle_classes(&self) -> impl ThrottleClasses {
        UserRateThrottle::new().scope("genres").rate("2/hour")
    }

    #[action(list, throttle_classes = ScopedRateThrottle, throttle_scope = "strict")]
    async fn strict(&self, _: &mut Context) -> Result<Response> {
        Response::new(&json!([]))
    }

    #[action(list, throttle_classes = ())]
    async fn free(&self, _: &mut Context) -> Result<Response> {
        Response::new(&json!([]))
    }
}

/// A word that no other test and no earlier run has used.
fn fresh() -> String {
    static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let now = SystemTime::UNIX_EPOCH.elapsed().expect("a clock").as_nanos();
    format!("test-{}-{now}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// A store with views of its own: `limited/` has this rate.
fn serving(on: On, scope: &str, rate: &str, change: impl FnOnce(&mut Settings)) -> Store {
    Store::serving(on, change, |mut settings, database| {
        settings.throttle.default_rates([(scope, rate), ("strict", "1/hour")]);
        let open = |name| ApiView::new(name).permissions(AllowAny);
        let limited = open("Limited").throttle_scope(scope).get(ok);
        let cheap = open("Cheap").throttles(GcraThrottle::new("cheap", "2/hour")).get(ok);
        let router = Router::new()
            .path("limited/", limited, "limited")
            .path("cheap/", cheap, "cheap")
            .path("open/", open("Open").get(ok), "open")
            .path("login/", open("Login").post(log_in), "login")
            .register("genres", GenreSerializerOnly);
        Site::builder(settings, database)
            .throttles(ScopedRateThrottle)
            .mount(router.at("/"))
            .build()
            .expect("the site builds")
    })
}

/// Sends requests from several connections at once, and counts the responses with a status.
fn flood(clients: &[Client], each: usize, ask: impl Fn(&Client) -> u16 + Sync) -> Vec<u16> {
    std::thread::scope(|scope| {
        let ask = &ask;
        let threads: Vec<_> = (0..64)
            .map(|number| {
                let client = &clients[number % clients.len()];
                scope.spawn(move || (0..each).map(|_| ask(client)).collect::<Vec<u16>>())
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("answers")).collect()
    })
}

fn count(statuses: &[u16], status: u16) -> usize {
    statuses.iter().filter(|own| **own == status).count()
}

fn is_throttled(reply: &Reply, seconds: std::ops::RangeInclusive<u32>) {
    assert_eq!(reply.status, 429);
    let wait: u32 = reply.header("retry-after").expect("Retry-After").parse().expect("a number");
    assert!(seconds.contains(&wait), "{wait}");
    let detail = format!("Request was throttled. Expected available in {wait} seconds.");
    assert_eq!(reply.json(), json!({ "detail": detail }));
}

#[test]
fn a_scope_is_one_count_for_every_method_and_every_user_has_their_own() {
    for on in On::all() {
        let store = Store::new(on);
        let (anybody, alice) = (store.client(), store.client_of(ALICE));
        for method in ["GET", "HEAD", "OPTIONS"] {
            assert_eq!(anybody.send(method, "/api/throttle/scoped/", &[], b"").status, 200);
        }
        is_throttled(&anybody.json("POST", "/api/throttle/scoped/", &json!({})), 58..=60);
        // an unsupported method is counted before it is refused
        for _ in 0..3 {
            assert_eq!(alice.send("PUT", "/api/throttle/scoped/", &[], b"").status, 405);
        }
        is_throttled(&alice.get("/api/throttle/scoped/"), 58..=60);
        // wrong credentials are not counted
        assert_eq!(store.client_of("bad").get("/api/throttle/scoped/").status, 401);
    }
}

#[test]
fn a_custom_key_may_be_absent_and_an_api_view_answers_no_head() {
    let store = Store::new(On::Sqlite);
    let client = store.client();
    let ask =
        |method, name| client.send(method, "/api/throttle/header/", &[("X-Client", name)], b"");
    assert_eq!(ask("HEAD", "one").status, 405);
    is_throttled(&ask("GET", "one"), 3598..=3600);
    assert_eq!(ask("GET", "two").json(), json!({"client": "two"}));
    for _ in 0..5 {
        assert_eq!(client.get("/api/throttle/header/").json(), json!({"client": null}));
    }
    let long = "x".repeat(6000);
    assert_eq!(ask("GET", &long).status, 200);
    assert_eq!(ask("GET", &long).status, 429);
    assert_eq!(ask("GET", &long[1..]).status, 200);
}

#[test]
fn a_header_that_nobody_vouches_for_frees_no_caller() {
    let by_default = Store::new(On::Sqlite);
    let behind_two = Store::with(On::Sqlite, |settings| settings.throttle.num_proxies = Some(2));
    let as_drf = Store::with(On::Sqlite, |settings| settings.throttle.num_proxies = None);
    let from = |store: &Store, forwarded: &str| {
        let headers = [("X-Forwarded-For", forwarded)];
        store.client().send("GET", "/api/throttle/user/", &headers, b"").status
    };
    for caller in 0..6 {
        let expected = if caller < 2 { 200 } else { 429 };
        let spoofed = format!("10.0.0.{caller}");
        assert_eq!(from(&by_default, &spoofed), expected);
        // the outermost proxy wrote the second from the right
        assert_eq!(from(&behind_two, &format!("{spoofed}, 20.0.0.1, 30.0.0.1")), expected);
        // DRF's default trusts whatever is sent
        assert_eq!(from(&as_drf, &spoofed), 200);
    }
    assert_eq!(from(&behind_two, "20.0.0.2, 30.0.0.1"), 200);
}

/// What a proxy appends for its client of a number.
type Appended = fn(usize) -> String;

#[test]
fn a_port_or_garbage_of_a_proxy_frees_no_caller() {
    let store = || {
        serving(On::Sqlite, "limited", "3/hour", |settings| {
            settings.throttle.num_proxies = Some(1);
            settings.auth.login_throttle_rate = Some("3/min".into());
        })
    };
    let kinds: [(&str, Appended); 6] = [
        ("a port", |n| format!("1.2.3.4:{}", 5000 + n)),
        ("brackets", |n| format!("[2001:db8::{n}]:{}", 5000 + n)),
        ("a network", |n| format!("2001:db8:0:0:{n}::1")),
        ("RFC 7239", |n| format!("for=\"[2001:db8::{n}]:47\"")),
        ("a hidden name", |n| format!("_hidden{n}")),
        ("garbage", |n| format!("unknown, \u{fe}{n} {n}")),
    ];
    for (kind, entry) in kinds {
        let store = store();
        let name = fresh();
        let ask = |method, path: &str, n| {
            let forwarded = format!("9.9.9.{n}, {}", entry(n));
            store.client().send(method, path, &[("X-Forwarded-For", &forwarded)], b"").status
        };
        let statuses =
            |method, path: &str| (0..5).map(|n| ask(method, path, n)).collect::<Vec<_>>();
        assert_eq!(statuses("GET", "/limited/"), [200, 200, 200, 429, 429], "{kind}");
        let login = format!("/login/?name={name}");
        assert_eq!(statuses("POST", &login), [401, 401, 401, 429, 429], "{kind}");
    }
    let store = store();
    let from = |address: &str| {
        let headers = [("X-Forwarded-For", address)];
        store.client().send("GET", "/limited/", &headers, b"").status
    };
    for _ in 0..3 {
        assert_eq!(
            (from("1.2.3.4:1"), from("1.2.3.5:1"), from("[2001:db8:0:1::1]:1")),
            (200, 200, 200)
        );
    }
    assert_eq!((from("1.2.3.4"), from("2001:db8:0:2::1")), (429, 200));
}

#[test]
fn throttles_belong_to_a_view_or_to_one_of_its_actions() {
    let store = serving(On::Sqlite, "limited", "5/hour", |_| {});
    let statuses =
        |path: &str| (0..4).map(|_| store.client().get(path).status).collect::<Vec<u16>>();
    assert_eq!(statuses("/genres/strict/"), [200, 429, 429, 429]);
    assert_eq!(statuses("/genres/free/"), [200; 4]);
    // the site's default counts views that name a scope
    assert_eq!(statuses("/open/"), [200; 4]);
    assert_eq!(statuses("/limited/"), [200; 4]);
    assert_eq!(statuses("/limited/"), [200, 429, 429, 429]);
    assert_eq!(statuses("/genres/"), [200, 200, 429, 429]);
    assert_eq!(statuses("/cheap/"), [200, 200, 429, 429]);
    let cheap = store.client().get("/cheap/");
    is_throttled(&cheap, 1798..=1800);
}

#[test]
fn what_is_left_is_told_where_it_is_asked_for() {
    let store = serving(On::Sqlite, "limited", "2/min", |settings| {
        settings.throttle.headers = true;
    });
    let left = |path: &str| {
        let reply = store.client().get(path);
        let header = |name| reply.header(name).map(ToOwned::to_owned);
        (reply.status, header("ratelimit-policy"), header("ratelimit"))
    };
    let limited = |status, left: &str| {
        (status, Some("\"limited\";q=2;w=60".to_owned()), Some(format!("\"limited\";{left}")))
    };
    assert_eq!(left("/limited/"), limited(200, "r=1;t=60"));
    assert_eq!(left("/limited/"), limited(200, "r=0;t=60"));
    assert_eq!(left("/limited/"), limited(429, "r=0;t=60"));
    assert_eq!(left("/genres/free/"), (200, None, None));
    let quiet = Store::shared(On::Sqlite).client().get("/api/throttle/header/");
    assert_eq!((quiet.header("ratelimit"), quiet.header("ratelimit-policy")), (None, None));
}

#[test]
fn a_scope_without_a_rate_keeps_the_site_from_starting() {
    let store = Store::shared(On::Sqlite);
    let mut settings = Settings::default();
    settings.secret_key = "a key for tests".into();
    let view =
        ApiView::new("Limited").throttles(ScopedRateThrottle).throttle_scope("burst").get(ok);
    let router = Router::new().path("limited/", view, "limited");
    let built = Site::builder(settings, Arc::clone(store.database())).mount(router.at("/")).build();
    let error = built.expect_err("no site").to_string();
    assert!(error.contains("THROTTLE_RATES") && error.contains("`burst`"), "{error}");
}

#[test]
fn sixty_four_connections_get_not_one_request_more() {
    for on in On::all() {
        let store = serving(on, "limited", "100/hour", |_| {});
        let statuses = flood(&[store.client()], 5, |client| client.get("/limited/").status);
        assert_eq!((count(&statuses, 200), count(&statuses, 429)), (100, 220), "{on:?}");
    }
}

#[test]
fn twenty_guesses_a_minute_are_all_that_reach_a_password() {
    let stores = [None, redis()];
    let stores = if stores[1].is_some() { &stores[..] } else { &stores[..1] };
    for on in On::all() {
        for redis_url in stores {
            let store = serving(on, "limited", "100/hour", |settings| {
                settings.redis_url.clone_from(redis_url);
                settings.throttle.timeout = Duration::from_secs(10);
            });
            let name = fresh();
            let log_in = |client: &Client, password: &str| {
                client.json("POST", &format!("/login/?name={name}{password}"), &json!({}))
            };
            let log_in_all =
                |password| flood(&[store.client()], 2, |client| log_in(client, password).status);
            // successful logins do not count, however many are in progress
            assert_eq!(count(&log_in_all("&right=1"), 204), 128, "{on:?} {redis_url:?}");
            let wrong = log_in_all("");
            let counts = (count(&wrong, 401), count(&wrong, 429));
            assert_eq!(counts, (20, 108), "{on:?} {redis_url:?}");
            is_throttled(&log_in(&store.client(), "&right=1"), 40..=60);
        }
    }
}

#[test]
fn two_servers_with_one_redis_count_as_one() {
    let Some(url) = redis() else { return };
    let scope = fresh();
    for on in On::all() {
        let scope = format!("{scope}-{on:?}");
        let server = || {
            serving(on, &scope, "100/hour", |settings| {
                settings.redis_url = Some(url.clone());
                // however busy the machine is that the tests run on
                settings.throttle.timeout = Duration::from_secs(10);
            })
        };
        let (one, other) = (server(), server());
        let clients = [one.client(), other.client()];
        let statuses = flood(&clients, 5, |client| client.get("/limited/").status);
        assert_eq!((count(&statuses, 200), count(&statuses, 429)), (100, 220), "{on:?}");
        // a server that starts later continues the count
        is_throttled(&server().client().get("/limited/"), 3500..=3600);
    }
}

/// The address of a Redis behind another host and port.
fn behind(url: &str, proxy: &Proxy) -> String {
    let (_, rest) = url.split_once("://").expect("a URL");
    let path = rest.split_once('/').map_or("", |(_, path)| path);
    format!("redis://{}/{path}", proxy.address())
}

fn door(url: &str) -> Proxy {
    let (_, rest) = url.split_once("://").expect("a URL");
    Proxy::to(rest.split('/').next().expect("a host"))
}

#[test]
fn a_redis_that_goes_away_in_the_middle_leaves_the_policy_in_charge() {
    let Some(url) = redis() else { return };
    for policy in [OnFailure::Open, OnFailure::Closed] {
        let mut proxy = door(&url);
        let scope = fresh();
        let store = serving(On::Sqlite, &scope, "1000/hour", |settings| {
            settings.redis_url = Some(behind(&url, &proxy));
            settings.throttle.on_failure = policy;
        });
        let client = store.client();
        assert_eq!(client.get("/limited/").status, 200);
        let stop = AtomicBool::new(false);
        let (during, back) = std::thread::scope(|scope| {
            let callers: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        let mut seen = Vec::new();
                        while !stop.load(Ordering::SeqCst) && seen.len() < 100 {
                            seen.push(client.get("/limited/").status);
                        }
                        seen
                    })
                })
                .collect();
            std::thread::sleep(Duration::from_millis(100));
            proxy.shut();
            let start = Instant::now();
            let away = client.get("/limited/");
            assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
            if policy == OnFailure::Open {
                assert_eq!(away.status, 200);
            } else {
                assert_eq!((away.status, away.header("retry-after")), (503, Some("1")));
                let text = "Service temporarily unavailable, try again later.";
                assert_eq!(away.json(), json!({ "detail": text }));
            }
            proxy.reopen();
            std::thread::sleep(Duration::from_secs(1));
            let back = client.get("/limited/").status;
            stop.store(true, Ordering::SeqCst);
            let seen = callers.into_iter().flat_map(|caller| caller.join().expect("answers"));
            (seen.collect::<Vec<u16>>(), back)
        });
        let away = if policy == OnFailure::Open { 200 } else { 503 };
        assert!(during.iter().all(|status| [200, away].contains(status)), "{policy:?} {during:?}");
        assert_eq!(back, 200, "{policy:?}");
        // and it counts again
        let statuses =
            flood(std::slice::from_ref(&client), 20, |client| client.get("/limited/").status);
        assert!(count(&statuses, 429) > 0 && count(&statuses, 500) == 0, "{policy:?}");
        assert_eq!(client.get("/limited/").status, 429);
    }
}

#[test]
fn a_redis_that_is_not_there_or_never_answers_is_waited_for_no_longer_than_it_says() {
    let closed = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    // takes connections, reads nothing
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    for address in [closed.expect("an address"), silent.local_addr().expect("an address")] {
        for (policy, status) in [(OnFailure::Open, 200), (OnFailure::Closed, 503)] {
            let store = serving(On::Sqlite, "limited", "1/hour", |settings| {
                settings.redis_url = Some(format!("redis://{address}/"));
                settings.throttle.on_failure = policy;
            });
            for path in ["/limited/", "/limited/", "/genres/strict/"] {
                let start = Instant::now();
                assert_eq!(store.client().get(path).status, status, "{policy:?} {path}");
                assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
            }
            let guess = store.client().json("POST", "/login/", &json!({})).status;
            assert_eq!(guess, if policy == OnFailure::Open { 401 } else { 503 });
            // what needs no count needs no Redis
            assert_eq!(store.client().get("/genres/free/").status, 200);
        }
    }
}
