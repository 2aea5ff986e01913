include!("../models.rs");

#[derive(Serializer)]
#[serializer(model = Track)]
pub struct TrackSerializer {
    id: i64,
    #[field(method)]
    duration: String,
}

fn main() {}
