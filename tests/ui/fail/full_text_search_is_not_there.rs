include!("../models.rs");

#[derive(Serializer)]
#[serializer(model = Track, fields = all)]
pub struct TrackSerializer;

pub struct TrackViewSet;

impl ViewSet for TrackViewSet {
    type Base = ModelViewSet;
    type Serializer = TrackSerializer;

    const SEARCH_FIELDS: quintet::filters::SearchFields<Track> =
        quintet::filters::search_fields![name, @album__title];
}

fn main() {}
