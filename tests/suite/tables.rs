//! Tables made from models: equal to those that Django made, made once, by several at once.

use std::collections::BTreeSet;

use diesel::sql_types::Text;
use quintet::auth::{Group, Permission, Token, User};
use quintet::contenttypes::ContentType;
use quintet::db::{Conn, Dialect, Lower, StartupError};
use quintet::prelude::*;
use quintet::sessions::StoredSession;
use quintet::test::{Template, TestDatabase};
use quintet_tests::store::{On, Store};

static EMPTY: Template = Template::new(|_| Box::pin(async { Ok(()) }));

#[derive(diesel::QueryableByName)]
struct Fact {
    #[diesel(sql_type = Text)]
    place: String,
    #[diesel(sql_type = Text)]
    fact: String,
}

const SQLITE: [&str; 3] = [
    "SELECT m.name AS place, concat_ws(' ', c.name, c.type, c.\"notnull\", c.pk) AS fact \
     FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'",
    "SELECT m.name AS place, concat_ws(' ', iif(i.origin = 'c', i.name, i.origin), i.\"unique\", i.partial, \
     (SELECT group_concat(name) FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno))) AS fact \
     FROM sqlite_master m, pragma_index_list(m.name) i WHERE m.type = 'table'",
    "SELECT m.name AS place, concat_ws(' ', f.\"from\", f.\"table\", f.\"to\", f.on_delete) AS fact \
     FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'",
];

const POSTGRES: [&str; 3] = [
    "SELECT table_name::text AS place, concat_ws(' ', column_name, data_type, character_maximum_length, \
     numeric_precision, numeric_scale, is_nullable, is_identity) AS fact \
     FROM information_schema.columns WHERE table_schema = 'public'",
    "SELECT conrelid::regclass::text AS place, concat_ws(' ', conname, pg_get_constraintdef(oid)) AS fact \
     FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
    "SELECT tablename::text AS place, indexdef AS fact FROM pg_indexes WHERE schemaname = 'public'",
];

/// What the database says of its tables: columns, keys, constraints and indexes.
async fn facts(conn: &Conn) -> BTreeSet<(String, String)> {
    let questions = if conn.dialect() == Dialect::Sqlite { SQLITE } else { POSTGRES };
    let mut facts = BTreeSet::new();
    for question in questions {
        let rows: Vec<Fact> = conn.load(diesel::sql_query(question)).await.expect("facts");
        facts.extend(rows.into_iter().map(|row| (row.place, row.fact)));
    }
    facts
}

/// The tables of the store and of its accounts, made from the models.
async fn made(database: &TestDatabase) -> Result<BTreeSet<(String, String)>, StartupError> {
    database
        .run(async |conn| {
            let store = [musicstore::models::Track::META, musicstore::models::Playlist::META];
            let rest = [
                musicstore::models::InvoiceLine::META,
                User::META,
                Group::META,
                Permission::META,
                ContentType::META,
                Token::META,
                StoredSession::META,
            ];
            conn.create_tables(store.into_iter().chain(rest)).await?;
            Ok(facts(conn).await)
        })
        .await
}

#[quintet::test]
async fn the_tables_of_models_are_those_that_django_makes() -> Result<(), StartupError> {
    for on in On::all() {
        let made = made(&on.copy_of(&EMPTY).await?).await?;
        let store = Store::new(on);
        let django = store.run(async |conn| facts(conn).await);
        let places: BTreeSet<&String> = made.iter().map(|(place, _)| place).collect();
        let is_made = |(place, _): &&(String, String)| places.contains(place);
        let django: BTreeSet<_> = django.iter().filter(is_made).cloned().collect();
        let missing: Vec<_> = django.difference(&made).collect();
        let more: Vec<_> = made.difference(&django).collect();
        assert!(missing.is_empty() && more.is_empty(), "{on:?}\n- {missing:#?}\n+ {more:#?}");
        assert!(places.len() > 18, "{places:?}");
    }
    Ok(())
}

#[quintet::test]
async fn programs_that_start_at_once_make_the_tables_once() -> Result<(), StartupError> {
    for on in On::all() {
        let database = match on {
            On::Sqlite => EMPTY.sqlite_file().await?,
            On::Postgres => on.copy_of(&EMPTY).await?,
        };
        let (one, two, three) = tokio::join!(made(&database), made(&database), made(&database));
        let (one, two, three) = (one?, two?, three?);
        assert!(one.len() > 50 && one == two && one == three);
    }
    Ok(())
}

/// Rows with each kind of constraint that a model declares.
#[model(
    app = "made",
    constraints(
        unique(fields(shop, shelf), name = "one_open_shelf", condition = |row| {
            let [open, kind] = [row.clone(), row];
            open.open().exact(true) & kind.kind().is_in(["wood", "it's iron"])
        }),
        unique(expressions = |row| Lower::of(row.label()), name = "labels_without_case"),
        check(name = "shelves_end_at_ninety", condition = |row| row.shelf().lt(90)),
    )
)]
pub struct Stock {
    pub id: i64,
    #[field(foreign_key = Shop)]
    pub shop_id: i64,
    #[field(positive)]
    pub shelf: i32,
    pub open: bool,
    #[field(max_length = 20, index)]
    pub kind: String,
    #[field(max_length = 20)]
    pub label: String,
}

/// A shop that has a main shelf: the two tables point at each other.
#[model(app = "made", many_to_many(rivals: Shop))]
pub struct Shop {
    pub id: i64,
    #[field(foreign_key = Stock)]
    pub main_id: Option<i64>,
}

#[quintet::test]
async fn constraints_and_circles_are_made_as_the_models_declare_them() -> Result<(), StartupError> {
    for on in On::all() {
        let work = async |conn: &mut Conn| {
            conn.create_tables([Stock::META]).await?;
            // what is there stays
            conn.create_tables([Shop::META]).await?;
            conn.batch_execute("INSERT INTO made_shop (main_id) VALUES (NULL)").await?;
            let mut refused = Vec::new();
            for row in [
                "1, true, 'it''s iron', 'a'",
                "1, true, 'it''s iron', 'b'",
                "1, false, 'it''s iron', 'c'",
                "1, true, 'glass', 'A'",
                "1, true, 'glass', 'd'",
                "-1, false, 'glass', 'e'",
                "90, false, 'glass', 'f'",
            ] {
                let insert = "INSERT INTO made_stock (shop_id, shelf, open, kind, label) VALUES";
                if conn.batch_execute(&format!("{insert} (1, {row})")).await.is_err() {
                    refused.push(row);
                }
            }
            Ok(refused)
        };
        let refused = on.copy_of(&EMPTY).await?.run(work).await?;
        let expected = [
            "1, true, 'it''s iron', 'b'",
            "1, true, 'glass', 'A'",
            "-1, false, 'glass', 'e'",
            "90, false, 'glass', 'f'",
        ];
        assert_eq!(refused, expected, "{on:?}");
    }
    Ok(())
}
