use super::super::super::testing::on_each;
use crate::db::{Assignments, Conn, DateTime, Model, ModelMeta, QuerySet};
use crate::model;

/// When a row was made and changed.
#[model(abstract, ordering(-created))]
pub struct Stamped {
    #[field(auto_now_add)]
    pub created: DateTime,
    #[field(auto_now)]
    pub modified: DateTime,
}

#[model(table = "t_keeper")]
pub struct Keeper {
    pub id: i64,
    #[field(max_length = 40)]
    pub name: String,
}

/// Somebody keeps it; its names are those of the crate, and none has to be imported.
#[model(abstract, inherit(crate::db::models::inherited::tests::Stamped), display = "{label}")]
pub struct Kept {
    /// What is printed on it.
    #[field(max_length = 20, unique, help_text = "Printed on it.")]
    pub label: String,
    #[field(
        foreign_key = crate::db::models::inherited::tests::Keeper,
        related_name = "%(app_label)s_%(class)ss"
    )]
    pub keeper_id: Option<i64>,
}

#[model(abstract)]
pub struct Pieces {
    #[field(default = 1, positive)]
    pub pieces: i32,
}

#[model(app = "t", inherit(Kept, Pieces), unique_together(label, colour))]
pub struct Chair {
    pub id: i64,
    #[field(max_length = 20)]
    pub colour: String,
}

/// What it says itself counts; the same base twice is one.
#[model(table = "t_lamps", inherit(Stamped, Kept), ordering(watts), display = "{watts} W")]
pub struct Lamp {
    pub watts: i32,
    pub id: i64,
}

use elsewhere::Desk;

mod elsewhere {
    use super::Kept;
    use crate::db::DateTime;
    use crate::model;

    #[model(app = "t", inherit(Kept))]
    pub struct Desk {
        pub id: i64,
    }
}

fn names(model: &ModelMeta) -> Vec<&'static str> {
    model.columns.iter().map(|column| column.name).collect()
}

/// Rows of any model that somebody keeps.
fn of_keeper<M: Kept>(name: &str) -> QuerySet<M> {
    QuerySet::new().filter_by(M::keeper().name().exact(name)).then_by(M::LABEL)
}

fn labels<M: Kept>(rows: &[M]) -> Vec<&str> {
    rows.iter().map(|row| row.label().as_str()).collect()
}

#[test]
fn the_columns_of_the_bases_follow_the_key_in_their_order() {
    let own = ["id", "created", "modified", "label", "keeper", "pieces", "colour"];
    assert_eq!(names(Chair::META), own);
    // the key comes first only where it stands first
    assert_eq!(names(Lamp::META), ["created", "modified", "label", "keeper", "watts", "id"]);
    assert_eq!(names(elsewhere::Desk::META), ["id", "created", "modified", "label", "keeper"]);
    let label = &Chair::META.columns[3];
    assert_eq!((label.max_length, label.unique), (Some(20), true));
    assert_eq!(label.help_text, "Printed on it.");
}

#[test]
fn options_are_inherited_where_the_model_says_nothing() {
    assert_eq!(Chair::META.table, "t_chair");
    assert_eq!(Chair::META.ordering, [(1, true)]);
    assert_eq!(Chair::META.unique_together, [&[3, 6]]);
    assert_eq!((Lamp::META.table, Lamp::META.ordering), ("t_lamps", &[(4, false)][..]));
    let now = DateTime::now();
    let lamp =
        Lamp { created: now, modified: now, label: "A".into(), keeper_id: None, watts: 40, id: 1 };
    assert_eq!(lamp.to_string(), "40 W");
    let desk = elsewhere::Desk {
        id: 1,
        created: now,
        modified: now,
        label: "B".into(),
        keeper_id: Some(7),
    };
    assert_eq!(desk.to_string(), "B");
    assert_eq!((Kept::keeper_id(&desk), *Stamped::created(&desk)), (&Some(7), now));
}

#[test]
fn names_of_related_rows_are_those_of_each_model() {
    let names = |model: &ModelMeta| model.columns.iter().find_map(|column| column.related_name);
    assert_eq!(names(Chair::META), Some("t_chairs"));
    assert_eq!(names(Lamp::META), Some("t_lamps"));
    assert_eq!(names(elsewhere::Desk::META), Some("t_desks"));
    let _ = Keeper::fields().t_chairs().pieces();
    let _ = Keeper::fields().t_desks().label();
}

async fn tables(conn: &Conn) {
    let stamps = "created timestamptz NOT NULL, modified timestamptz NOT NULL";
    let kept = format!("{stamps}, label text NOT NULL, keeper_id bigint");
    conn.batch_execute(&format!(
        "CREATE TEMPORARY TABLE t_keeper (id bigint PRIMARY KEY, name text NOT NULL); \
         CREATE TEMPORARY TABLE t_chair (id bigint PRIMARY KEY, {kept}, pieces integer NOT NULL, \
         colour text NOT NULL); \
         CREATE TEMPORARY TABLE t_desk (id bigint PRIMARY KEY, {kept}); \
         INSERT INTO t_keeper VALUES (1, 'Ann'), (2, 'Bob')"
    ))
    .await
    .unwrap();
}

async fn hand_over<M: Kept>(to: i64, conn: &Conn) -> usize {
    let others = QuerySet::<M>::new().exclude_by(M::KEEPER_ID.exact(to));
    let changed = Assignments::new().set(M::KEEPER_ID, to);
    others.filter_by(M::LABEL.is_in(["a", "c", "d"])).update(changed, conn).await.unwrap()
}

#[test]
fn one_function_reads_and_writes_rows_of_every_model_with_the_base() {
    on_each(async |conn| {
        tables(conn).await;
        let chair = |id: i64, label: &str, keeper: Option<i64>| {
            let chair = Assignments::new().set(chair::id, id).set(chair::label, label);
            chair.set(chair::keeper_id, keeper).set(chair::colour, "red")
        };
        let chairs = [chair(1, "b", Some(1)), chair(2, "a", Some(1)), chair(3, "c", Some(2))];
        let made = Chair::objects().bulk_create(chairs, conn).await.unwrap();
        assert_eq!(made[0].pieces, 1);
        assert!(made[0].created <= made[0].modified);
        let desk = Assignments::new().set(Desk::LABEL, "d").set(Desk::KEEPER_ID, 1);
        let desk = desk.set(elsewhere::desk::id, 1);
        Desk::objects().bulk_create([desk], conn).await.unwrap();

        assert_eq!(labels(&of_keeper::<Chair>("Ann").all(conn).await.unwrap()), ["a", "b"]);
        assert_eq!(labels(&of_keeper::<Desk>("Ann").all(conn).await.unwrap()), ["d"]);

        assert_eq!(hand_over::<Chair>(2, conn).await, 1);
        assert_eq!(hand_over::<Desk>(2, conn).await, 1);
        let of_each: Vec<(String, Option<i64>)> = Chair::objects()
            .then_by(Chair::LABEL)
            .values((Chair::LABEL, Chair::KEEPER_ID))
            .all(conn)
            .await
            .unwrap();
        let expected = [("a", Some(2)), ("b", Some(1)), ("c", Some(2))];
        assert_eq!(of_each, expected.map(|(label, keeper)| (label.to_owned(), keeper)));
    });
}
