include!("../models.rs");

pub const SEARCH: SearchFields<Track> = search_fields![^name, album__titel];

fn main() {}
