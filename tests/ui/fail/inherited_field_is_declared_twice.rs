include!("../models.rs");

#[model(abstract)]
pub struct Audit {
    #[field(auto_now_add)]
    pub created: DateTime,
}

#[model(app = "shop", inherit(Audit))]
pub struct Order {
    pub id: i64,
    pub created: Option<DateTime>,
}

fn main() {}
