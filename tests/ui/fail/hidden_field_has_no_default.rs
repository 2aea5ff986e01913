include!("../models.rs");

#[derive(Serializer)]
#[serializer(model = Album)]
pub struct AlbumSerializer {
    #[field(hidden)]
    artist: PrimaryKeyRelated<Artist>,
}

fn main() {}
