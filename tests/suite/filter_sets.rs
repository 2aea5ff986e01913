//! What a filter set can say beside its filters: other columns and rows to choose by, whole models,
//! and what depends on the request (`django_filters.FilterSet`).

use std::sync::{Arc, OnceLock};

use musicstore::models::{Playlist, Track, track};
use quintet::auth::User;
use quintet::authentication::TokenAuthentication;
use quintet::db::{ColumnKind, ColumnMeta, Database, Lookup};
use quintet::filters::FilterSet;
use quintet::filters::django_filters::{
    CharFilter, Filter, FilterSpec, Filtered, ModelChoiceFilter, ModelMultipleChoiceFilter,
};
use quintet::prelude::*;
use quintet_tests::client::Client;
use quintet_tests::store::{ALICE, On, Store};
use serde_json::{Value as Json, json};

/// Bob's key.
const BOB: &str = "1f97eed011be72c0054cf1d7726042157984304f";

#[derive(Serializer)]
#[serializer(model = Playlist, fields(id))]
struct PlaylistSerializer {}

#[derive(Serializer)]
#[serializer(model = Track, fields(id))]
struct TrackSerializer {}

/// Rows by other columns, and some of the rows alone.
#[derive(FilterSet)]
#[filter_set(model = Playlist)]
struct PlaylistFilter {
    #[filter(to_field_name = username, null_label = "Nobody", null_value = "none")]
    owner: ModelChoiceFilter<User>,
    #[filter(field = owner, to_field_name = username, null_label = "Nobody", null_value = "none")]
    owners: ModelMultipleChoiceFilter<User>,
    #[filter(field = tracks, queryset = short_tracks)]
    short: ModelChoiceFilter<Track>,
    #[filter(field = owner, queryset = oneself)]
    mine: ModelMultipleChoiceFilter<User>,
}

fn short_tracks() -> QuerySet<Track> {
    Track::objects().filter(track::milliseconds.lt(60_000))
}

fn oneself(cx: &Context) -> QuerySet<User> {
    let own = cx.user().map_or(0, |user| user.id);
    User::objects().filter_by(User::fields().id().exact(own))
}

struct Playlists;

impl ViewSet for Playlists {
    type Base = ReadOnlyModelViewSet;
    type Serializer = PlaylistSerializer;
    const FILTERSET_CLASS: Filters<Playlist> = Filters::of::<PlaylistFilter>();
}

/// All fields but two; texts are searched; what else there is depends on the user.
#[derive(FilterSet)]
#[filter_set(
    model = Track,
    exclude(composer, bytes),
    filter_overrides,
    get_filters,
    filter_queryset
)]
struct TrackFilter {
    #[filter(field = genre__name, initial = "Jazz")]
    style: CharFilter,
}

impl TrackFilter {
    fn filter_overrides(filter: Filter<Track>, column: &ColumnMeta) -> Filter<Track> {
        match column.kind {
            ColumnKind::Text => filter.lookup(Lookup::IContains),
            ColumnKind::Decimal { .. } => filter.kind::<CharFilter>().lookup(Lookup::StartsWith),
            _ => filter,
        }
    }

    fn get_filters(filters: &mut FilterSpec<Track>, cx: &Context) {
        if cx.user().is_none() {
            filters.remove("unit_price");
        }
        if cx.request.query_params().get("all").is_some() {
            filters.change("style", |filter| filter.initial(""));
        }
    }

    /// Short tracks, unless a name is given.
    fn filter_queryset(
        rows: QuerySet<Track>,
        filtered: Filtered<Track>,
        cx: &Context,
    ) -> QuerySet<Track> {
        let named = filtered.value::<String>("name").is_some();
        let rows = filtered.apply(rows, cx);
        if named { rows } else { rows.filter(track::milliseconds.lt(200_000)) }
    }
}

/// A function that looks at nothing.
#[derive(FilterSet)]
#[filter_set(model = Track, fields(genre), filter_queryset)]
struct LooseFilter {}

impl LooseFilter {
    fn filter_queryset(rows: QuerySet<Track>, _: Filtered<Track>, _: &Context) -> QuerySet<Track> {
        rows.filter(track::id.le(3))
    }
}

struct Loose;

impl ViewSet for Loose {
    type Base = ReadOnlyModelViewSet;
    type Serializer = TrackSerializer;
    const FILTERSET_CLASS: Filters<Track> = Filters::of::<LooseFilter>();
}

struct Tracks;

impl ViewSet for Tracks {
    type Base = ReadOnlyModelViewSet;
    type Serializer = TrackSerializer;
    const FILTERSET_CLASS: Filters<Track> = Filters::of::<TrackFilter>();
}

#[derive(FilterSet)]
#[filter_set(model = Playlist, fields = all)]
struct WholeFilter {}

fn store(on: On) -> &'static Store {
    static STORES: [OnceLock<Store>; 2] = [OnceLock::new(), OnceLock::new()];
    STORES[usize::from(on == On::Postgres)].get_or_init(|| {
        Store::serving(
            on,
            |_| {},
            |settings, database: Arc<Database>| {
                let urls = Router::new()
                    .register("playlists", Playlists)
                    .register("tracks", Tracks)
                    .register("loose", Loose);
                Site::builder(settings, database)
                    .authentication(TokenAuthentication::new())
                    .permissions(AllowAny)
                    .mount(urls.at("/"))
                    .build()
                    .expect("a site")
            },
        )
    })
}

fn ids(client: &Client, path: &str) -> Vec<i64> {
    let reply = client.get(path);
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    let rows = reply.json();
    rows.as_array().expect("a list").iter().filter_map(|row| row["id"].as_i64()).collect()
}

fn refused(client: &Client, path: &str) -> Json {
    let reply = client.get(path);
    assert_eq!(reply.status, 400, "{path}: {}", reply.text());
    reply.json()
}

fn not_a_choice(filter: &str, choice: &str) -> Json {
    let text = format!("Select a valid choice. {choice} is not one of the available choices.");
    json!({filter: [text]})
}

#[test]
fn rows_are_named_by_another_column_and_null_by_a_word_of_ones_own() {
    for on in On::all() {
        let client = store(on).client();
        let nobody: Vec<i64> = (1..=14).collect();
        assert_eq!(ids(&client, "/playlists/?owner=alice"), [15, 16]);
        assert_eq!(ids(&client, "/playlists/?owner=none"), nobody);
        assert_eq!(ids(&client, "/playlists/?owner=").len(), 18);
        for text in ["3", "null", "Alice", "nobody"] {
            let errors = refused(&client, &format!("/playlists/?owner={text}"));
            assert_eq!(errors, not_a_choice("owner", "That choice"));
        }
        assert_eq!(ids(&client, "/playlists/?owners=bob&owners=alice"), [15, 16, 17, 18]);
        assert_eq!(ids(&client, "/playlists/?owners=bob&owners=none").len(), 16);
        let errors = refused(&client, "/playlists/?owners=bob&owners=3");
        assert_eq!(errors, not_a_choice("owners", "3"));
    }
}

#[test]
fn other_rows_than_those_of_the_query_set_cannot_be_chosen() {
    for on in On::all() {
        let store = store(on);
        let (anyone, alice, bob) = (store.client(), store.client_of(ALICE), store.client_of(BOB));
        // the first is shorter than a minute
        assert_eq!(ids(&anyone, "/playlists/?short=168"), [1, 5, 8]);
        assert_eq!(refused(&anyone, "/playlists/?short=1"), not_a_choice("short", "That choice"));
        assert_eq!(ids(&alice, "/playlists/?mine=3"), [15, 16]);
        assert_eq!(ids(&bob, "/playlists/?mine=4"), [17, 18]);
        assert_eq!(refused(&bob, "/playlists/?mine=3"), not_a_choice("mine", "3"));
        assert_eq!(refused(&anyone, "/playlists/?mine=3"), not_a_choice("mine", "3"));
        assert_eq!(refused(&alice, "/playlists/?mine=3&mine=4"), not_a_choice("mine", "4"));
    }
}

#[test]
fn a_filter_set_may_be_over_all_fields_or_all_but_some() {
    let names = |parameters: Vec<quintet::filters::QueryParameter>| -> Vec<String> {
        parameters.into_iter().map(|parameter| parameter.name.into_owned()).collect()
    };
    assert_eq!(
        names(TrackFilter::spec().query_parameters()),
        ["name", "milliseconds", "unit_price", "album", "genre", "media_type", "style"]
    );
    assert_eq!(
        names(WholeFilter::spec().query_parameters()),
        ["name", "is_public", "created_at", "updated_at", "owner", "tracks"]
    );
}

#[test]
fn filters_depend_on_the_column_and_the_request_and_a_function_sees_all_rows() {
    for on in On::all() {
        let store = store(on);
        let (anyone, alice) = (store.client(), store.client_of(ALICE));
        let rows = |condition: &str| {
            let from = "store_track t JOIN store_genre g ON g.id = t.genre_id";
            let sql = format!("SELECT count(*) FROM {from} WHERE {condition}");
            usize::try_from(store.number(&sql)).expect("a number of rows")
        };
        let jazz = "g.name = 'Jazz'";
        let short = "t.milliseconds < 200000";
        // the function is called without parameters, too
        assert_eq!(ids(&anyone, "/tracks/").len(), rows(&format!("{jazz} AND {short}")));
        assert_eq!(ids(&anyone, "/tracks/?all=1").len(), rows(short));
        let rock = format!("g.name = 'Rock' AND {short}");
        assert_eq!(ids(&anyone, "/tracks/?style=Rock").len(), rows(&rock));
        // a text is searched, and what has a name may be long
        let named = format!("{jazz} AND lower(t.name) LIKE '%the%'");
        assert_eq!(ids(&anyone, "/tracks/?name=THE").len(), rows(&named));
        // what is excluded or removed is not read
        let all = rows(&format!("{jazz} AND {short}"));
        assert_eq!(ids(&anyone, "/tracks/?composer=nobody&bytes=x&unit_price=7").len(), all);
        assert_eq!(ids(&alice, "/tracks/?unit_price=7"), Vec::<i64>::new());
        assert_eq!(ids(&alice, "/tracks/?unit_price=0.").len(), all);
        // a key must exist, whatever the function makes of it
        assert_eq!(ids(&anyone, "/loose/?genre=2"), [1, 2, 3]);
        assert_eq!(refused(&anyone, "/loose/?genre=999"), not_a_choice("genre", "That choice"));
    }
}

/// Without a list of its own, each field that is shown and is a column may be ordered by.
#[test]
fn fields_of_the_serializer_may_be_ordered_by_where_nothing_is_said() {
    for on in On::all() {
        let store = Store::new(on);
        let client = store.client();
        let titles = |path: &str| -> Vec<String> {
            let body = client.get(path).json();
            let rows = body["results"].as_array().expect("a page");
            rows.iter().map(|row| row["title"].as_str().expect("a title").to_owned()).collect()
        };
        let usual = titles("/api/albums/?page_size=100");
        let mut first = titles("/api/albums/?page_size=100&ordering=title");
        let last = titles("/api/albums/?page_size=100&ordering=-title");
        assert!(first != usual && last != usual && first != last);
        assert!(last.first() > last.last() && first.first() < first.last());
        // by a field that is only written, one that is computed by a link, and no field: not at all
        for name in ["artist_id", "url", "nothing", "artist__name"] {
            let path = format!("/api/albums/?page_size=100&ordering={name}");
            assert_eq!(titles(&path), usual, "{name}");
        }
        first.dedup();
        let both = titles("/api/albums/?page_size=100&ordering=nothing,title");
        assert_eq!(both.first(), first.first());
    }
}

#[test]
fn what_a_filter_set_says_of_playlists_is_in_its_parameters() {
    use quintet::filters::ParameterType::{Integer, String};

    let parameters = PlaylistFilter::spec().query_parameters();
    let kinds: Vec<_> = parameters.iter().map(|parameter| parameter.kind).collect();
    assert_eq!(kinds, [String, String, Integer, Integer]);
}
