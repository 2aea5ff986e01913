//! `If-Match`: of those who expect the same state, one changes it, and the others learn of it.

use std::sync::Arc;

use musicstore::models::{Genre, genre};
use musicstore::serializers::GenreSerializer;
use quintet::caching::Caching;
use quintet::db::Database;
use quintet::prelude::*;
use quintet_tests::store::{On, Store};
use serde_json::json;

use super::{rounds, together};

/// The name of a genre, which stays until the change is made.
async fn name(cx: &mut Context) -> Result<Option<String>> {
    let Some(id) = cx.request.kwarg("pk").and_then(|pk| pk.parse::<i64>().ok()) else {
        return Ok(None);
    };
    let rows = Genre::objects().filter(genre::id.eq(id)).then_by(genre::id);
    let rows = if cx.request.is_safe() { rows } else { rows.select_for_update() };
    Ok(rows.first(cx).await?.map(|genre| genre.name))
}

struct Guarded;

impl ViewSet for Guarded {
    type Base = ModelViewSet;
    type Serializer = GenreSerializer;

    fn permission_classes(&self) -> impl PermissionClasses {
        AllowAny
    }

    fn caching(&self) -> Option<Caching> {
        Some(Caching::new().etag(name))
    }
}

fn site(settings: Settings, database: Arc<Database>) -> Arc<Site> {
    let urls = Router::new().register("guarded", Guarded);
    Site::builder(settings, database).mount(urls.at("/")).build().expect("the site builds")
}

#[test]
fn one_change_of_those_that_expect_the_same_state_is_made() {
    for on in On::all() {
        let store = Store::serving(on, |all| all.atomic_requests = true, site);
        for round in 0..rounds() {
            let client = store.client();
            let before = client.get("/guarded/1/");
            let tag = before.header("etag").expect("a tag").to_owned();
            let replies = together(6, |number| {
                let body = json!({ "name": format!("{round} of {number}") }).to_string();
                let headers = [("If-Match", tag.as_str()), ("Content-Type", "application/json")];
                store.client().send("PUT", "/guarded/1/", &headers, body.as_bytes())
            });
            let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 412, 412, 412, 412, 412], "{on:?}");
            let made = replies.iter().find(|reply| reply.status == 200).expect("one was made");
            assert_eq!(client.get("/guarded/1/").json(), made.json(), "{on:?}");
        }
    }
}
