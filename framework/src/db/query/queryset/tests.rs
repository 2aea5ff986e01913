//! The text of what a query set sends, and what comes back.

use super::*;
use crate::auth::Group;
use crate::db::insert::{Conflict, insert};
use crate::db::testing::{Album, Artist, Sale, Tag, Track, album, artist, on_each, sale, track};
use crate::db::{
    AggregateCall, Aggregates, Assignments, Avg, Conn, Count, DateTime, Decimal, Error, Max, Min,
    Sum,
};
use crate::values::Value;
use diesel::prelude::*;

const MODELS: [&crate::db::ModelMeta; 5] =
    [Artist::META, Album::META, Track::META, Sale::META, Tag::META];

fn sliced(query: &QuerySet<Group>, count: i64) -> i64 {
    query.counting(Dialect::Sqlite).1(count)
}

fn bounds(query: &QuerySet<Group>) -> (i64, Option<i64>) {
    (query.offset, query.limit)
}

#[test]
fn a_slice_of_a_slice_stays_inside_it() {
    let query = QuerySet::<Group>::new().slice(10, 5);
    assert_eq!(bounds(&query), (10, Some(5)));
    assert_eq!(bounds(&query.clone().slice(0, 20)), (10, Some(5)));
    assert_eq!(bounds(&query.clone().slice(3, 20)), (13, Some(2)));
    assert_eq!(bounds(&query.clone().slice(7, 2)), (17, Some(0)));
    assert_eq!([sliced(&query, 8), sliced(&query, 12), sliced(&query, 99)], [0, 2, 5]);
}

#[test]
fn no_row_stays_no_row() {
    let query = QuerySet::<Group>::new().none().slice(0, 20);
    assert_eq!(bounds(&query), (0, Some(0)));
    assert_eq!(sliced(&query, 99), 0);
    assert_eq!(query.conditions.len(), 1);
}

fn sqlite(query: QuerySet<Track>) -> String {
    let sql = Select::from(query).only_keys().rows(Dialect::Sqlite).spelled();
    sql.replace("SELECT \"t_track\".\"id\" FROM \"t_track\"", "KEYS")
}

fn postgres(query: QuerySet<Track>) -> String {
    let sql = Select::from(query).only_keys().rows(Dialect::Postgres).spelled();
    sql.replace("SELECT \"t_track\".\"id\" FROM \"t_track\"", "KEYS")
}

fn aggregates<M: Model>(query: QuerySet<M>, what: impl Aggregates<M>) -> [String; 2] {
    let mut computed: Vec<AggregateCall> = Vec::new();
    what.aggregates(&mut computed);
    let select = Select::from(query.unsliced());
    [Dialect::Sqlite, Dialect::Postgres]
        .map(|dialect| select.aggregates(dialect, &computed).spelled())
}

#[test]
fn what_is_excluded_is_the_opposite_with_null_as_false() {
    let long = Track::objects().exclude(track::seconds.gt(300));
    assert_eq!(sqlite(long.clone()), "KEYS WHERE NOT COALESCE(({diesel}), 0)");
    assert_eq!(postgres(long), "KEYS WHERE NOT COALESCE(({diesel}), FALSE)");
    let loud = Track::objects().exclude_by(Track::fields().tags().name().exact("loud"));
    assert_eq!(
        sqlite(loud),
        "KEYS WHERE NOT COALESCE(\"t_track\".\"id\" IN (SELECT \"U2\".\"track_id\" \
         FROM \"t_track_tags\" \"U2\" INNER JOIN \"t_tag\" \"U1\" ON \"U1\".\"id\" = \
         \"U2\".\"tag_id\" WHERE \"U1\".\"name\" = {Text(\"loud\")}), 0)"
    );
}

#[test]
fn a_slice_becomes_a_condition_where_more_is_asked() {
    let sliced = Track::objects().then_by(track::seconds).slice(2, 3).unsliced();
    assert_eq!(
        sqlite(sliced),
        "KEYS WHERE \"t_track\".\"id\" IN (KEYS ORDER BY \"t_track\".\"seconds\" ASC \
         LIMIT 3 OFFSET 2) ORDER BY \"t_track\".\"seconds\" ASC"
    );
}

#[test]
fn a_union_is_either_condition() {
    let short = Track::objects().filter_by(Track::fields().seconds().lt(60));
    let none = Track::objects().filter_by(Track::fields().album_id().isnull(true));
    assert_eq!(
        sqlite(short.union(none)),
        "KEYS WHERE ((\"t_track\".\"seconds\" < {Integer(60)}) OR \
         (\"t_track\".\"album_id\" IS NULL))"
    );
}

#[test]
fn what_is_read_once_is_ordered_by_its_place() {
    let fields = Track::fields;
    let query = Track::objects().distinct().then_by_desc(fields().album().title());
    let mut select = Select::from(query.clone().then_by(track::name));
    select.only(Vec::new());
    select.also(crate::db::Selected::Value(PathOf::<Track>::into_path(track::name)));
    assert_eq!(
        select.rows(Dialect::Postgres).spelled(),
        "SELECT DISTINCT \"t_track\".\"name\", \"T1\".\"title\" FROM \"t_track\" \
         LEFT JOIN \"t_album\" \"T1\" ON \"T1\".\"id\" = \"t_track\".\"album_id\" \
         ORDER BY 2 DESC, 1 ASC"
    );
    // rows have keys
    let rows = Select::from(query).rows(Dialect::Postgres).spelled();
    assert!(rows.starts_with("SELECT \"t_track\".\"id\", "), "{rows}");
}

#[test]
fn aggregates_of_own_columns_are_one_plain_statement() {
    let what = (
        Count::rows(),
        Sum::of(track::seconds),
        Avg::of(track::seconds),
        Min::of(track::name),
        Max::of(Track::fields().album().released()),
    );
    let end = "MIN(\"t_track\".\"name\"), MAX(\"T1\".\"released\") FROM \"t_track\" \
               LEFT JOIN \"t_album\" \"T1\" ON \"T1\".\"id\" = \"t_track\".\"album_id\" \
               WHERE ({diesel})";
    let seconds = "\"t_track\".\"seconds\"";
    assert_eq!(
        aggregates(Track::objects().filter(track::id.gt(1)), what),
        [
            format!("SELECT COUNT(*), SUM({seconds}), AVG({seconds}), {end}"),
            format!(
                "SELECT COUNT(*), CAST(SUM({seconds}) AS bigint), \
                 CAST(AVG({seconds}) AS double precision), {end}"
            ),
        ]
    );
}

#[test]
fn aggregates_of_related_rows_stand_apart() {
    let tracks = || Artist::fields().albums().tracks();
    let joined = "FROM \"t_artist\" LEFT JOIN \"t_album\" \"T1\" ON \"T1\".\"artist_id\" = \
                  \"t_artist\".\"id\" LEFT JOIN \"t_track\" \"T2\" ON \"T2\".\"album_id\" = \
                  \"T1\".\"id\"";
    let alone = aggregates(Artist::objects(), Max::of(tracks().seconds()));
    assert_eq!(alone[0], format!("SELECT MAX(\"T2\".\"seconds\") {joined}"));
    let named = Artist::fields().name().exact("AC/DC");
    let both = (Count::rows().filter(named), Count::distinct(tracks()));
    assert_eq!(
        aggregates(Artist::objects(), both)[0],
        format!(
            "SELECT COUNT(*) FILTER (WHERE \"t_artist\".\"name\" = {{Text(\"AC/DC\")}}), \
             (SELECT COUNT(DISTINCT \"T2\".\"id\") {joined}) FROM \"t_artist\""
        )
    );
    let apart =
        aggregates(Artist::objects(), (Count::of(tracks()), Count::of(tracks())))[0].clone();
    assert!(apart.ends_with(&format!("{joined})")), "{apart}");
}

#[test]
fn rows_that_differ_in_their_columns_are_inserted_together() {
    let rows = [vec![(0, Value::Int(7))], vec![(1, Value::Text("x".into()))]];
    let sql = |dialect| insert(dialect, Artist::META, &rows, &Conflict::Fail).spelled();
    let head = "INSERT INTO \"t_artist\" (\"id\", \"name\") VALUES";
    let tail = "RETURNING \"t_artist\".\"id\", \"t_artist\".\"name\"";
    assert_eq!(
        sql(Dialect::Sqlite),
        format!("{head} ({{BigInt(7)}}, NULL), (NULL, {{Text(\"x\")}}) {tail}")
    );
    assert_eq!(
        sql(Dialect::Postgres),
        format!("{head} ({{BigInt(7)}}, DEFAULT), (DEFAULT, {{Text(\"x\")}}) {tail}")
    );
}

#[test]
fn a_debug_form_shows_no_values() {
    let set = Assignments::new().set(artist::name, "secret").set(artist::id, 3);
    assert_eq!(format!("{set:?}"), "{\"name\", \"id\"}");
}

/// The statements that some work takes.
async fn counted<T>(conn: &Conn, work: impl Future<Output = T>) -> (u64, T) {
    let before = conn.database().statements();
    let done = work.await;
    (conn.database().statements() - before, done)
}

#[test]
fn a_deletion_takes_what_the_known_models_say() {
    on_each(async |conn| {
        conn.database().register(MODELS);
        let albums = || Album::objects().filter(album::artist_id.eq(10));
        // two albums; four tracks outlive them
        assert_eq!(albums().delete(conn).await.unwrap(), 2);
        assert_eq!(Track::objects().count(conn).await.unwrap(), 4);
        let orphans = Track::objects().filter(track::album_id.is_null());
        assert_eq!(orphans.count(conn).await.unwrap(), 4);
        // with three links
        let tracks = Track::objects().then_by(track::id).slice(0, 3);
        assert_eq!(tracks.delete(conn).await.unwrap(), 6);
        let sold = Assignments::new().set(sale::track_id, 4);
        Sale::objects().bulk_create([sold], conn).await.unwrap();
        let refused = Track::objects().delete(conn).await;
        assert!(matches!(refused, Err(Error::Protected(_))), "{refused:?}");
        // nothing points at a sale
        let (statements, gone) = counted(conn, Sale::objects().delete(conn)).await;
        assert_eq!((statements, gone.unwrap()), (1, 1));
        let (statements, gone) = counted(conn, Sale::objects().none().delete(conn)).await;
        assert_eq!((statements, gone.unwrap()), (0, 0));
    });
}

#[test]
fn rows_with_taken_values_are_left_out_or_change_the_stored_ones() {
    on_each(async |conn| {
        let named = |name: &str| Assignments::new().set(artist::name, name);
        let rows = [named("AC/DC"), named("Accept"), named("Accept")];
        let ignored = Artist::objects().bulk_create_on_conflict(rows, OnConflict::ignore(), conn);
        let (statements, made) = counted(conn, ignored).await;
        let made: Vec<String> = made.unwrap().into_iter().map(|artist| artist.name).collect();
        assert_eq!((statements, made), (1, vec!["Accept".to_owned()]));

        let album = |title: &str, price: i64| {
            let album = Assignments::new().set(album::title, title).set(album::artist_id, 10);
            album.set(album::price, Decimal::new(price, 2))
        };
        let known = || OnConflict::update((album::artist_id, album::title), album::price);
        // of two with the same values, one row with the last price
        let rows = [album("Powerage", 1), album("New", 2), album("New", 3), album("Powerage", 4)];
        let stored = Album::objects().bulk_create_on_conflict(rows, known(), conn);
        let (statements, stored) = counted(conn, stored).await;
        let stored: Vec<_> =
            stored.unwrap().into_iter().map(|album| (album.id, album.price.to_string())).collect();
        assert_eq!((statements, stored.len()), (1, 2));
        assert_eq!(stored[0], (1, "0.04".to_owned()));
        assert_eq!(stored[1].1, "0.03");
        // what is not named stays
        let kept = Album::objects().filter(album::id.eq(1)).get(conn).await.unwrap();
        assert!(kept.released.is_some());
        let moved = OnConflict::update(album::title, album::id);
        let refused = Album::objects().bulk_create_on_conflict([album("x", 1)], moved, conn).await;
        assert!(matches!(refused, Err(Error::Misuse(_))), "{refused:?}");
        let none = Album::objects().bulk_create_on_conflict([(); 0], known(), conn);
        assert_eq!(counted(conn, none).await.0, 0);
    });
}

#[test]
fn what_constrains_nothing_is_no_conflict() {
    on_each(async |conn| {
        let refused: Result<Vec<Album>, Error> = conn
            .transaction(async |conn| {
                let row = Assignments::new().set(album::title, "x").set(album::artist_id, 10);
                let known = OnConflict::update(album::title, album::price);
                Album::objects().bulk_create_on_conflict([row], known, conn).await
            })
            .await;
        assert!(matches!(refused, Err(Error::Diesel(_))), "{refused:?}");
        // another constraint is no conflict either
        let refused: Result<Vec<Artist>, Error> = conn
            .transaction(async |conn| {
                let taken = Assignments::new().set(artist::id, 99).set(artist::name, "AC/DC");
                let known = OnConflict::update(artist::id, artist::name);
                Artist::objects().bulk_create_on_conflict([taken], known, conn).await
            })
            .await;
        assert!(matches!(&refused, Err(Error::Unique(names)) if names == &["name"]), "{refused:?}");
    });
}

#[test]
fn changed_rows_are_written_back_together() {
    on_each(async |conn| {
        let mut tracks = Track::objects().then_by_desc(track::id).all(conn).await.unwrap();
        for track in &mut tracks {
            track.seconds += 1;
            track.album_id = track.album_id.filter(|album| *album == 1);
            "not written".clone_into(&mut track.name);
        }
        let columns = (track::seconds, track::album_id);
        let update = Track::objects().bulk_update(&tracks, columns, conn);
        let (statements, changed) = counted(conn, update).await;
        assert_eq!((statements, changed.unwrap()), (1, 4));
        let stored = Track::objects().then_by(track::id).all(conn).await.unwrap();
        let read: Vec<_> = stored
            .iter()
            .map(|track| (track.name.as_str(), track.seconds, track.album_id))
            .collect();
        let one = Some(1);
        assert_eq!(
            read,
            [
                ("Riff Raff", 313, one),
                ("Sin_City", 286, one),
                ("Ballbreaker", 272, None),
                ("100% Loose", 11, None),
            ]
        );
        // those of the query alone, which may be a slice, and the first of two with one key
        let mut twice = vec![stored[0].clone(), stored[0].clone(), stored[1].clone()];
        for (track, seconds) in twice.iter_mut().zip([1, 2, 3]) {
            track.seconds = seconds;
        }
        let first = Track::objects().then_by(track::id).slice(0, 1);
        assert_eq!(first.bulk_update(&twice, track::seconds, conn).await.unwrap(), 1);
        let seconds = Track::objects().then_by(track::id).values(track::seconds).all(conn).await;
        assert_eq!(seconds.unwrap()[..2], [1, 286]);
        let refused = Track::objects().bulk_update(&twice, track::id, conn).await;
        assert!(matches!(refused, Err(Error::Misuse(_))), "{refused:?}");
        let none = Track::objects().bulk_update(&[], track::seconds, conn);
        assert_eq!(counted(conn, none).await.0, 0);
    });
}

#[test]
fn every_kind_of_value_is_written_back_in_batches() {
    on_each(async |conn| {
        let album = |number: i64| {
            let album = Assignments::new().set(album::title, format!("Album {number}"));
            album.set(album::artist_id, 10)
        };
        let albums = Album::objects().bulk_create((0..20_000).map(album), conn);
        let mut albums = albums.await.unwrap();
        let moment = DateTime::from_sqlite_text("2024-02-29 23:59:59.500000").unwrap();
        for album in &mut albums {
            album.title.push('!');
            album.artist_id = 20;
            album.released = (album.id % 2 == 0).then_some(moment);
            album.price = Decimal::new(1234, 2);
        }
        let columns = (album::title, album::artist_id, album::released, album::price);
        let update = Album::objects().bulk_update(&albums, columns, conn);
        let (statements, changed) = counted(conn, update).await;
        let expected = if conn.dialect() == Dialect::Sqlite { 4 } else { 2 };
        assert_eq!((statements, changed.unwrap()), (expected, 20_000));
        let own = Album::objects().filter(album::artist_id.eq(20)).then_by(album::id);
        assert_eq!(own.all(conn).await.unwrap(), albums);
    });
}

#[test]
fn a_row_is_read_again() {
    on_each(async |conn| {
        let mut album = Album::objects().filter(album::id.eq(1)).get(conn).await.unwrap();
        let set = Assignments::new().set(album::title, "Powerage II");
        Album::objects().filter(album::id.eq(1)).update(set, conn).await.unwrap();
        let (statements, refreshed) = counted(conn, conn.refresh(&mut album)).await;
        refreshed.unwrap();
        assert_eq!((statements, album.title.as_str()), (1, "Powerage II"));
        let gone = Album { id: 99, ..album };
        let mut row = gone.clone();
        let refused = conn.refresh(&mut row).await;
        assert!(matches!(refused, Err(Error::DoesNotExist("Album"))), "{refused:?}");
        assert_eq!(row, gone);
    });
}

#[derive(QueryableByName)]
struct Length {
    #[diesel(sql_type = diesel::sql_types::Text)]
    title: String,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    seconds: i64,
}

#[test]
fn sql_of_ones_own_takes_values_on_both_databases() {
    on_each(async |conn| {
        let query = diesel::sql_query(
            "SELECT title, CAST(SUM(seconds) AS bigint) AS seconds FROM t_album JOIN t_track \
             ON t_track.album_id = t_album.id WHERE title <> $1 AND seconds > $2 GROUP BY 1",
        );
        let query = query.bind::<diesel::sql_types::Text, _>("'); DROP TABLE t_album; --");
        let query = query.bind::<diesel::sql_types::BigInt, _>(280_i64);
        let rows: Vec<Length> = conn.load(query).await.unwrap();
        let rows: Vec<_> = rows.iter().map(|row| (row.title.as_str(), row.seconds)).collect();
        assert_eq!(rows, [("Powerage", 597)]);
    });
}

#[test]
fn iteration_goes_on_behind_the_last_row_in_any_order() {
    on_each(async |conn| {
        let orders: [fn() -> QuerySet<Track>; 5] = [
            Track::objects,
            || Track::objects().then_by(Track::fields().album().title()),
            || Track::objects().then_by_desc(Track::fields().album().title()),
            || Track::objects().then_by(track::album_id).then_by_desc(track::seconds),
            || Track::objects().then_by_desc(track::updated),
        ];
        for order in orders {
            let terms = order().terms();
            let by_key =
                order().order_by_terms([terms, vec![QuerySet::<Track>::by_key()]].concat());
            let expected = by_key.all(conn).await.unwrap();
            for size in 1..=5 {
                let mut rows = order().iterate(conn).chunk_size(size);
                let mut read = Vec::new();
                while let Some(row) = rows.next().await.unwrap() {
                    read.push(row);
                }
                assert_eq!(read, expected, "{size}");
            }
            let mut some = order().slice(1, 2).iterate(conn).chunk_size(1);
            let first = some.next().await.unwrap();
            assert_eq!(first.as_ref(), expected.get(1));
            assert_eq!(some.next().await.unwrap().as_ref(), expected.get(2));
            assert!(some.next().await.unwrap().is_none());
        }
    });
}
