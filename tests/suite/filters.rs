//! Filters of one's own: backends, kinds and what a filter set can say (`rest_framework.filters`,
//! `django_filters`).

use std::sync::{Arc, OnceLock};

use musicstore::models::{Invoice, Playlist, Track, playlist};
use quintet::db::Database;
use quintet::filters::django_filters::{
    DateTimeFromToRangeFilter, DurationFilter, Filter, FilterSpec, MultipleChoiceFilter,
    NumberFilter,
};
use quintet::filters::{FilterBackend, FilterBackends, FilterSet, ParameterType, QueryParameter};
use quintet::prelude::*;
use quintet::values::TimeDelta;
use quintet::viewsets::Action;
use quintet_tests::store::{ALICE, On, Store};
use serde_json::{Value as Json, json};

#[derive(Serializer)]
#[serializer(model = Track, fields(id, milliseconds))]
struct TrackSerializer {}

#[derive(Serializer)]
#[serializer(model = Playlist, fields(id, name))]
struct PlaylistSerializer {}

#[derive(Serializer)]
#[serializer(model = Invoice, fields(id, invoice_date))]
struct InvoiceSerializer {}

#[derive(FilterSet)]
#[filter_set(model = Track, fields(milliseconds(gt, lte)))]
#[allow(non_snake_case)]
struct TrackFilter {
    #[filter(field = milliseconds, lookup = gt, help_text = "Longer than this.")]
    longer: NumberFilter,
    #[filter(field = milliseconds, lookup = lte)]
    at_most: NumberFilter,
    #[filter(method = filter_lasting)]
    lasting: DurationFilter,
}

impl TrackFilter {
    fn filter_lasting(rows: QuerySet<Track>, _: &str, length: TimeDelta) -> QuerySet<Track> {
        let length = i32::try_from(length.num_seconds()).unwrap_or(i32::MAX);
        let milliseconds = Track::fields().milliseconds();
        let (from, to) =
            (length.saturating_mul(1000), length.saturating_add(1).saturating_mul(1000));
        rows.filter_by(milliseconds.clone().gte(from) & milliseconds.lt(to))
    }
}

struct Tracks;

impl ViewSet for Tracks {
    type Base = ReadOnlyModelViewSet;
    type Serializer = TrackSerializer;
    const FILTERSET_CLASS: Filters<Track> = Filters::of::<TrackFilter>();
}

#[derive(FilterSet)]
#[filter_set(model = Invoice)]
struct InvoiceFilter {
    #[filter(field = invoice_date)]
    during: DateTimeFromToRangeFilter,
}

struct Invoices;

impl ViewSet for Invoices {
    type Base = ReadOnlyModelViewSet;
    type Serializer = InvoiceSerializer;
    const FILTERSET_CLASS: Filters<Invoice> = Filters::of::<InvoiceFilter>();
}

/// A filter set in code, whose countries may be none.
struct TracksOfCodes;

const CODES: [(&str, &str); 1] = [("AC/DC", "AC/DC")];

impl FilterSet for TracksOfCodes {
    type Model = Track;

    fn spec() -> FilterSpec<Track> {
        let composer = Filter::new::<MultipleChoiceFilter>("composer", Track::fields().composer());
        FilterSpec::new().declare(composer.choices(CODES).null_label("Unknown"))
    }
}

struct Composed;

impl ViewSet for Composed {
    type Base = ReadOnlyModelViewSet;
    type Serializer = TrackSerializer;
    const FILTERSET_CLASS: Filters<Track> = Filters::of::<TracksOfCodes>();

    fn basename(&self) -> String {
        "composed".into()
    }
}

/// Users see their own playlists and the public ones; `?mine` leaves these out. Looks at the user, the
/// view and its action.
struct Visible;

impl FilterBackend<Playlist> for Visible {
    fn filter_queryset(
        &self,
        cx: &Context,
        rows: QuerySet<Playlist>,
    ) -> Result<QuerySet<Playlist>> {
        let user = cx.user().map(|user| user.id);
        let mine = cx.request.query_params().get("mine");
        match mine {
            Some("only") if user.is_none() => {
                return Err(ApiException::validation(Detail::field("mine", ["Log in first."])));
            }
            Some("only") => return Ok(rows.filter(playlist::owner_id.eq(user))),
            _ => {}
        }
        // whoever knows a number may see what it stands for
        if cx.action() == Some(Action::Retrieve) && cx.view().detail {
            return Ok(rows);
        }
        Ok(rows.filter(playlist::is_public.nullable().eq(true).or(playlist::owner_id.eq(user))))
    }

    fn query_parameters(&self) -> Vec<QueryParameter> {
        vec![QueryParameter::new("mine", ParameterType::String, "`only` for those of the user.")]
    }
}

/// Leaves out what has a long name, whatever else is asked for.
struct Short;

impl FilterBackend<Playlist> for Short {
    fn filter_queryset(&self, _: &Context, rows: QuerySet<Playlist>) -> Result<QuerySet<Playlist>> {
        Ok(rows.filter_by(!Playlist::fields().name().contains("a")))
    }
}

struct Playlists;

impl ViewSet for Playlists {
    type Base = ReadOnlyModelViewSet;
    type Serializer = PlaylistSerializer;
    const SEARCH_FIELDS: SearchFields<Playlist> = search_fields![name];

    fn filter_backends(&self) -> impl FilterBackends<Playlist> {
        (Visible, Short)
    }
}

fn store(on: On) -> &'static Store {
    static STORES: [OnceLock<Store>; 2] = [OnceLock::new(), OnceLock::new()];
    STORES[usize::from(on == On::Postgres)].get_or_init(|| {
        Store::serving(
            on,
            |_| {},
            |settings, database: Arc<Database>| {
                let router = Router::new()
                    .register("tracks", Tracks)
                    .register("invoices", Invoices)
                    .register("composed", Composed)
                    .register("playlists", Playlists);
                Site::builder(settings, database)
                    .pagination(PageNumberPagination::new().page_size(2))
                    .mount(router.at("/"))
                    .openapi(OpenApi::new("Filters", "1"))
                    .build()
                    .expect("a site")
            },
        )
    })
}

fn count(on: On, path: &str) -> i64 {
    let reply = store(on).client().get(path);
    reply.json()["count"].as_i64().unwrap_or_else(|| panic!("{path}: {}", reply.text()))
}

fn rows(on: On, condition: &str) -> i64 {
    store(on).number(&format!("SELECT count(*) FROM {condition}"))
}

#[test]
fn bounds_are_open_or_closed_as_their_lookup_says() {
    for on in On::all() {
        let tracks =
            |condition: &str| rows(on, &format!("store_track WHERE milliseconds {condition}"));
        // a length that a track has
        let (above, up_to) = (tracks("> 343719"), tracks("<= 343719"));
        assert_eq!(above + up_to, 3503, "{on:?}");
        for name in ["milliseconds__gt", "longer"] {
            assert_eq!(count(on, &format!("/tracks/?{name}=343719")), above, "{on:?} {name}");
        }
        for name in ["milliseconds__lte", "at_most"] {
            assert_eq!(count(on, &format!("/tracks/?{name}=343719")), up_to, "{on:?} {name}");
        }
        let both = count(on, "/tracks/?longer=343718&at_most=343719");
        assert_eq!(both, tracks("= 343719"), "{on:?}");
        let seconds = tracks("BETWEEN 343000 AND 343999");
        assert_eq!(count(on, "/tracks/?lasting=0:05:43"), seconds, "{on:?}");
        assert_eq!(count(on, "/tracks/?lasting=PT5M43S"), seconds, "{on:?}");
        let wrong = store(on).client().get("/tracks/?lasting=long");
        let told = json!({"lasting": ["Enter a valid duration."]});
        assert_eq!((wrong.status, wrong.json()), (400, told), "{on:?}");
    }
}

#[test]
fn moments_between_two_are_two_parameters() {
    for on in On::all() {
        let invoices = |condition: &str| rows(on, &format!("store_invoice WHERE {condition}"));
        let all = invoices("1 = 1");
        let after = invoices("invoice_date >= '2022-01-08 00:00:00'");
        let both = invoices(
            "invoice_date >= '2022-01-08 00:00:00' AND invoice_date <= '2022-03-11 00:00:00'",
        );
        assert!(both > 0 && both < after && after < all, "{on:?} {both} {after} {all}");
        let path = "/invoices/?during_after=2022-01-08%2000:00";
        assert_eq!(count(on, path), after, "{on:?}");
        assert_eq!(count(on, &format!("{path}&during_before=2022-03-11%2000:00:00")), both);
        let before = count(on, "/invoices/?during_before=2022-01-07%2023:59:59");
        assert_eq!(before + after, all, "{on:?}");
        let wrong = store(on).client().get("/invoices/?during_before=soon");
        let told = json!({"during": ["Enter a valid date/time."]});
        assert_eq!((wrong.status, wrong.json()), (400, told), "{on:?}");
    }
}

#[test]
fn null_is_a_choice_of_a_filter_with_a_label_for_it() {
    for on in On::all() {
        let none = rows(on, "store_track WHERE composer IS NULL");
        let one = rows(on, "store_track WHERE composer = 'AC/DC'");
        assert!(none > 0 && one > 0, "{on:?}");
        assert_eq!(count(on, "/composed/?composer=null"), none, "{on:?}");
        assert_eq!(count(on, "/composed/?composer=AC/DC"), one, "{on:?}");
        assert_eq!(count(on, "/composed/?composer=AC/DC&composer=null"), none + one, "{on:?}");
        let wrong = store(on).client().get("/composed/?composer=Mina");
        let text = "Select a valid choice. Mina is not one of the available choices.";
        assert_eq!((wrong.status, wrong.json()), (400, json!({"composer": [text]})), "{on:?}");
    }
}

#[test]
fn a_backend_of_ones_own_looks_at_the_user_and_the_view() {
    for on in On::all() {
        let store = store(on);
        let (alice, nobody) = (store.client_of(ALICE), store.client());
        let count = |client: &quintet_tests::client::Client, query: &str| {
            client.get(&format!("/playlists/{query}")).json()["count"].clone()
        };
        let own =
            "store_playlist p JOIN auth_user u ON u.id = p.owner_id WHERE u.username = 'alice'";
        // the second backend runs as well
        let short = "name NOT LIKE '%a%'";
        let visible = rows(on, &format!("store_playlist WHERE is_public AND {short}"));
        let mine = rows(on, &format!("{own} AND {short}"));
        let private = rows(on, &format!("{own} AND NOT is_public AND {short}"));
        assert_eq!(count(&nobody, ""), json!(visible), "{on:?}");
        assert_eq!(count(&alice, ""), json!(visible + private), "{on:?}");
        assert_eq!(count(&alice, "?mine=only"), json!(mine), "{on:?}");
        let refused = nobody.get("/playlists/?mine=only");
        assert_eq!((refused.status, refused.json()), (400, json!({"mine": ["Log in first."]})));
        // an object is found among the same rows, and among those that a search finds
        let id = store.number(&format!("SELECT min(id) FROM store_playlist WHERE {short}"));
        assert_eq!(nobody.get(&format!("/playlists/{id}/")).status, 200, "{on:?}");
        let missed = nobody.get(&format!("/playlists/{id}/?search=nothing-has-this-name"));
        let detail = "No Playlist matches the given query.";
        assert_eq!((missed.status, missed.json()), (404, json!({ "detail": detail })), "{on:?}");
        assert_eq!(nobody.get(&format!("/playlists/{id}/?mine=only")).status, 400, "{on:?}");
        let other = store.number("SELECT min(id) FROM store_playlist WHERE name LIKE '%a%'");
        assert_eq!(nobody.get(&format!("/playlists/{other}/")).status, 404, "{on:?}");
    }
}

#[test]
fn the_document_shows_help_texts_and_the_parameters_of_backends() {
    let schema = store(On::Sqlite).client().get("/api/schema/?format=json").json();
    let parameter = |path: &str, name: &str| -> Json {
        let all = schema["paths"][path]["get"]["parameters"].as_array().unwrap();
        all.iter().find(|one| one["name"] == name).cloned().unwrap_or_default()
    };
    assert_eq!(parameter("/tracks/", "longer")["description"], "Longer than this.");
    let mine = parameter("/playlists/", "mine");
    assert_eq!(mine["description"], "`only` for those of the user.");
    assert_eq!(mine["schema"], json!({"type": "string"}));
}
