include!("../models.rs");

use quintet::db::{Error, Sum};

pub async fn names(cx: &Context) -> Result<Option<i64>, Error> {
    Track::objects().aggregate(Sum::of(track::name), cx).await
}

fn main() {}
