//! Values that no other row may have: alone, and in sets.

use super::super::list::{Instances, ListSerializer};
use super::super::validate::run_list_validation;
use super::*;

/// The members of its sets have a default, null, or an empty text.
#[model(
    table = "t_slot",
    unique_together(room, day),
    unique_together(room, seat),
    unique_together(room, note)
)]
pub struct Slot {
    pub id: i64,
    pub room: i64,
    #[field(default = 1)]
    pub day: i32,
    pub seat: Option<i32>,
    #[field(blank, max_length = 20)]
    pub note: String,
}

#[derive(Serializer)]
#[serializer(model = Slot, fields = all)]
struct SlotSerializer {}

/// The same, and the model's sets do not count.
#[derive(Serializer)]
#[serializer(model = Slot, fields = all, without_validators)]
struct FreeSlotSerializer {}

/// A serializer's own check, in the usual words.
#[derive(Serializer)]
#[serializer(model = Album)]
struct OneTitleSerializer {
    #[field(unique)]
    title: String,
    artist: PrimaryKeyRelated<Artist>,
}

const SLOTS: &str = "
    CREATE TABLE t_slot (id integer PRIMARY KEY, room bigint NOT NULL, day integer NOT NULL,
        seat integer, note varchar(20) NOT NULL);
    INSERT INTO t_slot VALUES (1, 1, 1, NULL, ''), (2, 2, 1, 5, 'window'), (3, 3, 1, 1, 'a'),
        (4, 3, 1, 2, 'b');
";

/// The messages and their codes for a slot, or the values that are stored.
async fn slot<S: ModelSerializer>(
    body: &'static str,
    partial: bool,
    pk: Option<i64>,
) -> Result<ChangeSet, (serde_json::Value, serde_json::Value)> {
    with_store(async move |cx| {
        cx.batch_execute(SLOTS).await.unwrap();
        let description = S::description();
        let key = pk.map(Value::Int);
        let mut stored = None;
        if let Some(key) = &key {
            let mut select = Select::of_model(description.model());
            let own = Path::own(description.model().pk_column());
            select.also_where(Predicate::exact(own, key.clone()));
            stored = load(description, select, cx).await.unwrap().pop();
        }
        let existing =
            Existing { pk: key.as_ref(), row: stored.as_ref().map(|stored| &*stored.model) };
        run_validation(description, &parse_json(body).unwrap(), partial, existing, cx).await
    })
    .await
    .map_err(|error| match error {
        ApiException::Validation(detail) => (detail.to_json(), detail.codes()),
        other => panic!("{other}"),
    })
}

fn taken(sets: &[&str]) -> (serde_json::Value, serde_json::Value) {
    let text = |set: &&str| format!("The fields {set} must make a unique set.");
    let texts: Vec<String> = sets.iter().map(text).collect();
    (json!({"non_field_errors": texts}), json!({"non_field_errors": vec!["unique"; sets.len()]}))
}

#[test]
fn members_of_a_set_are_required_or_have_their_columns_default() {
    let fields = SlotSerializer::description().fields();
    let default = |name: &str| {
        let field = fields.iter().find(|field| field.name == name).unwrap();
        (field.required, field.default.as_ref().and_then(crate::fields::FieldDefault::get))
    };
    assert_eq!(default("room"), (true, None));
    assert_eq!(default("day"), (false, Some(Value::Int(1))));
    assert_eq!(default("seat"), (false, Some(Value::Null)));
    assert_eq!(default("note"), (false, Some(Value::Text(String::new()))));
    let note =
        FreeSlotSerializer::description().fields().iter().find(|f| f.name == "note").unwrap();
    assert!(!note.required && note.default.is_none());
}

#[actix_web::test]
async fn absent_members_are_checked_by_their_default_and_null_is_never_taken() {
    // `seat` is null in both, so that set is free
    let errors = slot::<SlotSerializer>(r#"{"room": 1}"#, false, None).await.unwrap_err();
    assert_eq!(errors, taken(&["room, day", "room, note"]));
    let set = slot::<SlotSerializer>(r#"{"room": 7}"#, false, None).await.unwrap();
    let values: Vec<_> = set.columns.iter().map(|(_, value)| value.clone()).collect();
    assert_eq!(values.len(), 4, "{values:?}");
    let body = r#"{"room": 2, "day": 2, "seat": 5, "note": "door"}"#;
    let errors = slot::<SlotSerializer>(body, false, None).await.unwrap_err();
    assert_eq!(errors, taken(&["room, seat"]));
    let missing = slot::<SlotSerializer>("{}", false, None).await.unwrap_err();
    let required = json!({"room": ["This field is required."]});
    assert_eq!(missing, (required, json!({"room": ["required"]})));
    assert!(slot::<FreeSlotSerializer>(r#"{"room": 1}"#, false, None).await.is_ok());
}

#[actix_web::test]
async fn an_update_is_checked_if_it_changes_a_member_with_what_the_row_holds() {
    // the rows 3 and 4 have one day already, and nobody asks
    assert!(slot::<SlotSerializer>(r#"{"day": 1}"#, true, Some(3)).await.is_ok());
    assert!(slot::<SlotSerializer>(r#"{"note": "c"}"#, true, Some(3)).await.is_ok());
    let errors = slot::<SlotSerializer>(r#"{"seat": 2}"#, true, Some(3)).await.unwrap_err();
    assert_eq!(errors, taken(&["room, seat"]));
    // its own values are not another row's
    let body = r#"{"room": 2, "day": 1, "seat": 5, "note": "window"}"#;
    assert!(slot::<SlotSerializer>(body, false, Some(2)).await.is_ok());
}

#[actix_web::test]
async fn a_check_of_the_serializers_own_has_the_usual_words() {
    let body = r#"{"title": "Let There Be Rock", "artist": 2}"#;
    let errors = errors::<OneTitleSerializer>(body).await;
    assert_eq!(errors, json!({"title": ["This field must be unique."]}));
    let own = OneTitleSerializer::description();
    assert!(validate(own, body, false, Some(1)).await.is_ok());
}

#[actix_web::test]
async fn a_list_that_is_none_has_codes() {
    for (body, text, code) in [
        (r#"{"name": "x"}"#, r#"Expected a list of items but got type "dict"."#, "not_a_list"),
        ("null", "No data provided", "null"),
        ("[]", "This list may not be empty.", "empty"),
    ] {
        let error = with_store(async move |cx| {
            let (raw, none) = (parse_json(body).unwrap(), Instances::default());
            let list = ListSerializer::new().allow_empty(false);
            let description = ArtistSerializer::description();
            run_list_validation(description, list, &raw, false, &none, cx).await.map(drop)
        });
        let Err(ApiException::Validation(detail)) = error.await else { panic!("{body}") };
        assert_eq!(detail.to_json(), json!({"non_field_errors": [text]}));
        assert_eq!(detail.codes(), json!({"non_field_errors": [code]}));
    }
}

/// Values that are unique for a day, a month or a year.
#[model(table = "t_post")]
pub struct Post {
    pub id: i64,
    #[field(max_length = 20, unique_for_date = published, unique_for_year = written)]
    pub slug: String,
    #[field(max_length = 20, unique_for_month = written)]
    pub code: Option<String>,
    pub published: crate::db::DateTime,
    pub written: Option<chrono::NaiveDate>,
}

#[derive(Serializer)]
#[serializer(model = Post, fields = all)]
struct PostSerializer {}

/// By hand, in words of its own.
#[derive(Serializer)]
#[serializer(model = Post, unique_for_month(slug, published, "Once a month."))]
struct MonthlySerializer {
    slug: String,
    published: crate::db::DateTime,
}

const POSTS: &str = "
    CREATE TABLE t_post (id integer PRIMARY KEY, slug varchar(20) NOT NULL, code varchar(20),
        published datetime NOT NULL, written date);
    INSERT INTO t_post VALUES (1, 'news', 'A', '2024-02-09 10:00:00', '2024-02-08'),
        (2, 'news', NULL, '2023-03-01 00:00:00', NULL);
";

/// The messages and their codes for a post, if it is refused.
async fn post<S: ModelSerializer>(
    body: &'static str,
    pk: Option<i64>,
) -> Option<(serde_json::Value, serde_json::Value)> {
    let result = with_store(async move |cx| {
        cx.batch_execute(POSTS).await.unwrap();
        let key = pk.map(Value::Int);
        let existing = Existing { pk: key.as_ref(), row: None };
        let raw = parse_json(body).unwrap();
        run_validation(S::description(), &raw, pk.is_some(), existing, cx).await
    });
    match result.await {
        Ok(_) => None,
        Err(ApiException::Validation(detail)) => Some((detail.to_json(), detail.codes())),
        Err(other) => panic!("{other}"),
    }
}

fn refused(field: &str, text: &str, code: &str) -> (serde_json::Value, serde_json::Value) {
    (json!({field: [text]}), json!({field: [code]}))
}

#[actix_web::test]
async fn a_value_is_unique_for_a_day_a_month_or_a_year() {
    let body = r#"{"slug": "news", "code": null, "published": "2024-02-09T23:59:59Z",
                   "written": null}"#;
    let day =
        Some(refused("slug", "This field must be unique for the \"published\" date.", "unique"));
    assert_eq!(post::<PostSerializer>(body, None).await, day);
    // that row itself
    assert_eq!(post::<PostSerializer>(body, Some(1)).await, None);
    assert_eq!(post::<PostSerializer>(body, Some(2)).await, day);
    let body = r#"{"slug": "news", "published": "2024-02-10T00:00:00Z", "written": "2024-12-31"}"#;
    let year =
        Some(refused("slug", "This field must be unique for the \"written\" year.", "unique"));
    assert_eq!(post::<PostSerializer>(body, None).await, year);
    // the month of any year, as in Django
    let body = r#"{"slug": "x", "code": "A", "published": "2024-02-09", "written": "1999-02-01"}"#;
    let month =
        Some(refused("code", "This field must be unique for the \"written\" month.", "unique"));
    assert_eq!(post::<PostSerializer>(body, None).await, month);
    let body = r#"{"slug": "x", "code": "A", "published": "2024-02-09", "written": "2024-03-01"}"#;
    assert_eq!(post::<PostSerializer>(body, None).await, None);
    // without a date there is nothing to compare
    let body = r#"{"slug": "news", "code": "A", "published": "2024-02-10"}"#;
    assert_eq!(post::<PostSerializer>(body, None).await, None);
}

#[actix_web::test]
async fn a_value_that_is_unique_for_a_date_needs_both_even_in_a_partial_update() {
    let both = json!({
        "slug": ["This field is required."], "published": ["This field is required."],
    });
    let (errors, codes) = post::<PostSerializer>("{}", Some(1)).await.unwrap();
    assert_eq!((errors, &codes["slug"]), (both, &json!(["required"])));
    let body = r#"{"slug": "x", "written": null}"#;
    let missing = Some(refused("published", "This field is required.", "required"));
    assert_eq!(post::<PostSerializer>(body, Some(1)).await, missing);
}

#[actix_web::test]
async fn a_serializer_may_say_for_which_month_a_value_is_unique() {
    let body = r#"{"slug": "news", "published": "2020-02-01"}"#;
    let month = Some(refused("slug", "Once a month.", "unique"));
    assert_eq!(post::<MonthlySerializer>(body, None).await, month);
    let body = r#"{"slug": "news", "published": "2024-04-09T10:00:00Z"}"#;
    assert_eq!(post::<MonthlySerializer>(body, None).await, None);
}
