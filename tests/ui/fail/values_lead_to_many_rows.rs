include!("../models.rs");

use quintet::db::Error;

pub async fn titles(cx: &Context) -> Result<Vec<Option<String>>, Error> {
    Artist::objects().values(Artist::fields().albums().title()).all(cx).await
}

fn main() {}
