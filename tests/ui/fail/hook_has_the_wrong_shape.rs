include!("../models.rs");

use quintet::db::hooks::Saving;

#[model(app = "shop", before_save = check)]
pub struct Order {
    pub id: i64,
}

async fn check(_saving: &mut Saving<'_, Artist>) -> Result<()> {
    Ok(())
}

fn main() {}
