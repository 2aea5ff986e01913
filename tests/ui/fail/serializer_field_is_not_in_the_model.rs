include!("../models.rs");

#[derive(Serializer)]
#[serializer(model = Track)]
pub struct TrackSerializer {
    id: i64,
    title: String,
}

fn main() {}
