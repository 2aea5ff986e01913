include!("../models.rs");

#[derive(Serializer)]
#[serializer(model = Artist, fields = all)]
pub struct ArtistSerializer;

#[derive(Serializer)]
#[serializer(model = Album, fields = all)]
pub struct AlbumSerializer;

pub struct ArtistViewSet;

impl ViewSet for ArtistViewSet {
    type Base = ModelViewSet;
    type Serializer = ArtistSerializer;

    fn serializer_class(&self, _action: Action) -> SerializerClass<Artist> {
        AlbumSerializer::class()
    }
}

fn main() {}
