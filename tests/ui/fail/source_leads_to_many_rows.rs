include!("../models.rs");

#[derive(Serializer)]
#[serializer(model = Artist)]
pub struct ArtistSerializer {
    id: i64,
    #[field(source = albums.title, read_only)]
    album: String,
}

fn main() {}
