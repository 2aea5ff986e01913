include!("../models.rs");

use quintet::filters::django_filters::BooleanFilter;

#[derive(FilterSet)]
#[filter_set(model = Track)]
pub struct TrackFilter {
    #[filter(method = filter_long)]
    long: BooleanFilter,
}

impl TrackFilter {
    fn filter_long(tracks: QuerySet<Track>, _long: bool) -> QuerySet<Track> {
        tracks
    }
}

fn main() {}
