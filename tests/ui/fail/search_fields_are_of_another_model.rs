include!("../models.rs");

#[derive(Serializer)]
#[serializer(model = Artist, fields = all)]
pub struct ArtistSerializer {}

pub struct ArtistViewSet;

impl ViewSet for ArtistViewSet {
    type Base = ModelViewSet;
    type Serializer = ArtistSerializer;

    const SEARCH_FIELDS: SearchFields<Album> = search_fields![title];
}

fn main() {}
