include!("../models.rs");

#[derive(FilterSet)]
#[filter_set(model = Track, fields(name(exact, contain)))]
pub struct TrackFilter {
    #[filter(feild = milliseconds, lookup = gte)]
    min_length: i64,
    #[filter(lookup = greater)]
    milliseconds: i64,
}

pub fn filter() -> quintet::filters::FilterSpec<Track> {
    TrackFilter::spec()
}

fn main() {}
