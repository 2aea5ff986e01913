include!("../models.rs");

pub const ORDERING: OrderingFields<Artist> = ordering_fields![id, albums__title];

fn main() {}
