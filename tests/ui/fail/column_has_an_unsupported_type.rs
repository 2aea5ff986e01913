include!("../models.rs");

#[model(table = "store_genre")]
pub struct Genre {
    pub id: i64,
    pub tags: Vec<String>,
}

fn main() {}
