include!("../models.rs");

#[derive(Serializer)]
#[serializer(model = Artist, fields = all)]
pub struct ArtistSerializer;

pub struct AlbumViewSet;

impl ViewSet for AlbumViewSet {
    type Base = ModelViewSet;
    type Serializer = ArtistSerializer;

    async fn get_queryset(&self, _cx: &mut Context) -> Result<QuerySet<Album>> {
        Ok(Album::objects())
    }
}

fn main() {}
