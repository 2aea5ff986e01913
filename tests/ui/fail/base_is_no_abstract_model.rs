include!("../models.rs");

#[model(app = "shop", inherit(Artist))]
pub struct Singer {
    pub id: i64,
}

fn main() {}
