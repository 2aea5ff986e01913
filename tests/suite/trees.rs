//! Rows that point at rows of their own table: trees and cycles.

use quintet::prelude::*;
use quintet_tests::store::{ALICE, On, Store};
use serde_json::{Value, json};

use crate::races::together;

fn tree(store: &Store, id: i64) -> (u16, Value) {
    let reply = store.client_of(ALICE).get(&format!("/api/employees/{id}/tree/"));
    (reply.status, reply.json())
}

#[test]
fn a_tree_is_everybody_below_in_the_models_order() {
    for on in On::all() {
        let store = Store::shared(on);
        let leaf = |id: i64, name: &str| json!({"id": id, "last_name": name, "subordinates": []});
        let sales = json!({"id": 2, "last_name": "Edwards", "subordinates": [
            leaf(3, "Peacock"), leaf(4, "Park"), leaf(5, "Johnson"),
        ]});
        let it = json!({"id": 6, "last_name": "Mitchell", "subordinates": [
            leaf(7, "King"), leaf(8, "Callahan"),
        ]});
        let all = json!({"id": 1, "last_name": "Adams", "subordinates": [sales, it]});
        let (statements, reply) =
            store.counted(|| store.client_of(ALICE).get("/api/employees/1/tree/"));
        assert_eq!((reply.status, reply.json()), (200, all), "{on:?}");
        // the token's user, the employee, and all levels
        assert_eq!(statements, 3, "{on:?}");
        assert_eq!(tree(store, 8), (200, leaf(8, "Callahan")), "{on:?}");
    }
}

#[test]
fn a_circle_is_refused_and_the_server_goes_on() {
    let refusal =
        "Cannot show what is below this Employee: its 'reports_to' goes round in a circle.";
    for on in On::all() {
        let store = Store::new(on);
        let client = store.client_of(ALICE);
        let under = |id: i64, above: i64| {
            let body = json!({ "reports_to": above });
            assert_eq!(client.json("PATCH", &format!("/api/employees/{id}/"), &body).status, 200);
        };
        under(8, 8);
        assert_eq!(tree(&store, 8), (409, json!({ "detail": refusal })), "{on:?}");
        under(1, 3);
        for id in [1, 2, 3] {
            assert_eq!(tree(&store, id), (409, json!({ "detail": refusal })), "{on:?} {id}");
        }
        // outside the cycle there is none
        assert_eq!(tree(&store, 4).0, 200, "{on:?}");
        assert_eq!(tree(&store, 6).0, 200, "{on:?}");
        assert_eq!(client.get("/api/employees/8/").status, 200, "{on:?}");
    }
}

#[test]
fn a_tree_that_is_too_deep_or_too_large_is_refused() {
    for on in On::all() {
        let store = Store::new(on);
        let insert = |from: i64, to: i64, above: &str| {
            store.execute(&format!(
                "WITH RECURSIVE n (i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM n WHERE i < {to}) \
                 INSERT INTO store_employee (id, last_name, first_name, reports_to_id) \
                 SELECT i, 'Doe', 'Ann', {above} FROM n ORDER BY i"
            ));
        };
        insert(100, 201, "CASE WHEN i > 100 THEN i - 1 END");
        let reply = store.client_of(ALICE).get("/api/employees/102/tree/");
        let closed =
            format!("\"id\":201,\"last_name\":\"Doe\",\"subordinates\":[{}", "]}".repeat(100));
        assert_eq!((reply.status, reply.text().ends_with(&closed)), (200, true), "{on:?}");
        let deep = "Cannot show what is below this Employee: it is more than 100 levels deep.";
        assert_eq!(tree(&store, 100), (409, json!({ "detail": deep })), "{on:?}");
        insert(1000, 11_000, "CASE WHEN i > 1000 THEN 1000 END");
        let (status, body) = tree(&store, 1000);
        assert_eq!((status, body["subordinates"].as_array().map(Vec::len)), (200, Some(10_000)));
        insert(11_001, 11_001, "1000");
        let large = "Cannot show what is below this Employee: it has more than 10000 rows.";
        assert_eq!(tree(&store, 1000), (409, json!({ "detail": large })), "{on:?}");
    }
}

/// A category, below a wider one.
#[model(table = "t_category", ordering(id))]
pub struct Category {
    pub id: i64,
    #[field(max_length = 20)]
    pub name: String,
    #[field(foreign_key = Category, related_name = children, on_delete = set_null, acyclic)]
    pub parent_id: Option<i64>,
}

#[derive(Serializer)]
#[serializer(model = Category)]
struct CategorySerializer {
    id: i64,
    name: String,
    parent: Option<PrimaryKeyRelated<Category>>,
}

/// Shows the key under another name.
#[derive(Serializer)]
#[serializer(model = Category)]
struct PlaceSerializer {
    id: i64,
    #[field(source = parent, error(cycle = "Nothing is wider than itself."))]
    below: Option<PrimaryKeyRelated<Category>>,
}

struct CategoryViewSet;

#[view_set]
impl ViewSet for CategoryViewSet {
    type Base = ModelViewSet;
    type Serializer = CategorySerializer;

    /// The names of everything wider, nearest first.
    #[action(detail)]
    async fn path(&self, category: Object<Category>, cx: &mut Context) -> Result<Response> {
        let above = cx.ancestors(&*category, Category::fields().parent()).await?;
        let names: Vec<&str> = above.iter().map(|wider| wider.name.as_str()).collect();
        Response::new(&json!(names))
    }

    /// The names of at most five narrower ones, two levels down.
    #[action(detail)]
    async fn names(&self, category: Object<Category>, cx: &mut Context) -> Result<Response> {
        let tree = cx.descendants(&*category, Category::fields().children());
        let tree = tree.max_depth(2).max_rows(5).await?;
        let names: Vec<_> = tree.below().map(|(level, below)| json!([level, below.name])).collect();
        Response::new(&json!(names))
    }
}

struct PlaceViewSet;

impl ViewSet for PlaceViewSet {
    type Base = ModelViewSet;
    type Serializer = PlaceSerializer;

    fn basename(&self) -> String {
        "place".into()
    }
}

/// Categories a to f: a over b over c, and d over e, f by itself.
fn categories(on: On, atomic: bool) -> Store {
    let change = |settings: &mut Settings| settings.atomic_requests = atomic;
    let store = Store::serving(on, change, |settings, database| {
        let router =
            Router::new().register("categories", CategoryViewSet).register("places", PlaceViewSet);
        Site::builder(settings, database).mount(router.at("/")).build().expect("the site builds")
    });
    make_categories(&store, on);
    store
}

fn make_categories(store: &Store, on: On) {
    let key = match on {
        On::Sqlite => "integer PRIMARY KEY",
        On::Postgres => "bigint GENERATED BY DEFAULT AS IDENTITY (START WITH 100) PRIMARY KEY",
    };
    store.execute(&format!(
        "CREATE TABLE t_category (id {key}, name varchar(20) NOT NULL, \
         parent_id bigint REFERENCES t_category (id) DEFERRABLE INITIALLY DEFERRED); \
         INSERT INTO t_category (id, name, parent_id) VALUES \
         (1, 'a', NULL), (2, 'b', 1), (3, 'c', 2), (4, 'd', NULL), (5, 'e', 4), (6, 'f', NULL)"
    ));
}

#[test]
fn an_acyclic_key_refuses_a_row_that_would_be_its_own_ancestor() {
    let refusal = json!({"parent": ["An object may not be its own ancestor."]});
    for on in On::all() {
        for atomic in [false, true] {
            let store = categories(on, atomic);
            let client = store.client();
            let put = |method: &str, id: i64, parent: Value| {
                let body = json!({"name": "x", "parent": parent});
                let reply = client.json(method, &format!("/categories/{id}/"), &body);
                (reply.status, reply.json())
            };
            for method in ["PATCH", "PUT"] {
                for (id, parent) in [(1, 1), (1, 2), (1, 3), (2, 3), (3, 3)] {
                    let answer = put(method, id, json!(parent));
                    assert_eq!(answer, (400, refusal.clone()), "{on:?} {method} {id} {parent}");
                }
            }
            // nothing was written with it
            assert_eq!(store.number("SELECT count(*) FROM t_category WHERE name = 'x'"), 0);
            let moved = json!({"id": 4, "name": "x", "parent": 3});
            assert_eq!(put("PATCH", 4, json!(3)), (200, moved), "{on:?}");
            assert_eq!(put("PATCH", 1, json!(5)), (400, refusal.clone()), "{on:?}");
            assert_eq!(put("PATCH", 4, json!(null)).0, 200, "{on:?}");
            assert_eq!(put("PATCH", 1, json!(5)).0, 200, "{on:?}");
            let missing = json!({"parent": ["Invalid pk \"99\" - object does not exist."]});
            assert_eq!(put("PATCH", 1, json!(99)), (400, missing), "{on:?}");
            assert_eq!(put("PATCH", 99, json!(1)).0, 404, "{on:?}");
            let created = client.json("POST", "/categories/", &json!({"name": "g", "parent": 3}));
            assert_eq!(created.status, 201, "{on:?} {}", created.text());
        }
    }
}

#[test]
fn a_serializer_has_its_own_name_and_words_for_a_circle() {
    for on in On::all() {
        let store = categories(on, false);
        let reply = store.client().json("PATCH", "/places/1/", &json!({"below": 3}));
        let refusal = json!({"below": ["Nothing is wider than itself."]});
        assert_eq!((reply.status, reply.json()), (400, refusal), "{on:?}");
    }
}

#[test]
fn several_who_move_rows_at_once_make_no_circle_together() {
    for on in On::all() {
        for atomic in [false, true] {
            let store = categories(on, atomic);
            let client = store.client();
            for round in 0..20 {
                store.execute("UPDATE t_category SET parent_id = NULL");
                // each below the next one, around
                let count = 2 + round % 3;
                let replies = together(count, |index| {
                    let (id, parent) = (index + 1, (index + 1) % count + 1);
                    client.json("PATCH", &format!("/categories/{id}/"), &json!({"parent": parent}))
                });
                let refused = replies.iter().filter(|reply| reply.status == 400).count();
                let moved = replies.iter().filter(|reply| reply.status == 200).count();
                assert_eq!((refused, moved), (1, count - 1), "{on:?} {atomic} {replies:?}");
            }
        }
    }
}

/// Locks a row, and places it below another one a little later.
async fn hesitate(cx: &mut Context) -> Result<Response, ApiException> {
    cx.retrying_transaction(async |cx| {
        let row = Category::objects().filter(category::id.eq(1)).select_for_update();
        let row = row.get_or_404(cx).await?;
        cx.batch_execute("SELECT pg_sleep(0.4)").await?;
        let body = Changes::of(&row).set(category::parent_id, 4_i64);
        cx.save(body).await
    })
    .await?;
    Response::new(&json!(null))
}

#[test]
fn who_has_the_tree_and_who_has_the_row_both_get_through() {
    if !On::all().contains(&On::Postgres) {
        return;
    }
    let store = Store::serving(
        On::Postgres,
        |_| {},
        |settings, database| {
            let view = ApiView::new("Hesitate").permissions(AllowAny).post(hesitate);
            let router = Router::new().register("categories", CategoryViewSet).path(
                "hesitate/",
                view,
                "hesitate",
            );
            Site::builder(settings, database).mount(router.at("/")).build().expect("a site")
        },
    );
    make_categories(&store, On::Postgres);
    let replies = together(2, |index| {
        if index == 0 {
            return store.client().send("POST", "/hesitate/", &[], b"");
        }
        std::thread::sleep(std::time::Duration::from_millis(200));
        store.client().json("PATCH", "/categories/1/", &json!({"parent": 6}))
    });
    assert_eq!((replies[0].status, replies[1].status), (200, 200), "{replies:?}");
    let above = store.number("SELECT parent_id FROM t_category WHERE id = 1");
    assert!([4, 6].contains(&above), "{above}");
}

#[test]
fn what_is_above_comes_nearest_first_and_a_circle_above_is_refused() {
    for on in On::all() {
        let store = categories(on, false);
        let path = |id: i64| {
            let reply = store.client().get(&format!("/categories/{id}/path/"));
            (reply.status, reply.json())
        };
        assert_eq!(path(3), (200, json!(["b", "a"])), "{on:?}");
        assert_eq!(path(1), (200, json!([])), "{on:?}");
        // a cycle that the row is not part of
        store.execute("UPDATE t_category SET parent_id = 2 WHERE id = 1");
        let detail =
            "Cannot show what is above this Category: its 'parent' goes round in a circle.";
        assert_eq!(path(3), (409, json!({ "detail": detail })), "{on:?}");
        // and nothing may be moved below it but what is not part of it
        let reply = store.client().json("PATCH", "/categories/6/", &json!({"parent": 3}));
        assert_eq!(reply.status, 400, "{on:?} {}", reply.text());
    }
}

#[test]
fn a_view_says_how_much_of_a_tree_it_reads() {
    for on in On::all() {
        let store = categories(on, false);
        let names = |id: i64| {
            let reply = store.client().get(&format!("/categories/{id}/names/"));
            (reply.status, reply.json())
        };
        assert_eq!(names(1), (200, json!([[1, "b"], [2, "c"]])), "{on:?}");
        store.execute("INSERT INTO t_category (id, name, parent_id) VALUES (7, 'g', 3)");
        let deep = "Cannot show what is below this Category: it is more than 2 levels deep.";
        assert_eq!(names(1), (409, json!({ "detail": deep })), "{on:?}");
        store.execute("UPDATE t_category SET parent_id = 4 WHERE id <> 4");
        let large = "Cannot show what is below this Category: it has more than 5 rows.";
        assert_eq!(names(4), (409, json!({ "detail": large })), "{on:?}");
    }
}

/// Holds itself along a relation to many.
#[derive(Serializer)]
#[serializer(model = Category)]
struct NodeSerializer {
    id: i64,
    #[field(nested)]
    children: Vec<NodeSerializer>,
}

struct NodeViewSet;

impl ViewSet for NodeViewSet {
    type Base = ModelViewSet;
    type Serializer = NodeSerializer;
}

#[test]
fn a_serializer_that_holds_itself_shows_what_is_below_to_a_depth() {
    for on in On::all() {
        let store = Store::serving(
            on,
            |_| {},
            |settings, database| {
                let router = Router::new().register("nodes", NodeViewSet);
                let site = Site::builder(settings, database).mount(router.at("/"));
                site.openapi(OpenApi::new("Nodes", "1")).build().expect("the site builds")
            },
        );
        make_categories(&store, on);
        let get = |id: i64| store.client().get(&format!("/nodes/{id}/"));
        let nested = json!({"id": 1, "children": [{"id": 2, "children": [
            {"id": 3, "children": []},
        ]}]});
        assert_eq!((get(1).status, get(1).json()), (200, nested.clone()), "{on:?}");
        assert_eq!(store.client().get("/nodes/").json()[0], nested, "{on:?}");
        let refusal = json!({"detail": "Cannot show this: objects of Node are nested too deep."});
        store.execute("UPDATE t_category SET parent_id = 3 WHERE id = 1");
        for path in ["/nodes/1/", "/nodes/"] {
            let reply = store.client().get(path);
            assert_eq!((reply.status, reply.json()), (409, refusal.clone()), "{on:?} {path}");
        }
        store.execute(
            "WITH RECURSIVE n (i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 201) \
             INSERT INTO t_category (id, name, parent_id) \
             SELECT i, 'x', CASE WHEN i > 100 THEN i - 1 END FROM n ORDER BY i",
        );
        assert_eq!((get(100).status, get(100).json()), (409, refusal), "{on:?}");
        let closed = format!("{{\"id\":201,\"children\":[]}}{}", "]}".repeat(100));
        assert!(get(101).text().ends_with(&closed), "{on:?} {}", get(101).text());
        assert_eq!(get(4).status, 200, "{on:?}");
    }
}

#[test]
fn rows_may_be_as_many_above_each_other_as_are_shown() {
    for on in On::all() {
        let store = Store::serving(
            on,
            |_| {},
            |settings, database| {
                let router = Router::new()
                    .register("categories", CategoryViewSet)
                    .register("nodes", NodeViewSet);
                Site::builder(settings, database).mount(router.at("/")).build().expect("a site")
            },
        );
        make_categories(&store, on);
        let client = store.client();
        // a chain of a hundred rows, and one of three
        store.execute(
            "DELETE FROM t_category; \
             WITH RECURSIVE n (i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 1099) \
             INSERT INTO t_category (id, name, parent_id) \
             SELECT i, 'x', CASE WHEN i > 1000 THEN i - 1 END FROM n ORDER BY i; \
             INSERT INTO t_category (id, name, parent_id) VALUES \
             (1300, 'x', NULL), (1301, 'x', 1300), (1302, 'x', 1301)",
        );
        let refusal = json!({"parent": ["There are too many objects above this one."]});
        let put = |id: i64, parent: i64| {
            let body = json!({ "parent": parent });
            let reply = client.json("PATCH", &format!("/categories/{id}/"), &body);
            (reply.status, reply.json())
        };
        let moved = |id: i64, parent: i64| json!({"id": id, "name": "x", "parent": parent});
        assert_eq!(put(1300, 1098), (400, refusal.clone()), "{on:?}");
        assert_eq!(put(1300, 1097), (200, moved(1300, 1097)), "{on:?}");
        assert_eq!(put(1302, 1099), (200, moved(1302, 1099)), "{on:?}");
        let shown = client.get("/nodes/1000/");
        assert_eq!(shown.status, 200, "{on:?} {}", shown.text());
        let add = |parent: i64| {
            client.json("POST", "/categories/", &json!({"name": "y", "parent": parent}))
        };
        assert_eq!((add(1302).status, add(1302).json()), (400, refusal), "{on:?}");
        assert_eq!(add(1099).status, 201, "{on:?}");
        assert_eq!(client.get("/nodes/1000/").status, 200, "{on:?}");
    }
}

/// Shows where it hangs, which shows what hangs there.
#[derive(Serializer)]
#[serializer(model = Category)]
struct HangingSerializer {
    id: i64,
    #[field(nested)]
    parent: Option<HolderSerializer>,
}

#[derive(Serializer)]
#[serializer(model = Category)]
struct HolderSerializer {
    id: i64,
    #[field(nested)]
    children: Vec<HangingSerializer>,
}

struct HolderViewSet;

impl ViewSet for HolderViewSet {
    type Base = ReadOnlyModelViewSet;
    type Serializer = HolderSerializer;
}

#[test]
fn serializers_that_hold_each_other_end_too() {
    for on in On::all() {
        let store = Store::serving(
            on,
            |_| {},
            |settings, database| {
                let router = Router::new().register("holders", HolderViewSet);
                Site::builder(settings, database).mount(router.at("/")).build().expect("a site")
            },
        );
        make_categories(&store, on);
        let reply = store.client().get("/holders/1/");
        let detail = "Cannot show this: objects of Holder are nested too deep.";
        assert_eq!((reply.status, reply.json()), (409, json!({ "detail": detail })), "{on:?}");
        assert_eq!(store.client().get("/holders/6/").status, 200, "{on:?}");
    }
}

/// Takes itself.
#[derive(Serializer)]
#[allow(dead_code, reason = "only described")]
struct ReplySerializer {
    text: String,
    #[field(nested)]
    replies: Vec<ThreadSerializer>,
}

/// Takes what takes it.
#[derive(Serializer)]
#[allow(dead_code, reason = "only described")]
struct ThreadSerializer {
    #[field(nested)]
    first: Option<ReplySerializer>,
}

#[test]
#[should_panic(expected = "the serializer `Reply` takes itself as input")]
fn a_serializer_that_takes_itself_says_so_instead_of_waiting_for_ever() {
    let _ = <ReplySerializer as quintet::serializers::Serializer>::description();
}

/// A place that is deleted with its parent.
#[model(table = "t_place", ordering(id))]
pub struct Place {
    pub id: i64,
    #[field(foreign_key = Place, related_name = places)]
    pub around_id: Option<i64>,
}

#[derive(Serializer)]
#[serializer(model = Place, fields = all)]
struct PlainPlaceSerializer {}

struct PlainPlaceViewSet;

impl ViewSet for PlainPlaceViewSet {
    type Base = ModelViewSet;
    type Serializer = PlainPlaceSerializer;
}

#[test]
fn a_deletion_follows_a_long_chain_and_a_circle_to_their_ends() {
    for on in On::all() {
        let store = Store::serving(
            on,
            |_| {},
            |settings, database| {
                let router = Router::new().register("places", PlainPlaceViewSet);
                Site::builder(settings, database).mount(router.at("/")).build().expect("a site")
            },
        );
        store.execute(
            "CREATE TABLE t_place (id bigint PRIMARY KEY, around_id bigint REFERENCES t_place (id) \
             DEFERRABLE INITIALLY DEFERRED); CREATE INDEX t_place_around ON t_place (around_id); \
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) \
             INSERT INTO t_place (id, around_id) \
             SELECT i, CASE WHEN i > 1 THEN i - 1 END FROM n ORDER BY i; \
             INSERT INTO t_place (id, around_id) VALUES (2001, 2003), (2002, 2001), (2003, 2002)",
        );
        let delete = |id: i64| store.client().send("DELETE", &format!("/places/{id}/"), &[], b"");
        assert_eq!(delete(2).status, 204, "{on:?}");
        assert_eq!(delete(2002).status, 204, "{on:?}");
        assert_eq!(store.number("SELECT count(*) FROM t_place"), 1, "{on:?}");
    }
}
