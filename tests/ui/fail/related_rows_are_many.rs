include!("../models.rs");

use quintet::db::Error;

pub async fn albums(cx: &Context) -> Result<usize, Error> {
    let artists = Artist::objects().select_related(Artist::fields().albums());
    Ok(artists.all(cx).await?.len())
}

fn main() {}
