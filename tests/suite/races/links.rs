//! Playlists and their tracks: links that are set, added, removed and counted.

use quintet_tests::client::{Client, Reply};
use quintet_tests::store::ADMIN;
use serde_json::{Value, json};

use super::{Track, created, keys, race};

/// Two tracks of a client's own.
fn own(client: usize) -> [i64; 2] {
    let first = 10 * i64::try_from(client).unwrap() + 1;
    [first + 1, first]
}

fn playlist(client: &Client, tracks: &Value) -> (i64, String) {
    let id = created(client, "/api/playlists/", &json!({"name": "Mine", "tracks": tracks}));
    (id, format!("/api/playlists/{id}/"))
}

fn links(track: &Track<'_>, id: i64) -> i64 {
    let sql = "SELECT count(*) FROM store_playlist_tracks WHERE playlist_id = ";
    track.store.number(&format!("{sql}{id}"))
}

#[test]
fn links_that_several_set_at_once_are_those_of_one() {
    race("PUT and PATCH of links", |track, round, tally| {
        let client = track.client(ADMIN);
        let (_, address) = playlist(&client, &json!([100, 101]));
        // one track that all have: a link that stays
        let wanted = |index: usize| json!([own(index)[0], 200, own(index)[1]]);
        let replies = track.together(|index| {
            let tracks = wanted(index);
            match (round + index) % 2 {
                0 => client.json("PATCH", &address, &json!({ "tracks": tracks })),
                _ => client.json("PUT", &address, &json!({"name": "Ours", "tracks": tracks})),
            }
        });
        tally.answers(&replies, &[200]);
        let own = |(index, body): (usize, &Value)| keys(&body["tracks"]) == keys(&wanted(index));
        let bodies: Vec<Value> = replies.iter().map(Reply::json).collect();
        let shown =
            |(index, body): (usize, &Value)| replies[index].status != 200 || own((index, body));
        tally.mixed_if(!bodies.iter().enumerate().all(shown));
        let stored = client.get(&address).json();
        tally.mixed_if(!(0..track.clients).any(|index| own((index, &stored))));
    });
}

#[test]
fn links_that_several_add_at_once_are_all_there_and_counted_one_by_one() {
    race("POST of links", |track, _, tally| {
        let client = track.client(ADMIN);
        let (id, address) = playlist(&client, &json!([]));
        let tracks = format!("{address}tracks/");
        let replies =
            track.together(|index| client.json("POST", &tracks, &json!({"tracks": own(index)})));
        tally.answers(&replies, &[200]);
        let all = i64::try_from(2 * track.clients).unwrap();
        tally.lost_if(links(track, id) != all);
        let counts = replies.iter().map(|reply| reply.json()["track_count"].clone()).collect();
        let expected: Vec<i64> = (1..=all / 2).map(|count| 2 * count).collect();
        tally.mixed_if(keys(&Value::Array(counts)) != expected);
    });
}

#[test]
fn links_that_some_add_and_others_remove_are_each_as_its_client_left_them() {
    race("POST and DELETE of links", |track, _, tally| {
        let client = track.client(ADMIN);
        let removed: Vec<i64> = (0..track.clients).filter(|i| i % 2 == 1).flat_map(own).collect();
        let (id, address) = playlist(&client, &json!(removed));
        let tracks = format!("{address}tracks/");
        let replies = track.together(|index| {
            let method = if index % 2 == 0 { "POST" } else { "DELETE" };
            client.json(method, &tracks, &json!({"tracks": own(index)}))
        });
        tally.answers(&replies, &[200, 204]);
        let mut added: Vec<i64> = (0..track.clients).filter(|i| i % 2 == 0).flat_map(own).collect();
        added.sort_unstable();
        tally.lost_if(keys(&client.get(&address).json()["tracks"]) != added);
        tally.lost_if(links(track, id) != i64::try_from(added.len()).unwrap());
    });
}

#[test]
fn the_same_links_that_several_add_in_any_order_are_there_once() {
    race("POST of the same links", |track, _, tally| {
        let client = track.client(ADMIN);
        let (id, address) = playlist(&client, &json!([]));
        let tracks = format!("{address}tracks/");
        let replies = track.together(|index| {
            let mut wanted = vec![1, 2, 3, 4, 5];
            wanted.rotate_left(index % 5);
            client.json("POST", &tracks, &json!({ "tracks": wanted }))
        });
        tally.answers(&replies, &[200]);
        tally.mixed_if(links(track, id) != 5);
    });
}

#[test]
fn links_that_are_written_while_the_list_is_deleted_leave_none() {
    race("DELETE and links of a list", |track, _, tally| {
        let client = track.client(ADMIN);
        let (id, address) = playlist(&client, &json!([1, 2, 3]));
        let tracks = format!("{address}tracks/");
        let replies = track.together(|index| match index % 3 {
            0 => client.send("DELETE", &address, &[], b""),
            1 => client.json("POST", &tracks, &json!({"tracks": own(index)})),
            _ => client.json("PATCH", &address, &json!({"tracks": own(index)})),
        });
        tally.answers(&replies, &[200, 204, 404]);
        tally.lost_if(client.get(&address).status != 404);
        tally.mixed_if(links(track, id) != 0);
    });
}
