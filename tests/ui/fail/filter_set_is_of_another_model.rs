include!("../models.rs");

#[derive(FilterSet)]
#[filter_set(model = Track, fields(name))]
pub struct TrackFilter {}

pub const FILTERS: Filters<Album> = Filters::of::<TrackFilter>();

fn main() {}
