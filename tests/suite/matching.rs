//! Rows of one model that match those of another (`OuterRef`), and functions of SQL, compared with
//! what Django 5.2 finds in the same rows.

use std::collections::BTreeSet;

use musicstore::models::*;
use quintet::db::{
    Compare, Conn, Count, Func, Left, Mod, Now, Order, Replace, Right, StrIndex, Substr, Sum,
};
use quintet::fields::Value;
use quintet::prelude::*;
use quintet_tests::store::{On, Store};

/// Runs work on shared read-only rows, on each database.
fn reading<W: AsyncFn(&Conn) + Copy + Send + 'static>(work: W) {
    for on in On::all() {
        Store::shared(on).run(async move |conn| work(conn).await);
    }
}

async fn ids<M: Model>(rows: QuerySet<M>, conn: &Conn) -> Vec<i64> {
    let rows = rows.all(conn).await.expect("the query is understood");
    let key = |row: &M| match row.pk() {
        Value::Int(key) => key,
        other => panic!("{other:?}"),
    };
    rows.iter().map(key).collect()
}

#[test]
fn rows_are_found_by_those_that_match_them() {
    reading(async |conn| {
        let near = Employee::objects().matching(employee::city, customer::city);
        let customers = Customer::objects().filter_by(near.clone().exists().exact(true));
        assert_eq!(ids(customers, conn).await, [14]);
        let far = Customer::objects().exclude_by(near.exists().exact(true));
        assert_eq!(far.count(conn).await.unwrap(), 58);

        let own_title = Album::objects().matching(album::title, artist::name).exists();
        let artists = Artist::objects().filter_by(own_title.exact(true));
        assert_eq!(ids(artists, conn).await, [8, 12, 13, 90, 112, 118, 126, 140, 152, 159, 204]);
    });
}

#[test]
fn a_value_is_that_of_the_first_that_matches() {
    reading(async |conn| {
        // of the same model: the invoice before, in the same country
        let before = Invoice::objects()
            .then_by_desc(invoice::invoice_date)
            .then_by_desc(invoice::id)
            .matching(invoice::billing_country, invoice::billing_country)
            .matching_by(invoice::invoice_date, Compare::Lt, invoice::invoice_date);
        let rows = Invoice::objects().values((invoice::id, before.first(invoice::total)));
        let rows = rows.all(conn).await.unwrap();
        let totals: Vec<_> = rows
            .iter()
            .skip(40)
            .take(6)
            .map(|(id, total)| (*id, total.map(|t| t.to_string())))
            .collect();
        let text = |text: &str| Some(text.to_owned());
        let expected = [
            (41, None),
            (42, None),
            (43, text("0.99")),
            (44, text("1.98")),
            (45, text("3.96")),
            (46, None),
        ];
        assert_eq!(totals, expected);
    });
}

#[test]
fn what_matches_is_aggregated() {
    reading(async |conn| {
        let same = Track::objects().matching(track::composer, track::composer);
        let rows = Track::objects().values((track::id, same.aggregate(Count::rows())));
        let rows = rows.all(conn).await.unwrap();
        assert_eq!(rows[60..66], [(61, 6), (62, 4), (63, 0), (64, 0), (65, 0), (66, 0)]);

        // along relations on both sides
        let earlier = Artist::objects().matching_by(
            artist::name,
            Compare::Lt,
            Album::fields().artist().name(),
        );
        let place = earlier.aggregate(Count::rows());
        let rows = Album::objects().values((album::id, place)).all(conn).await.unwrap();
        assert_eq!(rows[..4], [(1, 1), (2, 9), (3, 9), (4, 1)]);
        let tracks = Track::objects()
            .matching(Track::fields().album().artist_id(), artist::id)
            .aggregate(Sum::of(Track::fields().unit_price()));
        let artists = Artist::objects().filter_by(tracks.gt(Decimal::from(100)));
        assert_eq!(ids(artists, conn).await, [22, 50, 90, 149, 150, 156]);
    });
}

#[test]
fn the_rows_that_match_have_conditions_and_slices() {
    reading(async |conn| {
        let long = |tracks: QuerySet<Track>| {
            let tracks = tracks.matching(track::album_id, album::id);
            Album::objects().filter_by(tracks.exists().exact(true)).slice(0, 8)
        };
        let with_b = || Track::fields().name().istartswith("b");
        let over = Track::fields().milliseconds().gt(400_000);
        let expected = [19, 43, 48, 92, 94, 97, 108, 116];
        let by_path = Track::objects().filter_by(with_b() & over);
        assert_eq!(ids(long(by_path), conn).await, expected);
        // a diesel expression names its table, which is another one here
        let typed = Track::objects().filter_by(with_b()).filter(track::milliseconds.gt(400_000));
        assert_eq!(ids(long(typed), conn).await, expected);
        let two = Track::objects().then_by(track::id).slice(0, 2);
        assert_eq!(ids(long(two), conn).await, [1, 2]);
    });
}

#[test]
fn a_condition_on_what_matches_stands_inside_another() {
    reading(async |conn| {
        let same_name = || {
            let albums = Album::objects().matching(album::title, track::name);
            albums.exists().exact(true)
        };
        // of one of the album's tracks: title tracks
        let titled = Track::objects().filter_by(same_name()).values(track::album_id).distinct();
        let titled: BTreeSet<i64> = titled.all(conn).await.unwrap().into_iter().flatten().collect();
        assert!(titled.len() > 50, "{titled:?}");
        let either = Track::objects().filter_by(same_name() | Track::fields().id().exact(1));
        let one_more = Track::objects().filter_by(same_name()).count(conn).await.unwrap() + 1;
        assert_eq!(either.count(conn).await.unwrap(), one_more);
    });
}

#[test]
fn texts_are_cut_replaced_and_searched() {
    reading(async |conn| {
        let four = Artist::objects().filter_by(Artist::fields().id().is_in([1, 2, 6, 50]));
        let name = || Artist::fields().name();
        let rows = four.values((
            Left::of(name(), 3),
            Right::of(name(), 3),
            Replace::of(name(), "s", "_"),
            StrIndex::of(name(), "c"),
            Substr::of(name(), 3),
            Substr::part(name(), 2, 4),
            Right::of(name(), 100),
        ));
        let row = |a: &str, b: &str, c: &str, d: i32, e: &str, f: &str, g: &str| {
            let text = |text: &str| Some(text.to_owned());
            (text(a), text(b), text(c), Some(d), text(e), text(f), text(g))
        };
        let (whole, jobim) = ("Antônio Carlos Jobim", "Antônio Carlo_ Jobim");
        let expected = [
            row("AC/", "/DC", "AC/DC", 0, "/DC", "C/DC", "AC/DC"),
            row("Acc", "ept", "Accept", 2, "cept", "ccep", "Accept"),
            row("Ant", "bim", jobim, 0, "tônio Carlos Jobim", "ntôn", whole),
            row("Met", "ica", "Metallica", 8, "tallica", "etal", "Metallica"),
        ];
        assert_eq!(rows.all(conn).await.unwrap(), expected);
    });
}

#[test]
fn numbers_moments_and_functions_by_name() {
    reading(async |conn| {
        let four = || Track::objects().slice(0, 4);
        let rest = Mod::of(track::milliseconds, 1000);
        let rests = four().values(rest).all(conn).await.unwrap();
        assert_eq!(rests, [719, 562, 619, 51].map(Some));
        let none = four().values(Mod::of(track::milliseconds, 0)).all(conn).await.unwrap();
        assert_eq!(none, [None; 4]);
        let longer = Func::new("LENGTH").argument(track::name).returns::<i32>();
        let lengths = four().values(longer).all(conn).await.unwrap();
        assert_eq!(lengths, [39, 17, 15, 17].map(Some));
        let now = Invoice::objects().values(Now::expression()).first(conn).await.unwrap();
        let age = DateTime::now().naive_utc() - now.expect("a row").naive_utc();
        assert!(age.num_seconds().abs() < 60, "{age}");
        // every invoice is of the past
        let later = Invoice::fields().invoice_date().gt(Now::expression());
        assert_eq!(Invoice::objects().filter_by(later).count(conn).await.unwrap(), 0);
    });
}

#[test]
fn no_rows_have_a_sum_of_ones_own() {
    reading(async |conn| {
        let sum = || Sum::of(Album::fields().tracks().unit_price());
        let none = Artist::objects().filter_by(Artist::fields().id().exact(25));
        let spent = Sum::of(Artist::fields().albums().tracks().unit_price()).or(Decimal::ZERO);
        assert_eq!(none.values(spent).all(conn).await.unwrap(), [Decimal::ZERO]);
        let rows = Album::objects().slice(0, 1).values(sum().or(Decimal::from(1)));
        assert_eq!(rows.all(conn).await.unwrap()[0].to_string(), "9.90");
    });
}

#[test]
fn the_latest_and_the_earliest_are_rows() {
    reading(async |conn| {
        let date = || Invoice::fields().invoice_date();
        let latest = Invoice::objects().latest(date(), conn).await.unwrap();
        assert_eq!(latest.expect("a row").id, 412);
        let earliest = Invoice::objects().then_by_desc(invoice::id).earliest(date(), conn).await;
        assert_eq!(earliest.unwrap().expect("a row").id, 1);
        let of_two = Invoice::objects().then_by(invoice::id).slice(2, 2);
        assert_eq!(of_two.latest(date(), conn).await.unwrap().expect("a row").id, 4);
        let none = Invoice::objects().none().latest(date(), conn).await.unwrap();
        assert!(none.is_none());
        // a null is neither
        let bytes = || Track::fields().composer();
        let first = Track::objects().earliest(bytes(), conn).await.unwrap().expect("a row");
        assert!(first.composer.is_some());
        let last = Track::objects().latest(bytes(), conn).await.unwrap().expect("a row");
        assert!(last.composer.is_some());
    });
}

#[test]
fn a_random_order_is_another_one_each_time() {
    reading(async |conn| {
        let mut seen = BTreeSet::new();
        for _ in 0..5 {
            seen.insert(ids(Track::objects().unordered().then(Order::random()), conn).await);
        }
        assert_eq!(seen.len(), 5);
        assert!(seen.iter().all(|ids| ids.len() == 3503));
    });
}
