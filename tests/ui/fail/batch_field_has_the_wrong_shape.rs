include!("../models.rs");

use std::collections::HashMap;

#[derive(Serializer)]
#[serializer(model = Album)]
struct AlbumSerializer {
    title: String,
    #[field(batch)]
    loud_title: String,
    #[field(batch)]
    length: i64,
}

impl AlbumSerializer {
    fn get_loud_title(album: &Album) -> String {
        album.title.to_uppercase()
    }

    async fn get_length(albums: &[&Album], _: &Context) -> Result<HashMap<i64, String>> {
        let name = |album: &&Album| (album.id, album.title.clone());
        Ok(albums.iter().map(name).collect())
    }
}

fn main() {}
