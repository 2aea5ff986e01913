//! What diesel's users do with a table, done with those of `#[model]`: the statements are diesel's.

use diesel::query_builder::QueryFragment;
use diesel::sqlite::Sqlite;
use diesel::{
    BoolExpressionMethods, EqAll, ExpressionMethods, Insertable, JoinOnDsl,
    NullableExpressionMethods, QueryDsl, SelectableHelper, Table, alias, debug_query, dsl,
};

use crate::model;

#[model(table = "library_shelf")]
pub struct Shelf {
    pub id: i64,
    pub name: String,
}

#[model(table = "library_volume")]
pub struct Volume {
    pub id: i64,
    pub title: String,
    #[field(column = "pages")]
    pub length: i32,
    pub bought: Option<crate::db::DateTime>,
    pub printed: chrono::NaiveDate,
    #[field(foreign_key = Shelf, related_name = volumes)]
    pub shelf_id: Option<i64>,
}

#[allow(clippy::struct_field_names, reason = "the module of the table has the same name")]
#[model(table = "library_loan")]
#[expect(clippy::struct_field_names, reason = "the module of the table has a column of its name")]
pub struct Loan {
    pub id: i64,
    pub loan: bool,
    #[field(foreign_key = Volume, related_name = loans)]
    pub volume_id: i64,
}

#[cfg(feature = "large-tables")]
#[model(table = "library_wide")]
pub struct Wide {
    pub id: i64,
    pub a: i32,
    pub b: i32,
    pub c: i32,
    pub d: i32,
    pub e: i32,
    pub f: i32,
    pub g: i32,
    pub h: i32,
    pub i: i32,
    pub j: i32,
    pub k: i32,
    pub l: i32,
    pub m: i32,
    pub n: i32,
    pub o: i32,
    pub p: i32,
}

diesel::allow_tables_to_appear_in_same_query!(loan, shelf);
diesel::allow_columns_to_appear_in_same_group_by_clause!(shelf::name, volume::title);

fn sql(query: &impl QueryFragment<Sqlite>) -> String {
    let text = debug_query::<Sqlite, _>(query).to_string();
    let end = text.find(" -- binds").unwrap_or(text.len());
    text[..end].replace('`', "")
}

const ALL: &str = "library_volume.id, library_volume.title, library_volume.pages, \
                   library_volume.bought, library_volume.printed, library_volume.shelf_id";

#[test]
fn rows_are_filtered_ordered_and_selected() {
    let query = volume::table
        .filter(volume::title.eq("Dune").and(volume::bought.is_null()))
        .order(volume::length.desc())
        .limit(3);
    assert_eq!(
        sql(&query),
        format!(
            "SELECT {ALL} FROM library_volume WHERE ((library_volume.title = ?) AND \
             (library_volume.bought IS NULL)) ORDER BY library_volume.pages DESC LIMIT ?"
        )
    );
    let all = format!("SELECT {ALL} FROM library_volume");
    assert_eq!(sql(&volume::table.select(Volume::as_select())), all);
    assert_eq!(sql(&volume::table.select(volume::all_columns)), all);
    let keys = volume::dsl::volume.find(7).select(volume::dsl::title);
    assert_eq!(
        sql(&keys),
        "SELECT library_volume.title FROM library_volume WHERE (library_volume.id = ?)"
    );
    let mut boxed: volume::BoxedQuery<'_, Sqlite> = volume::table.into_boxed();
    boxed = boxed.filter(volume::id.eq_all(1));
    assert_eq!(
        sql(&boxed),
        format!("SELECT {ALL} FROM library_volume WHERE (library_volume.id = ?)")
    );
}

#[test]
fn tables_are_joined_by_their_keys() {
    let inner = volume::table.inner_join(shelf::table).select((volume::title, shelf::name));
    assert_eq!(
        sql(&inner),
        "SELECT library_volume.title, library_shelf.name FROM (library_volume INNER JOIN \
         library_shelf ON (library_volume.shelf_id = library_shelf.id))"
    );
    let outer = shelf::table
        .left_join(volume::table.left_join(loan::table))
        .select((shelf::id, loan::id.nullable()));
    assert_eq!(
        sql(&outer),
        "SELECT library_shelf.id, library_loan.id FROM (library_shelf LEFT OUTER JOIN \
         (library_volume LEFT OUTER JOIN library_loan ON (library_loan.volume_id = \
         library_volume.id)) ON (library_volume.shelf_id = library_shelf.id))"
    );
    let chosen =
        volume::table.inner_join(shelf::table.on(volume::title.eq(shelf::name))).select(volume::id);
    assert!(sql(&chosen).ends_with("ON (library_volume.title = library_shelf.name))"));
    let within = shelf::table
        .filter(dsl::exists(volume::table.filter(volume::shelf_id.eq(shelf::id.nullable()))))
        .select(shelf::id);
    assert!(sql(&within).contains("WHERE EXISTS (SELECT"), "{}", sql(&within));
}

#[test]
fn a_table_meets_itself_under_another_name() {
    let other = alias!(volume as other);
    let query = volume::table
        .inner_join(other.on(other.field(volume::title).eq(volume::title)))
        .select((volume::id, other.field(volume::id)));
    assert_eq!(
        sql(&query),
        "SELECT library_volume.id, other.id FROM (library_volume INNER JOIN library_volume AS \
         other ON (other.title = library_volume.title))"
    );
}

#[test]
fn rows_are_grouped_and_counted() {
    let by_title = volume::table.group_by((volume::title, volume::length)).select((
        volume::title,
        volume::length,
        dsl::sum(volume::length),
        dsl::count_star(),
    ));
    assert_eq!(
        sql(&by_title),
        "SELECT library_volume.title, library_volume.pages, sum(library_volume.pages), COUNT(*) \
         FROM library_volume GROUP BY library_volume.title, library_volume.pages"
    );
    // the key stands for every column of its row
    let by_key = volume::table.group_by(volume::id).select((volume::title, dsl::count_star()));
    assert!(sql(&by_key).ends_with("GROUP BY library_volume.id"), "{}", sql(&by_key));
    let across = volume::table
        .inner_join(shelf::table)
        .group_by((shelf::name, volume::title))
        .select((shelf::name, volume::title, dsl::max(volume::length)));
    assert!(sql(&across).ends_with("GROUP BY library_shelf.name, library_volume.title"));
    let star = volume::table.select(volume::table.star());
    assert_eq!(sql(&star), "SELECT library_volume.* FROM library_volume");
}

#[test]
fn rows_are_written() {
    let insert = diesel::insert_into(shelf::table).values((shelf::id.eq(1), shelf::name.eq("A")));
    assert_eq!(sql(&insert), "INSERT INTO library_shelf (id, name) VALUES (?, ?)");
    let insert = shelf::name.eq("B").insert_into(shelf::table);
    assert_eq!(sql(&insert), "INSERT INTO library_shelf (name) VALUES (?)");
    let update = diesel::update(volume::table.find(1))
        .set((volume::length.eq(volume::length + 1), volume::title.eq("Dune")));
    assert_eq!(
        sql(&update),
        "UPDATE library_volume SET pages = (library_volume.pages + ?), title = ? WHERE \
         (library_volume.id = ?)"
    );
    let delete = diesel::delete(volume::table.filter(volume::length.lt(1)));
    assert_eq!(sql(&delete), "DELETE FROM library_volume WHERE (library_volume.pages < ?)");
    assert_eq!(sql(&diesel::delete(volume::table)), "DELETE FROM library_volume");
}

#[test]
fn rows_are_read_into_the_model() {
    use diesel::{Connection, RunQueryDsl, connection::SimpleConnection};
    let mut connection = diesel::SqliteConnection::establish(":memory:").unwrap();
    connection
        .batch_execute(
            "CREATE TABLE library_shelf (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
             INSERT INTO library_shelf VALUES (4, 'Top');",
        )
        .unwrap();
    let rows: Vec<Shelf> = shelf::table.load(&mut connection).unwrap();
    assert_eq!(rows, [Shelf { id: 4, name: "Top".to_owned() }]);
    let rows = shelf::table
        .filter(shelf::table.primary_key().eq(4))
        .select((Shelf::as_select(), shelf::name))
        .first(&mut connection);
    assert_eq!(rows, Ok((Shelf { id: 4, name: "Top".to_owned() }, "Top".to_owned())));
}

#[cfg(feature = "large-tables")]
#[test]
fn a_table_may_be_wide() {
    assert!(sql(&wide::table.select(Wide::as_select())).contains("library_wide.p FROM"));
}
