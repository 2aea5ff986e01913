//! Slugs: of those who ask for the same one, each gets its own or a 400.

use std::sync::Arc;

use musicstore::models::{Genre, genre};
use musicstore::serializers::GenreSerializer;
use quintet::db::Database;
use quintet::prelude::*;
use quintet_tests::store::{On, Store};
use serde_json::{Value as Json, json};

use super::run;

/// Stores the slug of the name that is sent.
struct Slugged;

impl ViewSet for Slugged {
    type Base = ModelViewSet;
    type Serializer = GenreSerializer;

    fn permission_classes(&self) -> impl PermissionClasses {
        AllowAny
    }

    async fn perform_create(&self, changes: Changes<Genre>, cx: &mut Context) -> Result<Genre> {
        let name = changes.get(genre::name).unwrap_or_default();
        let slug = cx.unique_slug(genre::name, &name).await?;
        cx.save(changes.set(genre::name, slug)).await
    }
}

fn site(settings: Settings, database: Arc<Database>) -> Arc<Site> {
    let urls = Router::new().register("slugs", Slugged);
    Site::builder(settings, database).mount(urls.at("/")).build().expect("the site builds")
}

#[test]
fn those_who_want_the_same_slug_at_once_get_their_own_or_a_400() {
    let store = |on, atomic| Arc::new(Store::serving(on, |all| all.atomic_requests = atomic, site));
    run("POST of one slug", store, |track, round, tally| {
        let client = track.store.client();
        let name = format!("The same {round} of {}", track.clients);
        let replies = track.together(|_| client.json("POST", "/slugs/", &json!({ "name": name })));
        tally.answers(&replies, &[201, 400]);
        let (made, refused): (Vec<_>, Vec<_>) =
            replies.iter().partition(|reply| reply.status == 201);
        let taken = json!({"name": ["genre with this name already exists."]});
        tally.mixed_if(refused.iter().any(|reply| reply.json() != taken));
        let mut slugs: Vec<Json> = made.iter().map(|reply| reply.json()["name"].clone()).collect();
        slugs.sort_by_key(Json::to_string);
        slugs.dedup();
        let stored = format!(
            "SELECT count(*) FROM store_genre WHERE name LIKE 'the-same-{round}-of-{}%'",
            track.clients
        );
        let stored = usize::try_from(track.store.number(&stored)).expect("a number of rows");
        tally.lost_if(made.is_empty() || slugs.len() != made.len() || stored != made.len());
    });
}

#[test]
fn a_slug_and_its_suffix_fit_into_the_column() {
    for on in On::all() {
        let store = Store::serving(on, |_| {}, site);
        let client = store.client();
        let slug = |name: &str| {
            let reply = client.json("POST", "/slugs/", &json!({ "name": name }));
            assert_eq!(reply.status, 201, "{on:?} {}", reply.text());
            reply.json()["name"].as_str().expect("a slug").to_owned()
        };
        assert_eq!(slug(&"n".repeat(120)), "n".repeat(120), "{on:?}");
        let second = slug(&"N".repeat(120));
        assert_eq!(second.len(), 120, "{on:?}");
        assert!(second.starts_with(&format!("{}-", "n".repeat(113))), "{on:?} {second}");
        // no letter of ASCII is left
        assert_eq!(slug("音楽").len(), 6, "{on:?}");
    }
}
