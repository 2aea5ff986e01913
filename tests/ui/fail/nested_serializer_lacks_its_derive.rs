include!("../models.rs");

pub struct ArtistSerializer {
    pub id: i64,
}

#[derive(Serializer)]
#[serializer(model = Album)]
pub struct AlbumSerializer {
    id: i64,
    #[field(nested)]
    artist: ArtistSerializer,
}

fn main() {}
