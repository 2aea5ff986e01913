include!("../models.rs");

#[model(abstract, table = "audit", ordering(made))]
pub struct Audit {
    pub created: DateTime,
}

fn main() {}
