include!("../models.rs");

#[derive(Serializer)]
#[serializer(model = Track)]
pub struct TrackSerializer {
    id: i64,
    #[field(source = album.titel)]
    album_title: Option<String>,
}

fn main() {}
