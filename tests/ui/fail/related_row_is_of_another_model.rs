include!("../models.rs");

use quintet::db::Error;

pub async fn artists(cx: &Context) -> Result<usize, Error> {
    let tracks = Track::objects().select_related(Album::fields().artist());
    Ok(tracks.all(cx).await?.len())
}

fn main() {}
