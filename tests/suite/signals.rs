//! Hooks, signals, scopes and work after a commit, over HTTP and by several clients at once.

use std::sync::{Arc, Mutex};

use actix_web::rt::System;
use quintet::auth::NewUser;
use quintet::db::hooks::{Deletion, Saved, Saving, post_delete, post_save};
use quintet::db::{Conn, StartupError};
use quintet::prelude::*;
use quintet::serializers::ListSerializer;
use quintet::test::{Template, TestSite};
use quintet_tests::client::{Client, Reply};
use quintet_tests::store::On;
use serde_json::json;
use snippets::tenants;

use crate::races::together;

/// A box for three things, which keeps their number.
#[model(app = "hooked", ordering(id))]
pub struct Chest {
    pub id: i64,
    #[field(max_length = 20)]
    pub name: String,
    #[field(default = 0)]
    pub pieces: i32,
}

#[model(
    app = "hooked",
    ordering(id),
    before_save = room_is_left,
    after_save = count_it,
    after_delete = count_less
)]
pub struct Thing {
    pub id: i64,
    #[field(max_length = 20)]
    pub name: String,
    #[field(foreign_key = Chest, related_name = things)]
    pub chest_id: i64,
}

/// The others wait for the row, and see what is in the chest then.
async fn room_is_left(saving: &mut Saving<'_, Thing>) -> Result<()> {
    let Some(id) = saving.sent(thing::chest_id).filter(|_| saving.is_new()) else { return Ok(()) };
    let chest = Chest::objects().filter(chest::id.eq(id)).select_for_update();
    let chest = chest.get(saving.conn()).await?;
    if chest.pieces == 3 {
        let text = format!("{} is full.", chest.name);
        return Err(ApiException::validation(Detail::field("chest", [text])));
    }
    Ok(())
}

async fn add(pieces: i32, chest: i64, conn: &Conn) -> Result<()> {
    let more = Changes::new().set_expression(chest::pieces, Chest::fields().pieces() + pieces);
    Chest::objects().filter(chest::id.eq(chest)).update(more, conn).await?;
    Ok(())
}

async fn count_it(saved: &Saved<'_, Thing>) -> Result<()> {
    if saved.is_new() {
        add(1, saved.row().chest_id, saved.conn()).await?;
    }
    if saved.row().name == "bomb" {
        return Err(ApiException::PermissionDenied(Some("No bombs.".into())));
    }
    Ok(())
}

async fn count_less(deletion: &Deletion<'_, Thing>) -> Result<()> {
    add(-1, deletion.row().chest_id, deletion.conn()).await
}

#[derive(Serializer)]
#[serializer(model = Thing, fields = all)]
pub(crate) struct ThingSerializer {}

pub(crate) struct ThingViewSet;

impl ViewSet for ThingViewSet {
    type Base = ModelViewSet;
    type Serializer = ThingSerializer;
    const LIST_SERIALIZER: Option<ListSerializer> = Some(ListSerializer::new());

    async fn perform_create_many(
        &self,
        new: Vec<Changes<Thing>>,
        cx: &mut Context,
    ) -> Result<Vec<Thing>> {
        Changes::save_many(new, cx).await
    }
}

#[derive(Serializer)]
#[serializer(model = Chest, fields = all)]
pub(crate) struct ChestSerializer {}

pub(crate) struct ChestViewSet;

impl ViewSet for ChestViewSet {
    type Base = ModelViewSet;
    type Serializer = ChestSerializer;

    async fn perform_create(&self, new: Changes<Chest>, cx: &mut Context) -> Result<Chest> {
        let row = cx.save(new).await?;
        let (name, log) = (row.name.clone(), cx.extension::<Log>().cloned());
        cx.on_commit(async move |conn| {
            let stored = Chest::objects().filter(chest::name.eq(name.clone())).count(conn).await?;
            if let Some(log) = &log {
                log.push(format!("{name} {stored}"));
            }
            if name == "panic" { panic!("on purpose") } else { Ok(()) }
        })
        .await;
        if row.name == "refused" {
            return Err(ApiException::validation("Not this one."));
        }
        Ok(row)
    }

    async fn initial(&self, cx: &mut Context) -> Result<()> {
        cx.set_extension(LOG.clone());
        Ok(())
    }
}

/// What work after commits has written.
#[derive(Clone)]
struct Log(Arc<Mutex<Vec<String>>>);

static LOG: std::sync::LazyLock<Log> = std::sync::LazyLock::new(|| Log(Arc::default()));

impl Log {
    fn push(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

static CHESTS: Template = Template::new(|conn| {
    Box::pin(async move {
        conn.create_tables([Thing::META]).await?;
        let oak = "INSERT INTO hooked_chest (name, pieces) VALUES ('oak', 0)";
        Ok(conn.batch_execute(oak).await?)
    })
});

fn chests(settings: Settings, database: Arc<Database>) -> Result<Arc<Site>, StartError> {
    let router = Router::new().register("things", ThingViewSet).register("chests", ChestViewSet);
    let site = Site::builder(settings, database)
        .permissions(AllowAny)
        .connect(post_save(async |saved: &Saved<'_, Chest>| {
            if saved.row().name == "tin" {
                Err(ApiException::validation("No tin."))
            } else {
                Ok(())
            }
        }))
        .connect(post_delete(async |deletion: &Deletion<'_, Chest>| {
            if deletion.row().name == "oak" {
                Err(ApiException::validation("Oak stays."))
            } else {
                Ok(())
            }
        }))
        .mount(router.at("/api/"));
    Ok(site.build()?)
}

/// A fresh site on each database, with and without a transaction around each request.
fn on_each(test: impl Fn(&Client, &TestSite)) {
    for on in On::all() {
        for atomic in [false, true] {
            let site = System::new().block_on(async {
                let database = match on {
                    On::Sqlite => CHESTS.sqlite_file().await?,
                    On::Postgres => on.copy_of(&CHESTS).await?,
                };
                let database =
                    database.override_settings(|settings| settings.atomic_requests = atomic);
                database.site(chests)
            });
            let site = site.expect("the site builds");
            let server = site.live_server().expect("the server starts");
            test(&Client::new(server.address()), &site);
        }
    }
}

fn post(client: &Client, path: &str, body: &serde_json::Value) -> Reply {
    client.json("POST", path, body)
}

fn delete(client: &Client, path: &str) -> Reply {
    client.send("DELETE", path, &[], &[])
}

fn thing(name: &str) -> serde_json::Value {
    json!({"name": name, "chest": 1})
}

fn pieces(client: &Client) -> i64 {
    client.get("/api/chests/1/").json()["pieces"].as_i64().unwrap()
}

#[test]
fn the_error_of_a_hook_is_the_response_and_undoes_everything() {
    on_each(|client, _| {
        assert_eq!(post(client, "/api/things/", &thing("cup")).status, 201);
        let refused = post(client, "/api/things/", &thing("bomb"));
        assert_eq!((refused.status, refused.json()), (403, json!({"detail": "No bombs."})));
        let refused = client.json("PATCH", "/api/things/1/", &json!({"name": "bomb"}));
        assert_eq!(refused.status, 403);
        assert_eq!(client.get("/api/things/1/").json()["name"], "cup");
        assert_eq!(pieces(client), 1);
        let refused = post(client, "/api/chests/", &json!({"name": "tin"}));
        assert_eq!((refused.status, refused.json()), (400, json!(["No tin."])));
        let refused = delete(client, "/api/chests/1/");
        assert_eq!((refused.status, refused.json()), (400, json!(["Oak stays."])));
        assert_eq!(
            (client.get("/api/things/").json().as_array().unwrap().len(), pieces(client)),
            (1, 1)
        );
        assert_eq!(delete(client, "/api/things/1/").status, 204);
        assert_eq!(pieces(client), 0);
    });
}

#[test]
fn hooks_run_for_each_row_of_a_list() {
    on_each(|client, _| {
        let two = json!([thing("cup"), thing("pen")]);
        assert_eq!(post(client, "/api/things/", &two).status, 201);
        assert_eq!(pieces(client), 2);
        let refused = post(client, "/api/things/", &two);
        assert_eq!((refused.status, refused.json()), (400, json!({"chest": ["oak is full."]})));
        assert_eq!(client.get("/api/things/").json().as_array().unwrap().len(), 2);
        assert_eq!(pieces(client), 2);
    });
}

#[test]
fn hooks_of_six_at_once_have_their_turns() {
    on_each(|client, _| {
        let made =
            together(6, |index| post(client, "/api/things/", &thing(&format!("cup {index}"))));
        let mut statuses: Vec<u16> = made.iter().map(|reply| reply.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 201, 201, 400, 400, 400]);
        let full = made.iter().find(|reply| reply.status == 400).unwrap();
        assert_eq!(full.json(), json!({"chest": ["oak is full."]}));
        assert_eq!(pieces(client), 3);
        let ids: Vec<i64> = client
            .get("/api/things/")
            .json()
            .as_array()
            .unwrap()
            .iter()
            .map(|thing| thing["id"].as_i64().unwrap())
            .collect();
        // two for each: the hooks of the one that finds the row gone do not run
        let gone = together(6, |index| delete(client, &format!("/api/things/{}/", ids[index / 2])));
        assert!(gone.iter().all(|reply| [204, 404].contains(&reply.status)), "{gone:?}");
        assert!(gone.iter().filter(|reply| reply.status == 204).count() >= 3, "{gone:?}");
        assert_eq!(pieces(client), 0);
    });
}

#[test]
fn work_after_a_commit_waits_for_the_request_where_that_is_the_transaction() {
    on_each(|client, _| {
        LOG.take();
        assert_eq!(post(client, "/api/chests/", &json!({"name": "ash"})).status, 201);
        assert_eq!(LOG.take(), ["ash 1"]);
        // the response is decided by then
        assert_eq!(post(client, "/api/chests/", &json!({"name": "panic"})).status, 201);
        assert_eq!(LOG.take(), ["panic 1"]);
        assert_eq!(client.get("/api/chests/").status, 200);
        let refused = post(client, "/api/chests/", &json!({"name": "refused"}));
        assert_eq!(refused.status, 400);
        let names = client.get("/api/chests/").json().to_string();
        // without a transaction the row is stored, and so is its work done
        if names.contains("refused") {
            assert_eq!(LOG.take(), ["refused 1"]);
        } else {
            assert!(LOG.take().is_empty());
        }
    });
}

static TENANTS: Template = Template::new(|conn| {
    Box::pin(async move {
        let tables = [tenants::Agent::META, tenants::Ticket::META, tenants::Note::META];
        Ok(conn.create_tables(tables).await?)
    })
});

#[test]
fn tenants_at_once_see_their_own_rows() {
    for on in On::all() {
        let site: Result<TestSite, StartupError> = System::new().block_on(async {
            let database = match on {
                On::Sqlite => TENANTS.sqlite_file().await?,
                On::Postgres => on.copy_of(&TENANTS).await?,
            };
            let fast = database.override_settings(|settings| settings.auth.pbkdf2_iterations = 1);
            let site = fast.site(tenants::site)?;
            for (name, company) in [("a", 1), ("b", 2)] {
                let new = NewUser::new(name).password("x").set(tenants::agent::company_id, company);
                let create = |cx: Context| -> quintet::views::LocalBoxFuture<'static, _> {
                    Box::pin(async move { cx.create_user(new).await })
                };
                site.with_context(true, create).await??;
            }
            Ok(site)
        });
        let site = site.expect("the site builds");
        let server = site.live_server().expect("the server starts");
        // `a:x` and `b:x`
        let send = |method: &str, index: usize, body: &[u8]| {
            let key = ["Basic YTp4", "Basic Yjp4"][index % 2];
            let headers = [("Authorization", key), ("Content-Type", "application/json")];
            Client::new(server.address()).send(method, "/api/tickets/", &headers, body)
        };
        let made = together(12, |index| {
            let body = json!({"title": format!("{}", index % 2)}).to_string();
            send("POST", index, body.as_bytes())
        });
        assert!(made.iter().all(|reply| reply.status == 201), "{made:?}");
        let seen = together(12, |index| send("GET", index, &[]));
        for (index, reply) in seen.iter().enumerate() {
            let page = reply.json();
            let rows = page.as_array().unwrap();
            assert_eq!(rows.len(), 6, "{on:?}");
            assert!(rows.iter().all(|row| row["title"] == json!(format!("{}", index % 2))));
        }
    }
}
