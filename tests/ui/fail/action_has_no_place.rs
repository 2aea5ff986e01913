include!("../models.rs");

#[derive(Serializer)]
#[serializer(model = Artist, fields = all)]
pub struct ArtistSerializer;

pub struct ArtistViewSet;

#[view_set]
impl ViewSet for ArtistViewSet {
    type Base = ModelViewSet;
    type Serializer = ArtistSerializer;

    #[action(post)]
    async fn rename(&self, _artist: Object<Artist>, _cx: &mut Context) -> Result<NoContent> {
        Ok(NoContent)
    }
}

fn main() {}
