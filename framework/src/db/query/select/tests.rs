//! The text of statements, and what they read.

use super::*;
use crate::db::insert::{Conflict, insert};
use crate::db::testing::{Album, Artist, Track, on_each};
use crate::db::{ColumnKind, Fields};

const TRACK: &str = "\"t_track\".\"id\", \"t_track\".\"name\", \"t_track\".\"album_id\", \
                     \"t_track\".\"seconds\", \"t_track\".\"updated\"";
const ALBUM: &str = "\"t_album\".\"id\", \"t_album\".\"title\", \"t_album\".\"artist_id\", \
                     \"t_album\".\"released\", \"t_album\".\"price\"";

fn rows(select: &Select, dialect: Dialect) -> String {
    select.rows(dialect).spelled()
}

#[test]
fn a_plain_query_is_the_columns_in_the_models_order() {
    let tracks = Select::from(Track::objects());
    assert_eq!(rows(&tracks, Dialect::Sqlite), format!("SELECT {TRACK} FROM \"t_track\""));
    let albums = Select::from(Album::objects());
    let order = "ORDER BY \"t_album\".\"title\" ASC, \"t_album\".\"id\" DESC";
    assert_eq!(rows(&albums, Dialect::Sqlite), format!("SELECT {ALBUM} FROM \"t_album\" {order}"));
}

#[test]
fn a_slice_is_literal_on_sqlite_and_bound_on_postgresql() {
    let ends = |select: &Select, sqlite: &str, postgres: &str| {
        assert!(rows(select, Dialect::Sqlite).ends_with(sqlite));
        assert!(rows(select, Dialect::Postgres).ends_with(postgres));
    };
    let page = Select::from(Track::objects().slice(20, 10));
    ends(&page, " LIMIT 10 OFFSET 20", " LIMIT {BigInt(10)} OFFSET {BigInt(20)}");
    let first = Select::from(Track::objects().slice(0, 10));
    ends(&first, "\"t_track\" LIMIT 10", "\"t_track\" LIMIT {BigInt(10)}");
    let mut rest = Select::from(Track::objects());
    rest.offset = 5;
    ends(&rest, " LIMIT -1 OFFSET 5", "\"t_track\" OFFSET {BigInt(5)}");
    assert!(Select::from(Track::objects().none()).is_empty());
}

#[test]
fn a_way_is_joined_once_for_columns_and_order() {
    let fields = Track::fields;
    let query = Track::objects().then_by_desc(fields().album().title()).then_by(fields().id());
    let mut select = Select::from(query);
    select.also(Selected::Value(fields().album().artist().name().into()));
    select.also(Selected::Model(fields().album().way().hops));
    let album = ALBUM.replace("t_album", "T1");
    assert_eq!(
        rows(&select, Dialect::Postgres),
        format!(
            "SELECT {TRACK}, \"T2\".\"name\", {album} FROM \"t_track\" \
             LEFT JOIN \"t_album\" \"T1\" ON \"T1\".\"id\" = \"t_track\".\"album_id\" \
             LEFT JOIN \"t_artist\" \"T2\" ON \"T2\".\"id\" = \"T1\".\"artist_id\" \
             ORDER BY \"T1\".\"title\" DESC, \"t_track\".\"id\" ASC"
        )
    );
}

#[test]
fn a_repeated_term_of_an_order_is_written_once() {
    let title = || Track::fields().album().title();
    let query = Track::objects().then_by(title()).then_by_desc(title());
    let query = query.then_by(Track::fields().name()).then_by(Track::fields().name());
    let sql = rows(&Select::from(query), Dialect::Postgres);
    let order = "ORDER BY \"T1\".\"title\" ASC, \"t_track\".\"name\" ASC";
    assert!(sql.ends_with(order), "{sql}");
}

#[test]
fn a_count_is_a_sub_select_beside_the_columns() {
    let mut select = Select::from(Artist::objects().then_by(Artist::fields().album_count()));
    select.also(Selected::Value(Artist::fields().album_count().into()));
    let count = |alias: &str| {
        format!(
            "(SELECT COUNT(*) FROM \"t_album\" \"{alias}\" WHERE \
             \"{alias}\".\"artist_id\" = \"t_artist\".\"id\")"
        )
    };
    assert_eq!(
        rows(&select, Dialect::Sqlite),
        format!(
            "SELECT \"t_artist\".\"id\", \"t_artist\".\"name\", {} FROM \"t_artist\" \
             ORDER BY {} ASC",
            count("U1"),
            count("U2")
        )
    );
}

#[test]
fn related_rows_come_with_the_key_they_belong_to() {
    let hop = Artist::fields().albums().way().hops[0];
    let albums = Select::related(&hop, vec![Value::Int(10)]);
    assert_eq!(
        rows(&albums, Dialect::Postgres),
        format!(
            "SELECT \"t_album\".\"artist_id\", {ALBUM} FROM \"t_album\" \
             WHERE \"t_album\".\"artist_id\" = ANY({{BigInts([10])}}) \
             ORDER BY \"t_album\".\"title\" ASC, \"t_album\".\"id\" DESC"
        )
    );
    let hop = Track::fields().tags().way().hops[0];
    let tags = Select::related(&hop, vec![Value::Int(1)]);
    assert_eq!(
        rows(&tags, Dialect::Postgres),
        "SELECT \"L\".\"track_id\", \"t_tag\".\"id\", \"t_tag\".\"name\" FROM \"t_tag\" \
         INNER JOIN \"t_track_tags\" \"L\" ON \"L\".\"tag_id\" = \"t_tag\".\"id\" \
         WHERE \"L\".\"track_id\" = ANY({BigInts([1])})"
    );
}

#[test]
fn counting_forgets_slices_and_orders() {
    let query = Track::objects().then_by(Track::fields().album().title()).slice(3, 2);
    let (sql, _) = query.counting(Dialect::Sqlite);
    assert_eq!(sql.spelled(), "SELECT COUNT(*) FROM \"t_track\"");
}

#[test]
fn writes_name_what_was_given_and_answer_the_row() {
    let set = [(1, Value::Text("x".into())), (2, Value::Null)];
    assert_eq!(
        insert(Dialect::Sqlite, Track::META, &[set.to_vec()], &Conflict::Fail).spelled(),
        format!(
            "INSERT INTO \"t_track\" (\"name\", \"album_id\") \
             VALUES ({{Text(\"x\")}}, {{Null(BigInt)}}) RETURNING {TRACK}"
        )
    );
    assert_eq!(
        insert(Dialect::Sqlite, Track::META, &[vec![]], &Conflict::Fail).spelled(),
        format!("INSERT INTO \"t_track\" DEFAULT VALUES RETURNING {TRACK}")
    );
    let mut select = Select::from(Track::objects());
    select.among(Path::own(Track::META.pk_column()), vec![Value::Int(3)]);
    assert_eq!(
        select.update_returning(Dialect::Postgres, &set, &[]).spelled(),
        format!(
            "UPDATE \"t_track\" SET \"name\" = {{Text(\"x\")}}, \"album_id\" = {{Null(BigInt)}} \
             WHERE \"t_track\".\"id\" = ANY({{BigInts([3])}}) RETURNING {TRACK}"
        )
    );
}

async fn texts(conn: &Conn, select: &Select, at: usize) -> Vec<Option<String>> {
    let sql = select.rows(conn.dialect());
    conn.rows(sql, |row| row.get(at, ColumnKind::Text)).await.unwrap()
}

#[test]
fn rows_keep_their_place_when_nothing_is_joined_to_them() {
    on_each(async |conn| {
        let mut select = Select::from(Track::objects().then_by(Track::fields().id()));
        select.also(Selected::Value(Track::fields().album().artist().name().into()));
        let artist = || Some("AC/DC".to_owned());
        assert_eq!(texts(conn, &select, 5).await, [artist(), artist(), artist(), None]);
    });
}

#[test]
fn slices_and_related_rows_are_read_from_each_database() {
    on_each(async |conn| {
        let query = Track::objects().then_by_desc(Track::fields().seconds());
        let names = texts(conn, &Select::from(query.slice(1, 2)), 1).await;
        assert_eq!(names, [Some("Sin_City".into()), Some("Ballbreaker".into())]);
        let hop = Track::fields().tags().way().hops[0];
        let related = Select::related(&hop, vec![Value::Int(1), Value::Int(2)]);
        let mut tags = texts(conn, &related, 2).await;
        tags.sort();
        assert_eq!(tags, [Some("live".into()), Some("loud".into()), Some("loud".into())]);
        let links = Select::links(conn.dialect(), &hop, vec![Value::Int(1)], ColumnKind::BigInt);
        let pairs = conn
            .rows(links, |row| {
                Ok((row.get(0, ColumnKind::BigInt)?, row.get(1, ColumnKind::BigInt)?))
            })
            .await
            .unwrap();
        assert_eq!(pairs, [(1_i64, 1_i64), (1, 2)]);
    });
}
