include!("../models.rs");

#[derive(Serializer)]
#[serializer(model = Artist, fields = all)]
pub struct ArtistSerializer;

pub struct AlbumViewSet;

impl ViewSet for AlbumViewSet {
    type Base = ModelViewSet;
    type Serializer = ArtistSerializer;

    fn get_queryset(&self, _cx: &Context) -> QuerySet<Album> {
        Album::objects()
    }
}

fn main() {}
