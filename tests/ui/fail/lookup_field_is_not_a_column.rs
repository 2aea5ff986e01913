include!("../models.rs");

pub const LOOKUP: LookupField<Artist> = lookup_field!(slug);

fn main() {}
