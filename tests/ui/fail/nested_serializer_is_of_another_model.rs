include!("../models.rs");

#[derive(Serializer)]
#[serializer(model = Track)]
pub struct TrackSerializer {
    name: String,
}

#[derive(Serializer)]
#[serializer(model = Album)]
pub struct AlbumSerializer {
    title: String,
    #[field(nested)]
    artist: TrackSerializer,
}

fn main() {}
