include!("../models.rs");

#[derive(Serializer)]
#[serializer(model = Track)]
pub struct TrackSerializer {
    #[field(method)]
    duration: String,
    #[field(method)]
    minutes: i64,
}

impl TrackSerializer {
    fn get_duration(cx: &Context, track: &Track) -> String {
        format!("{:?} {}", cx.action(), track.milliseconds)
    }

    fn get_minutes(track: &Track) -> i32 {
        track.milliseconds / 60_000
    }
}

fn main() {}
