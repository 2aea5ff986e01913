include!("../models.rs");

pub const MOST: i32 = 1_000_000;

#[model(app = "library")]
pub struct Book {
    pub id: i64,
    #[field(min_value = 0, max_value = MOST)]
    pub pages: i32,
    #[field(max_value = 1_000_000)]
    pub shelf: i16,
    #[field(min_value = 10, max_value = 5)]
    pub weight: f64,
}

fn main() {}
