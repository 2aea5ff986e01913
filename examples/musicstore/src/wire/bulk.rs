//! Many rows in one request.

use std::collections::HashMap;

use quintet::filters::order_by;
use quintet::permissions::DjangoModelPermissions;
use quintet::prelude::*;

use crate::models::*;

#[derive(Serializer)]
#[serializer(model = Artist, fields(id, name))]
struct BulkArtistSerializer {}

/// An artist by its key, with a new name.
#[derive(Serializer)]
#[serializer(model = Artist)]
struct BulkArtistUpdateSerializer {
    #[field(kind = integer, read_only = false, required, min_value = 1, max_value = 9_223_372_036_854_775_807)]
    id: i64,
    name: String,
}

/// The page.
pub fn view() -> ApiView {
    ApiView::new("Bulk Artist")
        .description("POST creates many artists, PUT renames many.")
        .model::<Artist>()
        .permissions(DjangoModelPermissions::default())
        .post(create)
        .put(rename)
}

async fn create(cx: &mut Context) -> Result<Response> {
    let new = BulkArtistSerializer::from_data(cx.data()?).many().allow_empty(false).max_length(10);
    let artists = new.save(cx).await?;
    shown(&artists, cx).await.map(|answer| answer.with_status(201))
}

async fn rename(cx: &mut Context) -> Result<Response> {
    // of keys that are sent as numbers
    let json = cx.data()?.to_json()?;
    let items = json.as_array().into_iter().flatten();
    let numbers: Vec<i64> = items.filter_map(|item| item.get("id")?.as_i64()).collect();
    let sent = BulkArtistUpdateSerializer::from_data(cx.data()?).many();
    cx.transaction(async |cx| {
        let changes = sent.validated(cx).await?;
        let new =
            |change: &Changes<Artist>| Some((change.get(artist::id)?, change.get(artist::name)?));
        let names: Vec<(i64, String)> = changes.iter().filter_map(new).collect();
        // locked in one order, so that two requests wait for each other in turn
        let stored = Artist::objects().filter(artist::id.eq_any(numbers)).order_by(order_by![id]);
        let stored = stored.select_for_update().all(cx).await?;
        let mut known: HashMap<i64, Artist> =
            stored.into_iter().map(|artist| (artist.id, artist)).collect();
        for (id, name) in &names {
            let Some(artist) = known.get_mut(id) else {
                return Err(Detail::map([("id", format!("Artist {id} does not exist."))]).into());
            };
            artist.name.clone_from(name);
        }
        Artist::objects().bulk_update(known.values(), artist::name, cx).await?;
        shown(names.iter().filter_map(|(id, _)| known.get(id)), cx).await
    })
    .await
}

/// The rows as a list.
async fn shown<'a>(rows: impl IntoIterator<Item = &'a Artist>, cx: &Context) -> Result<Response> {
    Ok(Response::json(BulkArtistSerializer::from_rows(rows).json(cx).await?))
}
