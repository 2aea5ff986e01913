//! Values as maps, and the rows of two query sets as one list.

use musicstore::models::*;
use quintet::db::{Conn, Count, Error, NameError};
use quintet::prelude::*;
use quintet_tests::store::On;
use serde_json::json;

use super::{reading, within};

#[test]
fn values_are_maps_by_djangos_names() {
    reading(async |conn, _| {
        let tracks = || Track::objects().then_by(track::id).slice(0, 2);
        let title = Track::fields().album().title();
        let values = tracks().values((track::name, title, track::unit_price, track::milliseconds));
        let rows = within(1, conn, values.maps(conn)).await.unwrap();
        let name = "For Those About To Rock (We Salute You)";
        let album = "For Those About To Rock We Salute You";
        assert_eq!(
            json!(rows[0]),
            json!({"name": name, "album__title": album, "unit_price": "0.99", "milliseconds": 343_719})
        );
        let names = ["name", "album__title", "unit_price", "milliseconds"];
        let same = tracks().values_named(names).unwrap().maps(conn).await.unwrap();
        assert_eq!(same, rows);
        assert!(tracks().none().values(track::id).maps(conn).await.unwrap().is_empty());
    });
}

#[test]
fn expressions_have_the_names_that_are_given() {
    reading(async |conn, _| {
        let count = Count::of(Album::fields().tracks());
        let values = Album::objects().then_by(album::id).values((album::id, count));
        let rows = values.named(["id", "tracks"]).maps(conn).await.unwrap();
        assert_eq!(json!(rows[0]), json!({"id": 1, "tracks": 10}));
        let genres = Track::objects().unordered().then_by(track::genre_id).values(track::genre_id);
        let genres = genres.distinct().maps(conn).await.unwrap();
        assert_eq!(genres.len(), 25);
    });
}

#[test]
fn a_name_that_leads_nowhere_is_refused() {
    let refused = Track::objects().values_named(["name", "albun__title"]).unwrap_err();
    assert_eq!(refused.to_string(), "`albun` is no field of Track");
    let many = Playlist::objects().values_named(["tracks__name"]).unwrap_err();
    assert!(matches!(many, NameError::Many(name) if name == "tracks__name"));
}

#[test]
fn query_sets_of_two_models_are_one_list() {
    reading(async |conn, _| {
        let artists = || Artist::objects().values(artist::name);
        let albums = || Album::objects().values(album::title);
        let names = artists().union(albums()).order_by(0);
        let names = within(1, conn, names.all(conn)).await.unwrap();
        assert_eq!(names.len(), 611);
        assert_eq!(names[0], "...And Justice For All");
        assert_eq!(artists().union(albums()).count(conn).await.unwrap(), 611);
        // which have no locks
        let locked = Artist::objects().select_for_update().values(artist::name);
        let refused = locked.union(albums()).all(conn).await;
        assert!(matches!(refused, Err(Error::NotSupported(_))), "{refused:?}");
        assert_eq!(artists().union_all(albums()).count(conn).await.unwrap(), 622);
        assert_eq!(artists().intersection(albums()).count(conn).await.unwrap(), 11);
        assert_eq!(artists().difference(albums()).count(conn).await.unwrap(), 264);
        let last = artists().union(albums()).order_by_desc(0).slice(0, 1).all(conn).await.unwrap();
        assert_eq!(Some(&last[0]), names.last());
        // a third one, and a slice of one side
        let three = Artist::objects().then_by(artist::id).slice(0, 3).values(artist::name);
        let three = three.union(albums()).difference(albums()).order_by(0);
        assert_eq!(three.all(conn).await.unwrap(), ["AC/DC", "Accept", "Aerosmith"]);
        let genres = Genre::objects().values(genre::name);
        assert_eq!(artists().union(albums()).union_all(genres).count(conn).await.unwrap(), 636);
    });
}

#[test]
fn the_first_row_of_each_is_read_on_postgresql() {
    reading(async |conn, on| {
        let longest = || {
            let tracks = Track::objects().distinct_on(track::album_id).then_by(track::album_id);
            tracks.then_by_desc(track::milliseconds)
        };
        let rows = longest().all(conn).await;
        if on == On::Sqlite {
            let refused = rows.unwrap_err();
            assert!(matches!(refused, Error::NotSupported("`distinct_on`")), "{refused:?}");
            assert!(longest().count(conn).await.is_err());
            assert!(longest().values(track::id).all(conn).await.is_err());
            return;
        }
        let ids: Vec<_> = rows.unwrap().iter().map(|track| (track.id, track.album_id)).collect();
        assert_eq!(ids.len(), 347);
        assert_eq!(ids[..4], [(1, Some(1)), (2, Some(2)), (5, Some(3)), (20, Some(4))]);
        assert_eq!(longest().count(conn).await.unwrap(), 347);
        assert!(longest().exists(conn).await.unwrap());
        // the rows that are left are filtered by what is asked of them afterwards
        let (sum, _) = longest().aggregate((Count::rows(), Count::rows()), conn).await.unwrap();
        assert_eq!(sum, 347);
        let values = longest().slice(0, 2).values(track::id).all(conn).await.unwrap();
        assert_eq!(values, [1, 2]);
    });
}

#[test]
fn the_first_row_of_each_and_those_of_a_window_are_iterated() {
    use quintet::db::{Expression, RowNumber};
    reading(async |conn, on| {
        async fn ids(query: QuerySet<Track>, conn: &Conn) -> Vec<i64> {
            let (mut rows, mut ids) = (query.iterate(conn).chunk_size(50), Vec::new());
            while let Some(track) = rows.next().await.unwrap() {
                ids.push(track.id);
            }
            ids
        }
        let place = || {
            let window = RowNumber::over().partition_by(track::album_id);
            Expression::from(window.order_by_desc(track::milliseconds).order_by(track::id))
        };
        let longest = || Track::objects().filter_by(place().lte(1)).then_by(track::id);
        let all = longest().values(track::id).all(conn).await.unwrap();
        assert_eq!((all.len(), ids(longest(), conn).await), (347, all));
        if on == On::Postgres {
            let first = || Track::objects().distinct_on(track::album_id).then_by(track::album_id);
            let first = || first().then_by_desc(track::milliseconds);
            let all = first().values(track::id).all(conn).await.unwrap();
            assert_eq!((all.len(), ids(first(), conn).await), (347, all));
        }
    });
}
