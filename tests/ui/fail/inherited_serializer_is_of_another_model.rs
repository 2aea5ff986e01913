include!("../models.rs");

#[derive(Serializer)]
#[serializer(model = Track)]
pub struct TrackSerializer {
    name: String,
}

#[derive(Serializer)]
#[serializer(model = Album, inherit = TrackSerializer)]
pub struct AlbumSerializer {
    title: String,
}

fn main() {}
