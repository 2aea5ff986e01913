//! Values over windows of rows, as Django's `Window` computes them.

use musicstore::models::*;
use quintet::db::{
    Case, CumeDist, DenseRank, Expression, FirstValue, Lag, LastValue, Lead, NthValue, Ntile,
    PercentRank, Rank, RowNumber, Sum,
};
use quintet::prelude::*;

use super::{reading, within};

fn first_album() -> QuerySet<Track> {
    Track::objects().filter(track::album_id.eq(1)).then_by(track::id)
}

#[test]
fn rows_are_numbered_in_the_window_of_their_album() {
    reading(async |conn, _| {
        let number =
            RowNumber::over().partition_by(track::album_id).order_by_desc(track::milliseconds);
        let values =
            Track::objects().then_by(track::id).values((track::id, Expression::from(number)));
        let rows = within(1, conn, values.all(conn)).await.unwrap();
        assert_eq!(rows.len(), 3503);
        assert_eq!(rows[..4], [(1, 1), (2, 1), (3, 3), (4, 2)]);
    });
}

#[test]
fn equal_rows_share_a_rank() {
    reading(async |conn, _| {
        let price = || track::unit_price;
        let (rank, dense) =
            (Rank::over().order_by_desc(price()), DenseRank::over().order_by_desc(price()));
        let ranks = (track::id, Expression::from(rank), Expression::from(dense));
        let rows = Track::objects().then_by_desc(track::id).values(ranks).all(conn).await.unwrap();
        assert_eq!(rows[..2], [(3503, 214, 2), (3502, 214, 2)]);
    });
}

#[test]
fn rows_before_and_behind_are_looked_at() {
    reading(async |conn, _| {
        let by_key = || track::id;
        let before = Lag::over(track::milliseconds, 1).order_by(by_key());
        let behind = Lead::over(track::milliseconds, 2).order_by(by_key());
        let both = (track::id, Expression::from(before), Expression::from(behind));
        let rows = first_album().values(both).all(conn).await.unwrap();
        assert_eq!(
            rows[..3],
            [
                (1, None, Some(233_926)),
                (6, Some(343_719), Some(210_834)),
                (7, Some(205_662), Some(203_102))
            ]
        );
    });
}

#[test]
fn an_aggregate_runs_over_a_frame() {
    reading(async |conn, _| {
        let so_far = Sum::of(track::milliseconds)
            .over()
            .partition_by(track::album_id)
            .order_by(track::id)
            .rows(None, Some(0));
        let around =
            Sum::of(track::milliseconds).over().order_by(track::id).rows(Some(-1), Some(1));
        let sums = (Expression::from(so_far), Expression::from(around));
        let rows = first_album().values(sums).all(conn).await.unwrap();
        let so_far: Vec<i64> = rows.iter().filter_map(|row| row.0).collect();
        assert_eq!(so_far[..4], [343_719, 549_381, 783_307, 994_141]);
        assert_eq!(rows[0].1, Some(343_719 + 205_662));
        assert_eq!(rows[1].1, Some(343_719 + 205_662 + 233_926));
    });
}

#[test]
fn values_and_groups_of_a_window_are_read() {
    reading(async |conn, _| {
        let length = || track::milliseconds;
        let first = FirstValue::over(track::name).order_by(length());
        let last = LastValue::over(track::name).order_by(length()).range(None, None);
        let second = NthValue::over(track::id, 2).order_by(length()).rows(None, None);
        let third = Ntile::over(3).order_by(length());
        let of = (
            track::id,
            Expression::from(first),
            Expression::from(last),
            Expression::from(second),
            Expression::from(third),
        );
        let rows = first_album().values(of).all(conn).await.unwrap();
        let shortest = Some("C.O.D.".to_owned());
        let longest = Some("For Those About To Rock (We Salute You)".to_owned());
        assert_eq!(rows[0], (1, shortest.clone(), longest.clone(), Some(9), 3));
        assert_eq!(rows[1], (6, shortest, longest, Some(9), 1));
    });
}

#[test]
fn shares_of_a_window_are_computed() {
    reading(async |conn, _| {
        let length = || track::milliseconds;
        let (share, rank) =
            (CumeDist::over().order_by(length()), PercentRank::over().order_by(length()));
        let both = (track::id, Expression::from(share), Expression::from(rank));
        let rows = first_album().values(both).all(conn).await.unwrap();
        assert_eq!(rows[..2], [(1, 1.0, 1.0), (6, 0.3, 2.0 / 9.0)]);
    });
}

/// Filtered as Django filters by a window: it looks at the rows that the other conditions leave,
/// whichever of them is said first.
#[test]
fn a_condition_on_a_window_is_about_the_rows_that_are_left() {
    reading(async |conn, _| {
        let longest = || {
            let place = RowNumber::over()
                .partition_by(track::album_id)
                .order_by_desc(track::milliseconds)
                .order_by(track::id);
            Expression::from(place).lte(1)
        };
        let metal = || Track::fields().genre().name().exact("Metal");
        let before = Track::objects().filter_by(metal()).filter_by(longest());
        let after = Track::objects().filter_by(longest()).filter_by(metal());
        for query in [before, after] {
            let rows = query.clone().then_by(track::id).all(conn).await.unwrap();
            let ids: Vec<i64> = rows.iter().map(|track| track.id).collect();
            assert_eq!(ids[..4], [78, 142, 145, 154]);
            assert_eq!(ids.len(), 35);
            assert_eq!(query.clone().count(conn).await.unwrap(), 35);
            assert!(query.exists(conn).await.unwrap());
        }
        // and its opposite
        let others = Track::objects().filter_by(metal()).exclude_by(longest());
        let all = Track::objects().filter_by(metal()).count(conn).await.unwrap();
        assert_eq!(others.count(conn).await.unwrap(), all - 35);
    });
}

/// Wherever in a condition a window is, it is looked at where the other conditions have chosen the rows.
#[test]
fn a_window_is_found_inside_of_other_expressions() {
    reading(async |conn, _| {
        let first = || {
            let place = RowNumber::over().partition_by(track::album_id).order_by(track::id);
            Expression::from(place).lte(1)
        };
        let expected = Track::objects().filter_by(first()).count(conn).await.unwrap();
        assert_eq!(expected, 347);
        let case = Case::when(first(), 1).otherwise(0);
        let rows = Track::objects().filter_by(case.clone().exact(1));
        assert_eq!(rows.count(conn).await.unwrap(), 347);
        let more = Track::objects().filter_by((case + 1).exact(2));
        assert_eq!(more.count(conn).await.unwrap(), 347);
    });
}

#[test]
fn rows_in_a_window_are_matched() {
    reading(async |conn, _| {
        let longest = || {
            let place = RowNumber::over()
                .partition_by(track::album_id)
                .order_by_desc(track::milliseconds)
                .order_by(track::id);
            Track::objects().filter_by(Expression::from(place).exact(2))
        };
        let second = longest().values((track::album_id, track::id)).all(conn).await.unwrap();
        let matched = longest().matching(track::album_id, album::id);
        let own = Album::objects().filter_by(matched.clone().exists().exact(true));
        assert_eq!(own.count(conn).await.unwrap(), i64::try_from(second.len()).unwrap());
        let rows =
            Album::objects().then_by(album::id).values((album::id, matched.first(track::id)));
        for (album, track) in rows.all(conn).await.unwrap() {
            let of_album = second.iter().find(|row| Some(row.0) == Some(album.into()));
            assert_eq!(track, of_album.map(|row| row.1));
        }
    });
}

#[test]
fn rows_are_ordered_by_a_window() {
    reading(async |conn, _| {
        let rank = Rank::over().order_by_desc(track::milliseconds);
        let rows = Track::objects().then_by(Expression::from(rank)).slice(0, 1).all(conn).await;
        assert_eq!(rows.unwrap()[0].id, 2820);
    });
}
