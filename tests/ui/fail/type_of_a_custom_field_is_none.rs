include!("../models.rs");

struct Colour;

#[derive(Serializer)]
#[serializer(model = Album)]
pub struct AlbumSerializer {
    #[field(custom)]
    title: Colour,
}

fn main() {}
