include!("../models.rs");

pub const ORDERING: OrderingFields<Track> = ordering_fields![id, milisconds];

fn main() {}
