//! From rows to bytes.

use super::*;

#[actix_web::test]
async fn columns_counts_and_paths_are_written_in_order() {
    assert_eq!(show::<ArtistSerializer>(1).await, r#"{"id":1,"name":"AC/DC","album_count":1}"#);
    assert_eq!(
        show::<TrackSerializer>(1).await,
        concat!(
            r#"{"id":1,"name":"Go Down","album":1,"album_title":"Let There Be Rock","#,
            r#""artist":"AC/DC","genre":"Rock","composer":"AC/DC","milliseconds":331180,"#,
            r#""unit_price":"0.99","duration":"5:31","price_tier":"budget"}"#
        )
    );
}

#[actix_web::test]
async fn a_way_that_ends_early_is_null() {
    assert_eq!(
        show::<TrackSerializer>(3).await,
        concat!(
            r#"{"id":3,"name":"Loose","album":null,"album_title":null,"artist":null,"#,
            r#""genre":"Rock","composer":null,"milliseconds":61000,"unit_price":"0.99","#,
            r#""duration":"1:01","price_tier":"budget"}"#
        )
    );
}

#[actix_web::test]
async fn nested_rows_are_written_by_their_own_serializers_and_seen_by_methods() {
    assert_eq!(
        show::<AlbumDetailSerializer>(1).await,
        concat!(
            r#"{"id":1,"url":"http://test/album-detail/pk=1/","title":"Let There Be Rock","#,
            r#""artist":{"id":1,"name":"AC/DC"},"track_count":2,"total_milliseconds":546376,"#,
            r#""tracks":[{"id":1,"name":"Go Down","genre":"Rock","milliseconds":331180},"#,
            r#"{"id":2,"name":"Dog Eat Dog","genre":null,"milliseconds":215196}]}"#
        )
    );
}

#[actix_web::test]
async fn depth_shows_foreign_keys_as_objects() {
    assert_eq!(
        show::<DepthAlbumSerializer>(1).await,
        r#"{"id":1,"title":"Let There Be Rock","artist":{"id":1,"name":"AC/DC"}}"#
    );
}

#[actix_web::test]
async fn depth_goes_as_many_steps_as_it_says() {
    let columns = concat!(
        r#"{"id":1,"name":"Go Down","composer":"AC/DC","milliseconds":331180,"#,
        r#""unit_price":"0.99","#,
    );
    let two = concat!(
        r#""album":{"id":1,"title":"Let There Be Rock","artist":{"id":1,"name":"AC/DC"}},"#,
        r#""genre":{"id":1,"name":"Rock"}}"#,
    );
    assert_eq!(show::<DeepTrackSerializer>(1).await, format!("{columns}{two}"));
    assert_eq!(show::<DeepestTrackSerializer>(1).await, format!("{columns}{two}"));
    let none = r#""album":1,"genre":1}"#;
    assert_eq!(show::<FlatTrackSerializer>(1).await, format!("{columns}{none}"));
    let loose = show::<DeepTrackSerializer>(3).await;
    assert!(loose.ends_with(r#""album":null,"genre":{"id":1,"name":"Rock"}}"#), "{loose}");
    // nested objects take no input
    let fields = DeepTrackSerializer::description().fields();
    assert!(
        fields.iter().filter(|field| ["album", "genre"].contains(&field.name)).all(|f| f.read_only)
    );
}

#[actix_web::test]
async fn many_rows_are_shown_as_slugs_addresses_and_keys() {
    assert_eq!(
        show::<GenreTracksSerializer>(1).await,
        concat!(
            r#"{"url":"http://test/genre-by-name/name=Rock/","names":["Go Down","Loose"],"#,
            r#""links":["http://test/track-detail/pk=1/","http://test/track-detail/pk=3/"],"tracks":[1,3]}"#
        )
    );
    assert_eq!(
        show::<GenreTracksSerializer>(2).await,
        r#"{"url":"http://test/genre-by-name/name=Jazz/","names":[],"links":[],"tracks":[]}"#
    );
}

#[actix_web::test]
async fn links_of_a_link_table_follow_the_inherited_fields() {
    assert_eq!(
        show::<PlaylistDetailSerializer>(1).await,
        r#"{"id":1,"name":"Loud","track_count":2,"tracks":[1,3]}"#
    );
}

#[actix_web::test]
async fn write_only_fields_stay_inside() {
    assert_eq!(show::<AccountSerializer>(2).await, r#"{"name":"Accept","album_count":1}"#);
}
