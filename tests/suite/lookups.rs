//! Each of Django's lookups finds the rows that it should find in the data, on each database.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use musicstore::models::{
    Album, Artist, Customer, Employee, Invoice, Playlist, Track, album, employee, track,
};
use quintet::db::{Compare, Condition, Count, DatePart, Lookup, Operand, PathOf, Select};
use quintet::fields::Value;
use quintet::prelude::*;
use quintet::values::{NaiveDate, NaiveTime};
use quintet_tests::store::{On, Store};
use serde_json::{Map, Value as Json};

type Row = Map<String, Json>;

/// The rows of a table as the data files have them.
fn rows(table: &str) -> Vec<Row> {
    static TABLES: OnceLock<Vec<Json>> = OnceLock::new();
    let tables = TABLES.get_or_init(|| {
        let text = include_str!("../../examples/musicstore/data/chinook.json");
        serde_json::from_str(text).unwrap()
    });
    let table = tables.iter().find(|own| own["table"] == *table).unwrap();
    let columns = table["columns"].as_array().unwrap();
    let row = |values: &Json| {
        let values = values.as_array().unwrap().iter().cloned();
        columns.iter().map(|name| name.as_str().unwrap().to_owned()).zip(values).collect()
    };
    table["rows"].as_array().unwrap().iter().map(row).collect()
}

fn id(row: &Row) -> i64 {
    row["id"].as_i64().unwrap()
}

fn text<'a>(row: &'a Row, column: &str) -> &'a str {
    row[column].as_str().unwrap_or_default()
}

fn number(row: &Row, column: &str) -> i64 {
    row[column].as_i64().unwrap()
}

/// The keys of rows that point from one table to another.
fn keys(rows: impl IntoIterator<Item = Row>, column: &str) -> BTreeSet<i64> {
    rows.into_iter().filter_map(|row| row[column].as_i64()).collect()
}

/// The keys of the rows for which a condition holds, as a database finds them.
fn found<M: Model>(on: On, condition: Condition<M>) -> Vec<i64> {
    Store::shared(on).run(async move |conn| {
        let select = Select::from(QuerySet::<M>::new().filter_by(condition));
        let rows = conn.rows(select.rows(conn.dialect()), |row| M::from_row(row, 0)).await;
        let key = |row: M| match row.pk() {
            Value::Int(key) => key,
            other => panic!("{other:?}"),
        };
        rows.expect("the condition is understood").into_iter().map(key).collect()
    })
}

/// Checks that a condition holds for the rows of the data for which `holds` does: some of them,
/// not all.
fn check<M: Model>(condition: &Condition<M>, holds: impl Fn(&Row) -> bool) {
    check_on::<M>(condition, |row, _| holds(row));
}

fn check_on<M: Model>(condition: &Condition<M>, holds: impl Fn(&Row, On) -> bool) {
    let all = rows(M::META.table);
    for on in On::all() {
        let expected: Vec<i64> = all.iter().filter(|row| holds(row, on)).map(id).collect();
        assert!(!expected.is_empty() && expected.len() < all.len(), "{condition:?} says nothing");
        assert_eq!(found::<M>(on, condition.clone()), expected, "{condition:?} on {on:?}");
    }
}

fn named(lookup: &str, value: &str) -> Condition<Artist> {
    by(Artist::fields().name(), lookup, value)
}

fn by<M>(path: impl PathOf<M>, lookup: &str, value: &str) -> Condition<M> {
    compared(path, lookup, Value::Text(value.into()))
}

fn compared<M>(path: impl PathOf<M>, lookup: &str, value: Value) -> Condition<M> {
    Condition::new(path, Lookup::from_name(lookup).expect("a lookup"), Operand::One(value))
}

fn lower(row: &Row, column: &str) -> String {
    text(row, column).to_ascii_lowercase()
}

#[test]
fn exact_is_equal_and_case_counts() {
    check::<Artist>(&named("exact", "AC/DC"), |row| text(row, "name") == "AC/DC");
    for on in On::all() {
        assert_eq!(found::<Artist>(on, named("exact", "ac/dc")), [0; 0]);
    }
    let length = compared(Track::fields().milliseconds(), "exact", Value::Int(343_719));
    check::<Track>(&length, |row| number(row, "milliseconds") == 343_719);
}

#[test]
fn iexact_is_equal_without_case() {
    check::<Artist>(&named("iexact", "ac/dc"), |row| text(row, "name") == "AC/DC");
}

#[test]
fn contains_minds_the_case_on_postgresql_alone() {
    check_on::<Artist>(&named("contains", "ack"), |row, on| match on {
        On::Sqlite => lower(row, "name").contains("ack"),
        On::Postgres => text(row, "name").contains("ack"),
    });
    check_on::<Artist>(&named("contains", "An"), |row, on| match on {
        On::Sqlite => lower(row, "name").contains("an"),
        On::Postgres => text(row, "name").contains("An"),
    });
}

#[test]
fn icontains_ignores_case() {
    check::<Artist>(&named("icontains", "BLACK"), |row| lower(row, "name").contains("black"));
    for on in On::all() {
        assert_eq!(found::<Artist>(on, named("icontains", "black")), [11, 12, 38, 137, 169]);
    }
}

#[test]
fn startswith_looks_at_the_beginning() {
    check_on::<Artist>(&named("startswith", "AC"), |row, on| match on {
        On::Sqlite => lower(row, "name").starts_with("ac"),
        On::Postgres => text(row, "name").starts_with("AC"),
    });
}

#[test]
fn istartswith_ignores_case() {
    check::<Artist>(&named("istartswith", "THE "), |row| lower(row, "name").starts_with("the "));
}

#[test]
fn endswith_looks_at_the_end() {
    check_on::<Artist>(&named("endswith", "ers"), |row, on| match on {
        On::Sqlite => lower(row, "name").ends_with("ers"),
        On::Postgres => text(row, "name").ends_with("ers"),
    });
}

#[test]
fn iendswith_ignores_case() {
    check::<Artist>(&named("iendswith", "ERS"), |row| lower(row, "name").ends_with("ers"));
}

#[test]
fn wildcards_and_backslashes_stand_for_themselves() {
    let track = |lookup: &str, value: &str| by(Track::fields().name(), lookup, value);
    check::<Track>(&track("contains", "%"), |row| text(row, "name").contains('%'));
    check::<Track>(&track("icontains", "\\"), |row| text(row, "name").contains('\\'));
    check::<Track>(&track("startswith", ".07%"), |row| text(row, "name") == ".07%");
    check::<Track>(&track("iexact", ".07%"), |row| text(row, "name") == ".07%");
    for on in On::all() {
        assert_eq!(found::<Track>(on, track("contains", "_")), [0; 0], "{on:?}");
        assert_eq!(found::<Track>(on, track("iexact", ".0__")), [0; 0], "{on:?}");
    }
}

#[test]
fn quotes_are_text() {
    check::<Artist>(&named("contains", "'"), |row| text(row, "name").contains('\''));
    for on in On::all() {
        assert_eq!(found::<Artist>(on, named("exact", "' OR 1=1 --")), [0; 0]);
    }
}

fn one_of<M>(path: impl PathOf<M>, values: Vec<Value>) -> Condition<M> {
    Condition::new(path, Lookup::In, Operand::Many(values))
}

#[test]
fn in_is_any_of_several() {
    let keys = [3, 1, 275, 1, 999_999];
    let condition = one_of(Artist::fields().id(), keys.map(Value::Int).to_vec());
    check::<Artist>(&condition, |row| [1, 3, 275].contains(&id(row)));
    let names = ["AC/DC", "Accept"].map(|name| Value::Text(name.into())).to_vec();
    check::<Artist>(&one_of(Artist::fields().name(), names), |row| [1, 2].contains(&id(row)));
    for on in On::all() {
        assert_eq!(found::<Artist>(on, one_of(Artist::fields().id(), Vec::new())), [0; 0]);
    }
}

#[test]
fn range_includes_both_ends() {
    let condition = Condition::new(
        Track::fields().milliseconds(),
        Lookup::Range,
        Operand::Range(Value::Int(1071), Value::Int(6635)),
    );
    check::<Track>(&condition, |row| [168, 170, 178, 2461].contains(&id(row)));
    let first = NaiveDate::from_ymd_opt(2002, 5, 1).unwrap();
    let last = NaiveDate::from_ymd_opt(2003, 5, 3).unwrap();
    let condition = Condition::new(
        Employee::fields().hire_date(),
        Lookup::Range,
        Operand::Range(Value::Date(first), Value::Date(last)),
    );
    check::<Employee>(&condition, |row| [1, 2, 4].contains(&id(row)));
}

#[test]
fn gt_gte_lt_and_lte_compare_numbers() {
    let length =
        |lookup: &str| compared(Track::fields().milliseconds(), lookup, Value::Int(2_956_998));
    let milliseconds = |row: &Row| number(row, "milliseconds");
    check::<Track>(&length("gt"), |row| milliseconds(row) > 2_956_998);
    check::<Track>(&length("gte"), |row| milliseconds(row) >= 2_956_998);
    check::<Track>(&length("lt"), |row| milliseconds(row) < 2_956_998);
    check::<Track>(&length("lte"), |row| milliseconds(row) <= 2_956_998);
}

#[test]
fn decimals_are_compared_as_numbers() {
    let total = |lookup: &str, value: i64| {
        compared(Invoice::fields().total(), lookup, Value::Decimal(Decimal::new(value, 2)))
    };
    let cents = |row: &Row| text(row, "total").replace('.', "").parse::<i64>().unwrap();
    check::<Invoice>(&total("gte", 1386), |row| cents(row) >= 1386);
    check::<Invoice>(&total("lt", 198), |row| cents(row) < 198);
    check::<Invoice>(&total("exact", 891), |row| cents(row) == 891);
}

#[test]
fn isnull_tells_the_absent_from_the_present() {
    let composer = |is: bool| compared(Track::fields().composer(), "isnull", Value::Bool(is));
    check::<Track>(&composer(true), |row| row["composer"].is_null());
    check::<Track>(&composer(false), |row| !row["composer"].is_null());
    let manager = compared(Employee::fields().reports_to(), "isnull", Value::Bool(true));
    check::<Employee>(&manager, |row| id(row) == 1);
}

#[test]
fn regex_minds_the_case_and_iregex_does_not() {
    check::<Artist>(&named("regex", "^[A-C].*[ds]$"), |row| {
        let name = text(row, "name");
        name.starts_with(['A', 'B', 'C']) && name.ends_with(['d', 's'])
    });
    check::<Artist>(&named("iregex", "^[a-c].*[DS]$"), |row| {
        let name = lower(row, "name");
        name.starts_with(['a', 'b', 'c']) && name.ends_with(['d', 's'])
    });
}

#[test]
fn several_patterns_of_one_query_are_all_looked_for() {
    let both = by(Track::fields().name(), "regex", "[ao]$")
        .and(by(Track::fields().name(), "iregex", "^[a-m]"))
        .and(by(Track::fields().composer(), "iregex", "e"));
    check::<Track>(&both, |row| {
        let name = text(row, "name");
        name.ends_with(['a', 'o'])
            && name.to_ascii_lowercase().starts_with(|first| ('a'..='m').contains(&first))
            && lower(row, "composer").contains('e')
    });
}

/// A condition on the moment of an invoice, and the day of each in the data.
fn invoiced(lookup: &str, value: i64) -> Condition<Invoice> {
    compared(Invoice::fields().invoice_date(), lookup, Value::Int(value))
}

fn day(row: &Row) -> NaiveDate {
    text(row, "invoice_date")[..10].parse().unwrap()
}

#[test]
fn date_is_the_day_of_a_moment() {
    let new_year = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap();
    let on_day =
        |lookup: &str| compared(Invoice::fields().invoice_date(), lookup, Value::Date(new_year));
    check::<Invoice>(&on_day("date"), |row| id(row) == 250);
    check::<Invoice>(&on_day("date__gt"), |row| day(row) > new_year);
    check::<Invoice>(&on_day("date__gte"), |row| day(row) >= new_year);
    check::<Invoice>(&on_day("date__lt"), |row| day(row) < new_year);
    check::<Invoice>(&on_day("date__lte"), |row| day(row) <= new_year);
}

#[test]
fn year_is_compared_as_a_number() {
    check::<Invoice>(&invoiced("year", 2023), |row| day(row).year() == 2023);
    check::<Invoice>(&invoiced("year__gt", 2023), |row| day(row).year() > 2023);
    check::<Invoice>(&invoiced("year__gte", 2023), |row| day(row).year() >= 2023);
    check::<Invoice>(&invoiced("year__lt", 2023), |row| day(row).year() < 2023);
    check::<Invoice>(&invoiced("year__lte", 2023), |row| day(row).year() <= 2023);
}

#[test]
fn iso_year_is_the_year_of_the_week() {
    check::<Invoice>(&invoiced("iso_year", 2020), |row| [1, 2, 3].contains(&id(row)));
    check::<Invoice>(&invoiced("iso_year", 2025), |row| day(row).iso_week().year() == 2025);
    check::<Invoice>(&invoiced("iso_year__gte", 2025), |row| day(row).iso_week().year() >= 2025);
    check::<Invoice>(&invoiced("iso_year__lt", 2021), |row| [1, 2, 3].contains(&id(row)));
}

#[test]
fn month_and_day_are_parts_of_the_date() {
    check::<Invoice>(&invoiced("month", 2), |row| day(row).month() == 2);
    check::<Invoice>(&invoiced("month__gte", 11), |row| day(row).month() >= 11);
    check::<Invoice>(&invoiced("day", 28), |row| day(row).day() == 28);
    check::<Invoice>(&invoiced("day__lt", 3), |row| day(row).day() < 3);
}

#[test]
fn week_is_the_iso_week() {
    check::<Invoice>(&invoiced("week", 53), |row| [1, 2, 3].contains(&id(row)));
    check::<Invoice>(&invoiced("week", 1), |row| day(row).iso_week().week() == 1);
    check::<Invoice>(&invoiced("week__gt", 50), |row| day(row).iso_week().week() > 50);
}

#[test]
fn week_day_counts_from_sunday_and_iso_week_day_from_monday() {
    let from_sunday = |row: &Row| day(row).weekday().number_from_sunday();
    check::<Invoice>(&invoiced("week_day", 1), |row| from_sunday(row) == 1);
    check::<Invoice>(&invoiced("week_day", 7), |row| from_sunday(row) == 7);
    check::<Invoice>(&invoiced("week_day__gte", 6), |row| from_sunday(row) >= 6);
    let from_monday = |row: &Row| day(row).weekday().number_from_monday();
    check::<Invoice>(&invoiced("iso_week_day", 7), |row| from_monday(row) == 7);
    check::<Invoice>(&invoiced("iso_week_day", 1), |row| from_monday(row) == 1);
    check::<Invoice>(&invoiced("iso_week_day__lte", 5), |row| from_monday(row) <= 5);
}

#[test]
fn quarter_is_three_months() {
    check::<Invoice>(&invoiced("quarter", 1), |row| day(row).month() <= 3);
    check::<Invoice>(&invoiced("quarter", 4), |row| day(row).month() >= 10);
    check::<Invoice>(&invoiced("quarter__lt", 3), |row| day(row).month() <= 6);
}

/// A condition on a part of the moment of an invoice, which is one of several.
fn invoiced_in(part: DatePart, values: Vec<Value>) -> Condition<Invoice> {
    let lookup = Lookup::Part(part, Compare::Exact);
    Condition::new(Invoice::fields().invoice_date(), lookup, Operand::Many(values))
}

#[test]
fn a_part_is_one_of_several() {
    let numbers = |values: &[i64]| values.iter().copied().map(Value::Int).collect();
    let years = invoiced_in(DatePart::Year, numbers(&[2021, 2023, 1]));
    check::<Invoice>(&years, |row| [2021, 2023].contains(&day(row).year()));
    let quarters = invoiced_in(DatePart::Quarter, numbers(&[1, 4]));
    check::<Invoice>(&quarters, |row| day(row).month() <= 3 || day(row).month() >= 10);
    let new_year = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap();
    let days = invoiced_in(DatePart::Date, vec![Value::Date(new_year)]);
    check::<Invoice>(&days, |row| id(row) == 250);
    let midnight = invoiced_in(DatePart::Time, vec![Value::Time(NaiveTime::MIN)]);
    for on in On::all() {
        assert_eq!(found::<Invoice>(on, midnight.clone()).len(), 412);
    }
}

#[test]
fn parts_of_a_plain_date_are_found_too() {
    let hired = |lookup: &str, value: i64| {
        compared(Employee::fields().hire_date(), lookup, Value::Int(value))
    };
    check::<Employee>(&hired("year", 2003), |row| text(row, "hire_date").starts_with("2003"));
    check::<Employee>(&hired("year__gt", 2003), |row| [7, 8].contains(&id(row)));
    check::<Employee>(&hired("month", 10), |row| [5, 6].contains(&id(row)));
    check::<Employee>(&hired("quarter", 2), |row| [2, 3, 4].contains(&id(row)));
    check::<Employee>(&hired("week_day", 5), |row| [8].contains(&id(row)));
}

#[test]
fn time_hour_minute_and_second_are_parts_of_the_moment() {
    for on in On::all() {
        let store = Store::new(on);
        store.execute(
            "UPDATE store_playlist SET created_at = '2024-03-31 23:59:58' WHERE id = 2; \
             UPDATE store_playlist SET created_at = '2024-03-31 00:00:01.500000' WHERE id = 3",
        );
        let keys = |lookup: &'static str, value: Value| -> Vec<i64> {
            store.run(async move |conn| {
                let condition = compared(Playlist::fields().created_at(), lookup, value);
                let select = Select::from(QuerySet::<Playlist>::new().filter_by(condition));
                let rows = conn.rows(select.rows(conn.dialect()), |row| Playlist::from_row(row, 0));
                rows.await.unwrap().into_iter().map(|row| row.id).collect()
            })
        };
        let usual: Vec<i64> = [1].into_iter().chain(4..=18).collect();
        let time = |h, m, s| Value::Time(NaiveTime::from_hms_opt(h, m, s).unwrap());
        for (lookup, value, expected) in [
            ("hour", Value::Int(23), &[2][..]),
            ("hour", Value::Int(8), &usual),
            ("hour__lt", Value::Int(8), &[3]),
            ("minute", Value::Int(59), &[2]),
            ("minute", Value::Int(30), &usual),
            ("minute__gt", Value::Int(30), &[2]),
            ("second", Value::Int(58), &[2]),
            ("second", Value::Int(1), &[3]),
            ("second__lte", Value::Int(0), &usual),
            ("time", time(8, 30, 0), &usual),
            ("time__gt", time(8, 30, 0), &[2]),
            ("time__lt", time(8, 30, 0), &[3]),
            ("time__gte", time(23, 59, 58), &[2]),
            ("time__lte", time(0, 0, 1), &[]),
        ] {
            assert_eq!(keys(lookup, value), expected, "{lookup} on {on:?}");
        }
    }
}

#[test]
fn moments_are_compared_as_moments() {
    let from = NaiveDate::from_ymd_opt(2024, 2, 10).unwrap().and_hms_micro_opt(9, 15, 30, 123_456);
    let from = Value::DateTime(from.unwrap().and_utc().into());
    let updated = |lookup| compared(Playlist::fields().updated_at(), lookup, from.clone());
    check::<Playlist>(&updated("exact"), |row| id(row) == 10);
    check::<Playlist>(&updated("gt"), |row| id(row) > 10);
    check::<Playlist>(&updated("lte"), |row| id(row) <= 10);
}

#[test]
fn a_lookup_follows_foreign_keys() {
    let albums =
        keys(rows("store_album").into_iter().filter(|a| number(a, "artist_id") == 90), "id");
    let by_artist = by(Track::fields().album().artist().name(), "exact", "Iron Maiden");
    check::<Track>(&by_artist, |row| albums.contains(&number(row, "album_id")));
    let manager = by(Employee::fields().reports_to().last_name(), "iexact", "EDWARDS");
    check::<Employee>(&manager, |row| [3, 4, 5].contains(&id(row)));
    let owner = by(Playlist::fields().owner().username(), "exact", "alice");
    check::<Playlist>(&owner, |row| [15, 16].contains(&id(row)));
    let above = compared(Employee::fields().reports_to().reports_to(), "isnull", Value::Bool(true));
    check::<Employee>(&above, |row| [1, 2, 6].contains(&id(row)));
}

#[test]
fn a_lookup_goes_back_along_a_foreign_key_and_finds_each_row_once() {
    let artists = keys(
        rows("store_album").into_iter().filter(|a| lower(a, "title").contains("live")),
        "artist_id",
    );
    let titled = by(Artist::fields().albums().title(), "icontains", "live");
    check::<Artist>(&titled, |row| artists.contains(&id(row)));
    let with = keys(rows("store_album"), "artist_id");
    let none = compared(Artist::fields().albums(), "isnull", Value::Bool(true));
    check::<Artist>(&none, |row| !with.contains(&id(row)));
    let some = compared(Artist::fields().albums(), "isnull", Value::Bool(false));
    check::<Artist>(&some, |row| with.contains(&id(row)));
    let below = by(Employee::fields().subordinates().title(), "exact", "IT Staff");
    check::<Employee>(&below, |row| id(row) == 6);
}

#[test]
fn a_lookup_goes_through_a_link_table_in_both_directions() {
    let links = rows("store_playlist_tracks");
    let of = |column: &str, key: i64, other: &str| -> BTreeSet<i64> {
        let links = links.iter().filter(|link| number(link, column) == key);
        links.map(|link| number(link, other)).collect()
    };
    let grunge = of("playlist_id", 16, "track_id");
    let listed = by(Track::fields().playlists().name(), "exact", "Grunge");
    check::<Track>(&listed, |row| grunge.contains(&id(row)));
    let holding = of("track_id", 52, "playlist_id");
    let holds = compared(Playlist::fields().tracks(), "exact", Value::Int(52));
    check::<Playlist>(&holds, |row| holding.contains(&id(row)));
    let with = keys(links.clone(), "playlist_id");
    let empty = compared(Playlist::fields().tracks(), "isnull", Value::Bool(true));
    check::<Playlist>(&empty, |row| !with.contains(&id(row)));
}

#[test]
fn counts_are_compared_as_numbers() {
    let albums = rows("store_album");
    let count = |artist: i64| albums.iter().filter(|a| number(a, "artist_id") == artist).count();
    let many = compared(Artist::fields().album_count(), "gte", Value::Int(10));
    check::<Artist>(&many, |row| count(id(row)) >= 10);
    let none = compared(Artist::fields().album_count(), "exact", Value::Int(0));
    check::<Artist>(&none, |row| count(id(row)) == 0);
    let through = compared(Album::fields().artist().album_count(), "gt", Value::Int(13));
    check::<Album>(&through, |row| count(number(row, "artist_id")) > 13);
    let one = compared(Playlist::fields().track_count(), "lte", Value::Int(1));
    check::<Playlist>(&one, |row| [2, 4, 6, 7, 9, 18].contains(&id(row)));
}

#[test]
fn conditions_are_joined_and_turned_round() {
    let usa = || by(Customer::fields().country(), "exact", "USA");
    let company = || compared(Customer::fields().company(), "isnull", Value::Bool(false));
    let in_usa = |row: &Row| text(row, "country") == "USA";
    let has_company = |row: &Row| !row["company"].is_null();
    check::<Customer>(&usa().and(company()), |row| in_usa(row) && has_company(row));
    check::<Customer>(&usa().or(company()), |row| in_usa(row) || has_company(row));
    check::<Customer>(&!usa(), |row| !in_usa(row));
    // NULL counts as false inside: its opposite holds
    let google = by(Customer::fields().company(), "icontains", "google");
    check::<Customer>(&!google, |row| !lower(row, "company").contains("google"));
}

/// The value of a related row: `related(row, "artist_id", "store_artist", "name")`.
fn related<'a>(row: &Row, key: &str, table: &'a [Row], column: &str) -> Option<&'a str> {
    let found = table.iter().find(|other| other["id"] == row[key]);
    found.and_then(|other| other[column].as_str())
}

#[test]
fn values_are_compared_with_other_values_of_the_row() {
    let large = Track::fields().bytes().gt(Track::fields().milliseconds() * 40);
    check(&large, |row| {
        row["bytes"].as_i64().is_some_and(|bytes| bytes > number(row, "milliseconds") * 40)
    });
    let late = Employee::fields().hire_date().lt(employee::birth_date);
    assert_eq!(found::<Employee>(On::Sqlite, late), Vec::<i64>::new());
    let odd = Album::fields().artist_id().exact(album::id);
    check(&odd, |row| row["artist_id"] == row["id"]);
}

#[test]
fn values_are_compared_along_relations_and_with_aggregates() {
    let artists = rows("store_artist");
    let own = Album::fields().title().iexact(Album::fields().artist().name());
    check(&own, |row| {
        let name = related(row, "artist_id", &artists, "name").unwrap();
        name.eq_ignore_ascii_case(text(row, "title"))
    });
    let tracks = rows("store_track");
    let of_album = |row: &Row| -> Vec<Row> {
        tracks.iter().filter(|track| track["album_id"] == row["id"]).cloned().collect()
    };
    let many = Count::of(Album::fields().tracks()).gt(album::artist_id);
    check(&many, |row| of_album(row).len() > usize::try_from(number(row, "artist_id")).unwrap());
    // one of the related rows, and a value of the row itself
    let long = Album::fields().tracks().milliseconds().lt(Album::fields().id() * 1000);
    check(&long, |row| {
        of_album(row).iter().any(|track| number(track, "milliseconds") < number(row, "id") * 1000)
    });
    let near = Employee::fields().city().exact(Employee::fields().reports_to().city());
    let employees = rows("store_employee");
    check(&near, |row| {
        let above = related(row, "reports_to_id", &employees, "city");
        above.is_some() && above == row["city"].as_str()
    });
    // the opposite of a comparison with null holds, as Django has it
    check(&!near, |row| {
        let above = related(row, "reports_to_id", &employees, "city");
        above.is_none() || above != row["city"].as_str()
    });
}

#[test]
fn texts_are_found_in_other_texts_of_the_row_letter_by_letter() {
    for on in On::all() {
        let store = Store::new(on);
        store.execute(
            "INSERT INTO store_genre (id, name) VALUES (901, '50% off'), (902, 'a_b'), (903, 'a\\b')",
        );
        let names = ["50% off", "50 per off", "a_b", "axb", "a\\b", "a\\\\b", "A\\B it is"];
        for (index, name) in names.iter().enumerate() {
            let (id, genre) = (90_000 + index, 901 + index / 2 - usize::from(index == 6));
            store.execute(&format!(
                "INSERT INTO store_track (id, name, milliseconds, unit_price, media_type_id, genre_id) \
                 VALUES ({id}, '{name}', 1, 1, 1, {genre})"
            ));
        }
        let own = |condition: Condition<Track>| -> Vec<i64> {
            let new = Track::fields().id().gte(90_000);
            let condition = condition & new;
            store.run(async move |conn| {
                let rows = Track::objects().filter_by(condition).values(track::id);
                rows.all(conn).await.expect("the condition is understood")
            })
        };
        let genre = || Track::fields().genre().name();
        let name = || Track::fields().name();
        assert_eq!(own(name().exact(genre())), [90_000, 90_002, 90_004], "{on:?}");
        assert_eq!(own(name().iexact(genre())), [90_000, 90_002, 90_004], "{on:?}");
        assert_eq!(own(name().icontains(genre())), [90_000, 90_002, 90_004, 90_006], "{on:?}");
        assert_eq!(own(name().istartswith(genre())), [90_000, 90_002, 90_004, 90_006], "{on:?}");
        assert_eq!(own(name().iendswith(genre())), [90_000, 90_002, 90_004], "{on:?}");
        let exact = match on {
            // `contains` and its like pass over case on SQLite, as Django has it
            On::Sqlite => vec![90_000, 90_002, 90_004, 90_006],
            On::Postgres => vec![90_000, 90_002, 90_004],
        };
        assert_eq!(own(name().contains(genre())), exact, "{on:?}");
        assert_eq!(own(name().startswith(genre())), exact, "{on:?}");
        assert_eq!(own(name().endswith(genre())), [90_000, 90_002, 90_004], "{on:?}");
    }
}
