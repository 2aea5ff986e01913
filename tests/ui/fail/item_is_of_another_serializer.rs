include!("../models.rs");

#[derive(Serializer)]
#[serializer(model = Artist, fields = all)]
pub struct ArtistSerializer;

#[derive(Serializer)]
#[serializer(model = Album, fields = all)]
pub struct AlbumSerializer;

pub struct ArtistViewSet;

#[view_set]
impl ViewSet for ArtistViewSet {
    type Base = ModelViewSet;
    type Serializer = ArtistSerializer;

    #[action(detail)]
    async fn card(&self, cx: &mut Context) -> Result<Item<AlbumSerializer>> {
        self.show(cx).await
    }
}

fn main() {}
