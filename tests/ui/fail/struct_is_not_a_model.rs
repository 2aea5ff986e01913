include!("../models.rs");

pub struct Genre {
    pub id: i64,
}

#[derive(Serializer)]
#[serializer(model = Genre)]
pub struct GenreSerializer {
    id: i64,
}

fn main() {}
