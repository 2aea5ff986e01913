//! From rows to bytes.

use super::*;

#[actix_web::test]
async fn smoke() {
    println!("{}", show::<ArtistSerializer>(1).await);
    println!("{}", show::<AlbumDetailSerializer>(1).await);
    println!("{}", show::<DepthAlbumSerializer>(1).await);
    println!("{}", show::<GenreSerializer>(1).await);
    println!("{}", show::<GenreTracksSerializer>(1).await);
    println!("{}", show::<TrackSerializer>(1).await);
    println!("{}", show::<TrackSerializer>(3).await);
    println!("{}", show::<PlaylistDetailSerializer>(1).await);
}
