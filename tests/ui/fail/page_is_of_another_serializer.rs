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
    async fn albums(&self, _cx: &mut Context) -> Result<Page<ArtistSerializer>> {
        self.paginate(Album::objects(), _cx).await
    }
}

fn main() {}
