include!("../models.rs");

#[derive(Serializer)]
#[serializer(model = Artist, fields = all)]
pub struct ArtistSerializer;

pub struct AlbumViewSet;

impl ViewSet for AlbumViewSet {
    type Base = ModelViewSet;
    type Model = Album;
    type Serializer = ArtistSerializer;
}

fn main() {}
