//! Single rows: the database decides, and its refusal has the validators' messages.

use std::sync::Arc;

use musicstore::models::{Track, track};
use quintet::db::Database;
use quintet::permissions::ObjectPermission;
use quintet::prelude::*;
use quintet_tests::client::{Client, Reply};
use quintet_tests::store::{ADMIN, ALICE, On, Store};
use serde_json::{Value as Json, json};

use super::{created, race, run, together};

/// Checks that exactly one of several responses is a 201 and the others are this 400.
fn one_wins(replies: &[Reply], refusal: &Json) {
    let won = replies.iter().filter(|reply| reply.status == 201).count();
    assert_eq!(won, 1, "{replies:?}");
    for reply in replies.iter().filter(|reply| reply.status != 201) {
        assert_eq!((reply.status, &reply.json()), (400, refusal));
    }
}

fn customer(email: &str) -> Json {
    json!({"first_name": "Ann", "last_name": "Other", "email": email})
}

#[test]
fn of_several_who_want_the_same_unique_value_one_gets_it() {
    for on in On::all() {
        let store = Store::new(on);
        let client = store.client_of(ADMIN);
        for round in 0..10 {
            let email = format!("ann{round}@example.com");
            let replies =
                together(4, |_| client.json("POST", "/api/customers/", &customer(&email)));
            one_wins(&replies, &json!({"email": ["A customer with this email already exists."]}));
            let name = format!("Format {round}");
            let replies =
                together(4, |_| client.json("POST", "/api/media-types/", &json!({ "name": name })));
            one_wins(&replies, &json!({"name": ["media type with this name already exists."]}));
        }
        let stored = store.number("SELECT count(*) FROM store_customer WHERE email LIKE 'ann%'");
        assert!(stored >= 10, "{stored}");
    }
}

#[test]
fn of_several_who_want_the_same_pair_one_gets_it() {
    for on in On::all() {
        let store = Store::new(on);
        let client = store.client_of(ALICE);
        for round in 0..10 {
            let body = json!({"title": format!("Title {round}"), "artist_id": 1});
            let replies = together(4, |_| client.json("POST", "/api/albums/", &body));
            let refusal = "The fields artist, title must make a unique set.";
            one_wins(&replies, &json!({"non_field_errors": [refusal]}));
        }
        assert_eq!(store.number("SELECT count(*) FROM store_album"), 357);
    }
}

#[test]
fn a_value_that_another_row_takes_meanwhile_is_refused_on_patch_too() {
    for on in On::all() {
        let store = Store::new(on);
        let client = store.client_of(ADMIN);
        let replies = together(4, |index| {
            let path = format!("/api/media-types/{}/", index + 1);
            client.json("PATCH", &path, &json!({"name": "The one"}))
        });
        let won = replies.iter().filter(|reply| reply.status == 200).count();
        assert_eq!(won, 1, "{on:?} {replies:?}");
        for reply in replies.iter().filter(|reply| reply.status != 200) {
            let refusal = json!({"name": ["media type with this name already exists."]});
            assert_eq!((reply.status, reply.json()), (400, refusal));
        }
    }
}

/// Changes a row while another request deletes it, again and again.
fn change_and_delete(on: On, client: &Client, path: &str, new: &Json, change: &Json) -> [u32; 2] {
    let mut seen = [0, 0];
    for _ in 0..15 {
        let created = client.json("POST", path, new);
        assert_eq!(created.status, 201, "{}", created.text());
        let address = format!("{path}{}/", created.json()["id"]);
        let replies = together(2, |index| match index {
            0 => client.json("PATCH", &address, change),
            _ => client.send("DELETE", &address, &[], b""),
        });
        assert_eq!(replies[1].status, 204, "{on:?} {}", replies[1].text());
        match replies[0].status {
            200 => seen[0] += 1,
            404 => seen[1] += 1,
            other => panic!("{on:?} {address}: {other} {}", replies[0].text()),
        }
        // the change has not brought the row back
        assert_eq!(client.get(&address).status, 404, "{on:?}");
    }
    seen
}

#[test]
fn changing_a_row_that_is_being_deleted_is_200_or_404_and_leaves_none() {
    for on in On::all() {
        let store = Store::new(on);
        let client = store.client_of(ADMIN);
        let artist = json!({"name": "Short Lived"});
        change_and_delete(on, &client, "/api/artists/", &artist, &json!({"name": "Longer"}));
        let list = json!({"name": "Mine", "tracks": [1, 2, 3]});
        change_and_delete(on, &client, "/api/playlists/", &list, &json!({"tracks": [4, 5]}));
        assert_eq!(
            store.number(
                "SELECT count(*) FROM store_playlist_tracks WHERE playlist_id NOT IN \
                 (SELECT id FROM store_playlist)"
            ),
            0
        );
    }
}

#[test]
fn a_row_that_is_gone_is_404_for_every_method() {
    for on in On::all() {
        let store = Store::new(on);
        let client = store.client_of(ADMIN);
        let created = client.json("POST", "/api/artists/", &json!({"name": "Gone"})).json();
        let address = format!("/api/artists/{}/", created["id"]);
        assert_eq!(client.send("DELETE", &address, &[], b"").status, 204);
        let missing = json!({"detail": "No Artist matches the given query."});
        for method in ["GET", "PUT", "PATCH", "DELETE"] {
            let reply = client.json(method, &address, &json!({"name": "Back"}));
            assert_eq!((reply.status, reply.json()), (404, missing.clone()), "{method} on {on:?}");
        }
    }
}

#[test]
fn a_row_that_a_protected_key_points_at_is_409_and_stays() {
    for on in On::all() {
        let store = Store::new(on);
        let client = store.client_of(ADMIN);
        for (address, model, by) in [
            ("/api/media-types/1/", "MediaType", "Track.media_type"),
            ("/api/customers/1/", "Customer", "Invoice.customer"),
            ("/api/tracks/2/", "Track", "InvoiceLine.track"),
        ] {
            let reply = client.send("DELETE", address, &[], b"");
            let detail = format!(
                "Cannot delete some instances of model '{model}' because they are referenced \
                 through protected foreign keys: '{by}'."
            );
            assert_eq!((reply.status, reply.json()), (409, json!({ "detail": detail })), "{on:?}");
            assert_eq!(client.get(address).status, 200);
        }
    }
}

#[test]
fn columns_that_several_change_at_once_are_all_kept() {
    const COLUMNS: [&str; 6] = ["company", "address", "city", "state", "country", "phone"];
    race("PATCH of different columns", |track, round, tally| {
        let client = track.client(ADMIN);
        let email = format!("each{round}of{}@example.com", track.clients);
        let address =
            format!("/api/customers/{}/", created(&client, "/api/customers/", &customer(&email)));
        let replies = track.together(|index| {
            client.json("PATCH", &address, &json!({ COLUMNS[index]: format!("new {index}") }))
        });
        tally.answers(&replies, &[200]);
        let stored = client.get(&address).json();
        let kept = |index: usize| stored[COLUMNS[index]] == json!(format!("new {index}"));
        tally.lost_if(!(0..track.clients).all(kept));
    });
}

#[derive(Serializer)]
#[serializer(model = Track)]
struct LengthSerializer {
    id: i64,
    milliseconds: i32,
}

/// Everybody may change every track; it checks objects, so that the stored row is read.
struct OfTracks;

impl ObjectPermission for OfTracks {
    type Object = Track;

    async fn has_object_permission(&self, _: &mut Context, _: &Track) -> Result<bool> {
        Ok(true)
    }
}

macro_rules! lengthened {
    ($($name:ident by $permission:expr;)*) => {$(
        /// Adds what is sent to what is stored.
        struct $name;

        impl ViewSet for $name {
            type Base = ModelViewSet;
            type Serializer = LengthSerializer;

            fn basename(&self) -> String {
                stringify!($name).to_lowercase()
            }

            fn permission_classes(&self) -> impl PermissionClasses {
                $permission
            }

            async fn perform_update(
                &self,
                mut changes: Changes<Track>,
                cx: &mut Context,
            ) -> Result<Track> {
                cx.transaction(async |cx| {
                    let stored = changes.stored(cx).await?.map_or(0, |track| track.milliseconds);
                    let sent = changes.get(track::milliseconds).unwrap_or(0);
                    cx.save(changes.set(track::milliseconds, stored + sent)).await
                })
                .await
            }
        }
    )*};
}

lengthened! {
    Plain by AllowAny;
    Guarded by OfTracks;
}

/// Lets the database add what is sent, without a transaction.
struct Computed;

impl ViewSet for Computed {
    type Base = ModelViewSet;
    type Serializer = LengthSerializer;

    fn basename(&self) -> String {
        "computed".to_owned()
    }

    fn permission_classes(&self) -> impl PermissionClasses {
        AllowAny
    }

    async fn perform_update(&self, changes: Changes<Track>, cx: &mut Context) -> Result<Track> {
        let sent = changes.get(track::milliseconds).unwrap_or(0);
        let sum = Track::fields().milliseconds() + sent;
        cx.save(changes.set_expression(track::milliseconds, sum)).await
    }
}

#[test]
fn what_is_computed_from_the_stored_row_by_several_at_once_counts_each_of_them() {
    let site = |settings: Settings, database: Arc<Database>| {
        let urls = Router::new()
            .register("plain", Plain)
            .register("guarded", Guarded)
            .register("computed", Computed);
        Site::builder(settings, database).mount(urls.at("/")).build().expect("the site builds")
    };
    for path in ["/plain/1/", "/guarded/1/", "/computed/1/"] {
        let store =
            |on, atomic| Arc::new(Store::serving(on, |all| all.atomic_requests = atomic, site));
        run(&format!("PATCH of {path} by what is stored"), store, |track, _, tally| {
            let client = track.store.client();
            let length = || client.get(path).json()["milliseconds"].as_i64().expect("a number");
            let before = length();
            let one = json!({"milliseconds": 1});
            let replies = track.together(|_| client.json("PATCH", path, &one));
            tally.answers(&replies, &[200]);
            let done = replies.iter().filter(|reply| reply.status == 200).count();
            tally.lost_if(length() - before != i64::try_from(done).expect("a small number"));
        });
    }
}
