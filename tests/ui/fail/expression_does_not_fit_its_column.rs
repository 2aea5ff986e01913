include!("../models.rs");

use quintet::db::Error;

pub async fn rename(cx: &Context) -> Result<usize, Error> {
    let set = Changes::new().set_expression(album::title, Album::fields().id() + 1);
    Album::objects().update(set, cx).await
}

fn main() {}
