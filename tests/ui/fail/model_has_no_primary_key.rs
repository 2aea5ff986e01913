include!("../models.rs");

#[model(table = "store_genre")]
pub struct Genre {
    pub name: String,
}

fn main() {}
