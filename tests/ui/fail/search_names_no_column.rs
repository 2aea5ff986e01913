include!("../models.rs");

pub fn search() -> Vec<SearchField> {
    search_fields![Track: ^name, album__titel]
}

fn main() {}
