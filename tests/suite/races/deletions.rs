//! Cascading deletions, and requests that write such rows meanwhile.

use quintet_tests::client::Client;
use quintet_tests::store::ADMIN;
use serde_json::{Value, json};

use super::{Track, created, race};

/// An album of three tracks: its key, its artist's, and the tracks'.
fn album(client: &Client, name: &str) -> (i64, i64, Vec<i64>) {
    let artist = created(client, "/api/artists/", &json!({ "name": name }));
    let album = created(client, "/api/albums/", &json!({"title": name, "artist_id": artist}));
    let track = |number: usize| {
        let body = json!({
            "name": format!("{name} {number}"), "album": album, "media_type": "AAC audio file",
            "milliseconds": 1000, "unit_price": "0.99",
        });
        created(client, "/api/tracks/", &body)
    };
    (album, artist, (0..3).map(track).collect())
}

fn dangling(track: &Track<'_>, table: &str, column: &str, to: &str) -> bool {
    let sql = format!("SELECT count(*) FROM {table} WHERE {column} NOT IN (SELECT id FROM {to})");
    track.store.number(&sql) > 0
}

#[test]
fn an_album_that_is_deleted_while_lists_take_its_tracks_leaves_no_link() {
    race("DELETE of an album and links to its tracks", |track, round, tally| {
        let client = track.client(ADMIN);
        let (album, artist, tracks) = album(&client, &format!("Short {round}"));
        let list = json!({"name": "Mine", "tracks": [tracks[1]]});
        let lists: Vec<i64> =
            (0..track.clients).map(|_| created(&client, "/api/playlists/", &list)).collect();
        let replies = track.together(|index| match index {
            0 => client.send("DELETE", &format!("/api/albums/{album}/"), &[], b""),
            5 => client.send("DELETE", &format!("/api/artists/{artist}/"), &[], b""),
            _ => {
                let tracks = json!({"tracks": [tracks[2], 1, tracks[0]]});
                let address = format!("/api/playlists/{}/", lists[index]);
                match index % 2 {
                    0 => client.json("POST", &format!("{address}tracks/"), &tracks),
                    _ => client.json("PATCH", &address, &tracks),
                }
            }
        });
        tally.answers(&replies, &[200, 204, 400, 404]);
        tally.lost_if(client.get(&format!("/api/albums/{album}/")).status != 404);
        tally.mixed_if(dangling(track, "store_playlist_tracks", "track_id", "store_track"));
        tally.mixed_if(dangling(track, "store_track", "album_id", "store_album"));
    });
}

#[test]
fn a_track_that_is_sold_while_it_is_deleted_is_kept_or_not_sold() {
    race("DELETE of an album, of tracks, and lines on them", |track, round, tally| {
        let client = track.client(ADMIN);
        let (album, _, tracks) = album(&client, &format!("Rare {round}"));
        let line = |track: i64| json!({"track": track, "quantity": 1});
        let bill = |lines: Vec<Value>| json!({"customer": 1, "invoice_date": "2026-01-01T00:00:00Z", "lines": lines});
        let bills: Vec<i64> = (0..track.clients)
            .map(|_| created(&client, "/api/invoices/", &bill(vec![line(1)])))
            .collect();
        let deleted = |index: usize| match index {
            0 => format!("/api/albums/{album}/"),
            _ => format!("/api/tracks/{}/", tracks[index / 2]),
        };
        let replies = track.together(|index| {
            if index % 2 == 0 {
                return client.send("DELETE", &deleted(index), &[], b"");
            }
            // the reverse of the order in which a deletion locks them
            let lines = vec![line(tracks[2]), line(tracks[1]), line(tracks[0])];
            let address = format!("/api/invoices/{}/", bills[index]);
            client.json("PATCH", &address, &json!({ "lines": lines }))
        });
        tally.answers(&replies, &[200, 204, 400, 404, 409]);
        tally.mixed_if(dangling(track, "store_invoiceline", "track_id", "store_track"));
        for (index, reply) in replies.iter().enumerate().step_by(2) {
            let gone = client.get(&deleted(index)).status == 404;
            // if several requests delete the same row, all succeed
            tally.lost_if(reply.status != 503 && gone != [204, 404].contains(&reply.status));
        }
    });
}

#[test]
fn deletions_that_meet_on_the_same_rows_end_and_leave_none() {
    race("DELETE of an artist, an album, its tracks and a list of them", |track, round, tally| {
        let client = track.client(ADMIN);
        let (album, artist, tracks) = album(&client, &format!("Gone {round}"));
        let body = json!({"name": "Mine", "tracks": [tracks[2], tracks[0], tracks[1]]});
        let list = created(&client, "/api/playlists/", &body);
        let addresses = [
            format!("/api/playlists/{list}/"),
            format!("/api/artists/{artist}/"),
            format!("/api/albums/{album}/"),
            format!("/api/tracks/{}/", tracks[0]),
            format!("/api/tracks/{}/", tracks[2]),
            format!("/api/artists/{artist}/"),
        ];
        let replies = track.together(|index| client.send("DELETE", &addresses[index], &[], b""));
        tally.answers(&replies, &[204, 404]);
        for address in addresses.iter().take(track.clients) {
            tally.lost_if(client.get(address).status != 404);
        }
        tally.mixed_if(dangling(track, "store_playlist_tracks", "track_id", "store_track"));
        tally.mixed_if(dangling(track, "store_playlist_tracks", "playlist_id", "store_playlist"));
    });
}

#[test]
fn employees_who_leave_while_others_report_to_them_leave_nobody_without_a_chief() {
    race("DELETE of employees and PATCH of whom others report to", |track, _, tally| {
        let client = track.client(ADMIN);
        let employee = |chief: Option<i64>| {
            let body = json!({"first_name": "A", "last_name": "B", "reports_to": chief});
            created(&client, "/api/employees/", &body)
        };
        let chief = employee(None);
        let others: Vec<i64> = (0..track.clients).map(|_| employee(Some(chief))).collect();
        let replies = track.together(|index| match index {
            0 => client.send("DELETE", &format!("/api/employees/{chief}/"), &[], b""),
            3 => client.send("DELETE", &format!("/api/employees/{}/", others[1]), &[], b""),
            _ => {
                let other = json!({"reports_to": others[0], "city": format!("City {index}")});
                client.json("PATCH", &format!("/api/employees/{}/", others[index]), &other)
            }
        });
        tally.answers(&replies, &[200, 204, 404]);
        tally.lost_if(client.get(&format!("/api/employees/{chief}/")).status != 404);
        tally.mixed_if(dangling(
            track,
            "store_employee",
            "coalesce(reports_to_id, 1)",
            "store_employee",
        ));
    });
}

#[test]
fn an_album_of_an_artist_who_vanishes_is_stored_or_a_400() {
    race("POST of albums and DELETE of their artist", |track, round, tally| {
        let client = track.client(ADMIN);
        let name = format!("Brief {round}");
        let artist = created(&client, "/api/artists/", &json!({ "name": name }));
        let replies = track.together(|index| {
            if index == 0 {
                return client.send("DELETE", &format!("/api/artists/{artist}/"), &[], b"");
            }
            let body = json!({"title": format!("Album {index}"), "artist_id": artist});
            client.json("POST", "/api/albums/", &body)
        });
        tally.answers(&replies[..1], &[204]);
        tally.answers(&replies[1..], &[201, 400]);
        let gone = json!({"non_field_errors": ["A related object does not exist."]});
        let never = json!({
            "artist_id": [format!("Invalid pk \"{artist}\" - object does not exist.")]
        });
        for reply in replies[1..].iter().filter(|reply| reply.status == 400) {
            tally.mixed_if(![&gone, &never].contains(&&reply.json()));
        }
        tally.mixed_if(dangling(track, "store_album", "artist_id", "store_artist"));
    });
}
