include!("../models.rs");

use quintet::db::{Error, Sum};

pub async fn price(cx: &Context) -> Result<Option<Decimal>, Error> {
    Album::objects().aggregate(Sum::of(track::unit_price), cx).await
}

fn main() {}
