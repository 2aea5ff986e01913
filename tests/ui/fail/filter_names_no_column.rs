include!("../models.rs");

pub fn filters() -> FilterSpec<Track> {
    filter_fields![Track: nmae, milliseconds(gt, lt)]
}

fn main() {}
