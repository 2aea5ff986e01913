include!("../models.rs");

#[model(table = "store_category")]
pub struct Category {
    pub id: i64,
    #[field(foreign_key = Artist, acyclic)]
    pub artist_id: Option<i64>,
    #[field(foreign_key = Category, related_name = children, acyclic)]
    pub parent_id: i64,
}

fn main() {}
