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
