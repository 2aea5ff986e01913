//! JSON, SQL and aggregates of one's own, and conditions as values.

use musicstore::models::*;
use quintet::db::{
    AggregateFunc, ArrayAgg, Case, Condition, Error, Expression, IntoExpression, JsonArray,
    JsonObject, Model, RawSql, SingleValued, StringAgg,
};
use quintet::prelude::*;
use quintet_tests::store::On;
use serde_json::json;

use super::{reading, within};

#[test]
fn an_object_is_made_of_values() {
    reading(async |conn, _| {
        let inner = JsonObject::new().member("artist", Track::fields().album().artist().name());
        let object = JsonObject::new()
            .member("name", track::name)
            .member("album", Track::fields().album().title())
            .member("ms", Track::fields().milliseconds() / 1000)
            .member("kind", "track")
            .member("more", inner);
        let values = Track::objects().then_by(track::id).values(Expression::from(object));
        let rows = values.all(conn).await.unwrap();
        assert_eq!(
            rows[1],
            json!({"name": "Balls to the Wall", "album": "Balls to the Wall", "ms": 342, "kind": "track",
                   "more": {"artist": "Accept"}})
        );
        let list = JsonArray::new().item(track::id).item(track::composer).item(7_i64);
        let values = Track::objects().filter(track::id.eq(63)).values(Expression::from(list));
        assert_eq!(values.all(conn).await.unwrap(), [json!([63, null, 7])]);
    });
}

#[test]
fn sql_of_ones_own_is_a_value_and_a_condition() {
    reading(async |conn, _| {
        let seconds = || RawSql::new("%s / %s").argument(track::milliseconds).argument(1000);
        let values = (track::id, seconds().returns::<i64>());
        let rows = Track::objects().then_by(track::id).values(values).all(conn).await.unwrap();
        assert_eq!(rows[..2], [(1, Some(343)), (2, Some(342))]);
        // named as the statement names it, and with a percent sign (`extra(where=…)`)
        let like = RawSql::new("\"store_track\".\"name\" LIKE 'For Those%%'").returns::<bool>();
        let found = Track::objects().filter_by(Condition::holds(like.clone()));
        assert_eq!(found.count(conn).await.unwrap(), 1);
        let others = Track::objects().exclude_by(Condition::holds(like));
        assert_eq!(others.count(conn).await.unwrap(), 3502);
        // a value never is part of the text, and a missing one is null
        let name = "x' OR 1 = 1 --";
        let own = RawSql::new("%s = %s").argument(track::name).argument(name).returns::<bool>();
        assert_eq!(Track::objects().filter_by(Condition::holds(own)).count(conn).await.unwrap(), 0);
        let null = RawSql::new("%s = %s").argument(track::name).returns::<bool>();
        assert_eq!(
            Track::objects().filter_by(Condition::holds(null)).count(conn).await.unwrap(),
            0
        );
        let ordered = Track::objects().then_by_desc(seconds().returns::<i64>()).first(conn).await;
        assert_eq!(ordered.unwrap().map(|track| track.id), Some(2820));
    });
}

/// A look-up of one's own, over whatever has a value.
fn not_equal<M: Model>(
    left: impl IntoExpression<M, Cardinality: SingleValued>,
    right: impl IntoExpression<M, Cardinality: SingleValued>,
) -> Condition<M> {
    Condition::holds(RawSql::new("%s <> %s").argument(left).argument(right).returns::<bool>())
}

#[test]
fn a_lookup_of_ones_own_filters_and_is_a_value() {
    reading(async |conn, _| {
        let own = || not_equal(Track::fields().album().title(), track::name);
        let all = Track::objects().count(conn).await.unwrap();
        let other = Track::objects().filter_by(own()).count(conn).await.unwrap();
        let same = Track::fields().album().title().exact(track::name);
        assert_eq!(Track::objects().filter_by(same).count(conn).await.unwrap(), all - other);
        let both = own() & Track::fields().genre().name().exact("Metal");
        assert!(Track::objects().filter_by(both).count(conn).await.unwrap() > 300);
        let case = Case::when(own(), "other").otherwise("same");
        let names = Track::objects().filter(track::id.le(2)).then_by(track::id).values(case);
        assert_eq!(names.all(conn).await.unwrap(), ["other", "same"]);
    });
}

/// `Exact`, `StartsWith`, `IRegex`, `GreaterThan` as expressions.
#[test]
fn a_condition_is_a_value() {
    reading(async |conn, _| {
        let long = Track::fields().milliseconds().gt(300_000);
        let values = (
            track::id,
            Case::when(long.clone(), true).otherwise(false),
            Expression::from(long),
            Expression::from(Track::fields().name().startswith("For")),
            Expression::from(Track::fields().name().iregex("^balls")),
            Expression::from(Track::fields().composer().exact("x")),
        );
        let rows = Track::objects().then_by(track::id).values(values).all(conn).await.unwrap();
        assert_eq!(rows[0], (1, true, Some(true), Some(true), Some(false), Some(false)));
        assert_eq!(rows[1], (2, true, Some(true), Some(false), Some(true), Some(false)));
        // null compares to nothing
        assert_eq!((rows[62].0, rows[62].5), (63, None));
        assert_eq!(rows[2].2, Some(false));
    });
}

#[test]
fn aggregates_of_ones_own_are_of_rows_groups_and_relations() {
    reading(async |conn, on| {
        // each database has one that the other does not
        let name = if on == On::Sqlite { "TOTAL" } else { "VAR_POP" };
        let own = || AggregateFunc::new(name).argument(track::milliseconds).returns::<f64>();
        let of_all = Track::objects().aggregate(own(), conn).await.unwrap();
        let groups = Track::objects().group_by(track::genre_id).annotate(own());
        assert_eq!(groups.all(conn).await.unwrap().len(), 25);
        if on == On::Sqlite {
            assert_eq!(of_all, Some(1_378_778_040.0));
        } else {
            assert!(of_all.is_some_and(|variance| variance > 1e11));
        }
        let unknown = AggregateFunc::<Track>::new("NO_SUCH").returns::<i64>();
        assert!(Track::objects().aggregate(unknown, conn).await.is_err());
    });
}

#[test]
fn values_of_several_rows_are_an_array_or_a_text() {
    reading(async |conn, on| {
        let of_tracks = Album::fields().tracks().id();
        let keys = ArrayAgg::of(of_tracks).order_by_desc(Album::fields().tracks().id());
        let albums = || Album::objects().then_by(album::id);
        let rows = albums().values((album::id, keys)).all(conn).await;
        let names = StringAgg::of(Album::fields().tracks().name(), ", ");
        let names = names.order_by(Album::fields().tracks().id());
        if on == On::Sqlite {
            assert!(matches!(rows, Err(Error::NotSupported("`ArrayAgg`"))), "{rows:?}");
        } else {
            let rows = rows.unwrap();
            assert_eq!(rows[0], (1, Some(vec![14, 13, 12, 11, 10, 9, 8, 7, 6, 1])));
            assert_eq!(rows[1], (2, Some(vec![2])));
        }
        let rows = within(1, conn, albums().values((album::id, names)).all(conn)).await.unwrap();
        assert_eq!(rows[1], (2, Some("Balls to the Wall".to_owned())));
        let third = "Fast As a Shark, Restless and Wild, Princess of the Dawn";
        assert_eq!(rows[2].1.as_deref(), Some(third));
        let artists = StringAgg::of(Album::fields().tracks().composer(), ", ").distinct();
        let rows = albums().values((album::id, artists)).all(conn).await;
        if on == On::Sqlite {
            let what = "`StringAgg` of distinct values";
            assert!(matches!(&rows, Err(Error::NotSupported(name)) if *name == what), "{rows:?}");
        } else {
            assert_eq!(rows.unwrap().len(), 347);
        }
        // of an album without tracks, and of groups
        let genres = Track::objects().filter(track::album_id.eq(1)).group_by(track::genre_id);
        let genres = genres.annotate(StringAgg::of(track::name, "|")).all(conn).await.unwrap();
        assert_eq!(genres[0].1.as_ref().map(|text| text.split('|').count()), Some(10));
    });
}
