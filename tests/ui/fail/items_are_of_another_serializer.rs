include!("../models.rs");

#[derive(Serializer)]
#[serializer(model = Artist, fields = all)]
pub struct ArtistSerializer;

pub struct ArtistViewSet;

#[view_set]
impl ViewSet for ArtistViewSet {
    type Base = ModelViewSet;
    type Serializer = ArtistSerializer;

    #[action(list)]
    async fn newest_albums(&self, cx: &mut Context) -> Result<Items<ArtistSerializer>> {
        cx.respond_all(Album::objects().order_by(order_by![-id]).slice(0, 5)).await
    }
}

fn main() {}
