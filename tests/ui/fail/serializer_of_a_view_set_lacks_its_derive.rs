include!("../models.rs");

pub struct AlbumSerializer {
    pub id: i64,
}

pub struct AlbumViewSet;

impl ViewSet for AlbumViewSet {
    type Base = ModelViewSet;
    type Serializer = AlbumSerializer;
}

fn main() {}
