include!("../models.rs");

pub const FILTERS: Filters<Track> = filter_fields![nmae, milliseconds(gt, lt)];

fn main() {}
