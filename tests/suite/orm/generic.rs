//! Content types, and rows that belong to rows of any model.

use quintet::auth::{Permission, create_permissions, emit_post_migrate, permission};
use quintet::contenttypes::{ContentType, content_type};
use quintet::db::hooks::post_migrate;
use quintet::db::{Conn, Error, Expression, RowNumber, Uuid};
use quintet::prelude::*;
use quintet_tests::store::{On, Store};

use super::within;

#[model(app = "store", ordering(id), generic_foreign_key(content_object))]
pub struct TaggedItem {
    pub id: i64,
    #[field(max_length = 50)]
    pub tag: String,
    #[field(foreign_key = ContentType)]
    pub content_type_id: i32,
    pub object_id: i64,
}

/// Whose keys are texts, and whose columns have other names.
#[model(app = "store", ordering(id), generic_foreign_key(about, content_type = kind_id, object_id = of))]
pub struct Note {
    pub id: i64,
    pub text: String,
    #[field(foreign_key = ContentType)]
    pub kind_id: i32,
    #[field(max_length = 40)]
    pub of: String,
}

#[model(
    app = "store",
    ordering(id),
    generic_relation(tags: TaggedItem::CONTENT_OBJECT, notes: Note::ABOUT),
    permissions(can_remaster = "Can remaster albums"),
)]
pub struct Album {
    pub id: i64,
    pub title: String,
    #[field(foreign_key = Artist, related_name = albums)]
    pub artist_id: i64,
}

#[model(
    app = "store",
    table = "store_album",
    proxy = Album,
    ordering(id),
    generic_relation(tags: TaggedItem::CONTENT_OBJECT),
)]
pub struct Record {
    pub id: i64,
    pub title: String,
    pub artist_id: i64,
}

#[model(app = "store", ordering(title), generic_relation(notes: Note::ABOUT))]
pub struct Tape {
    pub id: Uuid,
    pub title: String,
}

#[model(app = "store", ordering(id), generic_relation(tags: TaggedItem::CONTENT_OBJECT), default_permissions(view))]
pub struct Artist {
    pub id: i64,
    pub name: String,
}

#[model(app = "store", default_permissions())]
pub struct Genre {
    pub id: i64,
    pub name: String,
}

const TABLES: &str = "
CREATE TABLE store_taggeditem (id {pk}, tag varchar(50) NOT NULL, content_type_id integer NOT NULL, object_id bigint NOT NULL);
CREATE TABLE store_tape (id {uuid} PRIMARY KEY, title text NOT NULL);
CREATE TABLE store_note (id {pk}, text text NOT NULL, kind_id integer NOT NULL, \"of\" varchar(40) NOT NULL);
";

/// Runs work on separate rows with these tables, on each database.
fn tagging<W: AsyncFn(&mut Conn) + Copy + Send + 'static>(work: W) {
    for on in On::all() {
        let store = Store::new(on);
        let pk = if on == On::Sqlite { "integer PRIMARY KEY" } else { "bigserial PRIMARY KEY" };
        let uuid = if on == On::Sqlite { "char(32)" } else { "uuid" };
        store.execute(&TABLES.replace("{pk}", pk).replace("{uuid}", uuid));
        store.run(async move |conn| {
            conn.database().register([Album::META, Artist::META, TaggedItem::META, Note::META]);
            work(conn).await;
        });
    }
}

async fn tag<M: quintet::db::Model>(row: &M, text: &str, conn: &Conn) -> TaggedItem {
    let of = ContentType::get_for_model::<M>(conn).await.unwrap();
    let tag = Changes::new().set(tagged_item::tag, text);
    let tag = tag.set_generic(TaggedItem::CONTENT_OBJECT, row, &of);
    let mut made = TaggedItem::objects().bulk_create([tag], conn).await.unwrap();
    made.pop().unwrap()
}

async fn album(id: i64, conn: &Conn) -> Album {
    Album::objects().filter(album::id.eq(id)).get(conn).await.unwrap()
}

#[test]
fn a_model_is_a_row_that_is_made_where_it_is_missing() {
    tagging(async |conn| {
        let album = ContentType::get_for_model::<Album>(conn).await.unwrap();
        assert_eq!(album.natural_key(), ("store", "album"));
        assert!(album.is::<Album>() && !album.is::<Artist>());
        // known from then on
        let again = within(0, conn, ContentType::get_for_model::<Album>(conn)).await.unwrap();
        assert_eq!(again, album);
        let note = ContentType::get_for_model::<Note>(conn).await.unwrap();
        let again = ContentType::get_for_model::<Note>(conn).await.unwrap();
        assert_eq!((note.id, note.model.as_str()), (again.id, "note"));
        assert_eq!(ContentType::get_for_id(note.id, conn).await.unwrap(), note);
        let named = ContentType::get_by_natural_key("store", "album", conn).await.unwrap();
        assert_eq!(named, album);
        let missing = ContentType::get_by_natural_key("store", "nothing", conn).await;
        assert!(matches!(missing, Err(Error::DoesNotExist("ContentType"))));
        assert!(album.model_meta(conn).is_some_and(|meta| meta.table == "store_album"));
        let row: Album = album.get_object_for_this_type(1, conn).await.unwrap();
        assert_eq!(row.id, 1);
        let refused = album.get_object_for_this_type::<Artist>(1, conn).await;
        assert!(matches!(refused, Err(Error::Misuse(_))), "{refused:?}");
        let both = ContentType::get_for_models([Album::META, Note::META], conn).await.unwrap();
        assert_eq!(both, [album, note]);
        // one that was made in a transaction that is rolled back is not remembered
        ContentType::objects().filter(content_type::model.eq("note")).delete(conn).await.unwrap();
        ContentType::clear_cache(conn);
        let undone: Result<(), Error> = conn
            .transaction(async |conn| {
                ContentType::get_for_model::<Note>(conn).await?;
                Err(Error::NotFound)
            })
            .await;
        assert!(undone.is_err());
        let made = ContentType::get_for_model::<Note>(conn).await.unwrap();
        assert_eq!(ContentType::get_for_id(made.id, conn).await.unwrap(), made);
    });
}

#[test]
fn a_row_points_at_a_row_of_any_model() {
    tagging(async |conn| {
        let (one, two) = (album(1, conn).await, album(2, conn).await);
        let artist = Artist::objects().filter(artist::id.eq(1)).get(conn).await.unwrap();
        let loud = tag(&one, "loud", conn).await;
        let live = tag(&two, "live", conn).await;
        let band = tag(&artist, "band", conn).await;
        let key = TaggedItem::CONTENT_OBJECT;
        assert_eq!(key.get::<Album>(&loud, conn).await.unwrap().as_ref(), Some(&one));
        assert_eq!(key.get::<Artist>(&loud, conn).await.unwrap(), None);
        assert_eq!(key.get::<Artist>(&band, conn).await.unwrap().as_ref(), Some(&artist));
        // one statement for each model
        let items = TaggedItem::objects().all(conn).await.unwrap();
        let albums = within(1, conn, key.prefetch::<Album>(&items, conn)).await.unwrap();
        let artists = within(1, conn, key.prefetch::<Artist>(&items, conn)).await.unwrap();
        assert_eq!(
            (albums.of(&loud), albums.of(&live), albums.of(&band)),
            (Some(&one), Some(&two), None)
        );
        assert_eq!(artists.of(&band), Some(&artist));
        let of_albums = TaggedItem::objects().filter_by(key.to_model::<Album>());
        assert_eq!(of_albums.count(conn).await.unwrap(), 2);
        let of_one = TaggedItem::objects().filter_by(key.to(&one)).all(conn).await.unwrap();
        assert_eq!(of_one, [loud]);
        // a row that is gone
        conn.batch_execute("UPDATE store_taggeditem SET object_id = 999999 WHERE tag = 'live'")
            .await
            .unwrap();
        let live =
            TaggedItem::objects().filter(tagged_item::tag.eq("live")).get(conn).await.unwrap();
        assert_eq!(key.get::<Album>(&live, conn).await.unwrap(), None);
    });
}

#[test]
fn the_way_back_is_read_filtered_and_prefetched() {
    tagging(async |conn| {
        let (one, two) = (album(1, conn).await, album(2, conn).await);
        let artist = Artist::objects().filter(artist::id.eq(1)).get(conn).await.unwrap();
        for (row, text) in [(&one, "loud"), (&one, "live"), (&two, "live")] {
            tag(row, text, conn).await;
        }
        tag(&artist, "loud", conn).await;
        let tags = Album::TAGS.of(&one).all(conn).await.unwrap();
        assert_eq!(tags.iter().map(|tag| tag.tag.as_str()).collect::<Vec<_>>(), ["loud", "live"]);
        let having = |text: &str| Album::TAGS.any(TaggedItem::fields().tag().exact(text));
        let ids = async |condition| -> Vec<i64> {
            Album::objects().filter_by(condition).values(album::id).all(conn).await.unwrap()
        };
        assert_eq!(ids(having("live")).await, [1, 2]);
        assert_eq!(ids(having("loud")).await, [1]);
        assert_eq!(ids(having("live") & !having("loud")).await, [2]);
        let albums = Album::objects().filter(album::id.le(3)).all(conn).await.unwrap();
        let found = Album::TAGS.prefetch(
            &albums,
            TaggedItem::objects().then_by_desc(tagged_item::id),
            conn,
        );
        let found = within(1, conn, found).await.unwrap();
        let counts: Vec<usize> = albums.iter().map(|album| found.of(album).len()).collect();
        assert_eq!(counts, [2, 1, 0]);
        assert_eq!(found.of(&one)[0].tag, "live");
        let refused = Album::TAGS.prefetch(&albums, TaggedItem::objects().slice(0, 1), conn).await;
        assert!(matches!(refused, Err(Error::Misuse(_))));
    });
}

#[test]
fn keys_of_text_hold_keys_of_any_type() {
    tagging(async |conn| {
        let one = album(1, conn).await;
        let of = ContentType::get_for_model::<Album>(conn).await.unwrap();
        let note = Changes::new().set(note::text, "dusty").set_generic(Note::ABOUT, &one, &of);
        let note = Note::objects().bulk_create([note], conn).await.unwrap().pop().unwrap();
        assert_eq!(note.of, "1");
        assert_eq!(Note::ABOUT.get::<Album>(&note, conn).await.unwrap().as_ref(), Some(&one));
        assert_eq!(Album::NOTES.of(&one).count(conn).await.unwrap(), 1);
        let dusty = Album::NOTES.any(Note::fields().text().exact("dusty"));
        assert_eq!(Album::objects().filter_by(dusty).count(conn).await.unwrap(), 1);
        let found = Album::NOTES.prefetch([&one], Note::objects(), conn).await.unwrap();
        assert_eq!(found.of(&one), [note]);
        // what is no key of the model leads nowhere
        conn.batch_execute("UPDATE store_note SET \"of\" = 'x'").await.unwrap();
        let note = Note::objects().first(conn).await.unwrap().unwrap();
        assert_eq!(Note::ABOUT.get::<Album>(&note, conn).await.unwrap(), None);
    });
}

#[test]
fn rows_of_a_proxy_are_those_of_its_model() {
    tagging(async |conn| {
        let of = ContentType::get_for_model::<Record>(conn).await.unwrap();
        assert_eq!(of, ContentType::get_for_model::<Album>(conn).await.unwrap());
        assert!(of.is::<Record>() && of.is::<Album>());
        let record = Record::objects().filter(record::id.eq(1)).get(conn).await.unwrap();
        let tagged = tag(&record, "live", conn).await;
        let one = album(1, conn).await;
        assert_eq!(Album::TAGS.of(&one).all(conn).await.unwrap(), std::slice::from_ref(&tagged));
        assert_eq!(
            Record::TAGS.of(&record).all(conn).await.unwrap(),
            std::slice::from_ref(&tagged)
        );
        let live = Record::TAGS.any(TaggedItem::fields().tag().exact("live"));
        assert_eq!(Record::objects().filter_by(live).count(conn).await.unwrap(), 1);
        let key = TaggedItem::CONTENT_OBJECT;
        assert_eq!(key.get::<Record>(&tagged, conn).await.unwrap(), Some(record));
        // its permissions are its own
        create_permissions([Record::META], conn).await.unwrap();
        let own = Permission::fields().content_type().model().exact("record");
        assert_eq!(Permission::objects().filter_by(own).count(conn).await.unwrap(), 4);
    });
}

#[test]
fn a_content_type_that_is_read_in_a_transaction_is_known_after_it() {
    tagging(async |conn| {
        ContentType::get_for_model::<Album>(conn).await.unwrap();
        ContentType::clear_cache(conn);
        let done: Result<(), Error> = conn
            .transaction(async |conn| {
                ContentType::get_for_model::<Album>(conn).await?;
                Ok(())
            })
            .await;
        done.unwrap();
        within(0, conn, ContentType::get_for_model::<Album>(conn)).await.unwrap();
    });
}

#[test]
fn keys_of_text_hold_uuids() {
    tagging(async |conn| {
        let new = |text: &str| Changes::new().set(tape::id, Uuid::random()).set(tape::title, text);
        let tapes = Tape::objects().bulk_create(["one", "two"].map(new), conn).await.unwrap();
        let of = ContentType::get_for_model::<Tape>(conn).await.unwrap();
        let note = Changes::new().set(note::text, "dusty").set_generic(Note::ABOUT, &tapes[0], &of);
        let note = Note::objects().bulk_create([note], conn).await.unwrap().pop().unwrap();
        assert_eq!(note.of, tapes[0].id.to_string());
        let dusty = Tape::NOTES.any(Note::fields().text().exact("dusty"));
        let found = Tape::objects().filter_by(dusty).all(conn).await.unwrap();
        assert_eq!(found, tapes[..1]);
        assert_eq!(Tape::NOTES.of(&tapes[0]).count(conn).await.unwrap(), 1);
        assert_eq!(Note::ABOUT.get::<Tape>(&note, conn).await.unwrap().as_ref(), Some(&tapes[0]));
    });
}

/// The last tag of each row is found by a window.
#[test]
fn rows_are_found_by_a_window_of_what_belongs_to_them() {
    tagging(async |conn| {
        let (one, two) = (album(1, conn).await, album(2, conn).await);
        for (row, text) in [(&one, "live"), (&one, "loud"), (&two, "live")] {
            tag(row, text, conn).await;
        }
        let place =
            || RowNumber::over().partition_by(tagged_item::object_id).order_by(tagged_item::id);
        let place = |number: i64| Expression::from(place()).exact(number);
        for (number, expected) in [(1, vec![1, 2]), (2, vec![1])] {
            let albums = Album::objects().filter_by(Album::TAGS.any(place(number)));
            let ids: Vec<i64> = albums.values(album::id).all(conn).await.unwrap();
            assert_eq!(ids, expected);
        }
    });
}

#[test]
fn a_deletion_takes_what_belongs_to_the_row() {
    tagging(async |conn| {
        conn.batch_execute(
            "INSERT INTO store_artist (id, name) VALUES (9001, 'Nobody'); \
             INSERT INTO store_album (id, title, artist_id) VALUES (9001, 'Nothing', 9001)",
        )
        .await
        .unwrap();
        let own = album(9001, conn).await;
        let artist = Artist::objects().filter(artist::id.eq(9001)).get(conn).await.unwrap();
        let other = album(1, conn).await;
        for text in ["a", "b"] {
            tag(&own, text, conn).await;
            tag(&artist, text, conn).await;
        }
        let stays = tag(&other, "stays", conn).await;
        // the artist, its album, two tags of each
        let gone = Artist::objects().filter(artist::id.eq(9001)).delete(conn).await.unwrap();
        assert_eq!(gone, 6);
        assert_eq!(TaggedItem::objects().all(conn).await.unwrap(), [stays]);
    });
}

#[test]
fn permissions_are_made_as_migrate_makes_them() {
    tagging(async |conn| {
        async fn codenames(model: &str, conn: &Conn) -> Vec<(String, String)> {
            let own = Permission::fields().content_type().model().exact(model);
            let of_store = Permission::fields().content_type().app_label().exact("store");
            let found =
                Permission::objects().filter_by(own & of_store).then_by(permission::codename);
            found.values((permission::codename, permission::name)).all(conn).await.unwrap()
        }
        conn.batch_execute("DELETE FROM auth_group_permissions; DELETE FROM auth_user_user_permissions; DELETE FROM auth_permission").await.unwrap();
        let models = [Album::META, Artist::META, Genre::META];
        assert_eq!(create_permissions(models, conn).await.unwrap(), 6);
        assert_eq!(create_permissions(models, conn).await.unwrap(), 0);
        let pair = |code: &str, name: &str| (code.to_owned(), name.to_owned());
        assert_eq!(
            codenames("album", conn).await,
            [
                pair("add_album", "Can add album"),
                pair("can_remaster", "Can remaster albums"),
                pair("change_album", "Can change album"),
                pair("delete_album", "Can delete album"),
                pair("view_album", "Can view album"),
            ]
        );
        assert_eq!(codenames("artist", conn).await, [pair("view_artist", "Can view artist")]);
        assert_eq!(codenames("genre", conn).await, []);
    });
}

async fn make_a_genre(conn: &Conn) -> Result<()> {
    let genre = Changes::new().set(genre::name, "Migrated");
    Genre::objects().get_or_create(genre, (), conn).await?;
    Ok(())
}

#[test]
fn receivers_run_behind_migrations() {
    for on in On::all() {
        let store = Store::new(on);
        store.database().connect([post_migrate(make_a_genre)]);
        let database = std::sync::Arc::clone(store.database());
        std::thread::spawn(move || {
            let system = actix_web::rt::System::new();
            system.block_on(async {
                emit_post_migrate(&database).await.unwrap();
                // all that it makes is there already
                assert_eq!(emit_post_migrate(&database).await.unwrap(), 0);
            });
        })
        .join()
        .unwrap();
        store.run(async |conn| {
            let made = Genre::objects().filter(genre::name.eq("Migrated"));
            assert_eq!(made.count(conn).await.unwrap(), 1);
        });
    }
}

#[test]
fn several_at_once_make_one_row_of_each() {
    for on in On::all() {
        let store = Store::new(on);
        let start = std::sync::Barrier::new(4);
        let ids: Vec<i32> = std::thread::scope(|scope| {
            let all: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        start.wait();
                        store.run(async |conn| {
                            let made = ContentType::get_for_model::<Note>(conn).await.unwrap();
                            create_permissions([Note::META], conn).await.unwrap();
                            made.id
                        })
                    })
                })
                .collect();
            all.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        let rows = "SELECT COUNT(*) FROM django_content_type WHERE model = 'note'";
        assert_eq!(store.number(rows), 1);
        let permissions = "SELECT COUNT(*) FROM auth_permission WHERE codename LIKE '%_note'";
        assert_eq!(store.number(permissions), 4);
    }
}
