include!("../models.rs");

#[model(app = "library")]
pub struct Book {
    pub id: i64,
    #[field(related_name = books)]
    pub author_id: i64,
    #[field(on_delete = protect)]
    pub shelf_id: i64,
}

fn main() {}
