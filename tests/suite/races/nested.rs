//! Invoices and their lines: rows that belong to a row, and a total computed from them.

use quintet_tests::client::{Client, Reply};
use quintet_tests::store::ADMIN;
use serde_json::{Value, json};

use super::{Track, created, numbers, race};

/// Lines at one apiece: as many as the client's number says, and on tracks of its own.
fn lines(client: usize) -> Value {
    let tracks = own(client);
    tracks
        .iter()
        .map(|track| json!({"track": track, "quantity": 1, "unit_price": "1.00"}))
        .collect()
}

fn own(client: usize) -> Vec<i64> {
    let first = 10 * i64::try_from(client).unwrap() + 1;
    // the later ones first, so that no two clients ask in the same order by chance
    (first..=first + i64::try_from(client).unwrap()).rev().collect()
}

fn invoice() -> Value {
    json!({"customer": 1, "invoice_date": "2026-01-01T00:00:00Z", "lines": lines(0)})
}

/// The client whose lines and total an invoice shows; `None` for those of several.
fn whose(invoice: &Value, clients: usize) -> Option<usize> {
    let shown = numbers(&invoice["lines"], "track");
    let total = invoice["total"].as_str()?;
    (0..clients).find(|client| {
        let mut tracks = own(*client);
        tracks.sort_unstable();
        shown == tracks && total == format!("{}.00", tracks.len())
    })
}

fn is_own(replies: &[Reply], clients: usize) -> bool {
    let shown = |(index, reply): (usize, &Reply)| {
        reply.status >= 300 || whose(&reply.json(), clients) == Some(index)
    };
    replies.iter().enumerate().all(shown)
}

fn write_at_once(path: &str, send: impl Fn(&Client, &str, usize) -> Reply + Sync) {
    race(path, |track: &Track<'_>, _, tally| {
        let client = track.client(ADMIN);
        let address = format!("/api/invoices/{}/", created(&client, "/api/invoices/", &invoice()));
        let replies = track.together(|index| send(&client, &address, index));
        tally.answers(&replies, &[200]);
        tally.mixed_if(!is_own(&replies, track.clients));
        tally.mixed_if(whose(&client.get(&address).json(), track.clients).is_none());
    });
}

#[test]
fn lines_that_several_patch_at_once_are_those_of_one_with_its_total() {
    write_at_once("PATCH of lines", |client, address, index| {
        client.json("PATCH", address, &json!({"lines": lines(index)}))
    });
}

#[test]
fn lines_that_some_put_and_others_patch_are_those_of_one() {
    write_at_once("PUT and PATCH of lines", |client, address, index| {
        if index % 2 == 0 {
            return client.json("PATCH", address, &json!({"lines": lines(index)}));
        }
        let mut body = invoice();
        body["lines"] = lines(index);
        client.json("PUT", address, &body)
    });
}

#[test]
fn a_column_and_lines_that_are_patched_at_once_are_both_kept() {
    race("PATCH of a column and of lines", |track, round, tally| {
        let client = track.client(ADMIN);
        let address = format!("/api/invoices/{}/", created(&client, "/api/invoices/", &invoice()));
        let city = format!("City {round}");
        let replies = track.together(|index| match index {
            0 => client.json("PATCH", &address, &json!({ "billing_city": city })),
            _ => client.json("PATCH", &address, &json!({"lines": lines(index)})),
        });
        tally.answers(&replies, &[200]);
        let stored = client.get(&address).json();
        tally.lost_if(stored["billing_city"] != json!(city));
        tally.mixed_if(whose(&stored, track.clients).is_none_or(|client| client == 0));
    });
}

#[test]
fn invoices_that_are_made_at_once_have_their_own_lines() {
    race("POST of invoices", |track, _, tally| {
        let client = track.client(ADMIN);
        let replies = track.together(|index| {
            let mut body = invoice();
            body["lines"] = lines(index);
            client.json("POST", "/api/invoices/", &body)
        });
        tally.answers(&replies, &[201]);
        tally.mixed_if(!is_own(&replies, track.clients));
    });
}

#[test]
fn an_invoice_that_is_deleted_while_its_lines_are_patched_leaves_no_line() {
    race("DELETE and PATCH of lines", |track, _, tally| {
        let client = track.client(ADMIN);
        let id = created(&client, "/api/invoices/", &invoice());
        let address = format!("/api/invoices/{id}/");
        let replies = track.together(|index| match index % 2 {
            0 => client.json("PATCH", &address, &json!({"lines": lines(index)})),
            _ => client.send("DELETE", &address, &[], b""),
        });
        let (patched, deleted): (Vec<_>, Vec<_>) =
            replies.into_iter().enumerate().partition(|(index, _)| index % 2 == 0);
        let alone = |replies: Vec<(usize, Reply)>| -> Vec<Reply> {
            replies.into_iter().map(|(_, reply)| reply).collect()
        };
        tally.answers(&alone(patched), &[200, 404]);
        tally.answers(&alone(deleted), &[204, 404]);
        tally.lost_if(client.get(&address).status != 404);
        let left = "SELECT count(*) FROM store_invoiceline WHERE invoice_id = ";
        tally.mixed_if(track.store.number(&format!("{left}{id}")) > 0);
    });
}

#[test]
fn a_validator_of_the_whole_row_sees_the_row_that_it_decides_on() {
    race("PATCH of columns that one validator compares", |track, round, tally| {
        let client = track.client(ADMIN);
        let body = json!({
            "name": format!("Song {round} of {}", track.clients), "media_type": "AAC audio file", "album": null,
            "milliseconds": 120_000, "unit_price": "0.99",
        });
        let address = format!("/api/tracks/{}/", created(&client, "/api/tracks/", &body));
        let replies = track.together(|index| match index % 2 {
            0 => client.json("PATCH", &address, &json!({"unit_price": "5.00"})),
            _ => client.json("PATCH", &address, &json!({"milliseconds": 30_000})),
        });
        tally.answers(&replies, &[200, 400]);
        let stored = client.get(&address).json();
        let short = stored["milliseconds"] == json!(30_000);
        tally.mixed_if(short && stored["unit_price"] == json!("5.00"));
        tally.lost_if(!short && stored["unit_price"] != json!("5.00"));
    });
}
