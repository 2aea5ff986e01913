include!("../models.rs");

#[derive(FilterSet)]
pub struct TrackFilter {
    name: String,
}

fn main() {}
