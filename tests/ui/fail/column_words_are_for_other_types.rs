include!("../models.rs");

#[model(app = "library")]
pub struct Book {
    pub id: i64,
    #[field(max_length = 200)]
    pub pages: i32,
    #[field(email)]
    pub author: i64,
    #[field(decimal(10, 2))]
    pub price: f64,
    #[field(auto_now)]
    pub updated: String,
}

fn main() {}
