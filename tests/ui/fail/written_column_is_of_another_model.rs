include!("../models.rs");

use quintet::db::Error;

pub async fn rename(albums: &[Album], cx: &Context) -> Result<usize, Error> {
    Album::objects().bulk_update(albums, track::name, cx).await
}

fn main() {}
