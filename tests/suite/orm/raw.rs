//! SQL of the program's own as whole statements.

use diesel::sql_types::{BigInt, Integer, Text};
use musicstore::models::*;
use quintet::db::RawSql;
use quintet::prelude::*;

use super::{reading, within, writing};

#[test]
fn rows_of_a_model_are_selected_by_sql() {
    reading(async |conn, _| {
        let text = "SELECT *, 1 AS more FROM store_track WHERE milliseconds > %s ORDER BY id";
        let raw = RawSql::<Track>::new(text).argument(5_000_000).all(conn);
        let rows = within(1, conn, raw).await.unwrap();
        assert_eq!(rows.iter().map(|track| track.id).collect::<Vec<_>>(), [2820, 3224]);
        // a column that is missing
        assert!(RawSql::<Track>::new("SELECT id FROM store_track").all(conn).await.is_err());
    });
}

#[derive(diesel::QueryableByName, Debug, PartialEq)]
struct Named {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    name: String,
}

/// What `connection.cursor()` is for: any statement with values, its rows, and how many it changed.
#[test]
fn a_statement_of_any_kind_is_sent_with_its_values() {
    writing(async |conn, _| {
        let select = "SELECT id, name FROM store_genre WHERE id <= $1 ORDER BY id";
        let rows: Vec<Named> =
            conn.load(diesel::sql_query(select).bind::<BigInt, _>(2)).await.unwrap();
        assert_eq!(rows[1], Named { id: 2, name: "Jazz".into() });
        let update = "UPDATE store_track SET milliseconds = $1 WHERE album_id = $2";
        let update = diesel::sql_query(update).bind::<Integer, _>(7).bind::<BigInt, _>(1);
        assert_eq!(conn.execute(update).await.unwrap(), 10);
        let insert = diesel::sql_query("INSERT INTO store_genre (name) VALUES ($1), ($2)");
        let insert =
            insert.bind::<Text, _>("Fado").bind::<Text, _>("x'; DROP TABLE store_track; --");
        assert_eq!(conn.execute(insert).await.unwrap(), 2);
        let shortest = Track::objects().filter(track::milliseconds.eq(7));
        assert_eq!(shortest.count(conn).await.unwrap(), 10);
    });
}
