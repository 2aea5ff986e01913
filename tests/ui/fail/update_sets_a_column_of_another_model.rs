include!("../models.rs");

use quintet::db::Error;

pub async fn rename(cx: &Context) -> Result<usize, Error> {
    Album::objects().update(Changes::new().set(track::name, "x"), cx).await
}

fn main() {}
