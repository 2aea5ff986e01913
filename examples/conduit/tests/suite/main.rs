//! The RealWorld specification, endpoint by endpoint, on each database; every exchange is held against
//! the OpenAPI document.

mod exchange;
#[path = "../../../../openapi/tests/support/json_schema.rs"]
mod json_schema;

use conduit::migrations;
use exchange::{Api, Person};
use futures_util::future::join;
use quintet::db::{Conn, StartupError};
use quintet::test::Template;
use serde_json::{Value, json};

static DATABASE: Template = Template::new(|conn| Box::pin(create(conn)));

async fn create(conn: &mut Conn) -> Result<(), StartupError> {
    migrations::create(conn).await.map(drop)
}

/// The site on each database.
async fn apis() -> Result<Vec<Api>, StartupError> {
    DATABASE.each("QUINTET_TEST_POSTGRES").await?.into_iter().map(Api::new).collect()
}

fn errors(field: &str, text: &str) -> Value {
    json!({"errors": {field: [text]}})
}

fn article(title: &str, tags: &[&str]) -> Value {
    json!({"article": {"title": title, "description": "d", "body": "b", "tagList": tags}})
}

/// Publishes an article; returns its slug.
async fn publish(author: &Person<'_>, title: &str, tags: &[&str]) -> String {
    let (status, body) = author.send("POST", "/articles", &article(title, tags)).await;
    assert_eq!(status, 201, "{body}");
    body["article"]["slug"].as_str().expect("a slug").to_owned()
}

fn without(mut value: Value, noun: &str, keys: &[&str]) -> Value {
    for key in keys {
        value[noun].as_object_mut().expect("an object").remove(*key);
    }
    value
}

#[quintet::test]
async fn a_user_registers_logs_in_and_changes() -> Result<(), StartupError> {
    for api in apis().await? {
        let ada = api.person("ada").await;
        let shown = |bio: Value| json!({"user": {"email": "ada@example.com", "username": "ada", "bio": bio, "image": null}});
        let (status, body) = ada.get("/user").await;
        assert_eq!((status, without(body, "user", &["token"])), (200, shown(Value::Null)));
        let anonymous = api.anonymous().await;
        assert_eq!(anonymous.get("/user").await, (401, errors("token", "is missing")));
        let login =
            |password: &str| json!({"user": {"email": "ada@example.com", "password": password}});
        let (status, body) = anonymous.send("POST", "/users/login", &login("correct horse")).await;
        assert_eq!((status, without(body, "user", &["token"])), (200, shown(Value::Null)));
        let wrong = anonymous.send("POST", "/users/login", &login("wrong")).await;
        assert_eq!(wrong, (401, errors("credentials", "invalid")));
        let change = json!({"user": {"bio": "b", "password": "another horse"}});
        let (status, body) = ada.send("PUT", "/user", &change).await;
        assert_eq!((status, without(body, "user", &["token"])), (200, shown("b".into())));
        let (status, _) = anonymous.send("POST", "/users/login", &login("another horse")).await;
        assert_eq!(status, 200);
    }
    Ok(())
}

#[quintet::test]
async fn mistakes_are_told_by_field() -> Result<(), StartupError> {
    for api in apis().await? {
        let ada = api.person("ada").await;
        let empty = ada.send("POST", "/users", &json!({"user": {"username": ""}})).await;
        let blank = json!(["can't be blank"]);
        let all = json!({"errors": {"email": blank, "username": blank, "password": blank}});
        assert_eq!(empty, (422, all.clone()));
        assert_eq!(ada.send("POST", "/users", &json!({"email": "x"})).await, (422, all));
        let taken = json!({"user": {
            "username": "bob", "email": "ada@example.com", "password": "correct horse",
        }});
        let taken = ada.send("POST", "/users", &taken).await;
        assert_eq!(taken, (422, errors("email", "has already been taken")));
        let new = json!({"article": {"title": "t", "body": "b"}});
        let missing = ada.send("POST", "/articles", &new).await;
        assert_eq!(missing, (422, errors("description", "can't be blank")));
        let anonymous = api.anonymous().await;
        let refused = anonymous.send("POST", "/articles", &article("t", &[])).await;
        assert_eq!(refused, (401, errors("token", "is missing")));
        assert_eq!(anonymous.get("/articles/none").await, (404, errors("article", "not found")));
        assert_eq!(anonymous.get("/profiles/none").await, (404, errors("profile", "not found")));
        let comments = anonymous.get("/articles/none/comments").await;
        assert_eq!(comments, (404, errors("article", "not found")));
    }
    Ok(())
}

#[quintet::test]
async fn an_article_is_written_changed_and_deleted() -> Result<(), StartupError> {
    for api in apis().await? {
        let (ada, bob) = (api.person("ada").await, api.person("bob").await);
        let (status, body) =
            ada.send("POST", "/articles", &article("How to train", &["b", "a"])).await;
        let shown = json!({"article": {
            "slug": "how-to-train", "title": "How to train", "description": "d", "body": "b",
            "tagList": ["b", "a"], "favorited": false, "favoritesCount": 0,
            "author": {"username": "ada", "bio": null, "image": null, "following": false},
        }});
        assert_eq!((status, without(body, "article", &["createdAt", "updatedAt"])), (201, shown));
        let other = publish(&bob, "How to train", &[]).await;
        assert!(other.starts_with("how-to-train-"), "{other}");
        let path = "/articles/how-to-train";
        let denied = bob.send("PUT", path, &json!({"article": {"body": "x"}})).await;
        assert_eq!(denied, (403, errors("article", "forbidden")));
        let (_, body) = ada.send("PUT", path, &json!({"article": {"body": "x"}})).await;
        let changed = (&body["article"]["body"], &body["article"]["tagList"]);
        assert_eq!(changed, (&json!("x"), &json!(["b", "a"])));
        let retitled = json!({"article": {"title": "Dragons", "tagList": []}});
        let (_, body) = ada.send("PUT", path, &retitled).await;
        let changed = (&body["article"]["slug"], &body["article"]["tagList"]);
        assert_eq!(changed, (&json!("dragons"), &json!([])));
        assert_eq!(bob.delete("/articles/dragons").await, (403, errors("article", "forbidden")));
        assert_eq!(ada.delete("/articles/dragons").await, (204, Value::Null));
        assert_eq!(ada.get("/articles/dragons").await.0, 404);
    }
    Ok(())
}

#[quintet::test]
async fn two_changes_at_once_leave_the_tags_and_the_slug_of_one() -> Result<(), StartupError> {
    for api in apis().await? {
        let ada = api.person("ada").await;
        let slug = publish(&ada, "Tags", &["none"]).await;
        let path = format!("/articles/{slug}");
        for _ in 0..10 {
            let (one, other) = (
                json!({"article": {"tagList": ["a", "b"]}}),
                json!({"article": {"tagList": ["c"]}}),
            );
            let put = |body| ada.send("PUT", &path, body);
            let ((first, _), (second, _)) = join(put(&one), put(&other)).await;
            assert_eq!((first, second), (200, 200));
            let (_, stored) = ada.get(&path).await;
            let tags = &stored["article"]["tagList"];
            assert!(*tags == json!(["a", "b"]) || *tags == json!(["c"]), "{tags}");
        }
        // two articles of one title have an address each, or one of them is refused
        for round in 0..5 {
            let new = article(&format!("Same {round}"), &["x"]);
            let post = || ada.send("POST", "/articles", &new);
            let (one, other) = join(post(), post()).await;
            let made = |reply: &(u16, Value)| reply.0 == 201;
            let slug = |reply: &(u16, Value)| reply.1["article"]["slug"].clone();
            match (made(&one), made(&other)) {
                (true, true) => assert_ne!(slug(&one), slug(&other)),
                (true, false) => assert_eq!(other, (422, errors("slug", "has already been taken"))),
                (false, true) => assert_eq!(one, (422, errors("slug", "has already been taken"))),
                (false, false) => panic!("{one:?} {other:?}"),
            }
        }
    }
    Ok(())
}

#[quintet::test]
async fn who_follows_and_likes_sees_it() -> Result<(), StartupError> {
    for api in apis().await? {
        let (ada, bob) = (api.person("ada").await, api.person("bob").await);
        let slug = publish(&ada, "One", &["x"]).await;
        publish(&bob, "Two", &["y"]).await;
        assert_eq!(bob.get("/articles/feed").await.1, json!({"articlesCount": 0, "articles": []}));
        let followed = |following: bool| {
            let profile =
                json!({"username": "ada", "bio": null, "image": null, "following": following});
            (200, json!({"profile": profile}))
        };
        assert_eq!(bob.send("POST", "/profiles/ada/follow", &Value::Null).await, followed(true));
        assert_eq!(bob.get("/profiles/ada").await, followed(true));
        assert_eq!(ada.get("/profiles/ada").await, followed(false));
        let (_, feed) = bob.get("/articles/feed").await;
        assert_eq!(
            (&feed["articlesCount"], &feed["articles"][0]["slug"]),
            (&json!(1), &json!("one"))
        );
        assert_eq!(feed["articles"][0].get("body"), None);
        let favorite = format!("/articles/{slug}/favorite");
        let (status, body) = bob.send("POST", &favorite, &Value::Null).await;
        let liked = |body: &Value| {
            let article = &body["article"];
            json!([article["favorited"], article["favoritesCount"], article["author"]["following"]])
        };
        assert_eq!((status, liked(&body)), (200, json!([true, 1, true])));
        assert_eq!(liked(&ada.get("/articles/one").await.1), json!([false, 1, false]));
        assert_eq!(
            liked(&api.anonymous().await.get("/articles/one").await.1),
            json!([false, 1, false])
        );
        // the answer to a change sees it, too
        let change = json!({"article": {"body": "new"}});
        assert_eq!(
            liked(&ada.send("PUT", "/articles/one", &change).await.1),
            json!([false, 1, false])
        );
        for (query, slugs) in [
            ("favorited=bob", json!(["one"])),
            ("author=bob", json!(["two"])),
            ("tag=x", json!(["one"])),
            ("tag=none", json!([])),
            ("limit=1", json!(["two"])),
            ("limit=1&offset=1", json!(["one"])),
        ] {
            let (_, body) = bob.get(&format!("/articles?{query}")).await;
            let found: Vec<&Value> =
                body["articles"].as_array().unwrap().iter().map(|one| &one["slug"]).collect();
            assert_eq!(json!(found), slugs, "{query}");
        }
        assert_eq!(liked(&bob.delete(&favorite).await.1), json!([false, 0, true]));
        assert_eq!(bob.delete("/profiles/ada/follow").await, followed(false));
        assert_eq!(api.anonymous().await.get("/tags").await, (200, json!({"tags": ["x", "y"]})));
    }
    Ok(())
}

#[quintet::test]
async fn comments_are_their_authors() -> Result<(), StartupError> {
    for api in apis().await? {
        let (ada, bob) = (api.person("ada").await, api.person("bob").await);
        publish(&ada, "One", &[]).await;
        bob.send("POST", "/profiles/ada/follow", &Value::Null).await;
        let path = "/articles/one/comments";
        let blank = ada.send("POST", path, &json!({"comment": {"body": ""}})).await;
        assert_eq!(blank, (422, errors("body", "can't be blank")));
        let (status, body) = ada.send("POST", path, &json!({"comment": {"body": "First."}})).await;
        let comment = |following: bool| {
            let author =
                json!({"username": "ada", "bio": null, "image": null, "following": following});
            json!({"comment": {"id": 1, "body": "First.", "author": author}})
        };
        let times = ["createdAt", "updatedAt"];
        assert_eq!((status, without(body, "comment", &times)), (201, comment(false)));
        let (_, body) = bob.get(path).await;
        let first = json!({"comment": body["comments"][0]});
        assert_eq!(without(first, "comment", &times), comment(true));
        let one = "/articles/one/comments/1";
        assert_eq!(bob.delete(one).await, (403, errors("comment", "forbidden")));
        let missing = ada.delete("/articles/one/comments/9").await;
        assert_eq!(missing, (404, errors("comment", "not found")));
        assert_eq!(ada.delete(one).await, (204, Value::Null));
        assert_eq!(api.anonymous().await.get(path).await, (200, json!({"comments": []})));
    }
    Ok(())
}

#[quintet::test]
async fn a_list_takes_as_many_statements_whatever_is_on_it() -> Result<(), StartupError> {
    for api in apis().await? {
        let (ada, bob) = (api.person("ada").await, api.person("bob").await);
        for number in 0..9 {
            let author = if number % 2 == 0 { &ada } else { &bob };
            let slug = publish(author, &format!("Number {number}"), &["x", "y", "z"]).await;
            bob.send("POST", &format!("/articles/{slug}/favorite"), &Value::Null).await;
        }
        // the user, the number of articles, the articles with all that is said of them, their tags
        for limit in [2, 8] {
            let list = async || bob.get(&format!("/articles?limit={limit}")).await;
            let (_, body) = api.site.assert_num_queries(4, list).await;
            assert_eq!(body["articlesCount"], 9);
            assert_eq!(body["articles"][0]["tagList"], json!(["x", "y", "z"]));
        }
    }
    Ok(())
}

#[test]
fn the_document_has_not_changed() {
    let settings = {
        let mut settings = quintet::settings::Settings::default();
        settings.secret_key = "k".into();
        settings
    };
    let database = quintet::db::DatabaseConfig::new("sqlite://:memory:");
    let database = quintet::db::Database::open(database).expect("a database in memory");
    let site = conduit::site(settings, database).expect("the site builds");
    let text = format!("{}\n", site.openapi().expect("there is a document").json());
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(path, &text).expect("the document is written");
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == text, "{path} has changed; run with UPDATE_OPENAPI=1 and read the difference");
}
