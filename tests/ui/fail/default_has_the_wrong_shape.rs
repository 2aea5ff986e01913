include!("../models.rs");

#[derive(Serializer)]
#[serializer(model = Track)]
pub struct TrackSerializer {
    #[field(default_with = usual_name)]
    name: String,
}

fn usual_name(track: &Track) -> String {
    track.name.clone()
}

fn main() {}
