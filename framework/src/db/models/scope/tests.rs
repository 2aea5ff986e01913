use diesel::ExpressionMethods as _;

use crate::db::hooks::{LinkChange, m2m_changed};
use crate::db::testing::on_each_with;
use crate::db::{Assignments, Conn, Count, DateTime, Error, Fields as _, QuerySet};
use crate::exceptions::{ApiException, Result};
use crate::model;
use crate::values::Value;

/// Rows that are marked instead of deleted.
#[model(abstract, objects = alive)]
pub struct Kept {
    pub deleted_at: Option<DateTime>,
}

/// Rows of one customer each.
#[model(abstract, objects = own)]
pub struct Tenant {
    pub tenant_id: i64,
}

#[model(table = "s_shelf", inherit(Kept, Tenant), objects = named)]
pub struct Shelf {
    pub id: i64,
    #[field(max_length = 20)]
    pub name: String,
}

#[model(table = "s_book", inherit(Kept))]
pub struct Book {
    pub id: i64,
    #[field(foreign_key = Shelf, related_name = books)]
    pub shelf_id: i64,
}

#[model(table = "s_mark", inherit(Kept))]
pub struct Mark {
    pub id: i64,
}

#[model(table = "s_card", many_to_many(marks: Mark, related_name = cards))]
pub struct Card {
    pub id: i64,
}

const TABLES: &str = r"
CREATE TEMPORARY TABLE s_mark (id {pk}, deleted_at timestamptz);
CREATE TEMPORARY TABLE s_card (id {pk});
CREATE TEMPORARY TABLE s_card_marks (
    id {pk}, card_id bigint NOT NULL, mark_id bigint NOT NULL, UNIQUE (card_id, mark_id)
);
INSERT INTO s_mark (id, deleted_at) VALUES (1, NULL), (2, '2024-01-01 00:00:00'), (3, NULL);
INSERT INTO s_card (id) VALUES (1);
INSERT INTO s_card_marks (card_id, mark_id) VALUES (1, 1), (1, 2);
CREATE TEMPORARY TABLE s_shelf (
    id {pk}, deleted_at timestamptz, tenant_id bigint NOT NULL, name varchar(20) NOT NULL
);
CREATE TEMPORARY TABLE s_book (id {pk}, deleted_at timestamptz, shelf_id bigint NOT NULL);
INSERT INTO s_shelf (id, deleted_at, tenant_id, name) VALUES
    (1, NULL, 1, 'a'), (2, '2024-01-01 00:00:00', 1, 'b'), (3, NULL, 2, 'c'), (4, NULL, 1, '');
INSERT INTO s_book (id, deleted_at, shelf_id) VALUES
    (1, NULL, 1), (2, '2024-01-01 00:00:00', 1), (3, NULL, 2), (4, NULL, 3);
";

struct Customer(i64);

fn alive<M: Kept>(rows: QuerySet<M>) -> QuerySet<M> {
    rows.filter_by(M::DELETED_AT.isnull(true))
}

fn own<M: Tenant>(rows: QuerySet<M>, conn: &Conn) -> Result<QuerySet<M>> {
    let customer = conn.extension::<Customer>().ok_or(ApiException::NotAuthenticated(None))?;
    Ok(rows.filter_by(M::TENANT_ID.exact(customer.0)))
}

fn named(rows: QuerySet<Shelf>) -> QuerySet<Shelf> {
    rows.exclude(shelf::name.eq(""))
}

async fn names(rows: QuerySet<Shelf>, conn: &Conn) -> Vec<String> {
    rows.then_by(shelf::id).values(shelf::name).all(conn).await.unwrap()
}

#[test]
fn every_statement_starts_from_the_scope() {
    on_each_with(TABLES, async |conn| {
        conn.set_extension(Customer(1));
        assert_eq!(names(Shelf::objects(), conn).await, ["a"]);
        assert_eq!(names(Shelf::all_objects(), conn).await, ["a", "b", "c", ""]);
        assert_eq!(names(QuerySet::scoped(), conn).await, ["a"]);
        assert_eq!(Shelf::objects().count(conn).await.unwrap(), 1);
        assert!(!Shelf::objects().filter(shelf::id.eq(3)).exists(conn).await.unwrap());
        let number: i64 = Shelf::objects().aggregate(Count::rows(), conn).await.unwrap();
        assert_eq!(number, 1);
        let known = Shelf::objects().in_bulk(shelf::id, [1, 2, 3], conn).await.unwrap();
        assert_eq!(known.len(), 1);
        // also in slices, unions and exclusions
        let both = Shelf::objects().union(Shelf::objects().slice(0, 5));
        assert_eq!(names(both, conn).await, ["a"]);
        assert_eq!(names(Shelf::objects().exclude(shelf::id.eq(1)), conn).await, [""; 0]);
        // and among rows that match another one
        let books = Book::objects().matching(book::shelf_id, shelf::id).aggregate(Count::rows());
        let counted = Shelf::all_objects().then_by(shelf::id).values(books).all(conn).await;
        assert_eq!(counted.unwrap(), [1, 1, 1, 0]);
        let renamed = Assignments::new().set(shelf::name, "z");
        assert_eq!(Shelf::objects().update(renamed, conn).await.unwrap(), 1);
        assert_eq!(names(Shelf::all_objects(), conn).await, ["z", "b", "c", ""]);
        // the customer is that of the request, and not of the query set
        let rows = Shelf::objects();
        conn.set_extension(Customer(2));
        assert_eq!(names(rows, conn).await, ["c"]);
        assert_eq!(Shelf::objects().delete(conn).await.unwrap(), 1);
        assert_eq!(names(Shelf::all_objects(), conn).await, ["z", "b", ""]);
    });
}

#[test]
fn without_the_request_there_are_no_rows_but_an_error() {
    on_each_with(TABLES, async |conn| {
        let before = conn.database().statements();
        let refused = Shelf::objects().all(conn).await;
        let Err(Error::Refused(error)) = refused else { panic!("{refused:?}") };
        assert!(matches!(*error, ApiException::NotAuthenticated(_)));
        let refused = Shelf::objects().delete(conn).await;
        assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
        assert_eq!(conn.database().statements(), before);
        assert_eq!(Shelf::all_objects().count(conn).await.unwrap(), 4);
    });
}

#[test]
fn joins_and_counts_have_no_scope_as_in_django() {
    on_each_with(TABLES, async |conn| {
        conn.set_extension(Customer(1));
        // the shelf of book 3 is deleted
        let of_b = Book::objects().filter_by(Book::fields().shelf().name().exact("b"));
        assert_eq!(of_b.count(conn).await.unwrap(), 1);
        let shelves = Book::objects().then_by(book::id).values(Book::fields().shelf().name());
        let shelves: Vec<Option<String>> = shelves.all(conn).await.unwrap();
        assert_eq!(shelves, ["a", "b", "c"].map(|name| Some(name.to_owned())));
        let books = Count::of(Shelf::fields().books());
        let counted = Shelf::objects().values((shelf::name, books)).all(conn).await.unwrap();
        assert_eq!(counted, [("a".to_owned(), 2)]);
        // what is prefetched is what the query set says
        let shelves = Shelf::objects().all(conn).await.unwrap();
        let books =
            conn.prefetch(&shelves, Shelf::fields().books(), Book::objects()).await.unwrap();
        assert_eq!(books.rows().len(), 1);
        let books = conn.prefetch(&shelves, Shelf::fields().books(), Book::all_objects()).await;
        assert_eq!(books.unwrap().rows().len(), 2);
    });
}

/// Methods of one's own, for the rows of one model and of every model with a base.
trait Shelves {
    fn called(self, name: &str) -> Self;
}

impl Shelves for QuerySet<Shelf> {
    fn called(self, name: &str) -> Self {
        self.filter(shelf::name.eq(name.to_owned()))
    }
}

trait Deleted {
    fn deleted(self) -> Self;
}

impl<M: Kept> Deleted for QuerySet<M> {
    fn deleted(self) -> Self {
        self.filter_by(M::DELETED_AT.isnull(false))
    }
}

#[test]
fn methods_of_ones_own_are_a_trait() {
    on_each_with(TABLES, async |conn| {
        conn.set_extension(Customer(1));
        assert_eq!(names(Shelf::objects().called("a"), conn).await, ["a"]);
        assert_eq!(names(Shelf::objects().called("b"), conn).await, [""; 0]);
        assert_eq!(names(Shelf::all_objects().deleted().called("b"), conn).await, ["b"]);
        assert_eq!(Book::all_objects().deleted().count(conn).await.unwrap(), 1);
    });
}

#[test]
fn links_to_rows_outside_the_scope_are_neither_counted_nor_removed() {
    on_each_with(TABLES, async |conn| {
        let (hop, card) = (Card::fields().marks().way().hops[0], Value::Int(1));
        assert_eq!(conn.count_links(&hop, &card).await.unwrap(), 1);
        conn.set_links(&hop, &card, &[Value::Int(3)]).await.unwrap();
        assert_eq!(conn.count_links(&hop, &card).await.unwrap(), 1);
        Mark::all_objects()
            .filter(mark::id.eq(2))
            .update(Assignments::new().set(mark::deleted_at, None), conn)
            .await
            .unwrap();
        assert_eq!(conn.count_links(&hop, &card).await.unwrap(), 2);
        // with a receiver the same
        conn.database().connect([m2m_changed(async |_: &LinkChange<'_, Card>| Ok(()))]);
        Mark::objects()
            .filter(mark::id.eq(2))
            .update(Assignments::new().set(mark::deleted_at, DateTime::now()), conn)
            .await
            .unwrap();
        conn.set_links(&hop, &card, &[Value::Int(1)]).await.unwrap();
        Mark::all_objects()
            .update(Assignments::new().set(mark::deleted_at, None), conn)
            .await
            .unwrap();
        assert_eq!(conn.count_links(&hop, &card).await.unwrap(), 2);
    });
}
