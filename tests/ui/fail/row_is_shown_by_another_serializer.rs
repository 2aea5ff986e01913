include!("../models.rs");

#[derive(Serializer)]
#[serializer(model = Artist, fields = all)]
pub struct ArtistSerializer;

pub async fn shown(album: &Album, cx: &Context) -> Result<serde_json::Value> {
    ArtistSerializer::from_row(album).data(cx).await
}

fn main() {}
