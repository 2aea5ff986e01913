//! The store's accounts: created and changed by staff; passwords are never shown.

use quintet::auth::{AbstractUser, NewUser, User, UserModel};
use quintet::db::{ColumnKind, Sql, StartupError};
use quintet::prelude::*;
use quintet::test::Template;
use quintet_tests::client::{Client, Reply};
use quintet_tests::store::{ADMIN, ALICE, On, STAFF, Store};
use serde_json::{Value, json};

fn post(client: &Client, body: &Value) -> Reply {
    client.json("POST", "/api/users/", body)
}

/// The text that a statement returns, on a separate connection.
fn text(store: &Store, sql: &'static str) -> String {
    store.run(async move |conn| {
        let mut statement = Sql::new(conn.dialect());
        statement.push(sql);
        let rows = conn.rows(statement, |row| row.get::<String>(0, ColumnKind::Text)).await;
        rows.expect("a statement").into_iter().next().expect("a row")
    })
}

fn logs_in(store: &Store, username: &str, password: &str) -> bool {
    let body = json!({"username": username, "password": password});
    store.client().json("POST", "/api/auth/token/", &body).status == 200
}

#[test]
fn staff_makes_an_account_whose_password_is_kept_as_a_hash() {
    for on in On::all() {
        let store = Store::with(on, |settings| settings.auth.pbkdf2_iterations = 1000);
        let body = json!({
            "username": "frank", "password": " frank-pass-1 ", "email": "Frank.B@EXAMPLE.Com",
            "first_name": "Frank", "is_staff": true, "is_superuser": true, "groups": ["editors"],
        });
        let reply = post(&store.client_of(STAFF), &body);
        assert_eq!(reply.status, 201, "{}", reply.text());
        assert_eq!(reply.header("location"), Some("http://testserver/api/users/frank/"));
        let mut shown = reply.json();
        assert!(shown["date_joined"].as_str().is_some_and(|moment| moment.ends_with('Z')));
        shown["date_joined"] = json!(null);
        let expected = json!({
            "url": "http://testserver/api/users/frank/", "username": "frank",
            "email": "Frank.B@example.com", "first_name": "Frank", "last_name": "",
            "is_staff": false, "date_joined": null, "groups": [], "playlists": [],
        });
        assert_eq!(shown, expected);
        let hash = text(&store, "SELECT password FROM auth_user WHERE username = 'frank'");
        assert!(hash.starts_with("pbkdf2_sha256$1000$"), "{hash}");
        assert!(logs_in(&store, "frank", "frank-pass-1"));
        let flags = "SELECT count(*) FROM auth_user WHERE username = 'frank' AND is_active AND NOT is_superuser";
        assert_eq!(store.number(flags), 1);
    }
}

#[test]
fn a_changed_password_is_hashed_and_one_that_is_not_sent_stays() {
    for on in On::all() {
        let store = Store::with(on, |settings| settings.auth.pbkdf2_iterations = 1000);
        let staff = store.client_of(STAFF);
        let hash = || text(&store, "SELECT password FROM auth_user WHERE username = 'bob'");
        let before = hash();
        let reply = staff.json("PATCH", "/api/users/bob/", &json!({"first_name": "Robert"}));
        assert_eq!((reply.status, &reply.json()["first_name"]), (200, &json!("Robert")));
        assert_eq!(hash(), before);
        let reply = staff.json("PATCH", "/api/users/bob/", &json!({"password": "another-pass-1"}));
        assert_eq!((reply.status, reply.json().get("password")), (200, None));
        assert!(logs_in(&store, "bob", "another-pass-1"));
        let put = |body: Value| staff.json("PUT", "/api/users/bob/", &body);
        let missing = put(json!({"username": "bob"}));
        let required = json!({"password": ["This field is required."]});
        assert_eq!((missing.status, missing.json()), (400, required));
        assert_eq!(put(json!({"username": "bob", "password": "x".repeat(500)})).status, 200);
        assert!(logs_in(&store, "bob", &"x".repeat(500)));
    }
}

/// Accounts created by a serializer without a `create`.
#[derive(Serializer)]
#[serializer(model = User)]
struct PlainUserSerializer {
    id: i32,
    username: String,
    email: String,
}

struct PlainUserViewSet;

impl ViewSet for PlainUserViewSet {
    type Base = ModelViewSet;
    type Serializer = PlainUserSerializer;
}

#[test]
fn names_that_look_alike_are_one_name() {
    for on in On::all() {
        let store = Store::with(on, |settings| settings.auth.pbkdf2_iterations = 1000);
        let admin = store.client_of(ADMIN);
        let body =
            |name: &str| json!({"username": name, "password": "pw12345678", "email": " Z@EX.Co"});
        let reply = post(&admin, &body("ｚｏｅ３"));
        let shown = reply.json();
        assert_eq!((reply.status, &shown["username"]), (201, &json!("zoe3")), "{on:?}");
        assert_eq!(shown["email"], "Z@ex.co");
        assert_eq!(reply.header("location"), Some("http://testserver/api/users/zoe3/"));
        let taken = json!({"username": ["A user with that username already exists."]});
        for name in ["zoe3", "ｚｏｅ3", "zoe３"] {
            let reply = post(&admin, &body(name));
            assert_eq!((reply.status, reply.json()), (400, taken.clone()), "{on:?} {name}");
        }
        assert!(logs_in(&store, "zoe3", "pw12345678"));
        // as in Django: the name in a form is normalised, that in an API request is not
        assert!(!logs_in(&store, "ｚｏｅ３", "pw12345678"));
        // an update writes what was sent
        let reply = admin.json(
            "PATCH",
            "/api/users/bob/",
            &json!({"username": "ｂob", "email": "b@EX.co"}),
        );
        let shown = reply.json();
        assert_eq!((&shown["username"], &shown["email"]), (&json!("ｂob"), &json!("b@EX.co")));
    }
}

#[test]
fn a_serializer_that_says_nothing_of_it_makes_accounts_that_can_log_in() {
    for on in On::all() {
        let store = Store::serving(
            on,
            |_| {},
            |settings, database| {
                let router = Router::new().register("users", PlainUserViewSet);
                let site = Site::builder(settings, database).permissions(AllowAny);
                site.mount(router.at("/")).build().expect("the site builds")
            },
        );
        let made = |name: &str| {
            let body = json!({"username": name, "email": "a@B.Co"});
            store.client().json("POST", "/users/", &body)
        };
        let reply = made("ｚｏｅ");
        let id = reply.json()["id"].clone();
        let expected = json!({"id": id, "username": "zoe", "email": "a@b.co"});
        assert_eq!((reply.status, reply.json()), (201, expected), "{on:?}");
        let taken = json!({"username": ["A user with that username already exists."]});
        let again = made("zｏe");
        assert_eq!((again.status, again.json()), (400, taken), "{on:?}");
    }
}

#[test]
fn a_name_is_valid_and_free_in_its_normal_form_too() {
    let pattern = "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.";
    let long = "Ensure this field has no more than 150 characters.";
    for on in On::all() {
        let store = Store::with(on, |settings| settings.auth.pbkdf2_iterations = 1000);
        let admin = store.client_of(ADMIN);
        let refused = |name: &str| {
            let reply = post(&admin, &json!({"username": name, "password": "pw12345678"}));
            assert_eq!(reply.status, 400, "{on:?} {name}: {}", reply.text());
            reply.json()["username"].clone()
        };
        assert_eq!(refused("⑴"), json!([pattern]));
        assert_eq!(refused("e\u{301}"), json!([pattern]));
        assert_eq!(refused(&"ﬃ".repeat(51)), json!([long]));
        assert_eq!(refused(&"ﷺ".repeat(10)), json!([pattern, long]));
        let made = post(&admin, &json!({"username": "ﬃ".repeat(50), "password": "pw12345678"}));
        assert_eq!((made.status, &made.json()["username"]), (201, &json!("ffi".repeat(50))));
    }
}

/// Accounts whose names differ in more than case.
#[derive(Serializer)]
#[serializer(model = User)]
struct CaselessUserSerializer {
    id: i32,
    #[field(unique_ignoring_case)]
    username: String,
}

struct CaselessUserViewSet;

impl ViewSet for CaselessUserViewSet {
    type Base = ModelViewSet;
    type Serializer = CaselessUserSerializer;
}

#[test]
fn a_name_without_regard_to_case_is_compared_in_its_normal_form() {
    for on in On::all() {
        let store = Store::serving(
            on,
            |_| {},
            |settings, database| {
                let router = Router::new().register("users", CaselessUserViewSet);
                let site = Site::builder(settings, database).permissions(AllowAny);
                site.mount(router.at("/")).build().expect("the site builds")
            },
        );
        let made = |name: &str| store.client().json("POST", "/users/", &json!({"username": name}));
        assert_eq!(made("zoe").status, 201, "{on:?}");
        let again = made("ＺＯＥ");
        let text = "This field must be unique.";
        assert_eq!((again.status, again.json()), (400, json!({"username": [text]})), "{on:?}");
    }
}

#[test]
fn what_is_wrong_is_told_in_djangos_words() {
    let store = Store::shared(On::Sqlite);
    let refused = |body: Value| {
        let reply = post(&store.client_of(ADMIN), &body);
        assert_eq!(reply.status, 400, "{}", reply.text());
        reply.json()
    };
    let pattern = "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.";
    let long = "Ensure this field has no more than 150 characters.";
    let short = "Ensure this field has at least 8 characters.";
    assert_eq!(
        refused(json!({"username": "alice", "password": "short", "email": "bad"})),
        json!({
            "username": ["A user with that username already exists."],
            "email": ["Enter a valid email address."],
            "password": [short],
        })
    );
    assert_eq!(
        refused(json!({"username": "bad name ".repeat(20), "password": "long-enough"})),
        json!({"username": [pattern, long]})
    );
    assert_eq!(
        refused(json!({"username": true, "password": []})),
        json!({"username": ["Not a valid string."], "password": ["Not a valid string."]})
    );
}

#[test]
fn nobody_but_staff_sees_accounts_and_nobody_deletes_them() {
    let store = Store::shared(On::Sqlite);
    for path in ["/api/users/", "/api/users/bob/"] {
        assert_eq!(store.client().get(path).status, 401);
        assert_eq!(store.client_of(ALICE).get(path).status, 403);
        let reply = store.client_of(STAFF).get(path);
        assert_eq!(reply.status, 200);
        assert!(!reply.text().contains("pbkdf2"));
    }
    let reply = store.client_of(ADMIN).send("DELETE", "/api/users/bob/", &[], b"");
    assert_eq!(reply.status, 405);
}

/// A user model that has what Django's `AbstractUser` has, of a crate that is not the framework's.
#[model(app = "club", inherit(AbstractUser))]
pub struct Member {
    pub id: i64,
    #[field(max_length = 40, blank)]
    pub nickname: String,
}

impl UserModel for Member {}

static CLUB: Template = Template::new(|conn| {
    Box::pin(async move {
        conn.create_tables([Member::META]).await?;
        Ok(conn.batch_execute("INSERT INTO auth_group (name) VALUES ('editors')").await?)
    })
});

#[quintet::test]
async fn a_user_model_inherits_djangos_fields_and_adds_its_own() -> Result<(), StartupError> {
    let names: Vec<&str> = Member::META.columns.iter().map(|column| column.name).collect();
    let mut expected: Vec<&str> = User::META.columns.iter().map(|column| column.name).collect();
    expected.push("nickname");
    assert_eq!(names, expected);
    for on in On::all() {
        let database = on.copy_of(&CLUB).await?;
        let fast = database.override_settings(|settings| settings.auth.pbkdf2_iterations = 1);
        let site = fast.site(|settings, database| {
            Site::builder(settings, database).user_model::<Member>().build()
        })?;
        let work = |cx: Context| -> quintet::views::LocalBoxFuture<'static, _> {
            Box::pin(async move {
                let new = NewUser::new("ada").password("secret").set(member::nickname, "Countess");
                cx.create_user(new).await?;
                let ada =
                    Member::objects().filter(member::nickname.eq("Countess")).get(&cx).await?;
                cx.links(&ada, Member::fields().groups()).add([1]).await?;
                let editors = Member::fields().groups().name().exact("editors");
                let count = Member::objects().filter_by(editors).count(&cx).await?;
                let gone = Member::objects().delete(&cx).await?;
                Ok::<_, ApiException>((ada.to_string(), ada.is_active, count, gone))
            })
        };
        let (name, is_active, editors, gone) = site.with_context(true, work).await??;
        // the member, and the link to the group
        assert_eq!((name.as_str(), is_active, editors, gone), ("ada", true, 1, 2));
    }
    Ok(())
}
