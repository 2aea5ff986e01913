//! Conditions as each database has them, and the rows they find.

use diesel::ExpressionMethods;

use super::*;
use crate::db::testing::{Album, Artist, Track, on_each, track};
use crate::db::{ColumnKind, Conn, Model, PathOf, QuerySet, Select};

/// The condition as both databases have it.
fn both(condition: Predicate) -> [String; 2] {
    let conditions = [condition];
    [Dialect::Sqlite, Dialect::Postgres].map(|dialect| {
        let mut sql = Sql::new(dialect);
        Compiler::default().all(&mut sql, &conditions, "t");
        sql.spelled()
    })
}

fn check(condition: Predicate, sqlite: &str, postgres: &str) {
    assert_eq!(both(condition), [sqlite, postgres]);
}

fn same(condition: Predicate, sql: &str) {
    check(condition, sql, sql);
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn name(lookup: Lookup, value: &str) -> Predicate {
    Predicate::new(Track::fields().name().into_path(), lookup, text(value))
}

#[test]
fn comparisons_are_the_same_on_both() {
    let seconds =
        |lookup| Predicate::new(Track::fields().seconds().into_path(), lookup, Value::Int(5));
    for (lookup, word) in [
        (Lookup::Exact, "="),
        (Lookup::Gt, ">"),
        (Lookup::Gte, ">="),
        (Lookup::Lt, "<"),
        (Lookup::Lte, "<="),
    ] {
        same(seconds(lookup), &format!("\"t\".\"seconds\" {word} {{Integer(5)}}"));
    }
    let range = Predicate::Lookup {
        path: Track::fields().seconds().into_path(),
        lookup: Lookup::Range,
        operand: Operand::Range(Value::Int(1), Value::Int(2)),
    };
    same(range, "\"t\".\"seconds\" BETWEEN {Integer(1)} AND {Integer(2)}");
    let list = Predicate::Lookup {
        path: Track::fields().name().into_path(),
        lookup: Lookup::In,
        operand: Operand::Many(vec![text("a")]),
    };
    check(
        list,
        "\"t\".\"name\" IN (SELECT value FROM json_each({Texts([\"a\"])}))",
        "\"t\".\"name\" = ANY({Texts([\"a\"])})",
    );
}

#[test]
fn patterns_are_djangos_on_each_database() {
    let like = |pattern: &str| format!("\"t\".\"name\" LIKE {{Text(\"{pattern}\")}} ESCAPE '\\'");
    let plain = |pattern: &str| format!("\"t\".\"name\"::text LIKE {{Text(\"{pattern}\")}}");
    let upper =
        |pattern: &str| format!("UPPER(\"t\".\"name\"::text) LIKE UPPER({{Text(\"{pattern}\")}})");
    check(name(Lookup::Contains, "a"), &like("%a%"), &plain("%a%"));
    check(name(Lookup::IContains, "a"), &like("%a%"), &upper("%a%"));
    check(name(Lookup::StartsWith, "a"), &like("a%"), &plain("a%"));
    check(name(Lookup::IStartsWith, "a"), &like("a%"), &upper("a%"));
    check(name(Lookup::EndsWith, "a"), &like("%a"), &plain("%a"));
    check(name(Lookup::IEndsWith, "a"), &like("%a"), &upper("%a"));
    let equal = "UPPER(\"t\".\"name\"::text) = UPPER({Text(\"a\")})";
    check(name(Lookup::IExact, "a"), &like("a"), equal);
    // Debug doubles the backslashes
    check(
        name(Lookup::Contains, "50%_\\"),
        &like("%50\\\\%\\\\_\\\\\\\\%"),
        &plain("%50\\\\%\\\\_\\\\\\\\%"),
    );
}

#[test]
fn regular_expressions_are_each_databases_own() {
    check(
        name(Lookup::Regex, "^a"),
        "\"t\".\"name\" REGEXP {Text(\"^a\")}",
        "\"t\".\"name\"::text ~ {Text(\"^a\")}",
    );
    check(
        name(Lookup::IRegex, "^a"),
        "\"t\".\"name\" REGEXP {Text(\"(?i)^a\")}",
        "\"t\".\"name\"::text ~* {Text(\"^a\")}",
    );
}

#[test]
fn null_is_asked_for_by_name() {
    let album = |lookup, value| Predicate::new(Track::fields().album().into_path(), lookup, value);
    same(album(Lookup::IsNull, Value::Bool(true)), "\"t\".\"album_id\" IS NULL");
    same(album(Lookup::IsNull, Value::Bool(false)), "\"t\".\"album_id\" IS NOT NULL");
    same(album(Lookup::Exact, Value::Null), "\"t\".\"album_id\" IS NULL");
    let no = Predicate::new(Track::fields().name().into_path(), Lookup::IExact, Value::Null);
    same(no, "\"t\".\"name\" IS NULL");
}

#[test]
fn parts_of_moments_are_taken_in_utc() {
    let part = |name: &str, value| {
        let lookup = Lookup::from_name(name).unwrap();
        Predicate::new(Album::fields().released().into_path(), lookup, value)
    };
    let number =
        |format: &str| format!("CAST(strftime('{format}', \"t\".\"released\") AS INTEGER)");
    let extract =
        |field: &str| format!("EXTRACT({field} FROM (\"t\".\"released\" AT TIME ZONE 'UTC'))");
    for (name, sqlite, postgres) in [
        ("year", number("%Y"), extract("YEAR")),
        ("iso_year", number("%G"), extract("ISOYEAR")),
        ("month", number("%m"), extract("MONTH")),
        ("day", number("%d"), extract("DAY")),
        ("week", number("%V"), extract("WEEK")),
        ("week_day", format!("({} + 1)", number("%w")), extract("DOW") + " + 1"),
        ("iso_week_day", number("%u"), extract("ISODOW")),
        ("quarter", format!("(({} + 2) / 3)", number("%m")), extract("QUARTER")),
        ("hour", number("%H"), extract("HOUR")),
        ("minute", number("%M"), extract("MINUTE")),
        ("second", number("%S"), format!("FLOOR({})", extract("SECOND"))),
    ] {
        let end = " = {BigInt(5)}";
        check(part(name, Value::Int(5)), &(sqlite + end), &(postgres + end));
    }
    let later = part("year__gte", Value::Int(1990));
    assert!(both(later)[0].ends_with(" >= {BigInt(1990)}"));
    let day = chrono::NaiveDate::from_ymd_opt(2024, 1, 2).unwrap();
    check(
        part("date__lt", Value::Date(day)),
        "date(\"t\".\"released\") < {Date(2024-01-02)}",
        "(\"t\".\"released\" AT TIME ZONE 'UTC')::date < {Date(2024-01-02)}",
    );
    let noon = chrono::NaiveTime::from_hms_opt(12, 0, 0).unwrap();
    check(
        part("time", Value::Time(noon)),
        "substr(\"t\".\"released\", 12) = {Time(12:00:00)}",
        "(\"t\".\"released\" AT TIME ZONE 'UTC')::time = {Time(12:00:00)}",
    );
}

#[test]
fn a_hop_is_a_sub_select() {
    let artist = Track::fields().album().artist().name();
    same(
        Predicate::exact(artist.into_path(), text("x")),
        "\"t\".\"album_id\" IN (SELECT \"U1\".\"id\" FROM \"t_album\" \"U1\" WHERE \
         \"U1\".\"artist_id\" IN (SELECT \"U2\".\"id\" FROM \"t_artist\" \"U2\" WHERE \
         \"U2\".\"name\" = {Text(\"x\")}))",
    );
    let back = Artist::fields().albums().title();
    same(
        Predicate::exact(back.into_path(), text("x")),
        "\"t\".\"id\" IN (SELECT \"U1\".\"artist_id\" FROM \"t_album\" \"U1\" WHERE \
         \"U1\".\"title\" = {Text(\"x\")})",
    );
    let tags = Track::fields().tags().name();
    same(
        Predicate::exact(tags.into_path(), text("x")),
        "\"t\".\"id\" IN (SELECT \"U2\".\"track_id\" FROM \"t_track_tags\" \"U2\" INNER JOIN \
         \"t_tag\" \"U1\" ON \"U1\".\"id\" = \"U2\".\"tag_id\" WHERE \"U1\".\"name\" = {Text(\"x\")})",
    );
}

#[test]
fn a_key_needs_no_hop_to_its_table() {
    let artist = Album::fields().artist();
    same(Predicate::exact(artist.into_path(), Value::Int(1)), "\"t\".\"artist_id\" = {BigInt(1)}");
}

#[test]
fn no_related_row_is_null_too() {
    let title = Track::fields().album().title();
    check(
        Predicate::new(title.into_path(), Lookup::IsNull, Value::Bool(true)),
        "NOT COALESCE(\"t\".\"album_id\" IN (SELECT \"U1\".\"id\" FROM \"t_album\" \"U1\" WHERE \
         \"U1\".\"title\" IS NOT NULL), 0)",
        "NOT COALESCE(\"t\".\"album_id\" IN (SELECT \"U1\".\"id\" FROM \"t_album\" \"U1\" WHERE \
         \"U1\".\"title\" IS NOT NULL), FALSE)",
    );
}

#[test]
fn a_computed_column_is_compared_as_its_sub_select() {
    let count = Artist::fields().album_count();
    same(
        Predicate::new(count.into_path(), Lookup::Gt, Value::Int(1)),
        "(SELECT COUNT(*) FROM \"t_album\" \"U1\" WHERE \"U1\".\"artist_id\" = \"t\".\"id\") > {BigInt(1)}",
    );
}

#[test]
fn trees_of_conditions_keep_their_brackets() {
    let (a, b) = (name(Lookup::Exact, "a"), name(Lookup::Exact, "b"));
    let is = |value: &str| format!("\"t\".\"name\" = {{Text(\"{value}\")}}");
    same(a.clone().and(b.clone()), &format!("({} AND {})", is("a"), is("b")));
    same(a.clone().or(b), &format!("({} OR {})", is("a"), is("b")));
    same(Predicate::never(), "(1 = 0)");
    same(Predicate::All(Vec::new()), "(1 = 1)");
    let [sqlite, postgres] = both(!a);
    assert_eq!(sqlite, format!("NOT COALESCE({}, 0)", is("a")));
    assert_eq!(postgres, format!("NOT COALESCE({}, FALSE)", is("a")));
    let typed = Predicate::Typed(std::sync::Arc::new(track::seconds.gt(1)));
    same(typed, "({diesel})");
}

/// The keys of the rows for which a condition holds, in their order.
async fn keys<M: Model>(conn: &Conn, condition: Predicate) -> Vec<i64> {
    let query = QuerySet::<M>::new().filter_by_predicate(condition);
    let key = OrderTerm::new(Path::own(M::META.pk_column()), false);
    let sql = Select::from(query.order_by_terms(vec![key])).rows(conn.dialect());
    conn.rows(sql, |row| row.get(0, ColumnKind::BigInt)).await.unwrap()
}

#[test]
fn lookups_find_the_rows_they_name() {
    on_each(async |conn| {
        let fold = |lookup, value| name(lookup, value);
        assert_eq!(keys::<Track>(conn, fold(Lookup::IContains, "RIFF")).await, [1]);
        assert_eq!(keys::<Track>(conn, fold(Lookup::IExact, "sin_city")).await, [2]);
        assert_eq!(keys::<Track>(conn, fold(Lookup::Contains, "_")).await, [2]);
        assert_eq!(keys::<Track>(conn, fold(Lookup::StartsWith, "100%")).await, [4]);
        assert_eq!(keys::<Track>(conn, fold(Lookup::Regex, "^[RS]")).await, [1, 2]);
        assert_eq!(keys::<Track>(conn, fold(Lookup::IRegex, "CITY$")).await, [2]);
        let tags = Predicate::exact(Track::fields().tags().name().into_path(), text("loud"));
        assert_eq!(keys::<Track>(conn, tags.clone()).await, [1, 2]);
        assert_eq!(keys::<Track>(conn, !tags).await, [3, 4]);
        let lonely = Predicate::new(
            Track::fields().album().title().into_path(),
            Lookup::IsNull,
            Value::Bool(true),
        );
        assert_eq!(keys::<Track>(conn, lonely).await, [4]);
        let count = |number| {
            Predicate::exact(Artist::fields().album_count().into_path(), Value::Int(number))
        };
        assert_eq!(keys::<Artist>(conn, count(2)).await, [10]);
        assert_eq!(keys::<Artist>(conn, count(0)).await, [20]);
        let typed = Predicate::Typed(std::sync::Arc::new(track::seconds.gt(300)));
        assert_eq!(keys::<Track>(conn, typed).await, [1]);
    });
}

#[test]
fn parts_find_the_moments_they_name() {
    on_each(async |conn| {
        // a Friday
        for (name, value) in [
            ("year", 1978),
            ("iso_year", 1978),
            ("month", 5),
            ("day", 5),
            ("week", 18),
            ("week_day", 6),
            ("iso_week_day", 5),
            ("quarter", 2),
            ("hour", 12),
            ("minute", 30),
            ("second", 45),
        ] {
            let lookup = Lookup::from_name(name).unwrap();
            let condition = |value| {
                Predicate::new(Album::fields().released().into_path(), lookup, Value::Int(value))
            };
            assert_eq!(keys::<Album>(conn, condition(value)).await, [1], "{name}");
            assert_eq!(keys::<Album>(conn, condition(value + 1)).await, [0_i64; 0], "{name}");
        }
        let at = |name: &str, value| {
            Predicate::new(
                Album::fields().released().into_path(),
                Lookup::from_name(name).unwrap(),
                value,
            )
        };
        let day = chrono::NaiveDate::from_ymd_opt(1978, 5, 5).unwrap();
        assert_eq!(keys::<Album>(conn, at("date", Value::Date(day))).await, [1]);
        let time = chrono::NaiveTime::from_hms_milli_opt(12, 30, 45, 500).unwrap();
        assert_eq!(keys::<Album>(conn, at("time", Value::Time(time))).await, [1]);
    });
}
