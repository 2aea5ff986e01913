//! Pages of every kind over a small site: five file formats, two on a page.

use std::sync::{Arc, OnceLock};

use musicstore::models::{Customer, MediaType};
use quintet::db::OrderTerm;
use quintet::filters::QueryParameter;
use quintet::filters::order_by;
use quintet::pagination::{
    CursorPagination, Envelope, EnvelopeField, EnvelopeKeys, EnvelopeType, LimitOffsetPagination,
    NoPagination, Pagination, Plan,
};
use quintet::prelude::*;
use quintet::request::Request;
use quintet_tests::client::Reply;
use quintet_tests::store::{On, Store};
use serde_json::{Value as Json, json};

#[derive(Serializer)]
#[serializer(model = MediaType)]
struct KeySerializer {
    id: i64,
}

/// File formats, paginated in some way.
struct Formats {
    name: &'static str,
    pages: Arc<dyn Pagination>,
    rows: fn() -> QuerySet<MediaType>,
}

impl ViewSet for Formats {
    type Base = ReadOnlyModelViewSet;
    type Serializer = KeySerializer;

    fn basename(&self) -> String {
        self.name.into()
    }

    fn pagination_class(&self) -> impl Pagination + 'static {
        Arc::clone(&self.pages)
    }

    async fn get_queryset(&self, _cx: &mut Context) -> Result<QuerySet<MediaType>> {
        Ok((self.rows)())
    }
}

#[derive(Serializer)]
#[serializer(model = Customer)]
struct CustomerSerializer {
    id: i64,
    country: Option<String>,
}

/// Customers by country: many share one.
struct Customers;

impl ViewSet for Customers {
    type Base = ReadOnlyModelViewSet;
    type Serializer = CustomerSerializer;

    const ORDERING_FIELDS: OrderingFields<Customer> = ordering_fields![country, id];

    fn pagination_class(&self) -> impl Pagination + 'static {
        CursorPagination::new().page_size(4).ordering::<Customer>(order_by![country, id])
    }
}

/// Formats in the site's pagination.
struct Usual;

impl ViewSet for Usual {
    type Base = ReadOnlyModelViewSet;
    type Serializer = KeySerializer;
}

/// Pages that tell how many there are, and whether there is another one.
#[derive(Debug)]
struct Counted(PageNumberPagination);

impl Pagination for Counted {
    fn plan(&self, request: &Request, ordering: Option<&[OrderTerm]>) -> Result<Option<Plan>> {
        self.0.plan(request, ordering)
    }

    fn finish(
        &self,
        request: &Request,
        plan: &Plan,
        count: Option<i64>,
        rows_read: usize,
        position_of: &dyn Fn(usize) -> String,
    ) -> Result<Envelope> {
        let mut envelope = self.0.finish(request, plan, count, rows_read, position_of)?;
        envelope.keys = EnvelopeKeys::new().results("items").count("total").without_links();
        envelope.extra.push(("pages".into(), json!((envelope.count.unwrap_or_default() + 1) / 2)));
        envelope.extra.push(("more".into(), json!(envelope.next.is_some())));
        envelope.extra.push(("back".into(), json!(envelope.previous)));
        Ok(envelope)
    }

    fn query_parameters(&self) -> Vec<QueryParameter> {
        self.0.query_parameters()
    }

    fn envelope(&self) -> Vec<EnvelopeField> {
        let integer = |name| EnvelopeField::new(name, EnvelopeType::Integer, "3");
        vec![integer("total"), integer("pages").optional()]
    }

    fn results_key(&self) -> &'static str {
        "items"
    }
}

/// A page's name, its paginator, and its rows.
type Special = (&'static str, Arc<dyn Pagination>, fn() -> QuerySet<MediaType>);

fn router() -> Router {
    let pages = || PageNumberPagination::new().page_size(2);
    let slices = || LimitOffsetPagination::new().default_limit(2);
    let cursors = || CursorPagination::new().page_size(2).ordering::<MediaType>(order_by![id]);
    let all: Vec<(&'static str, Arc<dyn Pagination>)> = vec![
        ("pages", Arc::new(pages())),
        ("sized", Arc::new(pages().page_size_query_param("size").max_page_size(3))),
        ("free", Arc::new(PageNumberPagination::new().page_size_query_param("size"))),
        ("worded", Arc::new(pages().page_query_param("p").last_page_strings(["end", "final"]))),
        ("slices", Arc::new(slices())),
        ("most", Arc::new(slices().max_limit(3))),
        ("unlimited", Arc::new(LimitOffsetPagination::new())),
        ("named", Arc::new(slices().limit_query_param("n").offset_query_param("from"))),
        ("cursors", Arc::new(cursors())),
        (
            "cursors-named",
            Arc::new(
                cursors().cursor_query_param("at").page_size_query_param("n").max_page_size(3),
            ),
        ),
        (
            "backwards",
            Arc::new(CursorPagination::new().page_size(2).ordering::<MediaType>(order_by![-id])),
        ),
        ("whole", Arc::new(NoPagination)),
        ("counted", Arc::new(Counted(pages()))),
    ];
    let none = || QuerySet::new().none();
    let three = || QuerySet::new().slice(1, 3);
    let special: Vec<Special> = vec![
        ("no-pages", Arc::new(pages()), none),
        ("no-slices", Arc::new(slices()), none),
        ("no-cursors", Arc::new(cursors()), none),
        ("three-pages", Arc::new(pages()), three),
        ("three-slices", Arc::new(slices()), three),
    ];
    let router = Router::simple().register("customers", Customers).register("usual", Usual);
    all.into_iter()
        .map(|(name, pages)| (name, pages, QuerySet::new as fn() -> _))
        .chain(special)
        .fold(router, |router, (name, pages, rows)| {
            router.register(name, Formats { name, pages, rows })
        })
}

fn store(on: On) -> &'static Store {
    static STORES: [OnceLock<Store>; 2] = [OnceLock::new(), OnceLock::new()];
    STORES[usize::from(on == On::Postgres)].get_or_init(|| {
        Store::serving(
            on,
            |_| {},
            |settings, database| {
                let usual = PageNumberPagination::new().page_size(4);
                let site = Site::builder(settings, database).pagination(usual);
                let site = site.openapi(OpenApi::new("Pages", "1"));
                site.mount(router().at("/")).build().expect("the site builds")
            },
        )
    })
}

/// Checks responses on each database: path, then the whole body.
fn answers(expected: &[(&str, Json)]) {
    for on in On::all() {
        for (path, body) in expected {
            let reply = store(on).client().get(path);
            assert_eq!((reply.status, reply.json()), (200, body.clone()), "{path} on {on:?}");
        }
    }
}

fn refused(detail: &str, paths: &[&str]) {
    for on in On::all() {
        for path in paths {
            let reply = store(on).client().get(path);
            assert_eq!(reply.status, 404, "{path} on {on:?}: {}", reply.text());
            assert_eq!(reply.json(), json!({ "detail": detail }), "{path}");
        }
    }
}

fn rows(keys: &[i64]) -> Json {
    keys.iter().map(|id| json!({ "id": id })).collect()
}

fn link(path: Option<&str>) -> Json {
    path.map_or(Json::Null, |path| format!("http://testserver{path}").into())
}

fn page(count: i64, next: Option<&str>, previous: Option<&str>, keys: &[i64]) -> Json {
    json!({
        "count": count, "next": link(next), "previous": link(previous), "results": rows(keys),
    })
}

fn cursor(next: Option<&str>, previous: Option<&str>, keys: &[i64]) -> Json {
    json!({"next": link(next), "previous": link(previous), "results": rows(keys)})
}

#[test]
fn numbered_pages_link_to_their_neighbours() {
    answers(&[
        ("/pages/", page(5, Some("/pages/?page=2"), None, &[1, 2])),
        ("/pages/?page=1", page(5, Some("/pages/?page=2"), None, &[1, 2])),
        ("/pages/?page=2", page(5, Some("/pages/?page=3"), Some("/pages/"), &[3, 4])),
        ("/pages/?page=3", page(5, None, Some("/pages/?page=2"), &[5])),
        ("/pages/?page=", page(5, Some("/pages/?page=2"), None, &[1, 2])),
        ("/pages/?page=%202%20", page(5, Some("/pages/?page=3"), Some("/pages/"), &[3, 4])),
        // the last of several counts
        ("/pages/?page=9&page=3", page(5, None, Some("/pages/?page=2"), &[5])),
    ]);
}

#[test]
fn links_keep_the_other_parameters_sorted() {
    answers(&[(
        "/pages/?b=2&page=2&a=%C3%A9+x&c=",
        page(
            5,
            Some("/pages/?a=%C3%A9+x&b=2&c=&page=3"),
            Some("/pages/?a=%C3%A9+x&b=2&c="),
            &[3, 4],
        ),
    )]);
}

#[test]
fn the_last_page_has_a_name() {
    let last = |base: &str| page(5, None, Some(&format!("{base}=2")), &[5]);
    answers(&[
        ("/pages/?page=last", last("/pages/?page")),
        ("/worded/?p=end", last("/worded/?p")),
        ("/worded/?p=final", last("/worded/?p")),
        ("/worded/?page=3", page(5, Some("/worded/?p=2&page=3"), None, &[1, 2])),
        ("/no-pages/?page=last", page(0, None, None, &[])),
    ]);
}

#[test]
fn a_page_that_is_none_is_404() {
    refused(
        "Invalid page.",
        &[
            "/pages/?page=0",
            "/pages/?page=4",
            "/pages/?page=-1",
            "/pages/?page=x",
            "/pages/?page=1.0",
            "/pages/?page=1e1",
            "/pages/?page=LAST",
            "/pages/?page=99999999999999999999",
            "/pages/?page=9223372036854775807",
            "/pages/?page=%00",
            "/worded/?p=last",
            "/no-pages/?page=2",
        ],
    );
}

#[test]
fn a_client_may_choose_the_size_up_to_the_greatest() {
    let usual = |query: &str| {
        let next = format!("/sized/?page=2{query}");
        page(5, Some(&next), None, &[1, 2])
    };
    answers(&[
        ("/sized/?size=1", page(5, Some("/sized/?page=2&size=1"), None, &[1])),
        ("/sized/?size=3", page(5, Some("/sized/?page=2&size=3"), None, &[1, 2, 3])),
        ("/sized/?size=4", page(5, Some("/sized/?page=2&size=4"), None, &[1, 2, 3])),
        ("/sized/?size=99999999999999999999999", {
            page(5, Some("/sized/?page=2&size=99999999999999999999999"), None, &[1, 2, 3])
        }),
        ("/sized/?size=0", usual("&size=0")),
        ("/sized/?size=-1", usual("&size=-1")),
        ("/sized/?size=x", usual("&size=x")),
        ("/sized/?size=", usual("&size=")),
        // an undeclared parameter is ignored
        ("/pages/?page_size=1&size=1", {
            page(5, Some("/pages/?page=2&page_size=1&size=1"), None, &[1, 2])
        }),
    ]);
}

#[test]
fn pages_without_a_size_are_the_whole_list() {
    answers(&[
        ("/free/", rows(&[1, 2, 3, 4, 5])),
        ("/free/?page=2", rows(&[1, 2, 3, 4, 5])),
        ("/free/?size=4", page(5, Some("/free/?page=2&size=4"), None, &[1, 2, 3, 4])),
        ("/free/?size=99999999999999999999", page(5, None, None, &[1, 2, 3, 4, 5])),
    ]);
}

#[test]
fn slices_link_to_their_neighbours() {
    answers(&[
        ("/slices/", page(5, Some("/slices/?limit=2&offset=2"), None, &[1, 2])),
        ("/slices/?offset=1", {
            page(5, Some("/slices/?limit=2&offset=3"), Some("/slices/?limit=2"), &[2, 3])
        }),
        ("/slices/?offset=3&limit=1", {
            page(5, Some("/slices/?limit=1&offset=4"), Some("/slices/?limit=1&offset=2"), &[4])
        }),
        ("/slices/?limit=2&offset=4", page(5, None, Some("/slices/?limit=2&offset=2"), &[5])),
        ("/slices/?limit=5", page(5, None, None, &[1, 2, 3, 4, 5])),
        ("/slices/?offset=5", page(5, None, Some("/slices/?limit=2&offset=3"), &[])),
        ("/slices/?offset=70", page(5, None, Some("/slices/?limit=2&offset=68"), &[])),
        ("/named/?n=1&from=1", page(5, Some("/named/?from=2&n=1"), Some("/named/?n=1"), &[2])),
        ("/no-slices/", page(0, None, None, &[])),
    ]);
}

#[test]
fn a_limit_or_an_offset_that_is_none_is_not_there() {
    let usual = || page(5, Some("/slices/?limit=2&offset=2"), None, &[1, 2]);
    answers(&[
        ("/slices/?limit=0", usual()),
        ("/slices/?limit=-1", usual()),
        ("/slices/?limit=x", usual()),
        ("/slices/?limit=1.5", usual()),
        ("/slices/?offset=-1", usual()),
        ("/slices/?offset=x", usual()),
        ("/slices/?offset=%00", usual()),
        ("/most/?limit=4", page(5, Some("/most/?limit=3&offset=3"), None, &[1, 2, 3])),
        ("/unlimited/", rows(&[1, 2, 3, 4, 5])),
        ("/unlimited/?offset=2", rows(&[1, 2, 3, 4, 5])),
        ("/unlimited/?limit=4", {
            page(5, Some("/unlimited/?limit=4&offset=4"), None, &[1, 2, 3, 4])
        }),
    ]);
}

#[test]
fn numbers_beyond_a_column_are_numbers_still() {
    answers(&[
        ("/slices/?limit=99999999999999999999", page(5, None, None, &[1, 2, 3, 4, 5])),
        ("/slices/?offset=9223372036854775807", {
            page(5, None, Some("/slices/?limit=2&offset=9223372036854775805"), &[])
        }),
    ]);
}

#[test]
fn cursors_link_to_their_neighbours() {
    answers(&[
        // p=2
        ("/cursors/", cursor(Some("/cursors/?cursor=cD0y"), None, &[1, 2])),
        ("/cursors/?cursor=cD0y", {
            // p=4, and r=1&p=3
            cursor(
                Some("/cursors/?cursor=cD00"),
                Some("/cursors/?cursor=cj0xJnA9Mw%3D%3D"),
                &[3, 4],
            )
        }),
        ("/cursors/?cursor=cD00", {
            // r=1&p=5
            cursor(None, Some("/cursors/?cursor=cj0xJnA9NQ%3D%3D"), &[5])
        }),
        ("/cursors/?cursor=cj0xJnA9Mw%3D%3D", {
            cursor(Some("/cursors/?cursor=cD0y"), None, &[1, 2])
        }),
        ("/backwards/", cursor(Some("/backwards/?cursor=cD00"), None, &[5, 4])),
        ("/cursors-named/?n=9", cursor(Some("/cursors-named/?at=cD0z&n=9"), None, &[1, 2, 3])),
        ("/no-cursors/", cursor(None, None, &[])),
        // an empty cursor is the first page
        ("/cursors/?cursor=", cursor(Some("/cursors/?cursor=cD0y"), None, &[1, 2])),
    ]);
}

#[test]
fn a_cursor_that_is_none_is_404() {
    refused(
        "Invalid cursor",
        &[
            "/cursors/?cursor=x",
            "/cursors/?cursor=cD0y%21a",
            // o=-1, o=x, p=x, p=1.5 and bytes that are not text
            "/cursors/?cursor=bz0tMQ%3D%3D",
            "/cursors/?cursor=bz14",
            "/cursors/?cursor=cD14",
            "/cursors/?cursor=%2F%2F%2F%2F",
        ],
    );
}

/// Follows a link from page to page; returns the keys of each.
fn walk(on: On, start: &str, direction: &str) -> (Vec<Vec<i64>>, Option<Reply>) {
    let (mut pages, mut last) = (Vec::new(), None);
    let mut path = Some(start.to_owned());
    while let Some(at) = path.take() {
        assert!(pages.len() < 100, "{start} never ends");
        let reply = store(on).client().get(&at);
        assert_eq!(reply.status, 200, "{at}: {}", reply.text());
        let body = reply.json();
        let keys = body["results"].as_array().unwrap().iter();
        pages.push(keys.map(|row| row["id"].as_i64().unwrap()).collect());
        let next = body[direction].as_str();
        path = next.map(|link| link.strip_prefix("http://testserver").unwrap().to_owned());
        last = Some(reply);
    }
    (pages, last)
}

#[test]
fn cursors_see_every_row_once_where_many_share_a_position() {
    for on in On::all() {
        for start in ["/customers/", "/customers/?ordering=-country,id"] {
            let (forward, last) = walk(on, start, "next");
            let mut keys: Vec<i64> = forward.iter().flatten().copied().collect();
            assert!(forward.iter().rev().skip(1).all(|page| page.len() == 4), "{forward:?}");
            let order = keys.clone();
            keys.sort_unstable();
            assert_eq!(keys, (1..=59).collect::<Vec<_>>(), "{start} on {on:?}");
            // and back from the last page
            let last = last.unwrap().json();
            let previous = last["previous"].as_str().unwrap();
            let (back, _) =
                walk(on, previous.strip_prefix("http://testserver").unwrap(), "previous");
            let mut met: Vec<i64> = back.into_iter().rev().flatten().collect();
            met.extend(forward.last().unwrap());
            assert_eq!(met, order, "{start} on {on:?}");
        }
    }
}

#[test]
fn a_cursor_stays_where_it_was_while_rows_are_added() {
    for on in On::all() {
        let store = Store::serving(
            on,
            |_| {},
            |settings, database| {
                let site = Site::builder(settings, database).mount(router().at("/"));
                site.build().expect("the site builds")
            },
        );
        let first = store.client().get("/backwards/").json();
        assert_eq!(first["results"], rows(&[5, 4]));
        store.execute("INSERT INTO store_mediatype (id, name) VALUES (9, 'wax')");
        let next = first["next"].as_str().unwrap().replace("http://testserver", "");
        assert_eq!(store.client().get(&next).json()["results"], rows(&[3, 2]), "{on:?}");
        assert_eq!(store.client().get("/backwards/").json()["results"], rows(&[9, 5]), "{on:?}");
    }
}

#[test]
fn a_list_without_pages_is_an_array() {
    answers(&[
        ("/whole/", rows(&[1, 2, 3, 4, 5])),
        ("/whole/?page=2&limit=1&cursor=x", rows(&[1, 2, 3, 4, 5])),
    ]);
}

#[test]
fn a_view_set_that_does_not_say_has_the_pages_of_the_site() {
    answers(&[
        ("/usual/", page(5, Some("/usual/?page=2"), None, &[1, 2, 3, 4])),
        ("/usual/?page=2", page(5, None, Some("/usual/"), &[5])),
    ]);
}

#[test]
fn pages_of_a_slice_stay_inside_it() {
    answers(&[
        ("/three-pages/", page(3, Some("/three-pages/?page=2"), None, &[2, 3])),
        ("/three-pages/?page=2", page(3, None, Some("/three-pages/"), &[4])),
        ("/three-pages/?page=last", page(3, None, Some("/three-pages/"), &[4])),
        ("/three-slices/?limit=50", page(3, None, None, &[2, 3, 4])),
    ]);
    refused("Invalid page.", &["/three-pages/?page=3"]);
}

#[test]
fn an_envelope_of_ones_own_is_sent_and_documented() {
    for on in On::all() {
        let get = |path: &str| store(on).client().get(path);
        let first = json!({
            "total": 5, "pages": 3, "more": true, "back": null, "items": [{"id": 1}, {"id": 2}],
        });
        assert_eq!(get("/counted/").json(), first, "{on:?}");
        assert!(get("/counted/").text().starts_with(r#"{"total":5,"pages":3,"#), "{on:?}");
        let last = json!({
            "total": 5, "pages": 3, "more": false,
            "back": "http://testserver/counted/?page=2", "items": [{"id": 5}],
        });
        assert_eq!(get("/counted/?page=3").json(), last, "{on:?}");
        assert_eq!(get("/counted/?page=4").status, 404, "{on:?}");
    }
    let schema = store(On::Sqlite).client().get("/api/schema/?format=json").json();
    let operation = &schema["paths"]["/counted/"]["get"];
    let content = &operation["responses"]["200"]["content"]["application/json"]["schema"];
    let name = content["$ref"].as_str().and_then(|path| path.rsplit('/').next());
    let page = &schema["components"]["schemas"][name.unwrap_or_default()];
    assert_eq!(page["required"], json!(["total", "items"]), "{page}");
    assert_eq!(page["properties"]["pages"]["type"], "integer", "{page}");
    assert_eq!(page["properties"]["items"]["type"], "array", "{page}");
    assert_eq!(operation["parameters"][0]["name"], "page", "{operation}");
}
