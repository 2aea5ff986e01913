include!("../models.rs");

#[derive(Serializer)]
#[serializer(model = Artist, fields = all)]
pub struct ArtistSerializer;

pub struct ArtistViewSet;

#[view_set]
impl ViewSet for ArtistViewSet {
    type Base = ModelViewSet;
    type Serializer = ArtistSerializer;

    #[action(detail)]
    async fn name(&self, artist: Object<Artist>, _cx: &mut Context) -> Result<String> {
        Ok(artist.0.name)
    }
}

fn main() {}
