//! What names become, what is refused, and that nothing of them breaks a statement.

use super::*;
use crate::db::testing::{Album, Artist, Sale, Tag, Track, album, on_each, track};
use crate::db::{Assignments, Decimal, Uuid};
use crate::values::FieldType;

fn names<M: Model>() -> Names<M> {
    let models = vec![Artist::META, Album::META, Track::META, Sale::META, Tag::META];
    Names { models, model: PhantomData }
}

fn refused<M: Model>(name: &str, value: impl Into<Operand>) -> String {
    names::<M>().condition(name, value).expect_err(name).to_string()
}

#[test]
fn a_condition_is_found_by_its_name() {
    on_each(async |conn| {
        let ids = async |name: &str, value: Operand| -> Vec<i64> {
            let condition = names::<Track>().condition(name, value).unwrap();
            let tracks = Track::objects().filter_by(condition).then_by(track::id);
            tracks.values(track::id).all(conn).await.unwrap()
        };
        assert_eq!(ids("album__artist__name", "AC/DC".into()).await, [1, 2, 3]);
        assert_eq!(ids("album__title__icontains", "POWER".into()).await, [1, 2]);
        assert_eq!(ids("seconds__gte", "285".into()).await, [1, 2]);
        assert_eq!(ids("seconds__gte", 285.into()).await, [1, 2]);
        assert_eq!(ids("id__in", vec![1_i64, 4].into()).await, [1, 4]);
        assert_eq!(ids("pk__range", Operand::Range(Value::Int(2), Value::Int(3))).await, [2, 3]);
        assert_eq!(ids("album__isnull", true.into()).await, [4]);
        assert_eq!(ids("album", Operand::One(Value::Null)).await, [4]);
        assert_eq!(ids("album", 2.into()).await, [3]);
        assert_eq!(ids("tags__name", "live".into()).await, [1]);
        assert_eq!(ids("updated__year", 2024.into()).await, [1, 2, 3, 4]);
        assert_eq!(ids("updated__date__lt", "2024-01-01".into()).await, Vec::<i64>::new());
        assert_eq!(ids("album__price__lt", "1.00".into()).await, [1, 2]);
        assert_eq!(ids("album__artist__album_count", 2.into()).await, [1, 2, 3]);
        assert_eq!(ids("name__iregex", "^riff".into()).await, [1]);
        // a number that no column holds
        assert_eq!(ids("seconds__lt", (1_i64 << 40).into()).await, [1, 2, 3, 4]);
        assert_eq!(ids("seconds", "9".repeat(50).as_str().into()).await, Vec::<i64>::new());
        // back along a relation
        let long = names::<Artist>().condition("albums__tracks__seconds__gt", 300).unwrap();
        assert_eq!(Artist::objects().filter_by(long).count(conn).await.unwrap(), 1);
    });
}

#[test]
fn rows_are_ordered_by_a_name() {
    on_each(async |conn| {
        let mut albums = Album::objects().unordered();
        for name in ["artist__name", "-price", "pk"] {
            albums = albums.then(names().order(name).unwrap());
        }
        assert_eq!(albums.values(album::id).all(conn).await.unwrap(), [2, 1]);
        let by_count = names::<Artist>().order("-album_count").unwrap();
        assert!(Artist::objects().then(by_count).first(conn).await.unwrap().is_some());
        let many = names::<Artist>().order("albums__title").unwrap_err();
        assert_eq!(many.to_string(), "`albums__title` leads to several values, and orders nothing");
        let unknown = names::<Album>().order("--id").unwrap_err();
        assert_eq!(unknown.to_string(), "`-id` is no field of Album");
        let lookup = names::<Album>().order("title__lower").unwrap_err();
        assert_eq!(lookup.to_string(), "`lower` is no lookup of `title`");
    });
}

#[test]
fn what_is_no_name_lookup_or_value_is_refused() {
    assert_eq!(refused::<Track>("album__titel__gt", 1), "`titel` is no field of Album");
    assert_eq!(refused::<Track>("name__like", "x"), "`like` is no lookup of `name`");
    assert_eq!(refused::<Track>("name__", "x"), "`` is no lookup of `name`");
    assert_eq!(refused::<Track>("name__year", 2024), "`year` is no lookup of `name`");
    assert_eq!(refused::<Track>("updated__hour__in", 1), "`hour__in` is no lookup of `updated`");
    let misfit = |name: &str| format!("the value for `{name}` is not one of its kind");
    assert_eq!(refused::<Track>("seconds", "long"), misfit("seconds"));
    assert_eq!(refused::<Track>("seconds__in", 1), misfit("seconds"));
    assert_eq!(refused::<Track>("seconds__in", vec!["1", "x"]), misfit("seconds"));
    assert_eq!(refused::<Track>("seconds__range", vec![1, 2, 3]), misfit("seconds"));
    assert_eq!(refused::<Track>("seconds", vec![1]), misfit("seconds"));
    assert_eq!(refused::<Track>("album__isnull", "maybe"), misfit("album"));
    assert_eq!(refused::<Track>("updated__gte", "yesterday"), misfit("updated"));
    assert_eq!(refused::<Track>("updated__year", Operand::One(Value::Null)), misfit("updated"));
    assert_eq!(refused::<Track>("name__regex", "("), misfit("name"));
    assert_eq!(refused::<Track>("name", "a\0b"), misfit("name"));
    assert_eq!(refused::<Track>("name__icontains", Operand::One(Value::Null)), misfit("name"));
    assert_eq!(refused::<Album>("price", "NaN"), misfit("price"));
    assert_eq!(refused::<Album>("title__gt", Operand::One(Value::Null)), misfit("title"));
}

#[test]
fn every_lookup_of_every_kind_is_refused_or_answered() {
    on_each(async |conn| {
        let row = Assignments::new().set(track::name, "x").set(track::album_id, 1);
        Track::objects().bulk_create([row], conn).await.unwrap();
        let fields = [
            "name",
            "seconds",
            "updated",
            "album",
            "album__price",
            "tags__name",
            "album__released",
        ];
        let lookups = [
            "exact",
            "iexact",
            "contains",
            "icontains",
            "startswith",
            "istartswith",
            "endswith",
            "iendswith",
            "in",
            "range",
            "gt",
            "gte",
            "lt",
            "lte",
            "isnull",
            "regex",
            "iregex",
            "year",
            "month__gte",
            "date",
            "time__lt",
            "hour",
            "week_day",
            "quarter",
            "iso_year",
        ];
        let values: Vec<Operand> = vec![
            Operand::One(Value::Null),
            true.into(),
            7.into(),
            i64::MIN.into(),
            1.5.into(),
            f64::NAN.into(),
            f64::INFINITY.into(),
            Decimal::new(-15, 1).into(),
            "2024-01-01".into(),
            "12:30".into(),
            "2024-01-01T00:00:00Z".into(),
            "%_\\".into(),
            "a\0b".into(),
            "".into(),
            Uuid::from(uuid::Uuid::nil()).into(),
            vec![1_i64, i64::MAX].into(),
            Vec::<i64>::new().into(),
            vec!["2024-01-01", "2024-12-31"].into(),
            Operand::Many(vec![Value::Null, Value::Int(1)]),
            Operand::One(Value::List(vec![Value::List(Vec::new())])),
        ];
        let mut answered = 0;
        for field in fields {
            for lookup in lookups {
                for value in &values {
                    let name = format!("{field}__{lookup}");
                    let Ok(condition) = names::<Track>().condition(&name, value.clone()) else {
                        continue;
                    };
                    let counted = Track::objects().filter_by(condition).count(conn).await;
                    assert!(counted.is_ok(), "{name} {value:?}: {counted:?}");
                    answered += 1;
                }
            }
        }
        assert!(answered > 800, "{answered}");
        assert!(3_i64.into_value() == Value::Int(3));
    });
}
