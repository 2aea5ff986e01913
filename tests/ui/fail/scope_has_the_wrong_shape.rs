include!("../models.rs");

#[model(app = "shop", objects = paid)]
pub struct Order {
    pub id: i64,
    pub is_paid: bool,
}

fn paid(rows: QuerySet<Artist>) -> QuerySet<Artist> {
    rows
}

fn main() {}
