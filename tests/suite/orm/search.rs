//! Full-text search and likeness, which `PostgreSQL` has.

use musicstore::models::*;
use quintet::db::{Conn, Error, SearchQuery, SearchRank, SearchVector, TrigramSimilarity};
use quintet::prelude::*;
use quintet_tests::store::On;

use super::{reading, writing};

fn vector() -> SearchVector<Track> {
    SearchVector::of(track::name).and(track::composer).config("english")
}

async fn found(query: SearchQuery, conn: &Conn) -> Result<Vec<i64>, Error> {
    let found = Track::objects().filter_by(vector().matches(query)).then_by(track::id);
    found.values(track::id).all(conn).await
}

#[test]
fn words_are_found_as_django_finds_them() {
    reading(async |conn, on| {
        let web = SearchQuery::websearch("\"heart of\" -glass").config("english");
        if on == On::Sqlite {
            let refused = found(web, conn).await;
            assert!(matches!(refused, Err(Error::NotSupported("`SearchVector`"))), "{refused:?}");
            let rank = SearchRank::of(vector(), SearchQuery::plain("heart"));
            assert!(Track::objects().values(rank).all(conn).await.is_err());
            return;
        }
        let ids = found(web, conn).await.unwrap();
        assert_eq!((ids.len(), &ids[..4]), (14, &[144, 456, 1749, 1972][..]));
        let plain = found(SearchQuery::plain("rolling stones").config("english"), conn).await;
        assert!(plain.unwrap().is_empty());
        let phrase = SearchQuery::phrase("balls to the wall").config("english");
        assert_eq!(found(phrase, conn).await.unwrap(), [2]);
        // whatever a client sends
        for words in ["", "' | ! & (", "a\0b", "<->", "\\"] {
            for query in [
                SearchQuery::plain(words),
                SearchQuery::phrase(words),
                SearchQuery::websearch(words),
            ] {
                assert!(found(query.clone(), conn).await.is_ok(), "{query:?}");
            }
        }
        let query = || SearchQuery::plain("wall").config("english");
        let rank = || SearchRank::of(vector(), query());
        let best = Track::objects().filter_by(vector().matches(query())).then_by_desc(rank());
        let ranks = best.values(rank()).all(conn).await.unwrap();
        assert!(ranks.len() > 1 && ranks.windows(2).all(|pair| pair[0] >= pair[1]), "{ranks:?}");
    });
}

#[test]
fn texts_are_compared_by_their_trigrams() {
    writing(async |conn, on| {
        let like = || TrigramSimilarity::of(artist::name, "Metalica");
        if on == On::Sqlite {
            let refused = Artist::objects().values(like()).all(conn).await;
            assert!(matches!(refused, Err(Error::NotSupported("`TrigramSimilarity`"))));
            return;
        }
        conn.batch_execute("CREATE EXTENSION IF NOT EXISTS pg_trgm").await.unwrap();
        let alike = Artist::objects().filter_by(like().gt(0.3)).then_by_desc(like());
        let rows = alike.values((artist::name, like())).all(conn).await.unwrap();
        assert_eq!(rows[0].0, "Metallica");
        assert!(rows[0].1.is_some_and(|likeness| likeness > 0.6 && likeness < 0.9));
    });
}
