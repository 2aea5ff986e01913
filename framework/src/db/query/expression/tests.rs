//! The text of expressions, and what both databases make of them.

use chrono::NaiveDate;

use super::*;
use crate::db::testing::{Album, Artist, Track, album, artist, on_each, track};
use crate::db::{
    Annotated, Annotation, AnnotationMeta, DatePart, Dialect, Order, PathOf, Select, Selected,
};

fn read<M: Model>(path: impl PathOf<M>) -> [String; 2] {
    let mut select = Select::from(crate::db::QuerySet::<M>::new().unordered());
    select.only(Vec::new());
    select.also(Selected::Value(path.into_path()));
    [Dialect::Sqlite, Dialect::Postgres].map(|dialect| select.rows(dialect).spelled())
}

fn price() -> crate::db::FieldPath<Album, Decimal> {
    Album::fields().price()
}

#[test]
fn an_aggregate_of_related_rows_is_a_sub_select_with_its_condition() {
    let tracks = || Artist::fields().albums().tracks();
    let long = Count::of(tracks()).filter(tracks().seconds().gt(280));
    assert_eq!(
        read(long)[0],
        "SELECT (SELECT COUNT(\"U1_2\".\"id\") FROM \"t_album\" \"U1\" LEFT JOIN \"t_track\" \
         \"U1_2\" ON \"U1_2\".\"album_id\" = \"U1\".\"id\" WHERE \"U1\".\"artist_id\" = \
         \"t_artist\".\"id\" AND \"U1_2\".\"seconds\" > {Integer(280)}) FROM \"t_artist\""
    );
    // the key of a linked row is in the link
    assert_eq!(
        read(Count::of(Track::fields().tags()))[0],
        "SELECT (SELECT COUNT(*) FROM \"t_track_tags\" \"U1\" WHERE \"U1\".\"track_id\" = \
         \"t_track\".\"id\") FROM \"t_track\""
    );
    let tags = || Track::fields().tags();
    let loud = Expression::from(Exists::of(tags()).filter(tags().id().exact(1)));
    assert_eq!(
        read(loud)[0],
        "SELECT EXISTS(SELECT 1 FROM \"t_track_tags\" \"U1\" WHERE \"U1\".\"track_id\" = \
         \"t_track\".\"id\" AND (\"U1\".\"tag_id\" IS NOT NULL AND \"U1\".\"tag_id\" = \
         {BigInt(1)})) FROM \"t_track\""
    );
    assert_eq!(
        read(Count::distinct(Track::fields().tags()))[0],
        "SELECT (SELECT COUNT(DISTINCT \"U1\".\"tag_id\") FROM \"t_track_tags\" \"U1\" WHERE \
         \"U1\".\"track_id\" = \"t_track\".\"id\") FROM \"t_track\""
    );
}

#[test]
fn arithmetic_is_wide_and_divides_by_no_zero() {
    let [sqlite, postgres] = read(Track::fields().seconds() / 60 + 1_i64);
    let number = "CAST(\"t_track\".\"seconds\" AS bigint)";
    assert_eq!(
        postgres,
        format!(
            "SELECT (({number} / NULLIF(CAST({{Integer(60)}} AS bigint), 0)) + {{BigInt(1)}}) \
             FROM \"t_track\""
        )
    );
    assert_eq!(sqlite, postgres);
}

#[test]
fn an_expression_in_a_condition_needs_no_join() {
    let title = Lower::of(Track::fields().album().title()).startswith("ball");
    let query = Track::objects().filter_by(title);
    let sql = Select::from(query).only_keys().rows(Dialect::Sqlite).spelled();
    assert_eq!(
        sql,
        "SELECT \"t_track\".\"id\" FROM \"t_track\" WHERE LOWER((SELECT \"U1\".\"title\" FROM \
         \"t_album\" \"U1\" WHERE \"U1\".\"id\" = \"t_track\".\"album_id\")) LIKE \
         {Text(\"ball%\")} ESCAPE '\\'"
    );
}

#[test]
fn values_of_rows_are_computed_by_the_database() {
    on_each(async |conn| {
        let tracks = || Track::objects().then_by(track::id);
        let minutes = tracks().values(Track::fields().seconds() / 60_i64).all(conn).await.unwrap();
        assert_eq!(minutes, [Some(5), Some(4), Some(4), Some(0)]);
        let by_zero = tracks().values(Track::fields().seconds() / 0_i64).first(conn).await.unwrap();
        assert_eq!(by_zero, Some(None));
        let title = || Track::fields().album().title();
        let upper = tracks().values(Upper::of(title())).all(conn).await.unwrap();
        let [power, ball] = ["POWERAGE", "BALLBREAKER"].map(|title| Some(title.to_owned()));
        assert_eq!(upper, [power.clone(), power, ball, None]);
        let named = Concat::of(Concat::of(track::name, " on "), title());
        let named = tracks().values(named).all(conn).await.unwrap();
        assert_eq!((&*named[1], &*named[3]), ("Sin_City on Powerage", "100% Loose on "));
        let length = (Length::of(track::name), Coalesce::of(title(), "none"));
        let length = tracks().values(length).all(conn).await.unwrap();
        assert_eq!(length[3], (Some(10), "none".to_owned()));
        let worth = (
            NullIf::of(track::seconds, 312),
            Greatest::of(track::seconds, 300),
            Least::of(track::seconds, 300),
        );
        let worth = tracks().values(worth).all(conn).await.unwrap();
        assert_eq!(worth[..2], [(None, Some(312), Some(300)), (Some(285), Some(300), Some(285))]);
    });
}

#[test]
fn decimals_keep_their_value() {
    on_each(async |conn| {
        let albums = || Album::objects().unordered().then_by(album::id);
        let double = albums().values(price() * 2).all(conn).await.unwrap();
        assert_eq!(double, [Some(Decimal::new(198, 2)), Some(Decimal::new(25, 0))]);
        let tax = Round::of(price() * Decimal::new(119, 2), 2);
        let tax = albums().values(tax).all(conn).await.unwrap();
        assert_eq!(tax, [Some(Decimal::new(118, 2)), Some(Decimal::new(1488, 2))]);
        let float = Cast::to::<f64, _, _>(price());
        assert_eq!(albums().values(float).all(conn).await.unwrap(), [Some(0.99), Some(12.5)]);
        let cheap = Album::objects().filter_by((price() * 2).lt(Decimal::from(2)));
        assert_eq!(cheap.count(conn).await.unwrap(), 1);
    });
}

#[test]
fn related_rows_are_counted_found_and_looked_at() {
    on_each(async |conn| {
        let artists = || Artist::objects().then_by(artist::id);
        let tracks = || Artist::fields().albums().tracks();
        let what = (
            Count::of(Artist::fields().albums()),
            Count::of(tracks()),
            Sum::of(tracks().seconds() * 2_i64),
            Max::of(Artist::fields().albums().price()),
            Avg::of(tracks().seconds()),
        );
        let rows = artists().values(what).all(conn).await.unwrap();
        let average = Some(868.0 / 3.0);
        assert_eq!(rows[0], (2, 3, Some(1736), Some(Decimal::new(1250, 2)), average));
        assert_eq!(rows[1], (0, 0, None, None, None));
        let loud = || tracks().tags().name().exact("loud");
        let loud_of = |conn| {
            let loud = Expression::from(Exists::of(tracks()).filter(loud()));
            artists().values(loud).all(conn)
        };
        assert_eq!(loud_of(conn).await.unwrap(), [true, false]);
        let has_album = Expression::from(Exists::of(Artist::fields().albums()));
        let without = Artist::objects().filter_by(has_album.exact(false));
        assert_eq!(without.get(conn).await.unwrap().id, 20);
        let last = Subquery::first(Artist::fields().albums().title())
            .order_by_desc(Artist::fields().albums().price());
        let last = artists().values(Expression::from(last)).all(conn).await.unwrap();
        assert_eq!(last, [Some("Ballbreaker".to_owned()), None]);
        let cheap = Subquery::first(Artist::fields().albums().title())
            .filter(Artist::fields().albums().price().lt(Decimal::from(1)));
        let cheap = artists().values(Expression::from(cheap)).first(conn).await.unwrap();
        assert_eq!(cheap.flatten().as_deref(), Some("Powerage"));
        let many = Artist::objects().filter_by(Count::of(tracks()).gte(3));
        assert_eq!(many.get(conn).await.unwrap().id, 10);
        let by_count = Artist::objects().then_by(Count::of(tracks()));
        assert_eq!(by_count.first(conn).await.unwrap().map(|artist| artist.id), Some(20));
        let sum = || Sum::of(tracks().seconds());
        let nulls = [Order::ascending(sum()).nulls_first(), Order::descending(sum()).nulls_last()];
        for (order, ids) in nulls.into_iter().zip([[20, 10], [10, 20]]) {
            let ordered = || Artist::objects().then(order.clone());
            let read: Vec<i64> = ordered().values(artist::id).all(conn).await.unwrap();
            assert_eq!(read, ids);
            assert_eq!(ordered().last(conn).await.unwrap().map(|artist| artist.id), Some(ids[1]));
            let mut rows = ordered().iterate(conn).chunk_size(1);
            assert_eq!(rows.next().await.unwrap().map(|artist| artist.id), Some(ids[0]));
            assert_eq!(rows.next().await.unwrap().map(|artist| artist.id), Some(ids[1]));
        }
    });
}

#[test]
fn conditions_of_aggregates_are_on_each_related_row() {
    on_each(async |conn| {
        let tracks = || Album::fields().tracks();
        let long = || Count::of(tracks()).filter(tracks().seconds().gt(300));
        let each = Album::objects().unordered().then_by(album::id).values(long()).all(conn);
        assert_eq!(each.await.unwrap(), [1, 0]);
        assert_eq!(Album::objects().aggregate(long(), conn).await.unwrap(), 1);
        let long_or_loud = Count::distinct(Track::fields().id()).filter(
            Track::fields().seconds().gt(300) | Track::fields().tags().name().exact("loud"),
        );
        assert_eq!(Track::objects().aggregate(long_or_loud, conn).await.unwrap(), 2);
        // of a row's own columns it is that of one row
        let own = (Sum::of(track::seconds), Count::rows(), Count::of(track::album_id));
        let own = Track::objects().then_by_desc(track::id).values(own).first(conn).await.unwrap();
        assert_eq!(own, Some((Some(10), 1, 0)));
    });
}

#[test]
fn cases_and_moments_are_computed() {
    on_each(async |conn| {
        let seconds = || Track::fields().seconds();
        let length = Case::when(seconds().gt(300), "long")
            .when(Track::fields().tags().name().exact("loud"), "loud")
            .otherwise("short");
        let tracks = Track::objects().then_by(track::id);
        let lengths = tracks.clone().values(length).all(conn).await.unwrap();
        assert_eq!(lengths, ["long", "loud", "short", "short"]);
        let or_null = Case::when(seconds().gt(300), 1).or_null();
        let or_null = tracks.values(or_null).all(conn).await.unwrap();
        assert_eq!(or_null, [Some(1), None, None, None]);

        let released = || Album::fields().released();
        let day = |month, day| NaiveDate::from_ymd_opt(1978, month, day).unwrap();
        let albums = || Album::objects().filter(diesel::ExpressionMethods::eq(album::id, 1));
        let parts = (
            Extract::part(DatePart::Year, released()),
            Extract::part(DatePart::Month, released()),
            Trunc::date(released()),
        );
        let parts = albums().values(parts).first(conn).await.unwrap().unwrap();
        assert_eq!(parts, (Some(1978), Some(5), Some(day(5, 5))));
        let at = |date: NaiveDate, hour, minute, second| {
            Some(DateTime::from(date.and_hms_opt(hour, minute, second).unwrap().and_utc()))
        };
        let cut = (
            Trunc::year(released()),
            Trunc::quarter(released()),
            Trunc::month(released()),
            Trunc::week(released()),
            Trunc::day(released()),
            Trunc::hour(released()),
            Trunc::minute(released()),
            Trunc::second(released()),
        );
        let cut = albums().values(cut).first(conn).await.unwrap().unwrap();
        assert_eq!(
            cut,
            (
                at(day(1, 1), 0, 0, 0),
                at(day(4, 1), 0, 0, 0),
                at(day(5, 1), 0, 0, 0),
                at(day(5, 1), 0, 0, 0),
                at(day(5, 5), 0, 0, 0),
                at(day(5, 5), 12, 0, 0),
                at(day(5, 5), 12, 30, 0),
                at(day(5, 5), 12, 30, 45),
            )
        );
        let month = Trunc::month(Trunc::date(released()));
        assert_eq!(albums().values(month).first(conn).await.unwrap(), Some(Some(day(5, 1))));
        let years = Album::objects().filter_by(Trunc::year(released()).isnull(true));
        assert_eq!(years.count(conn).await.unwrap(), 1);
    });
}

#[test]
fn groups_are_computed_filtered_and_ordered() {
    on_each(async |conn| {
        let title = || Track::fields().album().title();
        let seconds = || Sum::of(track::seconds);
        let groups = || Track::objects().group_by(title()).annotate((Count::rows(), seconds()));
        let all = groups().order_by_desc(seconds()).all(conn).await.unwrap();
        let name = |title: &str| Some(title.to_owned());
        let expected = [
            (name("Powerage"), (2, Some(597))),
            (name("Ballbreaker"), (1, Some(271))),
            (None, (1, Some(10))),
        ];
        assert_eq!(all, expected);
        let long = || groups().filter_by(seconds().gt(100)).order_by(title());
        assert_eq!(long().all(conn).await.unwrap(), [expected[1].clone(), expected[0].clone()]);
        assert_eq!(long().count(conn).await.unwrap(), 2);
        assert_eq!(long().slice(1, 5, conn).await.unwrap(), expected[..1]);
        let sliced = Track::objects().then_by(track::id).slice(0, 2).group_by(title());
        assert_eq!(
            sliced.annotate(Count::rows()).all(conn).await.unwrap(),
            [(name("Powerage"), 2)]
        );
        // by an expression, two values, and along a relation to many
        let loud =
            Case::when(Track::fields().tags().name().exact("loud"), "loud").otherwise("other");
        let tags = Count::distinct(Track::fields().tags());
        let by_two = Track::objects().group_by((loud.clone(), track::album_id)).annotate(tags);
        let mut by_two = by_two.all(conn).await.unwrap();
        by_two.sort();
        assert_eq!(by_two.len(), 4);
        assert_eq!(by_two[0], (("loud".to_owned(), Some(1)), 1));
        let none = Track::objects().none().group_by(loud).annotate(Count::rows());
        assert!(none.all(conn).await.unwrap().is_empty());
    });
}

#[test]
fn an_annotation_has_the_expression_that_a_query_set_gives() {
    static LONG: AnnotationMeta = AnnotationMeta::new("long", || {
        crate::__private::annotation::<Track, bool, _>(|track| {
            Case::when(track.seconds().gt(300), true).otherwise(false)
        })
    });
    const IS_LONG: Annotation<Track, bool> = Annotation::new(&LONG);
    on_each(async |conn| {
        let long = |tracks: crate::db::QuerySet<Track>| tracks.filter_by(IS_LONG.exact(true));
        assert_eq!(long(Track::objects()).count(conn).await.unwrap(), 1);
        let above = |seconds| {
            let long = Case::when(Track::fields().seconds().gt(seconds), true).otherwise(false);
            Track::objects().annotate(IS_LONG, long)
        };
        assert_eq!(long(above(280)).count(conn).await.unwrap(), 2);
        assert_eq!(long(above(280).slice(1, 1).unsliced()).all(conn).await.unwrap().len(), 1);
        let ordered = above(5).then_by_desc(IS_LONG).then_by_desc(track::id);
        assert_eq!(ordered.first(conn).await.unwrap().map(|track| track.id), Some(4));
        let values = above(280).then_by(track::id).values((track::id, IS_LONG));
        let values = values.all(conn).await.unwrap();
        assert_eq!(values, [(1, true), (2, true), (3, false), (4, false)]);
        let either = long(above(280)).union(long(above(5)));
        assert_eq!(either.count(conn).await.unwrap(), 2);
        let groups = above(280).group_by(IS_LONG).annotate(Count::rows()).order_by(IS_LONG);
        assert_eq!(groups.all(conn).await.unwrap(), [(false, 2), (true, 2)]);
        // two tracks with three links
        assert_eq!(long(above(280)).delete(conn).await.unwrap(), 5);
    });
}

#[test]
#[should_panic(expected = "the annotation `round` is computed of itself")]
fn an_annotation_of_itself_is_refused_when_it_is_first_asked_for() {
    static ROUND: AnnotationMeta = AnnotationMeta::new("round", || {
        let own: Annotation<Track, i64> = Annotation::new(&ROUND);
        single::<Track, _>(own + 1)
    });
    ROUND.computed();
}

#[test]
fn what_two_query_sets_give_is_that_of_the_first() {
    static A: AnnotationMeta = AnnotationMeta::new("a", || single::<Track, _>(1));
    let given = |value: i32| {
        let mut annotated = Annotated::default();
        annotated.set(&A, single::<Track, _>(value), false);
        annotated
    };
    let both = given(1).or(given(2));
    assert!(format!("{:?}", both.get(&A, false)).contains("Int(1)"), "{both:?}");
}
