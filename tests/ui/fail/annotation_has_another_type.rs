include!("../models.rs");

#[model(table = "label", annotations(longest: i64 = |label| quintet::db::Max::of(label.size())))]
pub struct Label {
    pub id: i64,
    pub size: i64,
}

fn main() {}
