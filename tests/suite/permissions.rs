//! Who is allowed, and the messages of refusals.

use std::any::Any;
use std::sync::Arc;

use quintet::auth::{Account, ObjectPermissionBackend};
use quintet::authentication::{Authenticated, Authentication, TokenAuthentication};
use quintet::db::{Conn, Database};
use quintet::exceptions::Result;
use quintet::permissions::{
    DjangoObjectPermissions, DynPermission, IsAdminUser, Permission, PermissionClasses,
};
use quintet::prelude::*;
use quintet::views::Policies;
use quintet::viewsets::Action;
use quintet_tests::client::Client;
use quintet_tests::store::{ADMIN, ALICE, On, STAFF, Store};
use serde_json::{Value as Json, json};

use musicstore::models::Artist;
use musicstore::serializers::ArtistMiniSerializer;

const DENIED: &str = "You do not have permission to perform this action.";
const ANONYMOUS: &str = "Authentication credentials were not provided.";

/// Alice may view the first ten artists, and change those with an odd key.
struct Odd;

impl ObjectPermissionBackend for Odd {
    async fn has_perm(
        &self,
        _conn: &Conn,
        account: &Account,
        perm: &str,
        object: &dyn Any,
    ) -> Result<bool> {
        let Some(artist) = object.downcast_ref::<Artist>() else { return Ok(false) };
        Ok(account.username() == "alice"
            && match perm {
                "store.view_artist" => artist.id <= 10,
                "store.change_artist" => artist.id % 2 == 1,
                _ => false,
            })
    }
}

/// Alice may view artists 11 and 12 too.
struct Eleven;

impl ObjectPermissionBackend for Eleven {
    async fn has_perm(
        &self,
        _conn: &Conn,
        _account: &Account,
        perm: &str,
        object: &dyn Any,
    ) -> Result<bool> {
        let artist = object.downcast_ref::<Artist>();
        Ok(perm == "store.view_artist"
            && artist.is_some_and(|artist| [11, 12].contains(&artist.id)))
    }
}

macro_rules! artists {
    ($($name:ident { $($hook:item)* })*) => {$(
        struct $name;

        #[view_set]
        impl ViewSet for $name {
            type Base = ModelViewSet;
            type Serializer = ArtistMiniSerializer;
            $($hook)*
        }
    )*};
}

artists! {
    Open {
        fn permission_classes(&self) -> impl PermissionClasses {
            DjangoObjectPermissions::new()
        }
    }
    Hidden {
        fn permission_classes(&self) -> impl PermissionClasses {
            let view = &["%(app_label)s.view_%(model_name)s"];
            DjangoObjectPermissions::new().perms_map(quintet::http::Method::GET, view)
        }
    }
    ByAction {
        fn permission_classes(&self) -> impl PermissionClasses {
            IsAuthenticated
        }

        fn action_policies(&self, action: Action) -> Policies {
            match action {
                Action::List => Policies::inherit().permissions(AllowAny),
                Action::Destroy | Action::Metadata => Policies::inherit().permissions(IsAdminUser),
                Self::SHUT => Policies::inherit().permissions(!AllowAny),
                _ => Policies::inherit(),
            }
        }

        #[action(list, permission_classes = AllowAny)]
        async fn open(&self, cx: &mut Context) -> Result<Response> {
            Response::new(&cx.action().map(Action::name))
        }

        #[action(list, permission_classes = AllowAny)]
        async fn shut(&self, cx: &mut Context) -> Result<Response> {
            self.open(cx).await
        }

        #[action(list)]
        async fn usual(&self, cx: &mut Context) -> Result<Response> {
            self.open(cx).await
        }
    }
}

struct Says(Option<Detail>);

impl Permission for Says {
    async fn has_permission(&self, _: &mut Context) -> Result<bool> {
        Ok(false)
    }

    fn message(&self) -> Option<Detail> {
        self.0.clone()
    }
}

/// Identifies nobody, and has no challenge.
struct Silent;

impl Authentication for Silent {
    async fn authenticate(&self, _: &mut Context) -> Result<Option<Authenticated>> {
        Ok(None)
    }
}

async fn answer(_: &mut Context) -> Result<Response> {
    Ok(Response::empty(204))
}

/// Reads everything about the user.
async fn asks(cx: &mut Context) -> Result<Response> {
    let mut held = Vec::new();
    for perm in ["store.add_artist", "store.delete_customer", "store.change_track"] {
        held.push(cx.user_has_perms(&[perm]).await?);
    }
    for group in ["editors", "clerks"] {
        held.push(cx.user_in_group(group).await?);
    }
    Response::new(&held)
}

fn view(permissions: impl PermissionClasses) -> ApiView {
    ApiView::new("View").permissions(permissions).get(answer)
}

fn site(settings: Settings, database: Arc<Database>) -> Arc<Site> {
    let text = || Says(Some("No tea.".into()));
    let list: Vec<Arc<dyn DynPermission>> = vec![Arc::new(IsAuthenticated), Arc::new(text())];
    let urls = Router::simple()
        .register("open", Open)
        .register("hidden", Hidden)
        .register("by-action", ByAction)
        .path("asks/", ApiView::new("Asks").get(asks), "asks")
        .path("text/", view(text()), "text")
        .path("texts/", view(Says(Some(["One.", "Two."].into()))), "texts")
        .path("map/", view(Says(Some(Detail::map([("reason", "no tea")])))), "map")
        .path("silent/", view(Says(None)), "silent")
        .path("composed/", view(text().or(text())), "composed")
        .path("listed/", view(list), "listed")
        .path("nobody/", view(IsAuthenticated).authentication(()), "nobody")
        .path(
            "mute/",
            view(IsAuthenticated).authentication((Silent, TokenAuthentication::new())),
            "mute",
        )
        .path(
            "store/",
            view(IsAuthenticated)
                .authentication((TokenAuthentication::new().keyword("Store"), Silent)),
            "store",
        );
    Site::builder(settings, database)
        .object_permissions(Odd)
        .object_permissions(Eleven)
        .mount(urls.at("/"))
        .build()
        .expect("the site builds")
}

/// The site, where alice has every permission of the model.
fn served(on: On) -> Store {
    let store = Store::serving(on, |_| {}, site);
    store.execute(
        "DELETE FROM auth_user_user_permissions; INSERT INTO auth_user_user_permissions (user_id, permission_id) \
         SELECT u.id, p.id FROM auth_user u, auth_permission p \
         WHERE u.username = 'alice' AND p.codename LIKE '%\\_artist' ESCAPE '\\'",
    );
    store
}

fn statuses(client: &Client, requests: &[(&str, &str)]) -> Vec<u16> {
    let body = json!({"name": "x"}).to_string();
    requests
        .iter()
        .map(|(method, path)| {
            let json = [("Content-Type", "application/json")];
            let body = if *method == "PATCH" { body.as_bytes() } else { b"" };
            client.send(method, path, &json, body).status
        })
        .collect()
}

fn refusal(client: &Client, path: &str) -> (u16, Json, Option<String>) {
    let reply = client.get(path);
    let body = if reply.body.is_empty() { Json::Null } else { reply.json() };
    (reply.status, body, reply.header("www-authenticate").map(ToOwned::to_owned))
}

#[test]
fn who_may_read_an_object_and_not_change_it_is_403() {
    for on in On::all() {
        let store = served(on);
        let alice = store.client_of(ALICE);
        let requests = [
            ("GET", "/open/2/"),
            ("PATCH", "/open/1/"),
            ("PATCH", "/open/2/"),
            ("DELETE", "/open/1/"),
            ("PATCH", "/open/9999/"),
            ("OPTIONS", "/open/2/"),
        ];
        assert_eq!(statuses(&alice, &requests), [200, 200, 403, 403, 404, 200], "{on:?}");
        let (status, body, _) = refusal(&store.client(), "/open/1/");
        assert_eq!((status, body), (401, json!({"detail": ANONYMOUS})));
        // the model's permission comes first
        assert_eq!(statuses(&store.client_of(STAFF), &[("PATCH", "/open/1/")]), [403]);
        assert_eq!(statuses(&store.client_of(ADMIN), &[("PATCH", "/open/2/")]), [200]);
    }
}

#[test]
fn who_may_not_read_an_object_is_told_that_there_is_none() {
    for on in On::all() {
        let store = served(on);
        let alice = store.client_of(ALICE);
        let requests = [
            ("GET", "/hidden/10/"),
            ("GET", "/hidden/11/"),
            ("GET", "/hidden/13/"),
            ("HEAD", "/hidden/13/"),
            ("PATCH", "/hidden/10/"),
            ("PATCH", "/hidden/13/"),
            ("PATCH", "/hidden/14/"),
            ("DELETE", "/hidden/13/"),
        ];
        let expected = [200, 200, 404, 404, 403, 200, 404, 404];
        assert_eq!(statuses(&alice, &requests), expected, "{on:?}");
        let (_, body, _) = refusal(&alice, "/hidden/13/");
        assert_eq!(body, json!({"detail": "Not found."}));
    }
}

#[test]
fn an_action_has_policies_of_its_own() {
    let store = served(On::Sqlite);
    let requests = [
        ("GET", "/by-action/"),
        ("HEAD", "/by-action/"),
        ("GET", "/by-action/1/"),
        ("DELETE", "/by-action/9999/"),
        ("GET", "/by-action/open/"),
        ("GET", "/by-action/shut/"),
        ("GET", "/by-action/usual/"),
        ("OPTIONS", "/by-action/"),
        ("OPTIONS", "/by-action/open/"),
        // other actions have the view set's policies
        ("PUT", "/by-action/"),
    ];
    let anonymous = [200, 200, 401, 401, 200, 401, 401, 401, 401, 401];
    assert_eq!(statuses(&store.client(), &requests), anonymous);
    let alice = [200, 200, 200, 403, 200, 403, 200, 403, 403, 405];
    assert_eq!(statuses(&store.client_of(ALICE), &requests), alice);
    let admin = [200, 200, 200, 404, 200, 403, 200, 200, 200, 405];
    assert_eq!(statuses(&store.client_of(ADMIN), &requests), admin);
}

#[test]
fn a_refusal_has_the_words_of_the_permission_unless_nobody_asked() {
    let store = served(On::Sqlite);
    let alice = store.client_of(ALICE);
    let body = |path| refusal(&alice, path).1;
    assert_eq!(body("/text/"), json!({"detail": "No tea."}));
    assert_eq!(body("/texts/"), json!(["One.", "Two."]));
    assert_eq!(body("/map/"), json!({"reason": "no tea"}));
    assert_eq!(body("/silent/"), json!({"detail": DENIED}));
    assert_eq!(body("/composed/"), json!({"detail": DENIED}));
    assert_eq!(body("/listed/"), json!({"detail": "No tea."}));
    for path in ["/text/", "/texts/", "/map/", "/silent/", "/composed/", "/listed/"] {
        let (status, body, challenge) = refusal(&store.client(), path);
        assert_eq!((status, body), (401, json!({"detail": ANONYMOUS})), "{path}");
        assert_eq!(challenge.as_deref(), Some("Token"));
    }
}

#[test]
fn the_first_authenticator_decides_between_401_and_403() {
    let store = served(On::Sqlite);
    let client = store.client();
    let refused = |path| refusal(&client, path);
    let without = (403, json!({"detail": ANONYMOUS}), None);
    assert_eq!(refused("/mute/"), without);
    assert_eq!(refused("/nobody/"), (403, json!({"detail": DENIED}), None));
    assert_eq!(refused("/store/"), (401, json!({"detail": ANONYMOUS}), Some("Store".to_owned())));
    let bad = store.client_of("nosuchkey");
    assert_eq!(refusal(&bad, "/mute/"), (403, json!({"detail": "Invalid token."}), None));
    assert_eq!(refusal(&store.client_of(ALICE), "/mute/").0, 204);
}

#[test]
fn several_questions_about_a_user_take_one_statement_a_kind() {
    for on in On::all() {
        let store = served(on);
        let (taken, reply) = store.counted(|| store.client_of(ALICE).get("/asks/"));
        assert_eq!(reply.json(), json!([true, false, true, true, false]));
        // the token, the permissions, the groups
        assert_eq!(taken, 3, "{on:?}");
        let (taken, reply) = store.counted(|| store.client_of(ADMIN).get("/asks/"));
        assert_eq!(reply.json(), json!([true, true, true, false, false]));
        assert_eq!(taken, 2, "{on:?}");
        let (taken, reply) = store.counted(|| store.client().get("/asks/"));
        assert_eq!(reply.json(), json!([false, false, false, false, false]));
        assert_eq!(taken, 0, "{on:?}");
    }
}

#[test]
fn where_reading_asks_for_a_permission_head_tells_nothing_either() {
    for on in On::all() {
        let store = Store::shared(on);
        let alice = store.client_of(ALICE);
        for path in ["/api/invoice-lines/", "/api/invoice-lines/1/"] {
            for method in ["GET", "HEAD"] {
                assert_eq!(
                    alice.send(method, path, &[], b"").status,
                    403,
                    "{on:?} {method} {path}"
                );
            }
            assert_eq!(alice.send("OPTIONS", path, &[], b"").status, 200, "{on:?} {path}");
            assert_eq!(store.client_of(ADMIN).send("HEAD", path, &[], b"").status, 200, "{on:?}");
        }
    }
}
