include!("../models.rs");

#[derive(Serializer)]
#[serializer(model = Track, read_only(total))]
pub struct TrackSerializer {
    #[field(readonly)]
    id: i64,
    #[field(kind = emial)]
    name: String,
}

fn main() {}
