//! The endpoints of the benchmark, written as a user would write them.
//!
//! ```text
//! DATABASE_URL=postgres://bench@127.0.0.1:8170/bench_s quintet-bench runserver 127.0.0.1:8000
//! curl 'http://127.0.0.1:8000/api/tracks/1/'
//! curl 'http://127.0.0.1:8000/api/albums/?limit=2'
//! ```

use std::sync::Arc;

use quintet::filters::django_filters::NumberFilter;
use quintet::filters::{FilterSet, order_by};
use quintet::pagination::{CursorPagination, LimitOffsetPagination, Pagination};
use quintet::permissions::IsAuthenticatedOrReadOnly;
use quintet::prelude::*;
use quintet::site::SiteError;

#[model(table = "store_artist", ordering(id))]
pub struct Artist {
    pub id: i64,
    #[field(max_length = 120)]
    pub name: String,
}

#[model(table = "store_album", ordering(id))]
pub struct Album {
    pub id: i64,
    #[field(max_length = 160)]
    pub title: String,
    #[field(foreign_key = Artist, related_name = albums)]
    pub artist_id: i64,
}

#[model(table = "store_genre", ordering(id))]
pub struct Genre {
    pub id: i64,
    #[field(max_length = 120, unique)]
    pub name: String,
}

#[model(table = "store_mediatype", ordering(id))]
pub struct MediaType {
    pub id: i64,
    #[field(max_length = 120, unique)]
    pub name: String,
}

#[model(table = "store_track", ordering(id))]
pub struct Track {
    pub id: i64,
    #[field(max_length = 200)]
    pub name: String,
    #[field(foreign_key = Album, related_name = tracks)]
    pub album_id: Option<i64>,
    #[field(foreign_key = MediaType)]
    pub media_type_id: i64,
    #[field(foreign_key = Genre)]
    pub genre_id: Option<i64>,
    #[field(max_length = 220)]
    pub composer: Option<String>,
    #[field(min_value = 1)]
    pub milliseconds: i32,
    pub bytes: Option<i32>,
    #[field(decimal(10, 2))]
    pub unit_price: Decimal,
}

#[derive(Serializer)]
#[serializer(model = Track)]
pub struct TrackSerializer {
    id: i64,
    name: String,
    album: Option<PrimaryKeyRelated<Album>>,
    media_type: PrimaryKeyRelated<MediaType>,
    genre: Option<PrimaryKeyRelated<Genre>>,
    composer: Option<String>,
    milliseconds: i32,
    bytes: Option<i32>,
    unit_price: Decimal,
}

#[derive(FilterSet)]
#[filter_set(model = Track, fields(genre))]
pub struct TrackFilter {
    #[filter(field = unit_price, lookup = gte)]
    unit_price_min: NumberFilter,
    #[filter(field = unit_price, lookup = lte)]
    unit_price_max: NumberFilter,
}

pub struct TrackViewSet;

impl ViewSet for TrackViewSet {
    type Base = ModelViewSet;
    type Serializer = TrackSerializer;

    const FILTERSET_CLASS: Filters<Track> = Filters::of::<TrackFilter>();
    const SEARCH_FIELDS: SearchFields<Track> = search_fields![name];
    const ORDERING_FIELDS: OrderingFields<Track> =
        ordering_fields![id, name, milliseconds, unit_price];
}

/// The same tracks in pages along their key.
pub struct TrackCursorViewSet;

impl ViewSet for TrackCursorViewSet {
    type Base = ReadOnlyModelViewSet;
    type Serializer = TrackSerializer;

    fn basename(&self) -> String {
        "track-cursor".into()
    }

    fn pagination_class(&self) -> impl Pagination + 'static {
        CursorPagination::new().page_size(25).ordering::<Track>(order_by![id])
    }
}

#[derive(Serializer)]
#[serializer(model = Artist)]
pub struct ArtistSerializer {
    id: i64,
    name: String,
}

#[derive(Serializer)]
#[serializer(model = Track)]
pub struct TrackBriefSerializer {
    id: i64,
    name: String,
    milliseconds: i32,
    unit_price: Decimal,
}

#[derive(Serializer)]
#[serializer(model = Album)]
pub struct AlbumSerializer {
    id: i64,
    title: String,
    #[field(nested)]
    artist: ArtistSerializer,
    #[field(nested)]
    tracks: Vec<TrackBriefSerializer>,
}

pub struct AlbumViewSet;

impl ViewSet for AlbumViewSet {
    type Base = ReadOnlyModelViewSet;
    type Serializer = AlbumSerializer;
}

/// The endpoints as a site.
///
/// # Errors
/// When a setting is missing or wrong.
pub fn site(settings: Settings, database: Arc<Database>) -> Result<Arc<Site>, SiteError> {
    let router = Router::new()
        .register("tracks", TrackViewSet)
        .register("tracks-cursor", TrackCursorViewSet)
        .register("albums", AlbumViewSet);
    Site::builder(settings, database)
        .permissions(IsAuthenticatedOrReadOnly)
        .pagination(LimitOffsetPagination::new().default_limit(25).max_limit(200))
        .mount(router.at("/api/"))
        .build()
}
