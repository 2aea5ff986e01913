//! Query sets in code: what is read, written and counted, compared with Django's results for the
//! same rows.

use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Barrier};

use musicstore::models::*;
use quintet::db::{Assignments, Avg, Conn, Count, Error, Max, Min, OnConflict, Sum};
use quintet::fields::Value;
use quintet::filters::order_by;
use quintet::prelude::*;
use quintet_tests::store::{On, Store};
use serde_json::json;

/// Runs work on shared read-only rows, on each database.
fn reading<W: AsyncFn(&Conn, On) + Copy + Send + 'static>(work: W) {
    for on in On::all() {
        Store::shared(on).run(async move |conn| work(conn, on).await);
    }
}

/// Runs work on separate rows, on each database.
fn writing<W: AsyncFn(&mut Conn, On) + Copy + Send + 'static>(work: W) {
    for on in On::all() {
        Store::new(on).run(async move |conn| {
            conn.database().register([
                Artist::META,
                Track::META,
                Playlist::META,
                InvoiceLine::META,
                Invoice::META,
            ]);
            work(conn, on).await;
        });
    }
}

/// The result of some work, which must take this number of statements.
async fn within<T>(statements: u64, conn: &Conn, work: impl Future<Output = T>) -> T {
    let before = conn.database().statements();
    let done = work.await;
    assert_eq!(conn.database().statements() - before, statements);
    done
}

fn keys(artists: &[Artist]) -> Vec<i64> {
    artists.iter().map(|artist| artist.id).collect()
}

fn acdc() -> QuerySet<Track> {
    Track::objects().filter_by(Track::fields().album().artist().name().exact("AC/DC"))
}

#[test]
fn rows_are_read_in_one_statement() {
    reading(async |conn, _| {
        let last = || Artist::objects().then_by_desc(artist::id);
        let three = within(1, conn, last().slice(0, 3).all(conn)).await.unwrap();
        assert_eq!(keys(&three), [275, 274, 273]);
        assert!(within(0, conn, last().none().all(conn)).await.unwrap().is_empty());
        assert_eq!(within(1, conn, acdc().count(conn)).await.unwrap(), 18);
        assert_eq!(acdc().slice(10, 20).count(conn).await.unwrap(), 8);
        assert!(within(1, conn, acdc().exists(conn)).await.unwrap());
        assert!(!acdc().slice(18, 5).exists(conn).await.unwrap());
        assert!(!within(0, conn, acdc().none().exists(conn)).await.unwrap());
    });
}

#[test]
fn first_and_last_follow_the_order() {
    reading(async |conn, _| {
        let artists = || Artist::objects().then_by(artist::name).then_by(artist::id);
        let all = artists().all(conn).await.unwrap();
        let (first, last) = (all.first().cloned(), all.last().cloned());
        assert_eq!(within(1, conn, artists().first(conn)).await.unwrap(), first);
        assert_eq!(within(1, conn, artists().last(conn)).await.unwrap(), last);
        // of a slice, which Django does not reverse
        assert_eq!(artists().slice(3, 4).last(conn).await.unwrap(), all.get(6).cloned());
        let unordered = Artist::objects().unordered();
        assert_eq!(unordered.first(conn).await.unwrap().map(|artist| artist.id), Some(1));
        assert_eq!(Artist::objects().none().last(conn).await.unwrap(), None);
    });
}

#[test]
fn one_row_is_one_row() {
    reading(async |conn, _| {
        let genre = |name: &str| Genre::objects().filter(genre::name.eq(name.to_owned()));
        assert_eq!(within(1, conn, genre("Rock").get(conn)).await.unwrap().id, 1);
        assert_eq!(genre("Rock").get_or_404(conn).await.unwrap().id, 1);
        let missing = genre("Polka").get(conn).await.unwrap_err();
        assert_eq!(missing.to_string(), "Genre matching query does not exist");
        assert_eq!(ApiException::from(missing).status(), 500);
        let several = Genre::objects().get(conn).await.unwrap_err();
        assert_eq!(several.to_string(), "get() returned more than one Genre");
        let missing = ApiException::from(genre("Polka").get_or_404(conn).await.unwrap_err());
        assert_eq!(missing.status(), 404);
        assert_eq!(missing.body(), json!({"detail": "No Genre matches the given query."}));
        // the one row of a slice
        let second = Genre::objects().then_by(genre::id).slice(1, 1);
        assert_eq!(second.get(conn).await.unwrap().id, 2);
    });
}

#[test]
fn what_is_excluded_is_what_django_excludes() {
    reading(async |conn, _| {
        let tracks = async |query: QuerySet<Track>| query.count(conn).await.unwrap();
        let artists = async |query: QuerySet<Artist>| query.count(conn).await.unwrap();
        let composed = Track::objects().exclude(track::composer.eq("AC/DC"));
        // those without a composer are not excluded
        assert_eq!(tracks(composed).await, 3495);
        let a = Track::objects().exclude_by(Track::fields().composer().istartswith("A"));
        assert_eq!(tracks(a).await, 3299);
        let by = Track::fields().album().artist().name().exact("AC/DC");
        assert_eq!(tracks(Track::objects().exclude_by(by)).await, 3485);
        let listed = Track::fields().playlists().name().exact("Music");
        assert_eq!(tracks(Track::objects().exclude_by(listed)).await, 213);
        let titled = || Artist::fields().albums().title().istartswith("A");
        assert_eq!(artists(Artist::objects().exclude_by(titled())).await, 250);
        // one album may have the title, and another one the track
        let long = Artist::fields().albums().tracks().milliseconds().gt(300_000);
        assert_eq!(artists(Artist::objects().exclude_by(titled() & long)).await, 255);
        let chief = Employee::fields().reports_to().last_name().exact("Adams");
        let others = Employee::objects().exclude_by(chief);
        assert_eq!(others.count(conn).await.unwrap(), 6);
    });
}

#[test]
fn a_union_has_the_rows_of_either() {
    reading(async |conn, _| {
        let named = |name: &str| Artist::objects().filter(artist::name.eq(name.to_owned()));
        let both = named("AC/DC").union(named("Accept")).union(named("AC/DC"));
        assert_eq!(keys(&within(1, conn, both.clone().all(conn)).await.unwrap()), [1, 2]);
        assert_eq!(both.clone().filter(artist::id.gt(1)).count(conn).await.unwrap(), 1);
        let ends = both.union(Artist::objects().then_by_desc(artist::id).slice(0, 1));
        assert_eq!(keys(&ends.then_by_desc(artist::id).all(conn).await.unwrap()), [275, 2, 1]);
    });
}

#[test]
fn aggregates_are_those_of_django() {
    reading(async |conn, _| {
        let what = (
            Count::rows(),
            Sum::of(track::milliseconds),
            Avg::of(track::milliseconds),
            Min::of(track::name),
            Max::of(track::unit_price),
            Sum::of(track::unit_price),
            Count::of(track::composer),
            Count::distinct(track::composer),
        );
        let (rows, sum, average, first, dearest, price, composed, composers) =
            within(1, conn, Track::objects().aggregate(what, conn)).await.unwrap();
        assert_eq!((rows, sum, composed, composers), (3503, Some(1_378_778_040), 2526, 853));
        assert!((average.unwrap() - 393_599.212_103_909).abs() < 1e-6, "{average:?}");
        assert_eq!(first.as_deref(), Some("\"40\""));
        assert_eq!((dearest, price), (Some(Decimal::new(199, 2)), Some(Decimal::new(368_097, 2))));
        let canada = Invoice::objects().filter(invoice::billing_country.eq("Canada"));
        let what =
            (Sum::of(invoice::total), Avg::of(invoice::total), Min::of(invoice::invoice_date));
        let (sum, average, first) = canada.aggregate(what, conn).await.unwrap();
        assert_eq!(sum, Some(Decimal::new(30_396, 2)));
        assert!(average.unwrap().to_string().starts_with("5.427857142857"), "{average:?}");
        assert_eq!(first.unwrap().to_sqlite_text(), "2021-01-06 00:00:00");
    });
}

#[test]
fn aggregates_go_along_relations() {
    reading(async |conn, _| {
        let tracks = || Artist::fields().albums().tracks();
        let what = (
            Count::rows(),
            Sum::of(tracks().milliseconds()),
            Count::of(tracks()),
            Avg::of(tracks().unit_price()),
        );
        let (artists, sum, count, price) =
            within(1, conn, Artist::objects().aggregate(what, conn)).await.unwrap();
        // the rows that are joined do not count as artists
        assert_eq!((artists, sum, count), (275, Some(1_378_778_040), 3503));
        assert!(price.unwrap().to_string().starts_with("1.050805024264"), "{price:?}");
        let by = Track::fields().album().artist();
        let what =
            (Count::distinct(by.clone()), Count::of(track::id).filter(by.name().exact("AC/DC")));
        assert_eq!(Track::objects().aggregate(what, conn).await.unwrap(), (204, 18));
        // a count that the model declares is a number as any other
        let albums = Max::of(Artist::fields().album_count());
        assert_eq!(Artist::objects().aggregate(albums, conn).await.unwrap(), Some(21));
    });
}

#[test]
fn aggregates_are_of_the_rows_that_are_left() {
    reading(async |conn, _| {
        let longest = Track::objects().then_by_desc(track::milliseconds).slice(0, 10);
        let sum = within(1, conn, longest.aggregate(Sum::of(track::milliseconds), conn)).await;
        assert_eq!(sum.unwrap(), Some(33_919_831));
        let nothing = (Count::rows(), Sum::of(track::bytes), Max::of(track::name));
        let none = Track::objects().none().aggregate(nothing, conn).await.unwrap();
        assert_eq!(none, (0, None, None));
    });
}

#[test]
fn values_are_typed_and_may_be_read_once() {
    reading(async |conn, _| {
        let kind = Track::fields().media_type().name();
        let kinds = Track::objects().order_by(order_by![media_type__name]).values(kind).distinct();
        assert_eq!(
            within(1, conn, kinds.all(conn)).await.unwrap(),
            [
                "AAC audio file",
                "MPEG audio file",
                "Protected AAC audio file",
                "Protected MPEG-4 video file",
                "Purchased AAC audio file",
            ]
            .map(|name| Some(name.to_owned()))
        );
        let agent = Invoice::fields().customer().support_rep().last_name();
        let ordered = Invoice::objects()
            .then_by_desc(agent.clone())
            .then_by(invoice::billing_country)
            .values((invoice::billing_country, agent))
            .distinct();
        let pairs = ordered.all(conn).await.unwrap();
        let pair = |country: &str| (Some(country.to_owned()), Some("Peacock".to_owned()));
        assert_eq!(pairs[..3], ["Brazil", "Canada", "Finland"].map(pair));
        // of a row that does not exist
        let chief = Employee::objects()
            .values((
                employee::id,
                employee::last_name,
                Employee::fields().reports_to().last_name(),
            ))
            .first(conn);
        assert_eq!(chief.await.unwrap(), Some((1, "Adams".to_owned(), None)));
        let counts = Artist::objects().values(Artist::fields().album_count()).first(conn).await;
        assert_eq!(counts.unwrap(), Some(Some(2)));
    });
}

#[test]
fn rows_come_by_their_keys() {
    reading(async |conn, _| {
        let genres = Genre::objects().in_bulk(genre::id, [1, 3, 999, 3], conn);
        let genres = within(1, conn, genres).await.unwrap();
        assert_eq!((genres.len(), genres[&1].name.as_str()), (2, "Rock"));
        let named = Genre::objects().in_bulk(genre::name, ["Metal", "Rock"], conn).await.unwrap();
        assert_eq!((named["Metal"].id, named["Rock"].id), (3, 1));
        let none = Genre::objects().in_bulk(genre::id, Vec::<i64>::new(), conn);
        assert!(within(0, conn, none).await.unwrap().is_empty());
    });
}

#[test]
fn rows_without_end_are_read_in_batches() {
    reading(async |conn, _| {
        let expected =
            Track::objects().order_by(order_by![-milliseconds, id]).all(conn).await.unwrap();
        let mut rows =
            Track::objects().then_by_desc(track::milliseconds).iterate(conn).chunk_size(1000);
        let before = conn.database().statements();
        let mut read = Vec::new();
        while let Some(row) = rows.next().await.unwrap() {
            read.push(row);
        }
        assert_eq!(conn.database().statements() - before, 4);
        assert_eq!(read, expected);
        // other statements may come between
        let mut rows = Genre::objects().iterate(conn).chunk_size(2);
        let mut tracks = 0;
        while let Some(genre) = rows.next().await.unwrap() {
            tracks +=
                Track::objects().filter(track::genre_id.eq(genre.id)).count(conn).await.unwrap();
        }
        assert_eq!(tracks, 3503);
    });
}

#[test]
fn an_update_changes_the_rows_of_the_query_and_no_others() {
    writing(async |conn, _| {
        let price = |price: i64| Changes::new().set(track::unit_price, Decimal::new(price, 2));
        assert_eq!(within(1, conn, acdc().update(price(200), conn)).await.unwrap(), 18);
        let dear = || Track::objects().filter(track::unit_price.eq(Decimal::new(200, 2)));
        assert_eq!(dear().count(conn).await.unwrap(), 18);
        assert_eq!(acdc().count(conn).await.unwrap(), 18);
        let longest = dear().then_by_desc(track::milliseconds).slice(0, 2);
        assert_eq!(longest.update(price(300), conn).await.unwrap(), 2);
        assert_eq!(dear().count(conn).await.unwrap(), 16);
        // nothing to do
        assert_eq!(within(0, conn, dear().update((), conn)).await.unwrap(), 0);
        assert_eq!(within(0, conn, dear().none().update(price(1), conn)).await.unwrap(), 0);
        let nobody = Changes::new().set(genre::name, "Rock");
        let refused = Genre::objects().update(nobody, conn).await;
        assert!(
            matches!(&refused, Err(Error::Unique(columns)) if columns == &["name"]),
            "{refused:?}"
        );
    });
}

#[test]
fn an_update_computes_of_what_is_stored() {
    writing(async |conn, _| {
        let first = || Track::objects().filter(track::id.eq(1));
        let twice = Changes::new()
            .set_expression(track::milliseconds, Track::fields().milliseconds() * 2)
            .set_expression(track::unit_price, Track::fields().unit_price() + Decimal::new(1, 0));
        assert_eq!(within(1, conn, first().update(twice, conn)).await.unwrap(), 1);
        let row = first().get(conn).await.unwrap();
        assert_eq!((row.milliseconds, row.unit_price), (687_438, Decimal::new(199, 2)));
    });
}

#[test]
fn six_at_once_lose_no_update() {
    for on in On::all() {
        let store = Store::new(on);
        six(&store, &async |conn| {
            for _ in 0..10 {
                let once = Changes::new()
                    .set_expression(track::milliseconds, Track::fields().milliseconds() + 1);
                Track::objects().filter(track::id.eq(1)).update(once, conn).await.unwrap();
            }
        });
        let counted =
            store.number("SELECT CAST(milliseconds AS bigint) FROM store_track WHERE id = 1");
        assert_eq!(counted, 343_719 + 60, "{on:?}");
    }
}

#[test]
fn a_deletion_takes_what_belongs_to_the_rows() {
    writing(async |conn, _| {
        let lists = Playlist::objects().filter(playlist::id.lt(5));
        let links = 3290 + 213;
        let gone = lists.clone().delete(conn).await.unwrap();
        assert_eq!(lists.count(conn).await.unwrap(), 0);
        assert_eq!(gone, 4 + links, "the playlists and their links");
        let refused = acdc().delete(conn).await.unwrap_err();
        assert_eq!(refused.to_string(), "Track is protected by InvoiceLine.track");
        assert_eq!(acdc().count(conn).await.unwrap(), 18);
        assert_eq!(ApiException::from(refused).status(), 409);
        // nobody points at lines
        let seven = InvoiceLine::objects().then_by(invoice_line::id).slice(0, 7);
        assert_eq!(within(1, conn, seven.delete(conn)).await.unwrap(), 7);
        assert_eq!(InvoiceLine::objects().count(conn).await.unwrap(), 2233);
    });
}

#[test]
fn a_deletion_that_the_database_refuses_leaves_the_rows() {
    for on in On::all() {
        // the models that point at artists are not registered
        Store::shared(on).run(async |conn| {
            let artist = || Artist::objects().filter(artist::id.eq(1));
            let refused = artist().delete(conn).await.unwrap_err();
            assert!(matches!(refused, Error::Referenced(_)), "{refused:?}");
            assert_eq!(ApiException::from(refused).status(), 409);
            assert!(artist().exists(conn).await.unwrap());
        });
    }
}

#[test]
fn a_thousand_rows_are_created_in_a_few_statements() {
    writing(async |conn, _| {
        let track = |number: i32| {
            Changes::new()
                .set(track::name, format!("Track {number}"))
                .set(track::milliseconds, number)
                .set(track::media_type_id, 1)
                .set(track::unit_price, Decimal::new(99, 2))
        };
        let created = Track::objects().bulk_create((1..=1000).map(track), conn);
        let tracks = within(1, conn, created).await.unwrap();
        assert_eq!(tracks.len(), 1000);
        assert!(tracks.iter().zip(1..).all(|(track, number)| track.milliseconds == number));
        let keys: Vec<i64> = tracks.iter().map(|track| track.id).collect();
        assert_eq!(keys, (3504..4504).collect::<Vec<i64>>());
        let none = Track::objects().bulk_create(Vec::<Changes<Track>>::new(), conn);
        assert!(within(0, conn, none).await.unwrap().is_empty());
    });
}

#[test]
fn rows_beyond_one_statement_are_created_together_or_not_at_all() {
    writing(async |conn, on| {
        let name = |number: i64| Changes::new().set(artist::name, format!("Artist {number}"));
        let statements = if on == On::Sqlite { 3 } else { 2 };
        let created = Artist::objects().bulk_create((0..80_000).map(name), conn);
        assert_eq!(within(statements, conn, created).await.unwrap().len(), 80_000);
        // the last one has the key of another
        let keyed = |number: i64| {
            if number == 79_999 { name(number).set(artist::id, 1) } else { name(number) }
        };
        let refused = Artist::objects().bulk_create((0..80_000).map(keyed), conn).await;
        assert!(matches!(refused, Err(Error::Unique(_))));
        assert_eq!(Artist::objects().count(conn).await.unwrap(), 80_275);
    });
}

#[test]
fn a_row_is_found_or_made() {
    writing(async |conn, _| {
        let named = |name: &str| Assignments::new().set(genre::name, name);
        let rock = Genre::objects().get_or_create(named("Rock"), (), conn);
        let (rock, is_new) = within(1, conn, rock).await.unwrap();
        assert_eq!((rock.id, is_new), (1, false));
        let polka = Genre::objects().get_or_create(named("Polka"), (), conn);
        let (polka, is_new) = within(2, conn, polka).await.unwrap();
        assert_eq!((polka.name.as_str(), is_new), ("Polka", true));
        // the key of another row is in the way
        let taken = Genre::objects().get_or_create(
            named("Schlager"),
            Assignments::new().set(genre::id, polka.id),
            conn,
        );
        let refused = taken.await;
        assert!(
            matches!(&refused, Err(Error::Unique(columns)) if columns == &["id"]),
            "{refused:?}"
        );
        let several = Assignments::new().set(track::media_type_id, 1);
        let refused = Track::objects().get_or_create(several, (), conn).await;
        assert!(matches!(refused, Err(Error::MultipleObjectsReturned("Track"))));
        // null is looked up as null
        let orphan = || Assignments::new().set(album::title, "?").set(album::artist_id, 1);
        let again = Album::objects().filter(album::title.ne("!"));
        assert!(again.clone().get_or_create(orphan(), (), conn).await.unwrap().1);
        assert!(!again.get_or_create(orphan(), (), conn).await.unwrap().1);
    });
}

#[test]
fn a_row_is_changed_or_made() {
    writing(async |conn, _| {
        let key = |id: i64| Assignments::new().set(genre::id, id);
        let name = |name: &str| Assignments::new().set(genre::name, name);
        let renamed = Genre::objects().update_or_create(key(1), name("Rocks"), conn);
        let (genre, is_new) = within(2, conn, renamed).await.unwrap();
        assert_eq!((genre.id, genre.name.as_str(), is_new), (1, "Rocks", false));
        let made = Genre::objects().update_or_create(key(99), name("Polka"), conn);
        let (genre, is_new) = within(2, conn, made).await.unwrap();
        assert_eq!((genre.id, genre.name.as_str(), is_new), (99, "Polka", true));
        // `auto_now` columns of the model change
        let before = Playlist::objects().filter(playlist::id.eq(1)).get(conn).await.unwrap();
        let (after, _) = Playlist::objects()
            .update_or_create(Assignments::new().set(playlist::id, 1), (), conn)
            .await
            .unwrap();
        assert!(after.updated_at > before.updated_at);
        // after a refusal, the surrounding transaction is still usable
        let inside: Result<i64, Error> = conn
            .transaction(async |conn| {
                let taken = Genre::objects().update_or_create(key(2), name("Polka"), conn).await;
                assert!(matches!(taken, Err(Error::Unique(_))), "{taken:?}");
                Genre::objects().count(conn).await
            })
            .await;
        assert_eq!(inside.unwrap(), 26);
    });
}

/// Several at once, each on a connection of its own.
fn six<T: Send + 'static>(
    store: &Store,
    work: &(impl AsyncFn(&mut Conn) -> T + Clone + Send + Sync + 'static),
) -> Vec<T> {
    let barrier = Arc::new(Barrier::new(6));
    let run = |_| {
        let (work, barrier) = (work.clone(), Arc::clone(&barrier));
        move || {
            store.run(async move |conn| {
                barrier.wait();
                work(conn).await
            })
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..6).map(|number| scope.spawn(run(number))).collect();
        threads.into_iter().map(|thread| thread.join().expect("it ends well")).collect()
    })
}

#[test]
fn six_at_once_make_one_row() {
    for on in On::all() {
        let store = Store::new(on);
        for round in 0..5 {
            let name = format!("Polka {round}");
            let named = Assignments::new().set(genre::name, name.as_str());
            let made = six(&store, &async move |conn| {
                let genres = Genre::objects().get_or_create(named.clone(), (), conn);
                genres.await.map(|(genre, is_new)| (genre.id, is_new)).unwrap()
            });
            let key = made[0].0;
            assert!(made.iter().all(|(own, _)| *own == key), "{on:?} {made:?}");
            assert_eq!(made.iter().filter(|(_, is_new)| *is_new).count(), 1, "{on:?} {made:?}");
        }
    }
}

#[test]
fn six_at_once_change_one_row_in_turn() {
    for on in On::all() {
        let store = Store::new(on);
        for round in 0..5 {
            let title = format!("Polka {round}");
            let made = six(&store, &async move |conn| {
                let values =
                    Assignments::new().set(album::title, title.as_str()).set(album::artist_id, 1);
                let key = Assignments::new();
                let albums = Album::objects().update_or_create(values, key, conn);
                albums.await.map(|(album, is_new)| (album.id, is_new)).unwrap()
            });
            assert!(made.iter().all(|(own, _)| *own == made[0].0), "{on:?} {made:?}");
            assert_eq!(made.iter().filter(|(_, is_new)| *is_new).count(), 1, "{on:?} {made:?}");
        }
    }
}

#[test]
fn six_at_once_delete_each_row_once() {
    for on in On::all() {
        let store = Store::new(on);
        store.run(async |conn| conn.database().register([Track::META, Genre::META]));
        for round in 0..5 {
            let name = format!("Polka {round}");
            let rows: Vec<_> = (0..30)
                .map(|number| Assignments::new().set(genre::name, format!("{name} {number}")))
                .collect();
            store.run(async move |conn| Genre::objects().bulk_create(rows, conn).await).unwrap();
            let gone = six(&store, &async move |conn| {
                let named = Genre::fields().name().startswith(name.as_str());
                Genre::objects().filter_by(named).delete(conn).await.unwrap()
            });
            assert_eq!(gone.iter().sum::<usize>(), 30, "{on:?} {gone:?}");
        }
    }
}

#[test]
fn six_at_once_create_all_of_their_rows_or_none() {
    for on in On::all() {
        let store = Store::new(on);
        for round in 0..5 {
            let made = six(&store, &async move |conn| {
                let rows = (0..30).map(|number| {
                    Assignments::new().set(genre::name, format!("Polka {round} {number}"))
                });
                Genre::objects().bulk_create(rows, conn).await
            });
            assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 1, "{on:?} {made:?}");
            let refused = made.iter().filter_map(|made| made.as_ref().err());
            refused.for_each(|error| assert!(matches!(error, Error::Unique(_)), "{error:?}"));
        }
        assert_eq!(store.number("SELECT count(*) FROM store_genre"), 25 + 5 * 30);
    }
}

#[test]
fn six_at_once_write_back_all_of_their_rows() {
    for on in On::all() {
        let store = Store::new(on);
        for _ in 0..5 {
            let turn = Arc::new(AtomicI32::new(1));
            let written = six(&store, &async move |conn| {
                let own = turn.fetch_add(1, Ordering::Relaxed);
                let mut tracks =
                    Track::objects().then_by(track::id).slice(0, 300).all(conn).await.unwrap();
                for track in &mut tracks {
                    track.milliseconds = own;
                }
                if own % 2 == 0 {
                    tracks.reverse();
                }
                Track::objects().bulk_update(&tracks, track::milliseconds, conn).await.unwrap()
            });
            assert_eq!(written, [300; 6], "{on:?}");
            let left =
                "SELECT count(DISTINCT milliseconds) FROM store_track WHERE milliseconds < 7";
            assert_eq!(store.number(left), 1, "{on:?}");
        }
    }
}

#[test]
fn six_at_once_leave_out_or_share_the_rows_that_are_there() {
    for on in On::all() {
        let store = Store::new(on);
        for round in 0..5 {
            let rows = move || {
                (0..30).map(move |number| {
                    Assignments::new().set(genre::name, format!("Polka {round} {number}"))
                })
            };
            let made = six(&store, &async move |conn| {
                let ignore = OnConflict::ignore();
                let made = Genre::objects().bulk_create_on_conflict(rows(), ignore, conn);
                made.await.unwrap().len()
            });
            assert_eq!(made.iter().sum::<usize>(), 30, "{on:?} {made:?}");
            let shared = six(&store, &async move |conn| {
                let known = OnConflict::update(genre::name, genre::name);
                let rows = Genre::objects().bulk_create_on_conflict(rows(), known, conn);
                rows.await.unwrap().iter().map(|genre| genre.id).collect::<Vec<_>>()
            });
            assert!(shared.iter().all(|keys| *keys == shared[0]), "{on:?} {shared:?}");
        }
        assert_eq!(store.number("SELECT count(*) FROM store_genre"), 25 + 5 * 30);
    }
}

#[test]
fn six_at_once_take_jobs_and_none_of_them_twice() {
    for on in On::all() {
        let store = Store::new(on);
        store.run(async |conn| {
            let jobs = (0..40).map(|job| Assignments::new().set(genre::name, format!("Job {job}")));
            Genre::objects().bulk_create(jobs, conn).await.unwrap();
        });
        let taken = six(&store, &async |conn| {
            let mut own = Vec::new();
            loop {
                let next = conn.transaction(async |conn| {
                    let jobs = Genre::fields().name().startswith("Job");
                    let jobs = Genre::objects().filter_by(jobs).then_by(genre::id);
                    let job = jobs.select_for_update_skip_locked().first(conn).await?;
                    if let Some(job) = &job {
                        Genre::objects().filter(genre::id.eq(job.id)).delete(conn).await?;
                    }
                    Ok::<_, Error>(job)
                });
                match next.await.expect("a job or none") {
                    Some(job) => own.push(job.name),
                    None => return own,
                }
            }
        });
        let mut taken: Vec<String> = taken.into_iter().flatten().collect();
        taken.sort();
        let mut all: Vec<String> = (0..40).map(|job| format!("Job {job}")).collect();
        all.sort();
        assert_eq!(taken, all, "{on:?}");
    }
}

#[test]
fn rows_are_locked_in_a_transaction_only() {
    writing(async |conn, _| {
        let locked = || Artist::objects().filter(artist::id.eq(1)).select_for_update();
        assert!(matches!(locked().get(conn).await, Err(Error::NoTransaction)));
        let artist = conn.transaction(async |conn| locked().get(conn).await).await.unwrap();
        assert_eq!(artist.pk(), Value::Int(1));
    });
}
