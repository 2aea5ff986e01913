include!("../models.rs");

pub struct TrackViewSet;

pub fn api() -> Router {
    Router::new().register("tracks", TrackViewSet)
}

fn main() {}
