//! Filters of one's own: backends, kinds and what a filter set can say (`rest_framework.filters`,
//! `django_filters`).

use std::sync::{Arc, OnceLock};

use musicstore::models::{Invoice, Playlist, Track, playlist};
use quintet::db::{Database, Lookup, Predicate};
use quintet::filters::django_filters::{
    BaseInFilter, BooleanFilter, CustomFilter, DateTimeFromToRangeFilter, DurationFilter, Filter,
    FilterSpec, FilteredField, MultipleChoiceFilter, NumberFilter,
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

/// A length as `m:ss`, which is reached within that second.
struct LengthFilter;

impl CustomFilter for LengthFilter {
    type Value = i32;

    fn clean(text: &str) -> Validated<Option<i32>> {
        if text == "any" {
            return Ok(None);
        }
        let length = text.split_once(':').and_then(|(minutes, seconds)| {
            let minutes: i32 = minutes.parse().ok()?;
            minutes.checked_mul(60)?.checked_add(seconds.parse().ok()?)?.checked_mul(1000)
        });
        length.map(Some).ok_or("Write a length as `m:ss`.".into())
    }

    fn condition(field: &FilteredField<'_>, value: i32) -> Predicate {
        assert_eq!(field.name(), "length");
        field.compare(Lookup::Gte, value).and(field.compare(Lookup::Lt, value.saturating_add(1000)))
    }
}

/// A number in hexadecimal, compared as the filter set says.
struct HexFilter;

impl CustomFilter for HexFilter {
    type Value = i64;

    fn clean(text: &str) -> Validated<Option<i64>> {
        i64::from_str_radix(text, 16).map(Some).map_err(|_| Detail::new("Not a number.", "hex"))
    }

    fn parameter_type() -> ParameterType {
        ParameterType::Integer
    }
}

#[derive(FilterSet)]
#[filter_set(model = Track)]
#[allow(non_snake_case)]
struct SpecialFilter {
    #[filter(field = milliseconds, label = "Length as `m:ss`")]
    length: LengthFilter,
    #[filter(field = milliseconds, lookup = gt)]
    hex: HexFilter,
    #[filter(field = id)]
    hexes: BaseInFilter<HexFilter>,
    #[filter(field = milliseconds, lookup = gt, exclude)]
    hex_at_most: HexFilter,
    #[filter(method = filter_double)]
    double: HexFilter,
    #[filter(field = album_id, required, help_text = "Whose tracks.", label = "Not shown")]
    album: NumberFilter,
    #[filter(field = composer, lookup = isnull, required)]
    anonymous: BooleanFilter,
}

impl SpecialFilter {
    fn filter_double(rows: QuerySet<Track>, name: &str, value: i64) -> QuerySet<Track> {
        assert_eq!(name, "double");
        rows.filter_by(Track::fields().id().exact(value.saturating_mul(2)))
    }
}

struct Specials;

impl ViewSet for Specials {
    type Base = ReadOnlyModelViewSet;
    type Serializer = TrackSerializer;
    const FILTERSET_CLASS: Filters<Track> = Filters::of::<SpecialFilter>();

    fn basename(&self) -> String {
        "special".into()
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
                    .register("specials", Specials)
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
fn a_kind_of_filter_of_ones_own_reads_and_compares() {
    for on in On::all() {
        let count = |query: &str| count(on, &format!("/specials/?album=1&{query}"));
        let tracks =
            |condition: &str| rows(on, &format!("store_track WHERE album_id = 1 AND {condition}"));
        let all = tracks("1 = 1");
        assert_eq!((count(""), count("length=any"), count("length=")), (all, all, all), "{on:?}");
        let within = tracks("milliseconds BETWEEN 343000 AND 343999");
        assert!(within > 0, "{on:?}");
        assert_eq!(count("length=5:43"), within, "{on:?}");
        assert_eq!(count("hex=3d090"), tracks("milliseconds > 250000"), "{on:?}");
        assert_eq!(count("hex_at_most=3d090"), tracks("milliseconds <= 250000"), "{on:?}");
        assert_eq!(count("hexes=1,a,b,1"), tracks("id IN (1, 10, 11)"), "{on:?}");
        assert_eq!(count("double=5"), tracks("id = 10"), "{on:?}");
        let refused = |query: &str, told: Json| {
            let reply = store(on).client().get(&format!("/specials/?{query}"));
            assert_eq!((reply.status, reply.json()), (400, told), "{on:?} {query}");
        };
        refused("album=1&length=5", json!({"length": ["Write a length as `m:ss`."]}));
        refused("album=1&length=99999999999:00", json!({"length": ["Write a length as `m:ss`."]}));
        refused("album=1&hexes=1,x", json!({"hexes": ["Not a number."]}));
        refused("album=1&hex=%00", json!({"hex": ["Null characters are not allowed."]}));
        let required = json!({"album": ["This field is required."]});
        refused("", required.clone());
        refused("album=", required.clone());
        refused("length=5:43", required);
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
    assert_eq!(parameter("/specials/", "length")["description"], "Length as `m:ss`");
    assert_eq!(parameter("/specials/", "hex")["schema"], json!({"type": "integer"}));
    assert_eq!(parameter("/specials/", "album")["description"], "Whose tracks.");
    let mine = parameter("/playlists/", "mine");
    assert_eq!(mine["description"], "`only` for those of the user.");
    assert_eq!(mine["schema"], json!({"type": "string"}));
}
