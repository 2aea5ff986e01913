include!("../models.rs");

#[model(table = "store_genre")]
pub struct Genre {
    pub id: i64,
    pub tags: std::collections::HashMap<String, String>,
}

fn main() {}
