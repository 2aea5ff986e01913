use diesel::ExpressionMethods as _;

use super::{
    Deletion, LinkChange, Saved, Saving, m2m_changed, post_delete, post_save, pre_delete, pre_save,
};
use crate::db::testing::{Album, Artist, Sale, Tag, Track, album, artist, on_each, on_each_with};
use crate::db::{Assignments, ColumnKind, Conn, Error, Fields as _, Model, Sql};
use crate::exceptions::{ApiException, Result};
use crate::model;
use crate::values::Value;

/// Every hook writes a line.
#[model(
    table = "h_box",
    before_save = label_it,
    after_save = after,
    before_delete = keep_full_ones,
    after_delete = gone
)]
pub struct Chest {
    pub id: i64,
    #[field(max_length = 20)]
    pub name: String,
    #[field(default = 7)]
    pub pieces: i32,
    #[field(foreign_key = Chest, related_name = inside)]
    pub outer_id: Option<i64>,
}

/// Goes with its box, and loses its second one.
#[model(table = "h_thing", inherit(Logged))]
pub struct Thing {
    pub id: i64,
    #[field(foreign_key = Chest)]
    pub chest_id: i64,
    #[field(foreign_key = Chest, on_delete = set_null)]
    pub second_id: Option<i64>,
}

/// The hooks of every model with a note; each stands before the model's own.
#[model(abstract, before_save = number, before_delete = say_so, after_delete = say_so)]
pub struct Logged {
    #[field(max_length = 20)]
    pub note: String,
}

const BOXES: &str = r"
CREATE TEMPORARY TABLE h_box (
    id {pk}, name varchar(20) NOT NULL UNIQUE, pieces integer NOT NULL, outer_id bigint
);
CREATE TEMPORARY TABLE h_thing (
    id {pk}, note text NOT NULL, chest_id bigint NOT NULL, second_id bigint
);
CREATE TEMPORARY TABLE h_log (id {pk}, line text NOT NULL);
";

async fn write(line: &str, conn: &Conn) -> Result<()> {
    let mut sql = Sql::new(conn.dialect());
    sql.push("INSERT INTO h_log (line) VALUES (")
        .bind(crate::values::Value::Text(line.to_owned()), ColumnKind::Text)
        .push(")");
    conn.send(sql).await?;
    Ok(())
}

async fn lines(conn: &Conn) -> Vec<String> {
    let mut sql = Sql::new(conn.dialect());
    sql.push("SELECT line FROM h_log ORDER BY id");
    let lines = conn.rows(sql, |row| row.get(0, ColumnKind::Text)).await.unwrap();
    conn.batch_execute("DELETE FROM h_log").await.unwrap();
    lines
}

async fn label_it(saving: &mut Saving<'_, Chest>) -> Result<()> {
    let name = saving.get(chest::name).await?.unwrap_or_default();
    let stored = saving.stored().await?.map(|row| row.name.clone());
    let columns = saving.changed().join(" ");
    write(
        &format!("before {name} new={} {columns} was={stored:?}", saving.is_new()),
        saving.conn(),
    )
    .await?;
    if name == "bad" {
        return Err(ApiException::validation("No."));
    }
    if saving.changes(chest::name) && saving.sent(chest::name).is_some() {
        saving.set(chest::name, name.to_lowercase());
    }
    Ok(())
}

async fn after(saved: &Saved<'_, Chest>) -> Result<()> {
    let (row, columns) = (saved.row(), saved.changed().join(" "));
    write(&format!("after {} {} new={} {columns}", row.id, row.name, saved.is_new()), saved.conn())
        .await?;
    if row.pieces < 0 {
        return Err(ApiException::validation("Less than nothing."));
    }
    Ok(())
}

async fn keep_full_ones(deletion: &Deletion<'_, Chest>) -> Result<()> {
    let row = deletion.row();
    if row.pieces > 100 {
        return Err(ApiException::validation("It is full."));
    }
    let inside =
        Thing::objects().filter(thing::second_id.eq(row.id)).count(deletion.conn()).await?;
    write(&format!("deleting {} with {inside}", row.name), deletion.conn()).await
}

async fn gone(deletion: &Deletion<'_, Chest>) -> Result<()> {
    write(&format!("deleted {}", deletion.row().name), deletion.conn()).await
}

async fn number<M: Logged>(saving: &mut Saving<'_, M>) -> Result<()> {
    let note = saving.get(M::NOTE).await?.unwrap_or_default();
    saving.set(M::NOTE, format!("{note}!"));
    Ok(())
}

async fn say_so<M: Logged>(deletion: &Deletion<'_, M>) -> Result<()> {
    let there = crate::db::QuerySet::<M>::new().filter_by(M::NOTE.exact(deletion.row().note()));
    let there = there.count(deletion.conn()).await?;
    write(&format!("{} {} {there}", M::META.name, deletion.row().note()), deletion.conn()).await
}

fn named(name: &str) -> Assignments<Chest> {
    Assignments::new().set(chest::name, name)
}

#[test]
fn a_row_is_seen_before_and_after_it_is_saved() {
    on_each_with(BOXES, async |conn| {
        let (new, is_new) = Chest::objects().get_or_create(named("Tea"), (), conn).await.unwrap();
        assert!(is_new && new.name == "tea" && new.pieces == 7);
        let id = new.id;
        let expected = [
            "before Tea new=true name pieces was=None".to_owned(),
            format!("after {id} tea new=true name pieces"),
        ];
        assert_eq!(lines(conn).await, expected);
        // what is there is not saved
        let found = Chest::objects().get_or_create(named("tea"), (), conn).await.unwrap();
        assert!(!found.1 && lines(conn).await.is_empty());
        let pieces = Assignments::new().set(chest::pieces, 8);
        Chest::objects().update_or_create(named("tea"), pieces, conn).await.unwrap();
        let expected = [
            "before tea new=false pieces was=Some(\"tea\")".to_owned(),
            format!("after {id} tea new=false pieces"),
        ];
        assert_eq!(lines(conn).await, expected);
        // an expression is known by its column
        let more = Assignments::new().set_expression(chest::pieces, Chest::fields().pieces() + 1);
        let (row, _) = Chest::objects().update_or_create(named("tea"), more, conn).await.unwrap();
        assert_eq!((row.pieces, lines(conn).await.len()), (9, 2));
    });
}

#[test]
fn statements_for_many_rows_call_no_hook() {
    on_each_with(BOXES, async |conn| {
        let mut made = Chest::objects().bulk_create([named("A"), named("b")], conn).await.unwrap();
        let pieces = Assignments::new().set(chest::pieces, 1);
        Chest::objects().filter(chest::name.eq("b")).update(pieces, conn).await.unwrap();
        made[0].pieces = 3;
        Chest::objects().bulk_update(&made[..1], chest::pieces, conn).await.unwrap();
        assert!(lines(conn).await.is_empty());
        let stored = Chest::objects().then_by(chest::id).all(conn).await.unwrap();
        let stored: Vec<_> = stored.iter().map(|row| (row.name.as_str(), row.pieces)).collect();
        assert_eq!(stored, [("A", 3), ("b", 1)]);
    });
}

#[test]
fn the_error_of_a_hook_undoes_the_row_and_what_hooks_wrote() {
    on_each_with(BOXES, async |conn| {
        let refused = Chest::objects().get_or_create(named("bad"), (), conn).await;
        let Err(Error::Refused(error)) = refused else { panic!("{refused:?}") };
        assert_eq!(error.status(), 400);
        // a hook that comes after the statement undoes it
        let few = Assignments::new().set(chest::pieces, -1);
        let refused = Chest::objects().get_or_create(named("few"), few.clone(), conn).await;
        assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
        assert_eq!(Chest::objects().count(conn).await.unwrap(), 0);
        let made = Chest::objects().get_or_create(named("few"), (), conn).await.unwrap().0;
        lines(conn).await;
        let refused = Chest::objects().update_or_create(named("few"), few, conn).await;
        assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
        assert_eq!(Chest::objects().get(conn).await.unwrap(), made);
        assert!(lines(conn).await.is_empty());
    });
}

#[test]
fn rows_that_go_with_others_are_seen_as_they_were() {
    on_each_with(BOXES, async |conn| {
        conn.batch_execute(
            "INSERT INTO h_box (id, name, pieces, outer_id) VALUES \
             (1, 'outer', 1, NULL), (2, 'inner', 1, 1), (3, 'other', 1, NULL), (4, 'full', 101, 3); \
             INSERT INTO h_thing (id, note, chest_id, second_id) VALUES \
             (1, 'cup', 2, NULL), (2, 'pot', 3, 1)",
        )
        .await
        .unwrap();
        conn.database().register([Chest::META, Thing::META]);
        let outer = || Chest::objects().filter(chest::id.eq(1));
        // the chest, the one inside it, and its cup
        assert_eq!(outer().delete(conn).await.unwrap(), 3);
        let expected = [
            "deleting outer with 1",
            "deleting inner with 0",
            "Thing cup 1",
            "Thing cup 0",
            "deleted outer",
            "deleted inner",
        ];
        assert_eq!(lines(conn).await, expected);
        let pot = Thing::objects().get(conn).await.unwrap();
        assert_eq!((pot.note.as_str(), pot.second_id), ("pot", None));
        // nothing is deleted if one row may not be
        let refused = Chest::objects().filter(chest::id.eq(3)).delete(conn).await;
        assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
        assert_eq!(Chest::objects().count(conn).await.unwrap(), 2);
        assert!(lines(conn).await.is_empty());
        // a model that nothing points at is watched as well
        assert_eq!(Thing::objects().delete(conn).await.unwrap(), 1);
        assert_eq!(lines(conn).await, ["Thing pot 1", "Thing pot 0"]);
    });
}

#[test]
fn hooks_of_an_abstract_model_know_the_model_that_inherits_it() {
    on_each_with(BOXES, async |conn| {
        let thing = Assignments::new().set(thing::note, "pan").set(thing::chest_id, 1);
        let (thing, _) = Thing::objects().get_or_create(thing, (), conn).await.unwrap();
        assert_eq!(thing.note, "pan!");
    });
}

async fn shout(saving: &mut Saving<'_, Artist>) -> Result<()> {
    if let Some(name) = saving.sent(artist::name) {
        saving.set(artist::name, name.to_uppercase());
    }
    Ok(())
}

async fn first_album(saved: &Saved<'_, Artist>) -> Result<()> {
    let album = Assignments::new().set(album::title, "First");
    let album = album.set(album::artist_id, saved.row().id);
    Album::objects().get_or_create(album, (), saved.conn()).await?;
    Ok(())
}

async fn not_the_first(deletion: &Deletion<'_, Album>) -> Result<()> {
    match deletion.row().title.as_str() {
        "First" => Err(ApiException::validation("The first one stays.")),
        title => write(title, deletion.conn()).await,
    }
}

#[test]
fn signals_run_for_models_that_have_no_hooks() {
    on_each(async |conn| {
        conn.batch_execute("CREATE TEMPORARY TABLE h_log (id integer, line text)").await.unwrap();
        let before = conn.database().statements();
        let made =
            Artist::objects().get_or_create(Assignments::new().set(artist::name, "x"), (), conn);
        made.await.unwrap();
        assert_eq!(conn.database().statements() - before, 2);
        // a function that is connected twice runs once
        conn.database().connect([post_save(first_album)]);
        conn.database().connect([
            pre_save(shout),
            post_save(first_album),
            pre_delete(not_the_first),
            post_delete(async |deletion: &Deletion<'_, Album>| {
                write(&format!("no {}", deletion.row().title), deletion.conn()).await
            }),
        ]);
        let made = Assignments::new().set(artist::name, "y");
        let (made, _) = Artist::objects().get_or_create(made, (), conn).await.unwrap();
        assert_eq!(made.name, "Y");
        let of_it = || Album::objects().filter(album::artist_id.eq(made.id));
        assert_eq!(of_it().count(conn).await.unwrap(), 1);
        // albums go with their artist, if they may
        conn.database().register([Sale::META]);
        let refused = Artist::objects().filter(artist::id.eq(made.id)).delete(conn).await;
        assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
        assert_eq!(of_it().count(conn).await.unwrap(), 1);
        assert_eq!(Artist::objects().filter(artist::id.eq(10)).delete(conn).await.unwrap(), 3);
        let mut written = lines(conn).await;
        written.sort();
        assert_eq!(written, ["Ballbreaker", "Powerage", "no Ballbreaker", "no Powerage"]);
    });
}

async fn note_links(change: &LinkChange<'_, Track>) -> Result<()> {
    let (side, pk) = (change.is_reverse(), change.pk::<i64>());
    let keys = change.keys::<i64>();
    if keys == [2] && side {
        return Err(ApiException::validation("Not this one."));
    }
    let line = format!("{:?} {} {side} {pk:?} {keys:?}", change.action(), change.relation());
    write(&line, change.conn()).await
}

#[test]
fn links_are_told_from_either_side() {
    on_each(async |conn| {
        let log =
            if conn.dialect() == crate::db::Dialect::Sqlite { "integer" } else { "bigserial" };
        let log = format!("CREATE TEMPORARY TABLE h_log (id {log} PRIMARY KEY, line text)");
        conn.batch_execute(&log).await.unwrap();
        conn.database().connect([m2m_changed(note_links)]);
        let tags = Track::fields().tags().way().hops[0];
        let (one, key) = (Value::Int(2), Value::Int);
        // 1 is linked already, and what is not linked anew is not told
        conn.add_links(&tags, &one, &[key(1), key(2)]).await.unwrap();
        assert_eq!(
            lines(conn).await,
            ["PreAdd tags false Some(2) [2]", "PostAdd tags false Some(2) [2]"]
        );
        conn.set_links(&tags, &one, &[key(1)]).await.unwrap();
        assert_eq!(
            lines(conn).await,
            ["PreRemove tags false Some(2) [2]", "PostRemove tags false Some(2) [2]"]
        );
        conn.set_links(&tags, &one, &[key(1)]).await.unwrap();
        conn.remove_links(&tags, &one, &[]).await.unwrap();
        assert!(lines(conn).await.is_empty());
        let tracks = Tag::fields().tracks().way().hops[0];
        conn.remove_links(&tracks, &key(1), &[key(1)]).await.unwrap();
        assert_eq!(
            lines(conn).await,
            ["PreRemove tags true Some(1) [1]", "PostRemove tags true Some(1) [1]"]
        );
        let refused = conn.remove_links(&tracks, &key(1), &[key(2)]).await;
        assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
        assert_eq!(conn.count_links(&tracks, &key(1)).await.unwrap(), 1);
    });
}

/// Every branch hangs on itself, if it is left to the hook.
#[model(table = "h_branch", before_save = hang)]
pub struct Branch {
    pub id: i64,
    #[field(foreign_key = Branch, acyclic)]
    pub parent_id: Option<i64>,
}

async fn hang(saving: &mut Saving<'_, Branch>) -> Result<()> {
    let own = saving.stored().await?.map(|row| row.id);
    saving.set(branch::parent_id, own);
    Ok(())
}

#[test]
fn a_hook_cannot_make_a_circle() {
    const TABLES: &str = "CREATE TEMPORARY TABLE h_branch (id {pk}, parent_id bigint)";
    on_each_with(TABLES, async |conn| {
        let new = || Assignments::new().set(branch::parent_id, None);
        let (row, _) = Branch::objects().get_or_create(new(), (), conn).await.unwrap();
        let refused = Branch::objects().update_or_create(new(), new(), conn).await;
        assert!(matches!(refused, Err(Error::Tree { field: "parent", .. })), "{refused:?}");
        assert_eq!(Branch::objects().get(conn).await.unwrap(), row);
    });
}
